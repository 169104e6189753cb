"""The quick proof (shortcuts/transcription/proof.py) says yes only where the slow one does, whatever is wrong with the writer or the compiler."""

from __future__ import annotations

import ast
import copy
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from shortcut_strategies import random_shortcuts

import shortcuts
from shortcuts import control_flow, plist, transcription
from shortcuts.compiler import Compiler
from shortcuts.compiler import symbols as compiler_symbols
from shortcuts.decompiler import Decompiler
from shortcuts.decompiler import symbols as decompiler_symbols
from shortcuts.equality import patch
from shortcuts.forms import header, identifiers, interpolation, references, values
from shortcuts.transcription import proof

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "plist"
EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
A, B, C = (f"{letter * 8}-0000-4000-8000-000000000000" for letter in "ABC")


def action(name, **parameters):
    return {"WFWorkflowActionIdentifier": f"is.workflow.actions.{name}", "WFWorkflowActionParameters": parameters}


def output(uuid, name, *steps):
    token = {"Type": "ActionOutput", "OutputUUID": uuid, "OutputName": name, **({"Aggrandizements": [dict(step) for step in steps]} if steps else {})}
    return values.wrap("WFTextTokenAttachment", token)


def variable(name, *steps):
    token = {"Type": "Variable", "VariableName": name, **({"Aggrandizements": [dict(step) for step in steps]} if steps else {})}
    return values.wrap("WFTextTokenAttachment", token)


KEY = {"Type": "WFDictionaryValueVariableAggrandizement", "DictionaryKey": "a"}
GROUP, MENU, CASES = (f"{letter * 8}-0000-4000-8000-000000000000" for letter in "E12")
COUNT, CASE = 13, 11  # places in the shortcut below


def everything():
    """A shortcut with what the patch of a residue usually holds: a new one each time."""
    plain = values.wrap(interpolation.TEXT, {"string": "plain", "attachmentsByRange": {}})
    item = {"WFItemType": 0, "WFKey": plain, "WFValue": copy.deepcopy(plain)}
    listed = [
        action("comment", WFCommentActionText="a note", UUID=C),
        action("gettext", WFTextActionText="plain", UUID=A, CustomOutputName="My-Text"),
        action("downloadurl", WFURL=interpolation.envelope("\ufffc!", {"{0, 1}": output(A, "My-Text")["Value"]}), UUID=B,
               WFFormValues=values.wrap("WFDictionaryFieldValue", {"WFDictionaryFieldValueItems": [item]}), **{"Show-text": True}),
        action("setvariable", WFVariableName="a-b", WFInput=output(B, "Contents of URL", KEY)),
        action("conditional", GroupingIdentifier=GROUP, WFControlFlowMode=0, WFCondition=100,
               WFInput={"Type": "Variable", "Variable": variable("a-b")}),
        action("appendvariable", WFVariableName="list", WFInput=variable("a-b", KEY)),
        action("showresult", Text=interpolation.envelope("\ufffc", {"{0, 1}": {**variable("a-b")["Value"], "VariableUUID": C}})),
        action("conditional", GroupingIdentifier=GROUP, WFControlFlowMode=2, UUID=GROUP.replace("E", "F")),
        action("conditional", GroupingIdentifier=MENU, WFControlFlowMode=0, WFCondition=0, WFNumberValue=5.5, UUID=GROUP.replace("E", "9"),
               WFInput={"Type": "Variable", "Variable": variable("a-b")}),
        action("conditional", GroupingIdentifier=MENU, WFControlFlowMode=2),
        action("choosefrommenu", GroupingIdentifier=CASES, WFControlFlowMode=0, WFMenuItems=[
            {"WFItemType": 0, "WFValue": interpolation.envelope("\ufffc", {"{0, 1}": variable("a-b")["Value"]})}],
            WFMenuPrompt=interpolation.envelope("\ufffc", {"{0, 1}": {**variable("a-b")["Value"], "VariableUUID": C, "Aggrandizements": []}})),
        action("choosefrommenu", GroupingIdentifier=CASES, WFControlFlowMode=1, WFMenuItemTitle="a label",
               WFMenuItemAttributedTitle=interpolation.envelope("\ufffc", {"{0, 1}": variable("a-b")["Value"]})["Value"]),
        action("choosefrommenu", GroupingIdentifier=CASES, WFControlFlowMode=2, UUID=GROUP.replace("E", "7")),
        action("count", Input=variable("list"), WFCountType="Items", UUID=C.replace("C", "D"), CustomOutputName="How many"),
    ]  # fmt: skip
    return {"WFWorkflowActions": listed, "WFWorkflowClientVersion": "1146.11", "WFWorkflowIcon": {"WFWorkflowIconStartColor": 255},
            "WFWorkflowTypes": ["Watch"]}  # fmt: skip


