"""Where texts come from, each form in a file of its own: found by the name's ending, by content, or by what it is.

A new format is a file with a `Format` in it, declared as an entry point in the group `handful.formats`. Every format is
asked how surely a source is one of its own; the surest reads it.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core import plugins
from core.errors import InputError
from core.i18n import _
from core.importing.lines import BinaryFile, Lines, open_file, size
from core.importing.rows import Read, Rows
from core.show import visible

SOME_TEXT, DELIMITED_CONTENT, TABBED_CONTENT, TAGGED_CONTENT, JSON_CONTENT = 10, 20, 30, 40, 50
MAGIC, ENDING, CERTAIN = 60, 70, 100
"""How sure one may be: any text, by content, by a mark at its start, by the name's ending, by what it is at all."""

ADDRESS = "hf:"
"""What a source begins with that is no path."""
_HEAD = 1 << 16

Reader = Callable[[Lines], Iterator[Read]]
"""From the lines of a file to its rows, refused ones included."""


@dataclass(frozen=True, slots=True)
class Found:
    """A source as it can be told before it is read."""

    path: Path
    kind: Literal["file", "directory", "address"]
    endings: str
    """The name whose ending counts: that of the path, less what was unpacked already."""
    file: BinaryFile | None = None
    """The open file; None if it is none."""
    total: int = 0
    """Its size in bytes; 0 where it can't be known."""
    position: Callable[[], int] | None = None
    """How far it was read, where that is not what was read of `file`."""

    @property
    def name(self) -> str:
        """The path, fit to be shown."""
        return visible(str(self.path))

    def head(self) -> bytes:
        """The first bytes of a file."""
        return b"" if self.file is None else self.file.peek(_HEAD)[:_HEAD]

    def bytes(self) -> BinaryFile:
        """The open file of a source that is one."""
        assert self.file is not None, "only files are given to formats of files"  # noqa: S101
        return self.file


@dataclass(frozen=True, slots=True)
class Format:
    """One form in which texts come."""

    title: str
    """Its name for people, such as `CSV`."""
    read: Callable[[Found], AbstractContextManager[Rows]]
    """Opens the rows of a source; raises InputError if it is none of this format."""
    fits: Callable[[Found], int]
    """How surely a source is of this format; 0: it is not."""
    endings: tuple[str, ...] = ()
    """Endings of file names, with their dots."""

    def claim(self, found: Found) -> int:
        """How surely a source is of this format, by its ending or otherwise."""
        named = found.kind == "file" and found.endings.lower().endswith(self.endings or ("\x00",))
        return max(self.fits(found), ENDING if named else 0)


class TextRows:
    """What the rows of any text file tell about it."""

    unit = "line"

    def __init__(self, lines: Lines, found: Found) -> None:
        self._lines, self._found = lines, found

    @property
    def name(self) -> str:
        return self._lines.name

    @property
    def done(self) -> int:
        return self._found.position() if self._found.position is not None else self._lines.done

    @property
    def total(self) -> int:
        return self._found.total


class _LineRows(TextRows):
    """The rows of a file of lines."""

    def __init__(self, lines: Lines, reader: Reader, found: Found) -> None:
        super().__init__(lines, found)
        self._reader = reader

    def __iter__(self) -> Iterator[Read]:
        return self._reader(self._lines)


def text_format(title: str, endings: tuple[str, ...], reader: Reader, content: Callable[[str], int]) -> Format:
    """A format of lines; `content` tells from the head of a file how surely it is one."""

    @contextmanager
    def read(found: Found) -> Iterator[Rows]:
        yield _LineRows(Lines(found.bytes(), found.path, found.total), reader, found)

    def fits(found: Found) -> int:
        return content(Lines(found.bytes(), found.path, 0).head_text()) if found.kind == "file" else 0

    return Format(title, read, fits, endings)


@contextmanager
def opened(path: Path) -> Iterator[Rows]:
    """The rows of a file, a directory or an address such as `hf:owner/name:train`.

    Raises InputError if there is nothing there, it can't be read, or no format knows it.
    """
    with ExitStack() as stack:
        found = _look(path, stack)
        yield stack.enter_context(surest(found).read(found))


def is_address(path: Path) -> bool:
    """Whether a source is no path."""
    return str(path).startswith(ADDRESS)


def _look(path: Path, stack: ExitStack) -> Found:
    if is_address(path):
        return Found(path, "address", "")
    if _is_dir(path):
        return Found(path, "directory", "")
    file = stack.enter_context(open_file(path))
    return Found(path, "file", path.name, file, size(file))


def _is_dir(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # no possible path: too long, or with a NUL; opening it says so
        return False


def every() -> list[Format]:
    """All formats, by name."""
    return [plugins.load(plugins.FORMATS, name) for name in plugins.names(plugins.FORMATS)]


def surest(found: Found) -> Format:
    """The format of a source; raises InputError if there is none."""
    claims = [(known.claim(found), known) for known in every()]
    most, best = max(claims, key=lambda claim: claim[0])
    if most:
        return best
    raise InputError(
        _("It can't be told what this is."),
        found.name,
        _("Give one of: {formats}.").format(formats=", ".join(known.title for known in every())),
    )


def endings() -> tuple[str, ...]:
    """Every ending that some format has."""
    return tuple(sorted({ending for known in every() for ending in known.endings}))
