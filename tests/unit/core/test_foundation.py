"""The small parts everything stands on: errors, plug-ins, clock, translation, records, and who opens the database."""

import json
import subprocess
import sys
import time
from dataclasses import FrozenInstanceError, fields, is_dataclass
from pathlib import Path

import pytest

from core import clock, i18n, plugins, records
from core.errors import CancelledError, HandfulError, InputError, RefusedError
from core.project import Project

GROUPS = (plugins.TASKS, plugins.STRATEGIES, plugins.TRAINERS, plugins.ENCODERS, plugins.JOBS, plugins.EXPORTERS)


def test_an_error_is_a_title_a_finding_and_a_way_out() -> None:
    error = InputError("No file.", "a.csv, line 7", "Check the path.")
    assert (error.title, error.what, error.hint) == ("No file.", "a.csv, line 7", "Check the path.")
    assert str(error) == "No file.\na.csv, line 7\nCheck the path."
    assert str(RefusedError("Too early.")) == "Too early."
    assert str(RefusedError("Too early.", hint="Wait.")) == "Too early.\nWait."


def test_each_kind_of_error_has_the_exit_code_that_is_documented() -> None:
    codes = {kind: kind.exit_code for kind in (HandfulError, InputError, RefusedError, CancelledError)}
    assert codes == {HandfulError: 1, InputError: 2, RefusedError: 3, CancelledError: 3}


@pytest.mark.parametrize("group", GROUPS)
def test_a_name_that_no_package_declares_is_answered_with_those_that_are(group: str) -> None:
    assert plugins.names(group) == sorted(plugins.names(group)) != []
    with pytest.raises(InputError) as caught:
        plugins.load(group, "no such thing")
    assert "'no such thing'" in caught.value.title
    assert all(name in caught.value.what for name in plugins.names(group))
    assert caught.value.hint


def test_a_group_nobody_fills_has_no_names() -> None:
    assert plugins.names("handful.nothing") == []
    with pytest.raises(InputError, match="—"):
        plugins.load("handful.nothing", "x")


def test_what_is_loaded_is_what_was_declared() -> None:
    task = plugins.load(plugins.TASKS, "classify")
    assert task.name == "classify"
    assert plugins.load(plugins.TASKS, "classify") is task


def test_the_clock_tells_two_times(monkeypatch: pytest.MonkeyPatch) -> None:
    assert abs(clock.now() - time.time()) < 5
    first = clock.monotonic()
    clock.sleep(0.001)
    assert clock.monotonic() > first
    assert clock.iso(0.0) == "1970-01-01T00:00:00Z"
    assert clock.iso(1_700_000_000.9) == "2023-11-14T22:13:20Z"


def test_without_a_catalogue_a_sentence_is_itself() -> None:
    assert i18n._("Nobody has translated this.") == "Nobody has translated this."


def test_every_record_is_frozen_and_needs_only_the_standard_library() -> None:
    kinds = [kind for kind in vars(records).values() if isinstance(kind, type) and is_dataclass(kind)]
    assert len(kinds) > 8
    for kind in kinds:
        assert kind.__doc__
        assert "__slots__" in vars(kind)
    example = records.Example(1, "text")
    with pytest.raises(FrozenInstanceError):
        example.text = "other"  # type: ignore[misc]
    assert [field.name for field in fields(example)] == ["id", "text", "split", "meta"]


@pytest.mark.parametrize(
    ("counts", "precision", "recall", "f1"),
    [
        ((0, 0, 0), None, None, None),
        ((3, 1, 1), 0.75, 0.75, 0.75),
        ((0, 2, 0), 0.0, None, 0.0),
        ((0, 0, 2), None, 0.0, 0.0),
        ((5, 0, 0), 1.0, 1.0, 1.0),
    ],
)
def test_ratios_are_derived_from_counts_and_unknown_where_there_is_nothing(
    counts: tuple[int, int, int], precision: float | None, recall: float | None, f1: float | None
) -> None:
    found = records.ClassCounts(1, *counts)
    assert (found.precision, found.recall, found.f1) == (precision, recall, f1)
    assert found + found == records.ClassCounts(1, *(2 * n for n in counts))
    assert found.support == counts[0] + counts[2]


def test_D8_nobody_but_sqlite_opens_a_database_once_it_is_there(project: Project, tmp_path: Path) -> None:
    """SQLite's own opens are not audited; any other descriptor, once closed, would drop the locks of the process."""
    script = """
import json, os, sys
from pathlib import Path
opened = []
def watch(event, args):
    if event == "open" and isinstance(args[0], (str, bytes, os.PathLike)):
        name = os.fsdecode(args[0])
        if name.endswith((".db", ".db-wal", ".db-shm", ".db-journal")):
            opened.append([os.path.basename(name), bool((args[2] or 0) & os.O_EXCL)])
sys.addaudithook(watch)
from core import labelling, project as projects, queue
from core.intake import new_project
from core.settings import save
found = projects.find(Path(sys.argv[1]))
with found.open() as con:
    queue.upcoming(found, con, 5)
    labelling.take_answers(con, found.task(con), found.settings(), ['{"id": 1, "label": "refund"}'], "ann")
save(found.root, found.settings())
with projects.find(Path(sys.argv[1])).open(readonly=True) as con:
    pass
before = len(opened)
new_project(Path(sys.argv[2]), data=Path(sys.argv[3]))
print(json.dumps([before, opened]))
"""
    (tmp_path / "texts.txt").write_text("one\ntwo\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", script, project.root, tmp_path / "made", tmp_path / "texts.txt"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [0, [["labels.db", True]]]
