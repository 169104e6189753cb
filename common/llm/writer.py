"""The protocol of writers: a Prompt goes in, a CompletionResult comes out. Endpoint, BatchEndpoint and OfflineWriter implement it."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

import orjson

from common import cli
from common.cli import Reject
from common.prompts import Prompt
from common.replies import without_thought

Item, Result = TypeVar("Item"), TypeVar("Result")
Messages = list[dict[str, str]]

OFFLINE = "offline"  # the name of the rule-based writer: no key, no network, no cost
DEFAULT_MODEL = "gpt-4o-mini"  # the paper's writer (camera-ready abstract)
SHOWN_EVERY = 0.5  # seconds between two updates of the status
SPAN = 10.0  # seconds over which the shown rates are taken: shorter ones flicker


class Usage(NamedTuple):
    """Tokens and cost of an answer; `cost` in US dollars, 0 where no price is known. From the cache: those of its first time."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0

    def plus(self, other: Usage) -> Usage:
        """The sum of both."""
        return Usage(self.prompt_tokens + other.prompt_tokens, self.completion_tokens + other.completion_tokens, self.cost + other.cost)


class CompletionResult(NamedTuple):
    """`text` as the model wrote it; `object` the parsed and accepted object where the prompt has a schema, else None.

    `finish` is "stop" where the model ended the text itself, "length" at the token limit.
    """

    text: str
    object: Any = None
    usage: Usage = Usage()
    finish: str = "stop"


class UsageMeter:
    """Rates over the last seconds, from counts that only grow."""

    def __init__(self) -> None:
        self.seen: deque[tuple[float, int, int]] = deque()

    def line(self, requests: int, used: Usage) -> str:
        """Such as `41.3 req/s, 12.1k tok/s, $0.52`."""
        now, tokens = time.monotonic(), used.prompt_tokens + used.completion_tokens
        self.seen.append((now, requests, tokens))
        while self.seen[0][0] < now - SPAN:
            self.seen.popleft()
        at, requests_then, tokens_then = self.seen[0]
        span = max(now - at, 1e-3)
        speed = (tokens - tokens_then) / span
        shown = f"{speed / 1000:.1f}k" if speed >= 1000 else f"{speed:.0f}"
        return f"{(requests - requests_then) / span:.1f} req/s, {shown} tok/s, ${used.cost:.2f}"


# ---------------------------------------------------------------------------------------------------------------------------------
# the protocol


