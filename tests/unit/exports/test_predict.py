import io
import json
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import numpy_helper
from tokenizers import Tokenizer

from exports import predict
from exports.runtime.errors import BundleError
from exports.runtime.external import external_files
from exports.runtime.predictor import PADDING, Predictor, steps
from tests.unit.exports.handmade import CLASSES, WEIGHTS, WORDS, graph, sign, tokenizer

TEXTS = ["slow wifi slow wifi please", "refund", "", "login password login", "money please"]
LABELS = ["speed", "refund", "refund", "login", "refund"]


def run(bundle: Path, *args: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The command line in this process, which saves half a second a call."""
    streams = [io.TextIOWrapper(io.BytesIO(data), encoding="utf-8") for data in (given, b"", b"")]
    with pytest.MonkeyPatch.context() as patch:
        for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
            patch.setattr(sys, name, stream)
        try:
            code = predict.main([str(bundle), *args])
        except SystemExit as end:
            code = int(end.code or 0)
    for stream in streams:
        stream.flush()
    out, err = (stream.buffer.getvalue() for stream in streams[1:])
    return subprocess.CompletedProcess([], code, out, err)


def lines(*values: object) -> bytes:
    return "".join(json.dumps(value) + "\n" for value in values).encode()


def test_logits_come_in_the_order_of_the_texts_whatever_their_length(bundle: Path) -> None:
    predictor = Predictor(bundle)
    expected = [WEIGHTS[[5 + WORDS.index(w) for w in text.split()]].sum(axis=0) for text in TEXTS]
    for batch in (1, 2, 3, 32):
        np.testing.assert_allclose(predictor.logits(TEXTS, batch=batch), expected, atol=1e-6)


@given(st.lists(st.integers(0, 600), max_size=70), st.integers(1, 40))
def test_windows_are_computed_once_with_those_of_like_length(lengths: list[int], batch: int) -> None:
    found = steps(lengths, batch)
    assert sorted(place for step in found for place in step) == list(range(len(lengths)))
    for step in found:
        longest = max(lengths[place] for place in step)
        assert 0 < len(step) <= batch
        assert sum(longest - lengths[place] for place in step) <= PADDING


def test_an_answer_holds_the_best_class_and_every_probability(bundle: Path) -> None:
    answers = Predictor(bundle).predict(TEXTS)
    assert [answer["label"] for answer in answers] == LABELS
    assert all(tuple(answer["scores"]) == CLASSES for answer in answers)
    assert all(abs(sum(answer["scores"].values()) - 1) < 1e-5 for answer in answers)
    assert answers[2]["scores"] == dict.fromkeys(CLASSES, 0.333333)


def test_no_texts_give_no_answers_and_one_text_is_not_a_list(bundle: Path) -> None:
    predictor = Predictor(bundle)
    assert predictor.predict([]) == []
    assert predictor.logits([]).shape == (0, 3)
    with pytest.raises(TypeError):
        predictor.predict("refund")


def test_texts_are_cut_where_the_bundle_says(bundle: Path) -> None:
    predictor = Predictor(bundle)
    assert [[len(ids) for ids in text] for text in predictor.windows(["slow " * 1000])] == [[16]]


def test_long_texts_are_read_in_windows_whose_logits_are_averaged(bundle: Path) -> None:
    cutting = tokenizer()
    cutting.enable_truncation(6, stride=1)
    cutting.save(str(bundle / "tokenizer.json"))
    sign(bundle, windows=3)
    predictor = Predictor(bundle)
    text = "refund refund refund refund login login login slow slow slow wifi wifi wifi"
    assert [[len(ids) for ids in one] for one in predictor.windows([text, "slow"])] == [[6, 6, 6], [3]]
    refund, login, slow = (WEIGHTS[5 + WORDS.index(word)] for word in ("refund", "login", "slow"))
    parts = [4 * refund, refund + 3 * login, login + 3 * slow]
    for batch in (1, 2, 32):
        found = predictor.logits(["slow", text, "refund"], batch=batch)
        np.testing.assert_allclose(found, [slow, np.mean(parts, axis=0), refund], atol=1e-6)


def test_the_shipped_tokenizer_pads_and_cuts_for_others_too(bundle: Path) -> None:
    encoded = Tokenizer.from_file(str(bundle / "tokenizer.json")).encode_batch(["refund", "slow " * 50])
    assert [len(one.ids) for one in encoded] == [16, 16]


def test_the_command_reads_json_lines_and_keeps_ids(bundle: Path, tmp_path: Path) -> None:
    file = tmp_path / "texts.jsonl"
    file.write_bytes(lines({"text": "refund", "id": 7}, "login", {"id": [1, "x"], "text": "slow", "more": 1}) + b"\n")
    done = run(bundle, str(file), "--batch", "1")
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(a.get("id"), a["label"]) for a in answers] == [(7, "refund"), (None, "login"), ([1, "x"], "speed")]
    assert "id" not in answers[1]
    assert set(answers[0]["scores"]) == set(CLASSES)


def test_the_command_reads_stdin_and_answers_many_blocks_in_order(bundle: Path) -> None:
    texts = [WORDS[i * i % 7] + " please" * (i % 11) for i in range(500)]
    done = run(bundle, "-", "--batch", "3", given=lines(*({"id": i, "text": t} for i, t in enumerate(texts))))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [a["id"] for a in answers] == list(range(500))
    assert [a["label"] for a in answers] == [a["label"] for a in Predictor(bundle).predict(texts)]


def test_text_lines_are_texts_even_if_they_look_like_json_or_are_empty(bundle: Path) -> None:
    given = '\ufeff{"text": "refund"}\r\n\r\nslow\u2028wifi\n"login"'.encode()
    done = run(bundle, "--text-lines", given=given)
    assert [json.loads(line)["label"] for line in done.stdout.splitlines()] == ["refund", "refund", "speed", "login"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"text": "x"', "column 13"),
        (b'{"txt": "x"}', '{"text": "…"}'),
        (b'{"text": null}', '{"text": "…"}'),
        (b"7", '{"text": "…"}'),
        (b'["x"]', '{"text": "…"}'),
        (b'{"text": "\xe9"}', "no UTF-8 at byte 11"),
        (b'{"text": "\\ud800"}', "half a character"),
        (b'{"text": "x", "id": 1e999}', "no JSON that can be used"),
        (b'{"text": "x", "id": NaN}', "no JSON that can be used"),
        (b"[" * 100_000, "no JSON"),
        (b'"' + b"x" * 10_000_001 + b'"', "longer than"),
        (b'{"text": "x"}\x1b]0;evil\x07', "no JSON at column 14"),
    ],
)
def test_a_bad_line_is_named_and_the_lines_before_it_are_answered(bundle: Path, line: bytes, said: str) -> None:
    done = run(bundle, given=lines("refund", "slow") + line + b"\n" + lines("login"))
    assert done.returncode == 2
    assert [json.loads(out)["label"] for out in done.stdout.splitlines()] == ["refund", "speed"]
    message = done.stderr.decode()
    assert message.startswith("predict: line 3 can't be used: ")
    assert said in message
    assert message.count("\n") == 1
    assert "\x1b" not in message


def test_nothing_in_the_output_acts_on_a_terminal(bundle: Path) -> None:
    evil = "a\x1b[2J\x7f\x9b\u202e\u200b\u2028\ufeff\U000e0001\nb"
    sign(bundle, classes=[{"id": 1, "name": evil}, {"id": 2, "name": "登录 😄"}, {"id": 3, "name": "speed"}])
    done = run(bundle, given=lines({"text": "refund", "id": evil}, {"text": "login"}))
    shown = done.stdout.decode()
    first, second = shown.splitlines()
    assert json.loads(first)["label"] == evil
    assert json.loads(first)["id"] == evil
    assert "登录 😄" in second
    acting = {c for c in shown if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    assert acting == {"\n"}


def test_a_file_that_is_not_there_is_said(bundle: Path, tmp_path: Path) -> None:
    done = run(bundle, str(tmp_path / "no\x1bne.jsonl"))
    assert done.returncode == 2
    assert b"No such file" in done.stderr
    assert b"\x1b" not in done.stderr


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "config.json"])
def test_M4_a_changed_or_missing_file_is_refused_by_name(bundle: Path, name: str) -> None:
    path = bundle / name
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(BundleError, match=f"{name} is not the file"):
        Predictor(bundle)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BundleError, match=f"{name} is not the file"):
        Predictor(bundle)
    path.unlink()
    with pytest.raises(BundleError, match=f"{name} is missing"):
        Predictor(bundle)


def test_the_card_may_be_edited_and_the_program_left_out(bundle: Path) -> None:
    (bundle / "README.md").write_text("mine", encoding="utf-8")
    (bundle / "predict.py").unlink()
    assert Predictor(bundle).predict(["refund"])[0]["label"] == "refund"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "handful.json is damaged"),
        ("[" * 100_000, "handful.json is damaged"),
        ("[]", "is no bundle"),
        ('{"format": "other"}', "is no bundle"),
        ('{"format": "handful-bundle", "format_version": 2, "activation": "softmax"}', "another version"),
        ('{"format": "handful-bundle", "format_version": 1, "activation": "other"}', "another version"),
        ('{"format": "handful-bundle", "format_version": 1, "activation": "softmax"}', "handful.json is damaged"),
        (
            '{"format": "handful-bundle", "format_version": 1, "activation": "softmax", "classes": [], "files": {}}',
            "does not list model.onnx",
        ),
        (
            '{"format": "handful-bundle", "format_version": 1, "activation": "softmax", "classes": [7], "files": {}}',
            "handful.json is damaged",
        ),
    ],
)
def test_a_damaged_handful_json_is_refused_in_words(bundle: Path, content: str, said: str) -> None:
    (bundle / "handful.json").write_text(content, encoding="utf-8")
    with pytest.raises(BundleError, match=said):
        Predictor(bundle)


def test_a_directory_that_is_no_bundle_is_refused_with_exit_code_2(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 2
    assert "is no bundle" in done.stderr.decode()
    assert not done.stdout


def test_M10_a_file_listed_outside_the_bundle_is_refused(bundle: Path) -> None:
    manifest = json.loads((bundle / "handful.json").read_text(encoding="utf-8"))
    for name in ("../secret.bin", "/etc/passwd", "..", ".", "a/b", ""):
        files = manifest["files"] | {name: {"sha256": ""}}
        (bundle / "handful.json").write_text(json.dumps(manifest | {"files": files}), encoding="utf-8")
        with pytest.raises(BundleError):
            Predictor(bundle)


def outside(bundle: Path, location: str) -> None:
    """Let the model's weights be read from another file."""
    model = graph(WEIGHTS)
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", location
    (bundle / "model.onnx").write_bytes(model.SerializeToString())


@pytest.mark.parametrize("location", ["../secret.bin", "ABSOLUTE", "unlisted.bin", "no/such.bin", "a\x1b[2J"])
def test_M10_a_model_that_wants_data_from_elsewhere_is_refused(bundle: Path, location: str) -> None:
    secret = bundle.parent / "secret.bin"
    secret.write_bytes(WEIGHTS.tobytes())
    outside(bundle, str(secret) if location == "ABSOLUTE" else location)
    sign(bundle)
    (bundle / "unlisted.bin").write_bytes(WEIGHTS.tobytes())
    with pytest.raises(BundleError, match="data from outside the bundle") as caught:
        Predictor(bundle)
    assert "\x1b" not in str(caught.value)


def test_a_link_in_place_of_a_file_is_refused(bundle: Path) -> None:
    secret = bundle.parent / "secret.bin"
    secret.write_bytes(WEIGHTS.tobytes())
    outside(bundle, "model.onnx.data")
    (bundle / "model.onnx.data").symlink_to(secret)
    sign(bundle)
    with pytest.raises(BundleError, match=r"model\.onnx\.data is missing or no plain file"):
        Predictor(bundle)


def test_data_beside_the_model_is_read_if_it_is_part_of_the_bundle(bundle: Path) -> None:
    (bundle / "model.onnx.data").write_bytes(WEIGHTS.tobytes())
    outside(bundle, "model.onnx.data")
    sign(bundle)
    assert Predictor(bundle).predict(["slow"])[0]["label"] == "speed"


def test_M10_outside_data_is_found_wherever_a_tensor_can_hide(tmp_path: Path) -> None:
    hidden = numpy_helper.from_array(np.ones(3, np.float32), "t")
    hidden.ClearField("raw_data")
    hidden.data_location = onnx.TensorProto.EXTERNAL
    hidden.external_data.add(key="location", value="deep")
    constant = onnx.helper.make_node("Constant", [], ["c"], value=hidden)
    inner = onnx.helper.make_graph([constant], "inner", [], [onnx.helper.make_tensor_value_info("c", 1, [3])])
    branch = onnx.helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner)
    outer = onnx.helper.make_graph([branch], "outer", [onnx.helper.make_tensor_value_info("x", 9, [])], [])
    path = tmp_path / "model.onnx"
    onnx.save(onnx.helper.make_model(outer), path)
    assert external_files(path) == {"deep"}


