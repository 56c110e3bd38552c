"""The head in use may learn from texts without a label, and a round has to be no worse than that one."""

from typing import Any

import numpy as np
import pytest

from core import settings
from core.project import Project
from core.simulation import making, working
from core.store import models
from core.training import head as heads
from core.training.classify import ClassifyTrainer
from core.training.recipe import HeadRecipe
from core.worker.learner import refresh
from core.worker.verdict import Incumbent, Verdict
from tests.e2e.conftest import TEXTS, gold
from tests.unit.worker.conftest import Answer


def test_the_option_allows_it_and_a_round_is_held_against_it(
    mail: Project, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    against: list[Incumbent | None] = []

    def choose(trainer: ClassifyTrainer, _features: object, answers: Any, _folds: object) -> HeadRecipe:
        return HeadRecipe(n_labels=len(answers), unlabelled="propagated" if trainer.pool is not None else "")

    def decide(*asked: Any) -> Verdict:
        against.append(asked[4])
        return Verdict(False, "not kept", {})

    monkeypatch.setattr(ClassifyTrainer, "choose", choose)
    monkeypatch.setattr("core.worker.contest.decide", decide)
    making.list_classes(mail, sorted({gold(text) for text in TEXTS}))
    found = {}
    with mail.open() as con:
        list(working.run(mail, con, "embed"))
        answer(mail, range(1, 25), None)
        for allowed in ("true", "false"):
            settings.save(mail.root, settings.changed(mail.settings(), "draw_on_pool", allowed))
            refresh(mail, con)
            ranking = models.newest_ranking(con)
            assert ranking is not None
            found[allowed] = (ranking.info["recipe"]["unlabelled"], heads.load(mail.scores / ranking.directory).weight)
            list(working.run(mail, con, "round"))
    assert (found["true"][0], found["false"][0]) == ("propagated", "")
    assert not np.array_equal(found["true"][1], found["false"][1])
    held, nothing = against
    assert held is not None
    assert held.name == "the head in use"
    assert len(held.rows) == 24
    assert 0 < held.right <= 24
    assert nothing is None
