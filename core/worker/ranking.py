"""What every learner does with what it has learnt: line up the next texts, and publish a ranking."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from core import inuse, plugins, queue
from core.connection import Connection
from core.project import Project
from core.publish import publish_dir, publish_file
from core.querying.base import Pick, PoolExhaustedError, PoolView, Strategy
from core.records import LabelledExample, QueueItem
from core.settings import Settings
from core.store import models
from core.tasks.base import Task
from core.training.space import Space

KEPT = 3
"""Rankings whose files stay: a reader may be at the one before."""

Write = Callable[[Path, Mapping[str, Any]], None]
"""Put the model and what it says about every text into a directory; the story goes into the model's file."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of one refresh, for whoever measures."""

    head: float
    """Fitting the head, and its scores for every text."""
    picking: float
    """Lining up the queue."""
    judging: float
    """Publishing, and judging the head."""


class Known(Protocol):
    """The labelled texts that can be learnt from."""

    @property
    def items(self) -> list[LabelledExample]: ...


class Seen(Protocol):
    """The project as one refresh sees it, whatever its features are."""

    @property
    def settings(self) -> Settings: ...
    @property
    def task(self) -> Task[Any]: ...
    @property
    def seq(self) -> int: ...
    @property
    def space(self) -> Space: ...
    @property
    def known(self) -> Known: ...


def source(space: Space) -> str:
    """What a model in this space is called."""
    return inuse.source_name(space.encoder)


def line_up(view: PoolView, now: Seen) -> list[Pick]:
    """The next texts by the strategy that is set; none if all are answered."""
    strategy: Strategy = plugins.load(plugins.STRATEGIES, now.settings.strategy)
    try:
        return strategy(view, now.settings.queue_length, np.random.default_rng((now.settings.seed, now.seq)))
    except PoolExhaustedError:
        return []


def publish(
    project: Project,
    con: Connection,
    now: Seen,
    items: Sequence[QueueItem],
    write: Write | None,
    **more: Any,
) -> int:
    """Make a ranking visible; returns its id. `write`: None if nothing could be learnt; `more`: into its story."""
    last = models.newest_ranking(con)
    target = project.scores / f"{(last.id if last else 0) + 1:06d}"
    story = {
        "task": now.task.name,
        "encoder": now.space.encoder,
        "space": now.space.fingerprint,
        "source": source(now.space),
        "event_seq": now.seq,
        "n_labels": len(now.known.items),
        "trained": write is not None,
        "shape": queue.shape(now.settings),
        **more,
    }
    with publish_dir(target) as stage:
        publish_file(stage / queue.QUEUE, queue.encode(list(items), now.seq))
        if write is not None:
            write(stage, story)
    ranking = models.add_ranking(con, target.name, now.seq, story)
    for old in sorted(p for p in project.scores.iterdir() if p.name.isdigit())[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return ranking
