"""The demo that runs by itself: the whole loop on the embedded corpus, its gold answering in a person's place.

It goes through the same doors as every command: the queue, the decisions, jobs in the background worker.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from core import clock, inuse, queue, settings
from core.connection import Connection
from core.demo import DemoTask, corpus
from core.demo.making import about
from core.errors import HandfulError
from core.evaluation.report import Report
from core.i18n import _
from core.project import Project
from core.publish import publish_file
from core.querying.reasons import words
from core.show import shorten
from core.store import classes, examples, labels
from core.store.labels import Decision
from tui import jobs
from tui.commands.metrics import SOURCES, collect, print_report
from tui.output import data, percent, say, size
from tui.texts import in_words
from tui.waiting import wait_for_ranking

LABELS = 48
AT_ONCE = 4
"""Answers between two looks at the queue."""
SHOWN = 5
ANNOTATOR = "gold"


@dataclass(frozen=True, slots=True)
class Summary:
    """What came out of one automatic run."""

    project: str
    labels: int
    before: list[Report]
    """Reports of the instant head, before the round."""
    model: str
    after: list[Report]
    """Reports of the model in use at the end."""
    verdict: str
    bundle: dict[str, Any]
    predictions: list[dict[str, Any]]
    """Held-out texts as onnxruntime answers them, with their gold."""
    onnx_accuracy: float
    """Share of the held-out texts the bundle answers right."""
    seconds: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


class Stopwatch:
    """Seconds of each part of the run."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = clock.monotonic()

    def lap(self, name: str) -> None:
        """Book the time since the last lap under this name."""
        now = clock.monotonic()
        self.seconds[name] = round(now - self._since, 1)
        self._since = now


def run(project: Project) -> Summary:
    """Embed, label, tune, judge, export, predict."""
    # nobody types beside this run, so that the worker may have every core
    options = replace(project.settings(), round_every=0, threads=settings.cores())
    settings.save(project.root, options)
    watch = Stopwatch()
    with project.open() as con:
        say(_("Embedding {n} texts in the background worker").format(n=examples.total(con)))
        wait_for_ranking(project, con)
        watch.lap("embed")
        say(_("{n} labels, each for a text that the program picks").format(n=LABELS))
        task, ids = project.task(con), classes.ids(con)
        demo = about(task.name)
        _label(project, con, demo)
        watch.lap("label")
        before = collect(project, con, inuse.model_in_use(project, con).name, SOURCES)
        say(_("One round of fine-tuning"))
        verdict = str((jobs.run(project, con, "round").result or {})["verdict"])
        wait_for_ranking(project, con)
        watch.lap("round")
        model = inuse.model_in_use(project, con).name
        after = collect(project, con, model, SOURCES)
        say(_("Export to ONNX, with proof that it answers alike"))
        bundle = dict(jobs.run(project, con, "export", {"to": None, "force": False}).result or {})
        watch.lap("export")
    say(_("Predictions by onnxruntime, in a process without torch"))
    held_out = [item for item in corpus() if item.split == "test"]
    answers = predict(Path(bundle["path"]), [item.text for item in held_out])
    watch.lap("predict")
    right = [
        task.from_file(answer[task.field], ids, item.text) == task.from_file(demo.gold(item), ids, item.text)
        for item, answer in zip(held_out, answers, strict=True)
    ]
    return Summary(
        str(project.root),
        LABELS,
        before,
        model,
        after,
        verdict,
        bundle,
        [
            {
                "text": item.text,
                "gold": demo.gold(item),
                "label": said[task.field],
                "p": _sure(said, task.field),
                "right": hit,
            }
            for item, said, hit in zip(held_out[:SHOWN], answers, right, strict=False)
        ],
        sum(right) / len(held_out),
        watch.seconds,
    )


def _sure(said: dict[str, Any], field: str) -> float | None:
    """The probability of the most probable class; of several spans that of the least probable; None without any."""
    if "scores" in said:
        return max(said["scores"].values(), default=None)
    return min((span["score"] for span in said[field]), default=None)


def _label(project: Project, con: Connection, demo: DemoTask) -> None:
    task, ids = project.task(con), classes.ids(con)
    gold = {item.text: demo.gold(item) for item in corpus()}
    done = 0
    while done < LABELS:
        items = queue.upcoming(project, con, min(AT_ONCE, LABELS - done))
        labels.record_served(con, {item.example_id: queue.pick_of(item) for item in items}, ANNOTATOR)
        for item, example in zip(items, examples.get(con, [i.example_id for i in items]), strict=True):
            answer = task.from_file(gold[example.text], ids, example.text)
            labels.decide(con, task, [Decision(example.id, task.encode(answer))], ANNOTATOR)
            done += 1
            answer_said = in_words(gold[example.text])
            say(f"  {done:>2}  {shorten(answer_said, 20):<9} {shorten(example.text, 40):<40} {words(item.reason)}")
        wait_for_ranking(project, con)


def predict(bundle: Path, texts: list[str]) -> list[dict[str, Any]]:
    """The bundle's answers, from its own predict.py in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        source = Path(name, "texts.jsonl")
        publish_file(source, "".join(json.dumps({"text": text}) + "\n" for text in texts).encode())
        command = [sys.executable, "-P", str(bundle / "predict.py"), str(bundle), str(source)]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        raise HandfulError(_("The bundle could not predict."), done.stderr[-500:])
    return [json.loads(line) for line in done.stdout.splitlines()]


def show(summary: Summary) -> None:
    """The summary on stdout."""
    tests = [report for report in summary.after if report.source == "test"]
    for report in tests:
        print_report(report)
    data("")
    data(
        _("Before the round: {before}; with {model}: {after} (accuracy on held-out texts)").format(
            before=_accuracy(summary.before), model=inuse.called(summary.model), after=_accuracy(summary.after)
        )
    )
    data(_("Round: {verdict}").format(verdict=summary.verdict))
    parity = summary.bundle["parity"]
    data(
        _(
            "Bundle: {path} ({size}); largest difference of logits {diff:.1e} on {n} texts, {flips} answers differ"
        ).format(
            path=summary.bundle["path"],
            size=size(summary.bundle["size_bytes"]),
            diff=parity["max_abs_diff"],
            n=parity["texts"],
            flips=parity["flips"],
        )
    )
    data(_("onnxruntime answers {p:.2f} of the held-out texts right, for example:").format(p=summary.onnx_accuracy))
    for row in summary.predictions:
        said, gold = in_words(row["label"]), in_words(row["gold"])
        p = "    " if row["p"] is None else f"{row['p']:.2f}"
        data(f"  {said:<9} {p} {'=' if row['right'] else '≠'} {gold:<9} {shorten(row['text'], 45)}")
    spent = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in summary.seconds.items())
    data(_("Time: {spent}; {total:.0f} s in all").format(spent=spent, total=sum(summary.seconds.values())))


def _accuracy(found: list[Report]) -> str:
    whole = next((r for r in found if r.source == "test" and not r.slice), None)
    return percent(whole.accuracy, whole.accuracy_interval) if whole else "—"
