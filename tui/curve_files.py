"""Learning curves as files: SVG for people, CSV for other programs. Pure functions; whatever is a name is escaped."""

import csv
import io
from collections.abc import Callable, Sequence
from html import escape

from core.i18n import _
from core.show import visible
from core.simulation.summary import Curve, Point, Run, Spread
from exports.formats.delimited import safe
from tui.curves import scale

_WIDTH, _HEIGHT = 460, 340
"""One panel, in pixels."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 14, 34, 40
_COLOURS = ("#1f6feb", "#d1242f", "#2da44e", "#bf8700", "#8250df", "#57606a", "#0a7ea4", "#bc4c00")
"""Told apart by people who see few colours, in this order; dashes help where they don't."""
_DASHES = ("", "6 3", "2 3", "8 3 2 3")
_STEP = ("strategy", "seed", "labels", "model", "accuracy", "macro_f1")

Measure = Callable[[Point], Spread]


def as_csv(runs: Sequence[Run]) -> str:
    """A line for each step of each run; seconds and reasons are in the JSON."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_STEP)
    for run in runs:
        for step in run["steps"]:
            row = {"strategy": safe(run["strategy"]), "seed": run["seed"], **step, "model": step["model"] or ""}
            writer.writerow([row[name] for name in _STEP])
    return out.getvalue()


def as_svg(curves: Sequence[Curve], title: str) -> str:
    """Two panels, accuracy and macro-F1 over labels: means as lines, one standard deviation as bands."""
    panels = [
        _panel(curves, _("accuracy"), lambda point: point.accuracy, 0),
        _panel(curves, _("macro-F1"), lambda point: point.macro_f1, _WIDTH),
    ]
    width, height = 2 * _WIDTH, _HEIGHT + 24 + 18 * len(curves)
    look = 'font-family="sans-serif" font-size="12" fill="#24292f"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {look}>',
        f"<title>{_text(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *(line for panel in panels for line in panel),
        *_legend(curves),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _panel(curves: Sequence[Curve], name: str, measure: Measure, offset: int) -> list[str]:
    points = [point for curve in curves for point in curve.points]
    low, high = scale([measure(point).mean for point in points])
    left = min(point.labels for point in points)
    span = max(max(point.labels for point in points) - left, 1)

    def place(labels: int, value: float) -> tuple[float, float]:
        x = offset + _LEFT + (labels - left) / span * (_WIDTH - _LEFT - _RIGHT)
        within = min(max(value, low), high)
        return x, _TOP + (high - within) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    lines = [f'<text x="{offset + _LEFT}" y="20" font-weight="bold">{_text(name)}</text>']
    for number in range(5):
        value = low + (high - low) * number / 4
        (x0, y), (x1, _y) = place(left, value), place(left + span, value)
        lines.append(f'<path d="M{x0:.1f} {y:.1f}H{x1:.1f}" stroke="#d0d7de" fill="none"/>')
        lines.append(f'<text x="{x0 - 6:.1f}" y="{y + 4:.1f}" text-anchor="end">{value:.2f}</text>')
        labels = left + span * number // 4
        x, bottom = place(labels, low)
        lines.append(f'<text x="{x:.1f}" y="{bottom + 18:.1f}" text-anchor="middle">{labels}</text>')
    lines.append(
        f'<text x="{offset + _WIDTH / 2:.1f}" y="{_HEIGHT - 4}" text-anchor="middle">{_text(_("labels"))}</text>'
    )
    for number, curve in enumerate(curves):
        lines += _line(curve, measure, number, place)
    return lines


def _line(curve: Curve, measure: Measure, number: int, place: Callable[[int, float], tuple[float, float]]) -> list[str]:
    colour = _COLOURS[number % len(_COLOURS)]
    found = [(point.labels, measure(point)) for point in curve.points]
    above = [place(x, v.mean + (v.sd or 0.0)) for x, v in found]
    below = [place(x, v.mean - (v.sd or 0.0)) for x, v in found]
    middle = [place(x, v.mean) for x, v in found]
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="{colour}"/>' for x, y in middle]
    return [
        f'<polygon points="{_points([*above, *reversed(below)])}" fill="{colour}" fill-opacity="0.12"/>',
        f'<polyline points="{_points(middle)}" {_stroke(number)}/>',
        *dots,
    ]


def _legend(curves: Sequence[Curve]) -> list[str]:
    lines = []
    for number, curve in enumerate(curves):
        y = _HEIGHT + 20 + 18 * number
        lines.append(f'<path d="M{_LEFT} {y}h28" {_stroke(number)}/>')
        lines.append(f'<text x="{_LEFT + 36}" y="{y + 4}">{_text(curve.name)}</text>')
    return lines


def _stroke(number: int) -> str:
    colour, dashes = _COLOURS[number % len(_COLOURS)], _DASHES[number % len(_DASHES)]
    return f'fill="none" stroke="{colour}" stroke-width="2"' + (f' stroke-dasharray="{dashes}"' if dashes else "")


def _points(found: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in found)


def _text(text: str) -> str:
    """Text that is no markup, and holds no character XML does not have."""
    return escape(visible(text))
