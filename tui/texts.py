"""Rows of texts for lists of any length: read window by window, with what is on record and what the model says."""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.i18n import _
from core.predictions import Predictions
from core.records import Example, Suggestion
from core.store import examples, labels, marks
from core.store.labels import Given
from core.store.marks import Mark
from core.tasks.base import Task
from tui.session import Session

PAGE = 64
PAGES = 16
"""Pages that are remembered."""


@dataclass(frozen=True, slots=True)
class TextRow:
    """One text with what is known about it."""

    example: Example
    given: Given | None
    answer: str
    """The current answer in words; empty if there is none."""
    guess: Suggestion | None
    mark: Mark


class Texts:
    """The texts behind an array of ids."""

    def __init__(self, session: Session, ids: Sequence[int], said: Mapping[int, str] | None = None) -> None:
        """`said`: what a model that had not seen them answered, in stored form; it goes before newer guesses."""
        self.ids = ids
        self._said = said or {}
        self._session = session
        self._pages: dict[int, list[TextRow | None]] = {}

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> TextRow | None:
        """None for a text that is gone."""
        page = index // PAGE
        if page not in self._pages:
            if len(self._pages) >= PAGES:
                del self._pages[next(iter(self._pages))]
            self._pages[page] = self._read(self.ids[page * PAGE : (page + 1) * PAGE])
        return self._pages[page][index % PAGE]

    def __iter__(self) -> Iterator[TextRow | None]:
        return (self[index] for index in range(len(self)))

    def forget(self) -> None:
        """What was read may be out of date."""
        self._pages.clear()

    def _read(self, ids: Sequence[int]) -> list[TextRow | None]:
        session = self._session
        there = {example.id: example for example in examples.get(session.con, ids)}
        given, marked, names = labels.answers_of(session.con, ids), marks.of(session.con, ids), session.names()
        guesses = {**self._guesses(ids), **self._judged(ids, names)}
        return [
            TextRow(there[i], given.get(i), self._words(given.get(i), names), guesses.get(i), marked.get(i, Mark()))
            if i in there
            else None
            for i in ids
        ]

    def _words(self, given: Given | None, names: Mapping[int, str]) -> str:
        return stored_in_words(self._session.task, given.stored if given else None, names)

    def _judged(self, ids: Iterable[int], names: Mapping[int, str]) -> dict[int, Suggestion]:
        task = self._session.task
        return {
            i: Suggestion(task.to_file(task.decode(self._said[i]), names), None, "") for i in ids if i in self._said
        }

    def _guesses(self, ids: Iterable[int]) -> dict[int, Suggestion]:
        session = self._session
        found = Predictions.open(session.project, session.con)
        if found is None:
            return {}
        with found:
            said = ((i, found.suggestion(session.con, session.task, i)) for i in ids)
            return {i: guess for i, guess in said if guess is not None}


def stored_in_words(task: Task[Any], stored: str | None, names: Mapping[int, str]) -> str:
    """An answer in stored form as a short text; empty for None, which is no answer."""
    return "" if stored is None else in_words(task.to_file(task.decode(stored), names))


def in_words(raw: object) -> str:
    """An answer in file form as a short text."""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, Mapping):
        spans = raw.get("spans", ())
        return str(raw["label"]) if "label" in raw else _("{spans}, in part").format(spans=in_words(spans))
    if isinstance(raw, Sequence):
        times = Counter(in_words(part) for part in raw)
        return ", ".join(word if n == 1 else f"{word} ×{n}" for word, n in times.items()) or "—"
    return str(raw)


def named(raw: object) -> list[str]:
    """The class names in an answer in file form; none if there is no answer."""
    if isinstance(raw, str):
        return [raw]
    if isinstance(raw, Mapping):
        return named(raw.get("label", raw.get("spans")))
    return list(dict.fromkeys(name for part in raw for name in named(part))) if isinstance(raw, list | tuple) else []


def ids_of(ids: Iterable[int]) -> "array[int]":
    """Ids as a compact array."""
    return array("q", ids)
