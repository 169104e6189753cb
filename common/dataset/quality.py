"""Quality confirmation: the rules that a record must pass before it is training data, and what is measured of it on the way.

A record is dropped by the first rule it breaks, in this order. Rules marked * are for synthetic records alone: a seed is a real
workflow that somebody uses, so it may be short, repeat itself, or use a parameter that the catalogue does not know yet.

    bad_field         a field holds another kind of thing than it should, or `apis` is missing
    no_query          the query is missing or has fewer than three words
    query_names_api   the query names an API, which no person would
    query_language    the query is not English (only when asked)
    no_plan, no_code  the plan or the code is missing; nothing but comments is no code
    does_not_parse    CPython does not take the code
    check_<code>      common.dialect.check found an error of that code: an unknown API, * a parameter violation, ...
    does_not_compile  the code does not become a shortcut
    apis_unused *     too many of the given APIs are not in that shortcut
    degenerate *      almost no calls, or mostly the same statements again and again
    plan_disagrees *  the plan names an API that the code does not call, or is silent on the code's branches, loops or menus
    too_long          prompt and answer together exceed the training length, even with long literals visibly shortened
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from common import jsonl
from common.cli import Reject
from common.dataset import dedup
from common.dataset.makers import Maker, makers
from common.dialect import DialectError, apis_of, parse
from common.jsonl import Record, UserError
from common.packing import Message

SEED, SYNTHETIC = ORIGINS = ("seed", "synthetic")
PUBLISHED_FORM = "workflowbench"  # `form` of imported records: near the dialect, and judged as Python only
SHAPE = ("actions", "ifs", "loops", "menus", "depth")  # the figures of the paper's table 1, and menus

# Findings of `check` that drop a record. For a seed, those that make it no program, and APIs that are not known (the paper's first filter,
# section 3.1); a generated program must also use parameters as the catalogue says, and have no line that cannot be reached.
REJECTING_SEED = frozenset({"syntax", "form", "undefined_name", "positional_argument", "duplicate_parameter", "unknown_api"})
REJECTING_SYNTHETIC = REJECTING_SEED | {"unknown_parameter", "missing_parameter", "enum_value", "parameter_type", "unreachable"}

MIN_QUERY_WORDS = 3
MIN_CALLS = 2  # one call is no workflow
MIN_STATEMENTS, MIN_DISTINCT = 8, 0.5  # of so many statements or more, this share must be distinct: small models loop
CHARS_PER_TOKEN = 3.2  # of 3.2 to 4 measured on code and plans: an estimate should err on the long side
TOKENS_PER_TURN = 5  # what a chat template adds around a message

# Function words that stand in any English sentence, at least one in seven words, and in hardly any other language.
ENGLISH = frozenset("the to of and my i for is how can want that it from with this you what if be are would when each then".split())
ENGLISH_SHARE = 1 / 7

# A plan needs one of these words if the code has such a block.
BLOCK_WORDS = {
    "ifs": re.compile(r"\b(if|else|otherwise|whether|when|unless|in case|condition|check|depend|compar|verif|decid)", re.I),
    "loops": re.compile(r"\b(repeat|each|every|loop|iterat|times|all\b|through|while)", re.I),
    "menus": re.compile(r"\b(menu|choos|choice|select|option|pick)", re.I),
}
_API_LIKE = re.compile(r"\w+(?:[._-]\w+)+")


class Tools(NamedTuple):
    """What the rules stand on; a test puts its own in."""

    catalog: Any  # common.catalog.Catalog
    review: Callable[[str, Any], tuple[list[Any], Record | None]]  # common.dialect.review
    chat: Callable[..., list[Message]]  # common.prompts.chat
    shorten: Callable[[str], str]  # common.prompts.shorten_code
    count: Callable[[list[Message]], int]  # tokens of a conversation


class Limits(NamedTuple):
    """The rules' numbers that are the user's choice."""

    max_tokens: int = 8192
    max_unused: float = 0.25
    english: bool = False


@dataclass(slots=True)
class Example:
    """What is kept in memory of a record that passed."""

    id: str
    origin: str
    category: str
    provenance: str  # site and licence, or the model that made it
    makers: tuple[Maker, ...]
    apis: tuple[str, ...]  # given or used
    builtin: int  # steps whose action is built in, of figures["steps"]
    figures: dict[str, int]  # SHAPE, steps, lengths, tokens
    findings: int
    shortened: bool
    code: dedup.CodePrint
    query: dedup.QueryPrint
    place: tuple[int, int] = (0, 0)  # where its line stands in the temporary file: offset, bytes


def examine(record: Record, origin: str, tools: Tools, limits: Limits) -> tuple[Example, Record]:
    """Apply the rules to a record; returns what to remember of it and the record to write. Raises Reject."""
    try:
        jsonl.checked(record, str(record["id"]), ("apis",))
        return _examine(record, origin, tools, limits)
    except UserError as error:
        raise Reject("bad_field", str(error)) from None
    except RecursionError:
        raise Reject("does_not_parse", "nested deeper than Python recurses") from None


def _examine(record: Record, origin: str, tools: Tools, limits: Limits) -> tuple[Example, Record]:
    query, plan = _text(record, "query"), _text(record, "plan")
    code = _text(record, "annotated_code") or _text(record, "code")
    given = record["apis"]
    _check_query(query, given, limits.english)
    if not plan:
        raise Reject("no_plan")
    tree = _parse(code)
    findings, steps = _published(code, tools) if record.get("form") == PUBLISHED_FORM else _confirm(code, origin, tools)
    figures = _figures(record.get("stats")) or shape(tree)
    if origin == SYNTHETIC:
        _check_apis(given, steps, limits.max_unused)
        _check_degenerate(tree, code)
        _check_plan(plan, figures, steps, tools.catalog)
    apis = tuple(dict.fromkeys(map(sys.intern, (*given, *steps))))
    messages, shortened, tokens = _conversation(query, apis, plan, code, tools, limits.max_tokens)
    figures |= {"steps": len(steps), "query_words": len(dedup.words(query)), "plan_words": len(dedup.words(plan)),
                "code_lines": code.count("\n") + 1, "tokens": tokens}
    example = Example(str(record["id"]), origin, str(record.get("category") or "none"), _provenance(record, origin), makers(record),
                      apis, sum(is_builtin(step, tools.catalog) for step in steps), figures, len(findings), shortened,
                      dedup.code_print(tree), dedup.query_print(query))
    return example, {**record, "origin": origin, "messages": messages, **({"shortened": True} if shortened else {})}


def is_builtin(api: str, catalog: Any) -> bool:
    """Whether an API is Apple's own; one that the catalogue does not know is judged by its id."""
    known = catalog.get(api)
    return known.builtin if known else api.startswith(("is.workflow.actions.", "com.apple."))


