"""What a person who waits for many answers of a local model is told: how many there are, at what rate, and how long the rest will take."""

from __future__ import annotations

import time
from collections.abc import Callable

from common import cli

EVERY = 30.0  # seconds between two lines


class Progress:
    """Counts answers as they end, in whatever order, and says a line every EVERY seconds. `total`: answers there will be, where known."""

    def __init__(self, total: int | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.total, self.clock = total, clock
        self.begun = self.told = clock()
        self.done = self.tokens = 0

    def ended(self, tokens: int) -> None:
        """Count an answer of so many tokens."""
        self.done, self.tokens, now = self.done + 1, self.tokens + tokens, self.clock()
        if now - self.told >= EVERY:
            self.told = now
            cli.say(line(self.done, self.tokens, now - self.begun, self.total))


def line(done: int, tokens: int, seconds: float, total: int | None = None) -> str:
    """Return what is said after so many answers."""
    rate = tokens / seconds
    known = f"{done} of {total} answers" if total else f"{done} answers"
    left = f", {during((total - done) * seconds / done)} left" if total else ""
    return f"{known}, {rate:.0f} tokens a second{left}" if rate >= 10 else f"{known}, {rate:.1f} tokens a second{left}"


def during(seconds: float) -> str:
    """A time as a person says it."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
