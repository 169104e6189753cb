"""The dialect form by form: what a person writes, what it compiles to, what is refused and how. `python -m pytest tests/test_dialect.py`."""

from __future__ import annotations

import ast
import itertools
import plistlib

import pytest

import shortcuts
from shortcuts import DialectError, plist


def parameters(code: str, index: int = -1) -> dict:
    """The parameters of one action of a program."""
    return shortcuts.to_shortcut(code)["WFWorkflowActions"][index]["WFWorkflowActionParameters"]


def identifiers(code: str) -> list[str]:
    """The ids of a program's actions, without the common start."""
    return [action["WFWorkflowActionIdentifier"].removeprefix("is.workflow.actions.") for action in shortcuts.to_shortcut(code)["WFWorkflowActions"]]


def token(code: str) -> dict:
    """The token that an expression over the output `x` compiles to."""
    return parameters(f"x = is_workflow_actions_nothing()\nis_workflow_actions_getvariable(WFVariable={code})")["WFVariable"]["Value"]


# ---------------------------------------------------------------------------------------------------------------------------------
# values


@pytest.mark.parametrize("expression, steps", [
    ("x", []),
    ("x['key']", [{"Type": "WFDictionaryValueVariableAggrandizement", "DictionaryKey": "key"}]),
    ("as_number(x)", [{"Type": "WFCoercionVariableAggrandizement", "CoercionItemClass": "WFNumberContentItem"}]),
    ("as_type(x, 'WFOdd')", [{"Type": "WFCoercionVariableAggrandizement", "CoercionItemClass": "WFOdd"}]),
    ("x.File_Size", [{"Type": "WFPropertyVariableAggrandizement", "PropertyName": "File Size", "PropertyUserInfo": "WFFileSizeProperty"}]),
    ("x.Width", [{"Type": "WFPropertyVariableAggrandizement", "PropertyName": "Width"}]),
    ("x.property('Title', 'title')", [{"Type": "WFPropertyVariableAggrandizement", "PropertyName": "Title", "PropertyUserInfo": "title"}]),
    ("x.in_unit('kg', 'Mass')", [{"Type": "WFUnitVariableAggrandizement", "WFUnitSymbol": "kg", "WFMeasurementUnitType": "Mass"}]),
    ("as_dictionary(x)['a']", [
        {"Type": "WFCoercionVariableAggrandizement", "CoercionItemClass": "WFDictionaryContentItem"},
        {"Type": "WFDictionaryValueVariableAggrandizement", "DictionaryKey": "a"},
    ]),
])  # fmt: skip
def test_parts_of_a_variable_are_steps_from_left_to_right(expression, steps):
    assert token(expression).get("Aggrandizements", []) == steps


@pytest.mark.parametrize("expression, kind", [
    ("shortcut_input()", "ExtensionInput"), ("clipboard()", "Clipboard"), ("current_date()", "CurrentDate"), ("ask_each_time()", "Ask"),
    ("device_details()", "DeviceDetails"), ("current_app()", "CurrentApp"),
])  # fmt: skip
def test_what_no_action_makes_is_a_call(expression, kind):
    assert token(expression) == {"Type": kind}


def test_ranges_in_text_count_utf16_units():
    text = parameters("x = is_workflow_actions_nothing()\nis_workflow_actions_gettext(WFTextActionText=f'😀 {x}é{x}')")["WFTextActionText"]
    assert text["Value"]["string"] == "😀 \ufffcé\ufffc"
    assert sorted(text["Value"]["attachmentsByRange"]) == ["{3, 1}", "{5, 1}"]


def test_a_dictionary_has_typed_items():
    (items,) = parameters("x = is_workflow_actions_nothing()\nis_workflow_actions_dictionary(WFItems={'t': 'a', 'n': 5, 'b': True, "
                          "'d': {'k': x}, 'l': ['a', 2]})")["WFItems"]["Value"].values()  # fmt: skip
    assert [item["WFItemType"] for item in items] == [0, 3, 4, 1, 2]
    assert items[1]["WFValue"]["Value"]["string"] == "5"
    assert items[2]["WFValue"] == {"Value": True, "WFSerializationType": "WFNumberSubstitutableState"}
    assert items[4]["WFValue"]["Value"][0] == "a"


