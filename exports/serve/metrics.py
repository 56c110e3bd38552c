"""Counters, gauges and histograms in the text format of Prometheus (exposition format 0.0.4), without a library.

All are changed by the event loop's thread alone, so that none needs a lock.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the buckets of times."""
TEXTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
"""Upper bounds of the buckets of batches."""


def escaped(value: str) -> str:
    """A label's value as the format wants it."""
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _labelled(names: Sequence[str], values: Sequence[str]) -> str:
    pairs = ",".join(f'{name}="{escaped(value)}"' for name, value in zip(names, values, strict=True))
    return f"{{{pairs}}}" if pairs else ""


@dataclass(slots=True)
class Counter:
    """What only grows, one number for each combination of label values."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    counts: dict[tuple[str, ...], float] = field(default_factory=dict)

    def add(self, *values: str, n: float = 1) -> None:
        """Count `n` more for these label values."""
        self.counts[values] = self.counts.get(values, 0) + n

    def lines(self) -> Iterator[str]:
        yield f"# HELP {self.name} {self.help}"
        yield f"# TYPE {self.name} counter"
        for values, n in self.counts.items():
            yield f"{self.name}{_labelled(self.labels, values)} {n:.17g}"


@dataclass(frozen=True, slots=True)
class Gauge:
    """What goes up and down: asked for when the page is made."""

    name: str
    help: str
    now: Callable[[], float]
    labels: tuple[str, ...] = ()
    values: Callable[[], tuple[str, ...]] = tuple

    def lines(self) -> Iterator[str]:
        yield f"# HELP {self.name} {self.help}"
        yield f"# TYPE {self.name} gauge"
        yield f"{self.name}{_labelled(self.labels, self.values())} {self.now():.17g}"


@dataclass(slots=True)
class Histogram:
    """How often a number fell below each bound."""

    name: str
    help: str
    bounds: tuple[float, ...]
    counts: list[int] = field(default_factory=list)
    total: float = 0.0

    def __post_init__(self) -> None:
        self.counts = [0] * (len(self.bounds) + 1)

    def see(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def lines(self) -> Iterator[str]:
        yield f"# HELP {self.name} {self.help}"
        yield f"# TYPE {self.name} histogram"
        below = 0
        for bound, n in zip(self.bounds, self.counts, strict=False):
            below += n
            yield f'{self.name}_bucket{{le="{bound:g}"}} {below}'
        below += self.counts[-1]
        yield f'{self.name}_bucket{{le="+Inf"}} {below}'
        yield f"{self.name}_sum {self.total:.17g}"
        yield f"{self.name}_count {below}"


def page(metrics: Sequence[Counter | Gauge | Histogram]) -> str:
    """The whole page."""
    return "".join(f"{line}\n" for metric in metrics for line in metric.lines())
