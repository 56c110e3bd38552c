"""A cursor in the text itself: it goes by words, jumps by letters, is drawn by the mouse, and marks what is answered.

What is marked becomes an answer in the panel that is made of this one (`tui/answering/spans.py`).
"""

from collections.abc import Callable

from core.errors import InputError
from core.i18n import _
from tui.answering.base import AnswerDesk
from tui.answering.classify import ClassPanel
from tui.spans.editor import Editor
from tui.spans.hints import hints
from tui.spans.likely import names
from tui.theme import HUES
from tui.widgets.span_card import Shown, SpanCard
from tui.widgets.text_card import TextCard


class MarkingPanel(ClassPanel):
    """The cursor, and the keys that move it; the choices below are those of one class."""

    def __init__(self, desk: AnswerDesk) -> None:
        super().__init__(desk)
        self.editor = Editor("")
        self._card: SpanCard | None = None
        self._hints: dict[str, int] = {}
        """Letters → offset, while one jumps."""
        self._hinted = ""
        """What was typed of them."""
        self._told = False
        """Whether something was said about the last key."""
        self._warned = False
        """Whether it was that suggestions are open."""

    def card(self) -> TextCard:
        self._card = SpanCard(self)
        return self._card

    def _become(self, new: Editor) -> None:
        if new.spans != self.editor.spans:
            self.desk.unsaved(new.state)
        self.editor = new
        self._tell("")
        self._mark_text()
        self.redraw()

    def _try(self, make: Callable[[], Editor], if_not: str = "") -> None:
        """Do something to the spans, or say why it can't be done."""
        try:
            new = make()
        except InputError as error:
            self._tell(error.title)
            return
        if new == self.editor and if_not:
            self._tell(if_not)
        else:
            self._become(new)

    def _tell(self, words: str) -> None:
        if words or self._told:
            self.desk.tell(words)
        self._told, self._warned = bool(words), False

    def _mark_text(self, *, follow: bool = True) -> None:
        if self._card is None or not self.question.text:
            return
        at = {offset: letters for letters, offset in self._hints.items() if letters.startswith(self._hinted)}
        shown = {offset: letters.removeprefix(self._hinted) for offset, letters in at.items()}
        self._card.mark(Shown(self.editor, self._hues, shown), follow=follow)

    @property
    def _hues(self) -> dict[str, int]:
        names = dict.fromkeys([item.name for item in self.question.classes] + [s.label for s in self.editor.spans])
        return {name: n % HUES + 1 for n, name in enumerate(names)}

    # Moving

    def action_word_back(self) -> None:
        """One word (or character) back."""
        self._become(self.editor.hop(-1))

    def action_word_on(self) -> None:
        """One on."""
        self._become(self.editor.hop(1))

    def action_character_back(self) -> None:
        """One character back, whatever the steps are."""
        self._become(self.editor.hop_grapheme(-1))

    def action_character_on(self) -> None:
        """One on."""
        self._become(self.editor.hop_grapheme(1))

    def action_sentence_back(self) -> None:
        """To where the sentence begins, then the one before."""
        self._become(self.editor.hop_sentence(-1))

    def action_sentence_on(self) -> None:
        """The next sentence."""
        self._become(self.editor.hop_sentence(1))

    def action_line_up(self) -> None:
        """The line above."""
        self._line(-1)

    def action_line_down(self) -> None:
        """The line below."""
        self._line(1)

    def _line(self, by: int) -> None:
        if self._card is not None:
            at = self.editor.at
            self._become(self.editor.put(self._card.offset_below(at[0] if by < 0 else max(at[0], at[1] - 1), by)))

    def action_first(self) -> None:
        """The text's beginning."""
        self._become(self.editor.hop_end(-1))

    def action_last(self) -> None:
        """The text's end."""
        self._become(self.editor.hop_end(1))

    def action_span_on(self) -> None:
        """The next span or suggestion."""
        self._try(lambda: self.editor.hop_span(1), _("There is no span and no suggestion."))

    def action_span_back(self) -> None:
        """The one before."""
        self._try(lambda: self.editor.hop_span(-1), _("There is no span and no suggestion."))

    def action_likely(self) -> None:
        """What looks like a name or number and has no span."""
        self._try(self.editor.hop_likely, _("Nothing else looks like a name or a number."))

    def action_start_out(self) -> None:
        """The start further to the left."""
        self._try(lambda: self.editor.move_start(-1))

    def action_start_in(self) -> None:
        """The start back to the right."""
        self._try(lambda: self.editor.move_start(1))

    def action_end_in(self) -> None:
        """The end back to the left."""
        self._try(lambda: self.editor.move_end(-1))

    def action_end_out(self) -> None:
        """The end further to the right."""
        self._try(lambda: self.editor.move_end(1))

    def action_snap(self) -> None:
        """Words or characters as steps."""
        self._become(self.editor.snapping(on=not self.editor.snap))

    # Jumping

    def action_jump(self) -> None:
        """Letters appear on the words; typing them puts the cursor there."""
        if self._card is None:
            return
        likely = frozenset(start for start, _end in names(self.editor.text))
        self._hints, self._hinted = hints(self._card.places(), likely), ""
        self._mark_text()
        self.redraw()

    def _hint(self, key: str, char: str) -> None:
        typed = self._hinted + char.lower()
        found = self._hints.get(typed)
        if found is not None:
            self._end_hints()
            new = self.editor.put(found)
            self._try(lambda: self.editor.reach(found) if char.isupper() else new.span_around())
        elif char and any(letters.startswith(typed) for letters in self._hints):
            self._hinted = typed
            self._mark_text()
        else:
            self._end_hints()
            self._become(self.editor)

    def _end_hints(self) -> None:
        self._hints, self._hinted = {}, ""

    # The mouse

    def picked(self, offset: int, *, reach: bool) -> None:
        """A press: the span that is there, or the word; with shift what is marked extends to it."""
        if self.desk.ready():
            self._end_hints()
            self._try(lambda: self.editor.reach(offset) if reach else self.editor.put(offset).span_around())
            self.focus()

    def drawn(self, one: int, other: int) -> None:
        """The mouse is drawn over the text while it is pressed."""
        if self.desk.ready():
            self._become(self.editor.drawn(one, other))

    def turned(self, first: int, behind: int) -> None:
        """The window moved, and the cursor with it."""
        if not first <= self.editor.at[0] < behind:
            self.editor = self.editor.put(first)
            self._mark_text(follow=False)
            self.redraw()
