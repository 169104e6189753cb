"""Automations of OS 27: triggers and places to run as decorators, both ways. No file at hand holds one: these are built from the format's facts."""

from __future__ import annotations

import ast
import copy
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import shortcuts
from common import offline
from common.excerpts import shorten_code, statement_lines
from shortcuts import plist
from shortcuts.catalog import Catalog
from shortcuts.forms import triggers
from shortcuts.grammar import grammar
from tests.test_grammar import accepts as takes
from tests.test_grammar import matcher, table  # noqa: F401

SHOW = {"WFWorkflowActionIdentifier": "is.workflow.actions.showresult", "WFWorkflowActionParameters": {"Text": "Hello"}}
APP = {"BundleIdentifier": "com.apple.mobilesafari", "Name": "Safari", "TeamIdentifier": "0000000000"}
GET_CLIPBOARD = {"Name": "WFWorkflowNoInputBehaviorGetClipboard", "Parameters": {}}


def conditions(*properties: str) -> dict[str, Any]:
    rows = [{"Operator": 99, "Property": name, "Removable": False, "Values": {"Text": "code"}} for name in properties]
    return {"Value": {"WFActionParameterFilterPrefix": 1, "WFContentPredicateBoundedDate": False, "WFActionParameterFilterTemplates": rows},
            "WFSerializationType": "WFContentPredicateTableTemplate"}


def trigger(identifier: str, **parameters: Any) -> dict[str, Any]:
    return {"WFTriggerIdentifier": identifier, "WFTriggerUUID": "91027366-30A9-476F-9DAE-0D90A230E361", "WFTriggerSerializedParameters": parameters}


def shortcut(*found: Any, actions: tuple[Any, ...] = (SHOW,), **level: Any) -> dict[str, Any]:
    return {"WFWorkflowActions": list(actions), "WFWorkflowClientVersion": "5037.109", "WFWorkflowTriggers": list(found), **level}


def proven(tree: dict[str, Any]) -> str:
    """The program of a shortcut, after the three equalities; nothing in it is raw."""
    before = copy.deepcopy(tree)
    result = shortcuts.transcribe(tree)
    assert (result.exact, result.canonical, result.fixed_point, result.raw) == (True, True, True, 0), result.code
    assert plist.same(tree, before) and plist.same(shortcuts.to_shortcut(result.code, result.residue), tree)
    assert shortcuts.check(result.code) == []
    return result.code


