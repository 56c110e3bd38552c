"""The learning curve: accuracy over labels, with its interval, and what more labels would bring."""

import math
from typing import Any

from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import Static

from core.i18n import _
from tui.show import content
from tui.views.base import Facts

TICKS = 8
"""With more measurements than these the axis shows round numbers."""


class Curve(Container):
    """A plot in cells; it needs two points to say anything."""

    DEFAULT_CSS = """
    Curve { height: 1fr; padding-right: 2; }
    Curve #said { padding: 0 2; height: auto; color: $muted; }
    Curve #more { padding: 0 2; height: auto; max-height: 4; }
    Curve PlotWidget { height: 1fr; }
    Curve PlotWidget > .plot--axis { color: $rule; }
    Curve PlotWidget > .plot--tick { color: $muted; text-style: none; }
    Curve PlotWidget > .plot--label { color: $muted; text-style: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.can_focus = False
        self._plot: Any = None

    def compose(self) -> ComposeResult:
        from textual_plot import PlotWidget

        yield Static(id="said", markup=False)
        yield Static(id="more", markup=False)
        self._plot = PlotWidget(allow_pan_and_zoom=False)
        self._plot.set_reactive(PlotWidget.margin_top, 1)
        self._plot.set_reactive(PlotWidget.margin_left, 7)
        yield self._plot

    def show_facts(self, facts: Facts) -> None:
        """Show other facts."""
        from textual_plot import HiResMode

        points = [point for point in facts.curve if point.enough]
        self.query_one("#more", Static).update(content("\n".join(facts.more), multiline=True))
        said = self.query_one("#said", Static)
        self._plot.display = len(points) > 1
        if len(points) < 2:
            said.update(
                content(
                    _("A curve needs two measurements of 20 texts each; so far there are {n}.").format(n=len(points))
                )
            )
            return
        kept = ", ".join(
            _("round {n} at {labels}").format(n=r.number, labels=r.n_labels) for r in facts.rounds if r.state == "kept"
        )
        said.update(content(_("accuracy over labels, 90 % interval") + (f" · {kept}" if kept else "")))
        x = [float(point.labels) for point in points]
        colours = self.app.theme_variables
        self._plot.clear()
        fine = HiResMode.BRAILLE
        for bound in ([p.high for p in points], [p.low for p in points]):
            self._plot.plot(x, bound, line_style=colours["muted"], hires_mode=fine)
        self._plot.plot(x, [p.accuracy for p in points], line_style=colours["guess"], hires_mode=fine)
        self._plot.scatter(x, [p.accuracy for p in points], marker="●", marker_style=colours["guess"])
        if len(x) <= TICKS:
            self._plot.set_xticks(x)
        self._plot.set_ylimits(*tenths(min(p.low for p in points), max(p.high for p in points)))
        room = 0.02 * (max(x) - min(x))  # so that the first and last mark are whole
        self._plot.set_xlimits(min(x) - room, max(x) + room)
        self._plot.set_xlabel(_("labels"))


def tenths(low: float, high: float) -> tuple[float, float]:
    """The nearest tenths outside: what changes is what should fill the plot."""
    return max(0.0, math.floor(10 * low) / 10), min(1.0, math.ceil(10 * high) / 10)
