"""What a screen looks like, as text: for assertions, and for snapshots that can be read in a diff."""

import difflib
import os
from pathlib import Path

from textual.app import App

SNAPSHOTS = Path(__file__).with_name("snapshots")
SIZES = ((80, 24), (120, 40), (200, 60))
WRITE = "HANDFUL_SNAPSHOTS"
"""With this environment variable set to `write`, snapshots are renewed instead of compared."""


def text_of(app: App[object]) -> str:
    """The cells of the screen, line by line, without blanks at the ends of lines."""
    strips = app.screen._compositor.render_strips(app.size)
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


def _path(app: App[object], name: str) -> Path:
    width, height = app.size
    return SNAPSHOTS / f"{name}-{width}x{height}.txt"


def as_stored(app: App[object], name: str) -> bool:
    """Whether the screen looks like its picture by now: what is drawn in a frame to come may be late."""
    path = _path(app, name)
    return path.is_file() and text_of(app) + "\n" == path.read_text(encoding="utf-8")


def compare(app: App[object], name: str) -> None:
    """Compare the screen with the stored picture of that name and size."""
    path = _path(app, name)
    found = text_of(app) + "\n"
    if os.environ.get(WRITE) == "write":
        path.write_text(found, encoding="utf-8")
    assert path.is_file(), f"there is no snapshot {path.name} yet; make it with {WRITE}=write"
    wanted = path.read_text(encoding="utf-8")
    changed = "\n".join(difflib.unified_diff(wanted.splitlines(), found.splitlines(), lineterm="", n=0))
    assert found == wanted, f"{path.name} differs; look at it, then renew with {WRITE}=write\n{changed}"
