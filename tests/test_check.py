"""Findings of check() in a program that compiles: statements that never run, parameters, types of literals. `python -m pytest tests/test_check.py`"""

from __future__ import annotations

import json

import pytest

import shortcuts
from shortcuts.catalog import Catalog


def codes(code: str, catalog: Catalog | None = None) -> list[tuple[int, str]]:
    """(line, code) of each diagnostic."""
    return [(found.line, found.code) for found in shortcuts.check(code, catalog)]


def catalog_of(*parameters: dict[str, object], **facts: object) -> Catalog:
    """A catalogue of one API, `a_b`."""
    record = {"id": "a.b", "app": "a", "builtin": False, "title": "T", "summary": "", "parameters": list(parameters), **facts}
    return Catalog({"a.b": json.dumps(record).encode()})


# ---------------------------------------------------------------------------------------------------------------------------------
# statements that never run

EXIT, STEP = "is_workflow_actions_exit()", "is_workflow_actions_date()"


@pytest.mark.parametrize("code, line", [
    (f"{EXIT}\n{STEP}\n", 2), (f"is_workflow_actions_output(WFOutput='a')\n{STEP}\n", 2),
    (f"if clipboard():\n    {EXIT}\n    {STEP}\n", 3), (f"if clipboard():\n    pass\nelse:\n    {EXIT}\n    {STEP}\n", 5),
    (f"if clipboard():\n    pass\nelif shortcut_input():\n    {EXIT}\n    {STEP}\n", 5), (f"for _ in range(2):\n    {EXIT}\n    {STEP}\n", 3),
    (f"match menu('?'):\n    case 'a':\n        {EXIT}\n        {STEP}\n", 4),
    (f"match menu('?'):\n    case 'a':\n        if clipboard():\n            {EXIT}\n            {STEP}\n", 5),
])  # fmt: skip
def test_a_statement_after_the_end_of_the_shortcut_is_named_in_every_block(code, line):
    assert codes(code) == [(line, "unreachable")]


@pytest.mark.parametrize("code", [f"{STEP}\n{EXIT}\n", f"if clipboard():\n    {EXIT}\n{STEP}\n", f"match menu('?'):\n    case 'a':\n        {EXIT}\n{STEP}\n",
                                  f"if clipboard():\n    {EXIT}\nelse:\n    {STEP}\n", f"for _ in range(2):\n    {EXIT}\n{STEP}\n", f"{EXIT}\npass\n"])  # fmt: skip
def test_a_statement_that_another_branch_ends_before_is_none(code):
    assert codes(code) == []


# ---------------------------------------------------------------------------------------------------------------------------------
# parameters


def test_a_required_parameter_is_missed_unless_the_action_before_gives_it():
    catalog = catalog_of({"key": "Input", "type": "text", "required": True}, {"key": "More", "type": "text", "required": True}, input_key="Input")
    assert codes("a_b(Input='x', More='y')\n", catalog) == codes("a_b(More='y')\n", catalog) == []
    assert codes("a_b(Input='x')\n", catalog) == codes("a_b()\n", catalog) == [(1, "missing_parameter")]


def test_the_switches_of_the_editor_are_no_unknown_parameters():
    assert codes("is_workflow_actions_showresult(Text='a', **{'Show-text': True, 'Show-': False})\n") == []
    assert codes("is_workflow_actions_showresult(Text='a', **{'show-text': True})\n") == [(1, "unknown_parameter")]


def test_blocks_deeper_than_a_reader_goes_are_named():
    chain = "".join(f"elif x == 'b{number}':\n    {STEP}\n" for number in range(120))
    found = shortcuts.check(f"x = clipboard()\nif x == 'a':\n    {STEP}\n{chain}if x:\n    {STEP}\n")
    assert found and all("nested more than 95 deep" in finding.message and finding.line < 200 for finding in found)
    assert codes(f"x = clipboard()\nif x == 'a':\n    {STEP}\n" + chain.replace("elif x", "elif otherwise_if(x").replace("':", "'):")) == []


@pytest.mark.parametrize("value", ["datetime(9999, 12, 31, 23, 59, 59, 999999)", "-0.0, WFNumberActionTwo=0.0"])
def test_a_value_that_no_file_holds_is_named_with_its_reason(value):
    found = shortcuts.check(f"is_workflow_actions_number(WFNumberActionNumber={value})\n")
    assert [finding.message.partition(":")[2][:12] for finding in found if finding.code == "unwritable"] == [" not_exact: "]


A = "is_workflow_actions_"


@pytest.mark.parametrize("call, needed", [
    ("text_split(text='a,b', WFTextCustomSeparator=',')", "WFTextSeparator is 'Custom'"), ("date(WFDateActionDate='2026-12-24')", "WFDateActionMode is 'Specified Date'"),
    ("getitemfromlist(WFInput=['a', 'b'], WFItemIndex=2)", "WFItemSpecifier is 'Item At Index'"), ("downloadurl(WFURL='a', WFJSONValues={'a': 'b'})", "another than 'GET'"),
])  # fmt: skip
def test_a_parameter_that_the_default_of_another_hides_is_named(call, needed):
    (finding,) = shortcuts.check(f"{A}{call}\n")
    assert (finding.code, finding.severity) == ("no_effect", "warning") and needed in finding.message


