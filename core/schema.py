"""The database as a list of small named steps, applied in order when a project is created or opened by a newer Handful.

`user_version` is the number of the last step; a database with a higher one comes from a newer Handful and is refused.
sqlite-utils runs the steps that are due, all in one transaction, so that a kill leaves the old schema or the new one;
it is imported only then, for it costs a second.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from core.connection import APPLICATION_ID, Connection, connect, transaction
from core.errors import InputError
from core.i18n import _

if TYPE_CHECKING:
    from sqlite_utils import Database

_OBJECTS = "SELECT lower(type), name FROM sqlite_master WHERE lower(type) IN ('trigger', 'view')"
"""Names and spelling don't count: who writes to sqlite_master by hand can call a trigger `sqlite_…`."""


def _run(db: "Database", script: str) -> None:
    """Execute statement by statement: sqlite3's executescript would commit the step's transaction half-way."""
    for statement in script.split(";"):
        if statement.strip():
            db.execute(statement)


def m001_examples(db: "Database") -> None:
    """Texts, the imports that brought them, and the full-text index."""
    _run(
        db,
        """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE imports (
        id INTEGER PRIMARY KEY, source TEXT NOT NULL, split TEXT NOT NULL CHECK (split IN ('pool', 'test')),
        state TEXT NOT NULL CHECK (state IN ('loading', 'whole')), created REAL NOT NULL, report TEXT);
    CREATE TABLE examples (
        id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, text TEXT NOT NULL, meta TEXT NOT NULL DEFAULT '{}',
        split TEXT NOT NULL, import_id INTEGER NOT NULL REFERENCES imports(id),
        state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'answered', 'skipped')), answer_seq INTEGER);
    CREATE INDEX examples_open ON examples(id) WHERE state = 'open' AND split = 'pool';
    CREATE INDEX examples_done ON examples(answer_seq) WHERE answer_seq IS NOT NULL;
    CREATE INDEX examples_test ON examples(id) WHERE split = 'test';
    CREATE INDEX examples_import ON examples(import_id);
    CREATE TABLE import_answers (import_id INTEGER NOT NULL, example_id INTEGER NOT NULL, names TEXT NOT NULL);
    CREATE INDEX import_answers_example ON import_answers(example_id);
    CREATE VIRTUAL TABLE search USING fts5(text, content='', columnsize=0, tokenize='unicode61 remove_diacritics 2');
    """,
    )


def m002_answers(db: "Database") -> None:
    """The append-only log of decisions and what follows from it: classes, current answers, counts."""
    _run(
        db,
        """
    CREATE TABLE classes (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, key TEXT NOT NULL DEFAULT '',
        description TEXT NOT NULL DEFAULT '', examples TEXT NOT NULL DEFAULT '[]', active INTEGER NOT NULL DEFAULT 1);
    CREATE UNIQUE INDEX classes_name ON classes(name) WHERE active = 1;
    CREATE TABLE events (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL UNIQUE, act TEXT NOT NULL, kind TEXT NOT NULL,
        example_id INTEGER, annotator TEXT NOT NULL, payload TEXT NOT NULL, pick TEXT NOT NULL DEFAULT '{}',
        created REAL NOT NULL);
    CREATE INDEX events_example ON events(example_id, seq);
    CREATE TABLE decisions (
        seq INTEGER PRIMARY KEY REFERENCES events(seq), act TEXT NOT NULL, annotator TEXT NOT NULL,
        example_id INTEGER NOT NULL, undone INTEGER NOT NULL DEFAULT 0);
    CREATE INDEX decisions_undo ON decisions(annotator, undone, seq);
    CREATE INDEX decisions_act ON decisions(act);
    CREATE INDEX decisions_example ON decisions(example_id, annotator, undone, seq);
    CREATE TABLE answers (
        example_id INTEGER NOT NULL, annotator TEXT NOT NULL, state TEXT NOT NULL, value TEXT, seq INTEGER NOT NULL,
        PRIMARY KEY (example_id, annotator)) WITHOUT ROWID;
    CREATE TABLE counters (name TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE class_counts (
        split TEXT NOT NULL, class_id INTEGER NOT NULL, n INTEGER NOT NULL,
        PRIMARY KEY (split, class_id)) WITHOUT ROWID;
    CREATE TABLE served (
        example_id INTEGER PRIMARY KEY, annotator TEXT NOT NULL, pick TEXT NOT NULL, created REAL NOT NULL);
    """,
    )


