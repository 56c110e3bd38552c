"""Sets of labels from labelling to a bundle: the head, a round, the numbers, the export, and what the bundle says."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import inuse, judged, queue, settings
from core import project as projects
from core.connection import transaction
from core.predictions import Predictions
from core.project import Project
from core.publish import publish_file
from core.records import ImportReport, Job, LabelClass
from core.store import classes, examples, imports, models
from core.store.labels import Decision, decide
from core.tasks.multilabel import LabelSet
from core.worker.jobs.embed import EMBED
from core.worker.jobs.round import ROUND
from core.worker.learner import refresh
from core.worker.protocol import JobContext
from exports import contract, parity
from exports.compare_job import PRECISIONS
from exports.dataset import write_labels
from exports.job import EXPORT
from exports.runtime import answers
from exports.runtime.checks import checks
from exports.runtime.errors import BundleError
from exports.runtime.predictor import Predictor
from tests import tiny
from tests.export.making import fewer_texts, manifest_of, run

WORDS = {
    "money": ("card", "refund", "charged"),
    "parcel": ("order", "late", "shoes"),
    "angry": ("broken", "help", "not"),
}
N = 48


def text(number: int) -> tuple[str, list[str]]:
    """A message, and its labels: each bit of its number is one."""
    found = [name for bit, name in enumerate(WORDS) if number >> bit & 1]
    words = [WORDS[name][(number // 8 + bit) % 3] for bit, name in enumerate(WORDS) if name in found]
    return f"{' and '.join(words) or 'hello'} please {number}", found


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Sixty-four texts embedded by a small encoder, forty answered, eight held out; a head is published."""
    root = tmp_path_factory.mktemp("sets") / "project"
    root.mkdir(mode=0o700)
    encoder = tiny.bert(root.parent / "encoder")
    project = projects.create(root, "multilabel")
    options = settings.Settings(encoder=str(encoder), max_steps=3, epochs=1, threads=1, audit_share=0.5, round_every=0)
    settings.save(root, options)
    rows = [text(number) for number in range(72)]
    with project.open() as con:
        with transaction(con):
            described = [
                LabelClass(0, "money", group="what"),
                LabelClass(0, "parcel", group=""),
                LabelClass(0, "angry"),
            ]
            classes.add(con, [*described, LabelClass(0, "never")], "import")
        for split, part in (("pool", rows[:64]), ("test", rows[64:])):
            import_id = imports.begin(con, "test", split)  # type: ignore[arg-type]
            given = [
                imports.Row(i, said, "{}", json.dumps(names) if split == "test" else None)
                for i, (said, names) in enumerate(part, 1)
            ]
            imports.add_rows(con, import_id, given)
            imports.finish(con, import_id, project.task(con), (), ImportReport("t", split, lines=len(part)))  # type: ignore[arg-type]
    run(project, EMBED)
    with project.open() as con:
        task, ids = project.task(con), classes.ids(con)
        decisions = [
            Decision(i, task.encode(task.from_file(rows[i - 1][1], ids, "")), {"strategy": "audit", "probability": 0.5})
            for i in range(1, 41)
        ]
        decide(con, task, decisions, "ada")
        refresh(project, con)
    return project


def test_the_queue_suggests_sets_with_every_label_s_probability(taught: Project) -> None:
    with taught.open() as con:
        items = queue.upcoming(taught, con, 5)
        assert all(item.suggestion is not None for item in items)
        for item in items:
            assert isinstance(item.suggestion.value, list)  # type: ignore[union-attr]
            assert len(item.suggestion.scores) == 3  # type: ignore[union-attr]
        assert {item.strategy for item in items} <= {"herding", "audit"}
        with Predictions.open(taught, con) as said:  # type: ignore[union-attr]
            again = said.suggestion(con, taught.task(con), items[0].example_id)
        assert again is not None
        assert again.value == items[0].suggestion.value  # type: ignore[union-attr]


