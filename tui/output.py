"""How the command line speaks: data on stdout, narration on stderr, errors as title, what and hint.

Whatever comes from data passes `visible` here, so no command needs to think of it.
"""

import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from core.errors import HandfulError
from core.i18n import _
from core.records import ImportReport, Job, JobEvent
from core.show import json_line, shorten, visible

WIDTH = 80
"""Columns that every line meant for people fits into, where nothing would be lost by it."""
_NARROWEST = 8


def say(message: str) -> None:
    """One line of narration."""
    print(visible(message), file=sys.stderr, flush=True)


def say_if_typed(file: Path) -> None:
    """Tell somebody whose keyboard is the input that it is; else the command would seem to hang."""
    if str(file) == "-" and sys.stdin is not None and sys.stdin.isatty():
        say(_("Reading lines from the keyboard; Ctrl-D ends them."))


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


def paragraph(text: str, indent: str = "") -> None:
    """A sentence of data, broken into lines between its words."""
    import textwrap

    for line in textwrap.wrap(visible(text), WIDTH - len(indent), break_long_words=False, break_on_hyphens=False):
        data(indent + line)


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[int] = ()) -> None:
    """Columns by content, those in `right` aligned to the right; the widest others are clipped to fit the line."""
    grid = [[visible(str(cell)) for cell in row] for row in (head, *rows)]
    widths = _fitting([max(cells(row[i]) for row in grid) for i in range(len(head))], right)
    for row in grid:
        parts = [_padded(clip(c, w), w, right=i in right) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        print("  ".join(parts).rstrip(), flush=True)


def _fitting(widths: list[int], right: Sequence[int]) -> list[int]:
    """The widths, the widest columns of text made narrower until the line fits."""
    found = list(widths)
    text = [i for i in range(len(found)) if i not in right]
    while text and sum(found) + 2 * (len(found) - 1) > WIDTH:
        widest = max(text, key=found.__getitem__)
        if found[widest] <= _NARROWEST:
            break
        found[widest] -= 1
    return found


def _padded(text: str, width: int, *, right: bool) -> str:
    blanks = " " * (width - cells(text))
    return blanks + text if right else text + blanks


def clip(text: str, width: int) -> str:
    """One visible line of at most `width` cells of the terminal, with an ellipsis where something was cut."""
    line = shorten(text, width) if len(text) > width or "\n" in text else visible(text)
    if cells(line) <= width:
        return line
    taken = 0
    for end, char in enumerate(line):
        taken += cells(char)
        if taken >= width:
            return line[:end] + "…"
    return line


def cells(text: str) -> int:
    """Cells the text takes: East Asian wide characters take two."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    return sum(0 if category(c) in ("Mn", "Me", "Cf") else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def shown_path(path: Path) -> str:
    """A path as it can be copied into a command line."""
    return shlex.quote(visible(str(path)))


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
        _("{source}: {lines} {unit}s, {new} new, {known} known, {refused} refused, {answers} with an answer.").format(
            source=report.source,
            lines=report.lines,
            unit=report.unit,
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
    lines += [
        _("  {unit} {n}: {why}").format(unit=report.unit, n=number, why=why) for number, why in report.refusals[:10]
    ]
    if report.refused > 10:
        lines.append(_("  … and {n} more").format(n=report.refused - 10))
    return lines


def last_word(job: Job, events: Sequence[tuple[int, JobEvent, float]]) -> str:
    """What a job has said last, or why it failed; empty if nothing yet."""
    if job.error:
        return job.error["title"]
    if not events:
        return ""
    payload = events[-1][1].payload
    said = next((payload[key] for key in _WORDS if payload.get(key)), "")
    part = f" {payload['done']}/{payload['total']}" if "total" in payload else ""
    return f"{said}{part}"


_WORDS = ("verdict", "path", "text", "what", "name")
"""What an event says in words, the most telling first."""


class Progress:
    """One line on stderr that is drawn over itself on a terminal, and stays silent elsewhere."""

    def __init__(self) -> None:
        self.alive = sys.stderr.isatty()
        self.width = 0

    def show(self, text: str) -> None:
        """Replace the line."""
        if self.alive:
            line = clip(text, WIDTH - 2)
            sys.stderr.write("\r" + line + " " * (self.width - cells(line)))
            sys.stderr.flush()
            self.width = cells(line)

    def end(self) -> None:
        """Clear the line."""
        if self.alive and self.width:
            sys.stderr.write("\r" + " " * self.width + "\r")
            sys.stderr.flush()
            self.width = 0
