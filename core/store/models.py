"""What learning has produced: rankings, rounds, evaluations, bundles, and which model is in use."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import clock
from core.connection import Connection, Row, transaction
from core.records import Evaluation, RoundSummary, Source
from core.store import meta

EVENTS_PER_EVALUATION = 10
BASE = "base"
"""The encoder in use before any round was kept."""
PAYING = "paying"
"""Key below `meta`: whether picking pays, as `core.evaluation.paying` has it."""
PAST, LOOKS, LOOKED_AT = "past", "looks", "looked_at"
"""Keys below `meta`: the learning curve, the last changes of the model, and the number of labels at the last look."""
JUDGED = "judged"
"""Key below `meta`: id of the newest ranking whose model has been judged."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """A published head with the queue it made; the newest row is the one in force."""

    id: int
    directory: str
    """Name below the project's scores directory."""
    event_seq: int
    """The newest event it had seen."""
    info: Mapping[str, Any]
    created: float

    @property
    def trained(self) -> bool:
        """Whether there is a model in it, and not only a queue."""
        return bool(self.info.get("trained", self.info.get("n_labels", 0) > 0))


def encoder_in_use(con: Connection) -> str:
    """`base`, or the number of the round whose encoder is in use, as text."""
    return str(meta.get(con, "encoder_in_use", BASE))


def use_encoder(con: Connection, ref: str, why: str) -> None:
    """Switch to the base encoder or a round's, and say why."""
    with transaction(con):
        meta.put(con, "encoder_in_use", ref)
        meta.put(con, "encoder_why", why)


def add_ranking(con: Connection, directory: str, event_seq: int, info: Mapping[str, Any]) -> int:
    """Make a published ranking the one in force."""
    with transaction(con):
        row = con.execute(
            "INSERT INTO rankings(directory, event_seq, info, created) VALUES (?, ?, ?, ?) RETURNING id",
            (directory, event_seq, json.dumps(dict(info), ensure_ascii=False), clock.now()),
        ).fetchone()
    return int(row[0])


def newest_ranking(con: Connection) -> Ranking | None:
    """The ranking in force; None before the first."""
    row = con.execute("SELECT * FROM rankings ORDER BY id DESC LIMIT 1").fetchone()
    return (
        Ranking(row["id"], row["directory"], row["event_seq"], json.loads(row["info"]), row["created"]) if row else None
    )


def _round(row: Row) -> RoundSummary:
    return RoundSummary(
        row["number"],
        row["state"],
        row["event_seq"],
        row["set_hash"],
        row["n_labels"],
        row["verdict"],
        json.loads(row["info"]),
        row["created"],
    )


def start_round(con: Connection, job_id: int, event_seq: int, set_hash: str, n_labels: int) -> RoundSummary:
    """Number a new round, or return the one this job started before it was interrupted."""
    with transaction(con):
        row = con.execute("SELECT * FROM rounds WHERE job_id = ?", (job_id,)).fetchone()
        if row is None:
            row = con.execute(
                "INSERT INTO rounds(number, job_id, state, event_seq, set_hash, n_labels, created)"
                " VALUES ((SELECT coalesce(max(number), 0) + 1 FROM rounds), ?, 'running', ?, ?, ?, ?) RETURNING *",
                (job_id, event_seq, set_hash, n_labels, clock.now()),
            ).fetchone()
    return _round(row)


def end_round(con: Connection, number: int, state: str, verdict: str, info: Mapping[str, Any]) -> None:
    """Write down what became of a round."""
    with transaction(con):
        con.execute(
            "UPDATE rounds SET state = ?, verdict = ?, info = ? WHERE number = ?",
            (state, verdict, json.dumps(dict(info), ensure_ascii=False), number),
        )


def round_of_job(con: Connection, job_id: int) -> RoundSummary | None:
    """The round a job started; None if it has not come so far."""
    row = con.execute("SELECT * FROM rounds WHERE job_id = ?", (job_id,)).fetchone()
    return _round(row) if row else None


def rounds(con: Connection) -> list[RoundSummary]:
    """All rounds, oldest first; one whose job was ended by force is `failed`, whatever it could still write."""
    rows = con.execute(
        "SELECT r.number, CASE WHEN r.state = 'running' AND j.state IN ('cancelled', 'failed') THEN 'failed'"
        " ELSE r.state END AS state, r.event_seq, r.set_hash, r.n_labels, r.verdict, r.info, r.created"
        " FROM rounds r JOIN jobs j ON j.id = r.job_id ORDER BY r.number"
    )
    return [_round(row) for row in rows]


