"""Errors in words and figures, the same on the screen and in the command."""

from collections.abc import Mapping, Sequence

from core.evaluation.confused import Confusion
from core.evaluation.slices import CLASS, LENGTH, SCRIPT, Part
from core.i18n import _
from tui.output import percent

NOBODY = "—"


def kind_of(part: Part) -> str:
    """What the part is one of, for people."""
    said = {CLASS: _("class"), LENGTH: _("length"), SCRIPT: _("script")}
    return said.get(part.kind, part.of)


def name_of(part: Part) -> str:
    """The part itself, for people."""
    if part.kind == LENGTH:
        return _("{band} characters").format(band=part.name)
    return part.name


def rate_of(part: Part) -> str:
    """Share of wrong texts with its interval, or that it can't be told."""
    return percent(part.rate, part.interval) if part.enough else _("too few to tell")


def worst_first(found: Sequence[Part]) -> list[Part]:
    """Those that stand out, then those with a rate, the highest first; then those that are too few to tell."""
    return sorted(found, key=lambda part: (not part.stands_out, not part.enough, -(part.rate or 0.0), -part.n))


def pair_of(pair: Confusion, names: Mapping[int, str]) -> tuple[str, str]:
    """(what people said, what the model answered)."""
    gold, answered = (NOBODY if c is None else names.get(c, NOBODY) for c in (pair.gold, pair.answered))
    return gold, answered


def share_of(pair: Confusion) -> str:
    """How often that happened."""
    return _("{n} of {of}").format(n=pair.n, of=pair.of)


def tips_of(pair: Confusion) -> str:
    """The words that tip the model."""
    return ", ".join(f"{tip.word} {tip.n}:{tip.right}" for tip in pair.tips)


def words_of(pair: Confusion, names: Mapping[int, str]) -> str:
    """What happened, and how often."""
    gold, answered = pair_of(pair, names)
    said = _("{gold} taken for {answered}")
    if pair.answered is None:
        said = _("{gold} missed")
    elif pair.gold is None:
        said = _("{answered} given in addition")
    return f"{said.format(gold=gold, answered=answered)}: {share_of(pair)}"
