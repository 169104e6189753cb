"""Text with variables in it (WFTextTokenString) as f-strings, and back.

The property list holds one string with U+FFFC in place of each variable, and a table from range, `{offset, 1}`, to token. Ranges count
UTF-16 units. Text is written as an f-string if every Python from 3.10 on can parse it, else as `'… {} …'.format(x)`.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from shortcuts.forms import references
from shortcuts.forms.references import CompileScope, DecompileScope, Token
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.text import pieces

TEXT = "WFTextTokenString"
MARK = "\ufffc"
_RANGE = re.compile(r"\{([0-9]{1,9}), 1\}")
# Before Python 3.12 an expression in an f-string may hold neither the string's own quotes nor a backslash nor `#`.
_PLAIN_KEY = re.compile(r"[^'\"\\#{}\x00-\x1f\x7f-\x9f\ud800-\udfff]*")


def envelope(text: str, attachments: dict[str, Token]) -> dict[str, Any]:
    """Return the property-list form of a text with variables."""
    return {"Value": {"string": text, "attachmentsByRange": attachments}, "WFSerializationType": TEXT}


def utf16_length(text: str) -> int:
    """Return the length of a text in UTF-16 units, as NSString counts it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


# ---------------------------------------------------------------------------------------------------------------------------------
# to Python


def to_expr(value: Any, scope: DecompileScope) -> ast.expr | None:
    """Return the expression of a token string's `Value` (or of a plain string), or None if its ranges do not fit its text."""
    if isinstance(value, str):
        return ast.Constant(value)
    if not isinstance(value, dict) or not value.keys() <= {"string", "attachmentsByRange"} or not isinstance(value.get("string"), str):
        return None
    attachments = value.get("attachmentsByRange", {})
    if attachments == {}:
        return ast.Constant(value["string"])
    cut = split(value["string"], attachments)
    if cut is None:
        return None
    parts: list[str | ast.expr] = []
    for piece in cut:
        part = piece if isinstance(piece, str) else references.to_expr(piece, scope)
        if part is None:
            return None
        parts.append(part)
    return _f_string(parts) if _fits_f_string(parts) else _format_call(parts)


def lone_variable(expression: ast.expr | None) -> ast.expr | None:
    """Return the variable of an f-string that holds nothing else, or None."""
    if isinstance(expression, ast.JoinedStr) and len(expression.values) == 1 and isinstance(expression.values[0], ast.FormattedValue):
        return expression.values[0].value
    return None


def split(text: str, attachments: Any) -> list[str | Token] | None:
    """Return the pieces of a text between and at its variables, or None if a range is not exactly one mark, or marks no token."""
    if not isinstance(attachments, dict) or not all(isinstance(token, dict) for token in attachments.values()):
        return None
    if text == MARK and attachments.keys() == {"{0, 1}"}:
        return [attachments["{0, 1}"]]
    places = []
    for key, token in attachments.items():
        match = _RANGE.fullmatch(key)
        if not match:
            return None
        places.append((int(match[1]), token))
    places.sort(key=lambda place: place[0])
    units = text if text.isascii() or not any(c > "\uffff" for c in text) else _utf16_units(text)
    found: list[str | Token] = []
    start = 0
    for offset, token in places:
        if offset < start or offset >= len(units) or units[offset] != MARK:
            return None
        found += [_joined(units[start:offset]), token]
        start = offset + 1
    found.append(_joined(units[start:]))
    return [piece for piece in found if piece != ""]


def _utf16_units(text: str) -> list[str]:
    """Return a text as one entry per UTF-16 unit: a character beyond the BMP is followed by an empty entry."""
    return [unit for c in text for unit in ((c, "") if c > "\uffff" else (c,))]


def _joined(units: str | list[str]) -> str:
    return units if isinstance(units, str) else "".join(units)


def _fits_f_string(parts: list[str | ast.expr]) -> bool:
    inner = [node for part in parts if not isinstance(part, str | ast.Name) for node in ast.walk(part)]
    texts = [node.value for node in inner if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return all(_PLAIN_KEY.fullmatch(value) and value.isprintable() for value in texts)


def _f_string(parts: list[str | ast.expr]) -> ast.expr:
    return ast.JoinedStr([ast.Constant(part) if isinstance(part, str) else ast.FormattedValue(part, -1, None) for part in parts])


def _format_call(parts: list[str | ast.expr]) -> ast.expr:
    template = "".join(part.replace("{", "{{").replace("}", "}}") if isinstance(part, str) else "{}" for part in parts)
    arguments = [part for part in parts if not isinstance(part, str)]
    return ast.Call(ast.Attribute(ast.Constant(template), "format", ast.Load()), arguments, [])


# ---------------------------------------------------------------------------------------------------------------------------------
# from Python


def from_expr(node: ast.expr, scope: CompileScope) -> str | dict[str, Any] | None:
    """Return a plain string or a token string, or None if the expression is not a text. Raises DialectError."""
    parts = pieces(node, _refuse)
    if parts is None:
        return None
    text, attachments = "", {}
    length = 0
    for part in parts:
        if isinstance(part, str):
            text += part
            length += utf16_length(part)
            continue
        token = references.from_expr(part, scope)
        if token is None:
            raise DialectError(part.lineno, "inside text only variables and their parts can stand; give the value a name on a line before")
        attachments[f"{{{length}, 1}}"] = token
        text += MARK
        length += 1
    return envelope(text, attachments) if attachments else text


def single(node: ast.expr, scope: CompileScope) -> dict[str, Any] | None:
    """Return the token string that holds nothing but one variable, or None if the expression is not a variable."""
    token = references.from_expr(node, scope)
    return None if token is None else envelope(MARK, {"{0, 1}": token})


def is_text(node: ast.expr) -> bool:
    """True if an expression is a text: a string, an f-string, `'…'.format(…)` or a sum with one of these. Raises DialectError."""
    return pieces(node, _refuse) is not None


def _refuse(line: int, message: str) -> None:
    raise DialectError(line, message)
