"""A file, found by typing its path or by walking through directories."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from core.i18n import _
from tui.dialogs.base import Dialog
from tui.output import size
from tui.widgets.row_list import Cell, Column, ListRows, RowList


class FileDialog(Dialog[Path]):
    """Returns the path of an existing file."""

    KEYS = _("type to filter, or a path\n↑↓ choose · ↵ opens · ← up a directory · esc leaves")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "down", show=False, priority=True),
        Binding("up", "up", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    FileDialog > #box { height: 80%; }
    FileDialog Input { border: none; height: 1; background: $background; padding: 0 1; }
    FileDialog RowList { margin-top: 1; }
    """

    def __init__(self, title: str, start: Path | None = None, *, directories: bool = False) -> None:
        """`directories`: a directory is wanted, such as a project."""
        super().__init__()
        self._title = title
        self._here = (start or Path.cwd()).absolute()
        self._directories = directories
        self._found: list[Path] = []

    def heading(self) -> str:
        return self._title

    @property
    def here(self) -> Path:
        """The directory that is shown."""
        return self._here

    def fits(self, path: Path) -> bool:
        """Whether a file is listed."""
        return True

    def address(self, typed: str) -> Path | None:
        """What was typed, if it is no path and yet an answer."""
        return None

    def body(self) -> Iterable[Widget]:
        yield Input(placeholder=_("name or path"), compact=True)
        yield RowList((Column(str(self._here)), Column(_("size"), 9, right=True)), empty=_("Nothing here."))

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(Input).focus()
        self._list()

    def _list(self) -> None:
        typed = self.query_one(Input).value
        rows: list[tuple[Cell, Cell]] = []
        self._found = []
        for path, is_dir, bytes_ in _entries(self._here, typed):
            if is_dir or (self.fits(path) and not self._directories):
                self._found.append(path)
                rows.append(((path.name + "/", "key") if is_dir else (path.name, "text"), (bytes_, "muted")))
        listed = self.query_one(RowList)
        listed.columns = (Column(str(self._here)), listed.columns[1])
        listed.show(ListRows(rows), cursor=0)

    def on_input_changed(self, _event: Input.Changed) -> None:
        """Filter as one types."""
        self._list()

    def on_key(self, event: events.Key) -> None:
        """Left goes up a directory while nothing is typed."""
        if event.key == "left" and not self.query_one(Input).value:
            event.stop()
            self._enter(self._here.parent)

    def action_down(self) -> None:
        """One row down."""
        self.query_one(RowList).action_cursor_down()

    def action_up(self) -> None:
        """One row up."""
        self.query_one(RowList).action_cursor_up()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """A path that was typed whole, or the row under the cursor."""
        event.stop()
        address = self.address(event.value)
        if address is not None:
            self.dismiss(address)
            return
        typed = Path(event.value).expanduser()
        whole = self._here / typed
        if event.value and (os.sep in event.value or event.value.startswith("~")) and _is(whole):
            self._choose(whole)
        elif self._found:
            self._choose(self._found[self.query_one(RowList).cursor])

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """A click chooses."""
        message.stop()
        self._choose(self._found[message.index])

    def _choose(self, path: Path) -> None:
        if not path.is_dir() or (self._directories and (path / "labels.db").is_file()):
            self.dismiss(path)
        else:
            self._enter(path)

    def _enter(self, directory: Path) -> None:
        self._here = directory.absolute()
        self.query_one(Input).value = ""
        self._list()


def _is(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _entries(directory: Path, typed: str) -> list[tuple[Path, bool, str]]:
    """(path, is a directory, size in words) of what is there and fits, directories first."""
    wanted = typed.rpartition(os.sep)[2].casefold()
    found: list[tuple[Path, bool, str]] = []
    try:
        with os.scandir(directory) as there:
            for entry in there:
                if entry.name.startswith(".") or wanted not in entry.name.casefold():
                    continue
                is_dir = entry.is_dir()
                found.append((Path(entry.path), is_dir, "" if is_dir else size(entry.stat().st_size)))
    except OSError:
        return []
    return sorted(found, key=lambda e: (not e[1], e[0].name.casefold()))
