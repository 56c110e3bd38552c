"""`handful predict`."""

import os
import sys
from pathlib import Path

import click

from core.errors import InputError
from core.i18n import _
from core.store import models
from tui.commands import about
from tui.options import ANY_PATH
from tui.output import say, say_if_typed, shown_path

MANIFEST = "handful.json"
"""The file that makes a directory a bundle."""


def require_bundle(bundle: Path) -> None:
    """Raises InputError unless there is a bundle."""
    if not (bundle / MANIFEST).is_file():
        raise InputError(
            _("There is no bundle here."),
            _("{path} has no {name}.").format(path=bundle, name=MANIFEST),
            _("Make one: handful export DIR --to {path}").format(path=shown_path(bundle)),
        )


@click.command(
    "predict",
    help=about(
        "predict",
        _(
            "It reads JSONL with a field text, and writes JSONL with the label and every probability, or the spans."
            " With --into, texts that the model is unsure of, that lie far from the project's pool, or whose label,"
            " labels or spans in the file say otherwise come into that pool, each with its reason; they are never part"
            " of an audit."
        ),
        "handful predict mail-model texts.jsonl > answers.jsonl",
        """echo '{"text": "Where is my parcel?"}' | handful predict mail-model""",
        "handful predict mail-model today.jsonl --into mail > answers.jsonl",
    ),
)
@click.argument("bundle", metavar="BUNDLE", type=ANY_PATH)
@click.argument("file", metavar="[FILE|-]", default="-", type=ANY_PATH)
@click.option("--text-lines", is_flag=True, help=_("Each line is a text, not JSON."))
@click.option(
    "--batch", metavar="N", type=click.IntRange(1, 1024), default=32, show_default=True, help=_("Texts per step.")
)
@click.option("--into", metavar="DIR", type=ANY_PATH, help=_("Project into whose pool doubtful texts come."))
@click.option(
    "--most",
    metavar="N",
    type=click.IntRange(1, 10_000),
    default=200,
    show_default=True,
    help=_("With --into: texts that come at most."),
)
def predict_command(bundle: Path, file: Path, batch: int, into: Path | None, most: int, *, text_lines: bool) -> None:
    """Hand over to the program that ships in every bundle: the terminal process itself never loads onnxruntime."""
    require_bundle(bundle)
    if into is not None:
        _bring(into, bundle, file, most, text_lines=text_lines)
        return
    say_if_typed(file)
    args = [sys.executable, "-P", "-m", "exports.predict", "--batch", str(batch)]
    args += ["--text-lines", "--"] if text_lines else ["--"]
    os.execv(sys.executable, [*args, str(bundle), str(file)])  # noqa: S606 (no shell, fixed program)


def _bring(into: Path, bundle: Path, file: Path, most: int, *, text_lines: bool) -> None:
    from core import project as projects
    from tui import production
    from tui.waiting import wake

    found = production.read(into, bundle, file, most=most, text_lines=text_lines)
    report = found["report"]
    if report is None:
        say(_("No text is doubtful or far from the pool; none came into it."))
        return
    why = ", ".join(f"{name} {n}" for name, n in sorted(found["why"].items()))
    say(
        _("{new} texts came into {path}, {known} were there already ({why}).").format(
            new=report["new"], known=report["known"], path=shown_path(into), why=why
        )
    )
    project = projects.find(into)
    with project.open() as con:
        embedded = models.newest_ranking(con) is not None
    if embedded:
        wake(project)
