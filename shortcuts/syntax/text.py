"""Texts with expressions in them: f-strings, sums with a text among their terms, and `'… {} …'.format(x)`, cut into pieces."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Callable

from shortcuts.syntax.nodes import constant

Piece = str | ast.expr
Refuse = Callable[[int, str], None]  # called with a line and its fault; if it returns, reading goes on as well as it can

_PLACE = re.compile(r"[0-9]{1,4}")  # of an argument in a template


def ignore(line: int, message: str) -> None:
    """Overlook a fault."""


def pieces(node: ast.expr, refuse: Refuse = ignore) -> list[Piece] | None:
    """Return the pieces of a text, literal ones as strings; None for another expression.

    refuse: called for formats of single fields, and for templates whose fields and arguments do not match.
    """
    text = constant(node)
    if text is not None:
        return [text]
    if isinstance(node, ast.JoinedStr):
        return [piece for part in node.values for piece in _field(part, refuse)]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        template = constant(node.func.value)
        return None if template is None else _formatted(node, template, refuse)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _sum(node, refuse)
    return None


def _field(node: ast.expr, refuse: Refuse) -> list[Piece]:
    if isinstance(node, ast.FormattedValue):
        if node.conversion != -1 or node.format_spec is not None:
            refuse(node.lineno, "a variable in text takes no format; use x.formatted(…) for dates, or a format action")
        node = node.value
    inner = pieces(node, refuse)
    return [node] if inner is None else inner


def _sum(node: ast.expr, refuse: Refuse) -> list[Piece] | None:
    """Return the pieces of a sum with a text in it. Sums nest to the left, as deep as they are long, so this is a loop."""
    terms: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        terms.append(node.right)
        node = node.left
    found = [(term, pieces(term, refuse)) for term in (node, *reversed(terms))]
    if all(inner is None for _, inner in found):
        return None
    return [piece for term, inner in found for piece in ([term] if inner is None else inner)]


def _formatted(node: ast.Call, template: str, refuse: Refuse) -> list[Piece] | None:
    """Return the pieces of `'… {} …'.format(x)`: its fields have no name, or all are numbered. Arguments that are missing are left out."""
    try:
        fields = list(string.Formatter().parse(template))
    except ValueError as error:
        refuse(node.lineno, f"format: {error}")
        return None
    given = [field for _, field, _, _ in fields if field is not None]
    order = list(range(len(given))) if set(given) <= {""} else [int(field) if _PLACE.fullmatch(field) else -1 for field in given]
    plain = not any(spec or conversion for _, _, spec, conversion in fields) and not node.keywords
    if not plain or set(order) != set(range(len(node.args))):
        refuse(node.lineno, "format takes plain {} fields, one for each argument")
    found: list[Piece] = []
    places = iter(order)
    for literal, field, _, _ in fields:
        found += [literal] if literal else []
        place = next(places) if field is not None else -1
        found += [node.args[place]] if 0 <= place < len(node.args) else []
    return found
