"""Prices of models, tokens of prompts, and a budget that is never passed."""

from __future__ import annotations

import asyncio
from collections import deque
from math import inf
from pathlib import Path
from typing import Any

import orjson

from common import cli
from common.jsonl import UserError
from common.llm.writer import Messages

PRICES = {  # US dollars per million tokens, (prompt, completion); the longest matching prefix counts; --prices overrides
    "gpt-4o-mini": (0.15, 0.60), "gpt-4o": (2.50, 10.00),
    "gpt-4.1-nano": (0.10, 0.40), "gpt-4.1-mini": (0.40, 1.60), "gpt-4.1": (2.00, 8.00),
}  # fmt: skip
DISCOUNT = 0.5  # factor of the Batch API on these prices
BYTES_PER_TOKEN = 3  # to estimate: English prose has 4 and more, code 3 to 4
MESSAGE_TOKENS = 8  # that a chat template adds to a message
Price = tuple[float, float]


def known_price(model: str, table: dict[str, Price] | None = None) -> Price | None:
    """(prompt, completion) in US dollars per million tokens, of the longest prefix in `table`, else in PRICES; None if unknown."""
    for prices in (table or {}, PRICES):
        for prefix in sorted(prices, key=len, reverse=True):
            if model.startswith(prefix):
                return prices[prefix]
    return None


def read_prices(path: Path) -> dict[str, Price]:
    """The table of --prices: a JSON object {"model": [prompt, completion]}, in US dollars per million tokens. Raises UserError."""
    try:
        table = orjson.loads(path.read_bytes())
        prices = {model: (float(prompt), float(completion)) for model, (prompt, completion) in table.items()}
        if any(not 0 <= price < inf for pair in prices.values() for price in pair):
            raise ValueError
        return prices
    except OSError as error:
        raise UserError(f"--prices {path}: cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, AttributeError):
        raise UserError(f'--prices {path}: a JSON object such as {{"gpt-4o-mini": [0.15, 0.60]}} is expected') from None


def cost(price: Price | None, prompt_tokens: int, completion_tokens: int) -> float:
    """US dollars; 0 where no price is known."""
    return 0.0 if price is None else (prompt_tokens * price[0] + completion_tokens * price[1]) / 1e6


def estimated_tokens(messages: Messages) -> int:
    """An estimate of the tokens in messages, without a tokenizer; rather too many."""
    return sum(len(message["content"].encode()) // BYTES_PER_TOKEN + MESSAGE_TOKENS for message in messages)


def most_tokens(messages: Messages, schema: Any = None) -> int:
    """An upper bound of the tokens in a prompt: a token of a byte-level vocabulary stands for at least one byte."""
    in_schema = len(orjson.dumps(schema)) if schema is not None else 0
    return in_schema + sum(len(message["content"].encode()) + MESSAGE_TOKENS for message in messages)


class Budget:
    """US dollars that may be spent: reserved before a request is sent, settled when it is answered. `limit` None: no limit."""

    def __init__(self, limit: float | None = None) -> None:
        self.limit, self.spent, self.reserved = limit, 0.0, 0.0
        self.lost = 0.0  # the part of `spent` that is the most that requests can have cost whose answers never arrived
        self.waiting: deque[asyncio.Future[None]] = deque()

    async def reserve(self, most: float) -> float:
        """Reserve `most`; if that would pass the limit, wait until requests in flight are settled. Raises UserError if none are."""
        while self.limit is not None and self.spent + self.reserved + most > self.limit:
            if not self.reserved:
                raise UserError(f"--budget-usd {self.limit:g}: {self.spent:.4f} are spent and the next request may cost {most:.4f}; "
                                f"what is answered is saved; go on with more: {cli.command(budget_usd=f'{2 * max(self.limit, most):g}')}")
            turn = asyncio.get_running_loop().create_future()
            self.waiting.append(turn)
            await turn
        self.reserved += most
        return most

    def settle(self, reserved: float, spent: float, lost: bool = False) -> None:
        """Replace a reservation by the request's cost; `lost`: its answer never arrived."""
        left = self.reserved - reserved
        self.reserved = left if left > 1e-9 else 0.0  # others would wait for what rounding leaves
        self.spent += spent
        self.lost += spent * lost
        waiting, self.waiting = self.waiting, deque()
        for turn in waiting:  # each checks again: the next request may be smaller
            if not turn.done():
                turn.set_result(None)
