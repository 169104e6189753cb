"""The proof of a change: both programs are sound, they differ, and only what was meant differs.

It compares compiled actions and knows nothing of the operations: the actions of all lines that a change leaves alone must be equal but for
identities that the compiler makes, and these must stand for one another.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from shortcuts.catalog import Catalog
from shortcuts.check import is_empty, review_compiled
from shortcuts.compiler import compiled
from shortcuts.decompiler import Decompiler
from shortcuts.edit.operations.program import Change, Hunk, Program
from shortcuts.equality.canonical import canonical_actions, canonical_level
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import decorators, parse
from shortcuts.syntax.printer import unparse

LABELS = frozenset({"OutputName", "CustomOutputName"})  # they follow from the names of the program and from which of them are free
IDENTITIES = frozenset({"UUID", "OutputUUID", "GroupingIdentifier", "VariableUUID"})
QUESTIONS = "WFWorkflowImportQuestions"


@dataclass(frozen=True)
class Side:
    """A compiled program: the shortcut, and the line of each of its actions."""

    shortcut: dict[str, Any]
    lines: list[int]

    @cached_property
    def canonical(self) -> list[Any]:
        return canonical_actions(self.shortcut)


def side(code: str, catalog: Catalog) -> Side | None:
    """Return a program that is sound: without findings, in forms of the dialect alone, printed as it would be printed; else None."""
    def fail(error: DialectError) -> None:
        raise error

    try:
        module = parse(code)
        if unparse(module.body, decorators(module)).rstrip("\n") != code.rstrip("\n"):
            return None
        compiler, shortcut = compiled(module, None, fail, catalog, natural_python=False)
    except (DialectError, RecursionError):
        return None
    return None if is_empty(code) or review_compiled(compiler, catalog) else Side(shortcut, list(compiler.lines))


def holds(program: Program, before: Side, change: Change, code: str) -> bool:
    """True if the program after a change is sound, differs from the one before, and only where it is meant to."""
    after = side(code, program.catalog) if code != program.code else None
    if after is None:
        return False
    pairs = kept_pairs(before, after, change, program.lines)
    if pairs is None or not same_level(before.shortcut, after.shortcut, dict(pairs)):
        return False
    return (before.canonical == after.canonical) == (change.kind == "rename") and is_canonical(code, after.shortcut, program.catalog)


# ---------------------------------------------------------------------------------------------------------------------------------
# what is the same on both sides


def kept_pairs(before: Side, after: Side, change: Change, lines: list[str]) -> list[tuple[int, int]] | None:
    """Return (index before, index after) of the actions of lines that the change leaves alone; None if two of them differ."""
    places = ([(line, index) for index, line in enumerate(one.lines)] for one in (before, after))
    ours, theirs = (defaultdict(list), defaultdict(list))
    for found, of_line in zip(places, (ours, theirs)):
        for line, index in found:
            of_line[line].append(index)
    pairs, known = [], dict[str, str]()
    for line, other in kept_lines(change.hunks, lines):
        if line in change.also:
            continue
        if len(ours[line]) != len(theirs[other]):
            return None
        pairs += zip(ours[line], theirs[other])
    actions = (one.shortcut["WFWorkflowActions"] for one in (before, after))
    listed, others = actions
    return pairs if all(_same(listed[i], others[j], known) for i, j in pairs) else None


def kept_lines(hunks: tuple[Hunk, ...], lines: list[str]) -> list[tuple[int, int]]:
    """Return (line before, line after) of all lines that stay, also of those that are only indented."""
    kept, shift, line = list[tuple[int, int]](), 0, 1
    for first, end, new in [*sorted(hunks), Hunk(len(lines) + 1, len(lines) + 1, ())]:
        kept += ((number, number + shift) for number in range(line, first))
        if end - first == len(new):
            kept += ((number, number + shift) for number, text in zip(range(first, end), new) if lines[number - 1].strip() == text.strip())
        shift, line = shift + len(new) - (end - first), end
    return kept


def _same(one: Any, other: Any, known: dict[str, str], key: str = "") -> bool:
    """True if two values are equal, identities exchanged for one another; `known` has those that were met."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys, others = one.keys() - LABELS, other.keys() - LABELS
        return keys == others and all(_same(one[key], other[key], known, key) for key in one if key not in LABELS)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(_same(*pair, known) for pair in zip(one, other))
    if isinstance(one, str) and isinstance(other, str) and key in IDENTITIES:
        return known.setdefault(one, other) == other and known.setdefault(f"back {other}", one) == one
    return type(one) is type(other) and (one == other or one != one)


def same_level(before: dict[str, Any], after: dict[str, Any], moved: dict[int, int]) -> bool:
    """True if all but the actions is equal; import questions follow their action. moved: index before -> index after."""
    ours, theirs = ({key: value for key, value in canonical_level(one).items() if key != QUESTIONS} for one in (before, after))
    asked, others = (one.get(QUESTIONS, []) for one in (before, after))
    return ours == theirs and len(asked) == len(others) and all(
        {**question, "ActionIndex": moved.get(question.get("ActionIndex"), -1)} == other for question, other in zip(asked, others))


# ---------------------------------------------------------------------------------------------------------------------------------
# the canonical form of a program


def is_canonical(code: str, shortcut: dict[str, Any], catalog: Catalog) -> bool:
    """True if the shortcut of a program is written as just this program, whatever the names of its outputs and variables."""
    printed = Decompiler(shortcut, catalog=catalog).text()
    return printed == code or _same_tree(parse(printed), parse(code))


def _same_tree(one: ast.AST, other: ast.AST) -> bool:
    names: dict[str, str] = {}
    stack: list[tuple[Any, Any]] = [(one, other)]
    while stack:
        left, right = stack.pop()
        if type(left) is not type(right):
            return False
        if isinstance(left, ast.Name):
            if names.setdefault(left.id, right.id) != right.id:
                return False
        elif isinstance(left, ast.AST):
            stack += ((getattr(left, field, None), getattr(right, field, None)) for field in left._fields if field != "ctx")
        elif isinstance(left, list):
            if len(left) != len(right):
                return False
            stack += zip(left, right)
        elif left != right and left == left:
            return False
    return True
