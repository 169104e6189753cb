"""Visits every wanted job once a run: all hosts side by side, a few requests at a time for each.

A visit takes the body from the store if it is there and fresh, else from the server; reads it; stores it; and wants the links in it: a
listing leads to shortcuts and further listings, a RoutineHub page to its latest version, a version to a share link, and a share link to a
shortcut, which is passed to `keep`. All of this runs in one thread, so no locks are needed.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from common import cli
from common.crawl import answers, client
from common.crawl.client import Client, Response
from common.crawl.jobs import BAD, DISALLOWED, GONE, OK, OPTED_OUT, TRANSIENT, Bodies, Closed, Disallowed, Gone, Job, Jobs, Later
from common.crawl.links import DOWNLOAD, ICLOUD, LISTING, PAGE, RECORD, VERSION, Link, OptOut, find_link, hub_link
from common.http import without_query
from common.jsonl import Record, UserError
from common.scrub import IN_MARKUP, scrub_shortcut, scrub_text
from shortcuts import plist
from shortcuts.plist import archive

CONCURRENCY = 2  # requests in flight to one host
TICK = 0.25  # seconds after which the loop looks for new work and interrupts
ASSET_GONE = frozenset({403, 404, 410})  # the statuses of an expired URL
MAX_SCRUBBED = 8 << 20  # bytes, which take some ten seconds; the largest shortcut seen has 0.4 MB
TEXTS = ("name", "description")  # the facts of a gallery that are scrubbed; authors keep their names, to be credited

Found = Iterable[tuple[Link, Record]]


@dataclass(frozen=True)
class Options:
    """Options of a crawl. Answers that may change (all but share links) are fresh if they came after `since`, in seconds since 1970."""

    scrub: bool = True
    since: float = 0.0
    pages: bool = False
    opt_out: OptOut = OptOut()


class Crawler:
    """One crawl. `keep(key, stored record, source, facts)` is called for every shortcut that is not in the output yet."""

    def __init__(self, run: cli.Run, jobs: Jobs, bodies: Bodies, client: Client, options: Options,
                 keep: Callable[[str, answers.Stored, Record, Record], None]) -> None:
        self.run, self.jobs, self.bodies, self.client, self.options, self.keep = run, jobs, bodies, client, options, keep
        self.running: dict[str, set[str]] = {}  # URLs by host
        self.counts: Counter[str] = Counter()

    # -----------------------------------------------------------------------------------------------------------------------------
    # wanting

    def want(self, link: Link, about: Record, after: str = "") -> None:
        """Visit a link in this run, unless it is done, of another shard, or opted out. `after`: the kind of the job that led to it."""
        if not self._is_due(link, after):
            return
        if self.options.opt_out.covers(link.key, about.get("author")):
            self.run.reject(link.key, cli.Reject(OPTED_OUT, without_query(link.url)))
            return
        if self.options.pages and link.kind == VERSION and after != PAGE:
            link = hub_link(link.key.removeprefix("routinehub-"), PAGE)
        self.jobs.want(link, self.clean(about))

    def _is_due(self, link: Link, after: str) -> bool:
        """True if this shard is to visit a link. Every shard reads all listings, and takes its part of what they list and what follows."""
        if link.kind == LISTING:
            return True
        if after in {"", LISTING}:
            return self.run.is_due(link.key)
        self.run.skipped += link.key in self.run.done
        return link.key not in self.run.done

    def clean(self, about: Record) -> Record:
        """The facts of a gallery as they may be stored."""
        known = {field: value for field, value in about.items() if value is not None}
        if self.options.scrub:
            known |= {field: scrub_text(known[field]) for field in TEXTS if isinstance(known.get(field), str)}
        return known

    # -----------------------------------------------------------------------------------------------------------------------------
    # the loop

    async def crawl(self) -> None:
        """Visit until nothing is left to do in this run, or it is interrupted: then what is in flight is finished."""
        async with self.client.http:
            await self._visit_all()

    async def _visit_all(self) -> None:
        tasks: set[asyncio.Task[None]] = set()
        while True:
            if self.run.interrupted:
                self.client.draining.set()
            else:
                tasks |= self.start()
            if not tasks and (self.run.interrupted or not self.is_something_left()):
                return
            done, tasks = await asyncio.wait(tasks, timeout=TICK, return_when=asyncio.FIRST_COMPLETED) if tasks else (set(), tasks)
            if not done and not tasks:
                await asyncio.sleep(min(TICK, client.BACKOFF))
            for task in done:
                task.result()

    def start(self) -> set[asyncio.Task[None]]:
        """Start visits, at most CONCURRENCY per host."""
        started = set()
        for host in self.jobs.hosts_due():
            running = self.running.setdefault(host, set())
            while len(running) < CONCURRENCY and not self.client.host(host).closed:
                job = self.jobs.next_due(host, running)
                if job is None:
                    break
                running.add(job.url)
                started.add(asyncio.create_task(self.visit(job)))
        return started

    def is_something_left(self) -> bool:
        """True if a job of an open host will be due soon."""
        times = [self.jobs.next_at(host) for host in self.jobs.hosts_due() if not self.client.host(host).closed]
        return any(at is not None and at <= time.time() + client.LONGEST_WAIT for at in times)

    # -----------------------------------------------------------------------------------------------------------------------------
    # a visit

    async def visit(self, job: Job) -> None:
        """Visit one job and note the result."""
        try:
            await self._visit(job)
        except Gone as error:
            self.run.read += job.kind != RECORD
            self.jobs.done(job, GONE, str(error), checked_at=time.time())
            self.run.reject(job.key, cli.Reject(GONE, self.clean_error(error)))
            self._over(job, GONE)
        except Later as error:
            self._put_off(job, error)
        except Disallowed as error:
            self.jobs.done(job, DISALLOWED, str(error))
            self._over(job, DISALLOWED)
        except Closed:
            if not (self.client.host(job.host).closed or self.client.draining.is_set()):  # another host that it needs
                self._put_off(job, Later("the host of its file is left alone for now"))
        except cli.Reject as reject:
            self._rejected(job, reject, BAD)
        except (UserError, sqlite3.Error, OSError):  # the disk's fault, not the job's
            raise
        except Exception as error:
            try:
                with cli.one_record():
                    raise error
            except cli.Reject as reject:
                self._rejected(job, reject, TRANSIENT)  # a later version of this program may read it
        finally:
            self.running[job.host].discard(job.url)

    def _rejected(self, job: Job, reject: cli.Reject, state: str) -> None:
        self.run.read += job.kind != RECORD  # what is rejected has been read
        self.jobs.done(job, state, f"{reject.reason}: {self.clean_error(reject.detail)}", checked_at=time.time())
        self.run.reject(job.key, cli.Reject(reject.reason, self.clean_error(f"{without_query(job.url)}: {reject.detail}")))
        self._over(job, state)

    def _put_off(self, job: Job, error: Later) -> None:
        problem = self.clean_error(error)
        wait = None if error.wait is None else max(error.wait, client.BACKOFF * 2**job.tries)
        if not self.jobs.put_off(job, problem, wait):
            cli.say(f"{without_query(job.url)}: {problem}")
            self._over(job, TRANSIENT)

    def _over(self, job: Job, state: str) -> None:
        self.run.read += job.kind == RECORD
        self.counts[state] += 1
        if self.run.bar is not None:
            self.run.bar.update()
            self.run.bar.set_postfix(self.counts, refresh=False)

    def clean_error(self, error: object) -> str:
        """An error's text without private data that a server may have put into it, at most 300 characters."""
        return scrub_text(str(error))[:300]

    async def _visit(self, job: Job) -> None:
        if job.state == BAD and job.error:  # with --overwrite it is rejected again, without a request
            reason, _, detail = job.error.partition(": ")
            raise cli.Reject(reason, detail)
        if job.state == GONE:
            raise Gone(job.error or "")
        columns: dict[str, Any] = {}
        body = self.bodies.read(job.sha256)
        if body is None or not (job.kind == RECORD or job.state == OK and job.checked_at >= self.options.since):
            body, columns = await self._fetch(job, body)
        found = self._read(job, body)
        if columns:
            columns["sha256"] = self.bodies.write(body)
        for link, about in found:
            self.want(link, about, after=job.kind)
        self.jobs.done(job, OK, tries=0, next_at=0, **columns)
        if job.kind == RECORD:
            self._keep(job, body)
        self._over(job, OK)

    async def _fetch(self, job: Job, stored: bytes | None) -> tuple[bytes, dict[str, Any]]:
        """The body as it is to be stored, and the columns of its job."""
        if job.kind == RECORD:
            return await self._fetch_record(job), {"checked_at": time.time()}
        validators = {"etag": job.etag, "last_modified": job.last_modified} if stored is not None else {}
        response = await self.client.get(job.url, html=job.kind in {PAGE, LISTING}, **validators)
        columns = {"checked_at": time.time(), "etag": response.etag, "last_modified": response.last_modified}
        if response.body is None:
            return stored or b"", columns
        if response.location is not None:
            return without_query(response.location).encode(), columns
        body = answers.TOKEN.sub(rb"\1", response.body)
        if self.options.scrub:
            body = scrub_text(body.decode("utf-8", "replace"), IN_MARKUP).encode()
        return body, columns

    async def _fetch_record(self, job: Job) -> bytes:
        response = await self.client.get(job.url)
        kept, asset = answers.parse_record(self._body_of(response))
        if urlsplit(asset.url).scheme != urlsplit(self.client.places.get(job.host, ICLOUD)).scheme:
            raise Later("the record's file is not at an https URL")
        try:
            raw = self._body_of(await self.client.get(asset.url, patient=True, absent=ASSET_GONE))
        except Gone as error:  # the URL has expired, and the record will give a new one
            raise Later(f"its file: {error}", 0) from None
        if isinstance(asset.size, int) and len(raw) != asset.size:
            raise Later(f"its file has {len(raw):,} bytes; {asset.size:,} were announced")
        try:
            data, counts = raw, None
            shortcut = plist.read_shortcut(raw)
            if self.options.scrub and len(archive.unpacked(raw)) > MAX_SCRUBBED:
                raise cli.Reject("too_large", f"more than {MAX_SCRUBBED:,} bytes, to be scrubbed")
            if self.options.scrub:
                shortcut, counts = scrub_shortcut(shortcut)
                data = orjson.dumps(plist.to_json(shortcut))
        except plist.PlistError as error:
            raise cli.Reject(error.code, error.detail) from None
        for field in kept["fields"].values():
            if self.options.scrub and isinstance(field["value"], str):
                field["value"] = scrub_text(field["value"])
        return answers.pack(kept, raw, data, counts)

    def _body_of(self, response: Response) -> bytes:
        if response.body is None or response.location is not None:
            raise Later(f"redirects to {urlsplit(response.location or '').netloc}")
        return response.body

    def _read(self, job: Job, body: bytes) -> Found:
        """The links in a body, with facts. Raises Gone, Later or cli.Reject for a body that is not of its kind."""
        if job.kind == RECORD:
            return []
        if job.kind == LISTING:
            shortcuts, pages = answers.parse_listing(body, job.url)
            return [*((link, {**about, **job.about}) for link, about in shortcuts), *((page, job.about) for page in pages)]
        if job.kind == PAGE:
            about = answers.parse_page(body, job.url)
            known = {field: value for field, value in about.items() if value is not None}
            return [(hub_link(job.key.removeprefix("routinehub-")), {**job.about, **known})]
        if job.kind == VERSION:
            target, about = answers.parse_version(body)
            about["page"] = hub_link(job.key.removeprefix("routinehub-"), PAGE).url
        else:
            target, about = body.decode("utf-8", "replace"), {}
        link = find_link(target)
        if link is None or link.kind not in {RECORD, DOWNLOAD} or link.url == job.url:
            raise cli.Reject("bad_link", f"it leads to {without_query(target)!r}, which is no iCloud share link")
        return [(link, {**about, **job.about})]

    def _keep(self, job: Job, body: bytes) -> None:
        record = job.key.removeprefix("icloud-")
        about = job.about
        source = {"site": about.get("site") or "icloud", "url": f"{ICLOUD}/shortcuts/{record}", "record": record,
                  "author": about.get("author"), "licence": about.get("licence"), "file": None, "page": about.get("page")}
        self.keep(job.key, answers.unpack(body), source, about)
        self.run.done.add(job.key)