def test_a_lone_variable_takes_the_envelope_that_the_parameter_has_in_real_shortcuts():
    source = "x = is_workflow_actions_nothing()\n"
    assert parameters(source + "is_workflow_actions_downloadurl(WFURL=x)")["WFURL"]["WFSerializationType"] == "WFTextTokenString"
    assert parameters(source + "is_workflow_actions_setclipboard(WFInput=x)")["WFInput"]["WFSerializationType"] == "WFTextTokenAttachment"
    assert parameters(source + "is_workflow_actions_downloadurl(WFURL=attachment(x))")["WFURL"]["WFSerializationType"] == "WFTextTokenAttachment"


# ---------------------------------------------------------------------------------------------------------------------------------
# conditions


@pytest.mark.parametrize("test, condition", [
    ("x < 5", {"WFCondition": 0, "WFNumberValue": "5"}), ("x <= 5", {"WFCondition": 1, "WFNumberValue": "5"}),
    ("x > 5", {"WFCondition": 2, "WFNumberValue": "5"}), ("x >= 5", {"WFCondition": 3, "WFNumberValue": "5"}),
    ("5 < x", {"WFCondition": 2, "WFNumberValue": "5"}), ("x == 'a'", {"WFCondition": 4, "WFConditionalActionString": "a"}),
    ("x != 5", {"WFCondition": 5, "WFNumberValue": "5"}), ("not x == 5", {"WFCondition": 5, "WFNumberValue": "5"}),
    ("x.startswith('a')", {"WFCondition": 8, "WFConditionalActionString": "a"}),
    ("x.endswith('a')", {"WFCondition": 9, "WFConditionalActionString": "a"}),
    ("'a' in x", {"WFCondition": 99, "WFConditionalActionString": "a"}), ("'a' not in x", {"WFCondition": 999, "WFConditionalActionString": "a"}),
    ("x", {"WFCondition": 100}), ("not x", {"WFCondition": 101}), ("is_today(x)", {"WFCondition": 1002}), ("x == None", {"WFCondition": 4}),
    ("1 <= x <= 9", {"WFCondition": 1003, "WFNumberValue": "1", "WFAnotherNumber": "9"}),
    ("is_within_last(x, quantity(3, 'days'))",
     {"WFCondition": 1001, "WFDuration": {"Value": {"Magnitude": 3, "Unit": "days"}, "WFSerializationType": "WFQuantityFieldValue"}}),
    ("when(x == 'a', WFNumberValue='7')", {"WFCondition": 4, "WFConditionalActionString": "a", "WFNumberValue": "7"}),
    ("when(x, WFCondition=4, WFEnumeration='Odd')", {"WFCondition": 4, "WFEnumeration": "Odd"}),
])  # fmt: skip
def test_each_condition_has_its_operator(test, condition):
    start = parameters(f"x = is_workflow_actions_nothing()\nif {test}:\n    pass\n", 1)
    assert start.pop("WFInput")["Type"] == "Variable"
    assert {key: value for key, value in start.items() if key not in ("GroupingIdentifier", "WFControlFlowMode")} == condition


def test_several_conditions_are_rows_of_one_table():
    table = parameters("x = is_workflow_actions_nothing()\nif x > 1 and 'a' in x:\n    pass\n", 1)["WFConditions"]["Value"]
    assert table["WFActionParameterFilterPrefix"] == 1
    assert [row["WFCondition"] for row in table["WFActionParameterFilterTemplates"]] == [2, 99]


def test_elif_is_an_if_inside_otherwise_and_otherwise_if_a_branch_of_the_same_block():
    plain = "x = is_workflow_actions_nothing()\nif x:\n    pass\nelif x == 'a':\n    pass\n"
    assert [action["WFWorkflowActionParameters"].get("WFControlFlowMode") for action in shortcuts.to_shortcut(plain)["WFWorkflowActions"][1:]] == [0, 1, 0, 2, 2]
    branch = plain.replace("elif x == 'a'", "elif otherwise_if(x == 'a')")
    assert [action["WFWorkflowActionParameters"].get("WFControlFlowMode") for action in shortcuts.to_shortcut(branch)["WFWorkflowActions"][1:]] == [0, 1, 2]


