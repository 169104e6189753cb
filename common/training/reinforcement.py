"""Reinforcement: the samples of a step are the model's own answers, each weighted by what common/rewards.py finds in it.

    workflows.plan = Rollouts(args, tokenizer, workflows)      # and the rest of stage 07 is as it was

On-policy, one update for each batch of answers. The advantage of an answer is its reward less the mean of its group, the answers to the
same prompt. Groups of equal rewards teach nothing and are dropped. An answer that was cut off is no evidence, unless it repeated itself:
that is worth less than none. The loss is the sum over the tokens of what is left, each by its answer's advantage, divided by a constant:
the tokens that all answers may have. No division by a deviation, no penalty for leaving the first model. Answers to a prompt stand behind
one copy of it. Prompts and draws are functions of (seed, step), so a run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np
import torch
from lightning.pytorch import Trainer

from common import cli, rewards
from common.jsonl import Record, UserError
from common.packing import Drawn, Plan, Samples, best_fit
from common.training import data, launcher
from common.training.attention import PACKED
from common.training.callbacks import AtSteps
from common.training.rollouts import Answer, Local, Prompt, Server
from common.training.run_folder import RunFolder

# Arguments that decide the numbers, beside those of stage 07.
PLANNED = ("group", "prompts", "max_new_tokens", "temperature", "grammar", "served")
# Mean difference of log-probabilities between writing and training, in nats a token, beyond which one is not the other's model.
GAP = {"fp32": 1e-3, "bf16": 0.1, "fp16": 0.05}


class Judged(NamedTuple):
    """An answer with its reward and its advantage, which is 0 for one that teaches nothing."""

    prompt: Prompt
    answer: Answer
    reward: rewards.Reward
    advantage: float


def judged(prompt: Prompt, group: Sequence[Answer], guaranteed: Sequence[str] = ()) -> list[Judged]:
    """The answers to a prompt, each beside the others; one that was cut off has no say, one that repeats itself is the worst."""
    found = [rewards.Reward(length=1.0) if answer.loops else rewards.reward(answer.text, prompt.record) for answer in group]
    totals = [one.total(guaranteed) for one in found]
    whole = [total for total, answer in zip(totals, group, strict=True) if answer.finished or answer.loops]
    teaches = bool(whole) and max(whole) - min(whole) > 1e-9
    return [Judged(prompt, answer, one, total - fmean(whole) if teaches and (answer.finished or answer.loops) else 0.0)
            for answer, one, total in zip(group, found, totals, strict=True)]  # fmt: skip


def samples_of(answers: Sequence[Judged], constant: float, temperature: float = 1.0, room: int = 0) -> Samples:
    """The answers that teach something, drawn at a temperature, ready to be packed; their loss is to be divided by `constant`.

    Where there is `room`, the tokens of a sample, it holds several answers behind one copy of their prompt, the last token of which stands
    before each: the answer's first is predicted from it.
    """
    kept = [one for one in answers if one.advantage]
    lengths = [len(one.answer.tokens) for one in kept]
    together = [(some[0].prompt.tokens, [one.answer.tokens for one in some]) for some in bundles(kept, room)]
    packed = Samples.of((before[:-1] + [token for text in texts for token in before[-1:] + text],
                         [False] * len(before[:-1]) + [place > 0 for text in texts for place in range(1 + len(text))])
                        for before, texts in together)  # fmt: skip
    branches = [(len(before) - 1, *(1 + len(text) for text in texts)) for before, texts in together] if room else None
    # a step's loss is divided by its tokens, as in supervised training
    weights = np.repeat(np.array([one.advantage for one in kept], np.float32), lengths) * np.float32(sum(lengths) / constant)
    logprobs = np.concatenate([np.empty(0, np.float32), *(one.answer.logprobs for one in kept)])
    legal = [one.answer.legal for one in kept if one.answer.legal is not None]
    drawn = Drawn(weights, logprobs, np.concatenate(legal) if legal else None, temperature)
    return Samples(packed.tokens, packed.is_answer, packed.offsets, drawn, branches)


def bundles(answers: Sequence[Judged], room: int) -> Iterator[list[Judged]]:
    """Successive answers to a prompt, as many at a time as fit with it into `room` tokens, at least one."""
    some, length = list[Judged](), 0
    for one in answers:
        more = 1 + len(one.answer.tokens)
        # of a prompt of one token nothing would stand before the answers
        if some and (one.prompt is not some[0].prompt or length + more > room or len(one.prompt.tokens) == 1):
            yield some
            some = []
        length = more + (length if some else len(one.prompt.tokens) - 1)
        some.append(one)
    if some:
        yield some


class Rollouts(Plan):
    """A plan whose samples the model writes, as it then is, when the first row of a step is asked for."""

    def __init__(self, args: argparse.Namespace, tokenizer: Any, workflows: data.Workflows) -> None:
        self.world = args.devices * args.nodes
        args.rows = -(-rows_needed(args, workflows.data.train.lengths) // self.world) * self.world
        super().__init__(workflows.data.train, args.row_tokens, args.rows, args.seed)
        self.args, self.workflows, self.made, self.records = args, workflows, -1, dict[str, Record]()
        self.kept_apart = dict[str, Record]()
        self.rows_per_epoch, self.steps_per_epoch = args.rows, math.ceil(len(workflows.data.train) / args.prompts)
        self.writer = Server(args, tokenizer) if args.rollouts else Local(args, tokenizer)
        count = len(workflows.data.train)
        self.order = lru_cache(2)(lambda epoch: random.Random(f"{self.seed}/{epoch}").sample(range(count), count))

    def asked(self, step: int) -> list[int]:
        """The numbers of a step's prompts: each once in an epoch, in the order that (seed, epoch) gives."""
        epoch, place = divmod(step, self.steps_per_epoch)
        return self.order(epoch)[place * self.args.prompts:(place + 1) * self.args.prompts]

    def step_rows(self, step: int) -> list[list[int]]:
        """The answers of each row of a step, the rows as even as they can be."""
        if step != self.made:
            started, known, total = time.perf_counter(), self.workflows.data, self.workflows.trainer.lightning_module.total
            if self.made < 0:  # all that the run will need, in one reading
                self.records = records_of(self.args.input, {known.ids[0][i] for later in range(step, total) for i in self.asked(later)})
                self.held_out()
            answers = self.written(known.train, known.ids[0], self.records, self.asked(step), f"{self.seed}/{step}")
            constant = self.args.prompts * self.args.group * self.args.max_new_tokens
            self.samples = samples_of(answers, constant, self.args.temperature, self.room(answers))
            self.lengths, self.made = self.samples.lengths, step
            capacity = max(1, -(-sum(self.lengths) // self.rows_per_step), *self.lengths)
            while len(packed := best_fit(self.lengths, capacity, range(len(self.lengths)))) > self.rows_per_step:
                capacity += capacity // 16 + 1
            self.packed, self.seconds = packed, time.perf_counter() - started
            tokens = sum(len(one.answer.tokens) for one in answers)
            self.figures = figures_of(answers, self.args.group) | {"rollout_tok_per_s": round(tokens / self.seconds)}
        return self.packed

    def room(self, answers: Sequence[Judged]) -> int:
        """Tokens of a sample of several answers: a row's, but fewer where some device would have none; 0 for another attention."""
        if self.workflows.trainer.lightning_module.objective.model.config._attn_implementation != PACKED:
            return 0
        apart = sum(len(one.prompt.tokens) + len(one.answer.tokens) for one in answers if one.advantage)
        return min(self.args.row_tokens, apart // self.world)

    def held_out(self) -> list[int]:
        """The numbers of the validation prompts that are answered. Reads their records, once; UserError for tests among them."""
        numbers = list(range(min(self.args.sample_generations, len(self.workflows.data.ids[1]))))
        if numbers and not self.kept_apart:
            ids = {self.workflows.data.ids[1][number] for number in numbers}
            self.kept_apart = records_of(self.args.validation or self.args.input, ids)
        return numbers

    def written(self, samples: Samples, ids: Sequence[str], records: dict[str, Record], numbers: list[int], seed: str) -> list[Judged]:
        """The answers to prompts, judged, group by group: each process writes its share, and gets them all."""
        trainer, guaranteed = self.workflows.trainer, rewards.GUARANTEED if self.args.grammar else ()

        def groups(mine: list[int]) -> list[list[Judged]]:
            prompts = [Prompt(prompt_of(samples, number), records[ids[number]]) for number in mine]
            found = self.writer.write(trainer.lightning_module.objective, prompts, seed, trainer.world_size > 1)
            return [judged(*both, guaranteed) for both in zip(prompts, found, strict=True)]

        return [*chain.from_iterable(launcher.shared_out(numbers, groups, trainer.global_rank, trainer.world_size))]


def rows_needed(args: argparse.Namespace, lengths: Sequence[int]) -> int:
    """Rows that hold the longest answers to the longest prompts, of samples of these lengths; with more, some would always be empty."""
    texts = (min(args.context, length + args.max_new_tokens) for length in lengths)
    return sum(sorted(-(-args.group // (args.row_tokens // text)) for text in texts)[-args.prompts:])


def prompt_of(samples: Samples, number: int) -> list[int]:
    """The tokens of a sample that stand before its last answer."""
    part = slice(samples.offsets[number], samples.offsets[number + 1])
    answered = np.flatnonzero(samples.is_answer[part])
    start = answered[np.flatnonzero(np.diff(answered, prepend=-2) > 1)[-1]]
    return samples.tokens[part][:start].tolist()


def records_of(path: Path, ids: set[str]) -> dict[str, Record]:
    """The records with these ids. UserError for two records with one id, or one without a program."""
    found = {}
    for record in data.chat_records(path):
        if str(record["id"]) in ids:
            if str(record["id"]) in found:
                raise UserError(f"{path}: two records have the id {record['id']}: whose program is gold for whom? Give each its own")
            if not isinstance(record.get("reference", ""), str | None) or not rewards.gold_of(record).strip():
                raise UserError(f"{path}: {record['id']}: its answer holds no program to compare others with; leave the record out")
            found[str(record["id"])] = record
    return found


def figures_of(answers: Sequence[Judged], group: int) -> dict[str, float]:
    """Means of reward, its parts and length; shares of equal groups, of cut and of endless answers, of those that pass."""
    groups = [answers[start:start + group] for start in range(0, len(answers), group)]
    passes = [[one.reward.passed for one in each] for each in groups]
    tokens = sum(len(one.answer.tokens) for one in answers)
    return {"reward": fmean(one.reward.total() for one in answers),
            **{part: fmean(getattr(one.reward, part) for one in answers) for part in rewards.Reward._fields},
            "pass_1": fmean(map(fmean, passes)), f"pass_{group}": fmean(map(any, passes)),
            "equal_groups": fmean(not any(one.advantage for one in each) for each in groups),
            "cut": fmean(not one.answer.finished and not one.answer.loops for one in answers),
            "loops": fmean(one.answer.loops for one in answers), "tokens": tokens / len(answers),
            "entropy": -sum(float(one.answer.logprobs.sum()) for one in answers) / tokens}  # fmt: skip


class Watch(AtSteps):
    """Logs what a step's answers were worth; behind each validation, has prompts answered that are kept apart, by the same draws."""

    def __init__(self, folder: RunFolder, workflows: data.Workflows) -> None:
        self.folder, self.workflows, self.gaps = folder, workflows, list[torch.Tensor]()

    def on_after_backward(self, trainer: Trainer, module: Any) -> None:
        """Compare log-probabilities with those at the time of writing, before a weight changes. UserError if they are another model's."""
        self.gaps.append((module.objective.logprobs - module.part.row.drawn.logprobs).abs())
        gap, most = torch.cat(self.gaps), GAP[module.args.precision]
        if len(gap) and not gap.mean() <= most:
            raise UserError(f"step {module.step + 1}: in training, the tokens that the model wrote have log-probabilities that differ by "
                            f"{float(gap.mean()):.2g} from those when it wrote them (rounding: {most:g}): it was not the same model")

    def on_step_end(self, trainer: Trainer, module: Any) -> None:
        """Complete the step's figures."""
        plan, gap = self.workflows.plan, torch.cat([*self.gaps, torch.zeros(1, device=module.device)])
        self.gaps.clear()
        updating = max(1e-9, time.perf_counter() - module.clock - plan.seconds)
        figures = plan.figures | {"gap": float(gap.mean()), "largest_gap": float(gap.max()),
                                  "update_tok_per_s": round(module.part.tokens / updating)}  # fmt: skip
        module.figures |= figures
        if trainer.is_global_zero:
            self.folder.note("rollouts.jsonl", [{"step": module.step, **figures}])

    def on_validation_end(self, trainer: Trainer, module: Any) -> None:
        """Have the first prompts of the validation data answered."""
        plan, known, args = self.workflows.plan, self.workflows.data, module.args
        if numbers := plan.held_out():
            answers = plan.written(known.validation, known.ids[1], plan.kept_apart, numbers, f"{args.seed}/held out")
        if numbers and trainer.is_global_zero:
            found = figures_of(answers, args.group)
            self.folder.note("passes.jsonl", [{"step": module.step, **found}])
            self.folder.sample(module.step, [{"id": str(prompt.record["id"]), "answer": answer.text, **reward._asdict()}
                                             for prompt, answer, reward, _ in answers])  # fmt: skip
            cli.say(f"step {module.step}: prompts kept apart: reward {found['reward']:.3f}, compiles {found['compiles']:.3f}, "
                    f"{found['pass_1']:.0%} pass; of {args.group} one passes: {found[f'pass_{args.group}']:.0%}")
