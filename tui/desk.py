"""One person's way through the texts: what is shown now, what an answer does, back and forth, undo. Without Textual.

A decision and the fact that the next text is shown are one transaction, so that a dropped connection finds the same
text again. What comes next is read ahead; nothing here waits for the worker.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core import deciding, queue
from core.errors import InputError
from core.i18n import _
from core.predictions import Predictions
from core.records import Example, QueueItem, Reason, Suggestion
from core.serving import Serving, TakenError, overlap_of, serve
from core.store import acts, examples, labels, marks
from core.store.acts import Turned
from core.store.marks import Mark
from tui.refusals import outlived
from tui.session import Session

AHEAD = 24
"""Texts that are read ahead."""
TRIES = 20
"""How often the queue is read again if others took all that was read before it could be shown."""
LOW = 8
"""With fewer left, more are read as soon as there is time."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The text on the desk."""

    example: Example
    pick: Mapping[str, Any] = field(default_factory=dict)
    """How it came to be asked: strategy, reason, probability; empty if nobody picked it."""
    suggestion: Suggestion | None = None
    given: Any = None
    """One's own answer on record, in file form; None if there is none."""
    skipped: bool = False
    mark: Mark = field(default_factory=Mark)

    @property
    def reason(self) -> Reason | None:
        """Why it was picked."""
        said = self.pick.get("reason")
        return None if not said else Reason(said["kind"], said["args"])


