"""The meaning of a name while a program is compiled: one label a variable, a loop's names in the loop alone. `python -m pytest tests/test_bindings.py`"""

from __future__ import annotations

import pytest

import shortcuts
from shortcuts.trace import trace


def variables_shown(code: str) -> list[str]:
    """The variables that the last action of a program shows."""
    shown = shortcuts.to_shortcut(code)["WFWorkflowActions"][-1]["WFWorkflowActionParameters"]["Text"]["Value"]["attachmentsByRange"].values()
    return [token.get("VariableName") or token["OutputName"] for token in shown]


SHOW = "is_workflow_actions_showresult(Text=f'{%s} {%s}')\n"


@pytest.mark.parametrize("one, other", [("text", "text_"), ("x", "_x"), ("list_", "list"), ("a_b", "a__b"), ("input_", "input"), ("__x__", "x")])
def test_names_that_are_spoken_alike_are_two_variables(one: str, other: str) -> None:
    code = f"{one} = clipboard()\n{other} = current_date()\n" + SHOW % (one, other)
    first, second = variables_shown(code)
    assert first != second and shortcuts.check(code) == []
    written = [action["WFWorkflowActionParameters"].get("WFVariableName") for action in shortcuts.to_shortcut(code)["WFWorkflowActions"][:2]]
    assert written == [first, second]
    assert trace(shortcuts.to_python(shortcuts.to_shortcut(code))[0]).paths[0][-1].arguments == trace(code).paths[0][-1].arguments


def test_an_appended_variable_has_a_label_of_its_own_too() -> None:
    assert len(set(variables_shown("a_ = []\na_ += [clipboard()]\na = []\na += [current_date()]\n" + SHOW % ("a_", "a")))) == 2


@pytest.mark.parametrize("body", [
    "for y in x:\n    pass\nfor z in x:\n    is_workflow_actions_showresult(Text=f'{y}')\n",
    "for y in x:\n    pass\nis_workflow_actions_showresult(Text=f'{y}')\n",
    "for i in range(1, 3):\n    pass\nis_workflow_actions_showresult(Text=f'{i}')\n",
    "for i, y in enumerate(x, start=1):\n    pass\nis_workflow_actions_showresult(Text=f'{i}')\n",
    "y = clipboard()\nfor y in x:\n    pass\nis_workflow_actions_showresult(Text=f'{y}')\n",
])
def test_a_loops_name_means_nothing_after_the_loop(body: str) -> None:
    (finding,) = shortcuts.check("x = clipboard()\n" + body)
    assert finding.code == "undefined_name" and "loop that has ended" in finding.message


def test_a_loop_in_a_loop_has_a_name_of_its_own() -> None:
    (finding,) = shortcuts.check("x = clipboard()\nfor y in x:\n    for y in x:\n        pass\n    is_workflow_actions_showresult(Text=f'{y}')\n")
    assert "y is the name of a loop around this one" in finding.message


def test_a_loops_name_may_be_used_again() -> None:
    code = "x = clipboard()\nfor y in x:\n    pass\nfor y in x:\n    is_workflow_actions_showresult(Text=f'{y}')\ny = x\nis_workflow_actions_showresult(Text=f'{y} {x}')\n"
    assert shortcuts.check(code) == [] and variables_shown(code) == ["y", "x"]


@pytest.mark.parametrize("value", ["current_date()", "is_workflow_actions_date()"])
def test_a_loops_name_that_is_set_inside_the_loop_is_what_it_is_set_to(value: str) -> None:
    code = f"x = clipboard()\nfor y in x:\n    y = {value}\n    is_workflow_actions_showresult(Text=f'{{y}} {{x}}')\n"
    shown = shortcuts.to_shortcut(code)["WFWorkflowActions"][-2]["WFWorkflowActionParameters"]["Text"]["Value"]["attachmentsByRange"]
    assert [token.get("VariableName") or token["OutputName"] for token in shown.values()] == ["y", "x"]


def test_an_inner_loop_has_a_name_of_its_own_and_the_outer_one_keeps_its() -> None:
    code = "x = clipboard()\nfor y in x:\n    for z in y:\n        pass\n    is_workflow_actions_showresult(Text=f'{y} {x}')\n"
    shown = shortcuts.to_shortcut(code)["WFWorkflowActions"][4]["WFWorkflowActionParameters"]["Text"]["Value"]["attachmentsByRange"]
    assert [token["VariableName"] for token in shown.values()] == ["Repeat Item", "x"]


