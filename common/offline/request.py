"""A request for a program by rules: what each call does, in the order of the program, with the values that stand in it.

    asked_for(["is.workflow.actions.addnewreminder"], Catalog.load(), "q-0-17")
    # "Please add a reminder with title 'call the dentist'."

The program is the one that baseline.py writes for the same APIs and key.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from common.offline import baseline
from common.offline.values import draw
from common.prompts import CATEGORIES, query_problem
from shortcuts.catalog import Catalog
from shortcuts.explain.sentences import Prose, app_title, arguments_of, listed, sayable, spoken

GISTS = 4  # actions that a sentence names: what a person would mention
WITH_VALUES = 3  # the same where their values are said
OPENINGS = "Can you {}?", "Please {}.", "I need a shortcut to {}.", "Could you {}?", "Make my phone {}.", "I'd like something to {}."
FIRST, MIDDLE, LAST = ("First", "Please", "I want to", "I need to"), ("Then", "After that", "Next"), ("Finally", "In the end", "At last")


def decapitalized(text: str) -> str:
    """Return a text that stands within a sentence: with a small letter, unless its first word is a name."""
    return text[0].lower() + text[1:] if text.split()[0][1:].islower() else text


def asked_for(apis: list[str], catalog: Catalog, key: str) -> str:
    """Return a request that names what each of the APIs does, and the values of its program unless they give a function away."""
    tree, prose = ast.parse(baseline.program(apis, catalog, key)), Prose(catalog, plain=True)
    for only_texts in (False, True):
        text = " ".join(_sentences(tree, prose, key, only_texts))
        if query_problem(text, apis, catalog) is None:
            return text
    return without_values(apis, catalog, key)


def _sentences(tree: ast.Module, prose: Prose, key: str, only_texts: bool) -> Iterator[str]:
    """Yield the sentences about a program: about its calls, and about the block that it may end in."""
    calls = [said(call, prose, only_texts) for node in tree.body if (call := _call_of(node))]
    blocks = [node for node in tree.body if not _call_of(node)]
    groups = [listed(calls[at : at + WITH_VALUES]) for at in range(0, len(calls), WITH_VALUES)]
    if len(groups) == 1:
        yield OPENINGS[draw(key, len(OPENINGS))].format(groups[0])
    elif groups:
        middle = (MIDDLE[at % len(MIDDLE)] for at in range(len(groups) - 2))
        for start, group in zip([FIRST[draw(key, len(FIRST))], *middle, LAST[draw(key + "last", len(LAST))]], groups, strict=True):
            yield f"{start} {group}."
    for node in blocks:
        inside = listed([said(call, prose, only_texts) for inner in ast.walk(node) if (call := _call_of(inner))])
        if isinstance(node, ast.If):
            yield f"If {spoken(ast.unparse(node.test).replace('_', ' '))} has a value, {inside}."
        elif isinstance(node, ast.For):
            yield f"Do this {prose.statement(node).removeprefix('Repeat ')}: {inside}."
        elif isinstance(node, ast.Match):
            (asked,), (yes, no) = node.subject.args, map(prose.choice, node.cases)  # type: ignore[attr-defined]
            yield f"Ask me {prose.value(asked)}: if I choose {yes}, {inside}; if {no}, do nothing."


def _call_of(node: ast.AST) -> ast.Call | None:
    """Return the call of a statement, None for another one."""
    value = node.value if isinstance(node, ast.Expr | ast.Assign) else None
    return value if isinstance(value, ast.Call) else None


def said(call: ast.Call, prose: Prose, only_texts: bool = False) -> str:
    """Return what a call does, with each value that a person would say."""
    api = prose.api(call)
    if api is None:
        return spoken(ast.unparse(call.func))
    text, further = decapitalized(prose.action(call) if api.builtin else prose.offer(api)), list[str]()
    for key, node in arguments_of(call).items():
        parameter, value = api.parameter(key), prose.value(node)
        left_out = value in text or only_texts and parameter is not None and bool(parameter.enum)
        if isinstance(node, ast.Constant | ast.List | ast.Dict) and sayable_value(node) and not left_out:
            label = (parameter.label if parameter and parameter.label else spoken(key)).lower().removesuffix(" (optional)").rstrip(":?.")
            further.append(f"{label} {value}")
    return f"{text} with {listed(further)}" if further else text


def sayable_value(node: ast.Constant | ast.List | ast.Dict) -> bool:
    """True if a person would say this value."""
    return all(map(sayable, [*node.keys, *node.values])) if isinstance(node, ast.Dict) else sayable(node)


def without_values(apis: list[str], catalog: Catalog, key: str) -> str:
    """Return a request for what the APIs do, those of an app together, in sentences of up to four."""
    prose, groups = Prose(catalog), dict[str, list[str]]()
    for api in map(catalog.__getitem__, apis):
        place = "" if api.builtin else f" in {api.app_name or app_title(api.app)}"
        groups.setdefault(place, []).append(decapitalized(prose.offer(api).removesuffix(place)))
    told = [listed(offers[at : at + GISTS]) + place for place, offers in groups.items() for at in range(0, len(offers), GISTS)]
    if len(told) == 1:
        return OPENINGS[draw(key, len(OPENINGS))].format(told[0])
    middle = (MIDDLE[at % len(MIDDLE)] for at in range(len(told) - 2))
    starts = [FIRST[draw(key, len(FIRST))], *middle, LAST[draw(key + "last", len(LAST))]]
    return " ".join(f"{start} {group}." for start, group in zip(starts, told, strict=True))


def category_of(apis: list[str], catalog: Catalog, key: str) -> str:
    """The category whose words the titles of APIs have most often; ties are broken by the key."""
    words = [word.removesuffix("s") for api in apis for word in re.findall(r"[a-z]+", catalog[api].title.lower())]
    hits = {name: sum(words.count(word) for word in own.split()) for name, own in CATEGORIES.items()}
    return max(CATEGORIES, key=lambda name: (hits[name], draw(key + name, 1 << 16)))
