"""Mutants of the tasks' references: do the checks notice a program that is nearly right? Prints one JSON object.

    python bench/task_mutants.py                         # ten mutants a task; exit 1 where fewer than 95 % fail
    python bench/task_mutants.py --survivors             # and each that passes, with its task, kind and changed line
    python bench/task_mutants.py --tasks FOLDER NAME ... # of other tasks, or of some

A mutant is the reference with one change: an action dropped, the branches of an If or a menu swapped, a value replaced, a number or a
comparison off by one, another variable. It compiles and differs from the reference as a shortcut. What a task's `equivalent` excuses, with
a reason, is not drawn. What is only for the eye (prompts, titles of dialogs, remarks) is not changed.
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import chain, zip_longest
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from common.jsonl import UserError  # noqa: E402
from common.metrics.tasks import FOLDER, Task, load, score  # noqa: E402
from shortcuts import canonical, to_shortcut  # noqa: E402
from shortcuts.catalog import Catalog  # noqa: E402

PER_TASK = 10
WANTED = 0.95  # share of the mutants that must fail
DROPPED, SWAPPED, VALUE, OFF_BY_ONE, VARIABLE = "dropped action", "swapped branch", "wrong value", "off by one", "wrong variable"
# Parameters that change what the person sees of a dialog, or only what happens where the world says nothing of it.
FOR_THE_EYE = frozenset((
    "WFAskActionPrompt", "WFInputType", "WFChooseFromListActionPrompt", "WFAlertActionTitle", "WFNotificationActionTitle",
    "WFNotificationActionSound",
    "WFAlertActionCancelButtonShown", "WFAskWhereToSave", "WFSaveFileOverwrite", "WFFileErrorIfNotFound", "WFDateActionMode",
    "WFSendEmailActionShowComposeSheet", "EntryType", "WFContentItemLimitEnabled", "WFAskActionAllowsDecimalNumbers"))  # fmt: skip
WIDER = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
OTHER_TEXT = "something else"


class Mutant(NamedTuple):
    """A changed program; `line` is the line of the reference that was changed."""

    kind: str
    line: str
    code: str


def mutants(task: Task, count: int = PER_TASK) -> list[Mutant]:
    """Return `count` mutants of a task, or as many as there are; equal names give equal mutants. The kinds take turns."""
    draw, by_kind, whole = random.Random(task.name), defaultdict(list), canonical(to_shortcut(task.reference))
    seen: set[str] = set()
    for mutant in changes(task.reference):
        if mutant.code not in seen and not _excused(task, mutant) and _differs(mutant.code, whole):
            by_kind[mutant.kind].append(mutant)
        seen.add(mutant.code)
    for kind in by_kind.values():
        draw.shuffle(kind)
    turns = chain.from_iterable(zip_longest(*by_kind.values()))
    return [mutant for mutant in turns if mutant is not None][:count]


def _excused(task: Task, mutant: Mutant) -> bool:
    return any(one["line"] in mutant.line and one.get("kind", mutant.kind) == mutant.kind for one in task.equivalent)


def _differs(code: str, whole: object) -> bool:
    try:
        return canonical(to_shortcut(code)) != whole
    except ValueError:  # it does not compile
        return False


# ---------------------------------------------------------------------------------------------------------------------------------
# the changes


def changes(code: str) -> Iterator[Mutant]:
    """Yield every program with one change."""
    tree, lines = ast.parse(code), code.splitlines()
    parents = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    bound: list[str] = []
    for place, node in enumerate(ast.walk(tree)):
        for kind, change in _changes_of(node, parents, bound):
            changed = copy.deepcopy(tree)
            target = next(other for number, other in enumerate(ast.walk(changed)) if number == place)
            change(target, changed)
            yield Mutant(kind, lines[getattr(node, "lineno", 1) - 1].strip(), ast.unparse(ast.fix_missing_locations(changed)) + "\n")


def _changes_of(node: ast.AST, parents: dict, bound: list[str]) -> Iterator[tuple]:
    if isinstance(node, ast.Module):
        bound += dict.fromkeys(one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store))
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) or isinstance(node, ast.AugAssign):
        yield DROPPED, lambda target, tree: _replace(tree, target, ast.Pass())
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
        if given := next((item for item in ast.walk(node.value) if isinstance(item, ast.Name) and item.id in bound), None):
            yield DROPPED, lambda target, tree: setattr(target, "value", ast.Name(given.id, ast.Load()))
    if isinstance(node, ast.If):
        yield SWAPPED, lambda target, tree: _swap_branches(target)
    if isinstance(node, ast.Match):
        for first in range(len(node.cases) - 1):
            yield SWAPPED, lambda target, tree, first=first: _swap_cases(target.cases[first], target.cases[first + 1])
    if isinstance(node, ast.Compare) and type(node.ops[0]) in WIDER:
        yield OFF_BY_ONE, lambda target, tree: target.ops.__setitem__(0, WIDER[type(target.ops[0])]())
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in bound:
        for other in bound:
            if other != node.id:
                yield VARIABLE, lambda target, tree, other=other: setattr(target, "id", other)
    if isinstance(node, ast.Constant) and not _for_the_eye(node, parents):
        for kind, value in _other_values(node, parents):
            yield kind, lambda target, tree, value=value: setattr(target, "value", value)


def _swap_branches(target: ast.If) -> None:
    target.body, target.orelse = target.orelse or [ast.Pass()], [one for one in target.body if not isinstance(one, ast.Pass)]


def _swap_cases(one: ast.match_case, other: ast.match_case) -> None:
    one.body, other.body = other.body, one.body


def _replace(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for body in (getattr(parent, "body", None), getattr(parent, "orelse", None)):
            if isinstance(body, list) and old in body:
                body[body.index(old)] = new


def _for_the_eye(node: ast.AST, parents: dict) -> bool:
    """True for a constant whose change nobody asked about: in a remark, a prompt, a title."""
    parent = parents.get(node)
    while parent is not None and not isinstance(parent, ast.stmt):
        if isinstance(parent, ast.keyword) and parent.arg in FOR_THE_EYE:
            return True
        if isinstance(parent, ast.Dict) and (node in parent.keys or _value_for_the_eye(parent, node)):
            return True
        if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.func.id in ("menu", "quantity"):
            return parent.func.id == "menu" or isinstance(node.value, str)
        node, parent = parent, parents.get(parent)
    return isinstance(parent, ast.Expr) and isinstance(parent.value, ast.Constant)


def _value_for_the_eye(holder: ast.Dict, node: ast.AST) -> bool:
    pairs = zip(holder.keys, holder.values, strict=True)
    return any(isinstance(key, ast.Constant) and key.value in FOR_THE_EYE and value is node for key, value in pairs)


def _other_values(node: ast.Constant, parents: dict) -> Iterator[tuple]:
    value, keyword = node.value, parents.get(node)
    if isinstance(value, bool):
        yield VALUE, not value
    elif isinstance(value, int | float):
        yield OFF_BY_ONE, value + 1
        yield OFF_BY_ONE, value - 1
        yield VALUE, value * 3 + 7
    elif isinstance(value, str):
        if isinstance(keyword, ast.keyword) and (others := _enumeration(parents.get(keyword), keyword.arg, value)):
            yield from ((VALUE, other) for other in others)
        elif number := re.search(r"\d+", value):
            yield OFF_BY_ONE, f"{value[: number.start()]}{int(number[0]) + 1}{value[number.end() :]}"
            yield VALUE, f"{value[: number.start()]}{int(number[0]) * 3 + 7}{value[number.end() :]}"
        elif re.search(r"\w", value):
            yield VALUE, OTHER_TEXT


def _enumeration(call: ast.AST | None, key: str | None, value: str) -> list[str]:
    """Return the other values that a parameter may have, where it is one of some words."""
    api = Catalog.load().by_name(call.func.id) if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else None
    words = next((parameter.enum for parameter in api.parameters if parameter.key == key), ()) if api else ()
    return [word for word in words if word != value] if value in words else []


# ---------------------------------------------------------------------------------------------------------------------------------


class Result(NamedTuple):
    """How many mutants were tried and failed, by kind, and those that passed, with the name of their task."""

    tried: Counter
    failed: Counter
    survivors: list[tuple[str, Mutant]]

    @property
    def share(self) -> float:
        """The share of the mutants that failed."""
        return self.failed.total() / max(self.tried.total(), 1)


def measured(tasks: list[Task], count: int = PER_TASK) -> Result:
    """Return what became of the mutants of tasks."""
    result = Result(Counter(), Counter(), [])
    for task in tasks:
        for mutant in mutants(task, count):
            passed = score(task, mutant.code).passed
            result.tried[mutant.kind] += 1
            result.failed[mutant.kind] += not passed
            result.survivors.extend([(task.name, mutant)] * passed)
    return result


def main() -> int:
    """Print the rates; return 1 where they are too low."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=Path, default=FOLDER, metavar="FOLDER", help="the tasks (default: tasks/)")
    parser.add_argument("--count", type=int, default=PER_TASK, metavar="N", help=f"mutants a task (default: {PER_TASK})")
    parser.add_argument("--survivors", action="store_true", help="print each mutant that passes")
    parser.add_argument("names", nargs="*", metavar="NAME", help="these tasks alone")
    args = parser.parse_args()
    try:
        tasks = [task for task in load(args.tasks) if not args.names or task.name in args.names]
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    if broken := [task.name for task in tasks if not score(task, task.reference).passed]:
        print(f"the reference itself fails: {', '.join(broken)}", file=sys.stderr)
        return 1
    result = measured(tasks, args.count)
    for name, mutant in result.survivors if args.survivors else ():
        print(f"{name}: {mutant.kind}: {mutant.line}\n{mutant.code}", file=sys.stderr)
    print(json.dumps({"tasks": len(tasks), "mutants": result.tried.total(), "failed": round(result.share, 4),
                      "by_kind": {kind: round(result.failed[kind] / tried, 4) for kind, tried in result.tried.items()},
                      "survivors": sorted(Counter(name for name, _ in result.survivors).items())}, indent=1))  # fmt: skip
    return 0 if result.share >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
