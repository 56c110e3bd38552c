"""`handful doctor`: what protects a project, and what to do about each finding."""

import json
import os
import pwd
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core import snapshots
from core.project import Project
from core.store.labels import Decision, decide
from core.tasks.classify import CLASSIFY, ClassAnswer
from core.worker import logout
from core.worker import orphans as found_by
from tests.terminal.session import HANDFUL
from tui.commands import doctor


def findings(project: Project) -> dict[str, dict[str, object]]:
    done = subprocess.run([HANDFUL, "doctor", project.root, "--json"], capture_output=True, text=True, check=False)
    return {item["check"]: item for item in json.loads(done.stdout)}


def test_a_project_with_labels_and_no_snapshot_needs_care_until_there_is_one(project: Project) -> None:
    assert findings(project)["snapshot"]["ok"]
    with project.open() as con:
        decide(con, CLASSIFY, [Decision(1, CLASSIFY.encode(ClassAnswer(1)))], "ann")
    said = findings(project)["snapshot"]
    assert not said["ok"]
    assert "handful snapshot" in str(said["found"])
    taken = snapshots.take(project.database)
    said = findings(project)["snapshot"]
    assert said["ok"]
    assert taken.path.name in str(said["found"])
    content = bytearray(taken.path.read_bytes())
    content[5 * 4096 : 9 * 4096] = os.urandom(4 * 4096)
    taken.path.write_bytes(bytes(content))
    assert not findings(project)["snapshot"]["ok"]


def test_a_value_that_is_no_json_is_damage_with_the_way_back(project: Project) -> None:
    with project.open() as con:
        con.execute("INSERT INTO meta(key, value) VALUES ('x', '{half')")
    said = findings(project)["database"]
    assert not said["ok"]
    assert "no JSON" in str(said["found"])
    assert "handful restore" in str(said["found"])


def test_a_worker_whose_project_is_gone_is_an_orphan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found_by, "MODULE", "handful_sleeper")
    (tmp_path / "handful_sleeper.py").write_text("import time\nprint('here', flush=True)\ntime.sleep(60)\n")
    command = [sys.executable, "-m", "handful_sleeper", str(tmp_path / "gone")]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        worker.stdout.readline()
        there = [orphan for orphan in found_by.orphans() if orphan.pid == worker.pid]
        assert [orphan.root for orphan in there] == [tmp_path / "gone"]
        worker.kill()
    time.sleep(0.05)
    assert not [orphan for orphan in found_by.orphans() if orphan.pid == worker.pid]


def test_W4_a_system_that_ends_processes_at_log_out_is_told(tmp_path: Path) -> None:
    etc, linger, systemd = tmp_path / "etc", tmp_path / "linger", tmp_path / "run"
    (etc / "logind.conf.d").mkdir(parents=True)
    linger.mkdir()

    def ends() -> bool:
        return logout.ends_worker((etc,), linger, systemd, "ada")

    (etc / "logind.conf").write_text("[Login]\n#KillUserProcesses=yes\nKillUserProcesses=yes\n")
    assert not ends(), "there is no systemd"
    systemd.mkdir()
    assert ends()
    (linger / "ada").touch()
    assert not ends()
    (linger / "ada").unlink()
    (etc / "logind.conf.d" / "10-own.conf").write_text("[Login]\nKillUserProcesses = no\n")
    assert not ends()


def test_a_project_of_another_account_is_told_with_the_way_to_share_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert doctor._owner(project.root) == ("owner", True, "you")
    owner = pwd.getpwuid(os.getuid()).pw_name
    monkeypatch.setattr(os, "getuid", lambda: project.root.stat().st_uid + 1)
    _name, well, said = doctor._owner(project.root)
    assert not well
    assert f"sudo -u {owner} -i handful {project.root} --as " in said
