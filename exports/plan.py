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
STUDENT_ASK, STUDENT, STUDENT_SPACE, ASIDE = "student.json", "student", "student.space", "aside.json"
"""Where a student is asked for: what is asked, the bundle it is made in, its tokenizer as it learnt with it, and ids of
the unlabelled texts that it does not learn from."""


@dataclass(frozen=True, slots=True)
class Student:
    """Which smaller encoder is to be taught; travels as JSON."""

    layers: int = 0
    """Layers of the encoder in use that it has; 0: it is another encoder."""
    encoder: str = ""
    """What that one is called."""
    encoder_dir: str = ""
    """Where it lies."""


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


def write_student(stage: Path, asked: Student) -> None:
    """Put what is asked for where `read_student` looks for it."""
    publish_file(stage / STUDENT_ASK, json.dumps(asdict(asked)).encode())


def read_student(stage: Path) -> Student:
    """What `write_student` wrote."""
    return Student(**json.loads((stage / STUDENT_ASK).read_text(encoding="utf-8")))


def read_plan(stage: Path) -> Plan:
    """What `write_plan` wrote."""
    return Plan(**json.loads((stage / PLAN).read_text(encoding="utf-8")))
