"""Blocks as people's files and compilers have them: what is missing, what is more, what stands where. `python -m pytest tests/test_blocks.py`"""

from __future__ import annotations

import datetime
import itertools
from plistlib import UID
from typing import Any

import pytest

import shortcuts
from shortcuts import plist
from shortcuts.forms import signatures

IF, MENU, EACH = "conditional", "choosefrommenu", "repeat.each"
PICTURE = {"Type": "Variable", "VariableName": "Picture"}


def step(identifier: str, **parameters: Any) -> dict[str, Any]:
    return {"WFWorkflowActionIdentifier": f"is.workflow.actions.{identifier}", "WFWorkflowActionParameters": parameters}


def marker(identifier: str, mode: int, **parameters: Any) -> dict[str, Any]:
    return step(identifier, GroupingIdentifier="A", WFControlFlowMode=mode, **parameters)


def menu(*cases: dict[str, Any], **parameters: Any) -> list[dict[str, Any]]:
    return [marker(MENU, 0, **parameters), *cases, marker(MENU, 2)]


def shortcut(actions: list[dict[str, Any]], version: str = "2605.0.5") -> dict[str, Any]:
    return {"WFWorkflowActions": actions, "WFWorkflowClientVersion": version}


def proven(actions: list[dict[str, Any]], version: str = "2605.0.5") -> str:
    """The program of some actions; all that is promised of it holds, and nothing in it is raw."""
    result = shortcuts.transcribe(shortcut(actions, version))
    assert (result.exact, result.canonical, result.fixed_point, result.raw) == (True, True, True, 0), result.code
    return "".join(line + "\n" for line in result.code.splitlines() if not line.startswith("workflow("))


def variable(token: dict[str, Any]) -> dict[str, Any]:
    return {"Value": token, "WFSerializationType": "WFTextTokenAttachment"}


# ---------------------------------------------------------------------------------------------------------------------------------
# actions and markers that lack a part, or have one too many


def bare(identifier: str) -> dict[str, Any]:
    return {"WFWorkflowActionIdentifier": f"is.workflow.actions.{identifier}"}


def test_missing_parameters_are_none():
    actions = [bare("nothing"), marker(IF, 0, WFCondition=100, WFInput={"Type": "Variable", "Variable": variable(PICTURE)}), bare("nothing"), marker(IF, 2)]
    assert proven(actions) == "is_workflow_actions_nothing()\nif variable('Picture'):\n    is_workflow_actions_nothing()\n"
    assert shortcuts.equivalent(shortcut([bare("nothing")]), shortcut([step("nothing")]))
    assert shortcuts.statistics(shortcut(actions))["actions"] == 4


def test_a_shortcut_whose_actions_lack_parameters_is_read():
    plist.check_shortcut(shortcut([bare("nothing")]))
    with pytest.raises(plist.PlistError, match="action 0 has no WFWorkflowActionParameters of type dict"):
        plist.check_shortcut(shortcut([{**bare("nothing"), "WFWorkflowActionParameters": []}]))


@pytest.mark.parametrize("index, code", [
    (0, "if x:\n    marker({'SCPLData': {'line': 3}})\n    'then'\nelse:\n    'else'\n"),
    (2, "if x:\n    'then'\nelse:\n    marker({'SCPLData': {'line': 3}})\n    'else'\n"),
    (4, "if x:\n    'then'\nelse:\n    'else'\nif_result({'SCPLData': {'line': 3}})\n"),
])  # fmt: skip
def test_keys_of_a_marker_beside_its_parameters_are_shown(index, code):
    test = {"WFCondition": 100, "WFInput": {"Type": "Variable", "Variable": variable(PICTURE)}}
    actions = [marker(IF, 0, **test), step("comment", WFCommentActionText="then"), marker(IF, 1),
               step("comment", WFCommentActionText="else"), marker(IF, 2)]  # fmt: skip
    actions[index] |= {"SCPLData": {"line": 3}}
    assert proven(actions) == code.replace("if x", "if variable('Picture')")


def test_keys_of_a_menus_and_a_loops_start_stand_in_its_first_branch():
    choice = menu(marker(MENU, 1, WFMenuItemTitle="a"), WFMenuItems=["a"])
    choice[0] |= {"More": 1}
    loop = [{**marker(EACH, 0, WFInput=variable(PICTURE)), "More": 2}, {**marker(EACH, 2), "More": 3}]
    assert proven([*choice, *loop]) == (
        "match menu():\n    case _ if before():\n        marker({'More': 1})\n    case 'a':\n        pass\n"
        "for Repeat_Item in variable('Picture'):\n    marker({'More': 2})\nrepeat_results({'More': 3})\n"
    )


