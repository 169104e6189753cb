"""An OpenAI-compatible endpoint as a writer: answers from the cache, else from the server, as fast as its limits and the budget allow."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from common import cli
from common.cli import Reject
from common.jsonl import UserError
from common.llm.budget import Budget, Price, cost, estimated_tokens, known_price, most_tokens
from common.llm.cache import Cache, CacheKey
from common.llm.completion import Completion, follows_grammar
from common.llm.connection import FORBIDDEN, INTERNAL_ERROR, Connection, Outcome, RequestStatus
from common.llm.limiter import AdaptiveLimiter, back_off
from common.llm.profile import GRAMMAR, ServerProfile
from common.llm.writer import CompletionResult, Messages, Usage, Writer, is_cut
from common.prompts import Prompt

REMEMBERED = {"bad_request", "moderated", "refused", "filtered", "no_text"}  # would be so again: --retry-rejected asks again
ATTEMPTS = 8  # of one request while others are answered; 429s are not counted, as they say nothing about the request
MAX_TOKENS = 8192  # of an answer: bounds what a model that never stops can cost


class Endpoint(Writer):
    """A model behind an OpenAI-compatible chat-completions endpoint.

    `concurrency` is the most requests (and records) in flight, `timeout` seconds to wait for an answer, `price` US dollars per million
    prompt and completion tokens, `budget` US dollars for this writer; with `retry_rejected` remembered refusals are asked again. `key`:
    that of OPENAI_API_KEY unless given; `extra`: further fields of each request's body.
    """

    def __init__(self, name: str, base_url: str | None = None, *, concurrency: int = 32, timeout: float = 180.0,
                 temperature: float | None = None, cache: Path | None = None, price: Price | None = None,
                 budget: float | Budget | None = None, retry_rejected: bool = False, key: str | None = None,
                 extra: dict[str, Any] | None = None) -> None:
        super().__init__()
        self.name, self.concurrency, self.retry_rejected = name, concurrency, retry_rejected
        base_url, key = base_url or os.environ.get("OPENAI_BASE_URL") or None, os.environ.get("OPENAI_API_KEY", "") if key is None else key
        if not key and base_url is None:
            raise UserError(f"{name}: OPENAI_API_KEY is not set; set it, name your own server with --base-url, or take the offline writer")
        self.price = price or known_price(name)
        self.budget = budget if isinstance(budget, Budget) else Budget(budget)
        if self.budget.limit is not None and self.price is None:
            raise UserError(f"--budget-usd: no price is known for {name}; give --price PROMPT/COMPLETION (dollars per million tokens)")
        self.sampling = ({} if temperature is None else {"temperature": temperature}) | (extra or {})
        self.connection, self.limiter = Connection(base_url, key, timeout, concurrency), AdaptiveLimiter(concurrency)
        self.profile, self.cache = ServerProfile(name), Cache(cache) if cache else None
        self.renewed: set[CacheKey] = set()  # asked again in this run
        self.flights: dict[CacheKey, asyncio.Future[None]] = {}  # on the way to the server now
        self.forbidden = 0  # refusals with 403 in a row
        self.identity: str | None = None  # that the user's own server gives for the model; "" if it gives none
        self.finding_format, self.finding_identity = asyncio.Lock(), asyncio.Lock()

    def taken(self, sampling: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in sampling.items() if name not in self.profile.left_out}

    def status(self) -> str:
        return f"{self.limiter.in_flight} in flight, {super().status()}"

    def figures(self) -> dict[str, Any]:
        lost = {"lost_usd": round(self.budget.lost, 6)} if self.budget.lost else {}  # the most that answers cost which never arrived
        return {**super().figures(), "sends": self.limiter.sent, **lost}

    async def close(self) -> None:
        self.limiter.reset()
        self.finding_format, self.finding_identity = asyncio.Lock(), asyncio.Lock()  # the old ones are bound to the loop that ends
        await self.connection.close()

    async def reply(self, prompt: Prompt, messages: Messages, sampling: dict[str, Any]) -> CompletionResult:
        try:
            return await self._reply(prompt, messages, sampling)
        except Reject as reject:  # where the server takes grammars, this one may be too much for it
            if not prompt.grammar or not self.profile.takes_grammar or reject.reason != "bad_request":
                raise
            cli.say(f"{self.name}: a request is refused ({reject.detail[:120]}) and sent again without its grammar")
            return await self._reply(replace(prompt, grammar=None), messages, sampling)

    async def _reply(self, prompt: Prompt, messages: Messages, sampling: dict[str, Any]) -> CompletionResult:
        request = self._request(sampling)
        await self._identify()
        key = self._key(prompt, messages, request)
        while self.cache and (flight := self.flights.get(key)):  # another record asks the same: its answer will be in the cache
            await asyncio.wait([flight])
        answer = known = self._known(key)
        if answer is None:
            flight = self.flights[key] = asyncio.get_running_loop().create_future()
            try:
                answer = await self._fetch(prompt, messages, request, key)
            except Reject as reject:
                if self.cache and reject.reason in REMEMBERED:
                    self.cache.refuse(key, reject)
                raise
            finally:
                self.flights.pop(key, None)
                flight.set_result(None)
        self.count(answer, cached=known is not None)
        if is_cut(prompt, answer):
            if self._renew(key):
                return await self._reply(prompt, messages, sampling)
            limit = self.profile.room(messages, request["max_tokens"])
            raise Reject("answer_too_long", f"{prompt.task}: no complete object within {limit} tokens")
        return answer

    def _request(self, sampling: dict[str, Any]) -> dict[str, Any]:
        return {"max_tokens": MAX_TOKENS, **self.sampling, **sampling}

    async def _identify(self) -> None:
        """Ask the user's own server once what it serves under the model's name: a model that was trained again keeps its name."""
        if self.identity is None and self.cache and self.connection.base_url:
            async with self.finding_identity:
                if self.identity is None:
                    self.identity = await self.connection.identity(self.name)

    def _key(self, prompt: Prompt, messages: Messages, request: dict[str, Any]) -> CacheKey:
        """The cache's key of a request; without its grammar once that is left out."""
        shape = prompt.schema or (prompt.grammar if self.profile.takes_grammar else None)
        return CacheKey.of(self.name, messages, shape, request, self.identity)

    def _known(self, key: CacheKey) -> CompletionResult | None:
        """The answer in the cache; raises the Reject that is remembered there."""
        known = self.cache.get(key) if self.cache else None
        if isinstance(known, Reject):
            if not self._renew(key):
                raise known
            return None
        return known

    def _renew(self, key: CacheKey) -> bool:
        """With --retry-rejected: drop what an earlier run got for a request, so that it is asked again, once; True if so."""
        if not (self.cache and self.retry_rejected) or key in self.renewed:
            return False
        self.renewed.add(key)
        self.cache.forget(key)
        return True

    def forget(self, prompt: Prompt, conversations: list[Messages], sampling: dict[str, Any]) -> bool:
        return any([self._renew(self._key(prompt, messages, self._request(sampling))) for messages in conversations])

    # -----------------------------------------------------------------------------------------------------------------------------
    # to the server and back

    async def _fetch(self, prompt: Prompt, messages: Messages, request: dict[str, Any], key: CacheKey) -> CompletionResult:
        """The server's answer, kept in the cache. Raises Reject if this request gets none, UserError if none would."""
        completion = await self._send(prompt, messages, request)
        answer = self.unless_refused(completion, prompt, messages)
        if prompt.grammar and self.profile.takes_grammar and not follows_grammar(prompt.grammar, answer.text, answer.finish == "stop"):
            self.profile.left_out.add(GRAMMAR)
            self.profile.say("ignores the grammar it is given; its answers may have any form")
        is_short = answer.finish == "length" and self.profile.room(messages, request["max_tokens"]) < request["max_tokens"]
        if self.cache and not is_short:  # a server with more room would write more
            self.cache.put(self._key(prompt, messages, request) if prompt.grammar else key, answer)
        return answer

    def unless_refused(self, completion: Completion, prompt: Prompt, messages: Messages) -> CompletionResult:
        """The result in a completion. Raises Reject for one that holds no answer, which is paid for all the same."""
        answer = self.answer(completion, messages)
        if completion.refusal:
            self.count(answer)
            reason, detail = completion.refusal
            raise Reject(reason, f"{prompt.task}: {detail}")
        return answer

    def answer(self, completion: Completion, messages: Messages) -> CompletionResult:
        """The result in a completion, its text as the model wrote it; tokens that the server does not count are estimated."""
        prompt_tokens, completion_tokens = completion.prompt_tokens, completion.completion_tokens
        if prompt_tokens is None:
            prompt_tokens = estimated_tokens(messages)
        if completion_tokens is None:
            completion_tokens = estimated_tokens([{"content": completion.text}])
        usage = Usage(prompt_tokens, completion_tokens, cost(self.price, prompt_tokens, completion_tokens))
        return CompletionResult(completion.text, None, usage, completion.finish)

    async def _send(self, prompt: Prompt, messages: Messages, request: dict[str, Any]) -> Completion:
        """Deliver a prompt; while no format of objects is known, one request finds it and the others wait."""
        if prompt.schema is not None and not self.profile.format_is_known:
            async with self.finding_format:
                if not self.profile.format_is_known:
                    return await self._deliver(prompt, messages, request)
        return await self._deliver(prompt, messages, request)

    async def _deliver(self, prompt: Prompt, messages: Messages, request: dict[str, Any]) -> Completion:
        """Send until there is a completion. Raises Reject if this request gets none, UserError if none would."""
        started, attempt, limiter, broken = time.monotonic(), 0, self.limiter, 0
        while True:
            sent = self.profile.body(prompt, messages, request)
            outcome = await self._attempt(sent)
            broken += outcome.http_status == INTERNAL_ERROR
            if outcome.http_status == INTERNAL_ERROR and broken == 2 and not limiter.answered:  # one may be by chance
                outcome = await self._without_extras(sent) or outcome
            if outcome.completion is not None:
                self.forbidden = 0
                self.profile.confirm(prompt, sent)
                return outcome.completion
            if outcome.http_status == FORBIDDEN and limiter.answered and self.forbidden + 1 < ATTEMPTS:
                self.forbidden += 1
                raise Reject("moderated", outcome.problem)
            if outcome.closed and not limiter.answered:
                raise self._stop(f"{outcome.problem}; nothing was sent; is the server up, and --base-url right?")
            if outcome.status is RequestStatus.FATAL:
                raise self._stop(f"{outcome.problem}; check the model's name, --base-url and the key")
            if outcome.status is RequestStatus.REFUSED:
                if not self.profile.learn(sent, outcome.problem):
                    raise Reject("bad_request", outcome.problem)
            elif outcome.status is not RequestStatus.THROTTLED:
                attempt += 1
                if attempt == ATTEMPTS:
                    break
                await asyncio.sleep(back_off(attempt - 1))
        if not limiter.answered:
            raise self._stop(f"nothing gets through in {ATTEMPTS} tries, the last: {outcome.problem}")
        raise Reject("no_answer", f"{ATTEMPTS} attempts in {time.monotonic() - started:.0f} s; the last: {outcome.problem}")

    async def _without_extras(self, sent: dict[str, Any]) -> Outcome | None:
        """The outcome of a request without the fields that an answer can be had without, if it is answered: some servers break on them."""
        bare = self.profile.without_extras(sent)
        outcome = await self._attempt(bare) if bare else None
        if bare is None or outcome is None or outcome.completion is None:
            return None
        self.profile.leave_out(sent.keys() - bare.keys())
        return outcome

    async def _attempt(self, body: dict[str, Any]) -> Outcome:
        """Send once, when the limiter and the budget allow it."""
        messages = body["messages"]
        limit = body[self.profile.limit_name if self.profile.limit_name in body else "max_tokens"]
        try:
            permit = await self.limiter.acquire(estimated_tokens(messages) + limit)
        except UserError:
            raise self._stopped() from None
        outcome, reserved = Outcome(RequestStatus.UNKNOWN), 0.0
        try:
            reserved = await self.budget.reserve(cost(self.price, most_tokens(messages, body.get("response_format")), limit))
            outcome = await self.connection.complete(body)
        finally:
            self.limiter.release(permit, outcome)
            spent = self.answer(outcome.completion, messages).usage.cost if outcome.completion else reserved * outcome.lost
            self.budget.settle(reserved, spent, outcome.lost)
        return outcome

    def _stop(self, problem: str) -> UserError:
        """Stop this and all other requests; returns the error to raise."""
        self.limiter.stop(problem)
        return self._stopped()

    def _stopped(self) -> UserError:
        where = self.connection.base_url or "OpenAI"
        return UserError(f"{self.name} at {where}: {self.limiter.stopped}; what is answered is saved; go on: {cli.command()}")
