"""Who refits and ranks for a task: a learner of its own (entry-point group `handful.learners`), else the common one."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from core import plugins
from core.connection import Connection
from core.inuse import ModelInUse
from core.project import Project
from core.records import JobEvent
from core.settings import Settings
from core.store import meta
from core.training.device import Compute
from core.training.space import Space
from core.worker import learner
from core.worker.ranking import Spent


class Learner(Protocol):
    """The instant loop of a task whose model is no head on the features of whole texts."""

    def prepare(self, project: Project, space: Space, settings: Settings, compute: Compute) -> Iterator[JobEvent]:
        """Compute what it needs in a space that is about to come into force, beside the features of whole texts."""
        ...

    def refresh(self, project: Project, con: Connection) -> Spent:
        """Publish a new ranking for the decisions as they are now."""
        ...

    def read(self, project: Project, model: ModelInUse, texts: Sequence[str]) -> Any:
        """Any texts as a model in use of `project` needs them; the same as long as its space stays in force."""
        ...

    def answers(self, model: ModelInUse, read: Any) -> list[Any]:
        """What a model answers to the texts that `read` gave."""
        ...


def own(con: Connection) -> Learner | None:
    """The project's task's own learner, if it has one."""
    task = str(meta.get(con, "task"))
    found: Learner | None = plugins.load(plugins.LEARNERS, task) if task in plugins.names(plugins.LEARNERS) else None
    return found


def refresh(project: Project, con: Connection) -> Spent:
    """Publish a new ranking for the decisions as they are now; a queue alone, if nothing can be learnt yet."""
    found = own(con)
    return learner.refresh(project, con) if found is None else found.refresh(project, con)
