"""Classes: permanent ids, names that may change, and one undoable change for everything that happens to them."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from core.connection import Connection, transaction
from core.errors import InputError
from core.i18n import _
from core.records import LabelClass
from core.show import shorten
from core.store import changes, class_rules


def all_classes(con: Connection) -> list[LabelClass]:
    """Every class in the order of creation, archived ones included; keywords are kept by the change that made it."""
    rows = con.execute(
        "SELECT c.id, c.name, c.key, c.description, c.examples, c.active, coalesce((SELECT"
        " json_extract(h.payload, '$.keywords') FROM changes h WHERE h.class_id = c.id AND h.kind = 'class.new'), '[]')"
        " FROM classes c ORDER BY c.id"
    )
    found = [
        LabelClass(r[0], r[1], r[2], r[3], tuple(json.loads(r[4])), bool(r[5]), tuple(json.loads(r[6]))) for r in rows
    ]
    return class_rules.applied(con, found)


def names(con: Connection) -> dict[int, str]:
    """id → name of every class."""
    return {row[0]: row[1] for row in con.execute("SELECT id, name FROM classes ORDER BY id")}


def ids(con: Connection) -> dict[str, int]:
    """name → id of the classes that can be chosen now."""
    return {row[0]: row[1] for row in con.execute("SELECT name, id FROM classes WHERE active = 1 ORDER BY id")}


def active_ids(con: Connection) -> frozenset[int]:
    """Ids of the classes that can be chosen now."""
    return frozenset(ids(con).values())


def counts(con: Connection, split: str = "pool") -> dict[int, int]:
    """class id → how many texts of the split have it in their current answer."""
    return {r[0]: r[1] for r in con.execute("SELECT class_id, n FROM class_counts WHERE split = ? AND n > 0", (split,))}


def archived(con: Connection) -> list[LabelClass]:
    """Classes out of use that can be revived; one whose making was undone is none of them."""
    made = {
        row[0] for row in con.execute("SELECT class_id FROM changes WHERE kind = 'class.new' AND undone = 0").fetchall()
    }
    return [item for item in all_classes(con) if not item.active and item.id in made]


def archived_named(con: Connection, name: str) -> LabelClass | None:
    """The newest archived class of this name, which could be revived instead of making a new one."""
    return next((c for c in reversed(archived(con)) if c.name == name), None)


def add(con: Connection, new: Iterable[LabelClass], annotator: str, *, act: str = "") -> None:
    """Create classes (their `id` is ignored) inside the caller's transaction, as one act."""
    act, made = act or os.urandom(16).hex(), list(new)
    for item in made:
        row = con.execute(
            "INSERT INTO classes(name, key, description, examples) VALUES (?, ?, ?, ?) RETURNING id",
            (item.name, item.key, item.description, json.dumps(item.examples, ensure_ascii=False)),
        ).fetchone()
        told = {"name": item.name, "key": item.key, "description": item.description, "examples": list(item.examples)}
        if item.keywords:
            told["keywords"] = list(item.keywords)
        changes.append(con, changes.CLASS_NEW, told, annotator, act=act, class_id=row[0])
    class_rules.keep(con, made, ids(con))


def ensure(con: Connection, wanted: Iterable[str], annotator: str, *, act: str = "") -> dict[str, int]:
    """name → id, creating what is missing inside the caller's transaction, as part of a larger act if one is given."""
    known = ids(con)
    missing = [LabelClass(0, name) for name in dict.fromkeys(wanted) if name not in known]
    if missing:
        add(con, missing, annotator, act=act)
        known = ids(con)
    return known


def create(con: Connection, name: str, annotator: str) -> int:
    """Make a class and return its id. Raises InputError if the name is taken."""
    with transaction(con):
        _require_free(con, name)
        add(con, [LabelClass(0, name)], annotator)
        return ids(con)[name]


def rename(con: Connection, class_id: int, name: str, annotator: str) -> None:
    """Give a class another name; answers keep the class. Raises InputError if the name is taken."""
    with transaction(con):
        if _required(con, class_id).name != name:
            _require_free(con, name)
            _change(con, changes.CLASS_RENAME, {"name": name}, class_id, annotator)


