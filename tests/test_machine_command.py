"""Running files from a shell: 02_transcribe.py --run, `python -m shortcuts run`, and what they print."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shortcuts import to_shortcut
from shortcuts.catalog import Catalog
from shortcuts.files import FileError
from shortcuts.machine import World, as_program, run, world_keys
from shortcuts.machine.command import add_arguments, run_files
from shortcuts.machine.report import report
from shortcuts.machine.world import to_json
from shortcuts.machine.worlds import worlds

ROOT = Path(__file__).resolve().parents[1]
HELLO = "name = is_workflow_actions_ask(WFAskActionPrompt='Name?')\nis_workflow_actions_showresult(Text=f'Hello {name}')\n"


def call(*words: Any) -> int:
    """Return the exit code of a run with these words on its command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="+")
    add_arguments(parser)
    args = parser.parse_args([str(word) for word in words])
    return run_files(args.files, args)


@pytest.fixture
def hello(tmp_path: Path) -> Path:
    """A program that asks for a name and greets."""
    file = tmp_path / "hello.py"
    file.write_text(HELLO)
    return file


def test_a_person_sees_the_lines_the_outputs_and_what_left_the_run(hello: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(hello, "--answer", "Ada") == 0
    printed = capsys.readouterr().out
    assert "   1 Ask for Input → 'Ada'" in printed
    assert "» shown 'Hello Ada'" in printed
    assert "It ran to its end." in printed


def test_the_outcome_as_json_is_one_object(hello: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(hello, "--answer", "Ada", "--json") == 0
    outcome = json.loads(capsys.readouterr().out)
    assert (outcome["end"], outcome["effects"][0]["text"], outcome["may"]) == ("finished", "Hello Ada", [])


def test_answers_come_before_those_of_the_world(hello: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = tmp_path / "world.json"
    world.write_text('{"answers": ["Bob"]}')
    assert call(hello, "--world", world) == 0
    assert call(hello, "--world", world, "--answer", "Ada") == 0
    printed = capsys.readouterr().out
    assert printed.index("Hello Bob") < printed.index("Hello Ada")


def test_a_run_that_stops_on_an_error_ends_in_one_line_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "p.py"
    file.write_text("x = 'a'\nis_workflow_actions_calculateexpression(Input='hello')\n")
    assert call(file) == 1
    assert capsys.readouterr().err.startswith(f"{file}:2: the expression 'hello' cannot be calculated")


@pytest.mark.parametrize(("text", "part"), [("{", "no JSON"), ('{"clock": 1}', "clock is no key"), ('{"clipbord": 1}', "did you mean clipboard"),
                                            ('{"answers": 5}', "answers: a list"), ('{"files": []}', "files: an object"), ("[]", "a JSON object"), ('{"unanswered": "x"}', "none of default, random, cancel"), ('{"zone": "Mars"}', "Europe/Berlin"), ('{"compared": [null]}', "texts and numbers"),
                                            ('{"clipboard": {"$": "date", "date": "x"}}', "no date can be read")])
def test_a_wrong_world_is_one_line(hello: Path, tmp_path: Path, text: str, part: str) -> None:
    world = tmp_path / "world.json"
    world.write_text(text)
    with pytest.raises(FileError, match=part):
        call(hello, "--world", world)


@pytest.mark.parametrize(("text", "line"), [
    ('{"device": {"batery": 12}}', "device.batery is no key of a device; did you mean battery?"),
    ('{"device": {"Battery": 12}}', "device.Battery is no key of a device; did you mean battery?"),
    ('{"device": {"battery": "x"}}', "device.battery: a number is expected, not 'x'"),
    ('{"device": {"battery": true}}', "device.battery: a number is expected, not True"),
    ('{"device": {"wifi": 1}}', "device.wifi: true or false is expected, not 1"),
    ('{"device": {"name": 5}}', "device.name: a text is expected, not 5"),
    ('{"device": {"location": 5}}', "device.location: an object is expected, not int"),
    ('{"device": {"location": {"Citty": "Oslo"}}}', "device.location.Citty is no property of a location; did you mean City?"),
    ('{"weather": {"Condition": "Rain"}}', 'weather is no key of a world: it stands in device, {"device": {"weather": …}}'),
    ('{"flashlight": true}', 'flashlight is no key of a world: it stands in device, {"device": {"flashlight": …}}'),
    ('{"device": {"flashligt": true}}', "device.flashligt is no key of a device; did you mean flashlight?"),
    ('{"reminders": [{"Title": "a"}, {"Titel": "x"}]}', "reminders[1].Titel is no property of a reminder; did you mean Title?"),
    ('{"reminders": [{"$": "reminder", "Due": "x"}]}', "reminders[0].Due is no property of a reminder; did you mean Due Date?"),
    ('{"reminders": [{"Is Completed": "no"}]}', "reminders[0].Is Completed: true or false is expected, not 'no'"),
    ('{"reminders": ["milk"]}', "reminders[0]: an object is expected, not 'milk'"),
    ('{"contacts": [{"Email": "a"}]}', "contacts[0].Email is no property of a contact; did you mean Email Addresses?"),
    ('{"photos": [{"name": "a.png", "widht": 5}]}', "photos[0].widht is no property of a photo; did you mean Width?"),
    ('{"http": {"https://a.example": {"body": 1, "staus": 404}}}', "did you mean status?"),
    ('{"branches": ["x"]}', "branches[0]: true or false is expected, not 'x'"),
    ('{"shortcuts_folders": {"Home": "a"}}', "shortcuts_folders.Home: a list is expected, not 'a'"),
])  # fmt: skip
def test_a_slip_below_the_top_level_of_a_world_is_one_line_with_its_place(hello: Path, tmp_path: Path, text: str, line: str) -> None:
    world = tmp_path / "world.json"
    world.write_text(text)
    with pytest.raises(FileError, match=re.escape(line) + "$"):
        call(hello, "--world", world)


@pytest.mark.parametrize("text", [
    '{"reminders": [{"title": "a", "is_completed": true, "Colour": "red", "Tags": null}]}', '{"device": {"diskSpace": 5, "battery": 12.5, "focus": "Work"}}',
    '{"device": {"battery": {"$": "unknown"}, "ip": null, "location": "Oslo", "hotspot": true}}', '{"http": {"a": {"staus": 5}}}',
    '{"contacts": [{"Name": "Ada", "Group": "x"}, {"$": "unknown", "origin": "x"}]}', '{"photos": [{"name": "a.png", "is_a_screenshot": true, "width": 5}]}',
])  # fmt: skip
def test_what_a_shortcut_may_ask_for_stays_allowed_in_a_world(text: str) -> None:
    World.from_json(json.loads(text))


def test_the_labels_of_records_are_those_of_the_catalogue() -> None:
    kinds = {"contacts": "contacts", "reminders": "reminders", "calendarevents": "events", "music": "songs", "images": "photos",
             "health.quantity": "health", "weather.conditions": "weather", "locations": "location"}  # fmt: skip
    for ending, kind in kinds.items():
        parameter = Catalog.load()[f"is.workflow.actions.properties.{ending}"].parameter("WFContentItemPropertyName")
        assert parameter is not None and set(parameter.enum) <= set(world_keys.LABELS[kind])


def test_the_worlds_that_are_made_for_shortcuts_can_be_read() -> None:
    for world in worlds(to_shortcut(HELLO), 3):
        for kind in ("contacts", "reminders", "events", "notes", "songs", "photos"):
            World.from_json({kind: to_json(getattr(world, kind))})


def test_answers_that_were_not_asked_for_are_named(hello: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(hello, "--answer", "Ada") == 0 and "not asked for" not in capsys.readouterr().out
    assert call(hello, "--answer", "Ada", "--answer", "extra") == 0
    assert "1 answer was not asked for: 'extra'" in capsys.readouterr().out
    assert call(hello, "--answer", "Ada", "--answer", "b", "--answer", "c", "--json") == 0
    assert json.loads(capsys.readouterr().out)["unasked"] == ["b", "c"]


def test_a_program_that_does_not_compile_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "p.py"
    file.write_text("x = = 1\n")
    assert call(file) == 1
    assert f"{file}: line 1: not Python" in capsys.readouterr().err


def test_unknowns_and_assumptions_are_named_for_people() -> None:
    program = as_program("x = is_workflow_actions_runshellscript(Script='ls')\ny = is_workflow_actions_ask(WFAskActionPrompt='A')\nis_workflow_actions_showresult(Text=x)")
    printed = report(run(program, World()), program, World().place, ["Runs the shell script 'ls'"])
    assert "It may do: Runs the shell script 'ls'." in printed
    assert "» shown unknown (runshellscript ls" in printed
    assert "Unknown here, and carried on: runshellscript ls" in printed
    assert "Assumed: a question without an answer" in printed


@pytest.mark.parametrize("command", [["02_transcribe.py", "--run"], ["-m", "shortcuts", "run"]])
def test_both_commands_run_a_shortcut(command: list[str]) -> None:
    done = subprocess.run([sys.executable, *command, "examples/Roll the Dice.shortcut"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, "It ran to its end." in done.stdout) == (0, True), done.stderr


def test_flags_of_a_run_without_a_file_are_wrong_arguments() -> None:
    done = subprocess.run([sys.executable, "02_transcribe.py", "--json"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, "--run" in done.stderr) == (2, True)
