"""L2: the power goes while labels are given."""

import sys
from pathlib import Path

import pytest

from core import connection
from core.project import Project
from tests.reliability import powerloss
from tests.reliability.conftest import goes_red

PROGRAM = """
import os, sys
from pathlib import Path
from core import deciding
from core.project import Project
from core.store import examples
project = Project(Path(sys.argv[1]))
with project.open() as con:
    {weakness}
    con.execute("PRAGMA wal_autocheckpoint=40").fetchone()
    task = project.task(con)
    for n in range(1, {labels} + 1):
        texts = [(examples.get(con, [n % 12 + 1])[0], {{}})]
        deciding.give(con, task, ("refund", "login")[n % 2], texts, "ann", open_classes=False)
        os.write(9, b"%d" % n)
    os._exit(0)
"""


def survives_power_loss(project: Project, weakness: str = "pass", labels: int = 80, every: int = 2) -> None:
    before = {str(project.database): project.database.read_bytes()}
    program = [sys.executable, "-c", PROGRAM.format(weakness=weakness, labels=labels), project.root]
    acts = powerloss.record(program, project.database)
    acks = sum(act.kind == "ack" for act in acts)
    assert acks == labels
    there = Path(project.root, "after.db")
    tried = 0
    for files, acked in powerloss.states(acts, before, every=every):
        for ending in ("", "-wal", "-shm"):
            Path(f"{there}{ending}").unlink(missing_ok=True)
        for path, content in files.items():
            Path(str(there) + path.removeprefix(str(project.database))).write_bytes(content)
        con = connection.connect(there)
        try:
            assert con.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            seqs = [row[0] for row in con.execute("SELECT seq FROM decisions ORDER BY seq")]
            assert len(seqs) >= acked, "a label that was called saved is lost"
            first = seqs[0] if seqs else 0
            assert seqs == list(range(first, first + len(seqs))), "what survived has holes"
        finally:
            con.close()
        tried += 1
    assert tried >= labels * 25 // every
    assert sum(act.kind == "sync" and act.path.endswith("-wal") for act in acts) >= acks


def test_L2_a_few_labels_outlive_a_power_loss_at_any_moment(project: Project) -> None:
    survives_power_loss(project, labels=12, every=7)


@pytest.mark.slow
def test_L2_whatever_the_disk_holds_after_a_power_loss_no_saved_label_is_missing(project: Project) -> None:
    survives_power_loss(project)


@pytest.mark.slow
@pytest.mark.parametrize("level", ["NORMAL", "OFF"])
def test_L2_can_fail(project: Project, level: str) -> None:
    with goes_red():
        survives_power_loss(project, f"con.execute('PRAGMA synchronous={level}')")
