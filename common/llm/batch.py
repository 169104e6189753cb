"""The provider's Batch API behind the same protocol: half the price, answers within a day, the same cache.

Prompts are collected until no new ones come, and are sent as one batch. When it has ended, its answers let the records go on to their next
prompts, which make the next batch. A batch is noted in the cache's file before it is created, so that a run after a kill finds it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator
from typing import Any

import orjson

from common import cli
from common.cli import Reject
from common.jsonl import UserError
from common.llm.budget import DISCOUNT, cost, most_tokens
from common.llm.cache import Cache, CacheKey
from common.llm.completion import read_completion
from common.llm.connection import TEMPORARY, WRONG_SETTINGS
from common.llm.endpoint import ATTEMPTS, Endpoint
from common.llm.limiter import back_off
from common.llm.profile import GRAMMAR
from common.llm.writer import CompletionResult, Messages
from common.prompts import Prompt

MOST_REQUESTS, MOST_BYTES = 50_000, 190 << 20  # of one batch; OpenAI's limits are 50,000 and 200 MB
QUIET = 2.0  # seconds without a new prompt after which all records are taken to be waiting
POLL = 30.0  # seconds between two requests for a batch's status: most batches take minutes to hours
TRIES = 3  # batches in which a prompt may be, as batches may expire or fail
TRANSFER = 900.0  # seconds for a file of 200 MB
ENDED = {"completed", "expired", "cancelled", "failed"}
UNANSWERED = "no_answer"  # the reason of a Reject: the batch ended without an answer to the request


class BatchEndpoint(Endpoint):
    """An endpoint that answers by batches; `concurrency` is the number of records in hand, all of which may wait for one batch."""

    def __init__(self, name: str, base_url: str | None = None, **options: Any) -> None:
        super().__init__(name, base_url, **options)
        if self.cache is None:
            raise UserError("--batch needs --cache: what is under way is noted there")
        self.price = (self.price[0] * DISCOUNT, self.price[1] * DISCOUNT) if self.price else None
        self.profile.left_out.add(GRAMMAR)  # no provider's batches take one
        self.ledger = BatchLedger(self.cache, self.connection.base_url or "")
        self.jobs, self.has_answered = set[asyncio.Task[None]](), False
        self.timer: asyncio.TimerHandle | None = None
        self._clear()

    def _clear(self) -> None:
        self.pending, self.pending_bytes = dict[CacheKey, bytes](), 0  # lines of the next batch
        self.awaited, self.under_way = dict[CacheKey, asyncio.Future[CompletionResult | Reject]](), set[CacheKey]()
        self.resumed = False

    def status(self) -> str:
        return f"{len(self.awaited)} prompts wait for {len(self.jobs)} batches, {super().status()}"

    async def close(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        for job in self.jobs:
            job.cancel()
        await asyncio.gather(*self.jobs, return_exceptions=True)
        self._clear()
        await super().close()

    # -----------------------------------------------------------------------------------------------------------------------------
    # one prompt

    async def _fetch(self, prompt: Prompt, messages: Messages, request: dict[str, Any], key: CacheKey) -> CompletionResult:
        """The answer of a batch, the next one if the first has none. Raises Reject or UserError as Endpoint does."""
        self._resume()
        for _ in range(TRIES):
            sent = self.profile.body(prompt, messages, request)
            outcome = await self._batched(key, sent, request["max_tokens"])
            if isinstance(outcome, CompletionResult):
                self.profile.confirm(prompt, sent)
                return outcome
            if outcome.reason != UNANSWERED and not (outcome.reason == "bad_request" and self.profile.learn(sent, outcome.detail)):
                raise outcome
        if outcome.reason == UNANSWERED and not self.has_answered:
            raise UserError(f"{self.name}: {TRIES} batches came back without any answer; the last: {outcome.detail}; if the provider's "
                            f"limit of tokens in its queue is the cause, a lower --batch-records helps; go on: {cli.command()}")
        raise Reject(outcome.reason, f"not answered in {TRIES} batches; the last: {outcome.detail}")

    async def _batched(self, key: CacheKey, body: dict[str, Any], max_tokens: int) -> CompletionResult | Reject:
        """The outcome of one request in a batch."""
        reserved = 0.0
        if key not in self.under_way:  # a batch of an earlier run is paid already
            reserved = await self.budget.reserve(cost(self.price, most_tokens(body["messages"], body.get("response_format")), max_tokens))
            self._collect({"custom_id": custom_id(key), "method": "POST", "url": "/v1/chat/completions", "body": body}, key)
        future = self.awaited[key] = asyncio.get_running_loop().create_future()
        spent = 0.0
        try:
            outcome = await future
            spent = outcome.usage.cost if reserved and isinstance(outcome, CompletionResult) else 0.0
        finally:
            self.budget.settle(reserved, spent)
        return outcome

    def _collect(self, line: dict[str, Any], key: CacheKey) -> None:
        """Add a line to the next batch, which is sent when it is full or no more lines come."""
        self.pending[key] = orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
        self.pending_bytes += len(self.pending[key])
        if self.timer is not None:
            self.timer.cancel()
        if len(self.pending) >= MOST_REQUESTS or self.pending_bytes >= MOST_BYTES:
            self._flush()
        else:
            self.timer = asyncio.get_running_loop().call_later(QUIET, self._flush)

    def _flush(self) -> None:
        lines, self.pending, self.pending_bytes = self.pending, {}, 0
        if lines:
            self._start(self._submit(lines), lines)

    # -----------------------------------------------------------------------------------------------------------------------------
    # one batch

    def _resume(self) -> None:
        """Wait for the batches that earlier runs left at the provider."""
        if not self.resumed:
            self.resumed = True
            for file, identifier, keys in list(self.ledger.entries()):
                cli.say(f"batch {identifier or 'of ' + file}: {len(keys)} requests of an earlier run are under way")
                self._start(self._wait_for(file, identifier, keys), keys)

    def _start(self, work: Awaitable[None], keys: Collection[CacheKey]) -> None:
        """Run what brings the answers of these keys; if it fails, their prompts get its exception."""
        self.under_way.update(keys)

        async def job() -> None:
            try:
                await work
            except Exception as error:  # raised again where the answers are awaited
                for key in keys:
                    self._settle(key, error)

        task = asyncio.get_running_loop().create_task(job())
        self.jobs.add(task)
        task.add_done_callback(self.jobs.discard)

    def _settle(self, key: CacheKey, outcome: CompletionResult | Exception) -> None:
        self.under_way.discard(key)
        future = self.awaited.pop(key, None)
        if future is not None and not future.done():
            is_error = isinstance(outcome, Exception) and not isinstance(outcome, Reject)
            future.set_exception(outcome) if is_error else future.set_result(outcome)

    async def _submit(self, lines: dict[CacheKey, bytes]) -> None:
        """Upload a file of requests, create its batch, wait for it."""
        files = self.connection.client.with_options(timeout=TRANSFER).files
        file = await self._call(lambda: files.create(file=("batch.jsonl", b"".join(lines.values())), purpose="batch"))
        self.ledger.add(file.id, lines)
        batch = await self._call(lambda: self._create(file.id))
        cli.say(f"batch {batch.id}: {len(lines)} requests; stopped, the same command picks it up")
        await self._wait_for(file.id, batch.id, lines)

    async def _create(self, file: str) -> Any:
        """The batch of a file: a new one, unless an earlier try created it and its answer was lost."""
        return await self._find(file) or await self.connection.client.batches.create(
            input_file_id=file, endpoint="/v1/chat/completions", completion_window="24h")

    async def _find(self, file: str) -> Any:
        latest = await self.connection.client.batches.list(limit=100)
        return next((batch for batch in latest.data if batch.input_file_id == file), None)

    async def _wait_for(self, file: str, identifier: str | None, keys: Collection[CacheKey]) -> None:
        """Wait until a batch has ended, keep its answers, and settle the prompts that wait for them."""
        if identifier is None:
            batch = await self._call(lambda: self._find(file))
            identifier = batch.id if batch else None
        outcomes, why = dict[CacheKey, CompletionResult | Reject](), "the batch was never created"  # a kill came before
        if identifier is not None:
            self.ledger.set_id(file, identifier)
            batches = self.connection.client.batches
            while (batch := await self._call(lambda: batches.retrieve(identifier))).status not in ENDED:
                await asyncio.sleep(POLL)
            outcomes = await self._read(batch, {custom_id(key): key for key in keys})
            errors = "; ".join(error.message or "" for error in (batch.errors.data if batch.errors else None) or [])
            why = self.connection.masked(f"batch {identifier} {batch.status} {errors}")
        self.ledger.remove(file)
        for key in keys:
            self._settle(key, outcomes.get(key, Reject(UNANSWERED, why)))

    async def _read(self, batch: Any, keys: dict[str, CacheKey]) -> dict[CacheKey, CompletionResult | Reject]:
        """The outcomes in the output and error files of a batch; answers are in the cache when this returns."""
        files, outcomes = self.connection.client.with_options(timeout=TRANSFER).files, dict[CacheKey, CompletionResult | Reject]()
        for name in filter(None, (batch.output_file_id, batch.error_file_id)):
            for line in (await self._call(lambda name=name: files.content(name))).content.splitlines():
                try:
                    row = orjson.loads(line)
                    key = keys[row["custom_id"]]
                except (ValueError, KeyError, TypeError):  # a line that cannot be read answers nothing
                    continue
                outcome = outcomes[key] = self._outcome(row)
                if isinstance(outcome, CompletionResult):
                    self.has_answered = True
                    self.cache.put(key, outcome)
        return outcomes

    def _outcome(self, row: dict[str, Any]) -> CompletionResult | Reject:
        response, problem = row.get("response") or {}, row.get("error") or {}
        status, body = response.get("status_code"), response.get("body") or {}
        if status == 200 and (completion := read_completion(body)):
            return Reject(*completion.refusal) if completion.refusal else self.answer(completion, [])
        refused = status is not None and 400 <= status < 500 and status not in TEMPORARY | {429}
        text = f"{status or problem.get('code')}: {(body.get('error') or problem).get('message')}"
        return Reject("bad_request" if refused else UNANSWERED, self.connection.masked(text))

    async def _call(self, make: Callable[[], Awaitable[Any]]) -> Any:
        """The result of a call of the client, tried again while there is hope. Raises UserError at the end of it."""
        import openai  # here, as in connection.py

        for attempt in range(ATTEMPTS):
            try:
                return await make()
            except openai.OpenAIError as error:
                problem = self.connection.masked(str(error))
                if isinstance(error, openai.APIStatusError) and error.status_code in WRONG_SETTINGS | {400, 413, 422}:
                    break
            await asyncio.sleep(back_off(attempt))
        raise UserError(f"--batch: {problem}; what is under way stays at the provider; go on: {cli.command()}")


class BatchLedger:
    """The batches of an endpoint that are under way, in the cache's file."""

    def __init__(self, cache: Cache, endpoint: str) -> None:
        self.cache, self.endpoint = cache, endpoint

    def entries(self) -> Iterator[tuple[str, str | None, list[CacheKey]]]:
        """Yield (file, id of its batch if it is known to exist, keys of its requests)."""
        for file, identifier in self.cache.execute("SELECT file, id FROM batches WHERE endpoint = ?", (self.endpoint,)).fetchall():
            rows = self.cache.execute("SELECT key, max_tokens FROM batched WHERE file = ?", (file,))
            yield file, identifier, [CacheKey(*row) for row in rows]

    def add(self, file: str, keys: Collection[CacheKey]) -> None:
        """Note a file whose batch is about to be created."""
        self.cache.execute("BEGIN")
        self.cache.execute("INSERT OR REPLACE INTO batches VALUES (?, NULL, ?)", (file, self.endpoint))
        for key in keys:
            self.cache.execute("INSERT OR REPLACE INTO batched VALUES (?, ?, ?)", (file, *key))
        self.cache.execute("COMMIT")

    def set_id(self, file: str, identifier: str) -> None:
        """Note the id of the batch of a file."""
        self.cache.execute("UPDATE batches SET id = ? WHERE file = ?", (identifier, file))

    def remove(self, file: str) -> None:
        """Remove a batch whose answers are kept."""
        for table in ("batched", "batches"):
            self.cache.execute(f"DELETE FROM {table} WHERE file = ?", (file,))


def custom_id(key: CacheKey) -> str:
    """The custom id of a request, at most 64 characters, from which no prompt can be guessed."""
    return f"{key.digest[:48]}-{key.max_tokens}"
