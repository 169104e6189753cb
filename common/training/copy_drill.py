"""A drill for models that start from nothing: to go on with what stood before, as in `A B … A` with `B`.

Most of a program's names stand in its prompt, so to copy is half of the task. The attention heads that do it (induction heads, Olsson et
al. 2022, arXiv 2209.11895) form suddenly and late: a tiny model that is trained on programs alone learns the training set's names by heart
instead, and writes none that it has not seen. On random tokens that are said twice there is nothing else to learn, and they form in a
minute or two.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import torch
from torch.nn import functional

TOKENS = 512  # drilled in a step, at least one sequence
RATE, WARMUP, CLIP = 3e-3, 200, 1.0
SHORTEST, FIRST, LONGEST = 4, 16, 512  # tokens that are said twice: short ones are learned first, then up to twice as many
LEARNED, DONE = 1.0, 0.7  # losses from which longer ones come, and from which the longest are learned
MEMORY = 0.95  # of the mean loss


class Drilled(NamedTuple):
    """The result of a drill: steps, the mean loss at its end (nats a token), the longest repetition in it, seconds."""

    steps: int
    loss: float
    longest: int
    seconds: float


def drill(model: torch.nn.Module, vocabulary: range, steps: int, seed: int) -> Drilled:
    """Teach a model (ids -> logits) to copy tokens of a vocabulary, in at most so many steps. A function of weights and seed."""
    device = next(model.parameters()).device
    generator, started = torch.Generator().manual_seed(seed), time.perf_counter()
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.0)
    longest, mean, step = FIRST, float("nan"), -1
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / WARMUP)
        ids, length = repetitions(vocabulary, longest, generator)
        logits = model(input_ids=ids.to(device), use_cache=False, logits_to_keep=length).logits[:, :-1]
        loss = functional.cross_entropy(logits.flatten(0, 1).float(), ids[:, 1 - length :].flatten().to(device))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        optimizer.zero_grad()
        mean = MEMORY * mean + (1 - MEMORY) * loss.item() if step else loss.item()
        if mean < LEARNED and longest < LONGEST:
            longest, mean = 2 * longest, 2 * LEARNED
        elif mean < DONE:
            break
    return Drilled(step + 1, mean, longest, time.perf_counter() - started)


def repetitions(vocabulary: range, longest: int, generator: torch.Generator) -> tuple[torch.Tensor, int]:
    """(ids (batch, tokens), how many at the end repeat the beginning): random tokens, some others, and the first ones again."""

    def drawn(low: int, high: int, *shape: int) -> torch.Tensor:
        return torch.randint(low, high, shape, generator=generator)

    length = int(drawn(SHORTEST, longest + 1))
    rows, between = max(1, TOKENS // length), int(drawn(0, min(64, length) + 1))
    said, other = (drawn(vocabulary.start, vocabulary.stop, rows, size) for size in (length, between))
    return torch.cat([said, other, said], dim=1), length
