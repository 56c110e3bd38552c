"""Predict with a bundle: texts in, labels and probabilities out, without torch.

This one file needs Python 3.11, onnxruntime, tokenizers and numpy, nothing else. It ships in every bundle and runs
there as `python predict.py BUNDLE [FILE|-]`; `handful predict` runs the same file. From Python:

    from predict import Predictor
    Predictor("my-bundle").predict(["where is my refund?"])

A line of input is `{"text": …}` (an `id` beside it is kept) or a JSON string, with --text-lines the text itself. A line
of output is `{"label": …, "scores": {class: probability}}`, in the order of the input; where a text can have several
classes, or none, `{"labels": [ … ], "scores": …}`.

Exit codes: 0 done · 2 the bundle or a line can't be used · 130 interrupted.
"""

import argparse
import hashlib
import json
import mmap
import os
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as state
from tokenizers import Tokenizer

FORMAT, FORMAT_VERSION = "handful-bundle", 1
MANIFEST, MODEL, TOKENIZER = "handful.json", "model.onnx", "tokenizer.json"
FREE_TO_CHANGE = frozenset({"README.md", "predict.py"})
"""Files no answer depends on: the card may be edited, and this program may stay behind."""
SOFTMAX, SIGMOID = "softmax", "sigmoid"
"""What turns logits into probabilities: classes that exclude each other, or each class by itself."""
MAX_LINE = 10_000_000
_NO_MODEL = "model.onnx is damaged or no ONNX model"
_BLOCK = 32
"""Batches that are read, sorted by length and written together."""


class BundleError(Exception):
    """The bundle is not whole, was changed, or is none; the values in the sentence are made safe to show."""

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence.format(**{name: visible(str(value)) for name, value in values.items()}))


class LineError(BundleError):
    """A line of input is no text."""


