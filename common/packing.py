"""Tokenised samples -> a packing plan -> rows.

Several samples share one row of up to `capacity` tokens, so there is no padding. Position ids restart with each sample, and `lengths`
tells the attention where one ends: no sample sees another (training/loss.py). Nothing is drawn at training time: `Plan.row(step, number)`
is a function of its arguments, the samples and the seed, so a run resumes from an integer. training/data.py deals the rows out.
"""

from __future__ import annotations

import hashlib
import math
import random
from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import torch

IGNORED = -100  # the target of a position without loss; PyTorch's own convention


# ---------------------------------------------------------------------------------------------------------------------------------
# samples


class Drawn(NamedTuple):
    """Facts of reinforcement on the tokens that the model itself has drawn: arrays in samples, tensors in rows, a place for each."""

    weights: Any  # the factor of its loss
    logprobs: Any  # its log-probability when it was drawn
    legal: Any = None  # bits of the vocabulary that a grammar allowed there, as np.packbits(bitorder="little") has them
    temperature: float = 1.0  # by which logits were divided
    trained: Any = None  # in a row: its log-probability in training, once the loss is computed


@dataclass(frozen=True)
class Samples:
    """Tokenised samples end to end; sample i is the slice offsets[i]:offsets[i + 1]. 5 bytes a token, whatever their number."""

    tokens: np.ndarray  # int32
    is_answer: np.ndarray  # bool: a token that is predicted with loss
    offsets: np.ndarray  # int64, one more than there are samples
    drawn: Drawn | None = None  # a place for each token that is an answer's

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> list[int]:
        """Tokens of each sample."""
        return np.diff(self.offsets).tolist()

    def sha256(self) -> str:
        """One hash of data, tokenizer and template: what a run was trained on."""
        digest = hashlib.sha256()
        for array in (self.tokens, self.is_answer, self.offsets):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def chosen(self, numbers: Iterable[int]) -> Samples:
        """Some of them, in the order asked for."""
        parts = [slice(self.offsets[number], self.offsets[number + 1]) for number in numbers]
        return Samples.of((self.tokens[part], self.is_answer[part]) for part in parts)

    @classmethod
    def of(cls, samples: Iterable[tuple[Sequence[int], Sequence[bool]]]) -> Samples:
        """Samples from (token ids, is each an answer's) pairs."""
        tokens, is_answer = [np.empty(0, np.int32)], [np.empty(0, bool)]
        for ids, answer in samples:
            tokens.append(np.asarray(ids, np.int32))
            is_answer.append(np.array(answer, bool))
            is_answer[-1][:1] = False  # nothing stands before a sample's first token to predict it from
        lengths = [len(part) for part in tokens]  # the leading empty part makes the leading zero
        return cls(np.concatenate(tokens), np.concatenate(is_answer), np.cumsum(lengths, dtype=np.int64))


# ---------------------------------------------------------------------------------------------------------------------------------
# samples -> plan


def best_fit(lengths: Sequence[int], capacity: int, order: Iterable[int]) -> list[list[int]]:
    """Best-fit decreasing: the longest sample first, each into the fullest row that still holds it. Returns rows of sample numbers.

    Samples of one length are taken as `order` has them; how many rows come out depends on the lengths alone. O(n log n) and a bit.
    """
    rows: list[list[int]] = []
    open_rows: dict[int, list[int]] = {}  # room left -> rows that have it
    rooms: list[int] = []  # the keys of open_rows, sorted
    for sample in sorted(order, key=lambda sample: -lengths[sample]):
        length = lengths[sample]
        if length > capacity:
            raise ValueError(f"sample {sample} has {length} tokens, a row holds {capacity}")
        place = bisect_left(rooms, length)
        if place == len(rooms):
            row, room = len(rows), capacity
            rows.append([])
        else:
            room = rooms[place]
            row = open_rows[room].pop()
            if not open_rows[room]:
                del open_rows[room], rooms[place]
        rows[row].append(sample)
        if left := room - length:
            if left not in open_rows:
                open_rows[left] = []
                insort(rooms, left)
            open_rows[left].append(row)
    return rows


