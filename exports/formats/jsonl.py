"""A JSON object a line: it keeps everything, letter for letter."""

from pathlib import Path

from core.publish import publish_parts
from core.show import json_line
from exports.formats.base import LabelTable


class JsonLines:
    """The format `jsonl`."""

    name = "jsonl"
    ending = ".jsonl"

    def write(self, target: Path, table: LabelTable) -> int:
        publish_parts(target, (f"{json_line(row)}\n".encode() for row in table.rows))
        return 0

    def may_replace(self, target: Path) -> bool:
        return target.is_file()


JSONL = JsonLines()
