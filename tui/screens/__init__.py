"""Every screen of the app, one file each. Navigation needs this table only; a screen is imported when it opens."""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from core.i18n import _

if TYPE_CHECKING:
    from tui.screens.base import HandfulScreen


@dataclass(frozen=True, slots=True)
class Entry:
    """One screen."""

    id: str
    title: str
    about: str
    """A sentence for the palette."""
    cls: str
    """Its class in `tui.screens.<id>`."""
    key: str
    """The letter that opens it from the list of screens."""
    in_project: bool = True
    """False: it works without an open project."""
    commands: str = ""
    """The commands that do the same without a screen."""
    tab: bool = True
    """Whether it has a place of its own in the bar above, where there is little room."""
    from_afar: bool = True
    """Whether the palette of another screen offers its actions: not where one answers the text that must be read."""


SCREENS: tuple[Entry, ...] = (
    Entry("home", _("Home"), _("Recent projects, a new project, the demo."), "HomeScreen", "h", False, "new, demo"),
    Entry(
        "label",
        _("Label"),
        _("Answer one text after another."),
        "LabelScreen",
        "l",
        commands="next, label, undo, redo",
        from_afar=False,
    ),
    Entry("batch", _("Batch"), _("Label texts that are alike together."), "BatchScreen", "b", from_afar=False),
    Entry(
        "rounds",
        _("Rounds"),
        _("Fine-tune, watch it, and see which model is in use."),
        "RoundsScreen",
        "r",
        commands="round, jobs, cancel, logs",
    ),
    Entry(
        "metrics", _("Metrics"), _("How good the model is, class by class."), "MetricsScreen", "m", commands="metrics"
    ),
    Entry(
        "errors",
        _("Errors"),
        _("Where the model fails, and which words tip it."),
        "ErrorsScreen",
        "w",
        commands="errors",
        tab=False,
    ),
    Entry(
        "check",
        _("Check"),
        _("Labels that look wrong, side by side with why."),
        "CheckScreen",
        "c",
        commands="suspects, check",
        from_afar=False,
    ),
    Entry(
        "people",
        _("People"),
        _("Who labelled how much, how far they agree; settle what they disagree on."),
        "PeopleScreen",
        "p",
        commands="agreement, label",
        tab=False,
        from_afar=False,
    ),
    Entry(
        "data",
        _("Data"),
        _("All texts: search, filter, relabel, add a file."),
        "DataScreen",
        "d",
        commands="import, labels",
    ),
    Entry("export", _("Export"), _("Ship the model as ONNX."), "ExportScreen", "e", commands="export, labels, predict"),
    Entry(
        "settings",
        _("Settings"),
        _("Options of the project, theme and keys."),
        "SettingsScreen",
        "s",
        commands="config",
    ),
)


def entry(screen_id: str) -> Entry:
    """The table's row for a screen."""
    return next(found for found in SCREENS if found.id == screen_id)


def load(screen_id: str) -> "type[HandfulScreen]":
    """Import and return the class of a screen."""
    found: type[HandfulScreen] = getattr(import_module(f"tui.screens.{screen_id}"), entry(screen_id).cls)
    return found
