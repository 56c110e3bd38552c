"""A table one of whose columns is a picture, which takes the room that the other columns leave."""

from collections.abc import Sequence
from typing import ClassVar

from tui.widgets.row_list import RowList


class BarredList(RowList):
    """Subclasses say which column it is, and ask `bar_width` while they make a row."""

    BAR_COLUMN: ClassVar[int]
    bar_width = 20
    """Cells of the picture when the rows were drawn last."""

    def _widths(self, width: int, shown: Sequence[int]) -> list[int]:
        found = super()._widths(width, shown)
        self.bar_width = found[list(shown).index(self.BAR_COLUMN)]
        return found