# What makes each of the 42, and how it reads.
FILES: dict[str, tuple[dict[str, Any], str]] = {
    "when_airplane_mode_changes": (trigger("WFAirplaneModeTrigger", WFAirplaneModeType="both"), "WFAirplaneModeType='both'"),
    "when_alarm_any_alarm": (trigger("WFAlarmTrigger", WFAlarmState="stopped"), "WFAlarmState='stopped'"),
    "when_alarm_specific_alarm": (trigger("WFAlarmTrigger", WFAlarms=["7:00"], WFAlarmState="stopped"), "WFAlarmState='stopped', WFAlarms=['7:00']"),
    "when_app_opened": (trigger("WFAppInFocusTrigger", WFAppState="opened", WFSelectedApps=[{"Name": "Safari"}]), "WFAppState='opened', WFSelectedApps=[{'Name': 'Safari'}]"),
    "when_arrive_enter_location": (trigger("WFArriveLocationTrigger", WFArriveLocation={"placemark": b"\0"}), "WFArriveLocation={'placemark': data('AA==')}"),
    "when_arrive_enter_location_between": (trigger("WFArriveLocationTrigger", WFArriveTimeRange=True), "WFArriveTimeRange=True"),
    "when_battery_level_equal": (trigger("WFBatteryLevelTrigger"), ""),
    "when_bluetooth_any_connection_changes": (trigger("WFBluetoothTrigger", WFBluetoothConnectionType="both"), "WFBluetoothConnectionType='both'"),
    "when_bluetooth_selected_connection_changes": (trigger("WFBluetoothTrigger", WFSelectedDevices=["Car"]), "WFSelectedDevices=['Car']"),
    "when_car_play_changes": (trigger("WFCarPlayConnectionTrigger", WFCarPlayConnectionType="both"), "WFCarPlayConnectionType='both'"),
    "when_external_drive_external_drive": (trigger("WFDiskMountTrigger"), ""),
    "when_email_senders_are": (trigger("WFEmailTrigger", WFEmailConditions=conditions("Sender")), "WFEmailConditions=filter_all(rule('Sender', 'contains', Text='code', Removable=False))"),
    "when_email_senders_are_and_subject_contains": (trigger("WFEmailTrigger", WFEmailSender=["a@example.com"], WFEmailSubjectContains="Bill"),
                                                    "WFEmailSender=['a@example.com'], WFEmailSubjectContains='Bill'"),
    "when_email_subject_contains": (trigger("WFEmailTrigger", WFEmailSubjectContains="Bill"), "WFEmailSubjectContains='Bill'"),
    "when_display_wfexternaldisplaytrigger": (trigger("WFExternalDisplayTrigger", WFConnectionType="connect"), "WFConnectionType='connect'"),
    "when_file_file_modified": (trigger("WFFileTrigger"), ""),
    "when_folder_folder_changed": (trigger("WFFolderTrigger"), ""),
    "when_keyboard_connection_changes": (trigger("WFKeyboardTrigger", WFConnectionType="both"), "WFConnectionType='both'"),
    "when_leave_leave_location": (trigger("WFLeaveLocationTrigger"), ""),
    "when_leave_leave_location_between": (trigger("WFLeaveLocationTrigger", WFLeaveStartTime=datetime(2026, 1, 1, 8)), "WFLeaveStartTime=datetime(2026, 1, 1, 8)"),
    "when_low_power_mode_changes": (trigger("WFLowPowerModeTrigger", WFLowPowerModeType="both"), "WFLowPowerModeType='both'"),
    "when_message_contains": (trigger("WFMessageTrigger", WFMessageConditions=conditions("Message")), "WFMessageConditions=filter_all(rule('Message', 'contains', Text='code', Removable=False))"),
    "when_message_senders_are": (trigger("WFMessageTrigger", WFMessageSender=["Ann"]), "WFMessageSender=['Ann']"),
    "when_message_senders_are_and_contains": (trigger("WFMessageTrigger", WFMessageSender=["Ann"], WFMessageContains="code"), "WFMessageContains='code', WFMessageSender=['Ann']"),
    "when_nfc_scan_tag": (trigger("WFNFCTrigger", WFNFCTag="Door"), "WFNFCTag='Door'"),
    "when_notification_received": (trigger("WFNotificationTrigger", SelectedApps=[APP], Conditions=conditions()),
                                   "Conditions=filter_all(), SelectedApps=[{'BundleIdentifier': 'com.apple.mobilesafari', 'Name': 'Safari', 'TeamIdentifier': '0000000000'}]"),
    "when_charger_changes": (trigger("WFPlugInTrigger", WFConnectionType="both"), "WFConnectionType='both'"),
    "when_screenshot_saved": (trigger("WFScreenshotTrigger", ScreenshotLocations=["Files"]), "ScreenshotLocations=['Files']"),
    "when_sleep_wfsleeptrigger": (trigger("WFSleepTrigger", WFSleepMode="bedtime"), "WFSleepMode='bedtime'"),
    "when_sound_recognition_sound_recognition": (trigger("WFSoundRecognitionTrigger", WFSounds=["Doorbell"]), "WFSounds=['Doorbell']"),
    "when_stage_manager_on": (trigger("WFStageManagerTrigger", WFStageManagerType="on"), "WFStageManagerType='on'"),
    "when_time_of_day_around_sunrise_on_recurring_day": (trigger("WFTimeOfDayTrigger", WFTimeEvent="sunrise", WFTimeOffset=-15), "WFTimeOffset=-15"),
    "when_time_of_day_around_sunset_on_recurring_day": (trigger("WFTimeOfDayTrigger", WFTimeEvent="sunset"), ""),
    "when_time_of_day_at_time_on_recurring_day": (trigger("WFTimeOfDayTrigger", WFTime=datetime(2026, 1, 1, 7, 30), WFRecurrence=["Monday"]),
                                                  "WFRecurrence=['Monday'], WFTime=datetime(2026, 1, 1, 7, 30)"),
    "when_focus_enable": (trigger("WFUserFocusActivityTrigger", WFFocusEvent="enable", WFFocusMode={"DisplayString": "Work", "Identifier": "com.apple.focus.work"}),
                          "WFFocusEvent='enable', WFFocusMode={'DisplayString': 'Work', 'Identifier': 'com.apple.focus.work'}"),
    "when_wallet_tap": (trigger("WFWalletTransactionTrigger", WFWalletCards=["Visa"]), "WFWalletCards=['Visa']"),
    "when_wi_fi_connect_to_any": (trigger("WFWifiTrigger", WFRunAfterConnectionInterruption=False), "WFRunAfterConnectionInterruption=False"),
    "when_wi_fi_connect_to_selected": (trigger("WFWifiTrigger", WFNetworks=["Home"]), "WFNetworks=['Home']"),
    "when_wi_fi_disconnect_from_any": (trigger("WFWifiTrigger", WFConnectionType="disconnected"), ""),
    "when_wi_fi_disconnect_from_selected": (trigger("WFWifiTrigger", WFConnectionType="disconnected", WFNetworks=["Home"]), "WFNetworks=['Home']"),
    "when_apple_watch_workout_any": (trigger("WFWorkoutTrigger", WFWorkoutEvent="started"), "WFWorkoutEvent='started'"),
    "when_apple_watch_workout_specific": (trigger("WFWorkoutTrigger", WFWorkoutEvent="started", WFWorkoutTypes=["Run"]), "WFWorkoutEvent='started', WFWorkoutTypes=['Run']"),
}  # fmt: skip


