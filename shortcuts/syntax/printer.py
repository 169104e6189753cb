"""Print statements as source text: the output of ast.unparse for the forms of the dialect, several times as fast.

The output is the same for every version of Python: f-strings are written so that versions before 3.12 can parse them, and the targets of a
loop stand without parentheses. Other forms are left to ast.unparse itself.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Sequence
from typing import Any

from shortcuts.syntax.nodes import PROGRAM

# Precedence, with the levels of ast.unparse: an expression in a place that needs a higher level than its own gets parentheses.
_TEST, _OR, _AND, _NOT, _COMPARE, _SUM, _FACTOR, _ATOM = 4, 5, 6, 7, 8, 13, 15, 18
_COMPARISONS = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.In: "in", ast.NotIn: "not in",
    ast.Is: "is", ast.IsNot: "is not",
}  # fmt: skip


class _Other(Exception):
    """A form that is left to ast.unparse."""


def unparse(body: list[ast.stmt], decorators: Sequence[ast.expr] = ()) -> str:
    """Return the source of a program, printed statement by statement, so that a first string statement is not taken for a docstring.

    With decorators (see triggers.py) the program becomes the body of a function. Printed literals have no line breaks of their own, so each
    line can be indented.
    """
    if decorators:
        heads = "".join(f"@{unparse([ast.Expr(decorator)])}" for decorator in decorators)
        lines = unparse(body or [ast.Pass()]).removesuffix("\n").split("\n")
        return f"{heads}def {PROGRAM}():\n" + "".join(f"    {line}\n" for line in lines)
    lines: list[str] = []
    for statement in body:
        known = len(lines)
        try:
            _statement(statement, "", lines)
        except _Other:
            del lines[known:]
            lines.append(ast.unparse(_Printable().visit(statement)).lstrip("\n"))
    return "".join(line + "\n" for line in lines)


# ---------------------------------------------------------------------------------------------------------------------------------
# statements


def _statement(node: ast.stmt, indent: str, lines: list[str]) -> None:
    kind = type(node)
    if kind is ast.Expr:
        lines.append(indent + _expression(node.value))  # type: ignore[attr-defined]
    elif kind is ast.Assign and len(node.targets) == 1 and type(node.targets[0]) is ast.Name:  # type: ignore[attr-defined]
        lines.append(f"{indent}{node.targets[0].id} = {_expression(node.value)}")  # type: ignore[attr-defined]
    elif kind is ast.AugAssign and type(node.op) is ast.Add:  # type: ignore[attr-defined]
        lines.append(f"{indent}{_expression(node.target)} += {_expression(node.value)}")  # type: ignore[attr-defined]
    elif kind is ast.Pass:
        lines.append(f"{indent}pass")
    elif kind in _BLOCKS:
        _BLOCKS[kind](node, indent, lines)
    else:
        raise _Other


def _body(body: list[ast.stmt], indent: str, lines: list[str]) -> None:
    for statement in body:
        _statement(statement, indent + "    ", lines)


def _if(node: ast.If, indent: str, lines: list[str]) -> None:
    lines.append(f"{indent}if {_expression(node.test)}:")
    _body(node.body, indent, lines)
    while len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        node = node.orelse[0]
        lines.append(f"{indent}elif {_expression(node.test)}:")
        _body(node.body, indent, lines)
    if node.orelse:
        lines.append(f"{indent}else:")
        _body(node.orelse, indent, lines)


def _for(node: ast.For, indent: str, lines: list[str]) -> None:
    targets = node.target.elts if isinstance(node.target, ast.Tuple) else [node.target]
    if node.orelse or not all(type(target) is ast.Name for target in targets):
        raise _Other
    lines.append(f"{indent}for {', '.join(target.id for target in targets)} in {_expression(node.iter)}:")  # type: ignore[attr-defined]
    _body(node.body, indent, lines)


def _match(node: ast.Match, indent: str, lines: list[str]) -> None:
    lines.append(f"{indent}match {_expression(node.subject)}:")
    for case in node.cases:
        if isinstance(case.pattern, ast.MatchValue):
            pattern = _expression(case.pattern.value)
        elif isinstance(case.pattern, ast.MatchAs) and case.pattern.name is None:
            pattern = "_"
        else:
            raise _Other
        guard = "" if case.guard is None else f" if {_expression(case.guard)}"
        lines.append(f"{indent}    case {pattern}{guard}:")
        _body(case.body, indent + "    ", lines)


_BLOCKS: dict[type, Callable[[Any, str, list[str]], None]] = {ast.If: _if, ast.For: _for, ast.Match: _match}


# ---------------------------------------------------------------------------------------------------------------------------------
# expressions


def _expression(node: ast.expr, level: int = _TEST) -> str:
    """The source of an expression in a place that asks for this level."""
    try:
        printer = _EXPRESSIONS[type(node)]
    except KeyError:
        raise _Other from None
    return printer(node, level)


def _constant(node: ast.Constant, level: int) -> str:
    value = node.value
    if type(value) is str and node.kind is None:
        return repr(value)
    if type(value) in (int, bool, type(None)) or (type(value) is float and math.isfinite(value)):
        return repr(value)
    raise _Other


def _name(node: ast.Name, level: int) -> str:
    return node.id


def _attribute(node: ast.Attribute, level: int) -> str:
    if isinstance(node.value, ast.Constant) and not isinstance(node.value.value, str):
        raise _Other
    return f"{_expression(node.value, _ATOM)}.{node.attr}"


def _subscript(node: ast.Subscript, level: int) -> str:
    if type(node.slice) is ast.Tuple:
        raise _Other
    return f"{_expression(node.value, _ATOM)}[{_expression(node.slice)}]"


def _call(node: ast.Call, level: int) -> str:
    arguments = [_expression(argument) for argument in node.args]
    for keyword in node.keywords:
        arguments.append(("**" if keyword.arg is None else keyword.arg + "=") + _expression(keyword.value))
    return f"{_expression(node.func, _ATOM)}({', '.join(arguments)})"


def _dict(node: ast.Dict, level: int) -> str:
    if None in node.keys:
        raise _Other
    return "{" + ", ".join([f"{_expression(key)}: {_expression(value)}" for key, value in zip(node.keys, node.values)]) + "}"  # type: ignore[arg-type]


def _list(node: ast.List, level: int) -> str:
    return f"[{', '.join([_expression(item) for item in node.elts])}]"


def _unary(node: ast.UnaryOp, level: int) -> str:
    if type(node.op) is ast.Not:
        text, own = f"not {_expression(node.operand, _NOT)}", _NOT
    elif type(node.op) is ast.USub:
        text, own = f"-{_expression(node.operand, _FACTOR)}", _FACTOR
    else:
        raise _Other
    return f"({text})" if level > own else text


def _sum(node: ast.BinOp, level: int) -> str:
    if type(node.op) is not ast.Add:
        raise _Other
    text = f"{_expression(node.left, _SUM)} + {_expression(node.right, _SUM + 1)}"
    return f"({text})" if level > _SUM else text


def _several(node: ast.BoolOp, level: int) -> str:
    own, word = (_AND, " and ") if type(node.op) is ast.And else (_OR, " or ")
    text = word.join([_expression(value, min(own + place, _ATOM)) for place, value in enumerate(node.values, start=1)])
    return f"({text})" if level > own else text


def _compare(node: ast.Compare, level: int) -> str:
    text = _expression(node.left, _COMPARE + 1)
    for operator, value in zip(node.ops, node.comparators, strict=True):
        text += f" {_COMPARISONS[type(operator)]} {_expression(value, _COMPARE + 1)}"
    return f"({text})" if level > _COMPARE else text


def _f_string(node: ast.JoinedStr, level: int) -> str:
    fields = []
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            if part.conversion != -1 or part.format_spec is not None:
                raise _Other
            fields.append(_expression(part.value))
            if "f'" in fields[-1] or 'f"' in fields[-1]:  # may be an f-string inside an f-string
                raise _Other
    return f_string(node, fields)


_EXPRESSIONS: dict[type, Callable[[Any, int], str]] = {
    ast.Constant: _constant, ast.Name: _name, ast.Attribute: _attribute, ast.Subscript: _subscript, ast.Call: _call, ast.Dict: _dict,
    ast.List: _list, ast.UnaryOp: _unary, ast.BinOp: _sum, ast.BoolOp: _several, ast.Compare: _compare, ast.JoinedStr: _f_string,
}  # fmt: skip


def f_string(node: ast.JoinedStr, fields: list[str]) -> str:
    """Return the source of an f-string whose fields are printed already."""
    literal = "".join(part.value for part in node.values if isinstance(part, ast.Constant))
    quote = '"' if any("'" in field for field in fields) or ("'" in literal and '"' not in literal) else "'"
    remaining = iter(fields)
    parts = [_escaped(part.value, quote) if isinstance(part, ast.Constant) else f"{{{next(remaining)}}}" for part in node.values]
    return f"f{quote}{''.join(parts)}{quote}"


def _escaped(literal: str, quote: str) -> str:
    """Return literal text of an f-string, escaped as repr() does; its quotes are escaped, too, and braces doubled."""
    if not literal.isprintable() or "\\" in literal:
        literal = "".join(c if c.isprintable() and c != "\\" else repr(c)[1:-1] for c in literal)
    return literal.replace(quote, "\\" + quote).replace("{", "{{").replace("}", "}}")


class _Printable(ast.NodeTransformer):
    """Replaces f-strings and loop targets by names that hold their source, so that every version of ast.unparse prints the same text."""

    def visit_For(self, node: ast.For) -> ast.For:
        if isinstance(node.target, ast.Tuple):
            node.target = ast.Name(", ".join(map(ast.unparse, node.target.elts)), ast.Store())
        self.generic_visit(node)
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.Name:
        fields = [ast.unparse(part.value) for part in node.values if isinstance(part, ast.FormattedValue)]
        return ast.copy_location(ast.Name(f_string(node, fields), ast.Load()), node)
