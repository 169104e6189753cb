"""A program as the operations see it: its statements with what is around them, its lines, and what reads and binds which name.

The program is never changed. An operation describes a Change: lines to put in place of others. Printed programs have a statement a line.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from shortcuts.catalog import Api, Catalog
from shortcuts.control_flow import RESULT_HELPERS
from shortcuts.forms.constants import ENDING_CALLS, HELPERS
from shortcuts.forms.identifiers import RESERVED, identifier
from shortcuts.syntax.nodes import called, parse
from shortcuts.syntax.printer import unparse

BLOCKS = (ast.If, ast.For, ast.Match)
RESULTS = frozenset(RESULT_HELPERS.values())
# Helpers that take the output of the action before, or may.
_OF_BEFORE = frozenset({"previous_output", "when", "repeat_each", "repeat_count", "marker", "action", "raw_action", *RESULTS})


class Hunk(NamedTuple):
    """New lines for those from `first` up to and without `end`, counted from 1; with `end` equal to `first` they are inserted there."""

    first: int
    end: int
    lines: tuple[str, ...]


class Change(NamedTuple):
    """The plan of an operation: its kind, the hunks in order, the lines of the statements that it is about, and what is new, as code.

    also: lines outside of the hunks whose actions change with them: the head of a menu has the titles of its choices.
    """

    kind: str
    hunks: tuple[Hunk, ...]
    about: tuple[int, ...]
    given: dict[str, str]
    also: frozenset[int] = frozenset()


@dataclass(eq=False)
class Slot:
    """A statement, the body that it stands in and its place there, and the blocks around it, the innermost last."""

    node: ast.stmt
    body: list[ast.stmt]
    place: int
    around: tuple[Slot, ...]

    @property
    def line(self) -> int:
        return self.node.lineno

    @property
    def end(self) -> int:
        """The line after the last one of the statement."""
        return (self.node.end_lineno or self.node.lineno) + 1

    @property
    def next(self) -> ast.stmt | None:
        return self.body[self.place + 1] if self.place + 1 < len(self.body) else None

    @property
    def call(self) -> ast.Call | None:
        """The call that the statement is, or whose output it binds."""
        value = self.node.value if isinstance(self.node, ast.Expr | ast.Assign) else None
        return value if isinstance(value, ast.Call) else None

    @property
    def name(self) -> str:
        """The name that an assignment binds, "" for another statement."""
        target = self.node.targets[0] if isinstance(self.node, ast.Assign) else None
        return target.id if isinstance(target, ast.Name) else ""

    @property
    def is_block(self) -> bool:
        return isinstance(self.node, BLOCKS)


class Program:
    """A program of the dialect. Raises DialectError for text that is not Python."""

    def __init__(self, code: str, catalog: Catalog) -> None:
        self.code, self.catalog = code, catalog
        self.module = parse(code)
        self.lines = code.split("\n")
        self.slots = [slot for slot in _slots(self.module.body, ()) if not _is_head(slot.node)]

    @cached_property
    def bindings(self) -> Counter[str]:
        """The number of times that each name is bound: a name that is bound once is an output, or a variable that does not change."""
        return Counter(name for slot in self.slots for name in _bound_here(slot.node))

    @cached_property
    def readers(self) -> dict[str, list[Slot]]:
        """The statements, or heads of blocks, that read each name, in order."""
        found: dict[str, list[Slot]] = {}
        for slot in self.slots:
            for name in dict.fromkeys(read_in(head_parts(slot.node))):
                found.setdefault(name, []).append(slot)
        return found

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(node.id for node in ast.walk(self.module) if isinstance(node, ast.Name))

    def fresh(self, wanted: str) -> str:
        """Return an identifier that the program does not have yet."""
        base = identifier(wanted)
        return next(name for number in range(1, 1 << 20) if (name := base if number == 1 else f"{base}_{number}") not in self.names
                    and name not in RESERVED)

    def api(self, node: ast.AST | None) -> Api | None:
        """Return the API that a call calls, None for others."""
        name = called(node) if node is not None else None
        return self.catalog.by_name(name) if name and name not in HELPERS else None

    def takes_output_before(self, node: ast.stmt | None) -> bool:
        """True if a statement may take the output of the action before it without a name for it: nothing may come between the two."""
        if node is None:
            return False
        for call in (part for head in head_parts(node) for part in ast.walk(head) if isinstance(part, ast.Call)):
            if called(call) in _OF_BEFORE:
                return True
            api = self.api(call)
            if api and api.input_key and api.input_key not in {keyword.arg for keyword in call.keywords}:
                return True
        return any(isinstance(part, ast.Constant) and part.value is None for head in head_parts(node) for part in ast.walk(head))

    def is_loose(self, slot: Slot) -> bool:
        """True if no other statement depends on where this one stands, but by names."""
        return not (self.takes_output_before(slot.node) or self.takes_output_before(slot.next) or self.gives_result(slot))

    def gives_result(self, slot: Slot) -> bool:
        """True if the statement ends a branch of a block whose result is read."""
        while slot.next is None and slot.around:
            slot = slot.around[-1]
            if slot.next is not None and called(getattr(slot.next, "value", None) or ast.Pass()) in RESULTS:
                return True
        return False

    def read_outside(self, names: Iterable[str], slots: Iterable[Slot]) -> bool:
        """True if a statement outside of these reads one of the names."""
        inside = set(map(id, slots))
        return any(id(reader) not in inside for name in names for reader in self.readers.get(name, ()))

    def above(self, slot: Slot) -> Slot | None:
        """Return the statement before one in its body, None for the first."""
        return next((other for other in self.slots if other.body is slot.body and other.place == slot.place - 1), None)

    def within(self, first: int, end: int) -> list[Slot]:
        """Return the statements on these lines, those in blocks included."""
        return [slot for slot in self.slots if first <= slot.line < end]

    def indent_of(self, node: ast.AST) -> str:
        return " " * node.col_offset  # type: ignore[attr-defined]

    def source(self, slot: Slot) -> str:
        """Return the lines of a statement without its indentation."""
        indent = len(self.indent_of(slot.node))
        return "\n".join(line[indent:] for line in self.lines[slot.line - 1 : slot.end - 1])

    def shifted(self, first: int, end: int, by: int) -> list[Hunk]:
        """Return hunks that indent these lines by so many columns more, or less."""
        return [Hunk(number, number + 1, (" " * by + line if by > 0 else line[-by:],))
                for number, line in enumerate(self.lines[first - 1 : end - 1], start=first)]

    def retold(self, slot: Slot, new: dict[int, Any]) -> Hunk:
        """Return the hunk of a statement, or the head of a block, with parts of it replaced. new: id of a node -> the node in its place."""
        return Hunk(slot.line, slot.line + 1, (self.indent_of(slot.node) + self.head_line(slot.node, new),))

    def head_line(self, node: ast.stmt, new: dict[int, Any] | None = None) -> str:
        """Return the line of a statement, or of the head of a block, with parts of it replaced."""
        shallow = copy.copy(node)
        if isinstance(shallow, ast.If | ast.For):
            shallow.body, shallow.orelse = [ast.Pass()], []
        elif isinstance(shallow, ast.Match):
            shallow.cases = [ast.match_case(ast.MatchAs(), None, [ast.Pass()])]
        line = unparse([copy.deepcopy(shallow, dict(new or {}))]).split("\n")[0]
        is_elif = isinstance(node, ast.If) and self.lines[node.lineno - 1].lstrip().startswith("elif ")
        return f"el{line}" if is_elif else line

    def applied(self, hunks: Iterable[Hunk]) -> str:
        """Return the program's text after the hunks."""
        lines = list(self.lines)
        for first, end, new in sorted(hunks, reverse=True):
            lines[first - 1 : end - 1] = new
        return "\n".join(lines)


