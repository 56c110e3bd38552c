"""`handful export`."""

from pathlib import Path
from typing import Any

import click

from core import intake, inuse
from core import project as projects
from core.i18n import _
from core.store import classes
from core.worker.rule import least_classes
from exports import hub
from exports.precision.table import HEAD, cells, remarks
from tui import jobs, pushing
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
        "handful export mail --student sentence-transformers/paraphrase-MiniLM-L3-v2",
        "handful export mail --to mail-model --push ada/mail-model --dry-run",
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
    help=_("Teach an encoder with fewer layers first, on unlabelled texts; it has to pass the same gates."),
)
@click.option(
    "--student",
    metavar="NAME|PATH",
    help=_("Teach this smaller encoder first: a Hugging Face id, or a directory. It has to pass the same gates."),
)
@click.option("--force", is_flag=True, help=_("Replace a bundle that is there."))
@click.option("--push", "repo", metavar="OWNER/NAME", help=_("Upload it to the hub, too; a new repository is private."))
@click.option("--dry-run", is_flag=True, help=_("With --push: only say what would be uploaded."))
@as_json
def export_command(
    directory: Path, target: Path | None, repo: str | None, *, force: bool, dry_run: bool, as_json: bool, **graph: Any
) -> None:
    """A job of the worker, narrated until its end; `graph`: in which precision, of which student."""
    if repo is not None:
        hub.check_name(repo)
    elif dry_run:
        raise click.UsageError(_("--dry-run says what --push would upload; add --push OWNER/NAME."))
    if graph["layers"] and graph["student"]:
        raise click.UsageError(_("A student has fewer layers, or is another encoder: give --layers or --student."))
    if graph["student"]:
        graph["student"] = intake.encoder_name(graph["student"])
    project = projects.find(directory)
    args = {"to": str(target.absolute()) if target else None, "force": force, **graph}
    with project.open() as con:
        if len(classes.counts(con)) < least_classes(con):
            inuse.model_in_use(project, con)
        result = dict(jobs.run(project, con, "export", args).result or {})
    if as_json:
        if repo is not None:
            result["push"] = pushing.push(Path(result["path"]), repo, public=False, dry_run=dry_run)
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
    if repo is not None:
        pushing.tell(pushing.push(Path(result["path"]), repo, public=False, dry_run=dry_run))
    say(_("Next: handful predict {path} FILE").format(path=shown_path(Path(result["path"]))))
