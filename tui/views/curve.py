"""The learning curve: accuracy over labels, with its interval."""

from typing import Any

from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import Static

from core.i18n import _
from tui.show import content
from tui.views.base import Facts


class Curve(Container):
    """A plot in cells; it needs two points to say anything."""

    DEFAULT_CSS = """
    Curve { height: 1fr; }
    Curve #said { padding: 0 2; height: auto; color: $muted; }
    Curve PlotWidget { height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.can_focus = False
        self._plot: Any = None

    def compose(self) -> ComposeResult:
        from textual_plot import PlotWidget

        yield Static(id="said", markup=False)
        self._plot = PlotWidget(allow_pan_and_zoom=False)
        yield self._plot

    def show_facts(self, facts: Facts) -> None:
        """Show other facts."""
        points = [point for point in facts.curve if point.enough]
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
        self._plot.plot(x, [p.high for p in points], line_style=colours["rule"])
        self._plot.plot(x, [p.low for p in points], line_style=colours["rule"])
        self._plot.plot(x, [p.accuracy for p in points], line_style=colours["guess"])
        self._plot.set_ylimits(0.0, 1.0)
        self._plot.set_xlimits(min(x), max(x) if max(x) > min(x) else min(x) + 1)
        self._plot.set_xlabel(_("labels"))
