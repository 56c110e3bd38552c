"""The frozen values that travel between storage, learning and screens. Only the standard library is imported here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Split = Literal["pool", "test"]
"""`pool`: may be picked and asked. `test`: held out; never served, picked, trained on or shown with suggestions."""

AnswerState = Literal["answered", "skipped"]
JobState = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]
Source = Literal["test", "audit", "out-of-fold"]
"""Where the evidence of a metric comes from."""


@dataclass(frozen=True, slots=True)
class Example:
    """One text of the project."""

    id: int
    """Permanent number within the project."""
    text: str
    """The text exactly as imported."""
    split: Split = "pool"
    meta: Mapping[str, Any] = field(default_factory=dict)
    """The other columns of its row, as strings or JSON values."""


@dataclass(frozen=True, slots=True)
class LabelClass:
    """One class; its id is permanent, whatever happens to its name."""

    id: int
    name: str
    key: str = ""
    """One key that chooses it on the label screen; empty: by position."""
    description: str = ""
    examples: tuple[str, ...] = ()
    """Texts that show what is meant, from the labels file."""
    active: bool = True
    """False once archived: old answers keep it, new ones can't choose it."""
    keywords: tuple[str, ...] = ()
    """Words by which a person would search for its texts, from the labels file."""
    group: str = ""
    """At most one class of a group is given to a text; empty: it is in none."""
    implies: tuple[str, ...] = ()
    """Names of classes that a text with this one has, too."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a model or rule would answer; never an answer itself."""

    value: Any
    """The proposed answer in the task's file form, with class names (for classification a name)."""
    score: float | None
    """Probability in 0..1 where the source has one."""
    source: str
    """Who suggests it: `head`, `round 3`, a rule's name."""
    scores: tuple[tuple[int, float], ...] = ()
    """(class id, probability) of the likeliest classes, the likeliest first; empty if the source has none."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a text is asked, in a form that can be stored and said in any language (`core.querying.reasons`)."""

    kind: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One place in the queue of texts to ask."""

    example_id: int
    strategy: str
    reason: Reason
    probability: float | None = None
    """Inclusion probability for texts drawn at random (the audit stream); None for texts picked on purpose."""
    suggestion: Suggestion | None = None


@dataclass(frozen=True, slots=True)
class LabelledExample:
    """A text with its current answer, as training and export see it."""

    example: Example
    stored: str
    """The answer in its task's stored form."""
    annotator: str
    seq: int
    """Number of the event that gave the answer; later answers have higher numbers."""
    pick: Mapping[str, Any] = field(default_factory=dict)
    """How the text came to be asked: strategy, reason, probability; empty if it was not served by a queue."""
    given: float = 0.0
    """When the answer was given, seconds since 1970 UTC."""


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of background work, as its row in the database says."""

    id: int
    kind: str
    args: Mapping[str, Any]
    state: JobState
    created: float
    started: float | None = None
    finished: float | None = None
    attempts: int = 0
    """How often a worker took it; more than one after a crash."""
    cancel_requested: bool = False
    error: Mapping[str, str] | None = None
    """title, what and hint of the failure; None unless failed."""
    result: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class JobEvent:
    """Something that happened in a job: progress, a phase, a number worth keeping."""

    kind: str
    """`progress`, `phase`, `note`, `result` …"""
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """What was counted for one class; every ratio is derived from it. Counts add up over folds and slices."""

    class_id: int
    tp: int = 0
    fp: int = 0
    fn: int = 0

    def __add__(self, other: "ClassCounts") -> "ClassCounts":
        return ClassCounts(self.class_id, self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    @property
    def support(self) -> int:
        """How many texts truly belong to the class."""
        return self.tp + self.fn

    @property
    def precision(self) -> float | None:
        """tp / (tp + fp); None if the class was never predicted."""
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else None

    @property
    def recall(self) -> float | None:
        """tp / (tp + fn); None if the class never occurred."""
        return self.tp / self.support if self.support else None

    @property
    def f1(self) -> float | None:
        """2·tp / (2·tp + fp + fn); None if the class neither occurred nor was predicted."""
        total = 2 * self.tp + self.fp + self.fn
        return 2 * self.tp / total if total else None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Counts of one model on one body of evidence."""

    subject: str
    """The model: `head` or `round 3`."""
    source: Source
    event_seq: int
    """The newest answer the model had seen."""
    counts: Mapping[str, Mapping[tuple[int, ...], int]]
    """slice → cell → number; the slice "" holds all. What a cell means is the task's business."""
    created: float = 0.0

    @property
    def n(self) -> int:
        """How many texts were judged."""
        return sum(self.counts.get("", {}).values())


@dataclass(frozen=True, slots=True)
class RoundSummary:
    """One fine-tuning round and what became of it."""

    number: int
    state: Literal["running", "kept", "rejected", "failed"]
    event_seq: int
    """The newest answer in its training set."""
    set_hash: str
    """SHA-256 over ids and answers of its training set."""
    n_labels: int
    verdict: str = ""
    """Why it was kept or not, in words."""
    info: Mapping[str, Any] = field(default_factory=dict)
    created: float = 0.0


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of every line of a file: new + known + refused = lines."""

    source: str
    split: Split
    lines: int = 0
    new: int = 0
    known: int = 0
    """Texts that were there already, or twice in the file."""
    moved: int = 0
    """Known texts that left the pool because the file is a test set (counted in `known` too)."""
    answers: int = 0
    conflicts: int = 0
    """Texts that came twice with different answers; the first one was kept."""
    refused: int = 0
    refusals: tuple[tuple[int, str], ...] = ()
    """(line number, reason) of the first refused lines."""
    import_id: int = 0
    unit: str = "line"
    """What its numbers count: `line`, `row`, `item` or `file`."""
