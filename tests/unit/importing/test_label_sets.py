"""Files with several labels a text: one column with lists, or a column for each; rules from the labels file."""

import json
from pathlib import Path

import pytest

from core.errors import InputError
from core.importing import labels_file
from core.intake import new_project
from core.project import Project
from core.store import classes, examples


def answers(project: Project) -> dict[str, list[str]]:
    with project.open() as con:
        task, names = project.task(con), classes.names(con)
        return {x.example.text: task.to_file(task.decode(x.stored), names) for x in examples.labelled(con)}


def test_lists_in_jsonl(tmp_path: Path) -> None:
    data = tmp_path / "mail.jsonl"
    rows = [
        {"text": "a", "tags": ["x", "y"]},
        {"text": "b", "tags": []},
        {"text": "c"},
        {"text": "d", "tags": {"x": 1}},
    ]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    project, (report,) = new_project(tmp_path / "p", data=data, task="multilabel", label="tags")
    assert answers(project) == {"a": ["x", "y"], "b": []}
    assert (report.answers, report.refused) == (2, 1)


def test_parted_names_and_json_in_csv(tmp_path: Path) -> None:
    data = tmp_path / "mail.csv"
    data.write_text('text,tags\na,x; y\nb,\nc,"[""y;z""]"\nd,[]\n')
    project, _reports = new_project(tmp_path / "p", data=data, task="multilabel", label="tags")
    assert answers(project) == {"a": ["x", "y"], "c": ["y;z"], "d": []}


def test_a_column_for_each_label_makes_a_class_of_each(tmp_path: Path) -> None:
    data = tmp_path / "mail.csv"
    data.write_text("text,angry,urgent,never\na,1,0,0\nb,1,1,0\nc,,,\nd,0,0,0\ne,2,0,0\n")
    project, (report,) = new_project(
        tmp_path / "p", data=data, task="multilabel", label=["angry", "urgent", "never"], text="text"
    )
    assert answers(project) == {"a": ["angry"], "b": ["angry", "urgent"], "d": []}
    assert report.refusals[0][1].startswith("The column 'angry' says neither yes nor no: 2")
    with project.open() as con:
        assert list(classes.ids(con)) == ["angry", "urgent", "never"]


def test_one_class_a_text_takes_one_column(tmp_path: Path) -> None:
    data = tmp_path / "mail.csv"
    data.write_text("text,a,b\nhello,1,0\n")
    with pytest.raises(InputError, match="name one label column"):
        new_project(tmp_path / "p", data=data, label=["a", "b"], text="text")
    assert not (tmp_path / "p").exists()


RULED = """
[[labels]]
name = "positive"
group = "mood"
[[labels]]
name = "negative"
group = "mood"
[[labels]]
name = "furious"
implies = ["negative"]
"""


def test_rules_of_the_labels_file_hold_for_every_answer(tmp_path: Path) -> None:
    (tmp_path / "labels.toml").write_text(RULED)
    data = tmp_path / "mail.jsonl"
    data.write_text('{"text": "a", "labels": ["furious"]}\n{"text": "b", "labels": ["furious", "positive"]}\n')
    project, (report,) = new_project(
        tmp_path / "p", data=data, task="multilabel", label="labels", labels=str(tmp_path / "labels.toml")
    )
    assert answers(project) == {"a": ["negative", "furious"]}
    assert "exclude each other" in report.refusals[0][1]
    with project.open() as con:
        assert classes.all_classes(con)[2].implies == ("negative",)
        classes.rename(con, 2, "cross", "ada")
        assert classes.all_classes(con)[2].implies == ("cross",)
        assert classes.all_classes(con)[0].group == "mood"


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('[[labels]]\nname = "a"\nimplies = ["b"]', "a: implies 'b', which is no label"),
        (
            '[[labels]]\nname = "a"\ngroup = "g"\nimplies = ["b"]\n[[labels]]\nname = "b"\ngroup = "g"',
            "a: implies a label that excludes it",
        ),
        ('[[labels]]\nname = "a"\nimplies = "b"', "implies is no list of texts"),
        ('[[labels]]\nname = "a"\ngroup = 5', "group is no text"),
    ],
)
def test_rules_that_cannot_be_followed_are_refused(toml: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.toml"
    path.write_text(toml)
    with pytest.raises(InputError) as caught:
        labels_file.parse(str(path))
    assert said in str(caught.value)
