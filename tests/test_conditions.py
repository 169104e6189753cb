"""Every test of an If: what it compiles to, what it is printed as, what is refused. `python -m pytest tests/test_conditions.py`"""

from __future__ import annotations

import copy
import datetime
from typing import Any

import pytest

import shortcuts
from shortcuts import DialectError, plist
from tests.app_rules import defects

IF, NOTHING, NUMBER_ACTION = (f"is.workflow.actions.{name}" for name in ("conditional", "nothing", "number"))
TEXT, NUMBER, DATE, LEGACY = "WFConditionalActionString", "WFNumberValue", "WFDate", "WFConditionalLegacyComparisonBehavior"
BEFORE = "x = is_workflow_actions_nothing()\ny = is_workflow_actions_getclipboard()\nn = is_workflow_actions_count(Input=y)\n"
OLD = "workflow(client_version='754')\n"


def envelope(kind: str, value: Any) -> dict[str, Any]:
    return {"Value": value, "WFSerializationType": kind}


def attachment(token: dict[str, Any]) -> dict[str, Any]:
    return envelope("WFTextTokenAttachment", token)


def quantity(magnitude: Any, unit: str) -> dict[str, Any]:
    return envelope("WFQuantityFieldValue", {"Magnitude": magnitude, "Unit": unit})


def lone(token: dict[str, Any]) -> dict[str, Any]:
    """A text that holds nothing but a variable."""
    return envelope("WFTextTokenString", {"string": "\ufffc", "attachmentsByRange": {"{0, 1}": token}})


def starts(code: str) -> list[dict[str, Any]]:
    """The parameters of every If's start in a program, without those of a block."""
    actions = [action["WFWorkflowActionParameters"] for action in shortcuts.to_shortcut(code)["WFWorkflowActions"]
               if action["WFWorkflowActionIdentifier"] == IF]  # fmt: skip
    return [{key: value for key, value in parameters.items() if key not in ("GroupingIdentifier", "WFControlFlowMode", "UUID")}
            for parameters in actions if parameters["WFControlFlowMode"] == 0]  # fmt: skip


def compiled(test: str, before: str = BEFORE) -> dict[str, Any]:
    """Return what a test compiles to; the input is checked to be `x` and left out."""
    (parameters,) = starts(f"{before}if {test}:\n    pass\n")
    token = parameters.pop("WFInput")["Variable"]["Value"]
    assert token["OutputName"] in ("x", "Nothing")
    return parameters


def token_of(name: str) -> dict[str, Any]:
    (parameters,) = starts(f"{BEFORE}if {name}:\n    pass\n")
    return parameters["WFInput"]["Variable"]["Value"]


def shortcut_of(parameters: dict[str, Any], version: str = "2605.0.5", before: str = BEFORE) -> dict[str, Any]:
    """A shortcut with one If of these parameters; `x`, `y` and `n` stand for inputs and operands."""
    code = f"{before}if x and y and n:\n    pass\n"
    shortcut = shortcuts.to_shortcut(code)
    start = next(action for action in shortcut["WFWorkflowActions"] if action["WFWorkflowActionIdentifier"] == IF)
    del start["WFWorkflowActionParameters"]["WFConditions"]
    start["WFWorkflowActionParameters"].update(parameters)
    shortcut["WFWorkflowClientVersion"] = version
    return shortcut


def input_of(name: str = "x", **steps: Any) -> dict[str, Any]:
    """A WFInput."""
    return {"Type": "Variable", "Variable": attachment({**token_of(name), **steps})}


def printed(parameters: dict[str, Any], version: str = "2605.0.5") -> str:
    """The test that parameters are printed as, with the proof of its round trip."""
    shortcut = shortcut_of(copy.deepcopy(parameters), version)
    result = shortcuts.transcribe(shortcut)
    assert (result.exact, result.canonical, result.fixed_point) == (True, True, True), result.code
    (line,) = [line for line in result.code.splitlines() if line.startswith("if ")]
    return line.removeprefix("if ").removesuffix(":")


# ---------------------------------------------------------------------------------------------------------------------------------
# operators: plain, mirrored, negated

