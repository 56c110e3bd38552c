"""The default queue: who gets a say when, and that its audits are a fair sample."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from core.querying.base import Pick, PoolView
from core.querying.herding import herding
from core.querying.policy import auto
from core.querying.randomly import audit, randomly
from tests.unit.querying.worlds import pool


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def strategies(picks: list[Pick]) -> list[str]:
    return [pick.strategy for pick in picks]


def view_with(labels: int, *, share: float = 0.0) -> PoolView:
    return replace(pool(80, labelled=labels), audit_share=share)


def test_texts_are_picked_by_herding_from_the_first_label_to_the_last() -> None:
    for labels in (0, 5, 40):
        silent = replace(view_with(labels), class_vectors={}, seeded={})
        assert set(strategies(auto(silent, 20, rng(0)))) == {"herding"}


def test_what_was_said_about_a_class_without_labels_takes_turns_with_the_pool() -> None:
    view = view_with(9)
    told = replace(view, class_vectors={99: view.features[view.open[0]]}, seeded={})
    assert strategies(auto(told, 4, rng(0))) == ["herding", "named"] * 2
    words = replace(view, class_vectors={}, seeded={99: view.open[:1]})
    assert strategies(auto(words, 4, rng(0))) == ["herding", "seeds", "herding", "herding"]


def test_a_class_with_a_label_is_left_to_the_model() -> None:
    view = view_with(9)
    known = view.classes[0][0]
    told = replace(view, class_vectors={known: view.features[view.open[0]]}, seeded={known: view.open[:5]})
    assert set(strategies(auto(told, 20, rng(0)))) == {"herding"}


def test_where_picking_does_not_pay_texts_are_drawn_at_random_and_have_a_probability() -> None:
    picks = auto(replace(view_with(40), picking_pays=False), 20, rng(0))
    assert set(strategies(picks)) == {"random"}
    assert None not in {pick.probability for pick in picks}


def test_about_the_asked_share_of_the_queue_is_audit() -> None:
    view = replace(pool(200, labelled=0), audit_share=0.3)
    counts = [strategies(auto(view, 40, rng(seed))).count("audit") for seed in range(25)]
    assert 0.25 < sum(counts) / 1000 < 0.35
    assert len(set(counts)) > 1, "which places are audits is drawn too"


@pytest.mark.parametrize(("share", "audits"), [(0.0, 0), (1.0, 30)])
def test_no_share_means_none_and_all_means_all(share: float, audits: int) -> None:
    assert strategies(auto(view_with(20, share=share), 30, rng(1))).count("audit") == audits


def test_audits_carry_how_many_were_drawn_of_how_many_open() -> None:
    view = view_with(20, share=0.3)
    for seed in range(5):
        picks = auto(view, 40, rng(seed))
        audits = [pick for pick in picks if pick.strategy == "audit"]
        assert {pick.probability for pick in audits} == {len(audits) / len(view.open)}
        assert {pick.probability for pick in picks if pick.strategy != "audit"} <= {None}


def test_audits_are_drawn_from_all_open_texts_even_from_those_wanted_anyway() -> None:
    view = replace(pool(42, labelled=12, skipped=0, classes=2), audit_share=0.5)
    wanted = {pick.row for pick in herding(view, 4, rng(0))}
    drawn: Counter[int] = Counter()
    places = 0
    for seed in range(500):
        rows = [pick.row for pick in auto(view, 10, rng(seed)) if pick.strategy == "audit"]
        drawn.update(rows)
        places += len(rows)
    expected = places / 30
    assert all(abs(drawn[row] - expected) < 4.5 * expected**0.5 for row in view.open.tolist())
    assert sum(drawn[row] for row in wanted) == pytest.approx(expected * len(wanted), rel=0.15)


def test_random_draws_are_uniform_without_replacement() -> None:
    view = pool(20, labelled=0, skipped=0)
    drawn: Counter[int] = Counter()
    for seed in range(2000):
        drawn.update(pick.row for pick in randomly(view, 5, rng(seed)))
    assert all(abs(drawn[row] - 500) < 4.5 * (500 * 0.75) ** 0.5 for row in range(20))


def test_random_and_audit_draws_are_the_same_but_for_their_names() -> None:
    view = pool()
    one, two = randomly(view, 5, rng(3)), audit(view, 5, rng(3))
    assert [(p.row, p.probability) for p in one] == [(p.row, p.probability) for p in two]
    assert {p.probability for p in one} == {5 / len(view.open)}


@pytest.mark.parametrize("pays", [True, False])
def test_what_the_model_answers_by_itself_is_asked_by_audits_and_spot_checks_alone(pays: bool) -> None:
    view = replace(pool(300, labelled=20), audit_share=0.2, spot_share=0.25, picking_pays=pays)
    view = replace(view, settled=view.open[::2])
    settled, kinds = set(view.settled.tolist()), Counter[str]()
    for seed in range(20):
        picks = auto(view, 40, rng(seed))
        assert len({pick.row for pick in picks}) == 40
        for pick in picks:
            kinds[pick.strategy] += 1
            assert (pick.row in settled) or pick.strategy != "spot-check"
            assert (pick.row not in settled) or pick.strategy in ("spot-check", "audit")
            assert (pick.probability is not None) == (pick.strategy == "audit"), "only audits stand for the pool"
    assert 0.15 < kinds["audit"] / 800 < 0.25
    assert 0.14 < kinds["spot-check"] / 800 < 0.26
    audits = [pick.row for seed in range(40) for pick in auto(view, 40, rng(seed)) if pick.strategy == "audit"]
    assert 0.4 < sum(row in settled for row in audits) / len(audits) < 0.6


def test_once_all_else_is_asked_the_settled_texts_fill_the_queue() -> None:
    view = pool(40, labelled=10, skipped=0)
    picks = auto(replace(view, settled=view.open[2:], audit_share=0.0), 30, rng(0))
    assert len({pick.row for pick in picks}) == 30
    assert strategies(picks[2:]) == ["spot-check"] * 28
