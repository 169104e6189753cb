"""What two shortcuts must agree in to be the same program: `canonical(a) == canonical(b)`.

Forgotten, each for its reason; nothing else is:

- identities (UUID, OutputUUID, VariableUUID, GroupingIdentifier, WFTriggerUUID): the app makes them anew; references are kept, renamed in
  order;
- names of outputs (OutputName, CustomOutputName) and of variables: labels, a consistent renaming cannot change a run; they stand in the
  code as identifiers. The names that loops give (Repeat Item, Repeat Index) are kept;
- whether text without variables is a string, a token string or a text item, and an empty list of aggrandizements;
- in conditions: a number as text or as number, the old name of an operator for its code;
- in markers: a missing mode for 0, which marker of a block carries the block's UUID, parameters of an Otherwise, a case or an end that
  only repeat the start's, condition fields left over in a plain Otherwise, a case's label beside its tokenised title;
- presentation: `Show-…` switches, icon, client versions, the workflow's name, whether input variables are used (it follows from the
  actions), empty or missing lists at the workflow level, the order of import questions.
"""

from __future__ import annotations

import re
from typing import Any

from common.dialect import blocks, conditions, text, values, vocabulary
from common.dialect.blocks import Action, Block

IMPLICIT_VARIABLE = re.compile(r"Repeat (Item|Index)( \d+)?")
PRESENTATION_KEYS = frozenset({
    "WFWorkflowIcon", "WFWorkflowClientVersion", "WFWorkflowClientRelease", "WFWorkflowMinimumClientVersion",
    "WFWorkflowMinimumClientVersionString", "WFWorkflowName", "WFWorkflowHasShortcutInputVariables",
})  # fmt: skip
INPUT_CLASSES = "WFWorkflowInputContentItemClasses"  # an empty list means that the shortcut takes no input, a missing one that it takes any
MARKER_KEYS = frozenset({"UUID", "GroupingIdentifier", "WFControlFlowMode", "CustomOutputName"})
VARIABLE_ACTIONS = frozenset({"is.workflow.actions.setvariable", "is.workflow.actions.appendvariable"})
_DROPPED_IN_TOKENS = ("VariableUUID", "OutputName")


def canonical(shortcut: dict[str, Any]) -> dict[str, Any]:
    """A shortcut with what cannot change a run taken out. Raises blocks.Unbalanced."""
    return {**canonical_level(shortcut), "WFWorkflowActions": canonical_actions(shortcut)}


def canonical_actions(shortcut: dict[str, Any]) -> list[Action]:
    """The canonical form of the actions."""
    actions = [_simple_action(action) for action in shortcut["WFWorkflowActions"]]
    _settle_markers(blocks.tree(shortcut["WFWorkflowActions"]), actions)
    renamer = _Renamer(actions)
    return [renamer.action(action) for action in actions]


def canonical_level(shortcut: dict[str, Any]) -> dict[str, Any]:
    """The canonical form of everything but the actions."""
    shown = {key: value for key, value in shortcut.items() if key not in PRESENTATION_KEYS and key != "WFWorkflowActions"}
    result = {key: value for key, value in shown.items() if key == INPUT_CLASSES or not _is_empty(value)}
    if isinstance(result.get("WFWorkflowTriggers"), list):
        result["WFWorkflowTriggers"] = [_without_identity(trigger) for trigger in result["WFWorkflowTriggers"]]
    if isinstance(result.get("WFWorkflowImportQuestions"), list):
        result["WFWorkflowImportQuestions"] = sorted(simplify(result["WFWorkflowImportQuestions"]), key=repr_sorted)
    return result


def _without_identity(trigger: Any) -> Any:
    named = isinstance(trigger, dict) and isinstance(trigger.get("WFTriggerUUID"), str)
    return {key: value for key, value in trigger.items() if key != "WFTriggerUUID"} if named else trigger


def _is_empty(value: Any) -> bool:
    return value is False or (isinstance(value, list) and not value)


