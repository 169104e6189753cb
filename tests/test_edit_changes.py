"""The form of a change: it is read, applied, and made from two programs, each the inverse of the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortcuts.edit.changes import applied, apply_text, change_between, lines_of, text_of
from shortcuts.syntax.errors import DialectError

PROGRAM = "a\nb\n    c\n    d\ne\n"
LINES = st.sampled_from(["a", "b", "    c", "        c", "    d", "", "   ", "\\", "keep 1-2", "    keep 2", "replace 3", "insert after 0:", "\\delete 1",
                         "delete 3 - 4", "move 3", "x = 'é'", "\tz", "\x0c", "\u2028"])  # fmt: skip
PROGRAMS = st.lists(LINES, max_size=12).map(text_of)


@pytest.mark.parametrize(("change", "after"), [
    ("", PROGRAM),
    ("replace 2-3\nx\n", "a\nx\n    d\ne\n"),
    ("replace lines 2\u20133:\nx\n\n", "a\nx\n    d\ne\n"),
    ("insert after 5\nx\ninsert after 0\ny", "y\na\nb\n    c\n    d\ne\nx\n"),
    ("delete 1\ndelete 3-4\n", "b\ne\n"),
    ("replace all\nx\n", "x\n"),
    ("insert after 2\nx\nreplace 3\ny\ninsert after 3\nz", "a\nb\nx\ny\nz\n    d\ne\n"),
    ("replace 2-4\nif x:\n    keep 2-4", "a\nif x:\n    b\n        c\n        d\ne\n"),
    ("delete 3-4\ninsert after 5\nkeep 3-4", "a\nb\ne\nc\nd\n"),
    ("insert after 1\n\\keep 2\n\\\\", "a\nkeep 2\n\\\nb\n    c\n    d\ne\n"),
])  # fmt: skip
def test_a_change_is_applied(change: str, after: str) -> None:
    assert apply_text(PROGRAM, change) == after


@pytest.mark.parametrize(("change", "line", "message"), [
    ("x = 1", 1, "'x = 1' is no command; a change begins with `replace 3-5`, `insert after 3` or `delete 3-5`"),
    ("\nreplace 4-9\nx", 2, "there are no lines 4-9; the program has 1 to 5"),
    ("replace 0\nx", 1, "there are no lines 0; the program has 1 to 5"),
    ("insert after 6\nx", 1, "there is no line 6; the program has 5"),
    ("replace 3-2\nx", 1, "lines 3-2: the first is behind the last"),
    ("delete 2-3\nreplace 3\nx", 2, "line 3 is changed by another command, too; change each line once"),
    ("replace 2-4\nx\ninsert after 3\ny", 3, "the place after line 3 is changed by another command, too; change each line once"),
    ("delete 2\nx", 2, "new lines below a deletion; write `replace` instead of `delete` in line 1"),
    ("replace 2\nx\ninsert before 3\ny", 3, "'insert before 3' is no command; there are `replace 3-5`, `insert after 3` and `delete 3-5` at the left "
     "edge, and `keep 3-5` among new lines"),
    ("replace 2\nx\nkeep 8", 3, "there are no lines 8; the program has 1 to 5"),
    ("replace 2\nkeep 4-5", 2, "lines 4-5 cannot be kept here: one stands further left than line 4"),
])  # fmt: skip
def test_a_faulty_change_is_refused_with_its_line(change: str, line: int, message: str) -> None:
    with pytest.raises(DialectError) as caught:
        apply_text(PROGRAM, change)
    assert (caught.value.line, caught.value.message) == (line, message)


@pytest.mark.parametrize(("new", "after"), [
    ("x()", "workflow(types=['Watch'])\nx()\n"), ("workflow(types=[])\nx()", "workflow(types=[])\nx()\n"),
    ("keep 1\nx()", "workflow(types=['Watch'])\nx()\n"),
])  # fmt: skip
def test_settings_stay_where_all_is_replaced_by_what_has_none(new: str, after: str) -> None:
    for program in ("workflow(types=['Watch'])\na\n", "workflow(types=['Watch'])\n"):
        assert apply_text(program, f"replace all\n{new}") == after


def test_each_line_tells_where_it_comes_from() -> None:
    lines = applied(PROGRAM, "replace 2-4\nif x:\n    keep 2\ninsert after 5\nkeep 1\nkeep 3")
    assert [(line.origin, line.place) for line in lines] == [(1, None), (None, 2), (2, 3), (5, None), (None, 5), (3, 6)]


def test_lines_end_as_python_ends_them() -> None:
    assert lines_of("a\r\nb\rc\x0cd\n") == ["a", "b", "c\x0cd"]


@pytest.mark.parametrize(("before", "after", "change"), [
    (PROGRAM, PROGRAM, ""),
    (PROGRAM, "a\nx\n    c\n    d\ne\n", "replace 2\nx\n"),
    (PROGRAM, "a\nb\nx\n    d\n", "replace 3\nx\ndelete 5\n"),
    (PROGRAM, "a\nb\n    c\n    d\ne\nx\n", "insert after 5\nx\n"),
    ("first = 1\nsecond = 2\nthird = 3\n", "if x:\n    first = 1\n    second = 2\nthird = 3\n", "replace 1-2\nif x:\n    keep 1-2\n"),
    ("first = 1\nsecond = 2\nthird = 3\n", "second = 2\nthird = 3\nfirst = 1\n", "delete 1\ninsert after 3\nkeep 1\n"),
])  # fmt: skip
def test_the_change_between_two_programs_is_small(before: str, after: str, change: str) -> None:
    assert change_between(before, after) == change


@given(PROGRAMS, PROGRAMS)
def test_the_change_between_two_programs_makes_one_the_other(before: str, after: str) -> None:
    assert apply_text(before, change_between(before, after)) == after


HEADED = "workflow(types=['Watch'])\nx = is_workflow_actions_ask()\n"


@pytest.mark.parametrize("head", ["", "@when_screenshot_saved()\n"])
def test_replace_all_by_a_function_brings_a_head_of_its_own(head: str) -> None:
    body = f"{head}def shortcut():\n    is_workflow_actions_vibrate()\n"
    assert apply_text(HEADED, f"replace all\n{body}") == body


TRIGGERED = "@when_app_opened()\n@when_screenshot_saved()\ndef shortcut():\n    workflow(types=['Watch'])\n    a()\n"


@pytest.mark.parametrize("body", ["b()", "workflow(types=[])\nb()", "keep 4-5", ""])
def test_replace_all_takes_no_trigger_away_without_a_word(body: str) -> None:
    with pytest.raises(DialectError, match="begin the new program with `keep 1-3` and indent what is below, or with `def shortcut") as caught:
        apply_text(TRIGGERED, f"replace all\n{body}")
    assert caught.value.line == 1


@pytest.mark.parametrize(("body", "after"), [
    ("keep 1-3\n    b()", "@when_app_opened()\n@when_screenshot_saved()\ndef shortcut():\n    b()\n"),
    ("keep 2-4\n    b()", "@when_screenshot_saved()\ndef shortcut():\n    workflow(types=['Watch'])\n    b()\n"),
    ("def shortcut():\n    b()", "def shortcut():\n    b()\n"),
])  # fmt: skip
def test_replace_all_keeps_the_triggers_that_it_says(body: str, after: str) -> None:
    assert apply_text(TRIGGERED, f"replace all\n{body}") == after
