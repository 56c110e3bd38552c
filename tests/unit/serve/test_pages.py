"""What a client may send, and what it gets."""

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.runtime.predictor import Predictor
from exports.serve.openapi import TITLES, document
from exports.serve.options import Options
from exports.serve.telling import Telling
from tests.unit.exports.making_bundles import make
from tests.unit.serve.living import Server, serving

TEXTS = ["refund please", "slow wifi", "", "我忘了密码 login", "🙂 money", "login " * 400, "a\nb\u2028c\x00"]
TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105 (of a test)


def test_one_text_and_many_get_what_the_bundle_answers(server: Server, words: Path) -> None:
    wanted = Predictor(words).predict(TEXTS)
    assert server.predict(*TEXTS) == wanted
    one = server.ask("POST", "/predict", {"text": TEXTS[0]})
    assert one.json["predictions"] == wanted[:1]
    assert re.fullmatch(r"[0-9a-f]{12}", one.json["model"])


def test_a_text_with_several_classes_gets_them_all(tmp_path: Path) -> None:
    classes = [{"id": i, "name": name, "threshold": 0.6} for i, name in enumerate(("refund", "login", "speed"), 1)]
    bundle = make(tmp_path / "several", activation="sigmoid", classes=classes)
    with serving(bundle) as running:
        found = running.predict("refund login", "please", "slow")
    assert [item["labels"] for item in found] == [["refund", "login"], [], ["speed"]]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b"[]", 422),
        (b'"refund"', 422),
        ({}, 422),
        ({"txt": "refund"}, 422),
        ({"text": 1}, 422),
        ({"text": None}, 422),
        ({"text": "a", "texts": ["b"]}, 422),
        ({"text": "a", "more": 1}, 422),
        ({"texts": "refund"}, 422),
        ({"texts": []}, 422),
        ({"texts": ["a", 1]}, 422),
        ({"texts": ["a"] * 257}, 422),
        ({"text": "a" * 20_001}, 422),
        (b'{"text": "\\ud800"}', 422),
        (b'{"text": "' + b"a" * 1_048_577 + b'"}', 413),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_can_not_be_answered_is_refused_in_words(server: Server, body: Any, status: int) -> None:
    found = server.ask("POST", "/predict", body)
    assert found.status == status, found.raw
    assert found.headers["content-type"] == "application/problem+json"
    assert found.json["status"] == status
    assert found.json["title"] == TITLES[status]
    assert server.predict("refund")[0]["label"] == "refund"


def test_X8_a_body_that_never_says_its_length_ends_at_the_limit_too(server: Server) -> None:
    con = server.connection()
    sent = iter([b"a" * 300_000] * 5)
    con.request("POST", "/predict", sent, {"Content-Type": "application/json"}, encode_chunked=True)
    assert json.loads(con.getresponse().read())["status"] == 413
    con.request("POST", "/predict", b'{"text": "login"}', {"Content-Type": "application/json"})
    assert con.getresponse().status == 200
    con.close()


def test_X8_who_would_go_on_and_on_is_cut_off(server: Server) -> None:
    headers = {"Content-Type": "application/json", "Content-Length": str(9 * 1_048_576)}
    found = server.ask("POST", "/predict", b"a", headers)
    assert found.status == 413
    assert found.headers["connection"] == "close"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_only_json_is_read_so_that_no_web_page_can_ask_unseen(server: Server, kind: str) -> None:
    assert server.ask("POST", "/predict", b'{"text": "a"}', {"Content-Type": kind}).status == 415


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/predict", 405), ("POST", "/health", 405), ("GET", "/nowhere", 404), ("POST", "/feedback", 404)],
)
def test_there_are_no_other_pages(server: Server, method: str, path: str, status: int) -> None:
    assert server.ask(method, path, {} if method == "POST" else None).status == status


def test_it_says_that_it_lives_and_is_ready(server: Server) -> None:
    assert server.ask("GET", "/health").json == {"status": "ok"}
    assert server.ask("GET", "/ready").json["status"] == "ready"


LINE = re.compile(
    r'(# (HELP|TYPE) .+|[a-z_]+(\{[a-z]+="([^"\\]|\\.)*"(,[a-z]+="([^"\\]|\\.)*")*\})? [0-9.e+-]+|.*le="\+Inf"\} \d+)'
)


def test_the_numbers_are_what_prometheus_reads_and_hold_no_text(tmp_path: Path) -> None:
    classes = [{"id": i, "name": name} for i, name in enumerate(('a "quoted"\\\nname', "login", "speed"), 1)]
    with serving(make(tmp_path / "odd", classes=classes)) as running:
        running.predict("refund secret-word", "login", "login")
        running.ask("GET", "/secret-word")
        page = running.ask("GET", "/metrics")
    assert page.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = page.raw.decode().splitlines()
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    numbers = {name: value for line in lines if not line.startswith("#") for name, value in [line.rsplit(" ", 1)]}
    assert numbers['handful_requests_total{path="/predict",status="200"}'] == "1"
    assert numbers['handful_requests_total{path="other",status="404"}'] == "1"
    assert numbers['handful_answers_total{label="login"}'] == "2"
    assert numbers['handful_answers_total{label="a \\"quoted\\"\\\\\\nname"}'] == "1"
    assert numbers["handful_batch_texts_sum"] == "3"
    assert numbers['handful_batch_texts_bucket{le="2"}'] == "0"
    assert numbers['handful_batch_texts_bucket{le="4"}'] == numbers["handful_batch_texts_count"] == "1"
    assert int(numbers["process_resident_memory_bytes"]) > 10_000_000
    assert "secret" not in page.raw.decode()


