"""Which texts a person wants to look at: any mixture of filters, over a pool of any size.

The answer is an array of ids, in their order; the texts themselves are read window by window.
"""

import json
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from core.connection import Connection
from core.store.search import expression


@dataclass(frozen=True, slots=True)
class TextFilter:
    """What must hold for a text; what is empty lets all through."""

    state: str = ""
    """`open`, `answered` or `skipped`."""
    class_id: int | None = None
    """The current answer counts for this class."""
    flagged: bool = False
    annotator: str = ""
    """This person has answered or skipped it."""
    split: str = "pool"
    """`pool`, `test`, or empty for both."""
    contested: bool = False
    """People gave different answers equally often, and nobody has settled it."""
    query: str = ""
    """Every word, or a word beginning so, is in the text."""
    only: Sequence[int] | None = None
    """One of these ids."""


def ids(con: Connection, wanted: TextFilter, *, after: int = 0, limit: int | None = None) -> "array[int]":
    """Ids of the texts that pass, in their order, those above `after`. No query string fails."""
    asked = expression(con, wanted.query)
    if wanted.query.strip() and not asked:
        return array("q")
    source = "search" if asked else _narrowest(wanted)
    rows = con.execute(
        _QUERY,
        {
            "source": source,
            "asked": asked or "unasked",
            "state": wanted.state,
            "class_id": wanted.class_id,
            "flagged": int(wanted.flagged),
            "contested": int(wanted.contested),
            "annotator": wanted.annotator,
            "split": wanted.split,
            "only": None if wanted.only is None else json.dumps(list(wanted.only)),
            "after": after,
            "limit": -1 if limit is None else limit,
        },
    )
    return array("q", (row[0] for row in rows))


def _narrowest(wanted: TextFilter) -> str:
    """The source that gives fewest texts."""
    if wanted.contested:
        return "contested"
    return "class" if wanted.class_id is not None else "flagged" if wanted.flagged else "all"


def annotators(con: Connection) -> list[str]:
    """Everybody who has answered or skipped a text, by name."""
    found: list[str] = []
    while True:  # a name after another by the index, instead of all rows
        row = con.execute(
            "SELECT annotator FROM decisions WHERE annotator > ? ORDER BY annotator LIMIT 1",
            (found[-1] if found else "",),
        ).fetchone()
        if row is None:
            return found
        found.append(row[0])


_QUERY = """
    WITH source(id) AS (
        SELECT rowid FROM search WHERE :source = 'search' AND text MATCH :asked
        UNION ALL SELECT example_id FROM example_classes WHERE :source = 'class' AND class_id = :class_id
        UNION ALL SELECT example_id FROM marks WHERE :source = 'flagged' AND flagged = 1
        UNION ALL SELECT id FROM examples WHERE :source = 'contested' AND contested = 1
        UNION ALL SELECT id FROM examples WHERE :source = 'all' AND id > :after)
    SELECT x.id FROM source s CROSS JOIN examples x ON x.id = s.id
    WHERE x.id > :after AND (:split = '' OR x.split = :split) AND (:state = '' OR x.state = :state)
    AND (:class_id IS NULL OR EXISTS
        (SELECT 1 FROM example_classes c WHERE c.class_id = :class_id AND c.example_id = x.id))
    AND (:flagged = 0 OR EXISTS (SELECT 1 FROM marks m WHERE m.example_id = x.id AND m.flagged = 1))
    AND (:contested = 0 OR x.contested = 1)
    AND (:annotator = '' OR EXISTS
        (SELECT 1 FROM answers a WHERE a.example_id = x.id AND a.annotator = :annotator))
    AND (:only IS NULL OR x.id IN (SELECT value FROM json_each(:only)))
    AND x.import_id IN (SELECT id FROM imports WHERE state = 'whole')
    LIMIT :limit
"""
"""Each source gives ids in their order, and only one of them gives any: the one that lets the fewest through."""
