"""Patterns that suggest spans, by commands."""

from tests.e2e.cli import Cli

RULES = "[place]\nBerlin\n# and by their number\n/\\b[0-9]{5}\\b/\n"


def test_patterns_are_set_printed_and_taken_back(forked: Cli) -> None:
    (forked.cwd / "mail.txt").write_text("hello Berlin\nbye\n")
    (forked.cwd / "rules.txt").write_text(RULES)
    forked("new", "mail", "--data", "mail.txt", "--task", "spans", "--labels", "place")
    assert "1 terms and 1 expressions suggest spans." in forked("patterns", "mail", "rules.txt").out
    assert forked("patterns", "mail").out == RULES
    assert forked("patterns", "mail", "--json").json["terms"] == 1
    said = forked("patterns", "mail", "-", stdin="[place]\nBerlin\n/(/\n", code=2)
    assert "Line 3 can't be taken" in said.err
    assert forked("patterns", "mail").out == RULES
    assert "a change of the patterns" in forked("undo", "mail").out
    assert forked("patterns", "mail").out == ""


def test_what_is_asked_comes_with_what_the_patterns_suggest(forked: Cli) -> None:
    (forked.cwd / "mail.txt").write_text("hello Berlin 10115\nbye\n")
    (forked.cwd / "rules.txt").write_text(RULES + "[person]\nhello\n")  # a class that the project has not
    forked("new", "mail", "--data", "mail.txt", "--task", "spans", "--labels", "place")
    before = forked("next", "mail", "--json", "--no-wait").rows
    assert [row["suggestion"] for row in before] == [None, None]
    forked("patterns", "mail", "rules.txt")
    rows = {row["text"]: row["suggestion"] for row in forked("next", "mail", "--json", "--no-wait").rows}
    assert rows["bye"] is None
    said = rows["hello Berlin 10115"]
    assert [(s["start"], s["end"], s["label"], s["source"], s["p"]) for s in said["value"]] == [
        (6, 12, "place", "gazetteer", None), (13, 18, "place", "pattern", None)
    ]  # fmt: skip
    assert said["score"] is None
    assert "place" in forked("next", "mail", "--no-wait").out
