"""The exporter `onnx`: a directory with all that serving needs, made whole or not at all.

model.onnx (one graph from token ids to logits), tokenizer.json (pads and cuts by itself), config.json (the encoder's,
with the class names), handful.json (the contract, `contract.py`), README.md (the card), predict.py (a program that
needs no torch). What is not faithful to the model in use is refused by `parity.py` before anything is published.
"""

import json
import os
import shutil
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from core.errors import InputError, RefusedError
from core.i18n import _
from core.publish import make_dir, publish_dir, publish_file, recover
from core.records import JobEvent
from core.settings import cores
from core.show import visible
from core.windows import Windows
from exports import card, child, contract, probes, program, reference
from exports.base import ExportRequest
from exports.contract import Evidence, Facts
from exports.parity import RESULT
from exports.plan import HEAD, PLAN, Plan, write_plan
from exports.runtime.sealed import FORMAT, MANIFEST, TOKENIZER
from exports.sampling import long_texts, reference_texts

CONFIG, CARD, PROGRAM = "config.json", "README.md", "predict.py"
PRIVATE = (*reference.FILES, PLAN, RESULT, HEAD, probes.FILE)
"""What lies in the staging directory only while the export runs."""
ROOM = 2.5
"""Times the encoder's size that must be free on the disk."""


class OnnxBundle:
    """The exporter `onnx`."""

    name = "onnx"

    def export(self, request: ExportRequest) -> Iterator[JobEvent]:
        target = request.target
        check_target(target, force=request.force)
        yield JobEvent("phase", {"name": "load"})
        recover(target.parent, target.name)
        with request.project.open(readonly=True) as con:
            facts = contract.read(request.project, con, request.settings)
            texts = reference_texts(con, facts.model.space_dir, int(facts.model.space["dim"]))
        _need_room(target, facts.model.encoder_dir)
        texts += long_texts(facts.model.space_dir / TOKENIZER, facts.windows, [text for _id, text in texts])
        with publish_dir(target) as stage:
            _copy_head(facts, stage)
            reference.write_texts(stage, [text for _id, text in texts], _threads(request))
            write_plan(stage, _plan(facts, stage, _threads(request), [i for i, _text in texts]))
            found = yield from _result_of("exports.onnx_model", stage, "graph")
            _write_files(facts, stage, int(found["pad_id"]))
            contract.write_manifest(stage, contract.manifest(facts, _shipped(stage), Evidence()))
            parity = yield from _result_of("exports.parity", stage, "parity")
            yield JobEvent("phase", {"name": "publish"})
            parity = parity | {key: found[key] for key in ("features_compared", "features_cosine")}
            _finish(facts, stage, Evidence(parity, probes.read(stage)))
            size = sum(path.stat().st_size for path in stage.iterdir())
            check_target(target, force=request.force)  # somebody may have put something there meanwhile
        result = {"path": os.fspath(target), "parity": parity, "size_bytes": size, "model": facts.model.name}
        yield JobEvent("result", result)


ONNX_BUNDLE = OnnxBundle()


def is_bundle(path: Path) -> bool:
    """Whether the directory was made by an export."""
    try:
        found = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("format") == FORMAT


def check_target(target: Path, *, force: bool) -> None:
    """Raises InputError unless a bundle may be put there: at a new place, in an empty directory, or over a bundle."""
    shown = visible(os.fspath(target))
    if "\0" in os.fspath(target) or not target.is_absolute() or not target.name:
        raise InputError(_("A bundle can't be made here."), shown, _("Name another place with --to."))
    if target.is_symlink():
        raise InputError(_("A bundle is never written through a link."), shown, _("Name the directory itself."))
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    if not is_bundle(target):
        raise InputError(
            _("There is something else in this place already."),
            _("{path} is no bundle, and is left as it is.").format(path=shown),
            _("Name a new directory with --to."),
        )
    if not force:
        raise InputError(
            _("There is a bundle in this place already."),
            shown,
            _("Name a new directory, or add --force to replace it."),
        )


