"""Tasks, formats, strategies, trainers, recipes, encoders, job kinds, exporters, precisions, layouts, demos: by name.

So the core names nobody above it, and another package adds its own by declaring an entry point in one of the groups.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

from core.errors import InputError
from core.i18n import _

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

TASKS = "handful.tasks"
STRATEGIES = "handful.strategies"
TRAINERS = "handful.trainers"
RECIPES = "handful.recipes"
ENCODERS = "handful.encoders"
JOBS = "handful.jobs"
EXPORTERS = "handful.exporters"
FORMATS = "handful.formats"
PRECISIONS = "handful.precisions"
DEMOS = "handful.demos"
LABEL_FORMATS = "handful.label_formats"
LAYOUTS = "handful.layouts"
FILES = "handful.files"
LEARNERS = "handful.learners"


@cache
def _group(group: str) -> "dict[str, EntryPoint]":
    from importlib.metadata import entry_points  # a third of the start-up time of `status`, which needs none

    return {point.name: point for point in entry_points(group=group)}


def names(group: str) -> list[str]:
    """The names declared in a group, sorted; nothing is imported."""
    return sorted(_group(group))


@cache
def load(group: str, name: str) -> Any:
    """Import and return the object declared under this name.

    Raises InputError if the group has no such name.
    """
    points = _group(group)
    if name not in points:
        raise InputError(
            _("There is nothing called {name!r} here.").format(name=name),
            _("Known in {group}: {known}.").format(group=group, known=", ".join(sorted(points)) or "—"),
            _("Check the spelling, or install the package that brings it."),
        )
    return points[name].load()
