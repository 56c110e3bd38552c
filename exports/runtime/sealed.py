"""A bundle's manifest and files, verified before anything of them is used."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exports.runtime.errors import BundleError
from exports.runtime.external import external_files

FORMAT, FORMAT_VERSION = "handful-bundle", 1
MANIFEST, MODEL, TOKENIZER = "handful.json", "model.onnx", "tokenizer.json"
FREE_TO_CHANGE = frozenset({"README.md", "predict.py"})
"""Files no answer depends on: the card may be edited, and this program may stay behind."""
SOFTMAX, SIGMOID, BIO = "softmax", "sigmoid", "bio"
"""What turns logits into answers: classes that exclude each other, each class by itself, or tags of words."""


def verified(bundle: Path) -> dict[str, Any]:
    """The content of handful.json, once every file an answer depends on has its SHA-256; raises BundleError if not."""
    manifest = manifest_of(bundle)
    for name in must_be_there(manifest):
        require_file(bundle, name, manifest)
    require_nothing_else(bundle, manifest)
    return manifest


def must_be_there(manifest: Mapping[str, Any]) -> list[str]:
    """Names of the files that answers depend on."""
    return [name for name in dict.fromkeys((MODEL, TOKENIZER, *manifest["files"])) if name not in FREE_TO_CHANGE]


def require_file(bundle: Path, name: str, manifest: Mapping[str, Any]) -> None:
    """Raises BundleError unless a plain file of this name has the SHA-256 that the manifest lists."""
    files: Mapping[str, Mapping[str, Any]] = manifest["files"]
    path = bundle / name
    if name not in files or Path(name).name != name:
        raise BundleError("{file} is damaged: it does not list {name} well", file=MANIFEST, name=name)
    if path.is_symlink() or not path.is_file():
        raise BundleError("the bundle is not whole: {name} is missing or no plain file", name=name)
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != files[name]["sha256"]:
            raise BundleError("{name} is not the file this bundle was made with (SHA-256 differs)", name=name)


def require_nothing_else(bundle: Path, manifest: Mapping[str, Any]) -> None:
    """Raises BundleError if the graph keeps tensors in a file that the manifest does not list."""
    for location in sorted(external_files(bundle / MODEL) - manifest["files"].keys()):
        raise BundleError("the model wants data from outside the bundle: {name}", name=location)


def manifest_of(bundle: Path) -> dict[str, Any]:
    """The content of handful.json, if it can be used at all; no file is looked at. Raises BundleError if not."""
    try:
        found = json.loads((bundle / MANIFEST).read_text(encoding="utf-8"))
    except OSError as error:
        raise BundleError("{path} is no bundle: {why}", path=bundle, why=error.strerror) from error
    except (ValueError, RecursionError) as error:
        raise BundleError("{file} is damaged: {why}", file=MANIFEST, why=error) from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise BundleError("{path} is no bundle: {file} is about something else", path=bundle, file=MANIFEST)
    if found.get("format_version") != FORMAT_VERSION or found.get("activation") not in (SOFTMAX, SIGMOID, BIO):
        raise BundleError("the bundle was made by another version; take the predict.py that lies in it")
    try:
        hashes = [said["sha256"] for said in found["files"].values()]
        texts = all(isinstance(said, str) for said in [*hashes, *(item["name"] for item in found["classes"])])
        cuts = [item.get("threshold", 0.5) for item in found["classes"]]
        between = all(isinstance(cut, float) and 0.0 < cut < 1.0 for cut in cuts)
        if texts and between and int(found.get("windows", 1)) >= 1:
            return found
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BundleError("{file} is damaged: {why}", file=MANIFEST, why=repr(error)) from error
    raise BundleError("{file} is damaged: classes, thresholds or files are not what they should be", file=MANIFEST)
