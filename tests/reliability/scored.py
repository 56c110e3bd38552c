"""A project of any size with made-up features, and the product's own rescoring of it in another process."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from core.connection import transaction
from core.project import Project
from core.store import imports, meta
from core.store.labels import Decision, decide
from core.tasks.classify import CLASSIFY, ClassAnswer
from core.vectors import VectorStore
from tests import tiny

PIECE = 20_000
RESCORING = """
import sys, time
from pathlib import Path
from core.project import Project
from core.worker.learner import refresh
{weakness}
project = Project(Path(sys.argv[1]))
with project.open() as con:
    print("ready", flush=True)
    for _turn in range(int(sys.argv[2])):
        {block}
    print("done", flush=True)
"""
WHOLE = "refresh(project, con)"
HOLDING = "con.execute('BEGIN IMMEDIATE'); time.sleep(1.5); con.execute('COMMIT'); refresh(project, con)"


def fill(project: Project, texts: int) -> None:
    """Add texts, as imports do."""
    with project.open() as con:
        import_id = imports.begin(con, "made", "pool")
        with imports.tuned(con):
            for start in range(0, texts, 5000):
                rows = [
                    imports.Row(n, f"made text {n} about thing {n * 7919 % 50021} and {n % 977}", "{}", None)
                    for n in range(start, min(start + 5000, texts))
                ]
                imports.add_rows(con, import_id, rows)
        from core.records import ImportReport

        imports.finish(con, import_id, CLASSIFY, (), ImportReport("made", "pool", lines=texts))


def embed(project: Project, encoder: Path, dim: int = 32) -> None:
    """Give every text features at random, as if they were embedded, and label enough to learn from."""
    from core.training import space
    from core.worker.rule import wanted_key

    tiny.bert(encoder)
    with project.open() as con:
        made = space.prepare(project, project.settings(), "base", encoder, ["hello"])
        store = VectorStore(made.directory, made.dim)
        ids = np.array([row[0] for row in con.execute("SELECT id FROM examples ORDER BY id")], np.int64)
        draw = np.random.default_rng(0)
        for start in range(0, len(ids), PIECE):
            part = ids[start : start + PIECE]
            vectors = draw.normal(size=(len(part), made.dim)).astype(np.float32)
            store.append(part, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
        with transaction(con):
            meta.put(con, "space", made.fingerprint)
            meta.put(con, "embedded", len(ids))
            meta.put(con, "space_key", wanted_key(con, project.settings()))
        given = [Decision(int(i), CLASSIFY.encode(ClassAnswer(int(i) % 3 + 1))) for i in ids[:12]]
        decide(con, CLASSIFY, given, "ann")


def rescoring(project: Project, turns: int, *, holding: bool = False) -> subprocess.Popen[str]:
    """Another process that makes rankings anew, one after the other."""
    program = RESCORING.format(weakness="", block=HOLDING if holding else WHOLE)
    return subprocess.Popen(
        [sys.executable, "-P", "-c", program, str(project.root), str(turns)], stdout=subprocess.PIPE, text=True
    )
