"""Natural Python means what Python means: each row that computes is run in the machine and by CPython on the same inputs.

A row that gives something else says why (`differs`). Three differences stand in no row, because the app has no other values: a number has no
type (3.0 is 3), a list of one item is the item, and nothing is the same as an empty text, list or dictionary.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import copy
import functools
import hashlib
import io
import json
import math
import os
import random
import re
import statistics
import string
import textwrap
import urllib.parse
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shortcuts
from shortcuts import machine
from shortcuts.machine import World
from shortcuts.machine.values import Match
from shortcuts.natural import differences, examples
from tests.natural_forms import ROWS, Row

NOW = datetime(2026, 3, 14, 9, 30)
INPUTS: list[dict[str, Any]] = [
    {"n": 7, "m": 2, "s": "Hello World", "x": "one", "xs": ["one", "two", "three"], "ns": [3, 1, 2], "ys": ["three"], "d": {"a": 1, "k": "v"},
     "t": datetime(2026, 3, 14, 9, 30), "t2": datetime(2026, 12, 24)},
    {"n": -7, "m": 2, "s": "a", "x": "a", "xs": ["a", "b"], "ns": [10, 9], "ys": ["four", "five"], "d": {"b": "x", "a": "y"},
     "t": datetime(2025, 12, 31, 23, 59, 58), "t2": datetime(2024, 2, 29, 12)},
    {"n": 2.5, "m": 4, "s": "b,c", "x": "Two words", "xs": ["pear", "fig", "apple"], "ns": [-1, 2.5, 1], "ys": ["a", "b"], "d": {"Hello": "a"},
     "t": datetime(2024, 2, 29), "t2": datetime(2024, 2, 28, 23)},
    {"n": 3, "m": -2, "s": "id=42 and  id=7", "x": "x", "xs": ["Ab cd", "ef gh", "a"], "ns": [0, 5, 5], "ys": ["x", "y", "z"],
     "d": {"one": "1", "two": "2"}, "t": datetime(2026, 10, 25, 3, 30), "t2": datetime(2026, 3, 29, 0, 30)},
    {"n": 12, "m": 5, "s": "línea uno\nlínea dos", "x": "10", "xs": ["a", "A", "é", "z"], "ns": [100, 20, 3, 3], "ys": ["q"],
     "d": {"a": 5, "b": 2, "c": 3}, "t": datetime(2027, 1, 1, 0, 0, 1), "t2": datetime(2026, 3, 14, 9, 30)},
    {"n": 0, "m": 1, "s": "", "x": "", "xs": [], "ns": [], "ys": [], "d": {}, "t": datetime(2026, 3, 14, 9, 30), "t2": datetime(2026, 3, 14, 9, 30)},
    {"n": 1234.5, "m": 10, "s": "A", "x": "A", "xs": ["A", "a", "AB", "ab"], "ns": [1.5], "ys": ["", "b"], "d": {"A": True, "x": [1, 2]},
     "t": datetime(2000, 1, 1, 12), "t2": datetime(2026, 3, 14)},
]  # fmt: skip
ANSWERS = ["12", "7", "Ada"]
# What reaches outside of a program, or ends it: CPython has no such world.
OUTSIDE = re.compile(r"requests|open\(|Path|webbrowser|pyperclip|is_workflow|os\.make|sleep|clipboard|shortcut_input|com\.|coerce|urlopen|"
                     r"os\.path\.exists|sys\.|exit\(|input\(prompt|random|dice")  # fmt: skip
RANDOM: dict[str, Callable[[Any, dict[str, Any]], bool]] = {
    "random.sample(xs, 3)": lambda y, names: len(y) == 3 and sorted(y) == sorted(names["xs"]),
    "random.choices(xs, k=3)": lambda y, names: len(y) == 3 and set(y) <= set(names["xs"]),
    "random.choice(xs)": lambda y, names: y in names["xs"],
    "random.randint(1, 6)": lambda y, names: y in range(1, 7),
    "random.randrange(1, 7)": lambda y, names: y in range(1, 7),
    "y = random.choice(['a', 'b'])": lambda y, names: y in ("a", "b"),
    "from random import randint as dice\ny = dice(1, 6)": lambda y, names: y in range(1, 7),
}
COMPUTED = [row for row in ROWS if not OUTSIDE.search(row.python)]
Result = tuple[list[str], dict[str, Any]]  # what is shown, and the names afterwards


# ---------------------------------------------------------------------------------------------------------------------------------
# both sides


class Clock(datetime):
    """Python's datetime at the frozen clock of the world."""

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return NOW


