"""What the people who label have agreed on, and what each class means: read and edited in place."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static, TextArea

from core import clock
from core.i18n import _
from core.show import visible
from core.store import classes, guidelines
from tui.dialogs.base import Dialog
from tui.dialogs.choose import ChooseDialog
from tui.dialogs.prompt import PromptDialog
from tui.drafts import Draft
from tui.refusals import attempt, refusable
from tui.session import Session
from tui.show import content
from tui.widgets.row_list import Column, ListRows, RowList


class GuideDialog(Dialog[None]):
    """Guidelines above, classes below; saving makes a version, and old ones can be brought back."""

    KEYS = _("^s saves · ^r older versions · esc closes\ntab goes to the classes, ↵ edits one")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", show=False, priority=True),
        Binding("ctrl+r", "versions", show=False, priority=True),
        Binding("tab", "switch", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    GuideDialog > #box { width: 92%; max-width: 110; height: 92%; }
    GuideDialog TextArea { height: 1fr; border: none; background: $background; }
    GuideDialog RowList { height: 1fr; }
    GuideDialog .part { color: $muted; height: 1; margin-top: 1; }
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._draft = Draft(session, "guidelines")
        self._left = self._draft.found()
        """What was typed and not saved before."""

    def heading(self) -> str:
        return _("Guidelines") + (_(" · as you left them, not saved yet") if self._left is not None else "")

    def body(self) -> Iterable[Widget]:
        text = self._left if self._left is not None else self._saved()
        yield TextArea(
            text, compact=True, show_line_numbers=False, placeholder=_("What decides in doubt? Write it here.")
        )
        yield Static(content(_("Classes")), classes="part", markup=False)
        yield RowList((Column("", 22), Column("")), empty=_("There are no classes yet."))

    def on_mount(self) -> None:
        """Begin in the text."""
        self._list()
        self.query_one(TextArea).focus()

    def _list(self) -> None:
        found = self._session.classes()
        nothing = _("what it means: ↵ writes it")
        self.query_one(RowList).show(ListRows([((c.name, "text"), (c.description or nothing, "muted")) for c in found]))

    def _saved(self) -> str:
        return visible(guidelines.current(self._session.con), multiline=True)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """What is typed outlives the dialog and the connection; ^r brings back what is in force."""
        self._draft.follow(event.text_area, self._saved())

    def action_close(self) -> None:
        """Leave; what is not saved yet is there again the next time."""
        if self.app.screen is self:
            self._draft.settle(self.query_one(TextArea), self._saved())
            self.dismiss(None)

    def action_switch(self) -> None:
        """Between the text and the classes."""
        area, rows = self.query_one(TextArea), self.query_one(RowList)
        (rows if area.has_focus else area).focus()

    @refusable
    def action_save(self) -> None:
        """Put the text in force, as a new version if it changed."""
        session, text = self._session, self.query_one(TextArea).text
        if text != self._saved():
            guidelines.write(session.con, text, session.annotator)
            session.touched()
        self._draft.drop()
        self.handful.say(_("Guidelines saved."))

    def action_versions(self) -> None:
        """Choose an older version, to bring it back into the text."""
        found = guidelines.versions(self._session.con)
        names = [
            (" ".join(v.text.split())[:60] or "—", _("{who}, {when}").format(who=v.annotator, when=_day(v.created)))
            for v in found
        ]

        def chosen(position: int | None) -> None:
            if position is not None:
                self.query_one(TextArea).text = visible(found[position].text, multiline=True)

        self.app.push_screen(ChooseDialog(_("Bring back which version?"), names), chosen)

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """Edit what a class means."""
        message.stop()
        item = self._session.classes()[message.index]

        def written(text: str | None) -> None:
            if text is not None and text != item.description:
                session = self._session
                attempt(self.handful, lambda: classes.describe(session.con, item.id, text.strip(), session.annotator))
                session.touched()
                self._list()

        self.app.push_screen(
            PromptDialog(item.name, visible(item.description), about=_("What belongs to it?")), written
        )


def _day(moment: float) -> str:
    return clock.local(moment)
