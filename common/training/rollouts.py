"""Reinforcement: the samples of a step are answers that the model itself writes, weighted by what common/rewards.py finds they do.

    workflows = Reinforcement(args, tokenise, tokenizer)      # in the place of data.Workflows; the rest of stage 07 is as it was

On-policy, one update for each batch of answers. Of the G answers to a prompt, each has the advantage of its reward over their mean; groups
of equal rewards teach nothing and are dropped, an answer that was cut off is no evidence. The loss is the sum over the tokens of what is
left, each by its answer's advantage, divided by a constant: the number of tokens that all answers may have. No division by a deviation,
no penalty for leaving the first model. Prompts and draws are functions of (seed, step), so that a run goes on exactly where it stopped.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.distributed as dist
from lightning.pytorch import Trainer

from common import chat, cli, rewards
from common.decoding.token_masks import Constraint, GrammarSpec, table
from common.decoding.token_masks import Row as Held
from common.jsonl import Record, UserError
from common.packing import Drawn, Plan, Row, Samples, best_fit
from common.prompts import SYNTAX_APIS
from common.training import data
from common.training.callbacks import AtSteps
from common.training.generations import answering
from common.training.loss import AnswerLoss
from common.training.run_folder import RunFolder
from shortcuts.catalog import Catalog

AT_ONCE = 64  # answers that are written together
PLANNED = ("group", "prompts", "max_new_tokens", "grammar", "rollouts")  # arguments that decide the numbers, beside those of stage 07
# Mean difference of log-probabilities between writing and training, in nats a token, beyond which the one is not the other's model.
GAP = {"fp32": 1e-3, "bf16": 0.1, "fp16": 0.05}
PATIENCE = 600.0  # seconds that a server has for the answers to a prompt


# ---------------------------------------------------------------------------------------------------------------------------------
# writing answers


class Answer(NamedTuple):
    """An answer: its text, its tokens with the end mark, their log-probabilities, the tokens that were legal, True if it ended by itself."""

    text: str
    tokens: list[int]
    logprobs: np.ndarray
    legal: np.ndarray | None
    finished: bool


class Prompt(NamedTuple):
    """A prompt's tokens, and the record that it comes from."""

    tokens: list[int]
    record: Record


