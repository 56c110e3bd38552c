"""Jobs of the background worker, done at once in this process, with the seconds that each of their phases took."""

from collections import defaultdict
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from core import clock, plugins
from core.connection import Connection
from core.project import Project
from core.records import JobEvent
from core.store import jobs
from core.worker.protocol import JobContext, JobKind

BEGINNING = "begin"
"""What comes before a job names its first phase: the encoder is located, its files are checked."""
_EMBEDDING = "embed"
"""How the names of phases begin in which the pool is embedded, the loading of the encoder included."""
_OWNER = "simulation"


@dataclass(frozen=True, slots=True)
class Done:
    """A job that came to its end."""

    result: Mapping[str, Any]
    phases: Mapping[str, float]
    """Seconds by phase."""

    @property
    def embedding(self) -> float:
        """Seconds in which the pool was embedded."""
        return sum(spent for name, spent in self.phases.items() if name.startswith(_EMBEDDING))

    @property
    def rest(self) -> float:
        """All other seconds."""
        return sum(self.phases.values()) - self.embedding


def run(project: Project, con: Connection, kind: str) -> Generator[JobEvent, None, Done]:
    """Queue a job as the product does, take it, and do it, yielding its events up to the result.

    Raises what the job raises.
    """
    jobs.enqueue(con, kind)
    job = jobs.claim(con, _OWNER)
    assert job is not None  # noqa: S101 (it was queued a line ago, and nobody else takes any)
    found: JobKind = plugins.load(plugins.JOBS, kind)
    result: dict[str, Any] = {}
    phases: defaultdict[str, float] = defaultdict(float)
    name, since = BEGINNING, clock.monotonic()
    for event in found.run(JobContext(project, job, project.settings())):
        now = clock.monotonic()
        phases[name] += now - since
        since = now
        if event.kind == "phase":
            name = str(event.payload["name"])
        elif event.kind == "result":
            result = dict(event.payload)
            continue
        yield event
    phases[name] += clock.monotonic() - since
    jobs.finish(con, job.id, "done", result=result)
    return Done(result, dict(phases))
