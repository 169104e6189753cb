"""What the model writes while it is trained: answers to a few validation prompts, checked as programs, for a person to read.

Every process holds the whole model meanwhile and does its share of the prompts, so none waits for another's longer answer.
"""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from common import dialect, prompts
from common.generation import Generation, generate
from common.training.data import chat_records
from common.training.fsdp import gathered
from common.training.loss import PACKED, VARLEN, AnswerLoss, inner
from common.training.memory import layers

LONGEST = 512  # tokens of an answer: most programs fit, and a model that cannot stop yet does not hold training up


def questions(path: Path, ids: list[str]) -> list[dict[str, Any]]:
    """[{"id", "messages"}] of these records: each conversation up to where its last answer begins."""
    found = {}
    for record in chat_records(path):
        if str(record["id"]) in ids and str(record["id"]) not in found:
            last = max((n for n, message in enumerate(record["messages"]) if message["role"] == "assistant"), default=0)
            found[str(record["id"])] = {"id": str(record["id"]), "messages": record["messages"][:last]}
    return [found[identifier] for identifier in ids if identifier in found]


def answers(tokenizer: Any, asked: list[dict[str, Any]], objective: AnswerLoss, rank: int, world: int) -> list[dict[str, Any]]:
    """The model's likeliest answers, checked, in the order of the questions; every process calls it and gets them all."""
    mine = asked[rank::world]
    base, attention = inner(objective.model), inner(objective.model).config._attn_implementation
    if attention in (PACKED, VARLEN):
        base.set_attn_implementation("sdpa")  # ours know nothing of a cache
    objective.eval()
    # a compiled layer would be compiled again for each length
    eager = torch.compiler.set_stance("force_eager") if any(layer._compiled_call_impl for layer in layers(base)) else nullcontext()
    with gathered(objective), eager:
        written = list(generate(objective.model, tokenizer, [question["messages"] for question in mine], max_new_tokens=LONGEST))
    objective.train()
    base.set_attn_implementation(attention)
    results = [_checked(question["id"], answer) for question, answer in zip(mine, written, strict=True)]
    if world == 1:
        return results
    shares: list[Any] = [None] * world
    dist.all_gather_object(shares, results)
    return [shares[number % world][number // world] for number in range(len(asked))]


def _checked(identifier: str, answer: Generation) -> dict[str, Any]:
    code = prompts.parse_answer(answer.text).code
    diagnostics = dialect.check(code) if code.strip() else []
    return {"id": identifier, "finished": answer.finished, "answer": answer.text, "has_code": bool(code.strip()),
            "diagnostics": [f"line {found.line}: {found.code}: {found.message}" for found in diagnostics]}


def summed_up(results: list[dict[str, Any]]) -> str:
    """The samples in one line."""
    clean = sum(result["has_code"] and not result["diagnostics"] for result in results)
    return (f"samples written: {len(results)}, {sum(result['finished'] for result in results)} end by themselves, "
            f"{sum(result['has_code'] for result in results)} hold a program, {clean} pass check")
