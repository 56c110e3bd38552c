"""Which words tip a model: what the texts it took for another class have that those it answered rightly have not.

The log-odds ratio of a word with an informative Dirichlet prior (Monroe, Colaresi and Quinn 2008, "Fightin' Words",
section 3.3.1): the prior is how often the word comes in all judged texts, so that rare words must be seen often before
they count, and the ratio is divided by its standard error. A word counts once a text: what repeats it says no more.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.evaluation.wording import words

PRIOR = 20.0
"""Words that the prior weighs together, spread as in all texts."""
LEAST = 2
"""Texts among the confused ones that must have a word for it to be named."""
SURE = 1.645
"""Standard errors from which a word is named: one-sided, nineteen times of twenty."""
MOST = 8


@dataclass(frozen=True, slots=True)
class Tip:
    """One word that speaks for the mistake."""

    word: str
    n: int
    """Confused texts that have it."""
    right: int
    """Texts of the same class, answered rightly, that have it."""
    z: float
    """Its log-odds ratio in standard errors."""


Bag = tuple[str, ...]
"""The words of a text, each once."""


def bag_of(text: str) -> Bag:
    """Which words the text has; letter case aside."""
    return tuple(dict.fromkeys(words(text)))


def counted(bags: Iterable[Bag]) -> Counter[str]:
    """In how many texts each word comes."""
    return Counter(word for bag in bags for word in bag)


def tipping(confused: Sequence[Bag], right: Sequence[Bag], everywhere: Counter[str]) -> list[Tip]:
    """The words that tell confused texts from right ones, the strongest first; `everywhere`: counts in all texts."""
    one, other = counted(confused), counted(right)
    weight = PRIOR / max(1, everywhere.total())
    n_one, n_other = one.total() + PRIOR, other.total() + PRIOR
    found = []
    for word, n in one.items():
        if n < LEAST:
            continue
        alpha = max(everywhere[word], n + other[word]) * weight
        a, b = n + alpha, other[word] + alpha
        ratio = _log_odds(a, n_one) - _log_odds(b, n_other)
        found.append(Tip(word, n, other[word], round(ratio / math.sqrt(1.0 / a + 1.0 / b), 3)))
    named = [tip for tip in found if tip.z >= SURE]
    return sorted(named, key=lambda tip: (-tip.z, tip.word))[:MOST]


def _log_odds(part: float, whole: float) -> float:
    return math.log(part / max(whole - part, 1e-9))