class Day(date):
    """Python's date at the frozen clock of the world."""

    @classmethod
    def today(cls) -> date:
        return NOW.date()


MODULES = {"base64": base64, "hashlib": hashlib, "json": json, "math": math, "os": os, "random": random, "re": re, "statistics": statistics,
           "string": string, "urllib": SimpleNamespace(parse=urllib.parse), "time": SimpleNamespace(strftime=NOW.strftime),
           "datetime": Clock, "date": Day, "timedelta": timedelta, "__name__": "__main__"}  # fmt: skip


def by_python(code: str, names: dict[str, Any], observed: list[str]) -> Result:
    """Return what a program does in CPython. It is one of the rows of this project's tests."""
    shown: list[str] = []
    answers = iter(ANSWERS)

    def show(*values: Any, sep: str = " ") -> None:
        shown.append(sep.join(map(str, values)))

    space = {**MODULES, "print": show, "input": lambda prompt="": next(answers), **copy.deepcopy(names)}
    if code.startswith("return"):
        code = f"def program():\n{textwrap.indent(code, '    ')}\nreturned = program()"
    exec(compile(code, "row", "exec"), space)  # noqa: S102
    return shown, {name: space[name] for name in observed if name in space} | {"returned": space.get("returned")}


class Compiled:
    """A row's program, compiled once; each run puts other values into the actions that stand for its names."""

    def __init__(self, code: str, names: dict[str, Any], observed: list[str]) -> None:
        reads = [f"is_workflow_actions_getvariable(WFVariable={name})" for name in observed]
        lines = [literal(name, value) for name, value in names.items()]
        self.observed = observed
        self.shortcut = shortcuts.to_shortcut("\n".join([*lines, code, *reads]) + "\n")

    def run(self, names: dict[str, Any]) -> Result:
        """Return what the program does in the machine. Raises ArithmeticError if it ends by an error."""
        inputs = [action for name, value in names.items() for action in actions_of(literal(name, value))]
        actions, waiting = [], list(inputs)
        for action in self.shortcut["WFWorkflowActions"]:
            if waiting and waiting[0]["WFWorkflowActionIdentifier"] == action["WFWorkflowActionIdentifier"]:
                changed = {key: value for key, value in waiting.pop(0)["WFWorkflowActionParameters"].items() if key not in ("UUID", "WFInput")}
                action = {**action, "WFWorkflowActionParameters": {**action["WFWorkflowActionParameters"], **changed}}
            actions.append(action)
        outcome = machine.run({**self.shortcut, "WFWorkflowActions": actions},
                              World.from_json({"answers": ANSWERS, "clipboard": names.get("x"), "now": NOW.isoformat()}))  # fmt: skip
        assert not waiting and not outcome.faults and not outcome.unknowns
        if outcome.end == "error":
            raise ArithmeticError(outcome.reason)
        outputs = [step.output for step in outcome.steps[-len(self.observed):]] if self.observed and outcome.end == "finished" else []
        returned = outcome.output if outcome.end == "output" else None
        shown = [effect.what["text"] for effect in outcome.effects if effect.verb == "shown"]
        return shown, dict(zip(self.observed, outputs)) | {"returned": returned}


@functools.cache
def actions_of(line: str) -> list[dict[str, Any]]:
    """Return what a line of `literal` is compiled to."""
    return shortcuts.to_shortcut(line)["WFWorkflowActions"]


