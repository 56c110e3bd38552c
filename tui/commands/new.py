"""`handful new`."""

from pathlib import Path

import click

from core.i18n import _
from core.intake import new_project
from tui.commands import about
from tui.importing import Bar, report_import, warn_unreadable
from tui.options import ANY_PATH, as_json, directory


@click.command(
    "new",
    help=about(
        "new",
        _(
            "The project is made whole or not at all. With --labels the classes are a closed list; without, the first"
            " answer with a new name makes the class. --label takes over the answers that a column holds."
        ),
        "handful new mail --data mail.csv --labels billing,delivery,other",
        "handful new mail --data mail.jsonl --label category --test judged.jsonl",
    ),
)
@directory
@click.option(
    "--data",
    required=True,
    metavar="SOURCE",
    type=ANY_PATH,
    help=_("A file of texts, a directory, or hf:owner/name:split."),
)
@click.option("--text", metavar="COLUMN", help=_("Column that holds the text; default: found by name."))
@click.option(
    "--label",
    metavar="COLUMN",
    multiple=True,
    help=_("Column with existing answers, to be taken over; given again: one column for each label."),
)
@click.option("--task", metavar="NAME", default="classify", show_default=True, help=_("What an answer is."))
@click.option("--labels", metavar="A,B|FILE", help=_("The classes: names, or a TOML or CSV file that describes them."))
@click.option("--test", metavar="FILE", type=ANY_PATH, help=_("Held-out texts with answers, never asked."))
@click.option("--encoder", metavar="NAME|PATH", help=_("minilm (embedded), a Hugging Face id, or a directory."))
@as_json
def new_command(  # noqa: PLR0913 (each is an option)
    directory: Path,
    data: Path,
    text: str | None,
    label: tuple[str, ...],
    task: str,
    labels: str | None,
    test: Path | None,
    encoder: str | None,
    *,
    as_json: bool,
) -> None:
    """Nothing is left behind if that fails."""
    with Bar() as bar:
        project, reports = new_project(
            directory,
            data=data,
            task=task,
            text=text,
            label=label,
            labels=labels,
            test=test,
            encoder=encoder,
            progress=bar,
        )
    report_import(reports, as_json=as_json, directory=directory)
    warn_unreadable(project, directory)
