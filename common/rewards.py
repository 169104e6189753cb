"""The reward of an answer in reinforcement (07 --reinforce): what its program is and does, stage by stage. This is the file to edit.

    found = reward(record["messages"][:-1], answer, record)     # a Reward: its parts, each 0 to 1
    found.total()                                               # what the model is trained on

A stage counts as far as the one before it holds, so no later one can be had without the earlier: a text with a program, which parses,
calls the APIs that gold calls, with values as gold gives them, compiles, passes `check`, whose calls come to something, and which does
what gold does. A call comes to something if its result, where gold uses that, goes where it goes in gold, and so reaches a call that gold
makes for its own sake: it is shown, sent, kept, put out. So a list of a request's APIs, whose metrics are good, one whose last call takes
the results of all, or a line that always compiles is worth as little here as it is to a person.

`trl` and `verl` are the same as reward functions of those trainers, see bench/trl_reward.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
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
DECIDING = ("if", "menu")  # steps of a trace that take something and are no calls
HEADS = (*DECIDING, "for")  # that one hands on what it takes
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
    """(share of the APIs of gold that a program of the dialect calls as gold does, share of those that also come to something).

    A call counts as far as its values stem from results where those of a call in gold do, and where those do not.
    """
    wanted = _wanted(gold)
    made = _Flow(traced(code), wanted.given.keys())
    live, calls, reaches = made.live(wanted), defaultdict[str, float](float), set[str]()
    for step in made.steps:
        if step.name in wanted.given and (share := max(_share(one, made.values(step)) for one in wanted.given[step.name])):
            calls[step.name] = max(calls[step.name], share)
            reaches |= {step.name} & {made.names[number] for number in live & {step.number}}
    count = max(1, len(wanted.given))
    return sum(calls.values()) / count, len(reaches) / count


class _Wanted(NamedTuple):
    """What gold does: API -> the values of each of its calls, the APIs whose results it does not use, (API, what takes its result)."""

    given: dict[str, set[frozenset[tuple[str, bool]]]]
    ends: set[str]
    flows: set[tuple[str, str]]


@lru_cache(KEPT)
def _wanted(gold: str) -> _Wanted:
    trace = traced(shortcuts.in_dialect(gold))
    made = _Flow(trace, {step.name for path in trace.paths for step in path} - {*HEADS})
    given: defaultdict[str, set[frozenset[tuple[str, bool]]]] = defaultdict(set)
    for step in (step for step in made.steps if step.name not in HEADS):
        given[step.name].add(made.values(step))
    used = {source for step in made.steps for source in _sources(step)}
    return _Wanted(dict(given), {name for number, name in made.names.items() if name in given and number not in used},
                   {(made.names[source], step.name) for step in made.steps for source in made.taken(step)})


class _Flow:
    """Where the results of calls of some APIs go in a trace: calls of others, and repeats, hand on what they take."""

    def __init__(self, trace: Trace, apis: Collection[str]) -> None:
        self.paths, self.steps = trace.paths, [step for path in trace.paths for step in path]
        self.names, self.stems = {step.number: step.name for step in self.steps}, dict[int, set[int]]()
        for step in self.steps:  # a call can take one thing on one path and another on the next
            own = {step.number} if step.name in apis or step.name in DECIDING else self.taken(step)
            self.stems.setdefault(step.number, set()).update(own)

    def taken(self, step: Any) -> set[int]:
        """The calls of these APIs whose results a step takes."""
        return {stem for source in _sources(step) for stem in self.stems.get(source, ())}

    def values(self, step: Any) -> frozenset[tuple[str, bool]]:
        """The parameters of a call, each with True if its value stems from a result."""
        return frozenset((key, any(map(self.stems.get, value.sources))) for key, value in step.arguments if key != "within")

    def live(self, wanted: _Wanted) -> set[int]:
        """The steps that come to something: calls of gold's ends, what decides about them, and what these take as in gold."""
        live = {number for number, name in self.names.items() if name in wanted.ends}
        branches: defaultdict[int, dict[str, set[tuple[int, ...]]]] = defaultdict(dict)  # head: branch -> ends, what they take
        for path in self.paths:
            for step in path:
                if step.name in HEADS:
                    taken = dict(step.arguments)
                    ours = branches[step.number].setdefault(str(taken.get("is", taken.get("case"))), set())
                    ours.update((other.number, *_sources(other)) for other in path if other.number in live)
        live |= {head for head, each in branches.items() if len({*map(frozenset, each.values())}) > 1}
        while more := {source for step in self.steps if step.number in live for source in self.taken(step)
                       if (self.names[source], step.name) in wanted.flows} - live:  # fmt: skip
            live |= more
        return live


def _share(wanted: frozenset[tuple[str, bool]], given: frozenset[tuple[str, bool]]) -> float:
    return len(wanted & given) / len(wanted) if wanted else 1.0


def _sources(step: Any) -> list[int]:
    return [source for _, value in step.arguments for source in value.sources]


def trl(prompts: Sequence[Any], completions: Sequence[Any], reference: Sequence[str], **columns: Any) -> list[float]:
    """The reward function of TRL's GRPOTrainer, for a dataset with gold programs in a column `reference`."""
    texts = [answer if isinstance(answer, str) else answer[-1]["content"] for answer in completions]
    return [reward(*row).total() for row in zip(prompts, texts, ({"reference": gold} for gold in reference), strict=True)]


def verl(data_source: str, solution_str: str, ground_truth: str, extra_info: Any = None) -> float:
    """The reward function of verl (`compute_score`); `ground_truth` is the gold program."""
    return reward(None, solution_str, {"reference": ground_truth}).total()