def repr_sorted(value: Any) -> str:
    """A text that is equal for equal values, whatever the order of keys."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{key!r}:{repr_sorted(value[key])}" for key in sorted(value)) + "}"
    return "[" + ",".join(map(repr_sorted, value)) + "]" if isinstance(value, list) else repr(value)


def simplify(value: Any) -> Any:
    """A value in its simplest spelling: text without variables is a string."""
    if isinstance(value, list):
        return [simplify(item) for item in value]
    if not isinstance(value, dict):
        return value
    keys = value.keys()
    if keys == {"Value", "WFSerializationType"} and value["WFSerializationType"] == text.TEXT and isinstance(value["Value"], dict):
        inner = value["Value"]
        if isinstance(inner.get("string"), str) and (len(inner) == 1 or inner == {"string": inner["string"], "attachmentsByRange": {}}):
            return inner["string"]
    result = {key: simplify(inner) for key, inner in value.items()}
    if keys == {"WFItemType", "WFValue"} and value["WFItemType"] == vocabulary.TEXT_ITEM and isinstance(result["WFValue"], str):
        return result["WFValue"]
    if "Type" in keys:
        if result.get("Aggrandizements") == []:
            del result["Aggrandizements"]
        for key in _DROPPED_IN_TOKENS:
            result.pop(key, None)
    if "WFKey" in keys:
        result.pop("UUID", None)
    return result


def _simple_action(action: Action) -> Action:
    parameters = {
        key: simplify(value)
        for key, value in action["WFWorkflowActionParameters"].items()
        if not (key.startswith("Show-") and isinstance(value, bool)) and not (key == "CustomOutputName" and isinstance(value, str))
    }
    return {**action, "WFWorkflowActionParameters": parameters}


def _settle_markers(body: list[int | Block], actions: list[Action]) -> None:
    for block in body:
        if isinstance(block, Block):
            _settle_block(block, actions)
            for branch in block.branches:
                _settle_markers(branch.body, actions)


def _settle_block(block: Block, actions: list[Action]) -> None:
    start = actions[block.start]["WFWorkflowActionParameters"]
    markers = [actions[index]["WFWorkflowActionParameters"] for index in (*(branch.marker for branch in block.branches), block.end)]
    uuids = [marker.pop("UUID") for marker in markers if isinstance(marker.get("UUID"), str)]
    if uuids:
        markers[-1]["UUID"] = uuids[-1]  # the end marker's own, if it has one
    for index, marker in enumerate(markers):
        marker["WFControlFlowMode"] = blocks.START if index == 0 else blocks.END if index == len(markers) - 1 else blocks.MIDDLE
        marker.pop("GroupingIdentifier", None)
        if index and block.kind == "menu":
            for key in marker.keys() & start.keys() - MARKER_KEYS:
                if marker[key] == start[key]:
                    del marker[key]
        if block.kind == "if" and index < len(markers) - 1:
            _settle_condition(marker, is_start=index == 0)
        if "WFMenuItemAttributedTitle" in marker:
            title = simplify(values.wrap(text.TEXT, marker["WFMenuItemAttributedTitle"]))
            marker.pop("WFMenuItemTitle", None)
            if isinstance(title, str):
                del marker["WFMenuItemAttributedTitle"]
                marker["WFMenuItemTitle"] = title


def _settle_condition(parameters: dict[str, Any], is_start: bool) -> None:
    if not is_start and not parameters.keys() & {"WFCondition", "WFConditions"}:
        for key in (*conditions.OPERANDS, "WFInput"):
            parameters.pop(key, None)
        return
    table = parameters.get("WFConditions")
    inner = table.get("Value") if isinstance(table, dict) else None
    rows = inner.get("WFActionParameterFilterTemplates") if isinstance(inner, dict) else None
    for row in rows if isinstance(rows, list) else [parameters]:
        if isinstance(row, dict) and (code := conditions.operator_code(row)) is not None:
            row["WFCondition"] = code
            for key in (conditions.NUMBER, conditions.ANOTHER_NUMBER):
                if isinstance(row.get(key), str | int | float) and not isinstance(row[key], bool):
                    row[key] = _number(row[key])


def _number(value: str | int | float) -> float | str:
    try:
        return float(value)
    except (ValueError, OverflowError):
        return str(value)


class _Renamer:
    """Renames identities and variables in the order of their first appearance; drops a UUID that nothing refers to."""

    def __init__(self, actions: list[Action]) -> None:
        self.used: set[str] = set()
        self.names: dict[tuple[str, str], str] = {}
        for action in actions:
            self._collect(action["WFWorkflowActionParameters"])

    def _collect(self, value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("OutputUUID"), str):
                self.used.add(value["OutputUUID"])
            for inner in value.values():
                self._collect(inner)
        elif isinstance(value, list):
            for inner in value:
                self._collect(inner)

    def action(self, action: Action) -> Action:
        parameters = dict(action["WFWorkflowActionParameters"])
        if isinstance(parameters.get("UUID"), str) and parameters["UUID"] not in self.used:
            del parameters["UUID"]
        if action["WFWorkflowActionIdentifier"] in VARIABLE_ACTIONS and isinstance(parameters.get("WFVariableName"), str):
            parameters["WFVariableName"] = self._variable(parameters["WFVariableName"])
        return {**action, "WFWorkflowActionParameters": self._walk(parameters)}

    def _walk(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._leaf(key, value[key], value) for key in sorted(value)}
        if isinstance(value, list):
            return [self._walk(inner) for inner in value]
        return self._name("uuid", value) if isinstance(value, str) and value in self.used else value

    def _leaf(self, key: str, value: Any, holder: dict[str, Any]) -> Any:
        if not isinstance(value, str):
            return self._walk(value)
        if key in ("UUID", "OutputUUID"):
            return self._name("uuid", value)
        return self._variable(value) if key == "VariableName" and holder.get("Type") == "Variable" else self._walk(value)

    def _variable(self, name: str) -> str:
        return name if IMPLICIT_VARIABLE.fullmatch(name) else self._name("variable", name)

    def _name(self, kind: str, value: str) -> str:
        return self.names.setdefault((kind, value), f"{kind} {len(self.names)}")
