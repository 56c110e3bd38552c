"""How sets of labels stand in tables: in one cell (a JSON list, or names parted by `|` or `;`), or each in a column."""

import json
from collections.abc import Mapping

from core.errors import InputError
from core.i18n import _
from core.show import visible
from core.tasks.base import plain

PARTERS = ("|", ";")
"""The first of them that occurs in a cell parts its names."""
YES = frozenset({"1", "1.0", "true", "yes", "y", "x", "t"})
NO = frozenset({"0", "0.0", "false", "no", "n", "f"})


def listed(cell: str) -> object:
    """The labels of one cell that is not blank; what begins with a bracket is read as JSON.

    Raises InputError if that is broken.
    """
    if cell.startswith("["):
        try:
            return json.loads(cell)
        except (ValueError, RecursionError) as error:
            raise InputError(_("This is no JSON list of labels: {value}").format(value=visible(cell[:60]))) from error
    parter = next((p for p in PARTERS if p in cell), "")
    return [part.strip() for part in cell.split(parter) if part.strip()] if parter else [cell]


def cells_to_names(cells: Mapping[str, object]) -> list[str] | None:
    """The names of those columns that say yes; None if every one is blank, for then nobody has answered.

    Raises InputError for a cell that says neither yes nor no.
    """
    said = {name: plain(cell) for name, cell in cells.items()}
    if all(cell is None for cell in said.values()):
        return None
    found = []
    for name, cell in said.items():
        word = str(cell).casefold() if cell is not None else "0"
        if word not in YES | NO:
            raise InputError(
                _("The column {name!r} says neither yes nor no: {value}").format(
                    name=visible(name), value=visible(str(cell)[:40])
                ),
                _("A column for each label holds 1 or 0, true or false, yes or no, or x and blanks."),
            )
        if word in YES:
            found.append(name)
    return found
