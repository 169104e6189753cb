"""The reward of an answer in reinforcement (07 --reinforce): what its program is and does, stage by stage. This is the file to edit.

    found = reward(answer, record)      # a Reward: its parts, each 0 to 1
    found.total()                       # what the model is trained on

A stage counts as far as the one before it holds, so no later one can be had without the earlier: a text with a program, which parses,
calls the APIs that gold calls, with results where gold has some, compiles, passes `check` as far as gold does, whose calls come to
something, and which does what gold does. A call comes to something if its result, where gold uses that, goes where it goes in gold, and so
reaches a call that gold makes for its own sake: it is shown, sent, kept, put out. So a list of a request's APIs, whose metrics are good,
one whose last call takes the results of all, or a line that always compiles is worth as little here as it is to a person.

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
from shortcuts.forms.constants import LITERAL_ACTIONS
from shortcuts.trace.flow import HEADS, Edges, Flow, Given, sources

# The share of each stage in the whole; what comes last weighs most.
SHARES = {"answers": 0.05, "parses": 0.05, "calls": 0.05, "compiles": 0.15, "clean": 0.1, "reaches": 0.15, "matches": 0.45}
GUARANTEED = ("answers", "parses")  # what a grammar sees to: it earns nothing there
CHARGE = 0.05  # for a program that is twice as long as gold, or longer
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
        """True for a program without findings that does some of what gold does, by its calls, all of which come to something."""
        return self.reaches == 1.0 and self.matches > 0.0

    def total(self, guaranteed: Sequence[str] = ()) -> float:
        """The whole, at most 1, without what the guaranteed stages earn."""
        return sum(share * getattr(self, stage) for stage, share in SHARES.items() if stage not in guaranteed) - CHARGE * self.length


def reward(answer: str, record: Record) -> Reward:
    """The reward of a model's answer to the prompt of a record, whose `reference` or last message holds gold. Never fails."""
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
    made = Flow(traced(code), wanted.given.keys())
    live, calls, reaches = made.live(wanted.ends, wanted.edges), defaultdict[str, float](float), defaultdict[str, float](float)
    for step in (step for step in made.steps if step.name in wanted.given):
        share = max(_likeness(one, made.given(step)) for one in wanted.given[step.name])
        calls[step.name] = max(calls[step.name], share)
        if step.number in live:
            taken = {(made.names[source], step.name) for source in made.taken(step)}
            reaches[step.name] = max(reaches[step.name], share * len(taken & wanted.edges) / len(taken) if taken else share)
    calls_of_gold, reaches_of_gold = (sum(each.values()) / max(1, len(wanted.given)) for each in (calls, reaches))
    return calls_of_gold, reaches_of_gold


def _likeness(gold: Given, call: Given) -> float:
    if both := gold.results | call.results:
        return len(gold.results & call.results) / len(both)
    return float(not gold.constants or bool(gold.constants & call.constants))


class _Wanted(NamedTuple):
    """The calls of gold: API -> its calls, the APIs whose results it does not use, and how it uses those of the others."""

    given: dict[str, set[Given]]
    ends: set[str]
    edges: Edges


@lru_cache(KEPT)
def _wanted(gold: str) -> _Wanted:
    trace = traced(shortcuts.in_dialect(gold))
    steps = [step for path in trace.paths for step in path]
    used = {source for step in steps for source in sources(step)}
    # a literal may as well be written where it is used
    flow = Flow(trace, {step.name for step in steps if step.name not in HEADS and not (step.name in LITERALS and step.number in used)})
    given: defaultdict[str, set[Given]] = defaultdict(set)
    for step in (step for step in steps if step.name in flow.apis):
        given[step.name].add(flow.given(step))
    return _Wanted(dict(given), {step.name for step in steps if step.name in given and step.number not in used}, flow.edges())


def trl(prompts: Sequence[Any], completions: Sequence[Any], reference: Sequence[str], **columns: Any) -> list[float]:
    """The reward function of TRL's GRPOTrainer, for a dataset with gold programs in a column `reference`."""
    texts = [answer if isinstance(answer, str) else answer[-1]["content"] for answer in completions]
    return [reward(text, {"reference": gold}).total() for text, gold in zip(texts, reference, strict=True)]


def verl(data_source: str, solution_str: str, ground_truth: str, extra_info: Any = None) -> float:
    """The reward function of verl (`compute_score`); `ground_truth` is the gold program."""
    return reward(solution_str, {"reference": ground_truth}).total()
