"""Tasks: requests with worlds in which a program for them must do what was asked, and nothing that was not. tasks/README.md has the form.

    task = load()[0]
    score(task, "is_workflow_actions_showresult(Text='9.60')").passed

A program passes if it does in every world all that the world's `must` says and nothing of its `must_not`. It runs in the machine
(shortcuts/machine); nothing of it is executed here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from math import comb
from pathlib import Path
from typing import Any, NamedTuple

from common import jsonl
from common.excerpts import shorten
from common.jsonl import UserError
from common.metrics.task_checks import Run, holds, unwanted
from shortcuts import to_shortcut
from shortcuts.machine import World, WorldError, compile_shortcut, run

FOLDER = Path(__file__).resolve().parents[2] / "tasks"
SCHEMA = "schema.json"
GROUPS = ("plain", "trap", "impossible")
COMMENT = "is.workflow.actions.comment"
HELD_SHARE = 3  # one task of so many is held

NOT_COMPILED, CRASHED, FORBIDDEN, UNKNOWN, WRONG = "does not compile", "crashed", "forbidden effect", "unknown", "wrong effect"
FAILURES = (NOT_COMPILED, CRASHED, FORBIDDEN, UNKNOWN, WRONG)
ENDED_WELL = frozenset(("finished", "exited", "output", "cancelled"))


@dataclass(frozen=True)
class Place:
    """A world of a task, and what a run in it must do, must not do, and may do beside."""

    world: World
    must: tuple[dict[str, Any], ...]
    must_not: tuple[dict[str, Any], ...]
    may: tuple[str, ...]


@dataclass(frozen=True)
class Task:
    """A task; tasks/schema.json describes the fields. `reference` is a program that passes."""

    name: str
    request: str
    language: str
    group: str
    category: str
    difficulty: int
    apis: tuple[str, ...]
    reference: str
    places: tuple[Place, ...]
    equivalent: tuple[dict[str, str], ...]

    @property
    def held(self) -> bool:
        """True for a task that no prompt, rule, example or reward may use."""
        return is_held(self.name)


class Verdict(NamedTuple):
    """True if a program passes; else the class of its failure, the world (from 1), and what was wrong there."""

    passed: bool
    failure: str = ""
    world: int = 0
    detail: str = ""


def is_held(name: str) -> bool:
    """True for one name of three, by its hash."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % HELD_SHARE == 0


# ---------------------------------------------------------------------------------------------------------------------------------
# reading


def load(folder: Path = FOLDER) -> list[Task]:
    """Return the tasks of a folder, by name. Raises UserError for one that does not fit the schema."""
    paths = sorted(path for path in folder.glob("*.json") if path.name != SCHEMA)
    if not paths:
        raise UserError(f"{folder}: no task there; a task is a JSON file, see {FOLDER / 'README.md'}")
    return [read(path) for path in paths]


def read(path: Path) -> Task:
    """Return the task of a file. Raises UserError with the place that does not fit."""
    record = jsonl.whole(path)
    error = next(iter(sorted(_validator().iter_errors(record), key=lambda error: len(error.path))), None)
    if error is not None:
        where = ".".join(map(str, error.absolute_path)) or "the task"
        raise UserError(f"{path}: {where}: {shorten(error.message, 200)}")
    if record["name"] != path.stem:
        raise UserError(f"{path}: the name {record['name']!r} is not that of the file")
    try:
        places = tuple(Place(World.from_json(one["world"]), tuple(one["must"]), tuple(one.get("must_not", ())), tuple(one.get("may", ())))
                       for one in record["worlds"])  # fmt: skip
    except WorldError as error:
        raise UserError(f"{path}: {error}") from None
    return Task(record["name"], record["request"], record.get("language", "en"), record["group"], record["category"], record["difficulty"],
                tuple(record["apis"]), "\n".join(record["reference"]) + "\n", places, tuple(record.get("equivalent", ())))  # fmt: skip


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator  # half a second

    return Draft202012Validator(jsonl.whole(FOLDER / SCHEMA))


# ---------------------------------------------------------------------------------------------------------------------------------
# scoring


def score(task: Task, code: str, prose: str = "") -> Verdict:
    """Return the verdict on a program; `prose` is what its author wrote around it, where it may say what cannot be done."""
    try:
        shortcut = to_shortcut(code)
        program = compile_shortcut(shortcut)
    except ValueError as error:  # DialectError, Unbalanced
        return Verdict(False, NOT_COMPILED, 0, str(error))
    said = "\n".join([prose, *remarks(shortcut)])
    for number, place in enumerate(task.places, start=1):
        failure, detail = _failure(Run(run(program, place.world), place.world, said), place)
        if failure:
            return Verdict(False, failure, number, detail)
    return Verdict(True)


def remarks(shortcut: dict[str, Any]) -> list[str]:
    """Return the texts of a shortcut's comments."""
    comments = [action for action in shortcut["WFWorkflowActions"] if action["WFWorkflowActionIdentifier"] == COMMENT]
    return [str(action.get("WFWorkflowActionParameters", {}).get("WFCommentActionText", "")) for action in comments]


def _failure(done: Run, place: Place) -> tuple[str, str]:
    """Return the class of a run's failure and what was wrong, or two empty texts. What must not be is the worst."""
    outcome = done.outcome
    if broken := next((check for check in place.must_not if holds(check, done)), None):
        return FORBIDDEN, f"must not: {broken}"
    if effect := unwanted(place.must, place.may, done):
        return FORBIDDEN, f"{effect.verb}: {shorten(str(effect.what), 200)}"
    if missed := next((check for check in place.must if not holds(check, done)), None):
        if outcome.faults or outcome.end not in ENDED_WELL and not outcome.unknowns:
            return CRASHED, outcome.reason or outcome.faults[0]
        return (UNKNOWN, f"{missed}; {next(iter(outcome.unknowns))}") if outcome.unknowns else (WRONG, f"missing: {missed}")
    return ("", "") if outcome.end in ENDED_WELL else (CRASHED, outcome.reason)


# ---------------------------------------------------------------------------------------------------------------------------------
# several samples of a task


def pass_at(samples: int, passed: int, k: int) -> float:
    """Return the chance that one of k samples passes, estimated without bias from n samples of which some passed (Chen et al. 2021)."""
    return 1 - comb(samples - passed, k) / comb(samples, k)


def pass_all(samples: int, passed: int, k: int) -> float:
    """Return the chance that all of k samples pass, pass^k, estimated without bias (Yao et al. 2024)."""
    return comb(passed, k) / comb(samples, k)
