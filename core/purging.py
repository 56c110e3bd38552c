"""Removing texts for good: from the database and its index, snapshots, features, bundles and logs of a project.

Undo and `skip` keep a text; this is for one that must not be there. Nobody else may work on the project meanwhile.
"""

import json
import mmap
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core import snapshots
from core.connection import Connection
from core.errors import InputError
from core.i18n import _
from core.importing.lock import held
from core.patterns import terms_of, without
from core.project import Project
from core.store import examples, models, patterns, removal, search

SHORTEST = 8
"""Characters below which a text is not looked for in files: it would be found everywhere."""
LOOKED_AT = 5000
"""Texts with a pattern's words that are read to see whether it stands in one of them."""


@dataclass(frozen=True, slots=True)
class Purged:
    """What a purge did."""

    texts: int
    """How many were removed."""
    snapshots: int
    """Copies that held them and went too; a fresh one was taken."""
    removed: tuple[Path, ...]
    """Bundles, logs and databases put aside that held one of them."""
    left: tuple[Path, ...]
    """Files of the project in which one is still found."""
    unseen: int
    """Texts too short to be looked for in files."""
    terms: int = 0
    """Typed patterns that stood in them and in no other text: gone from every version."""
    kept_terms: tuple[str, ...] = ()
    """Typed patterns that stand in other texts, too, and stay."""


def purge(project: Project, ids: Sequence[int]) -> Purged:
    """Remove these texts and all that was said about them.

    Raises InputError for an unknown id, RefusedError if somebody works on the project; nothing has changed then.
    Models that learnt from a text keep what they learnt: only new rounds, and clearing old ones, end that.
    """
    snapshots.require_alone(project.database)
    with held(project.import_lock):
        with project.open() as con:
            texts = removal.texts(con, ids)
            missing = [i for i in ids if i not in texts]
            if missing or not ids:
                raise InputError(
                    _("There is no such text."),
                    ", ".join(map(str, missing[:20])),
                    _("A text's number is shown on the screens Label and Data, and by handful next."),
                )
            gone, kept = _typed(con, texts)
            if gone:  # before the texts, so that what is cut off here can be done again
                patterns.rewrite(con, lambda text: without(text, gone))
            removal.remove(con, project.task(con), texts)
            removal.squeeze(con)
            bundles = [Path(path) for path, _info, _when in models.bundles(con)]
        _blur(project, list(texts))
        copies = _drop_copies(project)
        needles = _needles(texts.values())
        removed = tuple(_remove_holders(project, bundles, needles))
    snapshots.take(project.database)
    left = tuple(path for path in _files(project.root) if _holds(path, needles))
    unseen = sum(len(text) < SHORTEST for text in texts.values())
    return Purged(len(texts), copies, removed, left, unseen, len(gone), tuple(sorted(kept)))


def _typed(con: Connection, texts: Mapping[int, str]) -> tuple[set[str], set[str]]:
    """Of the terms of all versions of the patterns that stand in these texts: those in no other text, and the rest."""
    within = "\n".join(" ".join(text.casefold().split()) for text in texts.values())
    terms = {term: plain for text in patterns.versions(con) for term, plain in terms_of(text).items()}
    met = {term for term, plain in terms.items() if plain in within}
    kept = {term for term in met if _stands_elsewhere(con, terms[term], texts)}
    return met - kept, kept


def _stands_elsewhere(con: Connection, plain: str, texts: Mapping[int, str]) -> bool:
    found = (i for i in search.find(con, plain, LOOKED_AT + len(texts)) if i not in texts)
    return any(plain in " ".join(one.text.casefold().split()) for one in examples.get(con, list(found)))


def _blur(project: Project, ids: Sequence[int]) -> None:
    """Overwrite the texts' features with those of another text: numbers that can tell what was written."""
    import numpy as np

    from core import word_store
    from core.vectors import VECTORS, VectorStore, rows_of

    for directory in (p for p in project.embeddings.glob("*") if (p / "space.json").is_file()):
        word_store.forget(directory)
        dim = int(json.loads((directory / "space.json").read_text(encoding="utf-8"))["dim"])
        store = VectorStore(directory, dim)
        known = store.ids()
        rows = rows_of(known, np.array(ids, np.int64))
        others = np.setdiff1d(np.arange(len(known)), rows)
        if not len(others):
            shutil.rmtree(directory)
            continue
        vectors = np.memmap(directory / VECTORS, np.float16, "r+", shape=(len(known), dim))
        vectors[rows[rows >= 0]] = vectors[others[0]]
        vectors.flush()


def _drop_copies(project: Project) -> int:
    """Snapshots, and databases that a restore put aside, hold the texts as well."""
    found = snapshots.listed(project.database)
    for snapshot in found:
        snapshot.path.unlink()
    for aside in project.snapshots.glob("replaced-*"):
        shutil.rmtree(aside)
    return len(found)


def _needles(texts: Iterable[str]) -> tuple[bytes, ...]:
    """The texts as files hold them: plain, and inside JSON."""
    long = [text for text in texts if len(text) >= SHORTEST]
    forms = [form for t in long for form in (t, json.dumps(t)[1:-1], json.dumps(t, ensure_ascii=False)[1:-1])]
    return tuple(dict.fromkeys(form.encode() for form in forms))


def _remove_holders(project: Project, bundles: Iterable[Path], needles: Sequence[bytes]) -> Iterator[Path]:
    """Bundles made from this project, wherever they are, and logs that hold one of the texts go whole."""
    here = [path for path in project.bundles.glob("*") if path.is_dir()]
    logs = [path for path in project.logs.glob("*") if path.is_file()]
    for place in dict.fromkeys([*here, *(path for path in bundles if path.is_dir()), *logs]):
        files = _files(place) if place.is_dir() else [place]
        if not place.is_symlink() and any(_holds(path, needles) for path in files):
            shutil.rmtree(place) if place.is_dir() else place.unlink()
            yield place


def _files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]


def _holds(path: Path, needles: Sequence[bytes]) -> bool:
    """Whether a file holds one of them; no connection of this process may be open on a database that is looked at."""
    if not needles or not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return any(content.find(needle) >= 0 for needle in needles)
