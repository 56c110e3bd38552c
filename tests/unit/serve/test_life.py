"""A server under load, while it is told to end, and while its bundle is exchanged."""

import json
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.unit.exports.making_bundles import make
from tests.unit.serve.living import Server, serving

SLOW = """
import time
from exports.runtime.predictor import Predictor
_quick = Predictor.predict
def _slow(self, texts, *, batch=32):
    time.sleep({seconds} if len(texts) < 2 or "A first text" not in texts[0] else 0)
    if "boom" in texts:
        raise RuntimeError("the words of " + " ".join(texts))
    return _quick(self, texts, batch=batch)
Predictor.predict = _slow
"""


def slow(seconds: float) -> str:
    return SLOW.format(seconds=seconds)


def number(server: Server, name: str) -> float:
    page = server.ask("GET", "/metrics").raw.decode()
    return float(next(line.split()[-1] for line in page.splitlines() if line.startswith(name + " ")))


def test_torch_and_the_terminal_never_come_into_the_process(words: Path) -> None:
    code = "import atexit; atexit.register(lambda: print(sorted(sys.modules), file=sys.stderr))"
    with serving(words, code=code) as running:
        running.predict("login")
        said = running.end()
    loaded = {name.split(".")[0] for name in json.loads(said.replace("'", '"'))}
    assert "onnxruntime" in loaded
    foreign = {"torch", "transformers", "datasets", "sklearn", "pandas", "scipy", "onnx", "textual", "tui", "sqlite3"}
    assert loaded & foreign == set()


def test_texts_of_many_requests_share_batches(words: Path) -> None:
    with serving(words, code=slow(0.1)) as running:
        with ThreadPoolExecutor(24) as clients:
            found = list(
                clients.map(lambda i: running.predict(("refund", "login", "slow")[i % 3])[0]["label"], range(48))
            )
        assert found == ["refund", "login", "speed"] * 16
        assert number(running, "handful_batch_texts_sum") == 48
        assert number(running, "handful_batch_texts_count") <= 16


def test_who_is_alone_does_not_wait_for_others(words: Path) -> None:
    with serving(words, "--max-delay", "1000") as running:
        running.predict("login")  # nobody knows yet how many there are
        since = time.monotonic()
        for _turn in range(10):
            running.predict("login")
        assert time.monotonic() - since < 8


def test_who_asks_in_step_shares_batches_though_the_model_is_quick(words: Path) -> None:
    with serving(words, "--max-delay", "300") as running, ThreadPoolExecutor(8) as clients:
        for _turn in range(6):
            list(clients.map(lambda _i: running.predict("refund"), range(8)))
        assert number(running, "handful_batch_texts_sum") == 48
        assert number(running, "handful_batch_texts_count") <= 24


def test_no_batch_is_larger_than_allowed(words: Path) -> None:
    with serving(words, "--max-batch", "4", code=slow(0.05)) as running:
        with ThreadPoolExecutor(16) as clients:
            list(clients.map(lambda _i: running.predict("refund", "login"), range(16)))
        batches = number(running, "handful_batch_texts_count")
        assert batches == number(running, 'handful_batch_texts_bucket{le="4"}') >= 8
        assert number(running, "handful_batch_texts_sum") == 32


def test_who_comes_when_too_many_wait_is_told_when_to_come_again(words: Path) -> None:
    with serving(words, "--max-queue", "4", "--max-batch", "1", code=slow(0.4)) as running:
        with ThreadPoolExecutor(12) as clients:
            found = list(clients.map(lambda _i: running.ask("POST", "/predict", {"text": "login"}), range(12)))
        statuses = Counter(answer.status for answer in found)
        assert statuses.keys() == {200, 503}
        assert statuses[200] >= 5  # one at work and four waiting
        assert all(int(answer.headers["retry-after"]) >= 1 for answer in found if answer.status == 503)
        assert running.predict("login")[0]["label"] == "login"


def test_a_text_the_model_fails_on_harms_nobody_else_and_is_not_told(words: Path) -> None:
    with serving(words, "--max-delay", "200", code=slow(0.01)) as running:
        with ThreadPoolExecutor(3) as clients:
            found = list(
                clients.map(lambda text: running.ask("POST", "/predict", {"text": text}), ["login", "boom", "slow"])
            )
        assert [answer.status for answer in found] == [200, 500, 200]
        assert "boom" not in found[1].raw.decode()
        said = running.end()
    assert "RuntimeError" in said
    assert "boom" not in said


