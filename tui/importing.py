"""What `new` and `import` share: the bar, the report, and the word of warning about writing the encoder can't read."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

from core import readability
from core.i18n import _
from core.project import Project
from core.records import ImportReport
from core.tokenizing import UNKNOWN_LIMIT
from tui.output import Progress, data, data_json, import_lines, say, shown_path


class Bar:
    """A progress callback in bytes, drawn on stderr."""

    def __enter__(self) -> Self:
        self.line = Progress()
        return self

    def __call__(self, done: int, total: int) -> None:
        self.line.show(_("importing {p:.0f} %").format(p=100 * done / max(total, 1)))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.line.end()


def report_import(reports: Sequence[ImportReport], *, as_json: bool, directory: Path) -> None:
    """Every line of every file accounted for."""
    if as_json:
        data_json({"project": str(directory.absolute()), "imports": [asdict(report) for report in reports]})
        return
    for report in reports:
        for line in import_lines(report):
            data(line)
        if report.split == "test" and not report.answers:
            say(_("This test set holds no answers, so nothing can be judged on it. Name their column: --label COLUMN"))
    say(_("Next: handful next {path}").format(path=shown_path(directory)))


def warn_unreadable(project: Project, directory: Path) -> None:
    """Say so if the encoder does not know much of the writing, and what to do."""
    for found in readability.measure(project):
        if found.unknown_share > UNKNOWN_LIMIT:
            say(
                _("The encoder does not know {share:.0%} of the tokens in {n} texts written in {script}.").format(
                    share=found.unknown_share, n=found.texts, script=found.script
                )
            )
            say(
                _(
                    "For such texts character n-grams help out. With a network, a multilingual encoder is better:"
                    " handful config {path} encoder intfloat/multilingual-e5-small (or BAAI/bge-m3, larger)."
                ).format(path=shown_path(directory))
            )
