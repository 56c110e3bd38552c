"""Each class with its precision, recall and F1, and how sure they are."""

from collections.abc import Sequence

from core.evaluation.report import ClassReport, Interval
from core.i18n import _
from core.judged import JudgedText
from core.tasks.base import Task
from tui.output import percent
from tui.views.base import Behind, Facts, Wanted
from tui.widgets.line import Kind
from tui.widgets.row_list import Cell, Column, ListRows, RowList

BAR = 21
ORDERS = ("made", "name", "texts", "f1")


class ClassTable(RowList):
    """Enter on a class shows the texts that were answered wrongly with or for it."""

    def __init__(self) -> None:
        super().__init__(
            (
                Column(_("class")),
                Column(_("texts"), 5, right=True),
                Column(_("F1, 90 % sure"), BAR),
                Column(_("F1"), 4, right=True),
                Column(_("precision"), 16, right=True, least=90),
                Column(_("recall"), 16, right=True, least=90),
            )
        )
        self._facts: Facts | None = None
        self._shown: list[ClassReport] = []

    def show_facts(self, facts: Facts) -> None:
        """Show other facts."""
        self._facts = facts
        report = facts.report
        if report is None or not report.enough:
            self.say_empty(nothing(facts))
            self.show(ListRows(()))
            return
        self._shown = _sorted(report.classes, facts.order)
        self.show(ListRows([_row(item) for item in self._shown]))

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """The wrong answers about this class."""
        message.stop()
        if self._facts is not None and self._shown:
            item = self._shown[message.index]
            wanted = _wrong(self._facts.task, item.class_id)
            self.post_message(Behind(wanted, _("wrong about {name}").format(name=item.name)))


def nothing(facts: Facts) -> str:
    """Why there are no numbers, and what brings some."""
    report = facts.report
    if report is None:
        return _("Nothing was judged from this evidence yet.\nLabel some more texts; s looks at other evidence.")
    return _("{n} texts: too few to tell. With 20 there are numbers.\ns looks at other evidence.").format(n=report.n)


def bar(value: float | None, interval: Interval | None, width: int = BAR) -> str:
    """A value and its interval on a line from 0 to 1: `├──●───┤`."""
    if value is None or interval is None:
        return ""
    low, here, high = (round(v * (width - 1)) for v in (interval[0], value, interval[1]))
    cells = [" "] * width
    for x in range(low, high + 1):
        cells[x] = "─"
    cells[low], cells[high], cells[here] = "├", "┤", "●"
    return "".join(cells)


def _sorted(found: Sequence[ClassReport], order: str) -> list[ClassReport]:
    if order == "name":
        return sorted(found, key=lambda item: item.name.casefold())
    if order == "texts":
        return sorted(found, key=lambda item: -item.support)
    if order == "f1":
        return sorted(found, key=lambda item: (item.f1 is None, item.f1 or 0.0))
    return list(found)


def _row(item: ClassReport) -> tuple[Cell, ...]:
    kind: Kind = "muted"
    if item.f1 is not None:
        kind = "sure" if item.f1 >= 0.8 else "unsure" if item.f1 >= 0.5 else "wrong"
    return (
        (item.name, "text"),
        (str(item.support), "muted"),
        (bar(item.f1, item.f1_interval), kind),
        ("—" if item.f1 is None else f"{item.f1:.2f}", kind),
        (percent(item.precision, item.precision_interval), "muted"),
        (percent(item.recall, item.recall_interval), "muted"),
    )


def _wrong(task: Task[object], class_id: int) -> Wanted:
    def wanted(text: JudgedText) -> bool:
        about = {*task.classes_of(task.decode(text.gold)), *task.classes_of(task.decode(text.predicted))}
        return text.gold != text.predicted and class_id in about

    return wanted