def m003_work(db: "Database") -> None:
    """Jobs and their events, published rankings, rounds, evaluations and bundles."""
    _run(
        db,
        """
    CREATE TABLE jobs (
        id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, args TEXT NOT NULL, state TEXT NOT NULL
        CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled', 'interrupted')),
        created REAL NOT NULL, started REAL, finished REAL, attempts INTEGER NOT NULL DEFAULT 0, owner TEXT,
        cancel_requested INTEGER NOT NULL DEFAULT 0, error TEXT, result TEXT);
    CREATE INDEX jobs_state ON jobs(state, id);
    CREATE TABLE job_events (
        id INTEGER PRIMARY KEY AUTOINCREMENT, job_id INTEGER NOT NULL REFERENCES jobs(id), kind TEXT NOT NULL,
        payload TEXT NOT NULL, created REAL NOT NULL);
    CREATE INDEX job_events_job ON job_events(job_id, id);
    CREATE TABLE rankings (
        id INTEGER PRIMARY KEY AUTOINCREMENT, directory TEXT NOT NULL, event_seq INTEGER NOT NULL,
        info TEXT NOT NULL, created REAL NOT NULL);
    CREATE TABLE rounds (
        number INTEGER PRIMARY KEY, job_id INTEGER NOT NULL REFERENCES jobs(id), state TEXT NOT NULL
        CHECK (state IN ('running', 'kept', 'rejected', 'failed')), event_seq INTEGER NOT NULL,
        set_hash TEXT NOT NULL, n_labels INTEGER NOT NULL, verdict TEXT NOT NULL DEFAULT '',
        info TEXT NOT NULL DEFAULT '{}', created REAL NOT NULL);
    CREATE TABLE evaluations (
        id INTEGER PRIMARY KEY AUTOINCREMENT, subject TEXT NOT NULL, source TEXT NOT NULL, event_seq INTEGER NOT NULL,
        created REAL NOT NULL);
    CREATE INDEX evaluations_subject ON evaluations(subject, source, id);
    CREATE TABLE evaluation_counts (
        evaluation_id INTEGER NOT NULL REFERENCES evaluations(id), slice TEXT NOT NULL, cell TEXT NOT NULL,
        n INTEGER NOT NULL, PRIMARY KEY (evaluation_id, slice, cell)) WITHOUT ROWID;
    CREATE TABLE bundles (
        id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL, job_id INTEGER, info TEXT NOT NULL,
        created REAL NOT NULL);
    """,
    )


def m004_acts(db: "Database") -> None:
    """Everything else a person does and may undo: marks on texts, the life of classes, guidelines; and time per answer.

    Classes that exist already are told of as nobody's, so that nobody's undo takes them away.
    """
    _run(
        db,
        """
    CREATE TABLE changes (
        seq INTEGER PRIMARY KEY REFERENCES events(seq), act TEXT NOT NULL, annotator TEXT NOT NULL, kind TEXT NOT NULL,
        example_id INTEGER, class_id INTEGER, payload TEXT NOT NULL, undone INTEGER NOT NULL DEFAULT 0);
    CREATE INDEX changes_undo ON changes(annotator, undone, seq);
    CREATE INDEX changes_act ON changes(act);
    CREATE INDEX changes_example ON changes(example_id, kind, undone, seq) WHERE example_id IS NOT NULL;
    CREATE INDEX changes_class ON changes(class_id, undone, seq) WHERE class_id IS NOT NULL;
    CREATE INDEX changes_kind ON changes(kind, undone, seq);
    INSERT INTO changes(seq, act, annotator, kind, class_id, payload)
        SELECT e.seq, e.act, '', e.kind, c.id, json_object('name', c.name, 'key', c.key, 'description', c.description,
        'examples', json(c.examples)) FROM events e JOIN classes c ON c.id = json_extract(e.payload, '$.id')
        WHERE e.kind = 'class.new';
    CREATE TABLE marks (
        example_id INTEGER PRIMARY KEY, flagged INTEGER NOT NULL DEFAULT 0, note TEXT NOT NULL DEFAULT '');
    CREATE INDEX marks_flagged ON marks(example_id) WHERE flagged = 1;
    CREATE TABLE example_classes (
        class_id INTEGER NOT NULL, example_id INTEGER NOT NULL, PRIMARY KEY (class_id, example_id)) WITHOUT ROWID;
    CREATE INDEX example_classes_example ON example_classes(example_id);
    INSERT INTO example_classes(class_id, example_id)
        SELECT json_extract(a.value, '$.class'), x.id FROM examples x JOIN answers a
        ON a.example_id = x.id AND a.seq = x.answer_seq
        WHERE a.state = 'answered' AND json_extract(a.value, '$.class') IS NOT NULL;
    ALTER TABLE events ADD COLUMN seconds REAL;
    """,
    )