def test_a_question_about_an_action_with_keys_of_its_own_is_kept():
    question = {"ActionIndex": 1, "Category": "Parameter", "ParameterKey": "WFTextActionText"}
    given = {**shortcut([step("nothing"), {**step("gettext"), "Odd": {}}]), "WFWorkflowImportQuestions": [question]}
    result = shortcuts.transcribe(given)
    assert result.exact and result.canonical and result.fixed_point
    assert shortcuts.to_shortcut(result.code)["WFWorkflowImportQuestions"] == [question]


@pytest.mark.parametrize(("kind", "key"), [(EACH, "items"), ("repeat.count", "count"), (IF, "extra"), *((MENU, key) for key in ("prompt", "items", "synonyms"))])
def test_a_parameter_may_have_the_name_of_an_argument(kind, key):
    """On every Python: inspect.Signature.bind() refuses that before 3.13."""
    code = proven([marker(kind, 0, **{key: 5}), marker(kind, 2, extra=5)])
    assert f"({key}=5)" in code and "(extra=5)" in code.splitlines()[-1]


FILES_KEYS = {  # helpers whose keywords are keys of the file
    "menu": lambda own: menu(marker(MENU, 1, WFMenuItemTitle="a"), **own),
    "marker": lambda own: [marker(IF, 0, WFCondition=100, WFInput={"Type": "Variable", "Variable": variable(PICTURE)}), marker(IF, 1, **own), marker(IF, 2)],
    "when": lambda own: [marker(IF, 0, WFCondition=100, WFInput={"Type": "Variable", "Variable": variable(PICTURE)}, **own), marker(IF, 2)],
    "repeat_each": lambda own: [marker(EACH, 0, WFInput=variable(PICTURE), **own), marker(EACH, 2)],
    "repeat_count": lambda own: [marker("repeat.count", 0, WFRepeatCount=5, **own), marker("repeat.count", 2)],
    "if_result": lambda own: [marker(IF, 0), marker(IF, 2, **own)],
    "menu_result": lambda own: [marker(MENU, 0), marker(MENU, 2, **own)],
    "repeat_results": lambda own: [marker(EACH, 0), marker(EACH, 2, **own)],
    "action": lambda own: [step("a-b", **own)],
    "filter_all": lambda own: [step("filter.files", WFContentItemFilter=table([], own))],
    "rule": lambda own: [step("filter.files", WFContentItemFilter=table([{"Operator": 4, "Property": "Name", "Removable": True, "Values": own}]))],
    "legacy_rule": lambda own: [step("filter.files", WFContentItemFilter=table([{"Operator": 4, "Property": "Name", "String": "a", **own}]))],
}  # fmt: skip
NAMED = [(helper, argument) for helper in FILES_KEYS for argument in signatures.HELPERS[helper].bound.parameters if argument != "WFMenuItems"]


def table(rows: list[Any], more: dict[str, Any] | None = None) -> dict[str, Any]:
    value = {"WFActionParameterFilterPrefix": 1, "WFActionParameterFilterTemplates": rows, "WFContentPredicateBoundedDate": False, **(more or {})}
    return {"Value": value, "WFSerializationType": "WFContentPredicateTableTemplate"}


def test_each_helper_that_takes_keys_of_the_file_is_tried():
    others = {"workflow", "repeat_count", "filter_any"}  # its own keys stand in extra=; the rest are written as others of the list
    assert {name for name, form in signatures.HELPERS.items() if form.rest} == FILES_KEYS.keys() | others


@pytest.mark.parametrize(("helper", "argument"), NAMED)
@pytest.mark.parametrize("value", ["own", {"a": "b"}, ["a"]], ids=str)
def test_a_file_may_have_a_key_named_like_any_argument(helper, argument, value):
    given = shortcut(FILES_KEYS[helper]({argument: value}))
    result = shortcuts.transcribe(given)
    assert result.exact and result.canonical and result.fixed_point, result.code
    assert helper in result.code or result.raw


@pytest.mark.parametrize("identifier, code", [("comment", "'a'\n"), ("setvariable", "A = clipboard()\n")])
def test_a_switch_of_the_editor_changes_no_form(identifier, code):
    parameters = {"WFCommentActionText": "a"} if identifier == "comment" else {"WFVariableName": "A", "WFInput": variable({"Type": "Clipboard"})}
    assert proven([step(identifier, **parameters, **{"Show-a": True})]) == code


