"""`python -P -m exports.serve BUNDLE …`: what `handful serve` starts, and what a container runs.

Exit codes: 0 ended by a signal · 2 something handed in can't be used · 3 refused.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from core.errors import HandfulError
from core.i18n import _
from core.show import visible
from exports.serve.options import Flag, Options, flags


def _number(flag: Flag) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        value = flag.kind(text)
        if (flag.low or flag.high) and not flag.low <= value <= flag.high:
            raise argparse.ArgumentTypeError(_("must be {low} to {high}").format(low=flag.low, high=flag.high))
        return value

    return read


def options(argv: Sequence[str]) -> Options:
    """What a command line says; ends the process with code 2 if it says something wrong."""
    parser = argparse.ArgumentParser(prog="serve", description=_("Serve a bundle over HTTP."))
    parser.add_argument("bundle", metavar="BUNDLE", type=Path)
    for one in flags():
        if one.kind is bool:
            parser.add_argument(one.flag, action="store_true", help=one.help)
        else:
            parser.add_argument(
                one.flag,
                type=_number(one),
                default=one.default,
                choices=one.choices or None,
                metavar=None if one.choices else one.kind.__name__.upper(),
                help=one.help,
            )
    return Options(**vars(parser.parse_args(argv)))


def main(argv: Sequence[str]) -> int:
    """Serve until a signal ends it; returns the exit code."""
    os.umask(0o077)
    given = options(argv)
    from exports.serve.running import run  # onnxruntime and uvicorn, which a wrong command line need not wait for

    try:
        run(given)
    except HandfulError as error:
        for line in (
            _("Error: {title}").format(title=error.title),
            *(f"  {part}" for part in (error.what, error.hint) if part),
        ):
            sys.stderr.write(visible(line) + "\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
