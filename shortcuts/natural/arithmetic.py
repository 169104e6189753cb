"""Arithmetic: one Calculate action for each operator, so that numbers stay numbers (as text they depend on the phone's language)."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from typing import Any

from shortcuts.natural import conditions, dates, devices, kinds, lists, table, texts
from shortcuts.natural.lowering import Lowering, Shifted, Symbolic, integer, shown
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import call, const, constant, signed

_SIGNS: dict[type[ast.operator], str | None] = {ast.Add: None, ast.Sub: "-", ast.Mult: "×", ast.Div: "÷"}
_FOLDED: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}  # fmt: skip
_POWERS = {2: "x^2", 3: "x^3", 0.5: "√x"}
_PLACES = {-3: "Thousands", -2: "Hundreds Place", -1: "Tens Place", 1: "Tenths", 2: "Hundredths", 3: "Thousandths", 4: "Ten Thousandths",
           5: "Hundred Thousandths", 6: "Millionths"}  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------------------
# operators


@table.expression(ast.BinOp, examples=("n + m", "n - m", "n * m", "n / m", "n // m", "n % m", "n ** 2", "n ** m"))
def _operation(low: Lowering, node: ast.BinOp) -> ast.expr:
    left = low.value(node.left)
    left = left if isinstance(left, Symbolic) else low.expr_of(left, node.left)  # it runs before what the right side calls
    right = low.value(node.right)
    if isinstance(left, Symbolic) or isinstance(right, Symbolic):
        if (found := _symbolic(low, node, left, right)) is not None:
            return found
    left, right = low.expr_of(left, node.left), low.expr_of(right, node.right)
    what = {low.kind(left), low.kind(right)}
    if isinstance(node.op, ast.Add) and kinds.TEXT in what:
        return texts.joined(low, node, left, right)
    if isinstance(node.op, ast.Add) and what & kinds.LISTS:
        return lists.joined(low, left, right)
    if isinstance(node.op, ast.Sub) and low.kind(left) in kinds.DATES and low.kind(right) in kinds.DATES:
        return dates.Span(low.ref_of(left, node.left), low.ref_of(right, node.right))
    if isinstance(node.op, ast.Mult) and isinstance(left, ast.List) and 0 < (integer(right) or 0) < 100:
        return ast.List(left.elts * (integer(right) or 0), ast.Load())
    if isinstance(node.op, ast.Mult) and kinds.TEXT in what:
        return texts.repeated(low, node, left, right)
    if isinstance(node.op, ast.Mod) and low.kind(left) == kinds.TEXT:
        raise DialectError(node.lineno, "a text is made by an f-string: f'{x} of {y}'")
    if isinstance(node.op, ast.Add) and not what & kinds.NUMERIC and None in what:
        raise DialectError(node.lineno, f"{shown(node)}: a sum or a text? That is not known here; write as_number(x) + y, or f'{{x}}{{y}}'")
    return calculated(low, node, left, right)


def _symbolic(low: Lowering, node: ast.BinOp, left: ast.expr, right: ast.expr) -> ast.expr | None:
    """Return the result of an operation with a value that only the compiler knows; None if it has to be calculated."""
    for one, other, first in ((left, right, True), (right, left, False)):
        number = integer(other)
        if isinstance(one, Shifted) and number is not None and (isinstance(node.op, ast.Add) or (isinstance(node.op, ast.Sub) and first)):
            return one.plus(number if isinstance(node.op, ast.Add) else -number)
    if isinstance(left, devices.File) and isinstance(node.op, ast.Div):
        return devices.under(low, left, right, node)
    if isinstance(left, dates.Duration) or isinstance(right, dates.Duration):
        return dates.operation(low, node, left, right)
    return None


def calculated(low: Lowering, node: ast.BinOp, left: ast.expr, right: ast.expr) -> ast.expr:
    """Return the action that calculates, or the number if both sides are literals."""
    first, second, kind = constant(left, (int, float)), constant(right, (int, float)), type(node.op)
    if first is not None and second is not None and kind in _FOLDED and (second or kind not in (ast.Div, ast.FloorDiv, ast.Mod)):
        return signed(_FOLDED[kind](first, second))
    left, right = low.number_of(left, node.left), low.number_of(right, node.right)
    if second == 0 and kind in (ast.Add, ast.Sub):
        return left
    if kind in _SIGNS:
        return low.action("math", WFInput=left, WFMathOperation=_SIGNS[kind], WFMathOperand=right)
    if kind is ast.FloorDiv:
        quotient = low.hoist(low.action("math", WFInput=left, WFMathOperation="÷", WFMathOperand=right))
        return low.action("round", WFInput=quotient, WFRoundMode="Always Round Down")
    if kind is ast.Mod:
        return _remainder(low, node, left, right)
    if kind is ast.Pow and second in _POWERS:
        return science(low, _POWERS[second], left)
    if kind is ast.Pow:
        return science(low, "x^y", left, right)
    raise DialectError(node.lineno, f"{shown(node)}: the app has no operation on the bits of a number")


def science(low: Lowering, operation: str, value: ast.expr, operand: ast.expr | None = None) -> ast.Call:
    """Return a Calculate action with one of the scientific operations."""
    return low.action("math", WFInput=value, WFMathOperation="…", WFScientificMathOperation=operation, WFScientificMathOperand=operand)


def _remainder(low: Lowering, node: ast.BinOp, left: ast.expr, right: ast.expr) -> ast.expr:
    """Return the remainder. The app's has the sign of the dividend, Python's that of the divisor: they part where one may be negative."""
    rest = science(low, "Modulus", left, right)
    if is_positive(low, node.left) and is_positive(low, node.right):
        return rest
    positive = low.hoist(low.action("math", WFInput=low.hoist(rest), WFMathOperand=right))
    return science(low, "Modulus", positive, right)


_POSITIVE = frozenset({"len", "abs", "math.fabs", "math.sqrt", "math.exp", "math.factorial", "random.randint", "random.randrange"})
_WHOLE = frozenset({"len", "int", "round", "math.floor", "math.ceil", "math.factorial", "random.randint", "random.randrange"})


def is_positive(low: Lowering, node: ast.expr | None, inside: frozenset[str] = frozenset()) -> bool:
    """True for an expression that is never less than 0."""
    number = constant(node, (int, float))
    if number is not None:
        return number >= 0
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mult | ast.Div | ast.FloorDiv | ast.Mod | ast.Pow):
        return is_positive(low, node.left, inside) and is_positive(low, node.right, inside)
    if isinstance(node, ast.Attribute):
        return node.attr in ("year", "month", "day", "hour", "minute", "second")
    if isinstance(node, ast.Call):
        of_positive = low.path(node.func) not in ("int", "round", "random.randint", "random.randrange", "sum", "max", "min")
        return low.path(node.func) in _POSITIVE and (of_positive or all(is_positive(low, one, inside) for one in node.args))
    if isinstance(node, ast.Name):
        index = low.symbols.get(node.id)
        return index.shift >= -1 if isinstance(index, Shifted) else _always(low, node.id, inside, is_positive)
    return False


def is_whole(low: Lowering, node: ast.expr | None, inside: frozenset[str] = frozenset()) -> bool:
    """True for an expression that is known to be a whole number."""
    if constant(node, (int, float)) is not None:
        return integer(node) is not None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.FloorDiv | ast.Mod):
        return is_whole(low, node.left, inside) and is_whole(low, node.right, inside)
    if isinstance(node, ast.Call):
        return low.path(node.func) in _WHOLE and (low.path(node.func) != "round" or len(node.args) == 1)
    return isinstance(node, ast.Name) and _always(low, node.id, inside, is_whole)


def _always(low: Lowering, identifier: str, inside: frozenset[str], holds: Callable[..., bool]) -> bool:
    """True if a test holds for all that a program binds a name to."""
    if identifier in inside:
        return True
    found = low.bindings.get(identifier, [None])
    return all(holds(low, value, inside | {identifier}) for value in found)


@table.expression(ast.UnaryOp, examples=("-n",))
def _sign(low: Lowering, node: ast.UnaryOp) -> ast.expr:
    if isinstance(node.op, ast.Not):
        return conditions.flag(low, node)
    if constant(node.operand, (int, float)) is not None:
        return node
    if isinstance(node.op, ast.Invert):
        raise DialectError(node.lineno, f"{shown(node)}: the app has no operation on the bits of a number")
    operand = low.number(node.operand)
    number = constant(operand, (int, float))
    if isinstance(node.op, ast.UAdd) or number is not None:
        return operand if isinstance(node.op, ast.UAdd) else signed(-number)
    return low.action("math", WFInput=operand, WFMathOperation="×", WFMathOperand=-1)


# ---------------------------------------------------------------------------------------------------------------------------------
# functions


@table.call("round", example="round(n, 2)")
def _round(low: Lowering, number: ast.expr, ndigits: ast.expr | None = None) -> ast.expr:
    value, places = low.number(number), 0 if ndigits is None else integer(ndigits)
    if places is None or (places and places not in _PLACES):
        raise DialectError(number.lineno, f"round() takes the places as a number from {min(_PLACES)} to {max(_PLACES)}")
    return low.action("round", WFInput=value, WFRoundTo=_PLACES.get(places))


@table.call("math.floor", example="math.floor(n)")
def _floor(low: Lowering, x: ast.expr) -> ast.expr:
    return low.action("round", WFInput=low.number(x), WFRoundMode="Always Round Down")


@table.call("math.ceil", example="math.ceil(n)")
def _ceil(low: Lowering, x: ast.expr) -> ast.expr:
    return low.action("round", WFInput=low.number(x), WFRoundMode="Always Round Up")


@table.call("abs", "math.fabs", example="abs(n)")
def _abs(low: Lowering, x: ast.expr) -> ast.expr:
    return science(low, "abs(x)", low.number(x))


@table.call("math.sqrt", example="math.sqrt(n)")
def _sqrt(low: Lowering, x: ast.expr) -> ast.expr:
    return science(low, "√x", low.number(x))


@table.call("math.exp", example="math.exp(n)")
def _exp(low: Lowering, x: ast.expr) -> ast.expr:
    return science(low, "e^x", low.number(x))


@table.call("math.log", example="math.log(n)")
def _log(low: Lowering, x: ast.expr) -> ast.expr:
    return science(low, "ln(x)", low.number(x))


@table.call("math.log10", example="math.log10(n)")
def _log10(low: Lowering, x: ast.expr) -> ast.expr:
    return science(low, "log(x)", low.number(x))


@table.call("math.factorial", example="math.factorial(n)")
def _factorial(low: Lowering, n: ast.expr) -> ast.expr:
    return science(low, "x!", low.number(n))


@table.call("pow", "math.pow", example="pow(n, m)")
def _pow(low: Lowering, base: ast.expr, exp: ast.expr) -> ast.expr:
    return low.value(ast.BinOp(base, ast.Pow(), exp, lineno=base.lineno, col_offset=0))


@table.call("divmod", example="n // m")
def _divmod(low: Lowering, x: ast.expr, y: ast.expr) -> ast.expr:
    raise DialectError(x.lineno, "divmod() gives two values; write x // y and x % y")


@table.attribute("math.pi", example="math.pi")
def _pi(low: Lowering) -> ast.expr:
    return ast.Constant(math.pi)


@table.attribute("math.e", example="math.e")
def _e(low: Lowering) -> ast.expr:
    return ast.Constant(math.e)


@table.call("int", example="int(s)")
def _int(low: Lowering, x: ast.expr) -> ast.expr:
    if constant(x) is not None:
        return _parsed(x, int)
    asked = _asked(low, x, decimals=False)
    value = low.expr(x) if asked is None else asked
    if asked is not None or integer(value) is not None:
        return value
    if low.kind(value) == kinds.NUMBER and is_whole(low, x):
        return value
    if low.kind(value) == kinds.NUMBER and is_positive(low, x):
        return low.action("round", WFInput=value, WFRoundMode="Always Round Down")
    if low.kind(value) == kinds.NUMBER:  # without its decimals, on both sides of 0; 2.7 - 0.7 is not quite 2
        value = low.ref_of(value, x)
        rest = low.hoist(science(low, "Modulus", value, const(1)))
        return low.action("round", WFInput=low.hoist(low.action("math", WFInput=value, WFMathOperation="-", WFMathOperand=rest)))
    return value if low.kind(value) == kinds.FLAG else call("as_number", low.ref_of(value, x))


@table.call("float", "decimal.Decimal", example="float(s)")
def _float(low: Lowering, x: ast.expr) -> ast.expr:
    if constant(x) is not None:
        return _parsed(x, float)
    asked = _asked(low, x, decimals=True)
    if asked is not None:
        return asked
    value = low.expr(x)
    return value if low.kind(value) in kinds.NUMERIC else call("as_number", low.ref_of(value, x))


def _parsed(node: ast.expr, kind: type) -> ast.expr:
    """Return the number of a text that is written out."""
    try:
        return signed(kind(constant(node)))
    except (ValueError, OverflowError):
        raise DialectError(node.lineno, f"{shown(node)} is the text of no number") from None


def _asked(low: Lowering, node: ast.expr, decimals: bool) -> ast.expr | None:
    """Return the action of `int(input('?'))`, which asks for a number; None for another expression."""
    value = low.value(node) if isinstance(node, ast.Call) and low.path(node.func) == "input" else None
    if not isinstance(value, ast.Call):
        return None
    more = {} if decimals else {"WFAskActionAllowsDecimalNumbers": ast.Constant(False)}
    return call(value.func, **{keyword.arg: keyword.value for keyword in value.keywords}, WFInputType=ast.Constant("Number"), **more)


@table.call("random.randint", example="random.randint(1, 6)")
def _randint(low: Lowering, a: ast.expr, b: ast.expr) -> ast.expr:
    return low.action("number_random", WFRandomNumberMinimum=low.number(a), WFRandomNumberMaximum=low.number(b))


@table.call("random.randrange", example="random.randrange(1, 7)")
def _randrange(low: Lowering, start: ast.expr, stop: ast.expr | None = None) -> ast.expr:
    least, end = (ast.Constant(0), start) if stop is None else (start, stop)
    before = ast.BinOp(end, ast.Sub(), ast.Constant(1), lineno=end.lineno, col_offset=0)
    return low.action("number_random", WFRandomNumberMinimum=low.number(least), WFRandomNumberMaximum=low.number(before))


@table.call("random.random", "random.uniform", example="random.randint(1, 6)")
def _uniform(low: Lowering, *bounds: ast.expr) -> ast.expr:
    raise DialectError(low.line, "the app draws whole numbers; write random.randint(0, 100) / 100")
