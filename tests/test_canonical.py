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


@pytest.mark.parametrize("kind", ["Variable", "WFTextTokenString"])
def test_the_kind_of_a_reference_or_value_is_no_identity_though_an_action_has_it_for_one(kind):
    read = step("sendmessage", WFSendMessageContent={"Value": {"attachmentsByRange": {"{3, 1}": {"OutputUUID": kind}}}})
    test = marker("conditional", 0, WFInput={"Variable": {"Value": {"Type": kind, "VariableName": "Sent"}}})
    key = {"Value": {"string": "a"}, "WFSerializationType": "WFTextTokenString"}
    get = step("downloadurl", WFHTTPHeaders={"Value": {"WFDictionaryFieldValueItems": [{"WFKey": key, "WFValue": {"WFSerializationType": kind}}]}})
    shortcut = {"WFWorkflowActions": [read, test, get, marker("conditional", 2)]}
    assert shortcuts.equivalent(shortcuts.to_shortcut(shortcuts.to_python(shortcut)[0]), shortcut)


def test_a_parameter_that_is_named_like_a_reference_refers_to_nothing():
    shortcut = {"WFWorkflowActions": [step("overlaytext", UUID="76DC9240"), step("image.resize", OutputUUID="76DC9240")]}
    assert shortcuts.equivalent(shortcuts.to_shortcut(shortcuts.to_python(shortcut)[0]), shortcut)


def test_a_date_format_that_is_no_text_is_written_out():
    format_ = {"Type": "WFDateFormatVariableAggrandizement", "WFDateFormatStyle": "Custom", "WFISO8601IncludeTime": False, "WFDateFormat": True}
    shortcut = {"WFWorkflowActions": shown(Type="CurrentDate", Aggrandizements=[format_])}
    assert shortcuts.equivalent(shortcuts.to_shortcut(shortcuts.to_python(shortcut)[0]), shortcut)


# ---------------------------------------------------------------------------------------------------------------------------------
# references, wherever they stand


def attached(**token: Any) -> dict[str, Any]:
    return {"Value": token, "WFSerializationType": "WFTextTokenAttachment"}


def asked(index: int, value: Any, **more: Any) -> dict[str, Any]:
    return {"ActionIndex": index, "Category": "Parameter", "ParameterKey": "WFTextActionText", "DefaultValue": value, **more}


def in_a_question(value: Any) -> dict[str, Any]:
    return {"WFWorkflowActions": [step("gettext")], "WFWorkflowImportQuestions": [asked(0, value)]}


def in_a_loose_question(value: Any) -> dict[str, Any]:
    return {"WFWorkflowActions": [step("gettext")], "WFWorkflowImportQuestions": [asked(9, value)]}


def beside_the_parameters(value: Any) -> dict[str, Any]:
    return {"WFWorkflowActions": [{**step("gettext"), "Odd": value}]}


def beside_those_of_a_marker(value: Any) -> dict[str, Any]:
    return {"WFWorkflowActions": [marker("repeat.count", 0), {**marker("repeat.count", 2), "Odd": [value]}]}


PLACES = [in_a_question, in_a_loose_question, beside_the_parameters, beside_those_of_a_marker]


def after(actions: list[dict[str, Any]], shortcut: dict[str, Any]) -> dict[str, Any]:
    """A shortcut with more actions at its end, where no question counts them."""
    return {**shortcut, "WFWorkflowActions": [*shortcut["WFWorkflowActions"], *actions]}


def values_of(key: str, tree: Any) -> list[Any]:
    """The values of a key, at any depth."""
    inner = list(tree.values()) if isinstance(tree, dict) else tree if isinstance(tree, list) else []
    return ([tree[key]] if isinstance(tree, dict) and key in tree else []) + [found for value in inner for found in values_of(key, value)]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("elsewhere", [[], shown(Type="ActionOutput", OutputUUID="B", OutputName="Answer")], ids=["alone", "and elsewhere"])
def test_a_reference_means_the_same_action_wherever_it_stands(place, elsewhere):
    answers = [step("ask", UUID="A"), step("ask", UUID="B"), *elsewhere]
    shortcut = after(answers, place(attached(Type="ActionOutput", OutputUUID="B", OutputName="Answer")))
    result = shortcuts.transcribe(shortcut)
    assert result.exact and result.canonical and result.fixed_point
    alone = shortcuts.to_shortcut(result.code)
    asks = [action["WFWorkflowActionParameters"] for action in alone["WFWorkflowActions"] if action["WFWorkflowActionIdentifier"].endswith(".ask")]
    assert {*values_of("OutputUUID", alone)} == {asks[1]["UUID"]} != {asks[0].get("UUID")}


@pytest.mark.parametrize("place", PLACES)
def test_the_output_that_is_read_is_kept_and_its_identity_forgotten(place):
    def read(uuid: str) -> dict[str, Any]:
        return after([step("ask", UUID=uuid[0]), step("ask", UUID=uuid[1])], place(attached(Type="ActionOutput", OutputUUID=uuid[2])))

    assert shortcuts.equivalent(read("ABB"), read("XYY"))
    assert not shortcuts.equivalent(read("ABB"), read("ABA")) and not shortcuts.equivalent(read("ABB"), read("ABC"))


@pytest.mark.parametrize("place", PLACES)
def test_variables_whose_names_are_one_identifier_stay_apart_wherever_they_are_read(place):
    settings = [step("setvariable", WFVariableName=name, WFInput=attached(Type="Clipboard")) for name in ("a b", "a-b")]
    shortcut = after(settings, place(attached(Type="Variable", VariableName="a-b")))
    result = shortcuts.transcribe(shortcut)
    assert result.exact and result.canonical
    assert shortcuts.equivalent(shortcuts.to_shortcut(result.code), shortcut)


def test_questions_have_no_order_whatever_the_identities_in_them():
    def asks(uuids: str, order: int) -> dict[str, Any]:
        questions = [asked(9, attached(Type="ActionOutput", OutputUUID=uuid), Text=str(number)) for number, uuid in enumerate(uuids)]
        return {"WFWorkflowActions": [], "WFWorkflowImportQuestions": questions[::order]}

    assert shortcuts.equivalent(asks("ABA", 1), asks("ZXZ", -1)) and not shortcuts.equivalent(asks("ABA", 1), asks("ABB", 1))


def test_an_identity_of_something_outside_of_the_shortcut_is_kept():
    """The UUID of a home or of a playlist: no action has it, and no app makes it anew."""
    one, other = ([step("homeaccessory", WFHome={"UUID": uuid})] for uuid in "AB")
    assert not equivalent(one, other)
