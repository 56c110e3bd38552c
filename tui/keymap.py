"""Which keys are in force: the table's, a set's, or a person's own; and how they are bound and shown.

The keys themselves stand in `tui/key_table.py`, the sets in `tui/key_presets.py`.
"""

import difflib
import re

from textual.binding import Binding, BindingType

from core.i18n import _
from tui.key_presets import PRESETS
from tui.key_table import APP, KEYS, LIST, Key, Overrides

__all__ = [
    "APP",
    "KEYS",
    "LIST",
    "PRESETS",
    "Key",
    "Overrides",
    "bindings",
    "conflicts",
    "first",
    "of",
    "resolve",
    "shown",
]


def resolve(preset: str, own: Overrides) -> tuple[dict[str, str], list[str]]:
    """(id → keys in force that differ from the table, what could not be taken, in words).

    An override that names no key of ours, no keys at all, or a key that another action of the same screen has, is left
    out: the table's own key stays.
    """
    problems = []
    if preset not in PRESETS:
        problems.append(_("There is no set of keys called {name!r}.").format(name=preset))
    found = dict(PRESETS.get(preset, {}))
    for key_id, keys in own.items():
        problem = _problem(key_id, keys, found)
        if problem:
            problems.append(problem)
        else:
            found[key_id] = keys
    return found, problems


def _problem(key_id: str, keys: str, others: Overrides) -> str:
    known = {key.id: key for key in KEYS}
    if key_id not in known:
        near = difflib.get_close_matches(key_id, known, n=1)
        hint = _(" Did you mean {near!r}?").format(near=near[0]) if near else ""
        return _("There is no key with the id {id!r}.").format(id=key_id) + hint
    wanted = [key.strip() for key in keys.split(",")]
    if not all(_NAME.fullmatch(key) for key in wanted):
        return _("{id}: {keys!r} is no list of keys.").format(id=key_id, keys=keys)
    clash = conflicts({**others, key_id: keys}, only=key_id)
    return clash[0] if clash else ""


_NAME = re.compile(r"(?:(?:ctrl|shift|alt)\+)*[a-zA-Z0-9_]+")


def conflicts(overrides: Overrides, *, only: str = "") -> list[str]:
    """Where two actions of one screen have one key, in words; `only` those that a certain id is part of.

    Enter in a list is no conflict: the list hands it to its screen.
    """
    found = []
    for scopes in _TOGETHER:
        seen: dict[str, str] = {}
        for key in (key for scope in scopes for key in of(scope)):
            for pressed in key.pressed(overrides):
                if key.id == "list.choose" and pressed == "enter":
                    continue
                other = seen.setdefault(pressed, key.id)
                if other != key.id and only in ("", other, key.id):
                    found.append(_("{key} is both {a} and {b}.").format(key=shown(pressed), a=other, b=key.id))
    return list(dict.fromkeys(found))


_TOGETHER = (
    ("label", APP),
    ("spans", APP),
    ("batch", LIST, APP),
    ("rounds", LIST, APP),
    ("metrics", LIST, APP),
    ("check", LIST, APP),
    ("people", APP),
    ("errors", LIST, APP),
    ("data", LIST, APP),
    ("export", LIST, APP),
    ("settings", LIST, APP),
    ("home", LIST, APP),
)
"""Scopes whose keys are in force at the same time."""


def of(scope: str) -> tuple[Key, ...]:
    """The keys of a screen or shared part, in the order of the footer."""
    return tuple(key for key in KEYS if key.scope == scope)


def first(key_id: str, overrides: Overrides) -> str:
    """The key that is shown for an action, as people read it; empty if it was left without any."""
    pressed = next(key for key in KEYS if key.id == key_id).pressed(overrides)
    return shown(pressed[0]) if pressed else ""


def bindings(*scopes: str) -> list[BindingType]:
    """Textual's bindings for a screen; their ids let users override the keys."""
    return [
        Binding(key.keys, key.action, key.name, show=key.footer, tooltip=key.about, id=key.id, priority=key.priority)
        for scope in scopes
        for key in of(scope)
    ]


_SHOWN = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "enter": "↵",
    "space": "␣",
    "backspace": "⌫",
    "escape": "esc",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "tab": "tab",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "plus": "+",
    "minus": "-",
    "comma": ",",
    "full_stop": ".",
    "asterisk": "*",
    "equals_sign": "=",
    "semicolon": ";",
    "apostrophe": "'",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "delete": "del",
}


def shown(key: str) -> str:
    """A key as people read it: `^o`, `⌫`, `G`."""
    *modifiers, last = key.split("+")
    said = _SHOWN.get(last, last)
    for modifier in reversed(modifiers):
        said = {"ctrl": "^", "shift": "⇧", "alt": "alt-"}.get(modifier, f"{modifier}-") + said
    return said
