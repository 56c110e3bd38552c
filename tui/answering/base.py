"""What a task's answer panel is given and what it gives back. Nothing here assumes one class per text."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from textual import events

from core.records import LabelClass, Suggestion
from core.settings import Settings
from tui.widgets.lines import LineWidget
from tui.widgets.text_card import TextCard


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
    options: Settings = field(default_factory=Settings)
    """The project's."""
    patterns: str = ""
    """The project's patterns that suggest something, as they are written."""
    unsaved: str | None = None
    """What `AnswerDesk.unsaved` was told about this text before the connection was lost; None: nothing."""


class AnswerDesk(Protocol):
    """Whoever shows the panel. All of it is done at once, before the next key is looked at."""

    def ready(self) -> bool:
        """Whether a key pressed now is meant for what is on screen; if not, it says itself that the key was dropped."""
        ...

    def given(self, raw: Any) -> None:
        """An answer was given, in file form."""
        ...

    def tell(self, words: str) -> None:
        """Say something about the key that was just pressed; empty: what was said is out of date."""
        ...

    def unsaved(self, state: Callable[[], str | None]) -> None:
        """Something was done to this text and not saved yet: `state` says it in the panel's own way, None: nothing.

        It is kept, so that it is there again after a lost connection.
        """
        ...

    def patterns(self, label: str = "", term: str = "") -> None:
        """Show the patterns to edit them; with a term, add that instead."""
        ...

    def command(self, key: str) -> bool:
        """Do what a key means that the panel has no use for; False if it means nothing here."""
        ...


class AnswerPanel(LineWidget, can_focus=True):
    """The choices of one task. It has the focus while texts are labelled and takes the keys it understands."""

    SCOPE: ClassVar[str] = ""
    """Scope of the key map that its own keys are in; empty: it has none but those of the classes."""

    KEYS_HELP: ClassVar[tuple[tuple[str, str], ...]] = ()
    """(keys as they are shown, what they do) of those that follow from the classes and are in no table."""

    def __init__(self, desk: AnswerDesk) -> None:
        super().__init__(id="answer")
        self.desk = desk
        self.question = Question("", ())

    def card(self) -> TextCard:
        """A new widget that shows the text; made once, if the text is shown at all."""
        return TextCard()

    @property
    def typing(self) -> bool:
        """Whether letters are typed into a filter now, so that they are no commands."""
        return False

    @property
    def holds_text(self) -> bool:
        """Whether something is typed already, so that enter, blank and backspace belong to it."""
        return False

    def taken(self, scope: str = "") -> frozenset[str]:
        """Keys, by Textual's names, that this panel takes now before it looks at those of a scope."""
        return frozenset()

    def perform(self, action: str) -> None:
        """Do what a key of `SCOPE` stands for."""
        raise NotImplementedError

    def undo(self) -> bool:
        """Take back the last thing done to this text and not saved yet; False if there is nothing."""
        return False

    def redo(self) -> bool:
        """Bring back what was undone so; False if there is nothing."""
        return False

    def ask(self, question: Question) -> None:
        """Show another question; whatever was typed for the one before is gone, what was typed after it stays."""
        raise NotImplementedError

    def update(self, question: Question) -> None:
        """The same question with newer facts (counts, suggestion, classes); what is typed stays."""
        raise NotImplementedError

    def press(self, event: events.Key) -> bool:
        """Do what a key means here; False if it means nothing, and others may have it."""
        raise NotImplementedError

    def on_key(self, event: events.Key) -> None:
        """With the focus, it has the first say; not for a key right behind the one that opened a dialog."""
        if self.app.screen is not self.screen:
            return
        if self.press(event) or self.desk.command(event.key):
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
