"""The second view of a text, for writing the encoder's vocabulary does not know."""

import json
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from core import demo, tokenizing
from core.training.embed import pad
from core.training.lexical import LexicalSketch, extended_tokenizer

VOCAB, UNK = 30522, 100
ENGLISH = [item.text for item in demo.corpus() if item.lang == "en"]
CHINESE = [item.text for item in demo.corpus() if item.lang == "zh"]


@pytest.fixture(scope="module")
def plain(minilm: Path) -> Tokenizer:
    return tokenizing.load(minilm / "tokenizer.json", None)


@pytest.fixture(scope="module")
def extended(minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    path = tmp_path_factory.mktemp("extended") / "tokenizer.json"
    path.write_text(
        extended_tokenizer((minilm / "tokenizer.json").read_text(encoding="utf-8"), VOCAB), encoding="utf-8"
    )
    return tokenizing.load(path, None)


@pytest.fixture
def sketch() -> LexicalSketch:
    return LexicalSketch(vocab_size=VOCAB, unk_id=UNK)


def sketched(sketch: LexicalSketch, tokenizer: Tokenizer, texts: list[str]) -> torch.Tensor:
    return sketch(*pad([encoding.ids for encoding in tokenizer.encode_batch(texts)], 0))  # type: ignore[no-any-return]


def test_the_extended_tokenizer_leaves_english_as_it_was(plain: Tokenizer, extended: Tokenizer) -> None:
    ascii_only = [text for text in ENGLISH if text.isascii()]
    assert len(ascii_only) > 300
    for text in ascii_only:
        assert extended.encode(text).ids == plain.encode(text).ids


def test_the_extended_tokenizer_knows_chinese_characters(plain: Tokenizer, extended: Tokenizer) -> None:
    text = "退款什么时候到账"
    assert UNK in plain.encode(text).ids
    ids = extended.encode(text, add_special_tokens=False).ids
    assert len(set(ids)) == len(text)
    assert UNK not in ids
    assert max(ids) >= VOCAB


def test_what_the_old_vocabulary_knew_keeps_its_id(plain: Tokenizer, extended: Tokenizer) -> None:
    for text in CHINESE[:30]:
        old, new = plain.encode(text).ids, extended.encode(text).ids
        if len(old) == len(new):
            assert all(n == o or (o == UNK and n >= VOCAB) for o, n in zip(old, new, strict=True))


def test_new_ids_begin_behind_the_encoders_vocabulary(bert: Path) -> None:
    raw = (bert / "tokenizer.json").read_text(encoding="utf-8")
    before = json.loads(raw)["model"]["vocab"]
    for first in (0, len(before) + 7):
        after = json.loads(extended_tokenizer(raw, first))["model"]["vocab"]
        new = sorted(set(after.values()) - set(before.values()))
        assert {entry: after[entry] for entry in before} == before
        assert new == list(range(max(first, len(before)), max(first, len(before)) + len(new)))


def test_a_tokenizer_without_added_tokens_can_be_extended(bert: Path) -> None:
    data = json.loads((bert / "tokenizer.json").read_text(encoding="utf-8"))
    data["added_tokens"] = []
    assert "退" in json.loads(extended_tokenizer(json.dumps(data)))["model"]["vocab"]


def test_only_wordpiece_can_be_extended(encoders: dict[str, Path]) -> None:
    with pytest.raises(ValueError, match="BPE"):
        extended_tokenizer((encoders["roberta"] / "tokenizer.json").read_text(encoding="utf-8"))


def test_the_encoder_sees_unknown_tokens_where_it_did(
    plain: Tokenizer, extended: Tokenizer, sketch: LexicalSketch
) -> None:
    ids = torch.tensor([extended.encode("退款 refund").ids])
    assert sketch.known(ids).tolist() == [plain.encode("退款 refund").ids]


def test_the_sketch_is_zero_for_english_and_of_unit_length_for_chinese(
    extended: Tokenizer, sketch: LexicalSketch
) -> None:
    assert sketched(sketch, extended, ENGLISH[:40]).abs().max() == 0.0
    lengths = sketched(sketch, extended, CHINESE[:40]).norm(dim=1)
    assert torch.allclose(lengths, torch.ones(40), atol=1e-6)


def test_alike_chinese_texts_have_alike_sketches(extended: Tokenizer, sketch: LexicalSketch) -> None:
    one, alike, other = sketched(sketch, extended, ["退款什么时候到账", "退款几时到账啊", "宽带今晚特别慢"])
    assert one @ alike > 2 * abs(one @ other)


def test_padding_does_not_change_the_sketch(extended: Tokenizer, sketch: LexicalSketch) -> None:
    ids = [extended.encode(text).ids for text in CHINESE[:4]]
    together = sketch(*pad(ids, 0))
    for row, one in enumerate(ids):
        assert torch.equal(sketch(*pad([one], 0))[0], together[row])
        for pad_id in (0, 7):
            wide, mask = pad([one + [pad_id] * 9], pad_id)
            mask[:, len(one) :] = 0
            assert torch.equal(sketch(wide, mask)[0], together[row])


@pytest.mark.parametrize("text", ["", "!", "退", "\x00", "a" * 500, "💸💸"])
def test_odd_texts_have_finite_sketches(extended: Tokenizer, sketch: LexicalSketch, text: str) -> None:
    found = sketched(sketch, extended, [text])
    assert torch.isfinite(found).all()
    assert found.norm() <= 1.0 + 1e-6


def test_the_order_of_characters_counts(extended: Tokenizer, sketch: LexicalSketch) -> None:
    one, turned = sketched(sketch, extended, ["不是退款", "退款不是"])
    assert not torch.equal(one, turned)