def literal(name: str, value: Any) -> str:
    """Return the line that gives a name its value: the same action as in the examples, with another value."""
    parameter = {"n": "number(WFNumberActionNumber", "m": "number(WFNumberActionNumber", "s": "gettext(WFTextActionText", "ns": "list(WFItems",
                 "xs": "list(WFItems", "ys": "list(WFItems", "t": "date(WFDateActionMode='Specified Date', WFDateActionDate",
                 "t2": "date(WFDateActionMode='Specified Date', WFDateActionDate", "d": "detect_dictionary(WFInput"}  # fmt: skip
    if name == "x":
        return "x = clipboard()"
    written = json.dumps(value) if name == "d" else str(value) if name in ("t", "t2") else value
    return f"{name} = is_workflow_actions_{parameter[name]}={written!r})"


def plain(value: Any) -> Any:
    """Return a value of either side as both have it; see the module."""
    if isinstance(value, bool | int | float):
        return round(float(value), 9)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, re.Match | Match):
        return value.group(0) if isinstance(value, re.Match) else value.text
    if value is None or isinstance(value, str | bytes):
        return (value.decode() if isinstance(value, bytes) else value) or None
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()} or None
    if isinstance(value, complex):
        raise ArithmeticError("the app has no such numbers")
    items = [plain(item) for item in value]
    return items if len(items) > 1 else items[0] if items else None


def plain_result(result: Result) -> Result:
    """Return a result with plain values."""
    return result[0], {name: plain(value) for name, value in result[1].items()}


# ---------------------------------------------------------------------------------------------------------------------------------
# the rows


def program(row: Row) -> str:
    """Return the program of a row: a value gets a name."""
    return examples.program(row.python).splitlines()[-1] if "\n" not in row.python else row.python


