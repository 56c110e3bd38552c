"""What a format of labelled texts is, and what it is given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Column:
    """One column beside the text, the answer and those the import brought."""

    name: str
    about: str
    """What it says, in a sentence."""


COLUMNS = (
    Column("id", "the text's permanent number in the project"),
    Column("annotator", "who gave the answer; `import` for one that a file brought"),
    Column("given", "when, UTC"),
    Column("split", "`pool`, or `test` for what was held out"),
    Column("seq", "number of the decision"),
    Column("picked", "the strategy that picked the text; empty where none did"),
    Column("probability", "inclusion probability of a text drawn at random; empty for texts picked on purpose"),
    Column("model", "the model whose opinion follows"),
    Column("model_answer", "what it answers"),
    Column("model_score", "its probability for that answer, where it is known"),
    Column("model_unseen", "whether it answered without having learnt from this text"),
)


@dataclass(frozen=True, slots=True)
class LabelTable:
    """Everything that is labelled, as of one moment."""

    task: str
    field: str
    """Name of the column with the answers."""
    rows: Sequence[Mapping[str, Any]]
    """`text`, the answer, one value for each of COLUMNS, and `meta`: the import's own columns."""
    classes: Sequence[Mapping[str, Any]]
    """name, description, number of texts in the pool and in the test set."""
    guidelines: str


class LabelFormat(Protocol):
    """One format."""

    @property
    def name(self) -> str:
        """Its entry point's name."""
        ...

    @property
    def ending(self) -> str:
        """What a target's name ends in; empty: it is a directory."""
        ...

    def write(self, target: Path, table: LabelTable) -> int:
        """Write all of it, whole or not at all, in place of what may be there.

        Returns how many texts were left out because the format has no way to say them.
        """
        ...

    def may_replace(self, target: Path) -> bool:
        """Whether what is there could have been written by this format, so that `--force` may replace it."""
        ...
