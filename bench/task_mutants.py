"""Mutants of the tasks' references: do the checks notice a program that is nearly right? Prints one JSON object.

    python bench/task_mutants.py                         # ten mutants a task; exit 1 where fewer than 95 % fail
    python bench/task_mutants.py --survivors             # and each that passes, with its task, kind and changed line
    python bench/task_mutants.py --tasks FOLDER NAME ... # of other tasks, or of some

A mutant is the reference with one change, of a kind that models make: an action or a parameter left out, the end cut off, the branches of
an If or a menu swapped, a branch, a condition or a repeat missing, a value replaced or a variable's value written out, a number or a
comparison off by one, a comparison or an operation turned round, another unit, variable, property or action, a name that is written out
as text, a result that is used before it is made, an effect that is had twice; where a program is too short for ten, two of them at once.
It compiles and differs from the reference as a shortcut. What a task's `equivalent` excuses, with a reason, is not drawn. What is only for
the eye (prompts, titles of dialogs, remarks) is not changed.
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
from collections.abc import Iterable, Iterator
from itertools import chain, islice, pairwise, zip_longest
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
PARAMETER, BRANCH, CONDITION, REPEAT = "parameter left out", "missing branch", "condition ignored", "no repeat"
OPERATION, UNIT, ACTION, ORDER = "wrong operation", "wrong unit", "wrong action", "wrong order"
PROPERTY, LITERAL, TWICE, HARD_CODED, CUT = "wrong property", "name as text", "done twice", "hard-coded value", "cut short"
TWO = "two changes"
# Parameters that change what the person sees of a dialog, or only what happens where the world says nothing of it.
FOR_THE_EYE = frozenset((
    "WFAskActionPrompt", "WFInputType", "WFChooseFromListActionPrompt", "WFAlertActionTitle", "WFNotificationActionTitle",
    "WFNotificationActionSound",
    "WFAlertActionCancelButtonShown", "WFAskWhereToSave", "WFSaveFileOverwrite", "WFFileErrorIfNotFound", "WFDateActionMode",
    "WFSendEmailActionShowComposeSheet", "EntryType", "WFContentItemLimitEnabled", "WFAskActionAllowsDecimalNumbers"))  # fmt: skip
WIDER = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
OTHER_TEXT = "something else"
TURNED = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn,
          ast.NotIn: ast.In, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}  # fmt: skip
UNITS = ("sec min", "min hr", "months weeks", "days weeks", "years months", "km mi", "m ft", "cm in", "kg lb", "g oz", "°C °F", "L gal",
         "mL L", "kCal kJ")  # fmt: skip
OTHER_UNIT = {one: other for pair in UNITS for one, other in (pair.split(), pair.split()[::-1])}
# What is easily taken for another: the action and its parameters by the names that the other one has for them.
OTHER_ACTION = {
    "sendmessage": ("sendemail", {"WFSendMessageContent": "WFSendEmailActionInputAttachments",
                                  "WFSendMessageActionRecipients": "WFSendEmailActionToRecipients"}),
    "sendemail": ("sendmessage", {"WFSendEmailActionInputAttachments": "WFSendMessageContent",
                                  "WFSendEmailActionToRecipients": "WFSendMessageActionRecipients"}),
    "addnewreminder": ("addnewevent", {"WFAlertCustomTime": "WFCalendarItemStartDate"}),
    "addnewevent": ("addnewreminder", {"WFCalendarItemStartDate": "WFAlertCustomTime"}),
    "showresult": ("setclipboard", {"Text": "WFInput"}), "alert": ("setclipboard", {"WFAlertActionMessage": "WFInput"}),
    "notification": ("setclipboard", {"WFNotificationActionBody": "WFInput"}), "speaktext": ("setclipboard", {"WFText": "WFInput"}),
    "setclipboard": ("share", {}), "share": ("setclipboard", {}),
    "setvolume": ("setbrightness", {"WFVolume": "WFBrightness"}), "setbrightness": ("setvolume", {"WFBrightness": "WFVolume"}),
    "wifi_set": ("bluetooth_set", {}), "bluetooth_set": ("wifi_set", {}), "airplanemode_set": ("wifi_set", {}),
    "getlastphoto": ("getlastscreenshot", {}), "getlastscreenshot": ("getlastphoto", {}), "takephoto": ("selectphoto", {}),
    "getupcomingevents": ("getupcomingreminders", {}), "getupcomingreminders": ("getupcomingevents", {}),
    "filter_reminders": ("filter_calendarevents", {}), "filter_calendarevents": ("filter_reminders", {}),
    "removereminders": ("showresult", {"WFInputReminders": "Text"}), "deletephotos": ("previewdocument", {"photos": "WFInput"}),
    "documentpicker_save": ("share", {}), "documentpicker_open": ("file_select", {}), "getclipboard": ("nothing", {}),
    "text_split": ("detect_text", {"text": "WFInput"}), "getitemfromlist": ("count", {"WFInput": "Input"}),
    "openurl": ("downloadurl", {"WFInput": "WFURL"}), "downloadurl": ("openurl", {"WFURL": "WFInput"}),
    "round": ("number", {"WFInput": "WFNumberActionNumber"}), "count": ("getitemfromlist", {"Input": "WFInput"}),
    "timer_start": ("delay", {"WFDuration": "WFDelayTime"}), "choosefromlist": ("getitemfromlist", {}),
}  # fmt: skip
# Settings of which the catalogue does not know the default.
DONE_ANYWAY = {"WFCaseType": "UPPERCASE", "WFTextCustomSeparator": "", "WFScientificMathOperation": "Modulus"}
ONCE = frozenset(("sendmessage", "sendemail", "addnewreminder", "addnewevent", "file_append", "health_quantity_log", "appendnote"))
OTHER_INPUT = {"clipboard": "shortcut_input", "shortcut_input": "clipboard"}
PREFIX = "is_workflow_actions_"


class Mutant(NamedTuple):
    """A changed program; `line` is the line of the reference that was changed."""

    kind: str
    line: str
    code: str


def mutants(task: Task, count: int = PER_TASK) -> list[Mutant]:
    """Return `count` mutants of a task, or as many as there are; equal names give equal mutants. The kinds take turns.

    A program too short for as many changes has two at once.
    """
    draw, whole = random.Random(task.name), canonical(to_shortcut(task.reference))
    seen: set[str] = set()

    def other(drawn: Iterable[Mutant]) -> Iterator[Mutant]:  # the programs that are new and another shortcut
        for mutant in drawn:
            if mutant.code not in seen and not _excused(task, mutant) and _differs(mutant.code, whole):
                yield mutant
            seen.add(mutant.code)

    once = _in_turns(other(changes(task.reference)), draw)
    twice = (Mutant(TWO, f"{one.line} | {two.line}", two.code) for one in once for two in changes(one.code))
    return once[:count] if len(once) >= count else (once + _in_turns(other(twice), draw))[:count]


def _in_turns(drawn: Iterable[Mutant], draw: random.Random) -> list[Mutant]:
    by_kind: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in drawn:
        by_kind[mutant.kind].append(mutant)
    for kind in by_kind.values():
        draw.shuffle(kind)
    return [mutant for mutant in chain.from_iterable(zip_longest(*by_kind.values())) if mutant is not None]


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
            changed = ast.parse(code)  # faster than a copy
            target = next(islice(ast.walk(changed), place, None))
            change(target, changed)
            yield Mutant(kind, lines[getattr(node, "lineno", 1) - 1].strip(), ast.unparse(ast.fix_missing_locations(changed)) + "\n")


def _changes_of(node: ast.AST, parents: dict, bound: list[str]) -> Iterator[tuple]:
    if isinstance(node, ast.Module):
        bound += dict.fromkeys(one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store))
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) or isinstance(node, ast.AugAssign):
        yield DROPPED, lambda target, tree: _replace(tree, target, ast.Pass())
    yield from _changes_of_blocks(node)
    if isinstance(node, ast.Module):
        for length in range(1, len(node.body) - 1):
            yield CUT, lambda target, tree, length=length: setattr(target, "body", target.body[:length])
    if isinstance(node, ast.JoinedStr) and not _for_the_eye(node, parents):
        yield LITERAL, lambda target, tree: _become(target, ast.Constant(ast.unparse(target)[2:-1]))
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in bound and node.attr.istitle():
        yield PROPERTY, lambda target, tree: setattr(target, "attr", "Notes")
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and ast.unparse(node.value.func).removeprefix(PREFIX) in ONCE:
        yield TWICE, lambda target, tree: _replace(tree, target, target, copy.deepcopy(target))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        yield from _changes_of_calls(node)
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
    if isinstance(node, ast.Compare) and type(node.ops[0]) in TURNED:
        yield OPERATION, lambda target, tree: target.ops.__setitem__(0, TURNED[type(target.ops[0])]())
    if isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in TURNED:
        yield OPERATION, lambda target, tree: setattr(target, "op", TURNED[type(target.op)]())
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in bound:
        for other in bound:
            if other != node.id:
                yield VARIABLE, lambda target, tree, other=other: setattr(target, "id", other)
        if not isinstance(parents[node], ast.Attribute) and not _for_the_eye(node, parents):
            yield HARD_CODED, lambda target, tree: _become(target, ast.Constant("42"))
    if isinstance(node, ast.Constant) and not _for_the_eye(node, parents):
        for kind, value in _other_values(node, parents):
            yield kind, lambda target, tree, value=value: setattr(target, "value", value)


def _changes_of_blocks(node: ast.AST) -> Iterator[tuple]:
    if isinstance(node, ast.If):
        yield CONDITION, lambda target, tree: _replace(tree, target, *target.body)
        if node.orelse:
            yield BRANCH, lambda target, tree: setattr(target, "orelse", [])
    if isinstance(node, ast.Match):
        for place in range(len(node.cases)):
            yield BRANCH, lambda target, tree, place=place: setattr(target.cases[place], "body", [ast.Pass()])
    if isinstance(node, ast.For) and isinstance(node.target, ast.Name):
        yield REPEAT, lambda target, tree: _replace(tree, target, *_once(target))
    for body in (getattr(node, "body", None), getattr(node, "orelse", None)):
        for place, (one, other) in enumerate(pairwise(body) if isinstance(body, list) else ()):
            if isinstance(one, ast.Assign) and one.targets[0].id in _names(other):
                field = "body" if body is node.body else "orelse"
                yield ORDER, lambda target, tree, field=field, place=place: _exchange(getattr(target, field), place)


def _changes_of_calls(node: ast.Call) -> Iterator[tuple]:
    name = node.func.id.removeprefix(PREFIX)
    if node.func.id.startswith(PREFIX):
        usual = {parameter.key: parameter.default for parameter in Catalog.load().by_name(node.func.id).parameters}
        for place, keyword in enumerate(node.keywords):
            # An input that is left out is the output of the action before, which it often is anyway: only settings are left out.
            setting = isinstance(keyword.value, ast.Constant) and keyword.arg not in FOR_THE_EYE | {"Text"}
            if setting and keyword.value.value not in (usual.get(keyword.arg), DONE_ANYWAY.get(keyword.arg)):
                yield PARAMETER, lambda target, tree, place=place: target.keywords.pop(place)
    if name == "quantity" and isinstance(node.args[1], ast.Constant) and node.args[1].value in OTHER_UNIT:
        yield UNIT, lambda target, tree: setattr(target.args[1], "value", OTHER_UNIT[target.args[1].value])
    if name in OTHER_INPUT:
        yield VARIABLE, lambda target, tree: setattr(target.func, "id", OTHER_INPUT[target.func.id])
    if name in OTHER_ACTION:
        yield ACTION, lambda target, tree: _call_instead(target, *OTHER_ACTION[target.func.id.removeprefix(PREFIX)])


def _become(target: ast.AST, other: ast.AST) -> None:
    """Make a node another one, in its place."""
    target.__class__, target.__dict__ = other.__class__, {**target.__dict__, **other.__dict__}


def _call_instead(target: ast.Call, name: str, keys: dict[str, str]) -> None:
    target.func.id = PREFIX + name
    for keyword in target.keywords:
        keyword.arg = keys.get(keyword.arg, keyword.arg)


def _once(target: ast.For) -> list[ast.stmt]:
    """Return the body of a repeat as it runs without it: all items at once."""
    counts = isinstance(target.iter, ast.Call) and isinstance(target.iter.func, ast.Name) and target.iter.func.id == "range"
    return target.body if counts else [ast.Assign([target.target], target.iter), *target.body]


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _exchange(body: list[ast.stmt], place: int) -> None:
    body[place], body[place + 1] = body[place + 1], body[place]


def _swap_branches(target: ast.If) -> None:
    target.body, target.orelse = target.orelse or [ast.Pass()], [one for one in target.body if not isinstance(one, ast.Pass)]


def _swap_cases(one: ast.match_case, other: ast.match_case) -> None:
    one.body, other.body = other.body, one.body


def _replace(tree: ast.AST, old: ast.AST, *new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for body in (getattr(parent, "body", None), getattr(parent, "orelse", None)):
            if isinstance(body, list) and old in body:
                body[body.index(old) : body.index(old) + 1] = new


def _for_the_eye(node: ast.AST, parents: dict) -> bool:
    """True for a value whose change nobody asked about: in a remark, a prompt, a title."""
    parent = parents.get(node)
    while parent is not None and not isinstance(parent, ast.stmt):
        if isinstance(parent, ast.keyword) and parent.arg in FOR_THE_EYE:
            return True
        if isinstance(parent, ast.Dict) and (node in parent.keys or _value_for_the_eye(parent, node)):
            return True
        if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.func.id in ("menu", "quantity"):
            return parent.func.id == "menu" or isinstance(getattr(node, "value", None), str)
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
            yield VALUE, ""


def _enumeration(call: ast.AST | None, key: str | None, value: str) -> list[str]:
    """Return the other values that a parameter may have, where it is one of some words."""
    api = Catalog.load().by_name(call.func.id) if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else None
    words = next((parameter.enum for parameter in api.parameters if parameter.key == key), ()) if api else ()
    return [word for word in words if word != value] if value in words else []


# ---------------------------------------------------------------------------------------------------------------------------------


class Result(NamedTuple):
    """The mutants tried and failed, counted by kind, and those that passed, with the name of their task."""

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
                      "per_task": round(result.tried.total() / max(len(tasks), 1), 2),
                      "by_kind": {kind: round(result.failed[kind] / tried, 4) for kind, tried in result.tried.items()},
                      "survivors": sorted(Counter(name for name, _ in result.survivors).items())}, indent=1))  # fmt: skip
    return 0 if result.share >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
