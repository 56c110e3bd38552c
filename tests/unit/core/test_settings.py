"""Each option: its sentence, its range, what it refuses, and that it survives being written and read."""

import tomllib
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import settings
from core.errors import InputError
from core.settings import Settings, allowed, changed, load, parse, save, spec
from tests.nasty import NASTY, STORABLE

OPTIONS = [option.name for option in fields(Settings)]
NUMBERS = [name for name in OPTIONS if type(spec(name).default) in (int, float)]
TEXTS = [name for name in OPTIONS if isinstance(spec(name).default, str)]
FREE = ("encoder", "slice_by")
"""Options that take any text."""


def another(name: str) -> Any:
    """A value that fits the option and is not its default."""
    option = spec(name)
    if isinstance(option.default, bool):
        return not option.default
    if name in NUMBERS:
        return type(option.default)(option.metadata["high"])
    texts = {"device": "cuda:1", "strategy": "margin", "precision": "bf16", "optimizer": "sgd", "augment": "swap"}
    texts["span_overlap"] = "any"
    return texts.get(name, "other one")


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_has_a_sentence_and_a_range_in_words(name: str) -> None:
    option = spec(name)
    assert option.metadata["sentence"][0].isupper()
    assert option.metadata["sentence"].endswith(".")
    assert option.metadata["sentence"].isprintable()
    said = allowed(name)
    assert said == "" or said.endswith(".")
    assert "e+" not in said
    if name in NUMBERS:
        assert str(option.metadata["low"]) in said
        assert str(option.metadata["high"]) in said


@pytest.mark.parametrize("name", OPTIONS)
def test_every_default_fits_its_own_option(name: str) -> None:
    default = spec(name).default
    assert parse(name, default) == default
    assert parse(name, str(default)) == default


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_survives_being_written_and_read(name: str, tmp_path: Path) -> None:
    options = changed(Settings(), name, str(another(name)))
    assert getattr(options, name) == another(name) != spec(name).default
    save(tmp_path, options)
    assert load(tmp_path) == options
    written = (tmp_path / settings.FILE).read_text(encoding="utf-8")
    assert f"# {spec(name).metadata['sentence']}\n{name} = " in written
    assert list(tomllib.loads(written)) == [name]


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_out_of_range_is_refused_and_its_ends_are_taken(name: str) -> None:
    option = spec(name)
    low, high = option.metadata["low"], option.metadata["high"]
    step = 1 if isinstance(option.default, int) else 1e-9
    assert parse(name, low) == low
    assert parse(name, str(high)) == high
    wrongs: list[Any] = [low - step, high + step, "", "many", "nan", "inf", "-inf", "1e999", True, None, [1], {}]
    for wrong in wrongs:
        with pytest.raises(InputError) as caught:
            parse(name, wrong)
        assert name in caught.value.title
        assert str(high) in caught.value.what
        assert caught.value.hint == option.metadata["sentence"]


@pytest.mark.parametrize("name", [name for name in NUMBERS if isinstance(spec(name).default, int)])
def test_a_whole_number_has_no_fraction(name: str) -> None:
    wrongs: list[Any] = ["2.5", 2.5, "1e1"]
    for wrong in wrongs:
        with pytest.raises(InputError):
            parse(name, wrong)


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_option_takes_texts_only(name: str) -> None:
    wrongs: list[Any] = [5, True, ["auto"], {"a": 1}, 2.5, None]
    for wrong in wrongs:
        with pytest.raises(InputError):
            parse(name, wrong)


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("precision", ["auto", "fp32", "bf16"], ["fp16", "AUTO", ""]),
        ("optimizer", ["adamw", "sgd"], ["adam", "AdamW"]),
        ("strategy", ["auto", "margin", "entropy", "typical", "random", "least-confidence"], ["best", ""]),
        (
            "device",
            ["auto", "cpu", "mps", "cuda", "cuda:0", "cuda:12"],
            ["gpu", "cuda:", "cuda:x", "cpu\n", "cuda:٣", ""],
        ),
        ("open_classes", ["true", "false", "True", " FALSE ", True, False], ["yes", "1", "", 1, 0]),
    ],
)
def test_choices_are_kept_to(name: str, right: list[Any], wrong: list[Any]) -> None:
    for value in right:
        parse(name, value)
    for value in wrong:
        with pytest.raises(InputError) as caught:
            parse(name, value)
        assert repr(value) in caught.value.title