def test_the_table_has_the_42_triggers_of_toolkit() -> None:
    assert len(triggers.TRIGGERS) == 42 and FILES.keys() == {row.name for row in triggers.TRIGGERS}


@pytest.mark.parametrize("name", FILES)
def test_each_trigger_is_a_decorator_both_ways(name: str) -> None:
    found, arguments = FILES[name]
    code = proven(shortcut(found))
    assert code.splitlines()[:2] == [f"@{name}({arguments})", "def shortcut():"]
    assert code.splitlines()[-1] == "    is_workflow_actions_showresult(Text='Hello')"
    (back,) = shortcuts.to_shortcut(code)["WFWorkflowTriggers"]
    assert plist.same({**back, "WFTriggerUUID": found["WFTriggerUUID"]}, found)
    assert back["WFTriggerUUID"] == back["WFTriggerUUID"].upper() != found["WFTriggerUUID"]


def test_without_triggers_a_program_is_written_as_ever() -> None:
    for tree in (shortcut(), shortcut(WFWorkflowTypes=["ActionExtension"], WFWorkflowNoInputBehavior=GET_CLIPBOARD)):
        assert "def " not in proven(tree) and "@" not in proven(tree)


def test_places_to_run_stand_beside_triggers() -> None:
    code = proven(shortcut(trigger("WFFileTrigger"), WFWorkflowTypes=["Watch", "ActionExtension"], WFWorkflowNoInputBehavior=GET_CLIPBOARD))
    assert code.splitlines()[:4] == ["@when_file_file_modified()", "@runnable(surface=RunSurface.APPLE_WATCH)", "@runnable(surface=RunSurface.SHARE_SHEET)",
                                     "@input_fallback(behavior=InputFallback.GET_CLIPBOARD)"]
    assert "workflow(input_types=None)" in code
    for other in (["ActionExtension", "MenuBar"], ["Watch", "Watch"], [5], []):
        code = proven(shortcut(trigger("WFFileTrigger"), WFWorkflowTypes=other))
        assert (" types=" in code or "WFWorkflowTypes=" in code) == bool(other)
    alone = shortcuts.to_shortcut("@runnable(surface=RunSurface.SHARE_SHEET)\ndef shortcut() -> None:\n    pass\n")
    assert alone["WFWorkflowTypes"] == ["ActionExtension"] and alone["WFWorkflowActions"] == []


@pytest.mark.parametrize("found", [trigger("WFNewTrigger", **{"a-b": 1, "x": [True]}), trigger("WFAlarmTrigger", WFVolume=0.5), trigger("WFWifiTrigger", WFConnectionType=5, WFNew={})])
def test_what_is_not_known_is_a_trigger_by_its_identifier(found: dict[str, Any]) -> None:
    assert proven(shortcut(found)).startswith(f"@trigger('{found['WFTriggerIdentifier']}', ")


@pytest.mark.parametrize("found", ["text", {}, {"WFTriggerIdentifier": 5, "WFTriggerSerializedParameters": {}}, {"WFTriggerIdentifier": "WFFileTrigger"},
                                   {**trigger("WFFileTrigger"), "Enabled": True}, {**trigger("WFFileTrigger"), "WFTriggerUUID": 5}])
