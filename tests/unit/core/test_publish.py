"""What is published is whole at every moment, private, and never follows a link; children are killed to see it."""

import errno
import os
import random
import resource
import shutil
import signal
import stat
import sys
import time
from pathlib import Path

import pytest

from core import publish
from core.publish import make_dir, publish_dir, publish_file, recover
from tests.children import exit_code, in_child

FILES = 3
ACTS = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.chmod", "open", "shutil.rmtree"}
"""Audit events of everything that changes the disk."""


def publish_generation(target: Path, generation: int) -> None:
    """A directory whose every file tells the same number."""
    with publish_dir(target) as stage:
        (stage / "sub").mkdir()
        for n in range(FILES):
            (stage / "sub" / f"{n}.txt").write_text(f"{generation}\n" * 200)
        publish_file(stage / "story.json", str(generation).encode())


def assert_whole(directory: Path) -> int:
    generation = (directory / "story.json").read_text()
    assert len(list((directory / "sub").iterdir())) == FILES
    for path in (directory / "sub").iterdir():
        assert path.read_text() == f"{generation}\n" * 200
    return int(generation)


def test_M1_a_kill_at_a_random_moment_never_shows_half_of_anything(tmp_path: Path) -> None:
    target, file = tmp_path / "007", tmp_path / "state.json"
    publish_generation(target, 0)
    publish_file(file, b"0" * 5000)
    chance = random.Random(20)

    def work() -> None:
        for generation in range(1, 10_000):
            publish_generation(target, generation)
            publish_file(file, str(generation % 10).encode() * 5000)

    for _kill in range(20):
        pid = in_child(work)
        time.sleep(chance.uniform(0.002, 0.06))
        os.kill(pid, signal.SIGKILL)
        assert exit_code(pid) == -signal.SIGKILL
        seen = [p for p in (target, tmp_path / ".old-007") if p.exists()]
        assert seen
        for directory in seen:
            assert_whole(directory)
        assert len(set(file.read_bytes())) == 1
        assert file.stat().st_size == 5000
        recover(tmp_path)
        assert sorted(p.name for p in tmp_path.iterdir()) == ["007", "state.json"]
        assert_whole(target)


@pytest.mark.parametrize("replaces", [False, True])
def test_M1_an_end_at_each_single_step_leaves_old_or_new(replaces: bool, tmp_path: Path) -> None:
    for step in range(1, 200):
        parent = tmp_path / f"step{step}"
        parent.mkdir()
        target = parent / "007"
        if replaces:
            publish_generation(target, 1)

        def work(step: int = step, target: Path = target) -> None:
            left = step

            def end_there(event: str, _args: object) -> None:
                nonlocal left
                if event in ACTS:
                    left -= 1
                    if left == 0:
                        os._exit(9)

            sys.addaudithook(end_there)
            publish_generation(target, 2)

        code = exit_code(in_child(work))
        recover(parent)
        if target.exists():
            assert assert_whole(target) in ((1, 2) if replaces else (2,))
        else:
            assert not replaces
        assert [p.name for p in parent.iterdir()] == ([target.name] if target.exists() else [])
        if code == 0:
            assert assert_whole(target) == 2
            assert step > 10
            return
        assert code == 9
    pytest.fail("it never came to its end")


def test_M1_an_orphan_that_was_half_removed_never_comes_back(tmp_path: Path) -> None:
    """The replaced directory goes out of sight before it is taken apart: `recover` can't mistake half of it."""
    target = tmp_path / "007"
    publish_generation(target, 1)

    def work() -> None:
        def end_there(event: str, _args: object) -> None:
            if event == "os.remove":
                os._exit(9)

        sys.addaudithook(end_there)
        publish_generation(target, 2)

    assert exit_code(in_child(work)) == 9
    shutil.rmtree(target)
    recover(tmp_path)
    assert not target.exists()


def test_an_error_in_the_block_leaves_the_old_directory(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b"
    publish_generation(target, 1)
    with pytest.raises(KeyboardInterrupt), publish_dir(target) as stage:  # noqa: PT012
        (stage / "half").write_text("x")
        raise KeyboardInterrupt
    assert assert_whole(target) == 1
    assert [p.name for p in target.parent.iterdir()] == ["b"]


def test_an_error_in_the_swap_puts_the_old_directory_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "007"
    publish_generation(target, 1)
    rename = Path.rename

    def failing(path: Path, to: Path) -> Path:
        if path.name.startswith(".stage-007") and to == target:
            raise OSError(errno.ENOSPC, "No space left on device")
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="No space"):
        publish_generation(target, 2)
    assert assert_whole(target) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["007"]


