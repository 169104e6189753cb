"""Difference and patch of property-list trees, for the residue: from a compiled program to exactly the shortcut it came from.

An operation is `[path, value]` (set) or `[path]` (remove); a path is a list of keys and indexes. Values are tagged JSON (shortcuts.plist).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shortcuts import plist

Operation = list[Any]
_MISSING = object()
_SIMPLE = frozenset({str, int, bool})  # for two values of one of these types, equal means same


def difference(before: Any, after: Any) -> list[Operation]:
    """Return the operations that turn one tree into another. Types count: 1 is not True is not 1.0."""
    operations: list[Operation] = []
    _compare(before, after, [], operations)
    return operations


def _compare(before: Any, after: Any, path: list[Any], operations: list[Operation]) -> None:
    """Add the operations between two values; `path` is their place, one list for all levels, copied only where they differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        operations += [[[*path, key]] for key in before if key not in after]
        pairs: Iterable[tuple[Any, Any, Any]] = ((key, before.get(key, _MISSING), value) for key, value in after.items())
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = zip(range(len(after)), before, after, strict=True)
    else:
        if before is _MISSING or not plist.same(before, after):
            operations.append([list(path), plist.to_json(after)])
        return
    at_top = len(path) == 1  # an entry of a top-level list: most actions are the same
    for key, old, new in pairs:
        kind = type(new)
        if (type(old) is kind and kind in _SIMPLE and old == new) or (at_top and old == new and plist.same(old, new)):
            continue
        path.append(key)
        _compare(old, new, path, operations)
        path.pop()


def apply(tree: Any, operations: list[Operation]) -> Any:
    """Apply the operations of `difference`, in place where they can be. Raises ValueError if one does not fit the tree."""
    for path, *value in operations:
        holder = tree
        try:
            if not path:
                return plist.from_json(value[0])
            for step in path[:-1]:
                holder = holder[step]
            if value:
                holder[path[-1]] = plist.from_json(value[0])
            else:
                del holder[path[-1]]
        except (KeyError, IndexError, TypeError):
            raise ValueError(f"the residue does not fit this program at {path}: it was written with another one") from None
    return tree
