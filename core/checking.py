"""Labels to look at once more, and what settles each: what the worker found, less what was settled since.

Three kinds: answers that models speak against (`doubt`), near-identical texts with different answers (`copies`), and
texts that the same person answered otherwise the second time (`again`). Standard library only; the terminal reads it.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from core import deciding, inuse, suspected
from core.connection import Connection
from core.evaluation.repeated import SelfAgreement, self_agreement
from core.project import Project
from core.records import Example
from core.store import checks, classes, labels, models
from core.store.checks import Again
from core.store.labels import Given
from core.tasks.base import Task

Kind = Literal["doubt", "copies", "again"]
KINDS: tuple[Kind, ...] = get_args(Kind)
FORGOTTEN = 86_400.0
"""Seconds after which an answer can be asked again."""
PASSED = 50
"""After so many decisions of the same person it can be asked earlier."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """One label, or two that contradict each other; all answers in their task's stored form."""

    kind: Kind
    given: Given
    """The answer in question, as it is now."""
    suggested: str
    """What it could be instead: the model's answer, that of the near-copy, or the second one."""
    weight: float
    """How suspicious, 0..1: what speaks against it, or how alike the two texts are; 1 for a second answer."""
    confident: bool = False
    """The models are as sure of the other answer as they usually are where it is right."""
    beside: Given | None = None
    """The answer to the text to compare with: the near-copy, or the nearest text answered as suggested."""
    back: str = ""
    """Of near-copies: what the answer in question would be for the text beside."""
    odds: float = 0.0
    """Of a doubt: how many times as likely models find something else there as what was given; 0: not told."""

    @property
    def id(self) -> int:
        """The text in question."""
        return self.given.example_id

    @property
    def answers(self) -> dict[int, int]:
        """Example id → number of the event that gave its answer, of all answers that are in question."""
        both = [self.given, self.beside] if self.kind == "copies" and self.beside else [self.given]
        return {given.example_id: given.seq for given in both}


@dataclass(frozen=True, slots=True)
class Overview:
    """What there is to check."""

    suspects: tuple[Suspect, ...]
    """Open ones, kind by kind, the most suspicious first."""
    checked: int | None
    """Answers that models have judged; None: none was yet."""
    kept: int
    """Lots of answers that were checked and stand."""
    subject: str
    """The model in use."""


def overview(project: Project, con: Connection) -> Overview:
    """All labels that look wrong and were not settled."""
    subject = inuse.source_name(models.encoder_in_use(con))
    found, copies = suspected.found_by(project, subject), suspected.load_copies(project)
    again = checks.answered_again(con)
    ids = {pair.one for pair in copies} | {pair.other for pair in copies} | {one.example_id for one in again}
    ids |= {i for one in (found.doubted if found else ()) for i in (one.example_id, one.nearest)}
    given, kept = labels.answers_of(con, sorted(ids)), checks.kept(con)
    listed = [*_doubts(found, given), *_copies(copies, given), *_contradictions(again, given)]
    still = tuple(one for one in listed if frozenset(one.answers.items()) not in kept)
    return Overview(still, found.n if found else None, len(kept), subject)


def _doubts(found: suspected.Checked | None, given: Mapping[int, Given]) -> list[Suspect]:
    listed = []
    for one in found.doubted if found else ():
        now = given.get(one.example_id)
        if now is None or now.stored != one.stored:
            continue
        beside = given.get(one.nearest)
        still = beside if beside is not None and beside.stored == one.suggested else None
        listed.append(Suspect("doubt", now, one.suggested, one.doubt, one.confident, still, odds=one.odds))
    return listed


def _copies(pairs: Sequence[suspected.Copies], given: Mapping[int, Given]) -> list[Suspect]:
    listed = []
    for pair in pairs:
        one, other = given.get(pair.one), given.get(pair.other)
        if not (one and other and one.stored and other.stored) or one.stored == other.stored:
            continue
        if (one.stored, other.stored) == (pair.stored, pair.other_stored) and pair.carried:
            listed.append(Suspect("copies", one, pair.carried, pair.alike, beside=other, back=pair.back))
        elif pair.carried in ("", pair.other_stored):  # what fits the one as it stands does so as it is now
            listed.append(Suspect("copies", one, other.stored, pair.alike, beside=other, back=one.stored))
    return listed


def _contradictions(again: Sequence[Again], given: Mapping[int, Given]) -> list[Suspect]:
    listed = []
    for one in again:
        now = given.get(one.example_id)
        if now and now.seq == one.answer_seq and now.stored and one.second != now.stored:
            listed.append(Suspect("again", now, one.second, 1.0))
    return listed


def agreement(con: Connection, task: Task[Any], annotator: str) -> SelfAgreement:
    """How well a person agrees with themselves."""
    return self_agreement(
        task, [(task.decode(one.first), task.decode(one.second)) for one in checks.answered_again(con, annotator)]
    )


def to_ask_again(con: Connection, annotator: str, n: int, seed: int = 0) -> list[Given]:
    """Up to `n` of a person's own answers, drawn at random from those they have had time to forget."""
    found = checks.askable(con, annotator, older_than=FORGOTTEN, passed=PASSED)
    asked = len(checks.answered_again(con, annotator))
    return random.Random(f"{seed}:{annotator}:{asked}").sample(found, min(n, len(found)))  # noqa: S311 (no secret)


def change(con: Connection, task: Task[Any], texts: Sequence[Example], stored: str, annotator: str) -> None:
    """Answer texts again with an answer that is on record, as one act; how they came to be asked stays known."""
    raw = task.to_file(task.decode(stored), classes.names(con))
    deciding.give(con, task, raw, [(text, {}) for text in texts], annotator, open_classes=False, settles=True)


def keep(con: Connection, suspect: Suspect, annotator: str) -> None:
    """Write down that what is in question is right as it is."""
    checks.keep(con, suspect.answers, annotator)


def counts(found: Overview) -> dict[Kind, int]:
    """How many there are of each kind that there is any of."""
    times = Counter(one.kind for one in found.suspects)
    return {kind: times[kind] for kind in KINDS if times[kind]}
