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

A value without a form is written out as a literal: a raw fallback, in which `WFSerializationType` shows. Each form has both directions
below, `_write_…` (None for a value that is not of this form) and `_read_…`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, NamedTuple

from shortcuts.forms import constants, interpolation, references, scalars, signatures
from shortcuts.forms.references import CompileScope, DecompileScope
from shortcuts.forms.scalars import Arguments
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import call, called, const, constant, is_none, keywords

ATTACHMENT, DICTIONARY, ARRAY, NUMBER_STATE, FILE_STATE = (
    "WFTextTokenAttachment", "WFDictionaryFieldValue", "WFArrayParameterState", "WFNumberSubstitutableState",
    "WFTokenAttachmentParameterState",
)  # fmt: skip
FILTER_PREFIX, FILTER_ROWS, FILTER_BOUNDED = (
    "WFActionParameterFilterPrefix", "WFActionParameterFilterTemplates", "WFContentPredicateBoundedDate",
)  # fmt: skip
FILTER_PREFIXES = {"filter_any": 0, "filter_all": 1}
_UNUSED_OTHERWISE = frozenset({"AnotherDate", "AnotherNumber"})
_LISTS = ast.List, ast.Tuple
_ROW_KEYS = {"Operator", "Property", "Removable", "Values", "Bounded"}


def wrap(kind: str, value: Any) -> dict[str, Any]:
    """Return a value in an envelope of this kind."""
    return {"Value": value, "WFSerializationType": kind}


def unwrap(value: Any, kind: str) -> Any:
    """Return the value in an envelope of this kind, else None."""
    return value["Value"] if isinstance(value, dict) and value.keys() == {"Value", "WFSerializationType"} \
        and value["WFSerializationType"] == kind else None  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------------------
# a value


def to_expr(value: Any, scope: DecompileScope, key: str | None = None) -> ast.expr:
    """Return the expression of a value. `key` is the parameter whose whole value it is; None for a value inside of another."""
    if isinstance(value, dict):
        if value.keys() == {"Value", "WFSerializationType"}:
            expression = _envelope_expr(value["WFSerializationType"], value["Value"], scope, key)
            if expression is not None:
                return expression
        literal = ast.Dict([const(name) for name in value], [_entry_expr(name, inner, scope) for name, inner in value.items()])
        return call("plain", literal) if key in constants.DICTIONARY_FIELDS else literal
    if isinstance(value, list):
        return ast.List([_item_expr(item, scope) if key in constants.LIST_FIELDS else to_expr(item, scope) for item in value], ast.Load())
    return scalars.scalar(value)


def from_expr(node: ast.expr, scope: CompileScope, key: str | None = None) -> Any:
    """Return the value of an expression; `key` is the parameter it is for. Raises DialectError for a form outside the dialect."""
    if isinstance(node, ast.Constant) and type(node.value) is str:
        return node.value
    if isinstance(node, ast.Dict):
        return _read_items(node, scope) if key in constants.DICTIONARY_FIELDS else _plain_dict(node, scope, from_expr)
    if isinstance(node, _LISTS):
        return [_read_listed(item, scope) if key in constants.LIST_FIELDS else from_expr(item, scope) for item in node.elts]
    written = interpolation.from_expr(node, scope)
    if written is not None:
        return written
    if scalars.is_number(node):
        return scalars.number(node)
    form = FORMS.get(called(node) or "")
    if form is not None:
        assert isinstance(node, ast.Call)
        return form.read(node, signatures.bind(node), scope)
    token = references.from_expr(node, scope)
    if token is not None:
        return wrap(ATTACHMENT, token)
    raise DialectError(node.lineno, _no_value(node))


def is_written(node: ast.expr) -> bool:
    """True for a text, a list or a dictionary that is written out; a text that holds nothing but a variable stands for it."""
    is_literal = isinstance(node, ast.List | ast.Dict | ast.JoinedStr | ast.BinOp) or bool(constant(node))
    return is_literal and interpolation.lone_variable(node) is None


