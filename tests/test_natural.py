"""Natural Python becomes the program that it says, or is refused with advice. `python -m pytest tests/test_natural.py`"""

from __future__ import annotations

import ast
import builtins
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shortcuts
from shortcuts import natural, plist
from shortcuts.catalog import Catalog
from shortcuts.forms import constants
from shortcuts.natural import examples, table
from shortcuts.syntax.nodes import parse
from tests.forms import FORMS
from tests.natural_forms import ADVICE, ROWS, Row


def canonical(code: str) -> str:
    """The program that a natural one becomes."""
    return shortcuts.to_python(shortcuts.to_shortcut(code))[0]


def actions(code: str) -> list[object]:
    """The actions of a program, without what the app makes anew."""
    return shortcuts.canonical(shortcuts.to_shortcut(code))["WFWorkflowActions"]


@pytest.mark.ci
@pytest.mark.parametrize("row", ROWS, ids=[row.python[:50] for row in ROWS])
def test_a_form_becomes_the_program_that_it_says(row: Row) -> None:
    code = examples.program(row.python)
    before = "".join(f"{line}\n" for line in code.splitlines() if line in examples.NAMES.values())
    made = canonical(code)
    assert made.removeprefix(canonical(before)) == row.canonical
    assert shortcuts.check(code) == shortcuts.check(made) == []
    assert canonical(made) == made and plist.same(actions(made), actions(code)), "a fixed point"


@pytest.mark.parametrize("code, words", ADVICE, ids=[code[:50] for code, _ in ADVICE])
def test_what_the_app_cannot_say_is_refused_with_advice(code: str, words: str) -> None:
    found = shortcuts.check(examples.program(code))
    assert any(words in finding.message for finding in found if finding.severity == "error"), found


def test_the_table_is_long_and_every_form_of_it_is_a_row() -> None:
    tested = {row.python for row in ROWS}
    assert len(ROWS) >= 120
    assert [example for example in examples.all_examples() if example not in tested] == []


def test_a_program_of_the_dialect_comes_back_as_it_is() -> None:
    for row in FORMS:
        module = parse(row.code)
        assert natural.lowered(module, Catalog.load()) is module, row.name


def test_real_programs_come_back_as_they_are(shared) -> None:
    for path in sorted(shared.glob("corpus/plist/*.plist"))[::20]:
        try:
            module = parse(shortcuts.to_python(plist.read_shortcut(path.read_bytes()))[0])
        except shortcuts.Unbalanced:
            continue
        assert natural.lowered(module, Catalog.load()) is module, path.name


def test_lowering_leaves_the_parsed_program_alone() -> None:
    for row in ROWS:
        module = parse(examples.program(row.python))
        before = ast.dump(module)
        natural.lowered(module, Catalog.load())
        assert ast.dump(module) == before, row.python


def test_no_action_is_called_by_the_bare_name_of_a_function_of_python() -> None:
    bare = {name for name in (*table.CALLS, *table.TESTS) if "." not in name and not hasattr(builtins, name)}
    assert bare == constants.PYTHON_FUNCTIONS
    odd = {"WFWorkflowActions": [{"WFWorkflowActionIdentifier": "date", "WFWorkflowActionParameters": {}}]}
    assert shortcuts.to_python(odd)[0] == "workflow(input_types=None)\naction('date')\n"


def test_every_error_of_a_natural_program_is_found_at_its_line() -> None:
    code = "import numpy\nx = input('?')\nfor c in x:\n    y = c.frobnicate()\n    print(foo(c))\nwhile True:\n    print(x)\n"
    assert [finding.line for finding in shortcuts.check(code)] == [1, 4, 5, 6]


def test_an_id_with_its_dots_is_told_how_a_call_is_written() -> None:
    (found,) = shortcuts.check("x = is.workflow.actions.getclipboard()\n")
    assert (found.code, found.line) == ("syntax", 1) and "is_workflow_actions_getclipboard" in found.message


