"""Edits of shortcuts: what a change does not touch is equal to the byte, and what it says is what the new shortcut does."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import Indel

from shortcuts import DialectError, Unbalanced, canonical, plist, rename, to_python, to_shortcut
from shortcuts.catalog import Catalog
from shortcuts.edit import apply_change, apply_text, change_between
from tests.programs import GOLD
from tests.shortcut_strategies import action, random_shortcuts

ASK, SHOW, SPEAK = (f"is_workflow_actions_{name}" for name in ("ask", "showresult", "speaktext"))
UUID = "{:08X}-0000-4000-8000-00000000000A".format


def listed(shortcut: dict[str, Any]) -> list[dict[str, Any]]:
    return shortcut["WFWorkflowActions"]


def same_bytes(before: dict[str, Any], after: dict[str, Any]) -> int:
    """The most actions of a shortcut that stand in another one in the same order, equal in each key, its place and its value."""
    old, new = ([repr(one) for one in listed(shortcut)] for shortcut in (before, after))
    return (len(old) + len(new) - Indel.distance(old, new)) // 2


def output(number: int, name: str) -> dict[str, Any]:
    return {"Value": {"Type": "ActionOutput", "OutputUUID": UUID(number), "OutputName": name}, "WFSerializationType": "WFTextTokenAttachment"}


def in_text(number: int, name: str) -> dict[str, Any]:
    token = output(number, name)["Value"]
    return {"WFSerializationType": "WFTextTokenString", "Value": {"attachmentsByRange": {"{0, 1}": token}, "string": "\ufffc"}}


@pytest.fixture
def whole() -> dict[str, Any]:
    """A shortcut with what code does not show: identities, an order of keys, a name, an icon, unknown keys, import questions."""
    return {
        "WFWorkflowName": "Ask and tell", "WFWorkflowIcon": {"WFWorkflowIconStartColor": 7, "WFWorkflowIconGlyphNumber": 1},
        "WFWorkflowActions": [
            action("is.workflow.actions.ask", WFAskActionPrompt="Which city?", UUID=UUID(1), **{"Show-more": True}),
            action("is.workflow.actions.gettext", UUID=UUID(2), WFTextActionText="unused"),
            action("is.workflow.actions.conditional", WFControlFlowMode=0, GroupingIdentifier=UUID(10), WFCondition=100,
                   WFInput={"Type": "Variable", "Variable": output(1, "Provided Input")}),
            action("is.workflow.actions.showresult", Text=in_text(1, "Provided Input")),
            action("is.workflow.actions.conditional", GroupingIdentifier=UUID(10), WFControlFlowMode=1),
            action("is.workflow.actions.notification", WFNotificationActionBody="Nothing", UUID=UUID(3)),
            action("is.workflow.actions.conditional", GroupingIdentifier=UUID(10), UUID=UUID(4), WFControlFlowMode=2),
            action("is.workflow.actions.openurl", WFInput="https://example.org"),
        ],
        "WFWorkflowImportQuestions": [
            {"ParameterKey": "WFInput", "Category": "Parameter", "ActionIndex": 7, "Text": "Where to?"},
            {"ParameterKey": "WFTextActionText", "Category": "Parameter", "ActionIndex": 1, "Text": "What?", "DefaultValue": "x"},
        ],
        "WFWorkflowClientVersion": "1146.11", "OddKey": [1],
    }  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------------------
# cases


def test_the_programs_lines_are_those_that_the_cases_below_name(whole: dict[str, Any]) -> None:
    assert to_python(whole)[0].splitlines()[1:] == [
        f"Provided_Input = {ASK}(WFAskActionPrompt='Which city?')",
        "is_workflow_actions_gettext(WFTextActionText=ask_on_import('unused', question='What?', default='x'))",
        "if Provided_Input:",
        f"    {SHOW}(Text=Provided_Input)",
        "else:",
        "    is_workflow_actions_notification(WFNotificationActionBody='Nothing')",
        "is_workflow_actions_openurl(WFInput=ask_on_import('https://example.org', question='Where to?', default=None))",
    ]


def test_no_change_gives_the_same_shortcut(whole: dict[str, Any], catalog: Catalog) -> None:
    edited = apply_change(whole, "", catalog)
    assert repr(edited.shortcut) == repr(whole)
    assert (edited.code, edited[2:6]) == (to_python(whole)[0], (8, 0, 0, 0))


@pytest.mark.parametrize(("change", "counts"), [
    (f"insert after 2\n{SPEAK}(WFText=Provided_Input)", (8, 0, 1, 0)),
    (f"replace 5\n    keep 5\n    {SPEAK}(WFText=Provided_Input)", (8, 0, 1, 0)),
    (f"replace 5\n    {SHOW}(Text=f'{{Provided_Input}}!')", (7, 1, 0, 0)),
    ("replace 6-7\n    pass", (6, 0, 0, 2)),
    ("delete 3", (7, 0, 0, 1)),
    ("delete 8\ninsert after 1\nkeep 8", (8, 0, 0, 0)),
    ("replace 8\nfor _ in range(3):\n    keep 8", (8, 0, 2, 0)),
    ("replace 4\nif Provided_Input == 'Rome':", (7, 1, 0, 0)),
    (f"replace 2-5\nCity = {ASK}(WFAskActionPrompt='Which city?')\nkeep 3\nif City:\n    {SHOW}(Text=City)", (5, 3, 0, 0)),
    ("replace 4-7\nkeep 7", (4, 0, 0, 4)),
])  # fmt: skip
def test_what_a_change_does_not_touch_stays_equal_to_the_byte(whole: dict[str, Any], catalog: Catalog, change: str, counts: tuple[int, ...]) -> None:
    edited = apply_change(whole, change, catalog)
    assert edited[2:6] == counts
    moves = "keep 8" in change and "insert" in change
    assert same_bytes(whole, edited.shortcut) == edited.kept - moves
    assert [key for key in edited.shortcut if key != "WFWorkflowImportQuestions"] == [key for key in whole if key != "WFWorkflowImportQuestions"]
    assert {key: edited.shortcut[key] for key in ("WFWorkflowName", "WFWorkflowIcon", "OddKey")} == \
        {key: whole[key] for key in ("WFWorkflowName", "WFWorkflowIcon", "OddKey")}
    assert canonical(edited.shortcut) == canonical(to_shortcut(apply_text(to_python(whole)[0], change)))


def test_new_lines_refer_to_old_outputs_by_their_identity(whole: dict[str, Any], catalog: Catalog) -> None:
    edited = apply_change(whole, f"insert after 2\n{SPEAK}(WFText=Provided_Input)", catalog)
    token = listed(edited.shortcut)[1]["WFWorkflowActionParameters"]["WFText"]["Value"]["attachmentsByRange"]["{0, 1}"]
    assert token == {"Type": "ActionOutput", "OutputUUID": UUID(1), "OutputName": "Provided Input"}


def test_an_action_that_gets_a_name_or_another_one_keeps_its_identity_and_hidden_keys(whole: dict[str, Any], catalog: Catalog) -> None:
    lines = to_python(whole)[0].splitlines()
    edited = apply_change(whole, f"replace 3\nsaid = {lines[2]}\ninsert after 3\n{SPEAK}(WFText=said)", catalog)
    assert listed(edited.shortcut)[1]["WFWorkflowActionParameters"] == {"UUID": UUID(2), "WFTextActionText": "unused", "CustomOutputName": "said"}
    renamed = apply_change(whole, f"replace 2\ncity = {ASK}(WFAskActionPrompt='Which town?')\nreplace 4\nif city:\nreplace 5\n    {SHOW}(Text=city)", catalog)
    assert list(listed(renamed.shortcut)[0]["WFWorkflowActionParameters"].items()) == [
        ("WFAskActionPrompt", "Which town?"), ("UUID", UUID(1)), ("Show-more", True), ("CustomOutputName", "city")]  # fmt: skip


def test_import_questions_follow_their_actions(whole: dict[str, Any], catalog: Catalog) -> None:
    first, second = whole["WFWorkflowImportQuestions"]
    moved = apply_change(whole, "insert after 1\n'A remark.'", catalog).shortcut["WFWorkflowImportQuestions"]
    assert repr(moved) == repr([{**first, "ActionIndex": 8}, {**second, "ActionIndex": 2}])
    assert apply_change(whole, "delete 3", catalog).shortcut["WFWorkflowImportQuestions"] == [{**first, "ActionIndex": 6}]
    asked = apply_change(whole, f"replace 5\n    {SHOW}(Text=ask_on_import('Hi', question='How?'))", catalog).shortcut["WFWorkflowImportQuestions"]
    assert asked == [first, second, {"ActionIndex": 3, "Category": "Parameter", "ParameterKey": "Text", "Text": "How?", "DefaultValue": "Hi"}]


def test_settings_change_alone_where_a_change_says_so(whole: dict[str, Any], catalog: Catalog) -> None:
    header = to_python(whole)[0].splitlines()[0]
    edited = apply_change(whole, f"replace 1\n{header[:-1]}, types=['Watch'])", catalog)
    assert repr({**edited.shortcut, "WFWorkflowTypes": 0}) == repr({**whole, "WFWorkflowTypes": 0})
    assert edited.shortcut["WFWorkflowTypes"] == ["Watch"]


def test_a_shortcut_gets_a_trigger_and_keeps_that_it_had(catalog: Catalog) -> None:
    shortcut = to_shortcut(f"@when_app_opened()\ndef shortcut():\n    x = {ASK}()\n    {SHOW}(Text=x)\n")
    shortcut["WFWorkflowTriggers"][0]["WFTriggerUUID"] = UUID(9)
    edited = apply_change(shortcut, "insert after 0\n@when_screenshot_saved()", catalog)
    assert [trigger["WFTriggerUUID"] == UUID(9) for trigger in edited.shortcut["WFWorkflowTriggers"]] == [False, True]
    assert edited[2:6] == (2, 0, 0, 0)
    without = apply_change(shortcut, "replace 1-4\nkeep 3-4", catalog)
    assert not without.shortcut.get("WFWorkflowTriggers") and without.kept == 2


def test_new_lines_may_be_natural_python(catalog: Catalog) -> None:
    shortcut = to_shortcut(GOLD)
    edited = apply_change(shortcut, "insert after 6\nprint(len(Titles) + 1)", catalog)
    assert (edited[2:6], same_bytes(shortcut, edited.shortcut)) == ((17, 0, 3, 0), 17)


def test_a_menu_gets_a_choice_and_keeps_the_others(catalog: Catalog) -> None:
    shortcut = to_shortcut(GOLD)
    edited = apply_change(shortcut, "insert after 13\n    case 'Speak':\n        is_workflow_actions_speaktext(WFText=Titles)", catalog)
    assert edited[2:6] == (16, 1, 2, 0)
    (start,) = (one["WFWorkflowActionParameters"] for one in listed(edited.shortcut) if "WFMenuPrompt" in one["WFWorkflowActionParameters"])
    assert start["WFMenuItems"] == ["Copy", "Speak", "Nothing"]


def test_an_identity_that_was_made_once_is_not_made_again(catalog: Catalog) -> None:
    shortcut = to_shortcut(f"a = {ASK}()\n{SHOW}(Text=a)\n")
    for name in ("c", "d", "e"):
        edited = apply_change(shortcut, f"insert after 0\nb = {ASK}()\n{SHOW}(Text=b)\nif b:\n    pass", catalog)
        shortcut = apply_change(edited.shortcut, change_between(edited.code, rename(edited.code, {"b": name})), catalog).shortcut
    for key in ("UUID", "GroupingIdentifier"):
        found = [one["WFWorkflowActionParameters"][key] for one in listed(shortcut) if key in one["WFWorkflowActionParameters"]]
        assert len(set(found)) == (len(found) if key == "UUID" else len(found) / 2) > 2


@pytest.mark.parametrize(("change", "line", "message"), [
    ("insert after 9\nx", 1, "there is no line 9; the program has 8"),
    (f"insert after 8\n\n{SHOW}(Text=city)", 3, "city is not bound to anything above this line, in `is_workflow_actions_showresult(Text=city)`"),
    ("delete 2", 1, "line 4 of the program, `if Provided_Input:`: Provided_Input is not bound to anything above this line"),
    (f"insert after 3\nProvided_Input = {ASK}()", 1,
     f"line 2 of the program, `Provided_Input = {ASK}(WFAskActionPrompt='Which city?')`: it is not part of the change, yet it would become another "
     "action; the change gives Provided_Input another meaning, so give the new value a name of its own"),
])  # fmt: skip
def test_a_change_that_cannot_be_made_is_refused_with_its_line(whole: dict[str, Any], catalog: Catalog, change: str, line: int, message: str) -> None:
    with pytest.raises(DialectError) as caught:
        apply_change(whole, change, catalog)
    assert message in caught.value.message
    assert caught.value.line == line


def test_an_action_that_would_become_another_one_is_named(catalog: Catalog) -> None:
    shortcut = to_shortcut("n = is_workflow_actions_number(WFNumberActionNumber=5)\na = is_workflow_actions_getclipboard()\nif a == n:\n    pass\n")
    with pytest.raises(DialectError) as caught:
        apply_change(shortcut, "replace 1\nn = is_workflow_actions_gettext(WFTextActionText='a')", catalog)
    assert caught.value.code == "untouched"
    assert caught.value.message.startswith("line 3 of the program, `if a == n:`: it is not part of the change, yet it would become another action")


OLD = """workflow(client_version='484')
is_workflow_actions_getlatestphotos()
is_workflow_actions_image_resize(WFImageResizeWidth=9)
if previous_output() == 'a':
    is_workflow_actions_setclipboard()
