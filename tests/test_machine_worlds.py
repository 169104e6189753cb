"""Worlds that are generated from what a shortcut needs."""

from __future__ import annotations

import random
from typing import Any

from shortcuts import to_shortcut
from shortcuts.machine import run
from shortcuts.machine.worlds import Needs, body, needs, worlds


def compiled(code: str) -> dict[str, Any]:
    """Return the shortcut of a program with @ for is_workflow_actions_."""
    return to_shortcut(code.replace("@", "is_workflow_actions_"))


def test_the_keys_that_a_program_reads_are_the_shape_of_its_json() -> None:
    code = ("d = @downloadurl(WFURL='https://a.example')\ne = @getvalueforkey(WFInput=d, WFDictionaryKey='list')\n"
            "for item in e:\n    @showresult(Text=f\"{item['name']}\")\nx = f\"{d['meta']['count']}\"")
    assert needs(compiled(code)).keys == {"list": {"name": {}}, "meta": {"count": {}}}


def test_keys_that_are_numbers_make_a_list_that_counts_from_one() -> None:
    made = body({"edges": {"2": {"text": {}}}}, random.Random(1), Needs())
    assert isinstance(made["edges"], list) and len(made["edges"]) == 2
    assert isinstance(made["edges"][1]["text"], str)


def test_only_what_a_repeat_goes_through_is_several() -> None:
    code = ("p = @filter_photos()\nfor one in p:\n    @vibrate()\nq = @filter_reminders()\nfor two in q:\n    @vibrate()\n"
            "d = @downloadurl(WFURL='https://a.example')\nk = @getvalueforkey(WFInput=d, WFGetDictionaryValueType='All Keys')\n"
            "for three in k:\n    @vibrate()\nt = d['name']\nu = d['other']\nfor four in u:\n    @vibrate()\n@showresult(Text=f'{t}')")
    found = needs(compiled(code))
    assert found.repeated == {id(found.keys["other"])}
    made = body(found.keys, random.Random(1), found)
    assert isinstance(made["name"], str) and isinstance(made["other"], list)


def test_a_generated_world_has_the_files_shortcuts_and_answers_that_a_program_asks_for() -> None:
    code = ("f = @documentpicker_open(WFGetFilePath='a/b.txt', WFShowFilePicker=False)\nx = @runworkflow(WFWorkflowName='Other', WFInput=f)\n"
            "d = @downloadurl(WFURL='https://a.example')\n@showresult(Text=f\"{d['name']} {x}\")")
    outcome = run(compiled(code), next(worlds(compiled(code))))
    assert (outcome.end, outcome.unknowns) == ("finished", {})


def test_worlds_are_the_same_for_the_same_seed_and_differ_by_number_and_seed() -> None:
    shortcut = compiled("x = @ask(WFAskActionPrompt='A')\n@showresult(Text=f'{x} {clipboard()}')")
    first, again, other = (list(worlds(shortcut, 4, seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert len({world.now for world in first}) == 4


def test_each_choice_of_a_menu_is_taken_in_as_many_worlds_as_it_has_choices() -> None:
    cases = "".join(f"    case '{title}':\n        @showresult(Text='{title}')\n" for title in "abcd")
    shortcut = compiled(f"match menu('Which?'):\n{cases}")
    assert {run(shortcut, world).effects[0].what["text"] for world in worlds(shortcut, 4)} == set("abcd")


def test_a_text_that_is_compared_with_is_met() -> None:
    shortcut = compiled("x = clipboard()\nif clipboard() == 'rare word':\n    @showresult(Text='met')")
    assert any(outcome.effects for outcome in (run(shortcut, world) for world in worlds(shortcut, 8)))


def test_in_each_fourth_world_input_and_clipboard_are_empty() -> None:
    made = list(worlds(compiled("@showresult(Text=f'{shortcut_input()}')"), 8))
    assert [world.input is None for world in made] == [False, False, False, True] * 2
    assert [world.clipboard is None for world in made] == [False, False, False, True] * 2


def test_texts_and_numbers_that_look_alike_are_always_in_one_order() -> None:
    code = "a = clipboard()\nif a == '5':\n    is_workflow_actions_showresult(Text='x')\nn = is_workflow_actions_count(Input=a)\nif n == 5:\n    is_workflow_actions_showresult(Text='y')\n"
    assert needs(to_shortcut(code)).literals == ("5", 5)
