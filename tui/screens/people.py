"""What people disagree on, settled by one key; and who did how much, and how far they agree."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from textual.binding import BindingType
from textual.containers import Container
from textual.getters import query_one
from textual.widget import Widget

from core import agreeing
from core.agreeing import Report
from core.errors import HandfulError
from core.i18n import _, counted
from core.records import Example
from core.store import examples, labels, people, standing
from core.store.acts import Turned
from core.store.labels import Decision
from core.store.standing import OUTSIDE
from tui import keymap
from tui.answering.base import Question
from tui.refusals import refusable
from tui.screens.base import HandfulScreen
from tui.texts import in_words
from tui.turning import Turning
from tui.widgets.agreement import AgreementTables, alpha, in_a_line
from tui.widgets.line import Kind, Line, Piece
from tui.widgets.text_card import TextCard
from tui.widgets.who_said import MOST, Said, WhoSaid

LISTED = 5000
"""Contested texts that are walked through."""

_NOBODY = _(
    "Nobody disagrees: every text has one answer that most people gave.\n\n"
    "The options overlap and overlap_people (screen Settings) ask a share of the texts of several people, "
    "which tells how far they agree. t shows the numbers."
)


class PeopleScreen(Turning, HandfulScreen):
    """One contested text above who said what; or three tables of numbers."""

    ID = "people"
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings("people")
    DEFAULT_CSS = """
    PeopleScreen #texts, PeopleScreen #numbers { height: 1fr; }
    PeopleScreen #where { margin-bottom: 1; }
    PeopleScreen WhoSaid { margin-top: 1; }
    """

    said = query_one("#said", Line)
    where = query_one("#where", Line)
    card = query_one(TextCard)
    who = query_one(WhoSaid)
    numbers = query_one(AgreementTables)
    now = query_one("#now", Line)

    def __init__(self) -> None:
        super().__init__()
        self._ids: Sequence[int] = ()
        self._here: Example | None = None
        self._choices: list[str] = []
        """Stored answers, in the order of their keys."""
        self._numbers = False
        self._report: Report | None = None
        self._request = 0

    def body(self) -> Iterable[Widget]:
        yield Line(id="said")
        with Container(id="texts"):
            yield Line(id="where")
            yield TextCard()
            yield WhoSaid()
        yield AgreementTables(id="numbers")
        yield Line(id="now")

    def on_mount(self) -> None:
        """Begin with the texts, if there are any."""
        self._turn_to(numbers=False)
        self.moved()

    def moved(self) -> None:
        self._ids = people.contested(self.session.con, LISTED)
        here = self._here.id if self._here else 0
        if here not in self._ids:
            here = next((i for i in self._ids if i > here), next(iter(self._ids), 0))
        self._show(here)
        self._count()

    # What is shown

    def _show(self, example_id: int) -> None:
        """Show a contested text, or that there is none."""
        before = self._here
        self._here = next(iter(examples.get(self.session.con, [example_id])), None)
        if self._here is None:
            self._choices = []
            self.card.show(_NOBODY)
            self.who.show(())
        else:
            if before is None or before.id != self._here.id:
                self.card.show(self._here.text)
            self._show_answers(self._here)
        self._say()
        self.handful.fence.raise_(self.is_painted)

    def is_painted(self) -> bool:
        return self._numbers or (self.card.is_painted and self.who.is_painted)

    def _show_answers(self, example: Example) -> None:
        said = [one for one in standing.said(self.session.con, example.id) if one.annotator != OUTSIDE]
        overruling = max((one.seq for one in said if one.settles), default=0)
        by_answer: dict[str, list[standing.Said]] = {}
        for one in said:
            if one.stored is not None:
                by_answer.setdefault(one.stored, []).append(one)
        ranked = sorted(by_answer, key=lambda stored: -len(by_answer[stored]))[:MOST]
        skipped = tuple(one.annotator for one in said if one.stored is None)
        self._choices = ranked
        shown = [
            Said(
                self._words(stored, example.text),
                tuple(self._by(one, overruling) for one in by_answer[stored]),
                any(one.seq >= overruling for one in by_answer[stored]),
            )
            for stored in ranked
        ]
        self.who.show(shown)
        self.where.show(
            [(_("text {id}").format(id=example.id), "muted")],
            [(_("skipped by {who} ").format(who=", ".join(skipped)), "muted")] if skipped else [],
        )

    def _by(self, one: standing.Said, overruling: int) -> str:
        if one.settles:
            return _("{name} · settled it").format(name=one.annotator)
        return one.annotator if one.seq >= overruling else _("{name} · before that").format(name=one.annotator)

    def _words(self, stored: str, text: str) -> str:
        """An answer in words; of marked stretches, what they say."""
        task = self.session.task
        raw = task.to_file(task.decode(stored), self.session.names())
        parts = raw.get("spans") if isinstance(raw, dict) else raw
        if isinstance(parts, list) and parts and all(isinstance(part, dict) and "start" in part for part in parts):
            return ", ".join(f"{text[part['start'] : part['end']]}:{part['label']}" for part in parts)
        return in_words(raw)

    def _say(self) -> None:
        n = len(self._ids)
        place = self._ids.index(self._here.id) + 1 if self._here is not None and self._here.id in self._ids else 0
        if self._here is None:
            self.where.show()
        pieces: list[Piece] = [(counted("{n} text to settle", "{n} texts to settle", n), "key" if n else "text")]
        if place and not self._numbers:
            pieces.append((_(" · {place} of {n}").format(place=place, n=n), "muted"))
        self.said.show(pieces, alpha(self._report))

    def _count(self) -> None:
        """Compute the numbers in a thread: thousands of shared texts take a moment."""
        self._request += 1
        request = self._request

        def run() -> None:
            try:
                with self.session.project.open(readonly=True) as con:
                    found = agreeing.report(con, self.session.project.task(con))
            except HandfulError as error:
                self.app.call_from_thread(self.handful.show_error, error)
            else:
                self.app.call_from_thread(self._counted, request, found)

        self.run_worker(run, thread=True, exclusive=True, group="agreement")

    def _counted(self, request: int, found: Report) -> None:
        if request != self._request or not self.is_mounted:
            return
        self._report = found
        self.numbers.show(found, self.session.names())
        self._say()
        if self._numbers:
            self._tell_numbers()

    def _tell_numbers(self) -> None:
        if self._report is not None:
            self.now.show(*in_a_line(self._report))

    def _turn_to(self, *, numbers: bool) -> None:
        self._numbers = numbers
        self.query_one("#texts").display = not numbers
        self.query_one("#numbers").display = numbers
        self.set_focus(self.numbers.opened(numbers))
        self.now.show()
        if numbers:
            self._tell_numbers()

    # What keys do

    def _ready(self) -> Example | None:
        """The text that a key pressed now is about; None, and why, if there is none."""
        fence = self.handful.fence
        if fence.is_up:
            self.tell(fence.drop(), "unsure")
            return None
        return None if self._numbers else self._here

    def tell(self, words: str, kind: Kind = "text") -> None:
        """In the line above the keys."""
        self.now.show([(words, kind)])

    @refusable
    def _pick(self, number: int) -> None:
        example = self._ready()
        if example is None:
            return
        if number > len(self._choices):
            self.tell(_("There is no answer {n}; enter gives another one.").format(n=number), "unsure")
            return
        stored = self._choices[number - 1]
        session = self.session
        labels.decide(session.con, session.task, [Decision(example.id, stored, settles=True)], session.annotator)
        self._settled(self._words(stored, example.text))

    def _settled(self, words: str) -> None:
        self.session.touched()
        self.moved()
        self.tell(_("✓ settled: {what} · u takes it back").format(what=words), "given")

    def action_pick_1(self) -> None:
        """The first answer is right."""
        self._pick(1)

    def action_pick_2(self) -> None:
        """The second answer is right."""
        self._pick(2)

    def action_pick_3(self) -> None:
        """The third answer is right."""
        self._pick(3)

    def action_pick_4(self) -> None:
        """The fourth answer is right."""
        self._pick(4)

    def action_pick_5(self) -> None:
        """The fifth answer is right."""
        self._pick(5)

    def action_pick_6(self) -> None:
        """The sixth answer is right."""
        self._pick(6)

    def action_pick_7(self) -> None:
        """The seventh answer is right."""
        self._pick(7)

    def action_pick_8(self) -> None:
        """The eighth answer is right."""
        self._pick(8)

    def action_pick_9(self) -> None:
        """The ninth answer is right."""
        self._pick(9)

    def action_other(self) -> None:
        """Read the text whole, and give an answer that nobody has given."""
        from tui.dialogs.answer import AnswerDialog

        example = self._ready()
        if example is None:
            return
        session = self.session
        question = Question(
            example.text,
            tuple(session.classes()),
            session.class_counts(),
            open_classes=session.settings.open_classes,
            options=session.settings,
        )
        title = _("Settle text {id}").format(id=example.id)
        self.app.push_screen(AnswerDialog(session, title, question), lambda raw: self._given(raw, example))

    @refusable
    def _given(self, raw: Any, example: Example) -> None:
        from core import deciding

        if raw is None:
            return
        session = self.session
        deciding.give(
            session.con,
            session.task,
            raw,
            [(example, {})],
            session.annotator,
            open_classes=session.settings.open_classes,
            settles=True,
        )
        self._settled(in_words(raw))

    def _move(self, by: int) -> None:
        if self._ready() is None or not self._ids or self._here is None:
            return
        here = self._ids.index(self._here.id) if self._here.id in self._ids else 0
        self._show(self._ids[(here + by) % len(self._ids)])
        self.now.show()

    def action_following(self) -> None:
        """The next one; this one waits."""
        self._move(1)

    def action_previous(self) -> None:
        """The one before."""
        self._move(-1)

    def action_turn(self) -> None:
        """Numbers, or texts."""
        self._turn_to(numbers=not self._numbers)
        self._say()

    def action_scroll_down(self) -> None:
        """More of a long text."""
        self.card.page(1)

    def action_scroll_up(self) -> None:
        """Back up."""
        self.card.page(-1)

    def action_goto_data(self) -> None:
        """All of them as a list."""
        if self._ids:
            self.handful.open_texts(list(self._ids), _("people disagree"))

    def turned(self, turned: Turned) -> None:
        """Show the text again that is contested once more."""
        self._ids = people.contested(self.session.con, LISTED)
        again = next((i for i in turned.example_ids if i in self._ids), 0)
        if again:
            self._show(again)
        self.moved()