OPERATORS = [
    ("x < 5", {"WFCondition": 0, NUMBER: "5"}), ("5 > x", {"WFCondition": 0, NUMBER: "5"}), ("not x < 5", {"WFCondition": 3, NUMBER: "5"}),
    ("x <= 5", {"WFCondition": 1, NUMBER: "5"}), ("5 >= x", {"WFCondition": 1, NUMBER: "5"}), ("not x <= 5", {"WFCondition": 2, NUMBER: "5"}),
    ("x > 5", {"WFCondition": 2, NUMBER: "5"}), ("5 < x", {"WFCondition": 2, NUMBER: "5"}), ("not x > 5", {"WFCondition": 1, NUMBER: "5"}),
    ("x >= 5", {"WFCondition": 3, NUMBER: "5"}), ("5 <= x", {"WFCondition": 3, NUMBER: "5"}), ("not x >= 5", {"WFCondition": 0, NUMBER: "5"}),
    ("not 5 <= x", {"WFCondition": 0, NUMBER: "5"}), ("not 5 < x", {"WFCondition": 1, NUMBER: "5"}),
    ("x == 5", {"WFCondition": 4, NUMBER: "5"}), ("5 == x", {"WFCondition": 4, NUMBER: "5"}), ("not x == 5", {"WFCondition": 5, NUMBER: "5"}),
    ("x != 5", {"WFCondition": 5, NUMBER: "5"}), ("5 != x", {"WFCondition": 5, NUMBER: "5"}), ("not x != 5", {"WFCondition": 4, NUMBER: "5"}),
    ("x == -2.5", {"WFCondition": 4, NUMBER: "-2.5"}), ("-2.5 < x", {"WFCondition": 2, NUMBER: "-2.5"}),
    ("x == 'a'", {"WFCondition": 4, TEXT: "a"}), ("'a' == x", {"WFCondition": 4, TEXT: "a"}), ("not x == 'a'", {"WFCondition": 5, TEXT: "a"}),
    ("x == None", {"WFCondition": 4}), ("x != None", {"WFCondition": 5}), ("None == x", {"WFCondition": 4}),
    ("'a' in x", {"WFCondition": 99, TEXT: "a"}), ("'a' not in x", {"WFCondition": 999, TEXT: "a"}),
    ("not 'a' in x", {"WFCondition": 999, TEXT: "a"}), ("not 'a' not in x", {"WFCondition": 99, TEXT: "a"}), ("5 in x", {"WFCondition": 99, TEXT: "5"}),
    ("x.startswith('a')", {"WFCondition": 8, TEXT: "a"}), ("x.endswith('a')", {"WFCondition": 9, TEXT: "a"}),
    ("x", {"WFCondition": 100}), ("not x", {"WFCondition": 101}), ("not not x", {"WFCondition": 100}),
    ("is_today(x)", {"WFCondition": 1002}),
    ("is_within_next(x, quantity(3, 'days'))", {"WFCondition": 1000, "WFDuration": quantity(3, "days")}),
    ("is_within_last(x, quantity(3, 'days'))", {"WFCondition": 1001, "WFDuration": quantity(3, "days")}),
    ("1 <= x <= 9", {"WFCondition": 1003, NUMBER: "1", "WFAnotherNumber": "9"}),
    ("9 >= x >= 1", {"WFCondition": 1003, NUMBER: "1", "WFAnotherNumber": "9"}),
    ("quantity(1, 'kg') <= x <= quantity(2, 'kg')",
     {"WFCondition": 1003, "WFMeasurement": quantity(1, "kg"), "WFAnotherMeasurement": quantity(2, "kg")}),
    ("datetime(2020, 1, 1) <= x <= datetime(2020, 1, 2)",
     {"WFCondition": 1003, DATE: datetime.datetime(2020, 1, 1), "WFAnotherDate": datetime.datetime(2020, 1, 2)}),
    ("current_date() <= x <= as_date(clipboard())", {
        "WFCondition": 1003, DATE: attachment({"Type": "CurrentDate"}),
        "WFAnotherDate": attachment({"Type": "Clipboard", "Aggrandizements": [
            {"Type": "WFCoercionVariableAggrandizement", "CoercionItemClass": "WFDateContentItem"}]})}),
    ("x > quantity(1, 'MB')", {"WFCondition": 2, "WFMeasurement": quantity(1, "MB")}),
    ("quantity(1, 'MB') < x", {"WFCondition": 2, "WFMeasurement": quantity(1, "MB")}),
    ("x < current_date()", {"WFCondition": 0, DATE: attachment({"Type": "CurrentDate"})}),
    ("x < datetime(2020, 1, 1)", {"WFCondition": 0, DATE: datetime.datetime(2020, 1, 1)}),
    ("clipboard() in x", {"WFCondition": 99, TEXT: lone({"Type": "Clipboard"})}),
    ("legacy(x == 'a')", {"WFCondition": 4, TEXT: "a", LEGACY: True}),
    ("leftover(x < 5, text='a')", {"WFCondition": 0, NUMBER: "5", TEXT: "a"}),
    ("leftover(legacy(x), number=7)", {"WFCondition": 100, NUMBER: 7, LEGACY: True}),
    ("when(x == 'a', WFOdd=1)", {"WFCondition": 4, TEXT: "a", "WFOdd": 1}),
    ("when(x, WFCondition=77)", {"WFCondition": 77}),
    ("x == enumeration('Music')", {"WFCondition": 4, "WFEnumeration": "Music"}),
    ("x == attachment(clipboard())", {"WFCondition": 4, TEXT: attachment({"Type": "Clipboard"})}),
]  # fmt: skip


