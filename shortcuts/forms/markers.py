"""The markers of a block, to Python and from it, for if_blocks.py, menu_blocks.py and repeat_blocks.py.

A block's markers become the heads of Python's blocks. Parameters that have no place there are written first in the branch that follows,
`marker(Key=…)`; those of the end right after the block, `if_result(Key=…)`. A dictionary before the keywords, `marker({'Key': …})`, holds
keys of the action beside its id and parameters.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Protocol

from shortcuts import control_flow
from shortcuts.control_flow import ACTION_OF_KIND, ID, PARAMETERS, Action, Block, Branch
from shortcuts.forms import signatures, values
from shortcuts.forms.constants import MARKER_KEYS, START_KEYS_OF_MENU
from shortcuts.forms.identifiers import made_uuid
from shortcuts.forms.references import CompileScope, DecompileScope
from shortcuts.forms.value_types import ValueTypes
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import assign, call, called, keywords

Parameters = dict[str, Any]


def _is_own(key: str, value: Any) -> bool:
    """True if a parameter is a marker's identity, group or mode. A UUID that is not text does not count as an identity."""
    return key in MARKER_KEYS and (isinstance(value, str) or key in ("GroupingIdentifier", "WFControlFlowMode"))


def _refuse_own(parameters: Parameters, line: int) -> None:
    if own := [key for key, value in parameters.items() if _is_own(key, value)]:
        raise DialectError(line, f"{', '.join(own)}: leave this out; a marker's identity, group and mode follow from its place")


def end_with_identity(start: Parameters, end: Parameters) -> Parameters:
    """Return the parameters of a block's end marker, with the start's UUID if it lacks one."""
    return end if isinstance(end.get("UUID"), str) or not isinstance(start.get("UUID"), str) else {**end, "UUID": start["UUID"]}


class BlockDecompileScope(DecompileScope, Protocol):
    """The program around a block that is written as statements."""

    actions: list[Action]
    value_types: ValueTypes

    def bind_output(self, parameters: Parameters, action_id: str) -> tuple[ast.expr | None, dict[str, ast.expr]]: ...
    def bind_variable(self, variable_name: str) -> ast.expr: ...
    def reads_between(self, index_variable: str, start: int, end: int) -> bool: ...
    def leave_loop(self, suffix: str) -> None: ...


class BlockCompileScope(CompileScope, Protocol):
    """The program around statements that are compiled to a block."""

    def enter_loop(self, node: ast.For, is_count: bool, has_index: bool, depth: int) -> Callable[[], None]: ...


class MarkerWriter:
    """Writes the markers of one shortcut. `statements` writes the actions between them."""

    def __init__(self, scope: BlockDecompileScope, raw: frozenset[int], statements: Callable[[list[int | Block]], list[ast.stmt]]) -> None:
        self.scope, self.actions, self.raw, self.statements = scope, scope.actions, raw, statements
        self.depth = 0  # loops around the current statement

    def parameters(self, index: int) -> Parameters:
        """Return a marker's parameters without its identity, mode and group."""
        return {key: value for key, value in self.actions[index][PARAMETERS].items() if not _is_own(key, value)}

    def literals(self, parameters: Parameters) -> dict[str, ast.expr]:
        """Return parameters as keywords, written out as literals."""
        return {key: values.literal_expr(value, self.scope) for key, value in sorted(parameters.items())}

    def body(self, branch: Branch, shown: frozenset[str] | set[str]) -> list[ast.stmt]:
        """Return the statements of a branch; the parameters of its marker that are not `shown` in the head come first."""
        rest = {key: value for key, value in self.parameters(branch.marker).items() if key not in shown}
        extra = self._extra(branch.marker)
        own: list[ast.stmt] = [ast.Expr(call("marker", *extra, **self.literals(rest)))] if rest or extra else []
        return [*own, *self.statements(branch.body)] or [ast.Pass()]

    def result(self, block: Block) -> list[ast.stmt]:
        """Return `If_Result = if_result()` if the block's output is used, or its end has parameters of its own; else an empty list."""
        start, end = self.actions[block.start][PARAMETERS], self.actions[block.end][PARAMETERS]
        target, shared = self.scope.bind_output(end_with_identity(start, end), ACTION_OF_KIND[block.kind])
        rest = self.parameters(block.end)
        if block.kind == "menu":
            repeated = self.parameters(block.start).items()
            rest = {key: value for key, value in rest.items() if key not in START_KEYS_OF_MENU and (key, value) not in repeated}
        extra = self._extra(block.end)
        if target is None and not rest and not extra:
            return []
        expression = call(control_flow.RESULT_HELPERS[block.kind], *extra, **self.literals(rest), **shared)
        return [ast.Expr(expression) if target is None else assign(target, expression)]

    def _extra(self, index: int) -> list[ast.expr]:
        rest = {key: value for key, value in self.actions[index].items() if key not in (ID, PARAMETERS)}
        return [values.literal_expr(rest, self.scope)] if rest else []


