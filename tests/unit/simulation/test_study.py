"""The whole simulation on real files with a real, tiny encoder: what may influence what, and what is told."""

import json
import statistics
from typing import Any

import pytest

from core.simulation.plan import Plan, next_batch
from tests.unit.simulation.conftest import BUDGET, NEVER_MET, POOL, TEST, Simulate, without

Result = dict[str, Any]
SCORES = ("accuracy", "macro_f1", "per_class_f1", "micro_f1")
TRUTH = ("accuracy_pool", "macro_f1_pool")


def asked(runs: list[Result]) -> set[int]:
    return {number for run in runs for step in run["steps"] for number in step["asked"]}


def test_the_gold_of_texts_that_were_never_asked_changes_nothing_at_all(base: Result, run: Simulate) -> None:
    before = base["runs"][:2]
    never = set(range(1, len(POOL) + 1)) - asked(before)
    assert len(never) > 25
    scrambled = [(text, f"nonsense {n % 7}" if n in never else c) for n, (text, c) in enumerate(POOL, 1)]
    after = run(scrambled, strategies=("auto", "random"))
    assert json.dumps(without(after["runs"], "seconds", *TRUTH)) == json.dumps(without(before, "seconds", *TRUTH))
    assert without(after, "seconds", "seeds", "runs") == without(base, "seconds", "seeds", "runs")


def test_the_gold_of_asked_texts_is_what_is_learnt_from(base: Result, run: Simulate) -> None:
    before = base["runs"][0]["steps"][0]
    following = {"billing": "delivery", "delivery": "internet", "internet": "billing"}
    other = [(text, following[c] if n in before["asked"] else c) for n, (text, c) in enumerate(POOL, 1)]
    after = run(other, budget=4, rounds=())["runs"][0]["final"]
    assert after["asked"] == before["asked"]
    assert after["per_class_f1"] != before["per_class_f1"]


@pytest.mark.parametrize(
    "test",
    [
        [(text, TEST[(n * 7 + 5) % len(TEST)][1]) for n, (text, _c) in enumerate(TEST)],
        [("router speed is slow", "internet"), ("router speed is slow", "never seen")],
    ],
    ids=["scrambled", "another"],
)
def test_the_test_file_changes_the_scores_alone(test: list[tuple[str, str]], base: Result, run: Simulate) -> None:
    again = run(test=test)
    before, after = base["runs"][0], again["runs"][0]
    assert without(before, "seconds") != without(after, "seconds")
    for one, other in zip(before["steps"], after["steps"], strict=True):
        assert without(one, "seconds", "round", *SCORES) == without(other, "seconds", "round", *SCORES)
    # what the project itself says about its round is none of TEST's business
    rounds = [without(run["final"]["round"], "seconds", "before") for run in (before, after)]
    assert rounds[0] == rounds[1]
    assert rounds[0]["accuracy"] > 0


def test_every_seed_and_strategy_has_its_run_and_goes_its_own_way(base: Result) -> None:
    assert [(run["strategy"], run["seed"]) for run in base["runs"]] == [
        ("auto", 0),
        ("random", 0),
        ("auto", 3),
        ("random", 3),
    ]
    ways = [tuple(number for step in run["steps"] for number in step["asked"]) for run in base["runs"]]
    assert len(set(ways)) == 4
    assert all(len(set(way)) == BUDGET for way in ways)


def test_steps_say_what_was_spent_why_and_how_good_the_model_is(base: Result) -> None:
    for run in base["runs"]:
        assert [step["labels"] for step in run["steps"]] == [4, 8, 12, 16]
        assert run["final"] == run["steps"][-1]
        for step in run["steps"]:
            assert sum(step["reasons"].values()) == len(step["asked"]) == 4
            assert set(step["seconds"]) == {"embedding", "head", "picking", "judging", "round"}
            assert step["seconds"]["picking"] > 0
            assert set(step["per_class_f1"]) == {"billing", "delivery", "internet", NEVER_MET}
            assert step["macro_f1"] == pytest.approx(statistics.fmean(step["per_class_f1"].values()))
            assert 0 <= step["accuracy"] <= 30 / 31
    autos = [run for run in base["runs"] if run["strategy"] == "auto"]
    assert any("audit/audit" in step["reasons"] for run in autos for step in run["steps"])
    assert {name for run in base["runs"][1::2] for s in run["steps"] for name in s["reasons"]} == {"random/random"}


def test_the_project_says_nothing_of_few_drawn_texts_and_a_number_with_its_source_of_many(base: Result) -> None:
    auto, drawn = base["runs"][0]["steps"], base["runs"][1]["steps"]
    assert {(step["estimate"], step["interval"], step["source"]) for step in auto} == {(None, None, "audit")}
    assert [step["effective"] for step in drawn[:3]] == [4, 8, 12]
    assert all(0 < step["accuracy_pool"] <= 1 for step in [*auto, *drawn])


