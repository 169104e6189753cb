"""Chat records -> tokenised samples, kept in a cache under a hash of data and tokenizer -> rows of steps.

The first process of a run does it, and the others receive what it made: no lock, which not every file system has.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import os
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from lightning.pytorch import LightningDataModule
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from torch.utils.data import DataLoader, Dataset

from common import cli, jsonl
from common.chat import Message, encode
from common.jsonl import UserError
from common.packing import Plan, Row, Samples, rows_for
from common.training import launcher

VERSION = 4  # of what is stored: another one is another hash


def chat_records(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a JSONL file with `messages` in the shape of a chat; UserError names file, line and field, or a test's split."""
    for number, line in jsonl.numbered_lines(path):
        record = jsonl.parse(line, f"{path}:{number}", ("id",))
        jsonl.checked({"messages": record.get("messages")}, f"{path}:{number}", ("messages",))  # its other fields are anybody's
        if str(record.get("split", "")).startswith("test"):
            raise UserError(f"{path}:{number}: {record['id']} is of split {record['split']}: models are neither trained nor chosen by "
                            "tests; take train.jsonl")
        yield record


class Tokenised(NamedTuple):
    """The samples of a file, whatever their length."""

    ids: list[str]
    programs: list[str]  # the id of the program of each: an edit's is that of the record that it changes
    samples: Samples


def tokenised(path: Path, tokenizer: Any, cache: Path | None) -> Tokenised:
    """Tokens of every record of a file, read from the cache folder if they are there, else made and put there."""
    if cache is None:
        return _tokenise(path, tokenizer)
    stored = cache / f"{content_hash(path, tokenizer)}.safetensors"
    if stored.exists():
        try:
            return _read(stored)
        except (SafetensorError, KeyError, ValueError, OSError):
            cli.say(f"{stored}: damaged, and made anew")
    result = _tokenise(path, tokenizer)
    _store(stored, result)
    return result


def usable(path: Path, tokenizer: Any, context: int, cache: Path | None, rejected: list[dict[str, Any]]) -> Tokenised:
    """The samples of a file that fit the context and hold an answer; the others join `rejected`, none is cut."""
    ids, programs, samples = tokenised(path, tokenizer, cache)
    kept = []
    for number, length in enumerate(samples.lengths):
        if length > context:
            rejected.append({"id": ids[number], "reason": "too_long", "detail": f"{length} tokens, the context holds {context}"})
        elif not samples.is_answer[samples.offsets[number]:samples.offsets[number + 1]].any():
            rejected.append({"id": ids[number], "reason": "no_answer", "detail": "no message of the assistant"})
        else:
            kept.append(number)
    return Tokenised([ids[number] for number in kept], [programs[number] for number in kept], samples.chosen(kept))


def content_hash(path: Path, tokenizer: Any) -> str:
    """Return a digest of all that the tokens of a file depend on: its bytes, the tokenizer and its chat template."""
    digest = hashlib.sha256(f"{VERSION}\0{tokenizer.chat_template}\0{tokenizer.special_tokens_map}\0".encode())
    backend = getattr(tokenizer, "backend_tokenizer", None)  # the slow ones have none
    digest.update(backend.to_str().encode() if backend is not None else repr(sorted(tokenizer.get_vocab().items())).encode())
    digest.update(file_hash(path).encode())
    return digest.hexdigest()


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes; UserError if it cannot be read."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; run the stage that writes it, or name another with --input") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None
    return digest.hexdigest()


def _tokenise(path: Path, tokenizer: Any) -> Tokenised:
    ids: list[str] = []
    programs: list[str] = []

    def records() -> Iterator[dict[str, Any]]:
        for record in chat_records(path):
            of = record.get("of")
            ids.append(str(record["id"]))
            programs.append(of if isinstance(of, str) else ids[-1])
            yield record

    samples = Samples.of((tokens, is_answer) for _, tokens, is_answer in encode(records(), tokenizer))
    return Tokenised(ids, programs, samples)


