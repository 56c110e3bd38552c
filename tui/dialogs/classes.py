"""The classes: new ones, other names, two made one, some taken out of use and back. Each change can be undone."""

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from core import merging
from core.i18n import _
from core.records import LabelClass
from core.store import acts, classes
from tui.dialogs.base import Dialog
from tui.dialogs.choose import ChooseDialog
from tui.dialogs.confirm import ConfirmDialog
from tui.dialogs.prompt import PromptDialog
from tui.refusals import attempt
from tui.session import Session
from tui.turning import Turn, told
from tui.widgets.row_list import Cell, Column, ListRows, RowList


class ClassesDialog(Dialog[None]):
    """Those in use first, archived ones below them."""

    KEYS = _("n new · r rename · d describe · m merge · x remove\nv revive · t key · u undo · y redo · esc closes")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", show=False),
        Binding("r,enter", "rename", show=False),
        Binding("d", "describe", show=False),
        Binding("m", "merge", show=False),
        Binding("x,delete", "remove", show=False),
        Binding("v", "revive", show=False),
        Binding("t", "key", show=False),
        Binding("u,backspace,ctrl+z", "undo", show=False),
        Binding("y,ctrl+y", "redo", show=False),
    ]
    DEFAULT_CSS = "ClassesDialog > #box { width: 92%; max-width: 110; height: 86%; }"

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._listed: list[LabelClass] = []

    def heading(self) -> str:
        return _("Classes")

    def body(self) -> Iterable[Widget]:
        columns = (Column(_("key"), 3), Column(_("name"), 24), Column(_("labels"), 6, right=True), Column(_("meaning")))
        yield RowList(columns, empty=_("No class yet.\nn makes one; typing a name on the label screen does, too."))

    def on_mount(self) -> None:
        """The list has the keys."""
        self.query_one(RowList).focus()
        self._list()

    def _list(self) -> None:
        self._listed = [*self._session.classes(), *classes.archived(self._session.con)]
        counts = self._session.class_counts()
        self.query_one(RowList).show(ListRows([_row(c, counts.get(c.id, 0)) for c in self._listed]))

    def _here(self) -> LabelClass | None:
        return self._listed[self.query_one(RowList).cursor] if self._listed else None

    def _do(self, act: Callable[[], object]) -> None:
        """Do it, or say why not; then show what is true."""
        if attempt(self.handful, act):
            self._session.touched()
            self._list()

    def _ask(self, title: str, value: str, then: Callable[[str], object], *, about: str = "") -> None:
        def typed(text: str | None) -> None:
            if text is not None and (text.strip() or not value):
                self._do(lambda: then(text.strip()))

        self.app.push_screen(PromptDialog(title, value, about=about), typed)

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """Enter renames."""
        message.stop()
        self.action_rename()

    def action_new(self) -> None:
        """A new class, or an archived one of that name back in use."""
        session = self._session

        def make(name: str) -> None:
            found = session.task.names_in(name)[0] if name else ""
            if not found:
                return
            old = classes.archived_named(session.con, found)
            if old is not None and found not in classes.ids(session.con):
                classes.revive(session.con, old.id, session.annotator)
                self.handful.say(_("{name} was archived; it is back in use, with its labels.").format(name=found))
            else:
                classes.create(session.con, found, session.annotator)

        self._ask(_("Name of the new class"), "", make)

    def action_rename(self) -> None:
        """Another name; the labels stay."""
        item, session = self._here(), self._session
        if item is not None:
            self._ask(
                _("Another name for {name}").format(name=item.name),
                item.name,
                lambda name: classes.rename(session.con, item.id, session.task.names_in(name)[0], session.annotator),
            )

    def action_describe(self) -> None:
        """What it means."""
        item, session = self._here(), self._session
        if item is not None:
            self._ask(
                item.name,
                item.description,
                lambda text: classes.describe(session.con, item.id, text, session.annotator),
                about=_("What belongs to it?"),
            )

    def action_key(self) -> None:
        """The letter that chooses it."""
        item, session = self._here(), self._session
        if item is not None:
            self._ask(
                _("Key of {name}").format(name=item.name),
                "",
                lambda key: classes.set_key(session.con, item.id, key, session.annotator),
                about=_("One letter; empty takes it away. On the label screen it goes before a command's letter."),
            )

    def action_merge(self) -> None:
        """Into another class."""
        item, session = self._here(), self._session
        others = [c for c in self._listed if c.active and item is not None and c.id != item.id]
        if item is None or not others:
            return

        def chosen(position: int | None) -> None:
            if position is not None:
                target = others[position].id
                self._do(lambda: merging.merge(session.con, session.task, item.id, target, session.annotator))

        title = _("Merge {name} into which class?").format(name=item.name)
        self.app.push_screen(ChooseDialog(title, [(c.name, "") for c in others]), chosen)

    def action_remove(self) -> None:
        """Out of use, after a question that says what becomes of its labels."""
        item, session = self._here(), self._session
        if item is None or not item.active:
            return
        n = session.class_counts().get(item.id, 0)
        about = _("Its {n} labels are kept, but nothing is learnt from them until it is revived.").format(n=n)

        def confirmed(yes: bool | None) -> None:
            if yes:
                self._do(lambda: classes.archive(session.con, item.id, session.annotator))

        self.app.push_screen(ConfirmDialog(_("Take {name} out of use?").format(name=item.name), about), confirmed)

    def action_revive(self) -> None:
        """Back in use, with its labels."""
        item, session = self._here(), self._session
        if item is not None and not item.active:
            self._do(lambda: classes.revive(session.con, item.id, session.annotator))

    def action_undo(self) -> None:
        """Take back the last act."""
        self._do(lambda: self._turn(acts.undo, _("There is nothing to undo."), back=False))

    def action_redo(self) -> None:
        """Bring it back."""
        self._do(lambda: self._turn(acts.redo, _("There is nothing to redo."), back=True))

    def _turn(self, turn: Turn, nothing: str, *, back: bool) -> None:
        turned = turn(self._session.con, self._session.task, self._session.annotator)
        self.handful.say(nothing if turned is None else told(self._session, turned, back=back))


def _row(item: LabelClass, n: int) -> tuple[Cell, ...]:
    if not item.active:
        return (
            (item.key, "muted"),
            (item.name, "muted"),
            (str(n), "muted"),
            (_("out of use · v revives it"), "unsure"),
        )
    return ((item.key, "key"), (item.name, "text"), (str(n), "given"), (item.description, "muted"))