def test_an_estimate_is_about_the_whole_pool(run: Simulate) -> None:
    final = run(budget=32, rounds=(), strategies=("random",), batch=32)["runs"][0]["final"]
    low, high = final["interval"]
    assert final["effective"] == 32
    assert low <= final["estimate"] <= high
    assert abs(final["estimate"] - final["accuracy_pool"]) < 0.2
    assert final["macro_f1_interval"][0] <= final["macro_f1_estimate"] <= final["macro_f1_interval"][1]
    # 32 of the 60 texts are labelled: how the model answers them is counted, so they leave nothing to doubt
    assert high - low < 28 / 60


def test_a_class_that_was_never_met_counts_as_nothing(base: Result) -> None:
    assert {step["per_class_f1"][NEVER_MET] for run in base["runs"] for step in run["steps"]} == {0.0}
    assert max(step["macro_f1"] for run in base["runs"] for step in run["steps"]) > 0


def test_a_round_says_what_became_of_it_and_embedding_is_booked_apart(base: Result) -> None:
    kept = 0
    for run in base["runs"]:
        assert [step["round"] is not None for step in run["steps"]] == [False, False, False, True]
        told, seconds = run["final"]["round"], run["final"]["seconds"]
        assert told["problem"] == ""
        assert told["verdict"]
        assert seconds["round"] > 0
        embedding = sum(spent for name, spent in told["seconds"].items() if name.startswith("embed"))
        assert seconds["embedding"] == pytest.approx(embedding, abs=1e-3)
        assert (embedding > 0) is told["kept"]
        assert sum(told["seconds"].values()) == pytest.approx(seconds["round"] + embedding, abs=1e-2)
        assert run["final"]["model"] == ("round 1" if told["kept"] else "head")
        kept += told["kept"]
    assert kept, "no round was kept, so that nothing was said about the tuned encoder"


def test_the_first_step_has_the_first_embedding_of_the_pool(base: Result) -> None:
    assert {run["steps"][0]["seconds"]["embedding"] for run in base["runs"]} == {base["seconds"]["pool"]}
    assert base["seconds"]["pool"] > 0


def test_the_result_says_what_was_simulated(base: Result, bert: Any) -> None:
    told = without(base, "runs", "seconds", "settings", "version")
    assert told == {
        "pool": {"file": "pool.jsonl", "texts": 60, "refused": 0, "used": 60, "moved": 0, "conflicts": 0},
        "test": {"file": "test.jsonl", "texts": 31, "refused": 0},
        "task": "classify",
        "names": False,
        "budget": BUDGET,
        "batch": "1/8 of the labels so far, 4 to 50",
        "rounds": [BUDGET],
        "strategies": ["auto", "random"],
        "seeds": [0, 3],
        "device": "cpu, fp32",
    }
    assert base["settings"]["encoder"] == str(bert)
    assert base["settings"]["epochs"] == 2
    assert not {"seed", "strategy"} & set(base["settings"])


def test_without_two_classes_there_is_no_model_and_a_round_says_why_it_can_not_start(run: Simulate) -> None:
    same = [(text, "the only one") for text, _c in POOL]
    final = run(same, budget=4, rounds=(2,), batch=3)["runs"][0]["steps"]
    assert [step["labels"] for step in final] == [2, 4]
    assert [(step["model"], step["accuracy"], step["macro_f1"]) for step in final] == [(None, 0.0, 0.0)] * 2
    assert "two classes" in final[0]["round"]["problem"]
    assert final[1]["round"] is None


def test_names_that_are_known_beforehand_are_reported(run: Simulate) -> None:
    result = run(budget=4, rounds=(), names=True)
    assert result["names"] is True
    assert result["settings"]["open_classes"] is False


def test_texts_of_the_test_file_leave_the_pool(run: Simulate) -> None:
    result = run([*POOL, *TEST[:5], POOL[0]], budget=4, rounds=())
    assert result["pool"] == {"file": "pool.jsonl", "texts": 66, "refused": 0, "used": 60, "moved": 5, "conflicts": 0}
    assert max(asked(result["runs"])) <= 60


@pytest.mark.parametrize(
    ("spent", "batch", "rounds", "size"),
    [
        (0, None, (), 4),
        (32, None, (), 4),
        (80, None, (), 10),
        (500, None, (), 50),
        (600, None, (), 16),
        (0, None, (3,), 3),
        (3, None, (3,), 4),
        (80, 7, (), 7),
        (80, 7, (82,), 2),
        (615, 7, (616,), 1),
    ],
)
def test_a_batch_grows_with_the_labels_and_ends_where_a_round_runs(
    spent: int, batch: int | None, rounds: tuple[int, ...], size: int
) -> None:
    plan = Plan(None, None, 616, rounds, batch=batch)  # type: ignore[arg-type]
    assert next_batch(plan, spent) == size


def test_a_budget_of_eight_labels_for_77_classes_takes_a_few_dozen_rankings() -> None:
    plan, spent, turns = Plan(None, None, 616, (616,)), 0, 0  # type: ignore[arg-type]
    while spent < 616:
        spent, turns = spent + next_batch(plan, spent), turns + 1
    assert spent == 616
    assert turns < 50
