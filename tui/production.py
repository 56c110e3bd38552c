"""Texts from production, read in a child process: what the app, `handful drift` and `handful predict --into` share."""

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from core import project as projects
from core.i18n import _
from core.project import Project
from core.publish import publish_file
from core.records import JobEvent
from exports import child
from tui.output import Progress, say_if_typed

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
        result: Mapping[str, Any] = {}
        for event in _events(project, bundle, file, folder, most=most, text_lines=text_lines):
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


def drift(project: Project, bundle: Path, file: Path, *, told: Callable[[int], None]) -> dict[str, Any]:
    """The comparison alone, without a word on the terminal; `told` hears how many texts were read. Raises as `read`.

    Lines that end in .txt files are texts; all others are JSON.
    """
    with TemporaryDirectory(prefix="handful-") as name:
        lines = file.suffix == ".txt"
        for event in _events(project, bundle, file, Path(name), most=0, text_lines=lines):
            if event.kind == "result":
                return dict(event.payload["drift"])
            if "done" in event.payload:
                told(int(event.payload["done"]))
    raise AssertionError("a child ends with a result or raises")


def _events(
    project: Project, bundle: Path, file: Path, folder: Path, *, most: int, text_lines: bool
) -> Iterator[JobEvent]:
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
    yield from child.events_of(_MODULE, folder, what=_("texts"))


def _on_disk(file: Path, folder: Path) -> Path:
    """The file itself, or a copy of the standard input: the child's is closed."""
    say_if_typed(file)
    if str(file) != "-":
        with file.open("rb"):  # what is wrong with it is said before anything is loaded
            return file.absolute()
    with nullcontext(sys.stdin.buffer) as stream:
        publish_file(folder / INPUT, stream.read())
    return folder / INPUT


def sentences(said: Mapping[str, Any]) -> list[str]:
    """The comparison, in words."""
    if not said["enough"]:
        return [
            _("{now} texts against {pool} of the pool: too few to tell.").format(now=said["now"], pool=said["pool"])
        ]
    far = said["far"]
    more, low, high = (100 * share for share in (far["difference"], *far["interval"]))
    near, top = said["further_interval"]
    return [
        _("The texts have changed.") if said["content_changed"] else _("No change of the texts beyond chance."),
        _("{now} texts against {pool} of the pool").format(now=said["now"], pool=said["pool"]),
        _("Beyond 99% of the pool: {share:.1%} of them; {more:+.1f} points ({low:+.1f} to {high:+.1f}).").format(
            share=far["now"] / said["now"], more=more, low=low, high=high
        ),
        _("Further off than a text of the pool is: {share:.0%} of the time ({low:.0%} to {high:.0%}).").format(
            share=said["further"], low=near, high=top
        ),
    ]


HEAD = (_("class"), _("pool"), _("now"), _("points"), _("interval"), "")
"""The columns of `rows`."""


def rows(said: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """One a class: its share of the pool and of the texts, by how much it changed, with interval."""
    return [
        (
            share["name"],
            f"{share['pool'] / said['pool']:.1%}",
            f"{share['now'] / said['now']:.1%}",
            f"{100 * share['difference']:+.1f}",
            "{:+.1f} to {:+.1f}".format(*(100 * end for end in share["interval"])),
            _("changed") if share["changed"] else "",
        )
        for share in (said["shares"] if said["enough"] else ())
    ]