def app_of(api: str, catalog: Any) -> str | None:
    """The third-party app of an API, None for a built-in one. Outside the catalogue: the first three parts of its id."""
    known = catalog.get(api)
    return None if is_builtin(api, catalog) else known.app if known else ".".join(api.split(".")[:3])


def shape(tree: ast.Module) -> dict[str, int]:
    """Actions (statements that are no block), ifs, loops, menus and the nesting depth of a program."""
    figures = dict.fromkeys(SHAPE, 0)
    stack: list[tuple[ast.AST, int]] = [(node, 0) for node in tree.body]
    while stack:
        node, depth = stack.pop()
        kind = next((kind for kind, types in _BLOCKS.items() if isinstance(node, types)), None)
        if isinstance(node, ast.stmt) and not isinstance(node, ast.Pass):
            figures[kind or "actions"] += 1
        inside = depth + (kind is not None)
        figures["depth"] = max(figures["depth"], inside)
        for field in ("body", "orelse", "cases"):
            children = getattr(node, field, [])
            chained = field == "orelse" and len(children) == 1 and isinstance(children[0], ast.If)  # elif is no deeper than its if
            stack += [(child, depth if chained else inside) for child in children]
    return figures


_BLOCKS: dict[str, tuple[type[ast.AST], ...]] = {"ifs": (ast.If,), "loops": (ast.For, ast.While), "menus": (ast.Match,)}


# ---------------------------------------------------------------------------------------------------------------------------------
# the rules


def _text(record: Record, field: str) -> str:
    return (record.get(field) or "").strip()


def _check_query(query: str, given: list[str], english: bool) -> None:
    if len(dedup.words(query)) < MIN_QUERY_WORDS:
        raise Reject("no_query", f"{query!r} has fewer than {MIN_QUERY_WORDS} words")
    names = {name for api in ("is.workflow.actions", *given) for name in (api, re.sub(r"\W", "_", api)) if not name.isalnum()}
    if named := sorted(name for name in names if name.casefold() in query.casefold()):
        raise Reject("query_names_api", named[-1])
    found = dedup.words(query)
    if english and sum(word in ENGLISH for word in found) < ENGLISH_SHARE * len(found):
        raise Reject("query_language", query[:100])


def _parse(code: str) -> ast.Module:
    try:
        tree = parse(code)
    except DialectError as error:
        raise Reject("does_not_parse", f"line {error.line}: {error.message}") from None
    if not any(isinstance(node, (ast.Call, ast.Assign, ast.AugAssign)) for node in ast.walk(tree)):
        raise Reject("no_code", "no statement beside comments" if code else "")
    return tree