def slow(shortcut, code):
    """True if a program is canonical and a fixed point."""
    alone = shortcuts.to_shortcut(code)
    return shortcuts.equivalent(alone, shortcut) and Decompiler(alone).text() == code


def quick(shortcut):
    """(the program of a shortcut, whether the quick proof holds) of the first attempt at it."""
    attempt = transcription.Attempt(shortcut, frozenset(), False, None)
    return attempt.code, attempt.proved


def agree(listed):
    """Asserts that the quick proof never says yes where the slow one does not; returns how often each says yes."""
    counts = [0, 0]
    for shortcut in listed:
        code, proved = quick(shortcut)
        holds = slow(shortcut, code)
        assert holds or not proved, code
        counts[0] += proved
        counts[1] += holds
    return counts


def real(step):
    if not CORPUS.exists():
        pytest.skip("the corpus of ../shared is not here")
    for path in sorted(CORPUS.glob("*.plist"))[::step]:
        shortcut = plist.read_shortcut(path.read_bytes())
        try:
            control_flow.tree(shortcut["WFWorkflowActions"])
            yield shortcut
        except control_flow.Unbalanced:
            pass


def examples():
    return [plist.read_shortcut(path.read_bytes()) for path in sorted(EXAMPLES.rglob("*.shortcut"))]


def test_both_proofs_agree_on_real_shortcuts_and_the_slow_one_is_seldom_needed():
    proved, held = agree(real(40))
    assert proved >= 0.8 * held


def test_a_shortcut_of_the_usual_operations_is_proved_at_once():
    assert agree([everything()]) == [1, 1]


@pytest.mark.ci
@given(random_shortcuts())
def test_both_proofs_agree_on_random_shortcuts(shortcut):
    agree([shortcut])


# ---------------------------------------------------------------------------------------------------------------------------------
# real differences


def at(shortcut, index):
    return shortcut["WFWorkflowActions"][index]["WFWorkflowActionParameters"]


DIFFERENCES = {
    "a parameter's text": lambda s: at(s, 0).update(WFCommentActionText="another note"),
    "a text instead of a token string with another text": lambda s: at(s, 1).update(WFTextActionText="other"),
    "a parameter more": lambda s: at(s, 2).update(WFHTTPMethod="POST"),
    "a parameter less": lambda s: at(s, COUNT).pop("WFCountType"),
    "another output": lambda s: at(s, 3)["WFInput"]["Value"].update(OutputUUID=A),
    "an output that is not there": lambda s: at(s, 3)["WFInput"]["Value"].update(OutputUUID=B.replace("B", "9")),
    "another variable": lambda s: at(s, COUNT)["Input"]["Value"].update(VariableName="a-b"),
    "another variable that is set": lambda s: at(s, 5).update(WFVariableName="a-b"),
    "another key": lambda s: at(s, 3)["WFInput"]["Value"]["Aggrandizements"][0].update(DictionaryKey="b"),
    "no step": lambda s: at(s, 3)["WFInput"]["Value"].pop("Aggrandizements"),
    "another condition": lambda s: at(s, 4).update(WFCondition=101),
    "a number's type": lambda s: at(s, 4).update(WFCondition=100.0),
    "another number": lambda s: at(s, 8).update(WFNumberValue=5.25),
    "another title": lambda s: at(s, CASE)["WFMenuItemAttributedTitle"].update(string="\ufffc?"),
    "an action more": lambda s: s["WFWorkflowActions"].append(action("nothing")),
    "an action less": lambda s: s["WFWorkflowActions"].pop(0),
    "two actions in the other order": lambda s: s["WFWorkflowActions"].insert(0, s["WFWorkflowActions"].pop(1)),
    "another action": lambda s: s["WFWorkflowActions"][COUNT].update(WFWorkflowActionIdentifier="is.workflow.actions.nothing"),
    "a key beside the parameters": lambda s: s["WFWorkflowActions"][0].update(Extra=1),
    "a place in the text": lambda s: at(s, 2)["WFURL"]["Value"].update(string="!\ufffc"),
    "where it is shown": lambda s: s.update(WFWorkflowTypes=[]),
    "what it accepts": lambda s: s.update(WFWorkflowInputContentItemClasses=[]),
    "a version from before iOS 13": lambda s: s.update(WFWorkflowClientVersion="700"),
    "a question": lambda s: s.update(WFWorkflowImportQuestions=[{"ActionIndex": 1, "Category": "Parameter", "ParameterKey": "x"}]),
}


