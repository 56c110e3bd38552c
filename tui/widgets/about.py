"""Beside the text, where there is room: what is known about it, and how the work goes."""

from rich.segment import Segment

from core.i18n import _
from core.inuse import called
from core.records import Suggestion
from core.store import examples, labels
from core.worker import rule
from tui.desk import Desk
from tui.pace import PACE_FROM, minutes, until_round
from tui.session import Session
from tui.show import clip, fit, segment
from tui.texts import in_words, named, stored_in_words
from tui.widgets.lines import LineWidget
from tui.wrapping import Wrapped

LATEST = 6
"""So many of the last answers are shown."""
ABOUT, ANSWER = 43, 12
"""Cells of a line, and of the answer in it."""


class About(LineWidget):
    """Headings with a few lines each."""

    COMPONENT_CLASSES = {"about--head", "about--text"}
    DEFAULT_CSS = """
    About { height: 1fr; padding: 1 2 0 2; }
    About > .about--head { color: $muted; text-style: bold; }
    About > .about--text { color: $text; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[tuple[str, str]] = []

    def show(self, session: Session, desk: Desk) -> None:
        """Gather the parts anew."""
        self._parts = [part for part in _parts(session, desk) if part[1]]
        self.redraw()

    def build(self, width: int, height: int) -> list[list[Segment]]:
        head, text = self.component("about--head"), self.component("about--text")
        lines: list[list[Segment]] = []
        for title, said in self._parts:
            wrapped = Wrapped(said, width)
            wrapped.upto(6)
            lines += [[segment(title, head)], *([segment(line, text)] for line in wrapped.lines[:6]), []]
        return lines


def _parts(session: Session, desk: Desk) -> list[tuple[str, str]]:
    shown = desk.shown
    said = shown.suggestion if shown else None
    described = {item.name: item.description for item in session.classes()}
    meta = " · ".join(f"{key}: {value}" for key, value in shown.example.meta.items()) if shown else ""
    return [
        (_("Note"), shown.mark.note if shown else ""),
        (_("Row"), meta),
        (_("Suggested by {model}").format(model=called(said.source) if said else ""), _suggested(said)),
        *((name, described.get(name, "")) for name in named(said.value if said else None)),
        (_("Answered last"), _latest(session)),
        (_("Pace"), _pace(session)),
        (_("Rounds"), rule.explain(session.con, session.settings)),
    ]


def _suggested(said: Suggestion | None) -> str:
    """The answer and how sure the model is of it."""
    if said is None:
        return ""
    return in_words(said.value) + ("" if said.score is None else f" {said.score:.2f}")


def _pace(session: Session) -> str:
    done = session.counters().get("pool.answered", 0)
    seconds = labels.pace(session.con, session.annotator) if done >= PACE_FROM else None
    if seconds is None:
        return ""
    said = [_("{s:.1f} s a label").format(s=seconds)]
    for n, words in (
        (session.settings.target - done, _("{n} to the target take about {m:.0f} min")),
        (until_round(session), _("{n} to the next round take about {m:.0f} min")),
    ):
        if n > 0:
            said.append(words.format(n=n, m=minutes(n, seconds)))
    return "; ".join(said)


def _latest(session: Session) -> str:
    """The last answers, a line each, so that a slip of the finger is seen."""
    found = labels.history(session.con, session.annotator, limit=LATEST)
    texts = {example.id: example.text for example in examples.get(session.con, [given.example_id for given in found])}
    lines = []
    for given in found:
        answer = stored_in_words(session.task, given.stored, session.names()) or _("skipped")
        lines.append(f"{fit(answer, ANSWER)} {clip(texts.get(given.example_id, ''), ABOUT - ANSWER - 1)}")
    return "\n".join(lines)
