"""JSONL: one JSON object a line."""

import json
from collections.abc import Iterator

from core.errors import InputError
from core.i18n import _
from core.importing.formats import JSON_CONTENT, text_format
from core.importing.lines import Lines
from core.importing.rows import Read


def _missing(_name: str) -> None:
    """NaN and Infinity are no JSON; the writers that use them mean a missing value."""


DECODER = json.JSONDecoder(parse_constant=_missing)


def read(lines: Lines) -> Iterator[Read]:
    """Each line's object as it is.

    Raises InputError for a line that is no JSON: there the file was cut off, or is something else.
    """
    if lines.head_text().lstrip().startswith("["):
        raise InputError(
            _("This file is one JSON array."),
            _("{path} begins with a bracket.").format(path=lines.name),
            _("If it is JSON and no JSONL, give it the ending .json"),
        )
    for line in lines:
        yield lines.number, _values(line.rstrip(" \t\r\n"), lines)


def _values(line: str, lines: Lines) -> dict[str, object] | str:
    if not line:
        return _("The line is empty.")
    try:
        found = DECODER.decode(line)
    except json.JSONDecodeError as error:
        raise InputError(
            _("This file holds broken JSON."),
            _("{path}, line {line}, column {column}: {why}.").format(
                path=lines.name, line=lines.number, column=error.pos + 1, why=error.msg
            ),
            _("A JSONL file has one whole object a line, such as {example}").format(example='{"text": "…"}'),
        ) from error
    except RecursionError:
        return _("The JSON is nested too deeply.")
    except ValueError as error:  # an integer of more digits than Python converts
        return _("A number can't be read: {why}.").format(why=error)
    return found if isinstance(found, dict) else _("The line is no JSON object.")


def _content(head: str) -> int:
    return JSON_CONTENT if head.partition("\n")[0].lstrip().startswith("{") else 0


JSONL = text_format("JSONL", (".jsonl", ".ndjson"), read, _content)
