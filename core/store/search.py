"""Full-text search over the project's texts. What goes into the index and what is asked for pass through one function.

SQLite's `unicode61` takes a run of Chinese, Japanese, Thai … letters for one word. So each letter of a script that is
written without blanks (and of Hangul, whose words carry endings) becomes a word of its own, and a run of them is asked
for as a phrase.
"""

import re
import unicodedata
from collections.abc import Iterable

from core.connection import Connection

_UNSPACED_RUN = re.compile(
    "["
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Burmese, Khmer
    "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff"  # Hangul
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Chinese
    "\u3040-\u31bf\u31f0-\u31ff\ua000-\ua4cf"  # kana, bopomofo, Hangul letters, Yi
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff"  # rare kana and Chinese
    "]+"
)
_PREFIX_FROM, _PREFIX_FROM_LARGE = 2, 3
"""Shorter words are asked for as they are: as prefixes they would match most of the pool, slowly."""
_LARGE = 300_000
"""Texts above which all that begins with two letters takes longer to gather than a person waits for."""
_KEYWORD_PREFIX_FROM = 4
"""Shorter keywords are asked for as they are: "car" is not meant to find "care"."""
_MAX_WORDS = 32
"""More words than that are not looked at: each one costs a pass over its postings."""
_MAX_QUERY = 1000
"""Characters of a query that are looked at."""


def indexed(text: str) -> str:
    """The text as the index `search` gets it: in Unicode's NFKC form, with blanks around each unspaced letter."""
    if text.isascii():
        return text
    return _UNSPACED_RUN.sub(_spaced, unicodedata.normalize("NFKC", text))


def _spaced(run: re.Match[str]) -> str:
    return f" {' '.join(run[0])} "


def find(con: Connection, query: str, limit: int = 100) -> list[int]:
    """Ids of texts that hold every word of the query, or a word that begins with it; the oldest first.

    Words of one letter, and in a large pool of two, are looked for as they are.
    Any string will do: quotes and operators are letters like others, and a query without a letter or digit finds
    nothing.
    """
    asked = expression(con, query)
    if not asked:
        return []
    rows = con.execute(
        "SELECT s.rowid FROM search s WHERE s.text MATCH ? AND EXISTS (SELECT 1 FROM examples x JOIN imports i"
        " ON i.id = x.import_id WHERE x.id = s.rowid AND i.state = 'whole') ORDER BY s.rowid LIMIT ?",
        (asked, limit),
    )
    return [row[0] for row in rows]


def open_with(con: Connection, keywords: Iterable[str], limit: int) -> list[int]:
    """Ids of open pool texts that hold one of the keywords, each a word or a phrase; if more than `limit`, scattered.

    A keyword that ends in a word of four letters or more may go on in the text ("refund" finds "refunded"). Letter case
    and accents don't count. A keyword without a letter or digit finds nothing.
    """
    asked = " OR ".join(dict.fromkeys(_keyword(word) for word in keywords if any(c.isalnum() for c in word)))
    if not asked:
        return []
    rows = con.execute(
        "SELECT s.rowid FROM search s JOIN examples x ON x.id = s.rowid WHERE s.text MATCH ? AND x.state = 'open'"
        " AND x.split = 'pool' AND x.import_id IN (SELECT id FROM imports WHERE state = 'whole')"
        " ORDER BY (s.rowid * 2654435761) & 4294967295 LIMIT ?",
        (asked, limit),
    )
    return sorted(row[0] for row in rows)


def _keyword(word: str) -> str:
    clean = word[:_MAX_QUERY].encode("utf-8", "replace").decode().replace("\x00", " ")
    words = indexed(clean).split()
    quoted = '"' + " ".join(words).replace('"', '""') + '"'
    return quoted + " *" if len(words[-1]) >= _KEYWORD_PREFIX_FROM else quoted


def expression(con: Connection, query: str) -> str:
    """The query in FTS5's language: one quoted phrase per word, which may go on in the text if it is long enough."""
    top = con.execute("SELECT coalesce(max(id), 0) FROM examples").fetchone()[0]
    prefix_from = _PREFIX_FROM if top < _LARGE else _PREFIX_FROM_LARGE
    clean = query[:_MAX_QUERY].encode("utf-8", "replace").decode().replace("\x00", " ")
    return " ".join(_phrase(word, prefix_from) for word in clean.split()[:_MAX_WORDS])


def _phrase(word: str, prefix_from: int) -> str:
    words = indexed(word).strip()
    quoted = '"' + words.replace('"', '""') + '"'
    return quoted if len(words) < prefix_from else quoted + " *"
