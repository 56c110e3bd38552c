"""A staged fp32 bundle gets another graph, or is only compared with others: what the worker asks of the trial."""

import shutil
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import RefusedError
from core.i18n import _
from core.records import JobEvent
from core.show import visible
from exports import child, probes
from exports.contract import Evidence
from exports.precision import trial
from exports.runtime.sealed import MODEL


def table(stage: Path, names: Sequence[str]) -> Generator[JobEvent, None, list[dict[str, Any]]]:
    """Try these precisions on a stage; returns a row each, fp32 first. The graphs that passed lie in the stage."""
    trial.ask(stage, names)
    yield from child.result_of("exports.precision.bodies", stage, what="texts for the gates")
    found = yield from child.result_of("exports.precision.trial", stage, what="precisions")
    rows: list[dict[str, Any]] = found["rows"]
    return rows


def exchanged(stage: Path, name: str, evidence: Evidence) -> Generator[JobEvent, None, Evidence]:
    """Put the graph in this precision in place of the fp32 one; raises RefusedError with the numbers if none passes."""
    rows = yield from table(stage, [name])
    row = next(row for row in rows if row["name"] == name)
    if not row["passed"]:
        raise refusal(row)
    answers = probes.read(trial.probes_of(stage, name))
    trial.file_of(stage, name).replace(stage / MODEL)
    clear(stage, [name])
    student = {key: evidence.precision[key] for key in ("student",) if key in evidence.precision}
    return replace(evidence, probes=answers, precision={**row, **student, "compared": rows})


def clear(stage: Path, names: Sequence[str]) -> None:
    """Remove what the trial left, the graphs included."""
    left = [stage / name for name in trial.FILES]
    left += [path for name in names for path in (trial.file_of(stage, name), trial.probes_of(stage, name))]
    for path in left:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def refusal(row: Mapping[str, Any], hint: str = "") -> RefusedError:
    """Why there is no graph in this precision, with the numbers and the classes that suffered."""
    return RefusedError(
        _("The model does not answer alike in {name}; no bundle was made.").format(name=visible(str(row["name"]))),
        _("Best of {n} attempts ({method}): {why}.").format(
            n=row["attempts"], method=visible(str(row.get("method", "—"))), why=row["why"]
        ),
        hint or _("Export it in fp32, or label more texts of the classes named."),
    )
