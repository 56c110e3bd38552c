"""What `clean` may remove: never what is in use, the last round, labels, bundles, or what a job works with."""

import os
import shutil
from pathlib import Path

import pytest

from core import cleaning
from core.connection import Connection
from core.project import Project
from core.store import jobs, meta, models


def fill(directory: Path, size: int = 100) -> Path:
    (directory / "encoder").mkdir(parents=True)
    (directory / "encoder" / "model.safetensors").write_bytes(b"x" * size)
    (directory / "round.json").write_bytes(b"{}")
    return directory


@pytest.fixture
def full(project: Project, con: Connection) -> Project:
    """Rounds 1 to 4 of which 2 is in use, scratch of ended ones, three feature spaces, a bundle."""
    for number in range(1, 5):
        fill(project.rounds / f"{number:03d}")
    for name in ("work-7", "work-8"):
        fill(project.rounds / name)
    for name in ("old", "ranked", "in-force"):
        fill(project.embeddings / name)
    fill(project.bundles / "mine")
    fill(project.scores / "000001")
    models.use_encoder(con, "2", "better")
    meta.put(con, "space", "in-force")
    models.add_ranking(con, "000001", 1, {"space": "ranked"})
    return project


def found(project: Project, con: Connection) -> set[tuple[str, str]]:
    return {(left.path.name, left.why) for left in cleaning.leftovers(project, con)}


def test_what_is_in_use_and_the_last_round_stay(full: Project, con: Connection) -> None:
    assert found(full, con) == {
        ("001", "checkpoint"),
        ("003", "checkpoint"),
        ("work-7", "scratch"),
        ("work-8", "scratch"),
        ("old", "features"),
    }


def test_with_the_base_encoder_only_the_last_round_stays(full: Project, con: Connection) -> None:
    models.use_encoder(con, models.BASE, "")
    assert {name for name, why in found(full, con) if why == "checkpoint"} == {"001", "002", "003"}


@pytest.mark.parametrize("kind", ["round", "embed"])
@pytest.mark.parametrize("state", ["queued", "running", "interrupted"])
def test_what_a_job_may_be_working_with_stays(kind: str, state: str, full: Project, con: Connection) -> None:
    jobs.enqueue(con, kind)
    if state != "queued":
        jobs.claim(con, "w")
    if state == "interrupted":
        jobs.recover(con)
    assert {why for _name, why in found(full, con)} == {"checkpoint"}


def test_a_job_that_is_over_or_of_another_kind_holds_nothing_back(full: Project, con: Connection) -> None:
    jobs.request_cancel(con, jobs.enqueue(con, "round"))
    jobs.enqueue(con, "export")
    assert {why for _name, why in found(full, con)} == {"checkpoint", "scratch", "features"}


def test_sizes_are_said_first_and_what_is_removed_is_what_was_shown(full: Project, con: Connection) -> None:
    shown = cleaning.leftovers(full, con)
    assert {left.size for left in shown} == {102}
    assert cleaning.remove(shown) == 102 * 5
    assert cleaning.leftovers(full, con) == []
    assert sorted(p.name for p in full.rounds.iterdir()) == ["002", "004"]
    assert sorted(p.name for p in full.embeddings.iterdir()) == ["in-force", "ranked"]
    assert (full.bundles / "mine" / "round.json").exists()
    assert (full.scores / "000001" / "round.json").exists()
    assert full.database.exists()


def test_sizes_do_not_follow_links(project: Project, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * 10_000)
    directory = fill(project.rounds / "001")
    (directory / "link").symlink_to(tmp_path / "big")
    (directory / "up").symlink_to(tmp_path)
    assert cleaning.tree_size(directory) == 102


def test_M9_what_lies_behind_a_link_is_not_removed(project: Project, con: Connection, tmp_path: Path) -> None:
    outside = fill(tmp_path / "outside")
    fill(project.rounds / "002")
    (project.rounds / "001").symlink_to(outside)
    (project.embeddings / "old").symlink_to(outside)
    cleaning.remove(cleaning.leftovers(project, con))
    assert (outside / "round.json").exists()
    assert [p.name for p in project.rounds.iterdir()] == ["002"]
    assert list(project.embeddings.iterdir()) == []


def test_a_project_with_nothing_in_it_has_nothing_to_clean(project: Project, con: Connection) -> None:
    assert cleaning.leftovers(project, con) == []
    for directory in (project.rounds, project.embeddings):
        shutil.rmtree(directory)
    assert cleaning.leftovers(project, con) == []
    (project.rounds).mkdir()
    (project.rounds / "notes.txt").write_text("mine")
    os.mkdir(project.rounds / "keep me")  # noqa: PTH102
    assert cleaning.leftovers(project, con) == []
