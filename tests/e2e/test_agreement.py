"""`handful agreement` and what leads to it: names on answers, overlap, `--settle`."""

import json
from pathlib import Path

from tests.e2e.cli import Cli
from tests.e2e.conftest import write_csv


def said(ids: list[int], *names: str) -> str:
    return "".join(json.dumps({"id": i, "label": name}) + "\n" for i, name in zip(ids, names, strict=True))


def test_two_people_are_asked_some_texts_in_common_and_their_agreement_is_told(forked: Cli, encoder: Path) -> None:
    write_csv(forked.cwd / "mail.csv")
    forked("new", "mail", "--data", "mail.csv", "--labels", "a,b", "--encoder", encoder)
    assert "Nobody has labelled" in forked("agreement", "mail").err
    forked("config", "mail", "overlap", "1.0")
    asked = {}
    for name in ("ada", "bo", "cy"):
        rows = forked("next", "mail", "-n", "4", "--no-wait", "--as", name, "--json").rows
        asked[name] = [row["id"] for row in rows]
    assert set(asked["ada"]) == set(asked["bo"])
    assert set(asked["cy"]).isdisjoint(asked["ada"])
    ids = sorted(asked["ada"])
    forked("label", "mail", "-", "--as", "ada", stdin=said(ids, "a", "a", "b", "b"))
    forked("label", "mail", "-", "--as", "bo", stdin=said(ids, "a", "a", "b", "a"))
    found = forked("agreement", "mail", "--json").json
    assert (found["shared"], found["same"], found["contested"]) == (4, 3, [ids[3]])
    assert round(found["pairs"][0]["kappa"]["value"], 3) == 0.5
    assert round(found["alpha"]["value"], 3) == 0.533
    assert {person["name"]: person["answered"] for person in found["people"]} == {"ada": 4, "bo": 4}
    shown = forked("agreement", "mail")
    assert "1 texts are contested" in " ".join(shown.out.split())
    assert max(map(len, shown.lines)) <= 80
    forked("label", "mail", "-", "--as", "cy", "--settle", stdin=said([ids[3]], "b"))
    again = forked("agreement", "mail", "--json").json
    assert again["contested"] == []
    assert again["alpha"] == found["alpha"], "what was settled with both answers in view says nothing about agreement"


def test_where_all_gave_one_answer_the_reason_is_told(forked: Cli, encoder: Path) -> None:
    write_csv(forked.cwd / "mail.csv")
    forked("new", "mail", "--data", "mail.csv", "--labels", "a,b", "--encoder", encoder)
    for name in ("ada", "bo"):
        forked("label", "mail", "-", "--as", name, stdin=said([1, 2], "a", "a"))
    shown = forked("agreement", "mail")
    assert "Krippendorff's alpha: —" in shown.out
    assert "chance alone would agree as well" in " ".join(shown.out.split())
