"""What the process that makes the graph is asked to do; apart from it, so that asking needs no torch."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.publish import publish_file

PLAN, HEAD = "plan.json", "head"
LAYERS = ("num_hidden_layers", "n_layers")
"""What configurations call the number of layers."""
STUDENT_ASK = "student.json"
"""How many layers are asked for, where a student is."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the parts of the model lie; travels as JSON."""

    encoder_dir: str
    space_dir: str
    head_dir: str
    space: Mapping[str, Any]
    """Content of space.json."""
    threads: int
    """CPU threads to use."""
    example_ids: Sequence[int]
    """Ids of the reference texts; 0 for those that are not the project's."""
    bio: bool = False
    """Whether it tags words instead of answering for the whole text."""
    project: str = ""
    """The project's directory, where labels are looked at, too."""


def write_plan(stage: Path, plan: Plan) -> None:
    """Put the plan where `read_plan` looks for it."""
    publish_file(stage / PLAN, json.dumps(asdict(plan)).encode())


def read_plan(stage: Path) -> Plan:
    """What `write_plan` wrote."""
    return Plan(**json.loads((stage / PLAN).read_text(encoding="utf-8")))
