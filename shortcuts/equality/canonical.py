"""The canonical form of a shortcut: two shortcuts are the same program if `canonical(a) == canonical(b)`.

It leaves out, each for its reason, and nothing else:

- identities (UUID, OutputUUID, VariableUUID, GroupingIdentifier, WFTriggerUUID): the app makes them anew; references are kept, renumbered
  in order, wherever they stand: in parameters, beside them, in import questions (the rest of the workflow level has none);
- names of outputs (OutputName, CustomOutputName) and of variables: a consistent renaming cannot change a run, and the code has them as
  identifiers. The names that loops give (Repeat Item, Repeat Index) are kept;
- the spelling of text without variables (a string, a token string or a text item), and an empty list of aggrandizements;
- in conditions: a number as text or as number, the old name of an operator for its code;
- in markers: a missing mode for 0, the choice of the marker that carries the block's UUID, parameters of an Otherwise, a case or an end
  that repeat the start's, condition fields left over in a plain Otherwise, the items and the prompt of another menu left over in a case or
  an end (only the start asks), a case's label beside its tokenised title, and the envelope around that title;
- missing parameters for empty ones; in Set Variable and Add to Variable an envelope's tag without an envelope (compilers repeat it beside
  the input); in a token such as the clipboard's a variable's name that only repeats its type;
- presentation: `Show-…` switches, icon, client versions from 900 on (an app converts the forms of older ones, so these count),
  the workflow's name, the flag for input variables (it follows from the actions), empty or missing lists at the workflow level, the order
  of import questions.
"""

from __future__ import annotations

import re
from typing import Any

from shortcuts import control_flow
from shortcuts.control_flow import ID, PARAMETERS, Action, Block
from shortcuts.forms import conditions, constants, interpolation, values
from shortcuts.forms.constants import MARKER_KEYS, PRESENTATION_KEYS, START_KEYS_OF_MENU
from shortcuts.forms.simplify import plain_text, simple_keys, simplify, text_item, tokenised_title

ACTIONS, QUESTIONS, CLIENT_VERSION = "WFWorkflowActions", "WFWorkflowImportQuestions", "WFWorkflowClientVersion"
INPUT_CLASSES = "WFWorkflowInputContentItemClasses"  # an empty list means that the shortcut takes no input, a missing one that it takes any
VARIABLE_ACTIONS = frozenset({"is.workflow.actions.setvariable", "is.workflow.actions.appendvariable"})


def canonical(shortcut: dict[str, Any]) -> dict[str, Any]:
    """Return a shortcut without the differences above. Raises Unbalanced."""
    return {**canonical_level(shortcut), ACTIONS: canonical_actions(shortcut)}


def canonical_actions(shortcut: dict[str, Any]) -> list[Action]:
    """Return the canonical form of the actions. Raises Unbalanced."""
    return _renamed_actions(shortcut)[0]


def _renamed_actions(shortcut: dict[str, Any]) -> tuple[list[Action], _Renamer]:
    """Return the canonical form of the actions, and what renamed them, for the questions about them."""
    listed = control_flow.completed(shortcut)[ACTIONS]
    normalized = {index: _simple_action(action) for index, action in enumerate(listed) if control_flow.kind_of(action)}
    _normalize_markers(control_flow.tree(listed), normalized)
    renamer = _Renamer(listed, shortcut.get(QUESTIONS))
    return [renamer.action(normalized.get(index) or _shown(action)) for index, action in enumerate(listed)], renamer


def canonical_level(shortcut: dict[str, Any]) -> dict[str, Any]:
    """Return the canonical form of everything but the actions."""
    forgotten = {*PRESENTATION_KEYS, ACTIONS} - ({CLIENT_VERSION} if _decides(shortcut.get(CLIENT_VERSION)) else set())
    shown = {key: value for key, value in shortcut.items() if key not in forgotten}
    result = {key: value for key, value in shown.items() if key == INPUT_CLASSES or not _is_empty(value)}
    if isinstance(result.get("WFWorkflowTriggers"), list):
        result["WFWorkflowTriggers"] = [_without_identity(trigger) for trigger in result["WFWorkflowTriggers"]]
    if isinstance(result.get(QUESTIONS), list):
        renamer = _renamed_actions(shortcut)[1]
        result[QUESTIONS] = [renamer.value(question) for question in sorted(result[QUESTIONS], key=renamer.sort_key)]
    return result


def _decides(version: Any) -> bool:
    """True for a client version that changes how an app reads the file: it converts the forms of versions below 900."""
    number = re.match("[0-9]{1,9}", version) if isinstance(version, str) else None
    return number is not None and int(number[0]) < 900


def _without_identity(trigger: Any) -> Any:
    named = isinstance(trigger, dict) and isinstance(trigger.get("WFTriggerUUID"), str)
    return {key: value for key, value in trigger.items() if key != "WFTriggerUUID"} if named else trigger


def _is_empty(value: Any) -> bool:
    return value is False or (isinstance(value, list) and not value)


