"""Entity spans: any number of stretches of a text are marked, each with one class.

An answer tells whether the text is complete, so that what is not marked is known to be nothing; an answer in part says
nothing about the rest of the text.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, ClassVar

from core.errors import InputError
from core.evaluation import spans as span_numbers
from core.i18n import _
from core.patterns import beside
from core.records import ClassCounts, LabelClass, Suggestion
from core.settings import Settings
from core.show import shorten, visible
from core.spans import Span, crossing, touching
from core.tasks import span_pairs
from core.tasks.base import Cell, Cells, plain
from core.tasks.naming import class_name
from core.words import words

NONE, NESTED, ANY = "none", "nested", "any"
"""Which spans of a text may share characters: the option `span_overlap`."""


@dataclass(frozen=True, slots=True)
class SpanAnswer:
    """What is marked in a text, in the order of the text; nothing at all is an answer, too."""

    spans: tuple[Span[int], ...] = ()
    complete: bool = True
    """Whether all that could be marked is marked; else the rest of the text is unknown."""


def span_answer(spans: Iterable[Span[int]], *, complete: bool = True) -> SpanAnswer:
    """These spans, each once."""
    return SpanAnswer(tuple(sorted(set(spans))), complete)


@dataclass(frozen=True, slots=True)
class Spans:
    """The task `spans`; a cell of its counts is what `core.tasks.span_pairs` says of one text."""

    overlap: str = NONE
    """`none`, `nested` or `any`."""
    name: ClassVar[str] = "spans"
    field: ClassVar[str] = "spans"
    exclusive: ClassVar[bool] = False
    least_classes: ClassVar[int] = 1
    means: ClassVar[Mapping[str, Callable[[Cell], float]]] = {}
    ratios: ClassVar[Mapping[str, Callable[[Cell], tuple[float, float]]]] = span_numbers.RATIOS
    kinds: ClassVar[Mapping[str, Callable[[Cell], int]]] = span_numbers.KINDS
    class_kinds: ClassVar[Mapping[str, Callable[[Cell, int], int]]] = span_numbers.CLASS_KINDS

    def bound(self, classes: Sequence[LabelClass], options: Settings | None = None) -> "Spans":  # noqa: ARG002
        return Spans((options or Settings()).span_overlap)

    def from_row(self, cells: Mapping[str, object]) -> object | None:
        if len(cells) > 1:
            raise InputError(_("Spans stand in one column: name one label column."))
        raw = plain(next(iter(cells.values()), None))
        if not isinstance(raw, str):
            return raw
        try:
            found: object = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise InputError(_("This is no JSON list of spans: {value}").format(value=shorten(raw, 60))) from error
        return found

    def names_in(self, raw: object) -> tuple[str, ...]:
        rows, _complete = _rows(raw)
        return tuple(dict.fromkeys(_named(row).label for row in rows))

    def from_file(self, raw: object, ids: Mapping[str, int], text: str) -> SpanAnswer:
        """Raises InputError for spans outside the text, with nothing to see, that quote another text, or overlap."""
        rows, complete = _rows(raw)
        found = []
        for row in rows:
            named = _named(row)
            _check(named, row, text)
            found.append(Span(named.start, named.end, ids[named.label]))
        answer = span_answer(found, complete=complete)
        self._check_overlap(answer.spans, text)
        return answer

    def _check_overlap(self, spans: Sequence[Span[int]], text: str) -> None:
        pair = {NONE: touching, NESTED: crossing}.get(self.overlap, lambda _spans: None)(spans)
        if pair is not None:
            one, other = (shorten(text[s.start : s.end], 40) for s in pair)
            raise InputError(
                _("Two spans share characters: {one} and {other}.").format(one=one, other=other),
                _("This project's option span_overlap is {value}.").format(value=self.overlap),
                _("To allow it: handful config DIR span_overlap any (or nested, for one inside the other)"),
            )

    def to_file(self, answer: SpanAnswer, names: Mapping[int, str]) -> Any:
        """A list of spans; of an answer in part an object that says so."""
        return in_file((Span(s.start, s.end, names[s.label]) for s in answer.spans), complete=answer.complete)

    def encode(self, answer: SpanAnswer) -> str:
        return json.dumps({"spans": [[s.start, s.end, s.label] for s in answer.spans], "complete": answer.complete})

    def decode(self, stored: str) -> SpanAnswer:
        said = json.loads(stored)
        return SpanAnswer(tuple(Span(*row) for row in said["spans"]), bool(said["complete"]))

    def classes_of(self, answer: SpanAnswer) -> tuple[int, ...]:
        return tuple(sorted({span.label for span in answer.spans}))

    def replaced(self, answer: SpanAnswer, old: int, new: int) -> SpanAnswer:
        moved = (Span(s.start, s.end, new if s.label == old else s.label) for s in answer.spans)
        return span_answer(moved, complete=answer.complete)

    def beside(self, said: Suggestion | None, text: str, patterns: str, names: Collection[str]) -> Suggestion | None:
        return beside(said, text, patterns, names)

    def carried(self, answer: SpanAnswer, text: str, other: str) -> SpanAnswer | None:
        """Spans go with their words: those that both texts have in the same order, or one in place of one."""
        places, others = words(text), words(other)
        said, there = ([t[a:b].casefold() for a, b in own] for t, own in ((text, places), (other, others)))
        to: dict[int, int] = {}
        for tag, a, end, b, stop in SequenceMatcher(None, said, there, autojunk=False).get_opcodes():
            if tag == "equal" or (tag == "replace" and end - a == stop - b):
                to.update(zip(range(a, end), range(b, stop), strict=True))
        found = []
        for span in answer.spans:
            own = [n for n, (start, end) in enumerate(places) if start < span.end and span.start < end]
            if not own or own[0] not in to or own[-1] not in to or to[own[-1]] - to[own[0]] != own[-1] - own[0]:
                return None
            found.append(Span(others[to[own[0]]][0], others[to[own[-1]]][1], span.label))
        return span_answer(found, complete=answer.complete)

    def training_problem(self, answers: Iterable[SpanAnswer]) -> str:
        found = list(answers)
        if not found:
            return _("Nothing is labelled yet.")
        if not any(answer.spans for answer in found):
            return _("No span is marked yet; nothing can be told apart.")
        return ""

    def compare(self, gold: SpanAnswer, predicted: SpanAnswer) -> Cells:
        return {span_pairs.cell(gold.spans, predicted.spans, whole=gold.complete): 1}

    def class_counts(self, cells: Cells, class_ids: Sequence[int]) -> list[ClassCounts]:
        """Spans count, not texts: one is right if both ends and the class are."""
        tp, fp, fn = Counter[int](), Counter[int](), Counter[int]()
        for cell, n in cells.items():
            for pair in span_pairs.pairs(cell):
                if pair.right:
                    tp[pair.gold] += n
                else:
                    fn[pair.gold] += n
                    fp[pair.predicted] += n
        return [ClassCounts(c, tp[c], fp[c], fn[c]) for c in class_ids]

    def correct(self, cells: Cells) -> int:
        return sum(n for cell, n in cells.items() if all(pair.right for pair in span_pairs.pairs(cell)))


SPANS = Spans()


def in_file(spans: Iterable[Span[str]], *, complete: bool) -> Any:
    """An answer in file form: a list of spans; of an answer in part an object that says so."""
    rows = [{"start": s.start, "end": s.end, "label": s.label} for s in spans]
    return rows if complete else {"spans": rows, "complete": False}


def from_answer(raw: object) -> tuple[Span[str], ...]:
    """The spans of an answer in file form as they stand there, in the order of the text; none of None."""
    rows, _complete = _rows([] if raw is None else raw)
    return tuple(sorted(_named(row) for row in rows))


def _rows(raw: object) -> tuple[Sequence[object], bool]:
    """(spans as they stand in a file, whether the text is complete); raises InputError if this is no answer."""
    complete: object = True
    if isinstance(raw, dict):
        complete = raw.get("complete", True)
        raw = raw.get("spans")
    if not isinstance(raw, list | tuple) or not isinstance(complete, bool):
        raise InputError(
            _("This is no list of spans: {value}").format(value=_quoted(raw)),
            _('Spans are a JSON list such as [{"start": 0, "end": 5, "label": "person"}]; [] says there are none.'),
        )
    return raw, complete


def _named(row: object) -> Span[str]:
    """One span of a file: an object with start, end and label, or these three in a list."""
    if isinstance(row, dict):
        start, end, label = row.get("start"), row.get("end"), row.get("label")
    elif isinstance(row, list | tuple) and len(row) == 3:
        start, end, label = row
    else:
        start = end = label = None
    if type(start) is not int or type(end) is not int:
        raise InputError(
            _("This is no span: {value}").format(value=_quoted(row)),
            _('A span is {"start": 0, "end": 5, "label": "person"}; the numbers count characters, the end exclusive.'),
        )
    return Span(start, end, class_name(label))


def _check(span: Span[str], row: object, text: str) -> None:
    if not 0 <= span.start < span.end <= len(text):
        raise InputError(
            _("The span {start} to {end} is not within the text.").format(start=span.start, end=span.end),
            _("It has {n} characters.").format(n=len(text)),
        )
    there = text[span.start : span.end]
    quoted = row.get("text") if isinstance(row, dict) else None
    if quoted is not None and quoted != there:
        raise InputError(
            _("The span {start} to {end} is {there}, not {quoted}.").format(
                start=span.start, end=span.end, there=_quoted(there), quoted=_quoted(quoted)
            ),
            _("Offsets count code points (Python's len), the end exclusive."),
        )
    if there.isspace():
        raise InputError(_("The span {start} to {end} holds blanks only.").format(start=span.start, end=span.end))


def _quoted(value: object) -> str:
    return visible(json.dumps(value, ensure_ascii=False, default=str)[:60])
