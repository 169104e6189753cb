"""The pace of requests, in virtual time: python -m pytest tests/test_llm_limiter.py"""

from __future__ import annotations

import asyncio
import random
from types import SimpleNamespace

import pytest

from common.jsonl import UserError
from common.llm import limiter
from common.llm.connection import Outcome, RequestStatus
from common.llm.limiter import AdaptiveLimiter
from tests.virtual_time import VirtualLoop


class Server:
    """Lets `rate` requests a second through, saves up to `burst`, answers them after `latency` seconds and the others at once with 429."""

    def __init__(self, loop: VirtualLoop, rate: float = 1e9, burst: float = 1e9, latency: float = 0.2, retry_after: str = "", headers: bool = False,
                 noise: dict[RequestStatus, float] | None = None, most: int = 10**9, dead: tuple[float, float] = (0.0, 0.0)) -> None:
        self.loop, self.rate, self.burst, self.latency, self.retry_after, self.headers = loop, rate, burst, latency, retry_after, headers
        self.noise, self.most, self.dead, self.draw = noise or {}, most, dead, random.Random(1)
        self.tokens, self.at, self.sends, self.flying, self.peak = burst, loop.time(), 0, 0, 0
        self.times: list[float] = []

    async def ask(self) -> Outcome:
        now = self.loop.time()
        self.sends, self.flying = self.sends + 1, self.flying + 1
        self.peak = max(self.peak, self.flying)
        self.times.append(now)
        self.tokens, self.at = min(self.burst, self.tokens + (now - self.at) * self.rate), now
        try:
            return await self._answer(now)
        finally:
            self.flying -= 1

    async def _answer(self, now: float) -> Outcome:
        if self.dead[0] <= now - 1000.0 < self.dead[1]:
            return Outcome(RequestStatus.OVERLOADED, problem="503: down")
        if self.tokens < 1:
            await asyncio.sleep(0.005)
            return Outcome(RequestStatus.THROTTLED, headers={"retry-after": self.retry_after} if self.retry_after else {}, problem="429: slow down")
        self.tokens -= 1
        left = int(self.tokens)
        status = next((status for status, share in self.noise.items() if self.draw.random() < share), RequestStatus.ANSWERED)
        if self.flying > self.most:
            status = RequestStatus.OVERLOADED
        await asyncio.sleep(self.latency)
        told = {"x-ratelimit-limit-requests": f"{self.burst:g}", "x-ratelimit-remaining-requests": str(left),
                "x-ratelimit-reset-requests": f"{(self.burst - left) / self.rate:.3f}s"}
        return Outcome(status, headers=told if self.headers else {})


def storm(monkeypatch: pytest.MonkeyPatch, requests: int, in_flight: int, **server: object) -> SimpleNamespace:
    """Ask that many questions, each until it is answered; what it took."""
    loop = VirtualLoop()
    monkeypatch.setattr(limiter, "time", SimpleNamespace(monotonic=loop.time))
    random.seed(1)
    paced, stub, left, started = AdaptiveLimiter(in_flight), Server(loop, **server), list(range(requests)), loop.time()

    async def worker() -> None:
        while left:
            left.pop()
            status = None
            while status is not RequestStatus.ANSWERED:
                permit = await paced.acquire()
                outcome = await stub.ask()
                paced.release(permit, outcome)
                if (status := outcome.status) not in (RequestStatus.ANSWERED, RequestStatus.THROTTLED):
                    await asyncio.sleep(0.5)

    async def everyone() -> None:
        await asyncio.gather(*(worker() for _ in range(in_flight)))

    try:
        loop.run_until_complete(everyone())
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
    return SimpleNamespace(seconds=loop.time() - started, wasted=1 - requests / stub.sends, limiter=paced, server=stub)


@pytest.mark.ci
@pytest.mark.parametrize("retry_after", ["", "1"], ids=["silent", "retry-after"])
@pytest.mark.parametrize("burst", [5, *(pytest.param(burst, marks=pytest.mark.ci) for burst in (1, 50, 500))])
@pytest.mark.parametrize("latency", [pytest.param(0.05, marks=pytest.mark.slow), 0.2, pytest.param(1.0, marks=pytest.mark.slow)])
def test_a_limit_that_nobody_told_is_found(monkeypatch: pytest.MonkeyPatch, retry_after: str, burst: int, latency: float) -> None:
    result = storm(monkeypatch, 5000, 256, rate=50, burst=burst, latency=latency, retry_after=retry_after)
    assert result.wasted <= (0.1 if burst < 500 else 0.12) and result.seconds <= 1.32 * 5000 / 50  # 500 at once look like a higher limit


def test_a_limit_in_the_headers_is_kept_without_a_single_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    result = storm(monkeypatch, 2000, 256, rate=50, burst=100, latency=0.5, headers=True)
    assert result.wasted < 0.01 and result.seconds <= 1.1 * 2000 / 50


