"""Whether a database is what Handful wrote: its pages, its references, and the JSON in its columns."""

from core.connection import Connection, DatabaseError, quick_check

_JSON = {
    "meta": "SELECT count(*) FROM meta WHERE NOT json_valid(value)",
    "events": "SELECT count(*) FROM events WHERE NOT (json_valid(payload) AND json_valid(pick))",
    "answers": "SELECT count(*) FROM answers WHERE value IS NOT NULL AND NOT json_valid(value)",
    "changes": "SELECT count(*) FROM changes WHERE NOT json_valid(payload)",
    "examples": "SELECT count(*) FROM examples WHERE NOT json_valid(meta)",
    "classes": "SELECT count(*) FROM classes WHERE NOT json_valid(examples)",
    "served": "SELECT count(*) FROM served WHERE NOT json_valid(pick)",
    "jobs": "SELECT count(*) FROM jobs WHERE NOT json_valid(args) OR NOT json_valid(coalesce(error, 'null'))"
    " OR NOT json_valid(coalesce(result, 'null'))",
    "job_events": "SELECT count(*) FROM job_events WHERE NOT json_valid(payload)",
    "rankings": "SELECT count(*) FROM rankings WHERE NOT json_valid(info)",
    "rounds": "SELECT count(*) FROM rounds WHERE NOT json_valid(info)",
}


def check(con: Connection) -> str:
    """`ok`, or the first thing that Handful can't have written; reads all of the database."""
    try:
        found = quick_check(con)
        if found != "ok":
            return found
        for row in con.execute("PRAGMA foreign_key_check"):
            return f"{row[0]}: a row refers to one in {row[2]} that is not there"
        for table, query in _JSON.items():
            if con.execute(query).fetchone()[0]:
                return f"{table}: a value is no JSON"
    except DatabaseError as error:
        return str(error)
    return "ok"
