"""The JavaScript that docs/ shows, run by Node: the same labels as predict.py on texts of many scripts.

Needs Node and the two packages: npm install onnxruntime-node @huggingface/tokenizers in the directory that
HANDFUL_NODE_MODULES names, or anywhere Node looks from this repository.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest

from core import demo
from core.readability import embedded
from core.windows import Windows
from exports.runtime.predictor import Predictor
from exports.staging import write_tokenizer
from tests.unit.exports.handmade import graph, sign

ROOT = Path(__file__).parents[3]
PROGRAM = ROOT / "docs" / "javascript.mjs"
NODE = shutil.which("node")
HOME = Path(os.environ.get("HANDFUL_NODE_MODULES", ROOT))
NASTY = [
    "",
    " ",
    "🙂🙃 refund 👩‍👩‍👧",
    "naïve café Ünïcödé ﬁ",
    "a\tb\u00a0c",
    "ΑΒΓ ß İstanbul",
    "١٢٣ नमस्ते ไทย 한국어",
    "x" * 300,
]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A copy beside the packages, for Node looks for them from the file upwards."""
    if NODE is None:
        pytest.skip("node is not on the PATH")
    modules = HOME / "node_modules"
    if not (modules / "onnxruntime-node").is_dir() or not (modules / "@huggingface" / "tokenizers").is_dir():
        pytest.skip("npm install onnxruntime-node @huggingface/tokenizers, and set HANDFUL_NODE_MODULES")
    (tmp_path / "node_modules").symlink_to(modules)
    return Path(shutil.copy(PROGRAM, tmp_path / "label.mjs"))


@pytest.fixture
def sensitive(tmp_path: Path) -> Path:
    """The embedded encoder's own tokenizer before a graph in which every single token id counts."""
    made = tmp_path / "bundle"
    made.mkdir()
    write_tokenizer(embedded() / "tokenizer.json", made / "tokenizer.json", Windows.chosen(64, 3), 0)
    rng = np.random.default_rng(0)
    onnx.save(graph(rng.normal(size=(30522, 3)).astype(np.float32)), made / "model.onnx")
    sign(made, windows=3, max_length=64, overlap=8)
    return made


@pytest.mark.slow
def test_node_gives_the_same_labels_on_texts_of_many_scripts(program: Path, sensitive: Path) -> None:
    texts = [*NASTY, *(f"{text} 🎉" if i % 5 == 0 else text for i, text in enumerate(demo.texts()))][:240]
    texts.append(" ".join(texts[8:40]))
    assert sum(any("\u4e00" <= char <= "\u9fff" for char in text) for text in texts) >= 20
    model = Predictor(sensitive)
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    done = subprocess.run(
        [str(NODE), str(program), str(sensitive)], input=lines, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    wanted = model.predict(texts)
    other = [text for text, a, b in zip(texts, found, wanted, strict=True) if a["label"] != b["label"]]
    assert other == []
    for a, b in zip(found, wanted, strict=True):
        assert a["scores"] == pytest.approx(b["scores"], abs=2e-5)