def test_every_page_is_described_and_nothing_else(server: Server) -> None:
    said = server.ask("GET", "/openapi.json").json
    assert sorted(said["paths"]) == ["/health", "/metrics", "/openapi.json", "/predict", "/ready"]
    assert {"/feedback", "/reload"} <= document(Options(Path()), secured=True, feedback=True)["paths"].keys()
    for path, methods in said["paths"].items():
        for method, operation in methods.items():
            found = server.ask(method.upper(), path, {"text": "refund"} if method == "post" else None)
            assert str(found.status) in operation["responses"]
            assert "security" not in operation


def test_references_in_the_description_lead_somewhere() -> None:
    said = document(Options(Path()), secured=True, feedback=True)
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(said)):
        place = said
        for part in reference.split("/"):
            place = place[part]
    assert said["paths"]["/predict"]["post"]["security"] == [{"token": []}]
    assert "security" not in said["paths"]["/health"]["get"]


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["text", "texts", "x"]), inner, max_size=2)
    ),
    max_leaves=8,
)


@settings(max_examples=120, deadline=None)
@given(body=json_values | st.binary(max_size=60))
def test_X8_whatever_is_sent_the_answer_is_a_described_one(server: Server, body: Any) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = server.ask("POST", "/predict", raw)
    described = server.ask("GET", "/openapi.json").json["paths"]["/predict"]["post"]["responses"]
    assert found.status < 500
    assert found.headers["content-type"] in described[str(found.status)]["content"]


def test_with_a_token_only_who_shows_it_is_answered(words: Path, tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text(TOKEN + "\n", encoding="ascii")
    secret.chmod(0o600)
    with serving(words, "--token-file", str(secret), "--feedback", str(tmp_path / "spool")) as running:
        wrong = [{}, {"Authorization": TOKEN}, {"Authorization": f"Bearer {TOKEN[:-1]}"}, {"Authorization": "Bearer é"}]
        for headers in wrong:
            for method, path in (("POST", "/predict"), ("POST", "/feedback"), ("GET", "/metrics"), ("GET", "/nowhere")):
                found = running.ask(method, path, {"text": "a"} if method == "POST" else None, headers)
                assert found.status == 401
                assert found.headers["www-authenticate"] == "Bearer"
        for path in ("/health", "/ready", "/openapi.json"):
            assert running.ask("GET", path).status == 200
        right = {"Authorization": f"bearer {TOKEN}"}
        assert running.ask("POST", "/predict", {"text": "login"}, right).status == 200
        assert TOKEN not in running.ask("GET", "/metrics", headers=right).raw.decode()
        assert TOKEN not in running.end()


def test_feedback_lies_in_a_file_of_ones_own_up_to_its_limit(words: Path, tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    span = {"start": 0, "end": 1, "label": "place"}
    texts = [
        {"text": "new 词\u202e", "label": "login"}, {"text": "b", "labels": ["x", "y"]}, {"text": "c"},
        {"text": "B", "spans": [span]},
    ]  # fmt: skip
    with serving(
        words, "--feedback", str(spool), "--feedback-mb", "1", "--max-body", "2000000", "--max-chars", "900000"
    ) as running:
        assert [running.ask("POST", "/feedback", said).status for said in texts] == [202] * 4
        for wrong in ({}, {"label": "x"}, {"text": "a", "more": 1}, {"text": "a", "labels": "x"}, {"text": 1}):
            assert running.ask("POST", "/feedback", wrong).status == 422
        for odd in (
            span | {"end": True},
            span | {"end": 1.5},
            span | {"end": -1},
            span | {"more": 1},
            {"label": "x"},
            5,
        ):
            wrong = {"text": "B", "spans": [odd]}
            assert running.ask("POST", "/feedback", wrong).status == 422
        assert running.ask("POST", "/feedback", {"text": "x" * 900_000}).status == 202
        full = running.ask("POST", "/feedback", {"text": "x" * 300_000})
        assert running.predict("login")[0]["label"] == "login"
        assert running.end() == ""
    assert full.status == 507
    file = spool / "feedback.jsonl"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(spool.stat().st_mode) == 0o700
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [{k: v for k, v in line.items() if k in ("text", "label", "labels", "spans")} for line in lines[:4]] == texts
    assert all(set(line) >= {"model", "received"} for line in lines)
    assert "\u202e" not in file.read_text(encoding="utf-8")


def test_classes_are_counted_whatever_the_task() -> None:
    telling = Telling()
    spans = [{"start": 0, "end": 1, "label": name, "text": "x", "score": 0.5} for name in ("who", "where", "who")]
    telling.batch(4, 0.1, [{"label": "a"}, {"labels": ["a", "b"]}, {"labels": []}, {"spans": spans}])
    page = telling.page()
    for name, n in (("a", 2), ("b", 1), ("who", 2), ("where", 1)):
        assert f'handful_answers_total{{label="{name}"}} {n}\n' in page
