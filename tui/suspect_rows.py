"""Labels that look wrong as rows of a list; what is settled stays where it was until the list is read anew."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.checking import Suspect
from core.i18n import _
from tui.suspects import weight_of
from tui.widgets.line import Kind
from tui.widgets.row_list import Cell, Column

NAMES = {"doubt": _("doubted"), "copies": _("near-copies"), "again": _("contradicted")}


@dataclass(frozen=True, slots=True)
class Item:
    """One row."""

    suspect: Suspect
    text: str
    said: str
    """The answer in question, in words."""
    instead: str
    """What it could be instead."""
    settled: str = ""
    """What became of it; empty: nothing yet."""


class SuspectRows:
    """Suspects as rows of the list; what is settled stays where it was until the list is read anew."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = list(items)

    def __len__(self) -> int:
        return len(self.items)

    def row(self, index: int) -> Sequence[Cell]:
        """Mark, how suspicious, kind, text, answer, what it could be."""
        item = self.items[index]
        one, done = item.suspect, bool(item.settled)
        mark: Cell = ("✓", "given") if done else ("!" if one.confident else " ", "wrong")
        weight = weight_of(one)
        quiet: Kind = "muted" if done else "text"
        answer: Cell = (item.said, "muted" if done else "given")
        instead: Cell = (item.settled or item.instead, "muted" if done else "guess")
        return (
            mark,
            (weight, "muted"),
            (NAMES[one.kind], "muted"),
            (item.text, quiet),
            answer,
            answer,
            instead,
            instead,
        )


COLUMNS = (
    Column(width=1),
    Column(width=5, right=True),
    Column(_("why"), 12, least=100),
    Column(_("text")),
    Column(_("label"), 14, most=99),
    Column(_("label"), 20, least=100),
    Column(_("or rather"), 14, most=99),
    Column(_("or rather"), 20, least=100),
)
