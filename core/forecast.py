"""How long a job will still take, from the story it has told so far. Pure functions."""

from collections.abc import Sequence

from core.records import JobEvent

LEAST_SHARE = 0.02
"""Share of a phase from which its pace means something."""

Told = tuple[int, JobEvent, float]
"""(number, event, time in seconds) as the store keeps them"""


def loss_history(events: Sequence[Told]) -> list[float]:
    """The losses of the phase under way, in order."""
    found: list[float] = []
    for _number, event, _when in events:
        if event.kind == "phase":
            found = []
        elif "loss" in event.payload:
            found.append(float(event.payload["loss"]))
    return found


def phase_of(events: Sequence[Told]) -> tuple[str, int, int]:
    """(name, number, of how many) of the phase under way; numbers are 0 where the job does not count its phases."""
    last = next((event.payload for _n, event, _t in reversed(events) if event.kind == "phase"), {})
    return str(last.get("name", "")), int(last.get("number", 0)), int(last.get("of", 0))


def share_of(events: Sequence[Told]) -> float | None:
    """How much of the phase under way is done, in 0..1; None if it does not say."""
    for _number, event, _when in reversed(events):
        if event.kind == "phase":
            return None
        if event.kind == "progress" and event.payload.get("total"):
            return min(1.0, float(event.payload["done"]) / float(event.payload["total"]))
    return None


def seconds_left(events: Sequence[Told], now: float) -> float | None:
    """Seconds to the end of the last counted phase, by the pace so far; None until that can be known."""
    _name, number, of = phase_of(events)
    begun = next((when for _n, event, when in reversed(events) if event.kind == "phase"), None)
    share = share_of(events)
    if begun is None or share is None or share < LEAST_SHARE:
        return None
    took = max(0.0, now - begun)
    phase = took / share
    return max(0.0, phase - took) + phase * max(0, of - number)