else:
    is_workflow_actions_openurl()
is_workflow_actions_share()
"""


@pytest.mark.parametrize(("change", "said"), [
    ("insert after 2\n'A remark.'", []),
    ("insert after 3\nis_workflow_actions_number()", ["line 5, `if previous_output() == 'a':`", "line 6, `is_workflow_actions_setclipboard()`",
                                                     "line 8, `is_workflow_actions_openurl()`"]),
    ("delete 2", ["line 2, `is_workflow_actions_image_resize(WFImageResizeWidth=9)`"]),
    ("replace 3\nis_workflow_actions_image_resize(WFImageResizeWidth=8)", []),
    ("replace 8\nif previous_output() == 'a':\n    keep 8", []),
    ("delete 8\ninsert after 2\nkeep 8", ["line 3, `is_workflow_actions_share()`", "line 4, `is_workflow_actions_image_resize("]),
    ("replace 3\nis_workflow_actions_image_resize(WFImageResizeWidth=9, WFImage=None)", []),
])  # fmt: skip
def test_what_an_old_shortcut_passes_on_without_a_name_is_said_where_it_changes(catalog: Catalog, change: str, said: list[str]) -> None:
    edited = apply_change(to_shortcut(OLD), change, catalog)
    assert [any(line.startswith(begin) for line in edited.diverted) for begin in said] == [True] * len(said) == [True] * len(edited.diverted)
    if "delete 2" in change:
        assert edited.diverted[0].endswith("below 900: that is nothing now, and was another")


def test_what_a_shortcut_of_today_passes_on_is_not_said(catalog: Catalog) -> None:
    shortcut = to_shortcut("is_workflow_actions_getlatestphotos()\nis_workflow_actions_setclipboard()\n")
    assert apply_change(shortcut, "insert after 1\nis_workflow_actions_number()", catalog).diverted == ()


# ---------------------------------------------------------------------------------------------------------------------------------
# properties


def random_change(code: str, seed: int) -> str:
    """The change that deletes, moves, repeats and inserts some lines of a program."""
    source, lines = random.Random(seed), code.splitlines()
    for _ in range(source.randint(1, 2)):
        place = source.randrange(len(lines) + 1)
        kind = source.choice(["delete", "insert", "move", "remark", "wrap"])
        if kind == "delete":
            del lines[place : place + source.randint(1, 3)]
        elif kind == "move" and lines:
            lines.insert(place, lines.pop(source.randrange(len(lines))))
        elif kind == "wrap":
            inner = lines[place : place + source.randint(1, 3)]
            indent = inner[0][: len(inner[0]) - len(inner[0].lstrip())] if inner else ""
            lines[place : place + len(inner)] = [f"{indent}for _ in range(3):", *("    " + line for line in inner or ["pass"])]
        else:
            indent = lines[place - 1][: len(lines[place - 1]) - len(lines[place - 1].lstrip())] if place else ""
            lines.insert(place, indent + ("'A remark.'" if kind == "remark" else f"Text_9 = {ASK}()"))
    return change_between(code, "".join(f"{line}\n" for line in lines))


def check_edit(shortcut: dict[str, Any], change: str, catalog: Catalog) -> bool:
    """True if a change is applied as it must be, False if it is refused."""
    code = to_python(shortcut, catalog)[0]
    try:
        edited = apply_change(shortcut, change, catalog)
    except DialectError:
        return False
    old = [repr(one) for one in listed(shortcut)]
    assert edited.kept + edited.changed + edited.removed == len(old)
    assert edited.kept + edited.changed + edited.added == len(listed(edited.shortcut))
    new = [repr(one) for one in listed(edited.shortcut)]
    assert edited.kept <= sum(min(old.count(one), new.count(one)) for one in set(old))
    assert plist.same(canonical(edited.shortcut)["WFWorkflowActions"], canonical(to_shortcut(apply_text(code, change), None, catalog))["WFWorkflowActions"])
    return True


@pytest.mark.ci
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(random_shortcuts(), st.integers(0, 10**6))
def test_random_edits_of_random_shortcuts_keep_the_rest(catalog: Catalog, shortcut: dict[str, Any], seed: int) -> None:
    try:
        code = to_python(shortcut, catalog)[0]
    except (Unbalanced, DialectError):
        return
    assert repr(apply_change(shortcut, "", catalog).shortcut) == repr(shortcut)
    check_edit(shortcut, random_change(code, seed), catalog)


def test_random_edits_of_a_program_keep_the_rest(catalog: Catalog) -> None:
    shortcut = to_shortcut(GOLD)
    code = to_python(shortcut)[0]
    assert sum(check_edit(shortcut, random_change(code, seed), catalog) for seed in range(40)) > 10  # the others are no programs


@pytest.mark.parametrize("count", [pytest.param(12, marks=pytest.mark.ci), pytest.param(None, marks=pytest.mark.slow)])
def test_real_shortcuts_stay_as_they_are_and_but_for_a_remark(catalog: Catalog, shared: Path, count: int | None) -> None:
    files = sorted((shared / "corpus/plist").glob("*.plist"))
    for file in random.Random(1).sample(files, count or len(files)):
        shortcut = plist.read_shortcut(file.read_bytes())
        try:
            lines = to_python(shortcut, catalog)[0].splitlines()
        except ValueError:  # its blocks do not end
            continue
        assert repr(apply_change(shortcut, "", catalog).shortcut) == repr(shortcut)
        places = [place for place in range(1, len(lines)) if lines[place - 1][:1].strip() and lines[place][:1].strip()
                  and not re.search(r"_results?\(|^else|^elif|:$", lines[place]) and not lines[place - 1].endswith(":")]  # fmt: skip
        if places:
            check_remark(shortcut, random.Random(file.name).choice(places), catalog)


def check_remark(shortcut: dict[str, Any], place: int, catalog: Catalog) -> None:
    """A remark below a line leaves all other actions equal to the byte, and without it again the shortcut is the same."""
    with_remark = apply_change(shortcut, f"insert after {place}\n'A remark that is new.'", catalog)
    others = [repr(one) for one in listed(with_remark.shortcut) if "A remark that is new." not in repr(one)]
    assert others == list(map(repr, listed(shortcut)))
    number = next(number for number, line in enumerate(with_remark.code.splitlines(), start=1) if "A remark that is new." in line)
    assert repr(apply_change(with_remark.shortcut, f"delete {number}", catalog).shortcut) == repr(shortcut)
