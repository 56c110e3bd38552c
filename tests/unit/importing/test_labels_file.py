"""Classes are listed as `a,b,c` or in a file; whatever is wrong in it is told at once, each with its place."""

from pathlib import Path

import pytest

from core.errors import InputError
from core.importing.labels_file import parse
from core.records import LabelClass


def problems(spec: str) -> str:
    with pytest.raises(InputError) as caught:
        parse(spec)
    return caught.value.what


def test_a_list_of_names() -> None:
    assert parse("refund, log in ,退款") == [LabelClass(0, "refund"), LabelClass(0, "log in"), LabelClass(0, "退款")]


def test_a_toml_file(tmp_path: Path) -> None:
    path = tmp_path / "labels.toml"
    path.write_text(
        '[[labels]]\nname = "refund"\nkey = "r"\ndescription = "Money back"\nexamples = ["a, b", "c"]\n'
        'keywords = ["refund", " money back ", " "]\n'
        '[[labels]]\nname = "other"\n'
    )
    refund = LabelClass(0, "refund", "r", "Money back", ("a, b", "c"), keywords=("refund", "money back"))
    assert parse(str(path)) == [refund, LabelClass(0, "other")]


def test_a_csv_file(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text('name,key,examples,keywords\nrefund,r,"a, b | c",refund| money back |\nother,,,\n')
    refund = LabelClass(0, "refund", "r", "", ("a, b", "c"), keywords=("refund", "money back"))
    assert parse(str(path)) == [refund, LabelClass(0, "other")]
    path.write_text("name,keywords\nrefund,money\n")
    assert parse(str(path)) == [LabelClass(0, "refund", keywords=("money",))]


def test_every_problem_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("name,key,descripton\na,x,\na,y,\nb,x,\nc,long,\n,,\nd,e\n")
    found = problems(str(path)).splitlines()[1:]
    assert found[0] == "line 2: there is no field 'descripton' (did you mean 'description'?)"
    path.write_text("name,key\na,x\na,y\nb,x\nc,long\n,\nd\n")
    assert problems(str(path)).splitlines()[1:] == [
        "line 3: the name 'a' is taken (line 2)",
        "line 4: the key 'x' is taken (line 2)",
        "line 5: a key is one visible character, not 'long'",
        "line 6: the name is empty",
        "line 7: The row has 1 values; the header has 2.",
    ]


def test_toml_values_of_the_wrong_kind_are_told(tmp_path: Path) -> None:
    path = tmp_path / "labels.toml"
    path.write_text(
        '[[labels]]\nname = 5\n[[labels]]\nname = "a"\nexamples = "b"\nkeywords = ["x", 3]\n'
        '[[labels]]\nname = "a\\u001b[2J"\n'
    )
    found = problems(str(path))
    assert "[[labels]] 1: name is no text" in found
    assert "[[labels]] 2: examples is no list of texts" in found
    assert "[[labels]] 2: keywords is no list of texts" in found
    assert "[[labels]] 3: the name holds a character that can't be shown" in found
    assert "\x1b" not in found


@pytest.mark.parametrize("content", ['[[labels]]\nname = "a', 'labels = ["a", "b"]\n', 'name = "a"\n', "labels = 3\n"])
def test_toml_without_tables_of_labels_is_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "labels.toml"
    path.write_text(content)
    with pytest.raises(InputError, match="can't be read"):
        parse(str(path))


@pytest.mark.parametrize("spec", ["", "a,,b", "a,a", "é,e\u0301", "a," + "x" * 201, "a\x00b,c"])
def test_a_list_with_empty_doubled_or_impossible_names_is_refused(spec: str) -> None:
    with pytest.raises(InputError, match="can't be used"):
        parse(spec)


def test_no_label_at_all_is_refused(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("name,key\n")
    (tmp_path / "labels.toml").write_text("labels = []\n")
    for name in ("labels.csv", "labels.toml"):
        assert "No label in it." in problems(str(tmp_path / name))


def test_a_missing_labels_file_is_told_as_one() -> None:
    for name in ("none.toml", "none.csv"):
        with pytest.raises(InputError, match="no such file"):
            parse(name)
