"""Verified edits: each is sound on both sides, differs, and only where it is meant to; what is not, is not given."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice

import pytest
from hypothesis import HealthCheck, given, settings

from shortcuts import Unbalanced, canonical, check, equivalent, in_dialect, plist, rename, to_python, to_shortcut
from shortcuts.catalog import Catalog
from shortcuts.edit import apply_change, change_between
from shortcuts.edit.operations import OPERATIONS, edits, proof
from shortcuts.edit.operations.program import Change, Hunk, Program
from tests.shortcut_strategies import random_shortcuts

CATALOG = Catalog.load()
# Something for each operation.
WHOLE = """workflow(types=['Watch'])
Provided_Input = is_workflow_actions_ask(WFAskActionPrompt='Which city?')
Updated_Text = is_workflow_actions_text_changecase(WFCaseType='UPPERCASE', text=Provided_Input)
Page = is_workflow_actions_downloadurl(WFURL=f'https://example.org/{Updated_Text}')
Text = is_workflow_actions_gettext(WFTextActionText='First line\\nSecond line')
is_workflow_actions_showresult(Text=f'You said {Text}')
if Page:
    is_workflow_actions_alert(WFAlertActionMessage='It is there. Have a look')
for _ in range(3):
    is_workflow_actions_speaktext(WFText='Hello')
match menu('What next?'):
    case 'Copy':
        is_workflow_actions_setclipboard(WFInput=Page)
    case 'Nothing':
        pass
