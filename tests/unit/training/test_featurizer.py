"""One definition of the model: pooled by hand, blind to padding, and loaded without running anything."""

import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from core import tokenizing
from core.errors import InputError
from core.training.embed import pad
from core.training.featurizer import load_encoder, load_featurizer
from core.training.lexical import LexicalSketch
from tests import tiny

TEXTS = ["where is my refund", "my card was charged twice please help", "slow", ""]


def token_ids(directory: Path) -> list[list[int]]:
    return [e.ids for e in tokenizing.load(directory / "tokenizer.json", 64).encode_batch(TEXTS)]


def pad_id(directory: Path) -> int:
    return int(json.loads((directory / "config.json").read_text())["pad_token_id"])


@pytest.mark.parametrize("kind", tiny.BUILDERS)
def test_features_are_the_mean_over_the_texts_own_tokens_at_unit_length(encoders: dict[str, Path], kind: str) -> None:
    directory = encoders[kind]
    model, ids = load_featurizer(directory, {}), token_ids(directory)
    with torch.inference_mode():
        together = model(*pad(ids, pad_id(directory)))
        assert together.shape == (len(TEXTS), tiny.HIDDEN)
        assert together.dtype == torch.float32
        for row, one in enumerate(ids):
            hidden = model.encoder(input_ids=torch.tensor([one])).last_hidden_state[0]
            mean = sum(hidden[i] for i in range(len(one))) / len(one)
            assert torch.allclose(together[row], mean / mean.norm(), atol=1e-5)


@pytest.mark.parametrize("kind", tiny.BUILDERS)
def test_more_padding_changes_nothing(encoders: dict[str, Path], kind: str) -> None:
    directory = encoders[kind]
    model, ids = load_featurizer(directory, {}), token_ids(directory)
    input_ids, mask = pad(ids, pad_id(directory))
    wider = torch.nn.functional.pad(input_ids, (0, 11), value=pad_id(directory))
    with torch.inference_mode():
        assert torch.allclose(model(input_ids, mask), model(wider, torch.nn.functional.pad(mask, (0, 11))), atol=1e-5)


def test_the_sketch_stands_beside_the_vector_and_the_encoder_meets_no_strange_id(bert: Path) -> None:
    vocab = tiny.wordpiece().get_vocab_size()
    model = load_featurizer(bert, {"lexical": {"vocab_size": vocab, "unk_id": 1, "buckets": 64, "threshold": 0.1}})
    plain = load_featurizer(bert, {"lexical": None})
    strange, unknown = torch.tensor([[2, vocab + 5, vocab + 9, 3]]), torch.tensor([[2, 1, 1, 3]])
    mask = torch.ones_like(strange)
    with torch.inference_mode():
        found = model(strange, mask)
        assert found.shape == (1, tiny.HIDDEN + 64)
        assert torch.equal(found[:, : tiny.HIDDEN], plain(unknown, mask))
        sketch = LexicalSketch(vocab_size=vocab, unk_id=1, buckets=64)
        assert torch.equal(found[:, tiny.HIDDEN :], sketch(strange, mask))


def test_it_is_loaded_in_full_precision_ready_to_be_used(bert: Path) -> None:
    model = load_featurizer(bert, {})
    assert not model.training
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert model.config.hidden_size == tiny.HIDDEN


@pytest.mark.parametrize("kind", tiny.BUILDERS)
def test_dropout_replaces_every_probability_the_configuration_names(
    own_bert: Path, encoders: dict[str, Path], kind: str
) -> None:
    directory = shutil.copytree(encoders[kind], own_bert / "again")
    tiny.change_config(directory, **({"dropout": 0} if kind == "distilbert" else {"hidden_dropout_prob": 0}))
    rates = {m.p for m in load_encoder(directory, dropout=0.25).modules() if isinstance(m, torch.nn.Dropout)}
    assert rates == {0.25}
    assert 0.25 not in {m.p for m in load_encoder(directory).modules() if isinstance(m, torch.nn.Dropout)}


class Evil:
    """Touches a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return Path.touch, (self.mark,)


def test_M3_pickled_weights_are_refused_unread(own_bert: Path, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    (own_bert / "model.safetensors").unlink()
    (own_bert / "pytorch_model.bin").write_bytes(pickle.dumps(Evil(mark)))
    with pytest.raises(InputError, match="can't be loaded"):
        load_featurizer(own_bert, {})
    torch.save({"x": Evil(mark)}, own_bert / "pytorch_model.bin")
    with pytest.raises(InputError, match="can't be loaded"):
        load_featurizer(own_bert, {})
    assert not mark.exists()


@pytest.mark.parametrize("model_type", ["bert", "evil"])
def test_M3_code_in_the_directory_is_never_run(own_bert: Path, tmp_path: Path, model_type: str) -> None:
    mark = tmp_path / "ran"
    (own_bert / "evil.py").write_text(f"open({str(mark)!r}, 'w')\nclass Model: ...\nclass Config: ...\n")
    code = {"AutoConfig": "evil.Config", "AutoModel": "evil.Model"}
    tiny.change_config(own_bert, model_type=model_type, auto_map=code)
    if model_type == "bert":  # known: the library's own class is used, the directory's is ignored
        load_featurizer(own_bert, {})
    else:
        with pytest.raises(InputError, match="can't be loaded"):
            load_featurizer(own_bert, {})
    assert not mark.exists()


def test_M4_missing_weights_are_refused_by_name_instead_of_made_up(own_bert: Path) -> None:
    weights = load_file(own_bert / "model.safetensors")
    gone = next(name for name in weights if "layer.1" in name and "query.weight" in name)
    save_file({k: v for k, v in weights.items() if k != gone}, own_bert / "model.safetensors", {"format": "pt"})
    with pytest.raises(InputError, match=gone.removeprefix("bert.")):
        load_featurizer(own_bert, {})


def test_a_pooler_may_be_missing(own_bert: Path) -> None:
    weights = load_file(own_bert / "model.safetensors")
    left = {k: v for k, v in weights.items() if "pooler" not in k}
    assert len(left) < len(weights)
    save_file(left, own_bert / "model.safetensors", {"format": "pt"})
    load_featurizer(own_bert, {})


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_M4_truncated_weights_are_refused(own_bert: Path, share: float) -> None:
    content = (own_bert / "model.safetensors").read_bytes()
    (own_bert / "model.safetensors").write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputError, match="can't be loaded"):
        load_featurizer(own_bert, {})


@pytest.mark.parametrize("content", ["", "{", "[]", '{"model_type": 7}'])
def test_a_broken_configuration_is_refused(own_bert: Path, content: str) -> None:
    (own_bert / "config.json").write_text(content)
    with pytest.raises(InputError, match="can't be loaded"):
        load_featurizer(own_bert, {})


def test_weights_of_another_size_are_refused(own_bert: Path) -> None:
    tiny.change_config(own_bert, intermediate_size=tiny.INNER * 2)
    with pytest.raises(InputError, match="can't be loaded"):
        load_featurizer(own_bert, {})
