"""What `--help` says of each command, asked in this process."""

import click
import pytest

from tui.cli import cli
from tui.commands import COMMANDS, SECTIONS
from tui.output import WIDTH, cells

NAMES = [entry.name for entry in COMMANDS]


def help_of(name: str) -> str:
    context = click.Context(cli, info_name="handful", terminal_width=WIDTH)
    command = cli.get_command(context, name)
    assert command is not None
    return command.get_help(click.Context(command, info_name=name, parent=context, terminal_width=WIDTH))


@pytest.mark.parametrize("name", NAMES)
def test_a_command_helps_with_its_sentence_an_idea_and_an_example(name: str) -> None:
    said = help_of(name)
    entry = next(entry for entry in COMMANDS if entry.name == name)
    assert entry.sentence in said
    assert f"$ handful {name}" in said or f"| handful {name}" in said
    idea = said.partition("Example")[0].partition(entry.sentence)[2]
    assert len(idea.split()) > 5


@pytest.mark.parametrize("name", NAMES)
def test_help_fits_the_screen_but_for_lines_to_copy(name: str) -> None:
    assert [line for line in help_of(name).splitlines() if cells(line) > WIDTH and "$ " not in line] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_option_says_what_it_means(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    for parameter in command.params:
        assert not isinstance(parameter, click.Option) or parameter.help


def test_every_command_is_in_a_section() -> None:
    assert {entry.section for entry in COMMANDS} == set(SECTIONS)
    assert len(set(NAMES)) == len(NAMES)


def test_whatever_reports_can_print_json() -> None:
    without = {
        "logs",
        "predict",
        "answers",
        "completion",
        "open",
        "serve",
    }  # text, JSONL by nature twice, a script, the app, HTTP
    for name in NAMES:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        assert ("--json" in {o for p in command.params for o in p.opts}) == (name not in without), name
