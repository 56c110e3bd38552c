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
    """Every row of every table that an import may touch, and every word in the search index with its places."""
    con.execute("INSERT INTO search(search) VALUES ('integrity-check')")
    con.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.words USING fts5vocab(main, search, instance)")
    found = {name: [tuple(row) for row in con.execute(query)] for name, query in TABLES.items()}
    found["words"] = [tuple(row) for row in con.execute('SELECT term, doc, "offset" FROM words ORDER BY 1, 2, 3')]
    return found