class MarkerReader:
    """Compiles Python's blocks to markers. `body` compiles the statements between them, `emit` appends an action."""

    def __init__(self, scope: BlockCompileScope, actions: list[Action], groups: list[str],
                 emit: Callable[[str, Parameters, int], Parameters], body: Callable[[list[ast.stmt]], None]) -> None:
        self.scope, self.actions, self.emit, self.body = scope, actions, emit, body
        self.groups = iter(groups)  # from the residue, in order
        self.group_count = 0
        self.depth = 0  # loops around the current statement
        self.blocks = 0  # blocks around it

    def open(self, kind: str, parameters: Parameters, line: int) -> tuple[str, Parameters]:
        """Begin a block; return its group, and the parameters of its start."""
        group = next(self.groups, None) or made_uuid(f"group {self.group_count}")
        self.group_count += 1
        return group, self.mark(kind, group, control_flow.START, parameters, line)

    def mark(self, kind: str, group: str, mode: int, parameters: Parameters, line: int) -> Parameters:
        """Append a marker; return its parameters. Raises DialectError for an identity, group or mode among them."""
        _refuse_own(parameters, line)
        self.blocks += (mode == control_flow.START) - (mode == control_flow.END)
        if self.blocks > control_flow.MAX_DEPTH:
            self.blocks = 0  # the next statement begins anew
            raise DialectError(line, f"blocks nested more than {control_flow.MAX_DEPTH} deep, and each elif is one more: look the cases up "
                                     "in a dictionary, or write `elif otherwise_if(…)`, which is none")  # fmt: skip
        return self.emit(ACTION_OF_KIND[kind], {"GroupingIdentifier": group, "WFControlFlowMode": mode, **parameters}, line)

    def amend(self, node: ast.Call) -> None:
        """Add the parameters of `marker(…)`, first in a branch, to the marker above it."""
        last = self.actions[-1] if self.actions else None
        if last is None or control_flow.kind_of(last) is None or control_flow.mode(last) == control_flow.END:
            raise DialectError(node.lineno, "marker() stands first in the branch that it belongs to")
        self._extend(last, node)

    def result(self, node: ast.Call, previous: ast.stmt | None) -> Action:
        """Add the parameters of `if_result(…)` to the end of the block before; return the end, whose output is the block's."""
        kind = control_flow.kind_of(self.actions[-1]) if self.actions else None
        empty_menu = isinstance(previous, ast.Expr) and called(previous.value) == "menu"
        is_block = isinstance(previous, ast.If | ast.For | ast.Match) or empty_menu
        if kind is None or not is_block or control_flow.RESULT_HELPERS[kind] != called(node):
            raise DialectError(node.lineno, f"{called(node)}() stands right after its block")
        self._extend(self.actions[-1], node)
        return self.actions[-1]

    def literals(self, node: ast.Call) -> Parameters:
        """Return the keywords of a call as parameters; their values are literals."""
        return {key: values.literal(value, self.scope) for key, value in keywords(node).items()}

    def _extend(self, action: Action, node: ast.Call) -> None:
        extra = signatures.bind(node).get("extra")
        given = {key: values.literal(value, self.scope) for key, value in keywords(node).items()
                 if not (key == "UUID" and isinstance(value, ast.Name) and called(node) != "marker")}  # fmt: skip (a name is the output's)
        _refuse_own(given, node.lineno)
        beside = {} if extra is None else values.literal(extra, self.scope)
        if beside.keys() & {ID, PARAMETERS}:
            raise DialectError(node.lineno, f"{called(node)}(): give parameters by keyword; the dictionary is for the action's other keys")
        action.update(beside)
        action[PARAMETERS].update(given)
