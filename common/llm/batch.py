"""The provider's Batch API behind the same protocol: half the price, answers within a day, the same cache.

Prompts are collected until no record asks any more, and go out as one batch; when it has ended its answers let the records go on to their
next prompts, which make the next one. A batch is noted in the cache's file before it is made, so that a run that was killed finds it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import orjson

from common import cli
from common.cli import Reject
from common.jsonl import UserError
from common.llm.cache import Cache, Question
from common.llm.completion import read_completion
from common.llm.connection import LATER, WRONG_SETTINGS
from common.llm.endpoint import ATTEMPTS, FORMATS, Endpoint, response_format
from common.llm.pace import back_off
from common.llm.prices import DISCOUNT, Messages, cost, most_tokens
from common.llm.protocol import Answer, Prompt

MOST_REQUESTS, MOST_BYTES = 50_000, 190 << 20  # of one batch, by OpenAI's limits of 50,000 and 200 MB
QUIET = 2.0  # seconds without a new prompt after which every record is taken to be waiting
POLL = 30.0  # seconds between two looks at a batch: most take minutes to hours
TRIES = 3  # batches that a prompt may be in: one that expires or fails is asked anew
TRANSFER = 900.0  # seconds for a file of 200 MB
ENDED = {"completed", "expired", "cancelled", "failed"}


class BatchEndpoint(Endpoint):
    """An endpoint that answers by batches; `concurrency` is the number of records in hand, all of which may wait for one batch."""

    def __init__(self, name: str, base_url: str | None = None, **options: Any) -> None:
        super().__init__(name, base_url, **options)
        if self.cache is None:
            raise UserError("--batch needs --cache: what is under way is noted there")
        self.price = (self.price[0] * DISCOUNT, self.price[1] * DISCOUNT) if self.price else None
        self.book = Book(self.cache, self.connection.base_url or "")
        self.pending, self.pending_bytes = dict[Question, bytes](), 0  # lines of the next batch
        self.awaited: dict[Question, asyncio.Future[Answer | Reject | str]] = {}
        self.under_way: set[Question] = set()
        self.jobs: set[asyncio.Task[None]] = set()
        self.timer: asyncio.TimerHandle | None = None
        self.resumed, self.collected = False, 0

    def status(self) -> str:
        return f"{len(self.awaited)} prompts wait for {len(self.jobs)} batches, {super().status()}"

    async def close(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        for job in self.jobs:
            job.cancel()
        await asyncio.gather(*self.jobs, return_exceptions=True)
        self.pending, self.pending_bytes, self.awaited, self.under_way, self.resumed = {}, 0, {}, set(), False
        await super().close()

    # -----------------------------------------------------------------------------------------------------------------------------
    # one prompt

    async def _fetch(self, prompt: Prompt, messages: Messages, request: dict[str, Any], question: Question) -> Answer:
        """The answer of a batch; asked anew in another one where it has none. Raises Reject or UserError as the parent does."""
        self._resume()
        outcome: Answer | Reject | str = ""
        ways = iter(FORMATS if self.format is None else [self.format])
        way = next(ways)
        for _ in range(TRIES):
            limit_name, shape = self.limit_name, {} if prompt.schema is None else response_format(way, prompt)
            outcome = await self._batched(question, messages, {**request, **shape})
            if isinstance(outcome, Answer):
                self.format = way if shape else self.format
                return outcome
            if isinstance(outcome, Reject) and not self.renames_limit(limit_name, outcome.detail):
                if not shape or (way := next(ways, "")) == "":
                    raise outcome
        if isinstance(outcome, Reject):
            raise outcome
        if not self.collected:
            raise UserError(f"{self.name}: {TRIES} batches came back without any answer; the last: {outcome}; if the provider's limit of "
                            f"tokens in its queue is what stands in the way, a lower --batch-records helps; go on: {cli.command()}")
        raise Reject("no_answer", f"not answered in {TRIES} batches; the last: {outcome}")

    async def _batched(self, question: Question, messages: Messages, request: dict[str, Any]) -> Answer | Reject | str:
        """What a batch brings for one request: an answer, a refusal, or in a string why there is none."""
        reserved = 0.0
        if question not in self.under_way:  # in a batch of an earlier run it would be paid already
            most = cost(self.price, most_tokens(messages, request.get("response_format")), request["max_tokens"])
            reserved = await self.budget.reserve(most)
            body = {"model": self.name, "messages": messages, **request}
            body[self.limit_name] = body.pop("max_tokens")
            self._collect({"custom_id": name_of(question), "method": "POST", "url": "/v1/chat/completions", "body": body}, question)
        future = self.awaited[question] = asyncio.get_running_loop().create_future()
        outcome: Answer | Reject | str = ""
        try:
            outcome = await future
        finally:
            self.budget.settle(reserved, outcome.usage.cost if reserved and isinstance(outcome, Answer) else 0.0)
        return outcome

    def _collect(self, line: dict[str, Any], question: Question) -> None:
        """Put a line into the next batch, which goes out when it is full or no more lines come."""
        self.pending[question] = orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
        if self.timer is not None:
            self.timer.cancel()
        self.pending_bytes += len(self.pending[question])
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
        """Pick up what an earlier run left at the provider."""
        if not self.resumed:
            self.resumed = True
            for file, identifier, questions in list(self.book.entries()):
                cli.say(f"batch {identifier or 'of ' + file}: {len(questions)} requests of an earlier run are under way")
                self._start(self._pick_up(file, identifier, questions), questions)

    def _start(self, work: Awaitable[None], questions: Any) -> None:
        """Run what brings answers to these questions; should it fail, they fail with it."""
        self.under_way.update(questions)

        async def job() -> None:
            try:
                await work
            except Exception as error:  # raised again by the prompts that wait for it
                for question in questions:
                    self._settle(question, error)

        task = asyncio.get_running_loop().create_task(job())
        self.jobs.add(task)
        task.add_done_callback(self.jobs.discard)

    def _settle(self, question: Question, outcome: Answer | Reject | str | Exception) -> None:
        self.under_way.discard(question)
        future = self.awaited.pop(question, None)
        if future is not None and not future.done():
            is_error = isinstance(outcome, Exception) and not isinstance(outcome, Reject)
            future.set_exception(outcome) if is_error else future.set_result(outcome)

    async def _submit(self, lines: dict[Question, bytes]) -> None:
        """Upload a file of requests, make a batch of it, wait for it."""
        files = self.connection.client.with_options(timeout=TRANSFER).files
        file = await self._call(lambda: files.create(file=("batch.jsonl", b"".join(lines.values())), purpose="batch"))
        self.book.add(file.id, lines)
        batch = await self._call(lambda: self._make(file.id))
        cli.say(f"batch {batch.id}: {len(lines)} requests; stopped, the same command picks it up")
        await self._pick_up(file.id, batch.id, lines)

    async def _make(self, file: str) -> Any:
        """The batch of a file: made, unless an earlier try did and its answer was lost."""
        return await self._made(file) or await self.connection.client.batches.create(
            input_file_id=file, endpoint="/v1/chat/completions", completion_window="24h")

    async def _made(self, file: str) -> Any:
        latest = await self.connection.client.batches.list(limit=100)
        return next((batch for batch in latest.data if batch.input_file_id == file), None)

    async def _pick_up(self, file: str, identifier: str | None, questions: Any) -> None:
        """Wait until a batch has ended, keep its answers, let the prompts that wait for it go on."""
        batch = None if identifier else await self._call(lambda: self._made(file))
        if identifier is None and batch is None:  # the earlier run was stopped before it made the batch
            self.book.drop(file)
            for question in questions:
                self._settle(question, "the batch was never made")
            return
        identifier = identifier or batch.id
        self.book.name(file, identifier)
        batches = self.connection.client.batches
        while (batch := await self._call(lambda: batches.retrieve(identifier))).status not in ENDED:
            await asyncio.sleep(POLL)
        outcomes = await self._outcomes(batch, {name_of(question): question for question in questions})
        why = "; ".join(error.message or "" for error in (batch.errors.data if batch.errors else None) or [])
        self.book.drop(file)
        for question in questions:
            self._settle(question, outcomes.get(question, self.connection.masked(f"batch {identifier} {batch.status} {why}")))

    async def _outcomes(self, batch: Any, names: dict[str, Question]) -> dict[Question, Answer | Reject | str]:
        """What the output and error files of a batch say; answers are in the cache when this returns."""
        files, result = self.connection.client.with_options(timeout=TRANSFER).files, dict[Question, Answer | Reject | str]()
        for name in filter(None, (batch.output_file_id, batch.error_file_id)):
            data = (await self._call(lambda name=name: files.content(name))).content
            for line in data.splitlines():
                try:
                    row = orjson.loads(line)
                    question = names[row["custom_id"]]
                except (ValueError, KeyError, TypeError):  # a line that cannot be read answers nothing: what it was for is asked anew
                    continue
                result[question] = outcome = self._outcome(row)
                if isinstance(outcome, Answer):
                    self.collected += 1
                    self.cache.put(question, outcome)
        return result

    def _outcome(self, row: dict[str, Any]) -> Answer | Reject | str:
        response, problem = row.get("response") or {}, row.get("error") or {}
        status, body = response.get("status_code"), response.get("body") or {}
        if status == 200 and (completion := read_completion(body)):
            return Reject(*completion.refusal) if completion.refusal else self.answer(completion, [])
        text = self.connection.masked(f"{status or problem.get('code')}: {(body.get('error') or problem).get('message')}")
        refused = status is not None and 400 <= status < 500 and status not in LATER | {429}
        return Reject("bad_request", text) if refused else text

    async def _call(self, make: Callable[[], Awaitable[Any]]) -> Any:
        """A call of the client's that is tried again while there is hope. Raises UserError at the end of it."""
        import openai

        for attempt in range(ATTEMPTS):
            try:
                return await make()
            except openai.OpenAIError as error:
                problem = self.connection.masked(str(error))
                if isinstance(error, openai.APIStatusError) and error.status_code in WRONG_SETTINGS | {400, 413, 422}:
                    break
            await asyncio.sleep(back_off(attempt))
        raise UserError(f"--batch: {problem}; what is under way stays at the provider; go on: {cli.command()}")


