"""Writers that send nothing: the rules of common/offline, and the dry run, which adds up what the prompts would cost."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import orjson

from common.cli import Reject
from common.llm.budget import DISCOUNT, Price, cost, estimated_tokens, known_price
from common.llm.cache import Cache, CacheKey
from common.llm.connection import Connection
from common.llm.endpoint import MAX_TOKENS
from common.llm.writer import OFFLINE, CompletionResult, Messages, Usage, Writer, is_cut
from common.offline import RULES
from common.prompts import Prompt

PARAGRAPH = "x" * 600  # stands for a text in the dry run: as long as a paragraph of reasons


class OfflineWriter(Writer):
    """Answers each task by its rule; raises KeyError for a task that has none."""

    name = OFFLINE

    async def reply(self, prompt: Prompt, messages: Messages, sampling: dict[str, Any]) -> CompletionResult:
        answer = RULES[prompt.task](**prompt.facts)
        return self.count(CompletionResult(answer if isinstance(answer, str) else orjson.dumps(answer).decode()))


class DryRun(Writer):
    """Answers come from the cache at no cost, else from the offline writer as stand-ins; `scratch` is a folder for the output.

    The server is asked for nothing but what it serves, as an answer in the cache is one of that model.
    """

    def __init__(self, name: str, cache: Path | None = None, price: Price | None = None, temperature: float | None = None,
                 batch: bool = False, extra: dict[str, Any] | None = None, retry_rejected: bool = False,
                 server: Connection | None = None) -> None:
        super().__init__()
        self.retry_rejected = retry_rejected
        price = None if name == OFFLINE else price or known_price(name)
        self.takes_grammar = not batch  # no provider's batches take one
        self.name, self.price = name, (price[0] * DISCOUNT, price[1] * DISCOUNT) if price and batch else price
        self.sampling = ({} if temperature is None else {"temperature": temperature}) | (extra or {})
        self.cache = Cache(cache) if cache and cache.exists() else None
        self.server, self.identity = server, None if server else ""  # what it serves, once that is known
        self.stand_in, self.scratch = OfflineWriter(), tempfile.TemporaryDirectory(prefix="dry-run-")

    async def close(self) -> None:
        if self.server:
            await self.server.close()

    async def reply(self, prompt: Prompt, messages: Messages, sampling: dict[str, Any]) -> CompletionResult:
        request = {"max_tokens": MAX_TOKENS, **self.sampling, **sampling}
        if self.server and self.identity is None:
            self.identity = await self.server.identity(self.name)
        shape = prompt.schema or (prompt.grammar if self.takes_grammar else None)
        key = CacheKey.of(self.name, messages, shape, request, self.identity)
        known = self.cache.get(key) if self.cache else None
        if self.retry_rejected and (isinstance(known, Reject) or (known and is_cut(prompt, known))):
            known = None  # it would be asked again
        if isinstance(known, CompletionResult):
            return self.count(known._replace(usage=Usage()), cached=True)
        if known is not None:
            raise known
        by_rule = prompt.task in RULES
        answer = await self.stand_in.reply(prompt, messages, sampling) if by_rule else CompletionResult(example(prompt.schema))
        tokens = estimated_tokens(messages), estimated_tokens([{"content": answer.text}])
        return self.count(answer._replace(usage=Usage(*tokens, cost(self.price, *tokens))))


def example(schema: dict[str, Any] | None) -> str:
    """An answer of the usual length to a task without a rule, such as the judge's verdict: some object of the schema, or a paragraph."""

    def value(part: dict[str, Any]) -> Any:
        if part["type"] == "object":
            return {key: value(inner) for key, inner in part["properties"].items()}
        if part["type"] == "array":
            return [value(part["items"])]
        return part["enum"][0] if "enum" in part else {"string": PARAGRAPH, "integer": 1, "boolean": True}[part["type"]]

    return PARAGRAPH if schema is None else orjson.dumps(value(schema)).decode()
