"""Python expressions as parameter values: the inverse of values.py, which shows the forms."""

from __future__ import annotations

import ast
import base64
import datetime
from collections.abc import Callable
from plistlib import UID
from typing import Any

from common.dialect import text, tokens, vocabulary
from common.dialect.syntax import DialectError, called, constant, keywords
from common.dialect.tokens import Reading
from common.dialect.values import (
    ARRAY,
    ATTACHMENT,
    DICTIONARY,
    FILTER_BOUNDED,
    FILTER_PREFIX,
    FILTER_PREFIXES,
    FILTER_ROWS,
    NUMBER_STATE,
    wrap,
)  # fmt: skip


def from_expr(node: ast.expr, scope: Reading, key: str | None = None) -> Any:
    """The value of an expression; `key` is the parameter it is for. Raises DialectError for a form outside the dialect."""
    if isinstance(node, ast.Dict):
        return _dictionary(node, scope) if key in vocabulary.DICTIONARY_FIELDS else _plain_dict(node, scope, from_expr)
    if isinstance(node, ast.List | ast.Tuple):
        return [_item(item, scope) if key in vocabulary.LIST_FIELDS else from_expr(item, scope) for item in node.elts]
    if text.is_text(node):
        return text.from_expr(node, scope)
    if _is_number(node):
        return _number(node)
    helper = called(node)
    if helper in _HELPER_READERS:
        assert isinstance(node, ast.Call)
        return _HELPER_READERS[helper](node, scope)
    token = tokens.from_expr(node, scope)
    if token is not None:
        return wrap(ATTACHMENT, token)
    raise DialectError(node.lineno, f"{_shown(node)} is no value of the dialect; give it a name with an action on a line before")


def literal(node: ast.expr, scope: Reading) -> Any:
    """A value written out: every dict is a plain one, every string a plain string."""
    if isinstance(node, ast.Dict):
        return _plain_dict(node, scope, literal)
    if isinstance(node, ast.List):
        return [literal(item, scope) for item in node.elts]
    if constant(node) is not None:
        return constant(node)
    return from_expr(node, scope)


def _shown(node: ast.expr) -> str:
    source = ast.unparse(node)
    return source if len(source) <= 60 else source[:57] + "..."


def _is_number(node: ast.expr) -> bool:
    inner = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd) else node
    return isinstance(inner, ast.Constant) and isinstance(inner.value, int | float)


def _number(node: ast.expr) -> int | float | bool:
    if isinstance(node, ast.UnaryOp):
        assert isinstance(node.operand, ast.Constant)
        return -node.operand.value if isinstance(node.op, ast.USub) else +node.operand.value
    assert isinstance(node, ast.Constant)
    return node.value


def _plain_dict(node: ast.Dict, scope: Reading, reader: Callable[[ast.expr, Reading], Any]) -> dict[str, Any]:
    result = {}
    for key, value in zip(node.keys, node.values):
        name = constant(key)
        if name is None:
            raise DialectError(node.lineno, "the keys of a plain dictionary are written as text")
        result[name] = reader(value, scope)
    return result


# ---------------------------------------------------------------------------------------------------------------------------------
# dictionary and list fields


def _dictionary(node: ast.Dict, scope: Reading) -> dict[str, Any]:
    items = []
    for key, value in zip(node.keys, node.values):
        if key is None or not (text.is_text(key) or (name := text.single(key, scope))):
            raise DialectError(node.lineno, "the keys of a dictionary are text")
        name = text.from_expr(key, scope) if text.is_text(key) else name
        items.append({"WFKey": _token_string(name), **_typed(value, scope)})
    return wrap(DICTIONARY, {"WFDictionaryFieldValueItems": items})


def _item(node: ast.expr, scope: Reading) -> Any:
    """An item of a list field: plain text stays a string."""
    return constant(node) if constant(node) is not None else _typed(node, scope)


