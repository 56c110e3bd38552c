"""A round end to end on a two-layer encoder: folds, phases, and going on after a kill."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from core import tokenizing
from core.project import Project
from core.records import JobEvent
from core.settings import Settings
from core.tasks.classify import ClassAnswer
from core.training import round as rounds
from core.training import space
from core.training.classify import CLASSIFY_TRAINER
from core.training.device import Compute
from core.training.embed import pad
from core.training.featurizer import load_featurizer
from core.training.round import RoundRequest, folds_of, phases_of
from tests import tiny

TEXTS = [f"{word} {n} please" for n in range(4) for word in ("refund money", "login password", "slow router")]
ANSWERS = [ClassAnswer((5, 7, 9)[i % 3]) for i in range(12)]
OPTIONS = Settings(epochs=3, batch_size=4, learning_rate=1e-3, folds=2)


@given(st.lists(st.integers(0, 3), max_size=40), st.integers(2, 5), st.integers(0, 99))
@settings(max_examples=60, deadline=None, database=None, derandomize=True)
def test_every_class_is_spread_evenly_over_the_folds(classes: list[int], k: int, seed: int) -> None:
    folds = folds_of(range(100, 100 + len(classes)), classes, k, seed)
    sizes = np.bincount(folds, minlength=k)
    assert len(folds) == len(classes)
    for value in set(classes):
        counts = np.bincount(folds[np.array(classes) == value], minlength=k)
        assert counts.max() - counts.min() <= 1
    assert sizes.max() - sizes.min() <= max(len(set(classes)), 1)


@given(st.lists(st.integers(0, 3), max_size=40), st.integers(0, 40), st.integers(2, 5))
@settings(max_examples=60, deadline=None, database=None, derandomize=True)
def test_labels_that_are_added_do_not_move_the_folds_of_earlier_ones(classes: list[int], first: int, k: int) -> None:
    ids = list(range(7, 7 + len(classes)))
    before = folds_of(ids[:first], classes[:first], k, 3)
    assert folds_of(ids, classes, k, 3)[:first].tolist() == before.tolist()


def test_folds_are_drawn_by_seed() -> None:
    classes = [0, 1] * 20
    one, two, again = (folds_of(range(40), classes, 4, seed).tolist() for seed in (0, 1, 0))
    assert one == again != two


def test_two_labels_a_class_leave_one_to_learn_from_in_every_fold() -> None:
    for seed in range(20):
        for phase in phases_of(folds_of(range(4), [0, 1, 0, 1], 3, seed))[:-1]:
            assert {i % 2 for i in phase.train.tolist()} == {0, 1}


def test_the_phases_are_one_a_fold_and_one_on_everything() -> None:
    phases = phases_of(np.array([0, 2, 0, 2, 2]))
    assert [phase.name for phase in phases] == ["fold 1 of 2", "fold 2 of 2", "all labels"]
    assert [phase.held_out.tolist() for phase in phases] == [[0, 2], [1, 3, 4], []]
    assert [phase.train.tolist() for phase in phases] == [[1, 3, 4], [0, 2], [0, 1, 2, 3, 4]]


@pytest.fixture
def request_(bare_project: Project, own_bert: Path, compute: Compute) -> RoundRequest:
    made = space.prepare(bare_project, OPTIONS, "base", own_bert, TEXTS)
    folds = folds_of(range(12), [answer.class_id for answer in ANSWERS], OPTIONS.folds, OPTIONS.seed)
    work = bare_project.root / "work"
    return RoundRequest(bare_project, made, TEXTS, ANSWERS, folds, "ab12", work, OPTIONS, compute)


def play(request: RoundRequest) -> Iterator[JobEvent]:
    return rounds.run(request, CLASSIFY_TRAINER)


def outcome(request: RoundRequest) -> tuple[list[list[float]], bytes]:
    """The scores of every text by the model that did not see it, and the tuned encoder's file."""
    scores = sorted((row, *found.tolist()) for row, _head, found in rounds.out_of_fold(request))
    return [list(row) for row in scores], (rounds.tuned_encoder(request) / "model.safetensors").read_bytes()


def test_a_round_predicts_every_text_by_a_model_that_never_saw_it(request_: RoundRequest) -> None:
    list(play(request_))
    found = rounds.out_of_fold(request_)
    assert sorted(row for row, _head, _scores in found) == list(range(12))
    for _row, head, scores in found:
        assert head.class_ids == (5, 7, 9)
        assert scores.sum() == pytest.approx(1.0, abs=1e-5)


