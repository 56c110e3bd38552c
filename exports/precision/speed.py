"""How fast graphs answer, compared in one run: they take turns, so that other work slows all of them alike."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core import clock

SINGLES, BATCHES, SIZE = 200, 24, 32
"""Texts answered one by one, batches, and texts in a batch."""
PATIENCE = 8.0
"""Seconds after which no further batch is timed, if there are `ENOUGH`."""
ENOUGH = 20


@dataclass(slots=True)
class _Times:
    singles: list[float] = field(default_factory=list)
    batches: list[float] = field(default_factory=list)


def compared(
    graphs: Mapping[str, Callable[[Sequence[str]], object]], texts: Sequence[str]
) -> Iterator[dict[str, Any] | tuple[int, int]]:
    """Time the graphs (name → what answers texts); yields (done, total) after each turn, and last the table.

    The table: name → p50 and p99 in milliseconds at batch 1 and 32, and texts a second at 32.
    """
    times = {name: _Times() for name in graphs}
    singles = [[texts[i % len(texts)]] for i in range(SINGLES)]
    batches = [[texts[(SIZE * i + k) % len(texts)] for k in range(SIZE)] for i in range(BATCHES)]
    total = len(singles) + len(batches)
    for answer in graphs.values():  # what a graph does once is nobody's wait
        answer(batches[0])
        answer(singles[0])
    for kind, parts in (("singles", singles), ("batches", batches)):
        began = clock.monotonic()
        for number, part in enumerate(parts):
            for name, answer in graphs.items():
                start = clock.monotonic()
                answer(part)
                getattr(times[name], kind).append(clock.monotonic() - start)
            yield number + (len(singles) if kind == "batches" else 0), total
            if clock.monotonic() - began > PATIENCE and number + 1 >= ENOUGH:
                break
    yield {name: _row(found) for name, found in times.items()}


def _row(found: _Times) -> dict[str, Any]:
    return {
        "batch_1": _quantiles(found.singles),
        f"batch_{SIZE}": _quantiles(found.batches),
        "throughput": round(SIZE * len(found.batches) / sum(found.batches), 1),
    }


def _quantiles(seconds: Sequence[float]) -> dict[str, float]:
    p50, p99 = np.quantile(seconds, [0.5, 0.99])
    return {"p50_ms": round(1000 * float(p50), 3), "p99_ms": round(1000 * float(p99), 3)}
