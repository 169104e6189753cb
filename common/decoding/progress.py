"""What a person who waits for many answers of a local model is told: how many there are, at what rate, and how long the rest will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from common import cli

Item = TypeVar("Item")

EVERY = 30.0  # seconds between two lines


def reported(items: Iterable[Item], tokens: Callable[[Item], int], total: int | None = None,
             clock: Callable[[], float] = time.monotonic) -> Iterator[Item]:  # fmt: skip
    """Yield the items, and say a line every EVERY seconds. `tokens` of an item; `total`: items that there will be, where that is known."""
    begun = told = clock()
    done = written = 0
    for item in items:
        yield item
        done, written, now = done + 1, written + tokens(item), clock()
        if now - told >= EVERY:
            told = now
            cli.say(line(done, written, now - begun, total))


def line(done: int, tokens: int, seconds: float, total: int | None = None) -> str:
    """Return what is said after so many answers."""
    rate = tokens / seconds
    known = f"{done} of {total} answers" if total else f"{done} answers"
    left = f", {during((total - done) * seconds / done)} left" if total else ""
    return f"{known}, {rate:.0f} tokens a second{left}" if rate >= 10 else f"{known}, {rate:.1f} tokens a second{left}"


def during(seconds: float) -> str:
    """A time as a person says it."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