# ---------------------------------------------------------------------------------------------------------------------------------
# what people write


def test_a_name_assigned_twice_becomes_a_variable():
    code = "x = is_workflow_actions_nothing()\nif x:\n    x = is_workflow_actions_date()\nis_workflow_actions_showresult(Text=f'{x}')\n"
    assert identifiers(code) == ["nothing", "setvariable", "conditional", "date", "setvariable", "conditional", "showresult"]


def test_a_literal_that_gets_a_name_becomes_the_action_that_makes_it():
    code = "a = 'text'\nb = 5\nc = {'k': a}\nd = ['x', b]\nis_workflow_actions_showresult(Text=f'{c}{d}')\n"
    assert identifiers(code) == ["gettext", "number", "dictionary", "list", "showresult"]


def test_an_append_to_a_name_that_is_not_set_needs_no_action_and_a_reset_is_nothing():
    code = "items = []\nfor item in clipboard():\n    items += [item]\nitems = []\n"
    assert identifiers(code) == ["repeat.each", "appendvariable", "repeat.each", "nothing", "setvariable"]


def test_loop_variables_count_their_depth_from_one():
    code = "for i, row in enumerate(clipboard(), start=1):\n    for cell in row:\n        is_workflow_actions_showresult(Text=f'{i} {row} {cell}')\n"
    attachments = parameters(code, 2)["Text"]["Value"]["attachmentsByRange"]
    assert [token["VariableName"] for token in attachments.values()] == ["Repeat Index", "Repeat Item", "Repeat Item 2"]


def test_a_menu_lists_its_cases_and_a_title_with_variables_stands_in_a_guard():
    code = "n = is_workflow_actions_nothing()\nmatch menu('Pick'):\n    case 'A':\n        pass\n    case _ if item(f'{n} left'):\n        pass\n"
    start, plain, tokenised = (parameters(code, index) for index in (1, 2, 3))
    assert start["WFMenuItems"][0] == "A" and start["WFMenuItems"][1]["WFItemType"] == 0
    assert plain["WFMenuItemTitle"] == "A" and tokenised["WFMenuItemAttributedTitle"]["string"] == "\ufffc left"


def test_an_output_that_is_used_has_one_identity_and_its_name():
    code = "handle = is_workflow_actions_ask(WFAskActionPrompt='Who?')\nis_workflow_actions_showresult(Text=f'{handle}')\n"
    ask, show = (parameters(code, index) for index in (0, 1))
    used = show["Text"]["Value"]["attachmentsByRange"]["{0, 1}"]
    assert used == {"Type": "ActionOutput", "OutputUUID": ask["UUID"], "OutputName": "handle"} and ask["CustomOutputName"] == "handle"


def test_an_import_question_follows_its_action():
    code = "is_workflow_actions_nothing()\nis_workflow_actions_gettext(WFTextActionText=ask_on_import('key', question='Your key?'))\n"
    assert shortcuts.to_shortcut(code)["WFWorkflowImportQuestions"] == [
        {"ActionIndex": 1, "Category": "Parameter", "ParameterKey": "WFTextActionText", "Text": "Your key?", "DefaultValue": "key"}
    ]


def test_comments_are_strings_and_hash_lines_change_nothing():
    code = "'A note.'\nis_workflow_actions_nothing()\n"
    annotated = "# what it is\n'A note.'\n# nothing happens\nis_workflow_actions_nothing()\n"
    assert identifiers(code) == ["comment", "nothing"]
    assert plist.same(shortcuts.to_shortcut(code), shortcuts.to_shortcut(annotated))


def test_the_apis_of_a_program_are_its_calls_in_order():
    code = "'note'\nfor _ in range(3):\n    x = is_workflow_actions_date()\nis_workflow_actions_downloadurl(WFURL=f'{x}')\nis_workflow_actions_date()\n"
    assert shortcuts.apis_of(code) == ["is.workflow.actions.date", "is.workflow.actions.downloadurl"]


