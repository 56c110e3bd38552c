"""Eight-bit integers: a quarter of the size, and on a CPU with integer products twice as fast as fp32 or better.

The embeddings are packed row by row. All products are tried in integers first, their channels evened out; then
the ones that hurt most are left in fp32, ever more of them. (Static quantization has no place here: one scale for all
texts would be coarser still than one for each batch, and activations are what costs answers.)
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from core.i18n import _
from exports.precision import graphs, products, sensitivity
from exports.precision.base import Attempt, Feed
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
        smooth = sensitivity.smoothing(graphs.load(source), calibration)

        def write(kept: Sequence[str]) -> None:
            chosen = [name for name in names if name not in kept]
            model = products.quantized(graphs.load(source), chosen, smooth)
            graphs.save(graphs.pack_embeddings(model), target)

        write([])
        yield Attempt(_("dynamic"))
        ranked = sensitivity.ranked(source, names, calibration, smooth)
        for share in KEPT:
            kept = ranked[: max(1, round(share * len(names)))]
            write(kept)
            yield Attempt(_("mixed, {n} of {all} products in fp32").format(n=len(kept), all=len(names)), tuple(kept))


INT8 = Int8()