def test_numbers_come_from_the_test_set_the_audit_and_out_of_fold(taught: Project) -> None:
    with taught.open() as con:
        for source, n in (("test", 8), ("audit", 40), ("out-of-fold", 40)):
            found = models.newest_evaluation(con, "head", source)  # type: ignore[arg-type]
            assert found is not None
            assert found.n == n
            assert set(judged.precision_of(taught, found)) == {1, 2, 3}
            assert all(0.0 < value <= 1.0 for value in judged.precision_of(taught, found).values())


def test_a_round_runs_judges_and_is_decided(taught: Project) -> None:
    with taught.open() as con:
        con.execute("INSERT INTO jobs(id, kind, args, state, created) VALUES (1, 'round', '{}', 'running', 0)")
        before = models.encoder_in_use(con)
    events = list(ROUND.run(JobContext(taught, Job(1, "round", {}, "running", 0.0), taught.settings())))
    losses = [event.payload["loss"] for event in events if "loss" in event.payload]
    assert losses
    assert all(np.isfinite(losses))
    assert events[-1].kind == "result"
    with taught.open() as con:
        (summary,) = models.rounds(con)
        assert summary.state in ("kept", "rejected")
        assert "log_loss" in summary.info["scores"]
        found = models.newest_evaluation(con, "round 1", "out-of-fold")
        assert found is not None
        assert found.n == 40
        assert set(summary.info["recipe"]["cuts"]) == {"1", "2", "3"}
        models.use_encoder(con, before, "")


@pytest.fixture(scope="module")
def made(taught: Project) -> Path:
    """A bundle of the head."""
    with fewer_texts(N):
        events = run(taught, EXPORT, {"to": str(taught.root / "bundles" / "b")})
    assert events[-1].payload["parity"]["ok"]
    assert events[-1].payload["parity"]["flips"] == 0
    return taught.root / "bundles" / "b"


def test_sets_are_answered_alike_in_integers_as_judged_by_the_task(taught: Project) -> None:
    with fewer_texts(N):
        row = run(taught, PRECISIONS, {"names": ["int8"]})[-1].payload["rows"][1]
    assert row["agreement"]["n"] == 24
    assert row["held"]["n"] == 40 + 8, "out of fold, and the test set"
    assert row["passed"], row["why"]


def test_the_bundle_says_how_it_answers(taught: Project, made: Path) -> None:
    said = manifest_of(made)
    assert said["activation"] == "sigmoid"
    assert [item["name"] for item in said["classes"]] == ["money", "parcel", "angry"]
    assert all(0.0 < item["threshold"] < 1.0 for item in said["classes"])
    assert said["classes"][0]["group"] == "what"
    assert said["unlearnt"] == ["never"]
    card = (made / "README.md").read_text()
    assert "never answered: never" in card
    assert "threshold of its own" in card
    with taught.open() as con:
        cuts = inuse.model_in_use(taught, con).head["cuts"]
    assert [item["threshold"] for item in said["classes"]] == cuts


def test_the_bundle_answers_as_the_project_does(taught: Project, made: Path) -> None:
    predictor = Predictor(made)
    with taught.open() as con:
        task, names = taught.task(con), classes.names(con)
        texts = examples.get(con, range(41, 65))
        with Predictions.open(taught, con) as said:  # type: ignore[union-attr]
            ours = [said.suggestion(con, task, x.id) for x in texts]
    theirs = predictor.predict([x.text for x in texts])
    same = [one is not None and one.value == other["labels"] for one, other in zip(ours, theirs, strict=True)]
    assert sum(same) >= len(same) - 1, "16-bit features may tip one that lies on its threshold"
    assert set(theirs[0]["scores"]) == {"money", "parcel", "angry"}
    assert names[1] == "money"


