"""A shortcut as the steps that the Shortcuts app shows: titles, parameters with their variables set off, blocks by depth.

A step is plain JSON for page.js: `depth`, and either `remark` (a Comment) or `title`, `app`, `control`, `output` and `parameters`, a
list of [label, pieces]; a piece is a text or {"variable": name}.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from typing import Any

from shortcuts import control_flow
from shortcuts.catalog import Catalog
from shortcuts.forms import conditions, constants
from shortcuts.forms.api_names import COMMENT

Piece = str | dict[str, str]
Step = dict[str, Any]

SHOWN = 300  # characters of a text; what is longer is a file or a page of its own
SHOWN_ITEMS = 40  # of a list or dictionary
BUILTIN_APP = "is.workflow.actions"
HIDDEN = frozenset({"WFControlFlowMode", "WFCondition", "WFMenuItems", "WFMenuItemAttributedTitle"})  # shown otherwise, or nowhere
GLOBALS = {"ExtensionInput": "Shortcut Input", "CurrentDate": "Current Date", "Ask": "Ask Each Time", "DeviceDetails": "Device Details"}
SIGNS = {"<": "is less than", "<=": "is at most", ">": "is greater than", ">=": "is at least", "==": "is", "!=": "is not",
         "has value": "has any value", "has no value": "does not have any value"}  # fmt: skip
MARKERS = {  # titles of a block's start, middle and end
    "if": ("If", "Otherwise", "End If"), "menu": ("Choose from Menu", "", "End Menu"),
    "each": ("Repeat with Each", "", "End Repeat"), "count": ("Repeat", "", "End Repeat"),
}  # fmt: skip


def steps(shortcut: dict[str, Any], catalog: Catalog) -> list[Step]:
    """The steps of a shortcut, in order."""
    result, depth = [], 0
    for action in shortcut["WFWorkflowActions"]:
        kind = control_flow.KINDS.get(action["WFWorkflowActionIdentifier"])
        mode = control_flow.mode(action) if kind else None
        if mode in (control_flow.MIDDLE, control_flow.END):
            depth = max(0, depth - 1)
        step = _marker(action, kind, mode or 0) if kind else _action(action, catalog)
        result.append({"depth": depth, **step})
        if mode in (control_flow.START, control_flow.MIDDLE):
            depth += 1
    return result


def _action(action: dict[str, Any], catalog: Catalog) -> Step:
    identifier, parameters = action["WFWorkflowActionIdentifier"], action.get("WFWorkflowActionParameters", {})
    if identifier == COMMENT:
        return {"remark": plain(parameters.get("WFCommentActionText", ""))}
    api = catalog.get(identifier)
    labels = {parameter.key: parameter.label for parameter in api.parameters} if api else {}
    told = {key: value for key, value in parameters.items() if not Catalog.is_generic(key) and key not in HIDDEN}
    shown = [(labels.get(key) or in_words(key), pieces(value)) for key, value in told.items()]
    app = (api.app_name or ("Shortcuts" if api.app == BUILTIN_APP else api.app)) if api else ".".join(identifier.split(".")[:-1])
    output = parameters.get("CustomOutputName") or (api.result.name if api and api.result and "UUID" in parameters else "")
    return {"title": api.title if api else identifier.rsplit(".", 1)[-1], "app": app, "control": False,
            "output": output if isinstance(output, str) else "", "parameters": shown}  # fmt: skip


def in_words(key: str) -> str:
    """A parameter's key as a label: WFContentItemLimit is Content Item Limit."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", key.removeprefix("WF"))


def _marker(action: dict[str, Any], kind: str, mode: int) -> Step:
    """The start, middle or end of a block."""
    parameters, title, shown = action.get("WFWorkflowActionParameters", {}), MARKERS[kind][mode if 0 <= mode <= 2 else 0], list[Any]()
    if kind == "menu" and mode == control_flow.MIDDLE:
        title = plain(parameters.get("WFMenuItemTitle", ""))
    elif kind == "if" and (mode == control_flow.START or "WFCondition" in parameters):
        title = "If" if mode == control_flow.START else "Otherwise If"
        shown = [("", _condition(parameters))]
    elif mode == control_flow.START:
        shown = [("", pieces(parameters[key])) for key in ("WFMenuPrompt", "WFInput", "WFRepeatCount") if key in parameters]
    return {"title": title or "Choice", "app": "", "control": True, "output": "", "parameters": shown}


def _condition(parameters: dict[str, Any]) -> list[Piece]:
    operands = [pieces(parameters[key]) for key in conditions.OPERANDS if key in parameters]
    several = [] if "WFConditions" not in parameters else pieces(parameters["WFConditions"])
    said = _operator(conditions.operator_code(parameters)) or ("" if several else "fits")
    return [*pieces(parameters.get("WFInput", "")), f" {said} ", *(piece for operand in operands for piece in operand), *several]