def _typed(node: ast.expr, scope: Reading) -> Any:
    """An item with its type (WFItemType)."""
    helper = called(node)
    argument = node.args[0] if isinstance(node, ast.Call) and node.args else None
    if helper == "plain" and argument is not None:
        return literal(argument, scope)
    if helper == "number" and argument is not None:
        return _typed_item(vocabulary.NUMBER_ITEM, text.single(argument, scope) or _token_string(text.from_expr(argument, scope)))
    if helper == "boolean" and argument is not None:
        return _typed_item(vocabulary.BOOLEAN_ITEM, wrap(NUMBER_STATE, from_expr(argument, scope)))
    if helper == "file" and argument is not None:
        return _typed_item(vocabulary.FILE_ITEM, wrap("WFTokenAttachmentParameterState", from_expr(argument, scope)))
    if helper in ("dictionary_choice", "array_choice") and argument is not None:
        kind = vocabulary.DICTIONARY_ITEM if helper == "dictionary_choice" else vocabulary.ARRAY_ITEM
        return _typed_item(kind, wrap(vocabulary.SIMPLE_ENVELOPES[helper], from_expr(argument, scope)))
    if isinstance(node, ast.Dict):
        return _typed_item(vocabulary.DICTIONARY_ITEM, wrap(DICTIONARY, _dictionary(node, scope)))
    if isinstance(node, ast.List | ast.Tuple):
        return _typed_item(vocabulary.ARRAY_ITEM, wrap(ARRAY, from_expr(node, scope, "WFItems")))
    if _is_number(node):
        value = _number(node)
        boolean = isinstance(value, bool)
        return _typed_item(vocabulary.BOOLEAN_ITEM, wrap(NUMBER_STATE, value)) if boolean else \
            _typed_item(vocabulary.NUMBER_ITEM, _token_string(str(value)))  # fmt: skip
    if text.is_text(node):
        return _typed_item(vocabulary.TEXT_ITEM, _token_string(text.from_expr(node, scope)))
    single = text.single(node, scope)
    if single is None:
        raise DialectError(node.lineno, f"{_shown(node)} is no value of the dialect; give it a name with an action on a line before")
    return _typed_item(vocabulary.TEXT_ITEM, single)


def _typed_item(kind: int, value: Any) -> dict[str, Any]:
    return {"WFItemType": kind, "WFValue": value}


def _token_string(value: Any) -> Any:
    return wrap(text.TEXT, {"string": value}) if isinstance(value, str) else value


# ---------------------------------------------------------------------------------------------------------------------------------
# helpers


def _argument(node: ast.Call, index: int = 0) -> ast.expr:
    if len(node.args) <= index:
        raise DialectError(node.lineno, f"{called(node)}() lacks an argument")
    return node.args[index]


def _text_argument(node: ast.Call, index: int = 0) -> str:
    value = constant(_argument(node, index))
    if value is None:
        raise DialectError(node.lineno, f"{called(node)}(): argument {index + 1} must be written as text")
    return value


def _read_data(node: ast.Call, scope: Reading) -> bytes:
    try:
        return base64.b64decode(_text_argument(node), validate=True)
    except ValueError as error:  # binascii.Error is one, and letters beyond ASCII are another
        raise DialectError(node.lineno, f"data(): not base64: {error}") from None


def _read_datetime(node: ast.Call, scope: Reading) -> datetime.datetime:
    numbers = [constant(argument, int) for argument in node.args]
    try:
        return datetime.datetime(*numbers)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise DialectError(node.lineno, f"datetime(): {error}") from None


def _read_uid(node: ast.Call, scope: Reading) -> UID:
    number = constant(_argument(node), int)
    if number is None or not 0 <= number < 1 << 64:
        raise DialectError(node.lineno, "uid() takes a number")
    return UID(number)


def _read_float(node: ast.Call, scope: Reading) -> float:
    if _text_argument(node) not in ("inf", "-inf", "nan"):
        raise DialectError(node.lineno, "float() takes 'inf', '-inf' or 'nan'; other numbers are written as they are")
    return float(_text_argument(node))


def _read_uuid(node: ast.Call, scope: Reading) -> str:
    named = _argument(node)
    if called(named) == "missing" and (token := tokens.from_expr(named, scope)):
        return token["OutputUUID"]
    if not isinstance(named, ast.Name):
        raise DialectError(node.lineno, "uuid_of() takes a name, or missing('…')")
    return scope.uuid(named.id, node.lineno)


