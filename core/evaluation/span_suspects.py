"""Which marked spans look wrong: what taggers that had not seen the text, and the same words elsewhere, speak against.

Confident learning (Northcutt, Jiang and Chuang 2021, arXiv 1911.00068) asks one question a text; where stretches of it
are marked there is one for each: each span that somebody marked, each that only the model finds, and each stretch that
was left while the same words are marked in most other texts. The choices of a question are what was given, what the
model marks there (or nothing), and what most people marked where the same words come again. Each is as likely as the
mean of the model's probability and the share of other texts with these words. An answer is as doubtful as its most
doubtful question, and what it could be instead is the answer with the likelier choices in their places.

The probabilities are taken as they are, and something is left for what no choice names: where a model holds everything
for unlikely it knows nothing, and the ratio of two small numbers would say that it does.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.evaluation.suspects import SAY

Stretch = tuple[int, int, int]
"""first word, last word (inclusive), class"""
Key = tuple[str, ...]
"""The words of a stretch, letter case aside."""
NOTHING = 0
"""In place of a class where nothing is marked; ids of classes begin at 1."""
REST = 0.02
"""Likelihood of what no choice names."""
ELSEWHERE = 2
"""Other texts with the same words from which those propose a choice of their own."""


class Says(Protocol):
    """What an out-of-fold model says of a text's words."""

    def probability(self, first: int, last: int, class_id: int) -> float:
        """How probable it is that these words are one span of the class, or all outside (`NOTHING`)."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """One labelled text."""

    words: Sequence[str]
    given: Sequence[Stretch]
    """What people marked."""
    complete: bool = True
    """Whether all that could be marked is marked."""
    found: Sequence[Stretch] = ()
    """What the model marks."""
    says: Says | None = None
    """None: no model had not seen it; the text is only there for others to be compared with."""


@dataclass(frozen=True, slots=True)
class Question:
    """One place of a text where something else may be right."""

    given: Stretch | None
    """What was marked there; None: nothing."""
    instead: tuple[Stretch, ...]
    """The likeliest other choice; empty: nothing."""
    doubt: float
    """Its share of both their likelihoods, 0..1."""
    confident: bool
    """The model is as sure of it as it usually is of spans that people marked, too."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One text's answer."""

    place: int
    """Of the text among all."""
    doubt: float
    """0..1, 0 where there is nothing to ask."""
    questions: tuple[Question, ...]
    """The most doubtful first."""
    beside: int | None = None
    """A text where the same words are marked as the first question's other choice says."""

    @property
    def confident(self) -> bool:
        """That of its most doubtful question."""
        return bool(self.questions) and self.questions[0].confident


Where = tuple[int, int]
"""text, its class there or `NOTHING`"""


def judge(texts: Sequence[Text]) -> list[Judged]:
    """Judge the answers of all texts of which a model says something, in their order."""
    elsewhere = occurrences(texts)
    usual = _usual(texts)
    return [_judged(place, text, elsewhere, usual) for place, text in enumerate(texts) if text.says is not None]


def ranked(judged: Sequence[Judged]) -> list[Judged]:
    """The most doubtful first; of equals the earlier."""
    return sorted(judged, key=lambda one: -one.doubt)


def applied(given: Sequence[Stretch], questions: Sequence[Question]) -> list[Stretch]:
    """The spans with the likelier choices in their places: all doubted by more than half, the most doubtful anyhow."""
    kept = list(given)
    for number, one in enumerate(questions):
        if number and one.doubt <= 0.5:
            break
        if one.given is not None and one.given not in kept:
            continue
        left = [span for span in kept if span != one.given]
        if all(_apart(new, span) for new in one.instead for span in left):
            kept = [*left, *one.instead]
    return sorted(set(kept))


def occurrences(texts: Sequence[Text]) -> dict[Key, list[Where]]:
    """Where the words of each marked stretch come, and as what: in part-marked texts only as what they are marked."""
    keys = {_key(text, span) for text in texts for span in text.given}
    sizes = sorted({len(key) for key in keys})
    found: defaultdict[Key, list[Where]] = defaultdict(list)
    for place, text in enumerate(texts):
        marked = {(first, last): class_id for first, last, class_id in text.given}
        for first, last, key in _known(text, keys, sizes):
            class_id = marked.get((first, last), NOTHING)
            if class_id or (text.complete and all(_apart((first, last, 0), span) for span in text.given)):
                found[key].append((place, class_id))
    return dict(found)


def _known(text: Text, keys: set[Key], sizes: Sequence[int]) -> Iterator[tuple[int, int, Key]]:
    words = tuple(word.casefold() for word in text.words)
    for size in sizes:
        for first in range(len(words) - size + 1):
            if (key := words[first : first + size]) in keys:
                yield first, first + size - 1, key


