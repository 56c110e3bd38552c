"""Many answers recorded at once leave the same state as one by one."""

import shutil
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.connection import Connection, transaction
from core.project import Project
from core.store import bulk, labels
from core.store.labels import Decision
from core.tasks.classify import CLASSIFY
from tests.acting import undo
from tests.unit.importing.states import state

IDS = st.integers(1, 15)
CLASSES = st.sampled_from(['{"class": 1}', '{"class": 2}', '{"class": 3}'])


def prepare(con: Connection, before: list[tuple[int, str | None, str, bool]], served: dict[int, float]) -> None:
    """Decisions of people and of earlier imports, some undone, and picks of the queue."""
    labels.record_served(
        con, {i: {"strategy": "margin", "probability": p, "why": "é"} for i, p in served.items()}, "ann"
    )
    for example_id, stored, annotator, undone in before:
        labels.decide(con, CLASSIFY, [Decision(example_id, stored)], annotator)
        if undone:
            undo(con, CLASSIFY, annotator)


def unanswered(con: Connection, given: dict[int, str]) -> list[tuple[int, str]]:
    rows = con.execute("SELECT id FROM examples WHERE state <> 'answered'").fetchall()
    return [(row[0], given[row[0]]) for row in rows if row[0] in given]


def end(root: Path, args: Any, *, at_once: bool) -> dict[str, list[tuple[Any, ...]]]:
    before, served, given = args
    with Project(root).open() as con:
        prepare(con, before, served)
        pairs = unanswered(con, given)
        with transaction(con):
            if at_once:
                assert bulk.record(con, CLASSIFY, iter(pairs), "import") == len(pairs)
            else:
                labels.record(con, CLASSIFY, [Decision(i, stored) for i, stored in pairs], "import")
        recorded = state(con)
        undo(con, CLASSIFY, "import")
        return recorded | {f"undone {name}": rows for name, rows in state(con).items()}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    args=st.tuples(
        st.lists(
            st.tuples(IDS, st.none() | CLASSES, st.sampled_from(["ann", "bob", "import"]), st.booleans()), max_size=8
        ),
        st.dictionaries(IDS, st.floats(0, 1), max_size=4),
        st.dictionaries(IDS, CLASSES, max_size=15),
    )
)
def test_the_state_is_the_same_as_with_record(project: Project, tmp_path: Path, args: Any) -> None:
    ends = []
    for at_once in (True, False):
        root = tmp_path / "twin"
        shutil.copytree(project.root, root)
        ends.append(end(root, args, at_once=at_once))
        shutil.rmtree(root)
    assert ends[0] == ends[1]


def test_nothing_to_record_makes_no_event(con: Connection) -> None:
    before = state(con)
    with transaction(con):
        assert bulk.record(con, CLASSIFY, [], "import") == 0
    assert state(con) == before
