"""The terms and regular expressions that suggest spans, typed or pasted; what they find in the text is said at once."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static, TextArea

from core.errors import InputError
from core.i18n import _
from core.patterns import parsed
from core.show import visible
from core.store import patterns
from tui.dialogs.base import Dialog
from tui.drafts import Draft
from tui.refusals import refusable
from tui.session import Session
from tui.show import clip, content

SECONDS = 0.3
"""After the last key, the patterns are read."""


class PatternsDialog(Dialog[None]):
    """Saving puts them in force for all texts; nothing is an answer by itself."""

    KEYS = _("^s saves · esc closes")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", show=False, priority=True)]
    DEFAULT_CSS = """
    PatternsDialog > #box { width: 92%; max-width: 110; height: 92%; }
    PatternsDialog TextArea { height: 1fr; border: none; background: $background; }
    PatternsDialog #said { height: auto; color: $muted; margin-top: 1; }
    PatternsDialog #said.wrong { color: $wrong; }
    """

    def __init__(self, session: Session, text: str) -> None:
        """`text`: what is on the desk, to say what is found in it."""
        super().__init__()
        self._session = session
        self._text = text
        self._draft = Draft(session, "patterns")
        self._left = self._draft.found()
        """What was typed and not saved before."""

    def heading(self) -> str:
        return _("What suggests spans") + (_(" · as you left it, not saved yet") if self._left is not None else "")

    def body(self) -> Iterable[Widget]:
        yield TextArea(self._left if self._left is not None else self._saved(), compact=True, show_line_numbers=True)
        yield Static("", id="said", markup=False)

    def on_mount(self) -> None:
        """Begin at the end, where one goes on writing."""
        area = self.query_one(TextArea)
        area.focus()
        area.move_cursor(area.document.end)
        self._look()

    def _saved(self) -> str:
        found = patterns.current(self._session.con)
        return visible(found, multiline=True) if found else self._beginning()

    def _beginning(self) -> str:
        """What stands there before anything is written: how it is done."""
        label = next((item.name for item in self._session.classes()), _("class"))
        lines = (
            _("# A term a line, whole words; with a capital letter exactly so, otherwise in any case."),
            _("# Or a regular expression between slashes: /\\bD-[0-9]+\\b/"),
        )
        return "\n".join((f"[{visible(label)}]", *lines, ""))

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Say what is found once the fingers rest, and keep what was typed."""
        self._draft.follow(event.text_area, self._saved())
        self.set_timer(SECONDS, self._look)

    def _look(self) -> None:
        said = self.query_one("#said", Static)
        try:
            words = self._words()
        except InputError as error:
            said.add_class("wrong")
            words = " ".join(part for part in (error.title, error.what, error.hint) if part)
        else:
            said.remove_class("wrong")
        said.update(content(words))

    def _words(self) -> str:
        """What they find in this text. Raises InputError for a line that can't be taken."""
        found = parsed(self.query_one(TextArea).text)
        known = {item.name for item in self._session.classes()}
        missing = [label for label in found.labels if label not in known]
        said = [
            _("{n} terms, {m} expressions").format(n=len(found.terms), m=len(found.expressions)),
            _("{n} found in this text").format(n=len(found.guesses(self._text))),
        ]
        if missing:
            said.append(_("there is no class {name}").format(name=clip(missing[0], 24)))
        return " · ".join(said)

    def action_close(self) -> None:
        """Leave; what is not saved yet is there again the next time."""
        if self.app.screen is self:
            self._draft.settle(self.query_one(TextArea), self._saved())
            self.dismiss(None)

    @refusable
    def action_save(self) -> None:
        """Put them in force; a line that can't be taken is told, and nothing is saved."""
        session, text = self._session, self.query_one(TextArea).text
        parsed(text)
        if text != self._saved():
            patterns.write(session.con, text, session.annotator)
            session.touched()
        self._draft.drop()
        self.handful.say(_("Patterns saved."))
        self.dismiss(None)
