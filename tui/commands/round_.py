"""`handful round`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from core import project as projects
from core import settings as options
from core import work
from core.errors import InputError, RefusedError
from core.i18n import _
from core.worker import rule
from tui import jobs
from tui.commands import about
from tui.options import as_json, directory
from tui.output import data, data_json, paragraph, shown_path

OVERRIDES = {
    "epochs": ("N", _("Passes over the labelled texts.")),
    "optimizer": ("NAME", _("adamw or sgd.")),
    "learning_rate": ("X", _("Peak learning rate.")),
    "dropout": ("X", _("Dropout inside the encoder.")),
    "weight_decay": ("X", _("Decoupled weight decay.")),
    "folds": ("K", _("Folds of the cross-validation.")),
    "augment": ("WAY", _("none, drop or swap: a tenth of the tokens, each time anew.")),
    "patience": ("N", _("End a fold after N epochs without a lower held-out loss; 0: never.")),
}
"""What `--full` takes, instead of the project's options and for this round alone: name → (metavar, help)."""
_OPTION = {"folds": "round_folds"}
"""Their names among the project's options, where those differ."""

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _overrides(command: _Command) -> _Command:
    for name, (metavar, said) in reversed(OVERRIDES.items()):
        command = click.option(f"--{name.replace('_', '-')}", name, metavar=metavar, help=said)(command)
    return command


@click.command(
    "round",
    help=about(
        "round",
        _(
            "The tuned encoder is kept only if it is not worse than the untouched one on the same labels. --full is"
            " plain fine-tuning: all weights, cross-entropy alone, every text once an epoch. The options below it stand"
            " in for the project's in this round."
        ),
        "handful round mail --wait",
        "handful round mail --full --epochs 20 --patience 3 --folds 5",
    ),
)
@directory
@click.option("--wait", is_flag=True, help=_("Narrate the round and return when it is over."))
@click.option("--device", metavar="NAME", help=_("Where to compute this once: cpu, cuda, cuda:1, mps."))
@click.option("--full", is_flag=True, help=_("Fine-tune plainly, as with thousands of labels."))
@_overrides
@as_json
def round_command(
    directory: Path, device: str | None, *, wait: bool, full: bool, as_json: bool, **given: str | None
) -> None:
    """One at a time; labelling goes on meanwhile."""
    project = projects.find(directory)
    args = _arguments(device, given, full=full)
    with project.open() as con:
        problem = rule.round_problem(con)
        if problem:
            raise RefusedError(
                _("A round can't start."), problem, _("See: handful status {path}").format(path=shown_path(directory))
            )
        job_id = work.submit(project, con, "round", args)
    result = dict(jobs.watch(project, job_id).result or {}) if wait else {}
    if as_json:
        data_json({"job": job_id, **result})
    elif wait:
        paragraph(_("Round {round}: {verdict}").format(**result))
    else:
        data(_("Job {id} is under way; follow it: handful jobs {path}").format(id=job_id, path=shown_path(directory)))


def _arguments(device: str | None, given: dict[str, str | None], *, full: bool) -> dict[str, Any]:
    """The job's arguments; raises InputError for a value that does not fit."""
    args: dict[str, Any] = {"device": options.parse("device", device)} if device is not None else {}
    chosen = {_OPTION.get(name, name): raw for name, raw in given.items() if raw is not None}
    values = {key: options.parse(key, raw) for key, raw in chosen.items()}
    if full:
        return args | {"recipe": "full", "options": values}
    if values:
        raise InputError(
            _("These options belong to --full."),
            ", ".join(f"--{name.replace('_', '-')}" for name, raw in given.items() if raw is not None),
            _("Add --full, or set them for all rounds: handful config DIR epochs 20"),
        )
    return args
