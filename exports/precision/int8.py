"""Eight-bit integers: a quarter of the size, and on a CPU with integer products faster than fp32.

The embeddings are packed row by row. All products are tried in integers first, their inputs made even and their weights
rounded by what is seen on texts of the project, each batch with its own range (dynamic) or with the ranges seen
(static), whichever is nearer on other texts. Then the channels that reach furthest are multiplied in fp32 beside them;
then the products that hurt most are left in fp32, ever more of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from core.i18n import _
from exports.precision import evening, graphs, products, sensitivity
from exports.precision.base import Attempt, Feed
from exports.precision.evening import Even
from exports.probes import ROUNDED

SLACK = 1.25
"""How much further from fp32 ranges seen beforehand may be than those of each batch."""
KEPT = (0.03, 0.06, 0.1, 0.2, 0.35, 0.5, 0.7)
"""Shares of the products left in fp32, one after the other; one product at least."""


class Int8:
    """The precision `int8`."""

    name = "int8"
    about = "eight-bit integers, a quarter of the size; for CPUs"
    tolerance = ROUNDED

    def attempts(self, source: Path, target: Path, calibration: Sequence[Feed]) -> Iterator[Attempt]:
        made = _Making.of(source, calibration)
        even = made.nearer(evening.chosen(made.weights, made.seen, apart=False))
        how = _("dynamic") if any(one.span is None for one in even.values()) else _("static")
        graphs.save(made.graph(even), target)
        yield Attempt(how)
        even = made.nearer(evening.chosen(made.weights, made.seen, apart=True))
        how = _("dynamic") if any(one.span is None for one in even.values()) else _("static")
        graphs.save(made.graph(even), target)
        yield Attempt(_("{how}, some channels in fp32").format(how=how))
        ranked = sensitivity.ranked(source, made.names, calibration, even)
        for n in sorted({max(1, round(share * len(ranked))) for share in KEPT}):
            graphs.save(made.graph(even, ranked[:n]), target)
            yield Attempt(
                _("{how}, {n} of {all} products in fp32").format(how=how, n=n, all=len(ranked)), tuple(ranked[:n])
            )


INT8 = Int8()


@dataclass(frozen=True, slots=True)
class _Making:
    """What every attempt is made from."""

    source: Path
    names: list[str]
    """All products by weights."""
    weights: Mapping[str, NDArray[np.float32]]
    """Input → all weights it is multiplied by, [K, N]."""
    seen: Mapping[str, NDArray[np.float32]]
    """Input → its values, [tokens, K]."""
    others: Sequence[Feed]
    """Batches that nothing was chosen on."""
    truth: NDArray[np.float32]
    """Logits in fp32 for these."""

    @classmethod
    def of(cls, source: Path, calibration: Sequence[Feed]) -> "_Making":
        """One batch in four is kept aside, for comparing."""
        model = graphs.load(source)
        weights = evening.inputs(model)
        others = calibration[::4]
        learnt = [feed for place, feed in enumerate(calibration) if place % 4] or calibration
        seen = evening.seen(model, list(weights), learnt)
        return cls(source, graphs.products(model), weights, seen, others, sensitivity.logits(model, others))

    def nearer(self, dynamic: Mapping[str, Even]) -> Mapping[str, Even]:
        """The same with ranges seen beforehand, unless that is clearly further from fp32 on the other batches.

        With those a text is answered alike whatever it is read with, which is worth a little.
        """
        static = evening.static(dynamic, self.weights, self.seen)
        return static if self.distance(self.graph(static)) <= SLACK * self.distance(self.graph(dynamic)) else dynamic

    def graph(self, even: Mapping[str, Even], kept: Sequence[str] = ()) -> onnx.ModelProto:
        """All products but those `kept` in integers, and the embeddings packed."""
        chosen = [name for name in self.names if name not in kept]
        return graphs.pack_embeddings(products.quantized(graphs.load(self.source), chosen, even, self.seen))

    def distance(self, graph: onnx.ModelProto) -> float:
        """Mean squared difference of the logits on the other batches."""
        return float(np.mean((sensitivity.logits(graph, self.others) - self.truth) ** 2))
