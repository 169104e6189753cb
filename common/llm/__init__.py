"""Writers answer prompts: a typed protocol, and behind it any OpenAI-compatible endpoint, its Batch API, or the offline rules.

    writer = open_writer("gpt-4o-mini")                # the key comes from OPENAI_API_KEY; "offline" needs none
    answer = writer.complete(prompt)                   # one prompt
    for record, outcome in writer.map(work, records):  # many: `async def work(record)` awaits writer.ask(...) as often as it needs
        ...                                            # outcome: what work returned, or the cli.Reject it raised

Requests do not wait for each other: there is no barrier between records, and each outcome is yielded at once.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from common import cli
from common.jsonl import UserError
from common.llm.batch import BatchEndpoint
from common.llm.budget import Budget, known_price, read_prices
from common.llm.connection import Connection
from common.llm.endpoint import Endpoint
from common.llm.offline import DryRun, OfflineWriter
from common.llm.writer import DEFAULT_MODEL, OFFLINE, CompletionResult, Usage, Writer
from common.prompts import Prompt

__all__ = ["DEFAULT_MODEL", "OFFLINE", "CompletionResult", "Prompt", "Usage", "Writer", "add_arguments", "add_request_arguments",
           "extra_fields", "from_arguments", "open_named", "open_writer", "price"]


def open_writer(name: str, base_url: str | None = None, batch: bool = False, **options: Any) -> Writer:
    """The writer of a name: "offline", or a model behind `base_url` (default: OPENAI_BASE_URL, else OpenAI). Options: see Endpoint.

    With `batch` it answers through the provider's Batch API.

    Raises UserError for a model without a key or base URL, and for a budget without a price.
    """
    if name == OFFLINE:
        return OfflineWriter()
    return (BatchEndpoint if batch else Endpoint)(name, base_url, **options)


def add_arguments(parser: cli.Parser) -> None:
    """Add the arguments of a stage that asks a writer."""
    group = parser.model
    group.add_argument("--writer", metavar="MODEL", help='a model\'s name, or "offline" for the rule-based writer '
                       f"(default: {DEFAULT_MODEL} if OPENAI_API_KEY or --base-url is given, else offline)")
    group.add_argument("--base-url", metavar="URL", help="an OpenAI-compatible server (default: OPENAI_BASE_URL, else OpenAI's)")
    group.add_argument("--temperature", type=cli.amount, metavar="T", help="sampling temperature (default: the endpoint's own)")
    add_request_arguments(parser.requests)


def add_request_arguments(group: argparse._ActionsContainer, timeout: float = 180.0) -> None:
    """Add the arguments of whatever sends requests, whichever models they go to."""
    group.add_argument("--concurrency", type=cli.positive_int, default=32, metavar="N",
                       help="most requests, and records, in flight; the number adapts to the server (default: 32)")
    group.add_argument("--timeout", type=cli.positive, default=timeout, metavar="S",
                       help=f"seconds to wait for one answer (default: {timeout:g})")
    group.add_argument("--cache", type=Path, default=Path("data/answers.sqlite"), metavar="FILE",
                       help="answers by content, shared by all stages, so that none is paid twice (default: data/answers.sqlite)")
    group.add_argument("--no-cache", dest="cache", action="store_const", const=None, help="neither keep answers nor use kept ones")
    group.add_argument("--key-variable", type=key_variable, action="append", default=[], metavar="[HOST=]NAME",
                       help="the variable that holds the key, of one server or of all others; repeatable (default: OPENAI_API_KEY)")
    group.add_argument("--price", type=price, metavar="PROMPT/COMPLETION", help="dollars per million tokens, such as 0.15/0.60")
    group.add_argument("--prices", type=Path, metavar="FILE", help='prices of several models, as JSON: {"gpt-4o-mini": [0.15, 0.60]}')
    group.add_argument("--budget-usd", type=cli.amount, metavar="D", help="stop before this run spends more than that")
    group.add_argument("--dry-run", action="store_true", help="send no prompt: estimate requests, tokens and cost from the real prompts")
    group.add_argument("--retry-rejected", action="store_true", help="ask again what was rejected in earlier runs")
    group.add_argument("--batch", action="store_true", help="through the provider's Batch API: half the price, answers within a day")
    group.add_argument("--batch-records", type=cli.positive_int, default=10_000, metavar="N",
                       help="records in hand with --batch, each with one prompt in a batch (default: 10,000)")


def from_arguments(args: argparse.Namespace) -> Writer:
    """The writer that the arguments of `add_arguments` name; without a name and a key the offline one, with a message."""
    name = args.writer
    known = os.environ.get("OPENAI_API_KEY") or os.environ.get("OPENAI_BASE_URL") or args.base_url
    if name is None and not (known or key_for(args.key_variable, None)):
        cli.say("no OPENAI_API_KEY and no --writer: the offline, rule-based writer is used")
        name = OFFLINE
    return open_named(args, name or DEFAULT_MODEL, args.base_url, args.temperature)


def open_named(args: argparse.Namespace, name: str, base_url: str | None = None, temperature: float | None = None,
               extra: dict[str, Any] | None = None, **settings: Any) -> Writer:
    """The writer of a name, with the arguments of `add_request_arguments`; all writers of one `args` share its budget.

    `extra` are further fields of each request, `settings` options of Endpoint that go before the arguments.
    """
    if name == OFFLINE and not args.dry_run:
        return open_writer(name)
    known = known_price(name, read_prices(args.prices) if args.prices else None)
    if known and args.price:  # it may be for another writer of the run
        cli.say(f"--price is not for {name}: its price is known, {known[0]:g}/{known[1]:g}; --prices FILE gives another")
    rate = known or args.price
    if args.dry_run:
        cache = settings.get("cache", args.cache)
        writer = DryRun(name, cache, rate, temperature, batch=args.batch, extra=extra, server=server_of(args, name, base_url, cache),
                        retry_rejected=settings.get("retry_rejected", args.retry_rejected))  # fmt: skip
        args.output, args.overwrite = Path(writer.scratch.name) / args.output.name, False  # the real output stays as it is
        return writer
    args.budget = getattr(args, "budget", None) or Budget(args.budget_usd)
    options = {"cache": args.cache, "retry_rejected": args.retry_rejected, "key": key_for(args.key_variable, base_url), **settings}
    return open_writer(name, base_url, batch=args.batch, concurrency=args.batch_records if args.batch else args.concurrency,
                       timeout=args.timeout, temperature=temperature, price=rate, budget=args.budget, extra=extra, **options)


def server_of(args: argparse.Namespace, name: str, base_url: str | None, cache: Path | None) -> Connection | None:
    """The user's own server, for a dry run to ask what it serves; None where there is none, or no answer of it can be in the cache."""
    address = base_url or os.environ.get("OPENAI_BASE_URL")
    if name == OFFLINE or not address or cache is None or not cache.exists():
        return None
    key = key_for(args.key_variable, base_url)
    return Connection(address, os.environ.get("OPENAI_API_KEY", "") if key is None else key, args.timeout, 1)


