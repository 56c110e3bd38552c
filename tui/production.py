"""Texts from production, read in a child process: what `handful drift` and `handful predict --into` share."""

import json
import shutil
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from core import project as projects
from core.i18n import _
from core.publish import publish_file
from exports import child
from tui.output import Progress, data, say_if_typed

INPUT, REQUEST, ANSWERS = "input", "request.json", "answers.jsonl"
_MODULE = "exports.production"


def read(directory: Path, bundle: Path, file: Path, *, most: int, text_lines: bool) -> dict[str, Any]:
    """Compare a file's texts with a project's pool, and bring up to `most` of them into it.

    With `most`, the answers go to stdout, in the order of the texts. Returns the child's result; raises what it raised.
    """
    project = projects.find(directory)
    line = Progress()
    with TemporaryDirectory(prefix="handful-") as name:
        folder = Path(name)
        asked = {
            "project": str(project.root.absolute()),
            "bundle": str(bundle.absolute()),
            "file": str(_on_disk(file, folder)),
            "source": file.name if str(file) != "-" else _("standard input"),
            "text_lines": text_lines,
            "most": most,
            "threads": project.settings().threads,
        }
        publish_file(folder / REQUEST, json.dumps(asked).encode())
        result: Mapping[str, Any] = {}
        for event in child.events_of(_MODULE, folder, what=_("texts")):
            if event.kind == "result":
                result = event.payload
            elif "done" in event.payload:
                line.show(_("  {n} texts read").format(n=event.payload["done"]))
        line.end()
        if most:
            with (folder / ANSWERS).open("rb") as answers:
                shutil.copyfileobj(answers, sys.stdout.buffer)
            sys.stdout.buffer.flush()
    return dict(result)


def _on_disk(file: Path, folder: Path) -> Path:
    """The file itself, or a copy of the standard input: the child's is closed."""
    say_if_typed(file)
    if str(file) != "-":
        with file.open("rb"):  # what is wrong with it is said before anything is loaded
            return file.absolute()
    with nullcontext(sys.stdin.buffer) as stream:
        publish_file(folder / INPUT, stream.read())
    return folder / INPUT


def tell(said: Mapping[str, Any]) -> None:
    """The comparison, for people."""
    if not said["enough"]:
        data(_("{now} texts against {pool} of the pool: too few to tell.").format(now=said["now"], pool=said["pool"]))
        return
    data(_("{now} texts against {pool} of the pool").format(now=said["now"], pool=said["pool"]))
    far = said["far"]
    low, high = far["interval"]
    data(
        _("Further off than 99 % of the pool: {share:.1%} of them; {more:+.1%} ({low:+.1%} to {high:+.1%}).").format(
            share=far["now"] / said["now"], more=far["difference"], low=low, high=high
        )
    )
    low, high = said["further_interval"]
    data(
        _("Further off than a text of the pool is: {share:.0%} of the time ({low:.0%} to {high:.0%}).").format(
            share=said["further"], low=low, high=high
        )
    )
    data(_("The texts have changed.") if said["content_changed"] else _("No change of the texts beyond chance."))
