"""Spans of a text: a word is marked, one key labels it; suggestions are taken one by one, by class, or all together.

The text itself is where one answers, so this panel brings the card that shows it. Below it stand the classes with their
keys, as for one class a text, and a line that says what is marked. Nothing is an answer before it is labelled or taken;
enter then says that the text is complete, another key keeps it as answered in part.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, cast

from rich.segment import Segment
from rich.style import Style
from textual import events

from core.i18n import _
from tui import keymap
from tui.answering.base import AnswerDesk, AnswerPanel, Question
from tui.answering.classify import DIGIT_KEYS, LETTERS, Choice
from tui.answering.marking import MarkingPanel
from tui.answering.multilabel import NONE
from tui.show import clip, segment
from tui.spans.editor import Editor, begin
from tui.spans.suggested import suggested
from tui.theme import HUES

if TYPE_CHECKING:
    from tui.app import HandfulApp

WIDE = 60
"""Cells from which one line has room for what is marked and how far one is."""
REMEMBERED = 64
"""Texts whose unsaved spans, and the way back through them, are kept while one looks at others."""


class SpanPanel(MarkingPanel):
    """The panel of entity spans."""

    SCOPE: ClassVar[str] = "spans"
    COMPONENT_CLASSES = {f"panel--hue-{n}" for n in range(1, HUES + 1)}
    DEFAULT_CSS = "\n".join(f"SpanPanel > .panel--hue-{n} {{ color: $hue-{n}; }}" for n in range(1, HUES + 1))

    KEYS_HELP: ClassVar[tuple[tuple[str, str], ...]] = (
        ("1-9", _("Give what is marked the class beside the digit; so does the letter that stands behind it.")),
        ("0", _("Save that there is nothing to label.")),
    )

    def __init__(self, desk: AnswerDesk) -> None:
        super().__init__(desk)
        self._kept: dict[str, Editor] = {}
        """Text → its editor as it was left."""

    # What is asked

    @property
    def many(self) -> bool:
        return False

    @property
    def typing(self) -> bool:
        return bool(self._filtering)

    @property
    def foot(self) -> int:
        return 1 if self.size.width >= WIDE else 2

    @property
    def holds_text(self) -> bool:
        return super().holds_text or bool(self._hints)

    def taken(self, scope: str = "") -> frozenset[str]:
        own = LETTERS if self._hints else super().taken()
        if scope == self.SCOPE:
            return own
        return own.union(*(key.pressed(self._overrides) for key in keymap.of(self.SCOPE)))

    @property
    def _overrides(self) -> keymap.Overrides:
        return cast("HandfulApp", self.app).overrides

    def ask(self, question: Question) -> None:
        self._keep()
        self._hints, self._hinted, self._filtering = {}, "", False
        options = question.options
        fresh = begin(
            question.text,
            question.given,
            suggested(question),
            options.span_overlap,
            snap=self.editor.snap if self.editor.text else options.span_snap,
        )
        kept = self._kept.get(question.text)
        self.editor = fresh
        if kept is not None and (question.given is None or kept.spans == fresh.spans):
            self.editor = replace(kept, guesses=fresh.guesses, snap=fresh.snap, overlap=fresh.overlap)
        elif kept is None:
            self.editor = fresh.restored(question.unsaved)
        super().ask(question)
        self._mark_text()

    def update(self, question: Question) -> None:
        before = {item.id: item.name for item in self.question.classes}
        now = {item.id: item.name for item in question.classes}
        renamed = {name: now[i] for i, name in before.items() if now.get(i, name) != name}
        self.editor = replace(self.editor.renamed(renamed), guesses=suggested(question))
        super().update(question)
        self._mark_text(follow=False)

    def _keep(self) -> None:
        """What was done to this text is there again when one comes back to it."""
        if self.editor.touched or self.editor.future:
            self._kept.pop(self.editor.text, None)
            self._kept[self.editor.text] = self.editor
            if len(self._kept) > REMEMBERED:
                del self._kept[next(iter(self._kept))]

    def accept(self) -> bool:
        """Save the text as complete with what is labelled."""
        self.action_done()
        return True

    def wanted_height(self, width: int, height: int) -> int:
        return min(super().wanted_height(width, height) + self.foot, max(4, height // 2))

    def undo(self) -> bool:
        return self._turn(self.editor.undone())

    def redo(self) -> bool:
        return self._turn(self.editor.redone())

    def _turn(self, new: Editor) -> bool:
        if new is self.editor:
            return False
        self._become(new)
        return True

    # What keys do

    def press(self, event: events.Key) -> bool:
        char = event.character or ""
        if self._hints:
            return self._guarded(lambda: self._hint(event.key, char))
        if self._filtering:
            return super().press(event) or self._own(event.key) is not None
        if event.key == NONE:
            return self._guarded(self._none)
        if char and (char in DIGIT_KEYS or any(item.key == char for item in self.question.classes)):
            return super().press(event)
        found = self._own(event.key)
        return found is not None and bool(self.question.text) and self._guarded(lambda: self.perform(found.action))

    def _own(self, key: str) -> keymap.Key | None:
        return next((k for k in keymap.of(self.SCOPE) if key in k.pressed(self._overrides)), None)

    def perform(self, action: str) -> None:
        """Do what a key of this panel's scope stands for."""
        getattr(self, f"action_{action}")()

    # Labels

    def _give(self, choice: Choice) -> None:
        self._typed, self._row, self._filtering = "", -1, False
        self._choose()
        if self.question.text:
            self._try(lambda: self.editor.labelled(choice.name))
        else:
            self._tell(_("Spans are marked text by text; 0 says that there is none in all of these."))
        self.redraw()

    def _none(self) -> None:
        """No span at all, and the text is complete."""
        if self.editor.spans:
            self._tell(_("Spans are labelled here; ↵ saves them."))
        else:
            self._save(complete=True)

    def _save(self, *, complete: bool) -> None:
        if not complete and not self.editor.spans:
            self._tell(_("Nothing is labelled yet; ↵ says that there is nothing to label."))
        else:
            self._told = False
            self.desk.given(self.editor.raw(complete=complete))

    def action_done(self) -> None:
        """The text is complete; suggestions that nobody has looked at are left out on a second press only."""
        n = len(self.editor.pending)
        if n and not self.editor.touched and not self._warned:
            self._tell(_("{n} suggestions are open: y takes all, ↵ again leaves them out.").format(n=n))
            self._warned = True
        else:
            self._save(complete=True)

    def action_part(self) -> None:
        """What is labelled is right, the rest is unknown."""
        self._save(complete=False)

    def action_take(self) -> None:
        """The suggestion that is marked, or the next one."""
        self._try(self.editor.accepted, _("No suggestion is open."))

    def action_take_all(self) -> None:
        """All open suggestions."""
        self._try(self.editor.accepted_all, _("No suggestion is open."))

    def action_take_class(self) -> None:
        """All open suggestions of the class of the one that is marked."""
        label = self.editor.label_of_guess()
        self._try(lambda: self.editor.accepted_all(label), _("No suggestion is open."))

    def action_remove(self) -> None:
        """The label, or the suggestion, that is marked."""
        self._try(self.editor.unlabelled, _("There is no span here."))

    def action_others(self) -> None:
        """Every other occurrence of what is labelled here."""
        before = len(self.editor.spans)
        self._try(self.editor.labelled_others, _("There is no other place to label."))
        if (n := len(self.editor.spans) - before) > 0:
            self._tell(_("{n} more labelled").format(n=n))

    def action_remember(self) -> None:
        """What is labelled here is suggested in all texts."""
        span = self.editor.here
        if span is None:
            self._tell(_("There is no span here."))
        else:
            self.desk.patterns(span.label, self.editor.text[span.start : span.end])

    def action_patterns(self) -> None:
        """The lists of terms and expressions."""
        self.desk.patterns()

    # What is drawn

    def _mark(self, choice: Choice) -> tuple[str, str]:
        if choice.item is None:
            return "+", "panel--name"
        style = f"panel--hue-{self._hues.get(choice.name, 1)}"
        span, guess = self.editor.here, self.editor.guess_here
        if span is not None:
            return ("●", style) if span.label == choice.name else (" ", style)
        return ("◂", style) if guess is not None and guess.span.label == choice.name else (" ", style)

    def build(self, width: int, height: int) -> list[list[Segment]]:
        room = height - self.foot
        lines = super().build(width, room)
        return [*lines[:room], *[[]] * (room - len(lines)), *self._status(width)]

    def _status(self, width: int) -> list[list[Segment]]:
        """What is marked, and how far one is with the text."""
        muted, key = self.component("panel--count"), self.component("panel--key")
        if not self.question.text:
            said = _("0 says that no text has a span") if self.question.classes else ""
            return [[segment(clip(said, width), muted)]]
        right = segment(self._how_far(), muted)
        room = max(8, width - 2 - (right.cell_length + 2 if self.foot == 1 else 0))
        left, style = self._what(room)
        line = [Segment("= ", key), segment(clip(left, room), style)]
        if self.foot > 1:
            return [line, [Segment("  ", muted), right]]
        gap = width - sum(part.cell_length for part in line) - right.cell_length
        return [[*line, Segment(" " * max(1, gap), muted), right]]

    def _how_far(self) -> str:
        spans, pending = len(self.editor.spans), len(self.editor.pending)
        if not spans and not pending and not self.editor.touched:
            on, longer = (keymap.first(f"{self.SCOPE}.{name}", self._overrides) for name in ("word_on", "end_out"))
            return _("{on} goes on · {longer} takes more · a digit labels").format(on=on, longer=longer)
        said = [_("{n} marked").format(n=spans)]
        said += [_("{n} suggested").format(n=pending)] if pending else []
        said += [] if self.editor.snap else [_("by character")]
        return " · ".join(said)

    def _what(self, room: int) -> tuple[str, Style]:
        editor = self.editor
        text = clip(editor.text[slice(*editor.at)] or " ", max(4, room // 2))
        span, guess = editor.here, editor.guess_here
        if self._hints:
            return _("type the letters on a word; the last one large: extend to it · esc"), self.component("panel--key")
        if span is not None:
            said = _("{text}: {label}") if (span.start, span.end) == editor.at else _("{text} in {label}")
            return said.format(text=text, label=span.label), self.component("panel--given")
        if guess is not None:
            p = "" if guess.probability is None else f" {guess.probability:.2f}"
            said = _("{text}: {label}?{p} by {source}").format(
                text=text, label=guess.span.label, p=p, source=guess.source
            )
            return said, self.component("panel--guess")
        return text, self.component("panel--name")


def panel(desk: AnswerDesk) -> AnswerPanel:
    """The panel of the task `spans`."""
    return SpanPanel(desk)
