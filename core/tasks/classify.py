"""Single-label classification: each text belongs to exactly one class."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.errors import InputError
from core.i18n import _
from core.records import ClassCounts, Suggestion
from core.show import shorten
from core.tasks.base import Cells, likeliest

MAX_NAME = 200
_BARRED = re.compile("[\x00\ud800-\udfff]")
"""NUL and halves of characters (lone surrogates) can't be stored."""


@dataclass(frozen=True, slots=True)
class ClassAnswer:
    """The one class a text was given."""

    class_id: int


class Classify:
    """The task `classify`; a cell of its counts is (gold class id, predicted class id)."""

    name = "classify"
    field = "label"

    def names_in(self, raw: object) -> tuple[str, ...]:
        if not isinstance(raw, str) or not raw.strip() or len(raw) > MAX_NAME or _BARRED.search(raw):
            raise InputError(
                _("This is no class name: {value}").format(value=shorten(json.dumps(raw, ensure_ascii=False), 60)),
                _("A label is a text of 1 to {max} characters.").format(max=MAX_NAME),
            )
        return (raw.strip(),)

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

    def from_scores(self, scores: Sequence[float], class_ids: Sequence[int]) -> ClassAnswer:
        return ClassAnswer(class_ids[max(range(len(scores)), key=scores.__getitem__)])

    def suggest(
        self, scores: Sequence[float], class_ids: Sequence[int], names: Mapping[int, str], source: str
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
