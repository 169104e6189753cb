"""Answers to the prompts of a step of reinforcement: by the model in training itself, or by a vLLM server that is given its adapter.

Each is drawn from the model's own distribution, or what a grammar leaves of it, and comes with the log-probabilities of its tokens. It is a
function of a seed, the prompt and its number, and does not depend on those beside it.
"""

from __future__ import annotations

import argparse
import shutil
import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np

from common import chat
from common.conversation import ANSWER_FORMS, WHOLE
from common.decoding import token_masks
from common.decoding.generation import Sampler, ended, write
from common.decoding.side_by_side import Work, side_by_side
from common.jsonl import Record, UserError
from common.rewards import Reward
from common.training.generations import answering
from common.training.loss import AnswerLoss
from common.training.precision import renew
from shortcuts.catalog import Catalog
from shortcuts.catalog.search import SYNTAX_APIS

AT_ONCE, LOOP = 64, 48  # answers that are written side by side; last tokens in which repeats are looked for


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


class Writer:
    """Writes with the model in training, its adapters as they are."""

    def __init__(self, args: argparse.Namespace, tokenizer: Any) -> None:
        self.args, self.tokenizer = args, tokenizer

    def write(self, objective: AnswerLoss, records: Sequence[Record], seed: str, in_step: bool = False) -> list[list[Answer]]:
        """--group answers to the prompt of each record."""
        copies = range(self.args.group)
        with answering(objective):
            works = [self._work(objective.model, record, f"{seed}/{copy}") for record in records for copy in copies]
            found = dict(side_by_side(objective.model, self.tokenizer, works, AT_ONCE, in_step))
        return [[found[place * len(copies) + copy] for copy in copies] for place in range(len(records))]

    def prompt(self, record: Record) -> tuple[list[int], int]:
        """(the tokens of a record's prompt, how many its answer may have)."""
        _, tokens, is_answer = next(chat.encode([record], self.tokenizer))
        tokens = tokens[: max(place for place, own in enumerate(is_answer) if own and not is_answer[place - 1])]  # as in training
        return tokens, min(self.args.max_new_tokens, self.args.context - len(tokens))

    def _work(self, model: Any, record: Record, seed: str) -> Work[Answer]:
        (prompt, room), ends = self.prompt(record), chat.end_ids(model, self.tokenizer)
        row = Held(self._grammar(model, record, ends), room) if self.args.grammar else None
        choose = Sampler(str(record["id"]), self.args.temperature, 1.0, seed)
        made = yield from write(self.tokenizer, prompt, room, choose, ends, row=row, gives_up=is_loop)
        end = ended(self.tokenizer, made.tokens, ends, row=row)
        return Answer(prompt, made.tokens, np.float32(made.logprobs), end.text, end.finished, np.stack(row.masks) if row else None)

    def _grammar(self, model: Any, record: Record, ends: list[int]) -> token_masks.GrammarSpec:
        if not isinstance(record.get("apis"), list) or not ANSWER_FORMS.get(record.get("task", WHOLE.task), WHOLE).plan:
            raise UserError(f"record {record['id']}: --grammar needs a list `apis`, and a prompt that asks for a plan")
        table = token_masks.table(self.tokenizer, ends, model.config.get_text_config().vocab_size)
        offered = frozenset([*record["apis"], *(record.get("distractors") or ())])
        return token_masks.GrammarSpec(table, offered - SYNTAX_APIS, Catalog.load())


class Held(token_masks.Row):
    """An answer under a grammar that keeps the masks of its tokens."""

    def __init__(self, *settings: Any) -> None:
        super().__init__(*settings)
        self.masks = list[np.ndarray]()

    def take(self, token: int) -> None:
        """Go on with a token; one that is forced was the only one."""
        width, is_forced = -(-self.spec.table.vocab_size // 32) * 32, self.forced or self.ended
        self.masks.append(np.packbits(np.arange(width) == token, bitorder="little") if is_forced else self.allowed().view(np.uint8))
        super().take(token)


class Server(Writer):
    """Has a vLLM server write that sees the run's folder, and loads the adapter anew for each step; docs/reinforce.md has its command."""

    def write(self, objective: AnswerLoss, records: Sequence[Record], seed: str, in_step: bool = False) -> list[list[Answer]]:
        """--group answers to the prompt of each record, by one request. The adapter lies on the disk, and with the server, meanwhile."""
        from openai import APIError, OpenAI

        renew(objective)
        group, asked, url = self.args.group, list(map(self.prompt, records)), self.args.rollouts.rstrip("/").removesuffix("/v1") + "/v1"
        folder = (self.args.output / "rollouts" / seed.replace("/", "-")).resolve()
        adapter = {"lora_name": f"{self.args.output.name}-{folder.name}-{uuid4().hex}"}  # a server remembers prompts by it
        objective.model.save_pretrained(folder)
        try:
            with OpenAI(base_url=url, api_key="none", timeout=600.0, max_retries=0) as client:
                client.post("/load_lora_adapter", body={**adapter, "lora_path": str(folder)}, cast_to=str)
                try:
                    found = client.completions.create(
                        model=adapter["lora_name"], prompt=[prompt for prompt, _ in asked], n=group, max_tokens=self.args.max_new_tokens,
                        seed=zlib.crc32(seed.encode()) >> 1, temperature=1.0, top_p=1.0, logprobs=0,
                        extra_body={"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0, "return_token_ids": True})  # fmt: skip
                finally:
                    client.post("/unload_lora_adapter", body=adapter, cast_to=str, options={"timeout": 30.0})
            places = [each for each in asked for _ in range(group)]
            answers = [Answer(prompt, one.token_ids, np.float32(one.logprobs.token_logprobs).reshape(len(one.token_ids)), one.text,
                              one.finish_reason == "stop" and 0 < len(one.token_ids) <= room)
                       for (prompt, room), one in zip(places, found.choices, strict=True)]  # fmt: skip
        except APIError as error:
            said = error.response.text if hasattr(error, "response") else error.__cause__ or ""
            raise UserError(f"--rollouts {error.request.url}: {' '.join(f'{error} {said}'.split())[:300]} (docs/reinforce.md)") from None
        except (AttributeError, TypeError, ValueError) as error:
            raise UserError(f"--rollouts {url}: its answers are not those of vLLM 0.10.2 or later: {str(error)[:200]}") from None
        finally:
            shutil.rmtree(folder.parent)
        return [answers[place:place + group] for place in range(0, len(answers), group)]
