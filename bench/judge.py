"""Programs whose verdict is known, before the judge of the Pass Rate, and the same before execution match. Prints one JSON object.

    python bench/judge.py --half mend --judge strong --judge-url http://127.0.0.1:8000/v1 --output /tmp/judge     # to work on the prompt
    python bench/judge.py --half untouched --judge strong --judge-url URL --votes 3 --output /tmp/judge           # to report
    python bench/judge.py --half untouched                                                                    # execution match alone

A half is 30 programs for 30 tasks of tasks/, drawn by --seed; those of the half `untouched` are the held tasks, which no prompt has seen.
The person's request is the task's. In each half:

    pass    gold: the reference; extra: the reference and an action more that harms nothing
    fail    value: a value, number or enumeration differs; branch: a branch is empty; order: two lines have changed places

Verdicts are known by construction and checked: the task's own checks run each program in the task's worlds, and agree. All records offer
the actions of `extra` besides their own, so that a list of actions tells nothing.

    right          share of the verdicts that are right, with its interval
    false_pass     of the programs that must fail, the share that passes;   false_fail: the other way round
    single         right ones of all single votes
    length         the dependence of passing on length among the programs, and of the truth: their difference is the judge's bias
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench import task_mutants  # noqa: E402
from common import cli, llm  # noqa: E402
from common.metrics import chance_and_intervals as intervals  # noqa: E402
from common.metrics import judge  # noqa: E402
from common.metrics.execution_match import execution_match  # noqa: E402
from common.metrics.tasks import FORBIDDEN, WRONG, Task, load, score  # noqa: E402
from shortcuts import apis_of  # noqa: E402

MEND, UNTOUCHED = "mend", "untouched"
PASSING = frozenset(("gold", "extra"))
WANTED = {"order": 5, "branch": 5, "extra": 7, "gold": 8, "value": 5}  # of a half; the rarest first, the commonest fills it up
EXTRAS = (  # statements that harm nothing and depend on nothing
    "battery_now = is_workflow_actions_getbatterylevel()", "is_workflow_actions_vibrate()", "moment = is_workflow_actions_date()",
    "lucky = is_workflow_actions_number_random(WFRandomNumberMinimum=1, WFRandomNumberMaximum=6)")  # fmt: skip


class Case(NamedTuple):
    """A program for a task, what kind of change made it, and the changed line."""

    task: Task
    kind: str
    code: str
    line: str = ""

    @property
    def passes(self) -> bool:
        """The verdict that is right."""
        return self.kind in PASSING


# ---------------------------------------------------------------------------------------------------------------------------------
# the programs


def cases(half: str, seed: int) -> list[Case]:
    """Return the programs of a half, in a drawn order."""
    draw = random.Random(f"{seed}/{half}")
    tasks = [task for task in load() if task.held == (half == UNTOUCHED) and task.group != "impossible"]
    draw.shuffle(tasks)
    chosen, size = list[Case](), 0
    for kind, count in WANTED.items():
        size += count
        found = (case for task in tasks if task not in [one.task for one in chosen] if (case := made(task, kind, draw)))
        chosen += [case for case, _ in zip(found, range(size - len(chosen)), strict=False)]
    draw.shuffle(chosen)
    return chosen


def made(task: Task, kind: str, draw: random.Random) -> Case | None:
    """Return a program of this kind for a task, or None where there is none of which the task's checks say the same."""
    candidates = list(KINDS[kind](task))
    draw.shuffle(candidates)
    return next((Case(task, kind, code, line) for code, line in candidates if agrees(task, kind, code)), None)


def agrees(task: Task, kind: str, code: str) -> bool:
    """True if the task's checks, run in its worlds, give the verdict that is meant."""
    verdict = score(task, code)
    return verdict.passed if kind in PASSING else verdict.failure in (WRONG, FORBIDDEN)


def gold(task: Task) -> Iterator[tuple[str, str]]:
    """Yield the reference."""
    yield task.reference, ""


def extra(task: Task) -> Iterator[tuple[str, str]]:
    """Yield the reference with a harmless line more, at its beginning or end."""
    for line in EXTRAS:
        yield f"{line}\n{task.reference}", line
        yield f"{task.reference}{line}\n", line


def value(task: Task) -> Iterator[tuple[str, str]]:
    """Yield the mutants with another value."""
    return ((one.code, one.line) for one in task_mutants.changes(task.reference)
            if one.kind in (task_mutants.VALUE, task_mutants.OFF_BY_ONE))  # fmt: skip


def branch(task: Task) -> Iterator[tuple[str, str]]:
    """Yield the reference with one branch of an If or a menu empty."""
    return changed(task.reference, lambda body, index: [ast.Pass()] if isinstance(body, list) and index < 0 else None)


def order(task: Task) -> Iterator[tuple[str, str]]:
    """Yield the reference with two neighbouring lines in each other's place."""
    return changed(task.reference, lambda body, index: [*body[:index], body[index + 1], body[index], *body[index + 2:]]
                   if 0 <= index < len(body) - 1 else None)  # fmt: skip


