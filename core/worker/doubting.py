"""Looking for labels that are wrong, behind each judgement of a model: files that the terminal reads."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import suspected
from core.evaluation import suspects
from core.evaluation.copies import near_copies
from core.project import Project
from core.records import LabelledExample
from core.suspected import Checked, Copies, Doubted
from core.tasks.base import Task
from core.worker.judging import Scored

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


def doubted(task: Task[Any], evidence: Evidence) -> tuple[int, tuple[Doubted, ...]] | None:
    """(how many answers were judged, those that are worth a look); None if none was judged."""
    items, answers, scored = evidence.items, evidence.answers, evidence.scored
    rows = [row for row, _head, _scores in scored]
    ids = sorted({c for _row, head, _s in scored for c in head.class_ids} | _classes(task, [answers[r] for r in rows]))
    if not rows or not ids:
        return None
    place = {class_id: column for column, class_id in enumerate(ids)}
    given, head_says = np.zeros((len(rows), len(ids)), np.bool_), np.zeros((len(rows), len(ids)))
    for at, (row, head, scores) in enumerate(scored):
        given[at, [place[c] for c in task.classes_of(answers[row])]] = True
        head_says[at, [place[c] for c in head.class_ids]] = scores
    known = np.asarray(evidence.features[np.array(rows, np.int64)], np.float32)
    judged = suspects.judge(given, head_says, known, exclusive=task.exclusive)
    same: defaultdict[str, list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        same[items[row].stored].append(at)
    found = []
    for at in suspects.likeliest_wrong(judged, len(rows)):
        row = rows[at]
        instead = task.from_scores(judged.blend[at].tolist(), ids) if task.exclusive else evidence.guesses[row]
        if instead is None or instead == answers[row]:
            continue
        stored = task.encode(instead)
        near = suspects.nearest_with(known, at, same[stored])
        item, beside = items[row], 0 if near is None else items[rows[near]].example.id
        doubt = round(float(judged.doubt[at]), 4)
        found.append(Doubted(item.example.id, item.stored, stored, doubt, bool(judged.confident[at]), beside))
        if len(found) >= max(LEAST, SHARE * len(rows)):
            break
    return len(rows), tuple(found)


def look_for_copies(project: Project, items: Sequence[LabelledExample]) -> None:
    """Publish near-identical texts with different answers."""
    texts, stored = [item.example.text for item in items], [item.stored for item in items]
    pairs = near_copies(texts, lambda one, other: stored[one] != stored[other])
    suspected.publish_copies(
        project,
        [
            Copies(items[p.one].example.id, stored[p.one], items[p.other].example.id, stored[p.other], p.alike)
            for p in pairs
        ],
    )


def _classes(task: Task[Any], answers: Sequence[Any]) -> set[int]:
    return {class_id for answer in answers for class_id in task.classes_of(answer)}