def test_a_parameter_that_another_one_hides_is_what_was_typed_before_and_no_finding():
    assert codes(f"{A}text_split(text='a,b', WFTextCustomSeparator=',', WFTextSeparator='Spaces')\n") == []
    assert codes(f"{A}text_split(text='a,b', WFTextCustomSeparator=',', WFTextSeparator=clipboard())\n") == []


@pytest.mark.parametrize("operand, found", [
    ("Bool='No'", True), ("Bool=False", False), ("Number='x'", True), ("Number='5'", False), ("Number=True", True), ("String=5", True), ("Bool=clipboard()", False)])
def test_the_operand_of_a_rule_is_of_its_type(operand, found):
    code = f"{A}filter_reminders(WFContentItemFilter=filter_all(rule('Is Completed', '==', {operand})))\n"
    assert codes(code) == [(1, "parameter_type")] * found


def test_the_output_of_an_action_that_gives_nothing_is_not_to_be_read():
    assert codes(f"ok = {A}alert(WFAlertActionMessage='a')\nif ok:\n    {A}showresult(Text=f'{{ok}}!')\n") == [(2, "no_result"), (3, "no_result")]
    assert codes(f"ok = {A}alert(WFAlertActionMessage='a')\n{A}showresult(Text='b')\n") == []


def test_the_output_of_an_action_that_hands_on_its_input_may_be_read():
    assert codes(f"q = {A}previewdocument(WFInput=clipboard())\n{A}showresult(Text=f'{{q}}!')\n") == []


def test_an_open_enum_takes_other_values_but_not_its_own_in_another_spelling():
    catalog = catalog_of({"key": "x", "type": "enum", "enum": ["UPPERCASE", "Title Case"], "open_enum": True})
    assert codes("a_b(x='other')\n", catalog) == codes("a_b(x='UPPERCASE')\n", catalog) == []
    assert [shortcuts.check(f"a_b(x={value!r})\n", catalog)[0].message.split("; ")[1] for value in ("Uppercase", "title-case")] == [
        f"did you mean {meant!r}? It is one of 'UPPERCASE', 'Title Case'" for meant in ("UPPERCASE", "Title Case")]


@pytest.mark.parametrize("call, advice", [
    (f"{A}getcurrentweather()", f"did you mean {A}weather_currentconditions?"), (f"{A}setwifi(OnValue=True)", f"did you mean {A}wifi_set?"),
    (f"{A}format_date(WFDateFormatString='yyyy', WFDateFormatStyle='Custom')", "did you mean WFDateFormat?"), (f"{A}createevent(WFCalendarItemTitle='a')", "createevent"),
])  # fmt: skip
def test_advice_names_an_action_by_its_title_and_no_parameter_that_is_given(call, advice):
    (finding,) = shortcuts.check(f"{call}\n")
    assert finding.message.partition("; it has")[0].endswith(advice)


LITERALS = {"True", "5", "2.5", "'5'", "'word'", "f'{clipboard()}!'", "['a']", "{'a': 'b'}"}


@pytest.mark.parametrize("type_, taken", [
    ("text", {"'5'", "'word'", "f'{clipboard()}!'", "['a']"}), ("number", {"5", "2.5", "'5'", "f'{clipboard()}!'"}), ("boolean", {"True", "5", "f'{clipboard()}!'"}),
    ("date", {"'5'", "'word'", "f'{clipboard()}!'"}), ("dictionary", {"{'a': 'b'}", "f'{clipboard()}!'"}), ("quantity", set()), ("filter", set()),
    ("contact", set()), ("location", {"{'a': 'b'}"}), ("variable", LITERALS - {"True", "5", "2.5"}), ("list", LITERALS - {"True", "5", "2.5", "{'a': 'b'}"}),
    ("any", LITERALS), ("enum", LITERALS),  # nobody knows the values of this one
])  # fmt: skip
def test_a_literal_of_another_type_than_the_parameters_is_named(type_, taken):
    catalog = catalog_of({"key": "x", "type": type_})
    found = {literal: codes(f"a_b(x={literal})\n", catalog) for literal in LITERALS}
    assert {literal for literal, said in found.items() if not said} == taken
    assert all(said in ([], [(1, "parameter_type")]) for said in found.values())
    assert codes("x = clipboard()\na_b(x=x)\n", catalog) == [], "a variable may be anything"


def test_an_enum_takes_neither_numbers_nor_switches():
    catalog = catalog_of({"key": "x", "type": "enum", "enum": ["On", "Off"]})
    for wrong in ("True", "2", "['On']", "{'a': 'b'}"):
        (finding,) = shortcuts.check(f"a_b(x={wrong})\n", catalog)
        assert finding.code == "parameter_type" and "x is one of 'On', 'Off'; not" in finding.message
