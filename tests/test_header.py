"""The first line of a program, `workflow(...)`: what it takes, what it means when left out. `python -m pytest tests/test_header.py`"""

from __future__ import annotations

from typing import Any

import pytest

import shortcuts
from shortcuts import DialectError, plist
from shortcuts.forms import header

STEP = "is_workflow_actions_exit()\n"
INPUT = "WFWorkflowInputContentItemClasses"


def top(head: str) -> dict[str, Any]:
    """The workflow level of a program that begins so."""
    return shortcuts.to_shortcut(f"{head}\n{STEP}")


def printed(**changes: Any) -> str:
    """The header of a new shortcut that differs in some keys, with the proof of its round trip; None takes a key out."""
    shortcut = {key: value for key, value in {**top(""), **changes}.items() if value is not None}
    result = shortcuts.transcribe(shortcut)
    assert (result.exact, result.canonical, result.fixed_point) == (True, True, True), result.code
    return result.code.removesuffix(STEP).strip()


# ---------------------------------------------------------------------------------------------------------------------------------
# what is left out


def test_a_new_shortcut_takes_what_the_app_lets_it_take_today():
    classes = top("")[INPUT]
    assert classes[:2] == ["WFAppContentItem", "WFAppStoreAppContentItem"] and len(classes) == 19 and classes == top("workflow(input_types=EVERYTHING)")[INPUT]
    assert printed() == "" and printed(**{INPUT: header.EVERYTHING}) == ""


@pytest.mark.parametrize("name, missing", [
    ("EVERYTHING_BUT_APPS", {"WFAppContentItem"}), ("EVERYTHING_BUT_APPS_AND_FOLDERS", {"WFAppContentItem", "WFFolderContentItem"}),
])  # fmt: skip
def test_what_was_the_default_once_has_a_name(name, missing):
    classes = top(f"workflow(input_types={name})")[INPUT]
    assert set(header.EVERYTHING) - set(classes) == missing
    assert printed(**{INPUT: classes}) == f"workflow(input_types={name})"


def test_a_missing_key_and_an_empty_list_are_told_apart():
    assert printed(**{INPUT: None}) == "workflow(input_types=None)" and INPUT not in top("workflow(input_types=None)")
    assert printed(**{INPUT: []}) == "workflow(input_types=[])"


# ---------------------------------------------------------------------------------------------------------------------------------
# client versions


@pytest.mark.parametrize("version", ["484", "754", "899.9", "0", "411.0.3"])
def test_a_version_from_before_ios_13_is_meaning(version):
    old = {"WFWorkflowClientVersion": version, INPUT: header.EVERYTHING_BUT_APPS_AND_FOLDERS}
    assert printed(**old) == f"workflow(client_version='{version}')"
    assert top(f"workflow(client_version='{version}')")["WFWorkflowClientVersion"] == version
    assert not shortcuts.equivalent({**top(""), **old}, {**top(""), **old, "WFWorkflowClientVersion": "900"})
    assert not shortcuts.equivalent({**top(""), **old}, {**top(""), **old, "WFWorkflowClientVersion": "1"})


@pytest.mark.parametrize("version", ["900", "1050.22", "4033.0.4.3", "odd", 484, None])
def test_another_version_is_no_meaning(version):
    assert printed(WFWorkflowClientVersion=version) == ""
    assert shortcuts.equivalent({**top(""), "WFWorkflowClientVersion": version}, top(""))


def test_the_default_of_an_old_program_is_that_of_its_time():
    old = {"WFWorkflowClientVersion": "754"}
    assert top("workflow(client_version='754')")[INPUT] == header.EVERYTHING_BUT_APPS_AND_FOLDERS
    assert printed(**old, **{INPUT: header.EVERYTHING}) == "workflow(client_version='754', input_types=EVERYTHING)"


# ---------------------------------------------------------------------------------------------------------------------------------
# closed sets, and the way around them


@pytest.mark.parametrize("head, code, advice", [
    ("workflow(types=['Wotch'])", "enum_value", "did you mean 'Watch'"), ("workflow(types=['Watch', 'Watch'])", "enum_value", "twice"),
    ("workflow(types='Watch')", "enum_value", "is a list"), ("workflow(types=[5])", "enum_value", "it is one of"),
    ("workflow(input_types=['URL'])", "enum_value", "'WFURLContentItem'"), ("workflow(input_types=['WFUrlContentItem'])", "enum_value", "'WFURLContentItem'"),
    ("workflow(output_types=['WFURLContentItem', 'x'])", "enum_value", "'x'"), ("workflow(surfaces=['Service'])", "enum_value", "'Services'"),
    ("workflow(output_fallback=1)", "enum_value", "True or False"), ("workflow(questions=5)", "enum_value", "is a list"),
    ("workflow(client_version=754)", "enum_value", "'484'"), ("workflow(client_version='a')", "enum_value", "'484'"),
    ("workflow(no_input='ShowError')", "enum_value", "Name and Parameters"),
    ("workflow(no_input={'Name': 'WFWorkflowNoInputBehaviorShowErrors'})", "enum_value", "'WFWorkflowNoInputBehaviorShowError'"),
    ("workflow(no_input={'Name': 'WFWorkflowNoInputBehaviorShowError', 'Error': 'x'})", "enum_value", "Name and Parameters"),
    ("workflow(icon='x')", "unknown_parameter", "'WFWorkflowIcon'"), ("workflow(colour='x')", "unknown_parameter", "it is one of"), ("workflow(input_type=[])", "unknown_parameter", "'input_types'"),
    ("workflow(WFWorkflowTypez=[])", "unknown_parameter", "'types'"), ("workflow(WFWorkflowActions=[])", "unknown_parameter", "workflow"),
    ("workflow('Watch')", "positional_argument", "keywords"), ("workflow(types=[], WFWorkflowTypes=[])", "duplicate_parameter", "twice"),
    ("workflow(extra=5)", "form", "dictionary"), ("workflow(extra={'WFWorkflowTypes': []})", "form", "no other place"),
    ("workflow(extra={'WFWorkflowActions': []})", "form", "no other place"), ("workflow(types=EVERY)", "undefined_name", "EVERY"),
])  # fmt: skip
def test_a_word_or_a_value_that_the_app_does_not_know_is_refused_and_the_nearest_named(head, code, advice):
    with pytest.raises(DialectError) as caught:
        top(head)
    assert (caught.value.line, caught.value.code) == (1, code) and advice in caught.value.message


