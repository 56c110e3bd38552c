"""`handful verify`."""

import os
import sys
from pathlib import Path

import click

from core.i18n import _
from tui.commands import about
from tui.commands.predict import require_bundle
from tui.options import ANY_PATH, as_json


@click.command(
    "verify",
    help=about(
        "verify",
        _(
            "Checksums, the contract's fields, inputs and outputs of the graph, and the answers to the texts stored"
            " with it. Where Handful is not installed, python BUNDLE/predict.py --verify BUNDLE does the same."
        ),
        "handful verify mail-model",
    ),
)
@click.argument("bundle", metavar="BUNDLE", type=ANY_PATH)
@as_json
def verify_command(bundle: Path, *, as_json: bool) -> None:
    """Hand over to the program that ships in every bundle, as `handful predict` does."""
    require_bundle(bundle)
    args = [sys.executable, "-P", "-m", "exports.predict", "--verify", *(["--json"] * as_json), "--", str(bundle)]
    os.execv(sys.executable, args)  # noqa: S606 (no shell, fixed program)
