"""Tries graphs in other formats of numbers against the fp32 one: the child that makes, gates and measures them.

`python -P -m exports.precision.trial STAGE`, without torch. STAGE is a staged bundle in fp32 whose parity was proven,
with the texts and heads of `held`, and the names asked for in trial.json. Of each precision the first attempt that
passes both gates is kept as `NAME.onnx`, with its probes; the table of all is the result.
"""

import json
import sys
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core import plugins
from core.project import Project
from core.publish import publish_file
from core.records import JobEvent
from core.show import shorten
from core.store import classes
from core.tasks.base import Task
from exports import child, probes
from exports.base import WHOLE
from exports.parity import ticking
from exports.plan import STUDENT, read_plan
from exports.precision import gates, held, speed
from exports.precision.base import Attempt, Feed, Precision
from exports.precision.graph import BATCH, Trialled
from exports.precision.held import Bodies
from exports.runtime.errors import BundleError
from exports.runtime.predictor import REFUSALS, Predictor
from exports.runtime.sealed import BIO, MODEL

ASK, TRIAL = "trial.json", "trial"
GIVEN = STUDENT
"""What is not made here, but only tried."""
FILES = (*held.FILES, ASK, TRIAL)
"""What lies in the stage while a trial runs."""
CALIBRATION = 192
"""Texts that graphs are calibrated on."""
STEP = 256
"""Texts answered between two words of progress."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What one graph says of all texts."""

    pool: list[Any]
    held: list[Any]


@dataclass(frozen=True, slots=True)
class Trial:
    """What every graph is tried with."""

    stage: Path
    task: Task[Any]
    names: dict[int, str]
    texts: Bodies
    golds: list[Any]
    threads: int

    def graph(self, name: str, model: Path) -> Trialled:
        """The graph in this file, loaded; read with the tokenizer beside it where it has one of its own."""
        home = model.parent if model.name == MODEL else self.stage
        return Trialled(home, model, self.stage / TRIAL / name, self.threads)


def ask(stage: Path, names: Sequence[str]) -> None:
    """Say which precisions are to be tried."""
    publish_file(stage / ASK, json.dumps(list(names)).encode())


def file_of(stage: Path, name: str) -> Path:
    """Where the graph in this precision is kept."""
    return stage / GIVEN / MODEL if name == GIVEN else stage / f"{name}.onnx"


def probes_of(stage: Path, name: str) -> Path:
    """Where what it answers to the probes is kept."""
    return stage / f"{name}.probes.json"


class Given:
    """In place of a precision: a graph in fp32 that was made elsewhere, and lies where an attempt would write it."""

    name = GIVEN
    about = "a smaller encoder"
    tolerance = probes.TOLERANCE

    def attempts(self, source: Path, target: Path, calibration: Sequence[Feed]) -> Iterator[Attempt]:  # noqa: ARG002
        yield Attempt("distilled")


