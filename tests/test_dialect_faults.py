"""Whatever a shortcut or a program holds, only the project's own errors come out. `python -m pytest tests/test_dialect_faults.py`

The same damage each time, so that a red test means a change; `EXPLORE=3000 python -m pytest …` tries that much that is new.
"""

from __future__ import annotations

import os
import plistlib
import random
from pathlib import Path
from typing import Any

import orjson
import pytest

import shortcuts
from shortcuts import plist
from shortcuts.catalog import Catalog
from shortcuts.repair import repair
from shortcuts.trace import trace
from tests.mutations import ODD_EXPRESSIONS, mutated_code, mutated_tree

EXAMPLES = sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.py"))
EXPLORE = int(os.environ.get("EXPLORE", 0))
SEEDS = [random.randrange(10**9)] if EXPLORE else range(4)  # noqa: S311
TRIES = EXPLORE or 25  # of each seed


def small(code: str) -> bool:
    return len(code) < 3000


def look_at(code: str) -> None:
    """Everything that is asked of a program that a model wrote."""
    catalog = Catalog.load()
    found, shortcut = shortcuts.review(code, catalog)
    trace(code)
    try:
        shortcuts.to_shortcut(code)
        assert shortcut is not None
        plist.write_binary(shortcut)
    except (shortcuts.DialectError, plist.PlistError):
        pass
    mended, _ = repair(code, catalog)
    shortcuts.check(mended, catalog)


@pytest.mark.ci
@pytest.mark.parametrize("seed", SEEDS)
def test_damaged_shortcuts_end_in_a_transcription_or_in_an_error_of_ours(seed: int) -> None:
    draw = random.Random(seed)
    trees = [plistlib.loads(path.with_suffix(".shortcut").read_bytes()) for path in EXAMPLES if small(path.read_text())]
    transcribed = 0
    for _ in range(TRIES):
        tree = mutated_tree(draw.choice(trees), draw)
        try:
            shortcut = plist.read_shortcut(orjson.dumps(plist.to_json(tree)))
            result = shortcuts.transcribe(shortcut)
        except (plist.PlistError, shortcuts.Unbalanced, shortcuts.TooDeep):
            continue
        transcribed += 1
        assert result.exact
        assert plist.same(shortcuts.to_shortcut(result.code, result.residue), shortcut)
        shortcuts.statistics(shortcut)
        look_at(result.code)
    assert transcribed > TRIES // 4


@pytest.mark.ci
@pytest.mark.parametrize("seed", SEEDS)
def test_damaged_programs_end_in_diagnostics(seed: int) -> None:
    draw = random.Random(seed)
    codes = list(filter(small, (path.read_text() for path in EXAMPLES)))
    for _ in range(TRIES):
        look_at(mutated_code(draw.choice(codes), draw))


@pytest.mark.ci
@pytest.mark.parametrize("expression", ODD_EXPRESSIONS, ids=lambda expression: expression[:30])
def test_an_odd_expression_ends_in_diagnostics_wherever_it_stands(expression: str) -> None:
    for form in ("is_workflow_actions_gettext(WFTextActionText={})", "x = {}", "is_workflow_actions_dictionary(WFItems={{'a': {}}})", "if {}:\n    pass",
                 "for y in {}:\n    pass", "match {}:\n    case 'a':\n        pass", "x += [{}]", "is_workflow_actions_gettext(WFTextActionText=f'a{{{}}}')"):
        look_at("x = clipboard()\n" + form.format(expression))


@pytest.mark.parametrize("text", ["data('é')", "data('=')", "data('\\ud800')"])
def test_data_that_is_no_base64_is_named_by_line(text: str) -> None:
    (found,) = shortcuts.check(f"is_workflow_actions_gettext(WFTextActionText={text})\n")
    assert (found.line, found.code) == (1, "form") and "not base64" in found.message


