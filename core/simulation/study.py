"""A whole simulation: every strategy with every seed, on the same texts, from the same features; its result at the end.

All of it happens below one directory, which the caller made, keeps private and removes. What brings torch with it is
imported when the files have been read, so that a mistake in them is told at once.
"""

from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import __version__, clock, plugins
from core.i18n import _
from core.project import Project
from core.records import JobEvent
from core.settings import Settings
from core.simulation import gold, making, working
from core.simulation.gold import GoldFile, Pool
from core.simulation.plan import Plan
from core.tasks.base import Task

if TYPE_CHECKING:
    from core.simulation.judge import Exam


@dataclass(frozen=True, slots=True)
class _Ground:
    """What all runs share."""

    base: Project
    """Embedded, without any label."""
    pool: Pool
    exam: "Exam"
    embedding: float
    """Seconds that embedding the pool took."""
    embedding_test: float


def simulate(plan: Plan, folder: Path) -> Iterator[JobEvent]:
    """Run the plan below an empty directory; the last event has kind `result`, its payload is what `--json` prints.

    Before it come notes and progress, a `step` for each step and a `run` for each run, all in plain values. Raises
    InputError for files that can't be used, and what a job of the product raises.
    """
    task: Task[Any] = plugins.load(plugins.TASKS, plan.task)
    label = plan.label or task.field
    files = [gold.read(path, task, plan.text, label) for path in (plan.pool, plan.test)]
    pool = gold.pool_of(files[0], files[1], plan.budget)
    yield from _told(files, pool)
    options = _options(plan)
    ground = yield from _prepare(plan, folder, task, pool, files[1], options)
    runs: list[dict[str, Any]] = []
    for seed in plan.seeds:
        for strategy in plan.strategies:
            told = yield from _run(plan, ground, folder / "run", replace(options, seed=seed, strategy=strategy))
            runs.append(told)
            yield JobEvent("run", told)
    yield JobEvent("result", _about_all(plan, files, ground, options) | {"runs": runs})


def _about_all(plan: Plan, files: list[GoldFile], ground: _Ground, options: Settings) -> dict[str, Any]:
    """What was simulated, and with what."""
    from core.training import device

    pool = ground.pool
    return {
        "version": __version__,
        "pool": _about(files[0]) | {"used": len(pool.answers), "moved": pool.moved, "conflicts": pool.conflicts},
        "test": _about(files[1]),
        "task": plan.task,
        "names": plan.names,
        "budget": plan.budget,
        "batch": plan.batch_rule,
        "rounds": list(plan.rounds),
        "strategies": list(plan.strategies),
        "seeds": list(plan.seeds),
        "device": device.choose(options).name,
        "settings": {name: value for name, value in asdict(options).items() if name not in ("seed", "strategy")},
        "seconds": {"pool": round(ground.embedding, 4), "test": round(ground.embedding_test, 4)},
    }


def _options(plan: Plan) -> Settings:
    """The project's options: rounds run when the plan says so, and the queue is no shorter than a batch."""
    longest = max(plan.settings.queue_length, plan.batch or 0)
    return replace(plan.settings, round_every=0, queue_length=longest, open_classes=not plan.names)


def _told(files: list[GoldFile], pool: Pool) -> Iterator[JobEvent]:
    for file in files:
        if file.refused:
            line, why = file.refusals[0]
            said = _("{path}: {n} rows can't be used; the first is line {line}: {why}")
            yield _note(said.format(path=file.name, n=file.refused, line=line, why=why))
    if pool.moved:
        yield _note(_("{n} texts left the pool, for they belong to the test set.").format(n=pool.moved))
    if pool.conflicts:
        said = _("{n} texts came twice with different answers; the first was kept.")
        yield _note(said.format(n=pool.conflicts))


def _note(text: str) -> JobEvent:
    return JobEvent("note", {"text": text})


def _about(file: GoldFile) -> dict[str, Any]:
    return {"file": file.name, "texts": len(file.texts), "refused": file.refused}


def _prepare(
    plan: Plan, folder: Path, task: Task[Any], pool: Pool, test: GoldFile, options: Settings
) -> Generator[JobEvent, None, _Ground]:
    """Make the projects, and embed pool and TEST once."""
    yield _note(_("Embedding {n} texts").format(n=len(pool.answers)))
    from core.simulation.judge import Exam

    import_module("sklearn.linear_model")  # a second that the first head would be blamed for
    base = making.project_of(folder / "base", pool.answers, plan.task, options)
    if plan.names:
        making.list_classes(base, sorted({name for raw in pool.answers.values() for name in task.names_in(raw)}))
    exam = Exam(making.project_of(folder / "test", dict.fromkeys(test.texts), plan.task, options), test)
    with base.open() as con:
        done = yield from working.run(base, con, "embed")
        started = clock.monotonic()
        yield from exam.embed(base, con)
    return _Ground(base, pool, exam, sum(done.phases.values()), clock.monotonic() - started)


def _run(plan: Plan, ground: _Ground, root: Path, options: Settings) -> Generator[JobEvent, None, dict[str, Any]]:
    from core.simulation import loop

    who: dict[str, Any] = {"strategy": options.strategy, "seed": options.seed}
    steps: list[dict[str, Any]] = []
    with making.copied(ground.base, root, options) as project:
        for event in loop.run(plan, project, ground.pool, ground.exam, ground.embedding):
            if event.kind != "step":
                yield event
                continue
            steps.append(event.payload["step"].as_json())
            yield JobEvent("step", who | steps[-1])
    return who | {"steps": steps, "final": steps[-1]}
