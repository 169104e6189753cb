"""The inputs of fuzz.py: shortcuts, programs and answers, broken at random; and how a failing one is made smaller."""

# ruff: noqa: E501 (lists of odd words read better unbroken)

from __future__ import annotations

import ast
import copy
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import shortcuts
from common import conversation
from shortcuts import plist
from shortcuts.forms import header, signatures, triggers
from tests.forms import FORMS
from tests.mutations import ODD_EXPRESSIONS, ODD_VALUES, mutated_code, mutated_tree

MAX_CODE = 2_500  # characters of a program that is broken: what is wrong shows in small ones, too
BYTES = [b"WFSerializationType", b"\xef\xbf\xbc", b"{0, 1}", b"\x00", b"\xff" * 8, b"bplist00", b"AEA1", b"<dict>", b"[[[[", b"f'{",
         b"match menu(", b"later(x)"]  # fmt: skip
# Tokens that look like others: digits and letters beyond ASCII, what NFKC folds, words of Python and of the dialect.
TOKENS = ["²", "٣", "１", "x²", "ﬁ", "ª", "K", "º", "_", "__", "x__y", "None", "True", "...", "'", '"', "'''", "f'", "{", "}", "(", ")", "[", "]", "\\", "\n",
          "\n    ", ":", ":=", "*", "**", "@", "->", "0x", "1e999", "1_000", "0777", "case _:", "else:", "elif x:", "match menu('?'):", "for _ in range(3):", "if x:", "pass",
          "lambda", "await", "async", "print", "later", "marker", "menu", "item", "when", "missing", "workflow", "raw_action", "\ud800", "\u2028", "\x0c", "\ufeff", "\u200b",
          "is_workflow_actions_conditional", "is_workflow_actions_repeat_each", "is_workflow_actions_setvariable", "is_workflow_actions_exit()"]  # fmt: skip
ARGUMENTS = ["x", "y", "'a'", "''", "5", "-1", "1.5", "True", "None", "f'{x}'", "f'a{x}b'", "['a']", "[]", "{}", "{'a': x}", "x['k']", "clipboard()", "'²'", "'{²}'.format(x)",
             "missing('a')", "missing('a', 'b')", "missing(5)", "datetime(2020, 1, 1)", "quantity(5, 'min')", "10**40", "1" + "0" * 40, "previous_output()", "x + 1", "not x",
             "rule('Name', 'contains', String='x')", "item('a')", "uid(5)", "data('QQ==')", "EVERYTHING", "plain({'a': 1})", "ask_on_import('a')", "later(y)", "uuid_of(x)"]  # fmt: skip
KEYS = ["WFInput", "UUID", "CustomOutputName", "GroupingIdentifier", "WFControlFlowMode", "WFCondition", "WFMenuItems", "items", "question", "default", "extra", "start",
        "style", "Removable", "types", "input_types", "String", "foo"]  # fmt: skip
METHODS = ["formatted", "property", "in_unit", "startswith", "endswith", "format", "append", "upper", "Name", "File_Size"]
IDS = ["print", "len", "str", "int", "input", "open", "None", "True", "class", "if", "match", "case", "type", "menu", "item", "workflow", "action", "raw_action", "_", "", " ", "a b",
       "a-b", "a.b", "1", "é", "ﬁ", "x²", "is.workflow.actions.", "is_workflow_actions_url", "range", "float", "EVERYTHING", "\ud800", "a\nb", "lambda", "__import__", "eval"]  # fmt: skip
