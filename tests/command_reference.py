"""The README's command reference is made from `--help`: this writes it between its marks, or says whether it is true.

usage: python -P tests/command_reference.py [--check] README.md
"""

import sys
from pathlib import Path

import click

from tui.cli import cli
from tui.commands import COMMANDS

BEGIN, END = "<!-- commands: begin (make docs) -->", "<!-- commands: end -->"
WIDTH = 100


def reference() -> str:
    """All helps, one code block a command."""
    context = click.Context(cli, info_name="handful", terminal_width=WIDTH)
    blocks = [f"```text\n{cli.get_help(context)}\n```"]
    for entry in COMMANDS:
        command = cli.get_command(context, entry.name)
        assert command is not None
        inner = click.Context(command, info_name=entry.name, parent=context, terminal_width=WIDTH)
        blocks.append(f"### `handful {entry.name}`\n\n```text\n{command.get_help(inner)}\n```")
    return "\n\n".join(blocks)


def main() -> int:
    arguments = [argument for argument in sys.argv[1:] if argument != "--check"]
    path = Path(arguments[0])
    text = path.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    wanted = f"{before}{BEGIN}\n\n{reference()}\n\n{END}{after}"
    if wanted == text:
        return 0
    if "--check" in sys.argv:
        sys.stderr.write(f"{path}: the command reference differs from --help; run: make docs\n")
        return 1
    path.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
