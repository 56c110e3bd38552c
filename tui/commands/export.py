"""`handful export`."""

from pathlib import Path

import click

from core import inuse
from core import project as projects
from core.i18n import _
from core.store import classes
from core.worker.rule import least_classes
from exports import hub
from tui import jobs, pushing
from tui.commands import about
from tui.options import ANY_PATH, as_json, directory
from tui.output import data, data_json, say, shown_path, size


@click.command(
    "export",
    help=about(
        "export",
        _("No bundle is made unless onnxruntime gives the same answers as the model it came from."),
        "handful export mail --to mail-model",
        "handful export mail --to mail-model --push ada/mail-model --dry-run",
    ),
)
@directory
@click.option("--to", "target", metavar="OUT", type=ANY_PATH, help=_("The bundle's directory."))
@click.option("--force", is_flag=True, help=_("Replace a bundle that is there."))
@click.option("--push", "repo", metavar="OWNER/NAME", help=_("Upload it to the hub, too; a new repository is private."))
@click.option("--dry-run", is_flag=True, help=_("With --push: only say what would be uploaded."))
@as_json
def export_command(
    directory: Path, target: Path | None, repo: str | None, *, force: bool, dry_run: bool, as_json: bool
) -> None:
    """A job of the worker, narrated until its end."""
    if repo is not None:
        hub.check_name(repo)
    project = projects.find(directory)
    args = {"to": str(target.absolute()) if target else None, "force": force}
    with project.open() as con:
        if len(classes.counts(con)) < least_classes(con):
            inuse.model_in_use(project, con)
        result = dict(jobs.run(project, con, "export", args).result or {})
    if repo is not None:
        result["push"] = pushing.push(Path(result["path"]), repo, public=False, dry_run=dry_run)
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
    if repo is not None:
        pushing.tell(result["push"])
    say(_("Next: handful predict {path} FILE").format(path=shown_path(Path(result["path"]))))