def test_what_has_not_the_form_of_one_stands_in_the_header(found: Any) -> None:
    code = proven(shortcut(trigger("WFFileTrigger"), found))
    assert "WFWorkflowTriggers=[" in code.splitlines()[0] and "def " not in code
    assert proven(shortcut(WFWorkflowTriggers=found)).startswith("workflow(")


def test_an_odd_parameter_is_written_out() -> None:
    attachment = {"Value": {"Type": "Variable", "VariableName": "x"}, "WFSerializationType": "WFTextTokenAttachment"}
    code = shortcuts.transcribe(shortcut(trigger("WFNFCTrigger", WFNFCTag=attachment), actions=())).code
    assert code == ("@when_nfc_scan_tag(WFNFCTag=plain({'Value': {'Type': 'Variable', 'VariableName': 'x'}, 'WFSerializationType': 'WFTextTokenAttachment'}))\n"
                    "def shortcut():\n    workflow(input_types=None)\n")
    assert plist.same(shortcuts.to_shortcut(code)["WFWorkflowTriggers"][0]["WFTriggerSerializedParameters"], {"WFNFCTag": attachment})


VALUES = st.recursive(st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | st.text(max_size=5) | st.binary(max_size=3) | st.datetimes(),
                      lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=4), below, max_size=3), max_leaves=6)  # fmt: skip
IDENTIFIERS = st.sampled_from([*dict.fromkeys(row.identifier for row in triggers.TRIGGERS), "WFNewTrigger"])
KEYS = st.sampled_from([*dict.fromkeys(key for row in triggers.TRIGGERS for key in (*row.keys, *row.implied)), "odd key"])


@given(st.lists(st.builds(lambda name, given: trigger(name, **given), IDENTIFIERS, st.dictionaries(KEYS, VALUES, max_size=3)), min_size=1, max_size=3))
def test_any_triggers_are_written_exactly(found: list[dict[str, Any]]) -> None:
    result = shortcuts.transcribe(shortcut(*found))
    assert (result.exact, result.canonical, result.fixed_point) == (True, True, True)
    assert "WFWorkflowTriggers" not in result.code and all(finding.code == "unwritable" for finding in shortcuts.check(result.code))


# ---------------------------------------------------------------------------------------------------------------------------------
# as people write it


def test_apples_own_words_for_an_app_are_read() -> None:
    state = "com_apple_shortcuts_wfapp_in_focus_trigger_wfapp_state.OPENED"
    code = f"@when_app_opened(app=[{{'Bundle Identifier': 'com.apple.shortcuts', 'Name': 'Shortcuts'}}], state={state})\ndef shortcut() -> None:\n    pass\n"
    (found,) = shortcuts.to_shortcut(code)["WFWorkflowTriggers"]
    assert found["WFTriggerSerializedParameters"] == {"WFSelectedApps": [{"BundleIdentifier": "com.apple.shortcuts", "Name": "Shortcuts"}], "WFAppState": "opened"}


def test_a_decorator_without_parameters_needs_no_parentheses() -> None:
    code = "@when_file_file_modified\ndef shortcut():\n    is_workflow_actions_nothing()\n"
    assert shortcuts.to_python(shortcuts.to_shortcut(code))[0] == code.replace("modified\n", "modified()\n")


