"""Answers on disk, by what was asked: what is in it is never paid again, whichever stage, process or way of sending asks.

One SQLite file in WAL mode, each answer its own transaction: two processes may share it, and a kill loses nothing that was put. (It must
lie on a disk of the machine: WAL does not work over network file systems.)
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
from common.llm.prices import Messages
from common.llm.protocol import Answer, Usage

TABLES = """
CREATE TABLE IF NOT EXISTS replies (key TEXT, max_tokens INTEGER, finish TEXT, prompt_tokens INTEGER, completion_tokens INTEGER, cost REAL,
                                    text TEXT, PRIMARY KEY (key, max_tokens));
CREATE TABLE IF NOT EXISTS refusals (key TEXT, max_tokens INTEGER, reason TEXT, detail TEXT, PRIMARY KEY (key, max_tokens));
CREATE TABLE IF NOT EXISTS batches (file TEXT PRIMARY KEY, id TEXT, endpoint TEXT);
CREATE TABLE IF NOT EXISTS batched (file TEXT, key TEXT, max_tokens INTEGER, PRIMARY KEY (file, key, max_tokens));
"""
# An answer that ended by itself is the answer under every other limit it fits in, too.
FIND = """
SELECT text, finish, prompt_tokens, completion_tokens, cost FROM replies WHERE key = :key AND (
    max_tokens = :limit OR (finish = 'stop' AND (max_tokens < :limit OR completion_tokens BETWEEN 1 AND :limit)))
ORDER BY max_tokens = :limit DESC LIMIT 1
"""
OPENING = 5.0  # seconds: two processes that make the file at the same moment get in each other's way


class Question(NamedTuple):
    """What an answer is kept under: a hash of all that shapes it but the token limit, and that limit."""

    key: str
    max_tokens: int

    @classmethod
    def of(cls, model: str, messages: Messages, schema: Any, request: dict[str, Any], identity: str | None = None) -> Question:
        """The question a request puts; not of the endpoint, so that a model may move. `request` has `max_tokens` and the sampling.

        `identity` is what a server says that it serves under the model's name, so that a model trained anew has answers of its own.
        """
        shape = [model, messages, schema, {name: value for name, value in request.items() if name != "max_tokens"}]
        shape += [identity] if identity else []
        return cls(hashlib.sha256(orjson.dumps(shape, option=orjson.OPT_SORT_KEYS)).hexdigest(), request["max_tokens"])


class Cache:
    """Answers and refusals by question."""

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

    def get(self, question: Question) -> Answer | Reject | None:
        """The answer to a question, or the Reject it got; None if it has not been asked."""
        values = {"key": question.key, "limit": question.max_tokens}
        if row := self.execute(FIND, values).fetchone():
            text, finish, *usage = row
            return Answer(text, None, Usage(*usage), finish)
        row = self.execute("SELECT reason, detail FROM refusals WHERE key = ? AND max_tokens = ?", question).fetchone()
        return Reject(*row) if row else None

    def put(self, question: Question, answer: Answer) -> None:
        """Keep an answer; it is on disk when this returns."""
        row = (*question, answer.finish, *answer.usage, answer.text)
        self.execute("INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def refuse(self, question: Question, reject: Reject) -> None:
        """Remember that a request was refused, and why: it would be again."""
        self.execute("INSERT OR REPLACE INTO refusals VALUES (?, ?, ?, ?)", (*question, reject.reason, reject.detail))

    def forget(self, question: Question) -> None:
        """Make a question one that has not been asked, under any limit."""
        for table in ("replies", "refusals"):
            self.execute(f"DELETE FROM {table} WHERE key = ?", (question.key,))

    def execute(self, statement: str, values: Any = ()) -> sqlite3.Cursor:
        """One statement. Raises UserError where the file is damaged, or its disk full."""
        try:
            return self.database.execute(statement, values)
        except sqlite3.Error as error:
            raise UserError(f"--cache {self.path}: cannot be used: {error}; free some space, or name another --cache") from None
