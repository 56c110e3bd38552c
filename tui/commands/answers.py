"""`handful answers`."""

from pathlib import Path

import click

from core import alone
from core import project as projects
from core.errors import InputError
from core.evaluation.calibration import Alone
from core.i18n import _
from tui.commands import about
from tui.options import directory
from tui.output import data_json, say


@click.command(
    "answers",
    help=about(
        "answers",
        _(
            "JSONL on standard output: open texts about which it is at least as sure as --above says, with its answer."
            " They are no labels: nothing is learnt from them. With the option answer_above the queue leaves such texts"
            " alone, but for audits and spot checks (spot_check). `handful metrics` tells what to expect of each limit."
        ),
        "handful answers mail --above 0.95 > answered.jsonl",
        "handful config mail answer_above 0.95",
    ),
)
@directory
@click.option(
    "--above", metavar="P", type=click.FloatRange(0, 1), help=_("Least confidence; default: the option answer_above.")
)
def answers_command(directory: Path, above: float | None) -> None:
    """What is to be expected of the answers is said on stderr."""
    project = projects.find(directory)
    limit = project.settings().answer_above if above is None else above
    if above is None and not limit:
        raise InputError(
            _("From which confidence on the model may answer by itself is not said."),
            _("The option answer_above is 0: never."),
            _("Give --above 0.95, or set it: handful config DIR answer_above 0.95"),
        )
    with project.open(readonly=True) as con:
        task = project.task(con)
        n = 0
        for one in alone.answers(project, con, limit):
            said = {"id": one.example_id, "text": one.text, task.field: one.answer, "confidence": one.confidence}
            data_json(said)
            n += 1
        found = alone.expected(project, con, limit)
    say(_("{n} texts answered at {limit} and above; {right}").format(n=n, limit=limit, right=_right(found)))


def _right(found: Alone) -> str:
    if not found.enough or found.precision is None or found.precision_interval is None:
        return _("too few were judged to tell how many of them are right ({n} of 20)").format(n=found.n)
    low, high = found.precision_interval
    return _("{share:.0f} % of such answers are right ({low:.0f} to {high:.0f}, {n} judged)").format(
        share=100 * found.precision, low=100 * low, high=100 * high, n=found.n
    )
