"""The demo project of every task that has one."""

from pathlib import Path

import pytest

from core import plugins
from core.demo import corpus
from core.demo.making import about, make
from core.importing import labels_file
from core.store import classes, examples, meta


@pytest.mark.parametrize("task", plugins.names(plugins.DEMOS))
def test_the_corpus_s_gold_is_an_answer_of_every_task(task: str) -> None:
    said, demo = plugins.load(plugins.TASKS, task), about(task)
    named = {item.name for item in labels_file.parse(str(demo.classes))}
    assert {name for item in corpus() for name in said.names_in(demo.gold(item))} == named


def test_the_demo_of_sets_holds_out_its_gold(tmp_path: Path) -> None:
    project = make(tmp_path / "demo", "multilabel")
    with project.open() as con:
        task, names = project.task(con), classes.names(con)
        assert meta.counters(con) == {"pool": 480, "test": 240, "test.answered": 240}
        held_out = {x.example.text: task.to_file(task.decode(x.stored), names) for x in examples.labelled(con, "test")}
    gold = {item.text: sorted(item.tags) for item in corpus() if item.split == "test"}
    assert {text: sorted(said) for text, said in held_out.items()} == gold
    assert [] in held_out.values()