@pytest.mark.parametrize("decorators, words", [
    ("@when_app_open(WFAppState='opened')", "there is no trigger @when_app_open; did you mean @when_app_opened?"),
    ("@staticmethod", "there is no trigger @staticmethod; @trigger('WF…Trigger', …) is any other"),
    ("@a.b()", "there is no trigger @a.b"),
    ("@when_app_opened('Safari')", "the parameters of @when_app_opened are given by name: WFSelectedApps, WFAppState"),
    ("@when_app_opened(WFAppStat='opened')", "@when_app_opened has no parameter WFAppStat; did you mean WFAppState?"),
    ("@when_file_file_modified(path='x')", "@when_file_file_modified has no parameter path; it has none"),
    ("@when_app_opened(state='opened', WFAppState='closed')", "parameter WFAppState is given twice"),
    ("@when_alarm_specific_alarm(WFAlarmState='stopped')", "@when_alarm_specific_alarm needs WFAlarms"),
    ("@when_message_contains(WFMessageSender=['Ann'])", "with these parameters this is @when_message_senders_are"),
    ("@when_nfc_scan_tag(WFNFCTag=tag)", "tag: a trigger is set up before the shortcut runs, so its parameters are written out"),
    ("@when_nfc_scan_tag(WFNFCTag=len('x'))", "is not a value of the dialect"),
    ("@trigger(WFNFCTag='x')", "@trigger('WF…Trigger', …) has the trigger's identifier first"),
    ("@runnable(surface='Share Sheet')", "@runnable(surface=…) takes RunSurface.SHARE_SHEET or RunSurface.APPLE_WATCH; others stand in workflow(…)"),
    ("@runnable()", "@runnable(surface=…) takes"),
    ("@input_fallback(behavior=InputFallback.SHOW_ERROR)", "@input_fallback(behavior=…) takes InputFallback.GET_CLIPBOARD"),
    ("@runnable(surface=RunSurface.SHARE_SHEET)\n@runnable(surface=RunSurface.SHARE_SHEET)", "stands there twice"),
    ("@input_fallback(behavior=InputFallback.GET_CLIPBOARD)\n" * 2, "there is one @input_fallback"),
])  # fmt: skip
def test_a_wrong_decorator_is_refused_with_advice(decorators: str, words: str) -> None:
    code = f"{decorators.strip()}\ndef shortcut():\n    tag = is_workflow_actions_nothing()\n"
    with pytest.raises(shortcuts.DialectError) as error:
        shortcuts.to_shortcut(code)
    assert words in error.value.message and 1 <= error.value.line <= 2
    (finding,) = shortcuts.check(code)
    assert words in finding.message


def test_what_decorators_and_the_header_both_say_is_refused() -> None:
    for decorator, header in (("runnable(surface=RunSurface.SHARE_SHEET)", "types=['Watch']"), ("when_file_file_modified()", "WFWorkflowTriggers=[]")):
        with pytest.raises(shortcuts.DialectError, match="is said twice"):
            shortcuts.to_shortcut(f"@{decorator}\ndef shortcut():\n    workflow({header})\n")


@pytest.mark.parametrize("code", ["def shortcut(x):\n    pass", "def main():\n    pass", "def shortcut():\n    pass\nshortcut()", "def shortcut(*, x=1):\n    pass",
                                  "async def shortcut():\n    pass", "def shortcut():\n    def shortcut():\n        pass"])
def test_a_function_of_another_kind_is_no_program(code: str) -> None:
    assert [finding.code for finding in shortcuts.check(code)][:1] in (["form"], ["empty"])  # natural Python: a function that nobody calls does nothing


def test_names_lines_and_lengths_of_a_program_with_triggers() -> None:
    code = proven(shortcut(*(found for found, _ in list(FILES.values())[:2]), actions=(
        {"WFWorkflowActionIdentifier": "is.workflow.actions.gettext", "WFWorkflowActionParameters": {"UUID": "A", "WFTextActionText": "x" * 5000}},
        {"WFWorkflowActionIdentifier": "is.workflow.actions.showresult", "WFWorkflowActionParameters": {
            "Text": {"Value": {"string": "\ufffc", "attachmentsByRange": {"{0, 1}": {"Type": "ActionOutput", "OutputUUID": "A", "OutputName": "Text"}}},
                     "WFSerializationType": "WFTextTokenString"}}})))
    assert shortcuts.apis_of(code) == ["is.workflow.actions.gettext", "is.workflow.actions.showresult"] and shortcuts.bound_names(code) == ["Text"]
    renamed = shortcuts.rename(code, {"Text": "greeting"})
    assert renamed.splitlines()[:3] == code.splitlines()[:3] and "    greeting = is_workflow_actions_gettext" in renamed
    assert shortcuts.equivalent(shortcuts.to_shortcut(renamed), shortcuts.to_shortcut(code))
    short = shorten_code(code)
    assert len(short) < 2000 and statement_lines(short) == statement_lines(code) and isinstance(ast.parse(short).body[0], ast.FunctionDef)


def test_the_offline_writer_says_what_starts_a_shortcut() -> None:
    code = proven(shortcut(*(FILES[name][0] for name in ("when_low_power_mode_changes", "when_file_file_modified")), WFWorkflowTypes=["Watch"]))
    lines = code.splitlines()
    said = offline.notes(code, [number for number, line in enumerate(lines, start=1) if line.lstrip().startswith(("def", "is_"))], [], Catalog.load(), {})
    assert [comment["text"] for comment in said["comments"]] == ["Start by itself when low power mode changes and when file file modified.", "Show 'Hello'."]
    assert [step["text"] for step in offline.plan(code, Catalog.load())["steps"]][-1].lower().endswith("show 'hello'.")


