"""The model that answers: a bundle verified, loaded and tried once, under a name that tells it from the next one."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnxruntime

from exports.runtime.errors import BundleError
from exports.runtime.predictor import Predictor
from exports.runtime.sealed import MANIFEST
from exports.serve.options import Options

PROVIDERS: Mapping[str, Sequence[str]] = {
    "cpu": ("CPUExecutionProvider",),
    "cuda": ("CUDAExecutionProvider", "CPUExecutionProvider"),
}
_TRIAL = "A first text, so that a model that can't answer is found before anybody asks it."


@dataclass(frozen=True, slots=True)
class Model:
    """A bundle that is ready to answer; calls may come from several threads."""

    id: str
    """First 12 hex digits of the SHA-256 of its handful.json, which holds the checksums of all that matters."""
    path: Path
    """The directory it was read from, links resolved."""
    predictor: Predictor

    def answers(self, texts: Sequence[str], batch: int) -> list[dict[str, Any]]:
        """One answer a text, as the bundle's task gives them."""
        return self.predictor.predict(texts, batch=batch)


def load(options: Options) -> Model:
    """The bundle as it is now; raises BundleError if it can't be used, here or at all."""
    path = Path(os.path.realpath(options.bundle))
    if options.device == "cuda":
        onnxruntime.preload_dlls()  # CUDA and cuDNN that came with pip, where they are
        if PROVIDERS["cuda"][0] not in onnxruntime.get_available_providers():
            raise BundleError("this onnxruntime has no CUDA; install onnxruntime-gpu in its place")
    predictor = Predictor(path, threads=options.threads, providers=PROVIDERS[options.device])
    predictor.predict([_TRIAL])
    return Model(hashlib.sha256((path / MANIFEST).read_bytes()).hexdigest()[:12], path, predictor)
