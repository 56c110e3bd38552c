"""How well scores rank the texts of a class before all others: average precision, one class against the rest."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def average_precision(belongs: "NDArray[np.bool_]", scores: "NDArray[np.float64]") -> float | None:
    """Sum over thresholds of precision times the recall gained there; None if no text, or every one, belongs.

    `belongs`, `scores`: [texts]. Texts with the same score are one threshold.
    """
    import numpy as np

    positives = int(belongs.sum())
    if not 0 < positives < len(belongs):
        return None
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(belongs[order])
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)  # the last text of each score
    precision = hits[last] / (last + 1)
    gained = np.diff(hits[last], prepend=0) / positives
    return float((precision * gained).sum())


def by_class(
    golds: Sequence[Sequence[int]], scored: Sequence[tuple[Sequence[int], "NDArray[np.float32]"]]
) -> dict[int, float]:
    """class id → average precision, from each text's classes and (class ids, scores [classes]) of its head.

    A class that the head of a text did not know has the score 0 there.
    """
    import numpy as np

    ids = sorted({c for known, _scores in scored for c in known} | {c for gold in golds for c in gold})
    place = {c: i for i, c in enumerate(ids)}
    scores, belongs = np.zeros((len(golds), len(ids))), np.zeros((len(golds), len(ids)), np.bool_)
    for row, (gold, (known, said)) in enumerate(zip(golds, scored, strict=True)):
        scores[row, [place[c] for c in known]] = said
        belongs[row, [place[c] for c in gold]] = True
    found = {c: average_precision(belongs[:, i], scores[:, i]) for c, i in place.items()}
    return {c: value for c, value in found.items() if value is not None}
