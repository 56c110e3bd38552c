"""Imports: texts arrive in short transactions under an import that nobody reads until its last one marks it whole.

The caller holds the project's import lock from `begin` to `finish` or `abandon` (`core.importing.lock`), so an import
found `loading` by `begin` was cut off, and its rows go. Staged in `import_answers` is, per row of the file, the answer
it carries, and a mark ('') for each text that should leave the pool because the file is a test set.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

from core import clock
from core.connection import Connection, transaction
from core.records import ImportReport, Split
from core.store import bulk, classes, labels
from core.store.meta import CHOSEN, bump, get, put
from core.store.search import indexed
from core.store.standing import OUTSIDE
from core.tasks.base import Task

ANNOTATOR = OUTSIDE
"""Who gives the answers that come with a file."""
_CHUNK = 1000
"""Rows per transaction when an import is taken back."""
_MARK = ""
_REMEMBERED = 1000


class Row(NamedTuple):
    """One usable row of a file."""

    line: int
    """Where it begins in the file, from 1."""
    text: str
    meta: str
    """The other columns, as JSON."""
    answer: str | None
    """The answer in file form, as JSON; None if it has none."""


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a batch: every row is in exactly one of the three."""

    new: int
    known: int
    held: tuple[int, ...] = ()
    """Lines of a test file whose text a person has answered in the pool: it stays there, the row is refused."""


def begin(con: Connection, source: str, split: Split, *, chosen: bool = False) -> int:
    """Start an import and return its id; what earlier imports left unfinished is removed first.

    `chosen`: its texts were chosen for what a model says of them, so no audit may be drawn from them.
    """
    for row in con.execute("SELECT id FROM imports WHERE state = 'loading' ORDER BY id").fetchall():
        abandon(con, row[0])
    with transaction(con):
        row = con.execute(
            "INSERT INTO imports(source, split, state, created) VALUES (?, ?, 'loading', ?) RETURNING id",
            (source, split, clock.now()),
        ).fetchone()
        if chosen:
            put(con, CHOSEN, [*get(con, CHOSEN, []), int(row[0])])
    return int(row[0])


@contextmanager
def tuned(con: Connection) -> Iterator[None]:
    """Give the connection what many small transactions need, for the duration of the block.

    The unique index over hashes is written at random places: it should stay in memory, and its pages should not be
    copied from the log into the database after each batch. The full-text index puts off merging its segments, which
    would make some batches hold the write lock several times longer than others.
    """
    pages = con.execute("PRAGMA wal_autocheckpoint").fetchone()[0]
    cache = con.execute("PRAGMA cache_size").fetchone()[0]
    con.execute("PRAGMA wal_autocheckpoint=8000").fetchone()
    con.execute("PRAGMA cache_size=-32768")
    with transaction(con):
        con.execute("INSERT INTO search(search, rank) VALUES ('automerge', 16)")
        con.execute("INSERT INTO search(search, rank) VALUES ('crisismerge', 64)")
    try:
        yield
    finally:
        con.execute(f"PRAGMA wal_autocheckpoint={pages:d}").fetchone()
        con.execute(f"PRAGMA cache_size={cache:d}")


