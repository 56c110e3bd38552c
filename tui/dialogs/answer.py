"""One text read whole, or many named, with the task's own panel to answer them."""

from collections.abc import Callable, Iterable
from typing import Any

from textual import events
from textual.widget import Widget
from textual.widgets import Static

from core import plugins
from core.i18n import _
from tui import answering
from tui.answering.base import AnswerPanel, Question
from tui.dialogs.base import Dialog
from tui.session import Session
from tui.show import content
from tui.widgets.text_card import TextCard


class AnswerDialog(Dialog[Any]):
    """Returns the answer in file form; None if it was left."""

    KEYS = _("answer with the keys above · pgup pgdn scroll · esc leaves it")
    DEFAULT_CSS = """
    AnswerDialog > #box { width: 90%; max-width: 110; height: 86%; }
    AnswerDialog.many > #box { height: auto; }
    AnswerDialog TextCard { padding: 0; }
    AnswerDialog AnswerPanel { margin-top: 1; padding: 0; }
    """

    def __init__(self, session: Session, title: str, question: Question, *, read_only: bool = False) -> None:
        super().__init__(classes="" if question.text else "many")
        self._session = session
        self._title = title
        self._question = question
        self._read_only = read_only

    def heading(self) -> str:
        return self._title

    def body(self) -> Iterable[Widget]:
        panel: AnswerPanel = plugins.load(answering.GROUP, self._session.task.name)(self)
        if self._question.text:
            yield TextCard() if self._read_only else panel.card()
        if not self._read_only:
            yield panel

    def on_mount(self) -> None:
        """The panel has the keys."""
        if self._question.text:
            self.query_one(TextCard).show(self._question.text)
        if not self._read_only:
            panel = self.query_one(AnswerPanel)
            panel.ask(self._question)
            panel.focus()

    def on_resize(self, event: events.Resize) -> None:
        """The panel takes what it needs, once its width is known."""
        if not self._read_only:
            self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        panel = self.query_one(AnswerPanel)
        panel.styles.height = panel.wanted_height(panel.size.width, self.app.size.height)

    def ready(self) -> bool:
        """It was opened for this text."""
        return True

    def tell(self, words: str) -> None:
        """In the line of the keys."""
        self.query_one("#dialog-keys", Static).update(content(words or self.KEYS))

    def unsaved(self, state: Callable[[], str | None]) -> None:
        """What is not saved when the dialog is left is given up."""

    def patterns(self, label: str = "", term: str = "") -> None:
        """They are edited on the screen Label."""

    def command(self, key: str) -> bool:
        """Keys of its own are looked at by `on_key`."""
        return False

    def given(self, raw: Any) -> None:
        """This is the answer."""
        self.dismiss(raw)

    def on_key(self, event: events.Key) -> None:
        """Enter takes the suggestion; pages scroll."""
        if event.key in ("pageup", "pagedown") and self._question.text:
            event.stop()
            self.query_one(TextCard).page(1 if event.key == "pagedown" else -1)
        elif event.key == "enter" and not self._read_only:
            event.stop()
            self.query_one(AnswerPanel).accept()
