"""Natural Python: what Python programmers write becomes forms of the dialect, before the compiler reads them.

    lowered(parse("print(len(names))"), catalog)     # Count = is_workflow_actions_count(Input=names)
                                                     # is_workflow_actions_showresult(Text=Count)

It changes no program of the dialect: each node comes back as it is. A form that the app cannot say keeps its place in the program with a
DialectError (`refusal`) that names what to write instead. The meaning is Python's: what counts from 0 there counts from 0 here.

table.py says how a form is registered; the rows are in arithmetic.py, texts.py, lists.py, dates.py, devices.py (all that leaves the
program), functions.py, conditions.py, expressions.py, assignments.py, loops.py and statements.py; lowering.py is the state that they share.
"""

from __future__ import annotations

import ast

from shortcuts.catalog import Catalog
from shortcuts.natural import (  # noqa: F401  they fill the table
    arithmetic,
    assignments,
    conditions,
    dates,
    devices,
    expressions,
    lists,
    loops,
    statements,
    texts,
)  # fmt: skip
from shortcuts.natural.lowering import Lowering, is_written
from shortcuts.syntax.nodes import decorators


def has_written_values(module: ast.Module) -> bool:
    """True if a program names a value that it writes out, or loops over one: the dialect makes those by actions."""
    left: list[ast.AST] = [module]
    while left:  # statements alone: a program of the dialect is read whole
        node = left.pop()
        if (isinstance(node, ast.Assign) and is_written(node.value)) or (isinstance(node, ast.For) and is_written(node.iter)):
            return True
        left += [inner for field in ("body", "orelse", "cases") for inner in getattr(node, field, ())]
    return False


def lowered(module: ast.Module, catalog: Catalog) -> ast.Module:
    """Return a program in forms of the dialect; the module itself if it is one already."""
    low = Lowering(module, catalog)
    body = low.block(module.body)
    if body is module.body:
        return module
    result = ast.Module(body, [])
    result.decorators = decorators(module)  # type: ignore[attr-defined]
    return result
