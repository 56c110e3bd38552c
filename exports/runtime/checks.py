"""Everything a bundle says about itself, checked again where it lies: `predict.py --verify`, `handful verify`."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exports.runtime.errors import BundleError
from exports.runtime.predictor import Predictor
from exports.runtime.safe import visible
from exports.runtime.schema import SCHEMA, mismatches
from exports.runtime.sealed import (
    FREE_TO_CHANGE,
    MANIFEST,
    manifest_of,
    must_be_there,
    require_file,
    require_nothing_else,
)

_TENSOR_TYPES = {"tensor(int64)": "int64", "tensor(float)": "float32", "tensor(float16)": "float16"}
_SOME = 3
"""Findings that are told of one kind."""


@dataclass(frozen=True, slots=True)
class Check:
    """One promise of the bundle, and whether it holds."""

    name: str
    """schema, files, graph, tokenizer, probes"""
    ok: bool
    words: str


def checks(bundle: Path, *, threads: int = 0) -> Iterator[Check]:
    """One check after the other; the last is the first that leaves nothing for the next to stand on.

    Raises BundleError if there is no bundle at all.
    """
    manifest = manifest_of(bundle)
    wrong = list(mismatches(manifest, SCHEMA))
    yield _check("schema", wrong, f"{MANIFEST} is of format {manifest['format_version']} and says all it has to")
    if wrong:
        return
    wrong = _files(bundle, manifest)
    yield _check("files", wrong, _files_said(bundle, manifest))
    if wrong:
        return
    try:
        predictor = Predictor(bundle, threads=threads)
    except BundleError as error:
        yield Check("graph", ok=False, words=str(error))
        return
    wrong = list(_graph(predictor))
    yield _check("graph", wrong, "inputs and outputs are those that are promised")
    yield _check("tokenizer", list(_cutting(predictor)), "it cuts and pads as is promised")
    if not wrong:
        probes = manifest["probes"]["texts"]
        yield _check("probes", list(_probes(predictor)), f"{len(probes)} stored texts are answered as they were")


def _check(name: str, wrong: list[str], right: str) -> Check:
    more = f" (and {len(wrong) - _SOME} more)" if len(wrong) > _SOME else ""
    return Check(name, not wrong, visible("; ".join(wrong[:_SOME]) + more if wrong else right))


def _files(bundle: Path, manifest: Mapping[str, Any]) -> list[str]:
    wrong = []
    for name in must_be_there(manifest):
        try:
            require_file(bundle, name, manifest)
        except BundleError as error:
            wrong.append(str(error))
    try:
        if not wrong:
            require_nothing_else(bundle, manifest)
    except BundleError as error:
        wrong.append(str(error))
    return wrong


def _files_said(bundle: Path, manifest: Mapping[str, Any]) -> str:
    """How many files are as they were, and what is beside them or was changed without harm."""
    said = [f"{len(must_be_there(manifest))} files have the SHA-256 they were made with"]
    edited = []
    for name in sorted(FREE_TO_CHANGE & manifest["files"].keys()):
        try:
            require_file(bundle, name, manifest)
        except BundleError:
            edited.append(name)
    beside = sorted(path.name for path in bundle.iterdir() if path.name not in {*manifest["files"], MANIFEST})
    said += [f"changed, which is allowed: {', '.join(edited)}"] * bool(edited)
    said += [f"beside them, not looked at: {', '.join(beside)}"] * bool(beside)
    return "; ".join(said)


def _graph(predictor: Predictor) -> Iterator[str]:
    for kind, there in predictor.tensors().items():
        promised: Mapping[str, Mapping[str, Any]] = predictor.manifest[kind]
        if set(there) != set(promised):
            yield f"{kind} are {', '.join(sorted(there))}, promised: {', '.join(sorted(promised))}"
            continue
        for name, (found, shape) in there.items():
            said = promised[name]
            if _TENSOR_TYPES.get(found, found) != said["type"]:
                yield f"{name} is {found}, promised: {said['type']}"
            fits = len(shape) == len(said["shape"]) and all(
                one == other if isinstance(other, int) else not isinstance(one, int)
                for one, other in zip(shape, said["shape"], strict=True)
            )
            if not fits:
                yield f"{name} has the shape {shape}, promised: {said['shape']}"


def _cutting(predictor: Predictor) -> Iterator[str]:
    said = predictor.manifest
    cut = predictor.cutting
    if (cut.get("max_length"), cut.get("stride")) != (said["max_length"], said["overlap"]):
        found, promised = f"{cut.get('max_length')}/{cut.get('stride')}", f"{said['max_length']}/{said['overlap']}"
        yield f"it cuts into windows of {found} tokens (of them shared), promised: {promised}"


def _probes(predictor: Predictor) -> Iterator[str]:
    probes = predictor.manifest["probes"]
    answers = predictor.predict([probe["text"] for probe in probes["texts"]], batch=1)
    for probe, answer in zip(probes["texts"], answers, strict=True):
        off = _difference(probe["answer"], answer)
        if not off <= probes["tolerance"]:
            shown = json.dumps(probe["text"][:40], ensure_ascii=False)
            how = "another answer" if off == float("inf") else f"a score is {off:.4f} off"
            yield f"{shown}: {how}"


def _difference(one: Any, other: Any) -> float:
    """The largest difference of two numbers at one place; infinite if anything else differs."""
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other)
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return max((_difference(one[key], other[key]) for key in one), default=0.0)
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return max(map(_difference, one, other), default=0.0)
    return 0.0 if one == other and type(one) is type(other) else float("inf")
