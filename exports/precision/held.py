"""What graphs in other formats of numbers are held against: texts, answers, and heads that have not seen them."""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.publish import publish_file
from exports.plan import ASIDE

BODIES, HEADS = "bodies.json", "heads.npz"
FILES = (BODIES, HEADS)
POOL = 2000
"""Unlabelled texts."""
ASIDE_OF = 3
"""One unlabelled text in so many is kept aside from a student, as long as these are no more than `POOL`."""
HELD = 2000
"""Labelled texts, the newest, and as many of the test set."""
NEVER = -1e4
"""Bias of a class, or a tag, that a fold's head does not know: it is never answered."""


@dataclass(frozen=True, slots=True)
class OpenHead:
    """What is put in the place of a graph's own head."""

    weight: NDArray[np.float32]
    """As the graph takes it: [classes, dim], of words [dim, tags]."""
    bias: NDArray[np.float32]
    """[classes], of words [tags]"""
    cuts: NDArray[np.float64]
    """Probability from which each class is answered, [classes]; of no matter to a softmax, or to tags of words."""
    steps: NDArray[np.float64] | None = None
    """What tags behind one another are worth (`core.tags.Steps`); None where no words are tagged."""


@dataclass(frozen=True, slots=True)
class Bodies:
    """What is answered by each graph."""

    pool: tuple[str, ...]
    held: tuple[str, ...]
    golds: tuple[str, ...]
    """Stored answers of `held`."""
    heads: NDArray[np.int64]
    """Which head answers each of `held`, [n]; -1: the graph's own."""
    fitted: tuple[OpenHead, ...]
    """Those heads."""
    learnt: bool
    """Whether the encoder has learnt from the labelled ones."""


def publish(stage: Path, content: Mapping[str, Any], heads: Mapping[str, NDArray[Any]]) -> None:
    """Put both where `read` looks for them; `heads`: the fields of OpenHead, each with a row a head."""
    out = io.BytesIO()
    np.savez(out, **heads)  # type: ignore[arg-type]
    publish_file(stage / HEADS, out.getvalue())
    publish_file(stage / BODIES, json.dumps(content).encode())


def read(stage: Path) -> Bodies:
    """What `publish` wrote."""
    said = json.loads((stage / BODIES).read_text(encoding="utf-8"))
    with np.load(stage / HEADS, allow_pickle=False) as arrays:
        parts = {name: arrays[name] for name in arrays.files}
    fitted = tuple(OpenHead(**{name: rows[i] for name, rows in parts.items()}) for i in range(len(parts["bias"])))
    pool, held, golds = (tuple(said[name]) for name in ("pool", "held", "golds"))
    return Bodies(pool, held, golds, np.array(said["heads"], np.int64), fitted, bool(said["learnt"]))


def keep_aside(stage: Path, ids: Sequence[int]) -> list[int]:
    """Choose, of unlabelled texts, those that a student does not learn from, about a third at most; remember them."""
    kept = spread(ids, min(POOL, -(-len(ids) // ASIDE_OF)))
    publish_file(stage / ASIDE, json.dumps(kept).encode())
    return kept


def kept_aside(stage: Path) -> list[int] | None:
    """What `keep_aside` chose; None where no student was taught."""
    path = stage / ASIDE
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def spread(ids: Sequence[int], n: int) -> list[int]:
    """So many of them, evenly spread over all."""
    places = np.linspace(0, len(ids) - 1, min(len(ids), n)).round().astype(np.int64)
    return [ids[place] for place in places]
