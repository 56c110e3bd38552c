"""Single-label classification: each text belongs to exactly one class."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from core.errors import InputError
from core.i18n import _
from core.records import ClassCounts, LabelClass, Suggestion
from core.settings import Settings
from core.tasks.base import Cell, Cells, likeliest, plain
from core.tasks.naming import class_name


@dataclass(frozen=True, slots=True)
class ClassAnswer:
    """The one class a text was given."""

    class_id: int


class Classify:
    """The task `classify`; a cell of its counts is (gold class id, predicted class id)."""

    name = "classify"
    field = "label"
    exclusive = True
    least_classes = 2
    means: ClassVar[Mapping[str, Callable[[Cell], float]]] = {}
    ratios: ClassVar[Mapping[str, Callable[[Cell], tuple[float, float]]]] = {}
    kinds: ClassVar[Mapping[str, Callable[[Cell], int]]] = {}
    class_kinds: ClassVar[Mapping[str, Callable[[Cell, int], int]]] = {}

    def bound(self, classes: Sequence[LabelClass], options: Settings | None = None) -> Self:  # noqa: ARG002
        return self

    def from_row(self, cells: Mapping[str, object]) -> object | None:
        if len(cells) > 1:
            raise InputError(_("A text has one class here: name one label column."))
        return plain(next(iter(cells.values()), None))

    def names_in(self, raw: object) -> tuple[str, ...]:
        return (class_name(raw),)

    def from_file(self, raw: object, ids: Mapping[str, int], text: str) -> ClassAnswer:  # noqa: ARG002
        return ClassAnswer(ids[self.names_in(raw)[0]])

    def to_file(self, answer: ClassAnswer, names: Mapping[int, str]) -> str:
        return names[answer.class_id]

    def encode(self, answer: ClassAnswer) -> str:
        return json.dumps({"class": answer.class_id})

    def decode(self, stored: str) -> ClassAnswer:
        return ClassAnswer(int(json.loads(stored)["class"]))

    def classes_of(self, answer: ClassAnswer) -> tuple[int, ...]:
        return (answer.class_id,)

    def replaced(self, answer: ClassAnswer, old: int, new: int) -> ClassAnswer:
        return ClassAnswer(new) if answer.class_id == old else answer

    def carried(self, answer: ClassAnswer, text: str, other: str) -> ClassAnswer | None:  # noqa: ARG002
        return answer

    def from_scores(
        self,
        scores: Sequence[float],
        class_ids: Sequence[int],
        cuts: Sequence[float] = (),  # noqa: ARG002
    ) -> ClassAnswer:
        return ClassAnswer(class_ids[max(range(len(scores)), key=scores.__getitem__)])

    def suggest(
        self,
        scores: Sequence[float],
        class_ids: Sequence[int],
        names: Mapping[int, str],
        source: str,
        cuts: Sequence[float] = (),  # noqa: ARG002
    ) -> Suggestion:
        answer = self.from_scores(scores, class_ids)
        return Suggestion(names[answer.class_id], round(float(max(scores)), 4), source, likeliest(scores, class_ids))

    def training_problem(self, answers: Iterable[ClassAnswer]) -> str:
        found = {answer.class_id for answer in answers}
        if not found:
            return _("Nothing is labelled yet.")
        return _("All labelled texts have the same class; two are needed.") if len(found) == 1 else ""

    def compare(self, gold: ClassAnswer, predicted: ClassAnswer) -> Cells:
        return {(gold.class_id, predicted.class_id): 1}

    def class_counts(self, cells: Cells, class_ids: Sequence[int]) -> list[ClassCounts]:
        tp, fp, fn = Counter[int](), Counter[int](), Counter[int]()
        for (gold, predicted), n in cells.items():
            if gold == predicted:
                tp[gold] += n
            else:
                fn[gold] += n
                fp[predicted] += n
        return [ClassCounts(c, tp[c], fp[c], fn[c]) for c in class_ids]

    def correct(self, cells: Cells) -> int:
        return sum(n for (gold, predicted), n in cells.items() if gold == predicted)


CLASSIFY = Classify()
