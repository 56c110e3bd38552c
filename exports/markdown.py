"""Values from data in Markdown that shows them letter for letter, and tables of them."""

import re
from collections.abc import Sequence

from core.show import visible

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$])")


def plain(value: object) -> str:
    """A value from data as Markdown that shows it letter for letter, on one line."""
    return _SPECIAL.sub(r"\\\1", visible(str(value)))


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table, numbers in all columns but the first to the right; cells are Markdown already."""
    lines = [head, [":--", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
