"""The order in which Python works a line out, where it matters: what a line changes while it is worked out.

An action takes a variable when it runs, which is after all of its line is worked out. So a line that reads a name and changes it behind
that (`n + f()`, where `f` sets `n`) would give another value than in Python.
"""

from __future__ import annotations

import ast
from itertools import chain
from typing import TYPE_CHECKING

from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import called

if TYPE_CHECKING:
    from shortcuts.natural.lowering import Lowering

_BLOCKS = frozenset({"body", "orelse", "finalbody", "handlers", "cases"})
_AT_ONCE = frozenset({"len", "sum", "sorted", "round", "abs", "input"})  # always an action of its own, which runs before what follows


def changed_by(low: Lowering, function: ast.FunctionDef, inside: frozenset[str] = frozenset()) -> set[str]:
    """Return the names of the program whose values a call of a function may change, by itself or by others that it calls."""
    if function.name in inside:
        return set()
    nodes = list(ast.walk(function))
    changed = {word for node in nodes if isinstance(node, ast.Global) for word in node.names}
    own = {node.arg for node in nodes if isinstance(node, ast.arg)}
    own |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)} - changed
    for node in nodes:
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name):
            changed |= {node.value.id} - own
        if (other := low.functions.get(called(node) or "")) is not None:
            changed |= changed_by(low, other, inside | {function.name})
    return changed


def refuse_late_reads(low: Lowering, node: ast.stmt) -> None:
    """Raise DialectError for a statement that reads a name, and changes it later in the same expression."""
    if isinstance(node, ast.FunctionDef):
        return
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple) and isinstance(node.targets[0], ast.Tuple):
        for item in node.value.elts:  # each is kept before the next one is worked out
            _worked_out(low, [item])
        return
    fields = [value for field, value in ast.iter_fields(node) if field not in _BLOCKS]
    parts = [part for value in fields for part in (value if isinstance(value, list) else [value]) if isinstance(part, ast.AST)]
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        parts[0] = ast.copy_location(ast.Name(node.target.id, ast.Load()), node)
    elif isinstance(node, ast.Assign):
        parts = [node.value, *node.targets]
    _worked_out(low, parts)


def changes_within(low: Lowering, node: ast.AST) -> set[str]:
    """Return the names that an expression changes. Raises DialectError where it reads one before."""
    return _worked_out(low, [node])[1]


def _worked_out(low: Lowering, parts: list[ast.AST]) -> tuple[set[str], set[str]]:
    """Return the names that some parts of a line still read when all of them are worked out, and those that they change."""
    read, changed = set[str](), set[str]()
    for part in parts:
        reads, changes = _names(low, part)
        if late := min(changes & read, default=""):
            advice = f"{late} is read before this line changes it; give its value another name on a line before: old = {late}"
            raise DialectError(getattr(part, "lineno", low.line), advice)
        read, changed = read | reads, changed | changes
    return read, changed


def _names(low: Lowering, node: ast.AST) -> tuple[set[str], set[str]]:
    function = low.functions.get(called(node) or "")
    if isinstance(node, ast.BoolOp | ast.IfExp) or function is not None:  # each part is worked out by itself: an If, or kept for the steps
        changes = [_worked_out(low, [part])[1] for part in _parts(node)]
        return set(), set().union(*changes, changed_by(low, function) if function is not None else ())
    read, changed = _worked_out(low, _parts(node))
    if isinstance(node, ast.Name):
        return ({node.id} if isinstance(node.ctx, ast.Load) else set()), set()
    if isinstance(node, ast.NamedExpr):
        return {node.target.id}, changed | {node.target.id}
    return set() if called(node) in _AT_ONCE else read, changed


def _parts(node: ast.AST) -> list[ast.AST]:
    """Return the parts of an expression in the order in which Python works them out."""
    if isinstance(node, ast.IfExp):
        return [node.test, node.body, node.orelse]
    if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp):
        return [*node.generators, node.elt]
    if isinstance(node, ast.DictComp):
        return [*node.generators, node.key, node.value]
    if isinstance(node, ast.Dict):
        return [part for part in chain.from_iterable(zip(node.keys, node.values)) if part is not None]
    return [] if isinstance(node, ast.Lambda) else list(ast.iter_child_nodes(node))
