"""The provider's Batch API behind the same protocol: half the price, answers within a day, the same cache.

Prompts are collected until no new ones come, and are sent as one batch. When it has ended, its answers let the records go on to their next
prompts, which make the next batch. A batch is noted in the cache's file before it is created, so that a run after a kill finds it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterator
from typing import Any

import orjson

from common import cli
from common.cli import Reject
from common.jsonl import UserError
from common.llm.budget import DISCOUNT, cost, most_tokens
from common.llm.cache import Cache, CacheKey
from common.llm.completion import Completion, read_completion
from common.llm.connection import TEMPORARY, WRONG_SETTINGS
from common.llm.endpoint import ATTEMPTS, Endpoint
from common.llm.limiter import back_off
from common.llm.profile import GRAMMAR
from common.llm.writer import CompletionResult, Messages
from common.prompts import Prompt

MOST_REQUESTS, MOST_BYTES = 50_000, 190 << 20  # of one batch; OpenAI's limits are 50,000 and 200 MB
QUIET = 2.0  # seconds without a new prompt after which all records are taken to be waiting
POLL = 30.0  # seconds between two requests for a batch's status: most batches take minutes to hours
TRIES = 3  # batches that may leave a prompt without an answer, as batches may expire or fail
TRANSFER = 900.0  # seconds for a file of 200 MB
ENDED = {"completed", "expired", "cancelled", "failed"}
Outcomes = dict[CacheKey, Completion | Reject]
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
        self.has_answered, self.waiting = False, 0
        self._clear()

    def _clear(self) -> None:
        self.lines, self.size = dict[CacheKey, bytes](), 0  # requests of the batch that still takes more, and their bytes
        self.batches, self.batch_of = set[asyncio.Task[Outcomes]](), dict[CacheKey, asyncio.Task[Outcomes]]()
        self.resumed = False

    def status(self) -> str:
        return f"{self.waiting} prompts wait for {len(self.batches)} batches, {super().status()}"

    async def close(self) -> None:
        for batch in self.batches:
            batch.cancel()
        await asyncio.gather(*self.batches, return_exceptions=True)
        self._clear()
        await super().close()

    # -----------------------------------------------------------------------------------------------------------------------------
    # one prompt

    async def _fetch(self, prompt: Prompt, messages: Messages, request: dict[str, Any], key: CacheKey) -> CompletionResult:
        """The answer of a batch, the next one if the first has none. Raises Reject or UserError as Endpoint does."""
        self._resume()
        tries = 0
        while tries < TRIES:
            sent, is_ours = self.profile.body(prompt, messages, request), key not in self.batch_of
            outcome = await self._batched(key, sent, request["max_tokens"])
            if isinstance(outcome, Completion):
                if is_ours:  # an earlier run may have sent another body
                    self.profile.confirm(prompt, sent)
                answer = self.unless_refused(outcome, prompt, messages)
                if outcome.prompt_tokens is None:  # estimated only now that the prompt is known
                    self.cache.put(key, answer)
                return answer
            if outcome.reason == UNANSWERED:
                tries += 1
            elif outcome.reason != "bad_request" or not self.profile.learn(sent, outcome.detail):
                raise outcome
        if not self.has_answered:
            raise UserError(f"{self.name}: {TRIES} batches came back without any answer; the last: {outcome.detail}; if the provider's "
                            f"limit of tokens in its queue is the cause, a lower --batch-records helps; go on: {cli.command()}")
        raise Reject(outcome.reason, f"not answered in {TRIES} batches; the last: {outcome.detail}")

    async def _batched(self, key: CacheKey, body: dict[str, Any], max_tokens: int) -> Completion | Reject:
        """The outcome of one request in a batch."""
        reserved = spent = 0.0
        if key not in self.batch_of:  # a batch of an earlier run is paid already
            reserved = await self.budget.reserve(cost(self.price, most_tokens(body["messages"], body.get("response_format")), max_tokens))
            self._collect(key, body)
        self.waiting += 1
        try:
            outcome = (await asyncio.shield(self.batch_of[key]))[key]
            spent = self.answer(outcome, body["messages"]).usage.cost if reserved and isinstance(outcome, Completion) else 0.0
        finally:
            self.waiting -= 1
            self.batch_of.pop(key, None)
            self.budget.settle(reserved, spent)
        return outcome

    def _collect(self, key: CacheKey, body: dict[str, Any]) -> None:
        """Add a request to the batch that takes more, or to a new one."""
        line = orjson.dumps({"custom_id": custom_id(key), "method": "POST", "url": "/v1/chat/completions", "body": body},
                            option=orjson.OPT_APPEND_NEWLINE)
        if not self.lines or len(self.lines) >= MOST_REQUESTS or self.size + len(line) > MOST_BYTES:
            self.lines, self.size = {}, 0
            self.batch = self._start(self._submit(self.lines))
        self.lines[key], self.size = line, self.size + len(line)
        self.batch_of[key] = self.batch

    def _start(self, work: Coroutine[Any, Any, Outcomes]) -> asyncio.Task[Outcomes]:
        """Start the task of a batch. An error in it is raised in each prompt that awaits it."""
        def ended(task: asyncio.Task[Outcomes]) -> None:
            self.batches.discard(task)
            if not task.cancelled():
                task.exception()  # asyncio complains of an error that nobody takes, and no prompt may await this one

        task = asyncio.get_running_loop().create_task(work)
        self.batches.add(task)
        task.add_done_callback(ended)
        return task

    # -----------------------------------------------------------------------------------------------------------------------------
    # one batch

    def _resume(self) -> None:
        """Wait for the batches that earlier runs left at the provider."""
        if not self.resumed:
            self.resumed = True
            for file, identifier, keys in list(self.ledger.entries()):
                cli.say(f"batch {identifier or 'of ' + file}: {len(keys)} requests of an earlier run are under way")
                self.batch_of |= dict.fromkeys(keys, self._start(self._wait_for(file, identifier, keys)))

    async def _submit(self, lines: dict[CacheKey, bytes]) -> Outcomes:
        """Wait until no more lines come, upload them, create their batch, and wait for its outcomes."""
        count = 0
        while len(lines) > count:
            count = len(lines)
            await asyncio.sleep(QUIET)
        if self.lines is lines:
            self.lines = {}
        files = self.connection.client.with_options(timeout=TRANSFER).files
        file = await self._call(lambda: files.create(file=("batch.jsonl", b"".join(lines.values())), purpose="batch"))
        self.ledger.add(file.id, lines)
        batch = await self._call(lambda: self._create(file.id))
        cli.say(f"batch {batch.id}: {len(lines)} requests; stopped, the same command picks it up")
        return await self._wait_for(file.id, batch.id, lines)

    async def _create(self, file: str) -> Any:
        """The batch of a file: a new one, unless an earlier try created it and its answer was lost."""
        return await self._find(file) or await self.connection.client.batches.create(
            input_file_id=file, endpoint="/v1/chat/completions", completion_window="24h")

    async def _find(self, file: str) -> Any:
        latest = await self.connection.client.batches.list(limit=100)
        return next((batch for batch in latest.data if batch.input_file_id == file), None)

    async def _wait_for(self, file: str, identifier: str | None, keys: Collection[CacheKey]) -> Outcomes:
        """Wait until a batch has ended, and keep its answers; returns the outcomes of all keys."""
        if identifier is None:
            batch = await self._call(lambda: self._find(file))
            identifier = batch.id if batch else None
        outcomes, why = Outcomes(), "the batch was never created"  # a kill came before
        if identifier is not None:
            self.ledger.set_id(file, identifier)
            batches = self.connection.client.batches
            while (batch := await self._call(lambda: batches.retrieve(identifier))).status not in ENDED:
                await asyncio.sleep(POLL)
            outcomes = await self._read(batch, {custom_id(key): key for key in keys})
            errors = "; ".join(error.message or "" for error in (batch.errors.data if batch.errors else None) or [])
            why = self.connection.masked(f"batch {identifier} {batch.status} {errors}")
        self.ledger.remove(file)
        return {key: outcomes.get(key, Reject(UNANSWERED, why)) for key in keys}

    async def _read(self, batch: Any, keys: dict[str, CacheKey]) -> Outcomes:
        """The outcomes in the output and error files of a batch; answers are in the cache when this returns."""
        files, outcomes = self.connection.client.with_options(timeout=TRANSFER).files, Outcomes()
        for name in filter(None, (batch.output_file_id, batch.error_file_id)):
            for line in (await self._call(lambda name=name: files.content(name))).content.splitlines():
                try:
                    row = orjson.loads(line)
                    key = keys[row["custom_id"]]
                except (ValueError, KeyError, TypeError):  # a line that cannot be read answers nothing
                    continue
                outcome = outcomes[key] = self._outcome(row)
                if isinstance(outcome, Completion):
                    self.has_answered = True
                    if not outcome.refusal:
                        self.cache.put(key, self.answer(outcome, []))  # a batch of an earlier run does not show its prompts
        return outcomes

    def _outcome(self, row: dict[str, Any]) -> Completion | Reject:
        response, problem = row.get("response") or {}, row.get("error") or {}
        status, body = response.get("status_code"), response.get("body") or {}
        if status == 200 and (completion := read_completion(body)):
            return completion
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
