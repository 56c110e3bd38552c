"""Who may ask: the token in a file that only its owner can read, and what clients show of it."""

import hmac
import os
import stat
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path

from core.errors import InputError, RefusedError
from core.i18n import _
from core.show import visible
from exports.serve.options import Options

SHORTEST, LONGEST = 16, 4096
_SCHEME = "bearer "


def token(options: Options) -> str:
    """The token clients must show, empty if none is asked for.

    Raises InputError if the file can't be used or others could read it, RefusedError if anybody on the network could
    ask without a token and nobody said that this is meant.
    """
    if options.token_file is not None:
        return _read(options.token_file)
    if not options.without_token and not _is_here(options.host):
        raise RefusedError(
            _("Everybody who reaches this machine could ask the model."),
            _("{host} is more than this machine, and there is no token.").format(host=visible(options.host)),
            _("Give --token-file FILE; or --without-token, if something before it checks who asks."),
        )
    return ""


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _read(path: Path) -> str:
    shown = visible(str(path))
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            raw = file.read(LONGEST + 1)
    except OSError as error:
        raise InputError(_("The token can't be read."), f"{shown}: {error.strerror}") from error
    if not stat.S_ISREG(found.st_mode) or found.st_mode & 0o077:
        raise InputError(
            _("Others could read the token."),
            _("{path} has mode {mode:o}.").format(path=shown, mode=stat.S_IMODE(found.st_mode)),
            _("Make it yours alone: chmod 600 {path}").format(path=shown),
        )
    text = raw.decode("ascii", "replace").strip()
    if not SHORTEST <= len(text) <= LONGEST or not text.isascii() or not text.isprintable() or " " in text:
        raise InputError(
            _("This is no token."),
            _("{path} must hold one line of {least} to {most} visible ASCII characters.").format(
                path=shown, least=SHORTEST, most=LONGEST
            ),
            _("Make one: (umask 077; openssl rand -hex 32 > {path})").format(path=shown),
        )
    return text


def may(headers: Mapping[bytes, bytes], wanted: str) -> bool:
    """Whether a request shows the token; compared in a time that does not tell how much of it is right."""
    if not wanted:
        return True
    said = headers.get(b"authorization", b"").decode("latin-1")
    shown = said[len(_SCHEME) :].strip() if said[: len(_SCHEME)].lower() == _SCHEME else ""
    return hmac.compare_digest(shown.encode("utf-8"), wanted.encode("utf-8"))
