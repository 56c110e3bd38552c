"""`handful predict`."""

import os
import sys

import click

from core.i18n import _
from tui.commands import sentence


@click.command("predict", help=sentence("predict"))
@click.argument("bundle", metavar="BUNDLE")
@click.argument("file", metavar="[FILE|-]", default="-")
@click.option("--text-lines", is_flag=True, help=_("Each line is a text, not JSON."))
@click.option("--batch", type=click.IntRange(1, 1024), default=32, show_default=True, help=_("Texts per step."))
def predict_command(bundle: str, file: str, batch: int, *, text_lines: bool) -> None:
    """Hand over to the program that ships in every bundle: the terminal process itself never loads onnxruntime."""
    args = [sys.executable, "-P", "-m", "exports.predict", bundle, file, "--batch", str(batch)]
    sys.stdout.flush()
    os.execv(sys.executable, [*args, "--text-lines"] if text_lines else args)  # noqa: S606 (no shell, fixed program)
