"""One class per text: digits for nine choices, a class's own key, or a few letters of its name.

Up to nine classes stand in their own order, so that fingers learn them. Of more, the nine likeliest are shown (the most
used, before there is a model), and typing filters.
"""

from collections.abc import Callable
from dataclasses import dataclass
from string import ascii_letters
from typing import ClassVar

from rich.segment import Segment
from textual import events

from core.i18n import _
from core.records import LabelClass
from tui.answering.base import AnswerDesk, AnswerPanel, Question
from tui.answering.matching import best, folded
from tui.show import clip, clip_middle, fit, segment

DIGIT_KEYS = "123456789"
DIGITS = len(DIGIT_KEYS)
LETTERS = frozenset(ascii_letters)
MAX_TYPED = 200
_TWO_COLUMNS = 64
GAP = 3
"""Cells between two columns of choices."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One row of the panel."""

    item: LabelClass | None
    """None: the name that was typed, as a new class."""
    name: str
    probability: float | None = None


class ClassPanel(AnswerPanel):
    """The panel of single-label classification."""

    COMPONENT_CLASSES = {
        "panel--key", "panel--name", "panel--guess", "panel--given", "panel--count", "panel--filter", "panel--chosen",
    }  # fmt: skip
    DEFAULT_CSS = """
    ClassPanel { height: 5; padding: 0 2; background: $surface; }
    ClassPanel > .panel--key { color: $key; text-style: bold; }
    ClassPanel > .panel--name { color: $text; }
    ClassPanel > .panel--guess { color: $guess; text-style: bold; }
    ClassPanel > .panel--given { color: $given; text-style: bold; }
    ClassPanel > .panel--count { color: $muted; }
    ClassPanel > .panel--filter { color: $text; }
    ClassPanel > .panel--chosen { color: $text; background: $chosen; text-style: bold; }
    """

    KEYS_HELP: ClassVar[tuple[tuple[str, str], ...]] = (
        ("1-9", _("Answer with the class beside the digit; so does the letter that stands behind it.")),
    )

    def __init__(self, desk: AnswerDesk) -> None:
        super().__init__(desk)
        self._typed = ""
        self._row = -1
        """The row that the arrows marked or typing found; -1: none."""
        self._ahead = False
        """Whether what is typed is for a text that is still to come."""
        self._filtering: bool | None = None
        """None: as many classes want it; else as the person has set it."""
        self._choices: tuple[Choice, ...] = ()
        self._more = 0

    @property
    def many(self) -> bool:
        """Whether digits don't reach every class, or there is none yet."""
        return not 0 < len(self.question.classes) <= DIGITS

    @property
    def foot(self) -> int:
        """Lines below the choices that are kept for something else."""
        return 0

    @property
    def typing(self) -> bool:
        return self.many if self._filtering is None else self._filtering

    @property
    def holds_text(self) -> bool:
        return bool(self._typed)

    def taken(self, scope: str = "") -> frozenset[str]:
        own = frozenset(item.key for item in self.question.classes if item.key)
        return LETTERS if self.typing else own

    def ask(self, question: Question) -> None:
        if not self._ahead and self.question.text:
            self._typed = ""
        self._ahead, self._row = False, 0 if self._typed else -1
        self.update(question)

    def update(self, question: Question) -> None:
        self.question = question
        self._choose()
        self.redraw()

    def accept(self) -> bool:
        said = self.question.suggestion
        if said is None:
            return False
        self.desk.given(said.value)
        return True

    def open_filter(self) -> None:
        self._filtering = True
        self._choose()
        self.redraw()

    def wanted_height(self, width: int, height: int) -> int:
        columns = 2 if width >= _TWO_COLUMNS else 1
        rows = -(-max(1, min(DIGITS, len(self.question.classes))) // columns)
        return max(3, min(rows + int(self.many or self.typing), height // 2))

    def _choose(self) -> None:
        """Which choices are shown now, in which order."""
        asked = self.question
        likely = dict(asked.suggestion.scores) if asked.suggestion else {}
        found = list(asked.classes)
        if self._typed:
            found = [found[i] for i in best(self._typed, [item.name for item in found])]
        elif len(found) > DIGITS:
            found.sort(key=lambda item: self._rank(item.id, likely.get(item.id, 0.0), asked.counts.get(item.id, 0)))
        choices = [Choice(item, item.name, likely.get(item.id)) for item in found[:DIGITS]]
        new = " ".join(self._typed.split())
        if new and asked.open_classes and all(folded(item.name) != folded(new) for item in asked.classes):
            choices = [*choices[: DIGITS - 1], Choice(None, new)]
        self._choices = tuple(choices)
        self._more = max(0, len(found) - sum(choice.item is not None for choice in choices))
        self._row = min(self._row, len(choices) - 1)

    def _rank(self, choice_id: int, likely: float, count: int) -> tuple[float, ...]:
        """What many classes are sorted by."""
        return (-likely, -count, choice_id)

    def press(self, event: events.Key) -> bool:
        char = event.character or ""
        if (
            char.isdigit()
            and char.isascii()
            and 1 <= int(char) <= len(self._choices)
            and not self._continues_name(char)
        ):
            return self._guarded(lambda: self._give(self._choices[int(char) - 1]))
        if event.key in ("up", "down") and self._choices:
            return self._move(1 if event.key == "down" else -1)
        if event.key == "enter" and 0 <= self._row < len(self._choices):
            return self._guarded(lambda: self._give(self._choices[self._row]))
        if self.typing:
            return self._typed_key(event.key, char)
        own = next((item for item in self.question.classes if item.key and item.key == char), None)
        return own is not None and self._guarded(lambda: self._give(Choice(own, own.name)))

    def _continues_name(self, char: str) -> bool:
        """Whether a digit belongs to a name that is being typed, such as `type 2`."""
        wanted = folded(self._typed + char)
        return bool(self._typed) and any(folded(item.name).startswith(wanted) for item in self.question.classes)

    def _typed_key(self, key: str, char: str) -> bool:
        """What only writes or marks is taken at any time: of a name that is typed fast no letter may be missing."""
        if key == "escape":
            return self._leave()
        if not self._typed:
            return len(char) == 1 and char.isprintable() and char not in " ?:/" and self._edit(char)
        if key == "backspace":
            return self._edit(None)
        return len(char) == 1 and char.isprintable() and self._edit(char)

    def _guarded(self, act: Callable[[], object]) -> bool:
        """Act if the text is certainly on screen; the key is used up either way."""
        if self.desk.ready():
            act()
        return True

    def _edit(self, char: str | None) -> bool:
        self._typed = self._typed[:-1] if char is None else (self._typed + char)[:MAX_TYPED]
        self._row = 0 if self._typed else -1
        self._choose()
        self.redraw()
        return True

    def _move(self, by: int) -> bool:
        self._row = max(0, min(len(self._choices) - 1, self._row + by))
        self.redraw()
        return True

    def _leave(self) -> bool:
        """Escape first empties the filter, then closes it, so that letters are commands."""
        if self._typed:
            self._typed, self._row = "", -1
        else:
            self._filtering = not self.typing
        self._choose()
        self.redraw()
        return True

    def _give(self, choice: Choice) -> None:
        self._typed, self._row, self._ahead = "", -1, True
        self._choose()
        self.desk.given(choice.name)

    def on_click(self, event: events.Click) -> None:
        """A click on a choice gives it."""
        row = event.y - self.styles.padding.top
        columns, width = self._columns(self.size.width)
        position = row + min(columns - 1, max(0, event.x - self.styles.padding.left) // width) * self._rows(columns)
        if row < self._rows(columns) and position < len(self._choices) and self.desk.ready():
            self._give(self._choices[position])

    def _columns(self, width: int) -> tuple[int, int]:
        room = self.size.height - self.foot - int(self.typing)
        columns = 2 if width >= _TWO_COLUMNS and room < len(self._choices) else 1
        return columns, width // columns

    def _rows(self, columns: int) -> int:
        return -(-len(self._choices) // columns)

    def build(self, width: int, height: int) -> list[list[Segment]]:
        columns, wide = self._columns(width)
        rows = self._rows(columns)
        lines: list[list[Segment]] = []
        gap = Segment(" " * GAP if columns > 1 else "", self.component("panel--count"))
        for row in range(rows):
            cells = [self._cell(i, wide - gap.cell_length) for i in range(row, len(self._choices), rows)][:columns]
            lines.append([piece for cell in cells for piece in (*cell, gap)])
        if self.typing:
            lines = lines[: height - 1]  # what is typed stays in the last line, however many choices it leaves
            lines += [[]] * (height - 1 - len(lines)) + [self._filter_line(width)]
        return lines

    def _cell(self, position: int, width: int) -> list[Segment]:
        choice = self._choices[position]
        mark, kind = self._mark(choice)
        name_style = self.component(kind)
        if position == self._row:
            name_style = self.component("panel--chosen")
        key = str(position + 1) + (choice.item.key if choice.item and not self.typing else "")
        side = self._side(choice)
        room = max(4, width - 7 - len(side))
        return [
            Segment(fit(key, 3), self.component("panel--key")),
            Segment(fit(self._shown_name(choice, room), room), name_style),
            Segment(f" {mark} ", name_style if mark != " " else self.component("panel--count")),
            Segment(side + " ", self.component("panel--guess" if kind == "panel--guess" else "panel--count")),
        ]

    def _mark(self, choice: Choice) -> tuple[str, str]:
        """The mark beside a choice, and the style of its name."""
        said, given = self.question.suggestion, self.question.given
        if choice.item is None:
            return "+", "panel--name"
        if given == choice.name:
            return "●", "panel--given"
        if said is not None and said.value == choice.name:
            return "◂", "panel--guess"
        return " ", "panel--name"

    def _shown_name(self, choice: Choice, room: int) -> str:
        """The name; where it would be cut to the same as another one, it loses its middle instead of its end."""
        if choice.item is None:
            return _("new: {name}").format(name=choice.name)
        cut = clip(choice.name, room)
        twins = sum(clip(other.name, room) == cut for other in self._choices)
        return cut if twins < 2 else clip_middle(choice.name, room)

    def _side(self, choice: Choice) -> str:
        """Probability and count in fixed places."""
        p = "" if choice.probability is None else f"{choice.probability:.2f}".removeprefix("0")
        n = self.question.counts.get(choice.item.id, 0) if choice.item else 0
        return f"{p:>4} {n:>4}"

    def _filter_line(self, width: int) -> list[Segment]:
        muted = self.component("panel--count")
        if self._typed:
            after = _("  ↵ takes the first · esc clears") if self._choices else _("  nothing fits · esc clears")
        elif not self.question.classes:
            after = _("type the name of the first class, then ↵")
        else:
            more = _("{n} more · ").format(n=self._more) if self._more else ""
            after = more + _("type to find one · esc: letters are commands")
        typed = self._typed[-max(8, width - 40) :]
        text = self.component("panel--filter")
        line = [Segment("› ", self.component("panel--key")), segment(typed + ("▏" if typed else ""), text)]
        return [*line, segment(clip(after, width - sum(piece.cell_length for piece in line)), muted)]


def panel(desk: AnswerDesk) -> AnswerPanel:
    """The panel of the task `classify`."""
    return ClassPanel(desk)
