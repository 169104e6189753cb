"""The reward of an answer in reinforcement (07 --reinforce): what its program is and does, stage by stage. This is the file to edit.

    reward(answer, record).total()      # of its parts, each 0 to 1: what the model is trained on

A stage counts as far as the one before it holds: a text with a program, which parses, calls the APIs that gold calls, with results where
gold has some, compiles, passes `check` as far as gold does, whose calls come to something (shortcuts/trace/flow.py), and which does what
gold does. So a list of a request's APIs, or a line that always compiles, is worth as little here as it is to a person.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import shortcuts
from common import cli
from common.excerpts import without_comments
from common.jsonl import Record
from common.metrics.execution_match import execution_match
from common.metrics.trace_match import trace_match
from common.replies import parse_answer
from shortcuts.trace.flow import reached

# The share of each stage in the whole; what comes last weighs most.
SHARES = {"answers": 0.05, "parses": 0.05, "calls": 0.05, "compiles": 0.15, "clean": 0.1, "reaches": 0.15, "matches": 0.45}
GUARANTEED = ("answers", "parses")  # what a grammar sees to: it earns nothing there
CHARGE = 0.05  # for a program that is twice as long as gold, or longer


class Reward(namedtuple("Reward", [*SHARES, "length"], defaults=[0.0] * (len(SHARES) + 1))):
    """The stages, each 0 to 1, and the length beyond gold's, as a share of gold's: 1 for twice as long or longer."""

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
    found = Reward(answers=1.0, length=min(1.0, max(0.0, len(code.strip()) / max(1, len(gold.strip())) - 1)))
    with suppress(cli.Reject), cli.one_record():  # a model may write anything
        findings, shortcut = shortcuts.review(code)
        if any(finding.code == "syntax" for finding in findings):
            return found
        calls, reaches = reached(shortcuts.in_dialect(gold), program := shortcuts.in_dialect(code))
        found = found._replace(parses=1.0, calls=calls, compiles=calls if shortcut else 0.0)
        faults, of_gold = ({(each.code, each.message) for each in some} for some in (findings, shortcuts.check(gold) if findings else ()))
        if shortcut is None or faults - of_gold:
            return found
        match = execution_match(gold, program).match if reaches else 0.0
        match = trace_match(gold, program) if match is None else match  # the machine cannot run every gold
        return found._replace(clean=calls, reaches=reaches, matches=reaches * match)
    return Reward(answers=1.0)


def gold_of(record: Record) -> str:
    """The program that a record's answer holds, without comments; "" if there is none."""
    own = record.get("reference")
    return without_comments(own if isinstance(own, str) and own else parse_answer(record["messages"][-1]["content"]).code)


def trl(prompts: Sequence[Any], completions: Sequence[Any], reference: Sequence[str], **columns: Any) -> list[float]:
    """The reward function of TRL's GRPOTrainer (bench/trl_reward.py), for a dataset with gold programs in a column `reference`."""
    texts = [answer if isinstance(answer, str) else answer[-1]["content"] for answer in completions]
    return [reward(text, {"reference": gold}).total() for text, gold in zip(texts, reference, strict=True)]


def verl(data_source: str, solution_str: str, ground_truth: str, extra_info: Any = None) -> float:
    """The reward function of verl (`compute_score`); `ground_truth` is the gold program."""
    return reward(solution_str, {"reference": ground_truth}).total()