def test_apis_on_one_line_are_listed_from_left_to_right():
    code = "found = []\nfound += [is_workflow_actions_date()]; is_workflow_actions_nothing(); found.append(is_workflow_actions_url())\n"
    assert shortcuts.apis_of(code) == [f"is.workflow.actions.{name}" for name in ("date", "nothing", "url")]


def test_a_reset_inside_a_loop_empties_the_variable():
    code = "for x in clipboard():\n    found = []\n    found += [x]\n"
    assert identifiers(code) == ["repeat.each", "nothing", "setvariable", "appendvariable", "repeat.each"]


def test_not_of_a_condition_without_an_opposite_puts_the_steps_under_otherwise():
    code = "x = clipboard()\nif not x.startswith('a'):\n    is_workflow_actions_nothing()\n"
    modes = [action["WFWorkflowActionParameters"].get("WFControlFlowMode") for action in shortcuts.to_shortcut(code)["WFWorkflowActions"][1:]]
    assert modes == [0, 1, None, 2]


def test_compiling_one_program_leaves_nothing_behind_for_the_next(shared):
    for path in itertools.islice(sorted(shared.glob("corpus/plist/*.plist")), 12):
        shortcut = plist.read_shortcut(path.read_bytes())
        code, residue = shortcuts.to_python(shortcut)
        assert plist.same(shortcuts.to_shortcut(code, residue), shortcuts.to_shortcut(code, residue)), path.name


@pytest.mark.parametrize("part", ["uuids", "names", "missing", "custom", "groups", "patch"])
def test_a_residue_that_was_edited_into_none_is_refused(part):
    code = "names = []\nfor x in clipboard():\n    names += [x]\nis_workflow_actions_showresult(Text=f'{names}')\n"
    shortcut = shortcuts.to_shortcut(code)
    code, residue = shortcuts.to_python(shortcut)
    assert plist.same(shortcuts.to_shortcut(code, {**shortcuts.rename_residue({}, {}), **residue}), shortcut)
    for wrong in (None, 7, "text", [7], {"a": 7}, [[]], [["a"]], [[[], 1, 2]]):
        with pytest.raises(ValueError, match="residue"):
            shortcuts.to_shortcut(code, {**residue, part: wrong})
        with pytest.raises(ValueError, match="residue"):
            shortcuts.rename_residue({**residue, part: wrong}, {})
    for operation in ([["nowhere", "at all"], 1], [[]], [["WFWorkflowActions", 99], 1], [["WFWorkflowActions", "x"]]):
        with pytest.raises(ValueError, match="does not fit"):
            shortcuts.to_shortcut(code, {**residue, "patch": [operation]})


# ---------------------------------------------------------------------------------------------------------------------------------
# what is refused


@pytest.mark.parametrize("code, line, code_, advice", [
    ("x = (", 1, "syntax", "not Python"),
    ("is_workflow_actions_nothing()\nwhile True:\n    pass", 2, "form", "range"),
    ("import numpy", 1, "form", "actions of its apps"),
    ("frobnicate('x')", 1, "unknown_api", "search"),
    ("is_workflow_actions_url('https://example.org')", 1, "positional_argument", "keyword"),
    ("is_workflow_actions_showresult(Text=missing_name)", 1, "undefined_name", "missing_name"),
    ("for i in range(5):\n    pass\nelse:\n    pass", 1, "form", "after the loop"),
    ("x = clipboard()\nx.Name = 5", 2, "form", "one name"),
    ("x = clipboard()\ny = x + x", 2, "form", "as_number"),
    ("match clipboard():\n    case ['A', x]:\n        pass", 2, "form", "if and elif"),
    ("x = clipboard()\nis_workflow_actions_showresult(Text=clipboard()[x])", 2, "form", "str(x)"),
    ("is_workflow_actions_showresult(**{'Text': 'a'}, Text='b')", 1, "duplicate_parameter", "twice"),
    ("is_workflow_actions_conditional(WFCondition=4)", 1, "form", "if"),
    ("if_result()", 1, "form", "block"),
    ("lambda: 0", 1, "form", "functions"),
])  # fmt: skip
def test_a_form_outside_the_dialect_is_refused_with_line_and_advice(code, line, code_, advice):
    with pytest.raises(DialectError) as caught:
        shortcuts.to_shortcut(code)
    assert caught.value.line == line and caught.value.code == code_ and advice in caught.value.message


