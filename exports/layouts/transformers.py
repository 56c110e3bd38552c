"""A directory that transformers loads and runs by itself: `ExportedModel.from_pretrained` of `transformers.exporters`.

export.json is what `ExportedModel.save_pretrained` writes (schema 1), told from the bundle's contract: inputs go in by
name, a dictionary comes out. The pytree specs are in the form of `torch.utils._pytree.treespec_dumps` (protocol 1).
transformers 5.23 wants a file of weights beside each graph, so there is one, empty where the graph holds its weights.
"""

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.publish import publish_file
from exports.layouts.base import copy_bundle
from exports.runtime.sealed import MODEL

STORY, WEIGHTS = "export.json", f"{MODEL}.data"
_LEAF: Mapping[str, Any] = {"type": None, "context": None, "children_spec": []}


class Transformers:
    """The layout `transformers`."""

    name = "transformers"

    def write(self, bundle: Path, manifest: Mapping[str, Any], stage: Path) -> None:
        copy_bundle(bundle, manifest, stage)
        said = content(manifest["inputs"], manifest["outputs"], manifest.get("versions", {}))
        publish_file(stage / STORY, (json.dumps(said, indent=1) + "\n").encode())
        if not (stage / WEIGHTS).exists():
            publish_file(stage / WEIGHTS, b"")

    def use(self, target: Path) -> str:
        code = f"from transformers.exporters import ExportedModel; m = ExportedModel.from_pretrained({str(target)!r})"
        return f"python -i -c {shlex.quote(code)}"


TRANSFORMERS = Transformers()


def content(inputs: Mapping[str, Any], outputs: Mapping[str, Any], versions: Mapping[str, str]) -> dict[str, Any]:
    """What export.json says; `inputs`, `outputs` and `versions` as in handful.json."""
    arguments = [_node("tuple", None, []), _node("dict", list(inputs), [_LEAF] * len(inputs))]
    metadata = {
        "architecture": "TextClassifier",
        "packages": {name: versions[name] for name in ("transformers", "torch", "onnx") if name in versions},
        "export_config": {"export_format": "onnx"},
        "export_dtype": "float32",
        "export_device": "cpu",
        "kwargs": {name: {"rank": len(said["shape"]), "dtype": said["type"]} for name, said in inputs.items()},
        "in_spec": json.dumps([1, _node("tuple", None, arguments)]),
        "out_spec": json.dumps([1, _node("dict", list(outputs), [_LEAF] * len(outputs))]),
        "in_constants": {},
        "out_constants": [],
    }
    component = {"file": MODEL, "metadata": metadata}
    return {"schema_version": 1, "export_format": "onnx", "components": {"model": component}}


def _node(kind: str, context: Any, children: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"type": f"builtins.{kind}", "context": json.dumps(context), "children_spec": list(children)}
