"""One run: from no label to the budget, as a person would go, with gold in the person's place.

Each turn takes the next texts from the queue, answers them, and lets the ranking follow; where the plan says so a round
of fine-tuning runs as the background worker would run it. A generator of events: the caller stores, draws, or stops.
"""

from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core import deciding, queue
from core.connection import Connection
from core.project import Project
from core.records import JobEvent, QueueItem
from core.simulation import working
from core.simulation.gold import Pool
from core.simulation.judge import Exam, Scores
from core.simulation.plan import Plan, next_batch
from core.simulation.said import Said, said
from core.simulation.working import Done
from core.store import examples, labels
from core.worker import rule
from core.worker.learners import refresh

ANNOTATOR = "gold"
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class RoundTold:
    """What became of a round that the plan asked for."""

    problem: str
    """Why it could not start, in words; empty if it ran."""
    result: Mapping[str, Any]
    """What the job says: number, kept, verdict, its own scores."""
    before: Mapping[str, float]
    """Accuracy and macro-F1 on TEST just before it."""
    seconds: Mapping[str, float]
    """By phase, as the job names them."""

    def as_json(self) -> dict[str, Any]:
        """Plain values, without the job's own idea of its seconds."""
        told = {name: value for name, value in self.result.items() if name != "seconds"}
        return {"problem": self.problem, **told, "before": dict(self.before), "seconds": _rounded(self.seconds)}


@dataclass(frozen=True, slots=True)
class Step:
    """The model in use after so many labels."""

    labels: int
    """All that were given so far, those for audits included."""
    scores: Scores
    said: Said
    """What the project says itself, and what is true of its pool."""
    seconds: Mapping[str, float]
    """Since the step before: embedding of the pool, head, picking, judging on its own labels, round without embedding.

    The first step has the pool's first embedding, which every project goes through once.
    """
    reasons: Mapping[str, int]
    """Labels since the step before, by `strategy/kind of reason`."""
    asked: Sequence[int]
    """Which texts were asked since the step before, counted from 1 among the different texts of the pool."""
    round: RoundTold | None
    """None if none was asked for here."""

    def as_json(self) -> dict[str, Any]:
        """Plain values; what depends on the clock lies under `seconds` alone."""
        return {
            "labels": self.labels,
            **self.scores.as_json(),
            **self.said.as_json(),
            "seconds": _rounded(self.seconds),
            "reasons": dict(sorted(self.reasons.items())),
            "asked": list(self.asked),
            "round": self.round.as_json() if self.round else None,
        }


def _rounded(seconds: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, _DIGITS) for name, value in seconds.items()}


def run(plan: Plan, project: Project, pool: Pool, exam: Exam, embedding: float) -> Iterator[JobEvent]:
    """Spend the budget in a project whose pool is embedded (that took `embedding` seconds); yields an event a step.

    Events of kind `step` hold a Step; the others are those of the jobs, to be told on the way.
    """
    with project.open() as con:
        spent, seconds = 0, _no_seconds() | {"embedding": embedding}
        _follow(project, con, seconds)
        while spent < plan.budget:
            items = _answer(project, con, pool, next_batch(plan, spent))
            spent += len(items)
            _follow(project, con, seconds)
            round_told = None
            if spent in plan.rounds:
                round_told = yield from _round(project, con, exam, seconds)
            yield from exam.embed(project, con)
            reasons = Counter(f"{item.strategy}/{item.reason.kind}" for item in items)
            asked = [item.example_id for item in items]
            told = said(project, con, pool)
            step = Step(spent, exam.scores(project, con), told, seconds, reasons, asked, round_told)
            yield JobEvent("step", {"step": step})
            seconds = _no_seconds()


def _no_seconds() -> dict[str, float]:
    return dict.fromkeys(("embedding", "head", "picking", "judging", "round"), 0.0)


def _follow(project: Project, con: Connection, seconds: dict[str, float]) -> None:
    """Let the ranking follow the newest decisions and the encoder in use, and book what that took."""
    if queue.is_fresh(con, project.settings()):
        return
    for name, value in asdict(refresh(project, con)).items():
        seconds[name] += value


def _answer(project: Project, con: Connection, pool: Pool, n: int) -> list[QueueItem]:
    """Answer the next `n` texts of the queue; returns their places in it."""
    task, settings = project.task(con), project.settings()
    items = queue.upcoming(project, con, n)
    picks = {item.example_id: queue.pick_of(item) for item in items}
    labels.record_served(con, picks, ANNOTATOR)
    for example in examples.get(con, list(picks)):
        texts = [(example, picks[example.id])]
        deciding.give(con, task, pool.answers[example.text], texts, ANNOTATOR, open_classes=settings.open_classes)
    return items


def _round(
    project: Project, con: Connection, exam: Exam, seconds: dict[str, float]
) -> Generator[JobEvent, None, RoundTold]:
    """Run one round, if it can start, and let the ranking follow."""
    yield from exam.embed(project, con)
    then = exam.scores(project, con)
    before = {"accuracy": then.accuracy, "macro_f1": then.macro_f1}
    problem = rule.round_problem(con)
    if problem:
        return RoundTold(problem, {}, before, {})
    done: Done = yield from working.run(project, con, "round")
    seconds["round"] += done.rest
    seconds["embedding"] += done.embedding
    _follow(project, con, seconds)
    return RoundTold("", done.result, before, done.phases)