def test_check_finds_every_error_and_a_program_without_any_compiles():
    code = "is_workflow_actions_urll()\nis_workflow_actions_url(Nonsense=1)\nis_workflow_actions_showresult(Text=nowhere)\n" \
           "is_workflow_actions_exit()\nis_workflow_actions_date()\n"  # fmt: skip
    found = {(diagnostic.line, diagnostic.code) for diagnostic in shortcuts.check(code)}
    assert found == {(1, "unknown_api"), (2, "unknown_parameter"), (3, "undefined_name"), (5, "unreachable")}
    assert shortcuts.check("x = is_workflow_actions_url(WFURLActionURL='https://example.org')\nis_workflow_actions_openurl(WFInput=x)\n") == []


def test_check_goes_on_inside_a_block_whose_head_is_wrong():
    code = "while True:\n    is_workflow_actions_urll()\n"
    assert [diagnostic.code for diagnostic in shortcuts.check(code)] == ["form", "unknown_api"]


@pytest.mark.parametrize("code", ["(" * 5000, "x" * 10 + "[0]" * 5000, "if x:\n" * 200, "\x00", "a = " + "-" * 5000 + "1", "\ud800"])
def test_hostile_programs_end_in_a_diagnostic(code):
    assert shortcuts.check(code)
    with pytest.raises(DialectError):
        shortcuts.to_shortcut(code)


@pytest.mark.parametrize("new", ["class", "print", "two words", "menu", "y"])
def test_a_name_is_not_renamed_to_one_that_is_reserved_or_taken(new):
    with pytest.raises(ValueError):
        shortcuts.rename("x = clipboard()\ny = x\n", {"x": new})


def test_a_name_is_renamed_and_an_api_that_is_called_alike_is_not():
    code = "com_example_x = com_example_x()\nis_workflow_actions_showresult(Text=com_example_x)\n"
    assert shortcuts.rename(code, {"com_example_x": "y"}) == code.replace("com_example_x = ", "y = ").replace("=com_example_x", "=y")


def test_unbalanced_markers_are_refused_with_the_actions_index():
    end = {"WFWorkflowActionIdentifier": "is.workflow.actions.conditional", "WFWorkflowActionParameters": {"WFControlFlowMode": 2}}
    with pytest.raises(shortcuts.Unbalanced, match="action 0"):
        shortcuts.to_python({"WFWorkflowActions": [end]})


# ---------------------------------------------------------------------------------------------------------------------------------
# what fuzzing found

ONE, TWO = "11111111-0000-4000-8000-000000000000", "22222222-0000-4000-8000-000000000000"


def step(identifier: str, **given: object) -> dict:
    return {"WFWorkflowActionIdentifier": f"is.workflow.actions.{identifier}", "WFWorkflowActionParameters": given}


def reference(uuid: str, **more: object) -> dict:
    return {"Value": {"Type": "ActionOutput", "OutputUUID": uuid, "OutputName": "Text", **more}, "WFSerializationType": "WFTextTokenAttachment"}


def text_of(*tokens: dict) -> dict:
    ranges = {f"{{{index}, 1}}": token for index, token in enumerate(tokens)}
    return {"Value": {"string": "\ufffc" * len(tokens), "attachmentsByRange": ranges}, "WFSerializationType": "WFTextTokenString"}


ODD = {"Type": "Odd"}
TITLE = text_of({"Type": "Variable", "VariableName": "x"})


@pytest.mark.parametrize("text", [{"ParameterKey": ONE}, {"Text": ONE}, {"DefaultValue": ONE}, {"DefaultValue": {"x": ["y", ONE]}}, {"Category": ONE}])
@pytest.mark.parametrize("more", [{"UUID": ONE}, {}], ids=["of an action", "of none"])
@pytest.mark.parametrize("index", [0, 9])
def test_an_identity_in_a_question_comes_back_equal(text, more, index):
    question = {"ActionIndex": index, "Category": "Parameter", "ParameterKey": "WFTextActionText", "Text": "Which?", "DefaultValue": "one"} | text
    actions = [step("gettext", WFTextActionText="one", **more), step("showresult", Text=reference(ONE))]
    result = shortcuts.transcribe({"WFWorkflowActions": actions, "WFWorkflowImportQuestions": [question]})
    assert (result.exact, result.canonical, result.fixed_point) == (True, True, True), result.code


