"""The model in use as a staged bundle in fp32, proven to answer as torch does: what every export begins with."""

import json
import os
import shutil
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from core.errors import RefusedError
from core.i18n import _
from core.project import Project
from core.publish import make_dir, publish_file
from core.records import JobEvent
from core.settings import Settings, cores
from core.show import visible
from core.windows import Windows
from exports import child, contract, probes, program, reference
from exports.contract import Evidence, Facts
from exports.parity import RESULT
from exports.plan import ASIDE, HEAD, PLAN, STUDENT, STUDENT_ASK, STUDENT_SPACE, Plan, write_plan
from exports.runtime.sealed import BIO, MANIFEST, SOFTMAX, TOKENIZER
from exports.sampling import long_texts, reference_texts

CONFIG, PROGRAM = "config.json", "predict.py"
PRIVATE = (*reference.FILES, PLAN, RESULT, HEAD, probes.FILE, STUDENT_ASK, STUDENT, STUDENT_SPACE, ASIDE)
"""What lies in the stage only while the export runs."""
PROCESSES: Mapping[str, tuple[str, str]] = {
    SOFTMAX: ("exports.onnx_model", "exports.parity"),
    BIO: ("exports.span_model", "exports.span_parity"),
}
"""Activation → the modules that make the graph and check it, each in a process of its own; others as `softmax`."""
ROOM = 2.5
"""Times the encoder's size that must be free on the disk."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be staged: read of one moment."""

    project: Project
    settings: Settings
    facts: Facts
    texts: tuple[tuple[int, str], ...]
    """(example id, text) of the reference texts."""

    @property
    def threads(self) -> int:
        """CPU threads to use."""
        return self.settings.threads or max(1, cores() - 1)


def subject(project: Project, settings: Settings, place: Path) -> Subject:
    """The model in use as it is now, to be staged below `place`, which need not be there yet.

    Raises RefusedError if there is no model, its encoder is gone, or the disk too full.
    """
    with project.open(readonly=True) as con:
        facts = contract.read(project, con, settings)
        texts = reference_texts(con, facts.model.space_dir, int(facts.model.space["dim"]))
    _need_room(place, facts.model.encoder_dir / "model.safetensors")
    texts += long_texts(facts.model.space_dir / TOKENIZER, facts.windows, [text for _id, text in texts])
    return Subject(project, settings, facts, tuple(texts))


def _need_room(place: Path, weights: Path) -> None:
    if not weights.is_file():
        raise RefusedError(
            _("The encoder of the model in use is gone."),
            visible(os.fspath(weights)),
            _("Put it back, or choose another: handful config DIR encoder NAME"),
        )
    there = next(parent for parent in (place, *place.parents) if parent.exists())
    need = ROOM * weights.stat().st_size
    free = shutil.disk_usage(there).free
    if free < need:
        raise RefusedError(
            _("There is too little room on the disk for a bundle."),
            _("{free:.1f} GB are free; about {need:.1f} GB are needed.").format(free=free / 1e9, need=need / 1e9),
            _("Remove old checkpoints (handful clean DIR), or name another disk with --to."),
        )


def staged(found: Subject, stage: Path) -> Generator[JobEvent, None, Evidence]:
    """Fill the empty directory `stage` with graph, tokenizer, manifest and program, and prove the graph.

    Raises RefusedError if the graph does not give what torch gives.
    """
    facts = found.facts
    _copy_head(facts, stage)
    reference.write_texts(stage, [text for _id, text in found.texts], found.threads)
    write_plan(stage, _plan(found, stage))
    making, checking = PROCESSES.get(facts.activation, PROCESSES[SOFTMAX])
    made = yield from child.result_of(making, stage, what="graph")
    write_files(facts, stage, int(made["pad_id"]))
    contract.write_manifest(stage, contract.manifest(facts, shipped(stage), Evidence()))
    parity = yield from child.result_of(checking, stage, what="parity")
    parity |= {key: made[key] for key in ("features_compared", "features_cosine")}
    return Evidence(parity, probes.read(stage / probes.FILE))


def shipped(stage: Path) -> list[Path]:
    """The files the bundle will have beside its manifest."""
    kept = {MANIFEST, *PRIVATE}
    return sorted(path for path in stage.iterdir() if path.name not in kept)


def clear(stage: Path) -> None:
    """Remove what was only needed while the export ran."""
    for name in PRIVATE:
        path = stage / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _copy_head(facts: Facts, stage: Path) -> None:
    """New labels make new heads while the export runs, and old ones are removed: this one is kept."""
    own = make_dir(stage / HEAD)
    for path in facts.model.head_dir.glob("head.*"):
        publish_file(own / path.name, path.read_bytes())


def _plan(found: Subject, stage: Path) -> Plan:
    model = found.facts.model
    return Plan(
        os.fspath(model.encoder_dir),
        os.fspath(model.space_dir),
        os.fspath(stage / HEAD),
        model.space,
        found.threads,
        [example_id for example_id, _text in found.texts],
        found.facts.activation == BIO,
        os.fspath(found.project.root.absolute()),
    )


def write_files(facts: Facts, stage: Path, pad_id: int) -> None:
    """Tokenizer, configuration and program of this model's bundle."""
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
    if facts.activation == BIO:  # a row of logits is about tags
        names = ["O", *(f"{mark}-{name}" for name in names for mark in ("B", "I"))]
    return {
        **{key: value for key, value in raw.items() if key not in {"auto_map", "_name_or_path"}},
        "num_labels": len(names),
        "id2label": {str(i): name for i, name in enumerate(names)},
        "label2id": {name: i for i, name in enumerate(names)},
    }