def _operator(code: int | None) -> str | None:
    word = constants.RULE_OPERATOR_OF_CODE.get(code) if code is not None else None
    return SIGNS.get(word, word) if word else None


# ---------------------------------------------------------------------------------------------------------------------------------
# values


def plain(value: Any) -> str:
    """A value as one text, variables in angle quotes."""
    return "".join(piece if isinstance(piece, str) else f"‹{piece['variable']}›" for piece in pieces(value))


def pieces(value: Any) -> list[Piece]:
    """A parameter's value as texts and variables in a row."""
    if isinstance(value, dict):
        return _token(value)
    if isinstance(value, list):
        return _joined(map(pieces, value), len(value))
    if isinstance(value, bytes):
        return [f"{len(value):,} bytes"]
    return [cut({True: "on", False: "off"}[value] if isinstance(value, bool) else str(value))]


def cut(text: str) -> str:
    """A text of at most about SHOWN characters; it is whole where a mark would be longer than what it hides."""
    mark = f"… ({len(text):,} characters)"
    return text if len(text) <= SHOWN + len(mark) else text[:SHOWN] + mark


def _token(value: dict[str, Any]) -> list[Piece]:
    """A dictionary of a property list: a variable, a text with variables in it, an envelope around a value, a rule, or a plain one."""
    if "Value" in value and value.keys() <= {"Value", "WFSerializationType"}:
        return pieces(value["Value"])
    if isinstance(value.get("Type"), str):
        return [{"variable": variable(value)}]
    if "Variable" in value and len(value) <= 2:  # {Type, Variable: {...}}, as in the input of an If
        return pieces(value["Variable"])
    if isinstance(value.get("string"), str):
        return _text(value["string"], value.get("attachmentsByRange", {}))
    if isinstance(items := value.get("WFDictionaryFieldValueItems"), list):
        pairs = [(plain(item.get("WFKey", "")), item.get("WFValue", "")) for item in items if isinstance(item, dict)]
        return ["{", *_joined(([f"{key}: ", *pieces(part)] for key, part in pairs), len(pairs)), "}"]
    if isinstance(rules := value.get("WFActionParameterFilterTemplates"), list):
        return _joined(map(pieces, rules), len(rules), " or " if value.get("WFActionParameterFilterPrefix") == 0 else " and ")
    if "Operator" in value and isinstance(operands := value.get("Values"), dict):  # a rule of a filter
        code = value["Operator"] if isinstance(value["Operator"], int) else None
        unused = {"Unit", *constants.UNUSED_OPERANDS.get(code, ())}
        told = [piece for key, operand in operands.items() if key not in unused for piece in (" ", *pieces(operand))]
        return [*pieces(value.get("Property", "")), f" {_operator(code) or 'fits'}", *told]
    if "WFValue" in value and "WFItemType" in value:
        return pieces(value["WFValue"])
    if value.keys() == {"Magnitude", "Unit"}:
        return [*pieces(value["Magnitude"]), " ", *pieces(value["Unit"])]
    named = [(key, part) for key, part in value.items() if key not in ("WFSerializationType", "WFItemType")]
    return _joined(([f"{key}: ", *pieces(part)] for key, part in named), len(named))


def variable(token: dict[str, Any]) -> str:
    """The name of a variable in the app."""
    if isinstance(inner := token.get("Variable"), dict):
        return variable(inner.get("Value", inner))
    kind = str(token.get("Type", "Variable"))
    name, refinements = token.get("OutputName") or token.get("VariableName") or GLOBALS.get(kind, kind), token.get("Aggrandizements")
    for step in refinements if isinstance(refinements, list) else ():
        if isinstance(step, dict) and (part := step.get("PropertyName") or step.get("DictionaryKey")):
            name = f"{name} ▸ {part}"
    return str(name)


def _text(string: str, attachments: Any) -> list[Piece]:
    """A text cut at its variables; ranges count UTF-16 units."""
    units, at, result = string.encode("utf-16-le", "surrogatepass"), 0, list[Piece]()
    ranges = attachments.items() if isinstance(attachments, dict) else ()
    placed = [(int(found[1]), token) for key, token in ranges if (found := re.match(r"\{(\d+)", key))]
    for position, token in sorted(placed, key=lambda pair: pair[0]):
        before = units[2 * at : 2 * position].decode("utf-16-le", "replace")
        result += [*([before] if before else []), {"variable": variable(token if isinstance(token, dict) else {})}]
        at = position + 1
    rest = units[2 * at :].decode("utf-16-le", "replace")
    return [*result, cut(rest)] if rest or not result else result


def _joined(items: Iterable[list[Piece]], count: int, separator: str = ", ") -> list[Piece]:
    result, shown = list[Piece](), count if count <= SHOWN_ITEMS + 10 else SHOWN_ITEMS
    for number, item in enumerate(islice(items, shown)):
        result += [separator, *item] if number else item
    return result + [f", … ({count} in all)"] if shown < count else result
