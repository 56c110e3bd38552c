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
    rounds = sorted(int(p.name) for p in _entries(project.rounds) if p.name.isdigit())
    kept.update(rounds[-1:])
    found = [(project.rounds / f"{n:03d}", "checkpoint") for n in rounds if n not in kept]
    if not any(job.kind in ("round", "embed") for job in jobs.active(con)):
        found += [(p, "scratch") for p in sorted(project.rounds.glob("work-*"))]
        ranking = models.newest_ranking(con)  # until the next one, its head answers in the space it was made in
        spaces = {meta.get(con, "space"), ranking.info.get("space") if ranking else None}
        found += [(p, "features") for p in _entries(project.embeddings) if p.is_dir() and p.name not in spaces]
    return [Leftover(path, tree_size(path), why) for path, why in found]


def _entries(directory: Path) -> list[Path]:
    return sorted(directory.iterdir()) if directory.is_dir() else []


def tree_size(path: Path) -> int:
    """Bytes of all files below a directory; links count for nothing."""
    if path.is_symlink():
        return 0
    return sum(p.lstat().st_size for p in path.rglob("*") if p.is_file() and not p.is_symlink())


def remove(found: list[Leftover]) -> int:
    """Remove them, a link without what it leads to; returns the bytes freed."""
    for item in found:
        if item.path.is_symlink():
            item.path.unlink()
        else:
            shutil.rmtree(item.path)
    return sum(item.size for item in found)
