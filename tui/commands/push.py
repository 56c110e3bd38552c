"""`handful push`."""

from pathlib import Path

import click

from core.i18n import _
from tui import pushing
from tui.commands import about
from tui.commands.predict import require_bundle
from tui.options import ANY_PATH, as_json
from tui.output import data_json


@click.command(
    "push",
    help=about(
        "push",
        _(
            "The bundle's own files go up as one commit, nothing that may lie beside them. A repository that is new is"
            " private. The token is that of hf auth login, or HF_TOKEN."
        ),
        "handful push mail-model ada/mail-model --dry-run",
        "handful push mail-model ada/mail-model",
    ),
)
@click.argument("bundle", metavar="BUNDLE", type=ANY_PATH)
@click.argument("repo", metavar="OWNER/NAME")
@click.option("--public", is_flag=True, help=_("A repository that is new can be seen by everybody."))
@click.option("--dry-run", is_flag=True, help=_("Say what would be uploaded; nothing is sent."))
@as_json
def push_command(bundle: Path, repo: str, *, public: bool, dry_run: bool, as_json: bool) -> None:
    """The only command that sends anything anywhere."""
    require_bundle(bundle)
    said = pushing.push(bundle, repo, public=public, dry_run=dry_run)
    if as_json:
        data_json(said)
    else:
        pushing.tell(said)
