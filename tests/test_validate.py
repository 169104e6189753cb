"""Rules of the app for a compiled program, on many programs: hand-written, and mutated by hand-written rules.

`python -m pytest tests/test_validate.py`
"""

from __future__ import annotations

import ast
import random
from pathlib import Path

import pytest

import shortcuts
from tests.app_rules import defects

EXAMPLES = sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.py"))


def mutated(code: str, seed: int) -> str:
    """A program changed as a person or a model might: lines lost, doubled, swapped, names and values exchanged."""
    draw = random.Random(seed)
    lines = code.splitlines()
    for _ in range(draw.randint(1, 3)):
        here, there = draw.randrange(len(lines)), draw.randrange(len(lines))
        change = draw.randrange(5)
        if change == 0 and len(lines) > 2:
            del lines[here]
        elif change == 1:
            lines.insert(here, lines[here])
        elif change == 2:
            lines[here], lines[there % len(lines)] = lines[there % len(lines)], lines[here]
        elif change == 3:
            lines[here] = lines[here].replace("'", '"', 1)
        else:
            lines[here] = lines[here].replace("=", "==", 1)
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_has_no_defect(path):
    assert defects(shortcuts.to_shortcut(path.read_text(encoding="utf-8"))) == []


@pytest.mark.ci
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_mutated_program_compiles_to_something_sound_or_is_refused_by_line(path):
    code = path.read_text(encoding="utf-8")
    for seed in range(6):
        program = mutated(code, seed)
        try:
            shortcut = shortcuts.to_shortcut(program)
        except shortcuts.DialectError as error:
            assert 1 <= error.line <= program.count("\n") + 1 and error.message
            assert shortcuts.check(program), "check finds what the compiler refuses"
        else:
            assert defects(shortcut) == []


def test_mutations_break_some_programs_and_leave_others_whole():
    outcomes = [not shortcuts.check(mutated(path.read_text(encoding="utf-8"), seed)) for path in EXAMPLES for seed in range(3)]
    assert 0.05 < sum(outcomes) / len(outcomes) < 0.95


@pytest.mark.parametrize("break_it, defect", [
    (lambda actions: actions[1]["WFWorkflowActionParameters"]["Text"]["Value"].update(string="short"), "range"),
    (lambda actions: actions[0]["WFWorkflowActionParameters"].pop("UUID"), "refers to the output"),
    (lambda actions: actions[0]["WFWorkflowActionParameters"].update(UUID="lower-case"), "upper-case"),
    (lambda actions: actions[2]["WFWorkflowActionParameters"].update(WFControlFlowMode="0"), "no number"),
    (lambda actions: actions.pop(), "never ends"),
])  # fmt: skip
def test_each_defect_is_found(break_it, defect):
    shortcut = shortcuts.to_shortcut("x = is_workflow_actions_date()\nis_workflow_actions_showresult(Text=f'Now {x}')\nif x:\n    pass\n")
    assert defects(shortcut) == []
    break_it(shortcut["WFWorkflowActions"])
    assert any(defect in line for line in defects(shortcut))


def test_what_the_offline_annotator_writes_is_sound():
    from common.offline import baseline
    from shortcuts.catalog import Catalog

    catalog = Catalog.load()
    for number in range(20):
        apis = [api.id for api in random.Random(number).sample([api for api in catalog if api.title and api.parameters], 6)]
        code = baseline.program(apis, catalog, str(number))
        assert ast.parse(code) and defects(shortcuts.to_shortcut(code)) == []