@pytest.mark.parametrize("test, condition", OPERATORS)
def test_each_operator_plain_mirrored_and_negated(test, condition):
    assert compiled(test) == condition


@pytest.mark.parametrize("test", [
    "x.startswith('a')", "x.endswith('a')", "is_today(x)", "is_within_next(x, quantity(3, 'days'))", "1 <= x <= 5", "legacy(x == 'a')",
    "leftover(x, text='a')", "when(x, WFCondition=77)", "x == 1 and y == 2", "all_of(x)",
])  # fmt: skip
def test_not_of_what_no_operator_negates_puts_the_steps_under_otherwise(test):
    plain = f"{BEFORE}if {test}:\n    pass\nelse:\n    is_workflow_actions_exit()\n"
    negated = f"{BEFORE}if not ({test}):\n    is_workflow_actions_exit()\n"
    assert shortcuts.equivalent(shortcuts.to_shortcut(plain), shortcuts.to_shortcut(negated))


@pytest.mark.parametrize("test, advice", [
    ("x and any_of(y, n)", "cannot be mixed"), ("all_of(x, y or n)", "cannot be mixed"),
    ("1 <= x <= None", "two ends"), ("None <= x <= 5", "two ends"), ("'a' <= x <= 'b'", "no order"), ("enumeration('a') <= x <= 5", "by =="), ("x < enumeration('a')", "by =="),
    ("enumeration('a') in x", "one text"),
    ("x < 'a'", "no order"), ("x >= f'{y}'", "no order"), ("1 == 1", "always the same"),
    ("x.startswith('a', 'b')", "startswith(text"), ("x.endswith(['a'])", "one text"),
    ("x.startswith()", "startswith(text"), ("x.startswith(prefix='a')", "startswith(text"), ("['a', 'b'] in x", "one text"),
    ("is_today(x, 1)", "is_today(date"), ("is_today()", "is_today(date"), ("is_within_last(x)", "duration"),
    ("is_within_last(x, 3)", "quantity(3, 'days')"), ("is_within_last(x, quantity(3, 'days'), 1)", "(date, duration"),
    ("when(x, 5)", "(test"), ("legacy(x, y)", "(test"), ("legacy()", "(test"), ("legacy(x, text='a')", "(test"),
    ("leftover(number=1)", "(test"), ("leftover(x, words='a')", "another_number"), ("leftover(x == 'a', text='b')", "compares with"),
    ("all_of()", "takes conditions"), ("all_of(x, bound=True)", "bounded"), ("single(x, bounded=1)", "bounded"),
    ("x == [1]", "compares with"), ("x == {'a': 1}", "compares with"), ("x < True", "by =="),
    ("x and y == False", "under else"),
    ("x == number(1, 2)", "number(value"), ("x == number(a=1)", "number(value"),
])  # fmt: skip
def test_what_is_no_condition_of_the_app_is_refused_with_advice(test, advice):
    with pytest.raises(DialectError) as caught:
        shortcuts.to_shortcut(f"{BEFORE}if {test}:\n    pass\n")
    assert caught.value.line == 4 and advice in caught.value.message


def test_what_one_operator_joins_needs_no_parentheses():
    (flat,), (nested,) = (starts(f"{BEFORE}if {test}:\n    pass\n") for test in ("x and y and n", "x and (y and n)"))
    assert flat == nested and len(flat["WFConditions"]["Value"]["WFActionParameterFilterTemplates"]) == 3


# ---------------------------------------------------------------------------------------------------------------------------------
# the kind of a variable operand