def test_an_error_does_not_hide_what_stands_in_the_same_block() -> None:
    code = "try:\n    is_workflow_actions_urll()\nexcept ValueError:\n    pass\n"
    assert [finding.code for finding in shortcuts.check(code)] == ["form", "unknown_api"]


def test_actions_run_in_the_order_in_which_python_works_values_out() -> None:
    code = "print(input('a') + str(len(input('b'))), input('c'))\n"
    prompts = [action["WFWorkflowActionParameters"].get("WFAskActionPrompt") for action in shortcuts.to_shortcut(code)["WFWorkflowActions"]]
    assert [prompt for prompt in prompts if prompt] == ["a", "b", "c"]


def test_a_name_of_the_program_is_never_taken_for_a_step_in_between() -> None:
    code = "Count = input('?')\nCalculation_Result = 5\nprint(len(Count) + 1, Count, Calculation_Result)\n"
    assert "{Calculation_Result} {Count} {Calculation_Result_2}" in canonical(code).replace("{Calculation_Result_2} {Count} {Calculation_Result}",
                                                                                            "{Calculation_Result} {Count} {Calculation_Result_2}")  # fmt: skip


def test_the_functions_of_a_program_keep_their_names_apart() -> None:
    code = "def f(a):\n    b = a + 1\n    return b\nb = 10\nprint(f(1), f(2), b)\n"
    shown = canonical(code).splitlines()
    assert shown[0] == "b = is_workflow_actions_number(WFNumberActionNumber=10)" and shown[-1].endswith(" {b}')")


# ---------------------------------------------------------------------------------------------------------------------------------
# random expressions

NUMBERS = st.sampled_from(["n", "m", "2", "0.5", "7", "len(xs)", "round(n)", "abs(m)", "d['a'] * 1"])
SUMS = st.recursive(NUMBERS, lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner)
                    | st.builds("max({}, {})".format, inner, inner) | st.builds("round({}, 2)".format, inner), max_leaves=6)  # fmt: skip
TEXTS = st.recursive(st.sampled_from(["s", "'a b'", "str(n)", "xs[0].strip()", "', '.join(xs)"]), lambda inner: st.builds("{}.upper()".format, inner)
                     | st.builds("({} + {})".format, inner, inner) | st.builds("{}.replace('a', {})".format, inner, inner), max_leaves=5)  # fmt: skip
SHOWN = SUMS | TEXTS | st.builds("[{} for x in xs]".format, SUMS) | st.builds("len({})".format, TEXTS)
CONDITIONS = st.recursive(st.builds("{} > {}".format, SUMS, NUMBERS) | st.builds("{} == 'a'".format, TEXTS) | st.builds("'a' in {}".format, TEXTS),
                          lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner)
                          | st.builds("not {}".format, inner), max_leaves=4)  # fmt: skip


@pytest.mark.ci
@settings(max_examples=60, deadline=None)
@given(SHOWN, CONDITIONS)
def test_random_programs_compile_and_their_canonical_form_is_stable(value: str, test: str) -> None:
    code = examples.program(f"if {test}:\n    print({value})\nelse:\n    y = {value}")
    if [finding for finding in shortcuts.check(code) if "always the same" not in finding.message]:
        raise AssertionError(shortcuts.check(code))
    if not shortcuts.check(code):
        made = canonical(code)
        assert canonical(made) == made and plist.same(actions(made), actions(code))


def test_advice_names_actions_that_there_are() -> None:
    catalog = Catalog.load()
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(natural.__file__).parent.glob("*.py"))
    named = set(re.findall(r"is_workflow_actions_\w*[a-z0-9]", sources))
    named |= {f"is_workflow_actions_{action}" for action in re.findall(r"""low\.action\(["'](\w+)""", sources)}
    assert len(named) > 30 and {action for action in named if catalog.by_name(action) is None} == set()
