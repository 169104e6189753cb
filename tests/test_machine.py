"""The machine: golden cases, ends, limits and unknowns."""

from __future__ import annotations

from typing import Any

import pytest
from machine_cases import ANY, CASES, Case

from shortcuts.machine import World, run
from shortcuts.machine.world import to_json


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