def test_a_round_tells_its_phases_and_its_progress(request_: RoundRequest) -> None:
    events = list(play(request_))
    assert [e.payload["name"] for e in events if e.kind == "phase"] == ["fold 1 of 2", "fold 2 of 2", "all labels"]
    progress = [e.payload for e in events if e.kind == "progress"]
    assert all(0 < p["done"] <= p["total"] for p in progress)
    assert {"fold 1 of 2", "all labels", "embed the labelled texts"} <= {p["what"] for p in progress}


def test_the_tuned_encoder_is_a_directory_like_the_one_it_came_from(request_: RoundRequest, own_bert: Path) -> None:
    list(play(request_))
    tuned = rounds.tuned_encoder(request_)
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= {path.name for path in tuned.iterdir()}
    assert all(path.stat().st_mode & 0o077 == 0 for path in [tuned, *tuned.iterdir()])
    assert (tuned / "tokenizer.json").read_bytes() == (own_bert / "tokenizer.json").read_bytes()
    before, after = load_file(own_bert / "model.safetensors"), load_file(tuned / "model.safetensors")
    assert before.keys() == after.keys()
    assert any(not before[name].equal(after[name]) for name in before)
    ids = [tokenizing.load(tuned / "tokenizer.json", 64).encode(TEXTS[0]).ids]
    assert load_featurizer(tuned, {})(*pad(ids, 0)).shape == (1, tiny.HIDDEN)


def test_the_tuned_encoders_files_do_not_say_where_they_were_made(request_: RoundRequest, tmp_path: Path) -> None:
    list(play(request_))
    assert str(tmp_path) not in (rounds.tuned_encoder(request_) / "config.json").read_text()


def test_M2_a_round_that_was_cut_off_ends_as_one_that_was_not(
    request_: RoundRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(play(straight := replace(request_, work=request_.work / "straight")))
    monkeypatch.setattr(rounds, "CHECKPOINT_SECONDS", -1.0)
    monkeypatch.setattr(rounds, "TICK", -1.0)
    resumed = []
    for stop in (3, 8, 12):  # in the first fold; in the second; in the last phase
        run = play(request_)
        for number, event in enumerate(run):
            resumed += [event.payload] if event.kind == "note" else []
            if number == stop:
                break
        run.close()  # type: ignore[attr-defined]
    resumed += [event.payload for event in play(request_) if event.kind == "note"]
    assert len({note["phase"] for note in resumed}) > 1, "else nothing was cut off"
    assert outcome(request_) == outcome(straight)


def test_finished_phases_are_not_done_again(request_: RoundRequest) -> None:
    list(play(request_))
    assert list(play(request_)) == []


@pytest.mark.parametrize("change", [{"epochs": 2}, {"learning_rate": 1e-4}, {"optimizer": "sgd"}, {"dropout": 0.3}])
def test_an_option_changed_while_it_was_interrupted_voids_what_was_done(
    request_: RoundRequest, change: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "CHECKPOINT_SECONDS", -1.0)
    monkeypatch.setattr(rounds, "TICK", -1.0)
    for _event in islice(play(request_), 4):  # the first fold, with a checkpoint
        pass
    other = replace(request_, settings=replace(OPTIONS, **change))  # type: ignore[arg-type]
    events = list(islice(play(other), 4))
    assert [e.kind for e in events] == ["phase", "progress", "progress", "progress"]
    assert events[1].payload["done"] == 1


def test_an_option_that_does_not_matter_voids_nothing(request_: RoundRequest) -> None:
    list(play(request_))
    assert list(play(replace(request_, settings=replace(OPTIONS, queue_length=7, idle_seconds=9)))) == []


def test_a_round_with_a_sketch_keeps_the_extended_tokenizer(
    bare_project: Project, own_bert: Path, request_: RoundRequest
) -> None:
    made = space.prepare(bare_project, OPTIONS, "base", own_bert, ["退款什么时候到账", "宽带今晚特别慢"])
    mixed = [text + " 退款什么" for text in TEXTS]
    request = replace(request_, space=made, texts=mixed, settings=replace(OPTIONS, epochs=1))
    list(play(request))
    tuned = rounds.tuned_encoder(request)
    assert "退" in json.loads((tuned / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    head = rounds.out_of_fold(request)[0][1]
    assert head.weight.shape == (3, made.dim) == (3, tiny.HIDDEN + 512)
