"""`handful suspects`."""

from pathlib import Path
from typing import Any

import click

from core import checking
from core import project as projects
from core.checking import KINDS, Suspect
from core.connection import Connection
from core.evaluation.repeated import SelfAgreement
from core.i18n import _
from core.records import Example
from core.store import classes, examples
from core.tasks.base import Task
from core.worker.rule import least_classes
from tui.commands import about
from tui.options import annotator, as_json, directory
from tui.output import data, data_json, say, table
from tui.suspects import weight_of
from tui.texts import in_words
from tui.waiting import wait_for_ranking

SHOWN = 20


@click.command(
    "suspects",
    help=about(
        "suspects",
        _(
            "Three kinds: doubt (models that had not seen the text speak against its label), copies (near-identical"
            " texts with different labels), again (texts you answered otherwise when asked again). `handful check`"
            " settles them. A doubt of 40× says that the models find the other label forty times as likely; an !, that"
            " they are as sure of it as where it is right."
        ),
        "handful suspects mail",
        "handful suspects mail --kind copies --json",
    ),
)
@directory
@click.option("--kind", type=click.Choice(KINDS), help=_("Only this kind."))
@click.option("-n", "n", type=click.IntRange(1), default=SHOWN, show_default=True, help=_("At most so many."))
@click.option("--again", type=click.IntRange(1), metavar="N", help=_("Instead: N of your own texts to answer again."))
@click.option("--wait/--no-wait", default=True, help=_("Wait until the last answer has been learnt from."))
@annotator
@as_json
def suspects_command(
    directory: Path, kind: str | None, n: int, again: int | None, annotator: str, *, wait: bool, as_json: bool
) -> None:
    """Nothing is changed by looking."""
    project = projects.find(directory)
    with project.open() as con:
        if again:
            _questions(con, annotator, again, project.settings().seed, as_json=as_json)
            return
        if wait and len(classes.counts(con)) >= least_classes(con):
            wait_for_ranking(project, con, judged=True)
        task = project.task(con)
        found = checking.overview(project, con)
        listed = [one for one in found.suspects if kind in (None, one.kind)][:n]
        ids = {i for one in listed for i in one.answers} | {one.beside.example_id for one in listed if one.beside}
        texts = {example.id: example for example in examples.get(con, sorted(ids))}
        listed = [one for one in listed if one.id in texts]
        rows = [_row(task, one, texts, classes.names(con)) for one in listed]
        own = checking.agreement(con, task, annotator)
    if as_json:
        told = {"model": found.subject, "judged": found.checked, "kept": found.kept}
        data_json({**told, "suspects": rows, "self_agreement": own.as_json()})
        return
    if found.checked is None:
        say(_("No label was judged yet: a model needs some labels of two classes or more."))
    if not rows:
        say(_("No label looks wrong."))
    else:
        head = ("id", _("why"), "", _("text"), _("label"), _("or rather"))
        table(head, [_cells(one, row) for one, row in zip(listed, rows, strict=True)], right=(0, 2))
    data(_agreement(own))


def _row(task: Task[Any], one: Suspect, texts: dict[int, Example], names: dict[int, str]) -> dict[str, Any]:
    beside = texts.get(one.beside.example_id) if one.beside else None
    return {
        "id": one.id,
        "kind": one.kind,
        "weight": one.weight,
        "odds": one.odds,
        "confident": one.confident,
        "text": texts[one.id].text,
        "answer": task.to_file(task.decode(one.given.stored or ""), names),
        "suggested": task.to_file(task.decode(one.suggested), names),
        "annotator": one.given.annotator,
        "beside": {"id": beside.id, "text": beside.text} if beside else None,
    }


def _cells(one: Suspect, row: dict[str, Any]) -> tuple[str, ...]:
    weight = weight_of(one) + ("!" if one.confident else " ")
    return str(row["id"]), row["kind"], weight, row["text"], in_words(row["answer"]), in_words(row["suggested"])


def _agreement(found: SelfAgreement) -> str:
    """One line about a person with themselves."""
    if not found.n:
        return _("Self-agreement: nothing was asked again yet (handful suspects DIR --again 20).")
    said = _("Self-agreement: {same} of {n} the same").format(same=found.same, n=found.n)
    if not found.enough or found.kappa is None or found.interval is None:
        return said + _(", too few to tell.")
    low, high = found.interval
    return said + _(", kappa {k:.2f} ({low:.2f}-{high:.2f}).").format(k=found.kappa, low=low, high=high)


def _questions(con: Connection, annotator: str, n: int, seed: int, *, as_json: bool) -> None:
    """Texts without the answers that were given: they are asked blind."""
    ids = [given.example_id for given in checking.to_ask_again(con, annotator, n, seed)]
    found = [{"id": example.id, "text": example.text} for example in examples.get(con, ids)]
    if not found:
        say(_("Nothing to ask again yet: only what you answered a day or {n} answers ago.").format(n=checking.PASSED))
    elif as_json:
        for row in found:
            data_json(row)
    else:
        table(("id", _("text")), [(row["id"], row["text"]) for row in found], right=(0,))