class Local:
    """Writes with the model in training, its adapters as they are."""

    def __init__(self, args: argparse.Namespace, tokenizer: Any) -> None:
        self.args, self.tokenizer = args, tokenizer

    def write(self, objective: AnswerLoss, prompts: Sequence[Prompt], seed: str) -> list[list[Answer]]:
        """The answers to each prompt."""
        size = max(1, AT_ONCE // self.args.group)
        with answering(objective), torch.inference_mode():
            return [group for start in range(0, len(prompts), size) for group in self._batch(objective.model, prompts[start:start + size], seed)]

    def _batch(self, model: Any, prompts: Sequence[Prompt], seed: str) -> list[list[Answer]]:
        ends, group, width = chat.end_ids(model, self.tokenizer), self.args.group, max(len(prompt.tokens) for prompt in prompts)
        rooms = [min(self.args.max_new_tokens, self.args.context - len(prompt.tokens)) for prompt in prompts for _ in range(group)]
        draws = [torch.rand(max(rooms), generator=torch.Generator().manual_seed(number_of(f"{seed}/{prompt.record['id']}/{copy}")))
                 for prompt in prompts for copy in range(group)]  # each its own: an answer does not depend on those beside it
        uniform = 1 - torch.stack(draws).to(model.device)  # in (0, 1]
        constraint = Constraint([Held(self._spec(model, prompt, ends), room) for prompt, room in zip(
            [prompt for prompt in prompts for _ in range(group)], rooms)], model.device) if self.args.grammar else None

        ids = torch.tensor([[0] * (width - len(prompt.tokens)) + prompt.tokens for prompt in prompts], device=model.device)
        mask = torch.tensor([[0] * (width - len(prompt.tokens)) + [1] * len(prompt.tokens) for prompt in prompts], device=model.device)
        places = (mask.cumsum(-1) - 1).clamp(min=0)
        read = model(input_ids=ids, attention_mask=mask, position_ids=places, use_cache=True, logits_to_keep=1)
        cache, scores = read.past_key_values, read.logits[:, -1].repeat_interleave(group, 0)
        cache.batch_repeat_interleave(group)  # a prompt is read once for all of its answers
        mask, places = mask.repeat_interleave(group, 0), places[:, -1:].repeat_interleave(group, 0)

        live, taken = torch.arange(len(rooms), device=model.device), torch.zeros((len(rooms), 1), dtype=torch.long, device=model.device)
        tokens: list[list[int]] = [[] for _ in rooms]
        logprobs: list[list[float]] = [[] for _ in rooms]
        legal: list[list[np.ndarray]] = [[] for _ in rooms]
        for step in range(max(rooms)):
            if constraint:
                scores = constraint(taken, scores.float())
            shares = scores.float().softmax(-1)
            sums = shares.cumsum(-1)
            token = (sums < uniform[live, step, None] * sums[:, -1:]).sum(-1, keepdim=True)
            found = scores.float().log_softmax(-1).gather(1, token)[:, 0].tolist()
            going = []
            for place, (row, one, logprob) in enumerate(zip(live.tolist(), token[:, 0].tolist(), found, strict=True)):
                if tokens[row] and (tokens[row][-1] in ends or len(tokens[row]) == rooms[row]):
                    continue  # it has ended, and is held for the grammar's rows alone
                tokens[row].append(one)
                logprobs[row].append(logprob)
                if constraint:
                    legal[row].append(np.packbits((scores[place] > -math.inf).cpu().numpy(), bitorder="little"))
                if one not in ends and len(tokens[row]) < rooms[row]:
                    going.append(place)
            if not going:
                break
            if constraint:
                constraint.ahead(taken, torch.nn.functional.one_hot(token[:, 0], scores.shape[-1]))
                going = list(range(len(live)))
            if len(going) < len(live):
                kept = torch.tensor(going, device=model.device)
                live, token, mask, places = live[kept], token[kept], mask[kept], places[kept]
                cache.batch_select_indices(kept)
            taken, places, mask = token, places + 1, torch.cat([mask, mask.new_ones(len(mask), 1)], 1)
            scores = model(input_ids=taken, attention_mask=mask, position_ids=places, past_key_values=cache, use_cache=True).logits[:, -1]
        if constraint:
            constraint.close()
        answers = [self._answer(*parts, ends) for parts in zip(tokens, logprobs, legal, strict=True)]
        return [answers[start:start + group] for start in range(0, len(answers), group)]

    def _spec(self, model: Any, prompt: Prompt, ends: list[int]) -> GrammarSpec:
        apis = frozenset(api for api in prompt.record["apis"] if api not in SYNTAX_APIS)
        return GrammarSpec(table(self.tokenizer, ends, model.config.get_text_config().vocab_size), apis, Catalog.load())

    def _answer(self, tokens: list[int], logprobs: list[float], legal: list[np.ndarray], ends: list[int]) -> Answer:
        finished = tokens[-1] in ends
        text = chat.decode(tokens[: len(tokens) - finished], self.tokenizer)
        return Answer(text, tokens, np.array(logprobs, np.float32), np.stack(legal) if legal else None, finished)


class Server:
    """Writes with a vLLM server, which loads the adapter anew for each step: `vllm serve BASE --enable-lora`, and in its environment
    VLLM_ALLOW_RUNTIME_LORA_UPDATING=True. It must see the run's folder.
    """

    def __init__(self, args: argparse.Namespace, tokenizer: Any) -> None:
        self.args, self.tokenizer, self.url, self.loaded = args, tokenizer, args.rollouts.rstrip("/").removesuffix("/v1"), ""

    def write(self, objective: AnswerLoss, prompts: Sequence[Prompt], seed: str) -> list[list[Answer]]:
        """The answers to each prompt."""
        folder, before = (self.args.output / "rollouts" / seed.replace("/", "-")).resolve(), self.loaded
        objective.model.save_pretrained(folder)
        self.loaded = f"{self.args.output.name}-{folder.name}"
        self._post("load_lora_adapter", lora_name=self.loaded, lora_path=str(folder))
        if before and before != self.loaded:
            self._post("unload_lora_adapter", lora_name=before)
        return [self._group(prompt, seed) for prompt in prompts]

    def _group(self, prompt: Prompt, seed: str) -> list[Answer]:
        room = min(self.args.max_new_tokens, self.args.context - len(prompt.tokens))
        found = json.loads(self._post(
            "completions", model=self.loaded, prompt=prompt.tokens, n=self.args.group, max_tokens=room, temperature=1.0, top_p=1.0, top_k=-1,
            seed=number_of(f"{seed}/{prompt.record['id']}") % 2**31, logprobs=0, return_token_ids=True, skip_special_tokens=True))
        try:
            return [Answer(choice["text"], choice["token_ids"], np.array(choice["logprobs"]["token_logprobs"], np.float32), None,
                           choice["finish_reason"] == "stop") for choice in found["choices"]]
        except (KeyError, TypeError):
            raise UserError(f"{self.url}: its answers have no token_ids or logprobs; --rollouts needs vLLM 0.10.2 or later") from None

    def _post(self, path: str, **body: Any) -> bytes:
        request = urllib.request.Request(f"{self.url}/v1/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            detail = " ".join(error.read(300).decode("utf-8", "replace").split())
            raise UserError(f"{self.url}/v1/{path}: {error.code} {detail}; see docs/reinforce.md for how the server is started") from None
        except OSError as error:
            raise UserError(f"{self.url}: no answer ({getattr(error, 'reason', error)}); is the server of --rollouts running?") from None


def number_of(text: str) -> int:
    """Return a seed that is a function of a text."""
    return random.Random(text).getrandbits(62)


# ---------------------------------------------------------------------------------------------------------------------------------
# answers -> the samples of a step


class Judged(NamedTuple):
    """An answer with its reward, and how much it counts: its advantage, 0 for one that teaches nothing."""

    prompt: list[int]
    identifier: str
    answer: Answer
    reward: rewards.Reward
    advantage: float

    @property
    def line(self) -> Record:
        """The answer for a person to read."""
        return {"id": self.identifier, "finished": self.answer.finished, "answer": self.answer.text, **self.reward._asdict()}


def judged(prompt: Prompt, group: Sequence[Answer], guaranteed: Sequence[str] = ()) -> list[Judged]:
    """The answers to a prompt with what each is worth beside the others; one that was cut off has no say."""
    found = [rewards.reward(prompt.record["messages"][:-1], answer.text, prompt.record) for answer in group]
    totals = [one.without(guaranteed) for one in found]
    whole = [total for total, answer in zip(totals, group, strict=True) if answer.finished]
    mean = fmean(whole) if whole and max(whole) - min(whole) > 1e-9 else None
    return [Judged(prompt.tokens, str(prompt.record["id"]), answer, one, total - mean if answer.finished and mean is not None else 0.0)
            for answer, one, total in zip(group, found, totals, strict=True)]


def samples_of(answers: Sequence[Judged], constant: float) -> Samples:
    """The answers that teach something, ready to be packed; the loss of a step over their tokens is divided by `constant`."""
    kept = [one for one in answers if one.advantage]
    packed = Samples.of((one.prompt + one.answer.tokens, [False] * len(one.prompt) + [True] * len(one.answer.tokens)) for one in kept)
    scale = sum(len(one.answer.tokens) for one in kept) / constant  # a step's loss is divided by its tokens, as in supervised training
    weights = [np.full(len(one.answer.tokens), one.advantage * scale, np.float32) for one in kept]
    legal = [one.answer.legal for one in kept]
    return Samples(packed.tokens, packed.is_answer, packed.offsets, Drawn(
        np.concatenate([np.empty(0, np.float32), *weights]), np.concatenate([np.empty(0, np.float32), *(one.answer.logprobs for one in kept)]),
        np.concatenate(legal) if legal and legal[0] is not None else None))


class Rollouts:
    """A plan like packing.Plan's, whose samples the model writes when the rows of a step are asked for."""

    def __init__(self, args: argparse.Namespace, tokenizer: Any, known: data.Data) -> None:
        self.args, self.ids, self.samples = args, known.ids[0], known.train
        self.rows_per_step = self.rows_per_epoch = args.rows
        self.steps_per_epoch = math.ceil(len(self.ids) / args.prompts)
        self.writer = Server(args, tokenizer) if args.rollouts else Local(args, tokenizer)
        self.guaranteed = rewards.GUARANTEED if args.grammar else ()
        self.records: dict[str, Record] = {}
        self.objective: AnswerLoss | None = None
        self.rank, self.world, self.made = 0, 1, -1
        self.told = f"; {args.prompts} prompts a step, {args.group} answers to each"

    # --- what packing.Plan has

    def row(self, step: int, number: int) -> Row:
        """Row `number` of a step; behind the last one, a row without loss."""
        return self.plan_of(step).row(0, number)

    def size(self, step: int) -> tuple[int, int]:
        """(tokens, tokens with loss) of a step, the latter at least 1."""
        tokens, supervised = self.plan_of(step).size(0)
        return tokens, max(1, supervised)

    def step_rows(self, step: int) -> list[list[int]]:
        """The samples of each row of a step."""
        return self.plan_of(step).step_rows(0)

    @property
    def lengths(self) -> list[int]:
        """Tokens of each sample of the step that was made last."""
        return self.plan.lengths

    # --- a step

    def asked(self, step: int) -> list[int]:
        """The numbers of a step's prompts: each once in an epoch, in the order that (seed, epoch) gives."""
        epoch, place = divmod(step, self.steps_per_epoch)
        order = list(range(len(self.ids)))
        random.Random(f"{self.args.seed}/{epoch}").shuffle(order)
        return order[place * self.args.prompts:(place + 1) * self.args.prompts]

    def plan_of(self, step: int) -> Plan:
        """The rows of a step; its answers are written when it is first asked for, by the model as it then is."""
        if step != self.made:
            started = time.perf_counter()
            answers = self.written(self.samples, self.ids, self.asked(step), f"{self.args.seed}/{step}")
            samples = samples_of(answers, self.args.prompts * self.args.group * self.args.max_new_tokens)
            capacity = max([*samples.lengths, -(-len(samples.tokens) // self.rows_per_step), 1])
            while len(best_fit(samples.lengths, capacity, range(len(samples)))) > self.rows_per_step:
                capacity += capacity // 16 + 1
            self.plan, self.made = Plan(samples, capacity, self.rows_per_step, self.args.seed), step
            self.seconds = time.perf_counter() - started
            self.figures = figures_of(answers, self.args.group) | {
                "rollout_tok_per_s": round(sum(len(one.answer.tokens) for one in answers) / self.seconds)}
        return self.plan

    def written(self, samples: Samples, ids: Sequence[str], numbers: Sequence[int], seed: str) -> list[Judged]:
        """The answers to prompts, judged: each process writes its share, and gets them all."""
        padded = [*numbers, *numbers[:1] * (-len(numbers) % self.world)]
        prompts = [Prompt(prompt_of(samples, number), self.records[ids[number]]) for number in padded[self.rank::self.world]]
        groups = self.writer.write(self.objective, prompts, seed)
        own = [judged(prompt, group, self.guaranteed) for prompt, group in zip(prompts, groups, strict=True)]
        shares: list[Any] = [own]
        if self.world > 1:
            shares = [None] * self.world
            dist.all_gather_object(shares, own)
        return [one for number in range(len(numbers)) for one in shares[number % self.world][number // self.world]]


def prompt_of(samples: Samples, number: int) -> list[int]:
    """The tokens of a sample that stand before its last answer."""
    part = slice(samples.offsets[number], samples.offsets[number + 1])
    answer = np.flatnonzero(samples.is_answer[part])
    start = answer[np.flatnonzero(np.diff(answer, prepend=-2) > 1)[-1]]
    return samples.tokens[part][:start].tolist()


def figures_of(answers: Sequence[Judged], group: int) -> dict[str, float]:
    """The figures of some groups of answers: means of the reward and its parts, shares of what was left out, passes of 1 and of all."""
    groups = [answers[start:start + group] for start in range(0, len(answers), group)]
    passes = [[one.reward.passed for one in each] for each in groups]
    tokens = [len(one.answer.tokens) for one in answers]
    return {"reward": fmean(one.reward.total for one in answers),
            **{part: fmean(getattr(one.reward, part) for one in answers) for part in rewards.Reward._fields},
            "pass_1": fmean(map(fmean, passes)), f"pass_{group}": fmean(map(any, passes)),
            "equal_groups": fmean(not any(one.advantage for one in each) for each in groups),
            "cut": fmean(not one.answer.finished for one in answers), "tokens": fmean(tokens),
            "entropy": -sum(float(one.answer.logprobs.sum()) for one in answers) / sum(tokens)}


def records_of(path: Path, ids: set[str]) -> dict[str, Record]:
    """The records with these ids, by id. UserError for one of a test split, or without a program."""
    found = {}
    for record in data.chat_records(path):
        if str(record.get("split", "")).startswith("test"):
            raise UserError(f"{path}: {record['id']} is of split {record['split']}, and a model must not be trained on tests; "
                            "take train.jsonl")
        if str(record["id"]) in ids:
            if not rewards.gold_of(record).strip():
                raise UserError(f"{path}: {record['id']}: its answer holds no program that answers can be compared with; leave it out")
            found[str(record["id"])] = record
    return found


# ---------------------------------------------------------------------------------------------------------------------------------
# in the place of what supervised training has


class Reinforcement(data.Workflows):
    """The prompts of a run, and this process's rows of each step."""

    def __init__(self, args: argparse.Namespace, tokenise: Any, tokenizer: Any) -> None:
        super().__init__(args, tokenise)
        self.tokenizer = tokenizer

    def setup(self, stage: str | None = None) -> None:
        """Make the plan, once. A step's answers share --rows rows, by default as many as hold the longest answers to the longest prompts."""
        if self.plan is None:
            args = self.args
            args.rows = args.rows or math.ceil(args.prompts * args.group * args.context / args.row_tokens)
            super().setup()
            self.plan = Rollouts(args, self.tokenizer, self.data)

    def train_dataloader(self) -> Any:
        """The rows of the steps until the next validation."""
        plan, module = self.plan, self.trainer.lightning_module
        plan.objective, plan.rank, plan.world = module.objective, self.trainer.global_rank, self.trainer.world_size
        if not plan.records:
            numbers = {number for step in range(module.step, module.total) for number in plan.asked(step)}
            plan.records = records_of(self.args.input, {plan.ids[number] for number in numbers})
        return super().train_dataloader()


class Watch(AtSteps):
    """Logs what the answers of a step were worth, and has prompts answered that are kept apart, behind each validation."""

    def __init__(self, folder: RunFolder, workflows: Reinforcement) -> None:
        self.folder, self.workflows, self.gaps = folder, workflows, list[torch.Tensor]()

    def on_after_backward(self, trainer: Trainer, module: Any) -> None:
        """Compare the log-probabilities of a row's tokens with those that they had when they were drawn; no weight has changed yet."""
        self.gaps.append((module.objective.logprobs - module.part.row.drawn.logprobs).abs())
        gap = torch.cat(self.gaps)
        if len(gap) and not gap.mean() <= GAP[module.args.precision]:
            raise UserError(f"step {module.step + 1}: what the model wrote has other log-probabilities in training, by {float(gap.mean()):.2g} "
                            f"a token (at most {GAP[module.args.precision]:g} are rounding): it was written by another model, or with dropout")

    def on_step_end(self, trainer: Trainer, module: Any) -> None:
        """Complete the step's figures."""
        plan, gap = self.workflows.plan, torch.cat(self.gaps)
        self.gaps.clear()
        figures = plan.figures | {"gap": float(gap.mean()) if len(gap) else 0.0, "largest_gap": float(gap.max()) if len(gap) else 0.0,
                                  "update_tok_per_s": round(module.part.tokens / max(1e-9, time.perf_counter() - module.clock - plan.seconds))}
        module.figures |= figures
        if trainer.is_global_zero:
            self.folder.note("rollouts.jsonl", [{"step": module.step, **figures}])

    def on_validation_end(self, trainer: Trainer, module: Any) -> None:
        """Answer the prompts kept apart, by the same draws each time."""
        plan, known, args = self.workflows.plan, self.workflows.data, module.args
        numbers = range(min(args.sample_generations, len(known.ids[1])))
        if not numbers:
            return
        plan.objective, plan.rank, plan.world = module.objective, trainer.global_rank, trainer.world_size
        plan.records |= records_of(args.validation or args.input, {known.ids[1][number] for number in numbers} - plan.records.keys())
        answers = plan.written(known.validation, known.ids[1], list(numbers), f"{args.seed}/held out")
        if trainer.is_global_zero:
            figures = figures_of(answers, args.group)
            self.folder.note("passes.jsonl", [{"step": module.step, **figures}])
            self.folder.sample(module.step, [one.line for one in answers])
            cli.say(f"step {module.step}: {len(numbers)} prompts kept apart: reward {figures['reward']:.3f}, {figures['compiles']:.0%} compile, "
                    f"{figures['pass_1']:.0%} pass, of {args.group} one {figures[f'pass_{args.group}']:.0%}")