def test_a_title_of_a_menu_may_be_of_any_type() -> None:
    for title in (5, 0.5, True, ["string"], b"string", plistlib.UID(1), {"string": 5}):
        marks = [{"WFControlFlowMode": mode, **({"WFMenuItemTitle": title} if mode == 1 else {})} for mode in (0, 1, 2)]
        shortcut = {"WFWorkflowActions": [{"WFWorkflowActionIdentifier": "is.workflow.actions.choosefrommenu", "WFWorkflowActionParameters": mark} for mark in marks]}
        assert shortcuts.transcribe(shortcut).exact


BARE = {"Value": "abc", "WFSerializationType": "WFTextTokenString"}  # no app writes a text so
TYPED = {"Value": {"WFDictionaryFieldValueItems": [{"WFKey": BARE, "WFItemType": 0, "WFValue": BARE}]}, "WFSerializationType": "WFDictionaryFieldValue"}


@pytest.mark.parametrize("value", [BARE, [BARE], {"a": BARE}, {"WFKey": BARE}, TYPED, [TYPED], {"Value": ["abc"], "WFSerializationType": "WFArrayParameterState"}])
@pytest.mark.parametrize("question", [{}, {"Text": "?"}, {"Text": 0}, {"DefaultValue": 0}])
def test_an_odd_envelope_is_canonical_in_a_parameter_and_in_a_question(value: Any, question: dict[str, Any]) -> None:
    asked = {"ActionIndex": 0, "Category": "Parameter", "ParameterKey": "WFInput", **{key: text or value for key, text in question.items()}}
    action = {"WFWorkflowActionIdentifier": "is.workflow.actions.date", "WFWorkflowActionParameters": {} if question else {"WFInput": value}}
    result = shortcuts.transcribe({"WFWorkflowActions": [action], "WFWorkflowImportQuestions": [asked] if question else []})
    assert result.exact and result.canonical


def test_a_variable_may_be_called_as_an_identity_that_an_action_refers_to() -> None:
    read = {"WFVariable": {"Value": {"VariableName": "x", "Type": "Variable"}}}
    actions = [{"WFWorkflowActionIdentifier": "is.workflow.actions.getvariable", "WFWorkflowActionParameters": read, **more} for more in ({}, {"extra": {"OutputUUID": "x"}})]
    result = shortcuts.transcribe({"WFWorkflowActions": actions})
    assert result.exact and result.canonical


def test_an_identity_that_is_no_text_is_no_fault_of_the_proof() -> None:
    for uuid in ("\ud800", {"a": 1}, ["a"], 5):
        action = {"WFWorkflowActionIdentifier": "is.workflow.actions.gettext", "WFWorkflowActionParameters": {"UUID": uuid}}
        assert shortcuts.transcribe({"WFWorkflowActions": [action]}).exact


@pytest.mark.parametrize("marked", ["text", "\ud800", 5, ["text"], {"Type": "Clipboard"}])
def test_what_a_text_marks_may_be_anything(marked: Any) -> None:
    text = {"string": "\ufffc left", "attachmentsByRange": {"{0, 1}": marked}}
    modes = [{"WFControlFlowMode": mode, **({"WFMenuItemAttributedTitle": text} if mode == 1 else {})} for mode in (0, 1, 2)]
    menu = [{"WFWorkflowActionIdentifier": "is.workflow.actions.choosefrommenu", "WFWorkflowActionParameters": mode} for mode in modes]
    shown = {"WFWorkflowActionIdentifier": "is.workflow.actions.showresult",
             "WFWorkflowActionParameters": {"Text": {"Value": text, "WFSerializationType": "WFTextTokenString"}}}  # fmt: skip
    result = shortcuts.transcribe({"WFWorkflowActions": [*menu, shown]})
    assert result.exact and result.canonical


def test_questions_that_are_no_list_refer_to_nothing() -> None:
    action = {"WFWorkflowActionIdentifier": "is.workflow.actions.date", "WFWorkflowActionParameters": {"UUID": "X"}}
    result = shortcuts.transcribe({"WFWorkflowActions": [action], "WFWorkflowImportQuestions": {"Value": {"OutputUUID": "X"}}})
    assert result.exact and result.canonical
