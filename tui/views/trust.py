"""Whether a confidence means what it says, and from which one on the model could answer by itself."""

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

from core.evaluation.calibration import LIMITS, Alone, Bin, Judged, between, off, off_words
from core.evaluation.intervals import ENOUGH
from core.i18n import _
from tui.output import percent
from tui.views.barred import BarredList
from tui.views.base import Facts, LetAlone
from tui.views.table import bar, nothing
from tui.widgets.line import Kind, Piece
from tui.widgets.row_list import Cell, Column, RowList

EDGES = (0.0, *LIMITS, 1.0)


class Trust(BarredList):
    """A reliability diagram, a row a band of confidence; beside it what answering alone from there on would mean."""

    BAR_COLUMN: ClassVar[int] = 4
    COUNTED: ClassVar[str] = _(" · {n} texts")

    def __init__(self) -> None:
        super().__init__(
            (
                Column(_("confidence"), 11),
                Column(_("texts"), 5, right=True),
                Column(_("says"), 4, right=True),
                Column(_("right"), 5, right=True),
                Column(),
                Column(_("alone"), 6, right=True),
                Column(_("of these right"), 16),
            )
        )
        self._rows: list[tuple[Bin, Alone | None]] = []
        self._facts: Facts | None = None

    def show_facts(self, facts: Facts) -> None:
        """Show other facts."""
        self._facts = facts
        judged = self.judged(facts)
        if len(judged) < ENOUGH:
            self._rows = []
            self.say_empty(nothing(facts) if facts.report is None or not facts.report.enough else _nothing_said())
        else:
            bands = [between(judged, low, high) for low, high in pairwise(EDGES)]
            self._rows = [(one, self.alone(facts, one.low) if one.low else None) for one in bands]
        self.show(_Rows(self, self._rows))

    def judged(self, facts: Facts) -> Sequence[Judged]:
        """What is shown: here texts as a whole."""
        return facts.trust.judged

    def alone(self, facts: Facts, limit: float) -> Alone | None:
        """What answering alone from there on would mean; None where that is no question."""
        return facts.trust.alone(limit)

    def explain(self) -> tuple[list[Piece], list[Piece]]:
        """What letting the model answer alone from the row under the cursor on would mean."""
        if self._facts is None or not self._rows:
            return [], []
        judged = self.judged(self._facts)
        said: list[Piece] = [(off_words(off(judged)), "text"), (self.COUNTED.format(n=len(judged)), "muted")]
        found = self._rows[self.cursor][1]
        if found is None or found.coverage is None:
            return said, []
        words = _(" let it answer by itself from {p:.2f} on: {share:.0f} % of the open texts").format(
            p=found.limit, share=100 * found.coverage
        )
        if found.checked:
            words += _(", {n} of those checked").format(n=found.checked)
        return said, [("↵", "key"), (words, "muted")]

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """Let the model answer by itself from this confidence on."""
        message.stop()
        found = self._rows[message.index][1] if self._rows else None
        if found is not None:
            self.post_message(LetAlone(found))


class PieceTrust(Trust):
    """The same for the pieces that answers have, such as spans; the model answers by itself by texts, not by these."""

    COUNTED: ClassVar[str] = _(" · {n} spans")

    def judged(self, facts: Facts) -> Sequence[Judged]:
        return facts.trust.pieces

    def alone(self, facts: Facts, limit: float) -> Alone | None:
        return None


def _nothing_said() -> str:
    return _("How sure the model was of these texts is not known.\ns looks at other evidence.")


class _Rows:
    """The intervals as long as there is room for."""

    def __init__(self, view: Trust, shown: Sequence[tuple[Bin, Alone | None]]) -> None:
        self._view = view
        self._shown = shown

    def __len__(self) -> int:
        return len(self._shown)

    def row(self, index: int) -> Sequence[Cell]:
        """Confidence, texts, what is said, what is right, both as a picture; and what answering alone would mean."""
        one, found = self._shown[index]
        inside = one.interval is not None and one.confidence is not None and _holds(one)
        kind: Kind = "sure" if inside else "unsure"
        coverage = "" if found is None or found.coverage is None else f"{100 * found.coverage:.0f} %"
        return (
            (f"{one.low:.2f}–{one.high:.2f}", "text"),
            (str(one.n), "muted"),
            ("—" if one.confidence is None else f"{one.confidence:.2f}", "guess"),
            ("—" if one.share is None else f"{one.share:.2f}", kind),
            (bar(one.share, one.interval, self._view.bar_width, one.confidence), kind),
            (coverage, "muted"),
            _precision(found),
        )


def _holds(one: Bin) -> bool:
    low, high = one.interval or (0.0, 1.0)
    return low <= (one.confidence or 0.0) <= high


def _precision(found: Alone | None) -> Cell:
    if found is None:
        return "", "muted"
    if not found.enough:
        return _("too few: {n}").format(n=found.n), "muted"
    return percent(found.precision, found.precision_interval), "given"
