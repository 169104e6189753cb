"""The names of a program: the APIs it calls, the names it binds, and the same program with other names."""

from __future__ import annotations

import ast

from shortcuts.catalog import Catalog
from shortcuts.forms import api_names, constants, identifiers
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import called, constant, decorators, parse
from shortcuts.syntax.printer import unparse


def apis_of(code: str, catalog: Catalog | None = None) -> list[str]:
    """Return the ids of the actions that a program calls, in order of first use; control flow, variables and comments are not among them.

    Raises DialectError for text that is not Python.
    """
    found: dict[str, None] = {}
    calls = [node for node in ast.walk(parse(code)) if isinstance(node, ast.Call)]
    for node in sorted(calls, key=_position):
        helper = called(node)
        if helper in ("action", "raw_action") and node.args and constant(node.args[0]):
            found.setdefault(constant(node.args[0]))
        elif helper is not None and helper not in constants.HELPERS:
            found.setdefault(api_names.action_id(helper, catalog))
    return list(found)


def bound_names(code: str) -> list[str]:
    """Return every name that a program binds, in order of first binding. Raises DialectError for text that is not Python."""
    stores = [node for node in ast.walk(parse(code)) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id != "_"]
    return list(dict.fromkeys(node.id for node in sorted(stores, key=_position)))


def _position(node: ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset


def rename(code: str, renames: dict[str, str]) -> str:
    """Return a program with some of its names changed; those of APIs stay.

    Raises ValueError for a new name that is illegal, reserved or taken.
    """
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
