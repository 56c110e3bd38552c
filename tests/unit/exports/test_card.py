import json
from pathlib import Path

import pytest
import yaml

from core.connection import Connection, transaction
from core.project import Project
from core.records import LabelClass
from core.settings import Settings
from core.store import classes, guidelines
from exports import card, contract
from exports.contract import Evidence
from tests.unit.exports.models_in_use import give_evaluations, give_labels, give_model

PARITY = {
    "texts": 512,
    "windowed": 37,
    "batches": [1, 8, 32],
    "max_abs_diff": 3.2e-6,
    "tolerance": 1e-4,
    "flips": 0,
    "other_tokens": 0,
    "features_compared": 300,
    "features_cosine": 0.9998,
}


def text_of(project: Project, con: Connection, **settings: str) -> str:
    facts = contract.read(project, con, Settings(**settings))  # type: ignore[arg-type]
    readability = {"unknown": {"LATIN": 0.002, "CJK": 0.65}, "cut": 0.031}
    return card.text(
        contract.manifest(facts, [], Evidence(PARITY)), readability, {"model.onnx": 90_336_272, "config.json": 701}
    )


def front_matter(text: str) -> dict[str, object]:
    found = yaml.safe_load(text.split("---\n")[1])
    assert isinstance(found, dict)
    return found


def test_the_card_has_the_numbers_and_their_sources(project: Project, con: Connection) -> None:
    give_labels(con)
    give_model(project, con)
    give_evaluations(con)
    text = text_of(project, con)
    assert "### Held-out test set: 35 texts" in text
    assert "| refund | 20 | 0.80 (" in text
    assert "### Held-out test set, lang=zh: 3 texts\n\nToo few to tell." in text
    assert "no fair sample): 4 texts\n\nToo few to tell." in text
    assert "| login | 2 | 3 |" in text
    assert "Trained on 9 labelled texts by 2 annotators" in text
    assert "given 8, margin 1" in text
    assert "difference of a logit 3.2e-06 (allowed 1e-04), 0 other answers" in text
    assert "median over 300 texts: 0.9998" in text
    assert "cut after 64 tokens" in text
    assert "3.1% of the texts" in text
    assert "CJK writing: 65.0%" in text
    assert "| `model.onnx` | 90.3 MB |" in text


def test_the_card_says_what_annotators_were_told(project: Project, con: Connection) -> None:
    give_labels(con)
    give_model(project, con)
    assert "annotators were told" not in text_of(project, con)
    guidelines.write(con, "One label a text.\nAsk *Ada* <b>", "ada")
    classes.describe(con, 1, "money | back", "ada")
    text = text_of(project, con)
    assert "### What annotators were told\n\n> One label a text.\n> Ask \\*Ada\\* \\<b\\>" in text
    assert "| refund | 1 | 3 | money \\| back |" in text


def test_what_was_not_measured_is_not_said(project: Project, con: Connection) -> None:
    give_labels(con)
    give_model(project, con)
    text = text_of(project, con)
    assert "Nothing was judged yet." in text
    assert "Accuracy" not in text
    assert "model-index" not in front_matter(text)


def test_the_front_matter_is_what_the_hub_reads(project: Project, con: Connection) -> None:
    give_labels(con)
    give_model(project, con)
    give_evaluations(con)
    said = front_matter(text_of(project, con))
    assert said["pipeline_tag"] == "text-classification"
    assert said["base_model"] == "sentence-transformers/all-MiniLM-L6-v2"
    (result,) = said["model-index"][0]["results"]  # type: ignore[index]
    assert {m["type"]: m["value"] for m in result["metrics"]}["accuracy"] == round(30 / 35, 4)
    assert "35 texts" in result["dataset"]["name"]


@pytest.mark.parametrize(
    ("encoder", "base"), [("org/model@abc", "org/model"), ("/home/ada/enc", None), ("./x/y", None), ("org/a: b", None)]
)
def test_only_a_public_name_is_a_base_model(project: Project, con: Connection, encoder: str, base: str | None) -> None:
    give_labels(con)
    give_model(project, con)
    text = text_of(project, con, encoder=encoder)
    assert front_matter(text).get("base_model") == base
    assert "/home/ada" not in text


def test_names_are_shown_letter_for_letter_and_act_nowhere(project: Project, con: Connection) -> None:
    evil = "a|b [x](http://e) <script> \x1b[2J\u202e ```\n# big"
    with transaction(con):
        classes.add(con, [LabelClass(0, evil)], "ada")
    give_labels(con)
    give_model(project, con, class_ids=(1, 4))
    text = text_of(project, con)
    (row,) = [line for line in text.splitlines() if line.startswith("| a")]
    assert row.startswith(r"| a\|b \[x\]\(http://e\) \<script\> ␛\[2J⟨202E⟩ \`\`\`␊\# big | 4 |")
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_the_lexical_view_is_admitted(project: Project, con: Connection) -> None:
    give_labels(con)
    give_model(project, con, lexical={"buckets": 512})
    assert "hashed character n-grams" in text_of(project, con)


def test_stale_counts_are_admitted(project: Project, con: Connection) -> None:
    give_labels(con)
    give_model(project, con)
    give_labels(con, 2)
    assert "2 decisions were made after this model" in text_of(project, con)


def test_the_code_in_the_card_runs(bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    code = card.USE.split("```python\n")[1].split("```")[0].replace("from predict", "from exports.predict")
    monkeypatch.chdir(bundle)
    exec(compile(code.replace("Predictor(", "print(Predictor(").replace('["…"])', '["slow"]))'), "card", "exec"))  # noqa: S102
    assert "speed" in capsys.readouterr().out
    assert json.loads(card.USE.split("echo '")[1].split("'")[0]) == {"text": "…"}
