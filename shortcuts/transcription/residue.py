"""The residue of a program: the parts of its shortcut that the code does not show.

    uuids     identifier -> UUID of the output that it stands for
    names     identifier -> its name in the shortcut, where the identifier alone does not give it
    custom    identifiers of outputs that the author of the shortcut named
    missing   label -> UUIDs that references have and no action has
    groups    the group ids of the blocks, in order
    patch     the remaining differences, as operations (shortcuts/equality/patch.py)

A residue is plain JSON. A part that is missing counts as empty.
"""

from __future__ import annotations

from typing import Any

from shortcuts import control_flow
from shortcuts.control_flow import PARAMETERS
from shortcuts.decompiler import Decompiler
from shortcuts.forms.identifiers import label_from_identifier

Residue = dict[str, Any]


def names_of(writer: Decompiler) -> Residue:
    """Return a residue without its patch: the meaning of the names in the written program, and the group ids of its blocks."""
    starts = [action[PARAMETERS] for action in writer.actions
              if control_flow.kind_of(action) and control_flow.mode(action) == control_flow.START]  # fmt: skip
    return {
        "uuids": {identifier: uuid for uuid, identifier in writer.symbols.output_names.items()},
        "names": {identifier: label for identifier, label in writer.symbols.labels.items() if label != label_from_identifier(identifier)},
        "custom": writer.symbols.custom,
        "missing": writer.symbols.missing_uuids,
        "groups": [group if isinstance(group := parameters.get("GroupingIdentifier"), str) else "" for parameters in starts],
    }


def checked(residue: Any) -> Residue:
    """Return the residue as it is. Raises ValueError where its parts do not have the types above, as after a careless edit."""

    def is_named(value: Any, of: type) -> bool:
        return isinstance(value, dict) and all(isinstance(item, of) for item in value.values())

    def is_list(value: Any, of: type) -> bool:
        return isinstance(value, list) and all(isinstance(item, of) for item in value)

    if isinstance(residue, dict):
        parts = {**dict.fromkeys(("uuids", "names", "missing"), {}), **dict.fromkeys(("custom", "groups", "patch"), []), **residue}
        named = is_named(parts["uuids"], str) and is_named(parts["names"], str) and is_named(parts["missing"], list)
        listed = is_list(parts["custom"], str) and is_list(parts["groups"], str) and is_list(parts["patch"], list)
        if named and listed and all(1 <= len(operation) <= 2 and isinstance(operation[0], list) for operation in parts["patch"]):
            return residue
    raise ValueError("the residue is damaged: it does not have the form that to_python writes")


def rename_residue(residue: Residue, renames: dict[str, str]) -> Residue:
    """Return the residue of the renamed program: each new name stands for what the old one did. Raises ValueError for a damaged residue."""
    if not all(isinstance(new, str) for new in renames.values()):
        raise ValueError("renames must be an object of old name -> new name, both texts")
    known = checked(residue).get("names", {})
    names = {renames.get(old, old): label for old, label in known.items()}
    for old, new in renames.items():
        names.setdefault(new, known.get(old, label_from_identifier(old)))
    return {
        **residue,
        "names": names,
        "uuids": {renames.get(old, old): uuid for old, uuid in residue.get("uuids", {}).items()},
        "custom": [renames.get(old, old) for old in residue.get("custom", [])],
    }