def _no_value(node: ast.expr) -> str:
    if is_none(node):
        return "None is not a value; leave the parameter out"
    source = ast.unparse(node)
    shown = source if len(source) <= 60 else source[:57] + "..."
    return f"{shown} is not a value of the dialect; make it with an action on a line before, and write the name of its output here"


def literal_expr(value: Any, scope: DecompileScope | None = None) -> ast.expr:
    """Return a value written out as a literal. With a scope, UUIDs of actions become uuid_of(name), since code alone makes them anew."""
    if isinstance(value, dict):
        names_no_action = {key for key, item in value.items()
                           if isinstance(item, str) and (key in constants.KIND_KEYS or constants.names_variable(key, value))}  # fmt: skip
        inner = [literal_expr(item, None if key in names_no_action else scope) for key, item in value.items()]
        return ast.Dict([const(key) for key in value], inner)
    if isinstance(value, list):
        return ast.List([literal_expr(inner, scope) for inner in value], ast.Load())
    named = scope.uuid_expr(value) if scope is not None and isinstance(value, str) else None
    return scalars.scalar(value) if named is None else call("uuid_of", named)


def literal(node: ast.expr, scope: CompileScope) -> Any:
    """Return the value of a literal: every dict is a plain one, every string a plain string. Raises DialectError."""
    if isinstance(node, ast.Dict):
        return _plain_dict(node, scope, literal)
    if isinstance(node, ast.List):
        return [literal(item, scope) for item in node.elts]
    if constant(node) is not None:
        return constant(node)
    return from_expr(node, scope)


