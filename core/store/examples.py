"""Texts and their current answers. Rows of an import that is not whole yet are seen by nobody."""

import json
from collections.abc import Iterator, Sequence

from core.connection import Connection, Row
from core.records import Example, LabelledExample, Split
from core.store import meta

# Every query names `imports.state = 'whole'` itself: SQL is never put together from parts.


def _example(row: Row) -> Example:
    return Example(row["id"], row["text"], row["split"], json.loads(row["meta"]))


def get(con: Connection, ids: Sequence[int]) -> list[Example]:
    """The texts with these ids, in the order asked; unknown ids are left out."""
    rows = con.execute(
        "SELECT id, text, split, meta FROM examples WHERE id IN (SELECT value FROM json_each(?))"
        " AND import_id IN (SELECT id FROM imports WHERE state = 'whole')",
        (json.dumps(list(ids)),),
    )
    found = {row["id"]: _example(row) for row in rows}
    return [found[i] for i in ids if i in found]


def by_hash(con: Connection, digest: bytes) -> Example | None:
    """The text whose content has this SHA-256."""
    row = con.execute(
        "SELECT id, text, split, meta FROM examples WHERE hash = ?"
        " AND import_id IN (SELECT id FROM imports WHERE state = 'whole')",
        (digest,),
    ).fetchone()
    return _example(row) if row else None


def after(con: Connection, last_id: int, limit: int) -> list[Example]:
    """Up to `limit` texts with ids above `last_id`, by id: the way to walk a large pool in short reads."""
    rows = con.execute(
        "SELECT id, text, split, meta FROM examples WHERE id > ?"
        " AND import_id IN (SELECT id FROM imports WHERE state = 'whole') ORDER BY id LIMIT ?",
        (last_id, limit),
    )
    return [_example(row) for row in rows]


def walk(con: Connection, chunk: int = 4096) -> Iterator[Example]:
    """Every text by id, in short reads."""
    last = 0
    while batch := after(con, last, chunk):
        yield from batch
        last = batch[-1].id


def total(con: Connection) -> int:
    """How many texts there are, pool and test set together."""
    row = con.execute("SELECT coalesce(sum(n), 0) FROM counters WHERE name IN ('pool', 'test')").fetchone()
    return int(row[0])


def extent(con: Connection) -> tuple[int, int, bytes]:
    """What tells one pool from another: how many texts, the newest one's id and hash, unfinished imports included."""
    row = con.execute("SELECT (SELECT count(*) FROM examples), id, hash FROM examples ORDER BY id DESC").fetchone()
    return (row[0], row[1], bytes(row[2])) if row else (0, 0, b"")


def open_ids(con: Connection, limit: int | None = None) -> list[int]:
    """Ids of pool texts nobody has answered or skipped, by id."""
    rows = con.execute(
        "SELECT id FROM examples WHERE state = 'open' AND split = 'pool'"
        " AND import_id IN (SELECT id FROM imports WHERE state = 'whole') ORDER BY id LIMIT ?",
        (-1 if limit is None else limit,),
    )
    return [row[0] for row in rows]


def chosen_ids(con: Connection) -> list[int]:
    """Ids of the pool's texts that were chosen for what a model says of them (`imports.begin`), by id."""
    rows = con.execute(
        "SELECT id FROM examples WHERE split = 'pool'"
        " AND import_id IN (SELECT id FROM imports WHERE state = 'whole')"
        " AND import_id IN (SELECT value FROM json_each(?)) ORDER BY id",
        (json.dumps(meta.get(con, meta.CHOSEN, [])),),
    )
    return [row[0] for row in rows]


def original_texts(con: Connection, n: int) -> list[str]:
    """Up to `n` texts of the pool, spread evenly over those that were not chosen for what a model says of them."""
    chosen = json.dumps(meta.get(con, meta.CHOSEN, []))
    rows = con.execute(
        "SELECT id FROM examples WHERE split = 'pool' AND import_id IN (SELECT id FROM imports WHERE state = 'whole')"
        " AND import_id NOT IN (SELECT value FROM json_each(?)) ORDER BY id",
        (chosen,),
    )
    ids = [row[0] for row in rows]
    return [example.text for example in get(con, [ids[i * len(ids) // n] for i in range(n)] if len(ids) > n else ids)]


def states(con: Connection, ids: Sequence[int]) -> dict[int, tuple[Split, str]]:
    """id → (split, state) of those texts that exist."""
    rows = con.execute(
        "SELECT id, split, state FROM examples WHERE id IN (SELECT value FROM json_each(?))"
        " AND import_id IN (SELECT id FROM imports WHERE state = 'whole')",
        (json.dumps(list(ids)),),
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def test_ids(con: Connection) -> list[int]:
    """Ids of the texts of the test set."""
    return [row[0] for row in con.execute("SELECT id FROM examples WHERE split = 'test'")]


def labelled(con: Connection, split: Split = "pool", *, learnable: bool = False) -> list[LabelledExample]:
    """Texts with a current answer, in the order their answers were given.

    `learnable`: only those that are not contested and none of whose classes is archived, which is what models learn
    from and are judged on.
    """
    rows = con.execute(
        "SELECT x.id, x.text, x.split, x.meta, a.value, a.annotator, a.seq, e.pick, e.created FROM examples x"
        " JOIN answers a ON a.example_id = x.id AND a.seq = x.answer_seq JOIN events e ON e.seq = a.seq"
        " WHERE x.answer_seq IS NOT NULL AND x.state = 'answered' AND x.split = ?"
        " AND x.import_id IN (SELECT id FROM imports WHERE state = 'whole')"
        " AND (? = 0 OR (x.contested = 0 AND NOT EXISTS (SELECT 1 FROM example_classes k"
        " JOIN classes c ON c.id = k.class_id WHERE k.example_id = x.id AND c.active = 0))) ORDER BY a.seq",
        (split, int(learnable)),
    )
    return [
        LabelledExample(_example(r), r["value"], r["annotator"], r["seq"], json.loads(r["pick"]), r["created"])
        for r in rows
    ]


def longest(con: Connection, n: int) -> list[Example]:
    """The `n` longest texts, longest first."""
    rows = con.execute(
        "SELECT id, text, split, meta FROM examples"
        " WHERE import_id IN (SELECT id FROM imports WHERE state = 'whole') ORDER BY length(text) DESC, id LIMIT ?",
        (n,),
    )
    return [_example(row) for row in rows]


def sample_texts(con: Connection, n: int) -> list[str]:
    """Up to `n` texts spread evenly over all ids (at least half as many), the same while nothing is imported."""
    top = con.execute("SELECT coalesce(max(id), 0) FROM examples").fetchone()[0]
    rows = con.execute(
        "SELECT text FROM examples WHERE id % max(1, (?1 + ?2 - 1) / ?2) = 0"
        " AND import_id IN (SELECT id FROM imports WHERE state = 'whole') ORDER BY id LIMIT ?2",
        (top, n),
    )
    return [row[0] for row in rows]
