"""The reward of an answer in reinforcement (07 --reinforce): what its program is and does, stage by stage. This is the file to edit.

    found = reward(record["messages"][:-1], answer, record)     # a Reward: its parts, each 0 to 1
    found.total()                                               # what the model is trained on

A stage counts as far as the one before it holds, so no later one can be had without the earlier: a text with a program, which parses,
calls the APIs that gold calls, with results where gold has some, compiles, passes `check` as far as gold does, whose calls come to
something, and which does what gold does. A call comes to something if its result, where gold uses that, goes where it goes in gold, and so
reaches a call that gold makes for its own sake: it is shown, sent, kept, put out. So a list of a request's APIs, whose metrics are good,
one whose last call takes the results of all, or a line that always compiles is worth as little here as it is to a person.

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
from shortcuts.catalog import Catalog
from shortcuts.forms.constants import LITERAL_ACTIONS
from shortcuts.trace import Trace
from shortcuts.trace.origins import literal

# The share of each stage in the whole; what comes last weighs most.
SHARES = {"answers": 0.05, "parses": 0.05, "calls": 0.05, "compiles": 0.15, "clean": 0.1, "reaches": 0.15, "matches": 0.45}
GUARANTEED = ("answers", "parses")  # what a grammar sees to: it earns nothing there
CHARGE = 0.05  # for a program that is twice as long as gold, or longer
DECIDING = ("if", "menu")  # steps of a trace that take something and are no calls
HEADS = (*DECIDING, "for")  # that one hands on what it takes
WITHIN = "within"  # the argument of a step that says in which repeat it stands
LITERALS = {api.replace(".", "_") for api, _ in LITERAL_ACTIONS.values()}
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


@lru_cache(KEPT)
def _faults(gold: str) -> frozenset[tuple[str, str]]:
    return frozenset((diagnostic.code, diagnostic.message) for diagnostic in shortcuts.check(gold))


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
    if diagnostics and {(diagnostic.code, diagnostic.message) for diagnostic in diagnostics} - _faults(gold):
        return found
    match = execution_match(gold, program).match if reaches else 0.0
    match = trace_match(gold, program) if match is None else match  # the machine cannot run every gold
    return found._replace(clean=calls, reaches=reaches, matches=reaches * match)


def reached(gold: str, code: str) -> tuple[float, float]:
    """(share of the APIs of gold that a program of the dialect calls as gold does, share of those that also come to something).

    A call is as one of gold's as far as results stand where they stand there, and nowhere else. Constants are for `matches` to judge, but
    of those that gold gives, beside the defaults, there is one.
    """
    wanted = _wanted(gold)
    made = _Flow(traced(code), wanted.given.keys())
    live, calls, reaches = made.live(wanted), defaultdict[str, float](float), defaultdict[str, float](float)
    for step in (step for step in made.steps if step.name in wanted.given):
        share = max(_likeness(one, made.given(step)) for one in wanted.given[step.name])
        calls[step.name] = max(calls[step.name], share)
        if step.number in live:
            taken = {(made.names[source], step.name) for source in made.taken(step)}
            reaches[step.name] = max(reaches[step.name], share * len(taken & wanted.flows) / len(taken) if taken else share)
    calls_of_gold, reaches_of_gold = (sum(each.values()) / max(1, len(wanted.given)) for each in (calls, reaches))
    return calls_of_gold, reaches_of_gold


class _Given(NamedTuple):
    """The parameters of a call whose values stem from results, and the others that are not as by default."""

    results: frozenset[str]
    constants: frozenset[str]


def _likeness(gold: _Given, call: _Given) -> float:
    if both := gold.results | call.results:
        return len(gold.results & call.results) / len(both)
    return float(not gold.constants or bool(gold.constants & call.constants))


class _Wanted(NamedTuple):
    """The calls of gold: API -> its calls, the APIs whose results it does not use, (API, what takes its result)."""

    given: dict[str, set[_Given]]
    ends: set[str]
    flows: set[tuple[str, str]]


@lru_cache(KEPT)
def _wanted(gold: str) -> _Wanted:
    trace = traced(shortcuts.in_dialect(gold))
    steps = [step for path in trace.paths for step in path]
    used = {source for step in steps for source in _sources(step)}
    # a literal may as well be written where it is used
    made = _Flow(trace, {step.name for step in steps if step.name not in HEADS and not (step.name in LITERALS and step.number in used)})
    given: defaultdict[str, set[_Given]] = defaultdict(set)
    for step in (step for step in steps if step.name in made.apis):
        given[step.name].add(made.given(step))
    return _Wanted(dict(given), {step.name for step in steps if step.name in given and step.number not in used},
                   {(made.names[source], step.name) for step in steps for source in made.taken(step)})


class _Flow:
    """The results of calls of some APIs on their way through a trace: calls of others, and repeats, hand on what they take."""

    def __init__(self, trace: Trace, apis: Collection[str]) -> None:
        self.paths, self.steps, self.apis = trace.paths, [step for path in trace.paths for step in path], apis
        self.names, self.stems = {step.number: step.name for step in self.steps}, dict[int, set[int]]()
        for step in self.steps:  # a call can take one thing on one path and another on the next
            own = {step.number} if step.name in apis or step.name in DECIDING else self.taken(step)
            self.stems.setdefault(step.number, set()).update(own)

    def taken(self, step: Any) -> set[int]:
        """The calls of these APIs whose results a step takes."""
        return {stem for source in _sources(step) for stem in self.stems.get(source, ())}

    def given(self, step: Any) -> _Given:
        """The parameters of a call."""
        results = frozenset(key for key, value in step.arguments if any(map(self.stems.get, value.sources)))
        return _Given(results - {WITHIN}, frozenset(key for key, value in step.arguments if key not in results and key != WITHIN
                                                    and value.form != _default(step.name, key)))  # fmt: skip

    def live(self, wanted: _Wanted) -> set[int]:
        """The steps that come to something: calls of gold's ends, what decides about them, and what these take as in gold."""
        live = {number for number, name in self.names.items() if name in wanted.ends}
        branches: defaultdict[int, defaultdict[str, set[tuple[int, ...]]]] = defaultdict(lambda: defaultdict(set))
        for path in self.paths:
            behind, stand = set(live), set[tuple[int, ...]]()  # what ends take on this path, through any calls
            for step in reversed(path):
                if step.number in behind:
                    behind.update(_sources(step))
                    stand.add((step.number, *_sources(step)))
            for step in path:
                if step.name in HEADS:
                    taken = dict(step.arguments)
                    branches[step.number][str(taken.get("is", taken.get("case")))] |= stand
        live |= {head for head, each in branches.items() if len({*map(frozenset, each.values())}) > 1}
        while more := {source for step in self.steps if step.number in live for source in self.taken(step)
                       if (self.names[source], step.name) in wanted.flows} - live:  # fmt: skip
            live |= more
        return live


def _sources(step: Any) -> list[int]:
    return [source for _, value in step.arguments for source in value.sources]


@lru_cache(KEPT)
def _default(api: str, name: str) -> str | None:
    known = Catalog.load().by_name(api)
    parameter = known.parameter(name) if known else None
    return None if parameter is None or parameter.default is None else literal(parameter.default).form


def trl(prompts: Sequence[Any], completions: Sequence[Any], reference: Sequence[str], **columns: Any) -> list[float]:
    """The reward function of TRL's GRPOTrainer, for a dataset with gold programs in a column `reference`."""
    texts = [answer if isinstance(answer, str) else answer[-1]["content"] for answer in completions]
    return [reward(*row).total() for row in zip(prompts, texts, ({"reference": gold} for gold in reference), strict=True)]


def verl(data_source: str, solution_str: str, ground_truth: str, extra_info: Any = None) -> float:
    """The reward function of verl (`compute_score`); `ground_truth` is the gold program."""
    return reward(None, solution_str, {"reference": ground_truth}).total()
