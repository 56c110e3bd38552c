from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import linear_model
from threadpoolctl import threadpool_info, threadpool_limits

from core.training import head as heads
from core.training.head import Head, fit, load, save, softmax


def examples(classes: tuple[int, ...], n: int = 60, dim: int = 12) -> tuple[NDArray[np.float32], list[int]]:
    """Overlapping groups, the first class twice as frequent as the others."""
    draw = np.random.default_rng(0)
    y = draw.choice([classes[0], *classes], n)
    centre = {c: draw.normal(size=dim) for c in classes}
    return np.array([centre[c] + draw.normal(size=dim) * 2 for c in y], np.float32), y.tolist()


def their_model(x: NDArray[Any], y: list[int]) -> Any:
    found, counts = np.unique(y, return_counts=True)
    weights = {int(k): float((len(y) / (len(found) * n)) ** heads.BALANCE) for k, n in zip(found, counts, strict=True)}
    model = linear_model.LogisticRegression(C=10.0, max_iter=300, tol=heads.TOLERANCE, class_weight=weights)
    return model.fit(np.asarray(x, np.float64), y)


@pytest.mark.parametrize("classes", [(4, 9), (2, 5, 11), (1, 2, 3, 4, 50)])
def test_probabilities_equal_scikit_learns(classes: tuple[int, ...]) -> None:
    x, y = examples(classes)
    head, theirs = fit(x, y), their_model(x, y)
    assert head.class_ids == tuple(theirs.classes_) == classes
    assert np.abs(head.probabilities(x) - theirs.predict_proba(x)).max() < 1e-5


def test_logits_of_several_classes_equal_scikit_learns() -> None:
    x, y = examples((2, 5, 11))
    assert np.abs(fit(x, y).logits(x) - their_model(x, y).decision_function(x)).max() < 1e-4


def test_two_classes_have_two_rows_that_mirror_each_other() -> None:
    x, y = examples((4, 9))
    head = fit(x, y)
    assert head.weight.shape == (2, 12)
    assert np.array_equal(head.weight[0], -head.weight[1])
    assert head.bias[0] == -head.bias[1]


def test_rare_classes_are_heard_but_not_shouted() -> None:
    x, y = examples((1, 2), 200)
    rare = [i for i, c in enumerate(y) if c == 1] + [i for i, c in enumerate(y) if c == 2][:6]
    x, y = x[rare], [y[i] for i in rare]
    plain = linear_model.LogisticRegression(C=10.0, max_iter=300).fit(x, y).predict_proba(x)[:, 1].mean()
    balanced = linear_model.LogisticRegression(C=10.0, max_iter=300, class_weight="balanced").fit(x, y)
    assert plain < fit(x, y).probabilities(x)[:, 1].mean() < balanced.predict_proba(x)[:, 1].mean()


def test_half_precision_and_memory_maps_will_do(tmp_path: Path) -> None:
    x, y = examples((2, 5, 11))
    half = x.astype(np.float16)
    half.tofile(tmp_path / "x")
    mapped = np.memmap(tmp_path / "x", np.float16, "r", shape=half.shape)
    assert np.array_equal(fit(mapped, y).probabilities(mapped), fit(half, y).probabilities(half))


def test_probabilities_in_chunks_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = examples((2, 5, 11))
    whole = fit(x, y).probabilities(x)
    monkeypatch.setattr(heads, "_CHUNK", 7)
    assert np.array_equal(fit(x, y).probabilities(x), whole)
    assert np.allclose(whole.sum(axis=1), 1.0)


def test_softmax_survives_large_logits() -> None:
    rows = softmax(np.array([[1000.0, 0.0, -1000.0], [0.0, 0.0, 0.0]], np.float32))
    assert rows == pytest.approx(np.array([[1, 0, 0], [1 / 3] * 3]))


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    x, y = examples((2, 5, 11))
    head = fit(x, y)
    save(tmp_path, head, {"task": "classify", "n_labels": 60})
    back = load(tmp_path)
    assert back.class_ids == head.class_ids
    assert np.array_equal(back.weight, head.weight)
    assert np.array_equal(back.bias, head.bias)
    assert {path.name for path in tmp_path.iterdir()} == {"head.safetensors", "head.json"}


@pytest.fixture
def two_threads() -> Iterator[None]:
    with threadpool_limits(2):
        yield


@pytest.mark.usefixtures("two_threads")
def test_one_thread_multiplies_while_the_head_is_fitted_and_used(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, set[int]] = {}

    def threads() -> set[int]:
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    class Watched(linear_model.LogisticRegression):  # type: ignore[misc]
        def fit(self, x: Any, y: Any, sample_weight: Any = None) -> Any:
            seen["fit"] = threads()
            return super().fit(x, y, sample_weight)

    x, y = examples((4, 9))
    before = threads()
    if not before:
        pytest.skip("no BLAS that can be asked")
    monkeypatch.setattr(linear_model, "LogisticRegression", Watched)
    head = fit(x, y)
    monkeypatch.setattr(heads, "softmax", lambda logits: (seen.update(use=threads()), softmax(logits))[1])
    head.probabilities(x)
    assert seen == {"fit": {1}, "use": {1}}
    assert threads() == before


def test_a_head_is_a_value() -> None:
    with pytest.raises(AttributeError):
        Head((1,), np.zeros((1, 2), np.float32), np.zeros(1, np.float32)).bias = None  # type: ignore[misc, assignment]


@pytest.mark.parametrize("classes", [(4, 9), (2, 5, 11)])
def test_the_temperature_divides_logits_and_nothing_else(classes: tuple[int, ...]) -> None:
    x, y = examples(classes)
    assert np.allclose(fit(x, y, temperature=0.5).logits(x), fit(x, y).logits(x) * 2, atol=1e-5)


@pytest.mark.parametrize("classes", [(4, 9), (2, 5, 11)])
def test_a_fit_that_begins_at_the_last_head_ends_where_one_from_zero_does(classes: tuple[int, ...]) -> None:
    x, y = examples(classes, 80)
    last = fit(x[:79], y[:79], temperature=0.5)
    warm, cold = fit(x, y, temperature=0.5, start=last), fit(x, y, temperature=0.5)
    assert np.abs(warm.probabilities(x) - cold.probabilities(x)).max() < 0.01


def test_a_head_on_other_classes_is_no_start() -> None:
    x, y = examples((2, 5, 11))
    other = fit(*examples((2, 5)))
    assert np.array_equal(fit(x, y, start=other).weight, fit(x, y).weight)
