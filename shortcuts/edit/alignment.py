"""Which action of a program before a change is which after it.

A line that the change leaves or keeps is the line it was. A new line that repeats a line which goes is that line, too: at the same place
first, then anywhere. A new line with the actions of a line which goes at the same place is that line rewritten. Markers follow their block.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from typing import NamedTuple

from rapidfuzz.distance import Indel

from shortcuts import control_flow
from shortcuts.control_flow import ID, PARAMETERS, Action, Block
from shortcuts.edit.changes import Line

_TARGET = re.compile(r"\s*(\w+) \+?= ")


class Program(NamedTuple):
    """The lines of a program, its actions, and the line of each action, from 1."""

    lines: list[str]
    actions: list[Action]
    places: list[int]

    def on_lines(self) -> dict[int, list[int]]:
        """Return the actions of each line by their indexes: no ends of blocks and no plain Otherwise, which have no line of their own."""
        found: dict[int, list[int]] = defaultdict(list)
        for index, (action, place) in enumerate(zip(self.actions, self.places)):
            if not is_otherwise(action) and (control_flow.kind_of(action) is None or control_flow.mode(action) != control_flow.END):
                found[place].append(index)
        return found


def is_otherwise(action: Action) -> bool:
    """True for the marker of a plain Otherwise."""
    is_middle = control_flow.kind_of(action) == "if" and control_flow.mode(action) == control_flow.MIDDLE
    return is_middle and not action[PARAMETERS].keys() & {"WFCondition", "WFConditions"}


# ---------------------------------------------------------------------------------------------------------------------------------
# actions


def paired_actions(before: Program, after: Program, lines: list[Line]) -> dict[int, int]:
    """Return, by index, the action before the change that each action after it is; new actions have none.

    lines: those of `after`, with their origin.
    """
    old, new = before.on_lines(), after.on_lines()
    found: dict[int, int] = {}
    for line, origin in _paired_lines(before, after, lines, old, new).items():
        theirs, ours = old.get(origin, []), new.get(line, [])
        if [before.actions[index][ID] for index in theirs] == [after.actions[index][ID] for index in ours]:
            found |= zip(ours, theirs)
    starts, pairs = {block.start: block for block in blocks(control_flow.tree(before.actions))}, dict(found)
    for block in blocks(control_flow.tree(after.actions)):
        middles = [branch.marker for branch in block.branches[1:]]
        for marker in middles:
            pairs.pop(marker, None)
        if (was := starts.get(found.get(block.start, -1))) is not None:
            others = [branch.marker for branch in was.branches[1:]]
            plain = next((index for index in others if is_otherwise(before.actions[index])), None)
            pairs |= {index: found[index] for index in middles if found.get(index) in others}
            pairs |= {index: plain for index in middles if is_otherwise(after.actions[index]) and plain is not None}
            pairs[block.end] = was.end
    return pairs


def blocks(body: list[int | Block]) -> Iterator[Block]:
    """Yield the blocks of a tree of actions, outer ones before those inside them."""
    for item in body:
        if isinstance(item, Block):
            yield item
            for branch in item.branches:
                yield from blocks(branch.body)


# ---------------------------------------------------------------------------------------------------------------------------------
# lines


def _paired_lines(before: Program, after: Program, lines: list[Line], old: dict[int, list[int]],
                  new: dict[int, list[int]]) -> dict[int, int]:
    """Return the line before the change that each line after it is, from 1. old, new: the actions on each line."""
    pairs = {number: line.origin for number, line in enumerate(lines, start=1) if line.origin is not None}
    gaps = list(_gaps(lines, len(before.lines)))

    def pair(key_before: Callable[[int], Hashable], key_after: Callable[[int], Hashable]) -> None:
        """Pair the lines that are left at each place and have the same key, in order."""
        taken = set(pairs.values())
        for gone, come in gaps:
            left = [line for line in gone if line not in taken and key_before(line)]
            ours = [line for line in come if line not in pairs and key_after(line)]
            pairs.update((ours[there], left[here]) for here, there in common(list(map(key_before, left)), list(map(key_after, ours))))

    def ids(program: Program, found: list[int]) -> tuple[str, ...]:
        return tuple(program.actions[index][ID] for index in found)

    def named(program: Program, line: int, found: list[int]) -> tuple[str, ...]:
        target = _TARGET.match(program.lines[line - 1])
        return (target[1], *ids(program, found)) if target and found else ()

    pair(lambda line: before.lines[line - 1].strip(), lambda line: after.lines[line - 1].strip())
    _pair_moved(before, after, pairs)
    pair(lambda line: named(before, line, old.get(line, [])), lambda line: named(after, line, new.get(line, [])))
    pair(lambda line: ids(before, old.get(line, [])), lambda line: ids(after, new.get(line, [])))
    return pairs


def _gaps(lines: list[Line], length: int) -> Iterator[tuple[list[int], list[int]]]:
    """Yield the lines that go and those that come between each two lines that are left where they stand."""
    last, come = 0, list[int]()
    for number, line in enumerate([*lines, Line("", length + 1, None)], start=1):
        if line.place is not None or line.origin is None:
            come.append(number)
            continue
        if come or line.origin > last + 1:
            yield list(range(last + 1, line.origin)), come
        last, come = line.origin, []


def _pair_moved(before: Program, after: Program, pairs: dict[int, int]) -> None:
    """Pair each line that is left with the first one of the same text that went anywhere."""
    taken, gone = set(pairs.values()), defaultdict[str, list[int]](list)
    for number in range(len(before.lines), 0, -1):
        if number not in taken:
            gone[before.lines[number - 1].strip()].append(number)
    for number, text in enumerate(after.lines, start=1):
        if number not in pairs and text.strip() and gone.get(text.strip()):
            pairs[number] = gone[text.strip()].pop()


def common(before: list[Hashable], after: list[Hashable]) -> Iterator[tuple[int, int]]:
    """Yield the places of a longest common subsequence in both lists."""
    for kind, first, last, start, _ in Indel.opcodes(before, after).as_list() if before and after else ():
        if kind == "equal":
            yield from ((index, start + index - first) for index in range(first, last))
