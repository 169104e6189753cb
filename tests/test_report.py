"""The report on a shortcut: permissions, and the table of known faults, each row with a program that has the fault and one that has not."""

from __future__ import annotations

import copy
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from shortcuts import files, plist, to_shortcut
from shortcuts.catalog import Catalog
from shortcuts.effects import BUILTIN
from shortcuts.effects.faults import RULES, Rule, faults
from shortcuts.effects.permissions import NAMES, TABLE, permissions
from shortcuts.effects.report import report
from shortcuts.machine import World, run
from shortcuts.machine.program import as_program
from shortcuts.machine.report import report as told
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "report.md"


def made(example: str | list[dict[str, Any]]) -> dict[str, Any]:
    """Return the shortcut of an example."""
    return to_shortcut(example) if isinstance(example, str) else {"WFWorkflowActions": example}


def codes(example: str | list[dict[str, Any]]) -> set[str]:
    """Return the codes of the faults of an example."""
    return {fault.rule.code for fault in faults(made(example))}


@pytest.mark.parametrize("row", RULES, ids=lambda row: row.code)
def test_each_rule_finds_its_example_and_not_its_sound_neighbour(row: Rule) -> None:
    assert row.code in codes(row.example)
    assert row.code not in codes(row.sound)


@pytest.mark.parametrize("row", RULES, ids=lambda row: row.code)
def test_no_sound_program_has_another_fault(row: Rule) -> None:
    assert codes(row.sound) == set()


def test_codes_are_unique_and_each_row_says_who_reported_it() -> None:
    assert len({row.code for row in RULES}) == len(RULES)
    assert all(row.source and row.words and row.level in ("crash", "fault") for row in RULES)


def test_the_page_has_each_row() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [row.code for row in RULES if f"| `{row.code}` | {row.level} | it {row.words} | {row.source} |" not in page] == []


def test_the_sample_of_the_page_is_what_is_printed() -> None:
    file = ROOT / "examples" / "Heading Home.py"
    assert f"```text\n{files.reported(str(file), file.read_bytes(), None).text()}```" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize(("change", "found"), [
    ({"WFHTTPMethod": "POST", "WFHTTPBodyType": "JSON"}, {"unknown_output"}),
    ({"WFHTTPMethod": "POST", "WFHTTPBodyType": "Form"}, set()),
    ({"WFHTTPMethod": "POST"}, {"unknown_output"}),
    ({}, set()),
])  # fmt: skip
def test_an_unknown_output_counts_in_the_fields_that_the_app_shows(change: dict[str, Any], found: set[str]) -> None:
    body = {"Value": {"Type": "ActionOutput", "OutputUUID": "6F0BEA0C-0B5B-4A51-9E3A-6D1B7A5C0009"}, "WFSerializationType": "WFTextTokenAttachment"}
    action = {"WFWorkflowActionIdentifier": BUILTIN + "downloadurl", "WFWorkflowActionParameters": {"WFURL": "https://a.example", "WFJSONValues": body, **change}}
    assert {fault.rule.code for fault in faults({"WFWorkflowActions": [action]})} == found


def test_a_truth_value_is_compared_with_nothing() -> None:
    assert codes("c = clipboard()\nif c == True:\n    is_workflow_actions_vibrate()") == set()


def test_a_choice_may_have_no_case() -> None:
    menu = next(row for row in RULES if row.code == "menu_case")
    assert codes([menu.example[0], menu.example[-1]]) == set()  # type: ignore[list-item]


def test_crashes_come_first() -> None:
    found = faults(to_shortcut("is_workflow_actions_openurl(WFInput='')\nraw_action('is.workflow.actions.filter.notes', {'AppIntentDescriptor': ''})"))
    assert [(fault.rule.level, fault.index) for fault in found] == [("crash", 1), ("fault", 0)]


