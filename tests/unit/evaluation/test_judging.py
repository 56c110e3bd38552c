"""The texts that the screens show behind a number are exactly those that were counted."""

from collections import Counter

from core import judged
from core.connection import Connection
from core.project import Project
from core.records import Source
from core.settings import Settings
from core.store import classes, examples, labels, models
from core.store.labels import Decision
from core.tasks.classify import CLASSIFY, ClassAnswer
from core.training.classify import CLASSIFY_TRAINER
from core.worker.judging import Judge

GIVEN = {1: 1, 2: 1, 3: 2, 4: 2, 5: 3}
GUESSED = [1, 2, 2, 2, None]


def label(con: Connection) -> None:
    given = [Decision(i, CLASSIFY.encode(ClassAnswer(c))) for i, c in GIVEN.items()]
    labels.decide(con, CLASSIFY, given, "me")


def test_the_texts_kept_of_an_evaluation_add_up_to_its_counts(project: Project, con: Connection) -> None:
    label(con)
    items = examples.labelled(con)
    golds = [CLASSIFY.decode(item.stored) for item in items]
    judge = Judge(project, con, CLASSIFY, CLASSIFY_TRAINER, Settings(), "head", 7)
    judge.own_labels(items, golds, [g if g is None else ClassAnswer(g) for g in GUESSED])
    judge.test(items, golds, golds)
    sources: list[Source] = ["out-of-fold", "test"]
    for source in sources:
        found = judged.load(project, "head", source)
        assert found is not None
        assert found.event_seq == 7
        counts: Counter[object] = Counter()
        for text in found.texts:
            counts.update(CLASSIFY.compare(CLASSIFY.decode(text.gold), CLASSIFY.decode(text.predicted)))
        stored = models.newest_evaluation(con, "head", source)
        assert stored is not None
        assert dict(counts) == dict(stored.counts[""])
    assert [text.example_id for text in judged.disagreeing(project, "head")] == [2]
    assert judged.load(project, "head", "audit") is None


def test_answers_of_an_archived_class_are_not_learnt_from(con: Connection) -> None:
    label(con)
    classes.archive(con, 1, "me")
    assert [item.example.id for item in examples.labelled(con, learnable=True)] == [3, 4, 5]
