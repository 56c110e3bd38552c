"""`handful predict`."""

import os
import sys
from pathlib import Path

import click

from core.errors import InputError
from core.i18n import _
from tui.commands import about
from tui.options import ANY_PATH
from tui.output import say_if_typed, shown_path

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
        _("It reads JSONL with a field text, and writes JSONL with the label and every probability."),
        "handful predict mail-model texts.jsonl > answers.jsonl",
        """echo '{"text": "Where is my parcel?"}' | handful predict mail-model""",
    ),
)
@click.argument("bundle", metavar="BUNDLE", type=ANY_PATH)
@click.argument("file", metavar="[FILE|-]", default="-", type=ANY_PATH)
@click.option("--text-lines", is_flag=True, help=_("Each line is a text, not JSON."))
@click.option(
    "--batch", metavar="N", type=click.IntRange(1, 1024), default=32, show_default=True, help=_("Texts per step.")
)
def predict_command(bundle: Path, file: Path, batch: int, *, text_lines: bool) -> None:
    """Hand over to the program that ships in every bundle: the terminal process itself never loads onnxruntime."""
    require_bundle(bundle)
    say_if_typed(file)
    args = [sys.executable, "-P", "-m", "exports.predict", "--batch", str(batch)]
    args += ["--text-lines", "--"] if text_lines else ["--"]
    os.execv(sys.executable, [*args, str(bundle), str(file)])  # noqa: S606 (no shell, fixed program)
