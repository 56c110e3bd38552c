"""The table of precisions, in the words that card, command and screen share."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.i18n import _

HEAD = (
    _("format"),
    _("MB"),
    _("ms at 1"),
    _("ms at 32"),
    _("texts/s"),
    _("same"),
    _("F1 pts"),
    _("passes"),
)
"""Times are p50/p99 of one text and of thirty-two.
`same`: share of unlabelled texts answered as in fp32; then by how many points macro-F1 moves."""


def cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    """One row, a word for each of HEAD; what was not measured is a dash."""
    return (
        str(row["name"]),
        f"{row['bytes'] / 1e6:.1f}" if "bytes" in row else "—",
        _milliseconds(row.get("batch_1")),
        _milliseconds(row.get("batch_32")),
        f"{row['throughput']:.0f}" if "throughput" in row else "—",
        f"{row['agreement']['share']:.1%}" if "agreement" in row else "—",
        _change(row.get("held")),
        _("yes") if row["passed"] else _("no"),
    )


def _milliseconds(found: Mapping[str, float] | None) -> str:
    return f"{_short(found['p50_ms'])}/{_short(found['p99_ms'])}" if found else "—"


def _short(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


def _change(held: Mapping[str, Any] | None) -> str:
    return f"{-100 * held['fall']:+.1f}" if held and held["n"] else "—"


def remarks(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A sentence a row on how it was made and on what its numbers rest, or why it did not pass."""
    said = []
    for row in rows:
        if not row["passed"]:
            said.append(_("{name} ({method}) is refused: {why}.").format(**{"method": "—", **row}))
        elif "held" in row:
            held = row["held"]
            low, high = held["interval"]
            about = _(
                "{name}: {method}. Held against fp32 on {pool} unlabelled texts, and {n} labelled ones{learnt}:"
                " macro-F1 {change:+.1f} points ({low:+.1f} to {high:+.1f})."
            )
            said.append(
                about.format(
                    name=row["name"],
                    method=row["method"],
                    pool=row["agreement"]["n"],
                    n=held["n"],
                    learnt=_(" (its encoder has learnt from them, its heads have not)") if held["learnt"] else "",
                    change=-100 * held["fall"],
                    low=-100 * high,
                    high=-100 * low,
                )
            )
    return said


def called(made: Mapping[str, Any]) -> str:
    """A student in two words: how many layers, or which encoder."""
    return str(made["encoder"]) if "encoder" in made else _("{layers} of {of} layers").format(**made)


def method(made: Mapping[str, Any]) -> str:
    """How a student was made, in few words."""
    about = _("{student}, taught by the model in use on {texts} unlabelled texts, distance {loss}")
    return about.format(student=called(made), texts=made["texts"], loss=made["loss"])
