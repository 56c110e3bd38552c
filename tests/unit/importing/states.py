"""What a project's database says, in a form that can be compared: nothing random, no times."""

from typing import Any

from core.connection import Connection

TABLES = {
    "imports": "SELECT id, source, split, state FROM imports ORDER BY id",
    "examples": "SELECT id, text, meta, split, import_id, state, answer_seq FROM examples ORDER BY id",
    "staged": "SELECT import_id, example_id, names FROM import_answers ORDER BY rowid",
    "classes": "SELECT id, name, key, active FROM classes ORDER BY id",
    "events": "SELECT seq, kind, example_id, annotator, iif(kind IN ('undo', 'redo'), '', payload), pick FROM events"
    " ORDER BY seq",
    "acts": "SELECT count(DISTINCT act) FROM events",
    "decisions": "SELECT seq, annotator, example_id, undone FROM decisions ORDER BY seq",
    "answers": "SELECT example_id, annotator, state, value, seq FROM answers ORDER BY example_id, annotator",
    "counters": "SELECT name, n FROM counters WHERE n <> 0 ORDER BY name",
    "class_counts": "SELECT split, class_id, n FROM class_counts WHERE n <> 0 ORDER BY split, class_id",
}


def state(con: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table that an import may touch; the search index is checked, and counted by its letters."""
    con.execute("INSERT INTO search(search) VALUES ('integrity-check')")
    found = {name: [tuple(row) for row in con.execute(query)] for name, query in TABLES.items()}
    found["search"] = [(row[0],) for row in con.execute("SELECT rowid FROM search ORDER BY rowid")]
    return found
