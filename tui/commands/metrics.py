"""`handful metrics`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import click

from core import inuse, judged
from core import project as projects
from core.connection import Connection
from core.evaluation.calibration import Off, off_words
from core.evaluation.report import Report, reports
from core.i18n import _
from core.project import Project
from core.records import Source
from core.store import classes, models
from core.worker.rule import least_classes
from tui import told
from tui.commands import about
from tui.options import as_json, directory
from tui.output import data, data_json, percent, say, table
from tui.waiting import wait_for_ranking

SOURCES: tuple[Source, ...] = get_args(Source)


@click.command(
    "metrics",
    help=about(
        "metrics",
        _(
            "They are those of the model in use. Every number says how many texts it rests on and where they come from:"
            " your test set, an audit of texts drawn at random, or labelled texts judged by models that never saw them."
        ),
        "handful metrics mail",
        "handful metrics mail --source test --json",
    ),
)
@directory
@click.option("--source", type=click.Choice(SOURCES), help=_("Only numbers from this evidence."))
@click.option("--wait/--no-wait", default=True, help=_("Wait until the last answer has been learnt from."))
@as_json
def metrics_command(directory: Path, source: Source | None, *, wait: bool, as_json: bool) -> None:
    """Below the texts that are enough to tell, people get words instead of numbers."""
    project = projects.find(directory)
    with project.open() as con:
        if wait and len(classes.counts(con)) >= least_classes(con):
            wait_for_ranking(project, con, judged=True)
        model = inuse.model_in_use(project, con).name
        wanted = (source,) if source else SOURCES
        found = collect(project, con, model, wanted)
        sure = {one: said for one in wanted if (said := told.confidence(project, model, one)) is not None}
    if as_json:
        data_json({"model": model, "reports": [report.as_json() for report in found], "confidence": sure})
        return
    data(_("Model in use: {model}").format(model=inuse.called(model)))
    if not found:
        say(_("There is no such evidence yet.") if source else _("Nothing was judged yet."))
    for report in found:
        print_report(report)
        if not report.slice and report.enough and report.source in sure:
            print_confidence(sure[report.source])


def collect(project: Project, con: Connection, model: str, sources: tuple[Source, ...]) -> list[Report]:
    """The newest report from each source, slices after the whole."""
    task, names = project.task(con), classes.names(con)
    evaluations = [models.newest_evaluation(con, model, source) for source in sources]
    return [
        report
        for found in evaluations
        if found is not None
        for report in reports(task, found, names, *judged.beside(judged.behind(project, found)))
    ]


_RATIOS = {"partial_f1": _("partial"), "ends_f1": _("ends alone")}
_KINDS = {
    "right": _("right"),
    "wrong_ends": _("with wrong ends"),
    "wrong_class": _("of a wrong class"),
    "wrong_both": _("wrong in both"),
    "missed": _("missed"),
    "spurious": _("spurious"),
}
"""What the numbers of a task are called; one that is not listed goes by its own name."""


def print_report(report: Report) -> None:
    """One table; below the texts that are enough to tell, words instead of numbers."""
    data("")
    part = f" · {report.slice}" if report.slice else ""
    data(_("{source}{part}: {n} texts").format(source=report.source, part=part, n=report.n))
    if report.pool is not None:
        said = _("  They stand for {open:,} open texts; {labelled:,} labelled ones are counted as answered.")
        data(said.format(open=report.pool.open, labelled=report.pool.labelled))
    if not report.enough:
        data(_("  too few to tell"))
        return
    data(
        _("  accuracy {accuracy}, macro-F1 {f1}  (90 % intervals)").format(
            accuracy=percent(report.accuracy, report.accuracy_interval),
            f1=percent(report.macro_f1, report.macro_f1_interval),
        )
    )
    if report.means:
        data(
            _("  micro-F1 {micro}{both}{means}; accuracy is of whole sets").format(
                micro=percent(report.micro_f1, report.micro_f1_interval),
                both=_both(report),
                means="".join(f", {name} {percent(one.value, one.interval)}" for name, one in report.means.items()),
            )
        )
    if report.ratios:
        micro, rest = percent(report.micro_f1, report.micro_f1_interval), _both(report)
        data(_("  entity F1 {micro}{both}; accuracy is of whole texts").format(micro=micro, both=rest))
        ratios = (f"{_RATIOS.get(name, name)} {percent(r.value, r.interval)}" for name, r in report.ratios.items())
        data("  " + ", ".join(ratios))
        data("  " + ", ".join(f"{n} {_KINDS.get(name, name)}" for name, n in report.kinds.items()))
    ranked = any(c.average_precision is not None for c in report.classes) and bool(report.means)
    rows = [
        (
            f"  {c.name}",
            c.support,
            percent(c.precision, c.precision_interval),
            percent(c.recall, c.recall_interval),
            percent(c.f1, c.f1_interval),
            *(["—" if c.average_precision is None else f"{c.average_precision:.2f}"] if ranked else []),
        )
        for c in report.classes
    ]
    head = [
        _("  class"),
        _("spans") if report.ratios else _("texts"),
        _("precision"),
        _("recall"),
        _("F1"),
        *([_("AP")] if ranked else []),
    ]
    table(head, rows, right=(1, 2, 3, 4, 5))
    _print_kinds(report)


_HEADS = {"wrong_ends": _("wrong ends"), "wrong_class": _("wrong class"), "wrong_both": _("both")}
"""What of a span is wrong, over a column; other kinds go by what they are called elsewhere."""


def _print_kinds(report: Report) -> None:
    """Kinds of mistakes by class, for tasks that count some."""
    there = [c for c in report.classes if any(c.kinds.values())]
    if not there:
        return
    kinds = list(report.kinds)
    rows = [(f"  {c.name}", *(c.kinds[kind] for kind in kinds)) for c in there]
    heads = [_HEADS.get(kind) or _KINDS.get(kind, kind) for kind in kinds]
    table([_("  class"), *heads], rows, right=tuple(range(1, 1 + len(kinds))))


def _both(report: Report) -> str:
    """Precision and recall of all labels, or spans, together."""
    return _(", precision {p}, recall {r}").format(
        p=percent(report.micro_precision, report.micro_precision_interval),
        r=percent(report.micro_recall, report.micro_recall_interval),
    )


def _off(said: Mapping[str, Any]) -> str:
    found = said["off"]
    off = None if found is None else Off(found["n"], found["value"], (found["interval"][0], found["interval"][1]))
    return off_words(off) + _(" · {n} judged").format(n=said["n"])


def print_confidence(said: Mapping[str, Any]) -> None:
    """How far confidence is off, and what answering alone from some confidence on would mean."""
    data("  " + _off(said))
    if said["pieces"]:
        data(_("  of spans: {said}").format(said=_off(said["pieces"])))
    rows = [
        (
            f"  {one['limit']:.2f}",
            "—" if one["coverage"] is None else f"{100 * one['coverage']:.0f} %",
            percent(one["precision"], one["precision_interval"]) if one["enough"] else _("too few to tell"),
            one["n"],
        )
        for one in said["alone"]
    ]
    table([_("  alone from"), _("open texts"), _("of these right"), _("judged")], rows, right=(1, 3))
