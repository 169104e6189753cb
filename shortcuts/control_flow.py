"""The flat action list of a shortcut as a tree of blocks.

A block starts with a marker of mode 0, may have markers of mode 1 (Otherwise, a menu's case) and ends with one of mode 2. A missing
mode is 0 (the Workflow app wrote none).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Action = dict[str, Any]
CONTAINERS = (dict, list)  # of values; a tuple, since `dict | list` would be built anew on each use
ID, PARAMETERS = "WFWorkflowActionIdentifier", "WFWorkflowActionParameters"

KINDS = {
    "is.workflow.actions.conditional": "if",
    "is.workflow.actions.choosefrommenu": "menu",
    "is.workflow.actions.repeat.each": "each",
    "is.workflow.actions.repeat.count": "count",
}
ACTION_OF_KIND = {kind: action for action, kind in KINDS.items()}
RESULT_HELPERS = {"if": "if_result", "menu": "menu_result", "each": "repeat_results", "count": "repeat_results"}
RESULT_NAMES = {"if": "If Result", "menu": "Menu Result", "each": "Repeat Results", "count": "Repeat Results"}
START, MIDDLE, END = 0, 1, 2
_AN = {"if": "an if", "menu": "a menu", "each": "a repeat with each", "count": "a repeat"}  # for messages

# Python allows 100 levels of indentation, which is 99 nested blocks.
MAX_DEPTH = 95


class Unbalanced(ValueError):
    """Block markers that do not pair: the index of the first action that does not fit, and the fault."""

    def __init__(self, index: int, detail: str) -> None:
        super().__init__(f"action {index}: {detail}")
        self.index, self.detail = index, detail


@dataclass
class Branch:
    """The actions after a marker. `marker` is its index in the action list."""

    marker: int
    body: list[int | Block] = field(default_factory=list)


@dataclass
class Block:
    """A block: `branches[0]` follows the start, the others the markers of mode 1. Actions in a menu's first branch never run."""

    kind: str
    start: int
    branches: list[Branch]
    end: int = -1


def completed(shortcut: dict[str, Any]) -> dict[str, Any]:
    """Return a shortcut with empty parameters where an action lacks them: compilers leave them out, and the app accepts that."""
    listed = shortcut["WFWorkflowActions"]
    if all(PARAMETERS in action for action in listed):
        return shortcut
    return {**shortcut, "WFWorkflowActions": [action if PARAMETERS in action else {**action, PARAMETERS: {}} for action in listed]}


def mode(action: Action) -> int:
    """Return a marker's mode: 0 where it is missing, the number where it is written as text, -1 for anything else."""
    value = action.get(PARAMETERS, {}).get("WFControlFlowMode", START)
    if isinstance(value, str) and value in ("0", "1", "2"):
        return int(value)
    return value if type(value) is int else -1


def kind_of(action: Action) -> str | None:
    """Return the kind of block that an action marks, or None for an ordinary action."""
    return KINDS.get(action[ID])


def tree(actions: list[Action]) -> list[int | Block]:
    """Return the items of the top level: blocks, and the indexes of actions outside of blocks. Raises Unbalanced."""
    root = Branch(-1)
    open_blocks: list[Block] = []
    for index, action in enumerate(actions):
        kind = kind_of(action)
        current = open_blocks[-1].branches[-1] if open_blocks else root
        if kind is None:
            current.body.append(index)
        elif mode(action) == START:
            block = Block(kind, index, [Branch(index)])
            current.body.append(block)
            open_blocks.append(block)
            if len(open_blocks) > MAX_DEPTH:
                raise Unbalanced(index, f"blocks nested more than {MAX_DEPTH} deep")
        else:
            start = open_blocks[-1].start if open_blocks else index
            _close(open_blocks, index, kind, mode(action))
            if not _same_group(actions[start], action):
                raise Unbalanced(index, f"its group is not that of the {kind} at action {start}")
    if open_blocks:
        raise Unbalanced(open_blocks[-1].start, f"this {open_blocks[-1].kind} never ends")
    return root.body


def _close(open_blocks: list[Block], index: int, kind: str, marker: int) -> None:
    if not open_blocks or open_blocks[-1].kind != kind:
        inside = f"inside {_AN[open_blocks[-1].kind]}" if open_blocks else "outside any block"
        raise Unbalanced(index, f"{_AN[kind]} marker of mode {marker} {inside}")
    if marker == END:
        open_blocks.pop().end = index
    elif marker == MIDDLE and kind in ("if", "menu"):
        open_blocks[-1].branches.append(Branch(index))
    else:
        raise Unbalanced(index, f"{_AN[kind]} has no marker of mode {marker}")


def _same_group(start: Action, marker: Action) -> bool:
    """True if two markers have the same GroupingIdentifier, whatever its case; a missing one fits any other."""
    groups = [action.get(PARAMETERS, {}).get("GroupingIdentifier") for action in (start, marker)]
    return None in groups or str(groups[0]).upper() == str(groups[1]).upper()


def statistics(shortcut: dict[str, Any]) -> dict[str, int]:
    """Return counts of a shortcut: actions (markers included), ifs, loops, menus, and the depth to which blocks nest."""
    counts = {"actions": len(shortcut["WFWorkflowActions"]), "ifs": 0, "loops": 0, "menus": 0, "depth": 0}
    open_branches = [(Branch(-1, tree(shortcut["WFWorkflowActions"])), 1)]
    while open_branches:
        branch, depth = open_branches.pop()
        for block in branch.body:
            if isinstance(block, Block):
                counts["ifs" if block.kind == "if" else "menus" if block.kind == "menu" else "loops"] += 1
                counts["depth"] = max(counts["depth"], depth)
                open_branches += [(inner, depth + 1) for inner in block.branches]
    return counts