@pytest.mark.parametrize("before, test, key", [
    ("", "x == y", TEXT), ("", "x != y", TEXT), ("", "x == y['a']", TEXT), ("", "as_text(x) == y", TEXT), ("", "x == f'{n}'", TEXT),
    ("", "x == n", NUMBER), ("", "n == x", NUMBER), ("", "x == as_number(y)", NUMBER), ("", "as_number(x) == y", NUMBER),
    ("", "x == number(y)", NUMBER), ("", "x < y", NUMBER), ("", "x <= number(y)", NUMBER),
    ("five = 5\n", "x == five", NUMBER), ("t = 'a'\n", "x == t", TEXT),
    ("total = is_workflow_actions_math(WFInput=n, WFMathOperand=1)\n", "x == total", NUMBER),
    ("best = n\n", "x == best", NUMBER), ("best = n\nbest = y\n", "x == best", TEXT), ("best = n\nbest = 7\n", "x == best", NUMBER),
    ("best = y\nbest = n\n", "x == best", TEXT), ("best = n\nbest += [n]\n", "x == best", TEXT),
    ("d = is_workflow_actions_date()\n", "x == d", DATE), ("d = is_workflow_actions_date()\n", "x < d", DATE),
    ("d = is_workflow_actions_date()\n", "d > x", DATE), ("d = is_workflow_actions_date()\n", "x == d.formatted('yyyy')", TEXT),
    ("d = is_workflow_actions_adjustdate(WFDate='today')\n", "x == as_text(d)", TEXT),
])  # fmt: skip
def test_a_variable_is_compared_as_what_it_or_the_subject_is_known_to_be(before, test, key):
    (condition,) = starts(f"{BEFORE}{before}if {test}:\n    pass\n")
    assert condition.keys() - {"WFInput", "WFCondition"} == {key}


def test_the_index_of_a_loop_is_a_number_and_a_name_has_the_kind_that_it_has_above():
    loop = starts(f"{BEFORE}for i in range(1, n + 1):\n    if x == i:\n        pass\n")
    later = starts(f"{BEFORE}best = n\nif x == best:\n    pass\nbest = y\nif x == best:\n    pass\n")
    assert NUMBER in loop[0] and NUMBER in later[0] and TEXT in later[1]
    code = f"{BEFORE}best = n\nif x == best:\n    pass\nbest = y\nif x == f'{{best}}':\n    pass\n"
    assert "if x == best:" in shortcuts.to_python(shortcuts.to_shortcut(code))[0]


@pytest.mark.parametrize("condition, test", [
    ({"WFCondition": 4, TEXT: "y"}, "x == f'{y}'"), ({"WFCondition": 4, NUMBER: "y"}, "x == number(y)"), ({"WFCondition": 4, NUMBER: "n"}, "x == n"),
    ({"WFCondition": 4, TEXT: "n"}, "x == f'{n}'"), ({"WFCondition": 2, NUMBER: "y"}, "x > y"),
])  # fmt: skip
def test_the_rarer_form_of_a_variable_operand_is_explicit(condition, test):
    key = next(key for key in condition if key != "WFCondition")
    operand = lone(token_of(condition[key])) if key == TEXT else attachment(token_of(condition[key]))
    assert printed({"WFInput": input_of(), **condition, key: operand}) == test


@pytest.mark.parametrize("condition, test", [
    ({NUMBER: "05"}, "x == number('05')"), ({NUMBER: ""}, "x == number('')"), ({NUMBER: True}, "x == number(True)"), ({NUMBER: "5"}, "x == 5"),
    ({"WFEnumeration": "Music"}, "x == enumeration('Music')"), ({TEXT: attachment({"Type": "Clipboard"})}, "x == attachment(clipboard())"),
    ({"WFLinkEnumeration": "a"}, "when(x, WFCondition=4, WFLinkEnumeration='a')"), ({TEXT: "a", NUMBER: "7"}, "leftover(x == 'a', number='7')"),
    ({TEXT: "", NUMBER: "7"}, "leftover(x == 7, text='')"), ({TEXT: "", LEGACY: True, NUMBER: 7}, "leftover(legacy(x == ''), number=7)"),
    ({TEXT: "a", LEGACY: True}, "legacy(x == 'a')"), ({TEXT: "a", LEGACY: False}, f"when(x == 'a', {LEGACY}=False)"),
    ({TEXT: "a", LEGACY: 1}, f"when(x == 'a', {LEGACY}=1)"),
    ({"WFCondition": 0, TEXT: "a", NUMBER: "7"}, "leftover(x < 7, text='a')"), ({"WFCondition": 0, TEXT: "a"}, "leftover(x < None, text='a')"),
    ({"WFCondition": 100, TEXT: "a", DATE: "d"}, "leftover(x, text='a', date='d')"), ({"WFCondition": 99, NUMBER: 1}, "leftover(None in x, number=1)"),
    ({"WFCondition": 101, TEXT: "a"}, "leftover(not x, text='a')"), ({"WFCondition": 77, TEXT: "a"}, "when(x, WFCondition=77, WFConditionalActionString='a')"),
    ({"WFCondition": 1003, NUMBER: "1"}, "when(x, WFCondition=1003, WFNumberValue='1')"), ({"WFCondition": 1003}, "when(x, WFCondition=1003)"),
    ({"WFCondition": 1003, NUMBER: "1", "WFAnotherNumber": "05"}, "1 <= x <= '05'"), ({"WFCondition": 1002, TEXT: "a"}, "leftover(is_today(x), text='a')"),
    ({"WFCondition": 1001, "WFDuration": "a"}, "when(x, WFCondition=1001, WFDuration='a')"), ({"WFCondition": 8, TEXT: lone({"Type": "Clipboard"})}, "x.startswith(clipboard())"),
    ({"WFCondition": "Is Less Than", NUMBER: 7}, "x < 7"),
])  # fmt: skip
def test_odd_operands_have_a_form_and_come_back(condition, test):
    assert printed({"WFCondition": 4, "WFInput": input_of(), **condition}) == test