@pytest.mark.ci
@pytest.mark.parametrize("change", DIFFERENCES.values(), ids=DIFFERENCES)
def test_the_quick_proof_does_not_hold_for_a_shortcut_with_a_real_difference(change):
    other = everything()
    writer = Decompiler(everything())
    code = writer.text()
    compiler, compiled = transcription.compile_program(code, transcription.names_of(writer), None)
    alone = proof.names_alone(compiler.symbols)
    compiler.symbols.rename()

    def holds(shortcut):
        names, difference = copy.copy(writer.symbols), patch.difference(compiled, shortcut)
        names.is_old = header.is_old(shortcut["WFWorkflowClientVersion"])
        return proof.holds(code, compiled, alone, compiler, difference, shortcut, names)

    assert holds(other) and shortcuts.equivalent(other, compiled)
    change(other)
    assert not shortcuts.equivalent(other, compiled)
    assert not holds(other)


# ---------------------------------------------------------------------------------------------------------------------------------
# shortcuts in which what is usually passed over counts


def with_change(change):
    shortcut = everything()
    change(shortcut)
    return shortcut


ODD = {
    "a UUID that something refers to": lambda s: at(s, COUNT).update(UUID=B),
    "a row of the editor in a comment": lambda s: at(s, 0).update({"Show-x": True}),
    "a row of the editor in Set Variable": lambda s: at(s, 3).update({"Show-x": True}),
    "a row of the editor in a marker": lambda s: at(s, 4).update({"Show-x": True}),
    "a row of the editor beside an odd identity": lambda s: at(s, 2).update({"UUID": 5}),
    "two variables with names that fold to one": lambda s: at(s, 5).update(WFVariableName="a b"),
    "a variable called in a literal": lambda s: at(s, COUNT).update(x={"Type": "Variable", "VariableName": "a-b"}),
    "a text that is an identity": lambda s: at(s, COUNT).update(x=A),
    "a text that is an identity, in a literal": lambda s: at(s, COUNT).update(x={"OutputUUID": A}),
    "a text that is an identity of the code alone": lambda s: at(s, COUNT).update(x=identifiers.made_uuid("output My_Text")),
    "the name of a missing output": lambda s: at(s, COUNT).update(Input=output(C.replace("C", "8"), "Gone-by")),
    "a copied identity with a name": lambda s: at(s, COUNT).update(UUID=A),
    "a loop's variable as a name": lambda s: at(s, 5).update(WFVariableName="Repeat Item"),
    "an envelope with keys of its own": lambda s: at(s, 2)["WFURL"].update(Other=1),
    "an empty table in a literal": lambda s: at(s, COUNT).update(x={"Value": {"string": "a", "attachmentsByRange": {}}, "Other": 1}),
    "a reference that is a parameter, to a UUID that nothing else refers to": lambda s: at(s, 0).update(OutputUUID=C),
    "a start's identity with a name": lambda s: at(s, 8).update(UUID=GROUP.replace("E", "8"), CustomOutputName="One"),
    "a start's identity and a name at the end": lambda s: (at(s, 8).update(UUID=GROUP.replace("E", "8")), at(s, 9).update(CustomOutputName="One")),
    "a start's identity that something refers to": lambda s: (at(s, 8).update(UUID=B), at(s, COUNT).update(Input=output(B, "If Result"))),
    "a prompt at a menu's case": lambda s: at(s, CASE).update(WFMenuPrompt=at(s, CASE - 1)["WFMenuPrompt"]),
    "another prompt at a menu's case": lambda s: at(s, CASE).update(WFMenuPrompt="Which?"),
    "a menu with items of its own, and a variable in a literal": lambda s: (
        at(s, CASE - 1).update(WFMenuItems=["x"]), at(s, COUNT).update(x={"Type": "Variable", "VariableName": "a-b"})),
    "a menu without items, and a variable in a literal": lambda s: (
        at(s, CASE - 1).pop("WFMenuItems"), at(s, COUNT).update(x={"Type": "Variable", "VariableName": "a-b"})),
    "an empty list of steps in a literal": lambda s: at(s, COUNT).update(x={"Type": "Other", "Aggrandizements": []}),
    "an identity beside a marker's parameters": lambda s: s["WFWorkflowActions"][4].update(UUID=A),
    "a question with an output": lambda s: s.update(WFWorkflowImportQuestions=[
        {"ActionIndex": COUNT, "Category": "Parameter", "ParameterKey": "x", "DefaultValue": output(B, "x")}]),
}  # fmt: skip


@pytest.mark.parametrize("change", ODD.values(), ids=ODD)
def test_both_proofs_agree_on_odd_shortcuts(change):
    agree([with_change(change)])


