"""Strings, numbers, booleans, dates and data as Python expressions, and back: the values in which no other stands."""

from __future__ import annotations

import ast
import base64
import datetime
import math
from plistlib import UID
from typing import Any

from shortcuts.forms.references import CompileScope
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import call, const, constant, signed

Arguments = dict[str, Any]  # of a helper's call, by name
_SIGNS, _NUMBERS = (ast.USub, ast.UAdd), (int, float)


def scalar(value: Any) -> ast.expr:
    """Return the expression of a string, number, boolean, date or data."""
    if isinstance(value, bytes):
        return call("data", const(base64.b64encode(value).decode()))
    if isinstance(value, datetime.datetime):
        fields = [value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond]
        while len(fields) > 3 and not fields[-1]:
            fields.pop()
        return call("datetime", *map(const, fields))
    if isinstance(value, UID):
        return call("uid", const(value.data))
    if isinstance(value, float) and not math.isfinite(value):
        return call("float", const(repr(value)))
    return signed(value)


def read_data(node: ast.Call, given: Arguments, scope: CompileScope) -> bytes:
    """Return the bytes of data(base64). Raises DialectError, as all of these do, for what stands for no such value."""
    try:
        return base64.b64decode(constant(given["base64"]), validate=True)
    except ValueError as error:  # binascii.Error is a subclass; letters beyond ASCII raise ValueError itself
        raise DialectError(node.lineno, f"data(): not base64: {error}") from None


def read_datetime(node: ast.Call, given: Arguments, scope: CompileScope) -> datetime.datetime:
    """Return the date of datetime(year, month, day, ...)."""
    try:
        return datetime.datetime(**{field: constant(value, int) for field, value in given.items()})
    except (OverflowError, ValueError) as error:
        raise DialectError(node.lineno, f"datetime(): {error}") from None


def read_uid(node: ast.Call, given: Arguments, scope: CompileScope) -> UID:
    """Return the UID of uid(number)."""
    value = constant(given["number"], int)
    if not 0 <= value < 1 << 64:
        raise DialectError(node.lineno, "uid() takes a number of at most 64 bits")
    return UID(value)


def read_float(node: ast.Call, given: Arguments, scope: CompileScope) -> float:
    """Return the number of float('inf') and its like."""
    if constant(given["text"]) not in ("inf", "-inf", "nan"):
        raise DialectError(node.lineno, "float() takes 'inf', '-inf' or 'nan'; other numbers are written as they are")
    return float(constant(given["text"]))


def is_number(node: ast.expr) -> bool:
    """Return True for a number that is written out, or True or False, with or without a sign."""
    inner = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, _SIGNS) else node
    return isinstance(inner, ast.Constant) and isinstance(inner.value, _NUMBERS)


def number(node: ast.expr) -> int | float | bool:
    """Return the number that is written out, or True or False."""
    if isinstance(node, ast.UnaryOp):
        assert isinstance(node.operand, ast.Constant)
        value = -node.operand.value if isinstance(node.op, ast.USub) else +node.operand.value
    else:
        assert isinstance(node, ast.Constant)
        value = node.value
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
        raise DialectError(node.lineno, "no property list holds a number of more than 64 bits; write it as text")
    return value


def numeral(value: Any) -> int | float | None:
    """Return the number in a string that is spelled exactly as Python prints it, '5' or '14.5'; None for others, as '05' and '1e3'."""
    if not isinstance(value, str) or len(value) > 15:
        return None
    try:
        found = float(value) if "." in value else int(value)
    except ValueError:
        return None
    return found if str(found) == value else None
