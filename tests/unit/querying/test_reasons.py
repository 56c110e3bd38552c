import pytest

from core.querying import reasons
from core.records import Reason

KINDS = sorted(value for name, value in vars(reasons).items() if name.isupper() and isinstance(value, str))
NASTY = ["{first}", "{0!r}", "100 %s %d", "[bold]x[/]", "退款 💸", "a\x1b[2Jb", "", "'; --"]


def test_there_are_kinds() -> None:
    assert {
        "audit",
        "either",
        "entropy",
        "herding",
        "least_confidence",
        "margin",
        "random",
        "rare",
        "typical",
        "unranked",
    } == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_words_even_without_arguments(kind: str) -> None:
    said = reasons.words(Reason(kind))
    assert said
    assert said != kind
    assert "{" not in said


@pytest.mark.parametrize("name", NASTY)
@pytest.mark.parametrize("kind", ["margin", "least_confidence", "rare"])
def test_class_names_pass_through_unharmed(kind: str, name: str) -> None:
    args = {"first": name, "second": name, "label": name, "p": 0.5, "q": 0.25, "n": 2}
    said = reasons.words(Reason(kind, args))
    assert said.count(name) >= 1
    assert "0.5" in said or "2 labels" in said


def test_a_typical_text_says_how_many_it_stands_for() -> None:
    assert reasons.words(Reason(reasons.TYPICAL, {"similar": 12})) == "stands for 12 similar texts"
    assert reasons.words(Reason(reasons.TYPICAL, {"similar": 1})) == "unlike anything labelled so far"


def test_a_kind_from_another_package_is_shown_by_its_name() -> None:
    assert reasons.words(Reason("coreset", {"x": 1})) == "coreset"
