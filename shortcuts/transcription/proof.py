"""A quick proof that a program is canonical and a fixed point, from its residue.

The slow proof compiles the code alone, compares the canonical forms of both shortcuts and writes the compiled one once more. It is
seldom needed, since the residue holds all differences between the two shortcuts: identities, names, and the operations of its patch. The
quick proof holds if

- each operation changes a value that both canonical() and the writer ignore in its place (`_is_harmless`);
- the workflow level, which is small, is canonically equal and written alike (`_same_level`);
- identities are nothing but identities: no text of the program equals one (`_only_identities`);
- the names that the code alone gives correspond one to one to those of the shortcut, so that they can be exchanged
  (`_renamed_throughout`), and become the same identifiers in the writer's order (`_same_identifiers`).

A shortcut that fails one of these tests may be canonical and a fixed point all the same; then the slow proof decides.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from shortcuts import control_flow, plist
from shortcuts.compiler import Compiler
from shortcuts.compiler.symbols import SymbolTable as CompilerSymbols
from shortcuts.control_flow import PARAMETERS, Action
from shortcuts.decompiler.symbols import SymbolTable
from shortcuts.equality import canonical
from shortcuts.equality.patch import Operation
from shortcuts.forms import api_names, conditions, constants, header, identifiers, interpolation, scalars, simplify, triggers
from shortcuts.syntax.printer import unparse

ACTIONS = "WFWorkflowActions"
# Marks of an envelope or identity that is written out: there the code shows values that the writer ignores elsewhere.
_WRITTEN_OUT = ("raw_action", "WFSerializationType", "uuid_of", "OutputUUID", "'OutputName'", "'VariableUUID'", "'attachmentsByRange'",
                "'Aggrandizements'")  # fmt: skip
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_AFTER_EIGHT = re.compile("-[0-9A-Fa-f]{4}" "-[0-9A-Fa-f]{4}" "-[0-9A-Fa-f]{4}" "-[0-9A-Fa-f]{12}")  # found fast by its first sign


def names_alone(compiled_symbols: CompilerSymbols) -> dict[str, str] | None:
    """Return the name of each identifier in a compiled shortcut, before a residue renames it; None unless each has exactly one."""
    labels = {identifier: holder[key] for holder, key, identifier in compiled_symbols.places}
    if any(holder[key] != labels[identifier] for holder, key, identifier in compiled_symbols.places):
        return None
    customs: dict[str, str] = {}
    for parameters, identifier, _ in compiled_symbols.outputs:
        custom = parameters.get("CustomOutputName")
        if isinstance(custom, str) and custom:
            customs.setdefault(identifier, custom)
        elif identifier not in labels:
            return None  # the shortcut does not show that this output has a name
    return {**labels, **customs}


def holds(code: str, compiled: dict[str, Any], alone: dict[str, str] | None, compiler: Compiler, patch: list[Operation],
          shortcut: dict[str, Any], symbols: SymbolTable) -> bool:
    """True if the program of a shortcut is certainly canonical and a fixed point.

    compiled: the shortcut it compiles to, named as in the residue; patch: the operations from there to `shortcut`; alone: the names before
    the residue's (names_alone); symbols: those of the writer.
    """
    lines = code.split("\n")

    def statement(index: int) -> str:  # the line that an action was compiled from
        return lines[compiler.lines[index] - 1]

    return (
        alone is not None
        and not any(word in code for word in _WRITTEN_OUT)
        and all(_is_harmless(operation, statement, compiled, symbols) for operation in patch)
        and _same_level(compiled, shortcut, symbols)
        and _only_identities(code, symbols)
        and _renamed_throughout(alone, compiler.symbols, symbols)
        and _same_identifiers(alone, symbols)
    )


def _is_harmless(operation: Operation, statement: Callable[[int], str], compiled: dict[str, Any], symbols: SymbolTable) -> bool:
    path, *value = operation
    if path[:1] == [header.QUESTIONS]:
        return len(path) == 1 and not value and compiled[header.QUESTIONS] == []
    if not path or path[0] != ACTIONS:
        return bool(path)  # the workflow level is compared as a whole
    if len(path) < 4 or path[2] != PARAMETERS:
        return False
    index, key = path[1], path[-1]
    action = compiled[ACTIONS][index]
    kind, parameters = control_flow.kind_of(action), action[PARAMETERS]
    if len(path) == 4 and key not in parameters:
        return bool(value) and _is_unseen(key, value[0], action, symbols.questions.get(index, {}), symbols)
    if len(path) == 4 and kind == "if" and control_flow.mode(action) == control_flow.START:
        is_written_out = "when(" in statement(index) or "number=" in statement(index)
        return not is_written_out and _tests_the_same(key, value, parameters)
    if len(path) == 4:  # the label of a menu's case beside its tokenised title
        is_case = kind == "menu" and control_flow.mode(action) == control_flow.MIDDLE
        return is_case and key == "WFMenuItemTitle" and simplify.tokenised_title(parameters) is not None
    return _is_harmless_inside(path, value, compiled, kind, symbols)


def _is_harmless_inside(path: list[Any], value: list[Any], compiled: dict[str, Any], kind: str | None, symbols: SymbolTable) -> bool:
    """True if a change inside a parameter concerns a token's name or identity, or the empty table of a text without variables."""
    if kind == "menu" and path[3] != "WFMenuPrompt":
        return False  # the writer compares the markers of a menu with each other; of prompts it writes that of the first alone
    key, above = path[-1], None
    holder: Any = compiled
    for step in path[:-1]:
        above, holder = holder, holder[step]
    if not isinstance(holder, dict):
        return False
    if key == "OutputName":  # of an action's output, whose name is compared below
        is_output = holder.get("Type") == "ActionOutput" and holder.get("OutputUUID") in symbols.owners
        return is_output and all(isinstance(label, str) for label in value)
    if key == "VariableUUID":
        is_base = holder.get("Type") != "ActionOutput" and holder.keys() <= {"Type", "VariableName", "Aggrandizements"}
        return is_base and "Type" in holder and bool(value) and isinstance(value[0], str)
    if key == "Aggrandizements":
        return "Type" in holder and key not in holder and value == [[]]
    if key == "attachmentsByRange":
        is_text = holder.keys() == {"string"} and above.keys() == {"Value", "WFSerializationType"} and path[-2] == "Value"
        return is_text and above["WFSerializationType"] == interpolation.TEXT and value == [{}] and kind is None
    return False