def changed(code: str, change: Callable[[list[ast.stmt], int], list[ast.stmt] | None]) -> Iterator[tuple[str, str]]:
    """Yield the program for each of its bodies that changes, index -1 standing for a branch as a whole; and the line."""
    tree = ast.parse(code)
    for place, (holder, name) in enumerate(bodies(tree)):
        body = getattr(holder, name)
        for index in range(-1 if isinstance(holder, ast.If | ast.match_case) else 0, len(body)):
            if (new := change(body, index)) is not None and ast.dump(ast.Module(new, [])) != ast.dump(ast.Module(body, [])):
                other = copy.deepcopy(tree)
                target, field = list(bodies(other))[place]
                setattr(target, field, copy.deepcopy(new))
                yield ast.unparse(ast.fix_missing_locations(other)) + "\n", ast.unparse(body[max(index, 0)]).splitlines()[0]


def bodies(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Yield each list of statements as its owner and the name of the field."""
    for node in ast.walk(tree):
        yield from ((node, name) for name in ("body", "orelse") if isinstance(getattr(node, name, None), list) and getattr(node, name))


KINDS: dict[str, Callable[[Task], Iterator[tuple[str, str]]]] = {
    "gold": gold, "extra": extra, "value": value, "branch": branch, "order": order}  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------------------
# the verdicts and their figures


def verdicts(chosen: list[Case], writer: llm.Writer, args: argparse.Namespace) -> dict[str, judge.Verdict]:
    """Return the judge's verdict on each program, by the name of its task, kept in a file of the output folder."""
    offered = sorted({api for line in EXTRAS for api in apis_of(line)})
    tests = [{"id": case.task.name, "query": case.task.request, "apis": sorted({*case.task.apis, *apis_of(case.code), *offered}),
              "messages": [{"role": "user", "content": case.task.request}]} for case in chosen]  # fmt: skip
    samples = [{"id": case.task.name, "prediction": {"code": case.code}} for case in chosen]
    found = judge.judge_samples(writer, args.votes, tests, samples, args.output / f"{args.half}.jsonl")
    for identifier, reject in found.unanswered.items():
        cli.say(f"{identifier}: no verdict: {reject}")
    return found.verdicts


def figures(chosen: list[Case], passed: dict[str, bool | None], seed: int) -> dict[str, Any]:
    """Return how right verdicts are; `passed` by the name of the task, None where there is none. A share of nothing is None."""
    known = [(case, said) for case in chosen if (said := passed.get(case.task.name)) is not None]
    right = intervals.estimate([{"right": case.passes == said} for case, said in known], ["right"], seed)
    wrongly = {truth: [case.passes != said for case, said in known if case.passes == truth] for truth in (True, False)}
    lengths = [len(case.code.split()) for case, _ in known]
    return {
        "n": len(known), "undecided": len(chosen) - len(known), "right": right["right"]._asdict() if right else None,
        "false_pass": fmean(wrongly[False]) if wrongly[False] else None, "false_fail": fmean(wrongly[True]) if wrongly[True] else None,
        "by_kind": {kind: [sum(case.passes == said for case, said in known if case.kind == kind),
                           sum(case.kind == kind for case, _ in known)] for kind in WANTED},
        "length": {"judged": judge.length_bias([said for _, said in known], lengths, seed),
                   "truth": judge.length_bias([case.passes for case, _ in known], lengths, seed)},
        "wrong": [f"{case.kind}: {case.task.name}: {case.line}" for case, said in known if case.passes != said],
    }  # fmt: skip


def single_votes(chosen: list[Case], found: dict[str, judge.Verdict]) -> dict[str, Any]:
    """Return how right single votes are, and how often all votes on a program agree."""
    votes = [(case.passes, vote) for case in chosen if case.task.name in found for vote in found[case.task.name].votes]
    several = [verdict.votes for verdict in found.values() if verdict.votes]
    right = [truth == vote for truth, vote in votes if vote is not None]
    return {"votes": len(votes), "invalid": len(votes) - len(right), "single": fmean(right) if right else None,
            "unanimous": fmean(len(set(own)) == 1 for own in several) if several else None}  # fmt: skip


def main() -> int:
    """Draw the programs, have them judged, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=(MEND, UNTOUCHED), required=True)
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--judge", metavar="MODEL")
    parser.add_argument("--judge-url", metavar="URL")
    parser.add_argument("--votes", type=cli.positive_int, default=1, metavar="K")
    parser.add_argument("--output", type=Path, default=Path("data/judge"), metavar="DIR", help="(default: data/judge)")
    llm.add_request_arguments(parser.add_argument_group("requests to the judge"))
    args = parser.parse_args()
    if args.dry_run and not args.judge:
        parser.error("--dry-run counts what a judge would be asked: give --judge")
    chosen = cases(args.half, args.seed)
    result: dict[str, Any] = {"half": args.half, "seed": args.seed, "programs": len(chosen)}
    if args.judge:
        writer = llm.open_named(args, args.judge, args.judge_url)
        found = verdicts(chosen, writer, args)
        passed = {name: verdict.passed for name, verdict in found.items()}
        result["judge"] = writer.figures() if args.dry_run else figures(chosen, passed, args.seed) | single_votes(chosen, found)
    if not args.dry_run:
        matches = {case.task.name: execution_match(case.task.reference, case.code) for case in chosen}
        result["execution_match"] = figures(
            chosen, {name: None if match.match is None else match.equal for name, match in matches.items()}, args.seed)  # fmt: skip
    print(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    cli.start(main)
