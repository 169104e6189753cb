"""An event loop in which sleeping takes no time, so that minutes of waiting are tested in milliseconds."""

from __future__ import annotations

import asyncio
import selectors
from typing import Any


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its clock jumps to the next timer instead of waiting for it; nothing real, such as a socket, may be awaited."""

    def __init__(self) -> None:
        super().__init__(selectors.DefaultSelector())
        self.now = 1000.0
        self._selector.select = self._skip  # type: ignore[attr-defined]

    def _skip(self, timeout: float | None) -> list[Any]:
        assert timeout is not None, "everything waits for something that never comes"
        self.now += timeout
        return []

    def time(self) -> float:
        return self.now