def test_what_can_be_chosen_from_is_listed() -> None:
    assert settings.choices("optimizer") == ("adamw", "sgd")
    assert "margin" in settings.choices("strategy")
    assert [parse("open_classes", value) for value in settings.choices("open_classes")] == [True, False]
    assert not settings.choices("encoder")
    assert not settings.choices("epochs")


def test_a_strategy_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(InputError, match="margin"):
        parse("strategy", "margn")


@pytest.mark.parametrize(
    ("wrong", "near"),
    [("epoch", "epochs"), ("learningrate", "learning_rate"), ("Encoder", "encoder"), ("max-length", "max_length")],
)
def test_a_misspelt_option_is_answered_with_the_nearest(wrong: str, near: str) -> None:
    with pytest.raises(InputError) as caught:
        spec(wrong)
    assert caught.value.hint == f"Did you mean '{near}'?"
    assert near in caught.value.what


def test_a_name_like_no_option_gets_the_list_and_no_guess() -> None:
    with pytest.raises(InputError) as caught:
        spec("zzzzzz")
    assert caught.value.hint == ""
    assert all(name in caught.value.what for name in OPTIONS)


def test_nasty_texts_survive_or_are_refused(tmp_path: Path) -> None:
    for text in STORABLE:
        if "\x00" in text:
            with pytest.raises(InputError):
                changed(Settings(), "slice_by", text)
        else:
            options = changed(changed(Settings(), "slice_by", text), "encoder", text)
            save(tmp_path, options)
            assert load(tmp_path) == options


def test_what_utf8_can_not_hold_is_refused() -> None:
    for text in set(NASTY) - set(STORABLE):
        with pytest.raises(InputError):
            changed(Settings(), "encoder", text)


@given(
    st.fixed_dictionaries({}, optional={name: st.text().filter(lambda t: "\x00" not in t) for name in FREE}),
    st.floats(1e-7, 1.0),
    st.integers(0, 2**31 - 1),
    st.booleans(),
)
def test_any_record_survives_being_written_and_read(
    texts: dict[str, Any], rate: float, seed: int, is_open: bool
) -> None:
    options = replace(Settings(), learning_rate=rate, seed=seed, open_classes=is_open, **texts)
    lines = "".join(f"{name} = {settings._toml(value)}\n" for name, value in asdict(options).items())
    assert {name: parse(name, value) for name, value in tomllib.loads(lines).items()} == asdict(options)


def test_without_a_file_all_is_default(tmp_path: Path) -> None:
    assert load(tmp_path) == Settings()
    save(tmp_path, Settings())
    assert load(tmp_path) == Settings()
    assert (tmp_path / settings.FILE).read_bytes() == b""


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"seed = 1\nepochs = \n", ("can't be read", "line 2")),
        (b"epochs = \xff", ("can't be read", "utf-8")),
        (b"epochs = 0", ("epochs", "from 1 to 1000")),
        (b"epoch = 3", ("epoch", "Did you mean")),
        (b"[epochs]\nx = 1", ("epochs",)),
        (b"device = 1979-05-27", ("device",)),
        (b"epochs = 3\nepochs = 4", ("can't be read",)),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong_in_it(content: bytes, words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / settings.FILE).write_bytes(content)
    with pytest.raises(InputError) as caught:
        load(tmp_path)
    for word in (settings.FILE, *words):
        assert word in str(caught.value)
    assert (tmp_path / settings.FILE).read_bytes() == content


def test_a_directory_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    (tmp_path / settings.FILE).mkdir()
    with pytest.raises(InputError, match="can't be read"):
        load(tmp_path)


def test_at_least_one_core_is_found() -> None:
    assert settings.cores() >= 1
