"""The exporter `onnx`: a directory with all that serving needs, made whole or not at all.

model.onnx (one graph from token ids to logits), tokenizer.json (pads and cuts by itself), config.json (the encoder's,
with the class names), handful.json (the contract, `contract.py`), README.md (the card), predict.py (a program that
needs no torch). What is not faithful to the model in use is refused before anything is published: by `parity.py` in
fp32, by the gates of `precision/` in any other format of numbers.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from core import plugins
from core.errors import InputError
from core.i18n import _
from core.publish import publish_dir, publish_file, recover
from core.records import JobEvent
from core.show import visible
from exports import card, contract, staging
from exports.base import WHOLE, ExportRequest
from exports.contract import Evidence, Facts
from exports.precision import choosing, distilling
from exports.runtime.sealed import FORMAT, MANIFEST

CARD = "README.md"


class OnnxBundle:
    """The exporter `onnx`."""

    name = "onnx"

    def export(self, request: ExportRequest) -> Iterator[JobEvent]:
        target = request.target
        check_target(target, force=request.force)
        if request.precision != WHOLE:
            plugins.load(plugins.PRECISIONS, request.precision)  # nobody waits for a graph to learn of a misspelling
        yield JobEvent("phase", {"name": "load"})
        recover(target.parent, target.name)
        subject = staging.subject(request.project, request.settings, target.parent)
        if request.student:
            distilling.check(subject.facts)
        with publish_dir(target) as stage:
            evidence = yield from staging.staged(subject, stage)
            facts = subject.facts
            if request.student:
                facts, evidence = yield from distilling.distilled(subject, stage, request.student, evidence)
            if request.precision != WHOLE:
                evidence = yield from choosing.exchanged(stage, request.precision, evidence)
            yield JobEvent("phase", {"name": "publish"})
            _finish(facts, stage, evidence)
            size = sum(path.stat().st_size for path in stage.iterdir())
            check_target(target, force=request.force)  # somebody may have put something there meanwhile
        result = {
            "path": os.fspath(target),
            "parity": dict(evidence.parity),
            "precision": dict(evidence.precision),
            "size_bytes": size,
            "model": subject.facts.model.name,
        }
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


def _finish(facts: Facts, stage: Path, evidence: Evidence) -> None:
    """Remove what was only needed for checking, write the card, and seal all files with their checksums."""
    staging.clear(stage)
    sizes = {path.name: path.stat().st_size for path in staging.shipped(stage)}
    said = contract.manifest(facts, staging.shipped(stage), evidence)
    publish_file(stage / CARD, card.text(said, facts.readability, sizes).encode())
    contract.write_manifest(stage, contract.manifest(facts, staging.shipped(stage), evidence))
