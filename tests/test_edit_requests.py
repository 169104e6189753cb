"""bench/edit_requests.py: its checks fail where nothing was done, and what it calls untouched is read from the files alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench import edit_requests
from bench.edit_requests import REQUESTS, Asked, Both
from common import edit_prompts
from shortcuts import plist, to_shortcut
from tests.programs import GOLD


def test_the_lines_that_a_change_names_are_read_from_its_numbers() -> None:
    assert edit_requests.named_lines("replace 3-5\nx\ninsert after 9\nkeep 11-12\ndelete 7\ndelete lines 20 - 21:") == {3, 4, 5, 7, 20, 21}
    assert 99 in edit_requests.named_lines("replace all\nx = 1")


def test_an_action_is_gone_where_one_byte_of_it_or_its_order_of_keys_differs() -> None:
    old, same, turned = (to_shortcut(GOLD) for _ in range(3))
    action = turned["WFWorkflowActions"][1]
    action["WFWorkflowActionParameters"] = dict(reversed(action["WFWorkflowActionParameters"].items()))
    assert (edit_requests.gone(Both(old, same)), edit_requests.gone(Both(old, turned))) == ([], [1])


@pytest.mark.parametrize(("index", "change", "equal"), [
    (0, "replace 1\nx", True), (0, "replace 2\nx", False), (7, "insert after 8\nx", False),
    (11, "insert after 13\nx", True), (11, "insert after 15\nx", True), (11, "insert after 3\nx", False), (12, "insert after 13\nx", False),
])
def test_what_differs_though_the_change_does_not_name_it_is_found(index: int, change: str, equal: bool) -> None:
    old, new = to_shortcut(GOLD), to_shortcut(GOLD)
    new["WFWorkflowActions"][index]["WFWorkflowActionParameters"]["odd"] = 1
    row = edit_requests.judged(Asked("", "", 20, lambda both: True), Both(old, new), change)
    assert row["untouched_equal"] is equal


@pytest.mark.ci
@pytest.mark.parametrize("request_", REQUESTS, ids=lambda each: each.holds.__name__)
def test_each_check_fails_where_nothing_was_done(request_: Asked, shared: Path) -> None:
    shortcut: dict[str, Any] = plist.read_shortcut((shared / f"corpus/plist/{request_.file}.plist").read_bytes())
    assert not request_.holds(Both(shortcut, shortcut))


@pytest.mark.slow
def test_the_files_are_those_that_the_seed_draws(shared: Path) -> None:
    assert [request.file for request in REQUESTS] == edit_requests.drawn()


@pytest.mark.parametrize("second, change", [("insert after 3\na()\n", "insert after 3\na()\n"), ("insert after 3\nb()\n", "insert after 3\nb()\n")])
def test_of_two_blocks_about_the_same_lines_the_last_counts(second: str, change: str) -> None:
    assert edit_prompts.parse_change(f"```change\ninsert after 3\na()\n```\nIn short:\n```change\n{second}```\n") == change
