"""A decision that another process keeps from being saved: it is said, tried again, and called saved only when it is.

SQLite alone would wait in silence, and the screen with it. Nothing of a decision that waits is in the database; keys
pressed meanwhile are dropped, for the text stays until it is saved.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.connection import OperationalError, is_busy, patience, writer
from core.i18n import _
from tui.refusals import attempt
from tui.widgets.line import Piece

if TYPE_CHECKING:
    from tui.screens.base import HandfulScreen

QUIET_MS = 300
"""Waited in silence: as long as a committing worker or a second terminal takes."""
AGAIN_MS = 40
AGAIN_SECONDS = 0.1


class Saving:
    """At most one decision on its way."""

    def __init__(self, screen: "HandfulScreen", say: Callable[..., None]) -> None:
        """`say(*pieces)` puts a line on the screen."""
        self._screen = screen
        self._say = say
        self._act: Callable[[], object] | None = None
        self._then: Callable[[], object] = lambda: None

    @property
    def waits(self) -> bool:
        """Whether a decision is not on the disk yet."""
        return self._act is not None

    def begin(self, act: Callable[[], object], then: Callable[[], object]) -> None:
        """Save, and do what follows at once; or, if somebody holds the lock, as soon as they let go.

        Raises what `act` raises for other reasons.
        """
        self._act, self._then = act, then
        try:
            self._try(QUIET_MS)
        except BaseException:
            self._give_up()
            raise

    def words(self) -> tuple[Piece, ...]:
        """That it waits, and for whom."""
        pid = writer(self._screen.session.project.database)
        who = _("another process") if pid is None else _("process {pid}").format(pid=pid)
        return ((_("saving… "), "unsure"), (_("{who} holds the database; not saved yet").format(who=who), "muted"))

    def _try(self, milliseconds: int) -> None:
        act = self._act
        if act is None:
            return
        try:
            with patience(self._screen.session.con, milliseconds):
                act()
        except OperationalError as error:
            if not is_busy(error):
                raise
            self._say(*self.words())
            self._screen.set_timer(AGAIN_SECONDS, self._again)
            return
        self._act = None
        self._then()

    def _again(self) -> None:
        if not attempt(self._screen.handful, lambda: self._try(AGAIN_MS)):
            self._give_up()

    def _give_up(self) -> None:
        """What speaks against it is told elsewhere; the text is still there to be answered."""
        self._act = None
        self._say((_("not saved"), "wrong"))