is_workflow_actions_speaktext(WFText='One')
is_workflow_actions_speaktext(WFText='Two')
is_workflow_actions_delay(WFDelayTime=3)
"""


@lru_cache
def some(code: str, number: int = 60, seed: int = 0) -> list:
    return list(islice(edits(code, "an id", seed, CATALOG), number))


def test_the_program_of_these_tests_is_sound_and_as_it_would_be_printed() -> None:
    assert proof.side(WHOLE, CATALOG) is not None


@pytest.mark.parametrize("kind", OPERATIONS)
def test_each_kind_of_edit_is_made_and_says_which_lines_it_is_about(kind: str) -> None:
    found = next(edit for edit in some(WHOLE, 60) if edit.kind == kind)
    assert found.before == WHOLE and found.about and all(WHOLE.splitlines()[line - 1].strip() for line in found.about)


def test_each_edit_is_sound_differs_and_keeps_what_it_does_not_touch() -> None:
    shortcut, made = to_shortcut(WHOLE), some(WHOLE)
    for edit in made:
        assert check(edit.after, CATALOG) == [] and in_dialect(edit.after, CATALOG) == edit.after
        edited = apply_change(shortcut, change_between(WHOLE, edit.after), CATALOG)
        assert plist.same(canonical(edited.shortcut), canonical(to_shortcut(edit.after)))
        assert edited.kept >= len(shortcut["WFWorkflowActions"]) - 12
        assert equivalent(edited.shortcut, shortcut) == (edit.kind == "rename")
    assert len({edit.after for edit in made}) == len(made) == 60


def test_edits_are_a_function_of_the_id_and_the_seed_and_fewer_are_the_first_of_more() -> None:
    assert some(WHOLE, 20)[:8] == some(WHOLE, 8)
    assert some(WHOLE, 8) != some(WHOLE, 8, seed=1)
    assert list(islice(edits(WHOLE, "another id", 0, CATALOG), 8)) != some(WHOLE, 8)


def test_kinds_come_in_turn_so_that_few_edits_are_of_many_kinds() -> None:
    assert len({edit.kind for edit in some(WHOLE, len(OPERATIONS))}) == len(OPERATIONS)


@pytest.mark.parametrize("code", ["", "x = (", "is_workflow_actions_nosuchthing()\n", "print('natural Python')\n",
                                  "is_workflow_actions_showresult(Text = 'not as it would be printed')\n"])
def test_a_program_that_is_not_sound_has_no_edits(code: str) -> None:
    assert some(code) == []


# ---------------------------------------------------------------------------------------------------------------------------------
# what an operation must not do


def after_each(code: str, kind: str, number: int = 40) -> list[str]:
    return [edit.after for edit in some(code, number) if edit.kind == kind]


def test_nothing_comes_between_an_action_and_the_one_that_takes_its_output_without_a_name() -> None:
    code = "is_workflow_actions_getclipboard()\nis_workflow_actions_detect_link()\nis_workflow_actions_vibrate()\n"
    for edit in some(code, 40):
        lines = [line.strip() for line in edit.after.splitlines()]
        if "is_workflow_actions_detect_link()" in lines:
            above = lines[lines.index("is_workflow_actions_detect_link()") - 1]
            assert above == "is_workflow_actions_getclipboard()", edit


def test_an_action_whose_output_is_read_is_left_out_only_with_its_readers_taking_its_input() -> None:
    code = ("Clipboard = is_workflow_actions_getclipboard()\n"
            "Updated_Text = is_workflow_actions_text_changecase(WFCaseType='UPPERCASE', text=Clipboard)\n"
            "is_workflow_actions_showresult(Text=f'It is {Updated_Text}')\n")
    assert {*after_each(code, "remove")} == {
        "Clipboard = is_workflow_actions_getclipboard()\nis_workflow_actions_showresult(Text=f'It is {Clipboard}')\n",
        "\n".join(code.splitlines()[:2]) + "\n"}


def test_steps_change_places_only_if_neither_needs_the_other() -> None:
    code = ("Clipboard = is_workflow_actions_getclipboard()\nis_workflow_actions_showresult(Text=f'It is {Clipboard}')\n"
            "is_workflow_actions_vibrate()\n")
    assert after_each(code, "reorder") == ["\n".join([code.splitlines()[line] for line in (0, 2, 1)]) + "\n"]


def test_two_steps_on_the_same_thing_stay_in_order() -> None:
    code = "is_workflow_actions_setclipboard(WFInput=shortcut_input())\nText = is_workflow_actions_gettext(WFTextActionText=clipboard())\n"
    assert after_each(code, "reorder") == []


def test_what_ends_the_shortcut_is_not_put_under_a_condition_and_nothing_is_put_behind_it() -> None:
    code = "is_workflow_actions_vibrate()\nis_workflow_actions_exit()\n"
    for edit in some(code, 40):
        lines = edit.after.splitlines()
        assert "is_workflow_actions_exit()" not in lines or lines[-1] == "is_workflow_actions_exit()"
        assert "    is_workflow_actions_exit()" not in lines


def test_a_step_that_an_import_question_fills_stays_and_the_question_moves_with_it() -> None:
    code = "is_workflow_actions_vibrate()\nText = is_workflow_actions_gettext(WFTextActionText=ask_on_import('a', question='Which?'))\n"
    made = some(code, 60)
    assert made and all("ask_on_import('a', question='Which?')" in edit.after for edit in made)


def test_the_last_step_of_a_branch_stays_where_its_result_is_read() -> None:
    code = ("Clipboard = is_workflow_actions_getclipboard()\nif Clipboard:\n    is_workflow_actions_vibrate()\n"
            "    Text = is_workflow_actions_gettext(WFTextActionText='yes')\nelse:\n    pass\nIf_Result = if_result()\n"
            "is_workflow_actions_showresult(Text=f'It is {If_Result}')\n")
    for edit in some(code, 60):
        if edit.kind in ("remove", "insert", "condition", "repeat", "reorder"):
            assert "    Text = is_workflow_actions_gettext(WFTextActionText='yes')\nelse:" in edit.after or "if_result" not in edit.after


# ---------------------------------------------------------------------------------------------------------------------------------
# the proof


def held(hunks: list[Hunk], kind: str = "value") -> bool:
    program, before = Program(WHOLE, CATALOG), proof.side(WHOLE, CATALOG)
    change = Change(kind, tuple(hunks), (1,), {})
    return before is not None and proof.holds(program, before, change, program.applied(hunks))


def test_a_change_that_is_what_it_says_is_proved() -> None:
    assert held([Hunk(18, 19, ("is_workflow_actions_delay(WFDelayTime=4)",))])


@pytest.mark.parametrize(("fault", "hunk"), [
    ("nothing changes", Hunk(18, 19, ("is_workflow_actions_delay(WFDelayTime=3)",))),
    ("a finding", Hunk(18, 19, ("is_workflow_actions_delay(WFDelay=4)",))),
    ("a name that nothing binds", Hunk(2, 3, ())),
    ("natural Python", Hunk(18, 19, ("print('done')",))),
    ("not as it would be printed", Hunk(18, 19, ("is_workflow_actions_delay( WFDelayTime = 4 )",))),
    ("another form of what it compiles to", Hunk(18, 19, ("action('is.workflow.actions.delay', WFDelayTime=4)",))),
])
def test_a_faulty_change_is_refused(fault: str, hunk: Hunk) -> None:
    assert not held([hunk]), fault


def test_a_change_by_which_an_untouched_line_means_something_else_is_refused() -> None:
    twice = Hunk(4, 4, ("Updated_Text = is_workflow_actions_getclipboard()",))  # the name is a variable from then on
    assert not held([twice])


def test_names_alone_are_no_change_but_for_a_rename() -> None:
    after = rename(WHOLE, {"Page": "Site"}).split("\n")
    hunks = [Hunk(n, n + 1, (line,)) for n, (old, line) in enumerate(zip(WHOLE.split("\n"), after), start=1) if old != line]
    assert held(hunks, "rename") and not held(hunks, "value")


def test_a_new_name_for_the_result_of_a_block_changes_the_end_of_that_block() -> None:
    code = ("for _ in range(3):\n    Battery_Level = is_workflow_actions_getbatterylevel()\nRepeat_Results = repeat_results()\n"
            "is_workflow_actions_showresult(Text=f'Visited: {Repeat_Results}')\n")
    renamed = [edit for edit in some(code, 40) if edit.kind == "rename" and edit.given["old"] == "Repeat_Results"]
    assert [edit.change.also for edit in renamed] == [{1}]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(random_shortcuts())
def test_edits_of_any_shortcut_apply_and_keep_the_rest(shortcut: dict) -> None:
    try:
        code, _ = to_python(shortcut)
    except (Unbalanced, ValueError):
        return
    for edit in islice(edits(code, "any", 0, CATALOG), 5):
        edited = apply_change(shortcut, change_between(code, edit.after), CATALOG)
        assert edited.code == edit.after or equivalent(to_shortcut(edited.code), to_shortcut(edit.after))