# ---------------------------------------------------------------------------------------------------------------------------------
# truth values and cases

BOOLEAN = [{"Type": "WFCoercionVariableAggrandizement", "CoercionItemClass": "WFBooleanContentItem"}]


def test_a_truth_value_without_operand_is_true():
    assert printed({"WFCondition": 4, "WFInput": input_of(Aggrandizements=BOOLEAN)}) == "as_boolean(x) == True"
    assert printed({"WFCondition": 5, "WFInput": input_of(Aggrandizements=BOOLEAN)}) == "as_boolean(x) != None"
    assert printed({"WFCondition": 4, "WFInput": input_of()}) == "x == None"
    assert printed({"WFCondition": 100, "WFInput": input_of(Aggrandizements=BOOLEAN)}) == "as_boolean(x)"
    assert printed({"WFCondition": 4, NUMBER: "0", "WFInput": input_of(Aggrandizements=BOOLEAN)}) == "as_boolean(x) == 0"


@pytest.mark.parametrize("test", ["as_boolean(x) == True", "True == as_boolean(x)", "x == True", "as_boolean(x) == None"])
def test_a_test_for_true_makes_its_value_a_truth_value(test):
    (condition,) = starts(f"{BEFORE}if {test}:\n    pass\n")
    assert condition == {"WFCondition": 4, "WFInput": input_of(Aggrandizements=BOOLEAN)}


@pytest.mark.parametrize("test", ["x == False", "x != True", "not x == True", "False == x"])
def test_a_test_for_false_puts_the_steps_under_otherwise(test):
    plain = f"{BEFORE}if x == True:\n    pass\nelse:\n    is_workflow_actions_exit()\n"
    assert shortcuts.equivalent(shortcuts.to_shortcut(f"{BEFORE}if {test}:\n    is_workflow_actions_exit()\n"), shortcuts.to_shortcut(plain))


@pytest.mark.parametrize("test", ["not x == False", "x != False", "not x != True"])
def test_not_false_is_true(test):
    modes = [action["WFWorkflowActionParameters"].get("WFControlFlowMode")
             for action in shortcuts.to_shortcut(f"{BEFORE}if {test}:\n    is_workflow_actions_exit()\n")["WFWorkflowActions"][3:]]  # fmt: skip
    assert modes[:2] == [0, None], "the step runs if it is true"


def test_the_type_of_a_device_is_one_of_the_apps_cases():
    device = {"Type": "DeviceDetails", "Aggrandizements": [{"Type": "WFPropertyVariableAggrandizement", "PropertyName": "Device Type"}]}
    subject = {"Type": "Variable", "Variable": attachment(device)}
    assert printed({"WFCondition": 4, "WFInput": subject, "WFEnumeration": "Watch"}) == "device_details().Device_Type == 'Watch'"
    assert printed({"WFCondition": 4, "WFInput": subject, TEXT: "Watch"}).startswith("when(")
    assert printed({"WFCondition": 4, "WFInput": subject, TEXT: lone({"Type": "Clipboard"})}) == "device_details().Device_Type == f'{clipboard()}'"


# ---------------------------------------------------------------------------------------------------------------------------------
# tables


