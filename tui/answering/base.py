"""What a task's answer panel is given and what it gives back. Nothing here assumes one class per text."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from textual import events
from textual.message import Message

from core.records import LabelClass, Suggestion
from tui.widgets.lines import LineWidget


@dataclass(frozen=True, slots=True)
class Question:
    """One text to answer, with all that helps to."""

    text: str
    """Empty where many texts are answered together."""
    classes: tuple[LabelClass, ...]
    """Those that can be chosen, in the order of creation."""
    counts: Mapping[int, int] = field(default_factory=dict)
    """class id → labelled texts."""
    suggestion: Suggestion | None = None
    given: Any = None
    """The answer on record in file form; None if there is none."""
    open_classes: bool = True
    """Whether a new name may be typed."""


class AnswerPanel(LineWidget, can_focus=True):
    """The choices of one task. It has the focus while texts are labelled and takes the keys it understands.

    `ready` is asked before a key counts: it is False while a text is not certainly on screen, and then says so itself.
    """

    class Given(Message):
        """An answer was given, in file form."""

        def __init__(self, raw: Any) -> None:
            super().__init__()
            self.raw = raw

    def __init__(self, ready: Callable[[], bool]) -> None:
        super().__init__(id="answer")
        self.ready = ready
        self.question = Question("", ())

    @property
    def typing(self) -> bool:
        """Whether letters are typed into a filter now, so that they are no commands."""
        return False

    @property
    def holds_text(self) -> bool:
        """Whether something is typed already, so that enter, blank and backspace belong to it."""
        return False

    def taken(self) -> frozenset[str]:
        """Keys, by Textual's names, that this panel takes now and that are therefore no commands."""
        return frozenset()

    def ask(self, question: Question) -> None:
        """Show another question; whatever was typed for the one before is gone."""
        raise NotImplementedError

    def update(self, question: Question) -> None:
        """The same question with newer facts (counts, suggestion, classes); what is typed stays."""
        raise NotImplementedError

    def press(self, event: events.Key) -> bool:
        """Do what a key means here; False if it means nothing, and others may have it."""
        raise NotImplementedError

    def on_key(self, event: events.Key) -> None:
        """With the focus, it has the first say."""
        if self.press(event):
            event.stop()
            event.prevent_default()

    def accept(self) -> bool:
        """Give the suggestion as the answer; False if there is none."""
        raise NotImplementedError

    def open_filter(self) -> None:
        """Let letters be typed."""

    def wanted_height(self, width: int, height: int) -> int:
        """Lines it would like on a screen of this size, when it lies below the text."""
        raise NotImplementedError
