"""A run always ends with an outcome: random and broken programs, limits, unknowns that are carried on."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import SHARED
from hypothesis import given
from hypothesis import strategies as st
from shortcut_strategies import actions, values

from bench.run import mutate
from shortcuts import plist, to_shortcut
from shortcuts.catalog import Catalog
from shortcuts.control_flow import Unbalanced
from shortcuts.machine import Limits, Outcome, World, compile_shortcut, run
from shortcuts.machine.registry import ACTIONS, defaults
from shortcuts.machine.worlds import worlds

EXAMPLES = sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.shortcut"))
WORLD = World.from_json({
    "clipboard": {"a": [1, {"b": "x"}]}, "input": ["12", {"$": "unknown"}, {"$": "image", "name": "a.png", "width": 4, "height": 3}],
    "unanswered": "random", "http": {"*": {"a": "b"}}, "files": {"d/a.txt": "x"}, "photos": [{"name": "p.png"}], "contacts": [{"Name": "Ada"}],
})  # fmt: skip


def written(identifier: str, **parameters: Any) -> dict[str, Any]:
    """Return a shortcut of one action."""
    return {"WFWorkflowActions": [{"WFWorkflowActionIdentifier": identifier, "WFWorkflowActionParameters": parameters}]}


# ---------------------------------------------------------------------------------------------------------------------------------
# random programs


@given(actions())
def test_a_random_shortcut_ends_with_an_outcome(listed: list[dict[str, Any]]) -> None:
    outcome = run({"WFWorkflowActions": listed}, WORLD)
    assert not outcome.faults
    outcome.to_json()


@given(st.sampled_from(sorted(ACTIONS)), st.data())
def test_an_action_takes_any_parameters_without_a_fault(identifier: str, data: st.DataObject) -> None:
    api = Catalog.load().get(identifier)
    keys = [parameter.key for parameter in api.parameters] if api else []
    given_ = data.draw(st.dictionaries(st.sampled_from([*keys, "WFInput"]), values, max_size=4))
    assert run(written(identifier, **given_), WORLD).faults == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_run_in_generated_worlds(path: Path) -> None:
    shortcut = plist.read_shortcut(path.read_bytes())
    for world in worlds(shortcut, 3):
        outcome = run(shortcut, world)
        assert outcome.end in ("finished", "exited", "output"), outcome.reason
        assert not outcome.faults


@pytest.mark.slow
def test_mutated_real_shortcuts_end_in_time() -> None:
    folder = SHARED / "corpus" / "plist"
    if not folder.is_dir():
        pytest.skip("the corpus is not here")
    dice = random.Random(4)
    for path in dice.sample(sorted(folder.iterdir()), 60):
        original = plist.read_shortcut(path.read_bytes())
        for _ in range(10):
            shortcut = {**original, "WFWorkflowActions": list(original["WFWorkflowActions"])}
            for _ in range(4):
                mutate(shortcut["WFWorkflowActions"], dice)
            start = time.perf_counter()
            try:
                outcome = run(shortcut, WORLD)
            except Unbalanced:
                continue
            assert not outcome.faults
            assert time.perf_counter() - start < 4


# ---------------------------------------------------------------------------------------------------------------------------------
# limits


def ended(code: str, world: World | None = None, **limits: Any) -> Outcome:
    """Return the outcome of a program that must not take long."""
    start = time.process_time()
    outcome = run(to_shortcut(code), world or World(), Limits(**limits) if limits else Limits())
    taken, faults = time.process_time() - start, outcome.faults  # by name, since a failed assertion writes out all of an outcome
    assert taken < 4
    assert not faults
    return outcome


def test_a_long_repeat_is_stopped() -> None:
    outcome = ended("for _ in range(1000000):\n    x = 'a'")
    assert (outcome.end, "steps" in outcome.reason) == ("stopped", True)


def test_a_text_that_doubles_is_stopped() -> None:
    assert ended("x = 'ab'\nfor _ in range(100):\n    x = f'{x}{x}'").end == "stopped"


def test_a_list_that_doubles_is_stopped() -> None:
    assert ended("x = ['ab']\nfor _ in range(100):\n    x += [x]\n    x += [x]").end == "stopped"


def test_dictionaries_that_hold_each_other_twice_are_stopped_where_they_are_written_out() -> None:
    code = "d = {'a': 1}\nfor _ in range(60):\n    d = is_workflow_actions_setvalueforkey(WFDictionary=d, WFDictionaryKey='b', WFDictionaryValue=d)\n    d = {'x': d, 'y': d}\n"
    outcome = ended(code + "is_workflow_actions_showresult(Text=f'{d}')")
    assert outcome.end in ("stopped", "finished")
    outcome.to_json()


def test_files_that_are_saved_for_ever_are_stopped() -> None:
    code = "for i in range(1, 5001):\n    is_workflow_actions_documentpicker_save(WFInput='x', WFAskWhereToSave=False, WFFileDestinationPath='{}')"
    assert ended(code.format("a.txt"), size=1_000_000).end == "stopped"
    assert ended(code.replace("'{}'", "f'{i}.txt'"), size=1_000_000).end == "stopped"


LONG = "1 tomorrow at 3 pm <b>x</b> www.example.com\n" * 1_000
MANY = [f"item {number}" for number in range(3_000)]
LARGE = {
    "text": LONG, "rich text": {"$": "rich text", "html": LONG}, "file": {"$": "file", "name": "a.bin", "bytes": "00" * 50_000}, "list": MANY,
    "dates": [{"$": "date", "date": f"2026-01-{day:02}"} for day in range(1, 29)] * 10, "dictionary": {str(key): [key] for key in range(1_000)},
}  # fmt: skip


@pytest.mark.parametrize(("action", "given"), [
    ("number(WFNumberActionNumber={})", "text"), ("detect_date(WFInput={})", "text"), ("detect_link(WFInput={})", "text"),
    ("detect_emailaddress(WFInput={})", "text"), ("gethtmlfromrichtext(WFInput={})", "text"), ("getrichtextfrommarkdown(WFInput={})", "text"),
    ("getmarkdownfromrichtext(WFInput={})", "rich text"), ("detect_link(WFInput={})", "rich text"), ("showresult(Text={})", "rich text"),
    ("base64encode(WFInput={})", "file"), ("text_combine(text={})", "list"), ("notification(WFNotificationActionBody={})", "list"),
    ("statistics(Input={})", "list"), ("filter_files(WFContentItemInputParameter={})", "list"), ("choosefromlist(WFInput={})", "list"),
    ("removereminders(WFInputReminders={})", "list"), ("showresult(Text={})", "dates"), ("format_date(WFDate={})", "dates"),
    ("showresult(Text={})", "dictionary"),
])  # fmt: skip
def test_what_is_looked_at_counts_each_time(action: str, given: str) -> None:
    world = World.from_json({"input": LARGE[given], "reminders": [{"Title": "a"}] * 10})
    outcome = ended("for _ in range(9000):\n    is_workflow_actions_" + action.format("shortcut_input()"), world, size=200_000)
    end, reason = outcome.end, outcome.reason
    assert end == "stopped" and "looked at" in reason


def test_a_test_of_a_long_text_counts_each_time() -> None:
    end = ended("for _ in range(9000):\n    if 'z' in shortcut_input():\n        x = 1", World(input=LONG), size=200_000).end
    assert end == "stopped"


def test_a_large_value_that_is_only_handed_on_counts_once() -> None:
    code = "x = shortcut_input()\nfor _ in range(1000):\n    is_workflow_actions_setvariable(WFVariableName='z', WFInput=x)\n    y = is_workflow_actions_getitemfromlist(WFInput=x)"
    end = ended(code, World(input=MANY), size=200_000).end
    assert end == "finished"


def test_a_pattern_that_takes_for_ever_is_stopped() -> None:
    outcome = ended(f"is_workflow_actions_text_match(text='{'a' * 40}!', WFMatchTextPattern='(a|a|aa)+$')", seconds=0.2)
    assert (outcome.end, "patterns" in outcome.reason) == ("stopped", True)


def test_shortcuts_that_call_each_other_for_ever_are_stopped() -> None:
    world = World.from_json({"shortcuts": {"A": "is_workflow_actions_runworkflow(WFWorkflowName='B')", "B": "is_workflow_actions_runworkflow(WFWorkflowName='A')"}})
    assert ended("is_workflow_actions_runworkflow(WFWorkflowName='A')", world).end == "stopped"


def test_powers_and_factorials_stay_small() -> None:
    for source in ("9^9^9^9", "170!!", "2^100000", "1e308*10", "(((9!)!)!)!"):
        assert ended(f"is_workflow_actions_calculateexpression(Input='{source}')").end in ("finished", "error")


# ---------------------------------------------------------------------------------------------------------------------------------
# unknowns


def test_an_unknown_is_typed_carried_on_and_named_once() -> None:
    outcome = run("x = com_example_app_DoIt(a='1')\ny = f'It says {x}'\nis_workflow_actions_showresult(Text=y)", World())
    assert list(outcome.unknowns.values()) == [0]
    assert "com.example.app.DoIt" in outcome.effects[-1].what["text"].origin or outcome.effects[-1].what["text"].type == "text"
    assert not outcome.whole
    assert [step.known for step in outcome.steps] == [False, False, False]


def test_equal_unknowns_have_equal_origins_and_others_do_not() -> None:
    def shown(script: str) -> Any:
        return run(f"x = is_workflow_actions_runshellscript(Script='{script}')\nis_workflow_actions_showresult(Text=x)", World()).effects[-1].what["text"]

    assert shown("ls") == shown("ls")
    assert shown("ls") != shown("rm")


def test_a_branch_on_an_unknown_goes_as_the_world_says() -> None:
    code = "x = is_workflow_actions_runshellscript(Script='ls')\nif x == 'a':\n    is_workflow_actions_showresult(Text='yes')\nelse:\n    is_workflow_actions_showresult(Text='no')"
    said = [run(code, World(branches=(branch,))).effects[-1].what["text"] for branch in (True, False)]
    assert said == ["yes", "no"]


def test_the_world_can_say_what_an_unknown_action_makes() -> None:
    world = World.from_json({"actions": {"is.workflow.actions.runshellscript": {"$": "turns", "values": ["a", "b"]}}})
    outcome = run("x = is_workflow_actions_runshellscript(Script='ls')\ny = is_workflow_actions_runshellscript(Script='ls')\nz = f'{x}{y}'", world)
    assert (outcome.output, outcome.unknowns) == ("ab", {})


def test_a_run_changes_nothing_of_its_world() -> None:
    world = World.from_json({"files": {"a.txt": "x"}, "reminders": [{"Title": "a"}], "stored": {"k": 1}})
    before = (dict(world.files), world.reminders, dict(world.stored), world.whole_device.copy())
    run("is_workflow_actions_documentpicker_save(WFInput='x', WFAskWhereToSave=False, WFFileDestinationPath='b.txt')\nis_workflow_actions_addnewreminder(WFCalendarItemTitle='b')\n"
        "dk_simonbs_DataJar_SetValueIntent(keyPath='n', values='x')\nis_workflow_actions_wifi_set(OnValue=False)", world)
    assert (dict(world.files), world.reminders, dict(world.stored), world.whole_device) == before


def test_the_same_world_gives_the_same_outcome() -> None:
    world = World.from_json({"seed": 5, "unanswered": "random"})
    code = "x = is_workflow_actions_number_random(WFRandomNumberMinimum=1, WFRandomNumberMaximum=1000000)\ny = is_workflow_actions_ask(WFAskActionPrompt='A')\nz = f'{x} {y}'"
    assert run(code, world).output == run(code, world).output


def test_an_answer_drawn_by_chance_depends_on_the_question_and_not_on_what_was_asked_before() -> None:
    world = World.from_json({"seed": 5, "unanswered": "random"})
    ask = "is_workflow_actions_ask(WFAskActionPrompt='{}', WFInputType='Number')"
    assert run(ask.format("B"), world).output == run(ask.format("A") + "\n" + ask.format("B"), world).output


# ---------------------------------------------------------------------------------------------------------------------------------
# the table of actions


def test_each_action_names_its_source_and_is_in_the_catalogue() -> None:
    catalog = Catalog.load()
    for identifier, definition in ACTIONS.items():
        assert definition.source, identifier
        assert identifier in catalog, identifier


def test_defaults_are_those_of_the_catalogue() -> None:
    assert defaults("is.workflow.actions.alert")["WFAlertActionMessage"] == "Do you want to continue?"
    assert defaults("com.example.none") == {}


def test_a_shortcut_whose_blocks_do_not_pair_is_refused() -> None:
    with pytest.raises(Unbalanced):
        compile_shortcut(written("is.workflow.actions.repeat.count", WFControlFlowMode=0))
