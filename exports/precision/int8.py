"""Eight-bit integers: a quarter of the size, and on a CPU with integer products faster than fp32.

The embeddings are packed row by row. All products are tried in integers first, their channels evened out; then with the
channels that reach furthest in fp32 beside them; then with the products that hurt most left in fp32, ever more of them.
Static quantization is not among the attempts: its one scale for all texts is no finer than one for each batch.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from core.i18n import _
from exports.precision import graphs, products, sensitivity
from exports.precision.base import Attempt, Feed
from exports.precision.products import Even
from exports.probes import ROUNDED

KEPT = (0.03, 0.1, 0.2, 0.35, 0.5, 0.7)
"""Shares of the products left in fp32, one after the other; one product at least."""


class Int8:
    """The precision `int8`."""

    name = "int8"
    about = "eight-bit integers, a quarter of the size; for CPUs"
    tolerance = ROUNDED

    def attempts(self, source: Path, target: Path, calibration: Sequence[Feed]) -> Iterator[Attempt]:
        names = graphs.products(graphs.load(source))

        def write(kept: Sequence[str], smooth: Mapping[str, Even]) -> None:
            chosen = [name for name in names if name not in kept]
            model = products.quantized(graphs.load(source), chosen, smooth)
            graphs.save(graphs.pack_embeddings(model), target)

        write([], sensitivity.smoothing(graphs.load(source), calibration, apart=False))
        yield Attempt(_("dynamic"))
        smooth = sensitivity.smoothing(graphs.load(source), calibration, apart=True)
        write([], smooth)
        yield Attempt(_("dynamic, some channels in fp32"))
        ranked = sensitivity.ranked(source, names, calibration, smooth)
        for share in KEPT:
            kept = ranked[: max(1, round(share * len(names)))]
            write(kept, smooth)
            yield Attempt(_("mixed, {n} of {all} products in fp32").format(n=len(kept), all=len(names)), tuple(kept))


INT8 = Int8()
