"""The dialect's promises on random shortcuts, hostile text included. `python -m pytest tests/test_dialect_properties.py`

The same examples each time, so that a red test means a change; `EXPLORE=3000 python -m pytest …` tries that many new ones, as of all properties.
"""

from __future__ import annotations

import ast
import textwrap

from hypothesis import given
from hypothesis import strategies as st
from shortcut_strategies import random_shortcuts

import shortcuts
from shortcuts import plist
from tests.app_rules import defects


@given(random_shortcuts())
def test_every_shortcut_becomes_python_and_comes_back_equal(shortcut):
    result = shortcuts.transcribe(shortcut)
    ast.parse(result.code)
    assert result.exact
    assert result.canonical
    assert result.fixed_point


@given(random_shortcuts())
def test_renaming_every_name_leaves_the_shortcut_equal(shortcut):
    code, residue = shortcuts.to_python(shortcut)
    renames = {name: f"renamed_{index}" for index, name in enumerate(shortcuts.bound_names(code))}
    renamed = shortcuts.rename(code, renames)
    assert plist.same(shortcuts.to_shortcut(renamed, shortcuts.rename_residue(residue, renames)), shortcut)


# ---------------------------------------------------------------------------------------------------------------------------------
# programs, as people and models write them

NAMES = st.sampled_from(["x", "total", "größe", "item", "Text", "If_Result"])
EXPRESSIONS = st.one_of(
    NAMES, NAMES.map(lambda name: f"{name}['key']"), NAMES.map(lambda name: f"as_number({name})"), NAMES.map(lambda name: f"f'😀 {{{name}}}!'"),
    st.sampled_from(["'text'", "5", "-2.5", "True", "clipboard()", "shortcut_input().Name", "current_date().formatted('HH:mm')", "[1, 'two']",
                     "{'a': 1, 'b': ['c']}", "quantity(5, 'min')", "x + 1", "print(x)", "'{} {}'.format(x, total)"]),
)  # fmt: skip
TESTS = st.one_of(
    NAMES, NAMES.map(lambda name: f"not {name}"), st.builds("{} == {}".format, NAMES, EXPRESSIONS), st.builds("'a' in {}".format, NAMES),
    st.builds("{} > 5 and {}".format, NAMES, NAMES), st.builds("1 <= {} <= 9".format, NAMES), st.builds("not {}.startswith('a')".format, NAMES),
)  # fmt: skip
SIMPLE = st.one_of(
    st.builds("{} = {}".format, NAMES, EXPRESSIONS), st.builds("{} += [{}]".format, NAMES, EXPRESSIONS), NAMES.map(lambda name: f"{name} = []"),
    st.builds("{} = is_workflow_actions_downloadurl(WFURL={})".format, NAMES, EXPRESSIONS),
    st.builds("is_workflow_actions_showresult(Text={})".format, EXPRESSIONS),
    st.builds("is_workflow_actions_dictionary(WFItems={{'a': {}, 'b': {{'c': {}}}}})".format, EXPRESSIONS, EXPRESSIONS),
    st.sampled_from(["'a note'", "pass", "is_workflow_actions_nosuchthing()", "while x:\n    pass", "return x", "Result = if_result()", "x, y = 1, 2"]),
)  # fmt: skip


def indented(lines: list[str]) -> str:
    return textwrap.indent("\n".join(lines) or "pass", "    ")


PROGRAMS = st.lists(st.recursive(SIMPLE, lambda inner: st.one_of(
    st.builds(lambda test, body: f"if {test}:\n{indented(body)}", TESTS, st.lists(inner, max_size=3)),
    st.builds(lambda test, body, other: f"if {test}:\n{indented(body)}\nelse:\n{indented(other)}\ny = if_result()", TESTS, st.lists(inner), st.lists(inner)),
    st.builds(lambda name, source, body: f"for {name} in {source}:\n{indented(body)}", NAMES, EXPRESSIONS, st.lists(inner, max_size=3)),
    st.builds(lambda name, body: f"for i, {name} in enumerate({name}, start=1):\n{indented(body)}", NAMES, st.lists(inner, max_size=3)),
    st.builds(lambda body: f"for i in range(1, 4):\n{indented(body)}", st.lists(inner, max_size=3)),
    st.builds(lambda one, two: f"match menu('?'):\n    case 'A':\n{textwrap.indent(indented(one), '    ')}\n    case 'B':\n"
              f"{textwrap.indent(indented(two), '    ')}", st.lists(inner, max_size=2), st.lists(inner, max_size=2)),
), max_leaves=6), max_size=6).map("\n".join)  # fmt: skip


@given(PROGRAMS)
def test_a_program_compiles_to_a_sound_shortcut_or_is_refused_by_line(code):
    code = "x = clipboard()\ntotal = is_workflow_actions_number(WFNumberActionNumber=1)\n" + code
    try:
        shortcut = shortcuts.to_shortcut(code)
    except shortcuts.DialectError as error:
        assert 1 <= error.line <= code.count("\n") + 1
        assert (error.line, error.code) in {(found.line, found.code) for found in shortcuts.check(code)}
        return
    assert defects(shortcut) == []
    again, residue = shortcuts.to_python(shortcut)
    assert shortcuts.equivalent(shortcuts.to_shortcut(again), shortcut)
    assert plist.same(shortcuts.to_shortcut(again, residue), shortcut)
