"""Multi-label classification: each text has any number of classes, none included."""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from core.errors import InputError
from core.i18n import _
from core.records import ClassCounts, LabelClass, Suggestion
from core.settings import Settings
from core.show import visible
from core.tasks import rules
from core.tasks.base import LIKELIEST, Cell, Cells, plain
from core.tasks.label_lists import cells_to_names, listed
from core.tasks.naming import class_name
from core.tasks.rules import Rules

CUT = 0.5
"""The probability from which a class is answered where nothing else was found out."""


@dataclass(frozen=True, slots=True)
class LabelSet:
    """The classes a text was given, in the order of their ids; an empty set is an answer, too."""

    class_ids: tuple[int, ...] = ()


def label_set(class_ids: Iterable[int]) -> LabelSet:
    """The set of these classes, each once."""
    return LabelSet(tuple(sorted(set(class_ids))))


def parted(cell: Cell) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(gold, predicted) class ids of a cell: the number of gold ones comes first, then both one after the other."""
    return cell[1 : 1 + cell[0]], cell[1 + cell[0] :]


def samples_f1(cell: Cell) -> float:
    """F1 of one text's set; 1 where both sets are empty, for then nothing was wrong."""
    gold, predicted = parted(cell)
    total = len(gold) + len(predicted)
    return 2 * len({*gold} & {*predicted}) / total if total else 1.0


def _odds(p: float) -> float:
    """Logarithm of the odds: on this scale, that of the model's logits, distances from cuts are compared."""
    kept = min(max(p, 1e-7), 1.0 - 1e-7)
    return math.log(kept / (1.0 - kept))


@dataclass(frozen=True, slots=True)
class Multilabel:
    """The task `multilabel`; a cell of its counts is a pair of sets (`parted`)."""

    rules: Rules = field(default_factory=Rules)
    """What the project's classes say about each other."""
    name: ClassVar[str] = "multilabel"
    field: ClassVar[str] = "labels"
    exclusive: ClassVar[bool] = False
    least_classes: ClassVar[int] = 2
    means: ClassVar[Mapping[str, Callable[[Cell], float]]] = {"samples_f1": samples_f1}
    ratios: ClassVar[Mapping[str, Callable[[Cell], tuple[float, float]]]] = {}
    kinds: ClassVar[Mapping[str, Callable[[Cell], int]]] = {}
    class_kinds: ClassVar[Mapping[str, Callable[[Cell, int], int]]] = {}

    def bound(self, classes: Sequence[LabelClass], options: Settings | None = None) -> "Multilabel":  # noqa: ARG002
        return Multilabel(rules.of(classes))

    def from_row(self, cells: Mapping[str, object]) -> object | None:
        if len(cells) == 1:
            raw = plain(next(iter(cells.values())))
            return listed(raw) if isinstance(raw, str) else raw
        return cells_to_names(cells)

    def names_in(self, raw: object) -> tuple[str, ...]:
        if isinstance(raw, str):
            return (class_name(raw),)
        if not isinstance(raw, list | tuple):
            raise InputError(
                _("This is no list of labels: {value}").format(value=visible(json.dumps(raw, ensure_ascii=False)[:60])),
                _("Labels are a JSON list of names; an empty one says that none fits."),
            )
        return tuple(dict.fromkeys(class_name(name) for name in raw))

    def from_file(self, raw: object, ids: Mapping[str, int], text: str) -> LabelSet:  # noqa: ARG002
        found = self.rules.closed(ids[name] for name in self.names_in(raw))
        conflict = self.rules.conflict(found)
        if conflict is not None:
            names = {class_id: name for name, class_id in ids.items()}
            one, other = (visible(names.get(class_id, str(class_id))) for class_id in conflict)
            raise InputError(
                _("{one} and {other} exclude each other.").format(one=one, other=other),
                _("They are in the same group of this project's classes."),
            )
        return label_set(found)

    def to_file(self, answer: LabelSet, names: Mapping[int, str]) -> list[str]:
        return [names[class_id] for class_id in answer.class_ids]

    def encode(self, answer: LabelSet) -> str:
        return json.dumps({"classes": list(answer.class_ids)})

    def decode(self, stored: str) -> LabelSet:
        return LabelSet(tuple(json.loads(stored)["classes"]))

    def classes_of(self, answer: LabelSet) -> tuple[int, ...]:
        return answer.class_ids

    def replaced(self, answer: LabelSet, old: int, new: int) -> LabelSet:
        return label_set(new if class_id == old else class_id for class_id in answer.class_ids)

    def carried(self, answer: LabelSet, text: str, other: str) -> LabelSet | None:  # noqa: ARG002
        return answer

    def from_scores(self, scores: Sequence[float], class_ids: Sequence[int], cuts: Sequence[float] = ()) -> LabelSet:
        limits = cuts or [CUT] * len(scores)
        over = [(_odds(p) - _odds(cut), c) for p, cut, c in zip(scores, limits, class_ids, strict=True) if p >= cut]
        return label_set(
            self.rules.settled([c for _distance, c in sorted(over, key=lambda found: (-found[0], found[1]))])
        )

    def suggest(
        self,
        scores: Sequence[float],
        class_ids: Sequence[int],
        names: Mapping[int, str],
        source: str,
        cuts: Sequence[float] = (),
    ) -> Suggestion:
        """Its score is the probability that the whole set is right, were the classes independent."""
        answer = self.from_scores(scores, class_ids, cuts)
        right = 1.0
        for p, class_id in zip(scores, class_ids, strict=True):
            right *= p if class_id in answer.class_ids else 1.0 - p
        ranked = sorted(zip(scores, class_ids, strict=True), key=lambda pair: (-pair[0], pair[1]))
        told = tuple(
            (int(c), round(float(p), 4))
            for place, (p, c) in enumerate(ranked)
            if place < LIKELIEST or c in answer.class_ids
        )
        return Suggestion(self.to_file(answer, names), round(float(right), 4), source, told)

    def training_problem(self, answers: Iterable[LabelSet]) -> str:
        sets = list(answers)
        if not sets:
            return _("Nothing is labelled yet.")
        times = Counter(class_id for answer in sets for class_id in answer.class_ids)
        if any(n < len(sets) for n in times.values()):
            return ""
        return _("No label was given to some texts and not to others; nothing can be told apart.")

    def compare(self, gold: LabelSet, predicted: LabelSet) -> Cells:
        return {(len(gold.class_ids), *gold.class_ids, *predicted.class_ids): 1}

    def class_counts(self, cells: Cells, class_ids: Sequence[int]) -> list[ClassCounts]:
        tp, fp, fn = Counter[int](), Counter[int](), Counter[int]()
        for cell, n in cells.items():
            gold, predicted = (frozenset(part) for part in parted(cell))
            for counter, found in ((tp, gold & predicted), (fp, predicted - gold), (fn, gold - predicted)):
                for class_id in found:
                    counter[class_id] += n
        return [ClassCounts(c, tp[c], fp[c], fn[c]) for c in class_ids]

    def correct(self, cells: Cells) -> int:
        return sum(n for cell, n in cells.items() if parted(cell)[0] == parted(cell)[1])


MULTILABEL = Multilabel()
