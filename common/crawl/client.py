"""HTTP with manners: one turn after the other for each host, robots.txt, bounded waiting, and an end where robots are not wanted.

A host has a bucket of one token, filled at its rate, plus jitter, so that we never hit it in a rhythm or in a burst. Hosts do not wait for
each other. What an answer means for the job stands in the exception: Gone, Later (with how long to wait, if this run should try again) or
Closed (this host is left alone for the rest of the run).
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import random
import time
import zlib
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx
from protego import Protego

from common import cli
from common.crawl.links import absolute
from common.crawl.network import PrivateAddress, PublicTransport, public_addresses, through_proxy
from common.http import retry_after
from shortcuts import plist

AGENT = "WorkflowLLM-scrape"
RATES = {"routinehub.co": 0.5, "www.icloud.com": 2.0}  # requests a second; RoutineHub is small, and 20 a minute have been called its limit
RATE = 2.0  # of any other host
JITTER = 0.2  # of an interval
BACKOFF = 1.0  # seconds before the second try; doubled each time
LONGEST_WAIT = 60.0  # seconds; a host that asks for more is left alone until the next run
LONGEST_REST = 30 * 86400.0  # seconds that such a host is left alone at most: it can hardly mean longer
TIMEOUT = 30.0  # seconds to connect, and without a byte
DEADLINE = 300.0  # seconds for one body: 64 MiB at 0.2 MB/s
RETRIED = {408, 425, 429, 500, 502, 503, 504}
REDIRECTED = {301, 302, 303, 307, 308}
HOPS = 5
REFUSALS = 5  # in a row; after these we are not wanted, and going on would be rude
SILENCES = 10  # in a row; after these the host is down
ROBOTS_AGE = 86400.0  # seconds that a robots.txt holds (RFC 9309, 2.4)
ROBOTS_TRIES = 3
ROBOTS_BYTES = 512_000  # RFC 9309, 2.5: at least 500 KiB are read
NEXT = "collect the links in a browser or from a published list and give them with --links; do not try to get around it"


class Gone(Exception):
    """It is not there (any more)."""


class Later(Exception):
    """It can't be had for now. `wait`: seconds until another try in this run is worth it (0: as long as the back-off says), or None."""

    def __init__(self, problem: str, wait: float | None = None) -> None:
        super().__init__(problem)
        self.wait = wait


class Closed(Exception):
    """The host is left alone for the rest of this run; nothing is wrong with the job."""


class Disallowed(Exception):
    """robots.txt does not want this URL fetched."""


@dataclass
class Answer:
    """A body, or None where it has not changed; `location` is where a redirect to another site points."""

    body: bytes | None
    etag: str | None = None
    last_modified: str | None = None
    location: str | None = None


class HostMemory(Protocol):
    """What is remembered of hosts from run to run (see jobs.py)."""

    def host(self, name: str) -> tuple[float, str | None, float]:
        """(not before, robots.txt, when it was read), in seconds since 1970."""

    def remember_host(self, name: str, not_before: float | None = None, robots: str | None = None) -> None:
        """Keep one of them."""


class Host:
    """The turns of one host, and how it has answered so far."""

    def __init__(self, name: str, rate: float) -> None:
        self.name, self.interval = name, 1 / rate
        self.next_turn = self.paused = 0.0  # on the monotonic clock
        self.refusals = self.silences = self.limited = self.requests = 0
        self.closed = ""  # why, once it is
        self.rules: Protego | None = None
        self.reading_rules = asyncio.Lock()

    async def turn(self, draining: asyncio.Event | None) -> None:
        """Wait for our turn; raises Closed if the host is closed or the run is drained meanwhile."""
        while True:
            now = time.monotonic()
            start = max(now, self.next_turn, self.paused)
            self.next_turn = start + self.interval
            delay = start - now + random.uniform(0, JITTER) * self.interval
            if draining is None:
                await asyncio.sleep(delay)
            else:
                try:
                    await asyncio.wait_for(draining.wait(), delay)
                except asyncio.TimeoutError:  # noqa: UP041  # before Python 3.11 it is not the built-in one
                    pass
            if self.closed or (draining is not None and draining.is_set()):
                raise Closed(self.closed)
            if time.monotonic() >= self.paused:
                return

    def close(self, why: str) -> Closed:
        """Leave this host alone from now on; says so once."""
        if not self.closed:
            cli.say(f"{self.name} {why}")
        self.closed = why
        return Closed(why)