def test_no_bytes_make_the_look_for_outside_data_crash(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    whole = graph(WEIGHTS).SerializeToString()
    rng = np.random.default_rng(0)
    for _attempt in range(300):
        damaged = bytearray(whole[: rng.integers(0, len(whole))] if rng.random() < 0.3 else whole)
        for place in rng.integers(0, max(len(damaged), 1), 5):
            if damaged:
                damaged[place] = rng.integers(0, 256)
        path.write_bytes(damaged)
        try:
            external_files(path)
        except BundleError:
            continue


def test_a_graph_that_onnxruntime_refuses_is_said_in_words(bundle: Path) -> None:
    model = graph(WEIGHTS)
    model.ir_version = 99
    (bundle / "model.onnx").write_bytes(model.SerializeToString())
    sign(bundle)
    with pytest.raises(BundleError, match="can't load the model"):
        Predictor(bundle)


def test_a_graph_with_another_number_of_classes_is_refused(bundle: Path) -> None:
    sign(bundle, classes=[{"id": 1, "name": "only"}])
    with pytest.raises(BundleError, match="3 classes, the bundle names 1"):
        Predictor(bundle)


def test_a_reader_that_goes_away_is_no_error(bundle: Path) -> None:
    command = [sys.executable, "-P", "-m", "exports.predict", str(bundle), "--batch", "1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        child.stdin.write(lines(*["refund"] * 2000))
        child.stdin.close()
        assert child.wait() == 0
        assert child.stderr.read() == b""


def test_the_number_of_texts_per_step_is_checked(bundle: Path) -> None:
    for value in ("0", "-1", "x", "1025"):
        done = run(bundle, "--batch", value)
        assert done.returncode == 2
        assert b"1 to 1024" in done.stderr
