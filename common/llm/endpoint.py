"""An OpenAI-compatible endpoint as a writer: what is known comes from the cache, the rest is sent, as fast as server and budget let it."""

from __future__ import annotations

import asyncio
import os
import re
import time
from pathlib import Path
from typing import Any

from common import cli
from common.cli import Reject
from common.jsonl import UserError
from common.llm.cache import Cache, Question
from common.llm.completion import Completion
from common.llm.connection import BROKEN, FORBIDDEN, Connection, Fate, Outcome
from common.llm.forms import keeps_form
from common.llm.pace import Pace, back_off
from common.llm.prices import Budget, Messages, Price, cost, estimated_tokens, known_price, most_tokens
from common.llm.protocol import Answer, Prompt, Usage, Writer

OPTIONAL = "temperature", "top_p", "seed"  # settings that an answer can be had without
SMALLEST_ROOM = 64  # tokens of an answer for which it pays to ask
REMEMBERED = {"bad_request", "moderated", "refused", "filtered", "no_text"}  # would be so again: --retry-rejected asks again
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
        self.left_out: set[str] = set()  # settings that it does not take
        self.takes_system = True  # until it refuses a system turn
        self.context: int | None = None  # tokens that prompt and answer share, once a refusal has said it
        self.longest: int | None = None  # tokens of an answer that it allows, likewise
        self.forbidden = 0  # refusals with 403 in a row
        self.identity: str | None = None  # what a server of one's own says that it serves; "" where it says nothing
        self.finding_identity = asyncio.Lock()

    def status(self) -> str:
        return f"{self.pace.in_flight} in flight, {super().status()}"

    def figures(self) -> dict[str, Any]:
        lost = {"lost_usd": round(self.budget.lost, 6)} if self.budget.lost else {}  # the most that answers cost which never arrived
        return {**super().figures(), "sends": self.pace.sent, **lost}

    async def close(self) -> None:
        self.pace.reset()
        self.finding_format, self.finding_identity = asyncio.Lock(), asyncio.Lock()  # bound to the loop that ends
        await self.connection.close()

    async def reply(self, prompt: Prompt, messages: Messages, sampling: dict[str, Any]) -> Answer:
        request = {"max_tokens": MAX_TOKENS, **self.sampling, **sampling}
        await self._identify()
        question = self._question(prompt, messages, request)
        while self.cache and (flight := self.flights.get(question)):  # another record asks the very same: the answer will be in the cache
            await asyncio.wait([flight])
        answer = known = self._known(question)
        if answer is None:
            flight = self.flights[question] = asyncio.get_running_loop().create_future()
            try:
                answer = await self._fetch(prompt, messages, request, question)
            except Reject as reject:
                if self.cache and reject.reason in REMEMBERED:
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

    async def _identify(self) -> None:
        """Ask a server of one's own once what it serves under the model's name: a model trained anew keeps its name."""
        if self.identity is None and self.cache and self.connection.base_url:
            async with self.finding_identity:
                if self.identity is None:
                    self.identity = await self.connection.identity(self.name)

    def _question(self, prompt: Prompt, messages: Messages, request: dict[str, Any]) -> Question:
        """What an answer is kept under; one that no grammar held is another than one that was held."""
        shape = prompt.schema or (prompt.grammar if self.takes_grammar else None)
        return Question.of(self.name, messages, shape, request, self.identity)

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
        return any([self.renew(self._question(prompt, messages, request)) for messages in conversations])

    # -----------------------------------------------------------------------------------------------------------------------------
    # to the server and back

    async def _fetch(self, prompt: Prompt, messages: Messages, request: dict[str, Any], question: Question) -> Answer:
        """The answer of the server, kept in the cache."""
        completion = await self._send(prompt, messages, request)
        answer = self.answer(completion, messages)
        if completion.refusal:
            self.count(answer)  # paid for all the same
            reason, detail = completion.refusal
            raise Reject(reason, f"{prompt.task}: {detail}")
        if prompt.grammar and self.takes_grammar and not keeps_form(prompt.grammar, answer.text, answer.finish == "stop"):
            self.takes_grammar = False
            cli.say(f"{self.name}: this server ignores the grammar it is given; its answers are not held to one")
        if self.cache:
            self.cache.put(self._question(prompt, messages, request) if prompt.grammar else question, answer)
        return answer

    def answer(self, completion: Completion, messages: Messages) -> Answer:
        """The Answer in a completion, its text as the model wrote it; what the server does not count is estimated."""
        asked, made = completion.prompt_tokens, completion.completion_tokens
        tokens = (estimated_tokens(messages) if asked is None else asked,
                  estimated_tokens([{"content": completion.text}]) if made is None else made)  # fmt: skip
        return Answer(completion.text, None, Usage(*tokens, cost(self.price, *tokens)), completion.finish)

    async def _send(self, prompt: Prompt, messages: Messages, request: dict[str, Any]) -> Completion:
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

    async def _deliver_in_form(self, messages: Messages, request: dict[str, Any], grammar: str | None) -> Completion:
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

    async def _deliver(self, messages: Messages, request: dict[str, Any]) -> Completion:
        """Send until there is a completion. Raises Reject if this request gets none, UserError if none would."""
        started, attempt = time.monotonic(), 0
        while True:
            sent = self._body(messages, request)
            outcome = await self._attempt(sent)
            if outcome.body is not None:
                self.forbidden = 0
                return outcome.body
            if outcome.status == FORBIDDEN and self.pace.answered and (forbidden := self.forbidden + 1) < ATTEMPTS:
                self.forbidden = forbidden
                raise Reject("moderated", outcome.problem)
            if outcome.closed and not self.pace.answered:
                self.pace.stop(f"{outcome.problem}; nothing was sent; is the server up, and --base-url right?")
                raise self._stopped()
            if outcome.fate is Fate.FATAL:
                self.pace.stop(f"{self.name}: {outcome.problem}; mend the model's name, --base-url or the key, and go on: {cli.command()}")
                raise UserError(str(self.pace.stopped))
            if outcome.fate is Fate.REFUSED:
                if not self.learns(sent, outcome.problem):
                    raise Reject("bad_request", outcome.problem)
            elif outcome.fate is not Fate.THROTTLED:
                attempt += 1
                if outcome.status == BROKEN and attempt == 1 and not self.pace.answered and (answer := await self._without_extras(sent)):
                    return answer
                if attempt == ATTEMPTS:
                    break
                await asyncio.sleep(back_off(attempt - 1))
        if not self.pace.answered:
            self.pace.stop(f"nothing gets through in {ATTEMPTS} tries, the last: {outcome.problem}")
            raise self._stopped()
        raise Reject("no_answer", f"{ATTEMPTS} attempts in {time.monotonic() - started:.0f} s; the last: {outcome.problem}")

    async def _without_extras(self, sent: dict[str, Any]) -> Completion | None:
        """An answer to a request without the settings that it can do without: some servers break on one they do not know.

        What was left out is left out from now on, if that helps, which is said.
        """
        extras = {name for name in (*OPTIONAL, "structured_outputs", "response_format") if name in sent}
        outcome = await self._attempt({name: value for name, value in sent.items() if name not in extras}) if extras else None
        if outcome is None or outcome.body is None:
            return None
        cli.say(f"{self.name}: this server breaks on {', '.join(sorted(extras))}; left out from now on")
        self.left_out |= extras
        self.takes_grammar = self.takes_grammar and "structured_outputs" not in extras
        return outcome.body

    def renames_limit(self, used: str, problem: str) -> bool:
        """Whether a refusal says that the token limit has the other name here; then that is used from now on."""
        if used != "max_tokens" or "max_completion_tokens" not in problem:
            return False
        self.limit_name = "max_completion_tokens"  # newer models of OpenAI's take only this
        return True

    def learns(self, sent: dict[str, Any], problem: str) -> bool:
        """Whether a refusal says what this endpoint does not take; then it is left out from now on, which is said once."""
        if "max_tokens" in sent and self.renames_limit("max_tokens", problem):
            return True
        if refused := [name for name in OPTIONAL if name in sent and re.search(rf"\b{name}\b", problem)]:
            if new := [name for name in refused if name not in self.left_out]:
                cli.say(f"{self.name}: this server does not take {', '.join(new)}; left out from now on")
            self.left_out.update(refused)
            return True
        if sent["messages"][0]["role"] == "system" and re.search(r"\bsystem\b", problem, re.IGNORECASE):
            if self.takes_system:
                cli.say(f"{self.name}: this server takes no system turn; its text goes before the user's")
            self.takes_system = False
            return True
        return self.learns_room(sent, problem)

    def learns_room(self, sent: dict[str, Any], problem: str) -> bool:
        """Whether a refusal says how many tokens there is room for, and the next request will be smaller than the one refused."""
        asked = sent[self.limit_name] if self.limit_name in sent else 0
        if context := re.search(r"context (?:length|window)\D{0,30}(\d{3,8})", problem):
            self.context = int(context[1])
        elif most := re.search(r"(?:at most|less than or equal to|<=)\D{0,10}(\d{2,8})", problem):
            self.longest = int(most[1])
        else:
            return False
        if smaller := SMALLEST_ROOM <= self.room(sent["messages"], asked) < asked:
            cli.say(f"{self.name}: answers get fewer tokens here, as the server has room for: {problem[:160]}")
        return smaller

    def room(self, messages: Messages, asked: int) -> int:
        """The token limit to ask for, of `asked`: what the endpoint is known to have room for."""
        room = min(asked, self.longest or asked)
        return min(room, self.context - estimated_tokens(messages)) if self.context else room

    def _body(self, messages: Messages, request: dict[str, Any]) -> dict[str, Any]:
        """The body of a request, without what this endpoint does not take."""
        if messages[0]["role"] == "system" and not self.takes_system and len(messages) > 1:
            first = {**messages[1], "content": f"{messages[0]['content']}\n\n{messages[1]['content']}"}
            messages = [first, *messages[2:]]
        body = {"model": self.name, "messages": messages, **{key: value for key, value in request.items() if key not in self.left_out}}
        limit = self.room(messages, body.pop("max_tokens"))
        return {**body, self.limit_name: max(1, limit)}

    async def _attempt(self, body: dict[str, Any]) -> Outcome:
        """Send once, when pace and budget allow it."""
        messages, limit = body["messages"], body[self.limit_name if self.limit_name in body else "max_tokens"]
        most = cost(self.price, most_tokens(messages, body.get("response_format")), limit)
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
