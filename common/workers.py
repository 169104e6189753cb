"""Work over several processes, in the order of the input and in flat memory; a worker ends when its parent is gone."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Any, TypeVar

from common.jsonl import UserError

Item, Result = TypeVar("Item"), TypeVar("Result")

CHUNK, CHUNKS_AHEAD = 16, 4  # items a worker takes at a time; chunks waiting for each worker, so that none is idle and memory stays flat


def ordered_map(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int, prepare: Callable[..., None] | None = None, *given: Any
) -> Iterator[Result]:
    """Yield function(item) for each item, in order. With one worker all is done here; else `prepare(*given)` runs first in each process.

    Raises UserError when a worker dies, which is what a lack of memory looks like.
    """
    if workers == 1:
        yield from map(function, items)
        return
    todo, running = iter(items), deque[Future[list[Result]]]()
    with ProcessPoolExecutor(workers, initializer=_start, initargs=(os.getpid(), prepare, given)) as pool:
        try:
            while (chunk := list(islice(todo, CHUNK))) or running:
                if chunk:
                    running.append(pool.submit(_map_all, function, chunk))
                if not chunk or len(running) > CHUNKS_AHEAD * workers:
                    yield from running.popleft().result()
        except BrokenProcessPool:
            raise UserError("a worker process died, probably for want of memory; take fewer with --workers") from None


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1  # a Mac has no affinity


def _map_all(function: Callable[[Item], Result], chunk: list[Item]) -> list[Result]:
    return list(map(function, chunk))


def _start(parent: int, prepare: Callable[..., None] | None, given: tuple[Any, ...]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # Ctrl-C is for the parent, which drains
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    if prepare is not None:
        prepare(*given)


def _end_with(parent: int) -> None:
    """End this worker when its parent is gone: a parent that was killed can't tell it."""
    while os.getppid() == parent:
        time.sleep(0.2)  # until it ends it holds what it inherited, such as the lock of an output
    os._exit(1)
