"""Pausing Python's garbage collector while a large tree is made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the garbage collector: walking thousands of live nodes again and again would take up to half the time.

    Memory is freed all the same: a node goes with its last reference, a cycle with the next collection.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
