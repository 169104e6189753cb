"""What a person sees of a run that asks a writer, beside the bar: requests and tokens a second, and the cost."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

SPAN = 10.0  # seconds over which the rates are taken: shorter ones flicker


class Meter:
    """Rates over the last seconds, from counts that only grow."""

    def __init__(self) -> None:
        self.seen: deque[tuple[float, int, int]] = deque()

    def line(self, requests: int, used: Any) -> str:
        """Such as `41.3 req/s, 12.1k tok/s, $0.52`."""
        now, tokens = time.monotonic(), used.prompt_tokens + used.completion_tokens
        self.seen.append((now, requests, tokens))
        while self.seen[0][0] < now - SPAN:
            self.seen.popleft()
        at, first, some = self.seen[0]
        span = max(now - at, 1e-3)
        speed = (tokens - some) / span
        shown = f"{speed / 1000:.1f}k" if speed >= 1000 else f"{speed:.0f}"
        return f"{(requests - first) / span:.1f} req/s, {shown} tok/s, ${used.cost:.2f}"
