from pathlib import Path

import pytest
from tokenizers import Tokenizer

from core import demo
from core.errors import InputError
from core.script import script_of
from core.tokenizing import Readability, cut_share, load, readability, unknown_id


def test_the_packaged_tokenizers_padding_and_cutting_at_128_are_gone(minilm: Path) -> None:
    file = minilm / "tokenizer.json"
    assert len(Tokenizer.from_file(str(file)).encode("hello there").ids) == 128, "else this guards nothing"
    whole = load(file, None)
    assert whole.encode("hello there").tokens == ["[CLS]", "hello", "there", "[SEP]"]
    assert len(whole.encode("word " * 700).ids) == 702
    assert len(load(file, 256).encode("word " * 700).ids) == 256


def test_a_batch_is_not_padded_either(bert: Path) -> None:
    found = load(bert / "tokenizer.json", None).encode_batch(["refund", "where is my refund please"])
    assert [len(encoding.ids) for encoding in found] == [3, 7]
    assert all(set(encoding.attention_mask) == {1} for encoding in found)


def test_cutting_keeps_the_ends(bert: Path) -> None:
    cut = load(bert / "tokenizer.json", 5).encode("where is my refund please")
    assert cut.tokens == ["[CLS]", "where", "is", "my", "[SEP]"]


def test_the_embedded_encoder_reads_english_and_not_chinese(minilm: Path) -> None:
    tokenizer = load(minilm / "tokenizer.json", None)
    texts = {lang: [item.text for item in demo.corpus() if item.lang == lang] for lang in ("en", "zh")}
    english, chinese = (readability(tokenizer, texts[lang])[0] for lang in ("en", "zh"))
    assert english.script == "LATIN"
    assert english.unknown_share < 0.01
    assert chinese.script == "CJK"
    assert chinese.unknown_share > 0.5


def test_scripts_are_counted_apart_the_most_frequent_first(bert: Path) -> None:
    tokenizer = load(bert / "tokenizer.json", None)
    found = readability(tokenizer, ["my card", "退款什么时候", "refund please", "退款 card", "где же", "?!"])
    assert found == [
        Readability("LATIN", 3, 7, 2),
        Readability("CJK", 1, 6, 6),
        Readability("CYRILLIC", 1, 2, 2),
        Readability("COMMON", 1, 2, 0),
    ]
    assert found[0].unknown_share == pytest.approx(2 / 7)


def test_ids_an_encoder_does_not_know_are_unknown_to_it_too(bert: Path) -> None:
    tokenizer = load(bert / "tokenizer.json", None)
    first = tokenizer.token_to_id("refund")
    assert readability(tokenizer, ["my refund"], first) == [Readability("LATIN", 1, 2, 1)]
    assert readability(tokenizer, ["my refund"]) == [Readability("LATIN", 1, 2, 0)]


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Where is it?", "LATIN"),
        ("¿Dónde está?", "LATIN"),
        ("退款什么时候到账", "CJK"),
        ("ok 退款什么时候", "CJK"),
        ("где деньги", "CYRILLIC"),
        ("返金してください", "HIRAGANA"),
        ("환불", "HANGUL"),
        ("12:30 !!", "COMMON"),
        ("", "COMMON"),
        ("💸", "COMMON"),
    ],
)
def test_a_texts_script_is_that_of_most_letters(text: str, script: str) -> None:
    assert script_of(text) == script


def test_a_byte_level_tokenizer_has_no_unknown_tokens(encoders: dict[str, Path]) -> None:
    tokenizer = load(encoders["roberta"] / "tokenizer.json", None)
    assert unknown_id(tokenizer) is not None
    assert {r.unknown for r in readability(tokenizer, ["my card", "退款什么时候到账"])} == {0}


def test_the_unknown_share_of_nothing_is_zero(bert: Path) -> None:
    tokenizer = load(bert / "tokenizer.json", None)
    assert readability(tokenizer, []) == []
    assert readability(tokenizer, [""]) == [Readability("COMMON", 1, 0, 0)]
    assert Readability("COMMON", 1, 0, 0).unknown_share == 0.0


def test_the_share_of_cut_texts(bert: Path) -> None:
    tokenizer = load(bert / "tokenizer.json", None)
    texts = ["refund", "my refund please", "where is my refund please", ""]
    assert cut_share(tokenizer, texts, 7, 6, 4, 2) == [0.0, 0.25, 0.5, 0.75]
    assert cut_share(tokenizer, [], 4) == [0.0]


@pytest.mark.parametrize("content", ["", "{}", "no json", '{"model": {"type": "Magic"}}'])
def test_a_file_that_is_no_tokenizer_is_explained(tmp_path: Path, content: str) -> None:
    (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(InputError, match=r"tokenizer\.json"):
        load(tmp_path / "tokenizer.json", None)
