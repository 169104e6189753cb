"""The names in a program: which APIs it calls, and renaming its variables without touching anything else."""

from __future__ import annotations

import ast
from typing import Any

from common.catalog import Catalog
from common.dialect import actions, vocabulary
from common.dialect import residue as residues
from common.dialect.printer import unparse
from common.dialect.syntax import DialectError, called, constant, decorators, parse


def apis_of(code: str, catalog: Catalog | None = None) -> list[str]:
    """The action ids that a program calls, in order of first use. Control flow, variables and comments call none."""
    found: dict[str, None] = {}
    for node in _in_order(parse(code)):
        helper = called(node)
        if isinstance(node, ast.Call) and helper in ("action", "raw_action") and node.args and constant(node.args[0]):
            found.setdefault(constant(node.args[0]))
        elif helper is not None and helper not in vocabulary.HELPERS:
            found.setdefault(actions.action_id(helper, catalog))
    return list(found)


def _in_order(node: ast.AST) -> list[ast.AST]:
    return sorted((item for item in ast.walk(node) if isinstance(item, ast.Call)), key=lambda item: (item.lineno, item.col_offset))


def bound_names(code: str) -> list[str]:
    """Every name that a program binds, in order of first binding."""
    stores = [node for node in ast.walk(parse(code)) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id != "_"]
    return list(dict.fromkeys(node.id for node in sorted(stores, key=lambda item: (item.lineno, item.col_offset))))


def rename(code: str, renames: dict[str, str]) -> str:
    """A program with some of its names changed. Raises ValueError for a new name that is illegal, reserved or taken."""
    names = set(bound_names(code))
    kept = names - renames.keys()
    for old, new in renames.items():
        if old not in names:
            raise ValueError(f"{old} is no name of this program")
        if not new.isidentifier() or vocabulary.identifier(new) != new:
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
    known = residues.checked(residue).get("names", {})
    names = {renames.get(old, old): label for old, label in known.items()}
    for old, new in renames.items():
        names.setdefault(new, known.get(old, vocabulary.spoken(old)))
    return {
        **residue,
        "names": names,
        "uuids": {renames.get(old, old): uuid for old, uuid in residue.get("uuids", {}).items()},
        "custom": [renames.get(old, old) for old in residue.get("custom", [])],
    }
