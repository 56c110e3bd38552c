"""Whether this is a terminal the app can work on, asked before anything is drawn."""

import codecs
import locale
import os
import sys
from typing import TextIO

from core.errors import InputError
from core.i18n import _

_WITHOUT_CURSOR = frozenset({"", "dumb", "unknown"})


def require_terminal() -> None:
    """Raises InputError, with what to do, if the app can't be shown here."""
    hint = _("Without a terminal, the commands do the same: handful --help")
    if not all(stream is not None and stream.isatty() for stream in _streams()):
        raise InputError(_("The app needs a terminal."), _("Input or output is no terminal."), hint)
    term = os.environ.get("TERM", "")
    if term in _WITHOUT_CURSOR:
        raise InputError(
            _("This terminal can't place a cursor."),
            _("TERM is {term!r}.").format(term=term),
            _("Set it to what you have, such as: export TERM=xterm-256color"),
        )
    encoding = locale.getencoding() if not sys.flags.utf8_mode else "utf-8"
    if not _is_utf8(encoding):
        raise InputError(
            _("This terminal's character set is not UTF-8."),
            _("The locale says {encoding}.").format(encoding=encoding),
            _("Set it, such as: export LC_ALL=C.UTF-8"),
        )


def _streams() -> tuple[TextIO | None, ...]:
    """Standard error too, for that is where Textual draws."""
    return (sys.__stdin__, sys.__stdout__, sys.__stderr__)


def _is_utf8(encoding: str) -> bool:
    try:
        return codecs.lookup(encoding).name == "utf-8"
    except LookupError:  # one that the C library knows and Python does not
        return False