def add_rows(con: Connection, import_id: int, rows: Sequence[Row]) -> Added:
    """Store one batch in one transaction; texts are told apart by the SHA-256 of their UTF-8 form.

    Keep batches to a few thousand rows or a megabyte: labels wait while one is written.
    """
    split = con.execute("SELECT split FROM imports WHERE id = ?", (import_id,)).fetchone()[0]
    digests = [hashlib.sha256(row.text.encode()).digest() for row in rows]
    words = [indexed(row.text) for row in rows]
    values = [(d, row.text, row.meta, split, import_id) for d, row in zip(digests, rows, strict=True)]
    held: frozenset[int] = frozenset()
    with transaction(con):
        last = con.execute("SELECT coalesce(max(id), 0) FROM examples").fetchone()[0]
        new = con.executemany(
            "INSERT INTO examples(hash, text, meta, split, import_id) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT(hash) DO NOTHING",
            values,
        ).rowcount
        if new == len(rows):
            ids = list(range(last + 1, last + 1 + new))
            con.executemany("INSERT INTO search(rowid, text) VALUES (?, ?)", zip(ids, words, strict=True))
        else:
            ids = [_id_of(con, digest) for digest in digests]
            fresh = {i: word for i, word in zip(ids, words, strict=True) if i > last}
            con.executemany("INSERT INTO search(rowid, text) VALUES (?, ?)", fresh.items())
            held = _mark_pool_texts(con, import_id, set(ids)) if split == "test" else held
        con.executemany(
            "INSERT INTO import_answers(import_id, example_id, names) VALUES (?, ?, ?)",
            [
                (import_id, i, row.answer)
                for i, row in zip(ids, rows, strict=True)
                if row.answer is not None and i not in held
            ],
        )
    lines = tuple(row.line for i, row in zip(ids, rows, strict=True) if i in held)
    return Added(new, len(rows) - new - len(lines), lines)


def _id_of(con: Connection, digest: bytes) -> int:
    return int(con.execute("SELECT id FROM examples WHERE hash = ?", (digest,)).fetchone()[0])


def _mark_pool_texts(con: Connection, import_id: int, ids: Iterable[int]) -> frozenset[int]:
    """Mark those of the texts that should move from the pool to the test set; returns those that may not."""
    rows = con.execute(
        "SELECT id FROM examples WHERE split = 'pool' AND id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(ids)),),
    ).fetchall()
    held = frozenset(row[0] for row in rows if _answered_by_a_person(con, row[0]))
    con.executemany(
        "INSERT INTO import_answers(import_id, example_id, names) VALUES (?, ?, ?)",
        [(import_id, row[0], _MARK) for row in rows if row[0] not in held],
    )
    return held


def _answered_by_a_person(con: Connection, example_id: int) -> bool:
    row = con.execute(
        "SELECT 1 FROM answers WHERE example_id = ? AND annotator <> ? AND state = 'answered' LIMIT 1",
        (example_id, ANNOTATOR),
    ).fetchone()
    return row is not None


def finish(
    con: Connection, import_id: int, task: Task[Any], names: Sequence[str], report: ImportReport
) -> ImportReport:
    """Make the import visible in one transaction: classes, answers, counts and report.

    `names` are the class names in the file, in order of first appearance. An answer is recorded where none stands; one
    that contradicts the answer that stands (or came first in the file) is counted as a conflict and changes nothing.
    Returns the report with `moved`, `answers`, `conflicts` and `import_id` filled in.
    """
    with transaction(con):
        ids = classes.ensure(con, names, ANNOTATOR)
        new = con.execute("SELECT count(*) FROM examples WHERE import_id = ?", (import_id,)).fetchone()[0]
        bump(con, report.split, new)
        moved = _move_to_test(con, import_id, task) if report.split == "test" else 0
        staged = _Staged(con, import_id, task, ids)
        answers = bulk.record(con, task, staged, ANNOTATOR)
        result = replace(report, new=new, moved=moved, answers=answers, conflicts=staged.conflicts, import_id=import_id)
        con.execute("DELETE FROM import_answers WHERE import_id = ?", (import_id,))
        con.execute(
            "UPDATE imports SET state = 'whole', report = ? WHERE id = ?",
            (json.dumps(asdict(result), ensure_ascii=False), import_id),
        )
    return result


