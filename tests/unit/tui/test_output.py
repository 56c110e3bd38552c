"""How lines reach the terminal: as data nobody can act with, in columns that fit, narration apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.records import Job, JobEvent
from core.show import visible
from tests.nasty import NASTY
from tui import output
from tui.output import WIDTH, cells, clip, last_word, paragraph, percent, show_error, size, table


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("width", [1, 7, 72])
def test_a_clipped_text_fits_and_acts_on_nothing(text: str, width: int) -> None:
    line = clip(text, width)
    assert cells(line) <= width
    assert visible(line) == line


@given(st.text(), st.integers(1, 100))
def test_clipping_keeps_what_fits(text: str, width: int) -> None:
    line = clip(text, width)
    assert cells(line) <= width
    if visible(text) == text and cells(text) <= width and len(text) <= width:
        assert line == text


def test_wide_characters_count_twice_and_marks_nothing() -> None:
    assert cells("退款") == 4
    assert cells("e\u0301") == 1
    assert clip("退款退款退款", 7) == "退款退…"
    assert clip("退款", 4) == "退款"


def test_a_table_gives_way_where_there_is_most_text(capsys: pytest.CaptureFixture[str]) -> None:
    table(["name", "n", "what"], [["x" * 200, 12, "short"], ["字" * 60, 3, "y" * 50]], right=(1,))
    lines = capsys.readouterr().out.splitlines()
    assert all(cells(line) <= WIDTH for line in lines)
    assert "…" in lines[1]
    assert lines[1].endswith("12  short")
    assert lines[2].endswith("…") or "…  " in lines[2]


def test_a_table_of_little_stays_narrow(capsys: pytest.CaptureFixture[str]) -> None:
    table(["a", "n"], [["one", 5], ["x", 100]], right=(1,))
    assert capsys.readouterr().out == "a      n\none    5\nx    100\n"


def test_a_paragraph_breaks_between_words(capsys: pytest.CaptureFixture[str]) -> None:
    paragraph("word " * 40 + "\x1b[2J", "  ")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("  word") and len(line) <= WIDTH for line in lines)
    assert lines[-1].endswith("␛[2J")


def test_an_error_is_narration_in_three_parts(capsys: pytest.CaptureFixture[str]) -> None:
    show_error(InputError("No such\x1b[2J thing.", "one\ntwo", "Do this."))
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "Error: No such␛[2J thing.\n  one\n  two\n  Do this.\n"


def test_json_keeps_every_character_and_shows_none_that_acts(capsys: pytest.CaptureFixture[str]) -> None:
    output.data_json({"text": "a\x1b[2J\u202e"})
    assert capsys.readouterr().out == '{"text": "a\\u001b[2J\\u202e"}\n'


def test_a_line_of_data_or_narration_acts_on_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    output.data("a\x1b[2J")
    output.say("b\u202e")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("a␛[2J\n", "b⟨202E⟩\n")


@pytest.mark.parametrize(
    ("n", "said"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (2_500_000, "2.5 MB"), (3e9, "3.0 GB")]
)
def test_sizes_are_for_people(n: float, said: str) -> None:
    assert size(n) == said


def test_a_ratio_comes_with_its_interval_and_a_dash_where_nothing_is_known() -> None:
    assert percent(0.5, (0.25, 0.75)) == "0.50 (0.25-0.75)"
    assert percent(0.5) == "0.50"
    assert percent(None) == "—"


def _job(error: dict[str, str] | None = None) -> Job:
    return Job(1, "round", {}, "running", 0.0, error=error)


def test_the_last_word_of_a_job_is_its_failure_its_verdict_or_how_far_it_is() -> None:
    step = (1, JobEvent("progress", {"what": "fold 1 of 3", "done": 2, "total": 9}), 0.0)
    end = (2, JobEvent("result", {"verdict": "kept: better", "round": 1}), 0.0)
    assert last_word(_job(), []) == ""
    assert last_word(_job(), [step]) == "fold 1 of 3 2/9"
    assert last_word(_job(), [step, end]) == "kept: better"
    assert last_word(_job({"title": "No room."}), [step]) == "No room."
