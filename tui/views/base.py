"""What a view is handed, and what it is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from textual.message import Message

from core.alone import Evidence
from core.evaluation.calibration import Alone
from core.evaluation.report import Report
from core.judged import JudgedText
from core.records import Evaluation, LabelClass, RoundSummary
from core.tasks.base import Task
from tui.widgets.line import Piece


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the learning curve."""

    labels: int
    accuracy: float
    low: float
    high: float
    enough: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known about the model in use on one body of evidence."""

    task: Task[Any]
    classes: Sequence[LabelClass]
    names: Mapping[int, str]
    counts: Mapping[int, int]
    """class id → labels in the pool."""
    report: Report | None = None
    """None: nothing was judged from this source."""
    evaluation: Evaluation | None = None
    curve: Sequence[Point] = ()
    rounds: Sequence[RoundSummary] = field(default_factory=tuple)
    trust: Evidence = field(default_factory=Evidence)
    """What tells whether confidence means what it says."""
    more: Sequence[str] = ()
    """What more labels would bring, whether to stop, and whether picking pays, in words."""
    order: str = "made"
    """How classes are sorted: `made`, `name`, `texts` or `f1`."""


Wanted = Callable[[JudgedText], bool]


class View(Protocol):
    """A widget that shows facts; it posts `Behind` for the texts behind what is under its cursor."""

    def show_facts(self, facts: Facts) -> None:
        """Show other facts."""
        ...


class Behind(Message):
    """The texts behind a number are wanted."""

    def __init__(self, wanted: Wanted, title: str) -> None:
        super().__init__()
        self.wanted = wanted
        self.title = title


class Labelled(Message):
    """The texts that people gave a class are wanted."""

    def __init__(self, class_id: int, title: str) -> None:
        super().__init__()
        self.class_id = class_id
        self.title = title


class LetAlone(Message):
    """The model is to answer by itself from this confidence on."""

    def __init__(self, found: Alone) -> None:
        super().__init__()
        self.found = found


@runtime_checkable
class Explained(Protocol):
    """A view that says more about what its cursor is on."""

    def explain(self) -> tuple[list[Piece], list[Piece]]:
        """What that is, in words, and which keys lead to the texts behind it."""
        ...


@dataclass(frozen=True, slots=True)
class ViewKind:
    """One view that can be chosen."""

    title: str
    make: Callable[[], Any]
    """Makes the widget."""
