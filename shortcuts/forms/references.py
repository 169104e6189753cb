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

Each step (an aggrandizement) has a pair of functions, inverse to each other. For a token without a form the caller writes the property list
out.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from shortcuts.forms import constants, signatures
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import call, called, const, constant, is_keyword_name, signed

Token = dict[str, Any]

_DATE_KEYS = {
    "style": "WFDateFormatStyle", "time": "WFTimeFormatStyle", "relative": "WFRelativeDateFormatStyle", "pattern": "WFDateFormat",
    "iso_time": "WFISO8601IncludeTime",
}  # fmt: skip
_ENTITY_PROPERTY = "WFLinkEntityContentPropertyUserInfoPropertyIdentifier"  # of objects that apps share through App Intents
# Identities that the app makes anew, and a label: the residue keeps them.
_FORGOTTEN = {"VariableUUID", "OutputName"}


class DecompileScope(Protocol):
    """The program around a value that is turned into an expression."""

    def output(self, uuid: str, output_name: str | None) -> ast.expr: ...
    def variable(self, variable_name: str) -> ast.expr: ...
    def uuid_expr(self, uuid: str) -> ast.expr | None: ...
    def value_type(self, token: Token) -> str | None: ...

    is_old: bool  # written by an app from before iOS 13


class CompileScope(Protocol):
    """The program around an expression that is turned into a value."""

    def reference(self, identifier: str, line: int, later: bool = False) -> Token: ...
    def missing(self, output_name: str, number: int) -> Token: ...
    def uuid(self, identifier: str, line: int) -> str: ...
    def value_type(self, token: Token) -> str | None: ...
    def previous_output(self, line: int) -> Token | None: ...


class NoNames:
    """The scope of values that stand outside of the actions, in the header and in triggers: no output and no variable is known there.

    Writing a reference raises LookupError, reading one DialectError.
    """

    is_old = False

    def output(self, uuid: str, output_name: str | None) -> ast.expr:
        raise LookupError(uuid)

    def variable(self, variable_name: str) -> ast.expr:
        raise LookupError(variable_name)

    def uuid_expr(self, uuid: str) -> ast.expr | None:
        return None

    def value_type(self, token: Token) -> str | None:
        return None

    def reference(self, identifier: str, line: int, later: bool = False) -> Token:
        message = f"{identifier}: a trigger is set up before the shortcut runs, so its parameters are written out"
        raise DialectError(line, message, "undefined_name")

    def missing(self, output_name: str, number: int) -> Token:
        return self.reference(output_name, 1)

    def uuid(self, identifier: str, line: int) -> str:
        return self.reference(identifier, line)["OutputUUID"]

    def previous_output(self, line: int) -> Token | None:
        return None


NO_NAMES = NoNames()


# ---------------------------------------------------------------------------------------------------------------------------------
# tokens


def to_expr(token: Any, scope: DecompileScope) -> ast.expr | None:
    """Return the expression of a token, or None if it has no form."""
    if not isinstance(token, dict) or not isinstance(token.get("Type"), str):
        return None
    steps = token.get("Aggrandizements", [])
    base = _base_expr(token, scope) if isinstance(steps, list) else None
    for step in steps if base is not None else ():
        form = _STEPS.get(step["Type"]) if isinstance(step, dict) and isinstance(step.get("Type"), str) else None
        base = form.write(base, {key: value for key, value in step.items() if key != "Type"}) if form else None
        if base is None:
            return None
    return base


def from_expr(node: ast.expr, scope: CompileScope) -> Token | None:
    """Return the token of an expression, or None if it is not a reference. Raises DialectError for a name that is not bound."""
    base = _base_token(node, scope)
    if base is not None:
        return base
    inner, step = _read_step(node)
    token = None if inner is None else from_expr(inner, scope)
    if token is None:
        return None
    token.setdefault("Aggrandizements", []).append(step)  # in place: the symbol table holds this very token
    return token


def _base_expr(token: Token, scope: DecompileScope) -> ast.expr | None:
    kind = token["Type"]
    rest = token.keys() - {"Type", "Aggrandizements"}
    if kind == "ActionOutput" and rest <= {"OutputUUID", "OutputName"} and isinstance(token.get("OutputUUID"), str):
        label = token.get("OutputName")
        return scope.output(token["OutputUUID"], label) if label is None or isinstance(label, str) else None
    if kind == "Variable" and rest - _FORGOTTEN == {"VariableName"} and isinstance(token["VariableName"], str):
        return scope.variable(token["VariableName"])
    if kind == "Ask" and rest == {"Prompt"} and isinstance(token["Prompt"], str):
        return call("ask_each_time", const(token["Prompt"]))
    if kind in constants.GLOBAL_OF_TYPE and rest <= {*_FORGOTTEN, "VariableName"} and token.get("VariableName", kind) == kind:
        return call(constants.GLOBAL_OF_TYPE[kind])
    return None


