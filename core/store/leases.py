"""Who looks at which text, so that nobody else gets it: leases that end by themselves; and texts asked of several.

A lease belongs to one terminal, not to a name: one person may work in two. Its term is renewed while the terminal lives
and its text was not left lying for too long; whose process is seen to be gone holds nothing. Terms are monotonic
seconds of one boot, so a clock that is set back holds nothing up.

A text of the overlap is asked of `people` people. Which texts these are is drawn when they are asked for the first
time, by a hash of their number: as good as at random, and the same whoever asks.
"""

import hashlib
import os
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core import clock
from core.connection import Connection

SECONDS = 50.0
"""How long a lease holds without being renewed."""
RENEW_SECONDS = 15.0
"""How often a terminal renews its own."""
PATIENCE_SECONDS = 600.0
"""A text that lies untouched for so long is no longer kept from others."""


@dataclass(frozen=True, slots=True)
class Holder:
    """One terminal, and the person who works in it."""

    annotator: str
    client: str


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many texts are asked of several people."""

    share: float = 0.0
    people: int = 2
    seed: int = 0

    def wanted(self, example_id: int) -> int:
        """How many people shall be asked this text."""
        digest = hashlib.sha256(f"{self.seed}:overlap:{example_id}".encode()).digest()
        return self.people if int.from_bytes(digest[:8], "big") < self.share * 2**64 else 1


def new_client() -> str:
    """A name for this process as a holder, from which others can see whether it still lives."""
    return f"{_process_space()}/{os.getpid()}:{secrets.token_hex(8)}"


def script(annotator: str) -> Holder:
    """The holder for commands that end at once: all that run under one name are one."""
    return Holder(annotator, f"script {annotator}")


@cache
def _process_space() -> str:
    """Within which process numbers mean the same; empty where that can't be told."""
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _is_gone(client: str) -> bool:
    """Whether the process of a client has surely ended."""
    space, _colon, rest = client.rpartition("/")
    pid = rest.partition(":")[0]
    if not space or space != _process_space() or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _others(con: Connection, holder: Holder) -> list[tuple[int, str]]:
    """(text, annotator) of every lease in force that another terminal holds."""
    rows = con.execute(
        "SELECT example_id, annotator, client FROM leases WHERE client <> ? AND boot = ? AND expires > ?",
        (holder.client, clock.boot_id(), clock.monotonic()),
    ).fetchall()
    gone = {client for client in {row[2] for row in rows} if _is_gone(client)}
    return [(row[0], row[1]) for row in rows if row[2] not in gone]


def taken(con: Connection, holder: Holder) -> set[int]:
    """Texts that may not be asked here now, because others look at them and no more people are wanted."""
    others = _others(con, holder)
    if not others:
        return set()
    return {i for i in {i for i, _who in others} if not _has_room(con, i, holder, [w for j, w in others if j == i])}


def _has_room(con: Connection, example_id: int, holder: Holder, looking: Collection[str]) -> bool:
    """Whether another person may be asked this text beside those who look at it and those who have answered."""
    if holder.annotator in looking:
        return False
    row = con.execute("SELECT people FROM overlap WHERE example_id = ?", (example_id,)).fetchone()
    answered = con.execute(
        "SELECT annotator FROM answers WHERE example_id = ? AND annotator <> ?", (example_id, holder.annotator)
    )
    return len({*looking, *(r[0] for r in answered)}) < (row[0] if row else 1)


def take(con: Connection, example_id: int, holder: Holder, overlap: Overlap, seconds: float = SECONDS) -> bool:
    """Lease a text inside the caller's transaction; False if others have it, or this person has answered it."""
    state = con.execute("SELECT state, split FROM examples WHERE id = ?", (example_id,)).fetchone()
    if state is None or state[1] != "pool":
        return False
    wanted = overlap.wanted(example_id) if overlap.share > 0 else 1
    if wanted > 1 and state[0] == "open":
        con.execute(
            "INSERT INTO overlap(example_id, people) VALUES (?, ?) ON CONFLICT DO NOTHING", (example_id, wanted)
        )
    mine = con.execute(
        "SELECT 1 FROM answers WHERE example_id = ? AND annotator = ?", (example_id, holder.annotator)
    ).fetchone()
    looking = [who for i, who in _others(con, holder) if i == example_id]
    if mine or not _has_room(con, example_id, holder, looking):
        return False
    now = clock.monotonic()
    con.execute(
        "INSERT INTO leases(example_id, client, annotator, boot, since, expires) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET boot = excluded.boot, since = excluded.since, expires = excluded.expires",
        (example_id, holder.client, holder.annotator, clock.boot_id(), now, now + seconds),
    )
    return True


def answered_by_others(con: Connection, example_id: int, holder: Holder) -> list[str]:
    """Who has answered or skipped this text, if that was all that were to be asked; empty if one may answer it."""
    rows = con.execute(
        "SELECT annotator FROM answers WHERE example_id = ? AND annotator <> ? ORDER BY seq",
        (example_id, holder.annotator),
    )
    others = [row[0] for row in rows]
    return [] if _has_room(con, example_id, holder, ()) else others


def waiting(con: Connection, holder: Holder, n: int) -> list[tuple[int, int]]:
    """(text, how many people) of up to `n` texts that others have answered and this person shall be asked, too."""
    rows = con.execute(
        "SELECT o.example_id, o.people FROM overlap o JOIN examples x ON x.id = o.example_id WHERE o.done = 0"
        " AND x.split = 'pool' AND x.state <> 'open' AND NOT EXISTS (SELECT 1 FROM answers a"
        " WHERE a.example_id = o.example_id AND a.annotator = ?) ORDER BY x.answer_seq LIMIT ?",
        (holder.annotator, n),
    )
    return [(row[0], row[1]) for row in rows]


def renew(con: Connection, holder: Holder) -> None:
    """Prolong what this terminal holds, but for what was left lying too long; inside the caller's transaction."""
    now = clock.monotonic()
    con.execute(
        "UPDATE leases SET expires = ? WHERE client = ? AND boot = ? AND since > ?",
        (now + SECONDS, holder.client, clock.boot_id(), now - PATIENCE_SECONDS),
    )


def release(con: Connection, holder: Holder, keep: Collection[int] = ()) -> None:
    """Give back all that this terminal holds but for `keep`, and clear away what nobody holds any more."""
    held = [row[0] for row in con.execute("SELECT example_id FROM leases WHERE client = ?", (holder.client,))]
    con.executemany(
        "DELETE FROM leases WHERE client = ? AND example_id = ?",
        [(holder.client, i) for i in held if i not in keep],
    )
    con.execute("DELETE FROM leases WHERE boot <> ? OR expires <= ?", (clock.boot_id(), clock.monotonic()))
