"""A served bundle in a process of its own, and a plain client for it."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SAID = re.compile(r"Serving .* at http://127\.0\.0\.1:(\d+)")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)


class Server:
    """A running server."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self.process, self.port = process, port

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """One request on a connection of its own; a body that is no bytes is sent as JSON."""
        raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"} if body is not None else {}
        con = self.connection()
        try:
            con.request(method, path, raw, kind | (headers or {}))
            said = con.getresponse()
            return Answer(said.status, {k.lower(): v for k, v in said.getheaders()}, said.read())
        finally:
            con.close()

    def predict(self, *texts: str) -> list[dict[str, Any]]:
        found = self.ask("POST", "/predict", {"texts": list(texts)})
        assert found.status == 200, found.raw
        return list(found.json["predictions"])

    def line(self) -> str:
        """The next line it says."""
        assert self.process.stderr is not None
        return self.process.stderr.readline()

    def end(self, number: int = signal.SIGTERM) -> str:
        """Signal it and wait for its end; returns what it said since."""
        self.process.send_signal(number)
        _out, err = self.process.communicate(timeout=30)
        return err


@contextmanager
def serving(bundle: Path, *args: str, code: str = "") -> Iterator[Server]:
    """Serve on a free port; `code` runs before the program, in the same process."""
    program = f"import sys; {code}\nfrom exports.serve.__main__ import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-P", "-c", program, str(bundle), "--port", "0", *args]
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, env=env
    ) as process:
        try:
            assert process.stderr is not None
            first = process.stderr.readline()
            found = SAID.search(first)
            assert found, first + process.stderr.read()
            yield Server(process, int(found[1]))
        finally:
            process.kill()
