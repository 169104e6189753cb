"""Small random damage to shortcuts and programs: values of another kind, deep or odd ones, at any place. The same seed gives the same damage."""

from __future__ import annotations

import ast
import copy
import datetime
import plistlib
import random
from typing import Any

ODD_VALUES: list[Any] = [
    "", "\ud800", "x\udcffy", "é", "\x00", "\ufffc", "{0, 1}", "a" * 300, 0, 5, -1, 1 << 63, -(1 << 63), True, False, 0.5, float("inf"), float("nan"), -0.0,
    b"", b"\xff\x00", [], {}, [[]], [5], {"": {}}, {"Type": {}}, {"Type": []}, {"Type": "Variable"}, {"Type": "Variable", "VariableName": "x", "Aggrandizements": 5},
    {"Type": "ActionOutput", "OutputUUID": "\ud800", "OutputName": "x"}, {"Value": 5, "WFSerializationType": {}}, {"Value": {}, "WFSerializationType": "WFTextTokenString"},
    {"string": 5, "attachmentsByRange": 5}, {"string": "\ufffc", "attachmentsByRange": {"{0, 1}": 5, "{9, 9}": {}}}, plistlib.UID(3),
    datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31), [{"WFItemType": {}, "WFValue": []}], "is.workflow.actions.conditional", 99, "2",
]  # fmt: skip
ODD_KEYS = ["Type", "Value", "WFSerializationType", "UUID", "OutputUUID", "CustomOutputName", "GroupingIdentifier", "WFControlFlowMode", "WFCondition", "WFItems",
            "WFMenuItems", "Aggrandizements", "attachmentsByRange", "string", "", "$x", "\ud800", "é", "WFWorkflowImportQuestions", "WFInput", "WFWorkflowIcon"]  # fmt: skip
ODD_EXPRESSIONS = [
    "data('é')", "data('x')", "data()", "data(5)", "datetime()", "datetime(1)", "datetime(99999, 1, 1)", "datetime('x', 1, 1)", "uid(-1)", "uid()", "uid(True)", "float('nan')",
    "float('x')", "float()", "uuid_of(missing('x'))", "uuid_of(missing())", "uuid_of(5)", "uuid_of()", "later(5)", "later()", "missing('x', 0)", "missing('x', 10**9)",
    "missing('\\ud800')", "missing()", "variable('\\ud800')", "variable()", "plain()", "attachment(5)", "attachment()", "dictionary(5)", "dictionary({1: 2})", "quantity()",
    "quantity(None)", "quantity(1, 2)", "time_offset('a', 'b')", "filter_all(5)", "filter_all(rule())", "filter_all(rule('a', 'b'))", "filter_any(rule('a', 5, **{'\\ud800': 1}))",
    "rule('a', 'b')", "menu()", "menu('x')", "when()", "when(x, **{})", "if_result()", "repeat_results()", "action()", "action('\\ud800')", "action('a', 'b')", "action(5)",
    "raw_action()", "raw_action(5)", "raw_action({})", "raw_action({'WFWorkflowActionIdentifier': 5})", "raw_action('a', {})", "x.y.z", "x[0]", "x['é']", "x['\\ud800']", "x[{}]",
    "x.property()", "x.property({})", "x.property('a', {})", "x.property(name='a')", "x.formatted()", "x.formatted(5)", "x.formatted(style={})", "x.in_unit()", "x.in_unit(1, 2)",
    "'{} {1}'.format()", "'{x}'.format(x)", "'{'.format()", "'{!r:>9}'.format(x)", "f'{x!r:>{y}}'", "f'{x:%Y}'", "f'{5}'", "b'x'", "...", "None", "1j", "1e999", "-'x'", "+x", "~x",
    "10**9", "9" * 5000, "0x" + "f" * 5000, "'\\ud800'", "'\\x00'", "''", "x if y else z", "[*x]", "{**x}", "f(*x)", "f(**x)", "f(**{1: 2})", "lambda: x", "(x := 5)", "[y for y in x]",
    "x < y < z", "not not x", "x and y or z", "'a' in x", "x in 5", "x == when(y)", "1 <= x <= 'a'", "x.startswith()", "x.startswith('a', 'b')", "str(x)", "len(x)", "print()",
    "as_type(x)", "as_type()", "as_type(x, 5)", "as_number()", "as_number(5)", "number()", "number(x)", "boolean()", "file()", "array_choice()", "contacts([])", "contacts()",
    "enumerate(x)", "range()", "range(1, x, 2)", "shortcut_input(5)", "ask_each_time(5)", "ask_each_time('\\ud800')", "clipboard().x", "workflow()", "workflow(types=5)",
    "workflow(icon='x')", "workflow(5, **{'é': x})", "__import__('os')", "getattr(x, 'y')", "is_workflow_actions_showresult(5)", "é", "ﬁ",
]  # fmt: skip


def mutated_tree(tree: Any, draw: random.Random) -> Any:
    """A copy of a property list with one to three of its values replaced, removed, doubled or swapped."""
    tree = copy.deepcopy(tree)
    for _ in range(draw.randint(1, 3)):
        places = list(_places(tree))
        if not places:
            break
        holder, key = draw.choice(places)
        what = draw.randrange(5)
        if what == 0 and isinstance(holder, dict):
            holder[draw.choice(ODD_KEYS)] = copy.deepcopy(draw.choice(ODD_VALUES))
        elif what == 1:
            del holder[key]
        elif what == 2:
            other, its = draw.choice(places)
            holder[key] = copy.deepcopy(other.get(its) if isinstance(other, dict) else other[its] if its < len(other) else 5) or ""
        else:
            holder[key] = copy.deepcopy(draw.choice(ODD_VALUES))
    return tree


def _places(tree: Any) -> Any:
    """(container, key) of every value below the list of actions, and of those beside it."""
    todo = [tree]
    while todo:
        holder = todo.pop()
        for key, value in holder.items() if isinstance(holder, dict) else enumerate(holder):
            yield holder, key
            if isinstance(value, (dict, list)):
                todo.append(value)


def mutated_code(code: str, draw: random.Random) -> str:
    """A program with one to three of its expressions replaced, or its characters or lines damaged."""
    for _ in range(draw.randint(1, 3)):
        what = draw.randrange(6)
        lines = code.split("\n")
        if what < 3:
            code = _with_odd_expression(code, draw)
        elif what == 3:
            at = draw.randrange(len(code) + 1)
            code = code[:at] + draw.choice("()[]{}'\"\\:=,.\n\té\x00#*f😀 " + "\ufeff\u2028") + code[at + draw.randrange(3):]
        elif what == 4:
            lines.insert(draw.randrange(len(lines) + 1), draw.choice(lines))
            code = "\n".join(lines)
        else:
            at = draw.randrange(len(lines))
            lines[at] = draw.choice(["    ", "", "x = ", "if x:", "match menu('?'):", "for x in "]) + lines[at]
            code = "\n".join(lines)
    return code


def _with_odd_expression(code: str, draw: random.Random) -> str:
    try:
        nodes = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.expr) and node.lineno == node.end_lineno]
    except (SyntaxError, ValueError):
        nodes = []
    odd = draw.choice(ODD_EXPRESSIONS)
    if not nodes:
        return f"{code}\nx = {odd}"
    node = draw.choice(nodes)
    lines = code.encode().split(b"\n")
    line = lines[node.lineno - 1]
    lines[node.lineno - 1] = line[: node.col_offset] + odd.encode() + line[node.end_col_offset:]
    return b"\n".join(lines).decode()
