"""The names in a program: which APIs it calls, and renaming its variables without touching anything else."""

from __future__ import annotations

import ast

from shortcuts.catalog import Catalog
from shortcuts.forms import api_names, constants
from shortcuts.syntax.nodes import called, constant, parse


def apis_of(code: str, catalog: Catalog | None = None) -> list[str]:
    """The action ids that a program calls, in order of first use. Control flow, variables and comments call none."""
    found: dict[str, None] = {}
    for node in _in_order(parse(code)):
        helper = called(node)
        if isinstance(node, ast.Call) and helper in ("action", "raw_action") and node.args and constant(node.args[0]):
            found.setdefault(constant(node.args[0]))
        elif helper is not None and helper not in constants.HELPERS:
            found.setdefault(api_names.action_id(helper, catalog))
    return list(found)


def _in_order(node: ast.AST) -> list[ast.AST]:
    return sorted((item for item in ast.walk(node) if isinstance(item, ast.Call)), key=lambda item: (item.lineno, item.col_offset))


def bound_names(code: str) -> list[str]:
    """Every name that a program binds, in order of first binding."""
    stores = [node for node in ast.walk(parse(code)) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id != "_"]
    return list(dict.fromkeys(node.id for node in sorted(stores, key=lambda item: (item.lineno, item.col_offset))))
