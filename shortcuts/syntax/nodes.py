"""Builders and readers of nodes of Python's syntax tree."""

from __future__ import annotations

import ast
import keyword
import re
import unicodedata
import warnings
from functools import lru_cache
from typing import Any

from shortcuts.syntax.errors import DialectError, NestedTooDeep

PROGRAM = "shortcut"  # the name of the function whose body a program may be
_NUMBERS = (int, float)
LOAD, STORE = ast.Load(), ast.Store()
# Comparisons with their sides exchanged (`5 < x` is `x > 5`), and the negations of others (`x != 5` is `not x == 5`). Of those that order,
# both that ask for more are no negations: so `x >= 5` counts as near `x > 5`, and `x < 5` as its opposite.
MIRRORED = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE, ast.Eq: ast.Eq, ast.NotEq: ast.NotEq}
NEGATIONS = {ast.NotEq: ast.Eq, ast.NotIn: ast.In, ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.IsNot: ast.Is}


# ---------------------------------------------------------------------------------------------------------------------------------
# building


def const(value: Any) -> ast.expr:
    """Return the node of a literal; see signed() for numbers that may be negative."""
    return ast.Constant(value)


def signed(value: Any) -> ast.expr:
    """Return the node of a literal that may be a negative number, which Python parses as an operation."""
    if isinstance(value, _NUMBERS) and not isinstance(value, bool) and value < 0:
        return ast.UnaryOp(ast.USub(), const(-value))
    return const(value)


def assign(target: ast.expr, value: ast.expr) -> ast.stmt:
    """Return the statement `target = value`."""
    return ast.Assign([target], value, lineno=1)  # ast.unparse asks for the line, to look for a type comment


def name(identifier: str, store: bool = False) -> ast.expr:
    """Return the node of a name that is read, or, with store, bound."""
    return ast.Name(identifier, STORE if store else LOAD)


def call(function: str | ast.expr, *args: ast.expr, **keywords: ast.expr) -> ast.Call:
    """Return the call of a helper, by name, or of an expression, with arguments that are nodes already."""
    return ast.Call(name(function) if isinstance(function, str) else function, list(args), keywords_of_dict(keywords) if keywords else [])


def keywords_of_dict(values: dict[str, ast.expr]) -> list[ast.keyword]:
    """Return keyword arguments; keys that cannot be keywords in Python go into one `**{...}`."""
    plain = [ast.keyword(key, value) for key, value in values.items() if is_keyword_name(key)]
    if len(plain) < len(values):
        odd = {key: value for key, value in values.items() if not is_keyword_name(key)}
        plain.append(ast.keyword(None, ast.Dict([const(key) for key in odd], list(odd.values()))))
    return plain


@lru_cache(maxsize=1 << 14)
def is_keyword_name(key: str) -> bool:
    """True if a parameter key can stand before `=` and is read back unchanged (Python folds identifiers to NFKC)."""
    return key.isidentifier() and not keyword.iskeyword(key) and (key.isascii() or unicodedata.normalize("NFKC", key) == key)


# ---------------------------------------------------------------------------------------------------------------------------------
# reading


_DOTTED_ID = re.compile(r"\bis\.workflow\.actions(\.\w+)+")  # `is` is a word of Python
_LONG_NUMBER = re.compile(r"0[xXoObB][0-9a-fA-F_]{3000}")


@lru_cache(maxsize=4)  # a transcription reads one program several times over
def _parsed(code: str) -> ast.Module:
    return _unwrapped(python_tree(code))


def python_tree(code: str) -> ast.Module:
    """Return a new tree of a text. Raises what `ast.parse` raises, and ValueError for a number that Python reads and cannot print."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `check` reports what is odd in a generated program
        tree = ast.parse(code)
    if _LONG_NUMBER.search(code):
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, int):
                str(node.value)  # Python parses any hexadecimal number, but prints none of more than 4,300 digits: raises ValueError
    return tree


def _unwrapped(tree: ast.Module) -> ast.Module:
    function = tree.body[0] if len(tree.body) == 1 else None
    if not isinstance(function, ast.FunctionDef) or function.name != PROGRAM or any(vars(function.args).values()):
        return tree
    inner = ast.Module(function.body, [])
    inner.decorators = function.decorator_list  # type: ignore[attr-defined]
    return inner


def decorators(module: ast.Module) -> list[ast.expr]:
    """Return the decorators of the function that a parsed program is the body of; an empty list without one."""
    return getattr(module, "decorators", [])


def parse(code: str, shared: bool = True) -> ast.Module:
    """Parse source text into a module. A shared tree is cached and must not be changed. Raises DialectError for a syntax error.

    Of a program in `def shortcut():` the module has the body; `decorators` returns the decorators of that function.
    """
    try:
        return _parsed(code) if shared else _parsed.__wrapped__(code)
    except SyntaxError as error:
        if error.msg.startswith("too many"):  # nested parentheses, levels of indentation
            raise NestedTooDeep(error.lineno or 1, f"not Python: {error.msg}") from None
        dotted = _DOTTED_ID.search(error.text or "")
        advice = f"; an action is called with underscores, {dotted[0].replace('.', '_')}" if dotted else ""
        raise DialectError(error.lineno or 1, f"not Python: {error.msg}{advice}", "syntax") from None
    except (RecursionError, MemoryError) as error:  # nested deeper than the parser can follow
        raise NestedTooDeep(1, f"not Python: {error}") from None
    except ValueError as error:  # NUL characters
        raise DialectError(1, f"not Python: {error}", "syntax") from None


def called(node: ast.AST) -> str | None:
    """Return the name of the function that a call calls; None for another expression and for methods."""
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else None


def is_none(node: ast.AST | None) -> bool:
    """True for the literal None."""
    return isinstance(node, ast.Constant) and node.value is None


def constant(node: ast.AST | None, kind: type | tuple[type, ...] = str) -> Any:
    """Return the value of a literal of this type, else None. A minus sign belongs to its number; True is not an int here."""
    signs = 0
    while isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):  # without recursion: a hostile program has hundreds
        node, signs = node.operand, signs + 1
    if not isinstance(node, ast.Constant) or type(node.value) not in (kind if isinstance(kind, tuple) else (kind,)):
        return None
    if signs and type(node.value) not in (int, float, complex):
        return None
    return -node.value if signs % 2 else node.value


def keywords(node: ast.Call) -> dict[str, ast.expr]:
    """Return a call's keyword arguments by key, those in `**{...}` included.

    Raises DialectError for a key that is given twice or not written as text.
    """
    result: dict[str, ast.expr] = {}
    for argument in node.keywords:
        if argument.arg is not None:
            pairs: list[tuple[Any, ast.expr]] = [(argument.arg, argument.value)]
        elif isinstance(argument.value, ast.Dict):
            pairs = [(constant(key), value) for key, value in zip(argument.value.keys, argument.value.values)]
        else:
            raise DialectError(node.lineno, "after ** a dictionary literal is expected, such as **{'Show-text': True}")
        for key, value in pairs:
            if not isinstance(key, str):
                raise DialectError(node.lineno, "a parameter's key must be written as text")
            if key in result:
                raise DialectError(node.lineno, f"parameter {key} is given twice", "duplicate_parameter")
            result[key] = value
    return result
