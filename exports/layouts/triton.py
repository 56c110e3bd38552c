"""NVIDIA Triton's model repository: the graph under its onnxruntime backend, batched by Triton.

Triton computes logits from token ids; whoever asks it tokenizes (tokenizer.json lies beside the graph), pads its
texts to one length, and takes the class with the highest logit, or those over their thresholds (handful.json).
https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/user_guide/model_repository.html
"""

import json
import re
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.i18n import _
from core.publish import make_dir, publish_file
from core.show import visible
from exports.runtime.sealed import MANIFEST, MODEL, TOKENIZER

MODEL_NAME = re.compile(r"[A-Za-z0-9_.-]+")
TYPES = {"int64": "TYPE_INT64", "float32": "TYPE_FP32"}
LABELS = "labels.txt"
MAX_BATCH, DELAY = 32, 2000
"""Texts that Triton puts together, and the microseconds it waits for them."""
_BESIDE = (TOKENIZER, MANIFEST)


class Triton:
    """The layout `triton`."""

    name = "triton"

    def write(self, bundle: Path, manifest: Mapping[str, Any], stage: Path) -> None:
        names = [str(item["name"]) for item in manifest["classes"]]
        broken = [name for name in names if len(name.splitlines()) != 1]
        if broken:
            raise InputError(_("Triton wants names of one line."), visible(broken[0]), _("Rename the class."))
        model = make_dir(stage / _model_name(bundle))
        graph = make_dir(model / "1")
        for name in manifest["files"]:
            if name == MODEL or name.startswith(f"{MODEL}."):
                shutil.copyfile(bundle / name, graph / name)
        for name in _BESIDE:
            shutil.copyfile(bundle / name, model / name)
        publish_file(model / LABELS, "".join(f"{name}\n" for name in names).encode())
        publish_file(model / "config.pbtxt", config(model.name, manifest).encode())

    def use(self, target: Path) -> str:
        return f"tritonserver --model-repository {shlex.quote(str(target))}"


TRITON = Triton()


def _model_name(bundle: Path) -> str:
    """The bundle's name as far as Triton takes it in URLs."""
    return "-".join(MODEL_NAME.findall(bundle.absolute().name)).strip(".-") or "model"


def config(name: str, manifest: Mapping[str, Any]) -> str:
    """config.pbtxt: a text-format protobuf, whose strings are quoted as JSON quotes them."""
    inputs = [_tensor(key, said) for key, said in manifest["inputs"].items()]
    outputs = [
        _tensor(key, said, f", label_filename: {json.dumps(LABELS)}") for key, said in manifest["outputs"].items()
    ]
    return f"""\
name: {json.dumps(name)}
backend: "onnxruntime"
max_batch_size: {MAX_BATCH}
input [
{_joined(inputs)}
]
output [
{_joined(outputs)}
]
dynamic_batching {{ max_queue_delay_microseconds: {DELAY} }}
"""


def _tensor(name: str, said: Mapping[str, Any], more: str = "") -> str:
    """One tensor; the batch is Triton's own dimension and is not named."""
    dims = ", ".join(str(dim) if isinstance(dim, int) else "-1" for dim in said["shape"][1:])
    return f"  {{ name: {json.dumps(name)}, data_type: {TYPES[said['type']]}, dims: [ {dims} ]{more} }}"


def _joined(lines: list[str]) -> str:
    return ",\n".join(lines)
