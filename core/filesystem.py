"""What kind of file system a path lies on: locks and write-ahead logs can't be trusted on network mounts."""

import os
import re
from pathlib import Path

MOUNTINFO = Path("/proc/self/mountinfo")
NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "lustre", "ceph", "glusterfs", "afs", "beegfs", "gpfs"}
)
_ESCAPED = re.compile(r"\\([0-7]{3})")
"""How the kernel writes blanks, tabs, line feeds, backslashes and # in mount points."""


def kind(path: Path, mountinfo: Path = MOUNTINFO) -> str:
    """The file-system type of the mount that holds the path ("ext4", "nfs4"); empty where it can't be told."""
    try:
        lines = mountinfo.read_text(encoding="utf-8", errors="surrogateescape").split("\n")
    except OSError:
        return ""
    target = os.path.realpath(path)
    best, found = -1, ""
    for line in lines:
        left, _, right = line.partition(" - ")
        fields = left.split(" ")
        if len(fields) < 5 or not right:
            continue
        mount = _ESCAPED.sub(lambda found: chr(int(found[1], 8)), fields[4])
        if (target == mount or target.startswith(mount.rstrip("/") + "/")) and len(mount) >= best:
            best, found = len(mount), right.split(" ")[0]
    return found


def is_network(path: Path, mountinfo: Path = MOUNTINFO) -> bool:
    """Whether the path lies on a network or FUSE mount."""
    name = kind(path, mountinfo)
    return name in NETWORK or name == "fuse" or name.startswith("fuse.")
