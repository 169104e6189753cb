"""What a server's headers say about its limits: how long to wait, and how much is left."""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Mapping
from math import inf

RETRY_AFTER_CAP = 600.0  # seconds; a server that asks for more is asked again after ten minutes
LONGEST_HOLD = 60.0  # seconds to trust a count of what is left: then one request finds out what is true
COUNT = re.compile(r"[0-9]{1,15}")  # isdigit() takes more than float() does
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a server asks to wait, by Retry-After (seconds or an HTTP date) or retry-after-ms; None if it asks nothing readable."""
    try:
        if "retry-after-ms" in headers:
            wait = float(headers["retry-after-ms"]) / 1000
        elif headers.get("retry-after", "").strip().replace(".", "", 1).isdecimal():
            wait = float(headers["retry-after"])
        else:
            wait = email.utils.parsedate_to_datetime(headers["retry-after"]).timestamp() - time.time()
    except (KeyError, ValueError, OverflowError):  # OverflowError: a date of a year that no clock has
        return None
    return min(max(wait, 0.0), RETRY_AFTER_CAP)


def seconds(text: str) -> float | None:
    """A duration as rate-limit headers write it: `1m30.5s`, `250ms`, or a bare number of seconds; None for anything else."""
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", text)
    if parts and "".join(number + unit for number, unit in parts) == text:
        return sum(float(number) * UNITS[unit] for number, unit in parts)
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else None


class Quota:
    """A mirror of one bucket that the server keeps, of requests or tokens: corrected by each answer's headers, drained by each send."""

    def __init__(self, kind: str) -> None:
        self.kind, self.left, self.full, self.gain, self.at = kind, inf, 0.0, 0.0, 0.0
        self.drained = 0.0  # by all sends so far

    def take(self, amount: float) -> float:
        """Enter a send; returns the mark by which its answer is to be read."""
        self.left -= amount
        self.drained += amount
        return self.drained

    def read(self, headers: Mapping[str, str], mark: float, now: float) -> None:
        """Correct the mirror by an answer: what was left when it was sent, less what has been sent since."""
        left, reset = headers.get(f"x-ratelimit-remaining-{self.kind}", ""), seconds(headers.get(f"x-ratelimit-reset-{self.kind}", ""))
        if not COUNT.fullmatch(left) or not reset:
            return
        limit = headers.get(f"x-ratelimit-limit-{self.kind}", "")
        self.full = float(limit) if COUNT.fullmatch(limit) else max(self.full, float(left) + 1)
        self.gain = max(self.full - float(left), 1.0) / reset  # a bucket that is full in `reset` seconds
        self.left, self.at = float(left) - (self.drained - mark), now

    def wait(self, amount: float, now: float) -> float:
        """Seconds until `amount` is there."""
        lacking = min(amount, self.full) - (self.left + self.gain * (now - self.at)) if self.left != inf else 0.0
        return min(lacking / self.gain, LONGEST_HOLD - (now - self.at)) if lacking > 0 else 0.0