def test_a_menu_that_is_written_out_may_have_no_items():
    result = shortcuts.transcribe(shortcut([marker(MENU, 0, UUID=5), marker(MENU, 2)]))
    assert result.exact and result.canonical and result.fixed_point


@pytest.mark.parametrize("identity", [{}, 5, [], {"a": "b"}])
def test_an_identity_of_an_end_that_is_no_text_is_kept(identity):
    loop = [marker(EACH, 0, WFInput=variable(PICTURE)), marker(IF, 0), marker(IF, 2, UUID=identity), marker(EACH, 2)]
    assert f"if_result(UUID={identity})" in proven(loop)


@pytest.mark.parametrize("code", [
    "if clipboard():\n    pass\nif_result(UUID='a')\n", "y = clipboard()\nif y:\n    pass\nif_result(UUID=y)\n",
    "y = clipboard()\nif y:\n    pass\nx = if_result(UUID=y)\n", "if clipboard():\n    pass\nrepeat_results(UUID='a')\n",
])  # fmt: skip
def test_an_identity_that_would_be_lost_is_refused(code):
    with pytest.raises(shortcuts.DialectError):
        shortcuts.to_shortcut(code)
    assert shortcuts.check(code)


@pytest.mark.parametrize("code", [
    "if clipboard():\n    marker(WFControlFlowMode=2)\n", "if clipboard():\n    marker(GroupingIdentifier='z')\n",
    "if clipboard():\n    pass\nif_result(WFControlFlowMode=0)\n", "if clipboard():\n    marker(5)\n",
])  # fmt: skip
def test_what_makes_a_marker_one_is_not_changed(code):
    with pytest.raises(shortcuts.DialectError):
        shortcuts.to_shortcut(code)


@pytest.mark.parametrize("before", ["", "is_workflow_actions_nothing()\n", "if clipboard():\n    is_workflow_actions_nothing()\n    ",
                                    "if clipboard():\n    pass\n"])  # fmt: skip
def test_a_marker_is_extended_first_in_its_branch_only(before):
    with pytest.raises(shortcuts.DialectError, match="marker.. stands first in the branch"):
        shortcuts.to_shortcut(f"{before}marker(Odd=1)\n")


BLOCKS = {
    "if": ("if clipboard():\n    pass\n", "if_result", "If Result"),
    "menu": ("match menu('?'):\n    case 'a':\n        pass\n", "menu_result", "Menu Result"),
    "each": ("for x in clipboard():\n    pass\n", "repeat_results", "Repeat Results"),
    "count": ("for _ in range(2):\n    pass\n", "repeat_results", "Repeat Results"),
}


@pytest.mark.parametrize("kind", BLOCKS)
def test_the_result_of_a_block_has_the_apps_name_for_it(kind):
    block, helper, name = BLOCKS[kind]
    result = name.replace(" ", "_")
    code = f"{block}{result} = {helper}()\nis_workflow_actions_showresult(Text=f'{{{result}}}')\n"
    end, show = (action["WFWorkflowActionParameters"] for action in shortcuts.to_shortcut(code)["WFWorkflowActions"][-2:])
    (shown,) = show["Text"]["Value"]["attachmentsByRange"].values()
    assert shown == {"Type": "ActionOutput", "OutputUUID": end["UUID"], "OutputName": name} and "CustomOutputName" not in end


@pytest.mark.parametrize("kind", BLOCKS)
def test_a_block_has_no_result_of_another_kind(kind):
    block, own, _ = BLOCKS[kind]
    for helper in {"if_result", "menu_result", "repeat_results"} - {own}:
        with pytest.raises(shortcuts.DialectError, match=f"{helper}.. stands right after its block"):
            shortcuts.to_shortcut(f"{block}x = {helper}()\n")


@pytest.mark.parametrize("end, count", [("4", 3), ("1", 0), ("0", 0), ("-5", 0)])
def test_a_repeat_up_to_less_than_its_start_has_no_turn(end, count):
    (start, _) = shortcuts.to_shortcut(f"for i in range(1, {end}):\n    pass\n")["WFWorkflowActions"]
    assert start["WFWorkflowActionParameters"]["WFRepeatCount"] == count


# ---------------------------------------------------------------------------------------------------------------------------------
# menus


