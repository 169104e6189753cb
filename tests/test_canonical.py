"""Differences that canonical() forgets, and those that it keeps: pairs of actions that are one program, and pairs that are two. `python -m pytest tests/test_canonical.py`"""

from __future__ import annotations

from typing import Any

import pytest

import shortcuts

CONDITION = {"WFCondition": 100, "WFInput": {"Type": "Variable", "Variable": {"Value": {"Type": "Clipboard"}, "WFSerializationType": "WFTextTokenAttachment"}}}


def step(name: str, **parameters: Any) -> dict[str, Any]:
    return {"WFWorkflowActionIdentifier": f"is.workflow.actions.{name}", "WFWorkflowActionParameters": parameters}


def marker(name: str, mode: int, **parameters: Any) -> dict[str, Any]:
    return step(name, GroupingIdentifier="G", WFControlFlowMode=mode, **parameters)


def shown(**token: Any) -> list[dict[str, Any]]:
    """An action that shows a variable."""
    return [step("getvariable", WFVariable={"Value": token, "WFSerializationType": "WFTextTokenAttachment"})]


def each(*inside: dict[str, Any]) -> list[dict[str, Any]]:
    """A loop."""
    return [marker("repeat.each", 0), *inside, marker("repeat.each", 2)]


def otherwise(**parameters: Any) -> list[dict[str, Any]]:
    """An If whose Otherwise has these parameters."""
    return [marker("conditional", 0, **CONDITION), marker("conditional", 1, **parameters), marker("conditional", 2)]


def equivalent(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> bool:
    return shortcuts.equivalent({"WFWorkflowActions": one}, {"WFWorkflowActions": other})


@pytest.mark.parametrize("one, other", [
    (shown(Type="Variable", VariableName="a"), shown(Type="Variable", VariableName="b")),
    (shown(Type="Clipboard"), shown(Type="Clipboard", Aggrandizements=[])),
    (otherwise(), otherwise(WFConditionalActionString="left over", WFNumberValue="5", WFInput=CONDITION["WFInput"])),
], ids=["the name of a variable", "an empty list of steps", "what a plain Otherwise keeps of a condition"])  # fmt: skip
def test_what_cannot_change_a_run_is_forgotten(one, other):
    assert equivalent(one, other)


@pytest.mark.parametrize("one, other", [
    (each(*shown(Type="Variable", VariableName="Repeat Item")), each(*shown(Type="Variable", VariableName="Item"))),
    (each(*shown(Type="Variable", VariableName="Repeat Item")), each(*shown(Type="Variable", VariableName="Repeat Index"))),
    (shown(Type="Clipboard"), shown(Type="Clipboard", Aggrandizements=[{"Type": "WFCoercionVariableAggrandizement", "CoercionItemClass": "WFContentItem"}])),
    (otherwise(), otherwise(WFConditionalActionString="a", **CONDITION)),
], ids=["the item of a loop and a variable", "the item and the index of a loop", "a step", "Otherwise and Otherwise If"])  # fmt: skip
def test_what_changes_a_run_is_kept(one, other):
    assert not equivalent(one, other)


def test_the_kind_of_a_reference_is_no_identity_though_an_action_has_it_for_one():
    read = step("sendmessage", WFSendMessageContent={"Value": {"attachmentsByRange": {"{3, 1}": {"OutputUUID": "Variable"}}}})
    test = marker("conditional", 0, WFInput={"Variable": {"Value": {"Type": "Variable", "VariableName": "Sent"}}})
    shortcut = {"WFWorkflowActions": [read, test, marker("conditional", 2)]}
    assert shortcuts.equivalent(shortcuts.to_shortcut(shortcuts.to_python(shortcut)[0]), shortcut)


def test_a_parameter_that_is_named_like_a_reference_refers_to_nothing():
    shortcut = {"WFWorkflowActions": [step("overlaytext", UUID="76DC9240"), step("image.resize", OutputUUID="76DC9240")]}
    assert shortcuts.equivalent(shortcuts.to_shortcut(shortcuts.to_python(shortcut)[0]), shortcut)


def test_a_date_format_that_is_no_text_is_written_out():
    format_ = {"Type": "WFDateFormatVariableAggrandizement", "WFDateFormatStyle": "Custom", "WFISO8601IncludeTime": False, "WFDateFormat": True}
    shortcut = {"WFWorkflowActions": shown(Type="CurrentDate", Aggrandizements=[format_])}
    assert shortcuts.equivalent(shortcuts.to_shortcut(shortcuts.to_python(shortcut)[0]), shortcut)
