"""Each class with its precision, recall and F1, and how sure they are."""

from collections.abc import Sequence
from typing import ClassVar

from core.evaluation.report import ClassReport, Interval
from core.i18n import _, counted
from core.judged import JudgedText
from core.tasks.base import Task
from tui.output import percent
from tui.views.barred import BarredList
from tui.views.base import Behind, Facts, Wanted
from tui.widgets.line import Kind, Piece
from tui.widgets.row_list import Cell, Column, ListRows, RowList

WIDE = 100
"""Columns of the screen from which the table has room for intervals in figures."""
ORDERS = ("made", "name", "texts", "f1")


class ClassTable(BarredList):
    """Each number of a class has a key that shows the texts behind it; enter shows the wrong ones."""

    BAR_COLUMN: ClassVar[int] = 3

    def __init__(self) -> None:
        super().__init__(
            (
                Column(_("class"), 16, most=WIDE - 1),
                Column(_("class"), 26, least=WIDE),
                Column(_("texts"), 5, right=True),
                Column(_("F1, 90 % interval")),
                Column(_("F1"), 4, right=True),
                Column(_("prec"), 4, right=True, most=WIDE - 1),
                Column(_("rec"), 4, right=True, most=WIDE - 1),
                Column(_("precision"), 16, right=True, least=WIDE),
                Column(_("recall"), 16, right=True, least=WIDE),
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
        self.show(_Rows(self, self._shown))

    def explain(self) -> tuple[list[Piece], list[Piece]]:
        """The class under the cursor in figures, and the keys to the texts behind each."""
        if not self._shown:
            return [], []
        here = self._shown[self.cursor]
        figures: list[Piece] = [
            (here.name, "text"),
            (_("  precision {p}").format(p=percent(here.precision, here.precision_interval)), "muted"),
            (_(" · recall {r}").format(r=percent(here.recall, here.recall_interval)), "muted"),
        ]
        if self.app.size.width >= WIDE:
            figures.append((_(" · F1 {f}").format(f=percent(here.f1, here.f1_interval)), "muted"))
        if self._facts is not None and self._facts.report is not None and self._facts.report.means:
            figures.append((_(" · AP {p}").format(p=_figure(here.average_precision)), "muted"))
        ways: list[Piece] = []
        for key, words in (
            ("↵", _("wrong ones")),
            ("t", counted("its {n} text", "its {n} texts", here.support)),
            ("a", _("all answered so")),
            ("w", _("every wrong one")),
        ):
            ways += [(key, "key"), (f" {words}  ", "muted")]
        return figures, ways

    def behind(self, part: str) -> Behind | None:
        """The texts behind the class's support (`said`), or behind its precision (`answered`)."""
        if self._facts is None or not self._shown:
            return None
        task, here = self._facts.task, self._shown[self.cursor]
        title = _("judged texts of {name}") if part == "said" else _("answered {name} by the model")
        return Behind(_about(task, here.class_id, part), title.format(name=here.name))

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


def bar(value: float | None, interval: Interval | None, width: int, said: float | None = None) -> str:
    """A value and its interval on a line from 0 to 1: `├──●───┤`; `said`: another value, as `◇`."""
    if value is None or interval is None:
        return ""
    low, here, high = (round(v * (width - 1)) for v in (interval[0], value, interval[1]))
    cells = [" "] * width
    for x in range(low, high + 1):
        cells[x] = "─"
    cells[low], cells[high] = "├", "┤"
    if said is not None:
        cells[round(said * (width - 1))] = "◇"
    cells[here] = "●"
    return "".join(cells)


def _sorted(found: Sequence[ClassReport], order: str) -> list[ClassReport]:
    if order == "name":
        return sorted(found, key=lambda item: item.name.casefold())
    if order == "texts":
        return sorted(found, key=lambda item: -item.support)
    if order == "f1":
        return sorted(found, key=lambda item: (item.f1 is None, item.f1 or 0.0))
    return list(found)


class _Rows:
    """Intervals as long as there is room for."""

    def __init__(self, view: ClassTable, shown: Sequence[ClassReport]) -> None:
        self._view = view
        self._shown = shown

    def __len__(self) -> int:
        return len(self._shown)

    def row(self, index: int) -> Sequence[Cell]:
        """Name and ratios, each for a narrow and a wide screen, and the interval as a picture."""
        item = self._shown[index]
        kind: Kind = "muted"
        if item.f1 is not None:
            kind = "sure" if item.f1 >= 0.8 else "unsure" if item.f1 >= 0.5 else "wrong"
        name: Cell = (item.name, "text")
        return (
            name,
            name,
            (str(item.support), "muted"),
            (bar(item.f1, item.f1_interval, self._view.bar_width), kind),
            (_figure(item.f1), kind),
            (_figure(item.precision), "muted"),
            (_figure(item.recall), "muted"),
            (percent(item.precision, item.precision_interval), "muted"),
            (percent(item.recall, item.recall_interval), "muted"),
        )


def _figure(value: float | None) -> str:
    return "—" if value is None else f"{value:.2f}"


def _about(task: Task[object], class_id: int, part: str) -> Wanted:
    def wanted(text: JudgedText) -> bool:
        return class_id in task.classes_of(task.decode(text.gold if part == "said" else text.predicted))

    return wanted


def _wrong(task: Task[object], class_id: int) -> Wanted:
    def wanted(text: JudgedText) -> bool:
        about = {*task.classes_of(task.decode(text.gold)), *task.classes_of(task.decode(text.predicted))}
        return text.gold != text.predicted and class_id in about

    return wanted
