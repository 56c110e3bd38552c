"""The model card: YAML front matter and text in the form Hugging Face reads; every number in it was measured."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.i18n import _
from exports.markdown import plain, table
from exports.precision import table as precisions
from exports.precision.table import called
from exports.runtime.sealed import BIO, SIGMOID

PUBLIC_NAMES = {"minilm": "sentence-transformers/all-MiniLM-L6-v2"}
"""Hub ids of encoders that go by another name here."""
USE = """\
```sh
pip install onnxruntime tokenizers numpy  # Python 3.11 or newer
echo '{"text": "…"}' | python predict.py .
```

```python
from predict import Predictor

Predictor(".").predict(["…"])
```"""
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+(@[\w./-]+)?", re.ASCII)


def text(manifest: Mapping[str, Any], readability: Mapping[str, Any], sizes: Mapping[str, int]) -> str:
    """The whole README.md.

    `manifest`: content of handful.json; `readability`: unknown tokens per script and the share of texts cut; `sizes`:
    bytes by file name.
    """
    parts = [
        _front_matter(manifest),
        "# "
        + (_("Marker of spans, {n} classes") if _marks(manifest) else _("Text classifier, {n} classes")).format(
            n=len(manifest["classes"])
        ),
        _about(manifest),
        "## " + _("Use"),
        USE,
        "## " + _("Labels"),
        *_labels(manifest),
        *_student(manifest.get("precision", {}).get("student")),
        "## " + _("Metrics"),
        *_metrics(manifest["metrics"]),
        "## " + _("Parity with training"),
        _parity(manifest["parity"]),
        *_precision(manifest.get("precision", {})),
        "## " + _("Limits"),
        *_limits(manifest, readability),
        "## " + _("Files"),
        table((_("file"), _("size")), [(f"`{name}`", _size(n)) for name, n in sorted(sizes.items())]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _front_matter(manifest: Mapping[str, Any]) -> str:
    """JSON is YAML too, and quotes whatever a name holds."""
    encoder = manifest["encoder"]["name"]
    public = PUBLIC_NAMES.get(encoder, encoder)
    lines = ["library_name: onnx", f"pipeline_tag: {_kind(manifest)}", "tags:", "- onnx", "- handful"]
    if _HUB_ID.fullmatch(public):
        lines.append(f"base_model: {json.dumps(public.partition('@')[0])}")
    return "\n".join(["---", *lines, *_model_index(manifest), "---"])


def _marks(manifest: Mapping[str, Any]) -> bool:
    return bool(manifest.get("activation") == BIO)


def _kind(manifest: Mapping[str, Any]) -> str:
    return "token-classification" if _marks(manifest) else "text-classification"


def _model_index(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Numbers from the held-out test set, if there are enough texts in it to tell."""
    for report in manifest["metrics"]:
        if report["source"] == "test" and report["slice"] == "" and report["enough"]:
            found = [("accuracy", report["accuracy"]), ("f1", report["macro_f1"])]
            if _marks(manifest):
                found = [("f1", report["micro_f1"])]
            results = {
                "task": {"type": _kind(manifest)},
                "dataset": {"name": f"held-out test set of the project, {report['n']} texts", "type": "private"},
                "metrics": [{"type": kind, "value": round(value, 4)} for kind, value in found if value is not None],
            }
            yield f"model-index: {json.dumps([{'name': 'handful', 'results': [results]}])}"


def _about(manifest: Mapping[str, Any]) -> str:
    encoder = manifest["encoder"]
    classifier = _(
        "Encoder {encoder} ({kind}), model in use: {model}. Encoder, mean pooling and linear head are one graph:"
        " `input_ids`, `attention_mask` → `logits`. Made with Handful {version}, {created}."
    )
    marker = _(
        "Encoder {encoder} ({kind}), its lower layers, model in use: {model}. Encoder and linear head are one graph:"
        " `input_ids`, `attention_mask`, `shapes` → `logits` of each token, tags in the scheme BIO; predict.py makes"
        " spans of them. Made with Handful {version}, {created}."
    )
    return (marker if _marks(manifest) else classifier).format(
        encoder=plain(encoder["name"]),
        kind=plain(encoder["model_type"]),
        model=plain(manifest["model"]),
        version=manifest["versions"]["handful"],
        created=manifest["created"],
    )


