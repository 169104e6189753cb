"""An OpenAI-compatible endpoint as a writer: a cache by content, our own retries, structured output, cost and a budget.

The client's transport is aiohttp (its default one collapses above some 250 requests in flight), and its own retries are off: they would
hide the 429s from the policy here.
"""

from __future__ import annotations

import asyncio
import email.utils
import hashlib
import os
import random
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson

from common.cli import Reject
from common.jsonl import UserError
from common.llm.protocol import OFFLINE, Answer, Prompt, Usage, Writer

ATTEMPTS = 8  # with the back-off below some two minutes: longer than a restart of a server, shorter than a person's patience
BACK_OFF = 0.5, 60.0  # seconds before the first retry, doubled each time; and the most
RETRY_AFTER_CAP = 600.0  # a server that asks for more than ten minutes is as good as down
RETRIED = {408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529}  # statuses that pass; others would come back the same
WRONG_SETTINGS = {401, 403, 404, 405}  # statuses that every other request would get too
MAX_TOKENS = 8192  # of an answer: bounds what a model that never stops can cost
BYTES_PER_TOKEN = 3  # to reserve and to estimate: English prose has 4 and more, code 3 to 4
FORMATS = "json_schema", "json_object", "text"  # ways to ask for JSON, best first; older servers refuse the first, or the first two
PRICES = {  # US dollars per million tokens, (prompt, completion); the longest matching prefix counts, --price overrides
    "gpt-4o-mini": (0.15, 0.60), "gpt-4o": (2.50, 10.00),
    "gpt-4.1-nano": (0.10, 0.40), "gpt-4.1-mini": (0.40, 1.60), "gpt-4.1": (2.00, 8.00),
}  # fmt: skip
Price = tuple[float, float]
Messages = list[dict[str, str]]


