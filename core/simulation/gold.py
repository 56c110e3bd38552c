"""Texts with their gold answers, read by the importer's own readers; the gold stays out of the project."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.i18n import _
from core.importing import columns, formats
from core.importing.answers import Answers
from core.importing.sorting import Sorter
from core.show import shorten
from core.tasks.base import Task

MAX_CLASSES = 1000
"""As many different names may be in the label column, as when a file is imported."""
_SAMPLE = 2000
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class GoldFile:
    """The usable rows of one file."""

    name: str
    """The file's path, fit to be shown."""
    texts: tuple[str, ...]
    answers: tuple[Any, ...]
    """In file form, aligned with the texts."""
    refused: int
    """Rows that can't be used."""
    refusals: tuple[tuple[int, str], ...]
    """(line, reason) of the first of them."""


@dataclass(frozen=True, slots=True)
class Pool:
    """What may be asked, and what would be answered."""

    answers: Mapping[str, Any]
    """text → answer in file form, in the file's order, each text once."""
    moved: int
    """Texts that were left out, for they are in the test file, too."""
    conflicts: int
    """Texts that came twice with different answers; the first one counts."""


def read(path: Path, task: Task[Any], text: str | None, label: str) -> GoldFile:
    """The texts and answers of a file.

    Raises InputError with file and line: for a file that can't be read, a column it does not have, a text without an
    answer, or if nothing in it can be used.
    """
    with formats.opened(path) as source:
        reads = list(source)
        rows = [values for _line, values in reads if isinstance(values, dict)]
        found = columns.names_in(rows)
        if rows:
            text = columns.text_column(rows[:_SAMPLE], text, label, source.name)
            if label not in found:
                raise columns.missing(label, found, source.name)
        answers = Answers(task, (label,), {}, may_add=True, limit=MAX_CLASSES)
        sorter = Sorter(source, iter(reads), found, text or "", answers)
        usable = list(sorter.rows())
        name = source.name
    bare = next((row for row in usable if row.answer is None), None)
    if bare is not None:
        raise InputError(
            _("A text without a label can't take part in a simulation."),
            _("{path}, line {line}: {text}").format(path=name, line=bare.line, text=shorten(bare.text, 60)),
            _("Give only labelled rows, or name the column that holds the labels: --label COLUMN"),
        )
    if not usable:
        first = [_("line {line}: {reason}").format(line=n, reason=r) for n, r in sorter.refusals[:_SHOWN]]
        raise InputError(
            _("No row of this file can be used."),
            "\n".join([name, *first]),
            _("Give labelled texts as CSV or TSV with a header, or JSONL with one object a line."),
        )
    return GoldFile(
        name,
        tuple(row.text for row in usable),
        tuple(json.loads(row.answer) for row in usable if row.answer is not None),
        sorter.refused,
        tuple(sorter.refusals),
    )


def pool_of(file: GoldFile, test: GoldFile, budget: int) -> Pool:
    """The pool: each text once, without those that are held out; raises InputError if it is below the budget."""
    held_out = set(test.texts)
    answers: dict[str, Any] = {}
    differing: set[str] = set()
    for text, answer in zip(file.texts, file.answers, strict=True):
        if text not in held_out and answers.setdefault(text, answer) != answer:
            differing.add(text)
    moved = len(set(file.texts) & held_out)
    if budget > len(answers):
        raise InputError(
            _("The budget is larger than the pool."),
            _("{path} has {n:,} different texts that are not in the test file; the budget is {budget:,}.").format(
                path=file.name, n=len(answers), budget=budget
            ),
            _("Set a smaller --budget, or give more texts."),
        )
    return Pool(answers, moved, len(differing))