def add_evaluation(con: Connection, evaluation: Evaluation) -> None:
    """Store counts; ratios are derived when they are read.

    Of the evaluations of one model from one source, one is kept per ten events: enough for a curve, and bounded.
    """
    with transaction(con):
        same = (evaluation.subject, evaluation.source, evaluation.event_seq // EVENTS_PER_EVALUATION)
        con.execute(
            "DELETE FROM evaluation_counts WHERE evaluation_id IN"
            " (SELECT id FROM evaluations WHERE subject = ? AND source = ? AND event_seq / 10 = ?)",
            same,
        )
        con.execute("DELETE FROM evaluations WHERE subject = ? AND source = ? AND event_seq / 10 = ?", same)
        row = con.execute(
            "INSERT INTO evaluations(subject, source, event_seq, created) VALUES (?, ?, ?, ?) RETURNING id",
            (evaluation.subject, evaluation.source, evaluation.event_seq, clock.now()),
        ).fetchone()
        con.executemany(
            "INSERT INTO evaluation_counts(evaluation_id, slice, cell, n) VALUES (?, ?, ?, ?)",
            [
                (row[0], part, json.dumps(list(cell)), n)
                for part, cells in evaluation.counts.items()
                for cell, n in cells.items()
            ],
        )


def newest_evaluation(con: Connection, subject: str, source: Source) -> Evaluation | None:
    """The last counts of one model from one source."""
    row = con.execute(
        "SELECT id, event_seq, created FROM evaluations WHERE subject = ? AND source = ? ORDER BY id DESC LIMIT 1",
        (subject, source),
    ).fetchone()
    if row is None:
        return None
    counts: dict[str, dict[tuple[int, ...], int]] = {"": {}}
    for part, cell, n in con.execute(
        "SELECT slice, cell, n FROM evaluation_counts WHERE evaluation_id = ? ORDER BY slice, cell", (row[0],)
    ):
        counts.setdefault(part, {})[tuple(json.loads(cell))] = n
    return Evaluation(subject, source, row[1], counts, row[2])


def curve(con: Connection, source: Source) -> list[tuple[Evaluation, int]]:
    """Every kept evaluation from one source, oldest first, with the number of labels its model had seen.

    Those of the test set are no part of it: nothing is learnt from them.
    """
    rows = con.execute(
        "SELECT v.id, v.subject, v.event_seq, v.created, (SELECT count(*) FROM decisions d JOIN events e"
        " ON e.seq = d.seq JOIN examples x ON x.id = d.example_id"
        " WHERE d.seq <= v.event_seq AND d.undone = 0 AND e.kind <> 'skip' AND x.split = 'pool') AS labels"
        " FROM evaluations v WHERE v.source = ? ORDER BY v.id",
        (source,),
    ).fetchall()
    found = []
    for row in rows:
        counts: dict[tuple[int, ...], int] = {
            tuple(json.loads(cell)): n
            for cell, n in con.execute(
                "SELECT cell, n FROM evaluation_counts WHERE evaluation_id = ? AND slice = ''", (row["id"],)
            )
        }
        evaluation = Evaluation(row["subject"], source, row["event_seq"], {"": counts}, row["created"])
        found.append((evaluation, int(row["labels"])))
    return found


def add_bundle(con: Connection, path: str, job_id: int, info: Mapping[str, Any]) -> None:
    """Write down that a bundle was made; where it lies below the project, it is found there when that was moved."""
    root, place = _root(con), Path(path)
    if root is not None and place.is_relative_to(root):
        path = str(place.relative_to(root))
    with transaction(con):
        con.execute(
            "INSERT INTO bundles(path, job_id, info, created) VALUES (?, ?, ?, ?)",
            (path, job_id, json.dumps(dict(info), ensure_ascii=False), clock.now()),
        )


def bundles(con: Connection) -> list[tuple[str, Mapping[str, Any], float]]:
    """(absolute path, info, time) of every bundle made from this project, newest first."""
    root = _root(con) or Path()
    found = con.execute("SELECT path, info, created FROM bundles ORDER BY id DESC")
    return [(str(root / r[0]), json.loads(r[1]), r[2]) for r in found]


def _root(con: Connection) -> Path | None:
    """The directory in which the project's database lies; None for one in memory."""
    files = {row[1]: row[2] for row in con.execute("PRAGMA database_list")}
    return Path(files["main"]).parent if files.get("main") else None
