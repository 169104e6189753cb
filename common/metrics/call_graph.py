"""The call graph of a program: its API calls, and the data and control flow between them.

Every call in the text counts once, wherever it stands; shortcuts.trace is about the paths. What Python cannot read (43 of the 50
published gold programs) goes through shortcuts.syntax.recovering_parser.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, NamedTuple

from shortcuts.syntax.nodes import called
from shortcuts.syntax.recovering_parser import read_tree
from shortcuts.trace.origins import NO_APIS, Origin, compound, origin, read, test

FUNCTIONS = NO_APIS - {"action", "raw_action"}  # functions that are no APIs
START = -1  # where an edge comes from that has no call at its other end
Deciders = list[tuple[str, int]]  # (kind of block, call that decides it) of each block around a statement


class Call(NamedTuple):
    """An API call: its name as in code, its arguments in a form that does not depend on the names of variables, and the calls that each
    stems from, by their places.
    """

    name: str
    arguments: dict[str, str]
    sources: dict[str, tuple[int, ...]]


class CallGraph(NamedTuple):
    """Calls, and edges (kind, from call, to call) between their places in `calls`: "data" for an argument that stems from a call, and
    for control flow "if", "else", "for", "menu 1", … from the call that decides. A call without another edge has one from START.
    """

    calls: list[Call]
    edges: list[tuple[str, int, int]]
    parsed: bool

    def named_edges(self) -> Counter[tuple[str, str, str]]:
        """(kind, from API, to API) and how often; "" for START."""
        names = [*(call.name for call in self.calls), ""]  # START is the last place
        return Counter((kind, names[source], names[target]) for kind, source, target in self.edges)


def read_call_graph(code: str) -> CallGraph:
    """Read a program's calls and edges.

    A name has the value that was last assigned in the order of the text; what a loop carries into its next turn is not followed.
    """
    tree, parsed = read_tree(code)
    reader = _Reader()
    with suppress(RecursionError):
        reader.block(tree.body, [])
        return CallGraph(reader.calls, reader.edges, parsed)
    # statements nested deeper than Python recurses: the calls alone
    names = [name for node in ast.walk(tree) if (name := called(node)) and name not in FUNCTIONS]
    return CallGraph([Call(name, {}, {}) for name in names], [("data", START, place) for place in range(len(names))], False)


class _Reader:
    """Reads statements in order; `names` holds the origin of each name's value."""

    # Helpers that give the output of what ran just before.
    IMPLICIT = frozenset({"previous_output", "if_result", "menu_result", "repeat_results"})

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.edges: list[tuple[str, int, int]] = []
        self.names: dict[str, Origin] = {}
        self.deciders: Deciders = []

    def block(self, body: Iterable[ast.stmt], deciders: Deciders) -> None:
        """Read statements in order; `deciders` are those of the blocks around them."""
        for statement in body:
            self.deciders = deciders
            self.statement(statement, deciders)

    def statement(self, node: Any, deciders: Deciders) -> None:
        while isinstance(node, ast.If | ast.While):
            condition, flipped = test(node.test, self)
            kinds = ("else", "if") if flipped else ("if", "else")
            self.block(node.body, deciders + _decided(kinds[0], condition))
            deciders = deciders + _decided(kinds[1], condition)
            if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):  # elifs nest as deep as they are many
                node, self.deciders = node.orelse[0], deciders
                continue
            self.block(node.orelse, deciders)
            return
        if isinstance(node, ast.For):
            source = read(node.iter, self)
            self.bind(node.target, compound("item", [source]))
            self.block(node.body, deciders + _decided("for", source))
        elif isinstance(node, ast.Match):
            subject = read(node.subject, self)
            for number, case in enumerate(node.cases):
                self.block(case.body, deciders + _decided(f"menu {number}", subject))
        elif isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) and node.value is not None:
            value = read(node.value, self)
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                self.bind(target, value, add=isinstance(node, ast.AugAssign))
        else:  # a call on its own; what the dialect does not have (def, with, try) is read for its calls
            for part in ast.iter_child_nodes(node):
                if isinstance(part, ast.stmt):
                    self.statement(part, deciders)
                elif isinstance(part, ast.expr):
                    read(part, self)

    def bind(self, target: ast.expr, value: Origin, add: bool = False) -> None:
        for node in ast.walk(target):
            if isinstance(node, ast.Name):
                before = self.names.get(node.id) if add else None
                self.names[node.id] = compound("list", [before, value]) if before is not None else value

    def value_of(self, identifier: str, line: int) -> Origin:
        """For origins.read: the origin of a name's value."""
        return self.names.get(identifier, Origin("unbound"))

    def call(self, node: ast.Call) -> Origin | None:
        """For origins.read: the output of a call of an API, None for another call."""
        name = called(node)
        if name in self.IMPLICIT:
            return Origin(f"{name}(•)", (len(self.calls) - 1,)) if self.calls else Origin("nothing")
        if name is None or name in FUNCTIONS:
            return None
        deciders, arguments = self.deciders, {}
        for key, value in _arguments(node):
            arguments[key] = read(value, self)
        if name in ("action", "raw_action") and node.args and isinstance(node.args[0], ast.Constant):  # an id that cannot be a name
            name = re.sub(r"\W", "_", str(node.args[0].value))
            arguments.pop("0", None)
        sources = {source for value in arguments.values() for source in value.sources}
        here = len(self.calls)
        edges = [("data", source, here) for source in sorted(sources)] + [(kind, source, here) for kind, source in deciders]
        self.edges += edges or [("data", START, here)]
        self.calls.append(Call(name, {key: self.nameless(value) for key, value in arguments.items()},
                               {key: tuple(value.sources) for key, value in arguments.items()}))
        return origin("•", Origin("•", (here,)))

    def nameless(self, value: Origin) -> str:
        """An origin as a text that names APIs, so that it does not depend on the numbers of calls."""
        return f"{value.form} < {', '.join(self.calls[source].name for source in value.sources)}" if value.sources else value.form


def _decided(kind: str, condition: Origin) -> Deciders:
    return [(kind, source) for source in dict.fromkeys(condition.sources)] or [(kind, START)]


def _arguments(node: ast.Call) -> Iterable[tuple[str, ast.expr]]:
    """(parameter key, value) of a call: keywords, the entries of `**{...}`, and positional arguments by number."""
    yield from ((str(number), value) for number, value in enumerate(node.args))
    for keyword in node.keywords:
        if keyword.arg is None and isinstance(keyword.value, ast.Dict):
            for key, value in zip(keyword.value.keys, keyword.value.values, strict=True):
                yield str(getattr(key, "value", key)), value
        else:
            yield keyword.arg or "**", keyword.value
