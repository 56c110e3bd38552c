"""What a bundle says about itself in handful.json: read from the project at one moment, completed as files are made."""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, get_args

from core import __version__, clock, inuse, judged
from core.connection import Connection, one_moment
from core.evaluation.report import reports
from core.inuse import ModelInUse
from core.project import Project
from core.publish import publish_file
from core.records import LabelClass, LabelledExample, Source
from core.settings import Settings
from core.store import classes, examples, guidelines, labels, meta, models
from core.tags import tag_count
from core.tasks.base import Task
from core.windows import Windows
from exports.runtime.sealed import BIO, FORMAT, FORMAT_VERSION, MANIFEST, SIGMOID, SOFTMAX

SOURCES: tuple[Source, ...] = get_args(Source)
LIBRARIES = ("numpy", "onnxruntime", "tokenizers", "onnx", "torch", "transformers")


@dataclass(frozen=True, slots=True)
class Facts:
    """What the project knows about its model in use; nothing of it changes while the export runs."""

    model: ModelInUse
    task: str
    classes: tuple[tuple[int, str], ...]
    """(permanent id, name unique in the bundle) in the order of the logits."""
    encoder: str
    """`minilm`, a hub id, or the name of a directory."""
    training: Mapping[str, Any]
    """Which labels the model learned from, and how they came about."""
    metrics: tuple[Mapping[str, Any], ...]
    """Newest reports on this model, from each source."""
    readability: Mapping[str, Any]
    """How well the encoder reads the project's texts, and how many are cut."""
    activation: str = SOFTMAX
    """What turns its logits into probabilities."""
    answering: tuple[Mapping[str, Any], ...] = ()
    """For each class what decides, beside its logit, whether it is answered: threshold, group, implied classes."""
    temperature: float | None = None
    """What the head's logits were divided by when it was fitted: it is in the graph; None where it is not known."""
    descriptions: Mapping[int, str] = field(default_factory=dict)
    """What is meant by classes that are described, by id."""
    guidelines: str = ""
    """What annotators were told."""
    unlearnt: tuple[str, ...] = ()
    """Classes in use that no labelled text has, so that the model can't answer them."""

    @property
    def windows(self) -> Windows:
        """How long texts are read."""
        return Windows.of(self.model.space)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found out about the graph of a bundle; empty while it is being found out."""

    parity: Mapping[str, Any] = field(default_factory=dict)
    """The fp32 graph against torch (`exports.parity`)."""
    probes: Mapping[str, Any] = field(default_factory=dict)
    """Texts and what this graph answers to them (`exports.probes`)."""
    precision: Mapping[str, Any] = field(default_factory=lambda: {"name": "fp32", "method": "as trained"})
    """In which format of numbers the graph computes, how it was made, and what that costs."""


def read(project: Project, con: Connection, settings: Settings) -> Facts:
    """Everything a bundle tells, of one moment; raises RefusedError if nothing has been trained yet."""
    with one_moment(con):
        model = inuse.model_in_use(project, con)
        task, names = project.task(con), classes.names(con)
        unique = _unique([(int(i), names[int(i)]) for i in model.head["class_ids"]])
        training = _training(con, task, model, names | dict(unique))
        found = [models.newest_evaluation(con, model.name, source) for source in SOURCES]
        encoder = str(meta.get(con, "encoder_name", settings.encoder))
        readability = meta.get(con, "readability", {})
        texts = [judged.behind(project, one) if one is not None else None for one in found]
        there = [item for item in classes.all_classes(con) if item.active]
    activation = BIO if model.head.get("scheme") == BIO else SOFTMAX if task.exclusive else SIGMOID
    metrics = tuple(
        {"event_seq": one.event_seq, **report.as_json()}
        for one, behind in zip(found, texts, strict=True)
        if one is not None
        for report in reports(task, one, names, *judged.beside(behind))
    )
    return Facts(
        model,
        task.name,
        unique,
        encoder_name(encoder),
        training,
        metrics,
        readability,
        activation,
        _answering(model, there, dict(unique)) if activation == SIGMOID else (),
        model.head.get("recipe", {}).get("temperature"),
        {item.id: item.description for item in classes.all_classes(con) if item.description},
        guidelines.current(con),
        tuple(item.name for item in there if item.id not in dict(unique)),
    )


def _answering(
    model: ModelInUse, there: Sequence[LabelClass], names: Mapping[int, str]
) -> tuple[Mapping[str, Any], ...]:
    """Threshold of each class, and the rules it is under as far as they are about classes of the model."""
    ruled = {item.id: item for item in there}
    known = set(names.values())
    found = []
    for class_id, cut in zip(names, model.head["cuts"], strict=True):
        said: dict[str, Any] = {"threshold": cut}
        if class_id in ruled and ruled[class_id].group:
            said["group"] = ruled[class_id].group
        implied = [name for name in ruled[class_id].implies if name in known] if class_id in ruled else []
        found.append({**said, "implies": implied} if implied else said)
    return tuple(found)


def _unique(found: list[tuple[int, str]]) -> tuple[tuple[int, str], ...]:
    """An archived class may share its name with a new one; then its id tells them apart."""
    times = Counter(name for _id, name in found)
    return tuple((i, name if times[name] == 1 else f"{name} #{i}") for i, name in found)


def encoder_name(option: str) -> str:
    """What a bundle calls this encoder: of a directory its name alone."""
    return Path(option).name if option.startswith((".", "~", os.sep)) else option


def _training(con: Connection, task: Task[Any], model: ModelInUse, names: Mapping[int, str]) -> dict[str, Any]:
    seq = int(model.head["event_seq"])
    known = {int(i) for i in model.head["class_ids"]}  # answers of a class that was archived were not learnt from
    items = [
        item
        for item in examples.labelled(con)
        if item.seq <= seq and known.issuperset(task.classes_of(task.decode(item.stored)))
    ]
    counts = Counter(names[c] for item in items for c in task.classes_of(task.decode(item.stored)))
    since = labels.last_seq(con) - seq
    return {
        "event_seq": seq,
        "n_labels": int(model.head["n_labels"]),
        "labels": dict(counts.most_common()),
        "picked": dict(Counter(str(item.pick.get("strategy") or "given") for item in items).most_common()),
        "annotators": len({item.annotator for item in items}),
        "events_since": since,
        "fingerprint": None if since else _fingerprint(items),
    }


def _fingerprint(items: list[LabelledExample]) -> str:
    """SHA-256 over ids and stored answers, as rounds compute it."""
    text = json.dumps([[item.example.id, item.stored] for item in items])
    return hashlib.sha256(text.encode()).hexdigest()


def manifest(facts: Facts, files: Sequence[Path], evidence: Evidence) -> dict[str, Any]:
    """The content of handful.json for the files as they are now."""
    space = facts.model.space
    pair = {"type": "int64", "shape": ["batch", "sequence"]}
    answering: tuple[Mapping[str, Any], ...] = facts.answering or ({},) * len(facts.classes)
    bio = facts.activation == BIO
    wide = ["batch", "sequence", tag_count(len(facts.classes))] if bio else ["batch", len(facts.classes)]
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "task": facts.task,
        "activation": facts.activation,
        "classes": [_class(facts, *one, more) for one, more in zip(facts.classes, answering, strict=True)],
        "guidelines": facts.guidelines,
        **({"steps": facts.model.head["steps"]} if bio else {}),
        "unlearnt": list(facts.unlearnt),
        "temperature": facts.temperature,
        **facts.windows.as_json(),
        "inputs": dict.fromkeys(("input_ids", "attention_mask", *(["shapes"] if bio else [])), pair),
        "outputs": {"logits": {"type": "float32", "shape": wide}},
        "encoder": {
            "name": facts.encoder,
            "ref": space["encoder"],
            "model_type": space.get("model_type"),
            "weights_sha256": space["weights_sha256"],
            "tokenizer_sha256": space["tokenizer_sha256"],
            "lexical": space.get("lexical"),
            "dim": space["dim"],
        },
        "model": facts.model.name,
        "training": dict(facts.training),
        "precision": dict(evidence.precision),
        "parity": dict(evidence.parity),
        "probes": dict(evidence.probes),
        "metrics": [dict(report) for report in facts.metrics],
        "versions": {"handful": __version__, **_versions()},
        "created": clock.iso(clock.now()),
        "files": {path.name: file_facts(path) for path in files},
    }


def _class(facts: Facts, class_id: int, name: str, more: Mapping[str, Any]) -> dict[str, Any]:
    said = facts.descriptions.get(class_id)
    return {"id": class_id, "name": name, **more, **({"description": said} if said else {})}


def write_manifest(stage: Path, content: Mapping[str, Any]) -> None:
    """Publish handful.json in the staging directory."""
    publish_file(stage / MANIFEST, (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode())


def _versions() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def file_facts(path: Path) -> dict[str, Any]:
    """What the manifest says of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"sha256": digest, "bytes": path.stat().st_size}
