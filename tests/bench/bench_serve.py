"""How much does HTTP cost? Texts per second of `handful serve` under wrk beside a bare onnxruntime loop, in turns.

The bare loop tokenizes, pads and runs the session on the same texts, in batches as large as the server's were on
average (/metrics tells), in a process of its own; rounds alternate, and the median ratio is printed. Then as many
requests as REQUESTS says: errors and memory. Needs wrk (Debian: apt-get install wrk), and a bundle.

Run: python tests/bench/bench_serve.py BUNDLE [SECONDS] [ROUNDS] [REQUESTS]
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from core import demo

AIM = 0.80
CLIENTS = (1, 8, 32, 64)
WARM_UP = 2
LUA = """
local bodies = {{{bodies}}}
local n = 0
wrk.method = "POST"
wrk.path = "/predict"
wrk.headers["Content-Type"] = "application/json"
request = function() n = n % #bodies + 1; return wrk.format(nil, nil, nil, bodies[n]) end
done = function(summary, latency, _)
  local e = summary.errors
  io.write(string.format("\\nsaid %d %d %d %.3f %.3f\\n", summary.requests, summary.duration,
    e.connect + e.read + e.write + e.timeout + e.status, latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
"""
BARE = """
import json, sys, time
from exports.runtime.predictor import Predictor
bundle, size, seconds, threads = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
texts, model = json.load(sys.stdin), Predictor(bundle, threads=threads)
batches = [(texts * 2)[start:start + size] for start in range(0, len(texts), size)]
for batch in batches[:4]: model.logits(batch, batch=size)
done, start = 0, time.perf_counter()
while time.perf_counter() - start < seconds:
    for batch in batches:
        model.logits(batch, batch=size)
        done += len(batch)
        if time.perf_counter() - start > seconds: break
print(done / (time.perf_counter() - start))
"""


@dataclass(frozen=True)
class Load:
    """What wrk has seen."""

    requests: int
    per_second: float
    errors: int
    p50_ms: float
    p99_ms: float


@contextmanager
def server(bundle: Path, *args: str) -> Iterator[str]:
    command = [sys.executable, "-P", "-m", "exports.serve", str(bundle), "--port", "0", *args]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        found = re.search(r"http://\S+", first)
        if not found:
            raise SystemExit(first + process.stderr.read())
        try:
            yield found[0]
        finally:
            process.terminate()
            process.wait(60)


def metric(url: str, name: str) -> float:
    page = urlopen(f"{url}/metrics").read().decode()  # noqa: S310 (our own server)
    return float(next(line.split()[1] for line in page.splitlines() if line.startswith(f"{name} ")))


def wrk(url: str, script: Path, clients: int, seconds: float) -> Load:
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds:.0f}s", "--timeout", "30s", "-s", str(script), url]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    said = re.search(r"^said (\d+) (\d+) (\d+) ([\d.]+) ([\d.]+)$", done.stdout, re.MULTILINE)
    assert said, done.stdout
    n, microseconds, errors, p50, p99 = (float(part) for part in said.groups())
    return Load(int(n), n / microseconds * 1e6, int(errors), p50, p99)


def bare(bundle: Path, texts: list[str], size: int, seconds: float, threads: int) -> float:
    command = [sys.executable, "-P", "-c", BARE, str(bundle), str(size), str(seconds), str(threads)]
    done = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, check=True)
    return float(done.stdout)


def ratios(bundle: Path, texts: list[str], script: Path, seconds: float, rounds: int, threads: int) -> None:
    print(f"{'clients':>8} {'batch':>6} {'served/s':>9} {'bare/s':>8} {'ratio':>6} {'p50 ms':>8} {'p99 ms':>8} errors")
    with server(bundle, "--threads", str(threads)) as url:
        wrk(url, script, 8, WARM_UP)
        for clients in CLIENTS:
            found: list[tuple[float, float, Load, float]] = []
            for _round in range(rounds):
                texts_before, batches_before = (
                    metric(url, "handful_batch_texts_sum"),
                    metric(url, "handful_batch_texts_count"),
                )
                load = wrk(url, script, clients, seconds)
                mean = (metric(url, "handful_batch_texts_sum") - texts_before) / (
                    metric(url, "handful_batch_texts_count") - batches_before
                )
                loop = bare(bundle, texts, max(1, round(mean)), seconds, threads)
                found.append((load.per_second / loop, loop, load, mean))
            ratio, loop, load, mean = sorted(found, key=lambda one: one[0])[len(found) // 2]
            errors = sum(one.errors for _ratio, _loop, one, _mean in found)
            print(
                f"{clients:8} {mean:6.1f} {load.per_second:9.0f} {loop:8.0f} {ratio:6.2f} {load.p50_ms:8.1f}"
                f" {load.p99_ms:8.1f} {errors:6}  {'reached' if ratio >= AIM else 'MISSED'}",
                flush=True,
            )


def endurance(bundle: Path, script: Path, requests: int) -> None:
    with server(bundle) as url:
        sizes, done, errors, start = [], 0, 0, time.perf_counter()
        while done < requests:
            load = wrk(url, script, 32, 5)
            done, errors = done + load.requests, errors + load.errors
            sizes.append(metric(url, "process_resident_memory_bytes") / 1e6)
        seconds = time.perf_counter() - start
        tail = sizes[len(sizes) // 4 :]
        print(f"{done} requests in {seconds:.0f} s, {errors} errors; memory {sizes[0]:.1f} MB after the first 5 s,")
        print(f"{sizes[-1]:.1f} MB at the end, {statistics.median(tail):.1f} MB in the median after a quarter")


def main() -> None:
    if len(sys.argv) < 2 or shutil.which("wrk") is None:
        print("left out: give a bundle, and have wrk on the PATH")
        return
    bundle = Path(sys.argv[1])
    given = [float(value) for value in sys.argv[2:5]]
    seconds, rounds, requests = [*given, *(5.0, 3.0, 0.0)[len(given) :]]
    texts = list(demo.texts())
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "load.lua"
        bodies = ",".join(json.dumps(json.dumps({"text": text})) for text in texts)
        script.write_text(LUA.format(bodies=bodies), encoding="utf-8")
        threads = max(1, len(os.sched_getaffinity(0)) // 2)
        print(f"{bundle.name}: {len(texts)} texts, {threads} threads for the model, {seconds:.0f} s a round")
        if rounds:
            ratios(bundle, texts, script, seconds, int(rounds), threads)
        if requests:
            endurance(bundle, script, int(requests))


if __name__ == "__main__":
    main()
