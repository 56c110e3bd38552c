"""Beside the text, where there is room: what is known about it, and how the work goes."""

from rich.segment import Segment

from core.i18n import _
from core.store import labels
from core.worker import rule
from tui.desk import Desk
from tui.pace import PACE_FROM, until_round
from tui.session import Session
from tui.show import segment
from tui.widgets.lines import LineWidget
from tui.wrapping import Wrapped


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
        (str(said.value) if said else "", described.get(str(said.value), "") if said else ""),
        (_("Pace"), _pace(session)),
        (_("Rounds"), rule.explain(session.con, session.settings)),
    ]


def _pace(session: Session) -> str:
    done = session.counters().get("pool.answered", 0)
    seconds = labels.pace(session.con, session.annotator) if done >= PACE_FROM else None
    if seconds is None:
        return ""
    missing = until_round(session)
    ahead = _("; {n} labels to the next round take about {m:.0f} min").format(
        n=missing, m=max(1, missing * seconds / 60)
    )
    return _("{s:.1f} s a label").format(s=seconds) + (ahead if missing else "")