class Writer(ABC):
    """Answers prompts. Each kind of writer implements `reply`; `ask` with its one repair request and `map` are the same for all."""

    name: str = ""
    concurrency: int = 1

    def __init__(self) -> None:
        self.used, self.requests, self.cached, self.meter = Usage(), 0, 0, UsageMeter()

    @abstractmethod
    async def reply(self, prompt: Prompt, messages: Messages, sampling: dict[str, Any]) -> CompletionResult:
        """One answer to `messages` (the prompt's own, or those of its repair request), not checked."""

    async def close(self) -> None:  # noqa: B027 (a writer without connections has nothing to close)
        """Close connections; the next `reply` opens them again."""

    def forget(self, prompt: Prompt, conversations: list[Messages], sampling: dict[str, Any]) -> bool:
        """Drop the stored answers to these conversations, which could not be used; True if they are to be asked once more."""
        return False

    def taken(self, sampling: dict[str, Any]) -> dict[str, Any]:
        """The sampling parameters of these that the writer is known to heed."""
        return sampling

    def status(self) -> str:
        """Text beside the progress bar: rates and cost."""
        return self.meter.line(self.requests, self.used)

    async def ask(self, prompt: Prompt, **sampling: Any) -> CompletionResult:
        """The accepted answer to a prompt; an answer that cannot be used is sent back once, with the problem.

        Raises cli.Reject (`unusable_answer`, `no_answer`, `bad_request`, …) if this prompt gets none, UserError if no prompt would.
        """
        first = await self.reply(prompt, prompt.messages, sampling)
        try:
            return first._replace(object=accepted(prompt, first.text))
        except ValueError as error:
            problem = str(error)
        repair = [*prompt.messages, {"role": "assistant", "content": first.text},
                  {"role": "user", "content": f"That answer cannot be used: {problem}\nGive the whole answer again, mended."}]
        second = await self.reply(prompt, repair, sampling)
        try:
            return second._replace(object=accepted(prompt, second.text), usage=first.usage.plus(second.usage))
        except ValueError as error:
            if self.forget(prompt, [prompt.messages, repair], sampling):
                return await self.ask(prompt, **sampling)
            raise Reject("unusable_answer", f"{prompt.task}: {error}; the answer: {second.text}") from None

    def complete(self, prompt: Prompt, **sampling: Any) -> CompletionResult:
        """`ask` for callers without an event loop."""
        for _, outcome in self.map(lambda item: self.ask(item, **sampling), [prompt]):
            if isinstance(outcome, Reject):
                raise outcome
        return outcome

    def map(self, work: Callable[[Item], Awaitable[Result]], items: Iterable[Item],
            others: Iterable[Writer] = ()) -> Iterator[tuple[Item, Result | Reject]]:
        """Yield (item, what `work(item)` returned or the Reject it raised) as they finish, at most `concurrency` at once.

        Items are drawn as places fall free, so memory is flat. When one raises another error, no more are drawn, those in flight are
        awaited and yielded, and then the error is raised. An iterable that ends early (Ctrl-C) drains the same way. `others` are further
        writers that `work` asks; they share the loop, and are closed with this one.
        """
        loop, done, tasks = asyncio.new_event_loop(), asyncio.Queue[tuple[Any, Any]](), set[asyncio.Task[None]]()
        show = loop.create_task(self._show())  # noqa: F841 (the loop itself holds tasks only weakly)
        draw, end, running, error = iter(items), object(), 0, None

        async def one(item: Item) -> None:
            try:
                with cli.one_record():
                    outcome: Any = await work(item)
            except Exception as problem:  # the loop below raises it
                outcome = problem
            done.put_nowait((item, outcome))

        try:
            while True:
                while error is None and running < self.concurrency and (item := next(draw, end)) is not end:
                    task = loop.create_task(one(item))
                    tasks.add(task)  # the loop itself holds tasks only weakly
                    task.add_done_callback(tasks.discard)
                    running += 1
                if not running:
                    break
                item, outcome = loop.run_until_complete(done.get())
                running -= 1
                if isinstance(outcome, Exception) and not isinstance(outcome, Reject):
                    error = error or outcome
                else:
                    yield item, outcome
            if error:
                raise error
        finally:
            loop.run_until_complete(self._end(others))
            loop.close()

    async def _show(self) -> None:
        while True:
            cli.show(self.status)
            await asyncio.sleep(SHOWN_EVERY)

    async def _end(self, others: Iterable[Writer]) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in (self, *others):
            await writer.close()

    def count(self, answer: CompletionResult, cached: bool = False) -> CompletionResult:
        """Add an answer to the totals of this run, one from the cache without what it cost an earlier one; returns it."""
        self.requests, self.cached = self.requests + (not cached), self.cached + cached
        self.used = self.used if cached else self.used.plus(answer.usage)
        return answer

    def figures(self) -> dict[str, Any]:
        """The totals of this run, for the summary line."""
        return {"writer": self.name, "requests": self.requests, "cached": self.cached, "prompt_tokens": self.used.prompt_tokens,
                "completion_tokens": self.used.completion_tokens, "cost_usd": round(self.used.cost, 6)}


# ---------------------------------------------------------------------------------------------------------------------------------
# objects in answers


def is_cut(prompt: Prompt, answer: CompletionResult) -> bool:
    """True for an answer that the token limit ended before its object was whole; some models go on with white space behind it."""
    if prompt.schema is None or answer.finish != "length":
        return False
    try:
        return schema_error(find_object(without_thought(answer.text)), prompt.schema) is not None
    except ValueError:
        return True


def accepted(prompt: Prompt, text: str) -> Any:
    """The object in an answer, as `prompt.accept` makes it; None for a prompt without a schema. Raises ValueError with the problem."""
    if prompt.schema is None:
        return None
    value = find_object(without_thought(text))
    if problem := schema_error(value, prompt.schema):
        raise ValueError(problem)
    return prompt.accept(value)


def find_object(text: str) -> Any:
    """The JSON value in an answer: all of it, in a fence, or with words around it. Raises ValueError if there is none."""
    problem = None
    for candidate in (text, first_fence(text), text[text.find("{"): text.rfind("}") + 1]):
        try:
            return orjson.loads(candidate)
        except orjson.JSONDecodeError as error:
            problem = problem or error
    raise ValueError(f"it is not one JSON object ({problem})")


def first_fence(text: str) -> str:
    """The text in the first fence, which models without a JSON mode like to put around their answer; "" without one."""
    lines = text.splitlines()
    fences = [number for number, line in enumerate(lines) if line.strip().lower() in ("```", "```json")]
    return "\n".join(lines[fences[0] + 1: fences[1] if len(fences) > 1 else None]) if fences else ""


def schema_error(value: Any, schema: dict[str, Any], where: str = "the answer") -> str | None:
    """The first violation of a JSON schema, None if there is none.

    Knows the part of JSON schema that our prompts use: type, properties (all required), items, enum.
    """
    kind = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}[schema["type"]]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        return f"{where} should be of type {schema['type']}, not {type(value).__name__}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{where} should be one of {schema['enum']}, not {value!r}"
    parts = [(f"{where}[{index}]", item, schema["items"]) for index, item in enumerate(value)] if kind is list else []
    for key, part in schema.get("properties", {}).items():
        if key not in value:
            return f'{where} lacks the field "{key}"'
        parts.append((f"{where}.{key}", value[key], part))
    return next((problem for name, item, part in parts if (problem := schema_error(item, part, name))), None)
