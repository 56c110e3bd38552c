"""A space is named by all that shapes a feature, and made only as rich as the texts ask for."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from core import tokenizing
from core.errors import InputError
from core.project import Project
from core.settings import Settings
from core.training import space
from core.training.embed import pad, pad_id_of
from core.training.featurizer import load_featurizer
from core.training.space import SPACE, TOKENIZER, Space, load
from tests import tiny

ENGLISH = ["where is my refund", "my card was charged twice"]
CHINESE = ["退款什么时候到账", "宽带今晚特别慢"]


def prepare(
    project: Project, encoder: Path, texts: list[str] = ENGLISH, *, ref: str = "base", max_length: int = 32
) -> Space:
    return space.prepare(project, Settings(max_length=max_length), ref, encoder, texts)


def test_the_same_things_make_the_same_space_once(bare_project: Project, bert: Path) -> None:
    one, two = prepare(bare_project, bert), prepare(bare_project, bert)
    assert one == two
    assert len(list(bare_project.embeddings.iterdir())) == 1
    assert {path.name for path in one.directory.iterdir()} == {SPACE, TOKENIZER}


def test_a_space_can_be_found_by_its_fingerprint(bare_project: Project, bert: Path) -> None:
    made = prepare(bare_project, bert)
    assert load(bare_project, made.fingerprint) == made
    assert made.encoder_dir(bare_project) == bert


def test_each_thing_that_shapes_a_feature_changes_the_fingerprint(
    bare_project: Project, bert: Path, own_bert: Path, tmp_path: Path
) -> None:
    prints = {prepare(bare_project, bert).fingerprint}
    prints.add(prepare(bare_project, bert, max_length=33).fingerprint)
    prints.add(prepare(bare_project, bert, CHINESE).fingerprint)
    prints.add(prepare(bare_project, bert, ref="3").fingerprint)
    prints.add(prepare(bare_project, tiny.bert(tmp_path / "other", seed=1)).fingerprint)
    data = json.loads((own_bert / "tokenizer.json").read_text())
    data["normalizer"]["lowercase"] = False
    (own_bert / "tokenizer.json").write_text(json.dumps(data))
    prints.add(prepare(bare_project, own_bert).fingerprint)
    assert len(prints) == 6


def test_M6_weights_changed_in_their_place_are_another_space(
    bare_project: Project, own_bert: Path, tmp_path: Path
) -> None:
    one = prepare(bare_project, own_bert).fingerprint
    other = tiny.bert(tmp_path / "other", seed=1)
    shutil.copyfile(other / "model.safetensors", own_bert / "model.safetensors")
    assert prepare(bare_project, own_bert).fingerprint != one


def test_where_the_encoder_lies_is_no_part_of_the_fingerprint_but_kept_up_to_date(
    bare_project: Project, own_bert: Path
) -> None:
    one = prepare(bare_project, own_bert)
    moved = own_bert.rename(own_bert.with_name("moved"))
    two = prepare(bare_project, moved)
    assert two.fingerprint == one.fingerprint
    assert load(bare_project, one.fingerprint).encoder_dir(bare_project) == moved


def test_an_encoder_inside_the_project_moves_with_it(bare_project: Project, bert: Path) -> None:
    inside = Path(shutil.copytree(bert, bare_project.root / "rounds" / "001" / "encoder"))
    made = prepare(bare_project, inside, ref="1")
    assert made.info["encoder_dir"] == "rounds/001/encoder"
    elsewhere = Project(bare_project.root.rename(bare_project.root.with_name("elsewhere")))
    assert load(elsewhere, made.fingerprint).encoder_dir(elsewhere) == elsewhere.root / "rounds/001/encoder"


def test_english_needs_no_sketch(bare_project: Project, bert: Path) -> None:
    made = prepare(bare_project, bert)
    assert made.info["lexical"] is None
    assert made.dim == tiny.HIDDEN
    assert (made.directory / TOKENIZER).read_bytes() == (bert / "tokenizer.json").read_bytes()


def test_writing_the_encoder_can_not_read_gets_one(bare_project: Project, bert: Path) -> None:
    made = prepare(bare_project, bert, [*ENGLISH, *CHINESE])
    vocab = tiny.wordpiece().get_vocab_size()
    assert made.info["lexical"] == {"buckets": 512, "vocab_size": vocab, "unk_id": 1, "threshold": 0.1}
    assert made.dim == tiny.HIDDEN + 512
    tokenizer = tokenizing.load(made.directory / TOKENIZER, 32)
    assert min(tokenizer.encode(CHINESE[0], add_special_tokens=False).ids) >= vocab


def test_byte_level_encoders_never_need_one(bare_project: Project, encoders: dict[str, Path]) -> None:
    assert prepare(bare_project, encoders["roberta"], CHINESE).info["lexical"] is None


def test_new_ids_start_behind_rows_no_token_uses(bare_project: Project, tmp_path: Path) -> None:
    padded = tiny.bert(tmp_path / "padded", extra_rows=50)
    made = prepare(bare_project, padded, CHINESE)
    ids = tokenizing.load(made.directory / TOKENIZER, 32).encode(CHINESE[0], add_special_tokens=False).ids
    assert made.info["lexical"]["vocab_size"] == tiny.wordpiece().get_vocab_size() + 50
    assert min(ids) >= made.info["lexical"]["vocab_size"], "else it would pass for a token the encoder knows"


@pytest.fixture
def tuned(bare_project: Project, own_bert: Path) -> Path:
    """An encoder as a round leaves it: with the tokenizer that was extended for its project."""
    made = prepare(bare_project, own_bert, CHINESE)
    shutil.copyfile(made.directory / TOKENIZER, own_bert / "tokenizer.json")
    return own_bert


@pytest.mark.parametrize("texts", [ENGLISH, CHINESE])
@pytest.mark.parametrize("ref", ["1", "base"])
def test_a_tuned_encoder_keeps_its_sketch_here_and_as_the_base_of_another_project(
    bare_project: Project, tuned: Path, ref: str, texts: list[str]
) -> None:
    made = prepare(bare_project, tuned, texts, ref=ref)
    assert made.dim == tiny.HIDDEN + 512
    assert (made.directory / TOKENIZER).read_bytes() == (tuned / "tokenizer.json").read_bytes()
    ids = [e.ids for e in tokenizing.load(made.directory / TOKENIZER, 32).encode_batch(CHINESE)]
    assert load_featurizer(tuned, made.info)(*pad(ids, 0)).shape == (2, made.dim)


def test_an_encoder_tuned_without_a_sketch_has_none_later(bare_project: Project, bert: Path) -> None:
    assert prepare(bare_project, bert, CHINESE, ref="1").info["lexical"] is None


@pytest.mark.parametrize("kind", tiny.BUILDERS)
def test_the_longest_text_that_is_let_through_fits_the_encoder(
    bare_project: Project, encoders: dict[str, Path], kind: str
) -> None:
    made = prepare(bare_project, encoders[kind], max_length=8192)
    longest = int(made.info["max_length"])
    assert longest == tiny.POSITIONS - (2 if kind.endswith("roberta") else 0)
    ids = tokenizing.load(made.directory / TOKENIZER, longest).encode("refund " * 500).ids
    assert len(ids) == longest
    model = load_featurizer(encoders[kind], made.info)
    assert pad_id_of(model) == (1 if kind.endswith("roberta") else model.config.pad_token_id)
    assert model(*pad([ids, ids[:5]], pad_id_of(model))).shape == (2, tiny.HIDDEN)


@pytest.mark.parametrize(
    ("model_type", "positions", "longest"),
    [
        ("bert", 40, 40),
        ("mpnet", 42, 40),
        ("xlm-roberta", 42, 40),
        ("camembert", 42, 40),
        ("t5", None, 64),
        ("xl", -1, 64),
    ],
)
def test_positions_that_serve_no_token_are_left_out(
    bare_project: Project, own_bert: Path, model_type: str, positions: int | None, longest: int
) -> None:
    tiny.change_config(own_bert, model_type=model_type, max_position_embeddings=positions)
    assert prepare(bare_project, own_bert, max_length=64).info["max_length"] == longest


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"vocab_size": "many", "hidden_size": 3}', '{"vocab_size": 9}'])
def test_a_configuration_that_says_too_little_is_refused(bare_project: Project, own_bert: Path, content: str) -> None:
    (own_bert / "config.json").write_text(content)
    with pytest.raises(InputError, match="configuration"):
        prepare(bare_project, own_bert)
    assert not list(bare_project.embeddings.iterdir())


def test_options_that_shape_no_feature_change_nothing(bare_project: Project, bert: Path) -> None:
    options = Settings(max_length=32)
    one = space.prepare(bare_project, options, "base", bert, ENGLISH)
    other = replace(options, epochs=3, seed=9, embed_batch=7)
    assert space.prepare(bare_project, other, "base", bert, ENGLISH) == one
