"""Verdicts on suspicious labels from a script or a file: checked line by line, committed as one act or not at all."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core import checking
from core.checking import Overview, Suspect
from core.connection import Connection, transaction
from core.errors import InputError
from core.i18n import _
from core.show import shorten
from core.store import checks, classes, examples, labels
from core.store.labels import Decision, Given
from core.tasks.base import Task

WAYS = ("keep", "change", "again")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line, checked as far as it can be without writing."""

    way: str
    """`keep`, `change` or `again`."""
    suspects: tuple[Suspect, ...] = ()
    """What it settles."""
    first: Given | None = None
    """The answer on record, of a text answered again."""
    second: str = ""
    """The blind answer in its task's stored form."""


@dataclass(frozen=True, slots=True)
class Settled:
    """How many lines did what."""

    kept: int = 0
    changed: int = 0
    again: int = 0


def take_verdicts(con: Connection, task: Task[Any], found: Overview, lines: Iterable[str], annotator: str) -> Settled:
    """Commit all lines together, or none.

    A line is {"id": 5, "keep": true}, {"id": 5, "change": true}, either with a "kind" where a text is suspicious in
    several ways, or {"id": 5, "again": ANSWER}, a second answer beside the first. Raises InputError for the first line
    that can't be taken; then nothing was changed.
    """
    given = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    verdicts = [_read(con, task, found, annotator, one) for one in given]
    if not verdicts:
        raise InputError(_("There are no verdicts in the file."), "", _('A line looks like {"id": 5, "keep": true}'))
    act = os.urandom(16).hex()
    with transaction(con):
        for verdict in verdicts:
            _settle(con, task, verdict, annotator, act)
    ways = [verdict.way for verdict in verdicts]
    return Settled(*(ways.count(way) for way in WAYS))


def _settle(con: Connection, task: Task[Any], verdict: Verdict, annotator: str, act: str) -> None:
    if verdict.first is not None:
        checks.note_again(con, verdict.first, verdict.second, annotator, act=act)
    for suspect in verdict.suspects:
        if verdict.way == "keep":
            checks.note_kept(con, suspect.answers, annotator, act=act)
        else:
            labels.record(con, task, [Decision(suspect.id, suspect.suggested, settles=True)], annotator, act=act)


def _read(con: Connection, task: Task[Any], found: Overview, annotator: str, numbered: tuple[int, str]) -> Verdict:
    number, line = numbered
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _bad(number, _("no JSON"), line) from error
    ways = [way for way in WAYS if isinstance(row, dict) and way in row]
    known = isinstance(row, dict) and isinstance(row.get("id"), int) and not isinstance(row["id"], bool)
    if len(ways) != 1 or not known or abs(row["id"]) >= 2**63:
        raise _bad(number, _('it needs "id", and one of "keep", "change" and "again"'), line)
    if ways[0] == "again":
        return _again(con, task, number, row, annotator)
    if row[ways[0]] is not True:
        raise _bad(number, _("{way} can only be true").format(way=ways[0]), line)
    kind = row.get("kind")
    if kind is not None and kind not in checking.KINDS:
        raise _bad(number, _("kinds are {kinds}").format(kinds=", ".join(checking.KINDS)), line)
    mine = tuple(one for one in found.suspects if one.id == row["id"] and kind in (None, one.kind))
    if not mine:
        raise _bad(number, _("the label of this text is not in question"), str(row["id"]))
    if ways[0] == "change" and len({one.suggested for one in mine}) > 1:
        raise _bad(number, _('several labels are suggested for it; say the "kind"'), str(row["id"]))
    return Verdict(ways[0], mine[:1] if ways[0] == "change" else mine)


def _again(con: Connection, task: Task[Any], number: int, row: Mapping[str, Any], annotator: str) -> Verdict:
    text = next(iter(examples.get(con, [row["id"]])), None)
    first = labels.answer_of(con, row["id"], annotator)
    if text is None or first is None or first.stored is None or text.split != "pool":
        raise _bad(number, _("{who} has not answered this text").format(who=annotator), str(row["id"]))
    known = classes.ids(con)
    missing = [name for name in task.names_in(row["again"]) if name not in known]
    if missing:
        raise _bad(number, _("there is no class {name!r}").format(name=shorten(missing[0], 60)), str(row["id"]))
    return Verdict("again", (), first, task.encode(task.from_file(row["again"], known, text.text)))


def _bad(number: int, why: str, line: str) -> InputError:
    return InputError(
        _("Line {n} can't be taken: {why}.").format(n=number, why=why),
        shorten(line, 100),
        _("Mend the line and run it again; nothing was changed."),
    )
