"""A polite HTTP client: hosts are asked one request after the other at their rate, within robots.txt, and not where they refuse us.

A host has a token bucket of one token, and jitter, so that requests come neither in bursts nor in a rhythm. Hosts do not wait for each
other. What an answer without a usable body means for the job is said by an exception of jobs.py.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import random
import time
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpx
from protego import Protego

from common import cli
from common.crawl.jobs import Closed, Disallowed, Gone, Jobs, Later
from common.crawl.links import absolute
from common.crawl.network import PrivateAddress, open_client, read_bounded
from common.http import retry_after
from shortcuts import plist

AGENT = "WorkflowLLM-scrape"
RATES = {"routinehub.co": 0.5, "www.icloud.com": 2.0}  # requests a second; RoutineHub is small, and its limit is said to be 20 a minute
RATE = 2.0  # of any other host
JITTER = 0.2  # of an interval
BACKOFF = 1.0  # seconds before the second try; doubled each time
LONGEST_WAIT = 60.0  # seconds; a host that asks for more is left alone until a run after that time
LONGEST_REST = 30 * 86400.0  # seconds: a longer Retry-After is a mistake
TIMEOUT = 30.0  # seconds to connect, and without a byte
DEADLINE = 300.0  # seconds for one body: 64 MiB at 0.2 MB/s
RETRIED = {408, 425, 429, 500, 502, 503, 504}
REDIRECTED = {301, 302, 303, 307, 308}
REFUSED = {401, 403}
HOPS = 5
FAILURES = 5  # refusals and silences in a row after which a host is left alone: it does not want us, or it is down
ROBOTS_AGE = 86400.0  # seconds that a robots.txt holds (RFC 9309, 2.4)
ROBOTS_TRIES = 3
ROBOTS_BYTES = 512_000  # RFC 9309, 2.5: at least 500 KiB are read
NEXT = "collect the links in a browser or from a published list and give them with --links; do not try to get around it"


@dataclass
class Response:
    """A body, or None if it has not changed; `location` is the target of a redirect to another site."""

    body: bytes | None
    etag: str | None = None
    last_modified: str | None = None
    location: str | None = None


class Host:
    """The turns of one host, and its answers so far."""

    def __init__(self, name: str, rate: float) -> None:
        self.name, self.interval = name, 1 / rate
        self.next_turn = self.paused = 0.0  # on the monotonic clock
        self.failures = self.limited = self.requests = 0
        self.closed = ""  # the reason, once it is
        self.rules: Protego | None = None
        self.reading_rules = asyncio.Lock()

    async def turn(self, draining: asyncio.Event) -> None:
        """Wait for a turn; raises Closed if the host is closed or the run is drained meanwhile."""
        while not (self.closed or draining.is_set()):
            now = time.monotonic()
            start = max(now, self.next_turn, self.paused)
            self.next_turn = start + self.interval
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(draining.wait(), start - now + random.uniform(0, JITTER) * self.interval)
            if time.monotonic() >= self.paused and not (self.closed or draining.is_set()):
                return
        raise Closed(self.closed)

    def failed(self, how: str, advice: str, status: str = "") -> None:
        """Count a refusal or a silence; raises Closed after too many in a row."""
        self.failures += 1
        if self.failures >= FAILURES:
            raise self.close(f"{how} {self.failures} requests in a row{status}: it is no longer asked; {advice}")

    def close(self, why: str) -> Closed:
        """Leave this host alone from now on, with one message; returns the exception to raise."""
        if not self.closed:
            cli.say(f"{self.name} {why}")
        self.closed = why
        return Closed(why)


class Client:
    """Fetches URLs. `rates` and `places` are by host; a place is a base URL that is asked instead of https://<host>.

    `share` is the number of such clients that run at once, each with its part of the rate.
    """

    def __init__(self, contact: str, jobs: Jobs, rates: dict[str, float], places: dict[str, str], share: int = 1) -> None:
        self.jobs, self.rates, self.share = jobs, rates, share
        self.places = {host: base.rstrip("/") for host, base in places.items()}
        self.hosts: dict[str, Host] = {}
        self.draining = asyncio.Event()
        headers = {"User-Agent": f"{AGENT}/1.0 ({contact})", "Accept-Encoding": "gzip"}
        self.http = open_client({urlsplit(base).hostname or "" for base in places.values()}, headers, TIMEOUT)

    def host(self, name: str) -> Host:
        """The host of a name; one that asked for a long rest is closed until then."""
        if name not in self.hosts:
            host = self.hosts[name] = Host(name, self.rates.get(name, self.rates.get("", RATES.get(name, RATE))) / self.share)
            wait = self.jobs.host(name)[0] - time.time()
            host.paused = time.monotonic() + wait
            if wait > LONGEST_WAIT:
                host.close(f"asked us to wait until {time.ctime(time.time() + wait)}: no request is sent before")
        return self.hosts[name]

    async def get(self, url: str, html: bool = False, etag: str | None = None, last_modified: str | None = None,
                  patient: bool = False, absent: frozenset[int] = frozenset({404, 410})) -> Response:
        """Fetch a URL, within limits of size and time; redirects are followed within a site.

        `html`: a web page is expected, not a refusal. `patient`: wait for the turn even when the run is drained. Statuses of `absent` mean
        that there is nothing. Raises Gone, Later, Closed, Disallowed, or cli.Reject (too_large).
        """
        place = urlsplit(url)
        host = self.host(place.netloc)
        url = self.places.get(place.netloc, f"{place.scheme}://{place.netloc}") + url.split(place.netloc, 1)[1]
        headers = {name: value for name, value in (("If-None-Match", etag), ("If-Modified-Since", last_modified)) if value}
        for _ in range(HOPS):
            await self._obey_robots(host, url)
            await host.turn(asyncio.Event() if patient else self.draining)
            response, body = await self._exchange(host, url, headers)
            if response.status_code == 304:
                host.failures = 0
                return Response(None, response.headers.get("ETag") or etag, response.headers.get("Last-Modified") or last_modified)
            if response.status_code not in REDIRECTED or "Location" not in response.headers:
                self._check(host, response, html, absent)
                if len(body) > plist.MAX_BYTES:
                    raise cli.Reject("too_large", f"more than {plist.MAX_BYTES:,} bytes")
                return Response(body, response.headers.get("ETag"), response.headers.get("Last-Modified"))
            target = redirected(url, response)
            if urlsplit(target).netloc != urlsplit(url).netloc or urlsplit(target).scheme not in {urlsplit(url).scheme, "https"}:
                return Response(b"", location=target)
            url = target
        raise Later(f"more than {HOPS} redirects")

    async def _exchange(self, host: Host, url: str, headers: dict[str, str], most: int = plist.MAX_BYTES) -> tuple[httpx.Response, bytes]:
        """Send one request; returns the response and at most `most` bytes and one of its body."""
        async def exchange() -> tuple[httpx.Response, bytes]:
            async with self.http.stream("GET", url, headers=headers) as response:
                return response, await read_bounded(response, most)

        host.requests += 1
        try:
            return await asyncio.wait_for(exchange(), DEADLINE)
        except PrivateAddress as error:
            raise Later(str(error)) from None
        except (TimeoutError, httpx.TransportError, httpx.DecodingError) as error:
            host.failed("has not answered", "the same command goes on when it is back")
            raise Later(f"{type(error).__name__}: {error}", 0) from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise Later(f"a URL that cannot be asked for ({type(error).__name__})") from None

    def _check(self, host: Host, response: httpx.Response, html: bool, absent: frozenset[int]) -> None:
        """Return if the response is a good one; raise what it means otherwise."""
        status, page = response.status_code, response.headers.get("Content-Type", "").startswith("text/html")
        refused = status not in absent and (status in REFUSED or (status == 200 and page and not html))
        if not refused:
            host.failures = 0
        if status in absent:
            raise Gone(f"{host.name} answers {status}")
        if refused:
            said = f" (status {status}{', a web page' if page else ''})"
            host.failed("refused", NEXT, said)
            raise Later(f"{host.name} refuses{said}")
        if status == 429 or (status == 503 and "Retry-After" in response.headers):
            raise self._pause(host, status, retry_after(response.headers, LONGEST_REST) or 0.0)
        host.limited = 0
        if status != 200:
            raise Later(f"status {status}", 0 if status in RETRIED else None)

    def _pause(self, host: Host, status: int, asked: float) -> Exception:
        """Ask a host nothing for as long as it says, or else ever longer; returns the exception to raise."""
        host.limited += 1
        wait = asked or min(BACKOFF * 2 ** (host.limited - 1), LONGEST_WAIT)
        host.paused = max(host.paused, time.monotonic() + wait)
        if wait <= LONGEST_WAIT:
            return Later(f"status {status}", wait)
        self.jobs.remember_host(host.name, not_before=time.time() + wait)
        return host.close(f"asks us to wait {wait:,.0f} s (status {status}): it is no longer asked; run the same command after that")

    # -----------------------------------------------------------------------------------------------------------------------------
    # robots.txt (RFC 9309)

    async def _obey_robots(self, host: Host, url: str) -> None:
        async with host.reading_rules:  # the first job of a host reads them, the others wait
            if host.rules is None:
                rules = Protego.parse(await self._robots_of(host, urljoin(url, "/robots.txt")))
                delay = max(0.0, rules.crawl_delay(AGENT) or 0.0)
                if delay > LONGEST_WAIT:
                    raise host.close(f"wants {delay:,.0f} s between requests (Crawl-delay in its robots.txt), and we wait "
                                     f"{LONGEST_WAIT:,.0f} s at most: it is not crawled; {NEXT}")
                host.interval = max(host.interval, delay * self.share)
                host.rules = rules
        if not host.rules.can_fetch(url, AGENT):
            raise Disallowed(f"robots.txt of {host.name} does not allow {urlsplit(url).path}")

    async def _robots_of(self, host: Host, url: str) -> str:
        """The text of a host's robots.txt, for a day from the job table. If it cannot be had, what it allows is unknown: raises Closed."""
        _, text, read_at = self.jobs.host(host.name)
        if text is not None and time.time() - read_at < ROBOTS_AGE:
            return text
        problem: Later | None = None
        for _ in range(ROBOTS_TRIES):
            try:
                text = await self._fetch_robots(host, url)
                self.jobs.remember_host(host.name, robots=text)
                return text
            except Later as error:
                problem = error
        raise host.close(f"does not give its robots.txt ({problem}): nothing is fetched without; run the same command later")

    async def _fetch_robots(self, host: Host, url: str) -> str:
        for _ in range(HOPS):
            await host.turn(self.draining)
            response, body = await self._exchange(host, url, {}, ROBOTS_BYTES)
            status = response.status_code
            if status in REDIRECTED and "Location" in response.headers:
                url = redirected(url, response)
                continue
            if 400 <= status < 500 and status not in RETRIED:
                return ""  # there is none: all is allowed
            self._check(host, response, html=True, absent=frozenset())
            return robots_text(body[:ROBOTS_BYTES])
        return ""  # RFC 9309, 2.3.1.2: after more than five redirects there is none


def redirected(url: str, response: httpx.Response) -> str:
    """The target of a redirect; raises Later if it is no URL."""
    target = absolute(url, response.headers["Location"])
    if not urlsplit(target).netloc:
        raise Later("redirects to what is no URL")
    return target


def robots_text(body: bytes) -> str:
    """The text of a robots.txt, without a byte-order mark, with which Protego loses the first group."""
    marks = {codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
    encoding = next((encoding for mark, encoding in marks.items() if body.startswith(mark)), "utf-8")
    if encoding == "utf-8" and 0 in body[:2]:  # UTF-16 without a mark: one byte of an ASCII letter is zero
        encoding = "utf-16-be" if body[0] == 0 else "utf-16-le"
    return body.decode(encoding, "replace").lstrip("\ufeff")
