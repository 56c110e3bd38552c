"""Which labels come together, and which one is taken for which: for tasks in which a text can have several classes."""

from collections import Counter
from typing import ClassVar

from textual.message import Message

from core.i18n import _, counted
from core.judged import JudgedText
from core.tasks.base import Task
from core.tasks.multilabel import parted
from tui.views.base import Behind, Facts, ViewKind, Wanted
from tui.views.confusion import Matrix
from tui.views.table import nothing
from tui.widgets.row_list import Cell, Column, ListRows, RowList

Pair = tuple[int, int]


class Together(Matrix):
    """How many of the judged texts with one label have another one, too, as people said; the diagonal has all."""

    CORNER: ClassVar[str] = _("of ↓ also →")

    def counted(self, facts: Facts) -> Counter[tuple[int, ...]]:
        found = Counter[tuple[int, ...]]()
        for cell, n in (facts.evaluation.counts.get("", {}) if facts.evaluation else {}).items():
            gold, _said = parted(cell)
            for one in gold:
                for other in gold:
                    found[one, other] += n
        return found

    def words(self, facts: Facts, gold: int, answered: int, n: int) -> str:
        one, other = facts.names[gold], facts.names[answered]
        if gold == answered:
            return counted("{n} text has {one} · ↵ shows it", "{n} texts have {one} · ↵ shows them", n, one=one)
        return counted(
            "{n} text has {one} and {other} · ↵ shows it",
            "{n} texts have {one} and {other} · ↵ shows them",
            n,
            one=one,
            other=other,
        )

    def behind(self, facts: Facts, row: int, column: int) -> Message:
        one, other = facts.names[row], facts.names[column]
        title = _("have {one}") if row == column else _("have {one} and {other}")
        return Behind(_both(facts.task, row, column), title.format(one=one, other=other))


class Swapped(RowList):
    """Labels that were missed, each with one that was answered wrongly for the same text; or with nothing."""

    def __init__(self) -> None:
        super().__init__((Column(_("missed")), Column(_("answered instead")), Column(_("texts"), 6, right=True)))
        self._facts: Facts | None = None
        self._pairs: list[tuple[Pair, int]] = []

    def show_facts(self, facts: Facts) -> None:
        """Show other facts."""
        self._facts = facts
        enough = facts.report is not None and facts.report.enough
        self._pairs = _swapped(facts).most_common() if enough else []
        self.say_empty(_("No text was answered wrongly.") if enough else nothing(facts))
        rows: list[tuple[Cell, ...]] = [
            ((_name(facts, pair[0]), "text"), (_name(facts, pair[1]), "wrong"), (str(n), "muted"))
            for pair, n in self._pairs
        ]
        self.show(ListRows(rows))

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """The texts of this pair."""
        message.stop()
        if self._facts is not None and self._pairs:
            pair, _n = self._pairs[message.index]
            title = _("missed {one}, answered {other}").format(
                one=_name(self._facts, pair[0]), other=_name(self._facts, pair[1])
            )
            self.post_message(Behind(_mistaken(self._facts.task, pair), title))


NOTHING = 0
"""In place of a class: none was missed, or none was answered instead."""


def _swapped(facts: Facts) -> Counter[Pair]:
    found = Counter[Pair]()
    for cell, n in (facts.evaluation.counts.get("", {}) if facts.evaluation else {}).items():
        for pair in _mistakes(cell):
            found[pair] += n
    return found


def _mistakes(cell: tuple[int, ...]) -> list[Pair]:
    """(missed, answered instead) for every two of a text's mistakes of both kinds."""
    gold, said = (frozenset(part) for part in parted(cell))
    if gold == said:
        return []
    missed, added = sorted(gold - said) or [NOTHING], sorted(said - gold) or [NOTHING]
    return [(one, other) for one in missed for other in added]


def _name(facts: Facts, class_id: int) -> str:
    return facts.names.get(class_id, "—")


def _cell_of(task: Task[object], text: JudgedText) -> tuple[int, ...]:
    (cell,) = task.compare(task.decode(text.gold), task.decode(text.predicted))
    return cell


def _both(task: Task[object], one: int, other: int) -> Wanted:
    def wanted(text: JudgedText) -> bool:
        return {one, other} <= {*parted(_cell_of(task, text))[0]}

    return wanted


def _mistaken(task: Task[object], pair: Pair) -> Wanted:
    def wanted(text: JudgedText) -> bool:
        return pair in _mistakes(_cell_of(task, text))

    return wanted


VIEWS = (ViewKind(_("matrix"), Together), ViewKind(_("pairs"), Swapped))
