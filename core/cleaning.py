"""What can be removed from a project without losing anything that is in use."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from core.connection import Connection
from core.project import Project
from core.store import jobs, meta, models


@dataclass(frozen=True, slots=True)
class Leftover:
    """A directory that nothing needs any more."""

    path: Path
    size: int
    """Bytes of its files."""
    why: str
    """What it is: `checkpoint`, `features`, `scratch`."""


def leftovers(project: Project, con: Connection) -> list[Leftover]:
    """Rounds that are neither in use nor the last one, features of encoders not in use, scratch of ended rounds."""
    in_use = models.encoder_in_use(con)
    kept = {int(in_use)} if in_use != models.BASE else set()
    rounds = sorted(int(p.name) for p in project.rounds.iterdir() if p.name.isdigit())
    kept.update(rounds[-1:])
    found = [(project.rounds / f"{n:03d}", "checkpoint") for n in rounds if n not in kept]
    if not any(job.kind in ("round", "embed") for job in jobs.active(con)):
        found += [(p, "scratch") for p in sorted(project.rounds.glob("work-*"))]
        in_force = meta.get(con, "space")
        found += [(p, "features") for p in sorted(project.embeddings.iterdir()) if p.is_dir() and p.name != in_force]
    return [Leftover(path, tree_size(path), why) for path, why in found]


def tree_size(path: Path) -> int:
    """Bytes of all files below a directory."""
    return sum(p.lstat().st_size for p in path.rglob("*") if p.is_file() and not p.is_symlink())


def remove(found: list[Leftover]) -> int:
    """Remove them; returns the bytes freed."""
    for item in found:
        shutil.rmtree(item.path)
    return sum(item.size for item in found)
