"""How spans are drawn below the line they stand in: a bar as long as the span, beginning with the class's name.

What is labelled has a heavy bar, what is only suggested a broken one and a question mark, so that no colour is needed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len

from core.spans import Guess, Span
from tui.show import clip
from tui.spans.layout import Layout

GIVEN, GIVEN_END = "━", "╸"
GUESSED, GUESSED_END = "┄", "╴"
ASKED = "?"
"""Behind the name of a class that is only suggested."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One span, or what of it stands in one line."""

    first: int
    behind: int
    """Cells of the line."""
    label: str
    guessed: bool
    begins: bool
    ends: bool
    """Whether the span does so in this line."""
    level: int = 0
    """0: right below the text; spans that overlap lie below each other, the shortest first."""


def bars(layout: Layout, line: int, spans: Iterable[Span[str]], guesses: Iterable[Guess]) -> Sequence[Bar]:
    """What is drawn below a line, from left to right."""
    glyphs = layout.lines[line]
    begin, end = glyphs[0].start, glyphs[-1].end
    marked = [(span, False) for span in spans] + [(guess.span, True) for guess in guesses]
    found: list[Bar] = []
    for span, guessed in sorted(marked, key=lambda m: (m[0].end - m[0].start, m[1], m[0])):
        cells = layout.cells_of(line, span.start, span.end) if span.start < end and begin < span.end else None
        if cells is not None:
            bar = Bar(*cells, span.label, guessed, span.start >= begin, span.end <= end)
            found.append(replace(bar, level=_free_level(found, bar)))
    return sorted(found, key=lambda bar: (bar.level, bar.first))


def _free_level(found: Sequence[Bar], bar: Bar) -> int:
    used = {other.level for other in found if other.first < bar.behind and bar.first < other.behind}
    return next(level for level in range(len(used) + 1) if level not in used)


def strokes(bar: Bar, room: int) -> str:
    """The bar in as many cells as the span takes; a name that is longer may use up to `room` cells."""
    wide = bar.behind - bar.first
    name = bar.label + (ASKED if bar.guessed else "")
    line, end = (GUESSED, GUESSED_END) if bar.guessed else (GIVEN, GIVEN_END)
    tag = "" if not bar.begins else _tag(name, wide, room)
    rest = max(0, wide - cell_len(tag))
    return tag + line * (rest - 1) + (end if bar.ends else line) if rest else tag


def _tag(name: str, wide: int, room: int) -> str:
    tag = clip(name, max(wide, min(room, cell_len(name))))
    return tag.rstrip("…") or tag if cell_len(tag) > 1 else tag