def _read(path: Path) -> Tokenised:
    arrays = load_file(path)
    ids, programs = (bytes(arrays[name]).decode().split("\0") if len(arrays[name]) else [] for name in ("ids", "programs"))
    samples = Samples(arrays["tokens"], arrays["is_answer"], arrays["offsets"])
    if not len(ids) == len(programs) == len(samples):
        raise ValueError("ids and samples differ in number")
    return Tokenised(ids, programs, samples)


def _store(path: Path, what: Tokenised) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    ids, programs = (np.frombuffer("\0".join(names).encode(), np.uint8) for names in (what.ids, what.programs))
    arrays = {"tokens": what.samples.tokens, "is_answer": what.samples.is_answer, "offsets": what.samples.offsets}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({"ids": ids, "programs": programs, **arrays}, part)
        os.replace(part, path)
    except (OSError, SafetensorError) as error:
        cli.say(f"{path.parent}: tokens cannot be kept there ({error}); going on without")
    finally:
        with suppress(OSError):
            part.unlink()


# ---------------------------------------------------------------------------------------------------------------------------------
# the data of a run


class Data(NamedTuple):
    """The data of a run: what it learns from, what it is validated on, and what it cannot use."""

    train: Samples
    validation: Samples
    rejected: list[dict[str, Any]]
    asked: list[dict[str, Any]]  # the records whose prompts --sample-generations has answered
    ids: tuple[list[str], list[str]] = ([], [])  # of the records of `train` and `validation`


def training_data(args: argparse.Namespace, tokenizer: Any) -> Data:
    """Tokenise, and hold out a share of the input, at least one of two programs, unless there is a file to validate on."""
    rejected: list[dict[str, Any]] = []
    ids, programs, samples = usable(args.input, tokenizer, args.context, args.token_cache, rejected)
    train, held_out, file = list(range(len(ids))), [], args.input
    if args.validation is not None:
        file = args.validation
        held_ids, _, held_samples = usable(file, tokenizer, args.context, args.token_cache, rejected)
    elif args.validation_share > 0 and len({*programs}) > 1:
        train, held_out = drawn(programs, args.validation_share, args.seed)
    if args.validation is None:
        held_ids, held_samples = [ids[number] for number in held_out], samples.chosen(held_out)
    if not train and held_out:
        raise UserError(f"--validation-share {args.validation_share:g} holds out all {len(held_out)} samples; give a smaller one")
    if args.validation is not None and not held_ids:
        raise UserError(f"--validation {file}: no sample to validate on ({len(rejected)} rejected); see --context, or leave the flag away")
    if not train:
        raise UserError(f"{args.input}: no sample to train on ({len(rejected)} rejected, the first: "
                        f"{rejected[0]['detail'] if rejected else 'none, the file is empty'}); see --context")
    asked = records_of(file, held_ids[:args.sample_generations]) if args.sample_generations else []
    return Data(samples.chosen(train), held_samples, rejected, asked, ([ids[number] for number in train], held_ids))


def drawn(programs: list[str], share: float, seed: int) -> tuple[list[int], list[int]]:
    """Draw the samples to train on and those to hold out, by a hash of seed and program; those of one program stay together."""
    first: dict[str, int] = {}
    for number, program in enumerate(programs):
        first.setdefault(program, number)
    order = sorted(range(len(programs)), key=lambda number: (zlib.crc32(f"{seed}/{programs[number]}".encode()), first[programs[number]]))
    count, wanted = 0, max(1, round(share * len(programs)))
    for _, group in groupby(order, key=programs.__getitem__):
        size = len(list(group))
        if count and count + size > wanted:
            break
        count += size
    return order[count:], order[:count]


