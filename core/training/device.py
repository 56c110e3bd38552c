"""Where to compute and in which number format, asked of the hardware instead of assumed."""

import math
from dataclasses import dataclass
from functools import cache

import torch

from core import clock
from core.errors import InputError
from core.i18n import _
from core.settings import Settings, cores

_NO_MEMORY = ("not enough memory", "can't allocate memory", "out of memory")


@dataclass(frozen=True, slots=True)
class Compute:
    """A device and the number format for heavy products."""

    device: torch.device
    bf16: bool

    @property
    def name(self) -> str:
        """In words, such as `cpu, fp32` or `cuda:0, bf16`."""
        return f"{self.device}, {'bf16' if self.bf16 else 'fp32'}"

    @property
    def tokens_a_text(self) -> int:
        """Padded tokens a batch may hold for each of the texts it is set to: a processor's caches are soon full.

        With four times as many, embedding on the CPU took a quarter longer.
        """
        return 16 if self.device.type == "cpu" else 64


def choose(settings: Settings) -> Compute:
    """The device and format the options ask for.

    Raises InputError for a device that is not there.
    """
    device = _device(settings.device)
    bf16 = settings.precision == "bf16" or (settings.precision == "auto" and _bf16_pays(device))
    return Compute(device, bf16)


def _device(name: str) -> torch.device:
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda", _roomiest())
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    kind, _colon, _index = name.partition(":")
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if (
        device is None
        or not there.get(kind, False)
        or (kind == "cuda" and (device.index or 0) >= torch.cuda.device_count())
    ):
        raise InputError(
            _("There is no device called {name!r} here.").format(name=name),
            _("Found: {found}.").format(found=", ".join(k for k, ok in there.items() if ok)),
            _("Let Handful choose: handful config DIR device auto"),
        )
    return device


def _roomiest() -> int:
    """The visible CUDA card with most free memory (CUDA_VISIBLE_DEVICES is honoured by CUDA itself)."""
    free = [torch.cuda.mem_get_info(i)[0] for i in range(torch.cuda.device_count())]
    return free.index(max(free))


@cache
def _bf16_pays(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and _cpu_has_bf16() and _faster_in_bf16()


def _cpu_has_bf16() -> bool:
    probe = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(probe and probe()) or bool(getattr(torch.cpu, "_is_amx_tile_supported", bool)())


def _faster_in_bf16() -> bool:
    """Some processors list bf16 instructions that gain nothing: a product of a usual shape decides, in 0.1 s.

    The two formats take turns, so that what else the machine does slows both.
    """
    operands = {
        dtype: (torch.ones(512, 384, dtype=dtype), torch.ones(1536, 384, dtype=dtype))
        for dtype in (torch.float32, torch.bfloat16)
    }
    best = dict.fromkeys(operands, math.inf)
    for _turn in range(8):
        for dtype, (a, b) in operands.items():
            start = clock.monotonic()
            torch.nn.functional.linear(a, b)
            best[dtype] = min(best[dtype], clock.monotonic() - start)
    return best[torch.bfloat16] * 1.3 < best[torch.float32]


def out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out; on the CPU and on Apple's cards torch says so in the text of a RuntimeError only."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    said = str(error)
    return isinstance(error, RuntimeError) and any(words in said for words in _NO_MEMORY)


def limit_threads(settings: Settings) -> int:
    """Set torch's CPU threads: as asked, else one less than the cores so that the terminal stays quick."""
    threads = settings.threads or max(1, cores() - 1)
    torch.set_num_threads(threads)
    return threads
