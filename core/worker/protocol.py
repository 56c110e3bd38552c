"""What a job kind is, and what it is handed. Kinds are found through the entry-point group `handful.jobs`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from core.project import Project
from core.records import Job, JobEvent
from core.settings import Settings

PROTOCOL = 1
"""Raised when jobs or their arguments change meaning; a worker of another protocol is asked to end itself."""


@dataclass(frozen=True, slots=True)
class JobContext:
    """All a job needs to know; it opens its own database connections through `project`."""

    project: Project
    job: Job
    settings: Settings
    """The options at the moment the job was taken."""


class JobKind(Protocol):
    """One kind of background work."""

    name: str

    def run(self, context: JobContext) -> Iterator[JobEvent]:
        """Do the work, yielding events at least once a second so that it can be stored, shown and cancelled.

        The last event has kind `result`; its payload becomes the job's result. Closing the generator cancels: clean up
        in `finally`. Raising a HandfulError fails the job with that text. After a crash the same job is run again and
        takes up what its last complete checkpoint holds.
        """
        ...
