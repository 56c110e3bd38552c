"""What classes say about each other, kept by class id, so that new names change nothing: group and implied classes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.connection import Connection
from core.records import LabelClass
from core.store import meta

KEY = "class_rules"


def keep(con: Connection, new: Sequence[LabelClass], ids: Mapping[str, int]) -> None:
    """Remember the rules of classes that were just made, inside the caller's transaction; `ids`: name → id."""
    ruled = [item for item in new if item.group or item.implies]
    if ruled:
        said = {str(ids[item.name]): [item.group, [ids[name] for name in item.implies]] for item in ruled}
        meta.put(con, KEY, meta.get(con, KEY, {}) | said)


def applied(con: Connection, found: list[LabelClass]) -> list[LabelClass]:
    """The classes with their rules."""
    said = meta.get(con, KEY, {})
    if not said:
        return found
    names = {item.id: item.name for item in found}
    ruled = []
    for item in found:
        group, implied = said.get(str(item.id), ("", ()))
        ruled.append(replace(item, group=group, implies=tuple(names[i] for i in implied if i in names)))
    return ruled
