"""Learning curves in cells, for standard output: no widget, no colour; each curve has a mark of its own.

The app draws its curve with textual-plot; that needs a running app, which a command that prints has not.
"""

import math
from collections.abc import Sequence

from core.simulation.summary import Curve
from tui.output import cells, clip

MARKS = "●○▲△■□◆◇★☆"
_MARGIN = 6
"""Cells of the numbers at the left."""


def draw(curves: Sequence[Curve], width: int = 78, height: int = 14) -> list[str]:
    """Accuracy over labels as lines of at most `width` cells: the picture, its axis, and a legend.

    Where curves meet, the first one is seen. Empty if there is no curve.
    """
    points = [point for curve in curves for point in curve.points]
    if not points:
        return []
    low, high = scale([p.accuracy.mean for p in points])
    left, right = min(p.labels for p in points), max(p.labels for p in points)
    columns = width - _MARGIN - 1
    grid = [[" "] * columns for _row in range(height)]
    for number, curve in reversed(list(enumerate(curves))):
        for column, value in enumerate(_sampled(curve, left, right, columns)):
            if value is not None:
                row = round((high - value) / (high - low) * (height - 1))
                grid[row][column] = MARKS[number % len(MARKS)]
    shown = {round((high - value) / (high - low) * (height - 1)): f"{value:.1f}" for value in _ticks(low, high)}
    lines = [f"{shown.get(number, ''):>{_MARGIN - 1}} │{''.join(line)}".rstrip() for number, line in enumerate(grid)]
    return [*lines, " " * _MARGIN + "└" + "─" * columns, _axis(left, right, columns), *_legend(curves, width)]


def scale(values: Sequence[float]) -> tuple[float, float]:
    """The tenths below and above all values, at least a tenth apart."""
    low, high = math.floor(min(values) * 10) / 10, math.ceil(max(values) * 10) / 10
    return (low, high) if high > low else (max(0.0, low - 0.1), low + 0.1 if low <= 0 else low)


def _ticks(low: float, high: float) -> list[float]:
    """The tenths from `low` to `high`, or every second one where they would crowd."""
    tenths = list(range(round(low * 10), round(high * 10) + 1))
    return [tenth / 10 for tenth in tenths[:: 1 if len(tenths) < 8 else 2]]


def _sampled(curve: Curve, left: int, right: int, columns: int) -> list[float | None]:
    """The curve's height at each column, on the straight lines between its points; None where it does not reach."""
    found: list[float | None] = [None] * columns
    span = max(right - left, 1)
    placed = [((p.labels - left) / span * (columns - 1), p.accuracy.mean) for p in curve.points]
    for (x0, y0), (x1, y1) in zip(placed, placed[1:] or placed, strict=False):
        for column in range(math.ceil(x0 - 1e-9), math.floor(x1 + 1e-9) + 1):
            found[column] = y0 if x1 == x0 else y0 + (y1 - y0) * (column - x0) / (x1 - x0)
    return found


def _axis(left: int, right: int, columns: int) -> str:
    first, last = str(left), str(right)
    return " " * (_MARGIN + 1) + first + last.rjust(columns - len(first))


def _legend(curves: Sequence[Curve], width: int) -> list[str]:
    lines, line = [], " " * _MARGIN
    for number, curve in enumerate(curves):
        part = f" {MARKS[number % len(MARKS)]} {clip(curve.name, 30)}"
        if cells(line) + cells(part) > width:
            lines.append(line)
            line = " " * _MARGIN
        line += part
    return [*lines, line]
