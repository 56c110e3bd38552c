"""Predict with a bundle: texts in, labels and probabilities out, without torch.

This one file needs Python 3.11, onnxruntime, tokenizers and numpy, nothing else. It ships in every bundle and runs
there as `python predict.py BUNDLE [FILE|-]`; `handful predict` runs the same file. From Python:

    from predict import Predictor
    Predictor("my-bundle").predict(["where is my refund?"])

A line of input is `{"text": …}` (an `id` beside it is kept) or a JSON string, with --text-lines the text itself. A line
of output is `{"label": …, "scores": {class: probability}}`, in the order of the input; where a text can have several
classes, or none, `{"labels": [ … ], "scores": …}`; where spans are marked, `{"spans": [{"start": …, "end": …, "label":
…, "text": …, "score": …}]}` with code points for offsets, the end exclusive.

`python predict.py --verify BUNDLE` checks all that the bundle says of itself, and answers its stored texts again.

Exit codes: 0 done · 2 the bundle or a line can't be used · 3 a check of --verify failed · 130 interrupted.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path

from exports.runtime.checks import checks
from exports.runtime.errors import BundleError
from exports.runtime.lines import blocks
from exports.runtime.predictor import Predictor
from exports.runtime.safe import json_line, visible

_BLOCK = 32
"""Batches that are read, sorted by length and written together."""


def _size(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise argparse.ArgumentTypeError("must be a number from 1 to 1024")
    return int(text)


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="predict.py", description="Label texts with an exported model.")
    parser.add_argument("bundle", metavar="BUNDLE", help="the bundle's directory")
    parser.add_argument("file", metavar="FILE", nargs="?", default="-", help="JSONL; - is the standard input (default)")
    parser.add_argument("--text-lines", action="store_true", help="each line is a text, not JSON")
    parser.add_argument("--verify", action="store_true", help="check the bundle instead of labelling texts")
    parser.add_argument("--json", action="store_true", help="with --verify: one JSON object")
    parser.add_argument("--batch", type=_size, default=32, metavar="N", help="texts per step (default 32)")
    return parser.parse_args(argv)


def _stream(options: argparse.Namespace) -> str:
    """Predict line by line on stdout; returns what is wrong with the first bad line, or an empty text."""
    predictor = Predictor(options.bundle)
    with nullcontext(sys.stdin.buffer) if options.file == "-" else Path(options.file).open("rb") as stream:
        for block, problem in blocks(stream, options.batch * _BLOCK, text_lines=options.text_lines):
            answers = predictor.predict([text for text, _kept in block], batch=options.batch)
            lines = [json_line(kept | answer) for (_text, kept), answer in zip(block, answers, strict=True)]
            sys.stdout.buffer.write("".join(f"{line}\n" for line in lines).encode("utf-8"))
            sys.stdout.buffer.flush()
            if problem:
                return problem
    return ""


def _verify(options: argparse.Namespace) -> int:
    """Print one line a check, or all as JSON; returns the exit code."""
    found = list(checks(Path(options.bundle)))
    ok = all(check.ok for check in found)
    if options.json:
        lines = [json_line({"ok": ok, "checks": [asdict(check) for check in found]})]
    else:
        lines = [f"{'ok    ' if check.ok else 'FAILED'}  {check.name:<10}{check.words}" for check in found]
    sys.stdout.buffer.write("".join(f"{line}\n" for line in lines).encode("utf-8"))
    sys.stdout.buffer.flush()
    return 0 if ok else 3


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    options = _options(argv)
    try:
        if options.verify:
            return _verify(options)
        problem = _stream(options)
    except BundleError as error:
        problem = str(error)
    except BrokenPipeError:  # the reader of our output has gone: nothing is wrong
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        problem = f"{error.filename}: {error.strerror}"
    except KeyboardInterrupt:
        return 130
    if problem:
        sys.stderr.write(f"predict: {visible(problem)}\n")
    return 2 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
