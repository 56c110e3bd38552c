"""Answers from a script or a file: checked line by line, then committed as one act, or not at all."""

import difflib
import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from core.connection import Connection, transaction
from core.errors import InputError
from core.i18n import _
from core.settings import Settings
from core.show import shorten
from core.store import classes, examples
from core.store.labels import Decision, record
from core.tasks.base import Task

MAX_LINE = 10_000_000


@dataclass(frozen=True, slots=True)
class Given:
    """One line of an answers file, checked as far as it can be without writing."""

    line: int
    example_id: int
    raw: Any
    """The answer in file form; None skips the text."""
    uuid: str
    text: str


def take_answers(
    con: Connection, task: Task[Any], settings: Settings, lines: Iterable[str], annotator: str, *, settles: bool = False
) -> tuple[int, int]:
    """Commit all lines as one act; returns (new decisions, lines that were known already by their uuid).

    `settles`: they overrule what others have said of the same texts.

    A line is {"id": 5, "label": "refund"}, {"text": "…", "label": "refund"} or {"id": 5, "skip": true}, each with an
    optional "uuid". Raises InputError for the first line that can't be taken; then nothing was changed.
    """
    given = [_read(con, task, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not given:
        raise InputError(
            _("There are no answers in the file."), "", _('A line looks like {"id": 5, "label": "refund"}')
        )
    with transaction(con):
        act = os.urandom(16).hex()
        ids = _class_ids(con, task, settings, given, annotator, act)
        decisions = [
            Decision(
                g.example_id,
                None if g.raw is None else task.encode(task.from_file(g.raw, ids, g.text)),
                uuid=g.uuid,
                settles=settles,
            )
            for g in given
        ]
        new = record(con, task, decisions, annotator, act=act)
    return new, len(given) - new


def _parse(number: int, line: str) -> dict[str, Any]:
    if len(line) > MAX_LINE:
        raise _bad(number, _("it is longer than {max:,} characters").format(max=MAX_LINE), line)
    try:
        row = json.loads(line)
    except ValueError as error:
        column = getattr(error, "colno", 1)
        raise _bad(number, _("no JSON (column {column})").format(column=column), line) from error
    except RecursionError as error:
        raise _bad(number, _("it is nested too deeply"), line) from error
    if not isinstance(row, dict) or not {"id", "text"} & row.keys():
        raise _bad(number, _('it needs "id" or "text"'), line)
    return row


def _read(con: Connection, task: Task[Any], number: int, line: str) -> Given:
    row = _parse(number, line)
    skip = row.get("skip") is True
    if not skip and task.field not in row:
        raise _bad(number, _("it has no {field!r}").format(field=task.field), line)
    example_id, text = _find(con, number, row)
    raw = None if skip else row[task.field]
    if not skip:
        try:
            task.names_in(raw)
        except InputError as error:
            raise _bad(number, error.title, line) from error
    uuid = row.get("uuid", "")
    if not isinstance(uuid, str) or len(uuid) > 64 or not uuid.isprintable():
        raise _bad(number, _("uuid must be a text of at most 64 printable characters"), line)
    return Given(number, example_id, raw, uuid, text)


def _find(con: Connection, number: int, row: dict[str, Any]) -> tuple[int, str]:
    """(id, text) of the text a line is about."""
    found = None
    if isinstance(row.get("id"), int) and not isinstance(row["id"], bool) and abs(row["id"]) < 2**63:
        found = next(iter(examples.get(con, [row["id"]])), None)
    elif isinstance(row.get("text"), str):
        found = examples.by_hash(con, hashlib.sha256(row["text"].encode("utf-8", "surrogatepass")).digest())
    if found is None:
        raise _bad(
            number, _("this project has no such text"), json.dumps(row.get("id", row.get("text")), ensure_ascii=False)
        )
    if found.split == "test":
        raise _bad(number, _("the text belongs to the test set, which is never labelled here"), str(found.id))
    return found.id, found.text


def _class_ids(
    con: Connection, task: Task[Any], settings: Settings, given: Sequence[Given], annotator: str, act: str
) -> dict[str, int]:
    """name → id for every class the lines name; new ones are made only if the project is open to them."""
    known = classes.ids(con)
    for g in given:
        for name in () if g.raw is None else task.names_in(g.raw):
            if name not in known and not settings.open_classes:
                near = difflib.get_close_matches(name, known, n=1)
                hint = _("Did you mean {near!r}?").format(near=near[0]) if near else ""
                raise InputError(
                    _("Line {n}: there is no class {name!r}.").format(n=g.line, name=shorten(name, 60)),
                    _("Classes: {names}.").format(names=", ".join(list(known)[:20])),
                    hint or _("To let new labels make classes: handful config DIR open_classes true"),
                )
    names = [name for g in given if g.raw is not None for name in task.names_in(g.raw)]
    return classes.ensure(con, names, annotator, act=act)


def _bad(number: int, why: str, line: str) -> InputError:
    return InputError(
        _("Line {n} can't be taken: {why}.").format(n=number, why=why),
        shorten(line, 100),
        _("Mend the line and run it again; nothing was changed."),
    )
