"""Names in less room than they need: inside their box, and still told apart."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.show import clip_middle

PARTS = st.sampled_from(["a", "word ", "退款", "👩‍👩‍👧", "é", "🇩🇪", "\x1b", "\n", "שלום"])


@given(st.lists(PARTS, max_size=40).map("".join), st.integers(1, 40))
def test_it_fits_and_says_where_something_was_cut(text: str, width: int) -> None:
    found = clip_middle(text, width)
    assert cell_len(found) <= width
    assert "\x1b" not in found
    assert "…" in found or found == clip_middle(text, 10_000)


def test_names_that_begin_alike_keep_their_ends() -> None:
    found = {clip_middle(f"balance not updated after {how}", 20) for how in ("bank transfer", "cheque deposit")}
    assert found == {"balance no… transfer", "balance no…e deposit"}
