"""Samples of a model in training: answers to a few validation prompts, checked as programs, for a person to read.

Every process holds the whole model meanwhile and writes its share of the answers. All of them make the same calls and take the same steps,
whatever the number of prompts: one that ran a sharded model more often than the others would wait for them for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch

import shortcuts
from common import cli, replies
from common.chat import prompt_tokens
from common.decoding.generation import Generation, generate, room_behind
from common.training import launcher
from common.training.activation_checkpointing import layers
from common.training.attention import PACKED, VARLEN, plain
from common.training.data import question
from common.training.fsdp import gathered
from common.training.loss import AnswerLoss, inner

LONGEST = 512  # tokens of an answer: most programs fit, and a model that cannot stop yet does not hold training up


def answers(tokenizer: Any, asked: list[dict[str, Any]], objective: AnswerLoss, rank: int, world: int) -> list[dict[str, Any]]:
    """The model's likeliest answers to some records' prompts, checked, in their order; every process calls it and gets them all."""
    def answered(mine: list[dict[str, Any]]) -> list[dict[str, Any]]:
        with answering(objective):
            written = list(generate(objective.model, tokenizer, [question(record) for record in mine], max_new_tokens=LONGEST,
                                    in_step=world > 1))
        return [_checked(str(record["id"]), answer) for record, answer in zip(mine, written, strict=True)]

    fitting = [record for record in asked if room_behind(inner(objective.model), prompt_tokens(question(record), tokenizer)) > 0]
    found = {result["id"]: result for result in launcher.shared_out(fitting, answered, rank, world)}
    too_long = Generation("", 0, False, "prompt_too_long")
    return [found.get(str(record["id"])) or _checked(str(record["id"]), too_long) for record in asked]


@contextmanager
def answering(objective: AnswerLoss) -> Iterator[None]:
    """Within, a model in training writes answers: whole in every process, without dropout, with an attention that knows of caches."""
    base, attention = inner(objective.model), inner(objective.model).config._attn_implementation
    if attention in (PACKED, VARLEN):
        base.set_attn_implementation(plain(base))
    objective.eval()
    # a compiled layer would be compiled again for each length
    eager = torch.compiler.set_stance("force_eager") if any(layer._compiled_call_impl for layer in layers(base)) else nullcontext()
    with gathered(objective), eager:
        yield
    objective.train()
    base.set_attn_implementation(attention)


def _checked(identifier: str, answer: Generation) -> dict[str, Any]:
    code = replies.parse_answer(answer.text).code
    try:
        with cli.one_record():
            diagnostics = [f"line {found.line}: {found.code}: {found.message}" for found in shortcuts.check(code)] if code.strip() else []
    except cli.Reject as reject:  # a model may write anything, and a look at it must not end its training
        diagnostics = [str(reject)]
    return {"id": identifier, "finished": answer.finished, "answer": answer.text, "has_code": bool(code.strip()),
            "diagnostics": diagnostics}


def summed_up(results: list[dict[str, Any]]) -> str:
    """The samples in one line."""
    clean = sum(result["has_code"] and not result["diagnostics"] for result in results)
    return (f"samples written: {len(results)}, {sum(result['finished'] for result in results)} end by themselves, "
            f"{sum(result['has_code'] for result in results)} hold a program, {clean} pass check")