RANGES = ["{0, 1}", "{1, 1}", "{" + "9" * 5000 + ", 1}", "{٣, 1}", "{²,1}", "{0, 2}", "{-1, 1}", "{00, 1}", "{0,1}", "", "{4294967296, 1}", "{0, 1}\n"]
# Names of the arguments of helpers and of the header: a file may have keys of the same names.
ARGUMENT_NAMES = sorted({argument for form in signatures.HELPERS.values() for argument in form.bound.parameters} | {*header.SHORT_NAMES, "extra"})
PROSE = ["Sure, here is the shortcut:\n\n", "I'm sorry, but I can't do that.", "Thought:\n1. Ask.\n2. Show.\n", "Code:\n", "**Code:**\n", "<think>\nHm, `x`…\n</think>\n", "</think>", "<think>",
         "Note: `x = 5` isn't valid.\n", "Let's break it down:\n- first\n- then\n", "\n\n---\n\n", "```\n", "```python\n", "~~~\n", "````\n", "```py\n", "   ```python\n", "\r\n", "\ufeff", "\ud83d", "\x00",
         "```json\n{\"a\": 1}\n```\n", "And that's it!\n", "Output: ", "1. `is_workflow_actions_url()`\n"]  # fmt: skip


# What the app wrote before iOS 13: the input of a test, of a loop and of a variable is the output of the action before.
OLD = """workflow(client_version='484')
is_workflow_actions_ask()
if previous_output() == 'a':
    x = previous_output()
for z in previous_output():
    x += [previous_output()]
"""


class Seeds:
    """The sound inputs to break: the example programs with their files, each form of the dialect, and the shortcuts of a folder.

    Real shortcuts hold 75 of the 120 forms: those that are in the table of forms alone are drawn as often as all others. An input depends on seed
    and number alone.
    """

    def __init__(self, examples: Path, folder: Path | None) -> None:
        self.files = [path.read_bytes() for path in sorted(examples.glob("*.shortcut"))]
        self.codes = [code for path in sorted(examples.glob("*.py")) if len(code := path.read_text(encoding="utf-8")) < MAX_CODE]
        real = sorted(path for path in folder.rglob("*") if path.suffix in {".shortcut", ".plist"}) if folder else []
        self.files += [path.read_bytes() for path in real]
        self.trees = []
        for data in self.files:
            try:
                shortcut = plist.read_shortcut(data)
                code = shortcuts.to_python(shortcut)[0]
            except (plist.PlistError, shortcuts.Unbalanced):
                continue
            if len(code) < MAX_CODE:
                self.trees.append(shortcut)
                self.codes.append(code)
        more = [shortcuts.to_shortcut(OLD), *(triggered(kind) for kind in triggers.TRIGGERS)]
        self.forms = [row.shortcut for row in FORMS] + more
        self.form_codes = [row.code for row in FORMS] + [shortcuts.to_python(tree)[0] for tree in more]
        self.lists = [json.dumps(plist.to_json(tree)).encode() for tree in self.trees]

    def plist(self, seed: int, number: int) -> bytes:
        """The bytes of a file, broken."""
        draw = random.Random(f"plist {seed} {number}")
        return broken(draw.choice(self.files), draw)

    def json(self, seed: int, number: int) -> bytes:
        """A shortcut as JSON, its bytes broken."""
        draw = random.Random(f"json {seed} {number}")
        return broken(draw.choice(self.lists), draw)

    def source(self, seed: int, number: int) -> bytes:
        """A program, its bytes broken."""
        draw = random.Random(f"source {seed} {number}")
        return broken(draw.choice(self.codes).encode(), draw)

    def program(self, seed: int, number: int) -> str:
        """A program with changes that leave most of it whole."""
        draw = random.Random(f"program {seed} {number}")
        code = draw.choice(draw.choice([self.codes, self.form_codes]))
        for _ in range(draw.choice([1, 1, 2, 3])):
            code = self._changed(code, draw)
        return code

    def _changed(self, code: str, draw: random.Random) -> str:
        what = draw.randrange(24)
        if what < 2:
            return mutated_code(code, draw)
        if what < 10:
            return with_expression(code, hostile_call(draw), draw)
        if what < 14:
            other = draw.choice(draw.choice([self.codes, self.form_codes]))
            return with_expression(code, draw.choice(expressions(other) or ["x"]), draw)
        if what == 14:
            return with_expression(code, nested(draw), draw)
        if what == 15:
            return in_blocks(code, draw)
        if what < 20:
            return with_lines(code, draw.choice(self.form_codes), draw)
        return with_token(code, draw)

    def tree(self, seed: int, number: int) -> Any:
        """A property list with values of another kind."""
        draw = random.Random(f"tree {seed} {number}")
        tree = copy.deepcopy(draw.choice(draw.choice([self.trees, self.forms])))
        for _ in range(draw.choice([0, 0, 1, 3])):  # actions of other forms
            listed = tree["WFWorkflowActions"]
            at = draw.randrange(len(listed) + 1)
            listed[at:at] = copy.deepcopy(draw.choice(self.forms)["WFWorkflowActions"])
        if draw.random() < 0.6:
            tree = mutated_tree(tree, draw)
        for _ in range(draw.choice([0, 1, 1, 2])):
            damage(tree, draw.choice(draw.choice([self.trees, self.forms])), draw)
        return tree

    def answer(self, seed: int, number: int) -> str:
        """Return an answer as a model might give it: a program, whole or not, among prose and fences."""
        draw = random.Random(f"text {seed} {number}")
        code = draw.choice(draw.choice([self.codes, self.form_codes]))
        code = self._changed(code, draw) if draw.random() < 0.5 else code
        what = draw.randrange(4)
        text = conversation.answer(draw.choice(PROSE), code) if what < 2 else f"```python\n{code}```\n" if what == 2 else code
        for _ in range(draw.choice([0, 1, 2, 4])):
            lines = text.split("\n")
            at, change = draw.randrange(len(lines) + 1), draw.randrange(6)
            if change < 3:
                lines.insert(at, draw.choice(PROSE))
            elif change == 3:
                del lines[at:]  # the answer was cut
            elif change == 4:
                lines[at:at] = lines[:draw.randrange(len(lines) + 1)]
            else:
                place = draw.randrange(len(text) + 1)
                lines = (text[:place] + draw.choice(TOKENS) + text[place + draw.choice([0, 1, 3]):]).split("\n")
            text = "\n".join(lines)
        return text


