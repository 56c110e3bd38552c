"""From a file to texts in a project. Called by `handful import` and, for a new project, by `core.intake`.

The file is read once, in batches; each batch is one short transaction under an import that nobody reads until the last
transaction marks it whole. Whatever goes wrong before that, nothing visible has changed.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from core import clock
from core.connection import Connection, DatabaseError
from core.errors import InputError
from core.i18n import _
from core.importing import columns, formats, lock
from core.importing.answers import Answers
from core.importing.columns import Label
from core.importing.pace import Pace
from core.importing.rows import Read, Rows
from core.importing.sorting import Sorter
from core.project import Project
from core.records import ImportReport, Split
from core.store import classes, imports

Progress = Callable[[int, int], None]
"""Called with bytes done and bytes in all (0: not known); what it raises cancels the import."""

_SHOWN_REFUSALS = 3
_SAMPLE_ROWS, _SAMPLE_BYTES = 2000, 1_000_000
_PROGRESS_SECONDS = 0.1


def import_file(  # noqa: PLR0913 (the options of `handful import`)
    project: Project,
    con: Connection,
    path: Path,
    *,
    split: Split = "pool",
    text: str | None = None,
    label: Label = None,
    limit_classes: int = 1000,
    progress: Progress | None = None,
    chosen: str = "",
) -> ImportReport:
    """Import a file of any format, a directory or a data set, and say what became of each row.

    `text` names the column of the texts (None: found by name or length), `label` one with answers, or one for each
    label (None: there are none). The other columns become the texts' meta. `chosen`: where texts come from that were
    chosen for what a model says of them (`imports.begin`). Waits while another import of the project is running.

    Raises InputError if the file can't be used; whatever it raises, nothing is changed then.
    """
    answering = columns.named(label)
    with formats.opened(path) as source:
        reads = iter(source)
        sample, complete = _sample(source, reads)
        rows = [values for _line, values in sample if isinstance(values, dict)]
        if rows:
            text = columns.text_column(rows, text, answering, source.name)
            absent = [name for name in answering if name not in columns.names_in(rows)]
            if complete and absent:
                raise columns.missing(absent[0], columns.names_in(rows), source.name)
        with lock.held(project.import_lock):
            task = project.task(con)
            answers = Answers(
                task, answering, classes.ids(con), may_add=project.settings().open_classes, limit=limit_classes
            )
            if answers.too_many_in(rows):  # the usual mistake, found before anything is written
                raise answers.too_many_error(chain(sample, reads), source.name)
            sorter = Sorter(source, chain(sample, reads), columns.names_in(rows), text or "", answers)
            return _store(con, split, sorter, task, progress, chosen=chosen)


def preview(path: Path, rows: int) -> tuple[list[str], list[dict[str, Any]]]:
    """The columns of a file and its first usable rows; raises InputError if it can't be read."""
    with formats.opened(path) as source:
        sample, _complete = _sample(source, iter(source))
    found = [values for _line, values in sample if isinstance(values, dict)]
    return columns.names_in(found), found[:rows]


def columns_of(path: Path) -> list[str]:
    """The columns that the first rows of a file have; raises InputError if it can't be read."""
    with formats.opened(path) as source:
        sample, _complete = _sample(source, iter(source))
    return columns.names_in([values for _line, values in sample if isinstance(values, dict)])


def _sample(source: Rows, reads: Iterator[Read]) -> tuple[list[Read], bool]:
    """The first rows, and whether they are all there are."""
    sample: list[Read] = []
    room = _SAMPLE_BYTES
    for read in reads:
        sample.append(read)
        room -= _size(read[1])  # what `done` counts may be rows
        if len(sample) >= _SAMPLE_ROWS or source.done >= _SAMPLE_BYTES or room <= 0:
            return sample, False
    return sample, True


def _size(value: object) -> int:
    """About how much room a value takes."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    return sum(map(_size, value)) if isinstance(value, list) else 8


def _store(
    con: Connection, split: Split, sorter: Sorter, task: Any, progress: Progress | None, *, chosen: str
) -> ImportReport:
    with imports.tuned(con):
        import_id = imports.begin(con, chosen or sorter.source.name, split, chosen=bool(chosen))
        try:
            report = _add_all(con, import_id, split, sorter, progress)
            report = replace(report, source=chosen or report.source)
            return imports.finish(con, import_id, task, list(sorter.answers.names), report)
        except BaseException:
            with suppress(DatabaseError):  # on a full disk it stays where it is, unseen, until the next import
                imports.abandon(con, import_id)
            raise


def _add_all(con: Connection, import_id: int, split: Split, sorter: Sorter, progress: Progress | None) -> ImportReport:
    new, known, told = 0, 0, clock.monotonic()
    pace = Pace(con)
    for batch in sorter.batches(pace):
        added = imports.add_rows(con, import_id, batch)
        pace.step()
        new += added.new
        known += added.known
        for line in added.held:
            sorter.refuse(line, _("A person has answered this text in the pool; it stays there."))
        if progress is not None and clock.monotonic() - told >= _PROGRESS_SECONDS:
            told = clock.monotonic()
            progress(sorter.source.done, sorter.source.total)
    if progress is not None:
        progress(sorter.source.done, sorter.source.total)
    _check(sorter, new + known)
    return ImportReport(
        sorter.source.name,
        split,
        lines=sorter.count,
        new=new,
        known=known,
        refused=sorter.refused,
        refusals=tuple(sorted(sorter.refusals)),
        unit=sorter.source.unit,
    )


def _check(sorter: Sorter, usable: int) -> None:
    """Raise InputError if the file has brought nothing, or never had the label column."""
    name, answers = sorter.source.name, sorter.answers
    if not usable:
        first = [
            _("{unit} {n}: {reason}").format(unit=sorter.source.unit, n=n, reason=r)
            for n, r in sorter.refusals[:_SHOWN_REFUSALS]
        ]
        raise InputError(
            _("No row of this file can be used."),
            "\n".join([name, *first]),
            _("Give CSV or TSV with a header, JSONL with one object a line, or plain text with one text a line."),
        )
    if answers.columns and not answers.column_seen:
        raise columns.missing(answers.columns[0], sorter.columns, name)