@pytest.mark.parametrize("code, line", [
    (f"workflow(types=['Watch'])\nworkflow(types=['MenuBar'])\n{STEP}", 2), (f"if clipboard():\n    workflow(types=['Watch'])\n{STEP}", 2),
    (f"{STEP}workflow(types=['Watch'])\n", 2), (f"workflow()\nfor _ in range(2):\n    workflow()\n{STEP}", 3),
])  # fmt: skip
def test_a_header_stands_once_on_the_first_line(code, line):
    with pytest.raises(DialectError, match="once") as caught:
        shortcuts.to_shortcut(code)
    assert caught.value.line == line


@pytest.mark.parametrize("changes, head", [
    ({"WFWorkflowTypes": ["Watch", "MenuBar"]}, "workflow(types=['Watch', 'MenuBar'])"), ({"WFWorkflowTypes": ["Odd"]}, "workflow(WFWorkflowTypes=['Odd'])"),
    ({"WFWorkflowTypes": ["Watch", "Watch"]}, "workflow(WFWorkflowTypes=['Watch', 'Watch'])"), ({"WFWorkflowTypes": 5}, "workflow(WFWorkflowTypes=5)"),
    ({INPUT: ["WFURLContentItem"]}, "workflow(input_types=['WFURLContentItem'])"), ({INPUT: [["x"]]}, f"workflow({INPUT}=[['x']])"),
    ({"WFQuickActionSurfaces": ["Finder"]}, "workflow(surfaces=['Finder'])"), ({"WFWorkflowHasOutputFallback": True}, "workflow(output_fallback=True)"),
    ({"WFWorkflowIsDisabledOnLockScreen": True}, "workflow(WFWorkflowIsDisabledOnLockScreen=True)"),
    ({"types": ["x"]}, "workflow(extra={'types': ['x']})"), ({"questions": 5, "input_types": "a"}, "workflow(extra={'input_types': 'a', 'questions': 5})"),
    ({"extra": {"a": 1}}, "workflow(extra={'extra': {'a': 1}})"), ({"WFOdd": "x"}, "workflow(extra={'WFOdd': 'x'})"),
])  # fmt: skip
def test_what_a_file_holds_beside_that_has_a_place(changes, head):
    assert printed(**changes) == head


def test_what_happens_without_input_is_written_with_its_values():
    asks = {"Name": "WFWorkflowNoInputBehaviorAskForInput", "Parameters": {"ItemClass": "WFStringContentItem", "SerializedParameters": {}}}
    assert printed(WFWorkflowNoInputBehavior=asks) == f"workflow(no_input={asks})"
    prompt = {"Value": {"string": "\ufffc?", "attachmentsByRange": {"{0, 1}": {"Type": "CurrentDate"}}}, "WFSerializationType": "WFTextTokenString"}
    asks["Parameters"]["SerializedParameters"] = {"WFAskActionPrompt": prompt}
    assert "{'WFAskActionPrompt': f'{current_date()}?'}" in printed(WFWorkflowNoInputBehavior=asks)
    plain = {"Value": {"string": "Which?"}, "WFSerializationType": "WFTextTokenString"}  # as a text it would come back another
    asks["Parameters"]["SerializedParameters"] = {"WFAskActionPrompt": plain, "Value": 5}
    assert plist.same(top(printed(WFWorkflowNoInputBehavior=asks))["WFWorkflowNoInputBehavior"], asks)
    variable = {"Value": {"Type": "Variable", "VariableName": "x"}, "WFSerializationType": "WFTextTokenAttachment"}
    asks["Parameters"]["SerializedParameters"] = {"WFAskActionPrompt": variable}
    assert "WFSerializationType" in printed(WFWorkflowNoInputBehavior=asks)
    assert "WFWorkflowNoInputBehavior=" in printed(WFWorkflowNoInputBehavior={"Name": "WFWorkflowNoInputBehaviorDance", "Parameters": {}})
