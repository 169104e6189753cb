"""Reinforcement: the samples of a step are the model's own answers, each weighted by what common/rewards.py finds in it.

Dr. GRPO (arXiv 2503.20783), on-policy, one update a step. An answer's advantage is its reward less the mean of its group, the answers to
the same prompt; a group of equal rewards teaches nothing. One that was cut off is no evidence, unless it repeated itself: that is worth
less than none. The loss is the sum over tokens, each by its answer's advantage, divided by a constant: the tokens that all may have.
Prompts and draws are functions of (seed, step), so a run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, compress
from statistics import fmean
from typing import Any

import numpy as np
import torch
from lightning.pytorch import Trainer

from common import cli, rewards
from common.jsonl import Record, UserError
from common.packing import Drawn, Plan, Samples, best_fit
from common.training import data, launcher
from common.training.callbacks import AtSteps
from common.training.rollouts import Answer, Server, Writer
from common.training.run_folder import RunFolder

# Mean difference of log-probabilities between writing and training, in nats a token, beyond which one is not the other's model.
GAP = {"fp32": 1e-3, "bf16": 0.1, "fp16": 0.05}


def judged(answers: Sequence[Answer], record: Record, guaranteed: Sequence[str] = ()) -> list[Answer]:
    """The answers to a prompt with what each is worth, and its advantage over the others."""
    found = [rewards.Reward(length=1.0) if answer.loops else rewards.reward(answer.text, record) for answer in answers]
    totals, is_evidence = [one.total(guaranteed) for one in found], [answer.finished or answer.loops for answer in answers]
    compared = [*compress(totals, is_evidence)] or [0.0]
    teaches = max(compared) - min(compared) > 1e-9
    return [answer._replace(reward=one, advantage=total - fmean(compared) if teaches and counts else 0.0)
            for answer, one, total, counts in zip(answers, found, totals, is_evidence, strict=True)]  # fmt: skip


def samples_of(answers: Sequence[Answer], constant: float, temperature: float = 1.0) -> Samples:
    """The answers that teach something, drawn at a temperature, ready to be packed; their loss is to be divided by `constant`."""
    kept = [one for one in answers if one.advantage]
    samples = Samples.of((one.prompt + one.tokens, [False] * len(one.prompt) + [True] * len(one.tokens)) for one in kept)
    lengths = [len(one.tokens) for one in kept]
    # a step's loss is divided by its tokens, as in supervised training
    weights = np.repeat(np.float32([one.advantage for one in kept]), lengths) * np.float32(sum(lengths) / constant)
    logprobs = np.concatenate([np.empty(0, np.float32), *(one.logprobs for one in kept)])
    legal = [one.legal for one in kept if one.legal is not None]
    return replace(samples, drawn=Drawn(weights, logprobs, np.concatenate(legal) if legal else None, temperature))


class Rollouts(Plan):
    """A plan whose samples the model writes, as it then is, when the first row of a step is asked for."""

    def __init__(self, args: argparse.Namespace, tokenizer: Any, workflows: data.Workflows) -> None:
        self.args, self.workflows, self.ids, world = args, workflows, workflows.data.ids[0], args.devices * args.nodes
        if args.rollouts and world > 1:
            raise UserError(f"--rollouts: one device trains beside a server, not {world}; give --devices 1 --nodes 1")
        if len({*self.ids}) < len(self.ids):
            raise UserError(f"{args.input}: several records have one id; give each its own, or it is not known whose program is gold")
        # rows for the longest answers to the longest prompts: with more, some would always be empty
        longest = (min(args.context, length + args.max_new_tokens) for length in workflows.data.train.lengths)
        args.rows = -(-sum(sorted(-(-args.group // (args.row_tokens // text)) for text in longest)[-args.prompts:]) // world) * world
        super().__init__(workflows.data.train, args.row_tokens, args.rows, args.seed)
        self.prompts = Plan(Samples.of([([0], [False])] * len(self.ids)), 1, args.prompts, args.seed)  # a row for each
        self.rows_per_epoch, self.steps_per_epoch = args.rows, self.prompts.steps_per_epoch
        self.made, self.records, self.writer = -1, dict[str, Record](), (Server if args.rollouts else Writer)(args, tokenizer)

    def step_rows(self, step: int) -> list[list[int]]:
        """The answers of each row of a step, the rows as even as they can be."""
        if step != self.made:
            started, args = time.perf_counter(), self.args
            if not self.records:  # all that the run will need, in one reading
                steps = range(step, self.workflows.trainer.lightning_module.total)
                ids = [self.ids[number] for later in steps for (number,) in self.prompts.step_rows(later)]
                self.records = {str(record["id"]): record for record in data.records_of(args.input, ids)}
                if bare := [one["id"] for one in (*self.records.values(), *self.workflows.data.asked) if not rewards.gold_of(one).strip()]:
                    raise UserError(f"record {bare[0]}: its answer holds no program to compare others with; leave the record out")
            asked = [self.records[self.ids[number]] for (number,) in self.prompts.step_rows(step)]
            answers = self.answers(asked, f"{self.seed}/{step}")
            self.samples = samples_of(answers, args.prompts * args.group * args.max_new_tokens, args.temperature)
            self.lengths, self.made = self.samples.lengths, step
            capacity = max(1, -(-sum(self.lengths) // self.rows_per_step), *self.lengths)
            while len(packed := best_fit(self.lengths, capacity, range(len(self.lengths)))) > self.rows_per_step:
                capacity += capacity // 16 + 1
            self.packed, self.seconds = packed, time.perf_counter() - started
            self.figures = figures_of(answers, args.group)
            self.figures["rollout_tok_per_s"] = round(sum(len(one.tokens) for one in answers) / self.seconds)
        return self.packed

    def answers(self, records: list[Record], seed: str) -> list[Answer]:
        """The answers to prompts, judged, group by group: each process writes its share, and gets them all."""
        trainer, guaranteed = self.workflows.trainer, rewards.GUARANTEED if self.args.grammar else ()

        def groups(mine: list[Record]) -> list[list[Answer]]:
            found = self.writer.write(trainer.lightning_module.objective, mine, seed, trainer.world_size > 1)
            return [judged(group, record, guaranteed) for group, record in zip(found, mine, strict=True)]

        return [*chain.from_iterable(launcher.shared_out(records, groups, trainer.global_rank, trainer.world_size))]


def figures_of(answers: Sequence[Answer], group: int) -> dict[str, float]:
    """Means of reward, its parts and length; shares of equal groups, of cut and of endless answers, of those that pass."""
    groups = [answers[start:start + group] for start in range(0, len(answers), group)]
    passes = [[one.reward.passed for one in each] for each in groups]
    tokens = sum(len(one.tokens) for one in answers)
    return {"reward": fmean(one.reward.total() for one in answers),
            **{part: fmean(getattr(one.reward, part) for one in answers) for part in rewards.Reward._fields},
            "pass_1": fmean(map(fmean, passes)), f"pass_{group}": fmean(map(any, passes)),
            "equal_groups": fmean(not any(one.advantage for one in each) for each in groups),
            "cut": fmean(not one.finished and not one.loops for one in answers), "loops": fmean(one.loops for one in answers),
            "tokens": tokens / len(answers), "entropy": -sum(float(one.logprobs.sum()) for one in answers) / tokens}  # fmt: skip


class Watch(AtSteps):
    """Logs what a step's answers were worth; behind each validation, has prompts answered that are kept apart, by the same draws."""

    def __init__(self, folder: RunFolder, workflows: data.Workflows) -> None:
        self.folder, self.workflows, self.gaps = folder, workflows, list[torch.Tensor]()

    def on_after_backward(self, trainer: Trainer, module: Any) -> None:
        """Compare log-probabilities with those at the time of writing."""
        self.gaps.append((module.part.row.drawn.trained - module.part.row.drawn.logprobs).abs())

    def on_step_end(self, trainer: Trainer, module: Any) -> None:
        """Note the step's figures. UserError, before anything is saved, if the tokens that it learned from are another model's."""
        plan, gap, most = self.workflows.plan, torch.cat([*self.gaps, torch.zeros(1, device=module.device)]), GAP[module.args.precision]
        self.gaps.clear()
        if not gap.mean() <= most:
            raise UserError(f"step {module.step}: log-probabilities of what the model wrote differ in training by {float(gap.mean()):.2g} "
                            f"from those when it wrote it (rounding: {most:g}): it was not the same model")
        updating = max(1e-9, time.perf_counter() - module.clock - plan.seconds)
        module.figures |= {**plan.figures, "gap": float(gap.mean()), "largest_gap": float(gap.max()),
                           "update_tok_per_s": round(module.part.tokens / updating)}  # fmt: skip
        if trainer.is_global_zero:
            self.folder.note("rollouts.jsonl", [{"step": module.step, **module.figures}])

    def on_validation_end(self, trainer: Trainer, module: Any) -> None:
        """Have the first prompts of the validation data answered."""
        group, asked = module.args.group, self.workflows.data.asked
        answers = self.workflows.plan.answers(asked, f"{module.args.seed}/held out") if asked else []
        if answers and trainer.is_global_zero:
            found = figures_of(answers, group)
            self.folder.note("passes.jsonl", [{"step": module.step, **found}])
            self.folder.sample(module.step, [{"id": str(asked[number // group]["id"]), "answer": one.text, **one.reward._asdict()}
                                             for number, one in enumerate(answers)])  # fmt: skip
            cli.say(f"step {module.step}: prompts kept apart: " + ", ".join(f"{name} {value:.3f}" for name, value in found.items()))
