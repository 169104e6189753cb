"""The parts of a program that a model is shown: python -m pytest tests/test_excerpts.py"""

from __future__ import annotations

import ast
import base64
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import excerpts
from shortcuts.catalog import Catalog

IMAGE = base64.b64encode(random.Random(0).randbytes(300)).decode()
KEY = "sk-" + "a1B2c3D4" * 4


@pytest.fixture(scope="module")
def stage(load_stage: Any) -> Any:
    return load_stage("03")


# ---------------------------------------------------------------------------------------------------------------------------------
# secrets and data


@pytest.mark.parametrize(("text", "shown"), [
    (IMAGE, "… [400 characters of data] …"),
    (f"data:image/png;base64,{IMAGE} and more", "data:image/png;base64,… [401 characters of data] …and more"),
    ("\r\n".join(IMAGE[at: at + 76] for at in range(0, 400, 76)), "… [410 characters of data] …"),
    (bytes(range(100)).hex(), "… [200 characters of data] …"),
    (f"Bearer {KEY}", "Bearer SECRET_REMOVED"), (f"https://a.example/?api_key={KEY}&q=x", "https://a.example/?api_key=SECRET_REMOVED&q=x"),
    ("a-page-about-many-things-" * 8, "a-page-about-many-things-" * 8), ("A" * 300, "A" * 300), ("1" * 300, "1" * 300),
    ("https://example.com/" + "a/path/" * 30, "https://example.com/" + "a/path/" * 30), ("Ask for the password", "Ask for the password"), ("", ""),
])  # fmt: skip
def test_base64_and_keys_are_masked_and_other_texts_are_not(text: str, shown: str) -> None:
    assert excerpts.masked(text) == shown and excerpts.masked(shown) == shown


@pytest.mark.parametrize(("code", "shown"), [
    ("f(WFSSHPassword='tulips42')\n", "f(WFSSHPassword='SECRET_REMOVED')\n"),
    ("f(x={'api_key': 'tulips42', 'color': 'tulips42'})\n", "f(x={'api_key': 'SECRET_REMOVED', 'color': 'tulips42'})\n"),
    ("token = f(Text='a1b2c3d4e5f6a7b8')\n", "token = f(Text='SECRET_REMOVED')\n"), ("token = f(Text='Enter it')\n", "token = f(Text='Enter it')\n"),
    ("f(api_key=variable_of_mine)\n", "f(api_key=variable_of_mine)\n"), (f"f(x=f'{{a}} {KEY}')\n", "f(x=f'{a} SECRET_REMOVED')\n"),
    (f"if x == '{KEY}':\n    f(b'{'x' * 200}')\n", "if x == 'SECRET_REMOVED':\n    f(b'... [200 bytes of data] ...')\n"),
    ("# kept as it is\nf( 'spaces' )\n", "# kept as it is\nf( 'spaces' )\n"),
])  # fmt: skip
def test_a_literal_is_masked_by_its_form_and_by_its_name(code: str, shown: str) -> None:
    assert excerpts.shown_code(code) == shown


def test_data_that_is_no_prompt_is_not_masked() -> None:
    code = f"f(WFSSHPassword='tulips42', x={IMAGE!r})\n"
    assert excerpts.shorten_code(code, limit=1000) == code


# ---------------------------------------------------------------------------------------------------------------------------------
# elision


def test_a_line_that_is_too_long_loses_items_and_no_code() -> None:
    items = ", ".join(f"'key {number}': {number}" for number in range(400))
    shown = excerpts.shown_code(f"if x:\n    y = f(a={{{items}}}, b=[{'1, ' * 900}], c=f'{'{x} and ' * 300}')\nz = 1\n")
    (call,) = [node for node in ast.walk(ast.parse(shown)) if isinstance(node, ast.Call)]
    assert [keyword.arg for keyword in call.keywords] == ["a", "b", "c"]
    assert "'key 0': 0" in shown and "'key 399': 399" in shown and "more] …': ..." in shown and "900" not in shown
    assert max(map(len, shown.splitlines())) <= excerpts.SHOWN_LINE and shown.endswith("\nz = 1\n")


def test_only_the_wanted_lines_are_cut() -> None:
    line = f"f(x={['word'] * 100})\n"
    narrow = excerpts.shown_code(line * 3, 200, (1, 3)).splitlines(keepends=True)
    assert narrow[1] == line and max(len(narrow[0]), len(narrow[2])) <= 201 and "[98 more]" in excerpts.shown_code(line, 45)


literals = st.recursive(
    st.one_of(st.text(max_size=20), st.just("long " * 90), st.integers(), st.just(b"x" * 300)),
    lambda inner: st.one_of(st.lists(inner, max_size=30), st.dictionaries(st.text(max_size=4), inner, max_size=30)), max_leaves=30)  # fmt: skip


@pytest.mark.ci
@given(st.lists(literals, max_size=2))
def test_what_is_shown_is_python_with_its_statements_on_the_same_lines(values: list[object]) -> None:
    code = "".join(f"if x == {value!r}:\n    y = f(a={value!r})\n" for value in values)
    shown = excerpts.shown_code(code)
    assert excerpts.statement_lines(shown) == excerpts.statement_lines(code)
    assert shown.count(" = f(a=") == len(values)


# ---------------------------------------------------------------------------------------------------------------------------------
# lines


def test_only_lines_that_do_something_are_numbered() -> None:
    code = "'A remark'\nif x:\n    pass\nelse:\n    f()\n"
    assert excerpts.told_lines(code) == [2, 5] and excerpts.block_lines(code) == [2]
    assert excerpts.numbered(code, told=[2, 5]) == "    'A remark'\n  2 if x:\n        pass\n    else:\n  5     f()"
    assert excerpts.numbered(code, 2, 3) == "  2 if x:\n  3     pass"


def test_defaults_stand_behind_their_lines_where_they_decide(stage: Any) -> None:
    code = "x = is_workflow_actions_math(WFMathOperand=3)\ny = is_workflow_actions_getvalueforkey(WFDictionaryKey='a')\n"
    assert stage.with_defaults(code, Catalog.load()).splitlines() == [
        "x = is_workflow_actions_math(WFMathOperand=3)  # WFMathOperation='+'", "y = is_workflow_actions_getvalueforkey(WFDictionaryKey='a')"]


# ---------------------------------------------------------------------------------------------------------------------------------
# names and lengths


@pytest.mark.parametrize(("name", "shown"), [
    ("Find account", " called “Find account”"), ("3f2a9c81d4e5", ""), ("746C7FF4-A554-4A1D-9F1E-1B2C3D4E5F60", ""), ("20210314", ""), ("", ""),
    ("Cafe", " called “Cafe”"), ("2048", ""), ("7 Minutes", " called “7 Minutes”"), (f"My {KEY}", " called “My SECRET_REMOVED”"),
    ("a1b2c3d4e5.shortcut", ""),
])  # fmt: skip
def test_a_name_that_is_an_id_is_left_out(stage: Any, name: str, shown: str) -> None:
    assert stage.told_by_author(name, "") == shown


def test_the_request_is_as_long_as_the_plan_asks_for(stage: Any) -> None:
    lengths = [stage.length_of("\n".join(["1. Do it."] * steps)) for steps in (1, 5, 6, 20, 60, 61, 500)]
    assert lengths[0] == lengths[1] == "one or two sentences" and lengths[2] == lengths[3] and lengths[5] == lengths[6] and len(set(lengths)) == 4