class Row(NamedTuple):
    """Samples end to end, computed in one forward pass; each tensor int64, [1, tokens] unless said."""

    input_ids: torch.Tensor
    position_ids: torch.Tensor
    targets: torch.Tensor  # the token that each position is to predict, IGNORED where there is no loss
    supervised: torch.Tensor  # [positions with loss]: known here, a GPU need not be waited for to count them
    lengths: tuple[int, ...]  # tokens of each sample
    drawn: Drawn | None = None  # at the supervised positions; None: each counts 1, as in supervised training


class Plan:
    """The samples that share a row, and the rows that make a step, epoch by epoch.

    An epoch holds every sample once. Rows and steps of an epoch are the same in number for all epochs; what differs, drawn from
    (seed, epoch), is the order of the rows and which of several samples of one length sits where.
    """

    def __init__(self, samples: Samples, capacity: int, rows_per_step: int, seed: int) -> None:
        self.samples, self.capacity, self.rows_per_step, self.seed = samples, capacity, rows_per_step, seed
        self.lengths = samples.lengths
        self._epoch, self._rows = -1, []
        self.rows_per_epoch = len(self.rows(0))
        self.steps_per_epoch = math.ceil(self.rows_per_epoch / rows_per_step)

    def rows(self, epoch: int) -> list[list[int]]:
        """The rows of an epoch, in the order they are taken."""
        if epoch != self._epoch:
            source = random.Random(f"{self.seed}/{epoch}")
            order = list(range(len(self.samples)))
            source.shuffle(order)
            self._rows = best_fit(self.lengths, self.capacity, order)
            source.shuffle(self._rows)
            self._epoch = epoch
        return self._rows

    def step_rows(self, step: int) -> list[list[int]]:
        """The rows of the global batch of a step, counted from 0 through all epochs."""
        epoch, index = divmod(step, self.steps_per_epoch)
        return self.rows(epoch)[index * self.rows_per_step:(index + 1) * self.rows_per_step]

    def row(self, step: int, number: int) -> Row:
        """Row `number` of a step's global batch; behind the last one, a row without loss."""
        return self._row(next(iter(self.step_rows(step)[number:number + 1]), []))

    def size(self, step: int) -> tuple[int, int]:
        """(tokens, tokens with loss) of the global batch of a step, the latter at least 1."""
        samples = [sample for row in self.step_rows(step) for sample in row]
        supervised = sum(int(self.samples.is_answer[self._slice(sample)].sum()) for sample in samples)
        return sum(self.lengths[sample] for sample in samples), max(1, supervised)

    def _slice(self, sample: int) -> slice:
        return slice(self.samples.offsets[sample], self.samples.offsets[sample + 1])

    def _row(self, row: list[int]) -> Row:
        import torch

        lengths = tuple(self.lengths[sample] for sample in row) or (1,)
        ids, targets = np.zeros(sum(lengths), np.int64), np.full(sum(lengths), IGNORED, np.int64)
        start = 0
        for sample in row:
            part, end = self._slice(sample), start + self.lengths[sample]
            ids[start:end] = tokens = self.samples.tokens[part]
            targets[start:end - 1] = np.where(self.samples.is_answer[part], tokens, IGNORED)[1:]  # each position predicts the next
            start = end
        positions = np.concatenate([np.arange(length) for length in lengths])
        supervised = torch.from_numpy(np.flatnonzero(targets != IGNORED))
        drawn = self.samples.drawn
        if drawn is not None:
            number, parts = np.cumsum(self.samples.is_answer) - 1, [self._slice(sample) for sample in row]
            places = np.concatenate([np.empty(0, np.int64), *(number[part][self.samples.is_answer[part]] for part in parts)])
            of_tokens = {name: torch.from_numpy(array[places]) for name, array in drawn._asdict().items() if isinstance(array, np.ndarray)}
            drawn = drawn._replace(**of_tokens, trained=torch.zeros(len(places)))
        return Row(*(torch.from_numpy(array)[None] for array in (ids, positions, targets)), supervised, lengths, drawn)


def rows_for(batch_size: int, samples: Samples, capacity: int) -> int:
    """Rows a step needs to hold `batch_size` samples on average, however many devices compute them."""
    return max(1, round(batch_size * len(samples.tokens) / max(1, len(samples)) / capacity))