def names_of(code: str, inputs: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the names of the inputs that a program reads, and those that have a value after it."""
    nodes = list(ast.walk(ast.parse(code)))
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    own = {inner.id for node in nodes if isinstance(node, ast.For | ast.comprehension) for inner in ast.walk(node.target) if isinstance(inner, ast.Name)}
    own |= {inner.id for node in nodes if isinstance(node, ast.FunctionDef) for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    spans = {node.targets[0].id for node in nodes if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
             and re.match(r"timedelta|t3? - t2", ast.unparse(node.value))}  # fmt: skip
    if code.startswith("return"):
        return [name for name in inputs if name in used], []  # the run ends there
    return [name for name in inputs if name in used], sorted((stored | (used & inputs.keys())) - own - spans)


def inputs_of(row: Row) -> list[dict[str, Any]]:
    """Return the inputs of a row."""
    count = max(map(len, row.inputs.values()), default=len(INPUTS))
    return [INPUTS[index % len(INPUTS)] | {name: values[index] for name, values in row.inputs.items()} for index in range(count)]


def both(row: Row) -> list[tuple[dict[str, Any], Result, Result]]:
    """Return what a row does on each input with which CPython ends without an error: the input, CPython's result, the machine's."""
    code, found = program(row), []
    used, observed = names_of(code, INPUTS[0])
    every = [{name: values[name] for name in used} for values in inputs_of(row)]
    compiled = Compiled(code, every[0], observed)
    for names in every:
        with contextlib.suppress(Exception):  # what has no result in Python may have any here
            expected = plain_result(by_python(code, names, observed))
            found.append((names, expected))
    return [(names, expected, plain_result(compiled.run(names))) for names, expected in found]


@pytest.mark.parametrize("row", COMPUTED, ids=[row.python[:60] for row in COMPUTED])
def test_a_row_gives_in_the_machine_what_cpython_gives(row: Row) -> None:
    results = both(row)
    assert len(results) >= (5 if names_of(program(row), INPUTS[0])[0] else 1)
    different = [(names, expected, made) for names, expected, made in results if expected != made]
    assert bool(different) == bool(row.differs), different


def test_most_rows_compute_and_few_differ() -> None:
    differing = [row for row in COMPUTED if row.differs]
    assert len(COMPUTED) >= 270 and len(differing) <= 25
    assert {row.differs for row in differing} <= set(differences.DIFFERENCES)


def test_a_random_row_draws_what_python_may_draw() -> None:
    rows = {row.python: row for row in ROWS}
    for python, holds in RANDOM.items():
        code = program(rows[python])
        used, observed = names_of(code, INPUTS[0])
        names = {name: INPUTS[0][name] for name in used}
        lines = [literal(name, value) for name, value in names.items()]
        source = shortcuts.to_shortcut("\n".join([*lines, code, "is_workflow_actions_getvariable(WFVariable=y)"]) + "\n")
        drawn = [machine.run(source, World.from_json({"seed": seed})).output for seed in range(8)]
        assert all(holds(y, names) for y in drawn), (python, drawn)
        assert len({str(y) for y in drawn}) > 1, python


# ---------------------------------------------------------------------------------------------------------------------------------
# programs whose values are written out, which no action gives a kind

SAID = """
if VALUE:
    print('yes')
else:
    print('no')
print('t' if VALUE else 'f')
print(VALUE or 7)
if not VALUE and 5 > n:
    print('and')
"""
TICK = "def tick():\n    global n\n    n += 1\n    return n\n"
WRITTEN = [
    *(f"n = 3\n{setting}{SAID}" for setting in (
        "VALUE = 0", "VALUE = 5", "VALUE = 0.0", "VALUE = 1\nVALUE -= 1", "k = 0\nVALUE = k", "VALUE = ''", "VALUE = 'a'", "VALUE = 0\nfor w in 'a b'.split():\n"
        "    if w == 'b':\n        VALUE = 1")),
    "for x in [0, 1, 2]:\n    if x:\n        print(x)", "for x in (0, 5):\n    print('t' if x else 'f')", "print(len([x for x in [0, 1, 2] if x]))",
    "def f(x):\n    if x > 5:\n        return 1\n    return 0\nif f(3):\n    print('t')\nelse:\n    print('f')",
    "n = 0\nfor c in 'banana':\n    if c in 'aeiou':\n        n += 1\nprint(n)", "s = 'abc'\nt = ''\nfor c in s:\n    t = c + t\nprint(t)",
    "for k in {'b': 1, 'a': 2}:\n    print(k)", "d = {'b': 1, 'a': 2}\nfor k in d:\n    print(k)\nprint(', '.join(d))\nprint(' '.join(sorted(d)))",
    "d = {'b': 1}\nfor i, k in enumerate(d):\n    print(f'{i} {k}')", "d = {}\nprint('t' if d else 'f')\nd['a'] = 1\nprint('t' if d else 'f')",
    "for i, c in enumerate('abc'):\n    print(f'{i} {c}')", "for x, y in zip('ab', 'cd'):\n    print(f'{x}{y}')",
    "s = 'a-b'\nif any(c == '-' for c in s):\n    print('dash')", "print('-'.join('abc'))\nprint(''.join(sorted('cab')))\nprint(''.join(reversed('abc')))",
    "x = 'Hello'\nok = x.startswith('He')\nprint('yes' if ok else 'no')\nprint('yes' if x.endswith('x') else 'no')",
    "a = [1, 2]\nb = a.copy()\nb.append(3)\nprint(len(a))\nprint(len(b))", "a = [1]\nb = a\nb = [5]\nb.append(3)\nprint(len(a))",
    "a = [1]\nb = a\nprint(len(b))\nb = []\na.append(2)\nprint(len(a))", "a, b = [1], [2]\na, b = b, a\na.append(3)\nprint(len(a))\nprint(len(b))",
    "def count(xs):\n    ys = xs\n    return len(ys)\na = [1]\nn = count(a)\na.append(2)\nprint(len(a))", "a = b = []\na = []\nb.append(1)\nprint(len(a))",
    "a = [1]\nb = a\nx = 5\nif x < 3:\n    b = [3]\nelse:\n    b = [4, 5]\nb.append(4)\nprint(len(a))\nprint(len(b))",
    "def add(xs, y):\n    xs.append(y)\na = [1]\nadd(a, 2)\nprint(len(a))", "def first(text):\n    parts = text.split(',')\n    return parts\nparts = first('a,b')\nprint(parts[1])",
    "s = 'ab'\ns += 'c'\nfor c in s:\n    print(c)", "n = 12\ns = f'{n}ab'\nfor c in s:\n    print(c)\nprint('-'.join(f'{n}a'))",
    "xs = ['b']\nxs.extend('ab')\nw = 'cd'\nxs += w\nxs.extend({'k': 1})\nprint(len(xs))\nprint(xs[-1])",
    "def f(x):\n    if x > 1:\n        return 'big'\nfor x in [2, 1]:\n    r = f(x)\n    print(r or 'nothing')",
    "n = 3\nif n > 5 and (n := 10) > 1:\n    print('a')\nprint(n)", f"n = 1\n{TICK}if n > 5 and tick() > 0:\n    print('a')\nprint(n)",
    f"n = 0\n{TICK}xs = [tick(), tick(), tick()]\nprint(xs[0], xs[2])", f"n = 0\n{TICK}print(tick(), tick(), n)",
    "n = 1\ndef f(x):\n    global n\n    n = 5\n    return x\nprint(f(n))", f"n = 1\n{TICK}def f(x):\n    tick()\n    return x\nprint(f(n))",
    "def f(x):\n    return list(map(lambda x: x * 2, [1, 2]))[0]\ny = 5\nprint(f(y))",
    "xs = ['a', 'b', 'c']\nn = -1\nprint(xs[n])", "xs = ['a', 'b', 'c']\nfor i in range(3):\n    print(xs[i - 1])",
    "xs = ['a', 'b', 'c']\nfor i, x in enumerate(xs):\n    print(x, xs[i - 1], xs[len(xs) - 1 - i])", "s = 'abc'\nn = -1\nprint(s[n])\nprint(s[n + 2])",
    "xs = ['a', 'b', 'c', 'd']\nn = 2\nprint('-'.join(xs[-n:]))\nprint('-'.join(xs[:-n]))\nprint(xs[-n])\nprint('-'.join(xs[max(0, n - 3):]))",
    "from datetime import *\nt, n = datetime(2026, 1, 1), 2\nd = timedelta(days=n)\nn = 5\nprint((t + d).isoformat())",
    "from datetime import *\nt = date(2026, 1, 31)\nprint(t)\nprint(t.isoformat())\nprint(t + timedelta(days=1))\nprint(datetime(2026, 1, 31))",
    "def f(a):\n    b = a % 3\n    a = 5\n    return b\nprint(f(-7))",
    f"n = 1\n{TICK}def show(a, b):\n    return f'{{a}} {{b}}'\nprint(show(n, tick()))",
    "n = 1\ndef show(a, b):\n    return f'{a} {b}'\nprint(show(n, (n := 2)))",
    f'n = 1\n{TICK}def same(x):\n    return x\nprint(same(n), tick())',
    f'n = 1\n{TICK}def get():\n    return n\nprint(get(), tick())',
    f'n = 1\n{TICK}def get():\n    return n\nprint(get() + tick())',
    'n = 1\nif (n := n + 1) > 1:\n    print(n)',
    "s = ' a '\nif (s := s.strip()) == 'a':\n    print(s)",
    f'n = 1\n{TICK}a, b = n, tick()\nprint(a, b)',
    'xs = [1, 2]\ndef f():\n    global xs\n    xs = [5]\n    return 3\nprint(len(xs) + f())',
    'def f(x, seconds=60 * 60):\n    return x + seconds\nprint(f(1))',
    'LIMIT = 5\ndef f(x, most=LIMIT):\n    return x + most\nprint(f(1))',
    'from datetime import *\nstep = timedelta(days=1)\nprint((datetime(2026,1,1) + step).isoformat())\nstep = timedelta(days=7)\nprint((datetime(2026,1,1) + step).isoformat())',
    "s = 'ab'\nfor c in s:\n    s += c\nprint(s)",
    "import re\nsep = '-'\nprint(re.sub('a', sep, 'bab'))",
    "name = 'x'\nimport re\nprint(re.sub('a', f'<{name}>', 'bab'))",
    "import sys\nprint('a', file=sys.stdout)\nprint('b', end=None)",
    "def at(xs, n=-1):\n    return xs[n]\nprint(at(['a', 'b']))\nprint(at(['a', 'b'], 0))",
    "xs = ['a', 'b', 'c']\nfor i in [0, -1]:\n    print(xs[i])",
    "xs = ['a', 'b', 'c']\ni, j = -1, 0\nprint(xs[i], xs[j])",
    "xs = ['a', 'b', 'c']\nc = 1\ni = -1 if c else 0\nprint(xs[i])",
    "from datetime import *\nprint(date(2026, 5, 2))\nprint(f'{date(2026, 5, 2)}')\nprint(date(2026, 5, 2).isoformat())\nprint(date.fromisoformat('2026-05-02'))\nd = date(2026, 5, 2)\nprint(d.isoformat())",
    "d = {'a': 1}\nn = 2\nprint(n, d['a'])",
    'total = 0\nfor x in [1, 2]:\n    total = total + x\nprint(total)',
    "def f(x):\n    return list(map(lambda y: y + 1, [x]))[0]\ny = 3\nprint(f(y))", "x = [1, 2]\nys = [x + 1 for x in x]\nprint(len(x), ys[0])",
    "def f(a):\n    b = int(a)\n    a = 5\n    return b\nprint(f(2.7))", "xs = [3, 4]\nprint([y for x in xs if (y := x + 1) > 4][0])", "n = 4\nprint(n if (n := 3) else 0)",
    "for x in 'a b'.split():\n    if x == 'a':\n        x = x.upper()\n    print(x)",
    "for x in 'b a'.split():\n    if x == 'a':\n        x += '!'\n    print(x)",
    "for i in range(1, 6):\n    if i > 3:\n        i = 3\n    print(i)",
    "for i in range(5):\n    if i > 3:\n        i = 3\n    print(i)",
    "for x in ['1', '2']:\n    for y in ['a', 'b']:\n        x = f'{x}{y}'\n    print(x)",
    "d = {'a': '1', 'b': '2'}\nfor k, v in d.items():\n    if v == '1':\n        v = 'one'\n    print(k + v)",
    "for i, x in enumerate(['a', 'b']):\n    if i == 1:\n        x, i = 'z', 7\n    print(f'{i}{x}')",
    "for x, y in zip(['a', 'b'], ['c', 'd']):\n    if x == 'a':\n        y = 'q'\n    print(x + y)",
    "for d in [{'a': 'q'}, {'a': 'r'}]:\n    if d['a'] == 'q':\n        d['k'] = 'v'\n    print(d['a'], 'k' in d)",
]


@pytest.mark.parametrize("code", WRITTEN)
def test_a_program_of_written_values_shows_what_cpython_prints(code: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "a program of ours", "exec"), {})  # noqa: S102
    assert shortcuts.check(code) == []
    assert [effect.what["text"] for effect in machine.run(code, World()).effects] == printed.getvalue().splitlines()


@pytest.mark.parametrize(("code", "files"), [
    ("with open('a.txt', 'w') as f:\n    f.write('one')\n", {"a.txt": "one"}),
    ("with open('a.txt', 'w') as f:\n    f.write('one')\n    f.write('two')\n", {"a.txt": "onetwo"}),
    ("with open('a.txt', 'w') as f:\n    for x in ['a', 'b']:\n        f.write(x + '\\n')\n", {"a.txt": "a\nb\n"}),
    ("for x in ['a', 'b']:\n    with open(f'{x}.txt', 'w') as f:\n        f.write(x)\n", {"a.txt": "a", "b.txt": "b"}),
    ("n = 7\nwith open('a.txt', 'w') as f:\n    if n > 5:\n        f.write('x')\n", {"a.txt": "x"}),
])
def test_a_file_holds_all_that_is_written_to_it(code: str, files: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "a program of ours", "exec"), {})  # noqa: S102
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == files
    assert shortcuts.check(code) == []
    assert {effect.what["path"]: effect.what["value"] for effect in machine.run(code, World()).effects} == files


# ---------------------------------------------------------------------------------------------------------------------------------
# random expressions

NUMBERS = st.recursive(
    st.sampled_from(["n", "m", "2", "-3", "0.5", "len(s)", "len(xs)", "sum(ns)", "ns[0]", "int(str(m))"]),
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner)
    | st.builds("{}({})".format, st.sampled_from(["abs", "int", "math.floor", "math.ceil", "-"]), inner)
    | st.builds("({} if {} > {} else {})".format, inner, inner, inner, inner)
    | st.builds("{}({}, {})".format, st.sampled_from(["min", "max"]), inner, inner), max_leaves=5)  # fmt: skip
TEXTS = st.recursive(
    st.sampled_from(["s", "'a,B c'", "str(m)", "xs[0]", "xs[-1]", "', '.join(xs)", "f'{m}: {s}'"]),
    lambda inner: st.builds("{}.{}()".format, inner, st.sampled_from(["upper", "lower", "strip", "lstrip", "capitalize"]))
    | st.builds("({} + {})".format, inner, inner) | st.builds("{}.replace('a', {})".format, inner, inner)
    | st.builds("{}[{}]".format, inner, st.sampled_from(["0:3", "2:", "-2:", ":-1", "::-1", ":2"]))
    | st.builds("' '.join({}.split())".format, inner) | st.builds("re.sub('[a-c]', '#', {})".format, inner), max_leaves=4)  # fmt: skip
TESTS = st.recursive(
    st.builds("{} {} {}".format, NUMBERS, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), st.sampled_from(["0", "2", "n"]))
    | st.builds("{} {} {}".format, TEXTS, st.sampled_from(["==", "!="]), st.sampled_from(["s", "'a'", "xs[0]"]))
    | st.builds("{}.{}('1')".format, TEXTS, st.sampled_from(["startswith", "endswith"])) | st.builds("'1' in {}".format, TEXTS) | st.builds("-({})".format, NUMBERS) | TEXTS,
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner) | st.builds("(not {})".format, inner),
    max_leaves=3)  # fmt: skip
LISTS = (st.builds("[{} for x in xs]".format, st.sampled_from(["x", "x.upper()", "len(x)", "x + s"]))
         | st.builds("[x for x in xs if {}]".format, st.sampled_from(["x", "'1' in x", "len(x) > 2", "x != s"]))
         | st.builds("[x {} for x in ns]".format, st.sampled_from(["* 2", "% 3", "// 2", "- 1", "+ n"]))
         | st.sampled_from(["xs + ys", "xs[1:]", "xs[:2]", "xs[-2:]", "list(reversed(xs))", "s.split(',')", "s.split()", "list(s)",
                            "[ns[i] for i in range(len(ns))]", "re.findall('[a-z]+', s)"]))  # fmt: skip
NAMES = st.fixed_dictionaries({
    "n": st.integers(-20, 20), "m": st.integers(1, 9), "s": st.text("aAbB1 ,é\n", max_size=8),
    "xs": st.lists(st.text("abAB1 c", min_size=1, max_size=4), min_size=1, max_size=4), "ys": st.lists(st.sampled_from("abc"), min_size=1, max_size=2),
    "ns": st.lists(st.integers(-9, 9), min_size=1, max_size=4)})  # fmt: skip


@pytest.mark.ci
@settings(max_examples=60, deadline=None)
@given(NUMBERS | TEXTS | LISTS, TESTS, st.lists(NAMES, min_size=3, max_size=3))
def test_random_expressions_give_what_cpython_gives(value: str, test: str, inputs: list[dict[str, Any]]) -> None:
    code = f"y = {value}\nz = 'no'\nif {test}:\n    z = 'yes'"
    if shortcuts.check("\n".join(literal(name, of) for name, of in inputs[0].items()) + f"\n{code}\n"):
        return  # refused with advice
    compiled = Compiled(code, inputs[0], ["y", "z"])
    for names in ({name: given_[name] for name in inputs[0]} for given_ in inputs):
        with contextlib.suppress(ArithmeticError):
            expected = plain_result(by_python(code, names, ["y", "z"]))
            assert plain_result(compiled.run(names)) == expected, (code, names)
