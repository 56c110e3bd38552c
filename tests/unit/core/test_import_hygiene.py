"""What a person feels as a quick start: the terminal's process never loads what only the worker needs."""

import json
import subprocess
import sys

import pytest

from core.project import Project

WORKER_ONLY = ("torch", "transformers", "datasets", "sklearn", "pandas", "onnxruntime")
"""Never in a terminal process."""
NOT_BEFORE_NEEDED = (
    *WORKER_ONLY,
    "numpy",
    "scipy",
    "sqlite_utils",
    "textual",
    "rich",
    "tokenizers",
    "onnx",
    "safetensors",
)
"""Not for a command that only reads a little."""

RUN = """
import json, sys
sys.argv[0] = "handful"
from tui.cli import main
try:
    main()
except SystemExit as end:
    code = end.code
print(json.dumps([code, sorted({name.split(".")[0] for name in sys.modules})]), file=sys.stderr)
"""

LOAD_ALL = """
import json, sys
import click
from tui.cli import cli
from tui.commands import COMMANDS
for entry in COMMANDS:
    command = cli.get_command(click.Context(cli), entry.name)
    command.get_help(click.Context(command, info_name=entry.name))
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})), file=sys.stderr)
"""


def run(code: str, *args: str) -> tuple[str, str]:
    done = subprocess.run([sys.executable, "-P", "-c", code, *args], capture_output=True, text=True, check=False)
    return done.stdout, done.stderr


@pytest.mark.parametrize(
    "args",
    [
        ["--help"],
        ["--version"],
        ["status", "DIR"],
        ["status", "DIR", "--json"],
        ["completion", "bash"],
        ["config", "DIR"],
        ["jobs", "DIR"],
        ["undo", "DIR"],
        ["next", "DIR", "--no-wait"],
        ["metrics", "DIR"],
        ["status", "DIR/nowhere"],
    ],
    ids=" ".join,
)
def test_a_light_command_loads_nothing_heavy(args: list[str], project: Project) -> None:
    _out, err = run(RUN, *(arg.replace("DIR", str(project.root)) for arg in args))
    code, modules = json.loads(err.splitlines()[-1])
    assert code in ((2,) if "nowhere" in args[-1] else (0, 3)), err
    assert set(NOT_BEFORE_NEEDED) & set(modules) == set()


def test_no_command_at_all_loads_what_only_the_worker_needs() -> None:
    """All commands are imported and say their help in one process."""
    _out, err = run(LOAD_ALL)
    assert set(WORKER_ONLY) & set(json.loads(err.splitlines()[-1])) == set()


@pytest.mark.parametrize("module", ["core.records", "core.errors"])
def test_records_and_errors_need_the_standard_library_alone(module: str) -> None:
    _out, err = run(
        f"import json, sys; before = set(sys.modules); import {module};"
        "new = {n.split('.')[0] for n in set(sys.modules) - before} - set(sys.stdlib_module_names);"
        "print(json.dumps(sorted(new)), file=sys.stderr)"
    )
    assert json.loads(err) == ["core"]
