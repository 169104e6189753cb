"""A record on its way into the dataset: what the rules of stage 06 look at, and what is kept of it in memory."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from common import conversation, excerpts
from common.conversation import WHOLE, AnswerForm
from common.dataset import dedup, provenance
from common.dataset.dedup import CodePrint, QueryPrint
from common.dataset.provenance import Author
from common.jsonl import Record
from shortcuts import apis_of, parse, review
from shortcuts.catalog import Catalog

SEED, SYNTHETIC = ORIGINS = ("seed", "synthetic")
PUBLISHED_FORM = "workflowbench"  # `form` of imported records: close to our Python, and judged as Python only
Chat = list[dict[str, str]]
SHAPE = ("actions", "ifs", "loops", "menus", "depth")  # the columns of the paper's table 1, and menus

CHARS_PER_TOKEN = 3.2  # 3.2 to 4 were measured on code and plans; an estimate should rather be too long
TOKENS_PER_TURN = 5  # what a chat template adds to a message

_BLOCKS: dict[str, tuple[type[ast.AST], ...]] = {"ifs": (ast.If,), "loops": (ast.For, ast.While), "menus": (ast.Match,)}


@dataclass(slots=True)
class Example:
    """A record that passed the rules of stage 06, as far as it is kept in memory."""

    id: str
    origin: str
    category: str
    provenance: str  # site and licence, or the model that wrote it
    authors: tuple[Author, ...]
    apis: tuple[str, ...]  # given or used
    builtin: int  # how many of the steps are built-in actions
    stats: dict[str, int]  # SHAPE, steps, lengths, tokens
    findings: int
    shortened: bool
    code: CodePrint
    query: QueryPrint
    place: tuple[int, int] = (0, 0)  # offset and bytes of its line in the temporary file


# ---------------------------------------------------------------------------------------------------------------------------------
# under examination


class Limits(NamedTuple):
    """The numbers of the rules that the user chooses, and the form of the answers."""

    max_tokens: int = 8192
    max_unused: float = 0.25
    english: bool = False
    form: AnswerForm = WHOLE


class Context(NamedTuple):
    """The catalogue, the token counter (of a conversation) and the limits with which every record is examined."""

    catalog: Catalog
    count_tokens: Callable[[Chat], int]
    limits: Limits


class Sample:
    """A record under examination; what the rules look at is computed when it is first needed."""

    def __init__(self, record: Record, origin: str, context: Context) -> None:
        self.record, self.origin, self.context = record, origin, context
        self.query, self.plan, self.code = ((record.get(field) or "").strip() for field in ("query", "plan", "annotated_code"))
        self.code = self.code or (record.get("code") or "").strip()
        self.given: list[str] = record["apis"]

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed program. Raises DialectError where it is not Python."""
        return parse(self.code)

    @cached_property
    def compiled(self) -> tuple[list[Any], list[str] | None]:
        """(findings of `check`, the action id of every step, or None if the program does not compile to a shortcut).

        The published form is not compiled: it has no findings, and its steps are the calls that the catalogue knows.
        """
        if self.record.get("form") == PUBLISHED_FORM:
            return [], [api for api in apis_of(self.code) if self.context.catalog.get(api)]
        findings, shortcut = review(self.code, self.context.catalog, natural_python=False)  # one form to learn for one meaning
        return findings, None if shortcut is None else [action["WFWorkflowActionIdentifier"] for action in shortcut["WFWorkflowActions"]]

    @property
    def steps(self) -> list[str]:
        """The action id of every step; for rules after `does_not_compile`."""
        return self.compiled[1] or []

    @cached_property
    def shape(self) -> dict[str, int]:
        """The counts of SHAPE: those of stage 02, or anew."""
        return shape_known(self.record) or shape(self.tree)

    @cached_property
    def apis(self) -> tuple[str, ...]:
        """The APIs that are given or used."""
        return tuple(dict.fromkeys(map(sys.intern, (*self.given, *self.steps))))

    @cached_property
    def conversation(self) -> tuple[Chat, bool, int]:
        """(messages, True if long literals had to be shortened to fit, tokens): nothing is cut silently.

        Tokens are those of the whole answer, in whatever form it is given: so a dataset without plans has the records of one with them.
        """
        def messages(code: str, form: AnswerForm = WHOLE) -> Chat:
            return conversation.chat(self.query, self.apis, self.context.catalog, self.plan, code, form)

        code, form, most = self.code, self.context.limits.form, self.context.limits.max_tokens
        shortened = (tokens := self.context.count_tokens(whole := messages(code))) > most
        if shortened:
            whole = messages(code := excerpts.shorten_code(code))
            tokens = self.context.count_tokens(whole)
        return whole if form == WHOLE else messages(code, form), shortened, tokens


