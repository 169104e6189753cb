"""Answers to the prompts of a step of reinforcement: by the model in training itself, or by a vLLM server that is given its adapter.

Each answer is drawn from the model's own distribution (all tokens, or those that a grammar leaves; --temperature) and comes with the
log-probabilities of its tokens. It is a function of a seed, the prompt and its number, and does not depend on those beside it.
"""

from __future__ import annotations

import argparse
import shutil
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from common import chat
from common.conversation import ANSWER_FORMS, WHOLE
from common.decoding import token_masks
from common.decoding.generation import Sampler, write
from common.decoding.side_by_side import Work, side_by_side
from common.jsonl import Record, UserError
from common.rewards import Reward
from common.training.data import question
from common.training.generations import answering
from common.training.loss import AnswerLoss
from common.training.precision import renew
from shortcuts.catalog import Catalog
from shortcuts.catalog.search import SYNTAX_APIS

AT_ONCE = 64  # answers that are written side by side
LOOP = 48  # tokens
PATIENCE = 600.0  # seconds that a server has for the answers to a prompt


class Answer(NamedTuple):
    """An answer: the tokens before it, its own with the end mark, their log-probabilities, and what it is worth once it is judged."""

    prompt: list[int]
    tokens: list[int]
    logprobs: np.ndarray
    text: str
    finished: bool  # by itself
    legal: np.ndarray | None = None  # as in packing.Drawn
    reward: Reward = Reward()
    advantage: float = 0.0  # 0: it teaches nothing

    @property
    def loops(self) -> bool:
        """True if it had no end because it repeated itself, which more tokens would not have changed."""
        return not self.finished and is_loop(self.tokens)


