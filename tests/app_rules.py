"""Rules of the Shortcuts app for a property list that it takes: `defects(shortcut)` names what would make it crash or show an empty field.

The rules are what users of generated shortcuts report: references to nothing, markers that do not pair, ranges beyond the end of a text, an
envelope of another kind than the field shows, modes written as text, lower-case identities.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from shortcuts import control_flow
from shortcuts.forms import api_names, header, interpolation, values

_UUID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")


def defects(shortcut: dict[str, Any]) -> list[str]:
    """One line for each defect, with the action's index; nothing for a shortcut that the app takes."""
    listed = control_flow.completed(shortcut)["WFWorkflowActions"]
    found = [*_block_defects(listed), *_question_defects(shortcut), *_condition_defects(shortcut)]
    known: set[str] = set()
    for index, action in enumerate(listed):
        parameters = action["WFWorkflowActionParameters"]
        found += [f"action {index}: {defect}" for defect in _action_defects(action, known)]
        if isinstance(parameters.get("UUID"), str):
            known.add(parameters["UUID"])
    return found


def _block_defects(listed: list[control_flow.Action]) -> Iterator[str]:
    try:
        control_flow.tree(listed)
    except control_flow.Unbalanced as error:
        yield str(error)
    for index, action in enumerate(listed):
        parameters = action["WFWorkflowActionParameters"]
        if control_flow.kind_of(action) is not None:
            if type(parameters.get("WFControlFlowMode")) is not int:
                yield f"action {index}: WFControlFlowMode is no number"
            if not isinstance(parameters.get("GroupingIdentifier"), str):
                yield f"action {index}: a marker without GroupingIdentifier"


def _question_defects(shortcut: dict[str, Any]) -> Iterator[str]:
    for question in shortcut.get("WFWorkflowImportQuestions") or []:
        if not 0 <= question.get("ActionIndex", -1) < len(shortcut["WFWorkflowActions"]):
            yield f"an import question for action {question.get('ActionIndex')}, which is not there"


def _condition_defects(shortcut: dict[str, Any]) -> Iterator[str]:
    """Tests as apps before iOS 13 wrote them, in a file that says it is newer: no app turns them into what it runs."""
    if header.is_old(shortcut.get("WFWorkflowClientVersion")):
        return
    for index, action in enumerate(shortcut["WFWorkflowActions"]):
        parameters = action["WFWorkflowActionParameters"]
        is_test = control_flow.mode(action) == control_flow.START or parameters.keys() & {"WFCondition", "WFConditions"}
        if control_flow.kind_of(action) == "if" and control_flow.mode(action) != control_flow.END and is_test:
            table = values.unwrap(parameters.get("WFConditions"), "WFContentPredicateTableTemplate")
            rows = table.get(values.FILTER_ROWS) if isinstance(table, dict) else None
            for row in rows if isinstance(rows, list) else [parameters]:
                if isinstance(row, dict) and isinstance(row.get("WFCondition"), str):
                    yield f"action {index}: WFCondition {row['WFCondition']!r} is a name, as before iOS 13"
                if isinstance(row, dict) and "WFInput" not in row:
                    yield f"action {index}: a test without WFInput, as before iOS 13"


def _action_defects(action: control_flow.Action, known: set[str]) -> Iterator[str]:
    identifier, parameters = action["WFWorkflowActionIdentifier"], action["WFWorkflowActionParameters"]
    uuid = parameters.get("UUID")
    if uuid is not None and not (isinstance(uuid, str) and _UUID.fullmatch(uuid)):
        yield f"UUID {uuid!r} is no upper-case UUID"
    for key, value in parameters.items():
        if values.unwrap(value, values.ATTACHMENT) is not None and api_names.takes_text(identifier, key):
            yield f"{key} shows text, and an attachment in it shows as empty"
        yield from _value_defects(value, known)


def _value_defects(value: Any, known: set[str]) -> Iterator[str]:
    if isinstance(value, list):
        for inner in value:
            yield from _value_defects(inner, known)
    if not isinstance(value, dict):
        return
    if value.get("Type") == "ActionOutput" and value.get("OutputUUID") not in known:
        yield f"refers to the output {value.get('OutputName')!r} of no action above it"
    string, ranges = value.get("string"), value.get("attachmentsByRange")
    if isinstance(string, str) and ranges and interpolation.split(string, ranges) is None:
        yield f"a range does not lie on a variable's mark in {string[:40]!r}"
    for inner in value.values():
        yield from _value_defects(inner, known)
