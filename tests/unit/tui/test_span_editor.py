"""The value behind the screen of spans: where the cursor goes, what is labelled, and the way back."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError
from core.spans import Guess, Span
from tests.hostile import texts
from tui.spans import likely
from tui.spans.editor import Editor, begin
from tui.spans.steps import steps

TEXT = "Angela Merkel visited Acme Corp in Berlin. Jean-Luc Picard of Starfleet Inc. met Berlin's mayor, e.g. today."


def marked(editor: Editor) -> str:
    return editor.text[slice(*editor.at)]


def on(text: str, wanted: str, **options: object) -> Editor:
    """The text with these characters marked."""
    start = text.index(wanted)
    return begin(text, **options).marked(start, start + len(wanted))  # type: ignore[arg-type]


def labels(editor: Editor) -> list[tuple[str, str]]:
    return [(editor.text[s.start : s.end], s.label) for s in editor.spans]


def guess(wanted: str, label: str, p: float | None = 0.9, text: str = TEXT) -> Guess:
    start = text.index(wanted)
    return Guess(Span(start, start + len(wanted), label), p, "head")


def test_words_are_the_steps_and_punctuation_is_passed_over() -> None:
    editor, seen = begin(TEXT), []
    for _turn in range(12):
        seen.append(marked(editor))
        editor = editor.hop(1)
    assert seen == [
        "Angela",
        "Merkel",
        "visited",
        "Acme",
        "Corp",
        "in",
        "Berlin",
        "Jean",
        "Luc",
        "Picard",
        "of",
        "Starfleet",
    ]


def test_an_end_goes_over_what_is_written_together_and_can_stop_behind_a_full_stop() -> None:
    editor = on(TEXT, "Jean").move_end(1)
    assert marked(editor) == "Jean-Luc"
    assert marked(editor.move_end(1)) == "Jean-Luc Picard"
    inc = on(TEXT, "Inc").move_end(1)
    assert marked(inc) == "Inc."
    assert marked(inc.move_start(-1)) == "Starfleet Inc."
    assert marked(inc.move_start(-1).move_start(1).move_end(-1)) == "Inc"
    assert marked(on("by @ada now", "ada").move_start(-1)) == "@ada"


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("张三在北京。", list("张三在北京")),
        ("สวัสดี", ["ส", "วั", "ส", "ดี"]),
        ("トヨタの車", list("トヨタの車")),
        ("안녕 세계", ["안녕", "세계"]),
        ("👩‍👩‍👧‍👦🇩🇪", ["👩‍👩‍👧‍👦", "🇩🇪"]),
        ("e\u0301te\u0301 noir", ["e\u0301te\u0301", "noir"]),
        ("...", [".", ".", "."]),
        ("  ", [" ", " "]),
        ("", []),
    ],
)
def test_units_by_script(text: str, units: list[str]) -> None:
    assert [text[a:b] for a, b in begin(text).units] == units


def test_sentences_by_unicode_s_rules() -> None:
    text = "One. Two e.g. in part! “Three.” 你好。再见。\nFour\n\nFive"
    assert [text[s:].split(maxsplit=1)[0][:4] for s in steps(text).sentences] == [
        "One.",
        "Two",
        "Thre",
        "你好。再",
        "再见。",
        "Four",
        "Five",
    ]
    editor = begin(text).hop_sentence(1).hop(1)
    assert marked(editor) == "e"
    assert marked(editor.hop_sentence(-1)) == "Two"
    assert marked(editor.hop_sentence(-1).hop_sentence(-1)) == "One"


def test_without_snapping_steps_and_ends_are_characters() -> None:
    editor = on("New York’s mayor", "York’s").snapping(on=False)
    assert marked(editor.move_end(-1).move_end(-1)) == "York"
    assert marked(begin("cafe\u0301s").snapping(on=False).put(3)) == "e\u0301"
    assert marked(begin("cafés").hop_grapheme(1)) == "c"
    assert marked(begin("cafés").hop_grapheme(1).hop_grapheme(1)) == "a"


def test_one_key_labels_the_word_and_what_is_extended_afterwards_is_the_span() -> None:
    editor = on(TEXT, "Angela").labelled("person").move_end(1)
    assert labels(editor) == [("Angela Merkel", "person")]
    assert labels(editor.labelled("place")) == [("Angela Merkel", "place")]
    assert labels(editor.move_end(-1)) == [("Angela", "person")]
    assert labels(editor.unlabelled()) == []
    assert editor.undone().spans == on(TEXT, "Angela").labelled("person").spans


def test_a_suggestion_is_no_answer_until_it_is_taken_relabelled_or_resized() -> None:
    editor = begin(TEXT, guesses=[guess("Angela", "person"), guess("Acme Corp", "place"), guess("Berlin", "place")])
    assert editor.spans == ()
    assert marked(editor) == "Angela"
    editor = editor.move_end(1)
    assert labels(editor) == [("Angela Merkel", "person")]
    editor = editor.hop_span(1).labelled("organisation")
    assert labels(editor)[1] == ("Acme Corp", "organisation")
    assert labels(editor.accepted())[2] == ("Berlin", "place")
    assert [g.span.label for g in editor.accepted().pending] == []
    assert editor.raw(complete=False)["complete"] is False


def test_taking_goes_on_to_the_next_suggestion_and_dismissing_too() -> None:
    editor = begin(
        TEXT, guesses=[guess("Angela Merkel", "person"), guess("Acme Corp", "place"), guess("Berlin", "place")]
    )
    assert marked(editor.accepted()) == "Acme Corp"
    dismissed = editor.accepted().unlabelled()
    assert marked(dismissed) == "Berlin"
    assert [marked(begin(TEXT).marked(g.span.start, g.span.end)) for g in dismissed.pending] == ["Berlin"]
    assert len(dismissed.undone().pending) == 2


def test_all_or_all_of_a_class_and_of_two_at_odds_the_more_probable() -> None:
    sure, unsure = guess("Starfleet Inc.", "organisation", 0.9), guess("Picard of Starfleet", "person", 0.2)
    editor = begin(TEXT, guesses=[unsure, sure, guess("Berlin", "place")])
    assert labels(editor.accepted_all()) == [("Berlin", "place"), ("Starfleet Inc.", "organisation")]
    assert labels(editor.accepted_all("place")) == [("Berlin", "place")]
    assert editor.accepted_all("date") is editor
    assert editor.accepted_all().undone().spans == ()


def test_every_other_occurrence_is_labelled_where_it_is_no_part_of_a_word() -> None:
    text = "Ann met Anna and Ann. Ann-Marie saw ann; Ann"
    editor = begin(text).labelled("person").labelled_others()
    assert [s.start for s in editor.spans] == [0, 17, 22, 41]
    assert [s.start for s in begin("张三和张三丰、张三").marked(0, 2).labelled("p").labelled_others().spans] == [
        0,
        3,
        7,
    ]


@pytest.mark.parametrize(
    ("overlap", "inside", "across"), [("none", False, False), ("nested", True, False), ("any", True, True)]
)
def test_overlap_as_the_project_allows_it_and_refused_with_a_reason(overlap: str, inside: bool, across: bool) -> None:
    editor = on(TEXT, "Acme Corp", overlap=overlap).labelled("organisation")
    for wanted, allowed in (("Corp", inside), ("visited Acme", across)):
        start = TEXT.index(wanted)
        new = editor.marked(start, start + len(wanted))
        if allowed:
            assert len(new.labelled("place").spans) == 2
        else:
            with pytest.raises(InputError, match=r"“Acme Corp” \(organisation\)"):
                new.labelled("place")


def test_a_blank_is_no_span() -> None:
    with pytest.raises(InputError):
        begin("a  b").marked(1, 3).labelled("x")
    with pytest.raises(InputError):
        begin("").labelled("x")


def test_names_and_numbers_that_have_no_span_are_one_hop_away() -> None:
    editor = on(TEXT, "Angela Merkel").labelled("person")
    assert [marked(editor := editor.hop_likely()) for _turn in range(4)] == [
        "Acme Corp", "Berlin", "Jean-Luc Picard", "Starfleet Inc",
    ]  # fmt: skip


def test_a_sentence_s_first_word_and_a_lone_letter_look_like_no_name() -> None:
    text = "The box came. I asked, and I heard of Box 7 from J Doe."
    assert [text[a:b] for a, b in likely.names(text)] == ["Box 7", "J Doe"]


def test_a_class_s_new_name_reaches_what_can_be_undone() -> None:
    editor = begin(TEXT).labelled("person").unlabelled().renamed({"person": "human"})
    assert labels(editor.undone()) == [("Angela", "human")]


MOVES: dict[str, Callable[[Editor], Editor]] = {
    "on": lambda e: e.hop(1),
    "back": lambda e: e.hop(-1),
    "character on": lambda e: e.hop_grapheme(1),
    "character back": lambda e: e.hop_grapheme(-1),
    "sentence": lambda e: e.hop_sentence(1),
    "sentence back": lambda e: e.hop_sentence(-1),
    "first": lambda e: e.hop_end(-1),
    "last": lambda e: e.hop_end(1),
    "span": lambda e: e.hop_span(1),
    "span back": lambda e: e.hop_span(-1),
    "likely": lambda e: e.hop_likely(),
    "start out": lambda e: e.move_start(-1),
    "start in": lambda e: e.move_start(1),
    "end out": lambda e: e.move_end(1),
    "end in": lambda e: e.move_end(-1),
    "middle": lambda e: e.put(len(e.text) // 2),
    "reach": lambda e: e.reach(len(e.text) // 2),
    "draw": lambda e: e.drawn(0, len(e.text) // 2),
    "label": lambda e: e.labelled("one"),
    "label other": lambda e: e.labelled("two"),
    "remove": lambda e: e.unlabelled(),
    "take": lambda e: e.accepted(),
    "take all": lambda e: e.accepted_all(),
    "others": lambda e: e.labelled_others(),
    "undo": lambda e: e.undone(),
    "redo": lambda e: e.redone(),
    "snap": lambda e: e.snapping(on=not e.snap),
}


def play(editor: Editor, moves: list[str]) -> list[Editor]:
    """Every state on the way; what is refused changes nothing."""
    states = [editor]
    for move in moves:
        try:
            states.append(MOVES[move](states[-1]))
        except InputError:
            states.append(states[-1])
    return states


@settings(max_examples=150, deadline=None)
@given(texts, st.lists(st.sampled_from(sorted(MOVES)), max_size=25), st.sampled_from(["none", "nested", "any"]))
def test_whatever_is_pressed_offsets_stay_between_characters_and_spans_stay_allowed(
    text: str, moves: list[str], overlap: str
) -> None:
    edges = {0, *(end for _start, end in steps(text).graphemes)}
    for state in play(begin(text, overlap=overlap), moves):
        ranges = [state.at, *((s.start, s.end) for s in state.spans)]
        assert all({start, end} <= edges for start, end in ranges)
        assert all(start < end for start, end in ranges) or (not text and not state.spans)
        assert all(text[s.start : s.end].strip() for s in state.spans)
        assert len({(s.start, s.end) for s in state.spans}) == len(state.spans)
        for one in state.spans:
            for other in state.spans:
                apart = one.end <= other.start or other.end <= one.start
                within = (one.start <= other.start and other.end <= one.end) or (
                    other.start <= one.start and one.end <= other.end
                )
                assert one == other or apart or overlap == "any" or (overlap == "nested" and within)


@settings(max_examples=150, deadline=None)
@given(texts, st.lists(st.sampled_from(sorted(MOVES)), max_size=12), st.booleans())
def test_a_step_on_and_a_step_back_is_no_step(text: str, moves: list[str], snap: bool) -> None:
    editor = play(begin(text, snap=snap), moves)[-1]
    units = list(editor.units)
    if editor.at not in units:
        return
    place = units.index(editor.at)
    if place + 1 < len(units):
        assert editor.hop(1).hop(-1).at == editor.at
    if place:
        assert editor.hop(-1).hop(1).at == editor.at
    if place + 1 < len(units) and editor.here is None and editor.snap is False:
        assert editor.move_end(1).move_end(-1).at == editor.at


@settings(max_examples=150, deadline=None)
@given(texts, st.lists(st.sampled_from(sorted(MOVES)), max_size=25))
def test_undo_goes_all_the_way_back_and_redo_all_the_way_forth(text: str, moves: list[str]) -> None:
    last = play(begin(text), moves)[-1]
    back = last
    for _turn in range(len(last.past)):
        back = back.undone()
    assert back.spans == ()
    assert back.undone() is back
    forth = back
    for _turn in range(len(last.past)):
        forth = forth.redone()
    assert (forth.spans, forth.dismissed) == (last.spans, last.dismissed)