def is_loop(tokens: list[int]) -> bool:
    """True if the last LOOP tokens are one piece three times or more."""
    tail = tokens[-LOOP:]
    return len(tail) == LOOP and any(tail[period:] == tail[:-period] for period in range(1, LOOP // 3 + 1))


class Held(token_masks.Row):
    """An answer under a grammar that keeps the masks of its tokens."""

    def __init__(self, *settings: Any) -> None:
        super().__init__(*settings)
        self.masks: list[np.ndarray] = []

    def take(self, token: int) -> None:
        """Go on with a token; one that is forced was the only one."""
        width, is_forced = -(-self.spec.table.vocab_size // 32) * 32, self.forced or self.ended
        self.masks.append(np.packbits(np.arange(width) == token, bitorder="little") if is_forced else self.allowed().view(np.uint8))
        super().take(token)


class Local:
    """Writes with the model in training, its adapters as they are."""

    def __init__(self, args: argparse.Namespace, tokenizer: Any) -> None:
        self.args, self.tokenizer = args, tokenizer

    def write(self, objective: AnswerLoss, records: Sequence[Record], seed: str, in_step: bool = False) -> list[list[Answer]]:
        """--group answers to the prompt of each record."""
        group, model = self.args.group, objective.model
        with answering(objective):
            works = [self._work(model, record, f"{seed}/{copy}") for record in records for copy in range(group)]
            found = dict(side_by_side(model, self.tokenizer, works, AT_ONCE, in_step))
        return [[found[place + copy] for copy in range(group)] for place in range(0, len(works), group)]

    def _work(self, model: Any, record: Record, seed: str) -> Work[Answer]:
        prompt, ends = chat.prompt_tokens(question(record), self.tokenizer), chat.end_ids(model, self.tokenizer)
        room = min(self.args.max_new_tokens, self.args.context - len(prompt))
        row = Held(self._grammar(model, record, ends), room) if self.args.grammar else None
        choose = Sampler(str(record["id"]), self.args.temperature, 1.0, seed)
        made = yield from write(self.tokenizer, prompt, room, choose, ends, row=row, gives_up=is_loop)
        has_end = made.tokens[-1] in ends
        text = chat.decode(made.tokens[: len(made.tokens) - has_end], self.tokenizer)
        finished = has_end and not (row and row.cut)  # by the model, not for want of room
        return Answer(prompt, made.tokens, np.float32(made.logprobs), text, finished, np.stack(row.masks) if row else None)

    def _grammar(self, model: Any, record: Record, ends: list[int]) -> token_masks.GrammarSpec:
        if not isinstance(record.get("apis"), list) or not ANSWER_FORMS.get(record.get("task", WHOLE.task), WHOLE).plan:
            raise UserError(f"record {record['id']}: --grammar needs a list `apis`, and a prompt that asks for a plan")
        table = token_masks.table(self.tokenizer, ends, model.config.get_text_config().vocab_size)
        offered = frozenset([*record["apis"], *(record.get("distractors") or ())])
        return token_masks.GrammarSpec(table, offered - SYNTAX_APIS, Catalog.load())


class Server:
    """Writes with a vLLM server that sees the run's folder, and loads the adapter anew for each step; docs/reinforce.md has its command."""

    def __init__(self, args: argparse.Namespace, tokenizer: Any) -> None:
        from openai import OpenAI

        if args.devices * args.nodes > 1:
            raise UserError(f"--rollouts: one device trains beside a server, not {args.devices * args.nodes}; give --devices 1 --nodes 1")
        self.args, self.tokenizer, url = args, tokenizer, args.rollouts.rstrip("/").removesuffix("/v1") + "/v1"
        self.client = OpenAI(base_url=url, api_key="none", timeout=PATIENCE, max_retries=0)

    def write(self, objective: AnswerLoss, records: Sequence[Record], seed: str, in_step: bool = False) -> list[list[Answer]]:
        """--group answers to the prompt of each record. The adapter lies on the disk, and with the server, as long as this takes."""
        from openai import APIStatusError, OpenAIError

        renew(objective)
        folder = (self.args.output / "rollouts" / seed.replace("/", "-")).resolve()
        name = f"{self.args.output.name}-{folder.name}"  # of each step another: what a server remembers of a prompt has the adapter's name
        shutil.rmtree(folder.parent, ignore_errors=True)  # of a run that was killed
        objective.model.save_pretrained(folder)
        try:
            with suppress(APIStatusError):  # the same
                self._adapter("unload", lora_name=name)
            self._adapter("load", lora_name=name, lora_path=str(folder))
            with ThreadPoolExecutor(max(1, len(records))) as pool:
                found = list(pool.map(partial(self._group, name, seed), records))
            self._adapter("unload", lora_name=name)
        except OpenAIError as error:
            raise UserError(f"--rollouts {self.args.rollouts}: {' '.join(str(error).split())[:300]} (docs/reinforce.md has the command "
                            "of a server)") from None
        shutil.rmtree(folder.parent)
        return found

    def _adapter(self, verb: str, **body: str) -> None:
        self.client.post(f"/{verb}_lora_adapter", body=body, cast_to=str)

    def _group(self, name: str, seed: str, record: Record) -> list[Answer]:
        prompt, args = chat.prompt_tokens(question(record), self.tokenizer), self.args
        try:
            found = self.client.completions.create(
                model=name, prompt=prompt, n=args.group, max_tokens=min(args.max_new_tokens, args.context - len(prompt)),
                seed=zlib.crc32(f"{seed}/{record['id']}".encode()) >> 1, temperature=1.0, top_p=1.0, logprobs=0,
                extra_body={"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0, "return_token_ids": True})  # fmt: skip
            answers = [Answer(prompt, one.token_ids, np.float32(one.logprobs.token_logprobs).reshape(len(one.token_ids)), one.text,
                              one.finish_reason == "stop") for one in found.choices]  # fmt: skip
        except (AttributeError, TypeError, ValueError):
            raise UserError(f"--rollouts {args.rollouts}: answers without token_ids or logprobs; it takes vLLM 0.10.2 or later") from None
        if len(answers) != args.group or not all(answer.tokens for answer in answers):
            raise UserError(f"--rollouts {args.rollouts}: of {args.group} answers, {len(answers)} came, or some were empty")
        return answers
