"""Where labels are made: one text, its choices, one key, the next text."""

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.containers import Container
from textual.getters import query_one
from textual.widget import Widget

from core import clock, plugins
from core.i18n import _
from core.patterns import with_term
from core.serving import TakenError
from core.store import patterns as store
from core.store.acts import Turned
from tui import answering, keymap, pace
from tui.answering.base import AnswerPanel, Question
from tui.desk import Desk
from tui.drafts import Draft
from tui.refusals import refusable
from tui.saving import Saving
from tui.screens.base import HandfulScreen
from tui.terminal.fence import Fence
from tui.texts import in_words
from tui.turning import told
from tui.widgets.about import About
from tui.widgets.bars import KeyBar
from tui.widgets.line import Line, Piece
from tui.widgets.text_card import TextCard

WIDE, BESIDE = 110, 48
"""Columns from which the choices stand beside the text, and how many they take."""
REFILL_SECONDS = 0.05
"""What comes next is read ahead this long after a key, so that it does not delay the next text."""


class LabelScreen(HandfulScreen):
    """Shows what lies on the desk, and turns keys into what happens to it."""

    ID = "label"
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings("label")
    DEFAULT_CSS = """
    LabelScreen #work { height: 1fr; }
    LabelScreen #work.wide { layout: horizontal; }
    LabelScreen #work.wide #beside { width: 48; height: 100%; border-left: solid $rule; }
    LabelScreen #beside { height: auto; width: 100%; }
    LabelScreen #why { margin-bottom: 1; }
    """

    card = query_one(TextCard)
    panel = query_one("#answer", AnswerPanel)
    about = query_one(About)
    why = query_one("#why", Line)
    now = query_one("#now", Line)
    keys = query_one(KeyBar)

    def __init__(self) -> None:
        super().__init__()
        self.desk: Desk | None = None
        self.fence: Fence | None = None
        self._saving = Saving(self, self._say)
        self._since = 0.0
        self._said: Sequence[Piece] = ()
        self._panel_scope = ""
        self._draft: Draft | None = None
        """Where what is not saved of this text's answer is kept."""

    def body(self) -> Iterable[Widget]:
        panel: AnswerPanel = plugins.load(answering.GROUP, self.session.task.name)(self)
        self._panel_scope = panel.SCOPE
        yield Line(id="why")
        with Container(id="work"):
            yield panel.card()
            with Container(id="beside"):
                yield panel
                yield About()
        yield Line(id="now")

    def scopes(self) -> tuple[str, ...]:
        return (self._panel_scope, self.ID) if self._panel_scope else (self.ID,)

    def perform(self, key: keymap.Key) -> object:
        if key.scope != self._panel_scope:
            return super().perform(key)
        return self.call_later(self.panel.perform, key.action) if self.ready() else None

    def on_mount(self) -> None:
        """Begin where one left off."""
        self.fence = self.handful.fence
        self.desk = Desk(self.session)
        self.desk.start()
        self.session.wake()
        self.panel.focus()
        self._arrange()
        self._new_text()

    def on_resize(self, event: events.Resize) -> None:
        """Another size is another arrangement."""
        self._arrange()

    def _arrange(self) -> None:
        if not self.is_mounted or not self.size.width:
            return
        width, height = self.size
        wide = width >= WIDE
        self.query_one("#work").set_class(wide, "wide")
        self.about.display = wide
        room = (BESIDE, 2 * height) if wide else (width, height)
        self.panel.styles.height = self.panel.wanted_height(*room)

    # What is shown

    def _new_text(self) -> None:
        """Another text lies on the desk: paint it, and let no key count until it is on screen."""
        desk = self._desk
        self._draft = Draft(self.session, f"answer:{desk.shown.example.id}") if desk.shown else None
        self.card.show(desk.shown.example.text if desk.shown else _EMPTY)
        self.panel.ask(self._question())
        self._facts()
        self._since = clock.monotonic()
        if self.fence is not None:
            self.fence.raise_(self.is_painted)
        if desk.low:
            self.set_timer(REFILL_SECONDS, self._refill)

    def more_help(self) -> tuple[tuple[str, str], ...]:
        return self.panel.KEYS_HELP

    def is_painted(self) -> bool:
        return self.card.is_painted

    def _question(self) -> Question:
        shown, session = self._desk.shown, self.session
        return Question(
            shown.example.text if shown else "",
            tuple(session.classes()),
            session.class_counts(),
            shown.suggestion if shown else None,
            shown.given if shown else None,
            session.settings.open_classes,
            session.settings,
            session.patterns(),
            self._draft.found() if self._draft is not None else None,
        )

    def _facts(self) -> None:
        """The lines around the text."""
        desk, counters = self._desk, self.session.counters()
        done = counters.get("pool.answered", 0)
        self.why.show(pace.why(desk), pace.marks(desk))
        self.now.show(self._said or pace.progress(self.session, done), pace.worker(self.session))
        if self.about.display:
            self.about.show(self.session, desk)
        self.keys.show(taken=self.panel.taken)

    def moved(self) -> None:
        """Labels, classes or the ranking changed: newer facts, the same text."""
        if self.desk is None:
            return
        before = self.desk.shown
        self.desk.refresh()
        if (before is None) != (self.desk.shown is None) or (
            before and self.desk.shown and before.example.id != self.desk.shown.example.id
        ):
            self._new_text()
            return
        self._arrange()
        self.panel.update(self._question())
        self._facts()

    def worker_moved(self) -> None:
        if self.desk is not None:
            self._facts()

    def _refill(self) -> None:
        if self._desk.low:
            self._desk.refill()

    @property
    def _desk(self) -> Desk:
        assert self.desk is not None, "the screen is mounted"  # noqa: S101
        return self.desk

    # What keys do

    def ready(self) -> bool:
        """Whether what is pressed is meant for the text on screen; if not, it is said that the key was dropped."""
        if not self.is_free():
            return False
        if self.fence is None or not self.fence.is_up:
            return True
        self._say((self.fence.drop(), "unsure"))
        return False

    def _seconds(self) -> float:
        return round(clock.monotonic() - self._since, 2)

    def tell(self, words: str) -> None:
        """In the line below the choices."""
        self._said = ((words, "unsure"),) if words else ()
        done = self.session.counters().get("pool.answered", 0)
        self.now.show(self._said or pace.progress(self.session, done), pace.worker(self.session))

    def unsaved(self, state: Callable[[], str | None]) -> None:
        """Keep it, for the connection may be lost."""
        if self._draft is not None:
            self._draft.soon(self, state)

    def _say(self, *pieces: Piece) -> None:
        self._said = pieces
        self.now.show(pieces, pace.worker(self.session))

    def command(self, key: str) -> bool:
        """Do a command of this screen at once: a key behind it must not overtake it."""
        found = next((k for k in keymap.of(self.ID) if key in k.pressed(self.handful.overrides)), None)
        if found is not None:
            getattr(self, f"action_{found.action}")()
        return found is not None

    @refusable
    def given(self, raw: object) -> None:
        """An answer: commit it, show the next text."""
        if self._desk.shown is None or not self.is_free():
            return
        seconds = self._seconds()
        said: Sequence[Piece] = ((f"✓ {in_words(raw)}", "given"), (_(" saved"), "muted"))

        def give() -> None:
            nonlocal said
            try:
                self._desk.give(raw, seconds)
            except TakenError as taken:
                said = ((taken.title, "unsure"), (_(" nothing was saved"), "muted"))

        def after() -> None:
            if self._draft is not None:
                self._draft.drop()
            self._after(said)

        self._saving.begin(give, after)

    def action_accept(self) -> None:
        """Take the suggestion."""
        if self.ready() and not self.panel.accept():
            self._say((_("There is no suggestion for this text."), "unsure"))

    @refusable
    def action_skip(self) -> None:
        """Put the text aside."""
        if not self.ready() or self._desk.shown is None:
            return
        seconds = self._seconds()
        skipped: Sequence[Piece] = ((_("skipped"), "unsure"), (_(" · undo brings it back"), "muted"))
        self._saving.begin(lambda: self._desk.skip(seconds), lambda: self._after(skipped))

    def _after(self, said: Sequence[Piece]) -> None:
        """It is on the disk: say so, show the next text."""
        self._said = said
        self._new_text()

    @refusable
    def action_undo(self) -> None:
        """Take back the last act."""
        if self.ready() and not self.panel.undo():
            self._turned(self._desk.undo(), _("There is nothing to undo."), back=False)

    @refusable
    def action_redo(self) -> None:
        """Bring back what was undone."""
        if self.ready() and not self.panel.redo():
            self._turned(self._desk.redo(), _("There is nothing to redo."), back=True)

    def _turned(self, turned: Turned | None, nothing: str, *, back: bool) -> None:
        if turned is None:
            self._say((nothing, "unsure"))
            return
        self._said = ((told(self.session, turned, back=back), "text"),)
        self._new_text()

    def action_back(self) -> None:
        """The text answered before."""
        if self.ready():
            self._go(self._desk.back(), _("There is nothing before this text."))

    def action_forward(self) -> None:
        """Towards the newest text."""
        if self.ready():
            self._go(self._desk.forward(), _("This is the newest text."))

    def _go(self, went: bool, if_not: str) -> None:
        if went:
            self._said = ()
            self._new_text()
        else:
            self._say((if_not, "muted"))

    def action_filter(self) -> None:
        """Type to find a class."""
        self.panel.open_filter()
        self._arrange()

    @refusable
    def action_flag(self) -> None:
        """Mark the text, or take the mark away."""
        if self.ready() and self._desk.shown is not None:
            on = self._desk.flag()
            self._said = ((_("⚑ flagged") if on else _("flag taken away"), "key"),)
            self._facts()

    def action_note(self) -> None:
        """Write a note on the text."""
        shown = self._desk.shown
        if not self.ready() or shown is None:
            return
        from tui.dialogs.note import NoteDialog

        draft = Draft(self.session, f"note:{shown.example.id}")
        self.app.push_screen(NoteDialog(shown.mark.note, draft), self._noted)

    @refusable
    def _noted(self, text: str | None) -> None:
        if text is not None:
            self._desk.note(text)
            self._said = ((_("note saved") if text.strip() else _("note removed"), "key"),)
        self._facts()

    def action_guide(self) -> None:
        """Guidelines and class descriptions."""
        from tui.dialogs.guide import GuideDialog

        self.app.push_screen(GuideDialog(self.session))

    @refusable
    def patterns(self, label: str = "", term: str = "") -> None:
        """Edit what suggests spans, or add a term to it."""
        if term:
            session = self.session
            store.write(session.con, with_term(session.patterns(), label, term), session.annotator)
            session.touched()
            self._say((_("“{term}” is suggested as {label} from now on.").format(term=term, label=label), "given"))
            return
        from tui.dialogs.patterns import PatternsDialog

        text = self._desk.shown.example.text if self._desk.shown else ""
        self.app.push_screen(PatternsDialog(self.session, text))

    def action_classes(self) -> None:
        """The list of classes."""
        from tui.dialogs.classes import ClassesDialog

        self.app.push_screen(ClassesDialog(self.session))

    def action_peek(self) -> None:
        """What comes next."""
        from tui.dialogs.queue import QueueDialog

        self.app.push_screen(QueueDialog(self._desk.upcoming()), self._opened)

    def _opened(self, example_id: int | None) -> None:
        if example_id is None or not self.is_free():
            return
        if self._desk.open(example_id):
            self._new_text()

    def is_free(self) -> bool:
        """Whether no decision waits to be saved; if one does, it is said, and its text stays."""
        if self._saving.waits:
            self._say(*self._saving.words())
        return not self._saving.waits

    def open_text(self, example_id: int) -> None:
        """Show a certain text; called by screens that list texts."""
        self._opened(example_id)

    def action_batch(self) -> None:
        """Texts like this one."""
        if self._desk.shown is not None:
            self.handful.open_batch(self._desk.shown.example.id)

    def action_scroll_down(self) -> None:
        """More of a long text."""
        self.card.page(1)

    def action_scroll_up(self) -> None:
        """Back up a long text."""
        self.card.page(-1)

    def on_paste(self, event: events.Paste) -> None:
        """A paste never labels."""
        event.stop()
        self._say((_("Pasted text is ignored here."), "unsure"))


_EMPTY = _("Nothing is left to ask.\n\nAdd texts on the screen Data, or look at Metrics and Export: ctrl+o.")
