"""How many labels each class has."""

from core.i18n import _
from tui.views.base import Facts
from tui.widgets.row_list import Column, ListRows, RowList

BAR = 30


class Balance(RowList):
    """A bar for each class; short ones want more labels."""

    def __init__(self) -> None:
        super().__init__(
            (Column(_("class")), Column(_("labels"), 6, right=True), Column("", BAR)),
            empty=_("There are no classes yet: the first answer makes one."),
        )

    def show_facts(self, facts: Facts) -> None:
        """Show other facts."""
        most = max([*facts.counts.values(), 1])
        found = [(item, facts.counts.get(item.id, 0)) for item in facts.classes]
        if facts.order == "texts":
            found.sort(key=lambda pair: -pair[1])
        self.show(
            ListRows(
                [
                    ((item.name, "text"), (str(n), "muted"), ("█" * max(n > 0, n * BAR // most), "given"))
                    for item, n in found
                ]
            )
        )
