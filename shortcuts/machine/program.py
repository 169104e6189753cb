"""Shortcuts, compiled once: a tree of actions and blocks with their parameters, ready for any number of runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from shortcuts.control_flow import ID, PARAMETERS, Block, completed, tree
from shortcuts.forms import header
from shortcuts.machine.actions import ACTIONS
from shortcuts.machine.parameters import compiled
from shortcuts.machine.registry import Definition

Parameters = dict[str, Any]


@dataclass(slots=True)
class Act:
    """An action, ready to run."""

    index: int
    id: str
    uuid: str | None
    parameters: Parameters
    definition: Definition | None


@dataclass(slots=True)
class Compound:
    """A block, ready to run: each arm has the parameters of its marker and a body."""

    kind: str
    index: int
    uuid: str | None
    level: int
    arms: list[tuple[Parameters, list[Act | Compound]]]


@dataclass
class Program:
    """A shortcut, compiled. `lines` are the source lines of the actions, where it was written as code."""

    body: list[Act | Compound]
    size: int
    no_input: str = ""
    name: str = ""
    lines: list[int] = field(default_factory=list)
    is_old: bool = False  # made by an app from before iOS 13


def compile_shortcut(shortcut: dict[str, Any], name: str = "") -> Program:
    """Return a shortcut ready to run. Raises Unbalanced for blocks that do not pair."""
    actions = completed(shortcut)["WFWorkflowActions"]
    behavior = shortcut.get("WFWorkflowNoInputBehavior")
    no_input = str(behavior.get("Name", "")) if isinstance(behavior, dict) else ""
    return Program(_nodes(tree(actions), actions, 0), len(actions), no_input, name or str(shortcut.get("WFWorkflowName", "")),
                   is_old=header.is_old(shortcut.get(header.VERSION)))


def _nodes(body: list[int | Block], actions: list[dict[str, Any]], level: int) -> list[Act | Compound]:
    return [_block(item, actions, level) if isinstance(item, Block) else _act(item, actions[item]) for item in body]


def _act(index: int, action: dict[str, Any]) -> Act:
    given = action[PARAMETERS]
    parameters = {key: compiled(value) for key, value in given.items() if key not in ("UUID", "CustomOutputName")}
    return Act(index, action[ID], _uuid(given), parameters, ACTIONS.get(action[ID]))


def _block(block: Block, actions: list[dict[str, Any]], level: int) -> Compound:
    inner = level + (block.kind in ("each", "count"))
    arms = []
    for branch in block.branches:
        given = actions[branch.marker][PARAMETERS]
        arms.append(({key: compiled(value) for key, value in given.items()}, _nodes(branch.body, actions, inner)))
    return Compound(block.kind, block.start, _uuid(actions[block.end][PARAMETERS]), inner, arms)


def _uuid(parameters: Parameters) -> str | None:
    uuid = parameters.get("UUID")
    return uuid.upper() if isinstance(uuid, str) else None


def as_program(source: Program | dict[str, Any] | str, name: str = "") -> Program:
    """Return a program ready to run from a shortcut or its code. Raises DialectError, Unbalanced."""
    if isinstance(source, Program):
        return source
    if not isinstance(source, str):
        return compile_shortcut(source, name)
    from shortcuts.transcription import compile_program

    compiler, shortcut = compile_program(source, {}, None)
    program = compile_shortcut(shortcut, name)
    program.lines = compiler.lines
    return program
