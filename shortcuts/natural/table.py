"""The table of natural Python: each form of the language that becomes actions, one function a row.

A function is registered under the name that Python has for the form, with an example; the page docs/dialect.md prints them, and
tests/natural_forms.py has a program for each. A row's parameters after the first are those of the Python function, so a call that Python
would refuse is refused here with Python's own words. What a row returns takes the place of the form: an action's call, or a value.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import keywords

if TYPE_CHECKING:
    from shortcuts.natural.lowering import Lowering

Function = Callable[..., ast.expr | None]


class Row(NamedTuple):
    """One form: its name in Python, an example, and the function that returns what takes its place."""

    name: str
    example: str
    function: Function
    signature: inspect.Signature
    first: int  # parameters before Python's own: the lowering, and a method's receiver

    def apply(self, low: Lowering, node: ast.Call, *before: ast.expr) -> ast.expr | None:
        """Return the expression in the place of a call; None if it has no value. Raises DialectError for arguments that do not fit."""
        given = keywords(node)
        if any(isinstance(argument, ast.Starred) for argument in node.args):
            raise DialectError(node.lineno, f"{self.name}(): arguments after * are not known before it runs; write them one by one")
        try:
            bound = self.signature.bind(low, *before, *node.args, **given)
        except TypeError as error:
            raise DialectError(node.lineno, f"{self.name}(): {error}; it is written {self.example}") from None
        return self.function(*bound.args, **bound.kwargs)


CALLS: dict[str, Row] = {}  # functions, by dotted name
METHODS: dict[str, Row] = {}
TESTS: dict[str, Row] = {}  # functions and methods (`.isdigit`) that are conditions
ATTRIBUTES: dict[str, Row] = {}  # parts of a value that Python knows and the app does not: `.days`
EXPRESSIONS: dict[type[ast.expr], Callable[[Lowering, Any], ast.expr]] = {}  # operators, by their node
STATEMENTS: dict[type[ast.stmt], Callable[[Lowering, Any], None]] = {}
EXAMPLES: list[str] = []  # of operators and statements

_Decorator = Callable[[Function], Function]


def call(*names: str, example: str) -> _Decorator:
    """Register what takes the place of a function's call."""
    return _into(CALLS, names, example, 1)


def method(*names: str, example: str) -> _Decorator:
    """Register what takes the place of a method's call."""
    return _into(METHODS, names, example, 2)


def test(*names: str, example: str) -> _Decorator:
    """Register the condition that a call stands for; the name of a method begins with a dot."""
    return _into(TESTS, names, example, 2 if names[0].startswith(".") else 1)


def attribute(*names: str, example: str) -> _Decorator:
    """Register what takes the place of an attribute; the function returns None where the app's own property is meant."""
    return _into(ATTRIBUTES, names, example, 2 if names[0].startswith(".") else 1)


def expression(*kinds: type[ast.expr], examples: tuple[str, ...] = ()) -> Callable[[Any], Any]:
    """Register the function that lowers expressions of these kinds."""
    EXAMPLES.extend(examples)
    return lambda function: [EXPRESSIONS.__setitem__(kind, function) for kind in kinds] and function


def statement(*kinds: type[ast.stmt], examples: tuple[str, ...] = ()) -> Callable[[Any], Any]:
    """Register the function that lowers statements of these kinds."""
    EXAMPLES.extend(examples)
    return lambda function: [STATEMENTS.__setitem__(kind, function) for kind in kinds] and function


def _into(table: dict[str, Row], names: tuple[str, ...], example: str, first: int) -> _Decorator:
    def register(function: Function) -> Function:
        signature = inspect.signature(function)
        for name in names:
            table[name] = Row(name, example, function, signature, first)
        return function

    return register