def _base_token(node: ast.expr, scope: CompileScope) -> Token | None:
    if isinstance(node, ast.Name):
        return scope.reference(node.id, node.lineno)
    helper = called(node)
    if helper not in _BASES:
        return None
    assert isinstance(node, ast.Call)
    given = signatures.bind(node)
    if helper == "variable":
        return {"Type": "Variable", "VariableName": constant(given["name"])}
    if helper == "later":
        return scope.reference(given["name"].id, node.lineno, later=True)
    if helper == "missing":
        return scope.missing(constant(given["label"]), constant(given["number"], int) if "number" in given else 1)
    prompt = {"Prompt": constant(given["prompt"])} if "prompt" in given else {}
    return {"Type": constants.GLOBALS[helper], **prompt}


_BASES = {*constants.GLOBALS, "variable", "later", "missing"}


# ---------------------------------------------------------------------------------------------------------------------------------
# steps: parts of a token's value. `write` returns the expression over a base, or None; `read` the base, and the step


class Step(NamedTuple):
    """One kind of aggrandizement, to Python and from it."""

    write: Callable[[ast.expr, Token], ast.expr | None]
    read: Callable[[Any], tuple[ast.expr, Token]]


def _write_key(base: ast.expr, step: Token) -> ast.expr | None:
    if step.keys() == {"DictionaryKey"} and isinstance(step["DictionaryKey"], str):
        return ast.Subscript(base, const(step["DictionaryKey"]), ast.Load())
    return None


def _read_key(node: ast.Subscript) -> tuple[ast.expr, Token]:
    key = constant(node.slice)
    if key is None:
        raise DialectError(node.lineno, "a value is taken out of a dictionary by a text key, such as x['name']; "
                                        "for an item of a list call is_workflow_actions_getitemfromlist")  # fmt: skip
    return node.value, {"DictionaryKey": key}


def _write_coercion(base: ast.expr, step: Token) -> ast.expr | None:
    item_class = step.get("CoercionItemClass")
    if step.keys() != {"CoercionItemClass"} or not isinstance(item_class, str):
        return None
    helper = constants.COERCION_OF_CLASS.get(item_class)
    return call(helper, base) if helper else call("as_type", base, const(item_class))


def _read_coercion(node: ast.Call) -> tuple[ast.expr, Token]:
    given = signatures.bind(node)
    item_class = constant(given["item_class"]) if "item_class" in given else constants.COERCIONS[called(node) or ""]
    return given["value"], {"CoercionItemClass": item_class}


def _write_property(base: ast.expr, step: Token) -> ast.expr | None:
    label = step.get("PropertyName")
    if not isinstance(label, str) or step.keys() - {"PropertyName", "PropertyUserInfo"}:
        return None
    attribute, info = label.replace(" ", "_"), step.get("PropertyUserInfo")
    readable = (is_keyword_name(attribute) and "_" not in label and not label.startswith(" ")
                and attribute not in {*_METHODS, *constants.PYTHON_ATTRIBUTES})  # fmt: skip
    if readable and info == constants.PROPERTY_INFO.get(label) and type(info) in (str, type(None)):
        return ast.Attribute(base, attribute, ast.Load())
    method = ast.Attribute(base, "property", ast.Load())
    if info is None:
        return call(method, const(label))
    if type(info) in (str, int, bool, float) and info == info:  # no literal says NaN
        return call(method, const(label), signed(info))
    if isinstance(info, dict) and info.keys() == {_ENTITY_PROPERTY} and isinstance(info[_ENTITY_PROPERTY], str):
        return call(method, const(label), entity=const(info[_ENTITY_PROPERTY]))
    return call(method, const(label), ast.Dict([], [])) if info == {} else None


def _read_property(node: ast.Call) -> tuple[ast.expr, Token]:
    assert isinstance(node.func, ast.Attribute)
    given = signatures.bind(node, method=True)
    step: Token = {"PropertyName": constant(given["label"])}
    if "entity" in given:
        step["PropertyUserInfo"] = {_ENTITY_PROPERTY: constant(given["entity"])}
    elif "info" in given:
        step["PropertyUserInfo"] = {} if isinstance(given["info"], ast.Dict) else constant(given["info"], (str, int, float, bool))
    return node.func.value, step


