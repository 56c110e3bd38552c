"""`handful status`."""

from pathlib import Path
from typing import Any

import click

from core import checking, inuse
from core import project as projects
from core.connection import Connection
from core.evaluation import paying, stopping
from core.i18n import _
from core.project import Project
from core.store import classes, jobs, labels, meta, models
from core.worker import rule
from core.worker.state import effective_jobs, worker_state
from tui import told
from tui.commands import about
from tui.options import as_json, directory, login
from tui.output import WIDTH, clip, data, data_json, last_word, paragraph
from tui.suspects import summary as in_short


@click.command(
    "status",
    help=about(
        "status",
        _("Counts, the model in use, what the worker does, and why a round starts or not."),
        "handful status mail",
    ),
)
@directory
@as_json
def status_command(directory: Path, *, as_json: bool) -> None:
    """It only looks: no worker is started for it."""
    project = projects.find(directory)
    with project.open(readonly=True) as con:
        found = collect(project, con)
    if as_json:
        data_json(found)
    else:
        _print(found)


def collect(project: Project, con: Connection) -> dict[str, Any]:
    """Everything `status` says, as plain values; minutes are at the pace of who asks."""
    counters = meta.counters(con)
    names = classes.names(con)
    counts = classes.counts(con)
    ranking = models.newest_ranking(con)
    settings = project.settings()
    worker = worker_state(project)
    pace = labels.pace(con, login())
    suspects = checking.overview(project, con)
    return {
        "project": str(project.root.absolute()),
        "task": meta.get(con, "task"),
        "pool": counters.get("pool", 0),
        "test": counters.get("test", 0),
        "answered": counters.get("pool.answered", 0),
        "skipped": counters.get("pool.skipped", 0),
        "contested": counters.get("pool.contested", 0),
        "classes": {name: counts.get(i, 0) for i, name in names.items()},
        "embedded": meta.get(con, "embedded", 0),
        "encoder": settings.encoder,
        "model": None if ranking is None or not ranking.trained else inuse.source_name(models.encoder_in_use(con)),
        "model_why": meta.get(con, "encoder_why", ""),
        "drawing": told.drawing(con),
        "rounds": [{"number": r.number, "state": r.state, "verdict": r.verdict} for r in models.rounds(con)],
        "next_round": rule.explain(con, settings),
        "more": told.forecast(con, pace),
        "stopping": stopping.words(told.advice(con)),
        "picking": paying.words(paying.from_json(meta.get(con, models.PAYING))),
        "suspects": checking.counts(suspects),
        "check": in_short(suspects),
        "readability": meta.get(con, "readability"),
        "worker": worker.as_json(),
        "jobs": [
            {
                "id": job.id,
                "kind": job.kind,
                "state": job.state,
                "last_word": last_word(job, jobs.events(con, job.id)),
            }
            for job in effective_jobs(project, con, jobs.active(con))
        ],
    }


def _print(found: dict[str, Any]) -> None:
    data(_("{project} ({task})").format(**found))
    data(
        _("Texts: {pool} in the pool, {test} in the test set; {answered} answered, {skipped} skipped.").format(**found)
    )
    if found["contested"]:
        paragraph(_("{contested} of them wait to be settled: people disagree (handful agreement).").format(**found))
    for name, n in found["classes"].items():
        data(f"  {n:>6}  {clip(name, WIDTH - 10)}")
    data(_("Model in use: {model}.").format(model=inuse.called(found["model"]) if found["model"] else _("none yet")))
    for said in ("model_why", "drawing"):
        if found[said]:
            paragraph(found[said], "  ")
    paragraph(found["next_round"])
    for said in ("more", "stopping", "picking", "check"):
        if found[said]:
            paragraph(found[said])
    data(_("Encoder: {encoder}; {embedded} texts embedded.").format(**found))
    for line in _readability(found["readability"] or {}):
        data(line)
    paragraph(_("Worker: {said}.").format(said=found["worker"]["said"]))
    for job in found["jobs"]:
        said = f" ({job['last_word']})" if job["last_word"] else ""
        data(clip(_("  job {id}: {kind}, {state}").format(**job) + said, WIDTH))


def _readability(facts: dict[str, Any]) -> list[str]:
    lines = [
        _("  {share:.0%} of the tokens in {script} texts are unknown to it.").format(share=share, script=script)
        for script, share in facts.get("unknown", {}).items()
        if share > 0.1
    ]
    if facts.get("lexical"):
        lines.append(_("  For such texts character n-grams help out."))
    if facts.get("windowed", 0) > facts.get("cut", 0):
        lines.append(
            _("  {share:.1%} of the texts are longer than max_length and are read in windows.").format(
                share=facts["windowed"]
            )
        )
    if facts.get("cut"):
        lines.append(
            _("  {share:.1%} of the texts are longer than what is read, and are cut.").format(share=facts["cut"])
        )
    return lines
