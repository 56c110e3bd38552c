"""Which column of a file holds the text, and which the answers."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import InputError
from core.i18n import _
from core.show import visible

USUAL = ("text", "sentence", "content", "message", "body", "utterance", "query", "question", "review", "comment")
"""Names under which texts are usually kept, the clearest first."""

Values = Mapping[str, Any]
Label = str | Sequence[str] | None
"""The column that holds the answers, or several, one for each label."""


def names_in(sample: Sequence[Values]) -> list[str]:
    """Every column that occurs in the sample, in order of first appearance."""
    return list(dict.fromkeys(name for values in sample for name in values))


def named(label: Label) -> tuple[str, ...]:
    """The label columns, whatever form they were named in."""
    return () if label is None else (label,) if isinstance(label, str) else tuple(label)


def missing(wanted: str, columns: Sequence[str], path: str) -> InputError:
    """The error for a column the file does not have, with those it has and the nearest of them."""
    by_folded = {name.casefold(): name for name in columns}
    near = difflib.get_close_matches(wanted.casefold(), by_folded, n=1)
    return InputError(
        _("There is no column called {name!r}.").format(name=visible(wanted)),
        _("{path} has: {columns}.").format(path=path, columns=", ".join(visible(name) for name in columns) or "—"),
        _("Did you mean {near!r}?").format(near=visible(by_folded[near[0]]))
        if near
        else _("Give the name of one of them."),
    )


def text_column(sample: Sequence[Values], wanted: str | None, label: Label, path: str) -> str:
    """The column that holds the text.

    The wanted one; else one with a usual name; else the only one; else the one with the longest strings on average in
    the sample. Raises InputError if the wanted one is not there, or there is nothing to choose from.
    """
    columns, labels = names_in(sample), named(label)
    if wanted is not None:
        if wanted not in columns:
            raise missing(wanted, columns, path)
        if wanted in labels:
            raise InputError(
                _("The text and the label can't be the same column."), visible(wanted), _("Name two columns.")
            )
        return wanted
    others = [name for name in columns if name not in labels]
    folded = {name.casefold(): name for name in reversed(others)}
    usual = [folded[name] for name in USUAL if name in folded]
    if usual or len(others) == 1:
        return (usual or others)[0]
    lengths = {name: _mean_length(sample, name) for name in others}
    if not any(lengths.values()):
        raise InputError(
            _("It can't be told which column holds the text."),
            _("{path} has: {columns}.").format(path=path, columns=", ".join(visible(name) for name in columns) or "—"),
            _("Name it: --text COLUMN"),
        )
    return max(others, key=lengths.__getitem__)


def _mean_length(sample: Sequence[Values], name: str) -> float:
    return sum(len(value) for values in sample if isinstance(value := values.get(name), str)) / len(sample)