def as_example(sample: Sample) -> Example:
    """Return what is kept in memory of a sample that passed."""
    record, steps, (_, shortened, tokens) = sample.record, sample.steps, sample.conversation
    counts = sample.shape | {
        "steps": len(steps), "query_words": len(dedup.words(sample.query)), "plan_words": len(dedup.words(sample.plan)),
        "code_lines": sample.code.count("\n") + 1, "tokens": tokens}
    return Example(
        str(record["id"]), sample.origin, str(record.get("category") or "none"),
        provenance.source_of(record) if sample.origin == SEED else provenance.generator_of(record), provenance.authors(record),
        sample.apis, sum(is_builtin(step, sample.context.catalog) for step in steps), counts, len(sample.compiled[0]), shortened,
        dedup.code_print(sample.tree), dedup.query_print(sample.query))


def token_counter(tokenizer: str | None) -> Callable[[Chat], int]:
    """Return a function that counts the tokens of a conversation as stage 07 does, with that tokenizer; without one, it estimates."""
    if tokenizer is None:
        return estimate_tokens
    from common.chat import encode
    from common.model import load_tokenizer  # transformers takes seconds to import

    loaded = load_tokenizer(tokenizer)
    return lambda messages: len(next(encode([{"id": "", "messages": messages}], loaded))[1])


def estimate_tokens(messages: Chat) -> int:
    """Estimate the tokens of a conversation from its characters."""
    return sum(TOKENS_PER_TURN + round(len(message["content"]) / CHARS_PER_TOKEN) for message in messages)


# ---------------------------------------------------------------------------------------------------------------------------------
# what is measured


def is_builtin(api: str, catalog: Any) -> bool:
    """True for an API of Apple's own; one that the catalogue does not know is judged by its id."""
    known = catalog.get(api)
    return known.builtin if known else api.startswith(("is.workflow.actions.", "com.apple."))


def app_of(api: str, catalog: Any) -> str | None:
    """Return the third-party app of an API, None for a built-in one; outside the catalogue, the first three parts of the id."""
    known = catalog.get(api)
    return None if is_builtin(api, catalog) else known.app if known else ".".join(api.split(".")[:3])


def shape_known(record: Record) -> dict[str, int] | None:
    """Return the counts of SHAPE that stage 02 has put into a record; None where it has not."""
    stats = record.get("stats")
    return {key: stats[key] for key in SHAPE} if isinstance(stats, dict) and all(isinstance(stats.get(key), int) for key in SHAPE) else None


def shape(tree: ast.Module) -> dict[str, int]:
    """Return the number of actions (statements that are not blocks), ifs, loops and menus of a program, and its nesting depth."""
    counts = dict.fromkeys(SHAPE, 0)
    stack: list[tuple[ast.AST, int]] = [(node, 0) for node in tree.body]
    while stack:
        node, depth = stack.pop()
        kind = next((kind for kind, types in _BLOCKS.items() if isinstance(node, types)), None)
        if isinstance(node, ast.stmt) and not isinstance(node, ast.Pass):
            counts[kind or "actions"] += 1
        inside = depth + (kind is not None)
        counts["depth"] = max(counts["depth"], inside)
        for field in ("body", "orelse", "cases"):
            children = getattr(node, field, [])
            chained = field == "orelse" and len(children) == 1 and isinstance(children[0], ast.If)  # elif is no deeper than its if
            stack += [(child, depth if chained else inside) for child in children]
    return counts
