"""Looking for labels that are wrong, behind each judgement of a model: files that the terminal reads."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import judged, suspected
from core.evaluation import suspects
from core.evaluation.copies import near_copies
from core.project import Project
from core.records import LabelledExample
from core.suspected import Checked, Copies, Doubted
from core.tasks.base import Task
from core.worker.judging import Scored, audit_folds, out_of_fold, strata
from core.worker.moment import Fitted, Moment

SHARE = 0.1
LEAST = 20
"""As many answers are listed, where models disagree with so many: a share of all, but not fewer than that."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Labelled texts, each with what is said about it from outside, by their places."""

    items: Sequence[LabelledExample]
    answers: Sequence[Any]
    guesses: Sequence[Any]
    """What out-of-fold models answer; None where nobody could."""
    scored: Scored
    features: NDArray[Any]
    """[n, dim]"""


def look(project: Project, task: Task[Any], subject: str, event_seq: int, evidence: Evidence) -> None:
    """Publish the answers that out-of-fold scores and neighbours speak against, under the name of their model."""
    checked = doubted(task, evidence)
    if checked is not None:
        suspected.publish(project, Checked(subject, event_seq, *checked))


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found about the answers that could be judged."""

    rows: list[int]
    """Their places among all items."""
    class_ids: list[int]
    judged: suspects.Judged
    """In the order of `rows` and `class_ids`."""


def look_since(project: Project, now: Moment, fitted: Fitted) -> None:
    """Publish doubts about labels that a tuned encoder has not seen: its round has judged those that it learnt from."""
    items, answers = now.known.items, now.known.answers
    of_round = judged.load(project, now.source, "out-of-fold")
    told = {text.example_id for text in of_round.texts} if of_round is not None else set[int]()
    fresh = [item.example.id not in told for item in items]
    if not any(fresh):
        return
    folds = audit_folds(fresh, [item.example.id for item in items], strata(now.task, answers), now.settings.seed)
    features = now.vectors[now.known.rows]
    scored = out_of_fold(now.task, now.trainer, folds, answers, features, fitted.recipe, fitted.head)
    guesses: list[Any] = [None] * len(items)
    for row, head, scores in scored:
        guesses[row] = now.task.from_scores(scores.tolist(), head.class_ids, head.cuts)
    look(project, now.task, now.source + suspected.SINCE, now.seq, Evidence(items, answers, guesses, scored, features))


def judge(task: Task[Any], evidence: Evidence) -> Looked | None:
    """Judge all answers of which somebody from outside has said something; None if there are none.

    Nothing is judged for tasks whose models say something else of a text than one probability a class.
    """
    if any(np.shape(scores) != (len(head.class_ids),) for _row, head, scores in evidence.scored):
        return None
    rows = [row for row, _head, _scores in evidence.scored]
    classes = [task.classes_of(answer) for answer in evidence.answers]
    ids = sorted(
        {c for _row, head, _s in evidence.scored for c in head.class_ids} | {c for one in classes for c in one}
    )
    if not rows or not ids:
        return None
    place = {class_id: column for column, class_id in enumerate(ids)}
    given, said = np.zeros((len(classes), len(ids)), np.bool_), np.zeros((len(classes), len(ids)))
    for row, one in enumerate(classes):
        given[row, [place[c] for c in one]] = True
    for row, head, scores in evidence.scored:
        said[row, [place[c] for c in head.class_ids]] = scores
    features = np.asarray(evidence.features, np.float32)
    places = np.array(rows, np.int64)
    return Looked(rows, ids, suspects.judge(given, said, features, exclusive=task.exclusive, rows=places))


def doubted(task: Task[Any], evidence: Evidence) -> tuple[int, tuple[Doubted, ...]] | None:
    """(how many answers were judged, those that are worth a look); None if none was judged."""
    looked = judge(task, evidence)
    if looked is None:
        return None
    most = max(LEAST, round(SHARE * len(looked.rows)))
    same: defaultdict[str, list[int]] = defaultdict(list)
    for row, item in enumerate(evidence.items):
        same[item.stored].append(row)
    found = list[Doubted]()
    for at in suspects.ranked(looked.judged):
        row = looked.rows[at]
        instead = _instead(task, evidence, looked, at)
        if len(found) < most and instead is not None and instead != evidence.answers[row]:
            item, stored = evidence.items[row], task.encode(instead)
            near = suspects.nearest_with(evidence.features, row, same[stored])
            doubt, sure = round(float(looked.judged.doubt[at]), 4), bool(looked.judged.confident[at])
            beside = 0 if near is None else evidence.items[near].example.id
            times = round(suspects.odds(float(looked.judged.doubt[at])), 2)
            found.append(Doubted(item.example.id, item.stored, stored, doubt, sure, beside, times))
    return len(looked.rows), tuple(found)


def _instead(task: Task[Any], evidence: Evidence, looked: Looked, at: int) -> Any:
    """What is likelier than the answer: what the blend says, or, where classes have cuts, the models' own answer."""
    if task.exclusive:
        return task.from_scores(looked.judged.blend[at].tolist(), looked.class_ids)
    return evidence.guesses[looked.rows[at]]


def look_for_copies(project: Project, task: Task[Any], items: Sequence[LabelledExample]) -> None:
    """Publish near-identical texts with different answers, each with what the other's would be for it."""
    texts, answers = [item.example.text for item in items], [task.decode(item.stored) for item in items]
    carried: dict[tuple[int, int], tuple[Any, Any]] = {}

    def differ(one: int, other: int) -> bool:
        if items[one].stored == items[other].stored:
            return False
        here = task.carried(answers[other], texts[other], texts[one])
        there = task.carried(answers[one], texts[one], texts[other])
        carried[one, other] = here, there
        return here is not None and there is not None and here != answers[one]

    found = []
    for pair in near_copies(texts, differ):
        one, other = items[pair.one], items[pair.other]
        here, there = (task.encode(answer) for answer in carried[pair.one, pair.other])
        found.append(Copies(one.example.id, one.stored, other.example.id, other.stored, pair.alike, here, there))
    suspected.publish_copies(project, found)
