"""What was said about the classes, in the terms of the pool: their texts as vectors, their keywords as rows.

Called before picking. The encoder is loaded only for texts that have no vector yet; vectors are kept in the space's
directory under the hash of their text, so that a refresh in which no class changed reads one small file.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as parse_vectors
from safetensors.numpy import save as encoded_vectors

from core.connection import Connection
from core.project import Project
from core.publish import publish_file
from core.querying.clusters import unit
from core.querying.seeds import FEW
from core.records import LabelClass
from core.store import classes, search
from core.training import device
from core.training.embed import features_of, pad_id_of
from core.training.featurizer import load_featurizer
from core.training.space import TOKENIZER, Space
from core.vectors import rows_of
from core.windows import Windows

CACHE = "class_texts.safetensors"
MAX_EXAMPLES = 16
"""Examples of a class that are looked at."""
MAX_TEXT = 2000
"""Characters of one text that are looked at."""
MAX_SEEDS = 2000
"""Texts with a keyword that are looked up per class."""

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def class_vectors(project: Project, con: Connection, space: Space) -> dict[int, NDArray[np.float32]]:
    """class id → unit vector [dim] of its name and description together, averaged with its examples.

    Only classes in use; one about which nothing was said, not even by a letter in its name, is left out.
    """
    texts = {item.id: texts_of(item) for item in classes.all_classes(con) if item.active}
    vectors = _vectors(project, space, {text for said in texts.values() for text in said})
    means = {class_id: np.mean([vectors[_key(t)] for t in said], axis=0) for class_id, said in texts.items() if said}
    return {class_id: unit(mean[None])[0] for class_id, mean in means.items() if mean.any()}


def texts_of(item: LabelClass) -> list[str]:
    """The texts that stand for one class: its name with its description, and its examples."""
    name = " ".join(_CAMEL.sub(" ", item.name).replace("_", " ").replace("-", " ").split())
    head = ": ".join(part for part in (name if _says_something(name) else "", item.description.strip()) if part)
    said = [head, *item.examples[:MAX_EXAMPLES]]
    return [text[:MAX_TEXT] for text in said if _says_something(text)]


def seeded(con: Connection, ids: NDArray[np.int64]) -> dict[int, NDArray[np.int64]]:
    """class id → rows of open texts that hold one of its keywords, for classes in use that have few labels.

    `ids`: example ids in row order, [n]; texts without a row are left out.
    """
    counts = classes.counts(con)
    found = {}
    for item in classes.all_classes(con):
        if item.active and item.keywords and counts.get(item.id, 0) < FEW:
            rows = rows_of(ids, np.array(search.open_with(con, item.keywords, MAX_SEEDS), np.int64))
            found[item.id] = rows[rows >= 0]
    return found


def _says_something(text: str) -> bool:
    return any(c.isalpha() for c in text)


def _key(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _vectors(project: Project, space: Space, texts: Iterable[str]) -> Mapping[str, NDArray[np.float32]]:
    """key → unit vector of each text, from the cache where it is there; the cache forgets what is no longer asked."""
    wanted = {_key(text): text for text in sorted(texts)}
    cached = _cached(space)
    missing = [text for key, text in wanted.items() if key not in cached]
    if missing:
        kept = {key: vector for key, vector in cached.items() if key in wanted}
        cached = kept | dict(zip(map(_key, missing), _embedded(project, space, missing), strict=True))
        publish_file(space.directory / CACHE, encoded_vectors(cached))
    return cached


def _cached(space: Space) -> dict[str, NDArray[np.float32]]:
    """What the cache holds; nothing if it is not there or damaged."""
    try:
        found = parse_vectors((space.directory / CACHE).read_bytes())
    except (OSError, SafetensorError):
        return {}
    return {key: vector for key, vector in found.items() if vector.shape == (space.dim,)}


def _embedded(project: Project, space: Space, texts: list[str]) -> NDArray[np.float32]:
    """Unit vectors of the texts, [len(texts), dim]."""
    settings = project.settings()
    compute = device.choose(settings)
    model = load_featurizer(space.encoder_dir(project), space.info).to(compute.device)
    windows = Windows.of(space.info)
    cut = windows.cut(windows.tokenizer(space.directory / TOKENIZER), texts)
    out = np.empty((len(texts), space.dim), np.float32)
    batches = features_of(model, cut, compute, batch=settings.embed_batch, pad_id=pad_id_of(model))
    for indices, part in batches:
        out[indices] = part
    return unit(out)
