"""A graph under trial: a predictor whose head can be another one, and whose answers are the task's."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.publish import make_dir, publish_file
from core.tasks.base import Task
from exports.contract import file_facts
from exports.precision import graphs
from exports.precision.held import OpenHead
from exports.runtime.predictor import Predictor
from exports.runtime.sealed import MANIFEST, MODEL, TOKENIZER

BATCH = 32


class Trialled:
    """One graph, loaded twice: as it would be shipped, and with a head that can be given."""

    def __init__(self, stage: Path, model: Path, folder: Path, threads: int) -> None:
        """`stage`: where tokenizer and manifest lie; `folder`: to be made, for copies. Raises BundleError."""
        opened = make_dir(folder / "open") / MODEL
        graphs.save(graphs.with_open_head(graphs.load(model)), opened)
        shutil.copyfile(model, make_dir(folder / "plain") / MODEL)
        self.plain, self._open = (_load(stage, folder / name, threads) for name in ("plain", "open"))
        self._manifest = self.plain.manifest

    def answers(self, task: Task[Any], texts: Sequence[str]) -> list[Any]:
        """What it answers with its own head."""
        return _answers(self.plain, task, texts)

    def answers_of_head(self, task: Task[Any], texts: Sequence[str], head: OpenHead) -> list[Any]:
        """What it answers with another head."""
        self._open.further = {f"{graphs.HEAD}weight": head.weight, f"{graphs.HEAD}bias": head.bias}
        there: Sequence[Mapping[str, Any]] = self._manifest["classes"]
        classes = [
            {**item, "threshold": float(cut)} if "threshold" in item else item
            for item, cut in zip(there, head.cuts, strict=True)
        ]
        more = {} if head.steps is None else {"steps": head.steps.tolist()}
        self._open.manifest = {**self._manifest, "classes": classes, **more}
        return _answers(self._open, task, texts)


def _load(stage: Path, folder: Path, threads: int) -> Predictor:
    """A bundle that holds what answering needs, and nothing else."""
    shutil.copyfile(stage / TOKENIZER, folder / TOKENIZER)
    manifest = json.loads((stage / MANIFEST).read_text(encoding="utf-8"))
    manifest["files"] = {name: file_facts(folder / name) for name in (MODEL, TOKENIZER)}
    publish_file(folder / MANIFEST, json.dumps(manifest).encode())
    return Predictor(folder, threads=threads)


def _answers(predictor: Predictor, task: Task[Any], texts: Sequence[str]) -> list[Any]:
    ids = {item["name"]: int(item["id"]) for item in predictor.manifest["classes"]}
    said = predictor.predict(texts, batch=BATCH)
    return [task.from_file(answer[task.field], ids, text) for answer, text in zip(said, texts, strict=True)]
