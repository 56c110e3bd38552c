"""What an exporter is: one way to turn the model in use into something that can be deployed.

Exporters are found by name through the entry-point group `handful.exporters`; the job `export` runs them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from core.project import Project
from core.records import JobEvent
from core.settings import Settings
from exports.plan import Student

WHOLE = "fp32"
"""The precision a model is trained in."""


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What is to be exported, and where to."""

    project: Project
    settings: Settings
    target: Path
    """Absolute path of the directory to be made."""
    force: bool = False
    """Replace an earlier export that lies there; anything else is never replaced."""
    precision: str = WHOLE
    """Format of numbers of the graph: the name of a precision."""
    student: Student | None = None
    """A smaller encoder that is taught first; None: the model as it is."""


class Exporter(Protocol):
    """One format."""

    name: str

    def export(self, request: ExportRequest) -> Iterator[JobEvent]:
        """Make the export, whole or not at all, yielding phases and progress at least once a second.

        The last event has kind `result` and the payload {"path", "parity", "precision", "size_bytes", "model"}.
        Raises InputError if the target can't be used, RefusedError if there is no model or
        the export would not be faithful.
        """
        ...