def _plain_dict(node: ast.Dict, scope: CompileScope, reader: Callable[[ast.expr, CompileScope], Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in zip(node.keys, node.values):
        name = constant(key)
        if name is None:
            raise DialectError(node.lineno, "the keys of a plain dictionary are written as text")
        if name in result:
            raise DialectError(node.lineno, f"the key {name!r} is given twice", "duplicate_parameter")
        result[name] = reader(value, scope)
    return result


def _entry_expr(name: str, value: Any, scope: DecompileScope) -> ast.expr:
    return literal_expr(value, scope) if name in ("OutputUUID", "UUID") else to_expr(value, scope)


# ---------------------------------------------------------------------------------------------------------------------------------
# dictionary and list fields, with typed items


def _write_items(value: Any, scope: DecompileScope) -> ast.Dict | None:
    """Return the dict of a dictionary field's items; None if one of them has another shape."""
    items = value.get("WFDictionaryFieldValueItems") if isinstance(value, dict) and len(value) == 1 else None
    if not isinstance(items, list):
        return None
    result = ast.Dict([], [])
    for item in items:
        if not isinstance(item, dict) or item.keys() - {"UUID"} != {"WFKey", "WFItemType", "WFValue"}:
            return None
        key = _text_expr(item["WFKey"], scope)
        if key is None:
            return None
        result.keys.append(key)
        result.values.append(_item_expr({name: item[name] for name in ("WFItemType", "WFValue")}, scope))
    return result


def _read_items(node: ast.Dict, scope: CompileScope) -> dict[str, Any]:
    items = []
    for key, value in zip(node.keys, node.values):
        name = None if key is None else _text_or_variable(key, scope)
        if name is None:
            raise DialectError(node.lineno, "the keys of a dictionary are text")
        item = _read_item(value, scope)
        if not isinstance(item, dict):
            raise DialectError(value.lineno, "plain() in a dictionary takes a whole item, {'WFItemType': …, 'WFValue': …}")
        items.append({"WFKey": _token_string(name), **item})
    return wrap(DICTIONARY, {"WFDictionaryFieldValueItems": items})


def _read_listed(node: ast.expr, scope: CompileScope) -> Any:
    """Return an item of a list field: plain text stays a string."""
    return constant(node) if constant(node) is not None else _read_item(node, scope)


def _item_expr(item: Any, scope: DecompileScope) -> ast.expr:
    """Return the expression of a typed item of a dictionary or list field."""
    if isinstance(item, str):
        return const(item)
    if isinstance(item, dict) and item.keys() == {"WFItemType", "WFValue"} and type(item["WFItemType"]) is int:
        write = _ITEM_WRITERS.get(item["WFItemType"])
        expression = write(item["WFValue"], scope) if write else None
        if expression is not None:
            return expression
    return call("plain", literal_expr(item, scope))


def _read_item(node: ast.expr, scope: CompileScope) -> Any:
    """Return an item with its type (WFItemType), which a helper or the literal itself gives. Raises DialectError."""
    helper = called(node) or ""
    if helper in ITEM_HELPERS:
        assert isinstance(node, ast.Call)
        kind, read = _ITEM_READERS[helper]
        (argument,) = signatures.bind(node).values()
        return literal(argument, scope) if kind is None else _item(kind, read(argument, scope))
    if isinstance(node, ast.Dict):
        return _item(constants.DICTIONARY_ITEM, wrap(DICTIONARY, _read_items(node, scope)))
    if isinstance(node, _LISTS):
        return _item(constants.ARRAY_ITEM, wrap(ARRAY, from_expr(node, scope, "WFItems")))
    if scalars.is_number(node):
        value = scalars.number(node)
        boolean = isinstance(value, bool)
        return _item(constants.BOOLEAN_ITEM, wrap(NUMBER_STATE, value)) if boolean else \
            _item(constants.NUMBER_ITEM, _token_string(str(value)))  # fmt: skip
    written = _text_or_variable(node, scope)
    if written is None:
        raise DialectError(node.lineno, _no_value(node))
    return _item(constants.TEXT_ITEM, _token_string(written))


def _text_or_variable(node: ast.expr, scope: CompileScope) -> Any:
    """Return a text, or a variable as a text that holds nothing else; None for another expression."""
    written = interpolation.from_expr(node, scope)
    return interpolation.single(node, scope) if written is None else written


def _item(kind: int, value: Any) -> dict[str, Any]:
    return {"WFItemType": kind, "WFValue": value}


def _token_string(value: Any) -> Any:
    return wrap(interpolation.TEXT, {"string": value}) if isinstance(value, str) else value


def _write_text_item(value: Any, scope: DecompileScope) -> ast.expr | None:
    expression = _text_expr(value, scope)
    return interpolation.lone_variable(expression) or expression


def _text_expr(value: Any, scope: DecompileScope) -> ast.expr | None:
    """Return the expression of a text, plain or in its envelope; None for another value, also for an envelope around a plain one."""
    if isinstance(value, str):
        return const(value)
    inner = unwrap(value, interpolation.TEXT)
    return interpolation.to_expr(inner, scope) if isinstance(inner, dict) else None


def _write_number_item(value: Any, scope: DecompileScope) -> ast.expr | None:
    expression = _write_text_item(value, scope)
    if expression is None:
        return None
    number = scalars.numeral(constant(expression))
    return call("number", expression) if number is None else scalars.scalar(number)


def _read_number_item(node: ast.expr, scope: CompileScope) -> Any:
    written = _text_or_variable(node, scope)
    if written is None:
        raise DialectError(node.lineno, "number() takes a variable or a text; a number is written as it is")
    return _token_string(written)


def _write_boolean_item(value: Any, scope: DecompileScope) -> ast.expr | None:
    inner = unwrap(value, NUMBER_STATE)
    if inner is None:
        return None
    return const(inner) if isinstance(inner, bool) else call("boolean", to_expr(inner, scope))


def _write_dictionary_item(value: Any, scope: DecompileScope) -> ast.expr | None:
    chosen = unwrap(value, constants.SIMPLE_ENVELOPES["dictionary_choice"])
    if chosen is not None:
        return call("dictionary_choice", to_expr(chosen, scope))
    return _write_items(unwrap(unwrap(value, DICTIONARY), DICTIONARY), scope)


def _write_array_item(value: Any, scope: DecompileScope) -> ast.expr | None:
    chosen = unwrap(value, constants.SIMPLE_ENVELOPES["array_choice"])
    if chosen is not None:
        return call("array_choice", to_expr(chosen, scope))
    inner = unwrap(value, ARRAY)
    return to_expr(inner, scope, "WFItems") if isinstance(inner, list) else None


def _write_file_item(value: Any, scope: DecompileScope) -> ast.expr | None:
    inner = unwrap(value, FILE_STATE)
    return None if inner is None else call("file", to_expr(inner, scope))


def _in_envelope(kind: str) -> Callable[[ast.expr, CompileScope], Any]:
    return lambda node, scope: wrap(kind, from_expr(node, scope))


_ITEM_WRITERS: dict[int, Callable[[Any, DecompileScope], ast.expr | None]] = {
    constants.TEXT_ITEM: _write_text_item, constants.DICTIONARY_ITEM: _write_dictionary_item, constants.ARRAY_ITEM: _write_array_item,
    constants.NUMBER_ITEM: _write_number_item, constants.BOOLEAN_ITEM: _write_boolean_item, constants.FILE_ITEM: _write_file_item,
}  # fmt: skip
_ITEM_READERS: dict[str, tuple[int | None, Callable[[ast.expr, CompileScope], Any]]] = {
    "plain": (None, literal),
    "number": (constants.NUMBER_ITEM, _read_number_item),
    "boolean": (constants.BOOLEAN_ITEM, _in_envelope(NUMBER_STATE)),
    "file": (constants.FILE_ITEM, _in_envelope(FILE_STATE)),
    "dictionary_choice": (constants.DICTIONARY_ITEM, _in_envelope(constants.SIMPLE_ENVELOPES["dictionary_choice"])),
    "array_choice": (constants.ARRAY_ITEM, _in_envelope(constants.SIMPLE_ENVELOPES["array_choice"])),
}
ITEM_HELPERS = _ITEM_READERS.keys()


# ---------------------------------------------------------------------------------------------------------------------------------
# quantities, offsets


def _write_bare(value: Any, scope: DecompileScope) -> ast.expr:
    """Return the expression of a number, text or token that stands without an envelope."""
    return references.to_expr(value, scope) or to_expr(value, scope)


def _read_bare(node: ast.expr, scope: CompileScope) -> Any:
    return references.from_expr(node, scope) or from_expr(node, scope)


def _write_quantity(value: Any, scope: DecompileScope) -> ast.expr | None:
    if not isinstance(value, dict) or not {"Unit"} <= value.keys() <= {"Unit", "Magnitude"} or not isinstance(value["Unit"], str):
        return None
    return call("quantity", _write_bare(value["Magnitude"], scope) if "Magnitude" in value else const(None), const(value["Unit"]))


def _read_quantity(node: ast.Call, given: Arguments, scope: CompileScope) -> Any:
    magnitude = {} if is_none(given["magnitude"]) else {"Magnitude": _read_bare(given["magnitude"], scope)}
    return wrap("WFQuantityFieldValue", {**magnitude, "Unit": constant(given["unit"])})


def _write_time_offset(value: Any, scope: DecompileScope) -> ast.expr | None:
    if not isinstance(value, dict) or value.keys() != {"Operation", "Unit", "Value"}:
        return None
    return call("time_offset", to_expr(value["Operation"], scope), _write_bare(value["Value"], scope), to_expr(value["Unit"], scope))


def _read_time_offset(node: ast.Call, given: Arguments, scope: CompileScope) -> Any:
    operation, unit = from_expr(given["operation"], scope), from_expr(given["unit"], scope)
    return wrap("WFTimeOffsetValue", {"Operation": operation, "Value": _read_bare(given["value"], scope), "Unit": unit})


# ---------------------------------------------------------------------------------------------------------------------------------
# filters


def _write_filter(value: Any, scope: DecompileScope) -> ast.expr | None:
    """Return `filter_all(rule(…), …)`. Other keys, such as a limit, are keywords; WFContentPredicateBoundedDate=False is left out."""
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


def _read_filter(node: ast.Call, given: Arguments, scope: CompileScope) -> Any:
    prefix, rules = FILTER_PREFIXES[called(node) or ""], [_read_rule(row, scope) for row in given.get("rules", ())]
    table = {FILTER_PREFIX: prefix, FILTER_ROWS: rules, FILTER_BOUNDED: False}
    for key, value in keywords(node).items():
        if is_none(value):
            table.pop(key, None)
        else:
            table[key] = from_expr(value, scope)
    return wrap("WFContentPredicateTableTemplate", table)


def _rule_expr(row: Any, scope: DecompileScope) -> ast.expr | None:
    """Return `rule('Name', 'contains', String='x')`; legacy_rule() for a row of iOS 12, which has its operands beside the other keys."""
    if not isinstance(row, dict) or type(row.get("Operator")) is not int or not isinstance(row.get("Property"), str):
        return None
    operator = const(constants.RULE_OPERATOR_OF_CODE.get(row["Operator"], row["Operator"]))
    modern = row.keys() <= _ROW_KEYS and isinstance(row.get("Values"), dict) and not row["Values"].keys() & _ROW_KEYS
    operands = dict(row["Values"]) if modern else {key: value for key, value in row.items() if key not in ("Operator", "Property")}
    if modern:
        operands |= {key: row[key] for key in ("Bounded",) if key in row}
        if row.get("Removable") is not True:
            operands["Removable"] = row.get("Removable")
    unused = constants.UNUSED_OPERANDS.get(row["Operator"], _UNUSED_OTHERWISE) & operands.keys()
    if "leftover" in operands:
        return None
    arguments = {key: to_expr(value, scope) for key, value in operands.items() if key not in unused}
    if unused:
        left = {key: value for key, value in operands.items() if key in unused}
        arguments["leftover"] = ast.Dict([const(key) for key in left], [to_expr(value, scope) for value in left.values()])
    return call("rule" if modern else "legacy_rule", const(row["Property"]), operator, **arguments)


def _read_rule(node: ast.expr, scope: CompileScope) -> dict[str, Any]:
    helper = called(node)
    if not isinstance(node, ast.Call) or helper not in ("rule", "legacy_rule"):
        raise DialectError(node.lineno, "a filter takes rules: rule('Name', 'contains', String='x')")
    given = signatures.bind(node)
    operator = constant(given["operator"], (str, int))
    code = constants.RULE_OPERATORS.get(operator) if isinstance(operator, str) else operator
    if code is None:
        raise DialectError(node.lineno, f"rule(): the operator is one of {', '.join(constants.RULE_OPERATORS)}")
    named = keywords(node)
    left = from_expr(named.pop("leftover"), scope) if "leftover" in named else {}
    operands = {key: from_expr(value, scope) for key, value in named.items() if not is_none(value)}
    for key in sorted(left.keys() & operands.keys()):
        raise DialectError(node.lineno, f"rule(): the key {key!r} is given twice, in leftover and beside it", "duplicate_parameter")
    operands |= left
    row = {"Operator": code, "Property": constant(given["property"])}
    if helper == "legacy_rule":
        return {**row, **operands}
    removable = {} if "Removable" in named and is_none(named["Removable"]) else {"Removable": operands.pop("Removable", True)}
    bounded = {"Bounded": operands.pop("Bounded")} if "Bounded" in operands else {}
    return {**row, **removable, **bounded, "Values": operands}


# ---------------------------------------------------------------------------------------------------------------------------------
# other envelopes


def _write_typed_dictionary(value: Any, scope: DecompileScope) -> ast.expr | None:
    """Return `dictionary({…})`: a dictionary field in another parameter than the usual ones."""
    expression = _write_items(value, scope)
    return None if expression is None else call("dictionary", expression)


def _read_typed_dictionary(node: ast.Call, given: Arguments, scope: CompileScope) -> Any:
    return _read_items(given["items"], scope)


def _write_contacts(value: Any, scope: DecompileScope) -> ast.expr | None:
    if isinstance(value, dict) and value.keys() == {"WFContactFieldValues"}:
        return call("contacts", to_expr(value["WFContactFieldValues"], scope))
    return None if isinstance(value, list) else call("contacts", to_expr(value, scope))


def _read_contacts(node: ast.Call, given: Arguments, scope: CompileScope) -> Any:
    value = from_expr(given["value"], scope)
    return wrap("WFContactFieldValue", {"WFContactFieldValues": value} if isinstance(value, list) else value)


def _write_array(value: Any, scope: DecompileScope) -> ast.expr | None:
    return call("array", to_expr(value, scope, "WFItems" if isinstance(value, list) else None))


def _read_array(node: ast.Call, given: Arguments, scope: CompileScope) -> Any:
    return wrap(ARRAY, from_expr(given["value"], scope, "WFItems" if isinstance(given["value"], ast.List) else None))


def _write_plain(helper: str) -> Callable[[Any, DecompileScope], ast.expr | None]:
    return lambda value, scope: call(helper, to_expr(value, scope))


def _read_plain(envelope: str) -> Callable[[ast.Call, Arguments, CompileScope], Any]:
    return lambda node, given, scope: wrap(envelope, from_expr(given["value"], scope))


def _read_attachment(node: ast.Call, given: Arguments, scope: CompileScope) -> Any:
    token = references.from_expr(given["value"], scope)
    if token is None:
        raise DialectError(node.lineno, "attachment() takes a variable or a part of one")
    return wrap(ATTACHMENT, token)


def _read_uuid(node: ast.Call, given: Arguments, scope: CompileScope) -> str:
    output = given["output"]
    if called(output) == "missing":
        return references.from_expr(output, scope)["OutputUUID"]  # type: ignore[index]
    if not isinstance(output, ast.Name):
        raise DialectError(node.lineno, "uuid_of() takes a name, or missing('…')")
    return scope.uuid(output.id, node.lineno)


# ---------------------------------------------------------------------------------------------------------------------------------
# the table of forms


class Form(NamedTuple):
    """One form of a value, in both directions, and its envelope. Without `write`, `scalar` or the writer of a parameter writes it."""

    read: Callable[[ast.Call, Arguments, CompileScope], Any]
    write: Callable[[Any, DecompileScope], ast.expr | None] | None = None
    envelope: str = ""


FORMS: dict[str, Form] = {
    "data": Form(scalars.read_data),
    "datetime": Form(scalars.read_datetime),
    "uid": Form(scalars.read_uid),
    "float": Form(scalars.read_float),
    "uuid_of": Form(_read_uuid),
    "plain": Form(lambda node, given, scope: literal(given["value"], scope)),
    "attachment": Form(_read_attachment),
    "quantity": Form(_read_quantity, _write_quantity, "WFQuantityFieldValue"),
    "time_offset": Form(_read_time_offset, _write_time_offset, "WFTimeOffsetValue"),
    "filter_any": Form(_read_filter),
    "filter_all": Form(_read_filter, _write_filter, "WFContentPredicateTableTemplate"),  # both helpers
    **{helper: Form(_read_plain(envelope), _write_plain(helper), envelope) for helper, envelope in constants.SIMPLE_ENVELOPES.items()},
    "dictionary": Form(_read_typed_dictionary, _write_typed_dictionary, DICTIONARY),
    "contacts": Form(_read_contacts, _write_contacts, "WFContactFieldValue"),
    "array": Form(_read_array, _write_array, ARRAY),
}
_FORM_OF_ENVELOPE = {form.envelope: form for form in FORMS.values() if form.envelope}


def _envelope_expr(kind: Any, value: Any, scope: DecompileScope, key: str | None) -> ast.expr | None:
    """Return the expression of the value in an envelope; None if it has no form."""
    if kind == ATTACHMENT:
        return references.to_expr(value, scope)
    if kind == interpolation.TEXT:
        return interpolation.to_expr(value, scope) if isinstance(value, dict) else None
    if kind == DICTIONARY and key in constants.DICTIONARY_FIELDS:
        return _write_items(value, scope)
    form = _FORM_OF_ENVELOPE.get(kind) if isinstance(kind, str) else None
    return form.write(value, scope) if form and form.write else None
