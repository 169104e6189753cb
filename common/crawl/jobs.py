"""What is to be fetched, what was, and what came of it: one SQLite table of jobs, and the bodies in files named by their hash.

A job is a URL. A run *wants* jobs and *visits* each of them once; a visit that must be tried again later leaves its job due. So a run that
was killed is gone on with by wanting the same jobs again: what is `ok` has its body and costs no request.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from common.crawl.links import Link, merge
from common.jsonl import Record, UserError

NEW, OK, TRANSIENT, GONE, BAD, DISALLOWED, OPTED_OUT = "new", "ok", "transient", "gone", "bad", "disallowed", "opted_out"
TRIES = 5  # a run; with the back-off of client.py a server has about half a minute to recover
GONE_AGAIN = 7 * 86400.0  # seconds until a link that is gone is asked for again: sharing has been out for days, and came back
GONE_TRIES = 3  # the first time, and twice again

SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    url TEXT PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, host TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'new', tries INTEGER NOT NULL DEFAULT 0, error TEXT,
    next_at REAL NOT NULL DEFAULT 0, checked_at REAL NOT NULL DEFAULT 0,   -- seconds since 1970; checked: when the server last answered
    etag TEXT, last_modified TEXT, sha256 TEXT,                            -- of the body that is stored
    about TEXT,                                                            -- what galleries say about it, as JSON
    due INTEGER NOT NULL DEFAULT 0, visited INTEGER NOT NULL DEFAULT 0);   -- the run that has yet to visit it, and that last did
CREATE INDEX IF NOT EXISTS jobs_due ON jobs (due, host, checked_at);
CREATE TABLE IF NOT EXISTS hosts (
    host TEXT PRIMARY KEY, not_before REAL NOT NULL DEFAULT 0, robots TEXT, robots_at REAL NOT NULL DEFAULT 0);
"""


@dataclass
class Job:
    """A row of the table, as a visit needs it."""

    url: str
    kind: str
    key: str
    host: str
    state: str
    tries: int
    error: str | None
    checked_at: float
    etag: str | None
    last_modified: str | None
    sha256: str | None
    about: Record


