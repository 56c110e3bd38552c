"""Texts as rows of a list: what each screen shows of them, read window by window."""

from collections.abc import Collection, Mapping, Sequence

from core.i18n import _
from tui.texts import TextRow, Texts, in_words
from tui.widgets.row_list import Cell, Column

NEVER = 10**9
"""No screen has so many columns."""


class TextRows:
    """The rows of some texts; a text that is gone meanwhile is a blank row."""

    CELLS: int

    def __init__(self, texts: Texts) -> None:
        self.texts = texts

    def __len__(self) -> int:
        return len(self.texts)

    def row(self, index: int) -> Sequence[Cell]:
        """The cells of one row."""
        found = self.texts[index]
        return (("", "muted"),) * self.CELLS if found is None else self.cells(found)

    def cells(self, found: TextRow) -> Sequence[Cell]:
        """The same of a text that is there."""
        raise NotImplementedError


class BatchRows(TextRows):
    """The open texts of a batch: whether each is in, how near it is, the text, what the model says."""

    CELLS = 4

    def __init__(self, texts: Texts, near: Mapping[int, float], left_out: Collection[int]) -> None:
        super().__init__(texts)
        self._near = near
        self._left_out = left_out

    def cells(self, found: TextRow) -> Sequence[Cell]:
        is_in = found.example.id not in self._left_out
        near = self._near.get(found.example.id)
        return (
            ("●" if is_in else "○", "given" if is_in else "muted"),
            ("" if near is None else _score(near), "muted"),
            (found.example.text, "text" if is_in else "muted"),
            (in_words(found.guess.value) if found.guess else "", "guess"),
        )


def batch_columns(*, near: bool) -> tuple[Column, ...]:
    """The columns of `BatchRows`; `near`: whether it is known how near they are."""
    return (
        Column(width=1),
        Column(width=4, right=True, least=0 if near else NEVER),
        Column(_("text")),
        Column(_("model"), 16, least=70),
    )


class DataRows(TextRows):
    """Any texts: marks, text, answer, what the model says where it says something else, by whom, number."""

    CELLS = 8

    def __init__(self, texts: Texts, marked: Collection[int]) -> None:
        super().__init__(texts)
        self._marked = marked

    def cells(self, found: TextRow) -> Sequence[Cell]:
        given = found.given
        answered = given is not None and given.stored is not None
        answer: Cell = (_("skipped"), "unsure") if given is not None and not answered else (found.answer, "given")
        said = _otherwise(found)
        model: Cell = (said, "wrong" if answered and said else "guess")
        flags = ("●" if found.example.id in self._marked else " ") + ("⚑" if found.mark.flagged else " ")
        return (
            (flags + ("✎" if found.mark.note else " "), "key"),
            (found.example.text, "text"),
            answer,
            answer,
            model,
            model,
            (given.annotator if given else "", "muted"),
            (str(found.example.id), "muted"),
        )


def data_columns(*, judged: bool) -> tuple[Column, ...]:
    """The columns of `DataRows`; what the model says is always shown where the list is about it (`judged`)."""
    return (
        Column(width=3),
        Column(_("text")),
        Column(_("answer"), 12, most=99),
        Column(_("answer"), 16, least=100),
        Column(_("model"), 12, most=99 if judged else 1),
        Column(_("model"), 18, least=100),
        Column(_("by"), 10, least=120),
        Column(_("id"), 8, right=True, least=150),
    )


def _otherwise(found: TextRow) -> str:
    """What the model says and how sure it is, where it says something else than is on record; else nothing."""
    guess = in_words(found.guess.value) if found.guess else ""
    if found.guess is None or not guess or guess == found.answer:
        return ""
    return f"{guess} {_score(found.guess.score)}" if found.guess.score else guess


def _score(value: float) -> str:
    return f"{value:.2f}".removeprefix("0")
