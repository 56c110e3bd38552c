import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from core import plugins
from core.connection import Connection
from core.errors import InputError, RefusedError
from core.project import Project
from core.records import Job, JobEvent
from core.store import jobs, models
from core.worker.protocol import JobContext
from exports import job as export_job
from exports.base import ExportRequest
from exports.job import EXPORT
from tests.unit.exports.models_in_use import give_labels, give_model


class Fake:
    """An exporter that makes nothing, and tells what it was asked."""

    name = "fake"

    def __init__(self) -> None:
        self.asked: list[ExportRequest] = []

    def export(self, request: ExportRequest) -> Iterator[JobEvent]:
        self.asked.append(request)
        yield JobEvent("phase", {"name": "load"})
        yield JobEvent("result", {"path": str(request.target), "model": "head", "parity": {}, "size_bytes": 1})


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    made, load = Fake(), plugins.load
    monkeypatch.setattr(
        export_job.plugins, "load", lambda group, name: made if group == plugins.EXPORTERS else load(group, name)
    )
    return made


def run(project: Project, con: Connection, **args: object) -> list[JobEvent]:
    job_id = jobs.enqueue(con, "export", args)
    job = Job(job_id, "export", args, "running", 0.0)
    return list(EXPORT.run(JobContext(project, job, project.settings())))


def test_the_job_and_the_exporter_are_found_by_name() -> None:
    assert plugins.load(plugins.JOBS, "export") is EXPORT
    assert plugins.load(plugins.EXPORTERS, "onnx").name == "onnx"


def test_a_bundle_that_was_made_is_written_down(project: Project, con: Connection, fake: Fake, tmp_path: Path) -> None:
    events = run(project, con, to=str(tmp_path / "out"), force=True)
    assert [event.kind for event in events] == ["phase", "result"]
    ((path, info, _when),) = models.bundles(con)
    assert path == str(tmp_path / "out")
    assert info["model"] == "head"
    assert fake.asked[0].target == tmp_path / "out"
    assert fake.asked[0].force is True


def test_without_a_place_it_goes_into_the_project_under_a_free_name(
    project: Project, con: Connection, fake: Fake
) -> None:
    give_labels(con)
    give_model(project, con)
    seq = models.newest_ranking(con)
    assert seq is not None
    names = []
    for _time in range(3):
        run(project, con)
        names.append(fake.asked[-1].target.name)
        fake.asked[-1].target.mkdir()
    assert names == [f"head-{seq.event_seq}", f"head-{seq.event_seq}-2", f"head-{seq.event_seq}-3"]
    assert fake.asked[0].target.parent == project.bundles
    assert fake.asked[0].force is False


def test_a_relative_place_is_refused_for_the_worker_stands_elsewhere(
    project: Project, con: Connection, fake: Fake
) -> None:
    with pytest.raises(InputError, match="absolute"):
        run(project, con, to="out")
    assert not fake.asked


def test_without_a_model_the_job_is_refused(project: Project, con: Connection, fake: Fake) -> None:
    with pytest.raises(RefusedError, match="no model"):
        run(project, con)
    assert not models.bundles(con)


class FakeEmbed:
    """Stands for the embedding of a pool, and the refit after it."""

    def __init__(self, project: Project, con: Connection) -> None:
        self.project, self.con, self.times = project, con, 0

    def run(self, _context: JobContext) -> Iterator[JobEvent]:
        self.times += 1
        yield JobEvent("phase", {"name": "embed"})
        yield JobEvent("result", {"texts": 15})

    def refresh(self, _project: Project, _con: Connection) -> None:
        give_model(self.project, self.con)


def test_labels_that_came_with_the_texts_become_a_model_before_the_export(
    project: Project, con: Connection, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed = FakeEmbed(project, con)
    load = plugins.load
    monkeypatch.setattr(
        export_job.plugins, "load", lambda group, name: embed if group == plugins.JOBS else load(group, name)
    )
    monkeypatch.setitem(sys.modules, "core.worker.learners", SimpleNamespace(refresh=embed.refresh))
    with pytest.raises(RefusedError):
        run(project, con)
    assert embed.times == 0, "without labels there is nothing to make a model of"
    give_labels(con)
    events = run(project, con)
    assert [(event.kind, event.payload.get("name")) for event in events] == [
        ("phase", "embed"),
        ("phase", "load"),
        ("result", None),
    ]
    run(project, con)
    assert embed.times == 1
