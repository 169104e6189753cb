"""The reward of an answer in reinforcement (07 --reinforce): what its program is and does, stage by stage. This is the file to edit.

    found = reward(record["messages"][:-1], answer, record)     # a Reward: its parts, each 0 to 1
    found.total()                                               # what the model is trained on

A stage counts as far as the one before it holds, so no later one can be had without the earlier: a text with a program, which parses,
calls the APIs that gold calls (with a value where gold gives one), compiles, passes `check`, whose calls come to something, and which does
what gold does. A call comes to something if its result, where gold uses that, reaches a call that gold makes for its own sake: it is shown,
sent, kept, put out. So a list of a request's APIs, whose metrics are good, or a line that always compiles is worth as little here as it
is to a person.

`trl` and `verl` are the same as reward functions of those trainers, see bench/trl_reward.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import shortcuts
from common import cli
from common.excerpts import without_comments
from common.jsonl import Record
from common.metrics.execution_match import execution_match
from common.metrics.trace_match import trace_match, traced
from common.replies import parse_answer
from shortcuts.trace import Trace

# The share of each stage in the whole; what comes last weighs most.
SHARES = {"answers": 0.05, "parses": 0.05, "calls": 0.05, "compiles": 0.15, "clean": 0.1, "reaches": 0.25, "matches": 0.35}
GUARANTEED = ("answers", "parses")  # what a grammar sees to: it earns nothing there
CHARGE = 0.05  # for a program that is twice as long as gold, or longer
HEADS = ("if", "menu", "for")  # steps of a trace that are no calls
KEPT = 4096  # golds whose calls are remembered


class Reward(NamedTuple):
    """The stages, each 0 to 1, and the length beyond gold's, as a share of gold's: 1 for twice as long or longer."""

    answers: float = 0.0
    parses: float = 0.0
    calls: float = 0.0
    compiles: float = 0.0
    clean: float = 0.0
    reaches: float = 0.0
    matches: float = 0.0
    length: float = 0.0

    @property
    def passed(self) -> bool:
        """True for a program without findings that calls what gold calls, all of which comes to something."""
        return self.reaches == 1.0

    def total(self, guaranteed: Sequence[str] = ()) -> float:
        """The whole, at most 1, without what the guaranteed stages earn."""
        return sum(share * getattr(self, stage) for stage, share in SHARES.items() if stage not in guaranteed) - CHARGE * self.length


def reward(prompt: Any, answer: str, record: Record) -> Reward:
    """The reward of a model's answer to the prompt of a record: `reference` or the last message holds gold. Never fails."""
    code, gold = without_comments(parse_answer(answer).code), gold_of(record)
    if not code.strip():
        return Reward()
    try:
        with cli.one_record():  # a model may write anything
            return _staged(code, gold)
    except cli.Reject:
        return Reward(answers=1.0)


def gold_of(record: Record) -> str:
    """The program that a record's answer holds, without comments; "" if there is none."""
    return without_comments(record.get("reference") or parse_answer(record["messages"][-1]["content"]).code)


def _staged(code: str, gold: str) -> Reward:
    found = Reward(answers=1.0, length=min(1.0, max(0.0, len(code.strip()) / max(1, len(gold.strip())) - 1)))
    diagnostics, shortcut = shortcuts.review(code)
    if any(diagnostic.code == "syntax" for diagnostic in diagnostics):
        return found
    program = shortcuts.in_dialect(code)
    calls, reaches = reached(gold, program)
    found = found._replace(parses=1.0, calls=calls)
    if shortcut is None:
        return found
    found = found._replace(compiles=calls)
    if diagnostics:
        return found
    match = execution_match(gold, program).match if reaches else 0.0
    match = trace_match(gold, program) if match is None else match  # the machine cannot run every gold
    return found._replace(clean=calls, reaches=reaches, matches=reaches * match)


def reached(gold: str, code: str) -> tuple[float, float]:
    """(share of the APIs of gold that a program of the dialect calls as gold does, share of those that also come to something)."""
    (given, ends), made = _wanted(gold), traced(code)
    called = {step.number: step.name for path in made.paths for step in path
              if step.name in given and (not given[step.name] or given[step.name] & _keys(step))}  # fmt: skip
    live = _live(made, ends)
    names = set(called.values()), {name for number, name in called.items() if number in live}
    calls, reaches = (len(some) / max(1, len(given)) for some in names)
    return calls, reaches


@lru_cache(KEPT)
def _wanted(gold: str) -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    """Return the parameters that gold gives to each API, and the APIs that it calls for their own sake: it uses no result of theirs."""
    steps = [step for path in traced(shortcuts.in_dialect(gold)).paths for step in path]
    used = {source for step in steps for source in _sources(step)}
    given: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    for step in steps:
        if step.name not in HEADS:
            given[step.name] |= _keys(step)
    return dict(given), frozenset(step.name for step in steps if step.name in given and step.number not in used)


def _live(made: Trace, ends: frozenset[str]) -> set[int]:
    """Return the numbers of the steps that come to something: calls of `ends`, all that these stem from, and what decides about them."""
    live = {step.number for path in made.paths for step in path if step.name in ends}
    branches: defaultdict[int, dict[str, set[int]]] = defaultdict(dict)  # of a head: branch -> calls of `ends` on paths that take it
    for path in made.paths:
        for step in path:
            if step.name in HEADS:
                taken = dict(step.arguments)
                ours = branches[step.number].setdefault(str(taken.get("is", taken.get("case"))), set())
                ours.update(other.number for other in path if other.number in live)
    live |= {head for head, each in branches.items() if len({*map(frozenset, each.values())}) > 1}
    while more := {source for path in made.paths for step in path if step.number in live for source in _sources(step)} - live:
        live |= more
    return live


def _sources(step: Any) -> list[int]:
    return [source for _, value in step.arguments for source in value.sources]


def _keys(step: Any) -> frozenset[str]:
    return frozenset(key for key, _ in step.arguments if key != "within")


def trl(prompts: Sequence[Any], completions: Sequence[Any], reference: Sequence[str], **columns: Any) -> list[float]:
    """The reward function of TRL's GRPOTrainer, for a dataset with gold programs in a column `reference`."""
    texts = [answer if isinstance(answer, str) else answer[-1]["content"] for answer in completions]
    return [reward(*row).total() for row in zip(prompts, texts, ({"reference": gold} for gold in reference), strict=True)]


def verl(data_source: str, solution_str: str, ground_truth: str, extra_info: Any = None) -> float:
    """The reward function of verl (`compute_score`); `ground_truth` is the gold program."""
    return reward(None, solution_str, {"reference": ground_truth}).total()
