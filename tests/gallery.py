"""The pictures in the README: the demo as a person finds it, photographed by Textual itself.

`python -P tests/gallery.py docs/gallery` runs the whole loop on the demo first (minutes); with a second argument, the
directory of a demo on which it was run already, it only takes the pictures.
"""

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from textual import constants

from core.demo.making import make
from core.project import Project
from core.store import examples, patterns
from tui.app import HandfulApp
from tui.preferences import Preferences
from tui.session import Session

SETTLE_SECONDS = 0.5
_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""Textual's pictures load fonts from the network; here the reader's own monospaced font serves."""


@dataclass(frozen=True)
class Picture:
    """A screen after some keys, at a size in columns and rows."""

    name: str
    screen: str
    size: tuple[int, int]
    keys: tuple[str, ...] = ()
    theme: str = "handful-dark"
    text: str = ""
    """What is in the text that is shown, of the demo of spans; empty: whatever comes first in the demo."""


PATTERNS = """[date]
/(?:January|February|March|April|May|June) (?:invoice|bill)/
[place]
Spain
"""
PICTURES = (
    Picture("label", "label", (120, 32)),
    Picture("label-light", "label", (80, 24), (), "handful-light"),
    Picture("spans", "label", (100, 26), ("comma", "i", "full_stop", "full_stop", "1", "i"), text="Joan Littledale"),
    Picture("batch", "batch", (120, 32), ("down", "down", "space")),
    Picture("rounds", "rounds", (120, 32)),
    Picture("metrics", "metrics", (120, 32)),
    Picture("matrix", "metrics", (120, 32), ("4", "down", "right")),
    Picture("curve", "metrics", (120, 32), ("2",)),
    Picture("check", "check", (120, 32), ("down",)),
    Picture("errors", "errors", (120, 32)),
    Picture("data", "data", (120, 32), ("slash", *"refund", "enter")),
    Picture("export", "export", (120, 32)),
    Picture("settings", "settings", (120, 32)),
    Picture("help", "label", (120, 32), ("question_mark",)),
)


def main(target: Path, project: Path | None) -> None:
    """Take every picture."""
    Session.wake = lambda _session: None  # type: ignore[method-assign]
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        os.environ |= {"XDG_STATE_HOME": made, "XDG_CONFIG_HOME": made}
        constants.COLOR_SYSTEM = "truecolor"  # whatever terminal this is started in
        root = Path(made) / "handful-demo"
        if project is None:
            handful = Path(sys.executable).with_name("handful")
            subprocess.run([handful, "demo", "--auto", "--dir", root], check=True, stdout=subprocess.DEVNULL)
        else:
            shutil.copytree(project, root)
        spans = make(Path(made) / "handful-demo-spans", "spans").root
        with Project(spans).open() as con:
            patterns.write(con, PATTERNS, "ada")
        for picture in PICTURES:
            taken = asyncio.run(_take(picture, spans if picture.text else root))
            (target / f"{picture.name}.svg").write_text(taken, "utf-8")


async def _take(picture: Picture, root: Path) -> str:
    chosen = Preferences(theme=picture.theme, tour_done=True)
    app = HandfulApp(root, "ada", screen=picture.screen, chosen=chosen, headless=True)
    async with app.run_test(size=picture.size) as pilot:
        await pilot.pause(SETTLE_SECONDS)
        if picture.text:
            app.open_text(next(e.id for e in examples.get(app.session.con, range(1, 800)) if picture.text in e.text))
            await pilot.pause(SETTLE_SECONDS)
        for key in picture.keys:
            await pilot.press(key)
        await pilot.pause(SETTLE_SECONDS)
        found = _FONTS.sub("", app.export_screenshot(title=f"handful · {picture.name}"))
        return found.replace("<text ", '<text xml:space="preserve" ')  # some viewers trim blanks otherwise


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
