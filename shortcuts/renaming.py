"""A program and its residue with other names for its variables; nothing else changes."""

from __future__ import annotations

import ast
from typing import Any

from shortcuts.equality import patch
from shortcuts.forms import identifiers
from shortcuts.queries import bound_names
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import decorators, parse
from shortcuts.syntax.printer import unparse


def rename(code: str, renames: dict[str, str]) -> str:
    """A program with some of its names changed. Raises ValueError for a new name that is illegal, reserved or taken."""
    names = set(bound_names(code))
    kept = names - renames.keys()
    for old, new in renames.items():
        if old not in names:
            raise ValueError(f"{old} is no name of this program")
        if not new.isidentifier() or identifiers.identifier(new) != new:
            raise ValueError(f"{new!r} cannot be a name")
        if new in kept or list(renames.values()).count(new) > 1:
            raise ValueError(f"{new} would stand for two things")
    module = parse(code, shared=False)
    nodes = list(ast.walk(module))
    calls = {id(node.func) for node in nodes if isinstance(node, ast.Call)}  # a call's own name is an API's or a helper's
    for node in nodes:
        if isinstance(node, ast.Name) and id(node) not in calls:
            node.id = renames.get(node.id, node.id)
    try:
        return unparse(module.body, decorators(module))
    except RecursionError:
        raise DialectError(1, "nested too deep", "syntax") from None


def rename_residue(residue: dict[str, Any], renames: dict[str, str]) -> dict[str, Any]:
    """The residue that belongs to the renamed program: what the new names stand for is what the old ones did."""
    if not all(isinstance(new, str) for new in renames.values()):
        raise ValueError("renames are names by name, all texts")
    known = patch.checked(residue).get("names", {})
    names = {renames.get(old, old): label for old, label in known.items()}
    for old, new in renames.items():
        names.setdefault(new, known.get(old, identifiers.label_from_identifier(old)))
    return {
        **residue,
        "names": names,
        "uuids": {renames.get(old, old): uuid for old, uuid in residue.get("uuids", {}).items()},
        "custom": [renames.get(old, old) for old in residue.get("custom", [])],
    }