def triggered(kind: triggers.Trigger) -> dict[str, Any]:
    """Return a shortcut that a trigger of this kind starts, with all parameters that its siblings do not ask for."""
    asked = {"Sender": "sender", "Contains": "content"}
    keys = [key for key in kind.keys if all(word in kind.asks for ending, word in asked.items() if key.endswith(ending))]
    parameters = {**{key: [{"Name": "a"}] for key in keys}, **kind.implied}
    trigger = {triggers.IDENTIFIER: kind.identifier, triggers.PARAMETERS: parameters, triggers.UUID: "T"}
    action = {"WFWorkflowActionIdentifier": "is.workflow.actions.nothing", "WFWorkflowActionParameters": {}}
    return {"WFWorkflowActions": [action], triggers.KEY: [trigger], triggers.TYPES: ["Watch"]}


# ---------------------------------------------------------------------------------------------------------------------------------
# changes


def broken(data: bytes, draw: random.Random) -> bytes:
    """A few random changes: bytes, cuts, copies, words that matter."""
    result = bytearray(data)
    for _ in range(draw.randint(1, 6)):
        start = draw.randrange(len(result) + 1)
        end = min(len(result), start + draw.choice([1, 4, 40, 400]))
        change = draw.randrange(5)
        if change == 0:
            result[start:end] = bytes(draw.randrange(256) for _ in range(end - start))
        elif change == 1:
            del result[start:end]
        elif change == 2:
            result[start:start] = result[start:end] * draw.choice([1, 2, 30])
        elif change == 3:
            result[start:start] = draw.choice(BYTES)
        elif len(result) > 1:
            result = result[: draw.randrange(1, len(result))]
    return bytes(result)


