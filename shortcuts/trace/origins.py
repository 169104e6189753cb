"""The origins of values: symbolic values of expressions, for trace().

An origin is a form with a place for each call whose output it holds: `text('Hello ', •)` from one source, `•['name']`, `item(•)`,
`'a literal'`, `clipboard()`. It never contains names of variables.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

from shortcuts.forms import constants
from shortcuts.forms.scalars import numeral
from shortcuts.syntax.nodes import MIRRORED, NEGATIONS, called
from shortcuts.syntax.text import pieces

MAX_DEPTH = 100  # nested expressions; Python's parser allows about 200 brackets
MAX_FORM = 400  # characters of a form; a longer one ends in its digest
MAX_SOURCES = 1_000  # outputs that one value is made of; a loop that doubles a value would pass any limit

# Functions that are not APIs: the dialect's, those of the published WorkflowBench, Python's.
NO_APIS = constants.HELPERS | {"coerce_variable", "format_date"} | frozenset(dir(builtins))


class Origin(NamedTuple):
    """The origin of a value: its form, and for each • in it the number of the call whose output stands there."""

    form: str
    sources: tuple[int, ...] = ()


def is_api(name: str) -> bool:
    """True if the function with this name is an API."""
    return name in ("action", "raw_action") or name not in NO_APIS


class Scope(Protocol):
    """The path around an expression that is read."""

    def value_of(self, identifier: str, line: int) -> Origin: ...
    def call(self, node: ast.Call) -> Origin | None: ...


def origin(form: str, *parts: Origin) -> Origin:
    """Return an origin made of others, of bounded size."""
    sources = tuple(source for part in parts for source in part.sources) if len(parts) != 1 else parts[0].sources
    if len(form) > MAX_FORM:
        form = f"{form[:MAX_FORM]}…{hashlib.blake2b(form.encode('utf-8', 'surrogatepass'), digest_size=8).hexdigest()}"
    return Origin(form, sources[:MAX_SOURCES])


def compound(head: str, parts: Iterable[Origin]) -> Origin:
    """Return the origin `head(part, part)`."""
    parts = list(parts)
    return origin(f"{head}({', '.join([part.form for part in parts])})", *parts)


def literal(value: Any) -> Origin:
    """Return the origin of a literal. A text that shows a number equals it: '1' does, '1.0' does not. 1 equals 1.0, not True."""
    number = numeral(value)
    plain = value if number is None else number
    if isinstance(plain, float) and plain.is_integer() and abs(plain) < 1e15:
        plain = int(plain)
    value = value if isinstance(value, str) and str(plain) != value else plain
    if isinstance(value, str | bytes) and len(value) > MAX_FORM:
        return origin(f"'{value}'")
    try:
        return origin(repr(value))
    except ValueError:  # an integer beyond sys.get_int_max_str_digits
        return origin(hex(value))


def text(parts: Iterable[str | Origin]) -> Origin:
    """Return the origin of a text made of literals and origins; a lone origin is returned as it is."""
    merged: list[str | Origin] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    if len(merged) == 1 and isinstance(merged[0], Origin):
        return merged[0]
    if all(isinstance(part, str) for part in merged):
        return literal("".join(merged))  # type: ignore[arg-type]
    return compound("text", (Origin(repr(part)) if isinstance(part, str) else part for part in merged))


# ---------------------------------------------------------------------------------------------------------------------------------
# expressions


def read(node: ast.expr, scope: Scope, depth: int = 0) -> Origin:
    """Return the origin of an expression's value; the API calls in it are recorded in the scope."""
    if depth > MAX_DEPTH:
        return Origin("…")
    if isinstance(node, ast.Constant):
        return literal(node.value)
    if isinstance(node, ast.Name):
        return scope.value_of(node.id, node.lineno)
    parts = pieces(node)
    if parts is not None:
        return text(part if isinstance(part, str) else read(part, scope, depth + 1) for part in parts)
    if isinstance(node, ast.Dict):
        return _dictionary(node, scope, depth)
    if isinstance(node, ast.Call):
        return _call(node, scope, depth)
    if isinstance(node, ast.Attribute):
        return _step(read(node.value, scope, depth + 1), f".{node.attr}")
    if isinstance(node, ast.Subscript):
        key = read(node.slice, scope, depth + 1)
        return _step(read(node.value, scope, depth + 1), f"[{key.form}]", key)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant) \
            and type(node.operand.value) in (int, float):  # fmt: skip
        return literal(-node.operand.value)
    children = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    sign = getattr(node, "op", None)
    head = f"{type(node).__name__}{f' {type(sign).__name__}' if sign else ''}"
    return compound("list" if isinstance(node, ast.List | ast.Tuple) else head, [read(child, scope, depth + 1) for child in children])


def test(node: ast.expr, scope: Scope) -> tuple[Origin, bool]:
    """Return the origin of a condition, and True if it is written as its opposite: `x != 1` for `x == 1`, `x < 5` for `x >= 5`."""
    flipped = False
    while (is_not := isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)) or (called(node) == "leftover" and node.args):
        node, flipped = (node.operand, not flipped) if is_not else (node.args[0], flipped)  # leftover operands have no effect
    if called(node) == "legacy" and len(node.args) == 1:
        inner, is_opposite = test(node.args[0], scope)
        return compound("legacy", [inner]), flipped != is_opposite
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        return read(node, scope), flipped
    left, right, operator = node.left, node.comparators[0], type(node.ops[0])
    if isinstance(left, ast.Constant) and not isinstance(right, ast.Constant) and operator in MIRRORED:
        left, right, operator = right, left, MIRRORED[operator]
    if operator in NEGATIONS:
        operator, flipped = NEGATIONS[operator], not flipped
    return compound(operator.__name__, [read(left, scope, 1), read(right, scope, 1)]), flipped


def _step(base: Origin, step: str, *parts: Origin) -> Origin:
    return origin(base.form + step, base, *parts)


def _dictionary(node: ast.Dict, scope: Scope, depth: int) -> Origin:
    """Return the origin of a dictionary, with its keys sorted."""
    entries = []
    for key, value in zip(node.keys, node.values):
        name = read(key, scope, depth + 1) if key is not None else Origin("**")
        content = read(value, scope, depth + 1)
        entries.append(origin(f"{name.form}: {content.form}", name, content))
    return compound("dictionary", sorted(entries))


def _call(node: ast.Call, scope: Scope, depth: int) -> Origin:
    made = scope.call(node)
    if made is not None:
        return made
    arguments = [read(argument, scope, depth + 1) for argument in node.args]
    for keyword in sorted(node.keywords, key=lambda keyword: keyword.arg or "**"):
        value = read(keyword.value, scope, depth + 1)
        arguments.append(origin(f"{keyword.arg or '**'}={value.form}", value))
    if isinstance(node.func, ast.Attribute):
        base = read(node.func.value, scope, depth + 1)
        return _step(base, f".{node.func.attr}({', '.join([argument.form for argument in arguments])})", *arguments)
    helper = called(node) or ""
    if helper in constants.COERCIONS:
        return compound("as_type", [*arguments, literal(constants.COERCIONS[helper])])
    if not helper:
        return compound("call", [read(node.func, scope, depth + 1), *arguments])
    return compound(helper, arguments)