def _confirm(code: str, origin: str, tools: Tools) -> tuple[list[Any], list[str]]:
    """The findings of a program that may stay, and the action id of every step of the shortcut that it becomes."""
    findings, shortcut = tools.review(code, tools.catalog)
    _check_findings(findings, REJECTING_SEED if origin == SEED else REJECTING_SYNTHETIC)
    if shortcut is None:
        raise Reject("does_not_compile", "; ".join(f"line {finding.line}: {finding.message}" for finding in findings[:1]))
    return findings, [action["WFWorkflowActionIdentifier"] for action in shortcut["WFWorkflowActions"]]


def _published(code: str, tools: Tools) -> tuple[list[Any], list[str]]:
    """No findings, and the APIs that a program in the published form calls, of those that the catalogue knows."""
    return [], [api for api in apis_of(code) if tools.catalog.get(api)]


def _check_findings(findings: list[Any], rejecting: frozenset[str]) -> None:
    bad = [finding for finding in findings if finding.code in rejecting]
    if bad:
        more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
        raise Reject(f"check_{bad[0].code}", f"line {bad[0].line}: {bad[0].message}{more}")


def _check_apis(given: list[str], steps: list[str], max_unused: float) -> None:
    unused = [api for api in dict.fromkeys(given) if api not in steps]
    if len(unused) > max_unused * len(given):
        raise Reject("apis_unused", f"{len(unused)} of {len(given)}: {', '.join(unused)}")


def _check_degenerate(tree: ast.Module, code: str) -> None:
    lines, calls, said = code.encode().split(b"\n"), 0, list[bytes]()  # columns count bytes
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            calls += 1
        elif isinstance(node, (ast.Expr, ast.Assign, ast.AugAssign)):  # what is done, whatever name it is given
            one_line = node.lineno == node.end_lineno
            said.append(lines[node.lineno - 1][node.value.col_offset :] if one_line else ast.dump(node.value).encode())
    if calls < MIN_CALLS:
        raise Reject("degenerate", f"{calls} calls; at least {MIN_CALLS} are needed")
    if len(said) >= MIN_STATEMENTS and len(set(said)) < MIN_DISTINCT * len(said):
        raise Reject("degenerate", f"{len(set(said))} distinct statements of {len(said)}")


def _check_plan(plan: str, figures: dict[str, int], steps: list[str], catalog: Any) -> None:
    for name in _API_LIKE.findall(plan):
        api = catalog.by_name(re.sub(r"\W", "_", name))
        if api and api.id not in steps:
            raise Reject("plan_disagrees", f"the plan names {name}, the code does not use it")
    english = sum(word in ENGLISH for word in dedup.words(plan)) >= ENGLISH_SHARE / 2 * len(dedup.words(plan))  # steps are terse
    for kind, pattern in BLOCK_WORDS.items():
        if english and figures[kind] and not pattern.search(plan):
            raise Reject("plan_disagrees", f"the code has {figures[kind]} {kind}, the plan says nothing of any")


def _conversation(query: str, apis: tuple[str, ...], plan: str, code: str, tools: Tools, most: int) -> tuple[list[Message], bool, int]:
    """The messages, whether literals had to be shortened, and the tokens: never cut in silence."""
    for shortened, shown in ((False, lambda: code), (True, lambda: tools.shorten(code))):
        messages = tools.chat(query, apis, tools.catalog, plan, shown())
        tokens = tools.count(messages)
        if tokens <= most:
            return messages, shortened, tokens
    raise Reject("too_long", f"{tokens} tokens with long literals shortened; at most {most}")


def token_counter(tokenizer: str | None) -> Callable[[list[Message]], int]:
    """Tokens of a conversation exactly as stage 07 makes them, by the tokenizer of a model or folder; without one, estimated."""
    if tokenizer is None:
        return estimate_tokens
    from common.model import load_tokenizer
    from common.packing import encode

    loaded = load_tokenizer(tokenizer)
    return lambda messages: len(next(encode([{"id": "", "messages": messages}], loaded))[1])


def estimate_tokens(messages: list[Message]) -> int:
    """Tokens of a conversation without a tokenizer: characters by CHARS_PER_TOKEN."""
    return sum(TOKENS_PER_TURN + round(len(message["content"]) / CHARS_PER_TOKEN) for message in messages)


def _figures(stats: object) -> dict[str, int] | None:
    """The figures that stage 02 counted, if they are all there."""
    return {key: stats[key] for key in SHAPE} if isinstance(stats, dict) and all(isinstance(stats.get(key), int) for key in SHAPE) else None


def _provenance(record: Record, origin: str) -> str:
    """Where a seed comes from and under which licence; which model wrote a synthetic record."""
    if origin == SEED:
        source = record.get("source") if isinstance(record.get("source"), dict) else {}
        return sys.intern(f"{source.get('site') or 'site not stated'}, licence: {source.get('licence') or 'not stated'}")
    annotator = record.get("annotator") if isinstance(record.get("annotator"), dict) else {}
    return sys.intern(f"generated by {annotator.get('model') or 'a model not stated'}")
