import pytest

from core.querying import reasons
from core.records import Reason

KINDS = sorted(value for name, value in vars(reasons).items() if name.isupper() and isinstance(value, str))
NASTY = ["{first}", "{0!r}", "100 %s %d", "[bold]x[/]", "退款 💸", "a\x1b[2Jb", "", "'; --"]


def test_there_are_kinds() -> None:
    of_the_first = {"audit", "entropy", "least_confidence", "margin", "random", "rare", "typical", "unranked"}
    of_others = {
        "contrast",
        "covers",
        "either",
        "gradient",
        "grouped",
        "herding",
        "named",
        "overlap",
        "rest",
        "seeded",
        "split",
        "spot",
    }
    assert of_the_first | of_others == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_words_even_without_arguments(kind: str) -> None:
    said = reasons.words(Reason(kind))
    assert said
    assert said != kind
    assert "{" not in said


@pytest.mark.parametrize("name", NASTY)
@pytest.mark.parametrize(
    "kind", ["contrast", "gradient", "grouped", "least_confidence", "margin", "named", "rare", "seeded", "split"]
)
def test_class_names_pass_through_unharmed(kind: str, name: str) -> None:
    args = {"first": name, "second": name, "label": name, "p": 0.5, "q": 0.25, "n": 2, "similar": 2}
    said = reasons.words(Reason(kind, args))
    assert said.count(name) >= 1
    assert any(number in said for number in ("0.5", "2 labels", "2 small models", "group of 2"))


def test_a_typical_text_says_how_many_it_stands_for() -> None:
    assert reasons.words(Reason(reasons.TYPICAL, {"similar": 12})) == "stands for 12 similar texts"
    assert reasons.words(Reason(reasons.TYPICAL, {"similar": 1})) == "unlike anything labelled so far"


def test_a_text_that_covers_others_says_how_many() -> None:
    assert reasons.words(Reason(reasons.COVERS, {"similar": 7})) == "speaks for 7 texts that no answer reaches yet"
    assert reasons.words(Reason(reasons.COVERS, {"similar": 1})) == "no answer reaches it yet"


def test_a_contrast_within_one_class_names_it_once_and_between_two_names_both() -> None:
    alike = Reason(reasons.CONTRAST, {"first": "refund", "p": 0.4, "second": "refund", "q": 0.9})
    assert reasons.words(alike) == "refund 0.40, where similar labelled texts have 0.90"
    other = Reason(reasons.CONTRAST, {"first": "refund", "p": 0.4, "second": "login", "q": 0.9})
    assert reasons.words(other) == "refund 0.40, but similar labelled texts say login 0.90"


def test_a_kind_from_another_package_is_shown_by_its_name() -> None:
    assert reasons.words(Reason("coreset", {"x": 1})) == "coreset"
