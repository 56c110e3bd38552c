"""What a project's classes say about each other: groups of which a text has one at most, and classes that imply others.

Pure functions over class ids; tasks in which a text can have several classes use them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from core.records import LabelClass


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one project."""

    groups: Mapping[int, str] = field(default_factory=dict)
    """class id → the group it is in."""
    implied: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """class id → classes that a text with it has, too."""

    def closed(self, class_ids: Iterable[int]) -> frozenset[int]:
        """The classes with all that they imply."""
        found: set[int] = set()
        todo = list(class_ids)
        while todo:
            class_id = todo.pop()
            if class_id not in found:
                found.add(class_id)
                todo += self.implied.get(class_id, ())
        return frozenset(found)

    def conflict(self, class_ids: Iterable[int]) -> tuple[int, int] | None:
        """Two of the classes that exclude each other; None if there are no such."""
        seen: dict[str, int] = {}
        for class_id in sorted(class_ids):
            group = self.groups.get(class_id, "")
            if group and seen.setdefault(group, class_id) != class_id:
                return seen[group], class_id
        return None

    def toggled(self, chosen: frozenset[int], class_id: int) -> frozenset[int]:
        """The set with a class in it, or without: what it implies comes, what excludes it or implies it goes."""
        if class_id in chosen:
            return frozenset(c for c in chosen if class_id not in self.closed([c]))
        new = self.closed([class_id])
        kept = frozenset(c for c in chosen if self.conflict(self.closed([c]) | new) is None)
        return kept | new

    def settled(self, ranked: Sequence[int]) -> frozenset[int]:
        """All of the classes that the rules allow together; of two that exclude each other the one that comes first."""
        found: frozenset[int] = frozenset()
        for class_id in ranked:
            wider = found | self.closed([class_id])
            if self.conflict(wider) is None:
                found = wider
        return found


def of(classes: Sequence[LabelClass]) -> Rules:
    """The rules that these classes declare."""
    ids = {item.name: item.id for item in classes if item.active}
    return Rules(
        {item.id: item.group for item in classes if item.group},
        {item.id: tuple(ids[name] for name in item.implies if name in ids) for item in classes if item.implies},
    )
