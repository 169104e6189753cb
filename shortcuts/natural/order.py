"""The order in which Python works a line out, where it matters: what a line changes while it is worked out.

An action takes a variable when it runs, which is after all of its line is worked out. So a line that reads a name and changes it behind
that (`n + f()`, where `f` sets `n`) would give another value than in Python.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import called

if TYPE_CHECKING:
    from shortcuts.natural.lowering import Lowering

_BLOCKS = frozenset({"body", "orelse", "finalbody", "handlers", "cases"})


def changed_by(low: Lowering, function: ast.FunctionDef, inside: frozenset[str] = frozenset()) -> set[str]:
    """Return the names of the program that a call of a function may set, by itself or by others that it calls."""
    if function.name in inside:
        return set()
    nodes = list(ast.walk(function))
    changed = {word for node in nodes if isinstance(node, ast.Global) for word in node.names}
    for node in nodes:
        if (other := low.functions.get(called(node) or "")) is not None:
            changed |= changed_by(low, other, inside | {function.name})
    return changed


def refuse_late_reads(low: Lowering, node: ast.stmt) -> None:
    """Raise DialectError for a statement that reads a name, and changes it later in the same expression."""
    read: set[str] = set()
    for field, value in ast.iter_fields(node):
        if field in _BLOCKS or isinstance(node, ast.FunctionDef):
            continue
        for inner in value if isinstance(value, list) else [value]:
            for identifier, is_changed in _events(low, inner) if isinstance(inner, ast.AST) else ():
                if is_changed and identifier in read:
                    raise DialectError(node.lineno, f"{identifier} is read before this line changes it; give its value another name on a "
                                                    f"line before: old = {identifier}")  # fmt: skip
                read |= set() if is_changed else {identifier}
        if field == "target" and isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            read.add(node.target.id)


def _events(low: Lowering, node: ast.AST) -> Iterator[tuple[str, bool]]:
    """Yield the names that an expression reads and changes, in Python's order: (name, whether it is changed)."""
    function = low.functions.get(called(node) or "")
    apart = function is not None or isinstance(node, ast.BoolOp | ast.IfExp)  # its parts are worked out one by one, before what follows
    for inner in _parts(node):
        yield from (event for event in _events(low, inner) if event[1] or not apart)
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield node.id, False
    elif isinstance(node, ast.NamedExpr):
        yield node.target.id, True
    elif function is not None:
        yield from ((identifier, True) for identifier in changed_by(low, function))


def _parts(node: ast.AST) -> list[ast.AST]:
    """Return the parts of an expression in the order in which Python works them out."""
    if isinstance(node, ast.IfExp):
        return [node.test, node.body, node.orelse]
    if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp):
        return [*node.generators, node.elt]
    if isinstance(node, ast.DictComp):
        return [*node.generators, node.key, node.value]
    return [] if isinstance(node, ast.Lambda) else list(ast.iter_child_nodes(node))
