"""The printer of programs prints what ast.unparse does. `python -m pytest tests/test_printer.py`"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_dialect_properties import PROGRAMS

import shortcuts
from shortcuts import plist
from shortcuts.syntax import printer

ROOT = Path(__file__).resolve().parents[1]


def by_python(body: list[ast.stmt]) -> str:
    """Return what ast.unparse prints, f-strings and targets in one way for every Python."""
    return "".join(ast.unparse(printer._Printable().visit(statement)).lstrip("\n") + "\n" for statement in body)


def assert_printed_alike(code: str) -> None:
    printed = printer.unparse(ast.parse(code).body)
    assert printed == by_python(ast.parse(code).body)


ATOMS = st.sampled_from(["x", "x.y", "x['k']", "f(a=1)", "'text'", "\"it's\"", "5", "-2.5", "True", "None", "f'{x} and {y[\"k\"]}'", "'{}'.format(x)", "[1, 'two']",
                         "{'a': x}", "f(**{'a b': 1})", "1e300", "[]", "{}", "f'\\n{{}}'", "b'x'", "(1, 2)", "lambda: 1", "x[1:2]"])  # fmt: skip
EXPRESSIONS = st.recursive(ATOMS, lambda inner: st.one_of(
    st.builds("({}) {} ({})".format, inner, st.sampled_from(["+", "-", "*", "==", "<", "in", "not in", "and", "or", "is"]), inner),
    st.builds("({}) and ({}) and ({}) and ({})".format, inner, inner, inner, inner), st.builds("({}) <= ({}) <= ({})".format, inner, inner, inner),
    st.builds("not ({})".format, inner), st.builds("-({})".format, inner), st.builds("({}).z".format, inner), st.builds("({})['k']".format, inner),
    st.builds("f({}, k={})".format, inner, inner), st.builds("[{}, {}]".format, inner, inner), st.builds("{{'k': {}}}".format, inner),
), max_leaves=8)  # fmt: skip


@given(EXPRESSIONS)
def test_expressions_are_printed_as_python_does(code):
    assert_printed_alike(code)
    assert_printed_alike(f"if {code}:\n    x = {code}\nelif {code}:\n    {code}\nelse:\n    x += {code}")


@given(PROGRAMS)
def test_programs_are_printed_as_python_does(code):
    assert_printed_alike(code)


@given(st.text(max_size=12), st.text(max_size=12))
def test_texts_are_printed_as_python_does(one, two):
    assert_printed_alike(f"{one!r}")
    body = [ast.Expr(ast.JoinedStr([ast.Constant(one), ast.FormattedValue(ast.Name("x", ast.Load()), -1), ast.Constant(two)]))]
    assert printer.unparse(body) == by_python(body)


@pytest.mark.parametrize("code", ["for x, y in z:\n    pass\nelse:\n    pass", "match x:\n    case [a, *b]:\n        pass", "while x:\n    pass", "def f():\n    'x'",
                                  "x = y = 1", "x: int = 1", "x -= 1", "match menu('?'):\n    case 'a':\n        pass\n    case _ if item(x):\n        'note'"])  # fmt: skip
def test_other_statements_are_printed_as_python_does(code):
    assert_printed_alike(code)


def test_examples_are_printed_as_python_does():
    for path in sorted((ROOT / "examples").glob("*.py")):
        assert_printed_alike(path.read_text())


@pytest.mark.slow
def test_real_programs_are_printed_as_python_does(shared):
    for path in sorted((shared / "corpus" / "plist").glob("*.plist")):
        try:
            code, _ = shortcuts.to_python(plist.read_shortcut(path.read_bytes()))
        except shortcuts.Unbalanced:
            continue
        assert_printed_alike(code)
        assert printer.unparse(ast.parse(code).body) == code
