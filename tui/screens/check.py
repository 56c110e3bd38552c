"""Labels that look wrong, one under the other; the one under the cursor side by side with what speaks against it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar

from textual.binding import BindingType
from textual.getters import query_one
from textual.widget import Widget

from core import checking, deciding
from core.checking import Overview, Suspect
from core.evaluation.wording import differing
from core.i18n import _
from core.inuse import called
from core.records import Example
from core.store import checks, classes, examples, models
from core.store.acts import Turned
from core.store.labels import Given
from tui import keymap
from tui.answering.base import Question
from tui.refusals import refusable
from tui.screens.base import HandfulScreen
from tui.suspect_rows import COLUMNS, NAMES, Item, SuspectRows
from tui.suspects import Stretches, in_pieces, in_text, odds_in_words, stretches
from tui.texts import in_words, stored_in_words
from tui.turning import Turning
from tui.widgets.line import Kind as Colour
from tui.widgets.line import Line, Piece
from tui.widgets.row_list import RowList
from tui.widgets.side_by_side import Side, SideBySide

ASKED = 20
"""Own answers that are asked again in one go."""
KINDS: tuple[str, ...] = ("", *checking.KINDS)


class CheckScreen(Turning, HandfulScreen):
    """A list above two texts beside each other; one key settles what is under the cursor."""

    ID = "check"
    SHARED = (keymap.LIST,)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings("check")
    DEFAULT_CSS = """
    CheckScreen RowList { padding: 0 1; margin-top: 1; }
    CheckScreen SideBySide { margin-top: 1; }
    """

    rows = query_one(RowList)
    said = query_one("#said", Line)
    own = query_one("#own", Line)
    beside = query_one(SideBySide)
    now = query_one("#now", Line)

    def __init__(self) -> None:
        super().__init__()
        self._overview: Overview | None = None
        self._kind = ""
        self._texts: dict[int, Example] = {}
        self._asking: list[Given] = []
        self._asked = 0
        self._stale = False
        self._shown: tuple[int, tuple[Side, Side] | None] | None = None
        """The row and the sides that were shown last."""

    def body(self) -> Iterable[Widget]:
        yield Line(id="said")
        yield Line(id="own")
        yield RowList(COLUMNS)
        yield SideBySide()
        yield Line(id="now")

    def on_mount(self) -> None:
        """The list has the keys."""
        self.set_focus(self.rows)
        self._read()

    def on_screen_resume(self) -> None:
        """Whoever comes back finds what is true now; what all screens do then, Textual calls next."""
        self._stale = True

    def moved(self) -> None:
        """The list stays as it is while one works on it; what is new is told."""
        if self._stale and self.is_mounted:
            self._read()
            return
        fresh = checking.overview(self.session.project, self.session.con)
        here = {_key(item.suspect) for item in self._items() if not item.settled}
        new = sum(_key(one) not in here for one in fresh.suspects if self._kind in ("", one.kind))
        self._say(fresh, new)

    # What is shown

    def _items(self) -> list[Item]:
        shown = self.rows.rows
        return shown.items if isinstance(shown, SuspectRows) else []

    def _here(self) -> Item | None:
        items = self._items()
        return items[self.rows.cursor] if items else None

    def _read(self, *, at: int | None = None) -> None:
        """Read the list anew; the cursor goes to the text `at`, if it is there."""
        self._stale = False
        session = self.session
        found = self._overview = checking.overview(session.project, session.con)
        shown = [one for one in found.suspects if self._kind in ("", one.kind)]
        ids = {i for one in shown for i in (one.id, one.beside.example_id if one.beside else 0)}
        self._texts = {example.id: example for example in examples.get(session.con, sorted(ids))}
        items = [self._item(one) for one in shown if one.id in self._texts]
        here = next((i for i, item in enumerate(items) if item.suspect.id == at), None)
        self.rows.say_empty(self._nothing(found))
        self.rows.show(SuspectRows(items), cursor=here if here is not None else 0)
        self._say(found, 0)
        self._show_sides()

    def _item(self, one: Suspect) -> Item:
        text, marks = self._texts[one.id].text, self._marked(one)
        if marks is not None and one.kind != "copies":
            return Item(one, text, in_text(text, marks[0]), in_text(text, marks[1]))
        return Item(one, text, self._words(one.given.stored), self._words(one.suggested))

    def _words(self, stored: str | None) -> str:
        return stored_in_words(self.session.task, stored, self.session.names())

    def _nothing(self, found: Overview) -> str:
        if found.checked is None:
            ranking = models.newest_ranking(self.session.con)
            if ranking is not None and ranking.trained:
                return _("No label was judged yet; that comes with one of the next fits.")
            return _("No label was judged yet: a model needs some labels of two classes or more.")
        if self._kind:
            return _("There are none of this kind.\nv shows all kinds.")
        return _("No label looks wrong.\na asks some of your own answers again, blind.")

    def _say(self, found: Overview, new: int) -> None:
        counts = Counter[str](one.kind for one in found.suspects)
        pieces: list[Piece] = []
        for kind in KINDS:
            n = counts[kind] if kind else len(found.suspects)
            if kind and not n and kind != self._kind:
                continue
            name = NAMES[kind] if kind else _("to check")
            gap = " · " if pieces else ""
            pieces.append((f"{gap}{n} {name}", "key" if kind == self._kind else "muted"))
        right: list[Piece] = []
        if new:
            right.append((_("{n} new · r reads them").format(n=new), "unsure"))
        elif found.checked is not None:
            right.append((_("of {n} labels").format(n=found.checked), "muted"))
        self.said.show(pieces, right)
        judge: list[Piece] = (
            [(_("judged by {model}").format(model=called(found.subject)), "muted")] if found.checked else []
        )
        self.own.show([(self._agreement(), "muted")], judge)

    def _agreement(self) -> str:
        found = checking.agreement(self.session.con, self.session.task, self.session.annotator)
        if not found.n:
            key = keymap.first("check.again", self.handful.overrides)
            return _("Self-agreement: {key} asks some of your texts again").format(key=key)
        said = _("Self-agreement: {same} of {n} the same").format(same=found.same, n=found.n)
        if not found.enough:
            return said + _(", too few to tell")
        if found.kappa is None or found.interval is None:
            return said
        low, high = found.interval
        return said + _(" · kappa {k:.2f} ({low:.2f} to {high:.2f})").format(k=found.kappa, low=low, high=high)

    def _show_sides(self) -> None:
        item = self._here()
        shown = (self.rows.cursor, self._sides(item) if item else None)
        if shown != self._shown:  # else no frame would follow that could lower the fence
            self._shown = shown
            self.beside.show(shown[1])
            self.handful.fence.raise_(self.is_painted)

    def _sides(self, item: Item) -> tuple[Side, Side]:
        one = item.suspect
        keep, other = f"1 {item.said}", f"2 {item.instead}"
        beside = self._texts.get(one.beside.example_id) if one.beside else None
        if one.kind == "copies" and beside is not None:
            left, right = differing(item.text, beside.text)
            return Side(keep, left), Side(other, right)
        if marks := self._marked(one):
            return self._span_sides(item, beside, marks)
        if one.kind == "again":
            return Side(keep + _(" · at first"), [(item.text, False)]), Side(other + _(" · asked again"), ())
        if beside is None:
            return Side(keep, [(item.text, False)]), Side(other + _(" · says the model"), [(odds_in_words(one), False)])
        like = Side(other + _(" · like this one"), [(beside.text, False)])
        return Side(keep, [(item.text, False)]), like

    def _marked(self, one: Suspect) -> tuple[Stretches, Stretches] | None:
        """What only the given answer marks in the text, and what only the other; None where neither marks places."""
        task, names = self.session.task, self.session.names()
        given, other = (
            stretches(task.to_file(task.decode(stored), names)) if stored else None
            for stored in (one.given.stored, one.suggested)
        )
        return None if given is None or other is None else (given - other, other - given)

    def _span_sides(self, item: Item, beside: Example | None, marks: tuple[Stretches, Stretches]) -> tuple[Side, Side]:
        """The text twice, what the answers differ in marked; below it the text where the words are marked otherwise."""
        given, other = (in_text(item.text, mine) for mine in marks)
        right = in_pieces(item.text, marks[1])
        if beside is not None:
            right = [*right, ("  ·  ", False), (_("like: {text}").format(text=beside.text), False)]
        return Side(f"1 {given}", in_pieces(item.text, marks[0])), Side(f"2 {other}", right)

    def is_painted(self) -> bool:
        return self.rows.is_painted and self.beside.is_painted

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        """Another one is looked at."""
        message.stop()
        self._show_sides()

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """Enter reads the text whole, and answers it otherwise."""
        message.stop()
        self.action_other()

    # What keys do

    def _open(self) -> Item | None:
        """What a key pressed now is about; None, and why, if there is nothing."""
        fence, item = self.handful.fence, self._here()
        if fence.is_up:
            self.tell(fence.drop(), "unsure")
            return None
        if item is not None and item.settled:
            self.tell(_("This one is settled: {what}.").format(what=item.settled), "unsure")
            return None
        return item

    def tell(self, words: str, kind: Colour = "text") -> None:
        """In the line above the keys."""
        self.now.show([(words, kind)])

    def _settled(self, what: str) -> None:
        """Mark the row, and go on to the next one that is open."""
        items, here = self._items(), self.rows.cursor
        items[here] = replace(items[here], settled=what)
        self.session.touched()
        self.tell(_("✓ {what} · u takes it back").format(what=what), "given")
        self.action_later()

    def action_later(self) -> None:
        """The next one that is open; this one waits."""
        items, here = self._items(), self.rows.cursor
        following = [*range(here + 1, len(items)), *range(here)]
        to = next((i for i in following if not items[i].settled), here)
        self.rows.cursor = to
        self.rows.refresh_rows()
        self._show_sides()

    @refusable
    def action_first(self) -> None:
        """The left label is right."""
        item = self._open()
        if item is None:
            return
        one, session = item.suspect, self.session
        if one.kind == "copies" and one.beside is not None:
            self._change(one.beside.example_id, one.back)
            self._settled(_("both {label}").format(label=item.said))
        else:
            checking.keep(session.con, one, session.annotator)
            self._settled(_("kept {label}").format(label=item.said))

    @refusable
    def action_second(self) -> None:
        """The right label is right."""
        item = self._open()
        if item is None:
            return
        self._change(item.suspect.id, item.suspect.suggested)
        both = item.suspect.kind == "copies"
        self._settled((_("both {label}") if both else _("now {label}")).format(label=item.instead))

    @refusable
    def action_both(self) -> None:
        """Both near-copies are right as they are."""
        item = self._open()
        if item is None:
            return
        if item.suspect.kind != "copies":
            self.tell(_("Only two near-copies can both be right: 1 keeps the label, 2 changes it."), "unsure")
            return
        checking.keep(self.session.con, item.suspect, self.session.annotator)
        self._settled(_("both kept"))

    def _change(self, example_id: int, stored: str) -> None:
        session = self.session
        checking.change(session.con, session.task, [self._texts[example_id]], stored, session.annotator)

    def action_other(self) -> None:
        """Read the text whole, and give it any label."""
        from tui.dialogs.answer import AnswerDialog

        item = self._open()
        if item is not None:
            title = _("text {id} · {label}").format(id=item.suspect.id, label=item.said)
            question = self._question(item.text, item.suspect.given)
            self.app.push_screen(AnswerDialog(self.session, title, question), lambda raw: self._given(raw, item))

    def _question(self, text: str, given: Given | None) -> Question:
        session = self.session
        task, names = session.task, session.names()
        said = task.to_file(task.decode(given.stored), names) if given and given.stored else None
        return Question(
            text,
            tuple(session.classes()),
            session.class_counts(),
            given=said,
            open_classes=session.settings.open_classes and given is not None,
        )

    @refusable
    def _given(self, raw: Any, item: Item) -> None:
        if raw is None:
            return
        session = self.session
        text, open_classes = self._texts[item.suspect.id], session.settings.open_classes
        deciding.give(
            session.con, session.task, raw, [(text, {})], session.annotator, open_classes=open_classes, settles=True
        )
        self._settled(_("now {label}").format(label=in_words(raw)))

    def action_kind(self) -> None:
        """All kinds, then one after another."""
        self._kind = KINDS[(KINDS.index(self._kind) + 1) % len(KINDS)]
        self._read()

    def action_reload(self) -> None:
        """What is settled goes, what is new comes."""
        here = self._here()
        self._read(at=here.suspect.id if here else None)

    def action_goto_label(self) -> None:
        """The text on the screen Label."""
        item = self._here()
        if item is not None:
            self.handful.open_text(item.suspect.id)

    # Own answers, asked again

    def action_again(self) -> None:
        """Ask some of one's own answers again, blind."""
        session = self.session
        self._asking = checking.to_ask_again(session.con, session.annotator, ASKED, session.settings.seed)
        self._asked = 0
        if not self._asking:
            told = _("Nothing to ask again yet: only what you answered a day or {n} answers ago.")
            self.tell(told.format(n=checking.PASSED), "unsure")
            return
        self._ask_next()

    def _ask_next(self) -> None:
        from tui.dialogs.answer import AnswerDialog

        if not self._asking:
            self._asked_all()
            return
        first = self._asking.pop(0)
        text = next(iter(examples.get(self.session.con, [first.example_id])), None)
        if text is None:
            self._ask_next()
            return
        self._asked += 1
        title = _("{n} of {of}, asked again: what do you say today?").format(
            n=self._asked, of=self._asked + len(self._asking)
        )
        question = self._question(text.text, None)
        self.app.push_screen(AnswerDialog(self.session, title, question), lambda raw: self._again(raw, first, text))

    @refusable
    def _again(self, raw: Any, first: Given, text: Example) -> None:
        if raw is None:
            self._asking = []
            self._asked_all()
            return
        session = self.session
        second = session.task.encode(session.task.from_file(raw, classes.ids(session.con), text.text))
        checks.answer_again(session.con, first, second, session.annotator)
        self._ask_next()

    def _asked_all(self) -> None:
        self.session.touched()
        self.tell(_("Your first answers stand; where the second differs, it is in the list."))
        self._read()

    # Back and forth

    def turned(self, turned: Turned) -> None:
        """Look again, at what it was about."""
        self._read(at=turned.example_ids[0] if turned.example_ids else None)


def _key(one: Suspect) -> tuple[object, ...]:
    """What makes it the same one again."""
    return one.kind, *one.answers.items()
