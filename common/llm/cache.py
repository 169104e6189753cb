"""Answers on disk by the content of their requests: no stage, process or batch pays again for an answer that is here.

One SQLite file in WAL mode, each answer a transaction: two processes may share it, and a kill loses nothing that was put. (The file must
be on a local disk: WAL does not work over network file systems.)
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from common.cli import Reject
from common.jsonl import UserError
from common.llm.writer import CompletionResult, Messages, Usage

TABLES = """
CREATE TABLE IF NOT EXISTS replies (key TEXT, max_tokens INTEGER, finish TEXT, prompt_tokens INTEGER, completion_tokens INTEGER, cost REAL,
                                    text TEXT, PRIMARY KEY (key, max_tokens));
CREATE TABLE IF NOT EXISTS refusals (key TEXT, max_tokens INTEGER, reason TEXT, detail TEXT, PRIMARY KEY (key, max_tokens));
CREATE TABLE IF NOT EXISTS batches (file TEXT PRIMARY KEY, id TEXT, endpoint TEXT);
CREATE TABLE IF NOT EXISTS batched (file TEXT, key TEXT, max_tokens INTEGER, PRIMARY KEY (file, key, max_tokens));
"""
# An answer that the model ended itself is also the answer under every other token limit that it fits in.
FIND = """
SELECT text, finish, prompt_tokens, completion_tokens, cost FROM replies WHERE key = :key AND (
    max_tokens = :limit OR (finish = 'stop' AND (max_tokens < :limit OR completion_tokens BETWEEN 1 AND :limit)))
ORDER BY max_tokens = :limit DESC LIMIT 1
"""
OPENING = 5.0  # seconds to try: two processes that make the file at the same moment lock each other out


class CacheKey(NamedTuple):
    """The key of an answer: a hash of all that shapes it but the token limit, and that limit."""

    digest: str
    max_tokens: int

    @classmethod
    def of(cls, model: str, messages: Messages, shape: Any, request: dict[str, Any], identity: str | None = None) -> CacheKey:
        """The key of a request with its schema or grammar; `request` holds `max_tokens` and the sampling parameters.

        The endpoint is not part of it, so that a model may move. `identity` is what a server says it serves under the model's name, so that
        a model that was trained again has answers of its own.
        """
        parts = [model, messages, shape, {name: value for name, value in request.items() if name != "max_tokens"}]
        parts += [identity] if identity else []
        return cls(hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest(), request["max_tokens"])


class Cache:
    """Answers and refusals by key."""

    def __init__(self, path: Path) -> None:
        self.path, deadline = path, time.monotonic() + OPENING
        while True:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                self.database = sqlite3.connect(path, timeout=60, isolation_level=None)  # None: each statement is its own transaction
                self.database.execute("PRAGMA journal_mode=WAL")
                self.database.execute("PRAGMA synchronous=NORMAL")  # survives a kill of the process; a power cut may cost the last answers
                self.database.executescript(TABLES)
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise UserError(f"--cache {path}: cannot be used: {error}") from None
                time.sleep(0.02)
            except (OSError, sqlite3.Error) as error:
                raise UserError(f"--cache {path}: cannot be used: {error}") from None

    def get(self, key: CacheKey) -> CompletionResult | Reject | None:
        """The answer of a key, or the Reject its request got; None for an unknown key."""
        if row := self.execute(FIND, {"key": key.digest, "limit": key.max_tokens}).fetchone():
            text, finish, *usage = row
            return CompletionResult(text, None, Usage(*usage), finish)
        row = self.execute("SELECT reason, detail FROM refusals WHERE key = ? AND max_tokens = ?", key).fetchone()
        return Reject(*row) if row else None

    def put(self, key: CacheKey, answer: CompletionResult) -> None:
        """Keep an answer; it is on disk when this returns."""
        row = (*key, answer.finish, *answer.usage, answer.text)
        self.execute("INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def refuse(self, key: CacheKey, reject: Reject) -> None:
        """Keep the reason for which a request was refused, as it would be again."""
        self.execute("INSERT OR REPLACE INTO refusals VALUES (?, ?, ?, ?)", (*key, reject.reason, reject.detail))

    def forget(self, key: CacheKey) -> None:
        """Drop what is kept of a request, under any token limit."""
        for table in ("replies", "refusals"):
            self.execute(f"DELETE FROM {table} WHERE key = ?", (key.digest,))

    def execute(self, statement: str, values: Any = ()) -> sqlite3.Cursor:
        """Execute one statement. Raises UserError if the file is damaged or its disk full."""
        try:
            return self.database.execute(statement, values)
        except sqlite3.Error as error:
            raise UserError(f"--cache {self.path}: cannot be used: {error}; free some space, or name another --cache") from None
