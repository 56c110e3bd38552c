"""What two texts do not share is marked, and nothing of either is lost."""

from hypothesis import given, settings
from hypothesis import strategies as st

from core.evaluation.wording import differing, words

quick = settings(max_examples=40, deadline=None, database=None, derandomize=True)

TEXTS = st.text(st.characters(codec="utf-8"), max_size=60) | st.text("ab c,", max_size=30)


def test_the_words_that_differ_are_marked_on_both_sides() -> None:
    left, right = differing("Where is my refund?", "where  is my parcel now?")
    assert left == [("Where is my ", False), ("refund", True), ("?", False)]
    assert right == [("where  is my ", False), ("parcel now", True), ("?", False)]


def test_each_letter_of_a_script_without_blanks_is_a_word() -> None:
    left, right = differing("退款什么时候到", "退货什么时候到")
    assert [piece for piece, differs in left if differs] == ["款"]
    assert [piece for piece, differs in right if differs] == ["货"]
    assert words("Where's 退款 NOW?") == ["where", "s", "退", "款", "now"]


@quick
@given(TEXTS, TEXTS)
def test_the_pieces_are_the_texts_and_what_is_shared_is_the_same_on_both_sides(left: str, right: str) -> None:
    one, other = differing(left, right)
    assert "".join(piece for piece, _differs in one) == left
    assert "".join(piece for piece, _differs in other) == right

    def shared(pieces: list[tuple[str, bool]]) -> str:
        return "".join(" " if c.isspace() else c for p, differs in pieces if not differs for c in p.casefold())

    assert " ".join(shared(one).split()) == " ".join(shared(other).split())


@quick
@given(TEXTS)
def test_a_text_differs_from_itself_in_nothing(text: str) -> None:
    assert not any(differs for side in differing(text, text) for _piece, differs in side)