def dictionaries(value):
    """Every dictionary inside a value."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from dictionaries(inner)


NAMES = ("UUID", "OutputUUID", "VariableUUID", "OutputName", "VariableName", "WFVariableName", "CustomOutputName", "Show-x", "WFNumberValue",
         "WFMenuItemTitle", "WFCondition", "attachmentsByRange", "string")  # fmt: skip
VALUES = (A, B, C, GROUP, "a b", "a-b", "a_b", "list", "Text", "My Text", "Repeat Item", "Repeat Index 2", "Contains", True, 4, 5.5, "5.5", 1.0)


def damage(shortcut, random):
    """Change an entry of a dictionary anywhere in the actions."""
    holder = random.choice(list(dictionaries(shortcut["WFWorkflowActions"])))
    known = sorted(holder.keys() - {control_flow.ID, control_flow.PARAMETERS, "GroupingIdentifier", "WFControlFlowMode"})
    key = random.choice([*NAMES, *known, *known])
    if random.random() < 0.2:
        holder.pop(key, None)
    else:
        holder[key] = {} if key == "attachmentsByRange" else random.choice(VALUES)


@pytest.mark.ci
@pytest.mark.parametrize("seed", range(4))
def test_both_proofs_agree_on_damaged_shortcuts(seed):
    random = Random(seed)
    held = 0
    for _ in range(50):
        shortcut = everything()
        for _ in range(random.randint(1, 3)):
            damage(shortcut, random)
        try:
            held += agree([shortcut])[1]
        except shortcuts.DialectError:  # what the dialect cannot say has no proof to agree on
            pass
    assert held > 0


# ---------------------------------------------------------------------------------------------------------------------------------
# broken writers and readers


def swap(module, name, make):
    return lambda monkey: monkey.setattr(module, name, make(getattr(module, name)))


def _step_lost(original):
    return lambda token, scope: original({**token, "Aggrandizements": []} if isinstance(token, dict) else token, scope)


def _longer(original):
    return lambda name: original(name) + "x"


def _labels_in_place(original):
    """Writes the name that the shortcut has, instead of the identifier's."""
    return lambda self, parameters, action_id: (original(self, parameters, action_id)[0], {"Label": ast.Constant(self.referenced.get(
        parameters.get("UUID")) or "")} if self.has_name(parameters) else {})  # fmt: skip


def _shows_identity(original):
    return lambda self, index, parameters, hidden: {**original(self, index, parameters, hidden), **(
        {"Seen": ast.Constant(parameters["UUID"])} if "UUID" in parameters else {})}  # fmt: skip


def _counts_places(original):
    return lambda self, index, parameters, hidden: {**original(self, index, parameters, hidden), "Seen": ast.Constant(len(parameters))}


BROKEN = {
    "the writer loses steps": swap(references, "to_expr", _step_lost),
    "the writer makes names longer": swap(identifiers, "identifier", _longer),
    "the writer shows labels": swap(decompiler_symbols.SymbolTable, "bind_output", _labels_in_place),
    "the writer shows identities": swap(Decompiler, "_parameters", _shows_identity),
    "the writer shows how many parameters there are": swap(Decompiler, "_parameters", _counts_places),
    "the writer puts one text for all addresses": swap(Decompiler, "_parameter", lambda original: lambda self, index, key, value:
                                          ast.Constant("x") if key == "WFURL" else original(self, index, key, value)),
    "spoken names lose their ends": swap(identifiers, "label_from_identifier", lambda original: lambda name: original(name)[:3]),
    "the compiler forgets a text": swap(interpolation, "from_expr", lambda original: lambda node, scope:
                                        "" if original(node, scope) == "plain" else original(node, scope)),
    "the compiler adds a parameter": swap(Compiler, "_parameter", lambda original: lambda self, action_id, key, node:
                                          original(self, action_id, key, node) if key != "Text" else "x"),
    "every variable is one": swap(compiler_symbols.SymbolTable, "variable_label", lambda original: lambda self, identifier: "x"),
}  # fmt: skip


@pytest.fixture(scope="module")
def listed():
    """(shortcuts, for how many of them the slow proof holds)."""
    shortcuts = [everything(), *examples()[::4], *(with_change(change) for change in ODD.values())]
    return shortcuts, sum(slow(shortcut, quick(shortcut)[0]) for shortcut in shortcuts)


@pytest.mark.ci
@pytest.mark.parametrize("break_it", BROKEN.values(), ids=BROKEN)
def test_the_quick_proof_falls_with_the_slow_one_when_something_is_broken(break_it, listed, monkeypatch):
    listed, before = listed
    with monkeypatch.context() as monkey:
        break_it(monkey)
        counts = [0, 0]
        for shortcut in listed:
            try:
                code, proved = quick(shortcut)
                holds = slow(shortcut, code)
            except (shortcuts.DialectError, ValueError):
                continue
            assert holds or not proved, code
            counts[0] += proved
            counts[1] += holds
    assert counts[1] < before  # what was broken shows