def hostile_call(draw: random.Random, depth: int = 0) -> str:
    """A call of a helper, an API or a method, with arguments that it may not take."""
    helpers = sorted(shortcuts.HELPERS)
    function = draw.choice([*helpers, "is_workflow_actions_gettext", "is_workflow_actions_nothing", "x.append", "'{}{}'.format", "'{²}'.format", "'{0} {x}'.format",
                            *(f"x.{method}" for method in METHODS)])  # fmt: skip

    def argument() -> str:
        return hostile_call(draw, depth + 1) if depth < 3 and draw.random() < 0.3 else draw.choice(ARGUMENTS if draw.random() < 0.8 else ODD_EXPRESSIONS)

    arguments = [argument() for _ in range(draw.choice([0, 1, 1, 1, 2, 2, 3, 4]))]
    keys = draw.sample(KEYS, draw.choice([0, 0, 0, 1, 2]))
    arguments += [f"{key}={argument()}" for key in keys] + (["**{'odd-key': x}"] if draw.random() < 0.05 else [])
    return f"{function}({', '.join(arguments)})"


def nested(draw: random.Random) -> str:
    """An expression in itself, up to deeper than Python takes."""
    before, after = draw.choice([("(", ")"), ("[", "]"), ("{'a': ", "}"), ("as_text(", ")"), ("", "['k']"), ("", ".Name"), ("", ".formatted('y')"), ("-", ""), ("not ", ""),
                                 ("f'{", "}'"), ("'a' + ", ""), ("", " + 'a'"), ("dictionary({'a': ", "})"), ("plain([", "])"), ("when(", ", A=1)"), ("x == ", ""),
                                 ("'{}'.format(", ")"), ("ask_on_import(", ")"), ("all_of(", ", x)")])  # fmt: skip
    depth = draw.choice([2, 5, 20, 60, 90, 100, 150, 300, 900])
    return before * depth + draw.choice(ARGUMENTS) + after * depth


def expressions(code: str) -> list[str]:
    """The sources of a program's expressions."""
    try:
        return [part for node in ast.walk(shortcuts.parse(code)) if isinstance(node, ast.expr) and (part := ast.get_source_segment(code, node))]
    except (ValueError, RecursionError):
        return []


def with_expression(code: str, expression: str, draw: random.Random) -> str:
    """A program with one of its expressions replaced, or with a line more."""
    lines = code.encode("utf-8", "surrogatepass").split(b"\n")
    try:
        nodes = [node for node in ast.walk(shortcuts.parse(code)) if isinstance(node, ast.expr) and node.lineno == node.end_lineno <= len(lines)]
    except (ValueError, RecursionError):
        nodes = []
    new = expression.encode("utf-8", "surrogatepass")
    if nodes and draw.random() < 0.7:
        node = draw.choice(nodes)
        line = lines[node.lineno - 1]
        lines[node.lineno - 1] = line[: node.col_offset] + new + line[node.end_col_offset:]
    else:
        at = draw.randrange(len(lines) + 1)
        indent = re.match(rb" *", lines[at - 1] if at else b"")[0]  # type: ignore[index]
        form = draw.choice([b"%s", b"x = %s", b"x += [%s]", b"if %s:\n    pass", b"for x in %s:\n    pass", b"for i, x in enumerate(%s, start=1):\n    pass",
                            b"match %s:\n    case 'a':\n        pass", b"match menu('?'):\n    case _ if %s:\n        pass"])  # fmt: skip
        lines.insert(at, indent + (form % new).replace(b"\n", b"\n" + indent))
    return b"\n".join(lines).decode("utf-8", "surrogatepass")


