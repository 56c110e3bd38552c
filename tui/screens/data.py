"""All texts: searched as one types, filtered, read, answered again, and more of them added."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from textual.binding import BindingType
from textual.getters import query_one
from textual.widget import Widget
from textual.widgets import Input

from core import deciding, judged
from core.i18n import _, counted
from core.inuse import called, source_name
from core.store import browse, models
from core.store.browse import TextFilter
from tui import keymap
from tui.answering.base import Question
from tui.refusals import refusable
from tui.screens.base import HandfulScreen
from tui.text_rows import DataRows, data_columns
from tui.texts import TextRow, Texts, ids_of, in_words
from tui.turning import Turning
from tui.widgets.line import Kind, Line, Piece
from tui.widgets.row_list import RowList

FIRST = 200
"""Texts that are found at once; the rest is looked for in a thread."""
STATES = ("", "open", "answered", "skipped")


class DataScreen(Turning, HandfulScreen):
    """The list of texts, under one line that says what it is limited to."""

    ID = "data"
    SHARED = (keymap.LIST,)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings("data")
    DEFAULT_CSS = """
    DataScreen #said { margin-bottom: 0; }
    DataScreen Input { border: none; height: 1; padding: 0 2; background: $background; }
    DataScreen RowList { padding: 0 1; margin-top: 1; }
    """

    rows = query_one(RowList)
    said = query_one("#said", Line)
    search = query_one(Input)

    def __init__(self) -> None:
        super().__init__()
        self.wanted = TextFilter()
        self._title = ""
        self._order: Sequence[int] | None = None
        self._marked: set[int] = set()
        self._request = 0
        self._disagreeing = False
        self._judged: Mapping[int, str] = {}

    def body(self) -> Iterable[Widget]:
        yield Line(id="said")
        yield Input(placeholder=_("search: press /"), compact=True)
        yield RowList(data_columns(judged=False))

    def on_mount(self) -> None:
        """The list has the keys."""
        self.set_focus(self.rows)
        self._find()

    def show_ids(self, ids: Sequence[int], title: str, said: Mapping[int, str] | None = None) -> None:
        """Limit the list to these texts, in this order, until the filters are taken off.

        `said`: example id → what a model answered that had not seen the text, in stored form.
        """
        self._order, self._title, self._disagreeing, self._judged = list(ids), title, False, said or {}
        self.wanted = TextFilter(split="", only=tuple(ids))
        self.search.value = ""
        self._find()
        self.set_focus(self.rows)

    def moved(self) -> None:
        shown = self.rows.rows
        if isinstance(shown, DataRows):
            shown.texts.forget()
            self._find(keep=True)

    # Finding

    def _find(self, *, keep: bool = False) -> None:
        """Look for what is wanted: the first texts at once, all of them in a thread."""
        self._request += 1
        found = browse.ids(self.session.con, self.wanted, limit=FIRST)
        more = len(found) == FIRST
        if not (keep and more):
            self._show(found, keep=keep)
        if more:
            request, wanted = self._request, self.wanted
            self.run_worker(lambda: self._find_all(request, wanted), thread=True, exclusive=True, group="find")

    def _find_all(self, request: int, wanted: TextFilter) -> None:
        with self.session.project.open(readonly=True) as con:
            found = browse.ids(con, wanted)
        self.app.call_from_thread(self._found, request, found)

    def _found(self, request: int, found: Sequence[int]) -> None:
        if request == self._request:
            self._show(found, keep=True)

    def _show(self, found: Sequence[int], *, keep: bool) -> None:
        if self._order is not None:
            there = set(found)
            found = ids_of(i for i in self._order if i in there)
        self.rows.say_empty(self._nothing())
        self.rows.columns = data_columns(judged=bool(self._judged))
        self.rows.show(DataRows(Texts(self.session, found, self._judged), self._marked), cursor=None if keep else 0)
        self._say()

    def _nothing(self) -> str:
        if self.wanted == TextFilter():
            return _("There are no texts yet.\ni adds a file.")
        return _("No text is like that.\nesc takes all filters off.")

    def _say(self) -> None:
        n, pieces = len(self.rows.rows), list[Piece]()
        pieces.append((counted("{n} text", "{n} texts", n), "text"))
        pieces += [(f" · {word}", "key") for word in self._limits()]
        marked: list[Piece] = (
            [(_("{n} marked · r answers them").format(n=len(self._marked)), "given")] if self._marked else []
        )
        self.said.show(pieces, marked)

    def _limits(self) -> list[str]:
        """What the list is limited to, in words."""
        wanted, names = self.wanted, self.session.names()
        states = {"open": _("unlabelled"), "answered": _("labelled"), "skipped": _("skipped")}
        found = [
            self._title,
            states.get(wanted.state, ""),
            _("class {name}").format(name=names.get(wanted.class_id, "?")) if wanted.class_id is not None else "",
            _("flagged") if wanted.flagged else "",
            _("by {name}").format(name=wanted.annotator) if wanted.annotator else "",
            _("test set, to read only") if wanted.split == "test" else "",
            _("“{words}”").format(words=wanted.query) if wanted.query.strip() else "",
        ]
        return [word for word in found if word]

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search as one types."""
        self.wanted = replace(self.wanted, query=event.value)
        self._find()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes to what was found."""
        event.stop()
        self.set_focus(self.rows)

    def action_search(self) -> None:
        """Type into the search."""
        self.set_focus(self.search)

    def action_clear(self) -> None:
        """Take all filters off; from the search, first only leave it."""
        if self.search.has_focus:
            self.set_focus(self.rows)
            return
        self._order, self._title, self._disagreeing, self._judged = None, "", False, {}
        self.wanted = TextFilter()
        self._marked.clear()
        self.search.value = ""
        self._find()

    def _limit(self, **changes: Any) -> None:
        self.wanted = replace(self.wanted, **changes)
        self._find()

    def action_state(self) -> None:
        """All, unlabelled, labelled, skipped, in turn."""
        self._limit(state=STATES[(STATES.index(self.wanted.state) + 1) % len(STATES)])

    def action_flagged(self) -> None:
        """Flagged ones only, or all."""
        self._limit(flagged=not self.wanted.flagged)

    def action_test_set(self) -> None:
        """The held-out texts, or the pool."""
        self._limit(split="pool" if self.wanted.split == "test" else "test")

    def action_by_whom(self) -> None:
        """Everybody, then one after another."""
        people = ["", *browse.annotators(self.session.con)]
        here = people.index(self.wanted.annotator) if self.wanted.annotator in people else 0
        self._limit(annotator=people[(here + 1) % len(people)])

    def action_of_class(self) -> None:
        """Choose a class."""
        from tui.dialogs.choose import ChooseDialog

        found, counts = self.session.classes(), self.session.class_counts()
        names = [(item.name, counted("{n} label", "{n} labels", counts.get(item.id, 0))) for item in found]

        def chosen(position: int | None) -> None:
            if position is not None:
                self._limit(class_id=found[position - 1].id if position else None)

        self.app.push_screen(ChooseDialog(_("Texts of which class?"), [(_("any class"), ""), *names]), chosen)

    def action_disagreeing(self) -> None:
        """The labelled texts that the model answers otherwise, or all again."""
        if self._disagreeing:
            self.action_clear()
            return
        subject = source_name(models.encoder_in_use(self.session.con))
        texts = judged.disagreeing(self.session.project, subject)
        said = {text.example_id: text.predicted for text in texts}
        self.show_ids(list(said), _("{model} says otherwise").format(model=called(subject)), said)
        self._disagreeing = True

    # Answering

    def _here(self) -> TextRow | None:
        shown = self.rows.rows
        return shown.texts[self.rows.cursor] if isinstance(shown, DataRows) and len(shown) else None

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """Enter reads the text."""
        message.stop()
        self.action_answer()

    def action_answer(self) -> None:
        """Read the text whole, and answer it again."""
        from tui.dialogs.answer import AnswerDialog

        found = self._here()
        if found is None:
            return
        title = _("text {id}").format(id=found.example.id) + (f" · {found.answer}" if found.answer else "")
        title += f" · ✎ {found.mark.note}" if found.mark.note else ""
        read_only = found.example.split == "test"
        question = self._question(found.example.text, found)
        self.app.push_screen(
            AnswerDialog(self.session, title, question, read_only=read_only),
            lambda raw: self._give(raw, [found]),
        )

    def action_label(self) -> None:
        """Give the marked texts one answer."""
        from tui.dialogs.answer import AnswerDialog

        found = [row for row in Texts(self.session, sorted(self._marked)) if row and row.example.split == "pool"]
        if not found:
            self.action_answer()
            return
        title = _("One answer for {n} texts").format(n=len(found))
        self.app.push_screen(
            AnswerDialog(self.session, title, self._question("", None)), lambda raw: self._give(raw, found)
        )

    def _question(self, text: str, row: TextRow | None) -> Question:
        session = self.session
        stored = row.given.stored if row and row.given else None
        given = None if stored is None else session.task.to_file(session.task.decode(stored), session.names())
        return Question(
            text,
            tuple(session.classes()),
            session.class_counts(),
            row.guess if row else None,
            given,
            session.settings.open_classes,
            session.settings,
            session.patterns(),
        )

    @refusable
    def _give(self, raw: Any, found: Sequence[TextRow]) -> None:
        if raw is None:
            return
        session = self.session
        pick = {"strategy": "chosen", "probability": None} if len(found) == 1 else {"strategy": "batch"}
        texts = [(row.example, pick if row.given is None else {}) for row in found]
        n = deciding.give(
            session.con,
            session.task,
            raw,
            texts,
            session.annotator,
            open_classes=session.settings.open_classes,
            settles=True,
        )
        self._marked.clear()
        session.touched()
        self.handful.say(_("{n} answered: {answer}. u takes it back.").format(n=n, answer=in_words(raw)))

    def action_mark(self) -> None:
        """Mark the text, and go on to the next."""
        found = self._here()
        if found is not None:
            self._marked ^= {found.example.id}
            self.rows.refresh_rows()
            self.rows.move_to(self.rows.cursor + 1)
            self._say()

    def action_mark_all(self) -> None:
        """All that are shown, or none."""
        shown = self.rows.rows
        if isinstance(shown, DataRows):
            ids = set(shown.texts.ids)
            if ids <= self._marked:
                self._marked.clear()
            else:
                self._marked |= ids
            self.rows.refresh_rows()
            self._say()

    def action_batch(self) -> None:
        """What is shown, as a batch."""
        shown = self.rows.rows
        if isinstance(shown, DataRows) and len(shown):
            self.handful.open_batch_of(list(shown.texts.ids[:500]), ", ".join(self._limits()) or _("all texts"))

    def action_goto_label(self) -> None:
        """On the label screen."""
        found = self._here()
        if found is not None and found.example.split == "pool":
            self.handful.open_text(found.example.id)

    def tell(self, words: str, kind: Kind = "text") -> None:
        """In a corner: all lines are the list's."""
        self.handful.say(words, "warning" if kind == "unsure" else "information")

    # More texts

    def action_add(self) -> None:
        """Add a file."""
        from tui.dialogs.source import SourceDialog

        self.app.push_screen(SourceDialog(_("Add which file?")), self._add)

    def _add(self, path: Path | None) -> None:
        if path is not None:
            from tui.dialogs.importing import ImportDialog

            self.app.push_screen(ImportDialog(self.session.project.root, path), lambda _done: self.session.touched())
