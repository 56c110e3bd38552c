"""How suspicious a label is, for screen and command alike: in odds where models speak against it."""

from core.checking import Kind, Overview, Suspect, counts
from core.i18n import _


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