def m005_people(db: "Database") -> None:
    """Several people at one project: who looks at what, which texts are asked of several, and who overruled whom.

    Texts about which people disagree already are found; the newest of their answers still stands.
    """
    _run(
        db,
        """
    ALTER TABLE answers ADD COLUMN settles INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE examples ADD COLUMN contested INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX examples_contested ON examples(id) WHERE contested = 1;
    CREATE TABLE leases (
        example_id INTEGER NOT NULL, client TEXT NOT NULL, annotator TEXT NOT NULL, boot TEXT NOT NULL,
        since REAL NOT NULL, expires REAL NOT NULL, PRIMARY KEY (example_id, client)) WITHOUT ROWID;
    CREATE INDEX leases_client ON leases(client);
    CREATE TABLE overlap (
        example_id INTEGER PRIMARY KEY, people INTEGER NOT NULL, done INTEGER NOT NULL DEFAULT 0);
    CREATE INDEX overlap_waiting ON overlap(example_id) WHERE done = 0;
    WITH votes(example_id, n) AS (
        SELECT example_id, count(*) FROM answers WHERE state = 'answered' AND annotator <> 'import'
        GROUP BY example_id, value)
    UPDATE examples SET contested = 1 WHERE id IN (
        SELECT v.example_id FROM votes v WHERE v.n = (SELECT max(n) FROM votes w WHERE w.example_id = v.example_id)
        GROUP BY v.example_id HAVING count(*) > 1);
    INSERT INTO counters(name, n)
        SELECT split || '.contested', count(*) FROM examples WHERE contested = 1 GROUP BY split;
    """,
    )


STEPS: tuple[Callable[["Database"], None], ...] = (m001_examples, m002_answers, m003_work, m004_acts, m005_people)
VERSION = len(STEPS)


def _numbered(step: Callable[["Database"], None], number: int) -> Callable[["Database"], None]:
    def run(db: "Database") -> None:
        step(db)
        db.execute(f"PRAGMA application_id={APPLICATION_ID:d}")
        db.execute(f"PRAGMA user_version={number:d}")

    return run


def migrate(path: Path) -> None:
    """Bring the database at `path` to the newest step; a new, empty file gets all of them."""
    from sqlite_utils import Database
    from sqlite_utils.migrations import Migrations

    steps = Migrations("handful")
    for number, step in enumerate(STEPS, 1):
        steps(name=step.__name__)(_numbered(step, number))
    con = connect(path)
    try:
        with transaction(con):  # whoever comes second waits, and finds nothing due
            steps.apply(Database(con, execute_plugins=False))
    finally:
        con.close()


def check(con: Connection, path: Path) -> bool:
    """Whether the database is up to date; False if a migration is due.

    Raises InputError for a database that isn't Handful's, comes from a newer Handful, or holds triggers or views
    (Handful makes none, and somebody else's would run code of theirs on every label).
    """
    application = con.execute("PRAGMA application_id").fetchone()[0]
    version = con.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION_ID:
        raise InputError(
            _("This is not a Handful project."),
            _("{path} carries the application id {found}, not {wanted}.").format(
                path=path, found=application, wanted=APPLICATION_ID
            ),
            _("Give the directory that `handful new` made."),
        )
    if version > VERSION:
        raise InputError(
            _("This project comes from a newer Handful."),
            _("{path} has schema {found}; this Handful knows up to {known}.").format(
                path=path, found=version, known=VERSION
            ),
            _("Upgrade Handful; nothing was changed."),
        )
    foreign = [f"{row[0]} {row[1]}" for row in con.execute(_OBJECTS)]
    if foreign:
        raise InputError(
            _("This project holds code that Handful did not put there."),
            ", ".join(foreign),
            _("Don't open it unless you know who made it; drop these objects with sqlite3 to go on."),
        )
    return bool(version == VERSION)
