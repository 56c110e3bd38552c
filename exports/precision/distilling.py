"""A staged fp32 bundle becomes that of a student: what the worker asks of `exports.student`, and of the gates."""

import json
from collections.abc import Generator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import RefusedError
from core.i18n import _
from core.publish import make_dir, publish_file
from core.records import JobEvent
from exports import child, contract, probes, reference, staging
from exports.base import WHOLE
from exports.contract import Evidence, Facts
from exports.plan import LAYERS, STUDENT, STUDENT_SPACE, Student, write_student
from exports.precision import choosing, table, trial
from exports.runtime.sealed import BIO, MANIFEST, SOFTMAX


def check(facts: Facts) -> None:
    """Raises RefusedError if this model can teach nobody; nothing is computed."""
    if facts.activation == BIO:
        raise RefusedError(
            _("Models that mark spans are exported whole."),
            _("A student was asked for (--layers or --student)."),
            _("Leave it out; --precision int8 makes the model smaller, too."),
        )


def distilled(
    found: staging.Subject, stage: Path, asked: Student, evidence: Evidence
) -> Generator[JobEvent, None, tuple[Facts, Evidence]]:
    """Put the bundle of a student in place of the staged one; returns what is known of it.

    Raises RefusedError with the numbers if it answers worse, or does not answer as it does in torch.
    """
    yield JobEvent("phase", {"name": "student"})
    write_student(stage, asked)
    own = make_dir(stage / STUDENT)
    reference.write_texts(own, [text for _id, text in found.texts], found.threads)
    said = yield from child.result_of("exports.student", stage, what="student")
    facts = _facts(found.facts, stage, asked, said)
    parity = yield from _staged(facts, own, asked, said)
    rows = yield from choosing.table(stage, [trial.GIVEN])
    row = {**rows[-1], "method": table.method(said["made"])}
    if not row["passed"]:
        hint = _("Name another student, or export the model as it is; --precision int8 makes it smaller, too.")
        raise choosing.refusal({**row, "name": table.called(said["made"])}, hint)
    choosing.clear(stage, [])
    trial.probes_of(stage, trial.GIVEN).unlink()
    answers = probes.read(own / probes.FILE)
    _take_over(stage, own)
    made = {**said["made"], "agreement": row["agreement"], "held": row["held"]}
    about = {**row, "name": WHOLE, "student": made, "compared": [*rows[:-1], row]}
    return facts, replace(evidence, parity=parity, probes=answers, precision=about)


def _facts(whole: Facts, stage: Path, asked: Student, said: Mapping[str, Any]) -> Facts:
    """What the bundle says of encoder and tokenizer: a student with fewer layers keeps those of the model in use."""
    if asked.layers:
        return whole
    model = replace(
        whole.model, space_dir=stage / STUDENT_SPACE, encoder_dir=Path(asked.encoder_dir), space=said["space"]
    )
    return replace(whole, model=model, encoder=asked.encoder, readability=said["readability"])


def _staged(
    facts: Facts, own: Path, asked: Student, said: Mapping[str, Any]
) -> Generator[JobEvent, None, dict[str, Any]]:
    """Complete the student's bundle, and prove its graph; returns the evidence."""
    staging.write_files(facts, own, int(said["pad_id"]))
    if asked.layers:
        _say_layers(own / staging.CONFIG, asked.layers)
    contract.write_manifest(own, contract.manifest(facts, staging.shipped(own), Evidence()))
    _making, checking = staging.PROCESSES.get(facts.activation, staging.PROCESSES[SOFTMAX])
    parity = yield from child.result_of(checking, own, what="parity")
    return {**parity, **said["parity"]}


def _say_layers(config: Path, layers: int) -> None:
    said = json.loads(config.read_text(encoding="utf-8"))
    known = {name: layers for name in LAYERS if name in said}
    publish_file(config, json.dumps({**said, **known}, ensure_ascii=False, indent=1).encode())


def _take_over(stage: Path, own: Path) -> None:
    """All files of the student's bundle in place of the whole model's, which has none left."""
    for path in staging.shipped(stage):
        path.unlink()
    for path in [*staging.shipped(own), own / MANIFEST]:
        path.replace(stage / path.name)
