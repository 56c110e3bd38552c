"""M and X: models that are half, hostile or worse; exports that answer otherwise."""

import json
import pickle
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from exports import parity
from tests import tiny
from tests.reliability.conftest import goes_red
from tests.terminal.session import TerminalSession
from tests.unit.core import test_publish
from tests.unit.exports import test_parity
from tests.unit.exports.conftest import bundle
from tests.unit.exports.test_parity import stage

__all__ = ["bundle", "stage"]

# M1


@contextmanager
def in_place(target: Path) -> Iterator[Path]:
    """Written where it shall be seen, file by file."""
    target.mkdir(exist_ok=True)
    yield target


def test_M1_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def generation(target: Path, number: int) -> None:
        with in_place(target):
            (target / "sub").mkdir(exist_ok=True)
            for n in range(test_publish.FILES):
                (target / "sub" / f"{n}.txt").write_text(f"{number}\n" * 200)
            (target / "story.json").write_text(str(number))

    monkeypatch.setattr(test_publish, "publish_generation", generation)
    with pytest.raises((AssertionError, OSError, ValueError)):
        test_publish.test_M1_a_kill_at_a_random_moment_never_shows_half_of_anything(tmp_path)


# M3


class Evil:
    """Runs when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return (open, (str(self.mark), "w"))


def evil_directory(root: Path, mark: Path, kind: str) -> Path:
    """An encoder with code in one of the places where libraries look for some."""
    made = tiny.bert(root / kind)
    code = f"open({str(mark)!r}, 'w')\nclass Model: ...\nclass Config: ...\nclass Tok: ...\n"
    for name in ("evil.py", "modeling_evil.py", "tokenization_evil.py", "configuration_evil.py"):
        (made / name).write_text(code)
    if kind in ("pickle", "zip"):
        (made / "model.safetensors").unlink()
    if kind == "pickle":
        (made / "pytorch_model.bin").write_bytes(pickle.dumps(Evil(mark)))
    if kind == "zip":
        torch.save({"x": Evil(mark)}, made / "pytorch_model.bin")
    if kind == "beside":
        for name in ("training_args.bin", "optimizer.pt", "scheduler.pt", "rng_state.pth", "pytorch_model.bin"):
            (made / name).write_bytes(pickle.dumps(Evil(mark)))
    if kind == "config":
        tiny.change_config(made, model_type="evil", auto_map={"AutoConfig": "evil.Config", "AutoModel": "evil.Model"})
    if kind == "tokenizer":
        said = {"tokenizer_class": "Tok", "auto_map": {"AutoTokenizer": ["evil.Tok", "evil.Tok"]}}
        (made / "tokenizer_config.json").write_text(json.dumps(said))
    return made


KINDS = ("pickle", "zip", "beside", "config", "tokenizer")
PROGRAM = """
import sys
from pathlib import Path
from core.errors import HandfulError
from core.training.featurizer import load_featurizer
from core.tokenizing import load
{trusting}
for name in sys.argv[1:]:
    try:
        load(Path(name) / "tokenizer.json", None)
        load_featurizer(Path(name), {{}})
        print("LOADED")
    except HandfulError as error:
        print("REFUSED", error.title)
print("END")
"""
TRUSTING = """
import transformers
for kind in (transformers.AutoConfig, transformers.AutoModel):
    def trusting(*args, real=kind.from_pretrained, **options):
        return real(*args, **options | {"trust_remote_code": True})
    kind.from_pretrained = trusting
"""


def no_code_runs(tmp_path: Path, trusting: str = "") -> None:
    mark = tmp_path / "ran"
    made = [evil_directory(tmp_path, mark, kind) for kind in KINDS]
    program = tmp_path / "load.py"
    program.write_text(PROGRAM.format(trusting=trusting), encoding="utf-8")
    with TerminalSession([sys.executable, "-P", program, *made], size=(120, 40)) as session:
        session.wait_for(lambda text: "REFUSED" in text or "LOADED" in text, 90)  # torch is there
        begun = time.monotonic()
        text = session.wait_for("END", 20)  # a question on the terminal would wait for an answer
        took = time.monotonic() - begun
        assert session.exit_code() == 0
    assert not mark.exists()
    assert text.count("REFUSED") == 3
    assert text.count("LOADED") == 2
    assert took < 10


@pytest.mark.slow
def test_M3_no_code_from_a_model_directory_runs_and_nobody_is_asked(tmp_path: Path) -> None:
    no_code_runs(tmp_path)


@pytest.mark.slow
def test_M3_can_fail(tmp_path: Path) -> None:
    with goes_red():
        no_code_runs(tmp_path, TRUSTING)


# X1


def test_X1_can_fail(stage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parity, "TOLERANCE", 1.0)
    monkeypatch.setattr(parity, "count_flips", lambda _truth, _found: 0)
    with goes_red():
        test_parity.test_X1_one_weight_off_by_a_hundredth_is_refused_with_the_numbers(stage)
