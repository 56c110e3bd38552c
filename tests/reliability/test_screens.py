"""U7, L6, T13, C4 and others: what keys, full disks and a second terminal do."""

import base64
import re
import subprocess
from pathlib import Path

import pytest

from core.project import Project
from core.store import labels, meta
from core.store.labels import Decision, decide
from core.tasks.classify import CLASSIFY, ClassAnswer
from tests.folding import assert_folded
from tests.reliability.conftest import Open, weakened
from tests.terminal.session import HANDFUL, TerminalSession
from tests.terminal.test_promises import answered, ready, shown_id
from tests.worker.living import wait_until
from tui import keymap, screens

# U7


def counted(project: Project) -> dict[str, int]:
    """Rows of everything that must not go."""
    with project.open(readonly=True) as con:
        tables = ("examples", "events", "classes", "jobs", "rounds", "bundles")
        return {name: con.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}


@pytest.mark.slow
def test_U7_no_key_pressed_once_on_any_screen_takes_anything_away(quiet_app: Open, project: Project) -> None:
    with project.open() as con:
        decide(con, CLASSIFY, [Decision(n, CLASSIFY.encode(ClassAnswer(1))) for n in (1, 2, 3)], "ada")
    files = {path for path in project.root.rglob("*") if path.is_file()}
    before = counted(project)
    for entry in screens.SCREENS:
        session = quiet_app()
        ready(session)
        session.press("ctrl+o", entry.key)
        leaving = {"ctrl+q", "ctrl+z"}
        for key in (*(k for k in keymap.of(entry.id)), *keymap.of(keymap.APP)):
            for pressed in key.pressed({}):
                if pressed in leaving or (len(pressed) > 1 and not re.fullmatch(r"ctrl\\+[a-z]", pressed)):
                    continue
                session.press(pressed)
                session.press("escape")
                if session.process.poll() is not None:
                    break
        session.process.kill()
        session.process.wait()
    after = counted(project)
    assert all(after[name] >= n for name, n in before.items()), (before, after)
    gone = {path for path in files if not path.exists() and not path.name.endswith(("-wal", "-shm"))}
    assert not gone
    with project.open() as con:
        assert_folded(con)


# L6


FULL = """
mount -t tmpfs -o size=2m none "$2" && cp -r "$1" "$2/project" || exit 9
dd if=/dev/zero of="$2/fill" bs=4k 2>/dev/null
cd "$2" && shift 2 && exec "$@"
"""


def on_a_full_disk(project: Project, mount: Path, *command: object) -> list[str]:
    """The command, run where `project` lies on a small disk without a free byte that nobody else sees."""
    mount.mkdir(exist_ok=True)
    words = [str(word) for word in (project.root, mount, *command)]
    return ["unshare", "-Urm", "sh", "-c", FULL, "sh", *words]


def test_L6_on_a_full_disk_one_can_open_look_and_write_elsewhere(project: Project, tmp_path: Path) -> None:
    with project.open() as con:
        decide(con, CLASSIFY, [Decision(1, CLASSIFY.encode(ClassAnswer(1)))], "ada")
    mount, out = tmp_path / "disk", tmp_path / "out.jsonl"
    home = {"XDG_CONFIG_HOME": str(tmp_path / "c"), "XDG_STATE_HOME": str(tmp_path / "s")}
    command = on_a_full_disk(project, mount, *weakened("no_worker", "open", "project", "--as", "ada"))
    with TerminalSession(command, env=home) as session:
        ready(session)
        session.send(b"1")
        session.wait_for("can't be written")
        session.press("ctrl+o", "d")
        session.wait_for("12 texts")
        session.send(b"/router")
        session.wait_for("router blinks red")
        assert session.process.poll() is None
    for words in (("status", "project"), ("labels", "project", "--to", out), ("doctor", "project")):
        done = subprocess.run(
            on_a_full_disk(project, mount, HANDFUL, *words), capture_output=True, text=True, check=False, timeout=60
        )
        assert "Traceback" not in done.stderr
        assert done.returncode == 0 or words[0] == "doctor", (words, done.stderr)
    assert "refund" in out.read_text("utf-8")


# T13


@pytest.mark.slow
def test_T13_the_clipboard_is_never_written_without_being_asked(quiet_app: Open) -> None:
    session = quiet_app()
    ready(session)
    session.press("1", "2", "u", "s", "f", "n", "escape")
    for entry in screens.SCREENS:
        session.press("ctrl+o", entry.key)
    assert b"\x1b]52" not in session.written
    assert base64.b64encode(b"Where is my refund?") not in session.written


# C4


def test_C4_two_terminals_of_one_person_agree_and_undo_takes_back_the_last_act(
    quiet_app: Open, project: Project
) -> None:
    first, second = quiet_app(), quiet_app()
    ready(first)
    ready(second)
    first.press("1")
    done = answered(project)
    assert len(done) == 1
    second.wait_for("1 labelled", 2)
    second.press("u")
    wait_until(lambda: answered(project) == [], 2)
    assert shown_id(second.wait_for("taken back")) == done[0]
    with project.open(readonly=True) as con:
        assert meta.counters(con).get("pool.answered", 0) == 0
        assert_folded(con)


# U6


def test_U6_what_a_reboot_cut_off_is_told_and_taken_up_again(project: Project) -> None:
    from core.store import jobs

    with project.open() as con:
        jobs.enqueue(con, "round")
        assert jobs.claim(con, "4711@another-boot") is not None
    done = subprocess.run([HANDFUL, "jobs", project.root], capture_output=True, text=True, check=True)
    assert "interrupted" in done.stdout
    with project.open() as con:
        assert labels.last_seq(con) >= 0
        assert jobs.recover(con) == [1]
        assert jobs.claim(con, "next") is not None
