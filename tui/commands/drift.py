"""`handful drift`."""

from pathlib import Path

import click

from core.i18n import _
from tui import production
from tui.commands import about
from tui.commands.predict import require_bundle
from tui.options import ANY_PATH, as_json, directory
from tui.output import data, data_json, table


@click.command(
    "drift",
    help=about(
        "drift",
        _(
            "The bundle reads texts from production and 1,000 of the project's pool: how far each lies from the pool,"
            " by the features its head works on, and which share gets which class, or spans of it. All intervals are at"
            " 90 %."
        ),
        "handful drift mail mail-model today.jsonl",
        "handful drift mail mail-model spool/feedback.jsonl --json",
    ),
)
@directory
@click.argument("bundle", metavar="BUNDLE", type=ANY_PATH)
@click.argument("file", metavar="[FILE|-]", default="-", type=ANY_PATH)
@click.option("--text-lines", is_flag=True, help=_("Each line is a text, not JSON."))
@as_json
def drift_command(directory: Path, bundle: Path, file: Path, *, text_lines: bool, as_json: bool) -> None:
    """Nothing is written; the numbers come from a child process."""
    require_bundle(bundle)
    said = production.read(directory, bundle, file, most=0, text_lines=text_lines)["drift"]
    if as_json:
        data_json(said)
        return
    for line in production.sentences(said):
        data(line)
    if said["enough"]:
        data("")
        table(list(production.HEAD), production.rows(said), right=(1, 2, 3, 4))
