"""Any number of classes per text: keys toggle them, enter saves the set, 0 says that none fits.

What the model would answer is marked from the start, so that a right suggestion is one key and a half right one a few.
Choices stand where the panel of one class puts them (of many the likeliest, and typing filters); the line below them
says the whole set, for a class of it may be out of sight.
"""

from typing import ClassVar

from rich.segment import Segment
from textual import events

from core.i18n import _
from core.tasks import rules
from tui.answering.base import AnswerDesk, AnswerPanel, Question
from tui.answering.classify import Choice, ClassPanel
from tui.show import clip, segment

NONE = "0"
IN, OUT = "■", "□"
"""A class of the set, and one that the model suggests but the set lacks."""


class SetPanel(ClassPanel):
    """The panel of multi-label classification."""

    KEYS_HELP: ClassVar[tuple[tuple[str, str], ...]] = (
        ("1-9", _("Put the label beside the digit on, or take it off; so does the letter that stands behind it.")),
        ("↵", _("Save the labels that are marked.")),
        ("0", _("Save that no label fits.")),
    )

    def __init__(self, desk: AnswerDesk) -> None:
        super().__init__(desk)
        self._chosen: frozenset[int] = frozenset()
        self._new: tuple[str, ...] = ()
        """Names of the set that are no classes yet."""
        self._first: frozenset[int] = frozenset()
        """Classes that were marked when the text came: they stay at the top of many."""
        self._touched = False

    @property
    def foot(self) -> int:
        return 1

    @property
    def holds_text(self) -> bool:
        return super().holds_text or self._touched

    def ask(self, question: Question) -> None:
        said = question.given if question.given is not None else _suggested(question)
        self._chosen = self._first = frozenset(item.id for item in question.classes if item.name in said)
        self._new, self._touched = (), False
        super().ask(question)

    def update(self, question: Question) -> None:
        there = {item.id for item in question.classes}
        made = {item.name: item.id for item in question.classes}
        self._chosen = frozenset(self._chosen & there) | {made[name] for name in self._new if name in made}
        self._new = tuple(name for name in self._new if name not in made)
        super().update(question)

    def accept(self) -> bool:
        """Save the set as it is marked; an empty one is an answer, too."""
        self.desk.given(self.said())
        return True

    def said(self) -> list[str]:
        """The set in file form, in the order of the classes."""
        return [*(item.name for item in self.question.classes if item.id in self._chosen), *self._new]

    def wanted_height(self, width: int, height: int) -> int:
        return min(super().wanted_height(width, height) + 1, max(4, height // 2))

    def press(self, event: events.Key) -> bool:
        if event.key == NONE and not self._typed:
            return self._guarded(lambda: self.desk.given([]))
        if event.key == "enter" and self._row < 0 and not self._typed:
            return self._guarded(self.accept)
        return super().press(event)

    def _rank(self, choice_id: int, likely: float, count: int) -> tuple[float, ...]:
        return (float(choice_id not in self._first), *super()._rank(choice_id, likely, count))

    def _give(self, choice: Choice) -> None:
        """In or out; what it implies comes along, what excludes it goes."""
        if choice.item is None:
            self._new = (*self._new, choice.name)
        else:
            self._chosen = rules.of(self.question.classes).toggled(self._chosen, choice.item.id)
        self._typed, self._row, self._touched = "", -1, True
        self._choose()
        self.redraw()

    def _mark(self, choice: Choice) -> tuple[str, str]:
        if choice.item is None:
            return "+", "panel--name"
        suggested = choice.name in _suggested(self.question)
        if choice.item.id in self._chosen:
            return IN, "panel--guess" if suggested else "panel--given"
        return (OUT, "panel--guess") if suggested else (" ", "panel--name")

    def build(self, width: int, height: int) -> list[list[Segment]]:
        lines = super().build(width, height - 1)
        lines = lines[: height - 1] + [[]] * (height - 1 - len(lines))
        return [*lines, self._set_line(width)]

    def _set_line(self, width: int) -> list[Segment]:
        said = self.said()
        style = "panel--given" if self._touched or self.question.given is not None else "panel--guess"
        after = _("  ↵ saves it · 0 none fits")
        words = clip(", ".join(said) if said else _("no label"), max(8, width - len(after) - 2))
        line = [Segment("= ", self.component("panel--key")), segment(words, self.component(style))]
        return [
            *line,
            segment(clip(after, width - sum(part.cell_length for part in line)), self.component("panel--count")),
        ]


def _suggested(question: Question) -> list[str]:
    return list(question.suggestion.value) if question.suggestion is not None else []


def panel(desk: AnswerDesk) -> AnswerPanel:
    """The panel of the task `multilabel`."""
    return SetPanel(desk)
