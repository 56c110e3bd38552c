"""Who did how much and how far people agree: three tables, and what they come to in a line."""

from collections.abc import Iterable, Mapping, Sequence

from textual.containers import Container
from textual.widget import Widget

from core.agreeing import Pair, Report
from core.evaluation.agreement import Agreement
from core.i18n import _
from core.store import people
from tui.widgets.line import Piece
from tui.widgets.row_list import Cell, Column, ListRows, RowList
from tui.widgets.who_said import MOST

_PEOPLE = (
    Column(_("name")),
    Column(_("answered"), 10, right=True),
    Column(_("skipped"), 9, right=True),
    Column(_("settled"), 9, right=True),
    Column(_("s a text"), 10, right=True),
    Column(_("an hour"), 9, right=True, least=70),
)
_PAIRS = (
    Column(_("two people")),
    Column(_("texts"), 8, right=True),
    Column(_("same"), 8, right=True),
    Column(_("agreement"), 20, right=True),
)
_CLASSES = (Column(_("class")), Column(_("alpha"), 24, right=True))


class AgreementTables(Container):
    """The tables of people, of every two of them, and of classes."""

    DEFAULT_CSS = """
    AgreementTables RowList { padding: 0 1; margin-top: 1; height: 1fr; }
    """

    def compose(self) -> Iterable[Widget]:
        yield RowList(_PEOPLE, id="of-people", empty=_("Nobody has labelled anything yet."))
        yield RowList(_PAIRS, id="of-pairs", empty=_("No text was answered by two people."))
        yield RowList(_CLASSES, id="of-classes", empty="")

    def opened(self, is_open: bool) -> Widget | None:
        """Let the tables have the keys, or not; returns the one that has them first."""
        for table in self.query(RowList):
            table.can_focus = is_open
        return self.query_one("#of-pairs") if is_open else None

    def show(self, found: Report, names: Mapping[int, str]) -> None:
        """Fill the tables; `names`: class id → name."""
        table = self.query_one("#of-people", RowList)
        table.styles.height = min(len(found.people), MOST) + 2
        table.show(ListRows([_person(one) for one in found.people]))
        self.query_one("#of-pairs", RowList).show(ListRows([_pair(one) for one in found.pairs]))
        classes = found.classes.items()
        of_classes: list[Sequence[Cell]] = [((names.get(i, "?"), "text"), _coefficient(one)) for i, one in classes]
        self.query_one("#of-classes", RowList).show(ListRows(of_classes))


def alpha(found: Report | None) -> list[Piece]:
    """Krippendorff's alpha with its interval; nothing where nobody shares a text."""
    if found is None or not found.shared:
        return []
    if found.alpha.value is None:
        return [(_("alpha is undefined"), "muted")]
    low, high = found.alpha.interval or (found.alpha.value, found.alpha.value)
    said = _("alpha {value:.2f} ({low:.2f} to {high:.2f}) on {n} texts")
    return [(said.format(value=found.alpha.value, low=low, high=high, n=found.shared), "text")]


def in_a_line(found: Report) -> tuple[list[Piece], list[Piece]]:
    """(why a coefficient is undefined, or Fleiss' kappa; what its ends mean)."""
    why = found.alpha.why or (found.fleiss.why if found.fleiss is not None else "")
    if why and found.shared:  # where there is nothing shared, the empty table says so
        return [(why, "unsure")], []
    if found.fleiss is None or found.fleiss.value is None:
        return [], []
    said = _("Fleiss' kappa {value:.2f} on the {n} texts with {raters} answers")
    kappa = said.format(value=found.fleiss.value, n=found.fleiss.n, raters=found.raters)
    return [(kappa, "text")], [(_("1 is perfect, 0 is chance"), "muted")]


def _person(one: people.Person) -> Sequence[Cell]:
    seconds = "—" if one.seconds is None else f"{one.seconds:.1f}"
    hourly = "—" if not one.seconds else f"{3600 / one.seconds:,.0f}"
    return (
        (one.name, "text"), (f"{one.answered:,}", "given"), (f"{one.skipped:,}", "unsure"),
        (f"{one.settled:,}", "muted"), (seconds, "muted"), (hourly, "muted"),
    )  # fmt: skip


def _coefficient(one: Agreement) -> Cell:
    if one.value is None:
        return ("—", "muted")
    interval = "" if one.interval is None else f" ({one.interval[0]:.2f} to {one.interval[1]:.2f})"
    return (f"{one.value:.2f}{interval}", "text")


def _pair(one: Pair) -> Sequence[Cell]:
    return (
        (_("{a} and {b}").format(a=one.first, b=one.second), "text"),
        (str(one.n), "muted"),
        (str(one.same), "muted"),
        _coefficient(one.kappa),
    )
