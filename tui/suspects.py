"""How suspicious a label is, for screen and command alike: in odds where models speak against it."""

import itertools
from collections.abc import Mapping

from core.checking import Kind, Overview, Suspect, counts
from core.i18n import _

Stretches = frozenset[tuple[int, int, str]]
"""start, end, class name"""


def stretches(raw: object) -> Stretches | None:
    """What an answer in file form marks in its text; None if it is not about places in a text."""
    rows = raw.get("spans") if isinstance(raw, Mapping) else raw
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) and "start" in row for row in rows):
        return None
    return frozenset((int(row["start"]), int(row["end"]), str(row["label"])) for row in rows)


def in_text(text: str, marks: Stretches) -> str:
    """The marked words with their classes, in the order of the text; a dash for none."""
    return ", ".join(f"{text[start:end]} {label}" for start, end, label in sorted(marks)) or "—"


def in_pieces(text: str, marks: Stretches) -> list[tuple[str, bool]]:
    """The text in pieces, with whether each is marked."""
    edges = sorted({0, len(text), *(edge for start, end, _label in marks for edge in (start, end))})
    return [
        (text[a:b], any(start <= a and b <= end for start, end, _label in marks)) for a, b in itertools.pairwise(edges)
    ]


def weight_of(one: Suspect) -> str:
    """At most five cells: `40×` for a doubt that models hold so many times as likely, `.87` for what is alike."""
    if one.kind == "again":
        return ""
    if one.kind == "doubt" and one.odds:
        return f"{one.odds:.0f}×" if one.odds >= 10 else f"{one.odds:.1f}×"
    return f"{one.weight:.2f}".removeprefix("0")


def odds_in_words(one: Suspect) -> str:
    """What the models say; empty where it is not told."""
    return _("The models find it {odds} as likely.").format(odds=weight_of(one)) if one.odds else ""


def _named(kind: Kind, n: int) -> str:
    said = {
        "doubt": _("{n} doubted by models"),
        "copies": _("{n} near-copies"),
        "again": _("{n} answered otherwise when asked again"),
    }
    return said[kind].format(n=n)


def summary(found: Overview) -> str:
    """One line for people; empty if nothing looks wrong."""
    there = counts(found)
    if not there:
        return ""
    parts = ", ".join(_named(kind, n) for kind, n in there.items())
    return _("Labels to check: {parts} (handful suspects).").format(parts=parts)