def _key(text: Text, span: Stretch) -> Key:
    return tuple(word.casefold() for word in text.words[span[0] : span[1] + 1])


def _usual(texts: Sequence[Text]) -> float:
    """How probable the model holds spans that people marked, too, on the mean; 1 if there are none."""
    shared = [text.says.probability(*span) for text in texts if text.says for span in text.found if span in text.given]
    return sum(shared) / len(shared) if shared else 1.0


def _judged(place: int, text: Text, elsewhere: dict[Key, list[Where]], usual: float) -> Judged:
    questions = [
        _asked(place, text, given, others, elsewhere, usual) for given, others in _places(place, text, elsewhere)
    ]
    told = sorted((one for one in questions if one is not None), key=lambda one: -one.doubt)
    if not told:
        return Judged(place, 0.0, ())
    return Judged(place, told[0].doubt, tuple(told), _like(place, text, told[0], elsewhere))


def _places(
    place: int, text: Text, elsewhere: dict[Key, list[Where]]
) -> Iterator[tuple[Stretch | None, list[tuple[Stretch, ...]]]]:
    """(what was given, other choices) of each question."""
    for span in text.given:
        meeting = tuple(other for other in text.found if not _apart(span, other))
        choices = [meeting] if meeting != (span,) else []
        if span not in meeting and meeting:
            choices.append(())
        proposed = _proposed(_others(place, _key(text, span), elsewhere))
        if proposed is not None and proposed != span[2]:
            choices.append(((span[0], span[1], proposed),) if proposed else ())
        if not meeting and () not in choices:
            choices.append(())
        yield span, list(dict.fromkeys(choices))
    if not text.complete:
        return
    free = [span for span in text.found if all(_apart(span, other) for other in text.given)]
    for span in free:
        yield None, [(span,)]
    sizes = sorted({len(key) for key in elsewhere})
    for first, last, key in _known(text, set(elsewhere), sizes):
        proposed = _proposed(_others(place, key, elsewhere))
        if proposed and all(_apart((first, last, 0), span) for span in (*text.given, *free)):
            yield None, [((first, last, proposed),)]


def _asked(
    place: int,
    text: Text,
    given: Stretch | None,
    others: Sequence[tuple[Stretch, ...]],
    elsewhere: dict[Key, list[Where]],
    usual: float,
) -> Question | None:
    """One question; None without another choice."""
    if not others:
        return None
    about = given if given is not None else others[0][0]
    choices = [(given,) if given is not None else (), *others]
    models = [_probability(text, choice, about) for choice in choices]
    shares = [_share(place, text, choice, about, elsewhere) for choice in choices]
    say = [SAY if share is not None else 0.0 for share in shares]
    likely = [
        (1.0 - weight) * model + weight * (share or 0.0)
        for weight, model, share in zip(say, models, shares, strict=True)
    ]
    best = max(range(1, len(choices)), key=lambda i: likely[i])
    doubt = likely[best] / (likely[0] + likely[best] + REST)
    return Question(given, choices[best], doubt, _probability(text, choices[best], about) >= usual)


def _probability(text: Text, choice: tuple[Stretch, ...], about: Stretch) -> float:
    """How probable the model holds a choice, of several spans the least probable one."""
    assert text.says is not None  # noqa: S101 (only such texts are judged)
    spans: Iterable[Stretch] = choice or ((about[0], about[1], NOTHING),)
    return min(text.says.probability(*span) for span in spans)


def _share(
    place: int, text: Text, choice: tuple[Stretch, ...], about: Stretch, elsewhere: dict[Key, list[Where]]
) -> float | None:
    """Share of the same words elsewhere that are marked as the choice says; None where they don't come again."""
    first = choice[0] if choice else (about[0], about[1], NOTHING)
    others = _others(place, _key(text, first), elsewhere)
    return sum(class_id == first[2] for class_id in others) / len(others) if others else None


def _others(place: int, key: Key, elsewhere: dict[Key, list[Where]]) -> list[int]:
    return [class_id for where, class_id in elsewhere.get(key, ()) if where != place]


def _proposed(others: Sequence[int]) -> int | None:
    """What most of them say; None if they are too few, or of different minds."""
    if len(others) < ELSEWHERE:
        return None
    class_id, n = Counter(others).most_common(1)[0]
    return class_id if 2 * n > len(others) else None


def _like(place: int, text: Text, question: Question, elsewhere: dict[Key, list[Where]]) -> int | None:
    about = question.instead[0] if question.instead else (*(question.given or (0, 0, 0))[:2], NOTHING)
    same = [
        where for where, class_id in elsewhere.get(_key(text, about), ()) if class_id == about[2] and where != place
    ]
    return same[0] if same else None


def _apart(one: Stretch, other: Stretch) -> bool:
    return one[1] < other[0] or other[1] < one[0]
