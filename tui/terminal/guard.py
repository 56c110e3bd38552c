"""The second line of defence behind `core.show.visible`: what reaches the terminal all the same does not act there."""

from typing import Any

from rich.cells import get_character_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter

from core.show import is_acting


class Guard(LineFilter):
    """Blanks every acting character out (most take no cell, so they vanish), and takes links and actions off texts."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 (Textual's signature)
        """The same line, harmless."""
        if all(text.isascii() and text.isprintable() and not _acts(style) for text, style, _c in segments):
            return segments
        return [Segment(_harmless(text), _quiet(style), control) for text, style, control in segments]


def install_guard(app: App[Any]) -> None:
    """Every line that is painted passes the guard from now on."""
    app._filters.append(Guard())  # noqa: SLF001 (Textual offers no other place; a test holds it to this one)


def _harmless(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if not is_acting(c) else " " * get_character_cell_size(c) for c in text)


def _acts(style: Style | None) -> bool:
    return style is not None and (style.link is not None or any(key.startswith("@") for key in style.meta))


def _quiet(style: Style | None) -> Style | None:
    if style is None or not _acts(style):
        return style
    return Style.from_color(style.color, style.bgcolor) + Style(
        bold=style.bold, dim=style.dim, italic=style.italic, underline=style.underline, reverse=style.reverse
    )
