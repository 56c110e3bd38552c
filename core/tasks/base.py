"""What every task says about its answers. Nothing outside this folder and the entry points knows a task's name.

An answer is a frozen value of the task's own type. It has three forms: the value, the stored form (JSON with permanent
class ids) and the file form (a JSON value with class names, as people write it in files and read it in output).
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol, Self, TypeVar, runtime_checkable

from core.records import ClassCounts, LabelClass, Suggestion
from core.settings import Settings

A = TypeVar("A")

LIKELIEST = 9
"""As many classes are shown with their probabilities."""

Cell = tuple[int, ...]
Cells = Mapping[Cell, int]
"""Additive counts of how gold and predicted answers met; what the numbers of a cell mean is the task's business."""


def plain(raw: object) -> object:
    """A cell of a label column: None for nothing or blanks, names without blanks around them, numbers as names."""
    if isinstance(raw, str):
        return raw.strip() or None
    if isinstance(raw, bool | int | float):
        return json.dumps(raw)
    return raw


def likeliest(scores: Sequence[float], class_ids: Sequence[int]) -> tuple[tuple[int, float], ...]:
    """(class id, probability) of the up to nine likeliest classes, the likeliest first."""
    ranked = sorted(zip(scores, class_ids, strict=True), key=lambda pair: (-pair[0], pair[1]))
    return tuple((int(class_id), round(float(p), 4)) for p, class_id in ranked[:LIKELIEST])


class Task(Protocol[A]):
    """One kind of labelling."""

    name: str
    """The entry point's name, stored with the project."""
    field: str
    """The field that holds an answer in JSON files: `label`, `labels`, `spans`."""
    exclusive: bool
    """Whether the probabilities of a text's classes add up to one, and the most probable class is the answer."""
    least_classes: int
    """Of so many classes there must be labels before a round can start."""
    means: Mapping[str, Callable[[Cell], float]]
    """Further numbers that are means over texts: name → what a text counted in this cell adds, in 0..1."""

    ratios: Mapping[str, Callable[[Cell], tuple[float, float]]]
    """Further ratios of sums over texts: name → what a text counted in this cell adds above and below the line."""
    kinds: Mapping[str, Callable[[Cell], int]]
    """Further things that are counted: name → how many a text counted in this cell has."""
    class_kinds: Mapping[str, Callable[[Cell, int], int]]
    """The same of one class, by its id."""

    def bound(self, classes: Sequence[LabelClass], options: Settings | None = None) -> Self:
        """The task with the rules that a project's classes declare and its options set, if it has any."""
        ...

    def from_row(self, cells: Mapping[str, object]) -> object | None:
        """The file value that the label columns of one row mean, by name; None if the row has no answer.

        Raises InputError if it is none of this task's.
        """
        ...

    def names_in(self, raw: object) -> tuple[str, ...]:
        """The class names a file value mentions; raises InputError if it is no answer of this task."""
        ...

    def from_file(self, raw: object, ids: Mapping[str, int], text: str) -> A:
        """The answer a file value means for this text; every name is in `ids`."""
        ...

    def to_file(self, answer: A, names: Mapping[int, str]) -> Any:
        """The answer as a JSON value with class names."""
        ...

    def encode(self, answer: A) -> str:
        """The stored form."""
        ...

    def decode(self, stored: str) -> A:
        """The answer from its stored form."""
        ...

    def classes_of(self, answer: A) -> tuple[int, ...]:
        """The ids of the classes this answer counts for, each once."""
        ...

    def replaced(self, answer: A, old: int, new: int) -> A:
        """The answer with one class in place of another."""
        ...

    def carried(self, answer: A, text: str, other: str) -> A | None:
        """The same answer to another text that is nearly the same; None if it has no place there."""
        ...

    def from_scores(self, scores: Sequence[float], class_ids: Sequence[int], cuts: Sequence[float] = ()) -> A:
        """The answer a model gives whose scores (probabilities, one per class) these are.

        `cuts`: the probability from which each class is answered, for tasks whose classes don't exclude each other.
        """
        ...

    def suggest(
        self,
        scores: Sequence[float],
        class_ids: Sequence[int],
        names: Mapping[int, str],
        source: str,
        cuts: Sequence[float] = (),
    ) -> Suggestion:
        """The same as something to show."""
        ...

    def training_problem(self, answers: Iterable[A]) -> str:
        """Why these answers are not enough to learn from, in words; empty if they are."""
        ...

    def compare(self, gold: A, predicted: A) -> Cells:
        """What one text adds to the counts."""
        ...

    def class_counts(self, cells: Cells, class_ids: Sequence[int]) -> list[ClassCounts]:
        """Per-class counts in the order of `class_ids`."""
        ...

    def correct(self, cells: Cells) -> int:
        """How many texts were answered entirely right."""
        ...


@runtime_checkable
class Annotated(Protocol):
    """A task whose texts people's own patterns annotate beforehand."""

    def beside(self, said: Suggestion | None, text: str, patterns: str, names: Collection[str]) -> Suggestion | None:
        """What a model suggests for a text, with what the patterns (as they are written) add to it."""
        ...