class Endpoint(Writer):
    """A model behind an OpenAI-compatible chat-completions endpoint."""

    def __init__(self, name: str, base_url: str | None = None, *, concurrency: int = 32, timeout: float = 180.0,
                 temperature: float | None = None, cache: Path | None = None, price: Price | None = None,
                 budget: float | None = None) -> None:
        super().__init__()
        self.name, self.concurrency, self.timeout = name, concurrency, timeout
        self.base_url = base_url or os.environ.get("OPENAI_BASE_URL") or None
        self.sampling = {} if temperature is None else {"temperature": temperature}
        self._key = os.environ.get("OPENAI_API_KEY", "")
        if not self._key and self.base_url is None:
            raise UserError(f"{name}: OPENAI_API_KEY is not set; set it, name your own server with --base-url, or take the offline writer")
        self.price = price or known_price(name)
        if budget is not None and self.price is None:
            raise UserError(f"--budget-usd: no price is known for {name}; give --price PROMPT/COMPLETION (dollars per million tokens)")
        self.budget, self.spent, self.reserved = budget, 0.0, 0.0
        self.cache = Cache(cache) if cache else None
        self.format: str | None = None  # the way to ask for JSON that this endpoint has taken
        self.client: Any = None
        self.paused_until = self.answered_at = 0.0  # by time.monotonic()

    async def close(self) -> None:
        if self.client is not None:
            await self.client.close()
            self.client = None

    async def reply(self, prompt: Prompt, messages: Messages, sampling: dict[str, Any]) -> Answer:
        sampling = {**self.sampling, **sampling}
        key = cache_key(self.name, messages, prompt.schema, sampling)
        if self.cache and (hit := self.cache.get(key)):
            return self.count(hit, cached=True)
        sampling = {"max_tokens": MAX_TOKENS, **sampling}
        reserved = await self._reserve(messages, sampling["max_tokens"])
        try:
            completion = await self._send(prompt, messages, sampling)
        finally:
            self.reserved -= reserved
        answer = self._answer(completion)
        self.spent += answer.usage.cost
        if prompt.schema is not None and completion.choices[0].finish_reason == "length":
            raise Reject("answer_too_long", f"{prompt.task}: no complete object within {sampling['max_tokens']} tokens")
        if self.cache:
            self.cache.put(key, answer)
        return self.count(answer)

    def _answer(self, completion: Any) -> Answer:
        usage = completion.usage  # some servers leave it out
        tokens = (usage.prompt_tokens or 0, usage.completion_tokens or 0) if usage else (0, 0)
        return Answer(completion.choices[0].message.content or "", None, Usage(*tokens, cost(self.price, *tokens)))

    async def _reserve(self, messages: Messages, max_tokens: int) -> float:
        """Put aside the most a request can cost; waits for what is in flight to settle where that would pass the budget."""
        if self.budget is None:
            return 0.0
        most = cost(self.price, estimated_tokens(messages), max_tokens)
        while self.spent + self.reserved + most > self.budget:
            if not self.reserved:
                raise UserError(f"--budget-usd {self.budget}: {self.spent:.4f} are spent and the next request may cost {most:.4f}; "
                                "what is answered is saved, and the same command with a higher budget goes on")
            await asyncio.sleep(0.05)
        self.reserved += most
        return most

    async def _send(self, prompt: Prompt, messages: Messages, sampling: dict[str, Any]) -> Any:
        """One completion, its JSON asked for in the way this endpoint takes: the first that is not refused is kept for all to come."""
        if prompt.schema is None:
            return await self._deliver(messages, sampling)
        for way in [self.format] if self.format else FORMATS:
            try:
                completion = await self._deliver(messages, {**sampling, **response_format(way, prompt)})
            except Reject as reject:
                if reject.reason != "bad_request" or way in (self.format, FORMATS[-1]):
                    raise
            else:
                self.format = way
                return completion
        raise AssertionError("the last way returns or raises")

    async def _deliver(self, messages: Messages, request: dict[str, Any]) -> Any:
        """Send until there is a completion. Raises Reject if this request gets none, UserError if none would."""
        import openai

        started, problem = time.monotonic(), ""
        for attempt in range(ATTEMPTS):
            await asyncio.sleep(max(0.0, self.paused_until - time.monotonic()))
            wait = random.uniform(0.5, 1.0) * min(BACK_OFF[1], BACK_OFF[0] * 2**attempt)  # spread, or all would come back at once
            try:
                completion = await self._connected().chat.completions.create(model=self.name, messages=messages, **request)
            except openai.APIStatusError as error:
                problem = self._masked(f"{error.status_code}: {error.message}")
                if error.status_code in WRONG_SETTINGS or error.code == "insufficient_quota":
                    raise UserError(f"{self.name}: {problem}; mend the model's name, --base-url or the key, and go on with it") from None
                if error.status_code not in RETRIED:
                    raise Reject("bad_request", problem) from None
                if (asked := retry_after(error.response.headers)) is not None:  # the server means all requests, not this one alone
                    self.paused_until = max(self.paused_until, time.monotonic() + asked)
            except (openai.APIConnectionError, openai.APIResponseValidationError, ValueError) as error:  # the last: a body that is no JSON
                problem = self._masked(f"{type(error).__name__}: {error}")
            else:
                if getattr(completion, "choices", None):
                    self.answered_at = time.monotonic()
                    return completion
                problem = "the body is no chat completion"
            await asyncio.sleep(wait)
        if self.answered_at < started:
            raise UserError(f"{self.name}: nothing gets through to {self.base_url or 'OpenAI'} in {ATTEMPTS} tries, the last: {problem}; "
                            "what is answered is saved, and the same command goes on from there")
        raise Reject("no_answer", f"{ATTEMPTS} attempts while others were answered; the last: {problem}")

    def _connected(self) -> Any:
        """The client, opened inside the running event loop."""
        if self.client is None:
            import openai

            self.client = openai.AsyncOpenAI(api_key=self._key or "none", base_url=self.base_url, timeout=self.timeout, max_retries=0,
                                             http_client=openai.DefaultAioHttpClient(timeout=self.timeout))
        return self.client

    def _masked(self, text: str) -> str:
        """An error's text on one line, without the key that some servers repeat in it."""
        text = " ".join(text.split())
        return (text.replace(self._key, "***") if self._key else text)[:500]


