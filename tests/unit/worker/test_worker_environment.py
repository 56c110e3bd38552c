"""What the worker is surrounded by."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.worker.environment import child_environment

MINE = {
    "HF_HUB_OFFLINE": "1",
    "HF_TOKEN": "hf_x",
    "HF_ENDPOINT": "https://mirror.example",
    "HTTPS_PROXY": "http://proxy:3128",
    "CUDA_VISIBLE_DEVICES": "1",
    "PYTHONDONTWRITEBYTECODE": "",
}


def test_what_is_the_users_passes_untouched() -> None:
    env = child_environment(MINE, 2)
    assert {name: env[name] for name in MINE} == MINE
    assert "HF_HUB_OFFLINE" not in child_environment({}, 2)


@pytest.mark.parametrize(("cpus", "threads"), [(1, "1"), (2, "1"), (4, "3")])
def test_where_there_are_few_cores_one_is_left_to_the_terminal(cpus: int, threads: str) -> None:
    env = child_environment({}, cpus)
    assert {env[name] for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")} == {threads}
    assert env["OMP_WAIT_POLICY"] == "PASSIVE"
    assert env["TOKENIZERS_PARALLELISM"] == ("true" if cpus == 4 else "false")


def test_where_there_are_many_cores_the_libraries_decide() -> None:
    env = child_environment({}, 8)
    assert "OMP_NUM_THREADS" not in env
    assert env["TOKENIZERS_PARALLELISM"] == "true"


def test_threads_set_by_the_user_stay() -> None:
    env = child_environment({"OMP_NUM_THREADS": "7", "OMP_WAIT_POLICY": "ACTIVE"}, 2)
    assert (env["OMP_NUM_THREADS"], env["OMP_WAIT_POLICY"]) == ("7", "ACTIVE")


def test_nothing_phones_home_whatever_was_set() -> None:
    env = child_environment({"HF_HUB_DISABLE_TELEMETRY": "0"}, 2)
    assert (env["HF_HUB_DISABLE_TELEMETRY"], env["DO_NOT_TRACK"], env["HF_HUB_DISABLE_PROGRESS_BARS"]) == ("1",) * 3


def test_the_import_path_means_the_same_directories_and_never_the_current_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    env = child_environment({"PYTHONPATH": os.pathsep.join(["", "mine", "/theirs", ""])}, 2)
    assert env["PYTHONPATH"] == os.pathsep.join([str(tmp_path / "mine"), "/theirs"])


def test_a_worker_started_by_a_worker_sinks_no_lower() -> None:
    code = "import os; from core.worker.environment import settle; settle(); settle()\n"
    code += "print(os.getpriority(os.PRIO_PROCESS, 0), os.umask(0), open('/proc/self/oom_score_adj').read())"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert int(said[0]) == max(10, os.getpriority(os.PRIO_PROCESS, 0))
    assert int(said[1]) == 0o077
    assert int(said[2]) >= 500
