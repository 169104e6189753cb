"""The examples of the table as programs, for the page docs/dialect.md and for tests."""

from __future__ import annotations

import ast

from shortcuts.natural import table
from shortcuts.syntax.nodes import called

# What the names in the examples stand for.
NAMES = {
    "n": "n = is_workflow_actions_number(WFNumberActionNumber=7)",
    "m": "m = is_workflow_actions_number(WFNumberActionNumber=2)",
    "s": "s = is_workflow_actions_dictatetext()",
    "u": "u = is_workflow_actions_url(WFURLActionURL='https://example.org')",
    "x": "x = clipboard()",
    "xs": "xs = is_workflow_actions_list(WFItems=['one', 'two'])",
    "ns": "ns = is_workflow_actions_list(WFItems=[3, 1, 2])",
    "ys": "ys = is_workflow_actions_list(WFItems=['three'])",
    "d": "d = is_workflow_actions_detect_dictionary(WFInput=clipboard())",
    "t": "t = is_workflow_actions_date()",
    "t2": "t2 = is_workflow_actions_date(WFDateActionDate='2026-12-24', WFDateActionMode='Specified Date')",
}
WORDS = ("n and m are numbers, s is a text, u an address, xs and ys are lists of texts, ns a list of numbers, d is a dictionary, t and t2 "
         "are dates")

def program(example: str) -> str:
    """Return an example as a program: what its names stand for comes first, and a value gets a name."""
    tree = ast.parse(example)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    first = [line for name, line in NAMES.items() if name in used]
    is_value = isinstance(tree.body[0], ast.Expr) and not _is_step(tree.body[0].value)
    return "\n".join([*first, f"y = {example}" if is_value else example]) + "\n"


def _is_step(node: ast.expr) -> bool:
    """True for a call that is written for what it does."""
    name = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else called(node)
    return name in ("print", "exit", "append", "extend", "insert", "sort", "reverse", "update", "shuffle", "remove", "pop")


def all_examples() -> list[str]:
    """Return every example of the table once: operators and statements first, then functions, methods and attributes."""
    registered = [row.example for rows in (table.CALLS, table.METHODS, table.TESTS, table.ATTRIBUTES) for row in rows.values()]
    return list(dict.fromkeys([*table.EXAMPLES, *registered]))