def response_format(way: str, prompt: Prompt) -> dict[str, Any]:
    """The request's field that asks for JSON in one of FORMATS."""
    if way == "json_schema":
        schema = {"name": prompt.task, "schema": closed(prompt.schema or {}), "strict": True}
        return {"response_format": {"type": way, "json_schema": schema}}
    return {"response_format": {"type": way}} if way == "json_object" else {}


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with what strict mode asks of each object: all properties required, no others allowed."""
    if schema["type"] == "array":
        return schema | {"items": closed(schema["items"])}
    if schema["type"] == "object":
        parts = {name: closed(part) for name, part in schema["properties"].items()}
        return schema | {"properties": parts, "required": list(parts), "additionalProperties": False}
    return schema


def retry_after(headers: Any) -> float | None:
    """Seconds that a server asks to wait, by Retry-After (seconds or an HTTP date) or retry-after-ms; None if it asks nothing readable."""
    try:
        if "retry-after-ms" in headers:
            seconds = float(headers["retry-after-ms"]) / 1000
        elif headers.get("retry-after", "").strip().replace(".", "", 1).isdigit():
            seconds = float(headers["retry-after"])
        else:
            seconds = email.utils.parsedate_to_datetime(headers["retry-after"]).timestamp() - time.time()
    except (KeyError, ValueError):
        return None
    return min(max(seconds, 0.0), RETRY_AFTER_CAP)


# ---------------------------------------------------------------------------------------------------------------------------------
# tokens and money


def known_price(model: str) -> Price | None:
    """(prompt, completion) in US dollars per million tokens, from the longest prefix in PRICES."""
    return next((PRICES[prefix] for prefix in sorted(PRICES, key=len, reverse=True) if model.startswith(prefix)), None)


def cost(price: Price | None, prompt_tokens: int, completion_tokens: int) -> float:
    """US dollars; 0 where no price is known."""
    return 0.0 if price is None else (prompt_tokens * price[0] + completion_tokens * price[1]) / 1e6


def estimated_tokens(messages: Messages) -> int:
    """A bound from above that needs no tokenizer."""
    return sum(len(message["content"].encode()) // BYTES_PER_TOKEN + 8 for message in messages)


class DryRun(Writer):
    """Sends nothing: adds up what the prompts would take. Answers come from the cache, else from the offline writer as stand-ins."""

    def __init__(self, name: str, cache: Path | None = None, price: Price | None = None, temperature: float | None = None) -> None:
        super().__init__()
        from common.offline import OfflineWriter

        self.name, self.price = name, None if name == OFFLINE else price or known_price(name)
        self.sampling = {} if temperature is None else {"temperature": temperature}
        self.cache = Cache(cache) if cache and cache.exists() else None
        self.stand_in, self.scratch = OfflineWriter(), tempfile.TemporaryDirectory(prefix="dry-run-")

    async def reply(self, prompt: Prompt, messages: Messages, sampling: dict[str, Any]) -> Answer:
        if self.cache and (hit := self.cache.get(cache_key(self.name, messages, prompt.schema, {**self.sampling, **sampling}))):
            return self.count(hit._replace(usage=Usage()), cached=True)
        answer = await self.stand_in.reply(prompt, messages, sampling)
        tokens = estimated_tokens(messages), estimated_tokens([{"content": answer.text}])
        return self.count(answer._replace(usage=Usage(*tokens, cost(self.price, *tokens))))


# ---------------------------------------------------------------------------------------------------------------------------------
# the cache


class Cache:
    """Answers on disk by a hash of what was asked, committed one by one; two processes may share the file."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.database = sqlite3.connect(path, timeout=60, isolation_level=None)  # None: each statement is its own transaction
            self.database.execute("PRAGMA journal_mode=WAL")
            self.database.execute("PRAGMA synchronous=NORMAL")  # survives a kill of the process; a power cut may cost the last answers
            self.database.execute("CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, answer TEXT NOT NULL) WITHOUT ROWID")
        except (OSError, sqlite3.Error) as error:
            raise UserError(f"--cache {path}: cannot be used: {error}") from None

    def get(self, key: str) -> Answer | None:
        """The answer under a key, if there is one."""
        row = self.database.execute("SELECT answer FROM answers WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        text, *usage = orjson.loads(row[0])
        return Answer(text, None, Usage(*usage))

    def put(self, key: str, answer: Answer) -> None:
        """Keep an answer; it is on disk when this returns."""
        self.database.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", (key, orjson.dumps([answer.text, *answer.usage]).decode()))


def cache_key(model: str, messages: Messages, schema: Any, sampling: dict[str, Any]) -> str:
    """A hash of all that shapes an answer; not of the endpoint, so that a model may move."""
    return hashlib.sha256(orjson.dumps([model, messages, schema, sampling], option=orjson.OPT_SORT_KEYS)).hexdigest()
