"""The files of a dataset, two a split: what everybody loads, and the rest.

    <split>.jsonl          COLUMNS, in this order in every record: a text, a list of texts, a chat, true or false; never null
    <split>.extra.jsonl    the same records in the same order: their id, the TEXTS, and as JSON text the fields that vary in form

Loaders fix the types of a file from the first block they read, so a field that is an object with other keys, or null in that block, ends
them later. That is why each column here has one type. A field that a record lacks is "", and reads back as not there where it is JSON.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import orjson

from common import jsonl
from common.jsonl import Record, UserError

TASK = "generate"  # what `messages` ask for: a request, answered by a plan and a program
COLUMNS = "id", "task", "split", "origin", "query", "code", "apis", "messages", "shortened"
TEXTS = "plan", "annotated_code", "category", "name", "description"
JSON_TEXTS = ("apps", "source", "stats", "shortcut", "residue", "roundtrip", "comments", "renames", "examples", "writer", "annotator",
              "diagnostics", "repairs")  # fmt: skip
OTHER = "other"  # an object: every field that has no column
EXTRA_COLUMNS = "id", *TEXTS, *JSON_TEXTS, OTHER


def paths(folder: Path, split: str) -> tuple[Path, Path]:
    """Where a split's records are, and their extras."""
    return folder / f"{split}.jsonl", folder / f"{split}.extra.jsonl"


def divided(record: Record, split: str) -> tuple[Record, Record]:
    """A record as its two lines. The inverse of `joined`, but for what is null or has a form that it should not."""
    first = {"id": str(record["id"]), "task": TASK, "split": split, "origin": record["origin"], "query": record.get("query") or "",
             "code": record.get("code") or record.get("annotated_code") or "", "apis": record.get("apis") or [],
             "messages": [{"role": message["role"], "content": message["content"]} for message in record["messages"]],
             "shortened": bool(record.get("shortened"))}  # fmt: skip
    own = {*COLUMNS, *TEXTS, *JSON_TEXTS}
    other = {name: value for name, value in record.items() if name not in own and value is not None}
    packed = {name: _packed(record.get(name)) for name in JSON_TEXTS}
    return first, {"id": first["id"], **{name: record.get(name) or "" for name in TEXTS}, **packed, OTHER: _packed(other or None)}


def pairs(folder: Path, split: str) -> Iterator[tuple[Record, Record]]:
    """Yield each record of a split with its extras as they stand in the files. Raises UserError where the two files do not match."""
    records, extras = paths(folder, split)
    for number, (first, second) in enumerate(zip_longest(jsonl.read(records, ("id",)), jsonl.read(extras, ("id",))), start=1):
        if first is None or second is None or first["id"] != second["id"]:
            here, there = (f"id {item['id']}" if item else "nothing more" for item in (first, second))
            raise UserError(f"record {number}: {here} in {records}, {there} in {extras}; both are of one run of stage 06: write them anew")
        yield first, second


def joined(folder: Path, split: str, required: tuple[str, ...] = ()) -> Iterator[Record]:
    """Yield the records of a split with all their fields, in flat memory. Where a split has no file of extras, with what there is.

    Raises UserError where the files do not match, or a field holds what it should not.
    """
    records, extras = paths(folder, split)
    if not extras.exists():
        yield from jsonl.records(records, required)
        return
    for number, (first, second) in enumerate(pairs(folder, split), start=1):
        yield jsonl.checked({**_unpacked(second, f"{extras}: record {number}"), **first}, f"{records}: record {number}", required)


def _packed(value: object) -> str:
    return "" if value is None else orjson.dumps(value).decode()


def _unpacked(extra: Record, where: str) -> Record:
    record = {name: extra[name] for name in TEXTS if name in extra}
    for name in (*JSON_TEXTS, OTHER):
        if text := extra.get(name):
            try:
                value = orjson.loads(text)
            except (orjson.JSONDecodeError, TypeError) as error:
                raise UserError(f'{where}: field "{name}": JSON text is expected ({error}); was it edited?') from None
            record |= value if name == OTHER and isinstance(value, dict) else {name: value}
    return record
