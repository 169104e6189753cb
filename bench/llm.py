"""Measure the writer's client against a stub server in a process of its own, on loopback. Prints one JSON object.

    python bench/llm.py throughput              # answers a second after 1 s of latency, at 64, 250 and 1,000 in flight; CPU a request
    python bench/llm.py memory                  # resident memory over 20,000 requests
    python bench/llm.py storm --retry-after     # 5,000 requests where 50 a second are let through
    python bench/llm.py faults                  # every fault, a kill in the middle, a second run
    python bench/llm.py cache                   # answers kept and found a second, by one process and by two
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from common.cli import Reject  # noqa: E402
from common.llm import CompletionResult, Prompt, Usage, open_writer  # noqa: E402

QUESTION = "x" * 4000  # characters of a prompt and of an answer: those of stage 03 are of this size
RAMP = 8.0  # seconds that are not measured: the client starts with few in flight and doubles once a round trip


@contextmanager
def server(**flags: Any) -> Iterator[str]:
    """The stub server's base URL; flags are those of `python -m tests.stub_openai`."""
    options = [f"--{name.replace('_', '-')}" + ("" if value is True else f"={value}") for name, value in flags.items() if value]
    process = subprocess.Popen([sys.executable, "-m", "tests.stub_openai", *options], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


def stats(base_url: str) -> dict[str, int]:
    """What the server counted."""
    with urllib.request.urlopen(base_url.removesuffix("/v1") + "/stats") as response:
        return json.load(response)


def questions(numbers: Iterator[int] | range) -> Iterator[Prompt]:
    """Prompts that all differ."""
    return (Prompt("bench", [{"role": "user", "content": f"{number} {QUESTION}"}]) for number in numbers)


def megabytes() -> float:
    """Resident memory of this process."""
    return round(int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


# ---------------------------------------------------------------------------------------------------------------------------------
# what is measured


def throughput(in_flight: int, seconds: float) -> dict[str, float]:
    """Answers a second in steady state, as a share of the ideal in_flight / latency, and CPU milliseconds of the client per request."""
    with server(latency=1) as url, tempfile.TemporaryDirectory() as folder:
        writer = open_writer("bench", url, concurrency=in_flight, cache=Path(folder) / "answers.sqlite")
        started, done, at, cpu = time.monotonic(), 0, 0.0, 0.0
        for _ in writer.map(writer.ask, questions(count())):
            now = time.monotonic()
            if not at and now - started >= RAMP:
                done, at, cpu = 0, now, time.process_time()
            done += 1
            if at and now - at >= seconds:
                break
        rate, spent = done / (now - at), (time.process_time() - cpu) / done
    return {"requests_per_s": round(rate, 1), "share_of_ideal": round(rate / in_flight, 3), "client_cpu_ms": round(1000 * spent, 2)}


def memory(requests: int, in_flight: int) -> dict[str, Any]:
    """Resident megabytes along the way."""
    seen: dict[str, float] = {"start": megabytes()}
    with server(latency=1) as url, tempfile.TemporaryDirectory() as folder:
        writer = open_writer("bench", url, concurrency=in_flight, cache=Path(folder) / "answers.sqlite")
        for number, _ in enumerate(writer.map(writer.ask, questions(range(requests))), start=1):
            if number % (requests // 8) == 0:
                seen[str(number)] = megabytes()
    return seen


def storm(requests: int, rate: float, retry_after: bool, latency: float, burst: float, in_flight: int) -> dict[str, Any]:
    """How well a limit that nobody told is found: sends wasted, time against the ideal."""
    with server(latency=latency, rate=rate, burst=burst, retry_after=retry_after) as url:
        writer = open_writer("bench", url, concurrency=in_flight)
        started = time.monotonic()
        rejected = sum(isinstance(outcome, Reject) for _, outcome in writer.map(writer.ask, questions(range(requests))))
        seconds, counted = time.monotonic() - started, stats(url)
    return {"answered": counted["answered"], "rejected": rejected, "sends": counted["sends"], "seconds": round(seconds, 1),
            "wasted_share": round(1 - requests / counted["sends"], 4), "of_ideal_time": round(seconds * rate / requests, 3)}


def faults(requests: int, in_flight: int) -> dict[str, Any]:
    """Every fault, SIGKILL in the middle, a rerun: how often a request that had been answered was sent again."""
    with server(latency=0.2, faults="500=0.1,cut=0.05,malformed=0.05,silent=0.02") as url, tempfile.TemporaryDirectory() as folder:
        options = [url, f"{folder}/answers.sqlite", str(requests), str(in_flight)]
        command = [sys.executable, __file__, "run-faults", *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        while stats(url)["answered"] < requests // 2:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        at_kill = stats(url)
        second = subprocess.run(command, capture_output=True, text=True, check=True)
        return {"requests": requests, "answered_at_kill": at_kill["answered"], **json.loads(second.stdout), **stats(url)}


def run_faults(url: str, cache: str, requests: str, in_flight: str) -> dict[str, Any]:
    """The process that is killed."""
    writer = open_writer("bench", url, concurrency=int(in_flight), cache=Path(cache), timeout=2.0)
    outcomes = [outcome for _, outcome in writer.map(writer.ask, questions(range(int(requests))))]
    rejects = [outcome.reason for outcome in outcomes if isinstance(outcome, Reject)]
    return {"outcomes": len(outcomes), "rejects": rejects, "found_in_cache": writer.cached}


def cache(answers: int) -> dict[str, float]:
    """Answers kept a second by one process and by two at once, and found a second."""
    with tempfile.TemporaryDirectory() as folder:
        path, context = Path(folder) / "answers.sqlite", get_context("spawn")
        alone = keep(path, 0, answers)
        with context.Pool(2) as pool:
            both = pool.starmap(keep, [(path, worker, answers) for worker in (1, 2)])
    return {"puts_per_s": round(alone), "puts_per_s_each_of_two": round(min(both))}


def keep(path: Path, worker: int, answers: int) -> float:
    """Puts a second."""
    from common.llm.cache import Cache, CacheKey

    store, text, started = Cache(path), "y" * 4000, time.perf_counter()
    for number in range(answers):
        store.put(CacheKey(f"{worker}-{number}", 100), CompletionResult(text, None, Usage(1000, 1000, 0.1)))
    return answers / (time.perf_counter() - started)


def main() -> int:
    """Run one measurement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["throughput", "memory", "storm", "faults", "cache", "run-faults"])
    parser.add_argument("rest", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("--in-flight", type=int, help="(default: 64, 250 and 1,000 in turn; storm 256, faults 64)")
    parser.add_argument("--seconds", type=float, default=10, help="throughput: how long to measure after the ramp (default: 10)")
    parser.add_argument("--requests", type=int, help="(default: memory 20,000, storm and faults 5,000)")
    parser.add_argument("--rate", type=float, default=50, help="storm: requests a second that the server lets through (default: 50)")
    parser.add_argument("--burst", type=float, default=50, help="storm: how many at once after a rest (default: 50)")
    parser.add_argument("--latency", type=float, default=0.2, help="storm: seconds to an answer (default: 0.2)")
    parser.add_argument("--retry-after", action="store_true", help="storm: a 429 says how long to wait")
    args = parser.parse_args()
    measure = {
        "throughput": lambda: {str(n): throughput(n, args.seconds) for n in ([args.in_flight] if args.in_flight else [64, 250, 1000])},
        "memory": lambda: memory(args.requests or 20_000, args.in_flight or 1000),
        "storm": lambda: storm(args.requests or 5000, args.rate, args.retry_after, args.latency, args.burst, args.in_flight or 256),
        "faults": lambda: faults(args.requests or 5000, args.in_flight or 64),
        "run-faults": lambda: run_faults(*args.rest),
        "cache": lambda: cache(args.requests or 3000),
    }  # fmt: skip
    print(json.dumps(measure[args.what]()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