def _is_unseen(key: str, value: Any, action: Action, questions: dict[str, Any], symbols: SymbolTable) -> bool:
    """True if adding a parameter to an action does not change the code: a UUID without references, a switch of the editor."""
    parameters, kind = action[PARAMETERS], control_flow.kind_of(action)
    if key == "UUID":
        is_free = isinstance(value, str) and value not in symbols.referenced and not symbols.owners.get(value)  # a start's may be its end's
        is_unnamed = "CustomOutputName" not in parameters
        return is_free and is_unnamed and (kind is None or control_flow.mode(action) in (control_flow.START, control_flow.END))
    is_call = kind is None and len(action) == 2 and isinstance(parameters.get("UUID", ""), str)
    return is_call and key not in questions and bool(api_names.switches({key: value}))


def _tests_the_same(key: str, value: list[Any], parameters: dict[str, Any]) -> bool:
    """True if a change to the test of an If turns a text into its number, or removes the operator "Contains" of an app before iOS 13."""
    if "WFConditions" in parameters or conditions.operator_code(parameters) is None:
        return False
    if key == "WFCondition":
        return not value and parameters[key] == "Contains" and "WFInput" not in parameters
    number = scalars.numeral(parameters[key]) if key in (conditions.NUMBER, conditions.ANOTHER_NUMBER) else None
    return number is not None and bool(value) and plist.same(value[0], number)


def _same_level(compiled: dict[str, Any], shortcut: dict[str, Any], symbols: SymbolTable) -> bool:
    levels = [triggers.to_decorators(one) for one in (compiled, shortcut)]
    if header.is_old(compiled.get(header.VERSION)) != symbols.is_old:
        return False
    if "OutputUUID" in (questions := repr(compiled.get(header.QUESTIONS))) or "VariableName" in questions:
        return False  # questions that refer to actions are left to the slow proof, so those below need none
    if not plist.same(*(canonical.canonical_level({**one, ACTIONS: []}) for one in (compiled, shortcut))):
        return False
    heads = [header.to_statement(level, symbols.loose_questions) for _, level in levels]
    first, second = (unparse([head] if head else [], decorators) for head, (decorators, _) in zip(heads, levels))
    return first == second


def _only_identities(code: str, symbols: SymbolTable) -> bool:
    """True if no text of the program is a UUID of its shortcut, or of the one that the code alone compiles to (version 5)."""
    identities = {*symbols.output_names}.union(*symbols.missing_uuids.values())
    shown = {code[max(0, rest.start() - 8) : rest.end()] for rest in _AFTER_EIGHT.finditer(code)}
    return all(map(_UUID.fullmatch, identities)) and not shown & identities and not any(uuid[-22] == "5" for uuid in shown)


def _renamed_throughout(alone: dict[str, str], compiled_symbols: CompilerSymbols, symbols: SymbolTable) -> bool:
    """True if each variable with another name in the code alone is named by the compiler at every place where it stands."""
    renamed = {identifier: name for name, identifier in symbols.variable_names.items() if alone.get(identifier, name) != name}
    if not renamed:
        return True
    places = Counter(identifier for _, _, identifier in compiled_symbols.places)
    for identifier, name in renamed.items():
        new = alone[identifier]
        is_taken = new in symbols.variable_places and new not in symbols.assigned_variables
        if is_taken or places[identifier] != symbols.variable_places[name]:
            return False
        if constants.IMPLICIT_VARIABLE.fullmatch(name) or constants.IMPLICIT_VARIABLE.fullmatch(new):
            return False
    return True


def _same_identifiers(alone: dict[str, str], symbols: SymbolTable) -> bool:
    """True if the names that the code alone gives become the same identifiers as the shortcut's own names."""
    variables = {identifier: name for name, identifier in symbols.variable_names.items()}
    allocator = identifiers.NameAllocator()
    for identifier in symbols.labels:  # in the order in which they were handed out
        if identifier in variables:
            again = allocator.take_variable(alone.get(identifier, variables[identifier]))
        else:
            again = allocator.take(alone.get(identifier, ""))
        if again != identifier:
            return False
    return True
