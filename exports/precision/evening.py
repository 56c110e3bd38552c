"""How the inputs of products are made even before they are rounded to eight bits, chosen by what it costs on texts.

One scale for a whole tensor wastes bits where a few channels, or a few tokens, reach further than all others. Channels
are evened out by what goes from inputs into weights (SmoothQuant, Xiao et al. 2022, arXiv 2211.10438), tokens by a
factor of each (Yao et al. 2022, arXiv 2206.01861), and channels that still reach far are multiplied in fp32.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from exports.precision import graphs
from exports.precision.base import Feed

STRENGTHS = (0.0, 0.5, 0.65, 0.8)
"""Shares of an outlier that go from inputs into weights: alpha of SmoothQuant; 0 leaves channels as they are."""
APART = 48
"""One channel in so many is multiplied in fp32, where some are."""
WORTH = 0.25
"""Share of the error that must go before tokens get a factor each: it takes time, too."""
TOKENS = 3072
"""Tokens that are looked at."""
_TRIED = 768
"""Tokens that choices are tried on."""
_ONE_SIDED = 0.25
"""Share of the largest value that the smallest may reach below nought, if the largest alone tells a token's range."""


@dataclass(frozen=True, slots=True)
class Even:
    """How a product's input is made even before it is rounded."""

    factor: NDArray[np.float32]
    """What each channel is divided by, and its weights are multiplied by, [K]."""
    apart: NDArray[np.int64]
    """Channels that are multiplied in fp32, because they reach further than all others."""
    tokens: bool = False
    """Whether each token is divided by how far it reaches."""
    floor: float = 1e-6
    """Least value that a token is divided by."""
    signed: bool = True
    """Whether values below nought tell how far a token reaches, too."""
    span: tuple[float, float] | None = None
    """From where to where values are told apart, seen beforehand (static); None: that of each batch (dynamic)."""


def inputs(model: onnx.ModelProto) -> dict[str, NDArray[np.float32]]:
    """Input of products → all weights it is multiplied by, [K, N]."""
    names, weights = set(graphs.products(model)), {one.name: one for one in model.graph.initializer}
    found: dict[str, list[NDArray[np.float32]]] = {}
    for node in model.graph.node:
        if node.name in names:
            found.setdefault(node.input[0], []).append(graphs.columns(node, weights[node.input[1]]))
    return {name: np.concatenate(parts, axis=1) for name, parts in found.items()}


def seen(model: onnx.ModelProto, names: Sequence[str], calibration: Sequence[Feed]) -> dict[str, NDArray[np.float32]]:
    """What these tensors are for the tokens of the texts, [tokens, K] each: TOKENS at most, evenly spread."""
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    probe.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    session = graphs.opened(probe.SerializeToString())
    total = sum(int(feed["attention_mask"].sum()) for feed in calibration)
    wanted, at = np.linspace(0, total - 1, min(total, TOKENS)).round().astype(np.int64), 0
    parts: dict[str, list[NDArray[np.float32]]] = {name: [] for name in names}
    for feed in calibration:
        real = np.flatnonzero(feed["attention_mask"].reshape(-1))
        rows = real[wanted[(wanted >= at) & (wanted < at + len(real))] - at]
        at += len(real)
        for name, value in zip(names, session.run(list(names), dict(feed)), strict=True):
            flat = value.reshape(-1, value.shape[-1])
            of_tokens = value.shape[:-1] == feed["attention_mask"].shape  # some encoders multiply positions, too
            parts[name].append(flat[rows] if of_tokens else flat[:: max(1, len(flat) // max(1, len(rows)))])
    return {name: np.concatenate(found) for name, found in parts.items()}


def chosen(
    weights: Mapping[str, NDArray[np.float32]], values: Mapping[str, NDArray[np.float32]], *, apart: bool
) -> dict[str, Even]:
    """Input → the way of making it even that moves its products least, on values seen, [tokens, K] each."""
    found = {}
    for name, given in values.items():
        tried = [(error(given, weights[name], one), one) for one in _ways(given, weights[name], apart=apart)]
        whole = min((pair for pair in tried if not pair[1].tokens), key=lambda pair: pair[0])
        by_token = min((pair for pair in tried if pair[1].tokens), key=lambda pair: pair[0])
        found[name] = (by_token if by_token[0] < (1 - WORTH) * whole[0] else whole)[1]
    return found


def _ways(values: NDArray[np.float32], weights: NDArray[np.float32], *, apart: bool) -> Iterator[Even]:
    """Each strength, with one scale for all tokens and with one for each."""
    reach, weighs = np.abs(values).max(axis=0), np.abs(weights).max(axis=1)
    least, most = float(values.min()), float(values.max())
    one_sided = least > -_ONE_SIDED * most
    for strength in STRENGTHS:
        factor = np.ones(len(reach), np.float32)
        if strength:
            raw = np.maximum(reach, 1e-5) ** strength / np.maximum(weighs, 1e-5) ** (1 - strength)
            factor = (raw / np.exp(np.log(raw).mean())).astype(np.float32)
        far = np.zeros(0, np.int64)
        if apart:
            left, heavy = reach / factor, weighs * factor
            further = np.maximum(left / max(float(np.median(left)), 1e-9), heavy / max(float(np.median(heavy)), 1e-9))
            far = np.sort(np.argsort(-further)[: max(1, len(factor) // APART)]).astype(np.int64)
        yield Even(factor, far)
        low = float((values / factor).min())
        yield Even(factor, far, tokens=True, floor=max(-low, 1e-6) if one_sided else 1e-6, signed=not one_sided)


def divided(values: NDArray[np.float32], even: Even) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(values as they are rounded, what each token was divided by, [tokens, 1])."""
    left = values / even.factor
    left[:, even.apart] = 0.0
    reach = np.ones((len(left), 1), np.float32)
    if even.tokens:
        top = np.abs(left) if even.signed else left
        reach = np.maximum(top.max(axis=1, keepdims=True), np.float32(even.floor))
    return left / reach, reach


def error(values: NDArray[np.float32], weights: NDArray[np.float32], even: Even) -> float:
    """Mean squared error of the products if these inputs are rounded so, and nothing else; tried on _TRIED tokens."""
    left, reach = divided(values, even)
    low, high = even.span or (min(float(left.min()), 0.0), max(float(left.max()), 0.0))
    step = max(high - low, 1e-12) / 255
    few = slice(None, None, max(1, len(values) // _TRIED))
    left, reach = left[few], reach[few]
    rounded = np.clip(np.round((left - low) / step), 0, 255) * step + low
    off = (rounded - left) * reach * even.factor
    off[:, even.apart] = 0.0
    return float(np.mean((off @ weights) ** 2))


CUTS = (1.0, 0.95, 0.9, 0.8, 0.7, 0.6)
"""Shares of the range seen that a static one is tried with: what is beyond is cut off, the rest told apart finer."""


def static(
    even: Mapping[str, Even],
    weights: Mapping[str, NDArray[np.float32]],
    values: Mapping[str, NDArray[np.float32]],
) -> dict[str, Even]:
    """The same with a range seen beforehand, cut where that moves the products least."""
    found = {}
    for name, one in even.items():
        left, _reach = divided(values[name], one)
        low, high = min(float(left.min()), 0.0), max(float(left.max()), 1e-6)
        ways = [replace(one, span=(low * cut, high * cut)) for cut in CUTS]
        costs = [error(values[name], weights[name], way) for way in ways]
        found[name] = ways[int(np.argmin(costs))]
    return found
