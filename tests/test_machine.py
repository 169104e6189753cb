"""The machine: golden cases, ends, limits and unknowns."""

from __future__ import annotations

from typing import Any

import pytest
from machine_cases import ANY, CASES, Case

from shortcuts.machine import World, run
from shortcuts.machine.world import from_json, to_json


def includes(whole: Any, part: Any) -> bool:
    """True if a JSON value holds all that a part of it says."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and includes(whole[key], inner) for key, inner in part.items())
    return whole == part and type(whole) is type(part)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code.replace("is_workflow_actions_", "")[:60])
def test_a_program_does_in_a_world_what_its_case_says(case: Case) -> None:
    outcome = run(case.code, World.from_json(case.world))
    made, expected = outcome.to_json(), case.expected
    assert not outcome.faults
    assert outcome.end == expected.get("end", outcome.end if outcome.end in ("exited", "output") else "finished"), outcome.reason
    assert expected.get("reason", "") in outcome.reason
    if case.output is not ANY:
        assert to_json(outcome.output) == case.output
        assert type(outcome.output) is not bool or type(case.output) is bool
    if "shown" in expected:
        assert [effect["text"] for effect in made["effects"] if effect["verb"] == "shown"] == expected["shown"]
    if "effects" in expected:
        assert len(made["effects"]) == len(expected["effects"])
        assert all(includes(effect, part) for effect, part in zip(made["effects"], expected["effects"])), made["effects"]
    assert includes(made["changes"], expected.get("changes", {})), made["changes"]
    assert any(expected.get("unknown", "") in origin for origin in outcome.unknowns or [""]) and bool(outcome.unknowns) == ("unknown" in expected)


def test_there_are_many_cases_each_with_a_source_and_few_rest_on_an_assumption() -> None:
    assumed = sum(bool(run(case.code, World.from_json(case.world)).assumed) for case in CASES)
    assert len(CASES) >= 400
    assert assumed <= 0.35 * len(CASES)
    assert all(case.source for case in CASES)


@pytest.mark.parametrize("keys", [
    {"Name": "name", "Creation Date": "created", "File Path": "path", "Width": "width", "Is a Screenshot": "is_a_screenshot"},
    {"Name": "Name", "Creation Date": "Creation Date", "File Path": "File Path", "Width": "Width", "Is a Screenshot": "Is a Screenshot"},
    {"Name": "name", "Creation Date": "Date Taken", "File Path": "file_path", "Width": "width", "Is a Screenshot": "is a screenshot"},
])  # fmt: skip
def test_a_photo_of_a_world_has_what_its_labels_say(keys: dict[str, str]) -> None:
    dates = [{"$": "date", "date": f"2026-01-0{day}T12:00:00+00:00"} for day in (2, 1)]
    photos = [{keys["Name"]: f"{name}.png", keys["Creation Date"]: date, keys["File Path"]: f"a/{name}.png", keys["Width"]: 640, keys["Is a Screenshot"]: True}
              for name, date in zip("ba", dates)]  # fmt: skip
    world = World.from_json({"photos": photos})
    found = "is_workflow_actions_filter_photos(WFContentItemSortProperty='Creation Date', WFContentItemSortOrder='Oldest First')"
    for label, value in (("Name", ["a", "b"]), ("Creation Date", dates[::-1]), ("Date Taken", dates[::-1]), ("File Path", ["a/a.png", "a/b.png"]), ("Width", [640, 640])):
        outcome = run(f"x = {found}\nis_workflow_actions_properties_images(WFInput=x, WFContentItemPropertyName='{label}')", world)
        assert to_json(outcome.output) == value, label
    assert to_json(run("is_workflow_actions_getlastscreenshot()", world).output)["name"] == "b.png"


def test_a_case_that_the_app_does_not_offer_changes_nothing_and_is_assumed() -> None:
    known, unknown = (run(f"is_workflow_actions_text_changecase(text='Ada Moor', WFCaseType='{case}')") for case in ("lowercase", "Lowercase"))
    assert known.output == "ada moor" and not known.assumed
    assert unknown.output == "Ada Moor" and "'Lowercase', which the app does not offer" in " ".join(unknown.assumed)


def test_a_forecast_by_the_hour_is_assumed_to_be_that_of_the_world() -> None:
    weather = {"device": {"weather": {"Forecast": ["rain"]}}}
    assumed = {kind: list(run(f"is_workflow_actions_weather_forecast(WFWeatherForecastType='{kind}')", World.from_json(weather)).assumed)
               for kind in ("Hourly", "Daily")}  # fmt: skip
    assert "hours" in " ".join(assumed["Hourly"]) and not assumed["Daily"]


def test_questions_are_answered_by_their_place_where_the_world_lists_them() -> None:
    asks = "a = is_workflow_actions_ask(WFAskActionPrompt={!r})\nb = is_workflow_actions_ask(WFAskActionPrompt={!r})\n" \
        "is_workflow_actions_showresult(Text=f'{{a}} and {{b}}')\n"  # fmt: skip
    world = World(unanswered="random", questions=("Who?", "Where?"), seed=3)

    def said(*prompts: str) -> str:
        outcome = run(asks.format(*prompts), world)
        assert outcome.questions == [*prompts]
        return outcome.effects[0].what["text"]

    who, where = said("Who?", "Where?").split(" and ")
    assert who != where and said("Name", "Place") == said("Who?", "Place") == f"{who} and {where}"
    assert said("Where?", "Who?") == f"{where} and {who}"


def test_an_unknown_says_what_was_done_to_it() -> None:
    code = "x = is_workflow_actions_extracttextfromimage(WFImage=shortcut_input())\n" \
        "y = is_workflow_actions_text_replace(WFInput=x, WFReplaceTextFind={!r}, WFReplaceTextReplace='b')\n" \
        "is_workflow_actions_showresult(Text=f'{{y}}')\n"  # fmt: skip
    world = World(input=from_json({"$": "image", "name": "cat.png"}))
    one, same, other = (run(code.format(find), world).effects[0].what["text"].origin for find in "aac")
    assert one == same != other