def test_random_refusals_and_overloads_do_not_slow_it_down(monkeypatch: pytest.MonkeyPatch) -> None:
    for noise in (RequestStatus.THROTTLED, RequestStatus.OVERLOADED, RequestStatus.FAILED):
        result = storm(monkeypatch, 4000, 256, latency=1.0, noise={noise: 0.02})
        assert result.seconds <= 1.6 * 4000 / 256 + 5, noise


@pytest.mark.parametrize(("share", "most"), [(0.3, 700), (0.5, 1000)])
def test_refusals_that_do_not_depend_on_the_rate_leave_it_one_request_in_each_retry_after(monkeypatch, share: float, most: float) -> None:
    """The rate halved with each of them, and below a request a second nothing that passed was measured: 200 answers took an hour."""
    answer = Server._answer

    async def refusing(self: Server, now: float) -> Outcome:
        if self.draw.random() < share:
            return Outcome(RequestStatus.THROTTLED, headers={"retry-after": "1"}, problem="429: not now")
        return await answer(self, now)

    monkeypatch.setattr(Server, "_answer", refusing)
    assert storm(monkeypatch, 200, 32, latency=0.2).seconds < most


def test_it_ramps_up_by_doubling_and_keeps_to_the_ceiling(monkeypatch: pytest.MonkeyPatch) -> None:
    result = storm(monkeypatch, 10_000, 1000, latency=1.0)
    assert result.server.peak == 1000 and result.seconds <= 10 + 7
    first = result.server.times[0]
    assert [sum(second <= at - first < second + 1 for at in result.server.times) for second in range(4)] == [16, 32, 64, 128]


def test_a_server_that_bears_forty_at_once_is_not_given_many_more(monkeypatch: pytest.MonkeyPatch) -> None:
    result = storm(monkeypatch, 4000, 256, latency=1.0, most=40)
    assert result.wasted < 0.25 and result.seconds < 1.6 * 4000 / 40


def test_a_pause_of_the_server_is_survived_one_at_a_time_and_speed_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    result = storm(monkeypatch, 5000, 100, latency=1.0, dead=(20.0, 40.0))
    during = [at for at in result.server.times if 1021 < at < 1040]
    assert len(during) < 20 and result.seconds < 50 + 20 + 40


def test_a_dead_server_ends_the_run_within_minutes_and_few_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="nothing gets through.*503: down"):
        storm(monkeypatch, 5000, 100, latency=1.0, dead=(0.0, 1e9))


@pytest.mark.parametrize("retry_after", ["", "30"])
def test_a_server_that_only_refuses_ends_the_run(monkeypatch: pytest.MonkeyPatch, retry_after: str) -> None:
    with pytest.raises(UserError, match="nothing gets through.*429"):
        storm(monkeypatch, 10, 1, rate=1e-9, burst=0.5, retry_after=retry_after)


def test_one_cut_for_one_round_trip_of_overloads(monkeypatch: pytest.MonkeyPatch) -> None:
    paced = AdaptiveLimiter(64)

    async def work() -> list[float]:
        paced.window, paced.slow_start = 64.0, False
        permits = [await paced.acquire() for _ in range(64)]
        for permit in permits[:32]:
            paced.release(permit, Outcome(RequestStatus.OVERLOADED))
        return [paced.window]

    assert asyncio.run(work()) == [pytest.approx(64 * limiter.WINDOW_CUT)]


def test_who_gives_up_at_the_gate_leaves_no_place_taken() -> None:
    paced = AdaptiveLimiter(1)

    async def work() -> int:
        first = await paced.acquire()
        waiting = [asyncio.ensure_future(paced.acquire()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        paced.release(first, Outcome(RequestStatus.ANSWERED))
        waiting[1].cancel()  # it had just been let in
        await asyncio.sleep(0)
        paced.release(await waiting[2], Outcome(RequestStatus.ANSWERED))
        return paced.in_flight

    assert asyncio.run(work()) == 0


@pytest.mark.parametrize(("text", "seconds"), [("1s", 1), ("6m0s", 360), ("250ms", 0.25), ("1h2m3.5s", 3723.5), ("12", 12), ("1.5", 1.5), ("soon", None), ("", None), ("5x", None)])
def test_resets_are_durations_as_servers_write_them(text: str, seconds: float | None) -> None:
    assert limiter.duration(text) == seconds


def test_requests_go_as_fast_as_the_bucket_of_tokens_fills_when_little_is_left() -> None:
    paced = AdaptiveLimiter(64)

    def answer(left: int) -> Outcome:
        return Outcome(RequestStatus.ANSWERED, headers={"x-ratelimit-limit-tokens": "10000", "x-ratelimit-remaining-tokens": str(left), "x-ratelimit-reset-tokens": "5s"})

    async def work() -> list[float]:
        permits = [await paced.acquire(1000) for _ in range(4)]
        paced.release(permits[0], answer(9000))
        rates = [paced.base_rate]
        paced.release(permits[1], answer(3000))
        return [*rates, paced.base_rate]

    assert asyncio.run(work()) == [float("inf"), pytest.approx(7000 / 5 / 1000)]
