"""Writer, reader, grammar, trace and check agree on every form of tests/forms.py. `python -m pytest tests/test_forms.py`"""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache

import pytest
from llguidance import LLMatcher

import shortcuts
from shortcuts import plist
from shortcuts.catalog import Catalog
from shortcuts.forms import signatures
from shortcuts.grammar import grammar
from shortcuts.trace import trace
from tests.forms import FORMS, Row
from tests.test_grammar import accepts as takes
from tests.test_grammar import matcher, table  # noqa: F401


@pytest.fixture(scope="module")
def accepts(table):  # noqa: F811
    """True if the grammar takes a row. One is made for twenty rows: that takes much longer than to read them."""

    @cache
    def start(part: int) -> LLMatcher:
        extra = defaultdict(set)
        for action in (action for row in FORMS[20 * part : 20 * part + 20] for action in row.actions):
            extra[action["WFWorkflowActionIdentifier"]] |= action["WFWorkflowActionParameters"].keys()
        return matcher(table, grammar(extra, Catalog.load(), extra=extra))

    return lambda row: takes(start(FORMS.index(row) // 20), row.code)


@pytest.mark.ci
@pytest.mark.parametrize("row", FORMS, ids=[row.name for row in FORMS])
def test_a_form_is_written_read_taken_traced_and_checked(row: Row, accepts) -> None:
    # the writer prints it, the reader gives its property list, and neither falls back to raw data
    assert shortcuts.to_python(row.shortcut)[0] == row.code
    result = shortcuts.transcribe(row.shortcut)
    assert (result.code, result.exact, result.canonical, result.fixed_point) == (row.code, True, True, True)
    assert plist.same(shortcuts.canonical(shortcuts.to_shortcut(row.code)), shortcuts.canonical(row.shortcut))
    assert (shortcuts.raw_fallbacks(row.code) == 0) != (row.name == "raw_action")
    # the grammar takes it
    assert accepts(row), row.code
    # the trace follows it
    traced = trace(row.code)
    assert traced.parsed and not traced.problems, traced.problems
    calls = [action for action in row.actions if action["WFWorkflowActionIdentifier"].rpartition(".")[2] not in
             ("setvariable", "appendvariable", "comment", "conditional", "choosefrommenu", "each", "count")]  # fmt: skip
    assert max(map(len, traced.paths)) >= len(calls)
    # check finds nothing in it
    odd = {"unknown_api", "unknown_parameter", "parameter_type", "unknown_keyword"}  # the catalogue's matter, not the form's
    assert [finding for finding in shortcuts.check(row.code) if finding.code not in odd] == []


def test_every_helper_and_method_is_a_row() -> None:
    used = set()
    for row in FORMS:
        for node in ast.walk(ast.parse(row.code)):
            if isinstance(node, ast.Call):
                used.add(node.func.id if isinstance(node.func, ast.Name) else node.func.attr)
    printed = {*signatures.HELPERS, *signatures.METHODS} - {"append", "previous_output"}  # x.append(y) is printed x += [y]
    assert printed - used == set()
