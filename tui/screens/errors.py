"""Where the model fails: parts of the texts by how often it is wrong there, and which classes it confuses and why."""

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.getters import query_one
from textual.widget import Widget

from core.errors import HandfulError
from core.evaluation.confused import Confusion
from core.evaluation.slices import Part
from core.failing import SOURCES, Failures, failures
from core.i18n import _
from core.inuse import called, source_name
from core.records import Source
from core.store import examples, models
from tui import keymap
from tui.failing import kind_of, name_of, pair_of, rate_of, share_of, tips_of, words_of, worst_first
from tui.screens.base import HandfulScreen
from tui.views.table import bar
from tui.widgets.line import Line, Piece
from tui.widgets.row_list import Cell, Column, ListRows, RowList

WIDE = 100
BAR = 24
EXAMPLES = 3


class ErrorsScreen(HandfulScreen):
    """Two lists, one at a time; below, what the row under the cursor is about."""

    ID = "errors"
    SHARED = (keymap.LIST,)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings("errors")
    DEFAULT_CSS = """
    ErrorsScreen RowList { padding: 0 1; margin-top: 1; }
    ErrorsScreen #figures { margin-top: 1; }
    """

    head = query_one("#head", Line)
    parts = query_one("#parts", RowList)
    pairs = query_one("#pairs", RowList)

    def __init__(self) -> None:
        super().__init__()
        self._found: Failures | None = None
        self._source: Source | None = None
        self._kind: tuple[str, str] | None = None
        self._parts: list[Part] = []
        self._pairs_shown = False
        self._seen: tuple[object, ...] | None = None
        self._request = 0

    def body(self) -> Iterable[Widget]:
        yield Line(id="head")
        yield RowList(
            (
                Column(width=1),
                Column(_("part of"), 12),
                Column(_("which")),
                Column(_("texts"), 5, right=True),
                Column(_("wrong"), 5, right=True),
                Column(_("share of wrong ones"), BAR, least=WIDE),
                Column(_("share"), 16, right=True),
            ),
            empty=_("Looking at the errors …"),
            id="parts",
        )
        yield RowList(
            (
                Column(_("people said"), 18),
                Column(_("model answered"), 18),
                Column(_("texts"), 9, right=True),
                Column(_("words that tip it · here:right")),
            ),
            id="pairs",
        )
        yield Line(id="figures")
        for number in range(EXAMPLES):
            yield Line(id=f"text-{number}")

    def on_mount(self) -> None:
        """Begin with the parts."""
        self._arrange()
        self.moved()

    def moved(self) -> None:
        """Count anew, in a thread, if something else was judged."""
        con, subject = self.session.con, self._subject()
        judged = tuple(e.event_seq for s in SOURCES if (e := models.newest_evaluation(con, subject, s)))
        seen = (subject, self._source, *judged)
        if seen == self._seen:
            return
        self._seen = seen
        self._request += 1
        request, project, source = self._request, self.session.project, self._source

        def count() -> None:
            try:
                with project.open(readonly=True) as own:
                    found = failures(project, own, source)
            except HandfulError as error:
                self.app.call_from_thread(self.handful.show_error, error)
            else:
                self.app.call_from_thread(self._counted, request, found)

        self.run_worker(count, thread=True, exclusive=True, group="errors")

    def _subject(self) -> str:
        return source_name(models.encoder_in_use(self.session.con))

    def _counted(self, request: int, found: Failures) -> None:
        if request == self._request and self.is_mounted:
            self._found = found
            self._show()

    # What is shown

    def _arrange(self) -> None:
        self.parts.display, self.pairs.display = not self._pairs_shown, self._pairs_shown
        self.set_focus(self.pairs if self._pairs_shown else self.parts)
        self._explain()

    def _show(self) -> None:
        found = self._found
        if found is None:
            return
        kinds = list(dict.fromkeys((part.kind, part.of) for part in found.parts))
        if self._kind not in kinds:
            self._kind = None
        self._parts = worst_first([p for p in found.parts if self._kind in (None, (p.kind, p.of))])
        nothing = _("Nothing was judged yet.\nLabel some more texts; s looks at other evidence.")
        self.parts.say_empty(nothing)
        self.pairs.say_empty(nothing if not found.n else _("No class was taken for another."))
        self.parts.show(ListRows([_part_row(part) for part in self._parts]))
        names = self.session.names()
        self.pairs.show(ListRows([_pair_row(pair, names) for pair in found.confusions]))
        self._say(found)
        self._explain()

    def _say(self, found: Failures) -> None:
        source = found.source or self._source
        pieces: list[Piece] = [(called(found.subject), "guess"), (f" · {source}" if source else "", "key")]
        if found.n:
            pieces.append((_(" · {wrong} of {n} texts wrong").format(wrong=found.wrong, n=found.n), "text"))
        if self._kind is not None and self._parts:
            pieces.append((f" · {kind_of(self._parts[0])}", "key"))
        marked = sum(part.stands_out for part in found.parts)
        right: list[Piece] = [(_("! {n} worse beyond chance").format(n=marked), "wrong")] if marked else []
        self.head.show(pieces, right)

    def _explain(self) -> None:
        """Some texts behind the row under the cursor."""
        found, ids, words = self._found, tuple[int, ...](), ""
        if found is not None and self._pairs_shown and found.confusions:
            pair = found.confusions[self.pairs.cursor]
            ids, words = pair.example_ids, words_of(pair, self.session.names())
        elif found is not None and not self._pairs_shown and self._parts:
            part = self._parts[self.parts.cursor]
            ids = part.example_ids
            words = _("{kind} {name}: {wrong} of {n} wrong").format(
                kind=kind_of(part), name=name_of(part), wrong=part.wrong, n=part.n
            )
            if part.rest_n:
                words += _(", elsewhere {wrong} of {n}").format(wrong=part.rest_wrong, n=part.rest_n)
        more = [(_(" · ↵ shows them"), "muted")] if ids else []
        self.query_one("#figures", Line).show([(words, "text"), *more])  # type: ignore[list-item]
        texts = [example.text for example in examples.get(self.session.con, ids[:EXAMPLES])]
        for number in range(EXAMPLES):
            line = self.query_one(f"#text-{number}", Line)
            line.show([("· " + " ".join(texts[number].split()), "muted")] if number < len(texts) else [])

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        """Another row is looked at."""
        message.stop()
        self._explain()

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """The texts behind it."""
        message.stop()
        self.action_texts()

    # What keys do

    def action_texts(self) -> None:
        """The wrong texts behind the row, on the screen Data."""
        found = self._found
        if found is None:
            return
        names = self.session.names()
        if self._pairs_shown and found.confusions:
            pair = found.confusions[self.pairs.cursor]
            gold, answered = pair_of(pair, names)
            title = _("{gold} taken for {answered}").format(gold=gold, answered=answered)
            self._open(pair.example_ids, title)
        elif not self._pairs_shown and self._parts:
            part = self._parts[self.parts.cursor]
            self._open(part.example_ids, _("wrong in {kind} {name}").format(kind=kind_of(part), name=name_of(part)))

    def _open(self, ids: Sequence[int], title: str) -> None:
        from core import judged

        found = self._found
        source = found.source if found else None
        texts = judged.load(self.session.project, found.subject, source) if found and source else None
        wanted = set(ids)
        said = {text.example_id: text.predicted for text in (texts.texts if texts else ()) if text.example_id in wanted}
        if ids:
            self.handful.open_texts(list(ids), title, said)

    def action_parts(self) -> None:
        """Parts of the texts."""
        self._pairs_shown = False
        self._arrange()

    def action_pairs(self) -> None:
        """Classes that are confused."""
        self._pairs_shown = True
        self._arrange()

    def action_kind(self) -> None:
        """All kinds of parts, then one after another."""
        if self._found is None:
            return
        kinds: list[tuple[str, str] | None] = [None, *dict.fromkeys((p.kind, p.of) for p in self._found.parts)]
        self._kind = kinds[(kinds.index(self._kind) + 1) % len(kinds)] if self._kind in kinds else None
        self.parts.cursor = 0
        self._show()

    def action_source(self) -> None:
        """The next evidence."""
        con, subject = self.session.con, self._subject()
        there = [s for s in SOURCES if models.newest_evaluation(con, subject, s) is not None]
        here = self._found.source if self._found else None
        if there:
            self._source = there[(there.index(here) + 1) % len(there)] if here in there else there[0]
            self.moved()

    def action_metrics(self) -> None:
        """The screen Metrics."""
        self.handful.go("metrics")


def _part_row(part: Part) -> Sequence[Cell]:
    return (
        ("!" if part.stands_out else " ", "wrong"),
        (kind_of(part), "muted"),
        (name_of(part), "text"),
        (str(part.n), "muted"),
        (str(part.wrong), "wrong" if part.wrong else "muted"),
        (bar(part.rate, part.interval, BAR) if part.enough else "", "wrong" if part.stands_out else "unsure"),
        (rate_of(part), "wrong" if part.stands_out else "muted"),
    )


def _pair_row(pair: Confusion, names: Mapping[int, str]) -> Sequence[Cell]:
    gold, answered = pair_of(pair, names)
    return ((gold, "given"), (answered, "wrong"), (share_of(pair), "text"), (tips_of(pair), "muted"))
