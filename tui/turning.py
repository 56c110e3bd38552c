"""Undo and redo, as every screen but Label does and tells them; Label goes by what lies on its desk."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from core.connection import Connection
from core.i18n import _
from core.store import acts
from core.store.acts import Turned
from core.tasks.base import Task
from tui.refusals import refusable
from tui.session import Session
from tui.texts import stored_in_words
from tui.widgets.line import Kind

if TYPE_CHECKING:
    from tui.app import HandfulApp

Turn = Callable[[Connection, Task[Any], str], Turned | None]


def told(session: Session, turned: Turned, *, back: bool = False) -> str:
    """What was taken back (`back`: brought back), as a line for the screen."""
    done = _("brought back: {what}") if back else _("taken back: {what}")
    names = session.names()
    return done.format(what=acts.words(turned, names, stored_in_words(session.task, turned.stored, names)))


class Turning:
    """What a screen with keys for undo and redo is besides: it says how it tells things and what it shows then."""

    if TYPE_CHECKING:

        @property
        def handful(self) -> "HandfulApp": ...

        @property
        def session(self) -> Session: ...

    def tell(self, words: str, kind: Kind = "text") -> None:
        """Show a line on what just happened."""
        raise NotImplementedError

    def turned(self, turned: Turned) -> None:
        """Something was taken or brought back: show its texts, where the screen does not look by itself."""

    @refusable
    def action_undo(self) -> None:
        """Take back the last act."""
        self._turn(acts.undo, _("There is nothing to undo."), back=False)

    @refusable
    def action_redo(self) -> None:
        """Bring back what was undone."""
        self._turn(acts.redo, _("There is nothing to redo."), back=True)

    def _turn(self, turn: Turn, nothing: str, *, back: bool) -> None:
        session = self.session
        turned = turn(session.con, session.task, session.annotator)
        if turned is None:
            self.tell(nothing, "unsure")
            return
        session.touched()
        self.turned(turned)
        self.tell(told(session, turned, back=back))
