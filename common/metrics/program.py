"""What a program of the dialect does, as far as can be read off it: its API calls, and what leads to which.

Programs are read with `ast` and never run. What CPython cannot read (43 of the 50 published gold programs) is read line by line, and a
line that is no Python by a pattern that finds calls.
"""

from __future__ import annotations

import ast
import builtins
import re
import warnings
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, NamedTuple

MAX_CHARACTERS = 1_000_000  # five times the longest real workflow; beyond, only calls are counted
MAX_LINES = 20_000  # what is no Python is parsed line by line up to here: 0.1 ms a line

# Functions of the published WorkflowBench that are no APIs.
PUBLISHED_HELPERS = frozenset({"coerce_variable", "format_date"})

START = ""  # where an edge comes from that has no API at its other end


class Call(NamedTuple):
    """An API call: its name as in code, and its arguments in a form that does not depend on the names of variables."""

    name: str
    arguments: dict[str, str]


class Program(NamedTuple):
    """What a program does, as far as can be read off it.

    `edges` are (kind, from API, to API): "data" for an argument that stems from a call, and for control flow "if", "else", "for", "menu", …
    from the call that decides. A call that nothing leads to hangs on START.
    """

    calls: list[Call]
    edges: Counter[tuple[str, str, str]]
    parsed: bool


def read_program(code: str, helpers: frozenset[str] | None = None) -> Program:
    """Read calls and edges; `helpers` are the functions that are no APIs (default: the dialect's), Python's own apart.

    A name is worth what it was set to last, in the order of the text; what a loop carries into its next turn is not followed.
    """
    if helpers is None:
        from common.dialect import HELPERS as helpers
    reader = _Reader(helpers | PUBLISHED_HELPERS | frozenset(dir(builtins)))
    tree = parse(code)
    with suppress(RecursionError):  # nested deeper than Python recurses: then line by line, as what does not parse
        if tree is not None:
            reader.block(tree.body, [])
            return Program(reader.calls, reader.edges, True)
    reader = _Reader(reader.not_apis)
    lines = code.splitlines() if len(code) <= MAX_CHARACTERS else []
    for line in lines[:MAX_LINES] or [code]:
        reader.line(line.strip())
    return Program(reader.calls, reader.edges, False)


def parse(code: str) -> ast.Module | None:
    """The syntax tree, or None for what Python does not take."""
    if len(code) > MAX_CHARACTERS:
        return None
    try:
        with warnings.catch_warnings():  # a stray backslash is the model's business, not ours
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # NUL and surrogates; what nests too deep for the parser
        return None


