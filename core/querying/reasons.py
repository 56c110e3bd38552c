"""Why a text is asked, in words. Reasons travel as data, so that they can be stored and said in any language."""

from collections.abc import Callable, Mapping
from typing import Any

from core.i18n import _, counted
from core.records import Reason

RANDOM, AUDIT, UNRANKED, REST = "random", "audit", "unranked", "rest"
SPOT = "spot"
TYPICAL, COVERS, NAMED, SEEDED, RARE = "typical", "covers", "named", "seeded", "rare"
MARGIN, LEAST, ENTROPY, GROUPED = "margin", "least_confidence", "entropy", "grouped"
GRADIENT, CONTRAST, SPLIT = "gradient", "contrast", "split"
HERDING, EITHER, OVERLAP = "herding", "either", "overlap"


def _typical(args: Mapping[str, Any]) -> str:
    n = int(args.get("similar", 0))
    return _("stands for {n} similar texts").format(n=n) if n > 1 else _("unlike anything labelled so far")


def _few(said: str, args: Mapping[str, Any]) -> str:
    """Why a class is looked for: it has few labels."""
    n = int(args.get("n", 0))
    so_far = counted("{n} label so far", "{n} labels so far", n) if n else _("no label yet")
    return said.format(label=args.get("label", "?"), so_far=so_far)


def _herding(args: Mapping[str, Any]) -> str:
    doubt = _("{first} {p:.2f} against {second} {q:.2f}").format(
        first=args.get("first", "?"), p=args.get("p", 0.0), second=args.get("second", "?"), q=args.get("q", 0.0)
    )
    n = int(args.get("similar", 0))
    return _("{doubt}, stands for {n} similar texts").format(doubt=doubt, n=n) if n > 1 else doubt


def _covers(args: Mapping[str, Any]) -> str:
    n = int(args.get("similar", 0))
    return _("speaks for {n} texts that no answer reaches yet").format(n=n) if n > 1 else _("no answer reaches it yet")


def _grouped(args: Mapping[str, Any]) -> str:
    n, first, second = int(args.get("similar", 1)), args.get("first", "?"), args.get("second", "?")
    return _("{first} or {second}; speaks for a group of {n} such doubts").format(first=first, second=second, n=n)


def _contrast(args: Mapping[str, Any]) -> str:
    first, second, p, q = (args.get(k, d) for k, d in (("first", "?"), ("second", "?"), ("p", 0.0), ("q", 0.0)))
    if first == second:
        return _("{first} {p:.2f}, where similar labelled texts have {q:.2f}").format(first=first, p=p, q=q)
    return _("{first} {p:.2f}, but similar labelled texts say {second} {q:.2f}").format(
        first=first, p=p, second=second, q=q
    )


def _either(args: Mapping[str, Any]) -> str:
    doubt = _("{label} or not, {p:.2f}").format(label=args.get("label", "?"), p=args.get("p", 0.0))
    n = int(args.get("similar", 0))
    return _("{doubt}, stands for {n} similar texts").format(doubt=doubt, n=n) if n > 1 else doubt


_WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    RANDOM: lambda _args: _("drawn at random"),
    AUDIT: lambda _args: _("audit: drawn at random to check the numbers"),
    SPOT: lambda _args: _("spot check: the model would answer it by itself"),
    TYPICAL: _typical,
    RARE: lambda args: _few(_("perhaps {label}, which has {so_far}"), args),
    MARGIN: lambda args: _("{first} {p:.2f} against {second} {q:.2f}").format(
        first=args.get("first", "?"), p=args.get("p", 0.0), second=args.get("second", "?"), q=args.get("q", 0.0)
    ),
    LEAST: lambda args: _("unsure: {first} with only {p:.2f}").format(
        first=args.get("first", "?"), p=args.get("p", 0.0)
    ),
    ENTROPY: lambda args: _("undecided between about {k:.1f} classes").format(k=args.get("k", 1.0)),
    HERDING: _herding,
    COVERS: _covers,
    NAMED: lambda args: _few(_("sounds like {label}, which has {so_far}"), args),
    SEEDED: lambda args: _few(_("holds a keyword of {label}, which has {so_far}"), args),
    GROUPED: _grouped,
    GRADIENT: lambda args: _("would move the model elsewhere than the texts before it: {first} {p:.2f}").format(
        first=args.get("first", "?"), p=args.get("p", 0.0)
    ),
    CONTRAST: _contrast,
    SPLIT: lambda args: _("{n} small models disagree: {votes} for {first}, {others} for {second}").format(
        n=args.get("n", 0),
        votes=args.get("votes", 0),
        first=args.get("first", "?"),
        others=args.get("others", 0),
        second=args.get("second", "?"),
    ),
    REST: lambda _args: _("nothing more telling is left"),
    EITHER: _either,
    OVERLAP: lambda args: _("asked of {n} people, to see how far they agree").format(n=args.get("people", 2)),
    UNRANKED: lambda _args: _("drawn at random: no ranking is ready yet"),
}


def words(reason: Reason) -> str:
    """The reason as a short phrase; a kind that another package brought is shown by its name."""
    said = _WORDS.get(reason.kind)
    return said(reason.args) if said else reason.kind
