"""A format that one task brings: a function from rows to the text of a file, as an entry point of `handful.files`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.publish import publish_file
from exports.formats.base import LabelTable

Row = Mapping[str, Any]
"""One labelled text: `text`, the answer in file form under the task's field, and what else is known of it."""
Writer = Callable[[str, Sequence[Row]], tuple[str, int]]
"""(the task's field, rows) -> (the file, rows that can't be said in it and were left out)"""


@dataclass(frozen=True, slots=True)
class TaskFile:
    """The format of an entry point `task.ending`."""

    name: str
    writer: Writer

    @property
    def ending(self) -> str:
        """What a target's name ends in."""
        return "." + self.name.partition(".")[2]

    def write(self, target: Path, table: LabelTable) -> int:
        content, left = self.writer(table.field, table.rows)
        publish_file(target, content.encode("utf-8"))
        return left

    def may_replace(self, target: Path) -> bool:
        return target.is_file()
