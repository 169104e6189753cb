"""Programs that repair leaves as they are, and those that it reads out of an answer. `python -m pytest tests/test_repair_words.py`"""

from __future__ import annotations

import pytest

import shortcuts
from shortcuts.repair import repair

FIRST = "```python\nx = 1\n```\n"
WHOLE = "x = clipboard()\nis_workflow_actions_showresult(Text=x)\n"


def test_the_longest_block_of_an_answer_is_its_program(catalog):
    answer = f"First:\n{FIRST}Then the whole:\n```python\n{WHOLE}```\nAnd once more:\n{FIRST}"
    assert repair(answer, catalog)[0] == WHOLE


def test_operators_of_other_languages_stay_in_texts(catalog):
    code, repairs = repair("x = clipboard()\nif x == 'a && b || c' && x:\n    pass\n", catalog)
    assert code == "x = clipboard()\nif x == 'a && b || c' and x:\n    pass\n" and [made.kind for made in repairs] == ["operator"]


def test_a_slip_is_no_name_that_is_bound_below(catalog):
    code = "x = clipboard()\nis_workflow_actions_showresult(Text=totla)\ntotal = clipboard()\n"
    assert repair(code, catalog)[0] == code
    above = "total = clipboard()\nis_workflow_actions_showresult(Text=totla)\n"
    assert repair(above, catalog)[0] == above.replace("totla", "total")


def test_of_two_names_that_are_as_near_none_is_taken(catalog):
    code = "names = clipboard()\nnamed = clipboard()\nis_workflow_actions_showresult(Text=namex)\n"
    assert repair(code, catalog)[0] == code


def test_no_fix_loses_the_call_of_an_api(catalog):
    line = "x = is_workflow_actions_url(WFURLActionURL=1) is_workflow_actions_openurl(WFInput=2\n"
    assert repair(line, catalog)[0] == f"# {line}"


@pytest.mark.parametrize("text", ["\ud800", "x = '\ud83d'\n", "```python\n\udc00", "x = clipboard(\n'\ud83d", WHOLE + "\udfff"])
def test_half_a_character_ends_in_a_program(text, catalog):
    code, repairs = repair(text, catalog)
    shortcuts.parse(code)
    assert repair(code, catalog) == (code, []) and any(made.kind == "characters" for made in repairs)


@pytest.mark.ci
def test_values_in_each_other_are_made_as_deep_as_python_takes(catalog):
    for depth in (5, 100, 5_000):
        code, _ = repair("x = " + "{'a': " * depth + "a b" + "}" * depth, catalog)
        shortcuts.parse(code)


def test_a_name_is_not_changed_in_a_program_that_nests_too_deep():
    with pytest.raises(shortcuts.DialectError, match="nested too deep"):
        shortcuts.rename("y = clipboard()\nx = y" + ".formatted('y')" * 900, {"y": "z"})