def _read_attribute(node: ast.Attribute) -> tuple[ast.expr, Token]:
    if node.attr in constants.PYTHON_ATTRIBUTES:
        raise DialectError(node.lineno, f".{node.attr} is read of a date, and this is not known to be one: datetime.fromisoformat(x)."
                                        f"{node.attr}; a property of that name is x.property({node.attr!r})")  # fmt: skip
    label = node.attr.replace("_", " ")
    info = {"PropertyUserInfo": constants.PROPERTY_INFO[label]} if label in constants.PROPERTY_INFO else {}
    return node.value, {"PropertyName": label, **info}


def _write_date_format(base: ast.expr, step: Token) -> ast.expr | None:
    if step.keys() - _DATE_KEYS.values() or not all(isinstance(value, str | bool) for value in step.values()):
        return None
    method = ast.Attribute(base, "formatted", ast.Load())
    texts = {key: value for key, value in step.items() if key != "WFISO8601IncludeTime"}
    if not all(isinstance(value, str) for value in texts.values()) or not isinstance(step.get("WFISO8601IncludeTime", False), bool):
        return None
    if step == {"WFDateFormatStyle": "Custom", "WFDateFormat": step.get("WFDateFormat"), "WFISO8601IncludeTime": False}:
        return call(method, const(step["WFDateFormat"]))
    arguments = {word: const(step[key]) for word, key in _DATE_KEYS.items() if key in step and step[key] is not False}
    if "WFISO8601IncludeTime" not in step:
        arguments["iso_time"] = const(None)
    return call(method, **arguments)


def _read_date_format(node: ast.Call) -> tuple[ast.expr, Token]:
    assert isinstance(node.func, ast.Attribute)
    given = signatures.bind(node, method=True)
    step: Token = {"WFISO8601IncludeTime": False}
    if "custom" in given:
        if len(given) > 1:
            raise DialectError(node.lineno, "formatted() takes a format of its own, or styles by name, not both")
        return node.func.value, {**step, "WFDateFormatStyle": "Custom", "WFDateFormat": constant(given["custom"])}
    for word, value in given.items():
        step[_DATE_KEYS[word]] = constant(value, (str, bool))
    return node.func.value, {key: value for key, value in step.items() if value is not None}


def _write_unit(base: ast.expr, step: Token) -> ast.expr | None:
    if step.keys() != {"WFMeasurementUnitType", "WFUnitSymbol"} or not all(isinstance(value, str) for value in step.values()):
        return None
    return call(ast.Attribute(base, "in_unit", ast.Load()), const(step["WFUnitSymbol"]), const(step["WFMeasurementUnitType"]))


def _read_unit(node: ast.Call) -> tuple[ast.expr, Token]:
    assert isinstance(node.func, ast.Attribute)
    given = signatures.bind(node, method=True)
    return node.func.value, {"WFUnitSymbol": constant(given["symbol"]), "WFMeasurementUnitType": constant(given["unit_type"])}


_STEPS = {
    "WFDictionaryValueVariableAggrandizement": Step(_write_key, _read_key),
    "WFCoercionVariableAggrandizement": Step(_write_coercion, _read_coercion),
    "WFPropertyVariableAggrandizement": Step(_write_property, _read_property),
    "WFDateFormatVariableAggrandizement": Step(_write_date_format, _read_date_format),
    "WFUnitVariableAggrandizement": Step(_write_unit, _read_unit),
}
_STEP_OF_METHOD = {"property": "WFPropertyVariableAggrandizement", "formatted": "WFDateFormatVariableAggrandizement",
                   "in_unit": "WFUnitVariableAggrandizement"}  # fmt: skip
_METHODS = frozenset({*_STEP_OF_METHOD, "format"})  # no property is written `x.format`


def _read_step(node: ast.expr) -> tuple[ast.expr | None, Token]:
    """Return the base of an operation and its aggrandizement; None as the base of another expression."""
    kind = ""
    if isinstance(node, ast.Subscript):
        kind = "WFDictionaryValueVariableAggrandizement"
    elif isinstance(node, ast.Attribute):
        inner, step = _read_attribute(node)
        return inner, {"Type": "WFPropertyVariableAggrandizement", **step}
    elif isinstance(node, ast.Call):
        helper = called(node)
        if isinstance(node.func, ast.Attribute):
            kind = _STEP_OF_METHOD.get(node.func.attr, "")
        elif helper in constants.COERCIONS or helper == "as_type":
            kind = "WFCoercionVariableAggrandizement"
    if not kind:
        return None, {}
    inner, step = _STEPS[kind].read(node)
    return inner, {"Type": kind, **step}