def records_of(path: Path, ids: Sequence[str]) -> list[dict[str, Any]]:
    """The records with these ids, in their order; of several with one id the first."""
    wanted, found = {*ids}, dict[str, dict[str, Any]]()
    for record in chat_records(path):
        if str(record["id"]) in wanted:
            found.setdefault(str(record["id"]), record)
    return [found[identifier] for identifier in ids if identifier in found]


def question(record: Mapping[str, Any]) -> list[Message]:
    """A record's conversation up to where its last answer begins."""
    last = max((number for number, message in enumerate(record["messages"]) if message["role"] == "assistant"), default=0)
    return record["messages"][:last]


def tell_of_full_rows(args: argparse.Namespace, samples: Samples) -> None:
    """Say that a step has more samples than was asked for, where one row has: fewer steps learn less."""
    held = args.row_tokens * len(samples) / max(1, len(samples.tokens))
    if args.rows == 1 and min(held, len(samples)) > 1.5 * args.batch_size and launcher.is_first():
        cli.say(f"a row of {args.row_tokens} tokens holds {held:.0f} samples, so a step has as many, not --batch-size {args.batch_size}; "
                f"a lower --context or --row-tokens makes it fewer (the longest sample has {max(samples.lengths)} tokens)")


class Part(NamedTuple):
    """A row of a step, and what its loss and its random numbers depend on."""

    row: Row
    step: int
    number: int  # of the row among those of its step
    tokens: int  # of the whole step
    supervised: int  # tokens with loss of the whole step


class Rows(Dataset):  # type: ignore[type-arg]
    """The rows of some steps that one of several processes computes: equally many in each step, of every process, the last ones empty.

    Sharded training would hang otherwise.
    """

    def __init__(self, plan: Plan, steps: range, rank: int, world: int) -> None:
        self.plan, self.steps, self.rank, self.world = plan, steps, rank, world
        self.rounds, self.size = rounds(plan, world), lru_cache(1)(plan.size)

    def __len__(self) -> int:
        return len(self.steps) * self.rounds

    def __getitem__(self, index: int) -> Part:
        step, number = self.steps[index // self.rounds], self.rank + index % self.rounds * self.world
        return Part(self.plan.row(step, number), step, number, *self.size(step))


def rounds(plan: Plan, world: int) -> int:
    """Rows that each process computes in a step."""
    return math.ceil(min(plan.rows_per_step, plan.rows_per_epoch) / world)


class Workflows(LightningDataModule):
    """The data of a run, tokenised and packed into rows by the first process, and this process's rows of each step."""

    def __init__(self, args: argparse.Namespace, tokenise: Callable[[], Data]) -> None:
        super().__init__()
        self.args, self.tokenise = args, tokenise
        self.plan: Plan | None = None
        self.validation: Plan | None = None

    def setup(self, stage: str | None = None) -> None:
        """Make the plan, once."""
        if self.plan is not None:
            return
        self.data = launcher.from_first(self.tokenise)
        if not self.args.rows:
            self.args.rows = rows_for(self.args.batch_size, self.data.train, self.args.row_tokens)
            tell_of_full_rows(self.args, self.data.train)
        self.plan = Plan(self.data.train, self.args.row_tokens, self.args.rows, self.args.seed)
        if held_out := len(self.data.validation):
            self.validation = Plan(self.data.validation, self.args.row_tokens, held_out, self.args.seed)  # all of it in one step

    def train_dataloader(self) -> DataLoader[Part]:
        """The rows of the steps until the next validation; a step's rows are made from its number alone."""
        return self.rows(self.plan, self.trainer.lightning_module.begin_stretch())

    def val_dataloader(self) -> DataLoader[Part]:
        """The rows of all validation samples."""
        return self.rows(self.validation, range(1))

    def rows(self, plan: Plan, steps: range) -> DataLoader[Part]:
        """This process's rows of some steps, one after the other."""
        return DataLoader(Rows(plan, steps, self.trainer.global_rank, self.trainer.world_size), batch_size=None)
