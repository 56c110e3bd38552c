import pytest
import torch

from core import clock
from core.errors import InputError
from core.settings import Settings
from core.training import device
from core.training.device import choose, limit_threads, out_of_memory


@pytest.mark.parametrize("name", ["tpu", "cuda:99", "cuda:x", "gpu", "", "meta", "CPU", "mps:0:1"])
def test_a_device_that_is_not_there_is_refused_with_what_is(name: str) -> None:
    with pytest.raises(InputError) as caught:
        choose(Settings(device=name))
    assert name in caught.value.title
    assert "cpu" in caught.value.what
    assert "device auto" in caught.value.hint


@pytest.mark.parametrize(("precision", "bf16"), [("fp32", False), ("bf16", True)])
def test_what_is_asked_for_is_chosen(precision: str, bf16: bool) -> None:
    found = choose(Settings(device="cpu", precision=precision))
    assert (found.device, found.bf16) == (torch.device("cpu"), bf16)
    assert found.name == f"cpu, {precision}"


def test_auto_finds_something() -> None:
    assert choose(Settings()).device.type in {"cpu", "cuda", "mps"}


def test_the_card_with_most_room_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    free = [3, 40, 12]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda i: (free[i], 80))
    assert choose(Settings(precision="fp32")).device == torch.device("cuda", 1)
    assert choose(Settings(device="cuda:2", precision="fp32")).device == torch.device("cuda", 2)
    with pytest.raises(InputError):
        choose(Settings(device="cuda:3", precision="fp32"))


@pytest.mark.parametrize(("listed", "faster", "pays"), [(True, True, True), (True, False, False), (False, True, False)])
def test_auto_takes_bf16_only_where_it_is_listed_and_faster(
    monkeypatch: pytest.MonkeyPatch, listed: bool, faster: bool, pays: bool
) -> None:
    device._bf16_pays.cache_clear()
    monkeypatch.setattr(device, "_cpu_has_bf16", lambda: listed)
    monkeypatch.setattr(device, "_faster_in_bf16", lambda: faster)
    assert choose(Settings(device="cpu")).bf16 is pays
    device._bf16_pays.cache_clear()


def test_the_two_formats_are_raced_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[torch.dtype] = []
    moment = 0.0

    def linear(a: torch.Tensor, _b: torch.Tensor) -> None:
        nonlocal moment
        order.append(a.dtype)
        moment += 1.0 if a.dtype == torch.bfloat16 else 2.0

    monkeypatch.setattr(torch.nn.functional, "linear", linear)
    monkeypatch.setattr(clock, "monotonic", lambda: moment)
    assert device._faster_in_bf16()
    assert order[:4] == [torch.float32, torch.bfloat16] * 2


def test_threads_are_as_asked_or_one_less_than_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_num_threads()
    try:
        assert limit_threads(Settings(threads=3)) == torch.get_num_threads() == 3
        monkeypatch.setattr(device, "cores", lambda: 2)
        assert limit_threads(Settings()) == torch.get_num_threads() == 1
        monkeypatch.setattr(device, "cores", lambda: 1)
        assert limit_threads(Settings()) == 1
    finally:
        torch.set_num_threads(before)


def test_torchs_ways_to_say_that_memory_ran_out_are_known() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**50)
    assert out_of_memory(caught.value)
    assert out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert out_of_memory(MemoryError())
    assert out_of_memory(RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"))
    assert not out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not out_of_memory(ValueError("out of memory"))
