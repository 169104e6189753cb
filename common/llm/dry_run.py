"""A dry run: nothing is sent, what the prompts would take is added up."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import orjson

from common.llm.cache import Cache, Question
from common.llm.endpoint import MAX_TOKENS
from common.llm.prices import DISCOUNT, Messages, Price, cost, estimated_tokens, known_price
from common.llm.protocol import OFFLINE, Answer, Prompt, Usage, Writer

TEXT = "x" * 600  # characters of a text that nobody wrote: a paragraph of reasons


class DryRun(Writer):
    """Answers come from the cache at no cost, else from the offline writer as stand-ins; `scratch` is a folder for the output."""

    def __init__(self, name: str, cache: Path | None = None, price: Price | None = None, temperature: float | None = None,
                 batch: bool = False) -> None:
        super().__init__()
        from common.offline import OfflineWriter

        price = None if name == OFFLINE else price or known_price(name)
        self.name, self.price = name, (price[0] * DISCOUNT, price[1] * DISCOUNT) if price and batch else price
        self.sampling = {} if temperature is None else {"temperature": temperature}
        self.cache = Cache(cache) if cache and cache.exists() else None
        self.stand_in, self.scratch = OfflineWriter(), tempfile.TemporaryDirectory(prefix="dry-run-")

    async def reply(self, prompt: Prompt, messages: Messages, sampling: dict[str, Any]) -> Answer:
        request = {"max_tokens": MAX_TOKENS, **self.sampling, **sampling}
        question = Question.of(self.name, messages, prompt.schema or prompt.grammar, request)
        known = self.cache.get(question) if self.cache else None
        if isinstance(known, Answer):
            return self.count(known._replace(usage=Usage()), cached=True)
        if known is not None:
            raise known
        answer = await self.stand_in.reply(prompt, messages, sampling) if self.stand_in.can(prompt) else Answer(example(prompt.schema))
        tokens = estimated_tokens(messages), estimated_tokens([{"content": answer.text}])
        return self.count(answer._replace(usage=Usage(*tokens, cost(self.price, *tokens))))


def example(schema: dict[str, Any] | None) -> str:
    """Some answer of a schema, as long as answers are: for what no rule can answer, such as the judge's verdict."""

    def value(part: dict[str, Any]) -> Any:
        if part["type"] == "object":
            return {key: value(inner) for key, inner in part["properties"].items()}
        if part["type"] == "array":
            return [value(part["items"])]
        return part["enum"][0] if "enum" in part else {"string": TEXT, "integer": 1, "boolean": True}[part["type"]]

    return TEXT if schema is None else orjson.dumps(value(schema)).decode()