# ---------------------------------------------------------------------------------------------------------------------------------
# reading a tree


def _slots(body: list[ast.stmt], around: tuple[Slot, ...]) -> Iterator[Slot]:
    for place, node in enumerate(body):
        slot = Slot(node, body, place, around)
        yield slot
        for inner in bodies(node):
            yield from _slots(inner, (*around, slot))


def bodies(node: ast.stmt) -> list[list[ast.stmt]]:
    """Return the branches of a block; none for another statement."""
    if isinstance(node, ast.Match):
        return [case.body for case in node.cases]
    return [body for body in (getattr(node, "body", None), getattr(node, "orelse", None)) if body]


def _is_head(node: ast.stmt) -> bool:
    return isinstance(node, ast.Pass) or isinstance(node, ast.Expr) and called(node.value) in ("workflow", "marker")


def head_parts(node: ast.stmt) -> list[ast.AST]:
    """Return what a statement is without the statements inside it: the test of an If, the guards of a menu's choices."""
    if isinstance(node, ast.If):
        return [node.test]
    if isinstance(node, ast.For):
        return [node.iter]
    if isinstance(node, ast.Match):
        return [node.subject, *(part for case in node.cases for part in (case.pattern, case.guard) if part is not None)]
    return [node]


def read_in(parts: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the names that are read; += and .append read theirs, too."""
    for node in (inner for part in parts for inner in ast.walk(part)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def _bound_here(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement binds, or changes, not those inside a block."""
    targets = [*getattr(node, "targets", ()), *([node.target] if isinstance(node, ast.For | ast.AugAssign) else [])]
    for target in targets:
        yield from (inner.id for inner in ast.walk(target) if isinstance(inner, ast.Name) and inner.id != "_")
    call = node.value if isinstance(node, ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
        yield call.func.value.id  # x.append(y)


def binds(slots: Iterable[Slot]) -> set[str]:
    """Return the names that statements bind or change."""
    return {name for slot in slots for name in _bound_here(slot.node)}


def ends(node: ast.stmt) -> bool:
    """True for a statement that ends the shortcut."""
    return isinstance(node, ast.Expr) and called(node.value) in ENDING_CALLS


def has_question(node: ast.AST) -> bool:
    """True if an import question stands in a statement: the shortcut has it by the number of its action."""
    return any(called(part) == "ask_on_import" for part in ast.walk(node) if isinstance(part, ast.Call))