@pytest.mark.parametrize("value", [None, 5, "", [], {}, [[]], {"Value": None}, {"Value": [], "WFSerializationType": "WFTextTokenString"}, {"Type": "ActionOutput"},
                                   {"Value": {"string": 5, "attachmentsByRange": {"x": 5}}, "WFSerializationType": "WFTextTokenString"}, {"Type": 5, "Value": {"Type": 5}}])  # fmt: skip
def test_no_value_in_any_field_is_too_strange(value: Any) -> None:
    """Every parameter that a rule reads holds a value of every shape."""
    for row in RULES:
        shortcut = made(row.example)
        for number, action in enumerate(shortcut["WFWorkflowActions"]):
            for key in action["WFWorkflowActionParameters"]:
                broken = copy.deepcopy(shortcut)
                broken["WFWorkflowActions"][number]["WFWorkflowActionParameters"][key] = value
                report(broken).text()


def test_an_action_without_parameters_is_looked_at() -> None:
    assert report({"WFWorkflowActions": [{"WFWorkflowActionIdentifier": BUILTIN + "downloadurl"}]}).permissions[0].name == "The web"


# ---------------------------------------------------------------------------------------------------------------------------------
# permissions


@pytest.mark.parametrize(("code", "names"), [
    ("@getcurrentlocation()", ["Location"]),
    ("@addnewreminder(WFCalendarItemTitle='a')", ["Reminders"]),
    ("@addnewreminder(WFCalendarItemTitle='a', WFAlertLocation={'isCurrentLocation': True})", ["Location", "Reminders"]),
    ("@dictatetext()", ["Microphone", "Speech recognition"]),
    ("@deletephotos(photos=shortcut_input())", ["Photos", "Deleting, each time"]),
    ("@file_delete(WFInput=shortcut_input())", ["Deleting, each time"]),
    ("@file_delete(WFInput=shortcut_input(), WFDeleteImmediatelyDelete=True)", ["Deleting, each time"]),
    ("@file_delete(WFInput=shortcut_input(), WFDeleteFileConfirmDeletion=False)", []),
    ("@runshellscript(Script='ls')", ["Allow Running Scripts, in the settings of Shortcuts"]),
    ("com_apple_mobilephone_call()", ["Contacts"]),
    ("x = 'a'\n@showresult(Text=x)", []),
])  # fmt: skip
def test_the_app_asks_for_what_an_action_needs(code: str, names: list[str]) -> None:
    assert [one.name for one in permissions(to_shortcut(code.replace("@", "is_workflow_actions_")))] == names


def test_a_permission_names_its_actions_and_comes_in_the_order_of_the_table() -> None:
    found = permissions(to_shortcut("is_workflow_actions_takephoto()\nis_workflow_actions_getcurrentlocation()\nis_workflow_actions_takevideo()"))
    assert [(one.name, one.indexes) for one in found] == [("Location", (1,)), ("Camera", (0, 2))]
    assert list(NAMES)[:3] == ["Location", "Photos", "Camera"]


def test_every_action_of_the_table_is_in_the_catalogue() -> None:
    catalog = Catalog.load()
    assert [end for ends in TABLE.values() for end in ends.split() if BUILTIN + end not in catalog] == []


# ---------------------------------------------------------------------------------------------------------------------------------
# for people


PROGRAM = """\
'A remark.'
where = is_workflow_actions_getcurrentlocation()

is_workflow_actions_sendmessage(WFSendMessageContent='here')
is_workflow_actions_openurl(WFInput='')
"""


def test_a_report_says_all_three_with_lines_of_the_program() -> None:
    found = report(to_shortcut(PROGRAM), lines=[1, 2, 4, 5])
    assert found.text().splitlines() == [
        "It may do this to the outside:",
        "  Sends the message 'here': line 4",
        "  Reads your location: line 2",
        "  Opens an address: line 5",
        "",
        "The app will ask to allow:",
        "  Location: line 2",
        "  Contacts: line 4",
        "",
        "Known trouble:",
        f"  Fault (empty_field): it {_words('empty_field')}: line 5",
    ]


def _words(code: str) -> str:
    row = next(row for row in RULES if row.code == code)
    return f"{row.words} [{row.source}]"