def test_labels_are_written_as_they_can_be_read_again(taught: Project, tmp_path: Path) -> None:
    with taught.open(readonly=True) as con:
        write_labels(taught, con, tmp_path / "out.jsonl")
        write_labels(taught, con, tmp_path / "out.csv")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert {row["text"]: row["labels"] for row in rows}["hello please 0"] == []
    from core.intake import new_project

    for name in ("out.jsonl", "out.csv"):
        again, _reports = new_project(
            tmp_path / name.replace(".", "-"), data=tmp_path / name, task="multilabel", label="labels", text="text"
        )
        with again.open() as con:
            task, names = again.task(con), classes.names(con)
            found = {x.example.text: task.to_file(task.decode(x.stored), names) for x in examples.labelled(con)}
        assert {text: sorted(said) for text, said in found.items()} == {
            row["text"]: sorted(row["labels"]) for row in rows
        }


CLASSES: list[dict[str, Any]] = [
    {"name": "a", "threshold": 0.5},
    {"name": "b", "threshold": 0.2, "group": "g"},
    {"name": "c", "threshold": 0.5, "group": "g"},
    {"name": "d", "threshold": 0.5, "implies": ["c"]},
]


def test_thresholds_and_rules_decide_in_the_bundle_as_they_do_here() -> None:
    from core.tasks.multilabel import MULTILABEL

    task = MULTILABEL.bound(
        [
            LabelClass(1, "a"),
            LabelClass(2, "b", group="g"),
            LabelClass(3, "c", group="g"),
            LabelClass(4, "d", implies=("c",)),
        ]
    )
    cuts = [item["threshold"] for item in CLASSES]
    logits = np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32)
    said = answers.answered(logits, CLASSES)
    odds = answers.over(logits, CLASSES)
    assert [[CLASSES[i]["name"] for i in np.flatnonzero(row >= 0)] for row in odds] != said
    for row, names in zip(logits, said, strict=True):
        answer = task.from_scores(answers.sigmoid(row[None])[0].tolist(), (1, 2, 3, 4), cuts)
        assert isinstance(answer, LabelSet)
        assert task.to_file(answer, {1: "a", 2: "b", 3: "c", 4: "d"}) == names


def test_parity_counts_other_sets_but_not_those_on_the_threshold() -> None:
    truth = np.array([[0.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]], np.float32)
    near, far = truth.copy(), truth.copy()
    near[0, 0] = -0.00005
    far[1, 0] = -1.0
    assert parity.count_other_sets(truth, near, CLASSES) == 0
    assert parity.count_other_sets(truth, far, CLASSES) == 1


@pytest.mark.parametrize("cut", [0.0, 1.0, "x", None, 2])
def test_a_bundle_with_an_impossible_threshold_is_refused(cut: object, made: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(made, tmp_path / "b")
    said = manifest_of(made)
    said["classes"][0]["threshold"] = cut
    publish_file(tmp_path / "b" / "handful.json", json.dumps(said).encode())
    with pytest.raises(BundleError, match="damaged"):
        Predictor(tmp_path / "b")


def test_a_class_of_the_model_may_be_archived_by_now(taught: Project) -> None:
    with taught.open(readonly=True) as con:
        facts = contract.read(taught, con, taught.settings())
    assert len(facts.answering) == len(facts.classes)


@pytest.mark.usefixtures("lenient")
def test_another_encoder_is_taught_sets_of_labels(taught: Project, tmp_path: Path) -> None:
    target, small = tmp_path / "bundle", tiny.distilbert(tmp_path / "small-one", seed=7)
    run(taught, EXPORT, {"to": str(target), "student": str(small)})
    said = manifest_of(target)
    student = said["precision"]["student"]
    assert student["encoder"] == said["encoder"]["name"] == "small-one"
    assert (student["texts"], student["agreement"]["n"]) == (16, 8)
    assert student["held"]["n"] == 48, "forty answered ones and the test set"
    assert said["parity"]["ok"]
    assert all(check.ok for check in checks(target))
    assert all(set(answer) == {"labels", "scores"} for answer in Predictor(target).predict(["where is my refund"]))
