"""One text is no texts."""

from core.i18n import counted


def test_a_number_chooses_the_words() -> None:
    said = [counted("{n} text of {gold}", "{n} texts of {gold}", n, gold="{refund}") for n in (0, 1, 2, 1204)]
    assert said == ["0 texts of {refund}", "1 text of {refund}", "2 texts of {refund}", "1,204 texts of {refund}"]
