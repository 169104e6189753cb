"""The state of a crawl: one SQLite table of jobs, and the bodies in files named by their hash.

A job is a URL. A run *wants* jobs and *visits* each of them once; a job whose visit must be repeated later stays due. So a killed run is
continued by wanting the same jobs again: a job that is `ok` has its body and costs no request.
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

OK, TRANSIENT, GONE, BAD, DISALLOWED, OPTED_OUT = "ok", "transient", "gone", "bad", "disallowed", "opted_out"
TRIES = 5  # in a run; with the back-off of client.py a server has about half a minute to recover

COLUMNS = "url, kind, key, host, state, tries, error, checked_at, etag, last_modified, sha256, about"  # the fields of a Job
SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    url TEXT PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, host TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'new', tries INTEGER NOT NULL DEFAULT 0, error TEXT,
    next_at REAL NOT NULL DEFAULT 0, checked_at REAL NOT NULL DEFAULT 0,   -- seconds since 1970; checked: when the server last answered
    etag TEXT, last_modified TEXT, sha256 TEXT,                            -- of the stored body
    about TEXT,                                                            -- facts from galleries, as JSON
    due INTEGER NOT NULL DEFAULT 0, visited INTEGER NOT NULL DEFAULT 0);   -- the run that has yet to visit it, and that last did
CREATE INDEX IF NOT EXISTS jobs_due ON jobs (due, host, checked_at);
CREATE TABLE IF NOT EXISTS hosts (
    host TEXT PRIMARY KEY, not_before REAL NOT NULL DEFAULT 0, robots TEXT, robots_at REAL NOT NULL DEFAULT 0);
"""


class Gone(Exception):
    """It is not there (any more)."""


class Later(Exception):
    """It cannot be had now. `wait`: seconds until another try in this run is worth it (0: by the back-off), or None if it is not."""

    def __init__(self, problem: str, wait: float | None = None) -> None:
        super().__init__(problem)
        self.wait = wait


class Closed(Exception):
    """The host is left alone for the rest of this run; nothing is wrong with the job."""


class Disallowed(Exception):
    """robots.txt does not allow this URL."""


@dataclass
class Job:
    """A row of the table."""

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
    """The table in a folder, or in memory only."""

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
        """Close the file; what was not committed is lost."""
        self.db.close()

    def commit(self) -> None:
        """Write all changes to disk."""
        self.db.commit()

    # -----------------------------------------------------------------------------------------------------------------------------
    # wanting and visiting

    def want(self, link: Link, about: Record | None = None) -> None:
        """Make this run visit a link, unless it has, and add to the facts about it. Tries count from zero in every run."""
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
        """The next job of a host: one never fetched before those fetched, and among those the one fetched longest ago."""
        rows = self.db.execute(f"SELECT {COLUMNS} FROM jobs WHERE due = ? AND host = ? AND next_at <= ? ORDER BY checked_at, rowid LIMIT ?",
                               (self.run, host, time.time(), len(running) + 1))
        for *columns, about in rows:
            if columns[0] not in running:
                return Job(*columns, about=orjson.loads(about) if about else {})
        return None

    def hosts_due(self) -> list[str]:
        """The hosts with jobs that this run has yet to visit."""
        return [host for host, in self.db.execute("SELECT DISTINCT host FROM jobs WHERE due = ?", (self.run,))]

    def next_at(self, host: str) -> float | None:
        """The time of the next job of a host, in seconds since 1970; None if there is no job."""
        return self.db.execute("SELECT min(next_at) FROM jobs WHERE due = ? AND host = ?", (self.run, host)).fetchone()[0]

    # -----------------------------------------------------------------------------------------------------------------------------
    # results of a visit

    def done(self, job: Job, state: str, error: str | None = None, **columns: Any) -> None:
        """End the visit for this run."""
        self._set(job, state=state, error=error, due=0, visited=self.run, **columns)

    def put_off(self, job: Job, problem: str, wait: float | None) -> bool:
        """Repeat the visit in this run after `wait` seconds, if there is a wait and a try left; returns False if not."""
        tries, now = job.tries + 1, time.time()
        if wait is None or tries >= TRIES:
            self.done(job, TRANSIENT, problem, tries=tries, checked_at=now, next_at=0)
            return False
        self._set(job, state=TRANSIENT, error=problem, tries=tries, checked_at=now, next_at=now + wait)
        return True

    def _set(self, job: Job, **columns: Any) -> None:
        names = ", ".join(f"{name} = ?" for name in columns)
        self.db.execute(f"UPDATE jobs SET {names} WHERE url = ?", (*columns.values(), job.url))
        self.commit()

    def forget(self, covers: Callable[..., bool]) -> list[str]:
        """Mark as opted out all jobs whose key or author `covers` accepts; returns the hashes of the bodies to remove."""
        rows = self.db.execute("SELECT key, about, sha256 FROM jobs WHERE state <> 'opted_out'").fetchall()
        keys = {key for key, about, _ in rows if covers(key, orjson.loads(about or "{}").get("author"))}
        self.db.executemany("UPDATE jobs SET state = 'opted_out', about = NULL, sha256 = NULL, error = NULL, due = 0 WHERE key = ?",
                            zip(keys))
        self.commit()
        return [digest for key, _, digest in rows if key in keys and digest]

    def copy_from(self, folder: Path) -> None:
        """Copy the table of a folder, which is only read."""
        if (folder / "jobs.sqlite").exists():
            try:
                with contextlib.closing(sqlite3.connect(f"{(folder / 'jobs.sqlite').resolve().as_uri()}?mode=ro", uri=True)) as source:
                    source.backup(self.db)
                self.run = self._next_run()
            except sqlite3.Error as error:
                raise UserError(f"{folder}: the job table cannot be read ({error}); if it is damaged, move this folder away") from None

    # -----------------------------------------------------------------------------------------------------------------------------
    # counts and hosts

    def states(self) -> dict[str, int]:
        """The number of jobs of this run by state."""
        rows = self.db.execute("SELECT state, count(*) FROM jobs WHERE ? IN (due, visited) GROUP BY state ORDER BY state", (self.run,))
        return dict(rows.fetchall())

    def waiting(self, since: float = 0.0) -> list[tuple[str, str, str, int, int]]:
        """(host, kind, state, number of jobs, requests they take now) of the jobs that this run has yet to visit."""
        return self.db.execute(
            "SELECT host, kind, state, count(*),"
            " sum(next_at <= ? AND state NOT IN ('bad', 'gone') AND NOT (state = 'ok' AND (kind = 'record' OR checked_at >= ?)))"
            " FROM jobs WHERE due = ? GROUP BY host, kind, state ORDER BY host, kind, state", (time.time(), since, self.run)).fetchall()

    def host(self, name: str) -> tuple[float, str | None, float]:
        """(not before, robots.txt, when it was read) of a host, in seconds since 1970."""
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
    """Files named by the SHA-256 of their content: blobs/ab/cd/abcd..."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "blobs"

    def path(self, digest: str) -> Path:
        """The file of a body."""
        return self.folder / digest[:2] / digest[2:4] / digest

    def write(self, body: bytes) -> str:
        """Store a body; returns its hash. The file is whole or not there, whenever the process is killed."""
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
        """Remove a body."""
        if digest:
            self.path(digest).unlink(missing_ok=True)