def test_two_shortcuts_that_differ_in_a_trigger_are_two_programs() -> None:
    trees = [shortcut(), *(shortcut(found) for found, _ in FILES.values())]
    for number, one in enumerate(trees):
        assert [shortcuts.equivalent(one, other) for other in trees] == [number == place for place in range(len(trees))]


def test_otherwise_if_is_the_middle_marker_with_a_condition() -> None:
    code = "x = is_workflow_actions_getclipboard()\nif x > 1:\n    is_workflow_actions_nothing()\nelif otherwise_if(x == f'{x}'):\n    is_workflow_actions_exit()\nelse:\n    is_workflow_actions_nothing()\n"
    marks = [action["WFWorkflowActionParameters"] for action in shortcuts.to_shortcut(code)["WFWorkflowActions"]
             if action["WFWorkflowActionIdentifier"].endswith("conditional")]
    assert [mark["WFControlFlowMode"] for mark in marks] == [0, 1, 1, 2] and len({mark["GroupingIdentifier"] for mark in marks}) == 1
    assert marks[1].keys() >= {"WFInput", "WFCondition", "WFConditionalActionString"} and not marks[2].keys() & {"WFInput", "WFCondition"}
    assert shortcuts.to_python(shortcuts.to_shortcut(code))[0] == code


# ---------------------------------------------------------------------------------------------------------------------------------
# grammar and search


@pytest.fixture(scope="module")
def accepts(table: Any) -> Any:  # noqa: F811
    apis = ["is.workflow.actions.showresult", "is.workflow.actions.nothing"]
    matchers = {everything: matcher(table, grammar(apis, Catalog.load(), everything=everything)) for everything in (True, False)}
    return lambda code, everything=True: takes(matchers[everything], code)


def test_the_grammar_takes_every_trigger(accepts: Any) -> None:
    for found, _ in FILES.values():
        code = shortcuts.to_python(shortcut(found, WFWorkflowInputContentItemClasses=["WFURLContentItem"], WFWorkflowTypes=["Watch"]))[0]
        assert accepts(code) and accepts(code, everything=False), code
        assert accepts("# when\n" + code.replace("    is_", "    # what\n    is_"))
    several = shortcuts.to_python(shortcut(*(found for found, _ in FILES.values()), trigger("WFNewTrigger", x=1)))[0]
    assert accepts(several) and not accepts(several, everything=False)


@pytest.mark.parametrize("code", [
    "@when_app_open()\ndef shortcut():\n    pass\n", "@when_app_opened(WFNFCTag='x')\ndef shortcut():\n    pass\n", "@when_nfc_scan_tag()\n",
    "@when_nfc_scan_tag(WFNFCTag='a', WFNFCTag='b')\ndef shortcut():\n    pass\n", "@when_alarm_specific_alarm(WFAlarmState='x')\ndef shortcut():\n    pass\n",
    "@when_nfc_scan_tag()\ndef shortcut():\nis_workflow_actions_nothing()\n", "def shortcut():\n    pass\n", "@when_nfc_scan_tag()\ndef main():\n    pass\n",
    "@when_nfc_scan_tag()\ndef shortcut():\n    pass\nis_workflow_actions_nothing()\n", "@runnable(surface=RunSurface.DOCK)\ndef shortcut():\n    pass\n",
])  # fmt: skip
def test_the_grammar_refuses_what_is_no_trigger(accepts: Any, code: str) -> None:
    assert not accepts(code)


@pytest.mark.parametrize("text, name", [
    ("when I connect to CarPlay", "when_car_play_changes"), ("low power mode is turned on", "when_low_power_mode_changes"),
    ("an alarm is stopped", "when_alarm_any_alarm"), ("a screenshot is saved", "when_screenshot_saved"), ("scan an NFC tag", "when_nfc_scan_tag"),
    ("bluetooth connection", "when_bluetooth_any_connection_changes"), ("my keyboard is connected", "when_keyboard_connection_changes"),
    ("stage manager", "when_stage_manager_on"), ("a workout on my Apple Watch", "when_apple_watch_workout_any"),
    ("around sunset", "when_time_of_day_around_sunset_on_recurring_day"), ("I arrive at work", "when_arrive_enter_location"),
])  # fmt: skip
def test_a_trigger_is_found_by_what_people_say(text: str, name: str) -> None:
    assert name in [found.python_name for found in triggers.search(text, 3)]
