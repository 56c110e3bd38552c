"""Which text a person gets next: the first of those lined up that nobody else has, taken in the same transaction.

Used by the label screen with each decision, and by `handful next`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.connection import Connection, transaction
from core.errors import RefusedError
from core.i18n import _
from core.settings import Settings
from core.show import visible
from core.store import labels, leases
from core.store.leases import Holder, Overlap

Pick = Mapping[str, Any]


class TakenError(RefusedError):
    """Somebody else has answered the text while it was shown here."""


def overlap_of(settings: Settings) -> Overlap:
    """How many texts of a project are asked of several people."""
    return Overlap(settings.overlap, settings.overlap_people, settings.seed)


@dataclass(slots=True)
class Serving:
    """Candidates for the next text, the best first, and what became of them."""

    candidates: Mapping[int, Pick]
    """Text → how it came to be asked."""
    holder: Holder
    overlap: Overlap = field(default_factory=Overlap)
    current: int = 0
    """The text that is being answered, if the queue brought it: others must not have answered it meanwhile."""
    keep: Collection[int] = ()
    """Texts that stay leased, for one goes back to them."""
    n: int = 1
    """How many are wanted."""
    seconds: float = leases.SECONDS
    chosen: tuple[int, ...] = ()
    """The texts that were taken."""

    def check(self, con: Connection) -> None:
        """Raise TakenError if the text that is being answered was answered by all who were to be asked."""
        others = leases.answered_by_others(con, self.current, self.holder) if self.current else []
        if others:
            raise TakenError(
                _("{who} answered this text meanwhile.").format(who=visible(", ".join(others))),
                _("Your answer was not saved: it would have been a second one."),
                _("To answer it all the same, open it on the screen Data."),
            )

    def take(self, con: Connection) -> None:
        """Take the first that are free, let go of all others, and note how they came to be asked."""
        found: list[int] = []
        for example_id in self.candidates:
            if len(found) == self.n:
                break
            if leases.take(con, example_id, self.holder, self.overlap, self.seconds):
                found.append(example_id)
        leases.release(con, self.holder, keep=[*found, *self.keep])
        self.chosen = tuple(found)
        if found:
            labels.note_served(con, {i: self.candidates[i] for i in found}, self.holder.annotator)


def serve(con: Connection, serving: Serving) -> Sequence[int]:
    """Take the texts in a transaction of their own; returns those that were got."""
    with transaction(con):
        serving.take(con)
    return serving.chosen