def _need_room(target: Path, encoder_dir: Path) -> None:
    weights = encoder_dir / "model.safetensors"
    if not weights.is_file():
        raise RefusedError(
            _("The encoder of the model in use is gone."),
            visible(os.fspath(weights)),
            _("Put it back, or choose another: handful config DIR encoder NAME"),
        )
    place = next(parent for parent in target.parents if parent.exists())
    need = ROOM * weights.stat().st_size
    free = shutil.disk_usage(place).free
    if free < need:
        raise RefusedError(
            _("There is too little room on the disk for a bundle."),
            _("{free:.1f} GB are free; about {need:.1f} GB are needed.").format(free=free / 1e9, need=need / 1e9),
            _("Remove old checkpoints (handful clean DIR), or name another disk with --to."),
        )


def _threads(request: ExportRequest) -> int:
    return request.settings.threads or max(1, cores() - 1)


def _copy_head(facts: Facts, stage: Path) -> None:
    """New labels make new heads while the export runs, and old ones are removed: this one is kept."""
    own = make_dir(stage / HEAD)
    for path in facts.model.head_dir.glob("head.*"):
        publish_file(own / path.name, path.read_bytes())


def _plan(facts: Facts, stage: Path, threads: int, example_ids: list[int]) -> Plan:
    model = facts.model
    return Plan(
        os.fspath(model.encoder_dir),
        os.fspath(model.space_dir),
        os.fspath(stage / HEAD),
        model.space,
        threads,
        example_ids,
    )


def _result_of(module: str, stage: Path, what: str) -> Generator[JobEvent, None, dict[str, Any]]:
    """Pass on a child's events; returns the payload of its result."""
    result: dict[str, Any] = {}
    for event in child.events_of(module, stage, what=what):
        if event.kind == "result":
            result = dict(event.payload)
        else:
            yield event
    return result


def _write_files(facts: Facts, stage: Path, pad_id: int) -> None:
    write_tokenizer(facts.model.space_dir / TOKENIZER, stage / TOKENIZER, facts.windows, pad_id)
    raw = json.loads((facts.model.encoder_dir / "config.json").read_text(encoding="utf-8"))
    publish_file(stage / CONFIG, json.dumps(config_of(raw, facts), ensure_ascii=False, indent=1).encode())
    publish_file(stage / PROGRAM, program.source())


def write_tokenizer(source: Path, target: Path, windows: Windows, pad_id: int) -> None:
    """The tokenizer that pads to the longest of a batch and cuts into windows by itself (the first, and overflow)."""
    tokenizer = Tokenizer.from_file(os.fspath(source))
    tokenizer.enable_truncation(windows.length, stride=windows.overlap)
    tokenizer.enable_padding(pad_id=pad_id, pad_token=tokenizer.id_to_token(pad_id) or "[PAD]")
    publish_file(target, tokenizer.to_str().encode("utf-8"))


def config_of(raw: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """The encoder's configuration with the classes, without links to code or to places on this machine."""
    names = [name for _id, name in facts.classes]
    return {
        **{key: value for key, value in raw.items() if key not in {"auto_map", "_name_or_path"}},
        "num_labels": len(names),
        "id2label": {str(i): name for i, name in enumerate(names)},
        "label2id": {name: i for i, name in enumerate(names)},
    }


def _finish(facts: Facts, stage: Path, evidence: Evidence) -> None:
    """Remove what was only needed for checking, write the card, and seal all files with their checksums."""
    for name in PRIVATE:
        path = stage / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    sizes = {path.name: path.stat().st_size for path in _shipped(stage)}
    said = contract.manifest(facts, _shipped(stage), evidence)
    publish_file(stage / CARD, card.text(said, facts.readability, sizes).encode())
    contract.write_manifest(stage, contract.manifest(facts, _shipped(stage), evidence))


def _shipped(stage: Path) -> list[Path]:
    """The files the bundle will have beside handful.json."""
    return sorted(path for path in stage.iterdir() if path.name not in {*PRIVATE, MANIFEST})
