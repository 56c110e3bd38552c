"""Small facts about the project: its task, its creation, the model in use."""

import json
from typing import Any

from core.connection import Connection

CHOSEN = "chosen_imports"
"""Ids of imports whose texts were chosen for what a model says of them: they don't stand for the pool."""


def get(con: Connection, key: str, default: Any = None) -> Any:
    """The JSON value stored under `key`."""
    row = con.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return json.loads(row[0]) if row else default


def put(con: Connection, key: str, value: Any) -> None:
    """Store a JSON value; inside the caller's transaction if there is one."""
    con.execute(
        "INSERT INTO meta(key, value) VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value",
        (key, json.dumps(value)),
    )


def drop(con: Connection, key: str) -> None:
    """Forget what is stored under `key`; inside the caller's transaction if there is one."""
    con.execute("DELETE FROM meta WHERE key = ?", (key,))


def bump(con: Connection, name: str, by: int) -> None:
    """Add to a counter; inside the caller's transaction."""
    if by:
        con.execute(
            "INSERT INTO counters(name, n) VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET n = n + excluded.n", (name, by)
        )


def counters(con: Connection) -> dict[str, int]:
    """All counters: `pool`, `test`, `pool.answered`, `pool.skipped`, `test.answered` …"""
    return {row[0]: row[1] for row in con.execute("SELECT name, n FROM counters")}


def done(con: Connection) -> tuple[int, ...]:
    """Numbers of which one moves with all that can't be made anew: acts, imports, texts, bundles, ended rounds."""
    row = con.execute(
        "SELECT (SELECT coalesce(max(seq), 0) FROM events), (SELECT coalesce(max(id), 0) FROM imports),"
        " (SELECT coalesce(max(id), 0) FROM examples), (SELECT coalesce(max(id), 0) FROM bundles),"
        " (SELECT count(*) FROM rounds WHERE state <> 'running')"
    ).fetchone()
    return tuple(row)
