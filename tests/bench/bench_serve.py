"""How much does HTTP cost? Texts per second of `handful serve` under wrk beside a bare onnxruntime loop, in turns.

The bare loop tokenizes, pads and runs the session on the same texts, in batches as large as the server's were on
average (/metrics tells), in a process of its own; rounds alternate, and the median ratio is printed. Beside the ratio
of wall time stands that of CPU time a text, which says more where other programs use the machine. Then as many requests
as REQUESTS says: errors and memory. Needs wrk (Debian: apt-get install wrk), and a bundle.

Run: python tests/bench/bench_serve.py BUNDLE [SECONDS] [ROUNDS] [REQUESTS]; BENCH_CHARS=60 cuts the texts.
"""

import json
import os
import random
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
for batch in batches[-2:]: model.logits(batch, batch=size)
done, start, used = 0, time.perf_counter(), time.process_time()
while time.perf_counter() - start < seconds:
    for batch in batches:
        model.logits(batch, batch=size)
        done += len(batch)
        if time.perf_counter() - start > seconds: break
print(done / (time.perf_counter() - start), (time.process_time() - used) / done)
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


def bare(bundle: Path, texts: list[str], size: int, seconds: float, threads: int) -> tuple[float, float]:
    """Texts per second, and CPU seconds a text."""
    command = [sys.executable, "-P", "-c", BARE, str(bundle), str(size), str(seconds), str(threads)]
    done = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, check=True)
    per_second, cpu = map(float, done.stdout.split())
    return per_second, cpu


@dataclass(frozen=True)
class Round:
    """The server and the bare loop, one after the other."""

    load: Load
    batch: float
    """Texts that the model read at once, on average; the bare loop reads as many."""
    cpu: float
    """CPU seconds a text, all of HTTP included."""
    bare: float
    bare_cpu: float


def one_round(
    url: str, bundle: Path, texts: list[str], script: Path, clients: int, seconds: float, threads: int
) -> Round:
    names = ("handful_batch_texts_sum", "handful_batch_texts_count", "process_cpu_seconds_total")
    before = [metric(url, name) for name in names]
    load = wrk(url, script, clients, seconds)
    read, batches, cpu = (metric(url, name) - old for name, old in zip(names, before, strict=True))
    return Round(
        load, read / batches, cpu / read, *bare(bundle, texts, max(1, round(read / batches)), seconds, threads)
    )


def ratios(bundle: Path, texts: list[str], script: Path, seconds: float, rounds: int, threads: int) -> None:
    print("clients  batch  served/s  bare/s  ratio  CPU ms  bare CPU ms  CPU ratio   p50 ms   p99 ms  errors")
    with server(bundle, "--threads", str(threads)) as url:
        wrk(url, script, 8, WARM_UP)
        for clients in CLIENTS:
            found = [one_round(url, bundle, texts, script, clients, seconds, threads) for _ in range(rounds)]
            ratio = statistics.median(one.load.per_second / one.bare for one in found)
            of_cpu = statistics.median(one.bare_cpu / one.cpu for one in found)
            last = found[-1]
            numbers = f"{last.cpu * 1e3:8.2f}{last.bare_cpu * 1e3:13.2f}{of_cpu:11.2f}"
            print(
                f"{clients:7}{last.batch:7.1f}{last.load.per_second:10.1f}{last.bare:8.1f}{ratio:7.2f}{numbers}"
                f"{last.load.p50_ms:9.1f}{last.load.p99_ms:9.1f}{sum(one.load.errors for one in found):8}"
                f"  {'reached' if ratio >= AIM else 'MISSED'}",
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
    cut = int(os.environ.get("BENCH_CHARS", "0")) or None
    texts = [text[:cut] for text in demo.texts()]
    random.Random(0).shuffle(texts)  # however few are read in the time, they are like all
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
