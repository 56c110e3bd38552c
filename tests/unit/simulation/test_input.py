"""What can't be simulated is refused in words, with the file and the line; the command line is read strictly."""

from pathlib import Path

import pytest

from core.errors import InputError
from core.simulation.gold import GoldFile, Pool, pool_of, read
from core.simulation.plan import parse_rounds, parse_strategies
from core.tasks.classify import CLASSIFY


def file(tmp_path: Path, content: str, name: str = "pool.jsonl") -> Path:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return path


def refused(path: Path, text: str | None = None, label: str = "label") -> InputError:
    with pytest.raises(InputError) as caught:
        read(path, CLASSIFY, text, label)
    return caught.value


def test_rows_are_read_as_an_import_reads_them(tmp_path: Path) -> None:
    path = file(tmp_path, "label,body\r\nrefund,  money back \r\n 7 ,\r\n3,ok\r\n", "pool.csv")
    assert read(path, CLASSIFY, None, "label") == GoldFile(
        str(path), ("  money back ", "ok"), ("refund", "3"), 1, ((3, "The text is empty."),)
    )


def test_a_text_without_a_label_is_named_with_its_line(tmp_path: Path) -> None:
    path = file(tmp_path, '{"text": "a", "label": "x"}\n{"text": "b\\u001b[31m", "label": null}\n')
    error = refused(path)
    assert f"{path}, line 2: b" in error.what
    assert "\x1b" not in error.what
    assert "--label" in error.hint


@pytest.mark.parametrize(("text", "label", "said"), [(None, "lable", "lable"), ("txt", "label", "txt")])
def test_a_missing_column_is_named_with_the_nearest_that_is_there(
    text: str | None, label: str, said: str, tmp_path: Path
) -> None:
    error = refused(file(tmp_path, '{"text": "a", "label": "x"}\n'), text, label)
    assert said in error.title
    assert "pool.jsonl has: text, label" in error.what
    assert "Did you mean" in error.hint


def test_a_file_in_which_nothing_can_be_used_says_why(tmp_path: Path) -> None:
    error = refused(file(tmp_path, '{"text": "a", "label": ["x"]}\n{"text": "b", "label": {}}\n'))
    assert "No row" in error.title
    assert "line 1" in error.what


def test_too_many_different_labels_are_no_classes(tmp_path: Path) -> None:
    rows = "".join(f'{{"text": "a{n}", "label": "c{n}"}}\n' for n in range(1002))
    assert "Too many" in refused(file(tmp_path, rows)).title


def test_a_text_that_comes_twice_is_one_text_with_its_first_answer() -> None:
    pool = GoldFile("p", ("a", "b", "a", "c", "a"), ("x", "y", "z", "x", "w"), 0, ())
    assert pool_of(pool, GoldFile("t", ("c", "d"), ("x", "x"), 0, ()), 2) == Pool({"a": "x", "b": "y"}, 1, 1)


def test_a_budget_beyond_the_pool_is_refused_with_both_numbers() -> None:
    pool = GoldFile("p.csv", ("a", "b", "c"), ("x", "y", "z"), 0, ())
    with pytest.raises(InputError, match="larger than the pool") as caught:
        pool_of(pool, GoldFile("t", ("c",), ("x",), 0, ()), 3)
    assert "p.csv has 2 different texts" in caught.value.what


@pytest.mark.parametrize(
    ("said", "rounds"),
    [("none", ()), ("at:end", (64,)), ("at:16,48", (16, 48)), ("at:48,16,end,16", (16, 48, 64)), ("at:64", (64,))],
)
def test_rounds_are_read(said: str, rounds: tuple[int, ...]) -> None:
    assert parse_rounds(said, 64) == rounds


@pytest.mark.parametrize("said", ["", "16", "at:", "at:0", "at:65", "at:-1", "at:1.5", "at:x", "at:٣", "end", "AT:1"])
def test_other_rounds_are_refused(said: str) -> None:
    with pytest.raises(InputError, match="when rounds run"):
        parse_rounds(said, 64)


def test_strategies_are_read_once_each() -> None:
    assert parse_strategies("random, auto,random") == ("random", "auto")


@pytest.mark.parametrize("said", ["", "auto,", "randm", "auto;random"])
def test_an_unknown_strategy_is_refused(said: str) -> None:
    with pytest.raises(InputError, match="no query strategy") as caught:
        parse_strategies(said)
    assert "margin" in caught.value.what


def test_the_nearest_strategy_is_offered() -> None:
    with pytest.raises(InputError) as caught:
        parse_strategies("randm")
    assert "'random'" in caught.value.hint
