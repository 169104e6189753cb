"""How fast to ask a server that does not say: as many at once as it bears, as often as it lets through, and no more.

Two numbers are learned. The window is how many requests are in flight: it starts small and doubles each round trip, then grows by additive
increase and is cut by a factor when the server is overloaded (503, time-outs). The rate is how many are sent a second: unlimited until
429s come, then what was let through in the last second, a little less, and slowly more again. What the headers say goes before both.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from dataclasses import dataclass
from math import inf

from common.jsonl import UserError
from common.llm.connection import Fate, Outcome
from common.llm.limits import Quota, retry_after

START = 16  # in flight at first: few enough for any server, and 1,000 are reached in six round trips
STEPS = 32  # round trips in which the window grows from nothing to its ceiling after the ramp
CUT_WINDOW = 0.7  # less than halving: the window is not alone, the rate cuts too
CUT_RATE = 0.9  # of what was let through
RECOVERY = 30.0  # seconds in which the rate doubles: quadratic, so that most time is spent just below the limit (10 s to get back to it)
MEMORY = 64, 32  # replies over which the shares of 429s and of overloads are taken
BEARABLE = 0.08, 0.1  # such shares are noise of the server's, not a sign: each cut costs more than they do
PERIOD = 1.0  # seconds over which the rate that is let through is measured; half of it at least between two cuts
KEPT = 5.0  # seconds that sends are remembered for it: a 429 may take as long
RESOLUTION = 1e-4  # seconds: less is no wait
LATE = 0.05  # seconds by which a timer may be late: that much is caught up on, after a longer rest nothing
BACK_OFF = 0.5, 60.0  # seconds before the first retry, doubled each time; and the most
DEAD = 8  # failures in a row, with nothing in flight that could still be answered, after which requests go one at a time
PROBES = 7  # of those, with back-off some two minutes: longer than a hiccup of a server, shorter than a person's patience
PATIENCE = 600.0  # seconds without any answer after which two probes are enough: time-outs are slow


def back_off(attempt: int) -> float:
    """Seconds to wait after the attempt of that number, from 0; spread, or all would come back at once."""
    return random.uniform(0.5, 1.0) * min(BACK_OFF[1], BACK_OFF[0] * 2**attempt)


@dataclass(slots=True, eq=False)
class Ticket:
    """The right to send one request: when it was given, and where the quotas stood then."""

    at: float
    marks: tuple[float, ...]


class Share:
    """The share of replies of one kind, over about the last `memory`."""

    def __init__(self, memory: int, bearable: float) -> None:
        self.memory, self.bearable, self.value = memory, bearable, 0.0

    def add(self, is_one: bool) -> bool:
        """Whether there are too many, now that this one came."""
        self.value += (is_one - self.value) / self.memory
        return is_one and self.value > self.bearable


class Pace:
    """Gives out tickets in order of arrival; each comes back with what became of the request. `ceiling` is the most in flight."""

    def __init__(self, ceiling: int) -> None:
        self.ceiling, self.window, self.ramping = ceiling, float(min(START, ceiling)), True
        self.base, self.grows_from, self.recovery = inf, 0.0, RECOVERY  # requests a second after a cut, and how they grow
        self.sent_at = self.spell_from = 0.0  # the last send, and since when there have been sends without a longer rest
        self.rate_cut_at = self.window_cut_at = -inf
        self.quotas = Quota("requests"), Quota("tokens")
        self.paused_until = self.answered_at = 0.0
        self.sent = self.answered = self.in_flight = 0
        self.passed: deque[Ticket] = deque()  # sent lately, and not answered with 429
        self.failures, self.probes, self.probed_at, self.started = 0, 0, -inf, time.monotonic()
        self.too_many, self.overloaded = Share(MEMORY[0], BEARABLE[0]), Share(MEMORY[1], BEARABLE[1])
        self.waiting: deque[tuple[float, asyncio.Future[Ticket]]] = deque()
        self.timer: asyncio.TimerHandle | None = None
        self.stopped: str | None = None

    # -----------------------------------------------------------------------------------------------------------------------------
    # the gate

    async def enter(self, tokens: float = 0.0) -> Ticket:
        """Wait for a place for a request of so many tokens. Raises UserError once nothing gets through any more."""
        if self.stopped:
            raise UserError(self.stopped)
        future = asyncio.get_running_loop().create_future()
        self.waiting.append((tokens, future))
        self._admit()
        try:
            return await future
        except asyncio.CancelledError:
            self.in_flight -= future.done() and not future.cancelled()  # it was let in and goes at the same moment
            raise

    def _admit(self) -> None:
        """Let in who may; a timer comes back where only time stands in the way."""
        now = time.monotonic()
        while self.waiting and self.in_flight < int(self.window):
            tokens, future = self.waiting[0]
            wait = 0.0 if future.done() else self._wait(tokens, now)
            if wait > RESOLUTION:
                if self.timer is not None:
                    self.timer.cancel()
                self.timer = asyncio.get_running_loop().call_later(wait, self._admit)
                return
            self.waiting.popleft()
            if not future.done():
                future.set_result(self._ticket(tokens, now))

    def _wait(self, tokens: float, now: float) -> float:
        return max(self.paused_until - now, self.sent_at + 1 / self.rate(now) - now,
                   *(quota.wait(amount, now) for quota, amount in zip(self.quotas, (1.0, tokens))))

    def _ticket(self, tokens: float, now: float) -> Ticket:
        self.in_flight += 1
        self.sent += 1
        due = self.sent_at + 1 / self.rate(now)
        if now - due > max(PERIOD / 4, 2 / self.rate(now)):
            self.spell_from = now
        if now - due > LATE:
            self.grows_from += now - due  # a rate that is not used has not shown that it is borne
            due = now
        self.sent_at = due
        while self.passed and self.passed[0].at < now - KEPT:
            self.passed.popleft()
        self.passed.append(ticket := Ticket(now, tuple(quota.take(amount) for quota, amount in zip(self.quotas, (1.0, tokens)))))
        return ticket

    def rate(self, now: float) -> float:
        """Requests a second that may be sent."""
        return self.base * (1 + (max(0.0, now - self.grows_from) / self.recovery) ** 2) if self.base < inf else inf

    def pause(self, wait: float, now: float) -> None:
        """Send nothing for a while."""
        self.paused_until = max(self.paused_until, now + wait)

    def stop(self, problem: str) -> None:
        """Let nobody in any more: all who wait, or come, get a UserError with this text."""
        self.stopped = problem
        for _, future in self.waiting:
            if not future.done():
                future.set_exception(UserError(problem))
        self.waiting.clear()

    def reset(self) -> None:
        """Forget who waits: their event loop ends. What was learned stays."""
        self.waiting.clear()
        self.in_flight, self.timer = 0, None

    # -----------------------------------------------------------------------------------------------------------------------------
    # what became of a request

    def leave(self, ticket: Ticket, outcome: Outcome) -> None:
        """Give a ticket back."""
        now, full = time.monotonic(), self.in_flight >= int(self.window)
        self.in_flight -= 1
        for quota, mark in zip(self.quotas, ticket.marks):
            quota.read(outcome.headers, mark, now)
        if outcome.fate is Fate.THROTTLED and ticket in self.passed:
            self.passed.remove(ticket)
        wait = retry_after(outcome.headers) if outcome.fate in (Fate.THROTTLED, Fate.OVERLOADED) else None
        if (self.too_many.add(outcome.fate is Fate.THROTTLED) or wait) and ticket.at > self.rate_cut_at + PERIOD / 2:
            self._cut_rate(ticket, now)
        if wait is not None:
            self.pause(wait, now)
        if self.overloaded.add(outcome.fate is Fate.OVERLOADED) and ticket.at > self.window_cut_at:
            self.window, self.ramping, self.window_cut_at, self.overloaded.value = max(1.0, self.window * CUT_WINDOW), False, now, 0.0
        if outcome.fate in (Fate.ANSWERED, Fate.REFUSED):
            self._alive(full, now)
        elif outcome.fate is not Fate.UNKNOWN:
            self._failed(ticket, outcome, now)
        self._admit()

    def _alive(self, full: bool, now: float) -> None:
        self.answered, self.answered_at, self.failures = self.answered + 1, now, 0
        if self.probes:
            self.probes, self.ramping = 0, True
        if full:  # growing what is not used up would prove nothing
            self.window = min(float(self.ceiling), self.window + (1.0 if self.ramping else self.ceiling / STEPS / self.window))

    def _cut_rate(self, ticket: Ticket, now: float) -> None:
        """Take what was let through in the second before this ticket as the server's limit, and stay a little below."""
        rate, since = self.rate(now), max(ticket.at - PERIOD, self.rate_cut_at, self.spell_from)
        span = ticket.at - since
        if span < PERIOD / 4:  # too short to measure
            since, span = ticket.at - PERIOD, PERIOD
        measured = sum(since < sent.at <= ticket.at for sent in self.passed) / span
        self.base = CUT_RATE * min(rate, max(measured, rate / 4 if rate < inf else 1.0))
        self.recovery = RECOVERY if ticket.at - self.spell_from > PERIOD / 2 else RECOVERY / 10  # a guess is mended sooner
        self.rate_cut_at, self.grows_from, self.too_many.value = now, now, 0.0

    def _failed(self, ticket: Ticket, outcome: Outcome, now: float) -> None:
        """After many failures in a row requests go one at a time, further and further apart; in the end the run is stopped."""
        self.failures += 1
        if self.failures < DEAD + self.in_flight or ticket.at <= self.probed_at:
            return
        self.window, self.ramping, self.probed_at = 1.0, False, now
        self.probes += 1
        self.pause(back_off(self.probes), now)
        if self.probes >= PROBES or (self.probes > 1 and now - max(self.answered_at, self.started) > PATIENCE):
            self.stop(f"nothing gets through in {self.failures} tries, the last ones one at a time; the last: {outcome.problem}")