def test_without_a_program_actions_have_the_numbers_of_the_app() -> None:
    assert "  Location: action 2\n" in report(to_shortcut(PROGRAM)).text()


def test_a_long_list_of_places_is_cut() -> None:
    found = report(to_shortcut("is_workflow_actions_takephoto()\n" * 9))
    assert "  Camera: actions 1, 2, 3, 4, 5 and 4 more\n" in found.text()


def test_a_harmless_shortcut_is_said_to_be_one() -> None:
    found = report(to_shortcut("is_workflow_actions_showresult(Text='a')"))
    assert found.text().split("\n\n") == ["It does nothing to the outside.", "The app will ask to allow nothing.", "Known trouble: none.\n"]
    assert found.short() == []


def test_the_short_form_names_each_rule_once() -> None:
    found = report(to_shortcut(PROGRAM + "is_workflow_actions_openurl(WFInput='')\n"), lines=[1, 2, 4, 5, 6])
    assert found.short()[0] == "The app will ask to allow: Location; Contacts."
    assert [line.partition(")")[0] for line in found.short()[1:]] == ["Known trouble: line 5 (Open URLs"]


def test_after_a_change_only_what_is_new_is_said() -> None:
    before = report(to_shortcut(PROGRAM))
    assert before.short(since=before) == []
    after = report(to_shortcut(PROGRAM + "is_workflow_actions_openurl(WFInput='')\nis_workflow_actions_takephoto()\nraw_action('is.workflow.actions.no', {})"))
    asks, trouble = after.short(since=before)
    assert asks == "The app will ask to allow: Camera." and "unknown" in trouble


def test_no_text_of_a_shortcut_controls_the_terminal_or_hides_a_word() -> None:
    hidden = "a\x1b[2Kb\u202ec \U0001f469\u200d\U0001f4bb"
    shortcut = {"WFWorkflowActions": [
        {"WFWorkflowActionIdentifier": f"{BUILTIN}sendmessage", "WFWorkflowActionParameters": {"WFSendMessageContent": hidden}},
        {"WFWorkflowActionIdentifier": f"com.a.{hidden}.b", "WFWorkflowActionParameters": {}},
        {"WFWorkflowActionIdentifier": f"{BUILTIN}alert", "WFWorkflowActionParameters": {"WFAlertActionMessage": hidden}}]}  # fmt: skip
    found, program = report(shortcut), as_program(shortcut, "mine")
    said = [found.text(), *found.short(), *found.titles, told(run(program, World()), program, World().place, [])]
    assert not any(sign in text for text in said for sign in "\x1b\u202e")
    assert "Sends the message 'a?[2Kb?c \U0001f469\u200d\U0001f4bb'" in said[0]


def test_the_json_has_what_the_text_has() -> None:
    data = report(to_shortcut(PROGRAM)).to_json()
    assert data["effects"][0] == {"kind": "reads", "sentence": "Reads your location", "index": 1}
    assert data["permissions"] == [{"name": "Location", "indexes": [1]}, {"name": "Contacts", "indexes": [2]}]
    assert [(fault["code"], fault["index"]) for fault in data["faults"]] == [("empty_field", 3)]


def test_the_examples_have_no_fault() -> None:
    """False alarms are rare: bench/report.py counts them on many more."""
    found = {file.name: faults(plist.read_shortcut(file.read_bytes())) for file in (ROOT / "examples").glob("*.shortcut")}
    assert len(found) > 30 and not any(found.values())


@pytest.mark.ci
def test_of_real_shortcuts_few_are_flagged(shared: Path) -> None:
    """Each rule flags as many of these files as the page says."""
    flagged: Counter[str] = Counter()
    for file in (shared / "corpus" / "plist").iterdir():
        flagged.update({fault.rule.code for fault in faults(plist.read_shortcut(file.read_bytes()))})
    page = PAGE.read_text(encoding="utf-8")
    assert [row.code for row in RULES if f"| it {row.words} | {row.source} | {flagged[row.code]} |" not in page] == []