def extra_fields(text: str) -> dict[str, Any]:
    """Parse a JSON object of fields that a request has not anyway (an argparse type)."""
    try:
        fields = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise argparse.ArgumentTypeError(f"not JSON: {error}") from None
    if not isinstance(fields, dict) or fields.keys() & {"model", "messages", "max_tokens", "max_completion_tokens", "stream", "n"}:
        raise argparse.ArgumentTypeError('an object of further fields is expected, such as {"top_k": 20}')
    return fields


def key_variable(text: str) -> tuple[str, str]:
    """An argparse type: (host, name of a variable) of `[HOST=]NAME`; the host is "" where none is named. The text is never shown."""
    host, _, name = text.rpartition("=")
    if not re.fullmatch(r"[A-Z_][A-Z0-9_]*", name):
        raise argparse.ArgumentTypeError("HOST=NAME or NAME is expected, where NAME is a variable of the environment, such as MY_API_KEY")
    return host.lower(), name


def key_for(variables: Sequence[tuple[str, str]], base_url: str | None) -> str | None:
    """The key for a server, from the variable of its host, else from the one for all others; None for that of OPENAI_API_KEY.

    Raises UserError if the variable is not set.
    """
    address = urlsplit(base_url or os.environ.get("OPENAI_BASE_URL") or "https://api.openai.com")
    by_host = dict(variables)
    name = next((by_host[host] for host in (address.netloc.lower(), address.hostname, "") if host in by_host), None)
    if name and not os.environ.get(name):
        raise UserError(f"--key-variable {name}: it is not set; put the key of {address.netloc} into that variable of the environment")
    return os.environ[name] if name else None


def price(text: str) -> tuple[float, float]:
    """An argparse type: `PROMPT/COMPLETION` in dollars per million tokens."""
    try:
        prompt, completion = map(cli.amount, text.split("/"))
    except (ValueError, argparse.ArgumentTypeError):
        raise argparse.ArgumentTypeError(f"{text!r} is not PROMPT/COMPLETION, such as 0.15/0.60") from None
    return prompt, completion
