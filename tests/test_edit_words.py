"""Requests for edits, by rules: exact, in a person's words, and of several phrasings."""

from __future__ import annotations

import pytest

from common import edit_prompts, jsonl
from common.llm.offline import OfflineWriter
from common.offline.edit_requests import PHRASES, WORDS, edit_request, third
from common.prompts import query_problem
from shortcuts import apis_of
from shortcuts.catalog import Catalog
from shortcuts.edit import change_between
from shortcuts.edit.operations import OPERATIONS, Edit
from shortcuts.edit.operations.program import Change
from tests.test_edit_operations import WHOLE, some

CATALOG = Catalog.load()
TWICE = "is_workflow_actions_vibrate()\n" * 2 + "is_workflow_actions_delay(WFDelayTime=3)\n"


def said(kind: str, code: str, *about: int, drawn: str = "a", **given: str) -> str | None:
    return edit_request(Edit(code, code, Change(kind, (), about, given)), CATALOG, drawn)


def all_said(kind: str, code: str, *about: int, **given: str) -> set[str | None]:
    return {said(kind, code, *about, drawn=str(number), **given) for number in range(40)}


def test_there_are_words_for_each_kind_of_edit() -> None:
    assert WORDS.keys() == OPERATIONS.keys()
    assert all(len(phrases) > 1 for phrases in PHRASES.values())


def test_the_edits_of_a_program_are_asked_for_in_a_persons_words() -> None:
    made = some(WHOLE, 60)
    requests = [edit_request(edit, CATALOG, str(number)) for number, edit in enumerate(made)]
    assert sum(request is None for request in requests) <= 2
    for edit, request in zip(made, requests):
        if request is not None:
            assert query_problem(request, apis_of(edit.before)) is None and (request[0].isupper() or request[0] == "“")


@pytest.mark.parametrize(("request_for", "expected"), [
    (("remove", WHOLE, 18), "Leave out the step that waits 3 seconds."),
    (("value", WHOLE, 18, ("key", "WFDelayTime"), ("old", "3"), ("new", "5")), "In the step that waits 3 seconds, make the delay time 5 instead of 3."),
    (("repeat", WHOLE, 16, ("count", "4")), "Do this 4 times: the step that says 'One' aloud."),
    (("unwrap", WHOLE, 9), "Do what is in the repeat 3 times just once."),
    (("rename", WHOLE, 4, ("old", "Page"), ("new", "Site")), "Rename “Page” to “Site” wherever it is used."),
    (("reorder", WHOLE, 16, 17), "Swap the step that says 'One' aloud and the step that says 'Two' aloud."),
    (("insert", WHOLE, 18, ("where", "end"), ("statement", "is_workflow_actions_vibrate()")), "At the very end, vibrate."),
])
def test_a_request_says_what_is_to_be_done(request_for: tuple, expected: str) -> None:
    kind, code, *rest = request_for
    about = [part for part in rest if isinstance(part, int)]
    assert expected in all_said(kind, code, *about, **dict(part for part in rest if isinstance(part, tuple)))


def test_one_of_two_equal_steps_is_told_by_its_place() -> None:
    assert "Remove the second step that vibrates." in all_said("remove", TWICE, 2)
    assert "Remove the step that waits 3 seconds." in all_said("remove", TWICE, 3)


def test_one_of_very_many_equal_steps_cannot_be_told() -> None:
    assert said("remove", "is_workflow_actions_vibrate()\n" * 7, 2) is None


def test_parameters_are_told_only_where_two_steps_differ_in_nothing_else() -> None:
    one = "is_workflow_actions_image_convert(WFImageFormat='PNG', WFInput=shortcut_input())\n"
    assert all("PNG" not in (text or "") for text in all_said("remove", one + TWICE, 1))
    assert all("PNG" in (text or "") for text in all_said("remove", one + one.replace("PNG", "JPEG"), 1))


def test_the_same_key_gives_the_same_words_and_others_give_others() -> None:
    assert said("remove", WHOLE, 18) == said("remove", WHOLE, 18)
    assert len(all_said("remove", WHOLE, 18)) == len(PHRASES["remove"])


def test_a_value_is_told_whole_or_not_at_all() -> None:
    for length in (100, 900):
        change = Change("value", (), (16,), {"key": "WFText", "old": "'One'", "new": repr("x" * length)})
        request = edit_request(Edit(WHOLE, WHOLE, change), CATALOG, "a")
        assert "x" * 100 in request if length == 100 else request is None


@pytest.mark.parametrize(("verb", "form"), [("show", "shows"), ("copy", "copies"), ("play", "plays"), ("search", "searches"), ("mix", "mixes")])
def test_verbs_have_their_third_person(verb: str, form: str) -> None:
    assert third(verb) == form


def test_a_model_can_put_a_request_in_better_words_and_offline_it_is_the_rules_own() -> None:
    edit = next(edit for edit in some(WHOLE, 60) if edit.kind == "repeat")
    request = edit_request(edit, CATALOG, "a") or ""
    asked = edit_prompts.edit_query(edit.before, change_between(edit.before, edit.after), request, apis_of(edit.after), CATALOG)
    shown = asked.messages[1]["content"]
    assert request in shown and "```change" in shown and "18 " in shown
    assert OfflineWriter().complete(asked).text == jsonl.encode({"query": request}).decode().strip()
    assert asked.accept({"query": "Say One three times"}) == "Say One three times"
    with pytest.raises(ValueError, match="function"):
        asked.accept({"query": "Repeat is_workflow_actions_speaktext three times"})
