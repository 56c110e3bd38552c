"""Sixteen-bit floats: half the size, for providers that compute in them; the CPU provider converts back and forth."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from exports.precision import graphs
from exports.precision.base import Attempt, Feed
from exports.probes import ROUNDED

WHOLE_OPS = ("ScatterElements",)
"""Operators that stay in fp32 because not every provider has them in sixteen bits: the n-grams are added by them."""


class Fp16:
    """The precision `fp16`."""

    name = "fp16"
    about = "sixteen-bit floats, half the size; for GPU providers"
    tolerance = ROUNDED

    def attempts(self, source: Path, target: Path, calibration: Sequence[Feed]) -> Iterator[Attempt]:  # noqa: ARG002
        from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16

        model = graphs.load(source)
        made = convert_float_to_float16(
            model,
            keep_io_types=True,
            op_block_list=[*DEFAULT_OP_BLOCK_LIST, *WHOLE_OPS],
            node_block_list=graphs.head_products(model),  # its logits are what is compared
        )
        graphs.save(made, target)
        yield Attempt("all but the head in sixteen bits")


FP16 = Fp16()
