"""The answers that label columns carry: which are none, which are wrong, and which class names they bring."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.errors import InputError
from core.i18n import _
from core.importing.rows import Read, encodable, pack
from core.show import visible
from core.tasks.base import Task

_COUNT_UP_TO = 100_000
"""Distinct names that are counted in a column which has too many; beyond that, it is `more than`."""


class Answers:
    """Checks each row's answer and gathers the names of new classes."""

    def __init__(
        self, task: Task[Any], columns: Sequence[str], known: Mapping[str, int], *, may_add: bool, limit: int
    ) -> None:
        """`columns`: those with the answers; none if the file has none. Several are one class each."""
        self.columns = tuple(columns)
        self.names: dict[str, None] = {}
        """The class names in the file, in order of first appearance."""
        self.column_seen = False
        """Whether any row so far had the column at all."""
        self.too_many = False
        """Whether the column has more distinct names than the limit allows."""
        self._task, self._may_add, self._limit = task, may_add, limit
        self._ids = dict(known)
        if len(self.columns) > 1:
            task.from_row(dict.fromkeys(self.columns))  # not every task takes several
            self._take_names(task.names_in(list(self.columns)))

    def _take_names(self, names: Sequence[str]) -> None:
        """Each column is a class, whether or not any row says yes in it."""
        unknown = [name for name in names if name not in self._ids]
        if unknown and not self._may_add:
            raise self._no_such_class(unknown[0])
        self._ids = self._with_provisional(unknown)
        self.names.update(dict.fromkeys(names))

    def take(self, values: dict[str, Any], text: str) -> str | None:
        """Remove the answer from a row's values and return it as JSON; None if the row has none.

        Raises InputError if it is no answer of the task, or names a class that may not be added.
        """
        there = [name for name in self.columns if name in values]
        if not there:
            return None
        self.column_seen = True
        raw = self._task.from_row({name: values.pop(name) if name in there else None for name in self.columns})
        if raw is None:
            return None
        names = self._task.names_in(raw)
        unknown = [name for name in names if name not in self._ids]
        if unknown and not self._may_add:
            raise self._no_such_class(unknown[0])
        ids = self._with_provisional(unknown) if unknown else self._ids
        self._task.from_file(raw, ids, text)
        if not all(encodable(name) for name in unknown):
            raise InputError(_("The answer holds half a character (a lone surrogate)."))
        self._ids = ids
        self.names.update(dict.fromkeys(names))
        self.too_many = len(self.names) > self._limit
        return pack(raw)

    def _with_provisional(self, unknown: list[str]) -> dict[str, int]:
        """The ids with numbers that stand in for those which new classes get when the import is finished."""
        return self._ids | {name: -len(self._ids) - n for n, name in enumerate(unknown, 1)}

    def too_many_in(self, rows: Iterable[dict[str, Any]]) -> bool:
        """Whether these rows alone have more distinct names than the limit allows."""
        return len({name for values in rows for name in self._names_of(values)}) > self._limit

    def too_many_error(self, rest: Iterable[Read], path: str) -> InputError:
        """Count the names in the rest of the file, and say what to do about it."""
        found = set(self.names)
        for _line, values in rest:
            if isinstance(values, dict):
                found.update(self._names_of(values))
            if len(found) > _COUNT_UP_TO:
                break
        how_many = _("more than {n:,}") if len(found) > _COUNT_UP_TO else "{n:,}"
        return InputError(
            _("Too many different values to be classes."),
            _("The column {name!r} of {path} has {found}; up to {limit:,} are taken.").format(
                name=visible(", ".join(self.columns)),
                path=path,
                found=how_many.format(n=min(len(found), _COUNT_UP_TO)),
                limit=self._limit,
            ),
            _("Give the column that holds the labels, or import without --label and label the texts here."),
        )

    def _names_of(self, values: dict[str, Any]) -> tuple[str, ...]:
        try:
            raw = self._task.from_row({name: values.get(name) for name in self.columns}) if self.columns else None
            return () if raw is None else self._task.names_in(raw)
        except InputError:
            return ()

    def _no_such_class(self, name: str) -> InputError:
        near = difflib.get_close_matches(name, self._ids, n=1)
        return InputError(
            _("There is no class called {name!r}.").format(name=visible(name)),
            _("Did you mean {near!r}?").format(near=visible(near[0])) if near else "",
        )
