"""Answers to the prompts of a step of reinforcement: by the model in training itself, or by a vLLM server that is given its adapter.

Each answer is drawn from the model's own distribution (all tokens, or those that a grammar leaves; --temperature) and comes with the
log-probabilities of its tokens. It is a function of a seed, the prompt and its number, and does not depend on those beside it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPException
from typing import Any, NamedTuple

import numpy as np

from common import chat
from common.conversation import ANSWER_FORMS, WHOLE
from common.decoding import token_masks
from common.decoding.generation import Sampler, write
from common.decoding.side_by_side import Work, side_by_side
from common.jsonl import Record, UserError
from common.training.generations import answering
from common.training.loss import AnswerLoss
from common.training.precision import renew
from shortcuts.catalog import Catalog
from shortcuts.catalog.search import SYNTAX_APIS

AT_ONCE = 64  # answers that are written side by side
LOOP = 48  # tokens
PATIENCE = 600.0  # seconds that a server has for the answers to a prompt


class Prompt(NamedTuple):
    """A prompt's tokens, and the record that it comes from."""

    tokens: list[int]
    record: Record


class Answer(NamedTuple):
    """An answer: its text, its tokens with the end mark, their log-probabilities, what was legal there, True if it ended by itself."""

    text: str
    tokens: list[int]
    logprobs: np.ndarray
    legal: np.ndarray | None  # as in packing.Drawn
    finished: bool

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
        if self.forced or self.ended:
            mask = np.zeros(-(-self.spec.table.vocab_size // 32), np.uint32)
            mask[token // 32] = 1 << token % 32
        else:
            mask = self.allowed()
        self.masks.append(mask.view(np.uint8))
        super().take(token)


class Local:
    """Writes with the model in training, its adapters as they are."""

    def __init__(self, args: argparse.Namespace, tokenizer: Any) -> None:
        self.args, self.tokenizer = args, tokenizer

    def write(self, objective: AnswerLoss, prompts: Sequence[Prompt], seed: str, in_step: bool = False) -> list[list[Answer]]:
        """--group answers to each prompt."""
        group, model = self.args.group, objective.model
        with answering(objective):
            works = [self._work(model, prompt, f"{seed}/{copy}") for prompt in prompts for copy in range(group)]
            found = dict(side_by_side(model, self.tokenizer, works, AT_ONCE, in_step))
        return [[found[place + copy] for copy in range(group)] for place in range(0, len(works), group)]

    def _work(self, model: Any, prompt: Prompt, seed: str) -> Work[Answer]:
        ends, room = chat.end_ids(model, self.tokenizer), room_of(self.args, prompt)
        row = Held(self._grammar(model, prompt, ends), room) if self.args.grammar else None
        choose = Sampler(f"{prompt.record['id']}", self.args.temperature, 1.0, seed)
        made = yield from write(self.tokenizer, prompt.tokens, room, choose, ends, row=row, gives_up=is_loop)
        has_end = made.tokens[-1] in ends
        text = chat.decode(made.tokens[: len(made.tokens) - has_end], self.tokenizer)
        finished = has_end and not (row and row.cut)  # by the model, not for want of room
        return Answer(text, made.tokens, np.array(made.logprobs, np.float32), np.stack(row.masks) if row else None, finished)

    def _grammar(self, model: Any, prompt: Prompt, ends: list[int]) -> token_masks.GrammarSpec:
        if not isinstance(prompt.record.get("apis"), list) or not ANSWER_FORMS.get(prompt.record.get("task", WHOLE.task), WHOLE).plan:
            raise UserError(f"record {prompt.record['id']}: --grammar needs a list `apis`, and a prompt that asks for a plan")
        table = token_masks.table(self.tokenizer, ends, model.config.get_text_config().vocab_size)
        offered = frozenset([*prompt.record["apis"], *(prompt.record.get("distractors") or ())])
        return token_masks.GrammarSpec(table, offered - SYNTAX_APIS, Catalog.load())


class Server:
    """Writes with a vLLM server that sees the run's folder, and loads the adapter anew for each step; docs/reinforce.md has its command."""

    def __init__(self, args: argparse.Namespace, tokenizer: Any) -> None:
        self.args, self.url = args, args.rollouts.rstrip("/").removesuffix("/v1")
        if args.devices * args.nodes > 1:
            raise UserError(f"--rollouts {args.rollouts}: one device trains beside a server, and here are {args.devices * args.nodes}; "
                            "give --devices 1 --nodes 1")

    def write(self, objective: AnswerLoss, prompts: Sequence[Prompt], seed: str, in_step: bool = False) -> list[list[Answer]]:
        """--group answers to each prompt."""
        renew(objective)
        with self._loaded(objective.model, seed) as name:
            return [self._group(prompt, name, seed) for prompt in prompts]

    @contextmanager
    def _loaded(self, model: Any, seed: str) -> Iterator[str]:
        """Within, the server has the model's adapter, by the name that is yielded; afterwards it lies neither there nor on the disk."""
        folders = (self.args.output / "rollouts").resolve()
        folder = folders / seed.replace("/", "-")
        name = f"{self.args.output.name}-{folder.name}"
        shutil.rmtree(folders, ignore_errors=True)  # of a run that was killed
        model.save_pretrained(folder)
        with suppress(UserError):  # the same; if the server is not there, the next request says so
            self._post("unload_lora_adapter", lora_name=name)
        self._post("load_lora_adapter", lora_name=name, lora_path=str(folder))
        yield name
        self._post("unload_lora_adapter", lora_name=name)
        shutil.rmtree(folders)

    def _group(self, prompt: Prompt, name: str, seed: str) -> list[Answer]:
        number = int.from_bytes(f"{seed}/{prompt.record['id']}".encode(), "big") % (2**31 - 1)
        found = self._post(
            "completions", model=name, prompt=prompt.tokens, n=self.args.group, max_tokens=room_of(self.args, prompt), seed=number,
            temperature=1.0, top_p=1.0, top_k=-1, min_p=0.0, repetition_penalty=1.0, logprobs=0, return_token_ids=True)  # fmt: skip
        try:
            answers = [Answer(one["text"], one["token_ids"], np.array(one["logprobs"]["token_logprobs"], np.float32).reshape(
                len(one["token_ids"])), None, one["finish_reason"] == "stop") for one in json.loads(found)["choices"]]  # fmt: skip
        except (KeyError, TypeError, ValueError):
            raise UserError(f"{self.url}: its answers have no token_ids or logprobs; --rollouts needs vLLM 0.10.2 or later") from None
        if len(answers) != self.args.group or not all(answer.tokens for answer in answers):
            raise UserError(f"{self.url}: of {self.args.group} answers that were asked for, {len(answers)} came, or some were empty")
        return answers

    def _post(self, path: str, **body: Any) -> bytes:
        request = urllib.request.Request(f"{self.url}/v1/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return bytes(answer.read())
        except (OSError, HTTPException) as error:
            said = " ".join(error.read(300).decode("utf-8", "replace").split()) if isinstance(error, urllib.error.HTTPError) else ""
            raise UserError(f"--rollouts {self.url}: /v1/{path} failed ({error}) {said}; docs/reinforce.md says how to start it") from None


def room_of(args: argparse.Namespace, prompt: Prompt) -> int:
    """Return how many tokens an answer to a prompt may have."""
    return min(args.max_new_tokens, args.context - len(prompt.tokens))