def test_a_variable_that_is_called_like_a_loops_is_another() -> None:
    code = "Repeat_Item = clipboard()\nfor y in clipboard():\n    is_workflow_actions_showresult(Text=f'{Repeat_Item} {y}')\n"
    shown = shortcuts.to_shortcut(code)["WFWorkflowActions"][2]["WFWorkflowActionParameters"]["Text"]["Value"]["attachmentsByRange"]
    first, second = (token["VariableName"] for token in shown.values())
    assert second == "Repeat Item" != first


def test_a_variable_that_a_person_calls_like_a_loops_is_the_same_program_when_it_is_read_again() -> None:
    code = "Repeat_Item = clipboard()\nRepeat_Item = f'{Repeat_Item}!'\nis_workflow_actions_showresult(Text=Repeat_Item)\n"
    assert shortcuts.transcribe(shortcuts.to_shortcut(code)).fixed_point


def test_a_shortcut_that_sets_a_variable_called_like_a_loops_comes_back_equal() -> None:
    token = {"Value": {"Type": "Variable", "VariableName": "Repeat Item"}, "WFSerializationType": "WFTextTokenAttachment"}
    clip = {"Value": {"Type": "Clipboard"}, "WFSerializationType": "WFTextTokenAttachment"}
    actions = [("setvariable", {"WFVariableName": "Repeat Item", "WFInput": clip}), ("repeat.each", {"GroupingIdentifier": "G", "WFControlFlowMode": 0, "WFInput": clip}),
               ("getvariable", {"WFVariable": token}), ("repeat.each", {"GroupingIdentifier": "G", "WFControlFlowMode": 2}), ("getvariable", {"WFVariable": token})]  # fmt: skip
    shortcut = {"WFWorkflowActions": [{"WFWorkflowActionIdentifier": f"is.workflow.actions.{name}", "WFWorkflowActionParameters": given} for name, given in actions]}
    result = shortcuts.transcribe(shortcut)
    assert (result.exact, result.canonical, result.fixed_point) == (True, True, True), result.code
    after_the_loop = shortcuts.transcribe({"WFWorkflowActions": shortcut["WFWorkflowActions"][1:]})
    assert (after_the_loop.exact, after_the_loop.canonical, after_the_loop.fixed_point) == (True, True, True), after_the_loop.code
    assert "variable('Repeat Item')" in after_the_loop.code


def test_a_name_that_later_promises_must_be_bound() -> None:
    (finding,) = shortcuts.check("is_workflow_actions_getvariable(WFVariable=later(x))\n")
    assert (finding.code, finding.line) == ("undefined_name", 1) and "nothing binds x" in finding.message


def test_what_an_action_with_an_error_would_bind_is_bound_for_the_lines_below() -> None:
    assert [finding.line for finding in shortcuts.check("x = is_workflow_actions_date('a')\nis_workflow_actions_showresult(Text=x)\n")] == [1]


def test_what_is_appended_to_is_a_variable() -> None:
    code = "x = 'a'\nx.append(clipboard())\nis_workflow_actions_showresult(Text=f'{x} {x}')\n"
    actions = shortcuts.to_shortcut(code)["WFWorkflowActions"]
    assert [action["WFWorkflowActionIdentifier"].rpartition(".")[2] for action in actions] == ["gettext", "setvariable", "appendvariable", "showresult"]
    shown = actions[-1]["WFWorkflowActionParameters"]["Text"]["Value"]["attachmentsByRange"].values()
    assert all(token == {"Type": "Variable", "VariableName": "x"} for token in shown)


def test_a_shortcut_that_reads_its_input_inside_a_list_says_so() -> None:
    code = "is_workflow_actions_list(WFItems=['a', shortcut_input()])\n"
    assert shortcuts.to_shortcut(code)["WFWorkflowHasShortcutInputVariables"] is True
    assert shortcuts.to_shortcut("is_workflow_actions_list(WFItems=['a', clipboard()])\n")["WFWorkflowHasShortcutInputVariables"] is False


@pytest.mark.parametrize("head", ["for _ in range(3):", "for _ in clipboard():", "for _, x in enumerate(clipboard(), start=1):"])
def test_the_name_for_nothing_cannot_be_read(head: str) -> None:
    (finding,) = shortcuts.check(f"{head}\n    is_workflow_actions_showresult(Text=f'{{_}}')\n")
    assert finding.code == "undefined_name" and finding.line == 2