class Book:
    """The batches of an endpoint that are under way, in the cache's file."""

    def __init__(self, cache: Cache, endpoint: str) -> None:
        self.cache, self.endpoint = cache, endpoint

    def entries(self) -> Iterator[tuple[str, str | None, list[Question]]]:
        """(file, id of the batch if it is known to be made, questions) of each."""
        for file, identifier in self.cache.execute("SELECT file, id FROM batches WHERE endpoint = ?", (self.endpoint,)).fetchall():
            rows = self.cache.execute("SELECT key, max_tokens FROM batched WHERE file = ?", (file,))
            yield file, identifier, [Question(*row) for row in rows]

    def add(self, file: str, questions: Any) -> None:
        """Note a file that a batch is about to be made of."""
        self.cache.execute("BEGIN")
        self.cache.execute("INSERT OR REPLACE INTO batches VALUES (?, NULL, ?)", (file, self.endpoint))
        for question in questions:
            self.cache.execute("INSERT OR REPLACE INTO batched VALUES (?, ?, ?)", (file, *question))
        self.cache.execute("COMMIT")

    def name(self, file: str, identifier: str) -> None:
        """Note the id of the batch of a file."""
        self.cache.execute("UPDATE batches SET id = ? WHERE file = ?", (identifier, file))

    def drop(self, file: str) -> None:
        """Forget a batch whose answers are kept."""
        for table in ("batched", "batches"):
            self.cache.execute(f"DELETE FROM {table} WHERE file = ?", (file,))


def name_of(question: Question) -> str:
    """The custom id of a request, at most 64 characters, from which no prompt can be guessed."""
    return f"{question.key[:48]}-{question.max_tokens}"
