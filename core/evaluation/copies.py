"""Near-identical texts with different labels: one of the two is likely to be wrong, and side by side one sees which.

Two texts are near-copies if the sets of their runs of three letters have a Jaccard index of at least `ALIKE` (Broder
1997). Pairs are found without comparing each with each: of a text's runs, the rarest first, some of the first must be
shared (prefix filters: Bayardo, Ma and Srikant 2007; Wang, Li and Feng 2012), which leaves out no pair.
"""

import math
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

ALIKE = 0.6
RUN = 3
LONGEST = 1000
"""Characters of a text, from its beginning, that are compared."""
SHARED = 8
"""One of so many runs of a text must be shared among its rarest for a pair to be looked at."""
BLOCK = 256
"""Texts whose pairs are looked at together."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts by their places, the earlier first."""

    one: int
    other: int
    alike: float
    """Jaccard index of their runs, `ALIKE` to 1."""


def runs_of(text: str) -> frozenset[str]:
    """The text's runs of three letters; letter case, punctuation and the width of blanks don't count."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST]).casefold()
    line = f" {' '.join(''.join(c if c.isalnum() else ' ' for c in plain).split())} "
    return frozenset(line[i : i + RUN] for i in range(len(line) - RUN + 1)) or frozenset((plain,))


def near_copies(texts: Sequence[str], differ: Callable[[int, int], bool], *, alike: float = ALIKE) -> list[Pair]:
    """Pairs that are alike and whose answers differ (`differ` of their places), the most alike first."""
    if len(texts) < 2:
        return []
    runs = [runs_of(text) for text in texts]
    found = [Pair(one, other, round(likeness, 4)) for one, other, likeness in _alike(runs, alike) if differ(one, other)]
    return sorted(found, key=lambda pair: (-pair.alike, pair.one, pair.other))


def _alike(runs: Sequence[frozenset[str]], alike: float) -> Iterator[tuple[int, int, float]]:
    """(place, later place, Jaccard index) of all pairs from `alike` on."""
    times = Counter(run for one in runs for run in one)
    number = {run: i for i, (run, _n) in enumerate(sorted(times.items(), key=lambda item: (item[1], item[0])))}
    ranked = [sorted(number[run] for run in one) for one in runs]  # the rarest first
    whole = _matrix(ranked, len(number))
    size = np.diff(whole.indptr)
    shared = np.maximum(1, size // SHARED)
    reach = [n - math.ceil(alike * n - 1e-9) + least for n, least in zip(size.tolist(), shared.tolist(), strict=True)]
    first = _matrix([row[:end] for row, end in zip(ranked, reach, strict=True)], len(number))
    columns = first.T.tocsr()
    for start in range(0, len(runs), BLOCK):
        near = (first[start : start + BLOCK] @ columns).tocoo()
        one, other = near.row.astype(np.int64) + start, near.col.astype(np.int64)
        kept = (one < other) & (near.data >= np.minimum(shared[one], shared[other]))
        kept &= np.minimum(size[one], size[other]) >= alike * np.maximum(size[one], size[other]) - 1e-9
        one, other = one[kept], other[kept]
        likeness = _jaccard(whole, size, one, other)
        for i in np.flatnonzero(likeness >= alike - 1e-12):
            yield int(one[i]), int(other[i]), float(likeness[i])


def _jaccard(whole: Any, size: NDArray[np.int64], one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[Any]:
    """Jaccard index of pairs of rows, [pairs]; in pieces, for long texts have many runs."""
    found = [np.empty(0)]
    for start in range(0, len(one), 4096):
        a, b = one[start : start + 4096], other[start : start + 4096]
        both = np.asarray(whole[a].multiply(whole[b]).sum(axis=1), np.float64).ravel()
        found.append(both / (size[a] + size[b] - both))
    return np.concatenate(found)


def _matrix(rows: Sequence[Sequence[int]], width: int) -> Any:
    """Rows of ones in these columns, [rows, width], sparse."""
    from scipy.sparse import csr_matrix

    ends = np.cumsum([0, *(len(row) for row in rows)])
    columns = np.array([column for row in rows for column in row], np.int64)
    return csr_matrix((np.ones(len(columns), np.int32), columns, ends), shape=(len(rows), width))