@pytest.mark.parametrize("table, test", [
    ({"WFActionParameterFilterPrefix": 1, "WFContentPredicateBoundedDate": False}, "x == 'a' and (not y)"),
    ({"WFActionParameterFilterPrefix": 0, "WFContentPredicateBoundedDate": False}, "x == 'a' or not y"),
    ({"WFActionParameterFilterPrefix": 1}, "all_of(x == 'a', not y, bounded=None)"),
    ({"WFActionParameterFilterPrefix": 0, "WFContentPredicateBoundedDate": True}, "any_of(x == 'a', not y, bounded=True)"),
    ({"WFActionParameterFilterPrefix": -1}, "single(x == 'a', not y)"),
    ({"WFActionParameterFilterPrefix": -1, "WFContentPredicateBoundedDate": False}, "single(x == 'a', not y, bounded=False)"),
])  # fmt: skip
def test_tables_as_apps_and_compilers_write_them(table, test):
    rows = [{"WFCondition": 4, TEXT: "a", "WFInput": input_of()}, {"WFCondition": 101, "WFInput": input_of("y")}]
    whole = envelope("WFContentPredicateTableTemplate", {**table, "WFActionParameterFilterTemplates": rows})
    assert printed({"WFConditions": whole}) == test
    one = envelope("WFContentPredicateTableTemplate", {**table, "WFActionParameterFilterTemplates": rows[:1]})
    assert not printed({"WFConditions": one}).startswith("when(")


@pytest.mark.parametrize("change", [
    {"WFActionParameterFilterPrefix": 2}, {"WFActionParameterFilterPrefix": True}, {"WFActionParameterFilterTemplates": []}, {"Odd": 1},
    {"WFContentPredicateBoundedDate": 1}, {"WFActionParameterFilterTemplates": [{"WFConditions": 1}]}, {"WFActionParameterFilterTemplates": [5]},
])  # fmt: skip
def test_a_table_that_is_none_is_written_out(change):
    table = {"WFActionParameterFilterPrefix": 1, "WFActionParameterFilterTemplates": [{"WFCondition": 100, "WFInput": input_of()}], **change}
    assert printed({"WFConditions": envelope("WFContentPredicateTableTemplate", table)}).startswith("when(WFConditions=")


def test_operands_may_be_left_over_beside_a_table():
    table = {"WFActionParameterFilterPrefix": 1, "WFContentPredicateBoundedDate": False,
             "WFActionParameterFilterTemplates": [{"WFCondition": 100, "WFInput": input_of()}] * 2}  # fmt: skip
    shown = printed({"WFConditions": envelope("WFContentPredicateTableTemplate", table), TEXT: "a", LEGACY: True})
    assert shown == "leftover(legacy(x and x), text='a')"


# ---------------------------------------------------------------------------------------------------------------------------------
# the output of the action before


@pytest.mark.parametrize("test, condition", [
    ("previous_output() > 2", {"WFCondition": 2, NUMBER: "2", LEGACY: True}), ("previous_output() == 'a'", {"WFCondition": 4, TEXT: "a", LEGACY: True}),
    ("'a' in previous_output()", {"WFCondition": 99, TEXT: "a", LEGACY: True}), ("previous_output() >= 2", {"WFCondition": 3, NUMBER: "2"}),
    ("previous_output()", {"WFCondition": 100}), ("previous_output().startswith('a')", None), ("not previous_output()", {"WFCondition": 101}),
])  # fmt: skip
def test_the_previous_output_of_a_new_program_is_the_output_of_the_action_before(test, condition):
    code = f"is_workflow_actions_number(WFNumberActionNumber=3)\nif {test}:\n    is_workflow_actions_exit()\n"
    shortcut = shortcuts.to_shortcut(code)
    (start,) = starts(code)
    made = shortcut["WFWorkflowActions"][0]["WFWorkflowActionParameters"]["UUID"]
    assert start.pop("WFInput")["Variable"]["Value"] == {"Type": "ActionOutput", "OutputUUID": made, "OutputName": "Number"}
    assert start == condition or condition is None
    assert defects(shortcut) == [] and shortcuts.check(code) == []
    again, _ = shortcuts.to_python(shortcut)
    assert "previous_output" not in again and shortcuts.equivalent(shortcuts.to_shortcut(again), shortcut)


def test_the_previous_output_may_have_a_name_and_be_that_of_a_block():
    named = starts("five = 5\nif previous_output() > 2:\n    pass\n")[0]
    assert named["WFInput"]["Variable"]["Value"]["OutputName"] == "five"
    block = "if clipboard():\n    is_workflow_actions_date()\nif previous_output():\n    pass\n"
    assert starts(block)[1]["WFInput"]["Variable"]["Value"]["OutputName"] == "If Result" and defects(shortcuts.to_shortcut(block)) == []


