"""`handful export`."""

from pathlib import Path

import click

from core import inuse
from core import project as projects
from core.i18n import _
from core.store import classes
from core.worker.rule import least_classes
from exports.precision.table import HEAD, cells, remarks
from tui import jobs
from tui.commands import about
from tui.options import ANY_PATH, as_json, directory
from tui.output import data, data_json, paragraph, say, shown_path, size, table


@click.command(
    "export",
    help=about(
        "export",
        _(
            "No bundle is made unless onnxruntime gives the same answers as the model it came from. With --precision"
            " int8 or fp16 it must answer 99 % of 2,000 unlabelled texts as fp32 does, and lose one point of macro-F1"
            " at most."
        ),
        "handful export mail --to mail-model",
        "handful export mail --precision int8",
    ),
)
@directory
@click.option("--to", "target", metavar="OUT", type=ANY_PATH, help=_("The bundle's directory."))
@click.option(
    "--precision",
    metavar="NAME",
    default="fp32",
    show_default=True,
    help=_("Format of numbers: fp32, fp16 for GPUs, int8 for CPUs."),
)
@click.option(
    "--layers",
    metavar="N",
    type=click.IntRange(1, 1000),
    help=_("Teach an encoder with fewer layers first, on the pool; it has to pass the same gates."),
)
@click.option("--force", is_flag=True, help=_("Replace a bundle that is there."))
@as_json
def export_command(
    directory: Path, target: Path | None, precision: str, layers: int | None, *, force: bool, as_json: bool
) -> None:
    """A job of the worker, narrated until its end."""
    project = projects.find(directory)
    args = {
        "to": str(target.absolute()) if target else None,
        "force": force,
        "precision": precision,
        "layers": layers or 0,
    }
    with project.open() as con:
        if len(classes.counts(con)) < least_classes(con):
            inuse.model_in_use(project, con)
        result = dict(jobs.run(project, con, "export", args).result or {})
    if as_json:
        data_json(result)
        return
    data(_("Bundle: {path} ({size})").format(path=result["path"], size=size(result["size_bytes"])))
    parity = result["parity"]
    data(
        _("Parity with training: largest difference of logits {diff:.1e} on {n} texts, {flips} answers differ.").format(
            diff=parity["max_abs_diff"], n=parity["texts"], flips=parity["flips"]
        )
    )
    if "compared" in result["precision"]:
        rows = result["precision"]["compared"]
        table(HEAD, [cells(row) for row in rows], right=range(1, len(HEAD)))
        for line in remarks(rows):
            paragraph(line)
    say(_("Next: handful predict {path} FILE").format(path=shown_path(Path(result["path"]))))
