"""What is to be simulated: read from the command line, handed to the child as JSON, reported with the result.

Imported by the terminal process, so nothing heavy is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core import plugins
from core.errors import InputError
from core.i18n import _
from core.settings import Settings
from core.show import visible

END = "end"
NONE = "none"
_AT = "at:"
_SHARE, _FEWEST, _MOST = 8, 4, 50


@dataclass(frozen=True, slots=True)
class Plan:
    """One simulation: every strategy runs with every seed."""

    pool: Path
    """File with the texts that may be asked, and their gold."""
    test: Path
    """File with the held-out texts and their gold; columns are called as in the pool's."""
    budget: int
    """Labels a run spends."""
    rounds: tuple[int, ...]
    """At how many labels a round of fine-tuning runs, ascending."""
    task: str = "classify"
    text: str | None = None
    """Column of the texts; None: found by name."""
    label: str | None = None
    """Column of the answers; None: called like the task's field."""
    seeds: tuple[int, ...] = (0,)
    strategies: tuple[str, ...] = ("auto",)
    batch: int | None = None
    """Labels between two refreshes; None: they grow with the labels there are (`next_batch`)."""
    names: bool = False
    """Whether the classes' names are known beforehand."""
    settings: Settings = field(default_factory=Settings)
    """The project's options; seed and strategy are those of the run."""

    @property
    def batch_rule(self) -> int | str:
        """Labels between two refreshes, as it is reported."""
        return self.batch or f"1/{_SHARE} of the labels so far, {_FEWEST} to {_MOST}"

    def as_json(self) -> dict[str, Any]:
        """Plain values, from which `from_json` makes the same plan."""
        return asdict(self) | {"pool": str(self.pool), "test": str(self.test)}


def from_json(values: Mapping[str, Any]) -> Plan:
    """The plan that `as_json` wrote."""
    made = {
        "pool": Path(values["pool"]),
        "test": Path(values["test"]),
        "rounds": tuple(values["rounds"]),
        "seeds": tuple(values["seeds"]),
        "strategies": tuple(values["strategies"]),
        "settings": Settings(**values["settings"]),
    }
    return Plan(**{**values, **made})


def next_batch(plan: Plan, spent: int) -> int:
    """How many labels are given before the next refresh; never beyond the next round or the budget."""
    size = plan.batch or min(_MOST, max(_FEWEST, spent // _SHARE))
    stop = next(at for at in (*plan.rounds, plan.budget) if at > spent)
    return min(size, stop - spent)


def parse_rounds(said: str, budget: int) -> tuple[int, ...]:
    """`at:16,48,end` or `none` as numbers of labels, ascending; raises InputError for anything else."""
    if said == NONE:
        return ()
    found: set[int] = set()
    for part in said.removeprefix(_AT).split(","):
        at = budget if part == END else int(part) if part.isascii() and part.isdecimal() else 0
        if not said.startswith(_AT) or not 0 < at <= budget:
            raise InputError(
                _("{said!r} does not say when rounds run.").format(said=visible(said)),
                _("Numbers of labels from 1 to the budget of {budget}, or end.").format(budget=budget),
                _("Such as --rounds at:16,48 or --rounds at:end or --rounds none"),
            )
        found.add(at)
    return tuple(sorted(found))


def parse_strategies(said: str) -> tuple[str, ...]:
    """Names of query strategies parted by commas, each once; raises InputError for one that does not exist."""
    known = plugins.names(plugins.STRATEGIES)
    names = tuple(dict.fromkeys(part.strip() for part in said.split(",")))
    for name in names:
        if name not in known:
            raise InputError(
                _("There is no query strategy called {name!r}.").format(name=visible(name)),
                _("Known: {names}.").format(names=", ".join(known)),
                nearest(name, known),
            )
    return names


def nearest(name: str, known: Sequence[str]) -> str:
    """A question about the nearest name that exists; empty if none is near."""
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    return _("Did you mean {near!r}?").format(near=near[0]) if near else ""