@pytest.mark.parametrize("code, line", [
    ("if previous_output():\n    pass\n", 1), ("'note'\nif previous_output() == 'a':\n    pass\n", 2),
    ("x = clipboard()\nif previous_output():\n    pass\n", 2), ("x = []\nx += [clipboard()]\nif previous_output():\n    pass\n", 3),
    ("for _ in range(2):\n    if previous_output():\n        pass\n", 2), ("is_workflow_actions_nothing()\nif previous_output():\n    pass\n", 2),
    ("five = 5\nif five:\n    pass\nelif previous_output() < 2:\n    pass\n", 4),
    ("five = 5\nif five:\n    is_workflow_actions_date()\nelif otherwise_if(previous_output() < 2):\n    pass\n", 4),
    ("match menu('?'):\n    case 'A':\n        if previous_output():\n            pass\n", 3),
])  # fmt: skip
def test_where_no_output_comes_before_a_test_of_it_is_refused(code, line):
    with pytest.raises(DialectError, match="no output comes before") as caught:
        shortcuts.to_shortcut(code)
    assert caught.value.line == line
    assert (line, "form") in {(found.line, found.code) for found in shortcuts.check(code)}


@pytest.mark.parametrize("test, condition", [
    ("previous_output() == 'a'", {"WFCondition": "Equals", TEXT: "a"}), ("previous_output() > 2", {"WFCondition": "Is Greater Than", NUMBER: "2"}),
    ("previous_output() < 2", {"WFCondition": "Is Less Than", NUMBER: "2"}), ("'a' in previous_output()", {"WFCondition": "Contains", TEXT: "a"}),
])  # fmt: skip
def test_before_ios_13_a_condition_has_a_name_and_no_input(test, condition):
    code = f"{OLD}if {test}:\n    pass\n"
    assert starts(code) == [condition]
    shortcut = shortcuts.to_shortcut(code)
    assert shortcut["WFWorkflowClientVersion"] == "754" and defects(shortcut) == [] and shortcuts.to_python(shortcut)[0] == code


@pytest.mark.parametrize("test", ["previous_output()", "not previous_output()", "previous_output() >= 2", "previous_output() != 'a'",
                                  "previous_output() == True"])  # fmt: skip
def test_before_ios_13_there_were_four_operators(test):
    with pytest.raises(DialectError):
        shortcuts.to_shortcut(f"{OLD}if {test}:\n    pass\n")


def test_not_of_a_previous_output_puts_the_steps_under_otherwise():
    for head in (OLD, ""):
        code = f"{head}is_workflow_actions_date()\nif not previous_output() == 'a':\n    is_workflow_actions_exit()\n"
        other = f"{head}is_workflow_actions_date()\nif previous_output() == 'a':\n    pass\nelse:\n    is_workflow_actions_exit()\n"
        assert shortcuts.equivalent(shortcuts.to_shortcut(code), shortcuts.to_shortcut(other))


@pytest.mark.parametrize("version, condition, test", [
    ("754", {"WFCondition": "Equals", TEXT: "a"}, "previous_output() == 'a'"), ("754", {TEXT: "a"}, "'a' in previous_output()"),
    ("754", {"WFCondition": "Equals", TEXT: "a", NUMBER: 1.0}, "leftover(previous_output() == 'a', number=1.0)"),
    ("754", {"WFCondition": "Equals", TEXT: "", NUMBER: 1.0}, "leftover(previous_output() == '', number=1.0)"),
    ("754", {"WFCondition": "Is Less Than", TEXT: "a", NUMBER: 1.0}, "leftover(previous_output() < 1.0, text='a')"),
    ("754", {"WFCondition": 2, NUMBER: 1}, "when(WFCondition=2, WFNumberValue=1)"),
    ("1140", {"WFCondition": "Equals", TEXT: "a"}, "when(WFCondition='Equals', WFConditionalActionString='a')"),
    ("1140", {TEXT: "a"}, "when(WFConditionalActionString='a')"), ("1140", {}, "when()"), ("1140", {"WFCondition": 100}, "when(WFCondition=100)"),
])  # fmt: skip
def test_files_without_an_input_come_back_as_they_were(version, condition, test):
    assert printed(condition, version) == test


