"""Uploading a bundle: to an API that remembers, and over HTTP to a hub that lives in this process."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from click.testing import CliRunner
from huggingface_hub import HfApi

from core.errors import InputError, RefusedError
from core.project import Project
from exports import hub
from tui.commands import export
from tui.commands.push import push_command

OWN = {"README.md", "config.json", "handful.json", "model.onnx", "predict.py", "tokenizer.json"}


class Remembering:
    """An API that only remembers."""

    def __init__(self) -> None:
        self.made: list[tuple[str, bool]] = []
        self.sent: dict[str, bytes] = {}

    def create_repo(self, repo_id: str, *, private: bool, exist_ok: bool) -> None:
        assert exist_ok
        self.made.append((repo_id, private))

    def create_commit(self, repo_id: str, operations: Any, *, commit_message: str) -> Any:
        assert commit_message
        self.sent = {one.path_in_repo: Path(one.path_or_fileobj).read_bytes() for one in operations}
        return SimpleNamespace(commit_url=f"https://hub.example/{repo_id}/commit/1")


class Hub(BaseHTTPRequestHandler):
    """As much of the hub's HTTP as a commit needs."""

    seen: ClassVar[list[tuple[str, str, bytes]]] = []
    refuse = False

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.seen.append((self.path, self.headers.get("authorization", ""), body))
        host = f"http://{self.headers['host']}"
        status, said = 200, {}
        if self.refuse:
            status, said = 403, {"error": "this name is somebody else's"}
        elif self.path == "/api/repos/create":
            said = {"url": f"{host}/ada/mail", "id": "ada/mail", "name": "ada/mail"}
        elif "/preupload/" in self.path:
            files = json.loads(body)["files"]
            said = {"files": [{"path": f["path"], "uploadMode": "regular", "shouldIgnore": False} for f in files]}
        elif "/commit/" in self.path:
            said = {"commitUrl": f"{host}/ada/mail/commit/abc", "commitOid": "abc", "success": True}
        raw = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_args: Any) -> None:
        """Silence."""


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The hub, on this machine; what keeps tests from a network may not keep them from it."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    Hub.seen, Hub.refuse = [], False
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_dry_run_says_all_that_would_go_up_and_sends_nothing(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (bundle / "diary.txt").write_text("private", encoding="utf-8")
    monkeypatch.setattr(hub, "push", None)
    done = CliRunner().invoke(push_command, [str(bundle), "ada/mail", "--dry-run", "--json"], catch_exceptions=False)
    said = json.loads(done.stdout)
    assert dict(said["files"]) == {name: (bundle / name).stat().st_size for name in OWN}
    assert said["private"] is True
    shown = CliRunner().invoke(push_command, [str(bundle), "ada/mail", "--dry-run", "--public"]).stdout
    assert "public" in shown
    assert all(name in shown for name in OWN)
    assert "diary" not in shown


def test_the_bundles_own_files_go_up_as_they_are(bundle: Path) -> None:
    (bundle / "diary.txt").write_text("private", encoding="utf-8")
    api = Remembering()
    done = hub.push(bundle, hub.plan(bundle, "ada/mail", private=True), api)
    assert api.made == [("ada/mail", True)]
    assert api.sent == {name: (bundle / name).read_bytes() for name in OWN}
    assert done.url == "https://hub.example/ada/mail/commit/1"


def test_over_http_huggingface_hub_sends_them_with_the_token(bundle: Path, served: str) -> None:
    api = HfApi(endpoint=served, token="hf_secret")  # noqa: S106 (of a test)
    done = hub.push(bundle, hub.plan(bundle, "ada/mail", private=True), api)
    assert done.url == f"{served}/ada/mail/commit/abc"
    made = next(json.loads(body) for path, _token, body in Hub.seen if path == "/api/repos/create")
    assert made["name"] == "mail"
    assert made["organization"] == "ada"
    assert made.get("private", made.get("visibility") == "private")
    assert {token for _path, token, _body in Hub.seen} == {"Bearer hf_secret"}
    lines = next(body for path, _token, body in Hub.seen if "/commit/" in path).splitlines()
    files = [said["value"] for said in map(json.loads, lines) if said["key"] == "file"]
    assert {one["path"]: base64.b64decode(one["content"]) for one in files} == {
        name: (bundle / name).read_bytes() for name in OWN
    }


def test_what_the_hub_says_is_told(bundle: Path, served: str) -> None:
    Hub.refuse = True
    api = HfApi(endpoint=served, token="hf_secret")  # noqa: S106 (of a test)
    with pytest.raises(RefusedError, match="not taken") as caught:
        hub.push(bundle, hub.plan(bundle, "ada/mail", private=True), api)
    assert "403" in caught.value.what
    assert "hf_secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["mail", "ada/", "/mail", "ada/mail/more", "../mail", "a b/c", "", "ada/mail\n"])
def test_what_is_no_repository_is_refused(bundle: Path, name: str) -> None:
    with pytest.raises(InputError, match="owner/name"):
        hub.plan(bundle, name, private=True)


def test_a_damaged_bundle_goes_nowhere(bundle: Path) -> None:
    (bundle / "model.onnx").write_bytes(b"other")
    with pytest.raises(InputError, match="SHA-256"):
        hub.plan(bundle, "ada/mail", private=True)


def test_an_export_says_where_the_bundle_is_before_it_is_pushed(
    project: Project, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parity = {"max_abs_diff": 0.0, "texts": 512, "flips": 0}
    result = {"path": str(bundle), "size_bytes": 1, "parity": parity, "precision": {}}
    monkeypatch.setattr(export.jobs, "run", lambda *_args: SimpleNamespace(result=result))
    monkeypatch.setattr(export, "least_classes", lambda _con: 0)
    args = [str(project.root), "--push", "ada/mail", "--dry-run"]
    shown = CliRunner().invoke(export.export_command, args, catch_exceptions=False).stdout
    assert shown.index("Bundle: ") < shown.index("Would upload") < shown.index("model.onnx")
    said = json.loads(CliRunner().invoke(export.export_command, [*args, "--json"], catch_exceptions=False).stdout)
    assert said["push"]["repo"] == "ada/mail"
    assert said["push"]["dry_run"] is True
    done = CliRunner().invoke(export.export_command, [str(project.root), "--dry-run"])
    assert done.exit_code == 2
    assert "--push" in done.output