def test_a_file_that_does_not_fit_on_the_disk_leaves_the_old_one(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    publish_file(file, b"old")

    def work() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        try:
            publish_file(file, b"x" * 100_000)
        except OSError:
            return
        os._exit(5)

    assert exit_code(in_child(work)) == 0
    assert file.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["state.json"]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_S1_whatever_the_umask_files_are_0600_and_directories_0700(umask: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        make_dir(tmp_path / "made" / "deep")
        with publish_dir(tmp_path / "parents" / "too" / "007") as stage:
            os.umask(umask & 0o077)  # what writes into the stage must be able to
            (stage / "sub" / "deeper").mkdir(parents=True)
            (stage / "sub" / "loose").write_text("x")
            (stage / "sub" / "loose").chmod(0o666)
            os.umask(umask)
        publish_file(tmp_path / "state.json", b"x")
    finally:
        os.umask(before)
    for path in tmp_path.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_making_a_directory_leaves_those_that_exist_as_they_are(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    make_dir(shared / "mine")
    assert stat.S_IMODE(shared.stat().st_mode) == 0o755
    assert stat.S_IMODE((shared / "mine").stat().st_mode) == 0o700


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A directory that is none of our business."""
    directory = tmp_path / "outside"
    directory.mkdir()
    directory.chmod(0o755)
    (directory / "file").write_text("mine")
    (directory / "file").chmod(0o644)
    return directory


def assert_untouched(outside: Path) -> None:
    assert stat.S_IMODE(outside.stat().st_mode) == 0o755
    assert stat.S_IMODE((outside / "file").stat().st_mode) == 0o644
    assert (outside / "file").read_text() == "mine"
    assert [p.name for p in outside.iterdir()] == ["file"]


def test_M9_links_are_replaced_and_never_followed(outside: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "007").symlink_to(outside)
    (work / "state.json").symlink_to(outside / "file")
    (work / "dangling").symlink_to(outside / "nowhere")
    publish_generation(work / "007", 1)
    publish_generation(work / "dangling", 1)
    publish_file(work / "state.json", b"new")
    assert assert_whole(work / "007") == 1
    assert not (work / "007").is_symlink()
    assert (work / "state.json").read_bytes() == b"new"
    assert_untouched(outside)
    assert sorted(p.name for p in work.iterdir()) == ["007", "dangling", "state.json"]


def test_M9_links_inside_a_stage_do_not_lead_the_seal_out_of_it(outside: Path, tmp_path: Path) -> None:
    with publish_dir(tmp_path / "007") as stage:
        (stage / "file").symlink_to(outside / "file")
        (stage / "directory").symlink_to(outside)
        (stage / "dangling").symlink_to(outside / "nowhere")
    assert_untouched(outside)


def test_M9_recovery_removes_links_and_not_what_they_lead_to(outside: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / ".stage-link").symlink_to(outside)
    (work / ".old-007").symlink_to(outside)
    (work / "007").mkdir()
    recover(work)
    assert [p.name for p in work.iterdir()] == ["007"]
    assert_untouched(outside)


def test_recovery_for_one_name_leaves_what_belongs_to_others(tmp_path: Path) -> None:
    for mine in (".stage-007-12345678", ".old-007", ".stage-.old-007-12345678"):
        publish_generation(tmp_path / mine, 1)
    theirs = {".stage-0077-12345678", ".stage-mine", ".old-mine", ".stage-00-12345678", "file"}
    for name in theirs:
        (tmp_path / name).mkdir()
    recover(tmp_path, "007")
    assert {p.name for p in tmp_path.iterdir()} == theirs | {"007"}
    assert assert_whole(tmp_path / "007") == 1


def test_recovery_without_anything_to_recover_is_fine(tmp_path: Path) -> None:
    recover(tmp_path / "missing")
    (tmp_path / "file").touch()
    recover(tmp_path / "file")
    recover(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_file_in_the_way_of_a_directory_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "007").write_text("in the way")
    publish_generation(tmp_path / "007", 1)
    assert [p.name for p in tmp_path.iterdir()] == ["007"]


def test_names_as_long_as_the_file_system_allows_can_be_published(tmp_path: Path) -> None:
    publish_file(tmp_path / ("x" * 255), b"x")
    publish_file(tmp_path / ("字" * 85), b"x")
    publish_generation(tmp_path / ("d" * 250), 1)
    publish_generation(tmp_path / ("d" * 250), 2)
    assert len(list(tmp_path.iterdir())) == 3


def test_content_is_on_the_disk_before_its_name_is_and_the_name_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acts: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def recorded_fsync(fd: int) -> None:
        acts.append("sync " + ("directory" if stat.S_ISDIR(os.fstat(fd).st_mode) else "file"))
        fsync(fd)

    def recorded_rename(path: Path, to: Path) -> Path:
        acts.append("rename")
        return rename(path, to)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(Path, "rename", recorded_rename)
    publish_file(tmp_path / "a", b"x")
    assert acts == ["sync file", "rename", "sync directory"]
    acts.clear()
    with publish_dir(tmp_path / "d") as stage:
        (stage / "one").write_text("1")
    assert acts == ["sync file", "sync directory", "rename", "sync directory"]


def test_D8_sealing_opens_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing any descriptor of a database file would drop the locks this process holds on it."""
    opened: list[Path] = []
    monkeypatch.setattr(publish, "fsync_path", opened.append)
    with publish_dir(tmp_path / "project") as stage:
        (stage / "labels.db").touch(0o644)
        (stage / "handful.toml").touch()
    assert {p.name for p in opened} >= {"handful.toml"}
    assert "labels.db" not in {p.name for p in opened}
    assert stat.S_IMODE((tmp_path / "project" / "labels.db").stat().st_mode) == 0o600
