"""NO_COLOR means no colour at all, not shades of grey: what is bold, underlined or marked still says what it said."""

from typing import Any

from rich.segment import Segment
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter, Monochrome


class Colourless(LineFilter):
    """Takes foreground and background off every cell, so that the terminal's own are used."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 (Textual's signature)
        """The same line in the terminal's own colours."""
        return [Segment(text, style.without_color if style else None, control) for text, style, control in segments]


def install_colourless(app: App[Any]) -> None:
    """Where NO_COLOR is set, every line loses its colours; otherwise nothing happens."""
    if app.no_color:
        kept = [known for known in app._filters if not isinstance(known, Monochrome)]  # noqa: SLF001 (as in guard.py)
        app._filters[:] = [*kept, Colourless()]  # noqa: SLF001
