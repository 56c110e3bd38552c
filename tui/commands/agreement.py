"""`handful agreement`."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from core import agreeing
from core import project as projects
from core.agreeing import Report
from core.evaluation.agreement import Agreement
from core.i18n import _
from core.store import classes, people
from tui.commands import about
from tui.options import as_json, directory
from tui.output import data, data_json, paragraph, say, table


@click.command(
    "agreement",
    help=about(
        "agreement",
        _(
            "It rests on texts that several people answered on their own: the options `overlap` and `overlap_people`"
            " ask for some. Krippendorff's alpha, Fleiss' and Cohen's kappa are 1 for perfect agreement and 0 for what"
            " chance would bring; where one is undefined it is said why."
        ),
        "handful agreement mail",
        "handful agreement mail --json",
    ),
)
@directory
@as_json
def agreement_command(directory: Path, *, as_json: bool) -> None:
    """All of it, and the texts that wait for somebody to settle them."""
    project = projects.find(directory)
    with project.open(readonly=True) as con:
        found = agreeing.report(con, project.task(con))
        names = classes.names(con)
        waiting = people.contested(con)
    if as_json:
        data_json(_as_json(found, names) | {"contested": list(waiting)})
        return
    if not found.people:
        say(_("Nobody has labelled anything yet."))
        return
    _print_people(found)
    _print_agreement(found, names)
    if found.contested:
        said = _(
            "{n} texts are contested: no model learns them until they are settled (screen People, or label --settle)."
        )
        paragraph(said.format(n=found.contested))


def _as_json(found: Report, names: dict[int, str]) -> dict[str, Any]:
    said = asdict(found)
    said["classes"] = {names[class_id]: asdict(one) for class_id, one in found.classes.items()}
    return said


def told(one: Agreement) -> str:
    """A coefficient with its interval; a dash where it is undefined."""
    if one.value is None:
        return "—"
    interval = "" if one.interval is None else f" ({one.interval[0]:.2f} to {one.interval[1]:.2f})"
    return f"{one.value:.2f}{interval}"


def _print_people(found: Report) -> None:
    head = (_("name"), _("answered"), _("skipped"), _("settled"), _("seconds a text"))
    rows = [
        (one.name, one.answered, one.skipped, one.settled, "—" if one.seconds is None else f"{one.seconds:.1f}")
        for one in found.people
    ]
    table(head, rows, right=(1, 2, 3, 4))
    data("")


def _print_agreement(found: Report, names: dict[int, str]) -> None:
    data(_("{n} texts were answered by two or more people, {same} of them all the same.").format(
        n=found.shared, same=found.same))  # fmt: skip
    if not found.shared:
        paragraph(_("To ask some texts of several people: handful config DIR overlap 0.1"))
        return
    data(_("Krippendorff's alpha: {said}").format(said=told(found.alpha)))
    if found.fleiss is not None:
        said = _("Fleiss' kappa: {said}, on the {n} texts with {raters} answers")
        data(said.format(said=told(found.fleiss), n=found.fleiss.n, raters=found.raters))
    for why in dict.fromkeys(one.why for one in (found.alpha, found.fleiss) if one is not None and one.why):
        paragraph(why, "  ")
    data("")
    table(
        (_("two people"), "", _("texts"), _("same"), _("agreement")),
        [(pair.first, pair.second, pair.n, pair.same, told(pair.kappa)) for pair in found.pairs],
        right=(2, 3, 4),
    )
    data("")
    table(
        (_("class"), _("alpha")),
        [(names[class_id], told(one)) for class_id, one in found.classes.items()],
        right=(1,),
    )
    data("")