def _labels(manifest: Mapping[str, Any]) -> Iterator[str]:
    training = manifest["training"]
    picked = ", ".join(f"{plain(name)} {n}" for name, n in training["picked"].items())
    yield _("Trained on {n} labelled texts by {people} annotators. How the texts were picked: {picked}.").format(
        n=training["n_labels"], people=training["annotators"], picked=picked or "—"
    )
    counts = training["labels"]
    described = any(item.get("description") for item in manifest["classes"])
    rows = [
        (
            plain(item["name"]),
            item["id"],
            counts.get(item["name"], 0),
            *[plain(item.get("description", ""))] * described,
        )
        for item in manifest["classes"]
    ]
    yield table((_("class"), _("id"), _("labels"), *[_("what it means")] * described), rows)
    if training["events_since"]:
        yield _("{n} decisions were made after this model; the counts are of today.").format(n=training["events_since"])
    if manifest.get("guidelines"):
        yield "### " + _("What annotators were told")
        yield "\n".join(f"> {plain(line)}" for line in manifest["guidelines"].splitlines())


def _student(made: Mapping[str, Any] | None) -> Iterator[str]:
    """How a smaller encoder was taught, and what that cost; nothing where the model in use is shipped as it is."""
    if not made:
        return
    same, lost = made["agreement"], made["held"]
    low, high = same["interval"] or (same["share"], same["share"])
    yield "## " + _("Student")
    yield _(
        "This is a smaller encoder ({student}), taught by the model in use: to give its features for {texts:,}"
        " unlabelled texts. Of {n:,} others, kept aside, it answers {share:.1%} ({low:.1%}–{high:.1%}) as the model in"
        " use does; on {labelled:,} labelled texts, answered by heads that never saw them, macro-F1 changes by"
        " {change:+.1f} points ({least:+.1f} to {most:+.1f}; 90 % intervals). Metrics below are those of the model in"
        " use."
    ).format(
        student=plain(called(made)),
        texts=made["texts"],
        n=same["n"],
        share=same["share"],
        low=low,
        high=high,
        labelled=lost["n"],
        change=-100 * lost["fall"],
        least=-100 * lost["interval"][1],
        most=-100 * lost["interval"][0],
    )


