"""What was typed and not saved yet, kept through a dropped connection: it is there again when the dialog opens."""

from collections.abc import Callable

from textual.message_pump import MessagePump
from textual.timer import Timer
from textual.widgets import TextArea

from core.connection import transaction
from core.store import meta
from tui.refusals import outlived
from tui.session import Session

KEEP_SECONDS = 0.5
"""This long after the last key the text is on the disk."""


class Draft:
    """One person's unfinished text about one thing."""

    def __init__(self, session: Session, about: str) -> None:
        """`about` tells drafts apart, such as `note:17`."""
        self._session = session
        self._key = f"draft:{about}:{session.annotator}"
        self._timer: Timer | None = None

    def found(self) -> str | None:
        """What was typed last time; None if nothing was left behind."""
        text = meta.get(self._session.con, self._key)
        return text if isinstance(text, str) else None

    def follow(self, area: TextArea, saved: str) -> None:
        """Something was typed: keep it as soon as the fingers rest; what equals `saved` is no draft."""
        self.soon(area, lambda: None if area.text == saved else area.text)

    def soon(self, widget: MessagePump, text: Callable[[], str | None]) -> None:
        """Keep what `text` says as soon as the fingers rest; None if that is no draft."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = widget.set_timer(KEEP_SECONDS, lambda: self._keep(text()))

    def settle(self, area: TextArea, saved: str) -> None:
        """The dialog closes: keep at once what would have been kept in a moment."""
        if self._timer is not None:
            self._timer.stop()
            self._keep(None if area.text == saved else area.text)

    def drop(self) -> None:
        """It was saved, or is not wanted any more."""
        if self._timer is not None:
            self._timer.stop()
        if self.found() is not None:
            self._keep(None)

    def _keep(self, text: str | None) -> None:
        def put() -> None:
            with transaction(self._session.con):
                meta.put(self._session.con, self._key, text)

        outlived(self._session, put)  # it is tried again after the next key
