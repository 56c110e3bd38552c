"""What came out of a simulation, for people: tables and curves on standard output."""

from collections.abc import Mapping, Sequence
from typing import Any

from core import plugins
from core.i18n import _
from core.simulation import summary
from core.simulation.summary import Curve, Spread
from tui import curves
from tui.output import data, paragraph, table

_A_TABLE = 3
"""Columns of numbers that fit into a line."""


def show(result: Mapping[str, Any]) -> None:
    """A table of steps for a single run; for more, the curves, means with their spread, and who is ahead."""
    runs = result["runs"]
    found = summary.curves(runs)
    data(
        _("{pool}: {n:,} texts, {budget} labels; judged on {test}: {m:,} texts").format(
            pool=result["pool"]["file"],
            n=result["pool"]["used"],
            budget=result["budget"],
            test=result["test"]["file"],
            m=result["test"]["texts"],
        )
    )
    if result["names"]:
        data(_("The classes' names were known beforehand."))
    data("")
    if len(runs) == 1:
        _print_steps(runs[0], entities=bool(plugins.load(plugins.TASKS, result["task"]).ratios))
        return
    for line in curves.draw(found):
        data(line)
    _print_points(found)
    _print_ends(found, runs)


def _print_steps(run: Mapping[str, Any], *, entities: bool) -> None:
    """`entities`: accuracy is of whole texts, and what was marked in them has an F1 of its own."""
    rows = [
        (
            step["labels"],
            f"{step['accuracy']:.3f}",
            f"{step['macro_f1']:.3f}",
            *([f"{step['micro_f1']:.3f}"] if entities else []),
            step["model"] or "—",
            " ".join(f"{reason.partition('/')[2]}:{n}" for reason, n in step["reasons"].items()),
        )
        for step in run["steps"]
    ]
    more = [_("entity F1")] if entities else []
    head = [_("labels"), _("accuracy"), _("macro-F1"), *more, _("model"), _("asked because")]
    table(head, rows, right=range(3 + len(more)))
    for step in run["steps"]:
        told = step["round"]
        if told is not None:
            data(_("Round at {n} labels: {said}").format(n=step["labels"], said=told["problem"] or told["verdict"]))


def _print_points(found: Sequence[Curve]) -> None:
    """Accuracy after every step, mean ± standard deviation, a column a strategy."""
    for start in range(0, len(found), _A_TABLE):
        some = found[start : start + _A_TABLE]
        data("")
        data(_("accuracy, mean ± standard deviation between seeds"))
        rows = [
            (points[0].labels, *(_spread(point.accuracy) for point in points))
            for points in zip(*(curve.points for curve in some), strict=True)
        ]
        table([_("labels"), *(curve.name for curve in some)], rows, right=range(len(some) + 1))


def _print_ends(found: Sequence[Curve], runs: Sequence[summary.Run]) -> None:
    data("")
    rows = [
        (curve.name, _spread(curve.points[-1].accuracy), _spread(curve.points[-1].macro_f1), _spread(curve.area))
        for curve in found
    ]
    table([_("at the end"), _("accuracy"), _("macro-F1"), _("area")], rows, right=(1, 2, 3))
    for other in summary.against_first(runs):
        paragraph(
            _("{name} against {first}: {mean:+.3f}{sd}, better with {better} of {seeds} seeds").format(
                name=other.name,
                first=found[0].name,
                mean=other.accuracy.mean,
                sd="" if other.accuracy.sd is None else f" ± {other.accuracy.sd:.3f}",
                better=other.better,
                seeds=other.seeds,
            )
        )


def _spread(value: Spread) -> str:
    return f"{value.mean:.3f}" + ("" if value.sd is None else f" ± {value.sd:.3f}")
