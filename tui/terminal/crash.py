"""An unforeseen error ends the app without a word of data on the screen; the trace goes to a log that is ours alone."""

import os
import sys
import traceback
from pathlib import Path

from rich.text import Text

from core import clock
from core.i18n import _
from core.publish import make_dir
from core.worker.log import open_raw

LOG = "app.log"


class SafeCrash:
    """For Textual's App: replaces the trace on screen, which shows local variables, by a short notice."""

    @property
    def log_directory(self) -> Path | None:
        """Where the log lies; None: the state directory."""
        return None

    def _handle_exception(self, error: Exception) -> None:
        if getattr(self, "_exit", False) and not self.is_headless:  # type: ignore[attr-defined]
            write_log("".join(traceback.format_exception(error)), self.log_directory)
            return  # it was told to end: what half a screen says to that is no news to anybody
        super()._handle_exception(error)  # type: ignore[misc]

    def _fatal_error(self) -> None:
        error = sys.exc_info()[1]
        path = write_log("".join(traceback.format_exception(error)), self.log_directory)
        said = _("Handful ended because of a mistake of its own ({kind}). Nothing that was saved is lost.").format(
            kind=type(error).__name__
        )
        where = _("What happened is written in {path}").format(path=path) if path else _("No log could be written.")
        self.panic(Text(f"{said}\n{where}"))  # type: ignore[attr-defined]


def write_log(trace: str, directory: Path | None) -> Path | None:
    """Append a trace to the log and return its path; None if it can't be written."""
    from tui.preferences import state_dir

    path = (directory or state_dir()) / LOG
    try:
        make_dir(path.parent)
        with os.fdopen(open_raw(path), "a", encoding="utf-8", errors="backslashreplace") as log:
            log.write(f"{clock.iso(clock.now())}\n{trace}\n")
    except OSError:
        return None
    return path
