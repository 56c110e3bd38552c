"""What stands on the terminal, cell by cell: a frame becomes no more bytes than it changes.

Textual repaints a line from its widget's left edge and spells every style out. Over a slow link that is what one waits
for. Here each update is compared with what was written before, and only the cells that differ go out, with only that
part of the style that is another one than before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from tui.wrapping import graphemes

GAP = 5
"""Equal cells that cost about as much to write again as to jump over."""

Look = tuple[str, str, str]
"""Codes of attributes, of the colour and of the background; empty where it is the terminal's own."""
Cell = tuple[str, Look]
"""What is written in a cell; the second cell of a wide character holds an empty text."""

_PLAIN: Look = ("", "39", "49")
_UNKNOWN: Cell = ("\0", _PLAIN)
_BLANK: Cell = (" ", _PLAIN)


@dataclass(frozen=True, slots=True)
class Written(CompositorUpdate):
    """An update that is text already."""

    text: str

    def render_segments(self, console: Console) -> str:  # noqa: ARG002 (Textual's signature)
        """The text."""
        return self.text


class Frames:
    """The cells as they were written last."""

    def __init__(self) -> None:
        self._rows: list[list[Cell]] = []
        self._size = (0, 0)

    def forget(self) -> None:
        """Somebody else wrote to the terminal, or its size changed: nothing is known any more."""
        self._size = (0, 0)

    def compact(self, update: CompositorUpdate, size: tuple[int, int], console: Console) -> CompositorUpdate:
        """The same update in as few bytes as it takes; other kinds of updates pass as they are."""
        if not isinstance(update, ChopsUpdate | LayoutUpdate):
            self.forget()
            return update
        width, height = size
        if size != self._size:
            self._size, self._rows = size, [[_UNKNOWN] * width for _row in range(height)]
        system = console._color_system or ColorSystem.TRUECOLOR  # noqa: SLF001 (as Textual asks it)
        fresh: dict[int, list[Cell]] = {}
        for x, y, strip in _pieces(update):
            if 0 <= y < height:
                row = fresh.setdefault(y, list(self._rows[y]))
                cells = _cells(strip, system)[: width - x]
                row[x : x + len(cells)] = cells
        writer = _Writer()
        for y in sorted(fresh):
            for start, end in _changed(self._rows[y], fresh[y]):
                writer.write(y, start, fresh[y][start:end])
            self._rows[y] = fresh[y]
        return Written(writer.finish())


def _pieces(update: ChopsUpdate | LayoutUpdate) -> Iterator[tuple[int, int, Strip]]:
    """(x, y, strip) of all that an update may change."""
    if isinstance(update, ChopsUpdate):
        for y, x1, x2 in update.spans:
            for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if strip is not None and x <= x2 and end > x1:
                    yield x, y, strip
        return
    for y, line in enumerate(update.strips, update.region.y):
        x = update.region.x
        for strip in line:
            yield x, y, strip
            x += strip.cell_length


def _cells(strip: Strip, system: ColorSystem) -> list[Cell]:
    found: list[Cell] = []
    for text, style, control in strip:
        if control:
            continue
        look = _PLAIN if style is None else _look(style, system)
        if text.isascii():
            found += [(char, look) for char in text]
            continue
        for start, end, wide in graphemes(text):
            if not wide and found:  # it joins what stands before it
                found[-1] = (found[-1][0] + text[start:end], found[-1][1])
            elif wide:
                found += [(text[start:end], look), *[("", look)] * (wide - 1)]
    return found


def _changed(old: list[Cell], new: list[Cell]) -> list[tuple[int, int]]:
    """Stretches of cells to write; none begins or ends within a wide character."""
    found: list[tuple[int, int]] = []
    for x, (before, after) in enumerate(zip_longest(old, new, fillvalue=_BLANK)):
        if before == after:
            continue
        start = x
        while start and not new[start][0]:
            start -= 1
        end = x + 1
        while end < len(new) and not new[end][0]:
            end += 1
        if found and start - found[-1][1] < GAP:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


class _Writer:
    """Puts cells into as few bytes as it can."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._look = _PLAIN
        self._at = (-1, -1)

    def write(self, y: int, x: int, cells: list[Cell]) -> None:
        for offset, (text, look) in enumerate(cells):
            if not text:
                continue
            self._go(y, x + offset)
            self._wear(look)
            wide = cell_len(text)
            if _is_sure(text):
                self._parts.append(text)
                self._at = (y, x + offset + wide)
            else:  # terminals disagree on its width: clear its cells first, and say anew where the next one stands
                self._parts.append(f"{' ' * wide}\x1b[{wide}D{text}")
                self._at = (-1, -1)

    def finish(self) -> str:
        self._wear(_PLAIN)
        return "".join(self._parts)

    def _go(self, y: int, x: int) -> None:
        if self._at == (y, x):
            return
        same = self._at[0] == y and x > self._at[1] >= 0
        self._parts.append(f"\x1b[{x - self._at[1]}C" if same else f"\x1b[{y + 1};{x + 1}H")

    def _wear(self, look: Look) -> None:
        """Change what differs; attributes can only be taken off all together."""
        if look == self._look:
            return
        if look[0] != self._look[0]:
            codes = ["0", *look]
        else:
            codes = [new for new, old in zip(look, self._look, strict=True) if new != old]
        spare = {"39", "49"} if codes[0] == "0" else set[str]()
        wanted = ";".join(code for code in codes if code and code not in spare)
        self._parts.append("\x1b[m" if wanted == "0" else f"\x1b[{wanted}m")
        self._look = look


def _is_sure(text: str) -> bool:
    """Whether every terminal gives this character as many cells as we do."""
    return len(text) == 1 and text < "\ue000"


@lru_cache(4096)
def _look(style: Style, system: ColorSystem) -> Look:
    """The codes of a style on this terminal."""
    flags = (style.bold, style.dim, style.italic, style.underline, style.blink, style.blink2, style.reverse)
    attributes = ";".join(str(code) for code, on in enumerate((*flags, style.conceal, style.strike), 1) if on)
    colour = "39" if style.color is None else ";".join(style.color.downgrade(system).get_ansi_codes())
    ground = (
        "49" if style.bgcolor is None else ";".join(style.bgcolor.downgrade(system).get_ansi_codes(foreground=False))
    )
    return attributes, colour, ground
