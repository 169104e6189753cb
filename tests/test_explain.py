"""Shortcuts in words: python -m pytest tests/test_explain.py"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortcuts import DialectError, effects, to_python, to_shortcut
from shortcuts.catalog import Catalog
from shortcuts.explain import LEAVING, explain, phrases
from shortcuts.explain.sentences import Prose
from tests import forms

EXAMPLES = sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.py"))
ACTION = "is_workflow_actions_"
# Conditions of every kind as clauses.
CONDITIONS = {
    "x == 'Mac'": "x is 'Mac'",
    "device_details().Device_Type == 'Mac'": "the device type of the device's details is 'Mac'",
    "when(x == 'Mac', Key=1)": "x is 'Mac'",
    "legacy(x != 'a')": "x is not 'a'",
    "leftover(x < 5, text='a')": "x is less than 5",
    "otherwise_if(x >= 5)": "x is at least 5",
    "single(x == 'a')": "x is 'a'",
    "all_of(x == 'a', x)": "x is 'a' and x has a value",
    "any_of(not x, 'a' in x)": "x has no value or x contains 'a'",
    "x == enumeration('Music')": "x is 'Music'",
    "x == number(y)": "x is y",
    "x == True": "x is true",
    "1 <= x <= 9": "x is between 1 and 9",
    "x.startswith('a') or x.endswith('b')": "x begins with 'a' or x ends with 'b'",
    "'a' not in x": "x does not contain 'a'",
    "is_today(x)": "x is today",
    "is_within_next(x, quantity(3, 'days'))": "x is within the next 3 days",
    "x": "x has a value",
    "not x": "x has no value",
}


def told(code: str) -> list[str]:
    return explain(code.replace("~", ACTION), Catalog.load()).splitlines()


@pytest.mark.parametrize("test", CONDITIONS)
def test_a_condition_says_what_is_compared(test: str) -> None:
    assert Prose(Catalog.load()).condition(ast.parse(test, mode="eval").body) == CONDITIONS[test]


def test_only_a_test_for_a_value_is_called_one() -> None:
    catalog = Catalog.load()
    codes = [row.code for row in forms.FORMS if re.search(r"^if .*(?:[=<>]|startswith|endswith|is_|\bin\b)", row.code, re.M)]
    assert codes
    for code in codes:
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.If) and isinstance(node.test, ast.Compare):
                assert "has a value" not in Prose(catalog).condition(node.test), code


def test_steps_are_numbered_and_what_is_inside_a_block_is_indented() -> None:
    assert told(
        "answer = ~ask(WFAskActionPrompt='How many?', WFInputType='Number')\n"
        "if answer > 3:\n    ~showresult(Text=f'{answer} is much')\nelif answer == 0:\n    pass\nelse:\n    for _ in range(2):\n        ~vibrate()\n"
    )[2:] == [
        "1. Ask 'How many?' and keep the answer as “answer”.",
        "2. If “answer” is greater than 3:",
        "   Show '“answer” is much'.",
        "Otherwise, if “answer” is 0:",
        "   Nothing happens.",
        "Otherwise:",
        "   Repeat 2 times:",
        "      Vibrate.",
    ]  # fmt: skip


@pytest.mark.parametrize("code, said", [
    ("~wifi_set(OnValue=False)", "Turn Wi-Fi off."), ("~wifi_set(OnValue=True, operation='toggle')", "Toggle Wi-Fi."),
    ("~dnd_set(Operation='Toggle')", "Toggle Focus."), ("~dnd_set(Enabled=True)", "Turn Focus on."),
    ("~appearance(operation='set', style='light')", "Set the appearance to 'light'."),
    ("x = ~getlastphoto(WFGetLatestPhotoCount=3)\n~deletephotos(photos=x)", "Delete “x”."),
    ("~showresult(Text=current_date().formatted(style='None', time='Short'))", "Show the current date written as a time."),
    ("~adjustdate(WFAdjustOffsetPicker=time_offset('Subtract', 2, 'Day'), WFDate=current_date())", "Move the current date by 2 days back."),
    ("~adjustdate(WFDate=current_date(), WFDuration=quantity(3, 'days'), WFAdjustOperation='Subtract')", "Move the current date 3 days back."),
    ("~adjustdate(WFDate=current_date(), WFDuration=quantity(3, 'days'))", "Move the current date 3 days forward."),
    ("x = ~getclipboard()\n~text_split(text=x, WFTextSeparator='Spaces', WFTextCustomSeparator=',')", "Split “x” at 'Spaces'."),
    ("x = ~getclipboard()\n~text_split(text=x, WFTextSeparator='Custom', WFTextCustomSeparator=',')", "Split “x” at ','."),
    ("x = ~getclipboard()\n~getitemfromlist(WFInput=x, WFItemSpecifier='Last Item', WFItemIndex=1)", "Take the 'Last Item' of “x”."),
    ("x = ~getclipboard()\n~getitemfromlist(WFInput=x, WFItemSpecifier='Item At Index', WFItemIndex=2)", "Take item 2 of “x”."),
    ("~downloadurl(WFURL='u', WFHTTPMethod='POST', WFHTTPBodyType='Form', WFFormValues={'a': 1}, WFJSONValues={'b': 1})",
     "Send a dictionary with 'a' to 'u' with POST."),
    ("~downloadurl(WFURL='u', WFHTTPMethod='POST', WFJSONValues={'b': 1})", "Send a dictionary with 'b' to 'u' with POST."),
    ("~adjustdate(WFDate=current_date(), WFAdjustOperation='Get Start of Week')", "Take the start of the week of the current date."),
])  # fmt: skip
def test_a_step_says_what_happens(code: str, said: str) -> None:
    assert told(code)[-1].split(". ", 1)[1] == said


URL = "https://example.org/a"


@pytest.mark.parametrize("call, said", [
    ("get(url)", "Get what is at “url”"), ("delete(url)", "Send a DELETE request to “url”"), ("put(url)", "Send a PUT request to “url”"),
    ("post(url)", "Send a POST request to “url”"), ("post(url, json={'a': 1})", "Send a dictionary with 'a' to “url” with POST"),
    ("patch(url, data={'a': 1})", "Send a dictionary with 'a' to “url” with PATCH"),
])  # fmt: skip
def test_a_request_says_its_method_unless_it_only_reads(call: str, said: str) -> None:
    code, _ = to_python(to_shortcut(f"url = {URL!r}\nrequests.{call}"))
    assert f"{said} and keep the response" in told(code)[-1]


@pytest.mark.parametrize("code, said", [
    ("~addnewreminder(WFCalendarItemTitle='a', WFAlertEnabled='Alert', WFAlertCondition='At Time', WFAlertCustomTime='in 1 hour', WFPriority='High')",
     "Add the reminder 'a', with an alert: 'in 1 hour', with priority 'High'."),
    ("~addnewreminder(WFCalendarItemTitle='a', WFAlertEnabled='No Alert', WFAlertCustomTime='5 pm', WFPriority='None')",
     "Add the reminder 'a', with an alert: '5 pm' (switched off)."),
    ("~addnewreminder(WFCalendarItemTitle='a', WFCalendarDescriptor={'Identifier': 'x', 'Title': 'Work'})", "Add the reminder 'a' to the list 'Work'."),
    ("~addnewevent(WFCalendarItemTitle='a', WFCalendarItemStartDate='5 pm', WFCalendarItemEndDate='6 pm')",
     "Add the event 'a' to the calendar from '5 pm' until '6 pm'."),
    ("~documentpicker_save(WFInput='a', WFFileDestinationPath='a.txt', WFAskWhereToSave=False, WFSaveFileOverwrite=True)",
     "Save 'a' as the file 'a.txt', replacing one of that name."),
    ("~documentpicker_save(WFInput='a', WFFileDestinationPath='a.txt', WFAskWhereToSave=False, WFSaveFileOverwrite=False)", "Save 'a' as the file 'a.txt'."),
    ("~file_delete(WFInput='a', WFDeleteImmediatelyDelete=True, WFDeleteFileConfirmDeletion=False)", "Delete 'a', for good, without asking."),
    ("~file_move(WFFile='a', WFFolder='b', WFReplaceExisting=True)", "Move 'a' to 'b', replacing one of that name."),
    ("~file_append(WFInput='a', WFFilePath='b', WFAppendFileWriteMode='Prepend')", "Put 'a' at the head of the file 'b'."),
    ("~removeevents(WFInputEvents=clipboard(), WFCalendarIncludeFutureEvents=True)", "Remove the clipboard, and those that repeat them later."),
    ("~sendmessage(WFSendMessageContent='Hi', WFSendMessageActionRecipients='Bob', ShowWhenRun=False)",
     "Send the message 'Hi' to 'Bob', without asking."),
    ("~sendemail(WFSendEmailActionSubject='Hi', WFSendEmailActionToRecipients='Bob', WFSendEmailActionShowComposeSheet=False)",
     "Send the e-mail 'Hi' to 'Bob', without asking."),
    ("~venmo_pay(WFVenmoActionAmount='5', WFVenmoActionRecipients='Bob')", "Pay '5' to 'Bob'."),
    ("~dnd_set(Enabled=True, Operation='Turn', AssertionType='Time', Time='9 pm', FocusModes={'Identifier': 'x', 'DisplayString': 'Work'})",
     "Turn the Focus 'Work' on until '9 pm'."),
    ("~setclipboard(WFInput='a', WFExpirationDate='in 5 minutes')", "Copy 'a' to the clipboard until 'in 5 minutes'."),
    ("~runshellscript(Script='rm', Shell='sh', Input='a', RunAsRoot=True)", "Run shell script (run as administrator on, script 'rm', shell 'sh')."),
])  # fmt: skip
def test_a_step_says_what_decides_of_what_is_sent_deleted_scheduled_or_paid(code: str, said: str) -> None:
    assert told(code)[-1].split(". ", 1)[1] == said


def test_what_decides_is_no_part_of_a_request() -> None:
    call = ast.parse("is_workflow_actions_addnewreminder(WFCalendarItemTitle='call Bob', WFPriority='High')").body[0].value  # type: ignore[attr-defined]
    assert Prose(Catalog.load(), plain=True).action(call) == "Add the reminder 'call Bob'"


def test_every_parameter_that_decides_is_one_of_its_action() -> None:
    catalog = Catalog.load()
    for ending, clauses in phrases.MORE.items():
        known = {parameter.key for parameter in catalog["is.workflow.actions." + ending].parameters}
        assert ending in phrases.FORMS and {key.removeprefix("not ") for key in clauses} <= known


def test_the_authors_words_and_the_header_come_first() -> None:
    lines = told("workflow(types=['Watch', 'ActionExtension'], input_types=['WFURLContentItem'])\n'Opens what is shared.'\n~openurl(WFInput=shortcut_input())\n")
    assert lines[:5] == [
        "Opens what is shared.", "Appears on the Apple Watch and in the share sheet.", "Takes what is given to it: url.",
        "Leaves the device: what the shortcut is given in the address that is opened.", "Opens: URLs.",
    ]  # fmt: skip


@pytest.mark.parametrize("code, line", [
    ("~sendmessage(WFSendMessageContent='Hi')", "Leaves the device: a text in a message."),
    ("x = ~getclipboard()\ny = f'I copied {x}'\n~downloadurl(WFURL='https://example.org/a', WFHTTPMethod='POST', WFJSONValues={'t': y})",
     "Leaves the device: the clipboard to the server example.org."),
    ("x = ~getcurrentlocation()\nfor item in x:\n    ~sendmessage(WFSendMessageContent=item)", "Leaves the device: where the device is in a message."),
    ("if clipboard():\n    ~showresult(Text='a')\nelse:\n    ~share(WFInput=clipboard())",
     "Leaves the device: the clipboard to whom the share sheet sends it."),
    ("~showresult(Text='a')", "Leaves the device: nothing that this program sends itself."),
    ("x = ~filter_photos()\n~deletephotos(photos=x)", "Deletes: photos."),
    ("~wifi_set(OnValue=False)", "Sets: Wi-Fi."),
    ("com_agiletortoise_Drafts5_CaptureIntent(content=clipboard())", "Uses other apps: Drafts (gets the clipboard)."),
    ("x = ~selectphoto()\n~imgur_upload(WFInput=x)", "Leaves the device: photos (uploads an image to Imgur)."),
    ("~giphy(WFGiphyQuery=clipboard())", "Leaves the device: the clipboard (searches Giphy)."),
    ("~venmo_pay(WFVenmoActionAmount='5')", "Leaves the device: something (pays by Venmo)."),
    ("x = ~getclipboard()\n~share()", "Leaves the device: the clipboard to whom the share sheet sends it."),
    ("~getclipboard()\n~number(WFNumberActionNumber=1)\n~share()", "Leaves the device: a text to whom the share sheet sends it."),
    ("~getclipboard()\nif device_details():\n    ~vibrate()\n    ~text_replace(WFReplaceTextFind='a')\n    ~share()",
     "Leaves the device: the clipboard to whom the share sheet sends it."),
    ("if device_details():\n    x = clipboard()\nelse:\n    x = 'a'\n~share(WFInput=x)",
     "Leaves the device: the clipboard to whom the share sheet sends it."),
])  # fmt: skip
def test_what_leaves_the_device_or_changes_it_is_said_before_the_steps(code: str, line: str) -> None:
    lines = told(code)
    assert line in lines[: lines.index("")]


@pytest.mark.parametrize("name", [name for name, (kind, _) in effects.TABLE.items() if kind in LEAVING] + ["downloadurl", "askllm"])
def test_what_an_action_sends_by_the_report_leaves_the_device(name: str) -> None:
    assert not any("nothing that" in line for line in told(f"~{name.replace('.', '_')}()"))


def test_a_program_that_is_too_large_to_be_followed_is_not_said_to_send_nothing() -> None:
    lines = told("match menu('What?'):\n" + "".join(f"    case '{number}':\n        ~vibrate()\n" for number in range(300)))
    assert lines[:2] == [
        "Leaves the device: nothing that was found.",
        "Too large to be followed whole (more than 256 paths): `check --report` names all that it may do.",
    ]


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_is_told_in_words_and_no_copy_of_its_code(file: Path) -> None:
    code = file.read_text()
    text = explain(code, Catalog.load())
    assert not re.search(r"is_workflow_actions|\bWF[A-Z]|\w\(\w+=|==|a step without", text)
    statements = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.stmt) and not isinstance(node, ast.Pass)]
    assert len(text.splitlines()) >= len(statements)


def test_an_empty_program_does_nothing_and_a_broken_one_is_an_error() -> None:
    assert told("")[-1] == "It does nothing."
    with pytest.raises(DialectError):
        told("x = (")


@given(st.lists(st.sampled_from([row.code for row in forms.FORMS]), max_size=4))
def test_programs_of_every_form_are_told(codes: list[str]) -> None:
    for code in codes:
        assert explain(code, Catalog.load()).endswith(".\n") or ":" in explain(code, Catalog.load())
