"""An adaptive limiter: requests in flight to a server whose limits are not known.

`AdaptiveLimiter` learns two numbers. The window is the number of requests in flight: it doubles each round trip at first (slow start), then
follows AIMD: it grows additively, and is cut by a factor when the server is overloaded (503, time-outs). The rate is the number of requests
sent a second: unlimited until 429s come, then a little below what passed in the last second, and slowly more again. Rate-limit headers set
the rate before a 429 comes. A window alone is not enough: a 429 comes back at once and frees its place, so a third of all sends are wasted
on a limit of requests a second (bench/RESULTS.md).
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import time
from collections import deque
from collections.abc import Mapping
from math import inf
from typing import NamedTuple

from common.http import retry_after
from common.jsonl import UserError
from common.llm.connection import Outcome, RequestStatus

START = 16  # requests in flight at first: few enough for any server, and 1,000 are reached in six round trips
GROWTH = 32  # round trips in which the window grows from nothing to its maximum after slow start
WINDOW_CUT, RATE_CUT = 0.7, 0.9  # factors after an overload, and after 429s
RECOVERY = 30.0  # seconds in which the rate doubles; the growth is quadratic, so most time is spent just below the limit
MEMORY, BEARABLE = 64, 0.08  # a share of 429s, or of overloads, up to 0.08 of about the last 64 replies is noise and changes nothing
PERIOD = 1.0  # seconds over which the rate that passes is measured
SENDS = 4096  # the last ones, of which the rate is measured
RESOLUTION, LATE = 1e-4, 0.05  # seconds: less is no wait; a timer that is late by up to 0.05 s is caught up on
RETRY_AFTER_CAP = 600.0  # seconds; a server that asks for more is tried again after ten minutes
BACK_OFF = 0.5, 60.0  # seconds before the first retry, doubled each time, and at most
DEAD = 8  # failures in a row, not counting those in flight, after which requests go one at a time
PROBES = 8  # number of those before the run is stopped: with back-off at least a minute, the usual window of a quota
PATIENCE = 600.0  # seconds without an answer after which two probes are enough: time-outs are slow
COUNT = re.compile(r"[0-9]{1,15}")  # str.isdigit() accepts more than float() does
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def back_off(attempt: int) -> float:
    """Seconds to wait after an attempt, counted from 0; random, so that retries do not come back all at once."""
    return random.uniform(0.5, 1.0) * min(BACK_OFF[1], BACK_OFF[0] * 2**attempt)


def duration(text: str) -> float | None:
    """Seconds in a duration as rate-limit headers write it: `1m30.5s`, `250ms` or a number of seconds; None for anything else."""
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", text)
    if parts and "".join(number + unit for number, unit in parts) == text:
        return sum(float(number) * UNITS[unit] for number, unit in parts)
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else None


class Permit(NamedTuple):
    """The permission to send one request: when it was given, and about how many tokens the request takes."""

    sent_at: float
    tokens: float


class AdaptiveLimiter:
    """Gives permits in order of arrival; each comes back with its request's outcome. At most `most` requests are in flight."""

    def __init__(self, most: int) -> None:
        self.most, self.window, self.slow_start = most, float(min(START, most)), True
        self.base_rate, self.grows_from, self.recovery = inf, 0.0, RECOVERY  # requests a second after a cut, and their growth
        self.sent_at = self.busy_since = self.paused_until = 0.0  # the last send; the end of the last idle time
        self.rate_cut_at = self.window_cut_at = self.probed_at = -inf
        self.passed = deque[Permit](maxlen=SENDS)  # without those that were answered with 429
        self.shares = {RequestStatus.THROTTLED: 0.0, RequestStatus.OVERLOADED: 0.0}  # moving averages over the replies
        self.sent = self.answered = self.failures = self.probes = 0
        self.answered_at = time.monotonic()
        self.stopped: str | None = None
        self.reset()

    def reset(self) -> None:
        """Prepare for another event loop. What was learned stays."""
        self.in_flight, self.full, self.queue, self.changed = 0, False, asyncio.Lock(), asyncio.Event()

    async def acquire(self, tokens: float = 0.0) -> Permit:
        """Wait until a request of about so many tokens may be sent. Raises UserError once the limiter is stopped."""
        async with self.queue:  # in order of arrival
            while self.stopped is None and (wait := self._wait(time.monotonic())) > RESOLUTION:
                self.changed.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.changed.wait(), None if wait == inf else min(wait, PERIOD))  # the rate grows meanwhile
            if self.stopped:
                raise UserError(self.stopped)
            return self._permit(tokens, time.monotonic())

    def _wait(self, now: float) -> float:
        """Seconds until the next request may be sent; infinity if one in flight must end first."""
        self.full = self.in_flight >= int(self.window)
        return inf if self.full else max(self.paused_until, self.sent_at + 1 / self.rate(now)) - now

    def _permit(self, tokens: float, now: float) -> Permit:
        interval = 1 / self.rate(now)
        idle = now - self.sent_at - interval
        if idle > max(PERIOD / 4, 2 * interval):
            self.busy_since = now
        if idle > LATE:
            self.grows_from += idle  # a rate that is not used has not shown that it is borne
        self.sent_at = now if idle > LATE else self.sent_at + interval
        self.sent, self.in_flight = self.sent + 1, self.in_flight + 1
        self.passed.append(permit := Permit(now, tokens))
        return permit

    def rate(self, now: float) -> float:
        """Requests a second that may be sent."""
        return self.base_rate * (1 + (max(0.0, now - self.grows_from) / self.recovery) ** 2) if self.base_rate < inf else inf

    def release(self, permit: Permit, outcome: Outcome) -> None:
        """Take a permit back, and learn from its request's outcome."""
        now, status = time.monotonic(), outcome.status
        self.in_flight -= 1
        for kind in self.shares:
            self.shares[kind] += ((status is kind) - self.shares[kind]) / MEMORY
        too_many = self.shares.get(status, 0.0) > BEARABLE
        wait = retry_after(outcome.headers, RETRY_AFTER_CAP) if status in self.shares else None
        if status is RequestStatus.THROTTLED and permit in self.passed:
            self.passed.remove(permit)
        if (wait or (too_many and status is RequestStatus.THROTTLED)) and permit.sent_at > self.rate_cut_at + PERIOD / 2:
            self._cut_rate(permit.sent_at, now, wait)
        if too_many and status is RequestStatus.OVERLOADED and permit.sent_at > self.window_cut_at:
            self.window, self.slow_start, self.window_cut_at = max(1.0, self.window * WINDOW_CUT), False, now
            self.shares[status] = 0.0
        if wait is not None:
            self.pause(wait, now)
        if status in (RequestStatus.ANSWERED, RequestStatus.REFUSED):
            self._succeeded(permit, outcome, now)
        elif status is not RequestStatus.UNKNOWN:
            self._failed(permit, outcome, now)
        self.changed.set()

    def _cut_rate(self, sent_at: float, now: float, wait: float | None = None) -> None:
        """Take what passed in the second before a 429 as the server's limit, and stay a little below; but not below one request in each
        Retry-After, after which the server says that it takes one.
        """
        rate, since = self.rate(now), max(sent_at - PERIOD, self.rate_cut_at, self.busy_since)
        if sent_at - since < PERIOD / 4:  # too short to measure
            since = sent_at - PERIOD
        measured = sum(since < permit.sent_at <= sent_at for permit in self.passed) / (sent_at - since)
        borne = min(rate, 1 / max(wait, PERIOD)) if wait else 0.0
        self.base_rate = max(borne, RATE_CUT * min(rate, max(measured, rate / 4 if rate < inf else 1.0)))
        self.recovery = RECOVERY if sent_at - self.busy_since > PERIOD / 2 else RECOVERY / 10  # a guess is corrected sooner
        self.rate_cut_at = self.grows_from = now
        self.shares[RequestStatus.THROTTLED] = 0.0

    def _succeeded(self, permit: Permit, outcome: Outcome, now: float) -> None:
        self._read_headers(outcome.headers, permit.tokens, now)
        self.answered, self.answered_at, self.failures = self.answered + 1, now, 0
        if self.probes:
            self.probes, self.slow_start = 0, True
        if self.full:  # to grow a window that is not used up would prove nothing
            self.window = min(float(self.most), self.window + (1.0 if self.slow_start else self.most / GROWTH / self.window))

    def _read_headers(self, headers: Mapping[str, str], tokens: float, now: float) -> None:
        """Send as fast as the server's bucket fills once less is left than twice what is in flight, of requests or of tokens."""
        for kind, each in (("requests", 1.0), ("tokens", tokens)):
            left, limit = (headers.get(f"x-ratelimit-{name}-{kind}", "") for name in ("remaining", "limit"))
            reset = duration(headers.get(f"x-ratelimit-reset-{kind}", ""))
            if not (COUNT.fullmatch(left) and reset and each) or float(left) > 2 * self.in_flight * each:
                continue
            missing = float(limit) - float(left) if COUNT.fullmatch(limit) else 0.0
            fills = max(missing, 1.0) / reset / each  # requests a second: the bucket is full in `reset` seconds
            if fills < self.rate(now):
                self.base_rate, self.grows_from, self.recovery = fills, now, RECOVERY

    def _failed(self, permit: Permit, outcome: Outcome, now: float) -> None:
        """After many failures in a row send one request at a time, further and further apart; in the end stop the run."""
        self.failures += 1
        if self.failures < DEAD + self.in_flight or permit.sent_at <= self.probed_at:
            return
        self.window, self.slow_start, self.probed_at = 1.0, False, now
        self.probes += 1
        self.pause(back_off(self.probes), now)
        if self.probes >= PROBES or (self.probes > 1 and now - self.answered_at > PATIENCE):
            self.stop(f"nothing gets through in {self.failures} tries, the last ones one at a time; the last: {outcome.problem}")

    def pause(self, seconds: float, now: float) -> None:
        """Send nothing for a while."""
        self.paused_until = max(self.paused_until, now + seconds)

    def stop(self, problem: str) -> None:
        """Give no more permits: all who wait, and all who come, get a UserError with this text."""
        self.stopped = problem
        self.changed.set()