def test_actions_between_a_menu_and_its_first_case_are_kept():
    actions = menu(step("comment", WFCommentActionText="not run"), marker(MENU, 1, WFMenuItemTitle="a"), step("nothing"), WFMenuItems=["a"])
    assert proven(actions) == (
        "match menu():\n    case _ if before():\n        'not run'\n    case 'a':\n        is_workflow_actions_nothing()\n"
    )
    assert proven(menu(step("nothing"), WFMenuItems=[])) == "match menu():\n    case _ if before():\n        is_workflow_actions_nothing()\n"


def test_only_the_first_case_stands_before_the_cases():
    with pytest.raises(shortcuts.DialectError, match="line 4"):
        shortcuts.to_shortcut("match menu('?'):\n    case 'a':\n        pass\n    case _ if before():\n        pass\n")


@pytest.mark.parametrize("title", ["Item 1", {"string": "Item 1"}, {"Value": {"string": "Item 1"}, "WFSerializationType": "WFTextTokenString"}])
def test_a_tokenised_title_without_variables_is_the_title(title):
    case = marker(MENU, 1, WFMenuItemTitle="Item 1", WFMenuItemAttributedTitle=title)
    assert proven(menu(case, WFMenuPrompt="?", WFMenuItems=["Item 1"])) == "match menu('?'):\n    case 'Item 1':\n        pass\n"


@pytest.mark.parametrize("title, shown", [
    (5, "5"), (-2.5, "-2.5"), (True, "True"), (datetime.datetime(2020, 1, 2), "datetime(2020, 1, 2)"), (UID(3), "uid(3)"), (b"x", "data('eA==')"),
    (variable({"Type": "Clipboard"}), "attachment(clipboard())"), (["a"], "['a']"), ({"a": 1}, "plain({'a': 1})"),
])  # fmt: skip
def test_a_title_may_be_anything(title, shown):
    assert f"case _ if item({shown}):" in proven(menu(marker(MENU, 1, WFMenuItemTitle=title), WFMenuItems=["x"]))
    tokenised = shortcuts.transcribe(shortcut(menu(marker(MENU, 1, WFMenuItemTitle="a", WFMenuItemAttributedTitle=title), WFMenuItems=["a"])))
    assert (tokenised.exact, tokenised.canonical, tokenised.fixed_point) == (True, True, True)
    assert "match menu():\n    case 'a':\n        marker(WFMenuItemAttributedTitle=" in tokenised.code


@pytest.mark.parametrize("case", ["'a' if clipboard()", "'a' | 'b'", "_", "_ if clipboard()", "x", "['a']", "5"])
def test_a_case_is_one_title(case):
    with pytest.raises(shortcuts.DialectError, match="a menu's case is a text") as caught:
        shortcuts.to_shortcut(f"match menu('?'):\n    case {case}:\n        pass\n")
    assert caught.value.line == 2


def test_a_title_that_is_a_variable_is_a_text_of_one():
    cases = shortcuts.to_shortcut("x = clipboard()\nmatch menu('?'):\n    case _ if item(x):\n        pass\n")["WFWorkflowActions"]
    assert cases[2]["WFWorkflowActionParameters"]["WFMenuItemAttributedTitle"]["string"] == "\ufffc"


def test_synonyms_of_a_choice_stand_at_the_menu():
    item = {"WFItemType": 0, "WFValue": {"Synonyms": [{"string": "photo"}, {"string": ""}], "Value": {"string": "Image"}, "WFSerializationType": "WFTextTokenString"}}
    cases = [marker(MENU, 1, WFMenuItemTitle="Image"), marker(MENU, 1, WFMenuItemTitle="Text")]
    assert proven(menu(*cases, WFMenuPrompt="?", WFMenuItems=[item, "Text"])).startswith("match menu('?', synonyms={'Image': ['photo', '']}):\n")
    with pytest.raises(shortcuts.DialectError, match="no case 'Other'"):
        shortcuts.to_shortcut("match menu('?', synonyms={'Other': ['x']}):\n    case 'a':\n        pass\n")


def test_leftovers_of_another_menu_at_a_case_are_no_step():
    case = marker(MENU, 1, WFMenuItemTitle="a", WFMenuItems=["old", "older"], WFMenuPrompt="old?")
    assert proven(menu(case, WFMenuPrompt="?", WFMenuItems=["a"])) == "match menu('?'):\n    case 'a':\n        pass\n"


def test_group_ids_are_equal_in_upper_and_lower_case():
    actions = [marker(EACH, 0, WFInput=variable(PICTURE)), step(EACH, GroupingIdentifier="a", WFControlFlowMode=2)]
    assert proven(actions) == "for Repeat_Item in variable('Picture'):\n    pass\n"


