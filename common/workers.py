"""A parallel map over processes, in the order of the input and in flat memory; workers end when their parent is gone.

Each worker has a pipe of its own, whose other end only the worker holds. So a worker that is killed, for instance for lack of memory, is
noticed at once, even in the middle of a result. With concurrent.futures' one queue the others would wait for a lock the dead one holds.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from typing import Any, TypeVar

from common.jsonl import UserError

Item, Result = TypeVar("Item"), TypeVar("Result")

CHUNK, CHUNKS_AHEAD = 16, 4  # items a worker takes at a time; chunks queued for each worker: none is idle, and memory stays flat
START = "fork" if sys.platform == "linux" else None  # Python 3.14's default puts a server between a worker and its parent


def ordered_map(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int, prepare: Callable[..., None] | None = None, *given: Any
) -> Iterator[Result]:
    """Yield function(item) for each item, in order. One worker means this process; else `prepare(*given)` runs first in each process.

    Raises UserError when a worker dies, usually for lack of memory.
    """
    if workers == 1:
        yield from map(function, items)
        return
    todo, running = iter(items), deque[Future[list[Result]]]()
    pool = _Pool(function, workers, prepare, given)
    try:
        while (chunk := list(islice(todo, CHUNK))) or running:
            if chunk:
                running.append(pool.threads.submit(pool.ask, chunk))
            if not chunk or len(running) > CHUNKS_AHEAD * workers:
                yield from running.popleft().result()
    finally:  # whatever a worker may still be doing is no longer needed
        pool.end()


class _Pool:
    """Processes that apply one function, and a thread for each, which waits for its answers."""

    def __init__(self, function: Callable[[Any], Any], workers: int, prepare: Callable[..., None] | None, given: tuple[Any, ...]) -> None:
        context = multiprocessing.get_context(START)
        self.processes: list[BaseProcess] = []
        self.idle: SimpleQueue[Connection] = SimpleQueue()
        self.threads = ThreadPoolExecutor(workers)  # start with the first chunk, after the forks: a fork copies locks but no threads
        atexit.register(self.end)  # workers ignore the signal by which multiprocessing would end them at exit
        for _ in range(workers):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, function, os.getpid(), prepare, given), daemon=True)
            process.start()
            theirs.close()  # else the end of the worker would not end its pipe
            self.processes.append(process)
            self.idle.put(ours)

    def ask(self, chunk: list[Any]) -> list[Any]:
        """Let an idle worker process a chunk. Raises what the function raised, and UserError for a worker that is dead."""
        pipe = self.idle.get()
        try:
            pipe.send(chunk)
            done, error = pipe.recv()
        except (EOFError, OSError):
            raise UserError("a worker process died, probably for want of memory; take fewer with --workers") from None
        finally:
            self.idle.put(pipe)
        if error is not None:
            raise error
        return done

    def end(self) -> None:
        """Kill all workers, and end the threads that wait for them."""
        for process in self.processes:
            process.kill()
        self.threads.shutdown(cancel_futures=True)
        for process in self.processes:
            process.join()
        atexit.unregister(self.end)


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1  # a Mac has no affinity


def _work(
    pipe: Connection, function: Callable[[Any], Any], parent: int, prepare: Callable[..., None] | None, given: tuple[Any, ...]
) -> None:
    """Run a worker: answer each chunk with (results, None) or (None, the exception)."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # Ctrl-C is for the parent, which drains
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    if prepare is not None:
        prepare(*given)
    while True:
        chunk = pipe.recv()
        try:
            answer = [function(item) for item in chunk], None
        except Exception as error:
            error.add_note(traceback.format_exc())  # its traceback is not sent along
            answer = None, error
        pipe.send(answer)


def _end_with(parent: int) -> None:
    """End this worker when its parent is gone: a parent that was killed cannot end it."""
    while os.getppid() == parent:
        time.sleep(0.2)  # soon, because it holds what it inherited, such as the lock of an output
    os._exit(1)