def with_token(code: str, draw: random.Random) -> str:
    """A program with a token replaced, removed, doubled, or exchanged for another."""
    tokens = re.findall(r"\w+|\s+|.", code)
    if not tokens:
        return draw.choice(TOKENS)
    at, what = draw.randrange(len(tokens)), draw.randrange(5)
    if what == 0:
        tokens[at] = draw.choice(TOKENS)
    elif what == 1:
        del tokens[at]
    elif what == 2:
        tokens.insert(at, tokens[at])
    elif what == 3:
        other = draw.randrange(len(tokens))
        tokens[at], tokens[other] = tokens[other], tokens[at]
    else:
        tokens.insert(at, draw.choice(TOKENS))
    return "".join(tokens)


def with_lines(code: str, other: str, draw: random.Random) -> str:
    """A program with the lines of another one between its own."""
    lines = code.split("\n")
    at = draw.randrange(len(lines) + 1)
    indent = re.match(" *", lines[at] if at < len(lines) else "")[0]  # type: ignore[index]
    body = other.strip("\n").split("\n")[draw.choice([0, 1]):]  # without the action that the form reads
    return "\n".join([*lines[:at], *(indent + line for line in body), *lines[at:]])


def in_blocks(code: str, draw: random.Random) -> str:
    """A program, or the rest of it, inside of blocks."""
    lines, depth = code.split("\n"), draw.choice([1, 1, 1, 2, 2, 3, 5, 20, 60, 95, 120])
    start = draw.randrange(len(lines))
    heads = [draw.choice(["if x:", "for x in x:", "for _ in range(2):", "match menu('?'):", "else:", "if not x == 5:"]) for _ in range(depth)]
    rows, level = lines[:start], 0
    for head in heads:
        rows.append("    " * level + head)
        level += 1
        if head.startswith("match"):
            rows.append("    " * level + "case 'a':")
            level += 1
    return "\n".join(rows + ["    " * level + line for line in lines[start:start + 40]])


def damage(tree: dict[str, Any], other: dict[str, Any], draw: random.Random) -> None:
    """One change of a shortcut, in place, that only its own kind of data can have."""
    actions = tree.get("WFWorkflowActions")
    actions = [action for action in actions if isinstance(action, dict)] if isinstance(actions, list) else []
    texts = [holder for holder in holders(tree) if "attachmentsByRange" in holder]
    what = draw.randrange(10)
    if what == 0 and actions:
        draw.choice(actions)["WFWorkflowActionIdentifier"] = draw.choice(IDS)
    elif what == 1 and texts:
        ranges = draw.choice(texts)["attachmentsByRange"]
        if isinstance(ranges, dict):
            ranges[draw.choice(RANGES)] = draw.choice([{"Type": "Clipboard"}, {"Type": "Variable", "VariableName": "²"}, 5, {}])
    elif what == 2:  # a name that something else has
        named = [(holder, key) for holder in holders(tree) for key in ("UUID", "OutputUUID", "VariableName", "WFVariableName", "OutputName", "GroupingIdentifier") if key in holder]
        if named:
            holder, key = draw.choice(named)
            its, from_key = draw.choice(named)
            holder[key] = draw.choice([copy.deepcopy(its[from_key]), "text", "", "x y", "x_y", "Repeat Item", "Repeat Index 2", "print", "²", 5])
    elif what == 3:  # a piece of another shortcut
        mine, theirs = list(holders(tree)), list(holders(other))
        holder, source = draw.choice(mine), draw.choice(theirs)
        if holder and source:
            holder[draw.choice(list(holder))] = copy.deepcopy(source[draw.choice(list(source))])
    elif what == 4 and actions:  # actions in another order
        listed = tree["WFWorkflowActions"]
        at = draw.randrange(len(listed))
        listed[at:at + 1] = [copy.deepcopy(listed[at])] * draw.choice([0, 2])
    elif what == 5:
        tree[draw.choice(["types", "questions", "input_types", "no_input", "WFWorkflowTypes", "WFWorkflowName", "class", "x y", "WFWorkflowNoInputBehavior"])] = \
            draw.choice([[], {}, "a", 5, None, True, ["Watch"], [5], {"Name": "x"}])  # fmt: skip
    elif what == 6:
        draw.choice(list(holders(tree)))[draw.choice(ARGUMENT_NAMES)] = copy.deepcopy(draw.choice(ODD_VALUES))
    elif what in (7, 8):  # a piece of a shortcut, often a reference, where no app writes one
        pieces = [holder for holder in holders(draw.choice([tree, other])) if "Type" in holder or "WFSerializationType" in holder] or [{}]
        elsewhere(tree, actions, copy.deepcopy(draw.choice(pieces)), draw)
    else:
        holder = draw.choice(list(holders(tree)))
        value: Any = draw.choice([5, "a", {}])
        for _ in range(draw.choice([3, 30, 80, 120])):
            value = [value] if draw.random() < 0.5 else {"a": value}
        holder[draw.choice([*holder, "WFInput"])] = value


