"""A line of numbers as a line of blocks."""

from collections.abc import Sequence
from itertools import pairwise

from rich.segment import Segment

from tui.widgets.lines import LineWidget

_BLOCKS = "▁▂▃▄▅▆▇█"


class Spark(LineWidget):
    """The newest numbers that fit, the highest as a full block; what they mean stands before and behind."""

    COMPONENT_CLASSES = {"spark--line", "spark--said"}
    DEFAULT_CSS = """
    Spark { height: 1; }
    Spark > .spark--line { color: $guess; }
    Spark > .spark--said { color: $muted; }
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self._values: Sequence[float] = ()

    def show(self, values: Sequence[float]) -> None:
        """Show other numbers."""
        self._values = values
        self.redraw()

    def build(self, width: int, height: int) -> list[list[Segment]]:
        if len(self._values) < 2:
            return []
        said = self.component("spark--said")
        head, tail = f"{self._title} {self._values[0]:.2f} ", f" {self._values[-1]:.2f}"
        drawn = squeezed(self._values, max(1, width - len(head) - len(tail)))
        top, bottom = max(drawn), min(0.0, *drawn)
        scale = (len(_BLOCKS) - 1) / (top - bottom or 1.0)
        line = "".join(_BLOCKS[round((value - bottom) * scale)] for value in drawn)
        return [[Segment(head, said), Segment(line, self.component("spark--line")), Segment(tail, said)]]


def squeezed(values: Sequence[float], width: int) -> list[float]:
    """At most `width` numbers: means of equal shares of all of them."""
    if len(values) <= width:
        return list(values)
    edges = [i * len(values) // width for i in range(width + 1)]
    return [sum(values[a:b]) / (b - a) for a, b in pairwise(edges)]