def repr_sorted(value: Any) -> str:
    """Return a text that is equal for equal values, whatever the order of keys."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{key!r}:{repr_sorted(value[key])}" for key in sorted(value)) + "}"
    return "[" + ",".join(map(repr_sorted, value)) + "]" if isinstance(value, list) else repr(value)


def _shown(action: Action) -> Action:
    """Return an action without the switches of the editor and without the name of its output."""
    parameters = {
        key: value for key, value in action[PARAMETERS].items()
        if not (key.startswith("Show-") and isinstance(value, bool)) and not (key == "CustomOutputName" and isinstance(value, str))
    }  # fmt: skip
    if action[ID] in VARIABLE_ACTIONS and isinstance(parameters.get("WFSerializationType"), str):
        del parameters["WFSerializationType"]
    return {**action, PARAMETERS: parameters}


def _simple_action(action: Action) -> Action:
    shown = _shown(action)
    shown[PARAMETERS] = {key: simplify(value) for key, value in shown[PARAMETERS].items()}
    return shown


def _normalize_markers(body: list[int | Block], actions: dict[int, Action]) -> None:
    for block in body:
        if isinstance(block, Block):
            _normalize_block(block, actions)
            for branch in block.branches:
                _normalize_markers(branch.body, actions)


def _normalize_block(block: Block, actions: dict[int, Action]) -> None:
    start = actions[block.start][PARAMETERS]
    markers = [actions[index][PARAMETERS] for index in (*(branch.marker for branch in block.branches), block.end)]
    uuids = [marker.pop("UUID") for marker in markers if isinstance(marker.get("UUID"), str)]
    if uuids:
        markers[-1]["UUID"] = uuids[-1]  # the end marker's own, if it has one
    for index, marker in enumerate(markers):
        is_end = index == len(markers) - 1
        marker["WFControlFlowMode"] = control_flow.START if index == 0 else control_flow.END if is_end else control_flow.MIDDLE
        marker.pop("GroupingIdentifier", None)
        if index and block.kind == "menu":
            for key in marker.keys() & (start.keys() | START_KEYS_OF_MENU) - MARKER_KEYS:
                if key in START_KEYS_OF_MENU or marker[key] == start[key]:
                    del marker[key]
        if block.kind == "if" and index < len(markers) - 1:
            _normalize_condition(marker, is_start=index == 0)
        if (title := tokenised_title(marker)) is not None:
            del marker["WFMenuItemAttributedTitle"]
            marker["WFMenuItemTitle"] = simplify(values.wrap(interpolation.TEXT, title)) if isinstance(title, dict) else title


def _normalize_condition(parameters: dict[str, Any], is_start: bool) -> None:
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
    """Simplifies values, renumbers identities and variables in order of appearance, and drops a UUID that nothing refers to."""

    def __init__(self, actions: list[Action], questions: Any) -> None:
        self.used: set[str] = set()
        self.renamed: dict[tuple[str, str], str] = {}
        for action in actions:  # an action's own parameter of that name refers to nothing
            self._collect([*action[PARAMETERS].values(), *(value for key, value in action.items() if key not in (ID, PARAMETERS))])
        if isinstance(questions, list):  # what is none refers to nothing, whatever stands in it
            self._collect(questions)

    def _collect(self, value: Any) -> None:
        if isinstance(value, dict):
            if "OutputUUID" in value and isinstance(value["OutputUUID"], str):
                self.used.add(value["OutputUUID"])
            value = value.values()
        for inner in value:
            if isinstance(inner, dict | list):
                self._collect(inner)

    def action(self, action: Action) -> Action:
        """Return the canonical form of an action."""
        parameters = dict(action[PARAMETERS])
        if isinstance(parameters.get("UUID"), str) and parameters["UUID"] not in self.used:
            del parameters["UUID"]
        if action[ID] in VARIABLE_ACTIONS and isinstance(parameters.get("WFVariableName"), str):
            parameters["WFVariableName"] = self._variable(parameters["WFVariableName"])
        result = {ID: action[ID], PARAMETERS: {key: self._entry(key, parameters[key], parameters) for key in sorted(parameters)}}
        return {**result, **{key: self._entry(key, action[key], action) for key in sorted(action.keys() - {ID, PARAMETERS})}}

    def sort_key(self, value: Any) -> str:
        """Return a text that is equal for values that differ in names alone, but for names that are known already."""
        known = dict(self.renamed)
        text = repr_sorted(self.value(value))
        self.renamed = known
        return text

    def value(self, value: Any) -> Any:
        """Return the canonical form of a value."""
        if isinstance(value, dict):
            return self._dict(value)
        if isinstance(value, list):
            return [self.value(inner) for inner in value]
        return self._name("uuid", value) if isinstance(value, str) and value in self.used else value

    def _dict(self, value: dict[str, Any]) -> Any:
        """Return a dictionary as `simplify` makes it, with its names renumbered."""
        if "WFSerializationType" in value and (plain := plain_text(value)) is not None:
            return self.value(plain)
        shown = simple_keys(value)
        result = {key: self._entry(key, shown[key], shown) for key in sorted(shown)}
        return text_item(result) if "WFItemType" in result else result

    def _entry(self, key: str, value: Any, holder: dict[str, Any]) -> Any:
        if not isinstance(value, str):
            return self.value(value) if isinstance(value, dict | list) else value
        if constants.names_variable(key, holder):
            return self._variable(value)
        return self._name("uuid", value) if value in self.used and key not in constants.KIND_KEYS else value

    def _variable(self, name: str) -> str:
        return name if constants.IMPLICIT_VARIABLE.fullmatch(name) else self._name("variable", name)

    def _name(self, kind: str, value: str) -> str:
        known = self.renamed.get((kind, value))
        if known is None:
            known = self.renamed[kind, value] = f"{kind} {len(self.renamed)}"
        return known
