"""Workers that nobody will miss: their project is gone, or another process is its worker. Linux alone can tell."""

import os
from dataclasses import dataclass
from pathlib import Path

from core.project import Project, is_project
from core.worker.launch import MODULE
from core.worker.lock import holder


@dataclass(frozen=True, slots=True)
class Orphan:
    """A worker's process that serves no project."""

    pid: int
    root: Path
    """The directory it was started for."""


def orphans() -> list[Orphan]:
    """Worker processes of this user without a project, or beside its worker."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if entry.stat().st_uid != os.getuid() or os.fsencode(MODULE) not in words:
                continue
        except OSError:
            continue
        root = Path(os.fsdecode(words[words.index(os.fsencode(MODULE)) + 1]))
        if not is_project(root) or holder(Project(root).worker_lock) not in (int(entry.name), None):
            found.append(Orphan(int(entry.name), root))
    return found
