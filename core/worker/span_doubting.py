"""Looking for spans that are marked wrongly, from what out-of-fold taggers and the same words elsewhere say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core import suspected
from core.evaluation.span_suspects import NOTHING, Judged, Stretch, Text, applied, judge, ranked
from core.evaluation.suspects import odds
from core.project import Project
from core.spans import Span
from core.suspected import Checked, Doubted
from core.tasks.spans import SpanAnswer, span_answer
from core.word_store import Words
from core.worker.doubting import LEAST, SHARE
from core.worker.span_moment import Moment
from core.worker.tagging import Marked

if TYPE_CHECKING:
    from core.worker.span_judging import Folded


@dataclass(frozen=True, slots=True)
class Said:
    """What an out-of-fold tagger says of the words of one text."""

    logp: NDArray[np.float32]
    """[words, tags]"""
    numbers: dict[int, int]
    """Class id → its number among the tags."""

    def probability(self, first: int, last: int, class_id: int) -> float:
        """As `core.tags.spans_of` has it; of a class that it never met, nought."""
        if class_id == NOTHING:
            return float(np.exp(self.logp[first : last + 1, 0].sum()))
        if class_id not in self.numbers:
            return 0.0
        begin = 1 + 2 * self.numbers[class_id]
        inside = self.logp[first + 1 : last + 1, begin + 1].sum()
        end = 1.0 - np.exp(self.logp[last + 1, begin + 1]) if last + 1 < len(self.logp) else 1.0
        return float(np.exp(self.logp[first, begin] + inside) * end)


def look(project: Project, now: Moment, subject: str, out: "Folded") -> None:
    """Publish the answers that are spoken against, under the name of their model."""
    texts = texts_of(now.known, now.words, out)
    judged = judge(texts)
    most = max(LEAST, round(SHARE * len(judged)))
    found = [one for one in (_doubted(now, texts, said) for said in ranked(judged) if said.doubt > 0) if one][:most]
    suspected.publish(project, Checked(subject, now.seq, len(judged), tuple(found)))


def texts_of(known: Marked, there: Words, out: "Folded") -> list[Text]:
    """Every labelled text as spans of its words, with what taggers say that had not seen it."""
    said = {one.row: (one, own) for one, own in zip(out.unseen, out.readings, strict=True)}
    texts = []
    for row, (item, answer) in enumerate(zip(known.items, known.answers, strict=True)):
        places = there.places[there.rows(known.texts[row])]
        words = [item.example.text[a:b] for a, b in places]
        given = stretches(answer, places)
        if row not in said:
            texts.append(Text(words, given, answer.complete))
            continue
        one, own = said[row]
        numbers = {class_id: k for k, class_id in enumerate(one.model.class_ids)}
        says = Said(one.at(1.0), numbers)
        texts.append(Text(words, given, answer.complete, stretches(own.answer, places), says))
    return texts


def stretches(answer: SpanAnswer, places: NDArray[np.int64]) -> list[Stretch]:
    """The spans as words; one that holds no whole or broken word is left out."""
    found = []
    for span in answer.spans:
        first = int(np.searchsorted(places[:, 1], span.start, side="right"))
        last = int(np.searchsorted(places[:, 0], span.end, side="left")) - 1
        if first <= last:
            found.append((first, last, span.label))
    return found


def _doubted(now: Moment, texts: Sequence[Text], judged: Judged) -> Doubted | None:
    """As it is published; None where it would be the same answer."""
    row = judged.place
    item, answer = now.known.items[row], now.known.answers[row]
    places = now.words.places[now.words.rows(now.known.texts[row])]
    exact = dict(zip(stretches(answer, places), answer.spans, strict=False)) if _whole(answer, places) else {}
    spans = [
        exact.get(one) or Span(int(places[one[0], 0]), int(places[one[1], 1]), one[2])
        for one in applied(texts[row].given, judged.questions)
    ]
    instead = span_answer(spans, complete=answer.complete)
    if instead == answer:
        return None
    beside = now.known.items[judged.beside].example.id if judged.beside is not None else 0
    times = round(odds(judged.questions[0].doubt), 2)
    stored, doubt = now.task.encode(instead), round(judged.doubt, 4)
    return Doubted(item.example.id, item.stored, stored, doubt, judged.confident, beside, times)


def _whole(answer: SpanAnswer, places: NDArray[np.int64]) -> bool:
    """Whether every span holds a word, so that spans and stretches go in pairs."""
    return len(stretches(answer, places)) == len(answer.spans)
