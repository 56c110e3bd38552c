"""Small changes to a text's tokens while an encoder is tuned, so that it does not learn a handful of texts by heart.

Each way is a function of the ids and a random generator. The first and the last token, which tell the encoder where a
text begins and ends, stay where they are.
"""

from collections.abc import Callable, Sequence

import numpy as np

SHARE = 0.1
"""Share of the tokens that are left out, or change places with the next one."""

Augment = Callable[[Sequence[int], np.random.Generator], list[int]]
"""(token ids of a text, random numbers) → other ids, at least one of them between the ends if there was one"""


def keep(ids: Sequence[int], rng: np.random.Generator) -> list[int]:  # noqa: ARG001 (nothing is drawn)
    """The text as it is."""
    return list(ids)


def drop(ids: Sequence[int], rng: np.random.Generator) -> list[int]:
    """Leave out a tenth of the tokens, drawn anew each time (Iyyer et al. 2015, aclanthology.org/P15-1162)."""
    inner = len(ids) - 2
    if inner < 2:
        return list(ids)
    stays = rng.random(inner) >= SHARE
    stays[int(rng.integers(inner))] = True
    return [ids[0], *(one for one, kept in zip(ids[1:-1], stays.tolist(), strict=True) if kept), ids[-1]]


def swap(ids: Sequence[int], rng: np.random.Generator) -> list[int]:
    """Let a tenth of the tokens change places with the next one (Artetxe et al. 2018, arXiv 1710.11041)."""
    found = list(ids)
    for place in np.flatnonzero(rng.random(max(0, len(ids) - 3)) < SHARE).tolist():
        found[place + 1], found[place + 2] = found[place + 2], found[place + 1]
    return found


AUGMENTS: dict[str, Augment] = {"none": keep, "drop": drop, "swap": swap}
"""The values of the option `augment`."""