def work(stage: Path) -> Iterator[JobEvent]:
    """All precisions asked for, then the speed of all; the last event has the table: {"rows": […]}, fp32 first."""
    trial = _trial(stage)
    whole = trial.graph(WHOLE, stage / MODEL)
    yield JobEvent("phase", {"name": WHOLE})
    truth = yield from _answers(trial, whole, WHOLE)
    calibration = _feeds(whole.plain, trial.texts.pool[:: max(1, len(trial.texts.pool) // CALIBRATION)][:CALIBRATION])
    rows = [{"name": WHOLE, "method": "as trained", "bytes": (stage / MODEL).stat().st_size, "passed": True, "why": ""}]
    loaded = {WHOLE: whole}
    for name in json.loads((stage / ASK).read_text(encoding="utf-8")):
        yield JobEvent("phase", {"name": name})
        made: Precision = Given() if name == GIVEN else plugins.load(plugins.PRECISIONS, name)
        row, graph = yield from _tried(trial, made, truth, calibration)
        rows.append(row)
        if graph is not None:
            loaded[name] = graph
    yield JobEvent("phase", {"name": "speed"})
    texts = trial.texts.pool or trial.texts.held
    for found in speed.compared({name: _answering(one.plain) for name, one in loaded.items()}, texts):
        if isinstance(found, tuple):
            yield JobEvent("progress", {"what": "speed", "done": found[0], "total": found[1]})
        else:
            yield JobEvent("result", {"rows": [{**row, **found.get(str(row["name"]), {})} for row in rows]})


def _trial(stage: Path) -> Trial:
    plan = read_plan(stage)
    project = Project(Path(plan.project))
    with project.open(readonly=True) as con:
        task, names = project.task(con), classes.names(con)
    texts = held.read(stage)
    return Trial(stage, task, names, texts, [task.decode(gold) for gold in texts.golds], plan.threads)


def _answering(predictor: Predictor) -> Any:
    return lambda texts: predictor.predict(texts, batch=speed.SIZE)


def _answers(trial: Trial, graph: Trialled, name: str) -> Generator[JobEvent, None, Answers]:
    """Answer all texts: those of the pool by the graph's own head, each labelled one by a head that never saw it."""
    texts, task = trial.texts, trial.task
    total = len(texts.pool) + len(texts.held)
    pool: list[Any] = []
    held: list[Any] = [None] * len(texts.held)
    tick = ticking(f"{name}: answers", total)
    for start in range(0, len(texts.pool), STEP):
        pool += graph.answers(task, texts.pool[start : start + STEP])
        yield from tick(len(pool))
    done = len(pool)
    for head in np.unique(texts.heads).tolist():
        rows = np.flatnonzero(texts.heads == head).tolist()
        for start in range(0, len(rows), STEP):
            part = rows[start : start + STEP]
            said = [texts.held[row] for row in part]
            found = graph.answers(task, said) if head < 0 else graph.answers_of_head(task, said, texts.fitted[head])
            for row, answer in zip(part, found, strict=True):
                held[row] = answer
            done += len(part)
            yield from tick(done)
    return Answers(pool, held)


def _feeds(predictor: Predictor, texts: Sequence[str]) -> list[Feed]:
    """Batches of the texts' windows, those of like length together."""
    size = BATCH // 4
    if predictor.manifest["activation"] == BIO:
        read = sorted((one for text in predictor.readings(texts) for one in text.windows), key=lambda one: len(one.ids))
        parts = [read[start : start + size] for start in range(0, len(read), size)]
        return [predictor.feed([one.ids for one in part], [one.shapes for one in part]) for part in parts]
    ids = sorted((one for text in predictor.windows(texts) for one in text), key=len)
    return [predictor.feed(ids[start : start + size]) for start in range(0, len(ids), size)]


def _tried(
    trial: Trial, precision: Precision, truth: Answers, calibration: Sequence[Feed]
) -> Generator[JobEvent, None, tuple[dict[str, Any], Trialled | None]]:
    """The row of the first attempt that passes, or of the last; and its graph, if it can be loaded at all."""
    target = file_of(trial.stage, precision.name)
    row: dict[str, Any] = {"name": precision.name, "passed": False, "attempts": 0}
    graph = None
    for attempt in precision.attempts(trial.stage / MODEL, target, calibration):
        tried = int(row["attempts"]) + 1
        yield JobEvent("progress", {"what": f"{precision.name}: {attempt.method}"})
        try:
            graph = trial.graph(f"{precision.name}-{tried}", target)
            found = yield from _answers(trial, graph, precision.name)
        except (BundleError, *REFUSALS) as error:  # an operator that this processor has not in this format, say
            why = shorten(str(error), 300)
            row, graph = {**_about(precision, attempt, target), "attempts": tried, "passed": False, "why": why}, None
            continue
        row = {**_about(precision, attempt, target), "attempts": tried, **_gated(trial, truth, found)}
        if row["passed"]:
            probes.write(probes_of(trial.stage, precision.name), probes.made(graph.plain, precision.tolerance))
            break
        yield JobEvent("note", {"text": f"{precision.name}, {attempt.method}: {row['why']}"})
    return row, graph


def _about(precision: Precision, attempt: Attempt, target: Path) -> dict[str, Any]:
    return {
        "name": precision.name,
        "method": attempt.method,
        "kept": list(attempt.kept),
        "bytes": target.stat().st_size,
    }


def _gated(trial: Trial, truth: Answers, found: Answers) -> dict[str, Any]:
    same = gates.agreement(trial.task, truth.pool, found.pool, trial.names)
    lost = gates.fall(trial.task, trial.golds, truth.held, found.held, trial.names, learnt=trial.texts.learnt)
    return gates.as_json(same, lost)


if __name__ == "__main__":
    sys.exit(child.main(work, sys.argv[1:]))
