"""An OpenAI-compatible endpoint as a writer: what is known comes from the cache, the rest is sent, as fast as server and budget let it."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

from common import cli
from common.cli import Reject
from common.jsonl import UserError
from common.llm.cache import Cache, Question
from common.llm.connection import Connection, Fate, Outcome
from common.llm.pace import Pace, back_off
from common.llm.prices import Budget, Messages, Price, cost, estimated_tokens, known_price, most_tokens
from common.llm.protocol import Answer, Prompt, Usage, Writer

ATTEMPTS = 8  # of one request while others are answered; 429s are not counted, they say nothing about the request
MAX_TOKENS = 8192  # of an answer: bounds what a model that never stops can cost
FORMATS = "json_schema", "json_object", "text"  # ways to ask for JSON, best first; older servers refuse the first, or the first two


class Endpoint(Writer):
    """A model behind an OpenAI-compatible chat-completions endpoint.

    `concurrency` is the most requests (and records) in flight, `timeout` seconds to wait for an answer, `price` US dollars per million
    prompt and completion tokens, `budget` US dollars for this writer, `retry_rejected`: ask again what is remembered as refused.
    """

    def __init__(self, name: str, base_url: str | None = None, *, concurrency: int = 32, timeout: float = 180.0,
                 temperature: float | None = None, cache: Path | None = None, price: Price | None = None,
                 budget: float | Budget | None = None, retry_rejected: bool = False) -> None:
        super().__init__()
        self.name, self.concurrency, self.retry_rejected = name, concurrency, retry_rejected
        base_url, key = base_url or os.environ.get("OPENAI_BASE_URL") or None, os.environ.get("OPENAI_API_KEY", "")
        if not key and base_url is None:
            raise UserError(f"{name}: OPENAI_API_KEY is not set; set it, name your own server with --base-url, or take the offline writer")
        self.price = price or known_price(name)
        self.budget = budget if isinstance(budget, Budget) else Budget(budget)
        if self.budget.limit is not None and self.price is None:
            raise UserError(f"--budget-usd: no price is known for {name}; give --price PROMPT/COMPLETION (dollars per million tokens)")
        self.sampling = {} if temperature is None else {"temperature": temperature}
        self.connection, self.pace = Connection(base_url, key, timeout, concurrency), Pace(concurrency)
        self.cache = Cache(cache) if cache else None
        self.renewed: set[Question] = set()  # asked anew in this run
        self.flights: dict[Question, asyncio.Future[None]] = {}  # being asked at this moment
        self.format: str | None = None  # the way to ask for JSON that this endpoint has taken
        self.takes_grammar = True  # until it refuses one
        self.finding_format = asyncio.Lock()
        self.limit_name = "max_tokens"  # what this endpoint calls the limit

    def status(self) -> str:
        return f"{self.pace.in_flight} in flight, {super().status()}"

    def figures(self) -> dict[str, Any]:
        lost = {"lost_usd": round(self.budget.lost, 6)} if self.budget.lost else {}  # the most that answers cost which never arrived
        return {**super().figures(), "sends": self.pace.sent, **lost}

    async def close(self) -> None:
        self.pace.reset()
        self.finding_format = asyncio.Lock()  # bound to the loop that ends
        await self.connection.close()

    async def reply(self, prompt: Prompt, messages: Messages, sampling: dict[str, Any]) -> Answer:
        request = {"max_tokens": MAX_TOKENS, **self.sampling, **sampling}
        question = Question.of(self.name, messages, prompt.schema or prompt.grammar, request)
        while self.cache and (flight := self.flights.get(question)):  # another record asks the very same: the answer will be in the cache
            await asyncio.wait([flight])
        answer = known = self._known(question)
        if answer is None:
            flight = self.flights[question] = asyncio.get_running_loop().create_future()
            try:
                answer = await self._fetch(prompt, messages, request, question)
            except Reject as reject:
                if self.cache and reject.reason == "bad_request":
                    self.cache.refuse(question, reject)
                raise
            finally:
                self.flights.pop(question, None)
                flight.set_result(None)
        self.count(answer, cached=known is not None)
        if prompt.schema is not None and answer.finish == "length":
            if self.renew(question):
                return await self.reply(prompt, messages, sampling)
            raise Reject("answer_too_long", f"{prompt.task}: no complete object within {request['max_tokens']} tokens")
        return answer

    def _known(self, question: Question) -> Answer | None:
        """The answer in the cache; raises the Reject that is remembered there."""
        known = self.cache.get(question) if self.cache else None
        if isinstance(known, Reject):
            if not self.renew(question):
                raise known
            return None
        return known

    def renew(self, question: Question) -> bool:
        """With --retry-rejected: forget what a question got in an earlier run, so that it is asked again; once."""
        if not (self.cache and self.retry_rejected) or question in self.renewed:
            return False
        self.renewed.add(question)
        self.cache.forget(question)
        return True

    def asks_anew(self, prompt: Prompt, conversations: list[Messages], sampling: dict[str, Any]) -> bool:
        request = {"max_tokens": MAX_TOKENS, **self.sampling, **sampling}
        return any([self.renew(Question.of(self.name, messages, prompt.schema, request)) for messages in conversations])

    # -----------------------------------------------------------------------------------------------------------------------------
    # to the server and back

    async def _fetch(self, prompt: Prompt, messages: Messages, request: dict[str, Any], question: Question) -> Answer:
        """The answer of the server, kept in the cache."""
        answer = self.answer(await self._send(prompt, messages, request), messages)
        if self.cache:
            self.cache.put(question, answer)
        return answer

    def answer(self, completion: dict[str, Any], messages: Messages) -> Answer:
        """The Answer in a completion's body."""
        choice, usage = completion["choices"][0], completion.get("usage")
        message = choice["message"]
        text = self.connection.hidden(message.get("content") or message.get("refusal") or "")
        if isinstance(usage, dict):
            tokens = usage.get("prompt_tokens") or 0, usage.get("completion_tokens") or 0
        else:  # some servers leave it out
            tokens = estimated_tokens(messages), estimated_tokens([{"content": text}])
        return Answer(text, None, Usage(*tokens, cost(self.price, *tokens)), choice.get("finish_reason") or "stop")

    async def _send(self, prompt: Prompt, messages: Messages, request: dict[str, Any]) -> dict[str, Any]:
        """One completion, its JSON asked for in the way this endpoint takes: the first that is not refused is kept for all to come."""
        if prompt.schema is None:
            return await self._deliver_in_form(messages, request, prompt.grammar)
        if self.format is None:
            async with self.finding_format:  # one request finds out, the others wait
                for way in FORMATS if self.format is None else ():
                    try:
                        completion = await self._deliver(messages, {**request, **response_format(way, prompt)})
                    except Reject as reject:
                        if reject.reason != "bad_request" or way == FORMATS[-1]:
                            raise
                    else:
                        self.format = way
                        return completion
        return await self._deliver(messages, {**request, **response_format(self.format or FORMATS[-1], prompt)})

    async def _deliver_in_form(self, messages: Messages, request: dict[str, Any], grammar: str | None) -> dict[str, Any]:
        """One completion, held to a grammar where the server can do that (vLLM's field); else without, which is said once."""
        if grammar and self.takes_grammar:
            try:
                return await self._deliver(messages, {**request, "structured_outputs": {"grammar": grammar}})
            except Reject as reject:
                if reject.reason != "bad_request":
                    raise
                if self.takes_grammar:
                    cli.say(f"{self.name}: this server takes no grammar ({reject.detail[:120]}); its answers are not held to one")
                self.takes_grammar = False
        return await self._deliver(messages, request)

    async def _deliver(self, messages: Messages, request: dict[str, Any]) -> dict[str, Any]:
        """Send until there is a completion. Raises Reject if this request gets none, UserError if none would."""
        started, attempt = time.monotonic(), 0
        while True:
            limit_name = self.limit_name
            outcome = await self._attempt(messages, request)
            if outcome.body is not None:
                return outcome.body
            if outcome.fate is Fate.FATAL:
                self.pace.stop(f"{self.name}: {outcome.problem}; mend the model's name, --base-url or the key, and go on: {cli.command()}")
                raise UserError(str(self.pace.stopped))
            if outcome.fate is Fate.REFUSED:
                if not self.renames_limit(limit_name, outcome.problem):
                    raise Reject("bad_request", outcome.problem)
            elif outcome.fate is not Fate.THROTTLED:
                attempt += 1
                if attempt == ATTEMPTS:
                    break
                await asyncio.sleep(back_off(attempt - 1))
        if not self.pace.answered:
            self.pace.stop(f"nothing gets through in {ATTEMPTS} tries, the last: {outcome.problem}")
            raise self._stopped()
        raise Reject("no_answer", f"{ATTEMPTS} attempts in {time.monotonic() - started:.0f} s; the last: {outcome.problem}")

    def renames_limit(self, used: str, problem: str) -> bool:
        """Whether a refusal says that the token limit has the other name here; then that is used from now on."""
        if used != "max_tokens" or "max_completion_tokens" not in problem:
            return False
        self.limit_name = "max_completion_tokens"  # newer models of OpenAI's take only this
        return True

    async def _attempt(self, messages: Messages, request: dict[str, Any]) -> Outcome:
        """Send once, when pace and budget allow it."""
        limit = request["max_tokens"]
        most = cost(self.price, most_tokens(messages, request.get("response_format")), limit)
        body = {"model": self.name, "messages": messages, **request}
        body[self.limit_name] = body.pop("max_tokens")
        try:
            ticket = await self.pace.enter(estimated_tokens(messages) + limit)
        except UserError:
            raise self._stopped() from None
        outcome, reserved = Outcome(Fate.UNKNOWN), 0.0
        try:
            reserved = await self.budget.reserve(most)
            outcome = await self.connection.complete(body)
        finally:
            self.pace.leave(ticket, outcome)
            spent = self.answer(outcome.body, messages).usage.cost if outcome.body else reserved * outcome.lost
            self.budget.settle(reserved, spent, outcome.lost)
        return outcome

    def _stopped(self) -> UserError:
        where = self.connection.base_url or "OpenAI"
        stopped = str(self.pace.stopped)
        return UserError(stopped if stopped.startswith(self.name) else
                         f"{self.name} at {where}: {stopped}; what is answered is saved; go on: {cli.command()}")


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
