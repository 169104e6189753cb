"""The files of a dataset, two for each split: the fields to train and test on, and the rest.

    <split>.jsonl          COLUMNS, in this order in every record: a text, a list of texts, a chat, true or false; never null
    <split>.extra.jsonl    the same records in the same order: their id, the TEXTS, and as JSON text the fields that vary in form

Loaders infer the types of a file from its first block, and fail later at an object with other keys or at a field that was null there. So
each column has one type here. A missing field is ""; a JSON field that is "" is missing again when read.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import orjson

from common import jsonl
from common.jsonl import Record, UserError

TASK = "generate"  # the kind of `messages`: a request, answered by a plan and a program; prompts.ANSWER_FORMS has the others
COLUMNS = "id", "task", "split", "origin", "query", "code", "apis", "distractors", "messages", "shortened"
TEXTS = "plan", "annotated_code", "category", "name", "description"
JSON_TEXTS = ("apps", "source", "stats", "shortcut", "residue", "roundtrip", "comments", "renames", "examples", "writer", "annotator",
              "diagnostics", "repairs")
OTHER = "other"  # an object of all fields that have no column
EXTRA_COLUMNS = "id", *TEXTS, *JSON_TEXTS, OTHER


def paths(folder: Path, split: str) -> tuple[Path, Path]:
    """Return the files of a split: its records, and their extras."""
    return folder / f"{split}.jsonl", folder / f"{split}.extra.jsonl"


def divided(record: Record, split: str) -> tuple[Record, Record]:
    """Return the two lines of a record; `joined` is the inverse, but for null and for fields of the wrong type."""
    first = {"id": str(record["id"]), "task": record.get("task") or TASK, "split": split, "origin": record["origin"],
             "query": record.get("query") or "", "code": record.get("code") or record.get("annotated_code") or "",
             "apis": record.get("apis") or [], "distractors": record.get("distractors") or [],
             "messages": [{"role": message["role"], "content": message["content"]} for message in record["messages"]],
             "shortened": bool(record.get("shortened"))}
    own = {*COLUMNS, *TEXTS, *JSON_TEXTS}
    other = {name: value for name, value in record.items() if name not in own and value is not None}
    packed = {name: _packed(record.get(name)) for name in JSON_TEXTS}
    return first, {"id": first["id"], **{name: record.get(name) or "" for name in TEXTS}, **packed, OTHER: _packed(other or None)}


def pairs(folder: Path, split: str) -> Iterator[tuple[Record, Record]]:
    """Yield each record of a split with its extras, as in the files. Raises UserError where the two files do not match."""
    records, extras = paths(folder, split)
    for number, (first, second) in enumerate(zip_longest(jsonl.read(records, ("id",)), jsonl.read(extras, ("id",))), start=1):
        if first is None or second is None or first["id"] != second["id"]:
            here, there = (f"id {item['id']}" if item else "nothing more" for item in (first, second))
            raise UserError(f"record {number}: {here} in {records}, {there} in {extras}; both are of one run of stage 06: write them anew")
        yield first, second


def joined(folder: Path, split: str, required: tuple[str, ...] = ()) -> Iterator[Record]:
    """Yield the records of a split with all their fields; without the extras if there is no file of them.

    Raises UserError where the files do not match, or a field has the wrong type.
    """
    records, extras = paths(folder, split)
    if not extras.exists():
        yield from jsonl.records(records, required)
        return
    for number, (first, second) in enumerate(pairs(folder, split), start=1):
        yield jsonl.checked({**_unpacked(second, f"{extras}: record {number}"), **first}, f"{records}: record {number}", required)


def located(bench: Path) -> Path:
    """Return the folder of a dataset: this one, or for owner/name on the Hugging Face hub its copy in the hub's cache. Raises UserError.

    A path whose first folder is here is taken for one of this disk, also where the rest is missing.
    """
    if bench.exists() or bench.is_absolute() or len(bench.parts) != 2 or bench.parent.exists():
        return bench
    import huggingface_hub  # it loads for half a second
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(huggingface_hub.snapshot_download(str(bench), repo_type="dataset", allow_patterns=["*.jsonl", "*.json"]))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError, ValueError) as error:
        problem = str(error).strip().splitlines()[0]
        raise UserError(f"--bench {bench}: neither a folder nor a dataset that the Hugging Face hub gives ({problem})") from None


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