def _read_attachment(node: ast.Call, scope: Reading) -> Any:
    token = tokens.from_expr(_argument(node), scope)
    if token is None:
        raise DialectError(node.lineno, "attachment() takes a variable or a part of one")
    return wrap(ATTACHMENT, token)


def _read_dictionary(node: ast.Call, scope: Reading) -> Any:
    inner = _argument(node)
    if not isinstance(inner, ast.Dict):
        raise DialectError(node.lineno, "dictionary() takes a dict; a variable is turned into one by as_dictionary(x)")
    return _dictionary(inner, scope)


def _bare(node: ast.expr, scope: Reading) -> Any:
    return tokens.from_expr(node, scope) or from_expr(node, scope)


def _read_quantity(node: ast.Call, scope: Reading) -> Any:
    magnitude = _argument(node)
    unit = {"Unit": _text_argument(node, 1)}
    empty = isinstance(magnitude, ast.Constant) and magnitude.value is None
    return wrap("WFQuantityFieldValue", unit if empty else {"Magnitude": _bare(magnitude, scope), **unit})


def _read_time_offset(node: ast.Call, scope: Reading) -> Any:
    operation, unit = from_expr(_argument(node), scope), from_expr(_argument(node, 2), scope)
    return wrap("WFTimeOffsetValue", {"Operation": operation, "Value": _bare(_argument(node, 1), scope), "Unit": unit})


def _read_filter(node: ast.Call, scope: Reading) -> Any:
    prefix, rules = FILTER_PREFIXES[called(node) or ""], [_read_rule(row, scope) for row in node.args]
    table = {FILTER_PREFIX: prefix, FILTER_ROWS: rules, FILTER_BOUNDED: False}
    for key, value in keywords(node).items():
        if _is_none(value):
            table.pop(key, None)
        else:
            table[key] = from_expr(value, scope)
    return wrap("WFContentPredicateTableTemplate", table)


def _read_rule(node: ast.expr, scope: Reading) -> dict[str, Any]:
    helper = called(node)
    if not isinstance(node, ast.Call) or helper not in ("rule", "legacy_rule"):
        raise DialectError(node.lineno, "a filter takes rules: rule('Name', 'contains', String='x')")
    operator = constant(_argument(node, 1), (str, int))
    code = vocabulary.RULE_OPERATORS.get(operator) if isinstance(operator, str) else operator
    if code is None:
        raise DialectError(node.lineno, f"rule(): the operator is one of {', '.join(vocabulary.RULE_OPERATORS)}")
    given = keywords(node)
    left = from_expr(given.pop("leftover"), scope) if "leftover" in given else {}
    operands = {key: from_expr(value, scope) for key, value in given.items() if not _is_none(value)}
    if not isinstance(left, dict) or left.keys() & operands.keys():
        raise DialectError(node.lineno, "rule(): leftover is a dictionary of operands that the operator does not use")
    operands |= left
    row = {"Operator": code, "Property": _text_argument(node)}
    if helper == "legacy_rule":
        return {**row, **operands}
    removable = {} if "Removable" in given and _is_none(given["Removable"]) else {"Removable": operands.pop("Removable", True)}
    bounded = {"Bounded": operands.pop("Bounded")} if "Bounded" in operands else {}
    return {**row, **removable, **bounded, "Values": operands}


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _read_simple(node: ast.Call, scope: Reading) -> Any:
    helper = called(node) or ""
    kind = vocabulary.SIMPLE_ENVELOPES[helper]
    value = from_expr(_argument(node), scope, "WFItems" if kind == ARRAY and isinstance(_argument(node), ast.List) else None)
    return wrap(kind, {"WFContactFieldValues": value} if helper == "contacts" and isinstance(value, list) else value)


_HELPER_READERS: dict[str | None, Callable[[ast.Call, Reading], Any]] = {
    "data": _read_data,
    "datetime": _read_datetime,
    "uid": _read_uid,
    "float": _read_float,
    "uuid_of": _read_uuid,
    "plain": lambda node, scope: literal(_argument(node), scope),
    "attachment": _read_attachment,
    "dictionary": _read_dictionary,
    "quantity": _read_quantity,
    "time_offset": _read_time_offset,
    "filter_all": _read_filter,
    "filter_any": _read_filter,
    **{helper: _read_simple for helper in vocabulary.SIMPLE_ENVELOPES},
}