class _Reader:
    """Reads statements in order; `origins` holds the APIs that each name's value stems from."""

    # Helpers that give the output of what ran just before.
    IMPLICIT = frozenset({"previous_output", "if_result", "menu_result", "repeat_results"})
    CALL = re.compile(r"(?<![\w.'\"])([^\W\d]\w*_\w*)\s*\(")  # every action id has a dot, and so its call an underscore

    def __init__(self, not_apis: frozenset[str]) -> None:
        self.not_apis = not_apis
        self.calls: list[Call] = []
        self.edges: Counter[tuple[str, str, str]] = Counter()
        self.origins: dict[str, frozenset[str]] = {}

    def line(self, text: str) -> None:
        """One line of what is no Python as a whole; of a block's head the body is unknown."""
        tree = parse(text + (" pass" if text.endswith(":") else ""))
        if tree is not None:
            with suppress(RecursionError):
                self.block(tree.body, [])
        else:
            for name in self.CALL.findall(text):
                if name not in self.not_apis:
                    self.add(name, {}, frozenset(), [])

    def add(self, name: str, arguments: dict[str, str], origins: frozenset[str], deciders: list[tuple[str, str]]) -> None:
        self.calls.append(Call(name, arguments))
        edges = [("data", origin, name) for origin in origins] + [(kind, origin, name) for kind, origin in deciders]
        self.edges.update(edges or [("data", START, name)])

    def block(self, body: Iterable[ast.stmt], deciders: list[tuple[str, str]]) -> None:
        for statement in body:
            self.statement(statement, deciders)

    def statement(self, node: ast.stmt, deciders: list[tuple[str, str]]) -> None:
        """`deciders`: (kind of block, API that decides it) of each block around the statement."""
        if isinstance(node, ast.If | ast.While):
            deciding = self.value(node.test, deciders)[1]
            self.block(node.body, deciders + _decided("if", deciding))
            self.block(node.orelse, deciders + _decided("else", deciding))
        elif isinstance(node, ast.For):
            deciding = self.value(node.iter, deciders)[1]
            self.bind(node.target, deciding)
            self.block(node.body, deciders + _decided("for", deciding))
        elif isinstance(node, ast.Match):
            deciding = self.value(node.subject, deciders)[1]
            for number, case in enumerate(node.cases):
                self.block(case.body, deciders + _decided(f"menu {number}", deciding))
        elif isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            origins = self.value(node.value, deciders)[1] if node.value else frozenset()
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                self.bind(target, origins, add=isinstance(node, ast.AugAssign))
        else:  # a call on its own; what the dialect does not have (def, with, try) is read for its calls
            for part in ast.iter_child_nodes(node):
                self.statement(part, deciders) if isinstance(part, ast.stmt) else self.value(part, deciders)

    def bind(self, target: ast.expr, origins: frozenset[str], add: bool = False) -> None:
        for node in ast.walk(target):
            if isinstance(node, ast.Name):
                self.origins[node.id] = origins | self.origins.get(node.id, frozenset()) if add else origins

    def value(self, node: Any, deciders: list[tuple[str, str]]) -> tuple[str, frozenset[str]]:
        """(the expression with each name replaced by the APIs its value stems from, those APIs); counts the calls in it."""
        if isinstance(node, ast.Name):
            origins = self.origins.get(node.id, frozenset())
            return f"<{'|'.join(sorted(origins))}>", origins
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self.call(node.func.id, node, deciders)
        if isinstance(node, list):
            parts = [self.value(item, deciders) for item in node]
        elif isinstance(node, ast.AST):
            parts = [self.value(value, deciders) for name, value in ast.iter_fields(node) if name not in ("ctx", "kind")]
        else:
            return repr(node), frozenset()
        return f"{type(node).__name__}({', '.join(text for text, _ in parts)})", frozenset().union(*(origins for _, origins in parts))

    def call(self, name: str, node: ast.Call, deciders: list[tuple[str, str]]) -> tuple[str, frozenset[str]]:
        arguments: dict[str, str] = {}
        origins: frozenset[str] = frozenset()
        for key, value in _arguments(node):
            arguments[key], more = self.value(value, deciders)
            origins |= more
        if name in ("action", "raw_action") and node.args and isinstance(node.args[0], ast.Constant):  # an id that cannot be a name
            name = re.sub(r"\W", "_", str(node.args[0].value))
            arguments.pop("0")
        elif name in self.not_apis:
            if name in self.IMPLICIT and self.calls:
                origins |= {self.calls[-1].name}
            return f"{name}({', '.join(f'{key}={value}' for key, value in sorted(arguments.items()))})", origins
        self.add(name, arguments, origins, deciders)
        return f"<{name}>", frozenset({name})


def _decided(kind: str, origins: frozenset[str]) -> list[tuple[str, str]]:
    return [(kind, origin) for origin in origins or {START}]


def _arguments(node: ast.Call) -> Iterable[tuple[str, ast.expr]]:
    """(parameter key, value) of a call: keywords, the entries of `**{...}`, and positional arguments by number."""
    yield from ((str(number), value) for number, value in enumerate(node.args))
    for keyword in node.keywords:
        if keyword.arg is None and isinstance(keyword.value, ast.Dict):
            for key, value in zip(keyword.value.keys, keyword.value.values, strict=True):
                yield str(getattr(key, "value", key)), value
        else:
            yield keyword.arg or "**", keyword.value
