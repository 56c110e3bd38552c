"""`handful simulate`."""

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from core import intake
from core import settings as options
from core.errors import InputError
from core.i18n import _
from core.publish import publish_file
from core.settings import Settings
from core.show import visible
from core.simulation import summary
from core.simulation.plan import END, Plan, parse_rounds, parse_strategies
from tui import curve_files, simulated, simulating
from tui.commands import about
from tui.options import ANY_PATH, as_json
from tui.output import data_json, say, shown_path
from tui.simulating import Narrator

_OWN = ("seed", "strategy", "encoder", "round_every", "open_classes")
"""Options that the command itself decides about."""


@click.command(
    "simulate",
    help=about(
        "simulate",
        _(
            "The pool's own labels answer in your place, from no label at all; neither the classes' names nor their"
            " number is known beforehand. TEST is never asked or learnt from: it only says how good the model in use"
            " is after each batch, a class never met counting as F1 0. What is simulated lies in a temporary directory"
            " (TMPDIR says where) and is removed at the end."
        ),
        "handful simulate train.jsonl --test test.jsonl --budget 64",
        "handful simulate train.csv --test test.csv --budget 64 --compare random,margin,auto --seeds 10 --svg c.svg",
    ),
)
@click.argument("pool", metavar="POOL", type=ANY_PATH)
@click.option("--test", required=True, metavar="FILE", type=ANY_PATH, help=_("Held-out texts with their labels."))
@click.option("--budget", required=True, metavar="N", type=click.IntRange(1), help=_("Labels to spend in a run."))
@click.option("--text", metavar="COLUMN", help=_("Column that holds the text; default: found by name."))
@click.option("--label", metavar="COLUMN", help=_("Column that holds the label; default: called as the task says."))
@click.option("--task", metavar="NAME", default="classify", show_default=True, help=_("What an answer is."))
@click.option("--seed", metavar="S", type=click.IntRange(0, 2**31 - 1), help=_("One run with this seed; default: 0."))
@click.option("--seeds", metavar="K", type=click.IntRange(1, 1000), help=_("K runs, with seeds 0 to K-1."))
@click.option("--strategy", metavar="NAME", help=_("How texts are picked; default: auto."))
@click.option("--compare", metavar="A,B,…", help=_("Several strategies, each with the same seeds."))
@click.option(
    "--rounds",
    metavar="at:N,…|none",
    default=f"at:{END}",
    show_default=True,
    help=_("At how many labels a round of fine-tuning runs; `end` is the budget."),
)
@click.option(
    "--batch",
    metavar="N",
    type=click.IntRange(1, 10000),
    help=_("Labels between two rankings; default: an eighth of the labels so far, 4 to 50."),
)
@click.option("--names", is_flag=True, help=_("Tell the classes' names beforehand."))
@click.option("--encoder", metavar="NAME|PATH", help=_("minilm (embedded), a Hugging Face id, or a directory."))
@click.option("--set", "given", metavar="KEY=VALUE", multiple=True, help=_("Any other option of a project."))
@click.option("--svg", metavar="FILE", type=ANY_PATH, help=_("Draw the curves into this file."))
@click.option("--csv", metavar="FILE", type=ANY_PATH, help=_("Write every step into this file."))
@click.option("--force", is_flag=True, help=_("Replace files that are there."))
@as_json
def simulate_command(*, svg: Path | None, csv: Path | None, force: bool, as_json: bool, **said: Any) -> None:
    """What can be wrong with the command line is found before anything heavy is started."""
    plan = _plan(said)
    for target in (svg, csv):
        if target is not None:
            _require_free(target, force=force)
    result = _run(plan)
    if as_json:
        data_json(result)
    else:
        simulated.show(result)
    runs = result["runs"]
    if svg is not None:
        title = _("{pool}, {n} runs each").format(pool=result["pool"]["file"], n=len(plan.seeds))
        _write(svg, curve_files.as_svg(summary.curves(runs), title))
    if csv is not None:
        _write(csv, curve_files.as_csv(runs))


def _plan(said: Mapping[str, Any]) -> Plan:
    """The plan that the options describe; raises InputError for those that don't fit together."""
    for one, other in (("seed", "seeds"), ("strategy", "compare")):
        if said[one] is not None and said[other] is not None:
            raise InputError(
                _("--{one} and --{other} can't be given together.").format(one=one, other=other),
                "",
                _("Leave one of them out."),
            )
    strategies = parse_strategies(said["compare"] or said["strategy"] or "auto")
    if said["strategy"] is not None and len(strategies) > 1:
        raise InputError(
            _("Several strategies can't be run as one."), said["strategy"], _("Compare them: --compare A,B")
        )
    return Plan(
        pool=said["pool"],
        test=said["test"],
        budget=said["budget"],
        rounds=parse_rounds(said["rounds"], said["budget"]),
        task=said["task"],
        text=said["text"],
        label=said["label"],
        seeds=tuple(range(said["seeds"])) if said["seeds"] else (said["seed"] or 0,),
        strategies=strategies,
        batch=said["batch"],
        names=said["names"],
        settings=_settings(said["encoder"], said["given"]),
    )


def _settings(encoder: str | None, given: Sequence[str]) -> Settings:
    found = Settings()
    if encoder is not None:
        found = options.changed(found, "encoder", intake.encoder_name(encoder))
    for pair in given:
        key, equals, value = pair.partition("=")
        if key in _OWN or not equals:
            may = [option.name for option in fields(Settings) if option.name not in _OWN]
            raise InputError(
                _("--set can't take {pair!r}.").format(pair=visible(pair)),
                _("It takes KEY=VALUE, where KEY is one of: {keys}.").format(keys=", ".join(may)),
                _("What else there is has an option of its own: handful simulate --help"),
            )
        found = options.changed(found, key, value)
    return found


def _require_free(target: Path, *, force: bool) -> None:
    shown = visible(os.fspath(target))
    if "\0" in os.fspath(target) or not target.parent.is_dir():
        raise InputError(_("There is no such directory."), visible(os.fspath(target.parent)), _("Make it first."))
    if target.is_symlink() or target.is_dir():
        raise InputError(_("The curves can't be written there."), shown, _("Name a file, no directory and no link."))
    if target.exists() and not force:
        raise InputError(_("There is a file already."), shown, _("Name another, or add --force to replace it."))


def _run(plan: Plan) -> dict[str, Any]:
    narrator = Narrator(len(plan.seeds) * len(plan.strategies))
    result: dict[str, Any] = {}
    with closing(simulating.events(plan)) as told:
        try:
            for event in told:
                narrator.tell(event)
                if event.kind == "result":
                    result = dict(event.payload)
        finally:
            narrator.end()
    return result


def _write(target: Path, content: str) -> None:
    publish_file(target, content.encode())
    say(_("Written: {path}").format(path=shown_path(target)))
