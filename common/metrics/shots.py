"""In-context examples, as the paper's baselines with ICL have one: a random seed sample before each query, the same for all systems."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

from common import jsonl
from common.dataset.example import SEED
from common.excerpts import without_comments
from common.jsonl import Record, UserError


def draw(bench: Path, tests: Iterable[Record], count: int, seed: int, any_api: bool = False) -> list[Record]:
    """`count` records of the seed that are in training, drawn by `seed`; none shares its id, query or program with a test.

    None has an API that the OOD test holds out, which would then be seen, unless `any_api`. Raises UserError if there are too few.
    """
    tests, train, stats = list(tests), bench / "train.jsonl", bench / "stats.json"
    held_out = {*jsonl.whole(stats).get("held_out", {}).get("apis", ())} if stats.exists() and not any_api else set()
    ids, queries, programs = ({record[field] for record in tests} for field in ("id", "query", "reference"))
    fit = [record["id"] for record in jsonl.records(train, ("query", "apis", "code", "messages"))
           if record.get("origin") == SEED and not held_out & {*record["apis"]} and record["id"] not in ids
           and record["query"] not in queries and without_comments(record["code"]) not in programs]  # fmt: skip
    if len(fit) < count:
        raise UserError(f"--shots {count}: {train} has {len(fit)} records of the seed that may be an example")
    drawn = random.Random(f"{seed}: shots").sample(fit, count)
    records = {record["id"]: record for record in jsonl.records(train) if record["id"] in drawn}
    return [records[identifier] for identifier in drawn]


def label(count: int) -> str:
    """The part of a system's name that tells of its prompts: `, 1 shot`; nothing where they have no example."""
    return f", {count} shot{'s' * (count > 1)}" if count else ""