def elsewhere(tree: dict[str, Any], actions: list[dict[str, Any]], piece: Any, draw: random.Random) -> None:
    """Put a piece into a question, beside the parameters of an action, into a trigger, or on the workflow level."""
    where = draw.randrange(4)
    if where == 0 and actions:
        index, keys = draw.randrange(len(actions)), ["WFTextActionText", "WFInput", "WFItems", "UUID", "Show-a"]
        asked = {"ActionIndex": index, "Category": "Parameter", "ParameterKey": draw.choice(keys), draw.choice(["Text", "DefaultValue"]): piece}
        if not isinstance(tree.get("WFWorkflowImportQuestions"), list):
            tree["WFWorkflowImportQuestions"] = []
        tree["WFWorkflowImportQuestions"].append(asked)
    elif where == 1 and actions:
        draw.choice(actions)[draw.choice(["Odd", "UUID", "extra"])] = piece
    elif where == 2:
        identifier = draw.choice([*(kind.identifier for kind in triggers.TRIGGERS), "Odd"])
        tree[triggers.KEY] = [{triggers.IDENTIFIER: identifier, triggers.PARAMETERS: {"WFInput": piece}, triggers.UUID: "T"}]
    else:
        tree[draw.choice(["WFWorkflowNoInputBehavior", "WFWorkflowVariables", "Odd", "WFWorkflowTypes"])] = piece


def holders(tree: Any) -> Iterator[dict[str, Any]]:
    """Every dictionary in a property list."""
    todo = [tree]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            yield value
            todo += value.values()
        elif isinstance(value, list):
            todo += value


# ---------------------------------------------------------------------------------------------------------------------------------
# smaller inputs


def shorter(given: Any) -> Iterator[Any]:
    """A text or bytes without some of its lines, then without some of its characters: large pieces first."""
    newline = "\n" if isinstance(given, str) else b"\n"
    lines = given.split(newline)
    size = len(lines) // 2
    while size:
        for start in range(0, len(lines), size):
            yield newline.join(lines[:start] + lines[start + size:])
        size //= 2
    size = len(given) // 2
    while size:
        for start in range(0, len(given), size):
            yield given[:start] + given[start + size:]
        size //= 2


def sparser(tree: Any) -> Iterator[Any]:
    """A property list without some of its actions, then without one key or item."""
    actions = tree["WFWorkflowActions"] if isinstance(tree, dict) and isinstance(tree.get("WFWorkflowActions"), list) else []
    size = len(actions) // 2
    while size:
        for start in range(0, len(actions), size):
            yield {**tree, "WFWorkflowActions": actions[:start] + actions[start + size:]}
        size //= 2
    paths: list[list[Any]] = [[]]
    for path in paths:
        value = tree
        for step in path:
            value = value[step]
        for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
            paths.append([*path, key])
            smaller = copy.deepcopy(tree)
            holder = smaller
            for step in path:
                holder = holder[step]
            del holder[key]
            yield smaller
