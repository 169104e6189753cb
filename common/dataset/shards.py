"""The first pass of stage 06 in parts, as under a SLURM array: each part is examined by itself, then all are put together.

A part is a JSONL file in <output>/shards/. A line has `number` (the record's place in the inputs) and either `reject` (the line of its
reject) or `record` and `example` (what is to be remembered of it). Put together in the order of the numbers, the parts give what one run
over everything gives.
"""

from __future__ import annotations

import heapq
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import orjson

from common import jsonl
from common.dataset.dedup import CodePrint, QueryPrint
from common.dataset.makers import Maker
from common.dataset.quality import Example
from common.jsonl import Record, UserError

Examined = tuple[Example | None, bytes]  # what to remember of a record and its line, or None and the line of its reject
PRINTS: dict[str, type[CodePrint | QueryPrint]] = {"code": CodePrint, "query": QueryPrint}


def path_of(folder: Path, part: tuple[int, int]) -> Path:
    """Where a part is written."""
    return folder / "shards" / f"{part[0]}-of-{part[1]}.jsonl"


def write(path: Path, results: Iterable[tuple[int, Examined]], rejected: Callable[[bytes], object]) -> int:
    """Write a part, and put it in place when it is complete; returns how many records passed. `rejected` gets the line of each other."""
    passed = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with open(part, "wb") as file:
        for number, (example, line) in results:
            if example is None:
                rejected(line)
                file.write(jsonl.encode({"number": number, "reject": orjson.loads(line)}))
            else:
                passed += 1
                file.write(jsonl.encode({"number": number, "example": packed(example), "record": orjson.loads(line)}))
    part.replace(path)
    return passed


def read(folder: Path) -> Iterator[Examined]:
    """Yield what the parts hold, in the order of the inputs. Raises UserError where a part is missing."""
    found = {path: re.fullmatch(r"(\d+)-of-(\d+)", path.stem) for path in sorted((folder / "shards").glob("*.jsonl"))}
    counts = {int(match[2]) for match in found.values() if match}
    missing = {f"{index}-of-{count}" for count in counts for index in range(count)} - {path.stem for path in found}
    if len(counts) != 1 or missing:
        told = f"{', '.join(sorted(missing)) or 'every part'} is missing" if len(counts) < 2 else f"parts of {sorted(counts)} are mixed"
        raise UserError(f"{folder / 'shards'}: {told}; run the stage with --shard I/N for each part first")
    for record in heapq.merge(*(jsonl.read(path, ("number",)) for path in found), key=lambda record: record["number"]):
        if "reject" in record:
            yield None, jsonl.encode(record["reject"])
        else:
            yield unpacked(record["example"]), jsonl.encode(record["record"])


def packed(example: Example) -> Record:
    """An example as JSON, its fingerprints in base64."""
    plain: dict[str, Any] = {item.name: getattr(example, item.name) for item in fields(Example)}
    return {**plain, **{name: [b64encode(part).decode() for part in plain[name]] for name in PRINTS}}


def unpacked(value: Record) -> Example:
    """The inverse of `packed`."""
    prints = {name: kind(*map(b64decode, value[name])) for name, kind in PRINTS.items()}
    makers = tuple(Maker(*maker) for maker in value["makers"])
    return Example(**{**value, **prints, "makers": makers, "apis": tuple(value["apis"]), "place": tuple(value["place"])})
