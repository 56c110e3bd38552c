"""What was wrong with marked spans: which class was taken for which, with right ends or not, missed, or made up."""

from collections import Counter

from core.i18n import _
from core.judged import JudgedText
from core.tasks.base import Task
from core.tasks.span_pairs import EXACT, NOBODY, Pair, pairs
from tui.views.base import Behind, Facts, ViewKind, Wanted
from tui.views.table import nothing
from tui.views.trust import PieceTrust
from tui.widgets.row_list import Cell, Column, ListRows, RowList


class Mistakes(RowList):
    """Kinds of mistakes by class, the most frequent first; each leads to its texts."""

    def __init__(self) -> None:
        super().__init__(
            (Column(_("marked")), Column(_("found")), Column(_("ends")), Column(_("spans"), 6, right=True))
        )
        self._facts: Facts | None = None
        self._found: list[tuple[Pair, int]] = []

    def show_facts(self, facts: Facts) -> None:
        """Show other facts."""
        self._facts = facts
        enough = facts.report is not None and facts.report.enough
        self._found = counted(facts).most_common() if enough else []
        self.say_empty(_("No span was found wrongly.") if enough else nothing(facts))
        rows: list[tuple[Cell, ...]] = [
            (
                (_name(facts, pair.gold, _("nothing")), "text"),
                (_name(facts, pair.predicted, _("missed")), "wrong"),
                (_ends(pair), "muted"),
                (str(n), "muted"),
            )
            for pair, n in self._found
        ]
        self.show(ListRows(rows))

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """The texts with this mistake."""
        message.stop()
        if self._facts is not None and self._found:
            pair, _n = self._found[message.index]
            title = _("marked {one}, found {other}").format(
                one=_name(self._facts, pair.gold, _("nothing")), other=_name(self._facts, pair.predicted, _("missed"))
            )
            self.post_message(Behind(_with(self._facts.task, pair), title))


def counted(facts: Facts) -> Counter[Pair]:
    """Pairs of spans that are not right, in the judged texts."""
    found = Counter[Pair]()
    for cell, n in (facts.evaluation.counts.get("", {}) if facts.evaluation else {}).items():
        for pair in pairs(cell):
            if not pair.right:
                found[pair] += n
    return found


def _name(facts: Facts, class_id: int, none: str) -> str:
    return none if class_id == NOBODY else facts.names.get(class_id, "—")


def _ends(pair: Pair) -> str:
    if NOBODY in {pair.gold, pair.predicted}:
        return "—"
    return _("right") if pair.ends == EXACT else _("wrong")


def _with(task: Task[object], pair: Pair) -> Wanted:
    def wanted(text: JudgedText) -> bool:
        (cell,) = task.compare(task.decode(text.gold), task.decode(text.predicted))
        return pair in pairs(cell)

    return wanted


VIEWS = (ViewKind(_("mistakes"), Mistakes), ViewKind(_("trust in spans"), PieceTrust))