@pytest.mark.parametrize("actions, more", [
    ([step("gettext", UUID=ONE), step("repeat.each", Odd=ONE, WFInput=reference(ONE)), step("repeat.each", WFControlFlowMode=2, Odd=ONE)], {}),
    ([step("gettext")], {"WFWorkflowImportQuestions": 5}),
    ([step("gettext", WFInput={"Value": {"OutputUUID": ONE}})], {"WFWorkflowImportQuestions": ONE}),
    ([step("gettext")], {"WFWorkflowInputContentItemClasses": [ONE]}),
    ([step("gettext", WFTextActionText=reference(ONE, Aggrandizements=plistlib.UID(3)))], {}),
    ([step("choosefrommenu", WFMenuItems=[{"WFItemType": 0, "WFValue": TITLE}]),
      step("choosefrommenu", WFControlFlowMode=1, WFMenuItemTitle="label", WFMenuItemAttributedTitle=TITLE["Value"]),
      step("choosefrommenu", WFControlFlowMode=2)], {}),
    ([step("conditional", UUID=ONE), step("conditional", WFControlFlowMode=2, UUID=TWO), step("gettext", WFTextActionText=reference(ONE))], {}),
    ([step("conditional", WFConditionalActionString=text_of(ODD, reference(ONE)["Value"])), step("conditional", WFControlFlowMode=2),
      step("gettext", WFTextActionText=reference(TWO)), step("gettext", WFTextActionText=reference(ONE))], {}),
    ([step("gettext"), step("runsshscript", UUID=2)], {"WFWorkflowImportQuestions": [{"ParameterKey": "WFTextActionText", "Category": "Parameter", "ActionIndex": 1}]}),
    ([step("conditional"), step("conditional", WFControlFlowMode="1", UUID=[]), step("conditional", WFControlFlowMode="2")], {}),
    ([step("conditional", CustomOutputName={}), step("conditional", WFControlFlowMode=2, CustomOutputName=5)], {}),
    ([step("gettext", UUID=ONE, WFTextActionText={"Value": "a", "WFSerializationType": "WFTextTokenString"})] * 2 + [step("gettext", Odd={"OutputUUID": ONE})], {}),
    ([step("setvariable", WFVariableName="a-b", WFInput=reference(ONE)), step("setvariable", WFVariableName="a b", UUID=ONE, CustomOutputName="x")], {}),
    ([step("gettext", Odd=[reference(ONE, Aggrandizements=[{"Type": "WFPropertyVariableAggrandizement", "PropertyName": "A", "PropertyUserInfo": info}])
                           for info in (float("nan"), float("inf"), -0.0, 0.0, -1)])], {}),
], ids=["an identity under another key", "questions that are no list", "an identity instead of questions", "an identity at the workflow level", "steps that are no list",
        "one title in two places", "an identity on a start that the end does not share", "a dangling identity in a literal", "a question for an identity that is no text", "a case whose identity is a list", "a name that is no text", "a raw copy of a raw action", "names that fold to one", "info of a property that is an odd number"])  # fmt: skip
def test_odd_shortcuts_come_back_equal(actions, more):
    result = shortcuts.transcribe({"WFWorkflowActions": actions, **more})
    assert (result.exact, result.canonical, result.fixed_point) == (True, True, True), result.code


# ---------------------------------------------------------------------------------------------------------------------------------
# real shortcuts


def test_real_shortcuts_come_back_equal(shared):
    unbalanced = 0
    for path in itertools.islice(sorted(shared.glob("corpus/plist/*.plist")), 0, None, 20):
        try:
            result = shortcuts.transcribe(plist.read_shortcut(path.read_bytes()))
        except shortcuts.Unbalanced:
            unbalanced += 1
            continue
        ast.parse(result.code)
        assert (result.exact, result.canonical, result.fixed_point) == (True, True, True), path.name
    assert unbalanced <= 2
