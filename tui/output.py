"""How the command line speaks: data on stdout, narration on stderr, errors as title, what and hint.

Whatever comes from data passes `visible` here, so no command needs to think of it.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.errors import HandfulError
from core.i18n import _
from core.records import ImportReport
from core.show import json_line, visible


def say(message: str) -> None:
    """One line of narration."""
    print(visible(message), file=sys.stderr, flush=True)


def data(line: str) -> None:
    """One line of data for people."""
    print(visible(line), flush=True)


def data_json(value: object) -> None:
    """One line of JSON for programs."""
    print(json_line(value), flush=True)


def show_error(error: HandfulError) -> None:
    """The one place where errors are shown."""
    say(_("Error: {title}").format(title=error.title))
    for part in (error.what, error.hint):
        for line in part.splitlines():
            say(f"  {line}")


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[int] = ()) -> None:
    """Columns by content, those in `right` aligned to the right."""
    cells = [[visible(str(cell)) for cell in row] for row in (head, *rows)]
    widths = [max(_width(row[i]) for row in cells) for i in range(len(head))]
    for row in cells:
        parts = [
            (" " * (w - _width(c)) + c) if i in right else c + " " * (w - _width(c))
            for i, (c, w) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(parts).rstrip(), flush=True)


def _width(text: str) -> int:
    """Cells the text takes: East Asian wide characters take two."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def percent(value: float | None, interval: Sequence[float] | None = None) -> str:
    """A ratio as a number with its 90 % interval; a dash where it can't be known."""
    if value is None:
        return "—"
    return f"{value:.2f}" + (f" ({interval[0]:.2f}-{interval[1]:.2f})" if interval else "")


def size(n: float) -> str:
    """Bytes for people."""
    for unit in ("B", "kB", "MB"):
        if n < 1000:
            return f"{n:.0f} {unit}" if unit == "B" else f"{n:.1f} {unit}"
        n /= 1000
    return f"{n:.1f} GB"


def import_lines(report: ImportReport) -> list[str]:
    """What became of a file, in words."""
    lines = [
        _("{source}: {lines} lines, {new} new, {known} known, {refused} refused, {answers} with an answer.").format(
            source=report.source,
            lines=report.lines,
            new=report.new,
            known=report.known,
            refused=report.refused,
            answers=report.answers,
        )
    ]
    if report.conflicts:
        lines.append(_("{n} texts came twice with different answers; the first was kept.").format(n=report.conflicts))
    if report.moved:
        lines.append(_("{n} texts left the pool, for they belong to the test set.").format(n=report.moved))
    lines += [_("  line {n}: {why}").format(n=number, why=why) for number, why in report.refusals[:10]]
    if report.refused > 10:
        lines.append(_("  … and {n} more").format(n=report.refused - 10))
    return lines


def plain(value: Mapping[str, Any]) -> list[str]:
    """key: value lines."""
    return [f"{key}: {visible(str(item))}" for key, item in value.items()]


class Progress:
    """One line on stderr that is drawn over itself on a terminal, and stays silent elsewhere."""

    def __init__(self) -> None:
        self.alive = sys.stderr.isatty()
        self.width = 0

    def show(self, text: str) -> None:
        """Replace the line."""
        if self.alive:
            line = visible(text)[:78]
            sys.stderr.write("\r" + line.ljust(self.width))
            sys.stderr.flush()
            self.width = len(line)

    def end(self) -> None:
        """Clear the line."""
        if self.alive and self.width:
            sys.stderr.write("\r" + " " * self.width + "\r")
            sys.stderr.flush()
            self.width = 0
