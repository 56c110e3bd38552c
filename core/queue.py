"""The queue as the terminal reads it: the worker's newest ranking less what was answered since. Never waits.

Standard library only. Before the first ranking, texts come in the order of a hash, which is as good as at random.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from core.connection import Connection
from core.project import Project
from core.querying import reasons
from core.records import QueueItem, Reason, Suggestion
from core.settings import SHAPES_FEATURES, Settings
from core.store import examples, labels, leases, models
from core.store.leases import Holder

QUEUE = "queue.json"
_UNRANKED_WINDOW = 2000
_SHAPING = (
    *SHAPES_FEATURES,
    "strategy",
    "audit_share",
    "answer_above",
    "spot_check",
    "queue_length",
    "draw_on_pool",
    "seed",
)


def encode(items: Sequence[QueueItem], event_seq: int) -> bytes:
    """The content of queue.json."""
    rows = [
        {
            "id": item.example_id,
            **pick_of(item),
            "suggestion": None
            if item.suggestion is None
            else {
                "value": item.suggestion.value,
                "score": item.suggestion.score,
                "source": item.suggestion.source,
                "scores": item.suggestion.scores,
            },
        }
        for item in items
    ]
    return json.dumps({"event_seq": event_seq, "items": rows}, ensure_ascii=False).encode()


def pick_of(item: QueueItem) -> dict[str, Any]:
    """How a text came to be asked, as it is stored with the answer."""
    reason = {"kind": item.reason.kind, "args": dict(item.reason.args)}
    return {"strategy": item.strategy, "reason": reason, "probability": item.probability}


def _decode(row: Mapping[str, Any]) -> QueueItem:
    said = row["suggestion"]
    return QueueItem(
        row["id"],
        row["strategy"],
        Reason(row["reason"]["kind"], row["reason"]["args"]),
        row["probability"],
        None if said is None else _suggestion(said),
    )


def _suggestion(said: Mapping[str, Any]) -> Suggestion:
    scores = tuple((class_id, p) for class_id, p in said.get("scores", ()))
    return Suggestion(said["value"], said["score"], said["source"], scores)


def upcoming(project: Project, con: Connection, n: int, holder: Holder | None = None) -> list[QueueItem]:
    """Up to `n` texts to ask, best first; all of them are open now.

    With `holder`, those that others look at are left out, and those that others have answered and this person shall be
    asked, too, come in turn with the open ones.
    """
    if holder is None:
        return _open(project, con, n)
    taken = leases.taken(con, holder)
    fresh = [item for item in _open(project, con, n + len(taken)) if item.example_id not in taken]
    second = [
        _asked_again(con, i, people) for i, people in leases.waiting(con, holder, n + len(taken)) if i not in taken
    ]
    pairs = zip_longest(fresh, second)
    return [item for pair in pairs for item in pair if item is not None][:n]


def _asked_again(con: Connection, example_id: int, people: int) -> QueueItem:
    """A text that somebody has answered already: how it came to be asked first still holds.

    No model is quoted on it, for it may have learnt that answer.
    """
    pick, reason = labels.served_pick(con, example_id), Reason(reasons.OVERLAP, {"people": people})
    return QueueItem(example_id, pick.get("strategy", "overlap"), reason, pick.get("probability"))


def _open(project: Project, con: Connection, n: int) -> list[QueueItem]:
    ranking = models.newest_ranking(con)
    items: list[QueueItem] = []
    if ranking is not None:
        ranked = _ranked(project.scores / ranking.directory / QUEUE)
        states = examples.states(con, [item.example_id for item in ranked])
        items = [item for item in ranked if states.get(item.example_id) == ("pool", "open")][:n]
    if len(items) < n:
        there = {item.example_id for item in items}
        items += [item for item in _unranked(con, n + len(there)) if item.example_id not in there][: n - len(items)]
    return items


def _ranked(path: Path) -> list[QueueItem]:
    """The items of a ranking; none if its directory was removed, for the worker makes a new one."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    return [_decode(row) for row in said["items"]]


def _unranked(con: Connection, n: int) -> list[QueueItem]:
    ids = examples.open_ids(con, max(n, _UNRANKED_WINDOW))
    ids.sort(key=lambda i: hashlib.sha256(str(i).encode()).digest())
    return [QueueItem(i, "unranked", Reason(reasons.UNRANKED)) for i in ids[:n]]


def shape(settings: Settings) -> str:
    """The options that a ranking follows from, as one value to compare."""
    return json.dumps([getattr(settings, name) for name in _SHAPING])


def is_fresh(con: Connection, settings: Settings | None = None) -> bool:
    """Whether the newest ranking has seen the newest decision, and the newest encoder if a round was kept.

    With `settings`, whether it was made with these options, too.
    """
    ranking = models.newest_ranking(con)
    if ranking is None or ranking.event_seq < labels.last_seq(con):
        return False
    encoder = models.encoder_in_use(con)
    if ranking.info.get("encoder", encoder) != encoder:
        return False
    return settings is None or ranking.info.get("shape", shape(settings)) == shape(settings)
