"""CSV that is safe to open in a spreadsheet: no cell is read as a formula."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.publish import publish_parts
from exports.formats.base import COLUMNS, LabelTable

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
# OWASP, "CSV injection": = + - @ and their full-width twins, behind blanks and unseen characters of any kind, at the
# start of the cell and of each line in it; TAB and CR at the start of the cell
_BREAK = "\\n\\v\\f\\r\\x85\\u2028\\u2029"
_UNSEEN = (
    "\\x00-\\x08\\x0e-\\x1b\\x7f-\\x84\\x86-\\x9f\\u00ad\\u180e\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufeff"
)
_FORMULA = re.compile(f"\\A(?=[\\t\\r])|(?:\\A|(?<=[{_BREAK}]))(?=(?:[^\\S{_BREAK}]|[{_UNSEEN}])*[=+\\-@＝＋－＠])")


class Csv:
    """The format `csv`."""

    name = "csv"
    ending = ".csv"

    def write(self, target: Path, table: LabelTable) -> int:
        publish_parts(target, (line.encode() for line in _lines(table)))
        return 0

    def may_replace(self, target: Path) -> bool:
        return target.is_file()


CSV = Csv()


def _lines(table: LabelTable) -> Iterator[str]:
    """Columns of the import follow under their own names; one that is taken gets `meta.` before it."""
    own = ("text", table.field, *(column.name for column in COLUMNS))
    meta = dict.fromkeys(name for row in table.rows for name in row["meta"])
    columns = {name: name if name not in own else f"meta.{name}" for name in meta}
    yield _line([safe(name) for name in (*own, *columns.values())])
    for row in table.rows:
        yield _line([*(_cell(row[name]) for name in own), *(_cell(row["meta"].get(name)) for name in columns)])


def _line(cells: list[str | int | float]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


def _cell(value: Any) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return safe(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def safe(text: str) -> str:
    """The text with an apostrophe wherever a spreadsheet would begin to read a formula; numbers stay numbers."""
    return text if _NUMBER.fullmatch(text) else _FORMULA.sub("'", text)
