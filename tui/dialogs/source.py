"""Where texts come from: a file of any format, a whole directory of texts, or the address of a data set."""

from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType

from core.i18n import _
from core.importing import formats
from tui.dialogs.file import FileDialog


class SourceDialog(FileDialog):
    """Returns a path, or an address such as `hf:owner/name:train`."""

    KEYS = _(
        "type to filter, a path, or hf:owner/name:split\n"
        "↑↓ choose · ↵ opens · ← up · ^d this whole directory · esc leaves"
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+d", "whole", show=False, priority=True)]

    def fits(self, path: Path) -> bool:
        return path.name.lower().endswith(formats.endings())

    def address(self, typed: str) -> Path | None:
        path = Path(typed.strip())
        return path if formats.is_address(path) else None

    def action_whole(self) -> None:
        """Take the directory that is shown, with a text a file."""
        self.dismiss(self.here)
