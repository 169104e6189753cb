"""Repeat with Each and Repeat: `for x in y`, `for _ in range(n)`, to Python and from it.

With their index, which counts from 1: `for i, x in enumerate(y, start=1)`, `for i in range(1, n + 1)`. Other parameters of a start are
keywords: `repeat_each(y, Key=…)` and `repeat_count(n, Key=…)`.
"""

from __future__ import annotations

import ast

from shortcuts import control_flow
from shortcuts.control_flow import Block
from shortcuts.forms import signatures, values
from shortcuts.forms.markers import MarkerReader, MarkerWriter, Parameters
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import call, called, const, constant, name

_WRITTEN = (ast.List, ast.Tuple, ast.Dict, ast.Constant, ast.UnaryOp)

# ---------------------------------------------------------------------------------------------------------------------------------
# to Python


def write(block: Block, markers: MarkerWriter) -> ast.stmt:
    """Return the statement of a loop."""
    key, helper = ("WFInput", "repeat_each") if block.kind == "each" else ("WFRepeatCount", "repeat_count")
    parameters, scope = markers.parameters(block.start), markers.scope
    raw = block.start in markers.raw
    source = values.to_expr(parameters[key], scope) if key in parameters and not raw else None
    rest = markers.literals({other: value for other, value in parameters.items() if raw or other != key})
    suffix = f" {markers.depth + 1}" if markers.depth else ""
    index = scope.bind_variable(f"Repeat Index{suffix}") if scope.reads_between(f"Repeat Index{suffix}", block.start, block.end) else None
    markers.depth += 1
    if block.kind == "each":
        if isinstance(source, _WRITTEN):  # no app writes a value there, and Python's loop over a list means another
            rest, source = {key: values.literal_expr(parameters[key], scope), **rest}, None
        if rest or (source is None and raw):
            subject: ast.expr = call(helper, *([source] if source else []), **rest)
        else:
            subject = source or call("previous_output")
        target = scope.bind_variable(f"Repeat Item{suffix}")
        if index is not None:
            subject, target = call("enumerate", subject, start=const(1)), ast.Tuple([index, target], ast.Store())
    else:
        subject, target = _count(source, rest, index), index or name("_", store=True)
    body = markers.body(block.branches[0], parameters.keys())
    markers.depth -= 1
    scope.leave_loop(suffix)
    return ast.For(target, subject, body, [], lineno=1)


def _count(source: ast.expr | None, rest: dict[str, ast.expr], index: ast.expr | None) -> ast.expr:
    if source is None or rest:
        return call("repeat_count", *([source] if source else []), **rest)
    if index is None:
        return call("range", source)
    count = constant(source, int)
    return call("range", const(1), ast.BinOp(source, ast.Add(), const(1)) if count is None or count < 0 else const(count + 1))


# ---------------------------------------------------------------------------------------------------------------------------------
# from Python


def read(node: ast.For, markers: MarkerReader) -> None:
    """Append the actions of a loop. Raises DialectError."""
    if node.orelse:
        raise DialectError(node.lineno, "a for has no else; put those steps after the loop")
    source = node.iter
    is_count = called(source) in ("range", "repeat_count")
    parameters, has_index = _count_parameters(source, markers) if is_count else _each_parameters(source, markers)  # type: ignore[arg-type]
    kind = "count" if is_count else "each"
    group, _ = markers.open(kind, parameters, node.lineno)
    leave = markers.scope.enter_loop(node, is_count, has_index, markers.depth)
    markers.depth += 1
    markers.body(node.body)
    markers.depth -= 1
    leave()
    markers.mark(kind, group, control_flow.END, {}, node.lineno)


def _count_parameters(source: ast.Call, markers: MarkerReader) -> tuple[Parameters, bool]:
    given = signatures.bind(source)
    if called(source) == "repeat_count":
        count = {"WFRepeatCount": values.from_expr(given["count"], markers.scope)} if "count" in given else {}
        return {**count, **markers.literals(source)}, True
    if "stop" not in given:
        return {"WFRepeatCount": values.from_expr(given["start"], markers.scope)}, False
    if constant(given["start"], int) == 1:
        end = given["stop"]
        if isinstance(end, ast.BinOp) and isinstance(end.op, ast.Add) and constant(end.right, int) == 1:
            return {"WFRepeatCount": values.from_expr(end.left, markers.scope)}, True
        if constant(end, int) is not None:
            return {"WFRepeatCount": max(0, constant(end, int) - 1)}, True
    raise DialectError(source.lineno, "a repeat is written `for _ in range(n)`, or `for i in range(1, n + 1)` where the index is used")


def _each_parameters(source: ast.expr, markers: MarkerReader) -> tuple[Parameters, bool]:
    has_index = isinstance(source, ast.Call) and called(source) == "enumerate"
    if has_index:
        given = signatures.bind(source)  # type: ignore[arg-type]
        if constant(given["start"], int) != 1:
            raise DialectError(source.lineno, "the index of a repeat counts from 1: enumerate(x, start=1)")
        source = given["items"]
    rest: Parameters = {}
    if isinstance(source, ast.Call) and called(source) == "repeat_each":
        given, rest = signatures.bind(source), markers.literals(source)
        if "items" not in given:
            return rest, has_index
        source = given["items"]
    if isinstance(source, ast.Call) and called(source) == "previous_output":
        signatures.bind(source)
        return rest, has_index
    if isinstance(source, _WRITTEN):
        raise DialectError(source.lineno, "a loop takes a variable; give the list a name on a line before")
    return {"WFInput": values.from_expr(source, markers.scope), **rest}, has_index
