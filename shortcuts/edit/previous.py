"""Actions that read the output of the one before them without naming it (apps from before iOS 13), and another one after a change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from shortcuts import control_flow
from shortcuts.catalog import Catalog
from shortcuts.control_flow import ID, PARAMETERS, Action
from shortcuts.edit.alignment import blocks
from shortcuts.forms.api_names import COMMENT


class Diverted(NamedTuple):
    """An old action of a new shortcut, by index, that reads the output of another action than before: that of `source`, None at the top."""

    index: int
    source: int | None


def diverted(before: list[Action], after: list[Action], pairs: dict[int, int], catalog: Catalog) -> Iterator[Diverted]:
    """Yield the actions that read another output after a change. pairs: the action before it that each one after it is, by index."""
    was, now = Sources(before), Sources(after)
    for index, origin in sorted(pairs.items()):
        if is_reader(after[index], catalog) and is_reader(before[origin], catalog):
            source, old = now.of(index), was.of(origin)
            if old != (None if source is None else pairs.get(source, -1)):
                yield Diverted(index, source)


def is_reader(action: Action, catalog: Catalog) -> bool:
    """True for an action without its input, the start of a block included."""
    api = catalog.get(action[ID])
    begins = control_flow.kind_of(action) is None or control_flow.mode(action) == control_flow.START
    return begins and api is not None and bool(api.input_key) and api.input_key not in action[PARAMETERS]


class Sources:
    """The action whose output is the previous one at each place of a shortcut."""

    def __init__(self, actions: list[Action]) -> None:
        self.actions = actions
        ifs = (block for block in blocks(control_flow.tree(actions)) if block.kind == "if")
        self.starts = {branch.marker: block.start for block in ifs for branch in block.branches}  # an If hands on what comes to it

    def of(self, index: int) -> int | None:
        """Return the action whose output the one at an index reads, by index; None at the top."""
        while index > 0:
            index -= 1
            index = self.starts.get(index, index)
            if index not in self.starts and self.actions[index][ID] != COMMENT:
                return index
        return None
