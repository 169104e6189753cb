"""Parameter values of actions as Python expressions, and back.

A value is a plain property-list value or an envelope, `{Value, WFSerializationType}`. Each envelope that occurs has a natural form:

| envelope                        | Python                                                            |
|---------------------------------|-------------------------------------------------------------------|
| WFTextTokenAttachment           | the variable: x, x['key'], as_number(x)                           |
| WFTextTokenString               | text: 'plain', f'{x} and {y}'                                     |
| WFDictionaryFieldValue          | {'key': 'text', 'n': 5, 'list': [...]} (elsewhere than in the usual fields: dictionary({...})) |
| WFQuantityFieldValue            | quantity(5, 'min')                                                |
| WFTimeOffsetValue               | time_offset('Add', 1, 'Day')                                      |
| WFContentPredicateTableTemplate | filter_all(rule('Name', '==', String='x'), ...), filter_any(...)  |
| others                          | a helper named after it: contacts([...]), number_choice(x)        |

What has no form is written out as the literal it is: a raw fallback, in which `WFSerializationType` shows.
"""

from __future__ import annotations

import ast
import base64
import datetime
import math
from collections.abc import Callable
from plistlib import UID
from typing import Any

from common.dialect import text, tokens, vocabulary
from common.dialect.syntax import call, const, constant, signed
from common.dialect.tokens import Writing

ATTACHMENT, DICTIONARY, ARRAY, NUMBER_STATE = (
    "WFTextTokenAttachment", "WFDictionaryFieldValue", "WFArrayParameterState", "WFNumberSubstitutableState",
)  # fmt: skip
FILTER_PREFIX, FILTER_ROWS, FILTER_BOUNDED = (
    "WFActionParameterFilterPrefix", "WFActionParameterFilterTemplates", "WFContentPredicateBoundedDate",
)  # fmt: skip
FILTER_PREFIXES = {"filter_any": 0, "filter_all": 1}
_UNUSED_OTHERWISE = frozenset({"AnotherDate", "AnotherNumber"})
_ROW_KEYS = {"Operator", "Property", "Removable", "Values", "Bounded"}


def wrap(kind: str, value: Any) -> dict[str, Any]:
    """An envelope."""
    return {"Value": value, "WFSerializationType": kind}


def opened(value: Any, kind: str) -> Any:
    """What an envelope of this kind holds, else None."""
    return value["Value"] if isinstance(value, dict) and value.keys() == {"Value", "WFSerializationType"} \
        and value["WFSerializationType"] == kind else None  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------------------
# to Python


def to_expr(value: Any, scope: Writing, key: str | None = None) -> ast.expr:
    """The expression of a value; `key` is the parameter it belongs to, if it is the whole of it."""
    if isinstance(value, dict):
        if value.keys() == {"Value", "WFSerializationType"}:
            expression = _envelope_expr(value["WFSerializationType"], value["Value"], scope, key)
            if expression is not None:
                return expression
        literal = ast.Dict([const(name) for name in value], [_entry_expr(name, inner, scope) for name, inner in value.items()])
        return call("plain", literal) if key in vocabulary.DICTIONARY_FIELDS else literal
    if isinstance(value, list):
        return ast.List([_item_expr(item, scope) if key in vocabulary.LIST_FIELDS else to_expr(item, scope) for item in value], ast.Load())
    return scalar(value)


def _entry_expr(name: str, value: Any, scope: Writing) -> ast.expr:
    return literal_expr(value, scope) if name in ("OutputUUID", "UUID") else to_expr(value, scope)


def scalar(value: Any) -> ast.expr:
    """The literal of a string, number, boolean, date or data."""
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


def literal_expr(value: Any, scope: Writing | None = None) -> ast.expr:
    """A value written out as it is; only identities of actions are named (where there is a scope), since code alone makes them anew."""
    if isinstance(value, dict):
        return ast.Dict([const(name) for name in value], [literal_expr(inner, scope) for inner in value.values()])
    if isinstance(value, list):
        return ast.List([literal_expr(inner, scope) for inner in value], ast.Load())
    named = scope.uuid_expr(value) if scope is not None and isinstance(value, str) else None
    return scalar(value) if named is None else call("uuid_of", named)


