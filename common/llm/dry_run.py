"""A dry run: nothing is sent, what the prompts would take is added up."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from common.llm.cache import Cache, Question
from common.llm.endpoint import MAX_TOKENS
from common.llm.prices import DISCOUNT, Messages, Price, cost, estimated_tokens, known_price
from common.llm.protocol import OFFLINE, Answer, Prompt, Usage, Writer


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
        question = Question.of(self.name, messages, prompt.schema, {"max_tokens": MAX_TOKENS, **self.sampling, **sampling})
        known = self.cache.get(question) if self.cache else None
        if isinstance(known, Answer):
            return self.count(known._replace(usage=Usage()), cached=True)
        if known is not None:
            raise known
        answer = await self.stand_in.reply(prompt, messages, sampling)
        tokens = estimated_tokens(messages), estimated_tokens([{"content": answer.text}])
        return self.count(answer._replace(usage=Usage(*tokens, cost(self.price, *tokens))))