def describe(con: Connection, class_id: int, text: str, annotator: str) -> None:
    """Say what a class means."""
    with transaction(con):
        _required(con, class_id)
        _change(con, changes.CLASS_DESCRIBE, {"description": text}, class_id, annotator)


def set_key(con: Connection, class_id: int, key: str, annotator: str) -> None:
    """Give a class the key that chooses it, or none (empty). Raises InputError for a key that another class has."""
    with transaction(con):
        _required(con, class_id)
        other = next((c for c in all_classes(con) if c.active and key and c.key == key and c.id != class_id), None)
        if other is not None or len(key) > 1 or key.isdigit() or not key.isprintable():
            raise InputError(
                _("This key can't be given to the class."),
                _("{key!r} belongs to {name}.").format(key=key, name=shorten(other.name, 40)) if other else repr(key),
                _("Give one letter that no other class has."),
            )
        _change(con, changes.CLASS_KEY, {"key": key}, class_id, annotator)


def archive(con: Connection, class_id: int, annotator: str, *, act: str = "") -> None:
    """Take a class out of use: its answers stay, but nothing is learnt from them until it is revived."""
    with transaction(con):
        archive_within(con, class_id, annotator, act=act)


def archive_within(con: Connection, class_id: int, annotator: str, *, act: str = "") -> None:
    """As `archive`, inside the caller's transaction."""
    _required(con, class_id)
    _change(con, changes.CLASS_ARCHIVE, {}, class_id, annotator, act=act)


def revive(con: Connection, class_id: int, annotator: str) -> None:
    """Take an archived class into use again. Raises InputError if its name is taken meanwhile."""
    with transaction(con):
        item = _required(con, class_id)
        if not item.active:
            _require_free(con, item.name)
            _change(con, changes.CLASS_REVIVE, {}, class_id, annotator)


def refold(con: Connection, class_ids: Iterable[int]) -> None:
    """Derive classes from the changes that stand, inside the caller's transaction.

    Raises InputError if two classes in use would have one name.
    """
    for class_id in class_ids:
        item = _folded(class_id, changes.standing(con, class_id), _required(con, class_id))
        if item.active:
            _require_free(con, item.name, but=class_id)
        con.execute(
            "UPDATE classes SET name = ?, key = ?, description = ?, active = ? WHERE id = ?",
            (item.name, item.key, item.description, int(item.active), class_id),
        )


def _folded(class_id: int, told: list[tuple[str, dict[str, Any]]], there: LabelClass) -> LabelClass:
    """The class as its changes tell; one whose making is undone keeps its name, out of use."""
    made = next((payload for kind, payload in told if kind == changes.CLASS_NEW), None)
    if made is None:
        return replace(there, active=False)
    item = LabelClass(class_id, made["name"], made["key"], made["description"], tuple(made["examples"]))
    for kind, payload in told:
        if kind in _FIELDS:
            item = replace(item, **{_FIELDS[kind]: payload[_FIELDS[kind]]})
        elif kind in (changes.CLASS_ARCHIVE, changes.CLASS_REVIVE):
            item = replace(item, active=kind == changes.CLASS_REVIVE)
    return item


_FIELDS = {changes.CLASS_RENAME: "name", changes.CLASS_DESCRIBE: "description", changes.CLASS_KEY: "key"}


def _change(
    con: Connection, kind: str, payload: Mapping[str, Any], class_id: int, annotator: str, *, act: str = ""
) -> None:
    changes.append(con, kind, payload, annotator, act=act, class_id=class_id)
    refold(con, [class_id])


def _required(con: Connection, class_id: int) -> LabelClass:
    found = next((c for c in all_classes(con) if c.id == class_id), None)
    if found is None:
        raise InputError(_("There is no class {id}.").format(id=class_id))
    return found


def _require_free(con: Connection, name: str, *, but: int = 0) -> None:
    if ids(con).get(name, but) != but:
        raise InputError(
            _("There is a class called {name!r} already.").format(name=shorten(name, 60)),
            "",
            _("Choose another name, or merge the two classes."),
        )