def test_a_test_from_before_ios_13_in_a_newer_file_is_a_defect():
    named = shortcut_of({"WFCondition": "Equals", TEXT: "a", "WFInput": input_of()})
    without = shortcut_of({"WFCondition": 100})
    row = envelope("WFContentPredicateTableTemplate", {"WFActionParameterFilterPrefix": 1, "WFActionParameterFilterTemplates": [{"WFCondition": 4}]})
    assert ["is a name" in defect for defect in defects(named)] == [True]
    assert ["without WFInput" in defect for defect in defects(without)] == [True]
    assert ["without WFInput" in defect for defect in defects(shortcut_of({"WFConditions": row}))] == [True]
    assert defects({**without, "WFWorkflowClientVersion": "754"}) == [] == defects({**named, "WFWorkflowClientVersion": "899.9"})


# ---------------------------------------------------------------------------------------------------------------------------------
# around conditions


def test_operands_that_a_rule_does_not_use_do_not_look_like_its_own():
    left = "leftover={'AnotherDate': datetime(2026, 2, 20), 'Date': datetime(2026, 2, 19), 'Number': '4'}"
    code = f"is_workflow_actions_filter_reminders(WFContentItemFilter=filter_all(rule('Start Date', 'is today', Unit=16, Bounded=True, Removable=False, {left})))\n"
    shortcut = shortcuts.to_shortcut(code)
    (row,) = shortcut["WFWorkflowActions"][0]["WFWorkflowActionParameters"]["WFContentItemFilter"]["Value"]["WFActionParameterFilterTemplates"]
    assert row["Values"].keys() == {"AnotherDate", "Date", "Number", "Unit"}
    assert shortcuts.to_python(shortcut)[0] == code
    for wrong in ("leftover=5", "leftover={'Unit': 16}, Unit=16"):
        with pytest.raises(DialectError, match="leftover"):
            shortcuts.to_shortcut(f"is_workflow_actions_filter_reminders(WFContentItemFilter=filter_all(rule('Start Date', 'is today', {wrong})))\n")


@pytest.mark.parametrize("kind", [
    "WFCalendarUnitSubstitutableState", "WFDateSubstitutableState", "WFNumberStringSubstitutableState", "WFLinkDynamicOptionSubstitutableState",
    "WFBooleanSubstitutableState", "WFLinkEnumerationSubstitutableState",
])  # fmt: skip
@pytest.mark.parametrize("value", [5, "a", datetime.datetime(2026, 2, 19), {"identifier": "a", "title": {"key": "b"}}, attachment({"Type": "Clipboard"})])
def test_operands_of_filters_in_newer_envelopes_are_not_raw(kind, value):
    row = {"Operator": 4, "Property": "Start Date", "Removable": True, "Values": {"Unit": envelope(kind, value)}}
    table = {"WFActionParameterFilterPrefix": 1, "WFContentPredicateBoundedDate": False, "WFActionParameterFilterTemplates": [row]}
    shortcut = shortcuts.to_shortcut("is_workflow_actions_filter_reminders(WFContentItemFilter='x')\n")
    shortcut["WFWorkflowActions"][0]["WFWorkflowActionParameters"]["WFContentItemFilter"] = envelope("WFContentPredicateTableTemplate", table)
    result = shortcuts.transcribe(shortcut)
    assert (result.exact, result.canonical, result.fixed_point, result.raw) == (True, True, True, 0)


def test_properties_of_app_entities_have_a_form():
    info = {"WFLinkEntityContentPropertyUserInfoPropertyIdentifier": "title"}
    steps = [{"Type": "WFPropertyVariableAggrandizement", "PropertyName": "Title", "PropertyUserInfo": info}]
    assert printed({"WFCondition": 4, TEXT: "a", "WFInput": input_of(Aggrandizements=steps)}) == "x.property('Title', entity='title') == 'a'"


def test_programs_that_differ_in_a_condition_are_not_equivalent():
    tests = ["x == 'a'", "x != 'a'", "x == 5", "legacy(x == 'a')", "leftover(x == 'a', number=1)", "x == number(y)", "x == f'{y}'", "x == None",
             "all_of(x)", "any_of(x)", "single(x)", "x", "x == enumeration('a')"]  # fmt: skip
    parsed = [shortcuts.to_shortcut(f"{BEFORE}if {test}:\n    pass\n") for test in tests]
    assert all(shortcuts.equivalent(a, b) == (a is b) for a in parsed for b in parsed)
    assert all(plist.same(shortcuts.to_shortcut(shortcuts.to_python(shortcut)[0]), shortcut) or shortcuts.equivalent(
        shortcuts.to_shortcut(shortcuts.to_python(shortcut)[0]), shortcut) for shortcut in parsed)  # fmt: skip
