"""Have the texts changed? Those that come now against those of the pool, by one model. Pure functions.

Two views, as label shift and change of content show in different places (Rabanser, Günnemann and Lipton 2019, arXiv
1810.11953): how far a text lies from the nearest text of the pool, in the model's own features, measured against how
far the pool's texts lie from each other; and which share of the texts gets each class.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from core.evaluation.intervals import CONFIDENCE, ENOUGH, wilson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

FAR = 0.99
"""A text is far if it is further from the pool than this share of the pool's own texts."""
UNSURE = 0.10
"""A model is unsure of a text if it is less sure of it than of all but this share of the pool's texts."""
_BLOCK = 1024
_VIEWS = 2
"""Numbers that a change of content is told from."""


def nearest(texts: "Floats", pool: "Floats", *, same: bool = False) -> "Floats":
    """Distance (1 - cosine) of each text to the nearest of the pool, [n]; both [n, dim] with rows of length 1.

    `same`: the texts are the pool itself, and none is its own neighbour.
    """
    import numpy as np

    found = np.empty(len(texts), np.float32)
    for start in range(0, len(texts), _BLOCK):
        part = texts[start : start + _BLOCK] @ pool.T
        if same:
            part[np.arange(len(part)), np.arange(start, start + len(part))] = -1.0
        found[start : start + _BLOCK] = 1.0 - part.max(axis=1)
    return found


@dataclass(frozen=True, slots=True)
class Share:
    """Of one class: how many of the pool's texts, and of those that come now, the model gives it."""

    name: str
    pool: int
    now: int
    difference: float
    """Share now less share in the pool."""
    interval: tuple[float, float]
    """90 % for all classes together (Newcombe 1998, method 10, at Bonferroni's level)."""

    @property
    def changed(self) -> bool:
        """Whether the difference is beyond chance."""
        return not self.interval[0] <= 0.0 <= self.interval[1]


@dataclass(frozen=True, slots=True)
class Drift:
    """What the comparison says."""

    pool: int
    """Texts of the pool that were compared."""
    now: int
    """Texts that come now."""
    far: Share
    """How many lie further from the pool than 99 % of the pool's own texts do."""
    further: float | None
    """How often a text of now lies further from the pool than a text of the pool does; without drift 0.5."""
    further_interval: tuple[float, float] | None
    """90 % for both numbers together (Hanley and McNeil 1982)."""
    shares: tuple[Share, ...]

    @property
    def enough(self) -> bool:
        """Whether there are texts enough to tell."""
        return min(self.pool, self.now) >= ENOUGH

    @property
    def content_changed(self) -> bool:
        """Whether the texts lie elsewhere, beyond chance."""
        further = self.further_interval is not None and self.further_interval[0] > 0.5
        return self.enough and (self.far.interval[0] > 0.0 or further)

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        shares = [asdict(share) | {"changed": share.changed and self.enough} for share in self.shares]
        return asdict(self) | {"enough": self.enough, "content_changed": self.content_changed, "shares": shares}


def compare(
    pool: "Floats", now: "Floats", classes: Sequence[str], in_pool: Mapping[str, int], in_now: Mapping[str, int]
) -> Drift:
    """`pool`, `now`: distances as `nearest` gives them; `in_pool`, `in_now`: class → texts the model gives it."""
    import numpy as np

    limit = float(np.quantile(pool, FAR)) if len(pool) else math.inf
    further = _further(pool, now) if len(pool) and len(now) else None
    return Drift(
        len(pool),
        len(now),
        _share("", int((pool > limit).sum()), len(pool), int((now > limit).sum()), len(now), _VIEWS),
        further,
        None if further is None else _auc_interval(further, len(now), len(pool)),
        tuple(
            _share(name, in_pool.get(name, 0), len(pool), in_now.get(name, 0), len(now), len(classes))
            for name in classes
        ),
    )


def _further(pool: "Floats", now: "Floats") -> float:
    """Mann-Whitney's U over all pairs; ties count half."""
    import numpy as np

    ordered = np.sort(pool)
    below, upto = np.searchsorted(ordered, now, "left"), np.searchsorted(ordered, now, "right")
    return float((below + upto).sum() / 2 / (len(pool) * len(now)))


def _auc_interval(a: float, n: int, m: int) -> tuple[float, float]:
    """90 % interval of an area under the ROC curve with n positives and m negatives (Hanley and McNeil 1982)."""
    q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
    variance = (a * (1 - a) + (n - 1) * (q1 - a * a) + (m - 1) * (q2 - a * a)) / (n * m)
    half = _z(_VIEWS) * math.sqrt(max(0.0, variance))
    return max(0.0, a - half), min(1.0, a + half)


def _share(name: str, in_pool: int, n_pool: int, in_now: int, n_now: int, classes: int) -> Share:
    z = _z(classes)
    now, pool = wilson(in_now, n_now, z), wilson(in_pool, n_pool, z)
    if now is None or pool is None:
        return Share(name, in_pool, in_now, 0.0, (-1.0, 1.0))
    p, q = in_now / n_now, in_pool / n_pool
    below = math.sqrt((p - now[0]) ** 2 + (pool[1] - q) ** 2)
    above = math.sqrt((now[1] - p) ** 2 + (q - pool[0]) ** 2)
    return Share(name, in_pool, in_now, p - q, (p - q - below, p - q + above))


def _z(comparisons: int) -> float:
    return NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / (2 * max(1, comparisons)))