class Client:
    """Asks for URLs. `rates` and `places` are by host; a place is a base URL that is asked instead of https://<host>."""

    def __init__(self, contact: str, memory: HostMemory, rates: dict[str, float], places: dict[str, str], share: int = 1) -> None:
        self.memory, self.rates, self.places = memory, rates, {host: base.rstrip("/") for host, base in places.items()}
        self.share = share  # how many such clients run at once, each with its part of the rate
        self.hosts: dict[str, Host] = {}
        self.draining = asyncio.Event()
        self.trusted = {urlsplit(base).hostname or "" for base in places.values()}
        self.proxied = through_proxy()
        headers = {"User-Agent": f"{AGENT}/1.0 ({contact})", "Accept-Encoding": "gzip"}
        limits = httpx.Limits(max_keepalive_connections=8)
        transport = None if self.proxied else PublicTransport(self.trusted, limits)
        self.http = httpx.AsyncClient(headers=headers, timeout=TIMEOUT, limits=limits, transport=transport)

    def host(self, name: str) -> Host:
        """The host of that name; one that asked us to stay away for long is closed until then."""
        if name not in self.hosts:
            host = self.hosts[name] = Host(name, self.rates.get(name, self.rates.get("", RATES.get(name, RATE))) / self.share)
            wait = self.memory.host(name)[0] - time.time()
            host.paused = time.monotonic() + wait
            if wait > LONGEST_WAIT:
                host.close(f"asked us to wait until {time.ctime(time.time() + wait)}: nothing is asked before")
        return self.hosts[name]

    async def get(self, url: str, html: bool = False, etag: str | None = None, last_modified: str | None = None,
                  patient: bool = False, absent: frozenset[int] = frozenset({404, 410})) -> Answer:
        """The body of a URL, within limits of size and time; redirects are followed within a site.

        `html`: a web page is what we want, not a sign that robots are not. `patient`: the turn is awaited even when the run is drained.
        Raises Gone (a status of `absent`), Later, Closed, Disallowed, or cli.Reject (too_large).
        """
        place = urlsplit(url)
        host = self.host(place.netloc)
        url = self.places.get(place.netloc, f"{place.scheme}://{place.netloc}") + url.split(place.netloc, 1)[1]
        headers = {name: value for name, value in (("If-None-Match", etag), ("If-Modified-Since", last_modified)) if value}
        for _ in range(HOPS):
            await self._obey(host, url)
            await host.turn(None if patient else self.draining)
            response, body = await self._exchange(host, url, headers)
            if response.status_code == 304:
                return Answer(None, response.headers.get("ETag") or etag, response.headers.get("Last-Modified") or last_modified)
            if response.status_code not in REDIRECTED or "Location" not in response.headers:
                self._judge(host, response, body, html, absent)
                if len(body) > plist.MAX_BYTES:
                    raise cli.Reject("too_large", f"more than {plist.MAX_BYTES:,} bytes")
                return Answer(body, response.headers.get("ETag"), response.headers.get("Last-Modified"))
            target = self._redirected(url, response)
            if urlsplit(target).netloc != urlsplit(url).netloc or urlsplit(target).scheme not in {urlsplit(url).scheme, "https"}:
                return Answer(b"", location=target)
            url = target
        raise Later(f"more than {HOPS} redirects")

    def _redirected(self, url: str, response: httpx.Response) -> str:
        target = absolute(url, response.headers["Location"])
        if not urlsplit(target).netloc:
            raise Later("redirects to what is no URL")
        return target

    async def _exchange(self, host: Host, url: str, headers: dict[str, str], most: int = plist.MAX_BYTES) -> tuple[httpx.Response, bytes]:
        """One request and its body, of which no more than one byte above `most` is read."""
        host.requests += 1
        try:
            answer = await asyncio.wait_for(self._read(url, headers, most), DEADLINE)
        except PrivateAddress as error:
            raise Later(str(error)) from None
        except (TimeoutError, httpx.TransportError, httpx.DecodingError) as error:
            host.silences += 1
            if host.silences >= SILENCES:
                raise host.close(f"has not answered {host.silences} requests in a row: stopped asking it; "
                                 "the same command goes on when it is back") from None
            raise Later(f"{type(error).__name__}: {error}", 0) from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise Later(f"a URL that can't be asked for ({type(error).__name__})") from None
        host.silences = 0
        return answer

    async def _read(self, url: str, headers: dict[str, str], most: int) -> tuple[httpx.Response, bytes]:
        """The answer of one request; the bound holds for what the body unpacks to, which may be a thousand times what comes."""
        place = httpx.URL(url)
        if self.proxied:
            with contextlib.suppress(httpcore.ConnectError):  # a name that only the proxy knows
                await public_addresses(place.host, place.port or 443, self.trusted)
        body, came = bytearray(), 0
        async with self.http.stream("GET", url, headers=headers) as response:
            packing = response.headers.get("Content-Encoding", "identity").strip().lower()
            if packing not in ("identity", "gzip", "x-gzip", ""):
                raise httpx.DecodingError(f"packed as {packing[:20]!r}, which was not asked for")
            unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16) if "gzip" in packing else None
            async for part in response.aiter_raw():
                came += len(part)
                body += _unpacked(unpacking, part, most + 1 - len(body)) if unpacking else part
                if len(body) > most:
                    break
                if came > most:
                    raise httpx.DecodingError("the packed answer has no end")
            else:
                if unpacking and came and not unpacking.eof:
                    raise httpx.DecodingError("the packed answer is cut short")
        return response, bytes(body)

    def _judge(self, host: Host, response: httpx.Response, body: bytes, html: bool, absent: frozenset[int]) -> None:
        """Return if the answer is a good one; raise what it means otherwise."""
        status = response.status_code
        page = response.headers.get("Content-Type", "").startswith("text/html")
        if is_challenge(response, body):
            raise host.close(f"shows a challenge page (status {status}): stopped asking it; {NEXT}")
        if status in absent:
            raise Gone(f"{host.name} answers {status}")
        if status in {401, 403} or (status == 200 and page and not html):
            host.refusals += 1
            if host.refusals >= REFUSALS:
                raise host.close(f"refused {host.refusals} requests in a row (status {status}): stopped asking it; {NEXT}")
            raise Later(f"{host.name} refuses (status {status}{', a web page' if page else ''})")
        host.refusals = 0
        if status == 429 or (status == 503 and "Retry-After" in response.headers):
            raise self._pause(host, status, retry_after(response.headers, LONGEST_REST) or 0.0)
        host.limited = 0
        if status != 200:
            raise Later(f"status {status}", 0 if status in RETRIED else None)

    def _pause(self, host: Host, status: int, asked: float) -> Exception:
        """Too fast for this host: nothing is asked for as long as it says, or else ever longer."""
        host.limited += 1
        wait = asked or min(BACKOFF * 2 ** (host.limited - 1), LONGEST_WAIT)
        host.paused = max(host.paused, time.monotonic() + wait)
        if wait <= LONGEST_WAIT:
            return Later(f"status {status}", wait)
        self.memory.remember_host(host.name, not_before=time.time() + wait)
        return host.close(f"asks us to wait {wait:,.0f} s (status {status}): stopped asking it; run the same command after that")

    # -----------------------------------------------------------------------------------------------------------------------------
    # robots.txt (RFC 9309)

    async def _obey(self, host: Host, url: str) -> None:
        async with host.reading_rules:  # the first job of a host reads them, the others wait
            if host.rules is None:
                rules = Protego.parse(await self._read_rules(host, url))
                host.interval = max(host.interval, self._delay(host, rules) * self.share)
                host.rules = rules
        if not host.rules.can_fetch(url, AGENT):
            raise Disallowed(f"robots.txt of {host.name} does not allow {urlsplit(url).path}")

    def _delay(self, host: Host, rules: Protego) -> float:
        """The seconds between requests that robots.txt asks for; raises Closed where they are more than a run can wait."""
        delay = rules.crawl_delay(AGENT) or 0.0
        if delay > LONGEST_WAIT:
            raise host.close(f"wants {delay:,.0f} s between requests (Crawl-delay in its robots.txt), and we wait {LONGEST_WAIT:,.0f} s at "
                             f"most: nothing is asked of it; {NEXT}")
        return delay if delay > 0 else 0.0

    async def _read_rules(self, host: Host, url: str) -> str:
        """The text of robots.txt, from memory for a day. One that can't be had closes the host: what it allows is not known then."""
        _, text, read_at = self.memory.host(host.name)
        if text is not None and time.time() - read_at < ROBOTS_AGE:
            return text
        problem: Later | None = None
        for _ in range(ROBOTS_TRIES):
            try:
                text = await self._ask_for_rules(host, urljoin(url, "/robots.txt"))
                self.memory.remember_host(host.name, robots=text)
                return text
            except Later as error:
                problem = error
        raise host.close(f"does not give its robots.txt ({problem}): nothing is asked without; run the same command later")

    async def _ask_for_rules(self, host: Host, url: str) -> str:
        for _ in range(HOPS):
            await host.turn(self.draining)
            response, body = await self._exchange(host, url, {}, ROBOTS_BYTES)
            status = response.status_code
            if status in REDIRECTED and "Location" in response.headers:
                url = self._redirected(url, response)
                continue
            if 400 <= status < 500 and status not in RETRIED and not is_challenge(response, body):
                return ""  # there is none: all is allowed
            self._judge(host, response, body, html=True, absent=frozenset())
            return robots_text(body[:ROBOTS_BYTES])
        return ""  # RFC 9309, 2.3.1.2: more than five redirects are none


def _unpacked(unpacking: zlib._Decompress, part: bytes, most: int) -> bytes:
    """What a part of a packed body unpacks to, `most` bytes of it at most; what follows the packed body is left out."""
    try:
        return b"" if unpacking.eof else unpacking.decompress(part, most)
    except zlib.error as error:
        raise httpx.DecodingError(str(error)) from None


def robots_text(body: bytes) -> str:
    """The text of a robots.txt: without its byte-order mark, for with it the first group is lost, and what that forbids."""
    marks = {codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
    encoding = next((encoding for mark, encoding in marks.items() if body.startswith(mark)), "utf-8")
    if encoding == "utf-8" and 0 in body[:2]:  # UTF-16 without a mark: of a letter of ASCII one byte is zero
        encoding = "utf-16-be" if body[0] == 0 else "utf-16-le"
    return body.decode(encoding, "replace").lstrip("\ufeff")


def is_challenge(response: httpx.Response, body: bytes) -> bool:
    """Whether an answer is a test for people: Cloudflare's header, or its waiting page."""
    page = response.headers.get("Content-Type", "").startswith("text/html")
    return "cf-mitigated" in response.headers or (page and b"Just a moment" in body[:4096])
