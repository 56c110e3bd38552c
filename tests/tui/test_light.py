"""The terminal's process stays small: what only the worker needs is never loaded, whatever screen is looked at."""

import json
import subprocess
import sys

from core.project import Project

WALK = """
import asyncio, json, sys
from pathlib import Path
from tui.app import HandfulApp
from tui.preferences import Preferences
from tui.screens import SCREENS
from tui.session import Session

Session.wake = lambda _session: None
loaded = {}

async def walk(root):
    app = HandfulApp(root, "ada", chosen=Preferences(tour_done=True), headless=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("slash", "d", "escape", "1", "u")
        loaded["label"] = sorted({name.split(".")[0] for name in sys.modules})
        for entry in SCREENS:
            app.go(entry.id)
            await pilot.pause()
            assert app.screen.ID == entry.id
        await pilot.press("ctrl+p")
        await pilot.pause()
        loaded["all"] = sorted({name.split(".")[0] for name in sys.modules})

asyncio.run(walk(Path(sys.argv[1])))
print(json.dumps(loaded))
"""
WORKER_ONLY = {"torch", "transformers", "datasets", "sklearn", "scipy", "pandas", "onnxruntime", "onnx", "tokenizers"}


def test_no_screen_loads_what_only_the_worker_needs_and_labelling_needs_no_numpy(project: Project) -> None:
    command = [sys.executable, "-P", "-c", WALK, str(project.root)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    loaded = json.loads(done.stdout)
    assert (WORKER_ONLY | {"numpy", "sqlite_utils", "textual_plot"}) & set(loaded["label"]) == set()
    assert WORKER_ONLY & set(loaded["all"]) == set()
