"""The symbolic interpreter: what a program would do on each path, where values come from, and that it always ends."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import shortcuts
from common.metrics.trace_match import trace_match
from shortcuts import plist
from shortcuts.syntax.recovering_parser import read_tree
from shortcuts.trace import MAX_PATHS, Trace, trace
from tests.programs import GOLD


def calls(traced: Trace) -> list[list[str]]:
    """The calls of each path, without the heads of blocks."""
    return [[step.name for step in path if "_" in step.name] for path in traced.paths]


def argument(code: str, key: str = "k") -> str:
    """The form of an argument of the last step of the first path."""
    return dict(trace(code).paths[0][-1].arguments)[key].form


# ---------------------------------------------------------------------------------------------------------------------------------
# paths


def test_every_branch_is_on_a_path_and_the_first_path_takes_the_first_branches() -> None:
    ask, page, key, show, note, copy, leave = (f"is_workflow_actions_{name}" for name in (
        "ask", "downloadurl", "getvalueforkey", "showresult", "notification", "setclipboard", "exit"))  # fmt: skip
    assert calls(trace(GOLD)) == [[ask, page, key, show, copy], [ask, page, key, note, copy], [ask, page, key, show, leave]]


def test_paths_grow_with_the_branches_not_with_their_products() -> None:
    code = "x = a_a()\n" + "".join(f"if x == {number}:\n    b_b(k={number})\n" for number in range(40))
    assert len(trace(code).paths) == 41 and not trace(code).cut


def test_branches_behind_another_branch_are_found() -> None:
    code = "x = a_a()\nif x:\n    is_workflow_actions_exit()\nif x == 1:\n    b_b()\nelif x == 2:\n    c_c()\nelse:\n    d_d()\n"
    assert {path[-1] for path in map(tuple, calls(trace(code)))} == {"is_workflow_actions_exit", "b_b", "c_c", "d_d"}


def test_nothing_follows_an_exit() -> None:
    assert calls(trace("a_a()\nis_workflow_actions_exit()\nb_b()")) == [["a_a", "is_workflow_actions_exit"]]


def test_the_same_text_gives_the_same_trace() -> None:
    assert trace(GOLD) == trace(GOLD)


# ---------------------------------------------------------------------------------------------------------------------------------
# origins


@pytest.mark.parametrize(("code", "form"), [
    ("a_b(k='text')", "'text'"), ("a_b(k=5)", "5"), ("a_b(k='5')", "5"), ("a_b(k=5.0)", "5"), ("a_b(k=True)", "True"), ("a_b(k='05')", "'05'"), ("a_b(k='5.0')", "'5.0'"), ("a_b(k='0.5')", "0.5"), ("a_b(k='1e3')", "'1e3'"),
    ("x = c_d()\na_b(k=x)", "•"), ("x = c_d()\ny = x\na_b(k=y)", "•"), ("x = c_d()\na_b(k=f'{x}')", "•"), ("a_b(k=c_d())", "•"),
    ("x = c_d()\na_b(k=x['name'])", "•['name']"), ("x = c_d()\na_b(k=as_text(x))", "as_type(•, 'WFStringContentItem')"),
    ("x = c_d()\na_b(k=x.Name)", "•.Name"), ("x = c_d()\na_b(k=f'Hi {x}!')", "text('Hi ', •, '!')"),
    ("x = c_d()\na_b(k='Hi ' + x + '!')", "text('Hi ', •, '!')"), ("x = c_d()\na_b(k='Hi {}!'.format(x))", "text('Hi ', •, '!')"),
    ("a_b(k=shortcut_input())", "shortcut_input()"), ("a_b(k=ask_each_time('Who?'))", "ask_each_time('Who?')"),
    ("a_b(k={'b': 1, 'a': [2]})", "dictionary('a': list(2), 'b': 1)"), ("for i in c_d():\n    a_b(k=i)", "item(•)"),
    ("for i in range(1, 3):\n    a_b(k=i)", "item(•)"), ("for n, i in enumerate(c_d(), start=1):\n    a_b(k=n)", "index(•)"),
    ("x = []\nx += [c_d()]\nx.append(2)\na_b(k=x)", "list(list(•), •)"), ("c_d()\na_b(k=previous_output())", "•"),
    ("if c_d():\n    e_f()\nx = if_result()\na_b(k=x)", "if_result(•)"), ("for i in c_d():\n    e_f()\na_b(k=repeat_results())", "repeat_results(•)"),
    ("action('com.maker.app-id', k=1)", "1"), ("raw_action('c.d', {'k': 'x'})", "'x'"), ("a_b(**{'k': 1})", "1"), ("a_b(k=nowhere)", "unbound"),
])  # fmt: skip
def test_origins(code: str, form: str) -> None:
    assert argument(code) == form


def test_a_source_is_the_call_that_made_the_value() -> None:
    (path,) = trace("x = c_d(n=1)\ny = c_d(n=2)\na_b(k=f'{y}{x}')").paths
    assert dict(path[2].arguments)["k"].sources == (path[1].number, path[0].number)


def test_what_is_read_before_an_inner_repeat_may_come_from_the_turn_before() -> None:
    code = "total = c_d()\nfor i in range(3):\n    a_b(k=total)\n    for j in range(2):\n        e_f()\n    total = g_h()\n"
    (path,) = trace(code).paths
    assert next(dict(step.arguments)["k"].form for step in path if step.name == "a_b") == "either(•, •)"


def test_a_repeat_shows_what_a_turn_hands_to_the_next() -> None:
    code = "total = c_d()\nfor i in range(3):\n    total = a_b(k=total)\n"
    (path,) = trace(code).paths
    origin = dict(path[-1].arguments)["k"]
    assert origin.form == "either(•, •)" and origin.sources == (path[0].number, path[-1].number)
    assert argument(code.replace("for", "total = e_f()\nfor").replace("k=total", "k=1")) == "1"


@pytest.mark.parametrize(("one", "other"), [
    ("if not x:\n    a_a()\nelse:\n    b_b()", "if x:\n    b_b()\nelse:\n    a_a()"), ("if x != 5:\n    a_a()", "if x == 5:\n    pass\nelse:\n    a_a()"),
    ("if leftover(x != 5, text='a'):\n    a_a()", "if x == 5:\n    pass\nelse:\n    a_a()"),
    ("if not legacy(x != 5):\n    a_a()", "if legacy(x == 5):\n    a_a()"),
    ("if x >= 5:\n    a_a()", "if x < 5:\n    pass\nelse:\n    a_a()"), ("if 5 > x:\n    a_a()", "if x < 5:\n    a_a()"),
    ("if x <= 5:\n    a_a()", "if x > 5:\n    pass\nelse:\n    a_a()"), ("if 5 <= x:\n    a_a()", "if x >= 5:\n    a_a()"),
    ("if 5 >= x:\n    a_a()", "if x <= 5:\n    a_a()"), ("if 5 != x:\n    a_a()", "if x == 5:\n    pass\nelse:\n    a_a()"),
    ("y = 'text'\na_a(k=y)", "z = is_workflow_actions_gettext(WFTextActionText='text')\na_a(k=z)"),
    ("if x:\n    a_a()\nelse:\n    if x == 1:\n        b_b()", "if x:\n    a_a()\nelif x == 1:\n    b_b()"),
    ("a_a(k=1, l=2)", "a_a(**{'l': 2}, k=1)"), ("y = c_c(k=1)\nz = d_d(k=2)\na_a(k=y, l=z)", "z = d_d(k=2)\ny = c_c(k=1)\na_a(k=y, l=z)"),
    ("a_a(k=f'{x}')", "a_a(k=x)  # a comment"), ("'a comment'\na_a(k='a' + 'b')", "workflow(types=['Watch'])\na_a(k='ab')"),
])  # fmt: skip
def test_what_does_the_same_matches(one: str, other: str) -> None:
    assert trace_match(f"x = x_x()\n{one}\n", f"x = x_x()\n{other}\n") == 1.0


@pytest.mark.parametrize(("one", "other"), [
    ("if x:\n    a_a()\nelse:\n    b_b()", "if x:\n    b_b()\nelse:\n    a_a()"), ("if x < 5:\n    a_a()", "if x > 5:\n    a_a()"),
    ("y = c_c(k=1)\nz = c_c(k=2)\na_a(k=y, l=z)", "y = c_c(k=1)\nz = c_c(k=2)\na_a(k=z, l=y)"), ("a_a(k=x['a'])", "a_a(k=x['b'])"),
    ("if legacy(x == 5):\n    a_a()", "if x == 5:\n    a_a()"), ("for i in x:\n    a_a()", "for i in x:\n    pass\na_a()"), ("if x:\n    a_a()", "a_a()"), ("a_a(k=1)", "a_a(k=True)"),
    ("for i in x:\n    x = a_a(k=x)", "for i in x:\n    x = a_a(k=1)"), ("a_a()\nb_b()", "a_a()\nis_workflow_actions_exit()\nb_b()"),
])  # fmt: skip
def test_what_does_something_else_does_not(one: str, other: str) -> None:
    assert 0 < trace_match(f"x = x_x()\n{one}\n", f"x = x_x()\n{other}\n") < 1


def test_trace_match_counts_facts_as_its_definition_says() -> None:
    assert trace_match("a_a(k=1, l=2)\nb_b()", "a_a(k=1, l=3)\nc_c()") == pytest.approx(2 / 4)  # a_a and k; 4 facts on either side
    assert trace_match("a_a()", "") == trace_match("", "a_a()") == 0.0 and trace_match("", "# nothing") == 1.0
    # both predicted paths share `a_a` with gold's one: 2 of their 5 + 4 facts, and gold's own is met
    assert trace_match("x = a_a()\n", "x = a_a()\nif x:\n    b_b()") == pytest.approx(2 * (2 / 9) / (1 + 2 / 9))


# ---------------------------------------------------------------------------------------------------------------------------------
# problems, tolerance, bounds


def test_problems_are_names_that_a_path_has_not_set() -> None:
    code = "x = a_a()\nif x:\n    y = b_b()\nc_c(k=y)\n"
    assert [(problem.line, problem.code) for problem in trace(code).problems] == [(4, "unbound")] and not trace(GOLD).problems
    assert not [found for found in shortcuts.check(code) if found.code == "undefined_name"]


def test_what_is_no_python_is_read_block_by_block() -> None:
    code = "x = a_a(k=no quotes, l='text')\nif x is somehow true:\n    b_b(k=x)\nelse:\n    c_c('''two\nlines''', m=)\nmatch menu(What now?):\n" \
           "    case 'One':\n        d_d()\n    case Two:\n        e_e(k=x))\nThen call f_f() and be done\n"  # fmt: skip
    traced = trace(code)
    assert not traced.parsed
    assert calls(traced) == [["a_a", "b_b", "d_d", "f_f"], ["a_a", "c_c", "d_d", "f_f"], ["a_a", "b_b", "e_e", "f_f"]]
    assert traced.paths[0][0].arguments[0][1].form == "'no quotes'" and traced.paths[0][2].arguments[0][1].form == "•"


def test_a_tolerant_tree_says_what_the_whole_one_does() -> None:
    broken = GOLD + "\n)\n"
    assert read_tree(GOLD)[1] and not read_tree(broken)[1] and trace_match(GOLD, broken) == 1.0


def nested(head: str, depth: int, last: str) -> str:
    return "\n".join(" " * level + head.format(level) for level in range(depth)) + "\n" + " " * depth + last


HOSTILE = {
    "nested parentheses": "(" * 100_000 + ")" * 100_000,
    "flat ifs": "x = a_b()\n" + "\n".join(f"if x:\n    x = a_b(k={number})\nelse:\n    c_d(k=x)" for number in range(10_000)),
    "nested loops": "x = a_b()\n" + nested("for v{} in x:", 20, "x = a_b(k=x)"),
    "elifs": "x = a_b()\nif x == 0:\n    pass\n" + "\n".join(f"elif x == {number}:\n    a_b(k=x)" for number in range(3000)),
    "one long line": "x = a_b(k='" + "y" * 1_000_000 + "')",
    "a long list": "x = [" + "1, " * 100_000 + "]",
    "a long chain": "v0 = a_b()\n" + "\n".join(f"v{number} = v{number - 1}['k']" for number in range(1, 4_000)),
    "doubling": "v = a_b()\n" + "v = {'a': v, 'b': v}\n" * 1000 + "w = (v, v)\n" + "w = (w, w)\n" * 1000,
    "a long sum": "x = a_b(k=" + "x+" * 50_000 + "x)", "methods": "a" + ".b()" * 5000, "a long number": "a_b(k=0x" + "f" * 40_000 + ")",
    "a long number as an id": "action(0x" + "f" * 4_000 + ")",
    "open quotes": "x = '''\n" * 2_001, "deep indentation": "\n".join(" " * level + "if x(:" for level in range(1500)),
    "cases": "match menu('x':\n" + "".join(f"    case 'c{number}':\n        a_b(k={number})\n" for number in range(1500)),
    "many signs": "match menu('?'):\n    case _ if " + "-" * 900 + "1.5:\n        pass\n",
    "surrogate": 'x = "\ud800"\na_b(k=x)', "NUL": "x = 1\0\0y = x", "prose": "I am sorry, I can't. " * 2000, "calls": "a_b() " * 15_000,
}
SLOW = {"doubling", "cases", "flat ifs", "a long list", "elifs", "deep indentation"}


@pytest.mark.ci
@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in HOSTILE])
def test_hostile_code_is_traced_or_cut_in_seconds(name: str) -> None:
    started = time.process_time()
    traced = trace(HOSTILE[name])
    assert trace_match(traced, trace(HOSTILE[name])) == 1.0
    assert time.process_time() - started < 30 and 1 <= len(traced.paths) <= MAX_PATHS


@pytest.mark.ci
def test_a_cut_says_which_bound_was_met() -> None:
    assert trace(HOSTILE["cases"]).cut == f"more than {MAX_PATHS} paths" and not trace(GOLD).cut


@given(st.lists(st.sampled_from([
    "x = a_b(k=x)", "if x:", "elif y:", "else:", "for x in y:", "match menu('m'):", "case 'c':", "  ", "    ", "y += [x]", "x = 'é", "'''", "c_d(", ")", "pass", "x = y\n",
]), max_size=25))  # fmt: skip
def test_any_text_has_a_trace_that_matches_itself(pieces: list[str]) -> None:
    for code in ("\n".join(pieces), "".join(pieces)):
        assert trace_match(trace(code), trace(f"\n{code}")) == 1.0


# ---------------------------------------------------------------------------------------------------------------------------------
# real programs


def test_real_programs_are_traced_whole_whatever_their_names(shared: Path) -> None:
    files = sorted((shared / "corpus/plist").iterdir())
    for file in random.Random(5).sample(files, 25):
        try:
            code, _ = shortcuts.to_python(plist.read_shortcut(file.read_bytes()))
        except shortcuts.Unbalanced:
            continue
        renamed = shortcuts.rename(code, {name: f"name{number}x" for number, name in enumerate(shortcuts.bound_names(code))})
        traced = trace(code)
        assert traced.parsed and not traced.cut and trace_match(traced, trace("\n" + renamed)) == 1.0
