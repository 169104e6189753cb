"""Work over processes: order, flat look-ahead, a worker that is killed, a signal to the whole group. `python -m pytest tests/test_workers.py`."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from common import jsonl
from common.jsonl import UserError
from common.workers import ordered_map
from tests import stage_runs
from tests.test_transcribe import write_shortcuts

LARGE = 1 << 20  # bytes: many times what a pipe holds
PROMPT = 60  # seconds in which a run ends that does not hang


def squared(number: int) -> int:
    return number * number


def failing(number: int) -> int:
    if number == 40:
        raise ValueError("forty")
    return number


def large(number: int) -> bytes:
    return bytes(LARGE)


def killed_at_forty(number: int) -> bytes:
    if number == 40:
        os.kill(os.getpid(), signal.SIGKILL)
    return bytes(LARGE >> 4)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_come_in_the_order_of_the_items(workers: int) -> None:
    assert list(ordered_map(squared, range(200), workers)) == [number * number for number in range(200)]


def test_the_input_is_read_only_some_chunks_ahead() -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        while True:
            taken += 1
            yield taken

    results = ordered_map(squared, items(), 2)
    assert next(results) == 1 and taken < 1000
    results.close()


def test_what_a_function_raises_is_raised_here() -> None:
    results = ordered_map(failing, range(100), 2)
    with pytest.raises(ValueError, match="forty"):
        list(results)


def test_a_worker_that_kills_itself_ends_the_work() -> None:
    with pytest.raises(UserError, match="--workers"):
        list(ordered_map(killed_at_forty, range(400), 2))


def kill_one_of_two(after: float) -> None:
    """In a process of its own: in this one a hang would be the end of all tests."""

    def kill_one() -> None:
        while not multiprocessing.active_children():
            time.sleep(0.001)
        time.sleep(after)
        os.kill(random.choice(multiprocessing.active_children()).pid, signal.SIGKILL)

    threading.Thread(target=kill_one).start()
    for _ in ordered_map(large, iter(int, 1), 2):
        pass


@pytest.mark.ci
@pytest.mark.parametrize("after", [0.1, 0.17, 0.23, 0.31, 0.4, 0.55])
def test_a_worker_that_is_killed_while_all_send_large_results_ends_the_work(after: float) -> None:
    ended = stage_runs.Started(partial(kill_one_of_two, after), ["killed.py"]).wait(PROMPT)
    assert "a worker process died" in ended.stderr and ended.returncode == 1


def children(process: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shortcuts(tmp_path_factory.mktemp("shortcuts") / "in.jsonl", 500)


def start(source: Path, output: Path, *flags: object) -> stage_runs.Started:
    """Stage 02 with two workers, both of them at work."""
    process = stage_runs.start("02", "--input", source, "--output", output, "--workers", 2, *flags)
    while process.poll() is None and not (output.exists() and output.stat().st_size):
        time.sleep(0.001)
    return process


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_a_stage_whose_worker_is_killed_ends_in_one_line_and_the_rerun_is_whole(source: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    process = start(source, output)
    os.kill(children(process.pid)[0], signal.SIGKILL)
    code, _, said = process.wait(PROMPT)
    assert code == 1 and "a worker process died" in said and len(said.splitlines()) == 1
    rest = start(source, output, "--limit", 100).wait(PROMPT)
    assert rest.returncode == 0 and len(set(jsonl.ids(output))) == len(list(jsonl.ids(output))) >= 100


@pytest.mark.ci
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_whole_group_lets_it_finish_what_is_in_hand(source: Path, tmp_path: Path, number: int) -> None:
    output = tmp_path / "out.jsonl"
    process = start(source, output)
    process.send_signal(number, group=True)
    code, _, said = process.wait(PROMPT)
    assert code == 130 and "the same command goes on" in said and "Traceback" not in said
    written = list(jsonl.ids(output))
    assert written == list(jsonl.ids(source))[:len(written)] and written  # no worker was ended in the midst of what it had in hand
