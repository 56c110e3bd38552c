"""Texts that are alike, by the features of the space in force. numpy is imported when it is asked, in any thread.

The features stay on disk and are read chunk by chunk, so that a million texts take little memory.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.connection import Connection
from core.errors import RefusedError
from core.i18n import _
from core.project import Project
from core.store import examples, meta

if TYPE_CHECKING:
    from core.vectors import VectorStore

CHUNK = 50_000
SAMPLED = 6000
"""Open texts that are looked at for clusters."""
LEAST = 3
"""Texts that make a cluster."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Texts that lie together, the most central first."""

    ids: tuple[int, ...]
    cohesion: float
    """Mean cosine to the centre."""


def nearest(project: Project, con: Connection, example_id: int, n: int) -> list[tuple[int, float]]:
    """(id, cosine) of the `n` texts nearest to one, the nearest first.

    Raises RefusedError while the text, or any, is not embedded.
    """
    import numpy as np

    store = _store(project, con)
    ids, vectors = store.ids(), store.vectors()
    rows = np.flatnonzero(ids == example_id)
    if not len(rows):
        raise _not_ready()
    wanted = np.asarray(vectors[rows[0]], np.float32)
    wanted /= max(float(np.linalg.norm(wanted)), 1e-9)
    best: list[tuple[float, int]] = []
    for start in range(0, len(ids), CHUNK):
        part = np.asarray(vectors[start : start + CHUNK], np.float32)
        cosines = part @ wanted / np.maximum(np.linalg.norm(part, axis=1), 1e-9)
        top = np.argpartition(-cosines, min(n, len(cosines) - 1))[: n + 1]
        best += [(float(cosines[i]), int(ids[start + i])) for i in top]
    best.sort(key=lambda pair: (-pair[0], pair[1]))
    return [(found, cosine) for cosine, found in best if found != example_id][:n]


def clusters(project: Project, con: Connection, n: int, seed: int = 0) -> list[Cluster]:
    """Up to `n` clusters of open texts, large and tight ones first; of a large pool a sample is looked at.

    Raises RefusedError while nothing is embedded.
    """
    import numpy as np

    from core.querying.clusters import k_means, unit
    from core.vectors import rows_of

    store = _store(project, con)
    rows = rows_of(store.ids(), np.array(examples.open_ids(con), np.int64))
    rows = rows[rows >= 0]
    rng = np.random.default_rng(seed)
    if len(rows) > SAMPLED:
        rows = np.sort(rng.choice(rows, SAMPLED, replace=False))
    if len(rows) < LEAST:
        return []
    x = unit(store.vectors()[rows])
    number = k_means(x, min(n, max(1, len(rows) // LEAST)), rng)
    found = [_cluster(x, np.flatnonzero(number == c), store.ids()[rows]) for c in np.unique(number)]
    return sorted((c for c in found if len(c.ids) >= LEAST), key=lambda c: -len(c.ids) * c.cohesion**4)


def _cluster(x: Any, members: Any, ids: Any) -> Cluster:
    import numpy as np

    centre = x[members].sum(axis=0)
    cosines = x[members] @ (centre / max(float(np.linalg.norm(centre)), 1e-9))
    order = np.argsort(-cosines, kind="stable")
    return Cluster(tuple(int(i) for i in ids[members[order]]), float(cosines.mean()))


def _store(project: Project, con: Connection) -> "VectorStore":
    import json

    from core.vectors import VectorStore

    name = meta.get(con, "space")
    if not name:
        raise _not_ready()
    directory = project.embeddings / str(name)
    try:
        dim = int(json.loads((directory / "space.json").read_text(encoding="utf-8"))["dim"])
    except (OSError, ValueError, KeyError) as error:
        raise _not_ready() from error
    return VectorStore(directory, dim)


def _not_ready() -> RefusedError:
    return RefusedError(
        _("These texts are not embedded yet."),
        _("The background worker is at it, or waits for work."),
        _("Try again in a moment; the screen Rounds says how far it is."),
    )