def all_have_come(server: Server, n: int) -> bool:
    """Whether `n` requests are answered, at work or waiting (at work is one at a time)."""
    page = server.ask("GET", "/metrics").raw.decode()
    answered = re.search(r'requests_total\{path="/predict",status="200"\} (\d+)', page)
    waiting = re.search(r"^handful_waiting_texts (\d+)", page, re.MULTILINE)
    return int(answered[1] if answered else 0) + int(waiting[1] if waiting else 0) + 1 >= n


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_running_requests_are_answered_before_the_end(words: Path, number: int) -> None:
    with serving(words, "--max-batch", "1", code=slow(0.25)) as running:
        with ThreadPoolExecutor(6) as clients:
            asked = [clients.submit(running.predict, "login") for _ in range(6)]
            while not all_have_come(running, 6):
                threading.Event().wait(0.02)
            assert running.end(number) == ""
            assert [one.result()[0]["label"] for one in asked] == ["login"] * 6
        assert running.process.returncode == 0
        with pytest.raises(ConnectionRefusedError):
            running.predict("login")


@contextmanager
def asking(server: Server, answers: list[tuple[int, str, str]], token: str = "") -> Iterator[None]:
    """Four clients that never stop asking; (status, model, label) of each answer."""
    over = threading.Event()
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})

    def ask() -> None:
        con = server.connection()
        while not over.is_set():
            con.request("POST", "/predict", json.dumps({"text": "refund"}), headers)
            said = con.getresponse()
            found = json.loads(said.read())
            answers.append((said.status, found["model"], found["predictions"][0]["label"]))
        con.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def turn(link: Path, target: Path) -> None:
    """Let the link lead elsewhere, in one step."""
    new = link.with_name("new")
    new.symlink_to(target)
    new.replace(link)


def test_another_bundle_is_taken_without_a_dropped_request(words: Path, tmp_path: Path) -> None:
    renamed = [{"id": i, "name": name} for i, name in enumerate(("Geld", "login", "speed"), 1)]
    other = make(tmp_path / "other", classes=renamed)
    link = tmp_path / "current"
    link.symlink_to(words)
    answers: list[tuple[int, str, str]] = []
    with serving(link) as running:
        old = running.ask("GET", "/ready").json["model"]
        with asking(running, answers):
            threading.Event().wait(0.2)
            turn(link, other)
            running.process.send_signal(signal.SIGHUP)
            assert "Now serving" in running.line()
            threading.Event().wait(0.2)
        new = running.ask("GET", "/ready").json["model"]
        (other / "model.onnx").write_bytes(b"damaged")
        running.process.send_signal(signal.SIGHUP)
        assert "refused" in running.line()
        assert running.predict("refund")[0]["label"] == "Geld"
        page = running.ask("GET", "/metrics").raw.decode()
    assert {status for status, _model, _label in answers} == {200}
    assert {(model, label) for _status, model, label in answers} == {(old, "refund"), (new, "Geld")}
    assert 'handful_reloads_total{result="taken"} 1' in page
    assert 'handful_reloads_total{result="refused"} 1' in page
    assert f'handful_model_info{{model="{new}"}} 1' in page


def test_who_shows_the_token_lets_another_bundle_be_taken_without_a_dropped_request(
    words: Path, tmp_path: Path
) -> None:
    token = "0123456789abcdef0123456789abcdef"  # noqa: S105 (of a test)
    secret, link = tmp_path / "token", tmp_path / "current"
    secret.write_text(token, encoding="ascii")
    secret.chmod(0o600)
    renamed = [{"id": i, "name": name} for i, name in enumerate(("Geld", "login", "speed"), 1)]
    other = make(tmp_path / "other", classes=renamed)
    link.symlink_to(words)
    answers: list[tuple[int, str, str]] = []
    shown = {"Authorization": f"Bearer {token}"}
    with serving(link, "--token-file", str(secret)) as running:
        old = running.ask("GET", "/ready").json["model"]
        with asking(running, answers, token):
            threading.Event().wait(0.2)
            assert running.ask("POST", "/reload").status == 401
            same = running.ask("POST", "/reload", headers=shown)
            assert (same.status, same.json["model"]) == (200, old)
            turn(link, other)
            found = running.ask("POST", "/reload", headers=shown)
            threading.Event().wait(0.2)
        assert found.status == 200
        new = found.json["model"]
        assert running.ask("GET", "/ready").json["model"] == new != old
        (other / "model.onnx").write_bytes(b"damaged")
        refused = running.ask("POST", "/reload", headers=shown)
        assert refused.status == 409
        assert "model.onnx" in refused.json["detail"]
        assert running.ask("POST", "/predict", {"text": "refund"}, shown).json["model"] == new
    assert {status for status, _model, _label in answers} == {200}
    assert {(model, label) for _status, model, label in answers} == {(old, "refund"), (new, "Geld")}


def test_without_a_token_nobody_may_have_another_bundle_taken(server: Server) -> None:
    assert server.ask("POST", "/reload").status == 404