def _envelope_expr(kind: Any, value: Any, scope: Writing, key: str | None) -> ast.expr | None:
    if kind == ATTACHMENT:
        return tokens.to_expr(value, scope)
    if kind == text.TEXT:
        return text.to_expr(value, scope)
    if kind == DICTIONARY:
        expression = _dictionary_expr(value, scope)
        plain_enough = expression is None or key in vocabulary.DICTIONARY_FIELDS
        return expression if plain_enough else call("dictionary", expression)
    if kind == "WFQuantityFieldValue":
        return _quantity_expr(value, scope)
    if kind == "WFTimeOffsetValue":
        return _time_offset_expr(value, scope)
    if kind == "WFContentPredicateTableTemplate":
        return _filter_expr(value, scope)
    helper = vocabulary.ENVELOPE_HELPERS.get(kind) if isinstance(kind, str) else None
    if helper == "contacts" and isinstance(value, dict) and value.keys() == {"WFContactFieldValues"}:
        return call(helper, to_expr(value["WFContactFieldValues"], scope))
    if helper is None or (helper == "contacts" and isinstance(value, list)):
        return None
    return call(helper, to_expr(value, scope, "WFItems" if kind == ARRAY and isinstance(value, list) else None))


def _dictionary_expr(value: Any, scope: Writing) -> ast.Dict | None:
    """The dict of a dictionary field's items, or None if one of them has no key."""
    items = value.get("WFDictionaryFieldValueItems") if isinstance(value, dict) and len(value) == 1 else None
    if not isinstance(items, list):
        return None
    result = ast.Dict([], [])
    for item in items:
        if not isinstance(item, dict) or item.keys() - {"UUID"} != {"WFKey", "WFItemType", "WFValue"}:
            return None
        key = text.to_expr(item["WFKey"] if isinstance(item["WFKey"], str) else opened(item["WFKey"], text.TEXT), scope)
        if key is None:
            return None
        result.keys.append(key)
        result.values.append(_item_expr({name: item[name] for name in ("WFItemType", "WFValue")}, scope))
    return result


def _item_expr(item: Any, scope: Writing) -> ast.expr:
    """A typed item of a dictionary or list field."""
    if isinstance(item, str):
        return const(item)
    if isinstance(item, dict) and item.keys() == {"WFItemType", "WFValue"} and type(item["WFItemType"]) is int:
        writer = _ITEM_WRITERS.get(item["WFItemType"])
        expression = writer(item["WFValue"], scope) if writer else None
        if expression is not None:
            return expression
    return call("plain", literal_expr(item, scope))


def _text_item(value: Any, scope: Writing) -> ast.expr | None:
    expression = text.to_expr(value if isinstance(value, str) else opened(value, text.TEXT), scope)
    return text.lone_variable(expression) or expression


def _number_item(value: Any, scope: Writing) -> ast.expr | None:
    expression = _text_item(value, scope)
    if expression is None:
        return None
    number = numeral(constant(expression))
    return call("number", expression) if number is None else scalar(number)


def _boolean_item(value: Any, scope: Writing) -> ast.expr | None:
    inner = opened(value, NUMBER_STATE)
    if inner is None:
        return None
    return const(inner) if isinstance(inner, bool) else call("boolean", to_expr(inner, scope))


def _nested_item(value: Any, scope: Writing) -> ast.expr | None:
    chosen = opened(value, vocabulary.SIMPLE_ENVELOPES["dictionary_choice"])
    if chosen is not None:
        return call("dictionary_choice", to_expr(chosen, scope))
    return _dictionary_expr(opened(opened(value, DICTIONARY), DICTIONARY), scope)


def _array_item(value: Any, scope: Writing) -> ast.expr | None:
    chosen = opened(value, vocabulary.SIMPLE_ENVELOPES["array_choice"])
    if chosen is not None:
        return call("array_choice", to_expr(chosen, scope))
    inner = opened(value, ARRAY)
    return to_expr(inner, scope, "WFItems") if isinstance(inner, list) else None


def _file_item(value: Any, scope: Writing) -> ast.expr | None:
    inner = opened(value, "WFTokenAttachmentParameterState")
    return None if inner is None else call("file", to_expr(inner, scope))


