"""Learning curves in cells, as SVG and as CSV: what is drawn lies where it should, and no name is markup."""

import csv
import io
import math
from xml.etree import ElementTree as ET

import pytest

from core.simulation import summary
from core.simulation.summary import Curve, Point, Spread
from tests.nasty import NASTY
from tests.unit.simulation.test_summary import RUNS, made
from tui import curve_files
from tui.curves import MARKS, draw, scale
from tui.output import cells

SVG = "{http://www.w3.org/2000/svg}"


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 (we wrote it)


def curve(name: str, *heights: float, sd: float | None = 0.05) -> Curve:
    points = tuple(Point(4 + 4 * n, Spread(h, sd), Spread(h / 2, sd)) for n, h in enumerate(heights))
    return Curve(name, points, Spread(0.5, sd))


def rows_of(lines: list[str], mark: str) -> list[int]:
    """Row of the mark in each column, -1 where it is not seen."""
    picture = [line[7:].ljust(71) for line in lines if line[6:7] == "│"]
    return [next((r for r, line in enumerate(picture) if line[c] == mark), -1) for c in range(71)]


def test_a_rising_curve_rises_from_edge_to_edge() -> None:
    lines = draw([curve("auto", 0.3, 0.5, 0.9)])
    rows = rows_of(lines, MARKS[0])
    assert rows == sorted(rows, reverse=True)
    assert (rows[0], rows[-1]) == (13, 0)
    assert lines[0].startswith("  0.9 │")
    assert lines[13].startswith("  0.3 │")
    assert lines[15].split() == ["4", "12"]


def test_every_curve_has_its_mark_and_the_first_one_is_on_top() -> None:
    lines = draw([curve("random", 0.3, 0.6), curve("auto", 0.3, 0.9)])
    assert rows_of(lines, MARKS[0])[0] == 13
    assert rows_of(lines, MARKS[1])[0] == -1
    assert rows_of(lines, MARKS[1])[-1] == 0
    assert f"{MARKS[0]} random {MARKS[1]} auto" in lines[-1]


@pytest.mark.parametrize("heights", [(0.0,), (1.0,), (0.5, 0.5), (0.0, 1.0)])
@pytest.mark.parametrize("width", [40, 78])
def test_every_line_fits(heights: tuple[float, ...], width: int) -> None:
    many = [curve(f"strategy {n}", *heights) for n in range(12)]
    lines = draw(many, width)
    assert all(cells(line) <= width for line in lines)
    assert sum(line.count(MARKS[0]) for line in lines[:14]) >= 1
    assert all(any(f"strategy {n}" in line for line in lines) for n in range(12))


def test_nothing_is_drawn_of_nothing() -> None:
    assert draw([]) == []


@pytest.mark.parametrize(
    ("values", "ends"), [([0.31, 0.55], (0.3, 0.6)), ([0.5], (0.4, 0.5)), ([0.0], (0.0, 0.1)), ([1.0], (0.9, 1.0))]
)
def test_the_scale_goes_by_tenths(values: list[float], ends: tuple[float, float]) -> None:
    assert scale(values) == pytest.approx(ends)


def test_the_svg_has_two_panels_with_a_line_and_a_band_for_each_curve() -> None:
    root = parsed(curve_files.as_svg(summary.curves(RUNS), "pool.jsonl"))
    assert root.findtext(f"{SVG}title") == "pool.jsonl"
    lines, bands = root.findall(f"{SVG}polyline"), root.findall(f"{SVG}polygon")
    assert (len(lines), len(bands)) == (4, 4)
    placed = [tuple(map(float, pair.split(","))) for pair in lines[1].attrib["points"].split()]
    assert placed[0][0] < placed[1][0]
    assert placed[0][1] > placed[1][1], "y grows downwards"
    texts = [text.text for text in root.findall(f"{SVG}text")]
    assert {"accuracy", "macro-F1", "random", "auto"} <= set(texts)


@pytest.mark.parametrize("name", [*NASTY, "</text><script>alert(1)</script>", "a & b \" ' <"])
def test_no_name_is_markup(name: str) -> None:
    root = parsed(curve_files.as_svg([curve(name, 0.2, 0.4)], name))
    known = {f"{SVG}{tag}" for tag in ("svg", "title", "rect", "text", "path", "polygon", "polyline", "circle")}
    assert {element.tag for element in root.iter()} == known
    assert root.findtext(f"{SVG}title") is not None


@pytest.mark.parametrize("name", NASTY)
def test_no_name_acts_on_the_terminal(name: str) -> None:
    from core.show import is_acting

    assert not [c for line in draw([curve(name, 0.2, 0.4)]) for c in line if is_acting(c)]


def test_a_band_stays_inside_its_panel() -> None:
    root = parsed(curve_files.as_svg([curve("wide", 0.05, 0.95, sd=3.0)], "t"))
    for band in root.findall(f"{SVG}polygon"):
        ys = [float(pair.split(",")[1]) for pair in band.attrib["points"].split()]
        assert min(ys) >= 34
        assert max(ys) <= 300
        assert all(map(math.isfinite, ys))


def test_the_csv_has_a_line_for_each_step_of_each_run() -> None:
    rows = list(csv.DictReader(io.StringIO(curve_files.as_csv(RUNS))))
    assert len(rows) == 8
    assert rows[3] == {
        "strategy": "auto", "seed": "0", "labels": "8", "model": "head", "accuracy": "0.8", "macro_f1": "0.4",
    }  # fmt: skip


def test_a_strategy_called_like_a_formula_is_none_in_the_csv() -> None:
    rows = list(csv.DictReader(io.StringIO(curve_files.as_csv([made("=1+1", 0, 0.5)]))))
    assert rows[0]["strategy"] == "'=1+1"
