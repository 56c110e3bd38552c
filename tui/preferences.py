"""What one person likes on every project: theme, keys, and which projects were open last.

`config.toml` in the user's configuration directory is written by hand or by the settings screen; `recent.json` in the
state directory is the app's own. Neither holds anything of a project's data but its path.
"""

import json
import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.publish import make_dir, publish_file
from tui import keymap, theme
from tui.keymap import Overrides

RECENT = 12
CONFIG, RECENT_FILE = "config.toml", "recent.json"


@dataclass(frozen=True, slots=True)
class Preferences:
    """One person's choices."""

    theme: str = theme.DARK
    preset: str = "default"
    """A set of keys; those in `keys` go before it."""
    keys: dict[str, str] = field(default_factory=dict)
    """id of a key → keys, separated by commas."""
    tour_done: bool = False
    problems: tuple[str, ...] = ()
    """What could not be read, in words."""


def config_dir() -> Path:
    """Where preferences lie."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "handful"


def state_dir() -> Path:
    """Where the app keeps its own notes."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "handful"


def load() -> Preferences:
    """The preferences; defaults for what is missing or can't be read, which is told in `problems`."""
    path = config_dir() / CONFIG
    try:
        found: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Preferences()
    except (OSError, ValueError) as error:
        return Preferences(problems=(f"{path}: {error}",))
    known = {t.name for t in theme.THEMES}
    keys = found.get("keys", {})
    return Preferences(
        found["theme"] if found.get("theme") in known else theme.DARK,
        str(found.get("preset", "default")),
        {str(k): str(v) for k, v in keys.items()} if isinstance(keys, dict) else {},
        bool(found.get("tour_done", False)),
    )


def save(chosen: Preferences) -> None:
    """Write them."""
    make_dir(config_dir())
    lines = [
        f"theme = {json.dumps(chosen.theme)}",
        f"preset = {json.dumps(chosen.preset)}",
        f"tour_done = {json.dumps(chosen.tour_done)}",
    ]
    if chosen.keys:
        lines += ["", "[keys]", *(f"{json.dumps(k)} = {json.dumps(v)}" for k, v in sorted(chosen.keys.items()))]
    publish_file(config_dir() / CONFIG, ("\n".join(lines) + "\n").encode("utf-8"))


def overrides(chosen: Preferences) -> tuple[Overrides, list[str]]:
    """(id → keys, as far as they differ from the table; what could not be taken, in words)."""
    found, problems = keymap.resolve(chosen.preset, chosen.keys)
    return found, [f"{config_dir() / CONFIG}: {problem}" for problem in problems]


def recent() -> list[Path]:
    """Projects that were open, the last one first; only those that still have a database."""
    try:
        found = json.loads((state_dir() / RECENT_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    paths = [Path(p) for p in found if isinstance(p, str)] if isinstance(found, list) else []
    return [path for path in paths if (path / "labels.db").is_file()]


def remember(root: Path) -> None:
    """Put a project at the head of the recent ones; a directory that can't be written is no reason to fail."""
    here = root.absolute()
    paths = [here, *(path for path in recent() if path != here)][:RECENT]
    try:
        make_dir(state_dir())
        publish_file(state_dir() / RECENT_FILE, json.dumps([str(path) for path in paths]).encode())
    except OSError:
        return