class _Staged:
    """The staged answers that shall be recorded, as (example id, stored answer), each text once."""

    def __init__(self, con: Connection, import_id: int, task: Task[Any], ids: dict[str, int]) -> None:
        self.conflicts = 0
        """How many texts had contradicting answers; complete once the iteration is over."""
        self._con, self._import_id, self._task, self._ids = con, import_id, task, ids

    def __iter__(self) -> Iterator[tuple[int, str]]:
        rows = self._con.execute(
            "SELECT s.example_id, s.names, x.text, a.value FROM import_answers s JOIN examples x ON x.id = s.example_id"
            " LEFT JOIN answers a ON a.example_id = x.id AND a.seq = x.answer_seq AND a.state = 'answered'"
            " WHERE s.import_id = ? AND s.names <> '' ORDER BY s.example_id, s.rowid",
            (self._import_id,),
        )
        # The same few answers come again and again; these two would be a third of the time.
        load = lru_cache(_REMEMBERED)(json.loads)
        encode = lru_cache(_REMEMBERED)(self._task.encode)
        last, stands, differs = 0, "", False
        for example_id, raw, text, standing in rows:
            stored = encode(self._task.from_file(load(raw), self._ids, text))
            if example_id != last:
                last, stands, differs = example_id, standing or stored, False
                if standing is None:
                    yield example_id, stored
            if stored != stands and not differs:
                differs = True
                self.conflicts += 1


def _move_to_test(con: Connection, import_id: int, task: Task[Any]) -> int:
    """Take the marked texts out of the pool, with their counts; not those a person has answered meanwhile."""
    moved = con.execute(
        "UPDATE examples SET split = 'test' WHERE split = 'pool'"
        " AND id IN (SELECT example_id FROM import_answers WHERE import_id = ? AND names = '')"
        " AND NOT EXISTS (SELECT 1 FROM answers a"
        " WHERE a.example_id = examples.id AND a.annotator <> ? AND a.state = 'answered')",
        (import_id, ANNOTATOR),
    ).rowcount
    bump(con, "pool", -moved)
    bump(con, "test", moved)
    standing = con.execute(
        "SELECT x.state, a.value, count(*) FROM examples x"
        " LEFT JOIN answers a ON a.example_id = x.id AND a.seq = x.answer_seq"
        " WHERE x.split = 'test' AND x.id IN (SELECT example_id FROM import_answers WHERE import_id = ? AND names = '')"
        " GROUP BY x.state, a.value",
        (import_id,),
    ).fetchall()
    for state, stored, n in standing:
        labels.count_answer(con, task, (state, None, stored, "pool"), -n)
        labels.count_answer(con, task, (state, None, stored, "test"), n)
    return int(moved)


def abandon(con: Connection, import_id: int) -> None:
    """Remove an import, unless it is whole, in short transactions; a kill on the way leaves it to the next `begin`."""
    if con.execute("SELECT 1 FROM imports WHERE id = ? AND state = 'loading'", (import_id,)).fetchone() is None:
        return
    while rows := con.execute(
        "SELECT id, text FROM examples WHERE import_id = ? ORDER BY id LIMIT ?", (import_id, _CHUNK)
    ).fetchall():  # by ascending id: FTS5 flushes what it holds whenever an id is lower than the one before
        with transaction(con):
            con.executemany(
                "INSERT INTO search(search, rowid, text) VALUES ('delete', ?, ?)",
                [(row[0], indexed(row[1])) for row in rows],
            )
            con.executemany("DELETE FROM examples WHERE id = ?", [(row[0],) for row in rows])
    with transaction(con):
        con.execute("DELETE FROM import_answers WHERE import_id = ?", (import_id,))
        con.execute("DELETE FROM imports WHERE id = ? AND state = 'loading'", (import_id,))
        if import_id in (chosen := get(con, CHOSEN, [])):  # the next import may get this id
            put(con, CHOSEN, [one for one in chosen if one != import_id])


def reports(con: Connection) -> list[ImportReport]:
    """The report of every import that is whole, oldest first."""
    rows = con.execute("SELECT report FROM imports WHERE state = 'whole' ORDER BY id").fetchall()
    return [_report(json.loads(row[0])) for row in rows]


def _report(values: dict[str, Any]) -> ImportReport:
    return ImportReport(**values | {"refusals": tuple((line, reason) for line, reason in values["refusals"])})
