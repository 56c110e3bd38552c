"""Whether this system ends a person's processes when they log out, the detached worker among them."""

import getpass
import re
from collections.abc import Iterable
from pathlib import Path

SYSTEMD = Path("/run/systemd/system")
CONFIGURED = (Path("/usr/lib/systemd"), Path("/run/systemd"), Path("/etc/systemd"))
"""Where logind's settings lie; the last word counts."""
LINGERING = Path("/var/lib/systemd/linger")
_KILL = re.compile(r"^\s*KillUserProcesses\s*=\s*(\w+)", re.MULTILINE)


def ends_worker(
    configured: Iterable[Path] = CONFIGURED, lingering: Path = LINGERING, systemd: Path = SYSTEMD, user: str = ""
) -> bool:
    """True where logind is told to end all of a user's processes at log-out, and this user is no exception."""
    if not systemd.is_dir():
        return False
    said = "no"
    for directory in configured:
        for path in (directory / "logind.conf", *sorted((directory / "logind.conf.d").glob("*.conf"))):
            try:
                found = _KILL.findall(path.read_text(encoding="utf-8", errors="replace"))
            except OSError:
                continue
            said = found[-1].lower() if found else said
    return said in ("yes", "true", "on", "1") and not (lingering / (user or getpass.getuser())).exists()
