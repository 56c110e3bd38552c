"""What the jobs make of an encoder and of labels, where it touches learning."""

import shutil
from pathlib import Path

import pytest

from core.connection import Connection
from core.errors import RefusedError
from core.project import Project
from core.settings import Settings
from core.store import labels
from core.store.labels import Decision
from core.tasks.classify import CLASSIFY, ClassAnswer
from core.training import space
from core.training.space import TOKENIZER
from core.worker.jobs.embed import reading_facts
from core.worker.jobs.round import _freeze

CHINESE = ["退款什么时候到账", "宽带今晚特别慢"]


def label(con: Connection, given: dict[int, int]) -> None:
    decisions = [Decision(i, CLASSIFY.encode(ClassAnswer(c))) for i, c in given.items()]
    labels.decide(con, CLASSIFY, decisions, "me")


@pytest.mark.parametrize("given", [{}, {1: 1, 2: 1}, {1: 1, 2: 2}, {1: 1, 2: 1, 3: 1, 4: 2}])
def test_W6_a_round_whose_folds_could_not_be_learnt_from_is_refused(
    project: Project, con: Connection, given: dict[int, int]
) -> None:
    label(con, given)
    with pytest.raises(RefusedError, match="can't start"):
        _freeze(project, CLASSIFY, None)


def test_two_labels_of_two_classes_each_are_enough(project: Project, con: Connection) -> None:
    label(con, {1: 1, 2: 1, 3: 2, 4: 2, 5: 3})
    assert [item.example.id for item in _freeze(project, CLASSIFY, None).items] == [1, 2, 3, 4, 5]


def test_what_an_encoder_can_not_read_it_can_not_read_after_a_round_either(
    bare_project: Project, own_bert: Path
) -> None:
    base = space.prepare(bare_project, Settings(), "base", own_bert, CHINESE)
    before = reading_facts(base.info, own_bert, CHINESE)
    shutil.copyfile(base.directory / TOKENIZER, own_bert / "tokenizer.json")  # as a round leaves it
    tuned = space.prepare(bare_project, Settings(), "1", own_bert, CHINESE)
    assert reading_facts(tuned.info, own_bert, CHINESE) == before
    assert before["unknown"] == {"CJK": 1.0}