class Desk:
    """What lies on the desk of one annotator."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.shown: Shown | None = None
        """None: nothing is left to ask."""
        self._ahead: list[tuple[QueueItem, Example]] = []
        self._later: list[int] = []
        """Ids passed on the way back, the next one last; empty: this is the newest text."""

    @property
    def in_the_past(self) -> bool:
        """Whether a text answered earlier is shown."""
        return bool(self._later)

    def start(self) -> None:
        """Begin with the text that was shown last, if it is still open."""
        served = labels.last_served(self.session.con, self.session.annotator)
        if served is not None and self._take({served[0]: served[1]}):
            self.shown = self._look_at(*served)
        self.refill()

    def refill(self) -> None:
        """Read the queue anew; the text that is shown stays, and if there is none, the first one is shown."""
        self._read_ahead()
        for _turn in range(TRIES):
            if self.shown is not None or self._later or not self._ahead:
                return
            taken = self._take(self._picks())
            if taken:
                self._show_first(taken)
            else:  # others were quicker with all of them
                self._read_ahead()

    def _read_ahead(self) -> None:
        con, here = self.session.con, self.shown.example.id if self.shown else 0
        items = queue.upcoming(self.session.project, con, AHEAD + 1, self.session.holder)
        there = {example.id: example for example in examples.get(con, [item.example_id for item in items])}
        there.pop(here, None)
        self._ahead = [(item, there[item.example_id]) for item in items if item.example_id in there]

    @property
    def low(self) -> bool:
        """Whether more should be read ahead soon."""
        return len(self._ahead) < LOW

    def upcoming(self) -> list[tuple[QueueItem, Example]]:
        """The texts that come next."""
        return list(self._ahead)

    def give(self, raw: Any, seconds: float | None = None) -> None:
        """Answer the text (`raw` in file form) and go on; a name that nobody has used yet makes a class.

        Raises InputError if this is no answer, or a new name where the list of classes is closed. Raises TakenError if
        somebody else has answered the text meanwhile: nothing was saved then, and the next text is shown.
        """
        shown, session, serving = self._something(), self.session, self._serving()
        try:
            deciding.give(
                session.con,
                session.task,
                raw,
                [(shown.example, shown.pick)],
                session.annotator,
                open_classes=session.settings.open_classes,
                seconds=seconds,
                serve=serving,
            )
        except TakenError:
            self._go_on()
            raise
        self._passed(serving)

    def skip(self, seconds: float | None = None) -> None:
        """Put the text aside without an answer and go on."""
        shown, session, serving = self._something(), self.session, self._serving()
        deciding.skip(
            session.con,
            session.task,
            shown.example,
            shown.pick,
            session.annotator,
            seconds=seconds,
            serve=serving,
        )
        self._passed(serving)

    def undo(self) -> Turned | None:
        """Take back the last act; the first of its texts is shown. None if there is nothing."""
        return self._turned(acts.undo(self.session.con, self.session.task, self.session.annotator))

    def redo(self) -> Turned | None:
        """Bring back what was undone last; None if there is nothing."""
        return self._turned(acts.redo(self.session.con, self.session.task, self.session.annotator))

    def back(self) -> bool:
        """Show the text answered before this one; False if there is none."""
        con = self.session.con
        before = None
        if self._later and self.shown is not None:
            before = self._seq_of(self.shown.example.id)
        found = labels.history(con, self.session.annotator, before=before, limit=1)
        if not found:
            return False
        self._later.append(self.shown.example.id if self.shown else 0)
        self.shown = self._look_at(found[0].example_id, {})
        return True

    def forward(self) -> bool:
        """Go one text towards the newest; False if it is shown."""
        if not self._later:
            return False
        self._go_on()
        return True

    def open(self, example_id: int) -> bool:
        """Show a certain text; forward leads back from it. False if there is no such text."""
        found = self._look_at(example_id, {})
        if found is None:
            return False
        self._later.append(self.shown.example.id if self.shown else 0)
        self.shown = found
        return True

    def flag(self) -> bool:
        """Mark the text, or take the mark away; returns whether it is marked now."""
        shown = self._something()
        marks.flag(self.session.con, shown.example.id, not shown.mark.flagged, self.session.annotator)
        self._look_again()
        return not shown.mark.flagged

    def note(self, text: str) -> None:
        """Write the text's note; an empty one removes it."""
        marks.note(self.session.con, self._something().example.id, text, self.session.annotator)
        self._look_again()

    def refresh(self) -> None:
        """Something changed elsewhere: read the shown text's facts and the queue anew."""
        self._look_again()
        self.refill()

    def _something(self) -> Shown:
        if self.shown is None:
            raise InputError(_("There is no text to answer."), "", _("Add texts on the screen Data."))
        return self.shown

    def _picks(self) -> dict[int, Mapping[str, Any]]:
        return {item.example_id: queue.pick_of(item) for item, _example in self._ahead}

    def _serving(self) -> Serving:
        """What is taken next, together with the decision; on the way back the next text is known."""
        overlap, shown = overlap_of(self.session.settings), self._something()
        asked = bool(shown.pick) and shown.given is None and not shown.skipped
        picks = {} if self._later else self._picks()
        return Serving(picks, self.session.holder, overlap, shown.example.id if asked else 0, keep=self._later)

    def _take(self, picks: Mapping[int, Mapping[str, Any]], keep: Collection[int] = ()) -> int:
        """Take the first of these texts that nobody else has; 0: there is none."""
        session = self.session
        serving = Serving(picks, session.holder, overlap_of(session.settings), keep=keep)
        if not outlived(session, lambda: serve(session.con, serving)):
            return next(iter(picks), 0)  # on a full disk one can still read
        return next(iter(serving.chosen), 0)

    def _passed(self, serving: Serving) -> None:
        self.session.touched()
        self._go_on(next(iter(serving.chosen), 0))

    def _go_on(self, taken: int = 0) -> None:
        """The text shown before one went back, or the next of the queue, which may be taken already."""
        if self._later:
            example_id = self._later.pop()
            found = self._look_at(example_id, labels.served_pick(self.session.con, example_id)) if example_id else None
            if found is not None and (self._later or not (found.given or found.skipped)):
                self.shown = found
                return
        self.shown = None
        if taken:
            self._show_first(taken)
        else:
            self.refill()

    def _show_first(self, example_id: int) -> None:
        """Show a text of those read ahead; those before it are let go, for others have them."""
        while self._ahead:
            item, example = self._ahead.pop(0)
            if item.example_id == example_id:
                self.shown = Shown(example, queue.pick_of(item), item.suggestion)
                return

    def _look_at(self, example_id: int, pick: Mapping[str, Any]) -> Shown | None:
        """A text with what is on record about it."""
        con = self.session.con
        found = next(iter(examples.get(con, [example_id])), None)
        if found is None:
            return None
        there = labels.answer_of(con, example_id, self.session.annotator)
        given = None
        if there is not None and there.stored is not None:
            given = self.session.task.to_file(self.session.task.decode(there.stored), self.session.names())
        mark = marks.of(con, [example_id]).get(example_id, Mark())
        skipped = there is not None and there.stored is None
        pick = pick or labels.served_pick(con, example_id)
        return Shown(found, pick, self._suggestion(example_id), given, skipped, mark)

    def _suggestion(self, example_id: int) -> Suggestion | None:
        """What the model says about a text that the queue does not bring."""
        ahead = next((item.suggestion for item, example in self._ahead if example.id == example_id), None)
        if ahead is not None:
            return ahead
        found = Predictions.open(self.session.project, self.session.con)
        if found is None:
            return None
        with found:
            return found.suggestion(self.session.con, self.session.task, example_id)

    def _look_again(self) -> None:
        if self.shown is not None:
            old = self.shown
            now = self._look_at(old.example.id, old.pick)
            self.shown = None if now is None else replace(now, suggestion=old.suggestion)

    def _turned(self, turned: Turned | None) -> Turned | None:
        if turned is None:
            return None
        self.session.touched()
        if turned.example_ids and (self.shown is None or self.shown.example.id != turned.example_ids[0]):
            self._later = [self.shown.example.id] if self.shown else []
            self.shown = self._look_at(turned.example_ids[0], {})
            if self.shown is not None and self.shown.given is None:
                self._take({self.shown.example.id: self.shown.pick}, keep=self._later)
        else:
            self._look_again()
        return turned

    def _seq_of(self, example_id: int) -> int | None:
        found = labels.answer_of(self.session.con, example_id, self.session.annotator)
        return found.seq if found else None