_ITEM_WRITERS: dict[int, Callable[[Any, Writing], ast.expr | None]] = {
    vocabulary.TEXT_ITEM: _text_item, vocabulary.DICTIONARY_ITEM: _nested_item, vocabulary.ARRAY_ITEM: _array_item,
    vocabulary.NUMBER_ITEM: _number_item, vocabulary.BOOLEAN_ITEM: _boolean_item, vocabulary.FILE_ITEM: _file_item,
}  # fmt: skip


def numeral(value: Any) -> int | float | None:
    """The number a string spells in the one way that Python prints it: '5' and '14.5', not '05' or '1e3'."""
    if not isinstance(value, str) or len(value) > 15:
        return None
    try:
        number = float(value) if "." in value else int(value)
    except ValueError:
        return None
    return number if str(number) == value else None


def _bare(value: Any, scope: Writing) -> ast.expr:
    """A number, text or token that stands without an envelope."""
    return tokens.to_expr(value, scope) or to_expr(value, scope)


def _quantity_expr(value: Any, scope: Writing) -> ast.expr | None:
    if not isinstance(value, dict) or not {"Unit"} <= value.keys() <= {"Unit", "Magnitude"} or not isinstance(value["Unit"], str):
        return None
    return call("quantity", _bare(value["Magnitude"], scope) if "Magnitude" in value else const(None), const(value["Unit"]))


def _time_offset_expr(value: Any, scope: Writing) -> ast.expr | None:
    if not isinstance(value, dict) or value.keys() != {"Operation", "Unit", "Value"}:
        return None
    return call("time_offset", to_expr(value["Operation"], scope), _bare(value["Value"], scope), to_expr(value["Unit"], scope))


def _filter_expr(value: Any, scope: Writing) -> ast.expr | None:
    """`filter_all(rule(…), …)`; WFContentPredicateBoundedDate is False unless it is given, other keys (a limit) stand as they are."""
    rows = value.get(FILTER_ROWS) if isinstance(value, dict) else None
    prefix = value.get(FILTER_PREFIX) if isinstance(value, dict) else None
    helper = {number: name for name, number in FILTER_PREFIXES.items()}.get(prefix) if type(prefix) is int else None
    if helper is None or not isinstance(rows, list):
        return None
    rules = [_rule_expr(row, scope) for row in rows]
    if any(rule is None for rule in rules):
        return None
    rest = {key: to_expr(inner, scope) for key, inner in value.items() if key not in (FILTER_ROWS, FILTER_PREFIX)}
    if FILTER_BOUNDED not in rest:
        rest[FILTER_BOUNDED] = const(None)
    elif value[FILTER_BOUNDED] is False:
        del rest[FILTER_BOUNDED]
    return call(helper, *rules, **rest)  # type: ignore[arg-type]


def _rule_expr(row: Any, scope: Writing) -> ast.expr | None:
    """`rule('Name', 'contains', String='x')`: property, operator, operands; iOS 12's rows have their operands beside the rest."""
    if not isinstance(row, dict) or type(row.get("Operator")) is not int or not isinstance(row.get("Property"), str):
        return None
    operator = const(vocabulary.RULE_OPERATOR_OF_CODE.get(row["Operator"], row["Operator"]))
    modern = row.keys() <= _ROW_KEYS and isinstance(row.get("Values"), dict) and not row["Values"].keys() & _ROW_KEYS
    operands = dict(row["Values"]) if modern else {key: value for key, value in row.items() if key not in ("Operator", "Property")}
    if modern:
        operands |= {key: row[key] for key in ("Bounded",) if key in row}
        if row.get("Removable") is not True:
            operands["Removable"] = row.get("Removable")
    unused = vocabulary.UNUSED_OPERANDS.get(row["Operator"], _UNUSED_OTHERWISE) & operands.keys()
    if "leftover" in operands:
        return None
    arguments = {key: to_expr(value, scope) for key, value in operands.items() if key not in unused}
    if unused:
        left = {key: value for key, value in operands.items() if key in unused}
        arguments["leftover"] = ast.Dict([const(key) for key in left], [to_expr(value, scope) for value in left.values()])
    return call("rule" if modern else "legacy_rule", const(row["Property"]), operator, **arguments)
