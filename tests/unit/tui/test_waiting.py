"""Waiting for the ranking, with a worker that is played."""

from collections.abc import Callable, Iterator

import pytest

from core import queue, settings
from core.connection import Connection, transaction
from core.errors import HandfulError, InputError, RefusedError
from core.project import Project
from core.records import JobEvent
from core.store import jobs, labels, meta, models
from core.store.labels import Decision
from core.tasks.classify import ClassAnswer, Classify
from core.worker import launch
from tui import waiting
from tui.waiting import wait_for_ranking, wake

Play = Callable[[], object]


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Play]]:
    """Each look for a worker plays the next scene; without scenes nobody may look."""
    scenes: list[Play] = []
    monkeypatch.setattr(launch, "ensure_running", lambda _project: scenes.pop(0)())
    yield scenes
    assert scenes == []


def rank(project: Project, con: Connection) -> int:
    shape = queue.shape(project.settings())
    return models.add_ranking(con, "000001", labels.last_seq(con), {"encoder": "base", "shape": shape})


def end_embedding(con: Connection, state: str) -> int:
    """An embedding job that came to its end."""
    number = jobs.enqueue(con, "embed", {"key": "base|x|256"})
    jobs.claim(con, "me")
    error = {"title": "No encoder.", "what": "x", "hint": "Name another."}
    jobs.finish(con, number, state, error=error if state == "failed" else None)  # type: ignore[arg-type]
    return number


def test_a_fresh_ranking_is_not_waited_for(project: Project, con: Connection, worker: list[Play]) -> None:
    rank(project, con)
    wait_for_ranking(project, con)


def test_it_waits_until_the_newest_decision_is_in(
    project: Project, con: Connection, task: Classify, worker: list[Play]
) -> None:
    rank(project, con)
    labels.decide(con, task, [Decision(1, task.encode(ClassAnswer(1)))], "ada")
    worker += [lambda: None, lambda: rank(project, con)]
    wait_for_ranking(project, con)


def test_it_waits_for_the_encoder_of_a_round_that_was_kept(
    project: Project, con: Connection, worker: list[Play]
) -> None:
    rank(project, con)
    models.use_encoder(con, "1", "better")
    worker += [
        lambda: models.add_ranking(
            con, "000002", labels.last_seq(con), {"encoder": "1", "shape": queue.shape(project.settings())}
        )
    ]
    wait_for_ranking(project, con)


def test_it_waits_for_a_ranking_made_with_the_options_as_they_are(
    project: Project, con: Connection, worker: list[Play]
) -> None:
    rank(project, con)
    settings.save(project.root, settings.changed(project.settings(), "strategy", "random"))
    worker += [lambda: rank(project, con)]
    wait_for_ranking(project, con)


def test_metrics_wait_until_the_model_is_judged(project: Project, con: Connection, worker: list[Play]) -> None:
    number = rank(project, con)

    def judge() -> None:
        with transaction(con):
            meta.put(con, models.JUDGED, number)

    wait_for_ranking(project, con)
    worker += [lambda: None, judge]
    wait_for_ranking(project, con, judged=True)


def test_an_embedding_that_fails_meanwhile_is_told_in_its_own_words(
    project: Project, con: Connection, worker: list[Play]
) -> None:
    worker += [lambda: None, lambda: end_embedding(con, "failed")]
    with pytest.raises(InputError) as caught:
        wait_for_ranking(project, con)
    assert (caught.value.title, caught.value.what, caught.value.hint) == ("No encoder.", "x", "Name another.")


def test_an_embedding_that_is_cancelled_meanwhile_is_told(
    project: Project, con: Connection, worker: list[Play]
) -> None:
    worker += [lambda: end_embedding(con, "cancelled")]
    with pytest.raises(RefusedError, match="cancelled"):
        wait_for_ranking(project, con)


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_an_embedding_that_was_given_up_before_is_tried_once_more(
    project: Project, con: Connection, worker: list[Play], state: str
) -> None:
    old = end_embedding(con, state)

    def succeed() -> None:
        job = jobs.claim(con, "me")
        assert job is not None
        assert job.id > old
        jobs.finish(con, job.id, "done")
        rank(project, con)

    worker += [lambda: None, succeed]
    wait_for_ranking(project, con)


def test_it_gives_up_after_a_while_and_says_so(
    project: Project, con: Connection, worker: list[Play], capsys: pytest.CaptureFixture[str]
) -> None:
    worker += [lambda: None]
    wait_for_ranking(project, con, limit=-1.0)
    assert "not ready" in capsys.readouterr().err


def test_how_far_the_embedding_is_can_be_told(project: Project, con: Connection) -> None:
    story = waiting._Story(con)
    number = jobs.enqueue(con, "embed")
    assert story.said(jobs.get(con, number)) == "waiting for the ranking …"
    jobs.claim(con, "me")
    assert story.said(jobs.get(con, number)) == "preparing the encoder …"
    jobs.add_event(con, number, JobEvent("progress", {"what": "embed", "done": 5, "total": 12}))
    assert story.said(jobs.get(con, number)) == "embed: 5 of 12"
    assert story.said(jobs.get(con, number)) == "embed: 5 of 12"


def test_a_worker_that_cannot_be_started_is_said_and_nothing_raised(
    project: Project, worker: list[Play], capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise HandfulError("The worker can't be started.", "why", "See the log.")

    worker += [fail]
    wake(project)
    assert capsys.readouterr().err == "It is saved, but: The worker can't be started.\n  why\n  See the log.\n"
