"""bench/fuzz.py and bench/mutants.py themselves. `python -m pytest tests/test_fuzz.py`"""

from __future__ import annotations

import copy
import importlib.util
import json
import random
from pathlib import Path
from types import ModuleType

import pytest

import shortcuts
from shortcuts.forms import signatures, triggers

ROOT = Path(__file__).resolve().parents[1]
KINDS = ["plist", "json", "source", "program", "tree", "text"]


def bench(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"bench_{name}", ROOT / "bench" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def fuzz() -> ModuleType:
    return bench("fuzz")


@pytest.fixture(scope="module")
def seeds(fuzz):
    return fuzz.fuzz_inputs.Seeds(ROOT / "examples", None)


@pytest.fixture(scope="module")
def kinds(fuzz, seeds):
    return fuzz.kinds(seeds)


@pytest.mark.ci
@pytest.mark.parametrize("name", KINDS)
def test_an_input_depends_on_seed_and_number_alone(kinds, name):
    kind = kinds[name]
    inputs = [[kind.saved(kind.make(seed, number)) for number in range(20)] for seed in (1, 1, 2)]
    assert inputs[0] == inputs[1] != inputs[2]


@pytest.mark.ci
def test_each_form_of_the_dialect_is_among_what_is_broken(seeds):
    said = "\n".join(seeds.form_codes)
    unsaid = {name for name in signatures.HELPERS if f"{name}(" not in said} | {name for name in signatures.METHODS if f".{name}(" not in said}
    assert unsaid <= {"append"}, "a list is appended to by +="
    assert [kind.name for kind in triggers.TRIGGERS if f"@{kind.name}(" not in said] == []


def test_a_failure_is_named_by_its_place_and_made_small(fuzz):
    def read(text: str) -> str:
        fuzz.promise("bad" not in text, "no bad word")
        return "good"

    kind = fuzz.Kind(lambda seed, number: "", read, fuzz.fuzz_inputs.shorter, str.encode)
    given = "a line\n" * 30 + "something bad here\n" + "a line\n" * 30
    assert fuzz.failure(kind, "a line") == ("", "good")
    place, _ = fuzz.failure(kind, given)
    assert place == "Broken no bad word" and fuzz.shrunk(kind, given, place) == "bad"


def test_an_error_inside_the_language_is_named_by_the_line_that_raises_it(fuzz):
    """Else all of them would be one failure, and one input saved for all."""
    kind = fuzz.Kind(lambda seed, number: "", lambda given: shortcuts.parse(5), fuzz.fuzz_inputs.shorter, str)
    place, _ = fuzz.failure(kind, "")
    assert place.startswith("TypeError ") and ".py:" in place and "fuzz.py" not in place


def test_a_smaller_tree_lacks_an_action_or_a_value(fuzz):
    tree = {"WFWorkflowActions": [{"a": 1}, {"b": [2, 3]}], "c": 4}
    smaller = list(fuzz.fuzz_inputs.sparser(tree))
    assert {"WFWorkflowActions": [{"b": [2, 3]}], "c": 4} in smaller and {"WFWorkflowActions": [{"a": 1}, {"b": [2]}], "c": 4} in smaller
    assert tree == {"WFWorkflowActions": [{"a": 1}, {"b": [2, 3]}], "c": 4}


def test_a_program_that_breaks_no_promise_has_an_outcome(fuzz):
    assert fuzz.read_code("x = clipboard()\nis_workflow_actions_showresult(Text=x)\n") == "compiles, clean"
    assert fuzz.read_code("x = (") == "syntax" and fuzz.read_answer("I can't.") == "no code"


def test_failing_inputs_do_not_go_into_the_repository(fuzz, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["fuzz.py", "--output", str(ROOT / "runs" / "fuzz")])
    with pytest.raises(SystemExit, match="2"):
        fuzz.main()
    assert "outside of the repository" in capsys.readouterr().err


def test_a_mutant_is_found_where_its_code_stands_now_and_is_stale_where_it_stands_nowhere_or_twice(tmp_path):
    mutants = bench("mutants")
    folder = tmp_path / mutants.PACKAGE
    folder.mkdir(parents=True)
    (folder / "one.py").write_text("a = 1\nb = 2\n")
    (folder / "two.py").write_text("b = 2\nc = 3\nc = 3\n")
    found = {old: mutants.place(mutants.Mutant("", file, old, "", ""), tmp_path) for file, old in
             [("one.py", "a = 1"), ("gone.py", "a = 1\n"), ("one.py", "b = 2"), ("gone.py", "b = 2\n"), ("two.py", "c = 3"), ("one.py", "d")]}  # fmt: skip
    assert found == {"a = 1": "shortcuts/one.py", "a = 1\n": "shortcuts/one.py", "b = 2": "shortcuts/one.py", "b = 2\n": None, "c = 3": None, "d": None}


def test_each_mutant_has_a_name_and_changes_something():
    mutants = bench("mutants")
    assert len({mutant.name for mutant in mutants.MUTANTS}) == len(mutants.MUTANTS) >= 60
    assert all(mutant.old != mutant.new and mutant.why for mutant in mutants.MUTANTS)


def test_no_broken_tree_holds_itself(fuzz):
    """Such a tree is in no file, and cannot be saved."""
    tree = {"WFWorkflowActions": [], "UUID": {"VariableName": {"OutputUUID": "a"}}}
    for number in range(300):
        given = copy.deepcopy(tree)
        fuzz.fuzz_inputs.damage(given, tree, random.Random(number))
        json.dumps(given, default=repr)
