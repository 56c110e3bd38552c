"""A fine-tuning's state on disk: safetensors and one JSON, whole or not there. No pickle is written or read."""

import hashlib
import json
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from core.publish import publish_dir, publish_file


class Resumable(Protocol):
    """What a checkpoint keeps of a fine-tuning."""

    step: int

    @property
    def model(self) -> nn.Module:
        """What is tuned."""
        ...

    @property
    def classifier(self) -> nn.Module:
        """What is put on top of it."""
        ...

    @property
    def optimizer(self) -> torch.optim.Optimizer:
        """What moves both."""
        ...


_MORE = "more:"
"""Before the names of tensors that a recipe keeps beside the weights (its state's `more`)."""
FILES = ("model.safetensors", "classifier.safetensors", "optimizer.safetensors", "state.json")


def save(target: Path, state: Resumable, story: dict[str, Any]) -> None:
    """Write everything that is needed to go on exactly here; `story` says which run it belongs to."""
    tensors, scalars = _flatten(state.optimizer)
    trainable = {n: p.detach().contiguous() for n, p in state.model.named_parameters() if p.requires_grad}
    with publish_dir(target) as stage:
        save_file(trainable, stage / "model.safetensors")
        beside = {f"{_MORE}{name}": value for name, value in getattr(state, "more", {}).items()}
        own = {n: p.detach() for n, p in state.classifier.named_parameters()}
        save_file(own | beside, stage / "classifier.safetensors")
        save_file(tensors, stage / "optimizer.safetensors")
        full = {**story, "step": state.step, "optimizer": scalars, "sha256": _digests(stage)}
        publish_file(stage / "state.json", json.dumps(full).encode())


def restore(source: Path, state: Resumable, story: dict[str, Any]) -> bool:
    """Bring `state` to the saved step; False if there is no complete and undamaged checkpoint of this very run."""
    if not all((source / name).is_file() for name in FILES):
        return False
    try:
        found = json.loads((source / "state.json").read_text(encoding="utf-8"))
    except ValueError:
        return False
    if any(found.get(key) != value for key, value in story.items()) or found["sha256"] != _digests(source):
        return False
    with torch.no_grad():
        for module, name in ((state.model, "model.safetensors"), (state.classifier, "classifier.safetensors")):
            saved = load_file(source / name)
            for key, parameter in module.named_parameters():
                if key in saved:
                    parameter.copy_(saved[key])
    beside = {name.removeprefix(_MORE): value for name, value in saved.items() if name.startswith(_MORE)}
    if beside:
        device = next(state.classifier.parameters()).device
        state.more = {name: value.to(device) for name, value in beside.items()}  # type: ignore[attr-defined]
    _unflatten(state.optimizer, load_file(source / "optimizer.safetensors"), found["optimizer"])
    state.step = int(found["step"])
    return True


def _digests(directory: Path) -> dict[str, str]:
    """SHA-256 of the tensor files; safetensors itself would load a flipped bit without a word."""
    found = {}
    for name in FILES[:-1]:
        with (directory / name).open("rb") as file:
            found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def _flatten(optimizer: torch.optim.Optimizer) -> tuple[dict[str, Tensor], dict[str, Any]]:
    tensors: dict[str, Tensor] = {}
    scalars: dict[str, Any] = {}
    for index, values in optimizer.state_dict()["state"].items():
        for key, value in values.items():
            if isinstance(value, Tensor):
                tensors[f"{index}.{key}"] = value.contiguous()
            else:
                scalars[f"{index}.{key}"] = value
    return tensors, scalars


def _unflatten(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor], scalars: dict[str, Any]) -> None:
    content = optimizer.state_dict()
    restored: dict[int, dict[str, Any]] = {}
    for name, value in {**scalars, **tensors}.items():
        index, _dot, key = name.partition(".")
        restored.setdefault(int(index), {})[key] = value
    content["state"] = restored
    optimizer.load_state_dict(content)