# ---------------------------------------------------------------------------------------------------------------------------------
# variables


@pytest.mark.parametrize("identifier, code", [("setvariable", "A = clipboard()\n"), ("appendvariable", "A = []\nA += [clipboard()]\n")])
def test_a_stray_envelope_tag_hides_no_assignment(identifier, code):
    parameters = {"WFVariableName": "A", "WFInput": variable({"Type": "Clipboard"}), "WFSerializationType": "WFTextTokenAttachment"}
    assert proven([step(identifier, **parameters)]) == code


def test_a_token_that_names_its_own_type_is_that_of_the_type():
    assert proven([step("showresult", Text=variable({"Type": "Ask", "VariableName": "Ask"}))]) == \
        "is_workflow_actions_showresult(Text=attachment(ask_each_time()))\n"  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------------------
# what no program says, and how large one may be


def test_an_action_that_no_program_can_call_is_no_nesting(monkeypatch):
    monkeypatch.setattr("shortcuts.forms.api_names.is_callable", lambda *_: True)
    with pytest.raises(shortcuts.DialectError, match="line 2: not Python"):
        shortcuts.to_python(shortcut([{"WFWorkflowActionIdentifier": "class", "WFWorkflowActionParameters": {}}]))


def test_values_that_nest_deeper_than_python_reads_are_too_deep():
    value: Any = "x"
    for _ in range(240):
        value = [value]
    with pytest.raises(shortcuts.TooDeep):
        shortcuts.to_python(shortcut([step("url", WFURLActionURL=value)]))


def test_where_nothing_helps_the_readable_program_stays(monkeypatch):
    monkeypatch.setattr("shortcuts.transcription.proof.holds", lambda *_: False)
    numbers = itertools.count()
    monkeypatch.setattr("shortcuts.transcription.canonical", lambda given: {"WFWorkflowActions": [next(numbers)]})
    result = shortcuts.transcribe(shortcut([step("setvariable", WFVariableName="A", WFInput=variable({"Type": "Clipboard"}))]))
    assert result.code.endswith("A = clipboard()\n") and not result.canonical and result.exact


def test_a_shortcut_of_too_many_actions_is_refused(monkeypatch):
    monkeypatch.setattr("shortcuts.transcription.MAX_ACTIONS", 3)
    assert shortcuts.to_python(shortcut([step("nothing")] * 3))
    with pytest.raises(shortcuts.TooLarge, match="4 actions, more than 3"):
        shortcuts.transcribe(shortcut([step("nothing")] * 4))


# ---------------------------------------------------------------------------------------------------------------------------------
# variables that are set to nothing, and to what the action before gives


@pytest.mark.parametrize("identifier, code", [("setvariable", "A = {}\n"), ("appendvariable", "A = []\nA += [{}]\n")])
def test_a_variable_without_an_input_is_emptied_and_before_ios_13_takes_the_output_before(identifier, code):
    actions = [step("number", WFNumberActionNumber=3), step(identifier, WFVariableName="A")]
    number = "is_workflow_actions_number(WFNumberActionNumber=3)\n"
    before, after = code.split("\n", 1) if identifier == "appendvariable" else ("", code)
    for version, value in (("2605.0.5", "None"), ("900", "None"), ("899.1", "previous_output()"), ("484", "previous_output()")):
        assert proven(actions, version).replace(before + "\n" if before else "", "", 1) == number + after.format(value)


@pytest.mark.parametrize("code", ["A = previous_output()", "A += [previous_output()]"])
def test_in_a_new_program_the_output_before_is_the_input(code):
    listed = shortcuts.to_shortcut(f"is_workflow_actions_number(WFNumberActionNumber=3)\n{code}\n")["WFWorkflowActions"]
    assert listed[1]["WFWorkflowActionParameters"]["WFInput"]["Value"]["OutputUUID"] == listed[0]["WFWorkflowActionParameters"]["UUID"]
    with pytest.raises(shortcuts.DialectError, match="no output comes before"):
        shortcuts.to_shortcut(f"{code}\n")


def test_nothing_is_set_in_an_old_program_by_an_action_that_gives_nothing():
    listed = shortcuts.to_shortcut("workflow(client_version='484')\nA = None\n")["WFWorkflowActions"]
    assert [action["WFWorkflowActionIdentifier"].split(".")[-1] for action in listed] == ["nothing", "setvariable"]
