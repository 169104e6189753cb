"""The protocol of writers: a Prompt goes in, an Answer comes out. Endpoint and the offline writer stand behind it."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import orjson

from common import cli
from common.cli import Reject
from common.llm.completion import without_thought
from common.llm.progress import Meter

Item, Result = TypeVar("Item"), TypeVar("Result")

OFFLINE = "offline"  # the name of the rule-based writer: no key, no network, no cost
DEFAULT_MODEL = "gpt-4o-mini"  # the paper's writer (camera-ready abstract)
SHOWN_EVERY = 0.5  # seconds between two looks at the status


class Usage(NamedTuple):
    """What an answer took; `cost` in US dollars, 0 where no price is known. From the cache: what it took when it was made."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0

    def plus(self, other: Usage) -> Usage:
        return Usage(self.prompt_tokens + other.prompt_tokens, self.completion_tokens + other.completion_tokens, self.cost + other.cost)


class Answer(NamedTuple):
    """`text` as the model wrote it; `object` the parsed and accepted object where the prompt has a schema, else None.

    `finish` is why it ended: "stop" by itself, "length" at the token limit.
    """

    text: str
    object: Any = None
    usage: Usage = Usage()
    finish: str = "stop"


@dataclass(frozen=True)
class Prompt:
    """What a writer is asked.

    `accept` turns the parsed answer into what the caller wants, or raises ValueError saying what is wrong with it.
    `facts` is what the messages were rendered from: the offline writer works from it, an endpoint never sees it.
    `grammar` holds the answer to a form, where the endpoint can do that; where not, it is left out, which is said once.
    """

    task: str
    messages: list[dict[str, str]]
    schema: dict[str, Any] | None = None  # JSON schema of the answer; None: free text
    facts: dict[str, Any] = field(default_factory=dict)
    accept: Callable[[Any], Any] = lambda answer: answer
    grammar: str | None = None  # in Lark's notation, as llguidance reads it; for a prompt without a schema


# ---------------------------------------------------------------------------------------------------------------------------------
# the protocol


class Writer(ABC):
    """Answers prompts. A kind of writer implements `reply`; asking, accepting, the one repair question and `map` are the same for all."""

    name: str = ""
    concurrency: int = 1

    def __init__(self) -> None:
        self.used, self.requests, self.cached, self.meter = Usage(), 0, 0, Meter()

    @abstractmethod
    async def reply(self, prompt: Prompt, messages: list[dict[str, str]], sampling: dict[str, Any]) -> Answer:
        """One answer to `messages` (the prompt's own, or those of its repair question), unchecked."""

    async def close(self) -> None:  # noqa: B027 (a writer that holds nothing has nothing to close)
        """Let go of connections; the next `reply` opens them again."""

    def asks_anew(self, prompt: Prompt, conversations: list[list[dict[str, str]]], sampling: dict[str, Any]) -> bool:
        """Whether the answers to these conversations, which could not be used, are forgotten and to be asked for once more."""
        return False

    def status(self) -> str:
        """What stands beside the progress bar: in flight, a second, what it took."""
        return self.meter.line(self.requests, self.used)

    async def ask(self, prompt: Prompt, **sampling: Any) -> Answer:
        """The accepted answer to a prompt; an answer that can't be used is sent back once, with what is wrong with it.

        Raises cli.Reject (`unusable_answer`, `no_answer`, `bad_request`) if this prompt gets none, UserError if none would.
        """
        answer = await self.reply(prompt, prompt.messages, sampling)
        try:
            return answer._replace(object=accepted(prompt, answer.text))
        except ValueError as error:
            problem = str(error)
        repair = [*prompt.messages, {"role": "assistant", "content": answer.text},
                  {"role": "user", "content": f"That answer cannot be used: {problem}\nGive the whole answer again, mended."}]
        second = await self.reply(prompt, repair, sampling)
        try:
            return Answer(second.text, accepted(prompt, second.text), answer.usage.plus(second.usage), second.finish)
        except ValueError as error:
            if self.asks_anew(prompt, [prompt.messages, repair], sampling):
                return await self.ask(prompt, **sampling)
            raise Reject("unusable_answer", f"{prompt.task}: {error}; the answer: {second.text}") from None

    def complete(self, prompt: Prompt, **sampling: Any) -> Answer:
        """`ask` for callers without an event loop."""
        for _, outcome in self.map(lambda item: self.ask(item, **sampling), [prompt]):
            if isinstance(outcome, Reject):
                raise outcome
        return outcome

    def map(self, work: Callable[[Item], Awaitable[Result]], items: Iterable[Item],
            others: Iterable[Writer] = ()) -> Iterator[tuple[Item, Result | Reject]]:
        """Yield (item, what `work(item)` returned or the Reject it raised) as they get done, at most `concurrency` at once.

        Items are drawn as places fall free, so memory is flat. When one raises another error no more are drawn, those in flight are
        awaited and yielded, and then it is raised. An iterable that ends early (Ctrl-C) drains the same way. `others` are further writers
        that `work` asks; they share the loop, and are closed with this one.
        """
        loop, done, tasks = asyncio.new_event_loop(), asyncio.Queue[tuple[Any, Any]](), set[asyncio.Task[None]]()
        show = loop.create_task(self._show())  # noqa: F841 (kept: the loop holds tasks only weakly)
        draw, end, running, error = iter(items), object(), 0, None

        async def one(item: Item) -> None:
            try:
                with cli.one_record():
                    outcome: Any = await work(item)
            except Exception as problem:  # handed to the loop below, which raises it in its turn
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

    def count(self, answer: Answer, cached: bool = False) -> Answer:
        """Enter an answer in the books."""
        self.requests, self.cached, self.used = self.requests + (not cached), self.cached + cached, self.used.plus(answer.usage)
        return answer

    def figures(self) -> dict[str, Any]:
        """For the summary line: what this run asked and what it took."""
        return {"writer": self.name, "requests": self.requests, "cached": self.cached, "prompt_tokens": self.used.prompt_tokens,
                "completion_tokens": self.used.completion_tokens, "cost_usd": round(self.used.cost, 6)}


def accepted(prompt: Prompt, text: str) -> Any:
    """The object in an answer, as `prompt.accept` makes it; None for a prompt without a schema. Raises ValueError with the problem."""
    if prompt.schema is None:
        return None
    value = the_object(without_thought(text))
    if problem := mismatch(value, prompt.schema):
        raise ValueError(problem)
    return prompt.accept(value)


def the_object(text: str) -> Any:
    """The JSON value in an answer: all of it, in a fence, or with words around it. Raises ValueError where there is none."""
    problem = None
    for candidate in (text, fenced(text), text[text.find("{"): text.rfind("}") + 1]):
        try:
            return orjson.loads(candidate)
        except orjson.JSONDecodeError as error:
            problem = problem or error
    raise ValueError(f"it is not one JSON object ({problem})")


def fenced(text: str) -> str:
    """What stands in the first fence, which models without a JSON mode like to put around their answer; "" without one."""
    lines = text.splitlines()
    fences = [number for number, line in enumerate(lines) if line.strip().lower() in ("```", "```json")]
    return "\n".join(lines[fences[0] + 1: fences[1] if len(fences) > 1 else None]) if fences else ""


def mismatch(value: Any, schema: dict[str, Any], where: str = "the answer") -> str | None:
    """What is wrong with a value by the part of JSON schema that our prompts use: type, properties (all required), items, enum."""
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
    return next((problem for name, item, part in parts if (problem := mismatch(item, part, name))), None)