def _metrics(metrics: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not metrics:
        yield _("Nothing was judged yet.")
    for report in metrics:
        where = _source(report["source"])
        part = f", {plain(report['slice'])}" if report["slice"] else ""
        yield f"### {where}{part}: " + _("{n} texts").format(n=report["n"])
        if not report["enough"]:
            yield _("Too few to tell.")
            continue
        if report.get("pool"):
            yield _(
                "They stand for {open:,} texts without a label; how the {labelled:,} labelled ones are answered is"
                " counted. So accuracy, and what is told of all labels together, is that of the project's whole pool;"
                " all else is of the drawn texts alone."
            ).format(**report["pool"])
        yield _("Accuracy {accuracy}, macro-F1 {f1} (90 % intervals).").format(
            accuracy=_ratio(report["accuracy"], report["accuracy_interval"]),
            f1=_ratio(report["macro_f1"], report["macro_f1_interval"]),
        )
        if report.get("means"):
            yield _("Accuracy is the share of texts whose whole set is right. Micro-F1 {micro}{means}.").format(
                micro=_ratio(report["micro_f1"], report["micro_f1_interval"]),
                means="".join(f", {plain(name)} {_ratio(**said)}" for name, said in report["means"].items()),
            )
        if report.get("ratios"):
            yield _("Accuracy is the share of texts whose spans are all right. {all}.").format(all=_of_all(report))
        yield table((_("class"), _("texts"), _("precision"), _("recall"), "F1"), [_row(c) for c in report["classes"]])


def _of_all(report: Mapping[str, Any]) -> str:
    """Precision, recall and F1 of all spans together."""
    names = {"micro_f1": _("Entity F1"), "micro_precision": _("precision"), "micro_recall": _("recall")}
    return ", ".join(f"{name} {_ratio(report[key], report[f'{key}_interval'])}" for key, name in names.items())


def _source(name: str) -> str:
    known = {
        "test": _("Held-out test set"),
        "audit": _("Audit (texts drawn at random, predicted out of fold)"),
        "out-of-fold": _("Out of fold (texts picked on purpose: no fair sample)"),
    }
    return known.get(name, plain(name))


def _row(counted: Mapping[str, Any]) -> tuple[object, ...]:
    ratios = [_ratio(counted[key], counted[f"{key}_interval"]) for key in ("precision", "recall", "f1")]
    return (plain(counted["name"]), counted["support"], *ratios)


def _ratio(value: float | None, interval: Sequence[float] | None) -> str:
    if value is None:
        return "—"
    return f"{value:.2f}" + (f" ({interval[0]:.2f}–{interval[1]:.2f})" if interval else "")


def _parity(parity: Mapping[str, Any]) -> str:
    if not parity:
        return ""
    return _(
        "{n} texts ({windowed} of them longer than one window), {batches} at a time, by onnxruntime in a process"
        " without torch against torch in fp32: largest difference of a logit {diff:.1e} (allowed {tolerance:.0e}),"
        " {flips} other answers, {tokens} texts with other"
        " tokens. Cosine with the features used in training, median over {compared} texts: {cosine:.4f}."
    ).format(
        n=parity["texts"],
        windowed=parity["windowed"],
        batches=", ".join(str(n) for n in parity["batches"]),
        diff=parity["max_abs_diff"],
        tolerance=parity["tolerance"],
        flips=parity["flips"],
        tokens=parity["other_tokens"],
        compared=parity["features_compared"],
        cosine=parity["features_cosine"],
    )


def _precision(made: Mapping[str, Any]) -> Iterator[str]:
    """The table of what was compared with fp32; nothing where nothing was."""
    rows = made.get("compared", ())
    if not rows:
        return
    yield "## " + _("Precision")
    yield _("This graph computes in {name}. Times are p50/p99 of one run, on the processor that exported it.").format(
        name=plain(made["name"])
    )
    yield table(precisions.HEAD, [[plain(cell) for cell in precisions.cells(row)] for row in rows])
    yield "\n".join(f"- {plain(line)}" for line in precisions.remarks(rows))


def _limits(manifest: Mapping[str, Any], readability: Mapping[str, Any]) -> Iterator[str]:
    if manifest.get("windows", 1) > 1:
        said = _(
            "Texts longer than {n} tokens are read in up to {most} windows of that length, each sharing {overlap}"
            " tokens with the one before, and their logits averaged; what is beyond is cut."
        ).format(n=manifest["max_length"], most=manifest["windows"], overlap=manifest["overlap"])
    else:
        said = _("Texts are cut after {n} tokens.").format(n=manifest["max_length"])
    lines = [said]
    if "cut" in readability:
        lines.append(_("In the project that cut {share:.1%} of the texts.").format(share=readability["cut"]))
    lines += [
        _("Tokens unknown to the encoder, {script} writing: {share:.1%}.").format(script=plain(script), share=share)
        for script, share in dict(readability.get("unknown", {})).items()
    ]
    if manifest["encoder"]["lexical"]:
        lines.append(_("Writing the encoder can't read is classified by hashed character n-grams alone."))
    if manifest.get("unlearnt"):
        names = ", ".join(plain(name) for name in manifest["unlearnt"])
        lines.append(_("No labelled text has these classes, so they are never answered: {names}.").format(names=names))
    if manifest.get("activation") == SIGMOID:
        lines.append(
            _("Each class is answered from a threshold of its own, tuned out of fold; it may answer with none.")
        )
    else:
        lines.append(
            _(
                "It always answers with one of its classes, however foreign a text is; the probabilities are not"
                " calibrated."
            )
        )
    yield "\n".join(f"- {line}" for line in lines)


def _size(n: int) -> str:
    return f"{n / 1e6:.1f} MB" if n >= 1e5 else f"{n / 1e3:.1f} kB"
