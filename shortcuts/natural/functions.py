"""Functions of a program: the app has none, so each call becomes the function's steps.

The names inside are its own and get others where the program has them. A `return` ends the steps where nothing comes after it.
"""

from __future__ import annotations

import ast

from shortcuts.natural import order
from shortcuts.natural.lowering import Lowering, renamed
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import const, name


def inlined(low: Lowering, node: ast.Call, function: ast.FunctionDef) -> ast.expr | None:
    """Lower the steps of a function in the place of its call; return its value, None if it has none. Raises DialectError."""
    if function.name in low.inside:
        raise DialectError(node.lineno, f"{function.name}() calls itself; a shortcut can do so: is_workflow_actions_runworkflow(WFInput=x)")
    given = _arguments(low, node, function)
    names, own = _named(low, function, given)
    for word, value in given.items():
        if word in own:
            low.run("NAME = VALUE", NAME=names.get(word, word), VALUE=value)
    result = low.fresh("Result") if any(isinstance(inner, ast.Return) and inner.value for inner in ast.walk(function)) else None
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    steps = _steps(body, result, function)
    low.inside.add(function.name)
    try:
        for step in steps[:-1]:
            low.statement(renamed(step, names))
        last = renamed(steps[-1], names) if steps else None
        if isinstance(last, ast.Assign) and result is not None and last.targets[0].id == result:  # type: ignore[attr-defined]
            may_change = isinstance(last.value, ast.Name) and last.value.id in low.changed_within
            if not may_change:
                return low.value(last.value)
        if last is not None:
            low.statement(last)
    finally:
        low.inside.discard(function.name)
        for word in own:  # its own names mean nothing behind it
            low.identities.pop(names.get(word, word), None)
    return None if result is None else name(result)


def _named(low: Lowering, function: ast.FunctionDef, given: dict[str, ast.expr]) -> tuple[dict[str, str], set[str]]:
    """Return the names of the program that stand for those of a function, and the function's own names, which a call sets anew.

    A parameter that is given a name stands for it, unless the function changes the one or the other, or a later argument does.
    """
    nodes = list(ast.walk(function))
    stored = {inner.id for inner in nodes if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)}
    stored -= {word for inner in nodes if isinstance(inner, ast.Global) for word in inner.names}
    changed, own = order.changed_by(low, function), set(stored)
    for word, value in reversed(given.items()):
        own |= set() if isinstance(value, ast.Name) and value.id not in changed else {word}
        changed |= order.changes_within(low, value)
    names = {word: value.id for word, value in given.items() if isinstance(value, ast.Name) and word not in own}
    taken = low.inlined | _names_outside(low.module, function)
    names |= {word: low.fresh(word) for word in sorted(own) if word in taken}
    low.inlined |= stored | given.keys()
    low.values |= {names.get(word, word) for word in stored | given.keys()}
    return names, own


def _is_fixed(low: Lowering, node: ast.expr) -> bool:
    """True for a default that has one value in the whole program: what is written out, and a name that is set once."""
    if isinstance(node, ast.UnaryOp):
        return _is_fixed(low, node.operand)
    if isinstance(node, ast.BinOp):
        return _is_fixed(low, node.left) and _is_fixed(low, node.right)
    is_set_once = isinstance(node, ast.Name) and node.id in low.bound and node.id not in low.changing | low.changed_within
    return isinstance(node, ast.Constant) or is_set_once


def _arguments(low: Lowering, node: ast.Call, function: ast.FunctionDef) -> dict[str, ast.expr]:
    """Return the value of each parameter."""
    arguments = function.args
    places = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    words = places + [argument.arg for argument in arguments.kwonlyargs]
    defaults = dict(zip(reversed(places), reversed(arguments.defaults)))
    defaults |= {argument.arg: value for argument, value in zip(arguments.kwonlyargs, arguments.kw_defaults) if value is not None}
    given = {**dict(zip(places, node.args)), **{keyword.arg or "**": keyword.value for keyword in node.keywords}}
    odd = arguments.vararg or arguments.kwarg or any(isinstance(argument, ast.Starred) for argument in node.args)
    missing = [word for word in words if word not in given and word not in defaults]
    if odd or missing or len(node.args) > len(places) or not given.keys() <= set(words):
        raise DialectError(node.lineno, f"{function.name}() takes {', '.join(words) or 'no arguments'}, each given once")
    for word in words:
        if word not in given and not _is_fixed(low, defaults[word]):
            raise DialectError(node.lineno, f"the default of {word} is made once in Python, when the program begins; give "
                                            f"{function.name}() the value: {word}={ast.unparse(defaults[word])}")  # fmt: skip
    return {word: given.get(word, defaults.get(word, const(None))) for word in words}


def _steps(body: list[ast.stmt], result: str | None, function: ast.FunctionDef) -> list[ast.stmt]:
    """Return the steps with assignments for returns; what follows an `if x: return` goes into its else."""
    for index, statement in enumerate(body):
        if isinstance(statement, ast.Return):
            value = statement.value or const(None)
            if result is None:
                return body[:index]
            done = ast.Assign([name(result, store=True)], value)
            return [*body[:index], ast.fix_missing_locations(ast.copy_location(done, statement))]
        if not any(isinstance(inner, ast.Return) for inner in ast.walk(statement)):
            continue
        if not isinstance(statement, ast.If) or not _ends(statement.body):
            raise DialectError(statement.lineno, "a return stands at the end of a function, or of an if: if x: return y")
        rest = _steps([*statement.orelse, *body[index + 1 :]], result, function)
        inner = _steps(statement.body, result, function) or [ast.copy_location(ast.Pass(), statement)]
        return [*body[:index], ast.copy_location(ast.If(statement.test, inner, rest), statement)]
    if result is None:
        return body
    nothing = ast.fix_missing_locations(ast.copy_location(ast.Assign([name(result, store=True)], const(None)), function))
    return [*body, nothing]  # the name may have the result of an earlier round


def _ends(body: list[ast.stmt]) -> bool:
    """True if every way through a block ends in a return."""
    last = body[-1]
    return isinstance(last, ast.Return) or (isinstance(last, ast.If) and bool(last.orelse) and _ends(last.body) and _ends(last.orelse))


def _names_outside(module: ast.Module, function: ast.FunctionDef) -> set[str]:
    """Return the names of a program elsewhere than in one of its functions."""
    inside = {id(inner) for inner in ast.walk(function)}
    return {node.id for node in ast.walk(module) if isinstance(node, ast.Name) and id(node) not in inside}
