"""How results go through a program, by calls of names that no catalogue has: `python -m pytest tests/test_trace_flow.py`."""

from __future__ import annotations

import pytest

from shortcuts.trace import trace
from shortcuts.trace.flow import Flow

APIS = {"ask", "add", "show"}
BRANCHES = "A = ask()\nB = ask()\nif A > 3:\n    show(Text={yes})\nelse:\n    show(Text={no})\n"


def lines_of(code: str, found: set[int], flow: Flow) -> list[int]:
    """The lines of steps, by their numbers."""
    return sorted({step.line for step in flow.steps if step.number in found})


@pytest.mark.parametrize(("code", "edges"), [
    ("A = ask()\nshow(Text=A)\n", {("ask", "show")}),
    ("A = ask()\nB = other(X=f'{A}!')\nshow(Text=B)\n", {("ask", "other"), ("ask", "show")}),
    ("A = ask()\nfor each in A:\n    show(Text=each)\n", {("ask", "for"), ("ask", "show")}),
    ("A = ask()\nB = add(To=A)\nother(X=B)\n", {("ask", "add"), ("add", "other")}),
    ("A = ask()\nif A > 3:\n    show()\n", {("ask", "if")}),
])
def test_results_go_from_calls_to_those_that_take_them_through_others_and_repeats(code, edges):
    assert Flow(trace(code), APIS).edges() == edges


def test_parameters_are_told_apart_by_what_their_values_stem_from():
    flow = Flow(trace("A = ask()\nB = other()\nadd(To=A, By=4, Of=B, Note='x')\n"), APIS)
    (call,) = [step for step in flow.steps if step.name == "add"]
    assert flow.given(call) == (frozenset({"To"}), frozenset({"By", "Of", "Note"}))


def test_a_default_is_as_good_as_a_parameter_that_is_not_there():
    given = [Flow(trace(code), {"is_workflow_actions_math"}) for code in (
        "is_workflow_actions_math(WFMathOperation='+')\n", "is_workflow_actions_math()\n", "is_workflow_actions_math(WFMathOperation='-')\n")]
    plain, none, other = (flow.given(flow.steps[0]) for flow in given)
    assert plain == none != other


@pytest.mark.parametrize(("code", "lines"), [
    ("A = ask()\nB = ask()\nC = add(To=A)\nshow(Text=C)\n", [1, 3, 4]),
    (BRANCHES.format(yes="'yes'", no="'no'"), [1, 3, 4, 6]),
    (BRANCHES.format(yes="B", no="A"), [1, 2, 3, 4, 6]),
    ("A = ask()\nif A > 3:\n    add(To=A)\nshow(Text='done')\n", [4]),
    ("A = ask()\nif A > 3:\n    show(Text='done')\n", [1, 2, 3]),
])
def test_what_ends_need_is_live_and_a_head_that_decides_nothing_of_theirs_is_not(code, lines):
    flow = Flow(trace(code), APIS)
    assert lines_of(code, flow.live({"show"}), flow) == lines


def test_a_result_that_is_taken_otherwise_than_it_should_be_is_not_live():
    flow = Flow(trace("A = ask()\nB = add(To=A)\nshow(Text=B, Title=A)\n"), APIS)
    assert lines_of("", flow.live({"show"}, {("add", "show")}), flow) == [2, 3]
    assert lines_of("", flow.live({"show"}, flow.edges()), flow) == [1, 2, 3]