class Predictor:
    """A bundle, verified and loaded; calls may come from several threads."""

    labels: tuple[str, ...]
    """Class names in the order of the logits."""

    def __init__(
        self, bundle_dir: str | Path, *, threads: int = 0, providers: Sequence[str] = ("CPUExecutionProvider",)
    ) -> None:
        """Raises BundleError if a file is missing, changed or of a format this program does not know.

        `threads`: CPU threads of one call; 0 leaves it to onnxruntime.
        """
        bundle = Path(bundle_dir)
        self.manifest: Mapping[str, Any] = verified(bundle)
        """Content of handful.json."""
        self.labels = tuple(item["name"] for item in self.manifest["classes"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self._session = _session(bundle / MODEL, options, providers)
        width = self._session.get_outputs()[0].shape[-1]
        if width != len(self.labels):
            raise BundleError("the model has {width} classes, the bundle names {n}", width=width, n=len(self.labels))
        self._tokenizer = Tokenizer.from_file(str(bundle / TOKENIZER))
        self._pad_id = int((self._tokenizer.padding or {}).get("pad_id", 0))
        self._tokenizer.no_padding()  # batches are padded here, once they are sorted by length

    def windows(self, texts: Sequence[str]) -> list[list[list[int]]]:
        """The ids the model reads of each text: one window, more if it is longer than the bundle's maximum length."""
        if isinstance(texts, str):
            raise TypeError("give a list of texts, not one text")
        more = int(self.manifest.get("windows", 1)) - 1
        encoded = self._tokenizer.encode_batch(list(texts))
        return [[one.ids, *(rest.ids for rest in one.overflowing[:more] if more)] for one in encoded]

    def logits(self, texts: Sequence[str], *, batch: int = 32) -> NDArray[np.float32]:
        """One row of logits a text, the mean over its windows, [texts, classes] float32.

        At most `batch` windows are computed at once.
        """
        windows = self.windows(texts)
        ids = [one for text in windows for one in text]
        out = np.empty((len(ids), len(self.labels)), np.float32)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            out[rows] = self._run([ids[i] for i in rows])
        counts = np.array([len(text) for text in windows], np.int64)
        return np.asarray(np.add.reduceat(out, np.cumsum(counts) - counts) / counts[:, None], np.float32)

    def _run(self, ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        longest = max(1, *map(len, ids))
        input_ids = np.full((len(ids), longest), self._pad_id, np.int64)
        mask = np.zeros((len(ids), longest), np.int64)
        for row, one in enumerate(ids):
            input_ids[row, : len(one)] = one
            mask[row, : len(one)] = 1
        feed = {"input_ids": input_ids, "attention_mask": mask}
        return np.asarray(self._session.run(["logits"], feed)[0], np.float32)

    def predict(self, texts: Sequence[str], *, batch: int = 32) -> list[dict[str, Any]]:
        """{"label": the most probable class, "scores": {class: probability}} for each text.

        Where classes don't exclude each other, {"labels": all that reach their threshold, "scores": as above}.
        """
        logits = self.logits(texts, batch=batch)
        if self.manifest["activation"] == SIGMOID:
            scores = sigmoid(logits).round(6).tolist()
            found = zip(answered(logits, self.manifest["classes"]), scores, strict=True)
            return [{"labels": said, "scores": dict(zip(self.labels, row, strict=True))} for said, row in found]
        rows = zip(logits.argmax(axis=1).tolist(), softmax(logits).round(6).tolist(), strict=True)
        return [{"label": self.labels[best], "scores": dict(zip(self.labels, row, strict=True))} for best, row in rows]


def _session(model: Path, options: Any, providers: Sequence[str]) -> Any:
    refusals = (state.Fail, state.InvalidArgument, state.InvalidGraph, state.InvalidProtobuf, state.NotImplemented)
    try:
        return onnxruntime.InferenceSession(str(model), options, providers=list(providers))
    except refusals as error:
        version = onnxruntime.__version__
        raise BundleError("onnxruntime {version} can't load the model: {why}", version=version, why=error) from error


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Row-wise softmax, [n, classes]."""
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), np.float64)


def sigmoid(logits: NDArray[Any]) -> NDArray[np.float64]:
    """Each class's own probability, [n, classes]."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits.astype(np.float64))), np.float64)


def over(logits: NDArray[np.float32], classes: Sequence[Mapping[str, Any]]) -> NDArray[np.float64]:
    """How far each logit is above that of its class's threshold, [n, classes]."""
    cuts = np.array([item.get("threshold", 0.5) for item in classes], np.float64)
    return np.asarray(logits.astype(np.float64) - np.log(cuts / (1.0 - cuts)), np.float64)


def answered(logits: NDArray[np.float32], classes: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """The names of the classes each text is given, in the bundle's order.

    A class comes with all that it implies, the one furthest over its threshold first; what is in one group with a class
    that was given before is left out.
    """
    closures = {item["name"]: _closure(item["name"], classes) for item in classes}
    groups = {item["name"]: item.get("group", "") for item in classes}
    found = []
    for row in over(logits, classes):
        given: set[str] = set()
        for place in np.argsort(-row, kind="stable"):
            wider = given | closures[classes[place]["name"]]
            taken = [groups[name] for name in wider if groups.get(name)]
            if row[place] >= 0.0 and len(taken) == len(set(taken)):
                given = wider
        found.append([item["name"] for item in classes if item["name"] in given])
    return found


def _closure(name: str, classes: Sequence[Mapping[str, Any]]) -> set[str]:
    implied = {item["name"]: item.get("implies", ()) for item in classes}
    found: set[str] = set()
    todo = [name]
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo += implied.get(one, ())
    return found


def verified(bundle: Path) -> dict[str, Any]:
    """The content of handful.json, once every file an answer depends on has its SHA-256; raises BundleError if not."""
    manifest = _manifest(bundle)
    files: Mapping[str, Mapping[str, Any]] = manifest["files"]
    for name in dict.fromkeys((MODEL, TOKENIZER, *files)):
        if name in FREE_TO_CHANGE:
            continue
        path = bundle / name
        if name not in files or Path(name).name != name:
            raise BundleError("{file} is damaged: it does not list {name} well", file=MANIFEST, name=name)
        if path.is_symlink() or not path.is_file():
            raise BundleError("the bundle is not whole: {name} is missing or no plain file", name=name)
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != files[name]["sha256"]:
                raise BundleError("{name} is not the file this bundle was made with (SHA-256 differs)", name=name)
    for location in sorted(external_files(bundle / MODEL) - files.keys()):
        raise BundleError("the model wants data from outside the bundle: {name}", name=location)
    return manifest


def _manifest(bundle: Path) -> dict[str, Any]:
    try:
        found = json.loads((bundle / MANIFEST).read_text(encoding="utf-8"))
    except OSError as error:
        raise BundleError("{path} is no bundle: {why}", path=bundle, why=error.strerror) from error
    except (ValueError, RecursionError) as error:
        raise BundleError("{file} is damaged: {why}", file=MANIFEST, why=error) from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise BundleError("{path} is no bundle: {file} is about something else", path=bundle, file=MANIFEST)
    if found.get("format_version") != FORMAT_VERSION or found.get("activation") not in (SOFTMAX, SIGMOID):
        raise BundleError("the bundle was made by another version; take the predict.py that lies in it")
    try:
        hashes = [said["sha256"] for said in found["files"].values()]
        texts = all(isinstance(said, str) for said in [*hashes, *(item["name"] for item in found["classes"])])
        cuts = [item.get("threshold", 0.5) for item in found["classes"]]
        between = all(isinstance(cut, float) and 0.0 < cut < 1.0 for cut in cuts)
        if texts and between and int(found.get("windows", 1)) >= 1:
            return found
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BundleError("{file} is damaged: {why}", file=MANIFEST, why=repr(error)) from error
    raise BundleError("{file} is damaged: classes, thresholds or files are not what they should be", file=MANIFEST)


# Fields of ONNX's protobuf messages that lead to tensors, by message (https://onnx.ai, onnx.proto):
# field number → message it holds. A tensor's field 13 is an entry (key 1, value 2) about its external data.
_FIELDS: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "entry"},
    "entry": {1: "key", 2: "value"},
}


def external_files(model: Path) -> set[str]:
    """The files in which an ONNX model keeps tensors outside of its own; nothing is loaded.

    Raises BundleError if the file is no ONNX model.
    """
    found: set[str] = set()
    with model.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            raise BundleError(_NO_MODEL)
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            todo = [("model", 0, len(data))]
            while todo:
                message, start, end = todo.pop()
                parts = list(_parts(data, start, end, _FIELDS[message]))
                if message == "entry":
                    entry = {kind: data[begin:stop] for kind, begin, stop in parts}
                    if entry.get("key") == b"location":
                        found.add(entry.get("value", b"").decode("utf-8", "backslashreplace"))
                else:
                    todo += parts
    return found


def _parts(data: mmap.mmap, start: int, end: int, wanted: Mapping[int, str]) -> Iterator[tuple[str, int, int]]:
    """(what, begin, end) of the wanted length-delimited fields of one protobuf message."""
    while start < end:
        tag, start = _varint(data, start, end)
        size = {0: 0, 1: 8, 5: 4}.get(tag & 7)
        if tag & 7 == 0:
            _value, start = _varint(data, start, end)
        elif size is None:
            size, start = _varint(data, start, end)
            if tag & 7 == 2 and tag >> 3 in wanted:
                yield wanted[tag >> 3], start, start + size
        start += size or 0
        if start > end or tag & 7 in {3, 4, 6, 7}:
            raise BundleError(_NO_MODEL)


def _varint(data: mmap.mmap, start: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while start < end and shift < 64:
        byte = data[start]
        start += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, start
        shift += 7
    raise BundleError(_NO_MODEL)


def _shown(char: str) -> str:
    """The character, or its escape if it could act on a terminal or is never seen (controls, bidirectional marks …)."""
    acts = unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    return json.dumps(char)[1:-1].replace("\x7f", "\\u007f") if acts else char


def visible(text: str) -> str:
    """The text with escapes instead of characters that act."""
    return text if text.isprintable() else "".join(map(_shown, text))


def json_line(value: object) -> str:
    """One line of JSON without a character that acts on a terminal."""
    return visible(json.dumps(value, ensure_ascii=False, allow_nan=False))


def parse(raw: bytes, *, text_lines: bool) -> tuple[str, dict[str, Any]]:
    """The text of one line, and what of it is kept for the output; raises LineError."""
    if len(raw) > MAX_LINE:
        raise LineError("longer than {limit} bytes", limit=MAX_LINE)
    try:
        line = raw.decode("utf-8").removesuffix("\n").removesuffix("\r")
        if text_lines:
            return line, {}
        value = json.loads(line)
        given = value if isinstance(value, dict) else {"text": value}
        text, kept = given.get("text"), {name: given[name] for name in ("id",) if name in given}
        json.dumps(kept, allow_nan=False)
    except UnicodeDecodeError as error:
        raise LineError("no UTF-8 at byte {place}", place=error.start + 1) from error
    except json.JSONDecodeError as error:
        raise LineError("no JSON at column {place}", place=error.colno) from error
    except (ValueError, RecursionError) as error:
        raise LineError("no JSON that can be used: {why}", why=error) from error
    if not isinstance(text, str):
        raise LineError("it must be {form}", form='{"text": "…"} or a JSON string')
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise LineError("the text holds half a character (a lone surrogate)")
    return text, kept


def blocks(stream: BinaryIO, size: int, *, text_lines: bool) -> Iterator[tuple[list[tuple[str, dict[str, Any]]], str]]:
    """(parsed lines, problem) for every `size` lines; the problem of a bad line ends it, else it is empty."""
    block: list[tuple[str, dict[str, Any]]] = []
    number = 0
    while raw := stream.readline(MAX_LINE + 2):
        number += 1
        if number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if not text_lines and not raw.strip():
            continue
        try:
            block.append(parse(raw, text_lines=text_lines))
        except LineError as error:
            yield block, f"line {number} can't be used: {error}"
            return
        if len(block) == size:
            yield block, ""
            block = []
    if block:
        yield block, ""


def _size(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise argparse.ArgumentTypeError("must be a number from 1 to 1024")
    return int(text)


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="predict.py", description="Label texts with an exported model.")
    parser.add_argument("bundle", metavar="BUNDLE", help="the bundle's directory")
    parser.add_argument("file", metavar="FILE", nargs="?", default="-", help="JSONL; - is the standard input (default)")
    parser.add_argument("--text-lines", action="store_true", help="each line is a text, not JSON")
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


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    options = _options(argv)
    try:
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
