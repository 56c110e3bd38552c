"""Texts that are alike, answered together: look over the list, take out what does not belong, press one key."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from textual import events
from textual.binding import BindingType
from textual.getters import query_one
from textual.widget import Widget

from core import deciding, neighbours, plugins
from core.errors import HandfulError
from core.i18n import _, counted
from core.neighbours import Cluster
from core.store import examples, leases
from core.store.acts import Turned
from tui import answering, keymap
from tui.answering.base import AnswerPanel, Question
from tui.refusals import refusable
from tui.screens.base import HandfulScreen
from tui.text_rows import BatchRows, batch_columns
from tui.texts import Texts, in_words
from tui.turning import Turning
from tui.widgets.bars import KeyBar
from tui.widgets.line import Kind, Line, Piece
from tui.widgets.row_list import RowList

NEAREST = 40
GROUPS = 60
_LIST_KEYS = frozenset(
    {"up", "down", "left", "right", "enter", "space", "pageup", "pagedown", "home", "end", "backspace"}
)


class BatchScreen(Turning, HandfulScreen):
    """A group of texts above the task's own panel."""

    ID = "batch"
    SHARED = (keymap.LIST,)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings("batch")
    DEFAULT_CSS = """
    BatchScreen RowList { padding: 0 1; margin-top: 1; }
    BatchScreen AnswerPanel { margin-top: 1; }
    """

    rows = query_one(RowList)
    panel = query_one("#answer", AnswerPanel)
    said = query_one("#said", Line)
    now = query_one("#now", Line)

    def __init__(self) -> None:
        super().__init__()
        self._title = ""
        self._near: dict[int, float] = {}
        self._left_out: set[int] = set()
        self._groups: list[Cluster] = []
        self._group = 0
        self._asked = False
        self._request = 0
        self._message: Sequence[Piece] = ()
        """What was said last below the choices."""

    def body(self) -> Iterable[Widget]:
        yield Line(id="said")
        yield RowList(batch_columns(near=False), empty=_("Looking for texts that are alike …"))
        yield plugins.load(answering.GROUP, self.session.task.name)(self)
        yield Line(id="now")

    def on_mount(self) -> None:
        """The list has the keys; digits go to the panel."""
        self.rows.focus()
        self._ask()
        if not self._asked:
            self.action_groups()

    def on_resize(self, event: events.Resize) -> None:
        """The panel takes what it needs."""
        self._fit()

    def _fit(self) -> None:
        self.panel.styles.height = self.panel.wanted_height(*self.size)

    # Which texts

    def near(self, example_id: int) -> None:
        """The open texts nearest to one, itself first."""
        self._asked = True
        self._groups = []
        self._work(
            lambda con: neighbours.nearest(self.session.project, con, example_id, NEAREST), self._show_near(example_id)
        )

    def _show_near(self, example_id: int) -> Callable[[Any], None]:
        def show(found: list[tuple[int, float]]) -> None:
            text = next((e.text for e in examples.get(self.session.con, [example_id])), "")
            self._show([(example_id, 1.0), *found], _("like “{text}”").format(text=" ".join(text.split())[:60]))

        return show

    def show_ids(self, ids: Sequence[int], title: str) -> None:
        """Certain texts, such as what a search found."""
        self._asked = True
        self._request += 1
        self._groups = []
        self._show([(i, None) for i in ids], title)

    def action_groups(self) -> None:
        """Sort the open texts into groups."""
        self._asked = True
        self._work(lambda con: neighbours.clusters(self.session.project, con, GROUPS), self._grouped)

    def _grouped(self, found: list[Cluster]) -> None:
        self._groups, self._group = found, 0
        self._show_group()

    def _show_group(self) -> None:
        if not self._groups:
            self._show([], _("no groups"))
            return
        group = self._groups[self._group]
        title = _("group {n} of {of} · similarity {cosine:.2f}").format(
            n=self._group + 1, of=len(self._groups), cosine=group.cohesion
        )
        self._show([(i, None) for i in group.ids], title)

    def _work(self, find: Callable[[Any], Any], then: Callable[[Any], None]) -> None:
        """Compute in a thread with a connection of its own, and show what it finds, if it is still wanted."""
        self._request += 1
        request = self._request

        def finish(act: Callable[[Any], None], value: Any) -> None:
            if request == self._request:
                act(value)

        def run() -> None:
            try:
                with self.session.project.open(readonly=True) as con:
                    found = find(con)
            except HandfulError as error:
                self.app.call_from_thread(finish, self._failed, error)
            else:
                self.app.call_from_thread(finish, then, found)

        self.run_worker(run, thread=True, exclusive=True, group="alike")

    def _failed(self, error: HandfulError) -> None:
        self.rows.say_empty("\n".join(part for part in (error.title, error.what, error.hint) if part))
        self._show([], "")

    def _show(self, found: Sequence[tuple[int, float | None]], title: str) -> None:
        """Show the open ones among these texts, all of them in."""
        states = examples.states(self.session.con, [i for i, _near in found])
        taken = leases.taken(self.session.con, self.session.holder)
        ids = [i for i, _near in found if states.get(i) == ("pool", "open") and i not in taken]
        self._near = {i: near for i, near in found if near is not None}
        self._left_out.clear()
        self._title = title
        if found and not ids:
            self.rows.say_empty(_("All of these are answered.\n→ or w goes to the next group, g makes new ones."))
        elif not found and title:
            self.rows.say_empty(_("Nothing is left to put together.\nAdd texts on the screen Data."))
        self.rows.columns = batch_columns(near=bool(self._near))
        self.rows.show(BatchRows(Texts(self.session, ids), self._near, self._left_out), cursor=0)
        self._ask()
        self.handful.fence.raise_(self.is_painted)

    def more_help(self) -> tuple[tuple[str, str], ...]:
        return self.panel.KEYS_HELP

    def is_painted(self) -> bool:
        return self.rows.is_painted

    def _ask(self) -> None:
        session = self.session
        self.panel.ask(
            Question("", tuple(session.classes()), session.class_counts(), open_classes=session.settings.open_classes)
        )
        self._say()

    def _say(self) -> None:
        left = len(self._ids()) - len(self._in())
        self.said.show(
            [
                (counted("{n} text", "{n} texts", len(self._in())), "given"),
                (_(", {n} left out").format(n=left) if left else "", "unsure"),
                (f" · {self._title}" if self._title else "", "muted"),
            ]
        )
        self._told(*self._message)
        self.query_one(KeyBar).show(taken=self.panel.taken)

    def _told(self, *pieces: Piece) -> None:
        """Below the choices: what was done, and what a choice would do now."""
        self._message = pieces
        self.now.show(pieces, self._offer())

    def _offer(self) -> list[Piece]:
        """What a choice would do now."""
        n = len(self._in())
        return [(counted("the answer is for this text", "the answer is for these {n} texts", n), "muted")] if n else []

    def _ids(self) -> list[int]:
        shown = self.rows.rows
        return list(shown.texts.ids) if isinstance(shown, BatchRows) else []

    def _in(self) -> list[int]:
        return [i for i in self._ids() if i not in self._left_out]

    def moved(self) -> None:
        shown = self.rows.rows
        if isinstance(shown, BatchRows):
            shown.texts.forget()
            self.rows.refresh_rows()
            self.panel.update(
                Question(
                    "",
                    tuple(self.session.classes()),
                    self.session.class_counts(),
                    open_classes=self.session.settings.open_classes,
                )
            )
            self._fit()

    # What keys do

    def ready(self) -> bool:
        """Whether a key is meant for the texts on screen."""
        fence = self.handful.fence
        if fence.is_up:
            self.tell(fence.drop())
        return not fence.is_up

    def on_key(self, event: events.Key) -> None:
        """What moves in the list stays with the list; the rest is for the panel first."""
        if (event.key not in _LIST_KEYS or self.panel.holds_text) and self.panel.press(event):
            event.stop()
            event.prevent_default()

    def tell(self, words: str, kind: Kind = "unsure") -> None:
        """In the line below the choices."""
        self._told((words, kind))

    def unsaved(self, state: Callable[[], str | None]) -> None:
        """One answer for many texts is given at once or not at all."""

    def patterns(self, label: str = "", term: str = "") -> None:
        """They are edited on the screen Label."""

    def command(self, key: str) -> bool:
        """The panel never has the focus here."""
        return False

    @refusable
    def given(self, raw: Any) -> None:
        """One answer for all that are in."""
        session, ids = self.session, self._in()
        if not ids:
            self.tell(_("No text is in."))
            return
        texts = [(example, {"strategy": "batch", "probability": None}) for example in examples.get(session.con, ids)]
        n = deciding.give(
            session.con,
            session.task,
            raw,
            texts,
            session.annotator,
            open_classes=session.settings.open_classes,
        )
        session.touched()
        left = len(self._ids()) - n
        rest = _(" · {left} left out").format(left=left) if left else ""
        self._told(
            (counted("✓ {n} text: ", "✓ {n} texts: ", n) + in_words(raw), "given"),
            (_(" saved") + rest + _(" · undo takes all back"), "muted"),
        )
        if self._groups:
            self.action_following()
        else:
            self._show([(i, self._near.get(i)) for i in self._ids()], self._title)

    def _move(self, by: int) -> None:
        if not self._groups:
            self.action_groups()
            return
        self._group = (self._group + by) % len(self._groups)
        self._show_group()

    def action_following(self) -> None:
        """The next group."""
        self._move(1)

    def action_previous(self) -> None:
        """The group before."""
        self._move(-1)

    def action_take(self) -> None:
        """Out, or in again; then the next row."""
        ids = self._ids()
        if ids:
            self._left_out ^= {ids[self.rows.cursor]}
            self.rows.refresh_rows()
            self.rows.move_to(self.rows.cursor + 1)
            self._say()

    def action_toggle_all(self) -> None:
        """All in, or all out."""
        ids = set(self._ids())
        if self._left_out:
            self._left_out.clear()
        else:
            self._left_out |= ids
        self.rows.refresh_rows()
        self._say()

    def action_goto_label(self) -> None:
        """The text under the cursor on the label screen."""
        ids = self._ids()
        if ids:
            self.handful.open_text(ids[self.rows.cursor])

    def turned(self, turned: Turned) -> None:
        """Show the texts of what was taken back."""
        if turned.example_ids:
            self._show([(i, self._near.get(i)) for i in dict.fromkeys(turned.example_ids)], _("the last batch"))
