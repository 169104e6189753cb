"""The reward of an answer in reinforcement (07 --reinforce): what its program is and does, stage by stage. This is the file to edit.

    reward(answer, record).total()      # of its parts, each 0 to 1: what the model is trained on

A stage counts as far as the one before it holds, so no later one can be had without the earlier: a text with a program, which parses,
calls the APIs that gold calls, with results where gold has some, compiles, passes `check` as far as gold does, whose calls come to
something (shortcuts/trace/flow.py), and which does what gold does. So a list of a request's APIs, whose metrics are good, one whose last
call takes the results of all, or a line that always compiles is worth as little here as it is to a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import shortcuts
from common import cli
from common.excerpts import without_comments
from common.jsonl import Record
from common.metrics.execution_match import execution_match
from common.metrics.trace_match import trace_match
from common.replies import parse_answer
from shortcuts.trace.flow import KEPT, reached

# The share of each stage in the whole; what comes last weighs most.
SHARES = {"answers": 0.05, "parses": 0.05, "calls": 0.05, "compiles": 0.15, "clean": 0.1, "reaches": 0.15, "matches": 0.45}
GUARANTEED = ("answers", "parses")  # what a grammar sees to: it earns nothing there
CHARGE = 0.05  # for a program that is twice as long as gold, or longer


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


def gold_of(record: Record) -> str:
    """The program that a record's answer holds, without comments; "" if there is none."""
    return without_comments(record.get("reference") or parse_answer(record["messages"][-1]["content"]).code)


def _staged(code: str, gold: str) -> Reward:
    found = Reward(answers=1.0, length=min(1.0, max(0.0, len(code.strip()) / max(1, len(gold.strip())) - 1)))
    findings, shortcut = shortcuts.review(code)
    if any(finding.code == "syntax" for finding in findings):
        return found
    wanted, faults = _known(gold)
    calls, reaches = reached(wanted, program := shortcuts.in_dialect(code))
    found = found._replace(parses=1.0, calls=calls, compiles=calls if shortcut else 0.0)
    if shortcut is None or {(finding.code, finding.message) for finding in findings} - faults:
        return found
    match = execution_match(gold, program).match if reaches else 0.0
    match = trace_match(gold, program) if match is None else match  # the machine cannot run every gold
    return found._replace(clean=calls, reaches=reaches, matches=reaches * match)


@lru_cache(KEPT)
def _known(gold: str) -> tuple[str, set[tuple[str, str]]]:
    """(gold in the dialect, what `check` finds in it)."""
    return shortcuts.in_dialect(gold), {(finding.code, finding.message) for finding in shortcuts.check(gold)}


def trl(prompts: Sequence[Any], completions: Sequence[Any], reference: Sequence[str], **columns: Any) -> list[float]:
    """The reward function of TRL's GRPOTrainer (bench/trl_reward.py), for a dataset with gold programs in a column `reference`."""
    texts = [answer if isinstance(answer, str) else answer[-1]["content"] for answer in completions]
    return [reward(text, {"reference": gold}).total() for text, gold in zip(texts, reference, strict=True)]


def verl(data_source: str, solution_str: str, ground_truth: str, extra_info: Any = None) -> float:
    """The reward function of verl (`compute_score`); `ground_truth` is the gold program."""
    return reward(solution_str, {"reference": ground_truth}).total()
