"""Variables in a shortcut (token dictionaries) as Python expressions, and back.

| token                                         | Python                                   |
|-----------------------------------------------|------------------------------------------|
| ActionOutput, Variable                        | the name it is bound to                  |
| ExtensionInput, Clipboard, CurrentDate, Ask … | shortcut_input(), clipboard(), …         |
| dictionary value                              | x['key']                                 |
| coercion                                      | as_number(x), as_type(x, 'WF…')          |
| property                                      | x.Name, x.property('Title', 'title'), x.property('title', entity='title') |
| date format                                   | x.formatted('yyyy-MM-dd')                |
| unit                                          | x.in_unit('kg', 'Mass')                  |

Each pair of functions is inverse to each other; what has no form here is left to the caller, who writes the property list out.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Protocol

from common.dialect import vocabulary
from common.dialect.syntax import DialectError, call, called, const, constant, is_keyword_name, keywords, signed

Token = dict[str, Any]

_METHODS = frozenset({"property", "formatted", "in_unit", "format"})
_DATE_KEYS = {
    "style": "WFDateFormatStyle", "time": "WFTimeFormatStyle", "relative": "WFRelativeDateFormatStyle", "pattern": "WFDateFormat",
    "iso_time": "WFISO8601IncludeTime",
}  # fmt: skip
_ENTITY_PROPERTY = "WFLinkEntityContentPropertyUserInfoPropertyIdentifier"  # of things that apps give away through App Intents
# Identities that the app makes anew, and a label: the residue keeps them.
_FORGOTTEN = {"VariableUUID", "OutputName"}


class Writing(Protocol):
    """What turning values into expressions needs to know of the program around."""

    def output(self, uuid: str, output_name: str | None) -> ast.expr: ...
    def variable(self, variable_name: str) -> ast.expr: ...
    def uuid_expr(self, uuid: str) -> ast.expr | None: ...
    def kind(self, token: Token) -> str | None: ...

    is_old: bool  # written by an app from before iOS 13


class Reading(Protocol):
    """What turning expressions into values needs to know of the program around."""

    def reference(self, identifier: str, line: int, later: bool = False) -> Token: ...
    def missing(self, output_name: str, number: int) -> Token: ...
    def uuid(self, identifier: str, line: int) -> str: ...
    def kind(self, token: Token) -> str | None: ...
    def previous_output(self, line: int) -> Token | None: ...


# ---------------------------------------------------------------------------------------------------------------------------------
# to Python


def to_expr(token: Any, scope: Writing) -> ast.expr | None:
    """The expression of a token, or None if it has none."""
    if not isinstance(token, dict) or not isinstance(token.get("Type"), str):
        return None
    steps = token.get("Aggrandizements", [])
    base = _base_expr(token, scope) if isinstance(steps, list) else None
    for step in steps if base is not None else ():
        writer = _STEP_WRITERS.get(step["Type"]) if isinstance(step, dict) and isinstance(step.get("Type"), str) else None
        if base is None or writer is None:
            return None
        base = writer(base, {key: value for key, value in step.items() if key != "Type"})
    return base


def _base_expr(token: Token, scope: Writing) -> ast.expr | None:
    kind = token["Type"]
    rest = token.keys() - {"Type", "Aggrandizements"}
    if kind == "ActionOutput" and rest <= {"OutputUUID", "OutputName"} and isinstance(token.get("OutputUUID"), str):
        label = token.get("OutputName")
        return scope.output(token["OutputUUID"], label) if label is None or isinstance(label, str) else None
    if kind == "Variable" and rest - _FORGOTTEN == {"VariableName"} and isinstance(token["VariableName"], str):
        return scope.variable(token["VariableName"])
    if kind == "Ask" and rest == {"Prompt"} and isinstance(token["Prompt"], str):
        return call("ask_each_time", const(token["Prompt"]))
    if kind in vocabulary.GLOBAL_OF_TYPE and rest <= _FORGOTTEN:
        return call(vocabulary.GLOBAL_OF_TYPE[kind])
    return None


def _write_key(base: ast.expr, step: Token) -> ast.expr | None:
    if step.keys() == {"DictionaryKey"} and isinstance(step["DictionaryKey"], str):
        return ast.Subscript(base, const(step["DictionaryKey"]), ast.Load())
    return None


def _write_coercion(base: ast.expr, step: Token) -> ast.expr | None:
    item_class = step.get("CoercionItemClass")
    if step.keys() != {"CoercionItemClass"} or not isinstance(item_class, str):
        return None
    helper = vocabulary.COERCION_OF_CLASS.get(item_class)
    return call(helper, base) if helper else call("as_type", base, const(item_class))


def _write_property(base: ast.expr, step: Token) -> ast.expr | None:
    label = step.get("PropertyName")
    if not isinstance(label, str) or step.keys() - {"PropertyName", "PropertyUserInfo"}:
        return None
    attribute, info = label.replace(" ", "_"), step.get("PropertyUserInfo")
    readable = is_keyword_name(attribute) and "_" not in label and not label.startswith(" ") and attribute not in _METHODS
    if readable and info == vocabulary.PROPERTY_INFO.get(label) and type(info) in (str, type(None)):
        return ast.Attribute(base, attribute, ast.Load())
    method = ast.Attribute(base, "property", ast.Load())
    if info is None:
        return call(method, const(label))
    if type(info) in (str, int, bool, float):
        return call(method, const(label), signed(info))
    if isinstance(info, dict) and info.keys() == {_ENTITY_PROPERTY} and isinstance(info[_ENTITY_PROPERTY], str):
        return call(method, const(label), entity=const(info[_ENTITY_PROPERTY]))
    return call(method, const(label), ast.Dict([], [])) if info == {} else None


def _write_date_format(base: ast.expr, step: Token) -> ast.expr | None:
    if step.keys() - _DATE_KEYS.values() or not all(isinstance(value, str | bool) for value in step.values()):
        return None
    method = ast.Attribute(base, "formatted", ast.Load())
    if step == {"WFDateFormatStyle": "Custom", "WFDateFormat": step.get("WFDateFormat"), "WFISO8601IncludeTime": False}:
        return call(method, const(step["WFDateFormat"]))
    arguments = {word: const(step[key]) for word, key in _DATE_KEYS.items() if key in step and step[key] is not False}
    if "WFISO8601IncludeTime" not in step:
        arguments["iso_time"] = const(None)
    return call(method, **arguments)


def _write_unit(base: ast.expr, step: Token) -> ast.expr | None:
    if step.keys() != {"WFMeasurementUnitType", "WFUnitSymbol"} or not all(isinstance(value, str) for value in step.values()):
        return None
    return call(ast.Attribute(base, "in_unit", ast.Load()), const(step["WFUnitSymbol"]), const(step["WFMeasurementUnitType"]))


_STEP_WRITERS: dict[Any, Callable[[ast.expr, Token], ast.expr | None]] = {
    "WFDictionaryValueVariableAggrandizement": _write_key,
    "WFCoercionVariableAggrandizement": _write_coercion,
    "WFPropertyVariableAggrandizement": _write_property,
    "WFDateFormatVariableAggrandizement": _write_date_format,
    "WFUnitVariableAggrandizement": _write_unit,
}


# ---------------------------------------------------------------------------------------------------------------------------------
# from Python


def from_expr(node: ast.expr, scope: Reading) -> Token | None:
    """The token of an expression, or None if it is not of the kind above."""
    base = _base_token(node, scope)
    if base is not None:
        return base
    inner, step = _read_step(node)
    if inner is None or step is None:
        return None
    token = from_expr(inner, scope)
    if token is None:
        return None
    return {**token, "Aggrandizements": [*token.get("Aggrandizements", ()), step]}


def _base_token(node: ast.expr, scope: Reading) -> Token | None:
    if isinstance(node, ast.Name):
        return scope.reference(node.id, node.lineno)
    helper = called(node)
    if helper is None or not isinstance(node, ast.Call):
        return None
    argument = node.args[0] if node.args else None
    if helper in vocabulary.GLOBALS:
        prompt = {"Prompt": constant(argument)} if helper == "ask_each_time" and constant(argument) is not None else {}
        return {"Type": vocabulary.GLOBALS[helper], **prompt}
    if helper == "variable" and constant(argument) is not None:
        return {"Type": "Variable", "VariableName": constant(argument)}
    if helper == "later" and isinstance(argument, ast.Name):
        return scope.reference(argument.id, node.lineno, later=True)
    if helper == "missing" and constant(argument) is not None:
        number = constant(node.args[1], int) if len(node.args) > 1 else 1
        if number is None:
            raise DialectError(node.lineno, "missing(): argument 2 must be written as a number")
        return scope.missing(constant(argument), number)
    return None


def _read_step(node: ast.expr) -> tuple[ast.expr | None, Token | None]:
    """(what an operation is applied to, the aggrandizement)."""
    if isinstance(node, ast.Subscript):
        key = constant(node.slice)
        if key is None:
            raise DialectError(node.lineno, "a value is taken out of a dictionary by a text key, such as x['name']; "
                                            "for an item of a list call is_workflow_actions_getitemfromlist")  # fmt: skip
        return node.value, {"Type": "WFDictionaryValueVariableAggrandizement", "DictionaryKey": key}
    if isinstance(node, ast.Attribute):
        label = node.attr.replace("_", " ")
        info = {"PropertyUserInfo": vocabulary.PROPERTY_INFO[label]} if label in vocabulary.PROPERTY_INFO else {}
        return node.value, {"Type": "WFPropertyVariableAggrandizement", "PropertyName": label, **info}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
        return node.func.value, _read_method(node, node.func.attr)
    helper = called(node)
    if isinstance(node, ast.Call) and node.args and (helper in vocabulary.COERCIONS or helper == "as_type"):
        item_class = vocabulary.COERCIONS.get(helper) or constant(node.args[-1])
        if item_class is not None:
            return node.args[0], {"Type": "WFCoercionVariableAggrandizement", "CoercionItemClass": item_class}
    return None, None


def _read_method(node: ast.Call, method: str) -> Token | None:
    values = [constant(argument, (str, int, float, bool)) for argument in node.args]
    if method == "property" and values and isinstance(values[0], str):
        if (entity := constant(keywords(node).get("entity"))) is not None and len(values) == 1:
            return {"Type": "WFPropertyVariableAggrandizement", "PropertyName": values[0], "PropertyUserInfo": {_ENTITY_PROPERTY: entity}}
        info = {"PropertyUserInfo": {} if isinstance(node.args[1], ast.Dict) else values[1]} if len(values) > 1 else {}
        return {"Type": "WFPropertyVariableAggrandizement", "PropertyName": values[0], **info}
    if method == "in_unit" and len(values) == 2:
        return {"Type": "WFUnitVariableAggrandizement", "WFUnitSymbol": values[0], "WFMeasurementUnitType": values[1]}
    if method == "formatted":
        return _read_date_format(node, values)
    return None


def _read_date_format(node: ast.Call, values: list[Any]) -> Token:
    step: Token = {"Type": "WFDateFormatVariableAggrandizement", "WFISO8601IncludeTime": False}
    if values:
        return {**step, "WFDateFormatStyle": "Custom", "WFDateFormat": values[0]}
    for word, value in keywords(node).items():
        if word not in _DATE_KEYS:
            raise DialectError(node.lineno, f"formatted() takes {', '.join(_DATE_KEYS)}, not {word}")
        if isinstance(value, ast.Constant) and value.value is None:
            step.pop(_DATE_KEYS[word], None)
        else:
            step[_DATE_KEYS[word]] = constant(value, (str, bool))
    return step
