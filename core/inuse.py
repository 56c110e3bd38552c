"""Which model answers now: the newest published head, its feature space and its encoder. Standard library only."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.connection import Connection
from core.errors import RefusedError
from core.i18n import _
from core.project import Project
from core.store import models


@dataclass(frozen=True, slots=True)
class ModelInUse:
    """Where the three parts of a model lie."""

    head_dir: Path
    """head.safetensors and head.json"""
    space_dir: Path
    """tokenizer.json and space.json"""
    encoder_dir: Path
    """config.json and model.safetensors"""
    head: Mapping[str, Any]
    """Content of head.json."""
    space: Mapping[str, Any]
    """Content of space.json."""

    @property
    def name(self) -> str:
        """`head` for the instant head on the untouched encoder, `round 3` for one on a tuned encoder."""
        return str(self.head["source"])


def source_name(encoder_ref: str) -> str:
    """What a model on this encoder is called: `head`, or `round 3`."""
    return "head" if encoder_ref == models.BASE else f"round {encoder_ref}"


def called(name: str) -> str:
    """What people call the model of this name: the instant head, or a round."""
    return _("instant head") if name == source_name(models.BASE) else name


def model_in_use(project: Project, con: Connection) -> ModelInUse:
    """The model that suggestions, metrics and export are about.

    Raises RefusedError if nothing has been trained yet.
    """
    ranking = models.newest_ranking(con)
    if ranking is None or not (project.scores / ranking.directory / "head.json").is_file():
        raise RefusedError(
            _("There is no model yet."),
            _("A model needs at least two classes with a label each."),
            _("Label some texts first; handful status tells how far it is."),
        )
    head_dir = project.scores / ranking.directory
    head = json.loads((head_dir / "head.json").read_text(encoding="utf-8"))
    space_dir = project.embeddings / head["space"]
    space = json.loads((space_dir / "space.json").read_text(encoding="utf-8"))
    return ModelInUse(head_dir, space_dir, project.root / space["encoder_dir"], head, space)