class Jobs:
    """The table of a folder, or of nothing but memory."""

    def __init__(self, folder: Path | None) -> None:
        try:
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
            self.db = sqlite3.connect(":memory:" if folder is None else folder / "jobs.sqlite")
            self.db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;" + SCHEMA)
            self.run = self._next_run()
        except (sqlite3.Error, OSError) as error:
            raise UserError(f"{folder}: the job table cannot be opened ({error}); if it is damaged, move this folder away") from None

    def _next_run(self) -> int:
        return self.db.execute("SELECT coalesce(max(max(due, visited)), 0) + 1 FROM jobs").fetchone()[0]

    def close(self) -> None:
        """Let go of the file; what was not committed is forgotten."""
        self.db.close()

    def commit(self) -> None:
        """Make all of the above last."""
        self.db.commit()

    # -----------------------------------------------------------------------------------------------------------------------------
    # wanting and visiting

    def want(self, link: Link, about: Record | None = None) -> None:
        """Have this run visit a link, unless it has; what is said about it is added to what is known. Tries count anew in every run."""
        row = self.db.execute("SELECT about FROM jobs WHERE url = ?", (link.url,)).fetchone()
        known = orjson.loads(row[0]) if row and row[0] else {}
        text = orjson.dumps(merge(known, about)).decode() if about else None
        self.db.execute(
            "INSERT INTO jobs (url, kind, key, host, about, due) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (url) DO UPDATE SET"
            " about = coalesce(excluded.about, about),"
            " due = CASE WHEN visited = excluded.due OR state = 'opted_out' THEN 0 ELSE excluded.due END,"
            " tries = CASE WHEN state = 'transient' AND due <> excluded.due THEN 0 ELSE tries END",
            (link.url, link.kind, link.key, urlsplit(link.url).netloc, text, self.run))

    def next_due(self, host: str, running: set[str]) -> Job | None:
        """The job of a host to visit next: what was never asked for comes first, then what was asked longest ago."""
        rows = self.db.execute(
            "SELECT url, kind, key, host, state, tries, error, checked_at, etag, last_modified, sha256, about FROM jobs"
            " WHERE due = ? AND host = ? AND next_at <= ? ORDER BY checked_at, rowid LIMIT ?",
            (self.run, host, time.time(), len(running) + 1))
        for *columns, about in rows:
            if columns[0] not in running:
                return Job(*columns, about=orjson.loads(about) if about else {})
        return None

    def hosts_due(self) -> list[str]:
        """The hosts with jobs that this run has yet to visit."""
        return [host for host, in self.db.execute("SELECT DISTINCT host FROM jobs WHERE due = ?", (self.run,))]

    def next_at(self, host: str) -> float | None:
        """When the next job of a host is due, in seconds since 1970; None if there is none."""
        return self.db.execute("SELECT min(next_at) FROM jobs WHERE due = ? AND host = ?", (self.run, host)).fetchone()[0]

    # -----------------------------------------------------------------------------------------------------------------------------
    # what came of a visit

    def done(self, job: Job, state: str, error: str | None = None, **columns: Any) -> None:
        """The visit is over, for this run."""
        self._set(job, state=state, error=error, due=0, visited=self.run, **columns)

    def put_off(self, job: Job, problem: str, wait: float | None) -> bool:
        """No usable answer: due again in this run after `wait` seconds if there is a try left and a wait; returns whether there is."""
        tries = job.tries + 1
        now = time.time()
        if wait is None or tries >= TRIES:
            self.done(job, TRANSIENT, problem, tries=tries, checked_at=now, next_at=0)
            return False
        self._set(job, state=TRANSIENT, error=problem, tries=tries, checked_at=now, next_at=now + wait)
        return True

    def is_gone(self, job: Job, problem: str) -> bool:
        """It is not there: to be asked for again in a week, or given up for good; returns whether it is given up."""
        tries = job.tries + 1 if job.state == GONE else 1
        given_up = tries >= GONE_TRIES
        self.done(job, GONE, problem, tries=tries, checked_at=time.time(), next_at=0 if given_up else time.time() + GONE_AGAIN)
        return given_up

    def _set(self, job: Job, **columns: Any) -> None:
        names = ", ".join(f"{name} = ?" for name in columns)
        self.db.execute(f"UPDATE jobs SET {names} WHERE url = ?", (*columns.values(), job.url))
        self.commit()

    def forget(self, covers: Callable[..., bool]) -> list[str]:
        """Mark all jobs as opted out whose key, or whose author, `covers` finds on its list; returns the hashes of the bodies to remove."""
        rows = self.db.execute("SELECT key, about, sha256 FROM jobs WHERE state <> 'opted_out'").fetchall()
        keys = {key for key, about, _ in rows if covers(key, orjson.loads(about or "{}").get("author"))}
        self.db.executemany("UPDATE jobs SET state = 'opted_out', about = NULL, sha256 = NULL, error = NULL, due = 0 WHERE key = ?",
                            zip(keys))
        self.commit()
        return [digest for key, _, digest in rows if key in keys and digest]

    def copy_from(self, folder: Path) -> None:
        """Take what the table of a folder holds; the folder is only read."""
        if (folder / "jobs.sqlite").exists():
            try:
                with contextlib.closing(sqlite3.connect(f"{(folder / 'jobs.sqlite').resolve().as_uri()}?mode=ro", uri=True)) as source:
                    source.backup(self.db)
                self.run = self._next_run()
            except sqlite3.Error as error:
                raise UserError(f"{folder}: the job table cannot be read ({error}); if it is damaged, move this folder away") from None

    # -----------------------------------------------------------------------------------------------------------------------------
    # figures and hosts

    def states(self) -> dict[str, int]:
        """How many of the jobs that this run wanted are in which state."""
        rows = self.db.execute("SELECT state, count(*) FROM jobs WHERE ? IN (due, visited) GROUP BY state ORDER BY state", (self.run,))
        return dict(rows.fetchall())

    def waiting(self, since: float = 0.0) -> list[tuple[str, str, str, int, int]]:
        """(host, kind, state, jobs, how many of them take a request now) of what this run has yet to visit."""
        return self.db.execute(
            "SELECT host, kind, state, count(*),"
            " sum(next_at <= ? AND state <> 'bad' AND NOT (state = 'ok' AND (kind = 'record' OR checked_at >= ?)))"
            " FROM jobs WHERE due = ? GROUP BY host, kind, state ORDER BY host, kind, state", (time.time(), since, self.run)).fetchall()

    def host(self, name: str) -> tuple[float, str | None, float]:
        """(not before, robots.txt, when it was read), in seconds since 1970."""
        row = self.db.execute("SELECT not_before, robots, robots_at FROM hosts WHERE host = ?", (name,)).fetchone()
        return row or (0.0, None, 0.0)

    def remember_host(self, name: str, not_before: float | None = None, robots: str | None = None) -> None:
        """Keep what a host asked for."""
        self.db.execute("INSERT INTO hosts (host) VALUES (?) ON CONFLICT DO NOTHING", (name,))
        if not_before is not None:
            self.db.execute("UPDATE hosts SET not_before = ? WHERE host = ?", (not_before, name))
        if robots is not None:
            self.db.execute("UPDATE hosts SET robots = ?, robots_at = ? WHERE host = ?", (robots, time.time(), name))
        self.commit()


class Bodies:
    """Files named by the SHA-256 of what they hold: blobs/ab/cd/abcd..."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "blobs"

    def path(self, digest: str) -> Path:
        """Where a body is."""
        return self.folder / digest[:2] / digest[2:4] / digest

    def write(self, body: bytes) -> str:
        """Store a body; returns its hash. It is whole or not there, whenever we are killed."""
        digest = hashlib.sha256(body).hexdigest()
        path = self.path(digest)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f"{digest}.part")
            try:
                part.write_bytes(body)
                os.replace(part, path)
            except OSError:
                part.unlink(missing_ok=True)
                raise
        return digest

    def read(self, digest: str | None) -> bytes | None:
        """A stored body, or None if there is none (any more)."""
        try:
            return self.path(digest).read_bytes() if digest else None
        except FileNotFoundError:
            return None

    def remove(self, digest: str | None) -> None:
        """Forget a body."""
        if digest:
            self.path(digest).unlink(missing_ok=True)
