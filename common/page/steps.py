"""A shortcut as the steps that the Shortcuts app shows: titles, parameters with their variables set off, blocks by depth.

A step is plain JSON for page.js: `depth`, and either `remark` (a Comment) or `title`, `app`, `control`, `output` and `parameters`, a
list of [label, pieces]; a piece is a text or {"variable": name}.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
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
CONDITIONS = {
    constants.LESS: "is less than", constants.LESS_EQUAL: "is at most", constants.GREATER: "is greater than",
    constants.GREATER_EQUAL: "is at least", constants.EQUAL: "is", constants.NOT_EQUAL: "is not", constants.CONTAINS: "contains",
    constants.NOT_CONTAINS: "does not contain", constants.BEGINS: "begins with", constants.ENDS: "ends with",
    constants.HAS_VALUE: "has any value", constants.HAS_NO_VALUE: "does not have any value",
}  # fmt: skip
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
    shown = [(labels.get(key) or key, pieces(value)) for key, value in told.items()]
    app = (api.app_name or ("Shortcuts" if api.app == BUILTIN_APP else api.app)) if api else ".".join(identifier.split(".")[:-1])
    output = parameters.get("CustomOutputName") or (api.result.name if api and api.result and "UUID" in parameters else "")
    return {"title": api.title if api else identifier.rsplit(".", 1)[-1], "app": app, "control": False,
            "output": output if isinstance(output, str) else "", "parameters": shown}  # fmt: skip


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
    said = CONDITIONS.get(conditions.operator_code(parameters) or -1, "" if several else "fits")
    return [*pieces(parameters.get("WFInput", "")), f" {said} ", *(piece for operand in operands for piece in operand), *several]


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
        return _joined(([*pieces(item)] for item in value[:SHOWN_ITEMS]), len(value))
    if isinstance(value, bytes):
        return [f"{len(value):,} bytes"]
    said = {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)
    return [said if len(said) <= SHOWN else f"{said[:SHOWN]}… ({len(said):,} characters)"]


def _token(value: dict[str, Any]) -> list[Piece]:
    """A dictionary of a property list: a variable, a text with variables in it, an envelope around a value, or a plain dictionary."""
    inner = value.get("Value", value)
    if isinstance(inner, dict) and isinstance(inner.get("Type"), str):
        return [{"variable": variable(inner)}]
    if isinstance(inner, dict) and "Variable" in inner and len(inner) <= 2:  # {Type, Variable: {...}}, as in the input of an If
        return pieces(inner["Variable"])
    if isinstance(inner, dict) and isinstance(inner.get("string"), str):
        return _text(inner["string"], inner.get("attachmentsByRange", {}))
    if isinstance(inner, dict) and isinstance(inner.get("WFDictionaryFieldValueItems"), list):
        items = [item for item in inner["WFDictionaryFieldValueItems"] if isinstance(item, dict)]
        pairs = ([*pieces(item.get("WFKey", "")), ": ", *pieces(item.get("WFValue", ""))] for item in items[:SHOWN_ITEMS])
        return _joined(pairs, len(items))
    if not isinstance(inner, dict):
        return pieces(inner)
    named = [(key, part) for key, part in inner.items() if key not in ("WFSerializationType", "WFItemType")]
    return _joined(([f"{key}: ", *pieces(part)] for key, part in named[:SHOWN_ITEMS]), len(named))


def variable(token: dict[str, Any]) -> str:
    """What the app calls a variable."""
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
    return result + [rest if len(rest) <= SHOWN else f"{rest[:SHOWN]}… ({len(rest):,} characters)"] if rest or not result else result


def _joined(items: Iterable[list[Piece]], count: int) -> list[Piece]:
    result: list[Piece] = []
    for number, item in enumerate(items):
        result += [", ", *item] if number else item
    return result + [f", … ({count} in all)"] if count > SHOWN_ITEMS else result
