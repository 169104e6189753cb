"""A finished dataset in other formats: Parquet for `datasets.load_dataset`, and the layout of the published WorkflowBench.

Parquet: one file a split, with the columns of both its JSONL files (see files.py).

WorkflowBench: seed_data.json and synthesized_data.json (lists of records with key, query, apis, task_plan, annotated_code and
workflow_code), dataset_split_keys.json (ID) and dataset_split_keys_ood.json (OOD) with `train` and `dev` keys, statistics.pkl by key. Its
trainer tells synthetic training and OOD records by the keys `synthesized_training_data` and `synthesized_ood_test_data`.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import IO, Any

import orjson

from common import jsonl
from common.dataset import files
from common.dataset.example import SEED, shape, shape_known
from common.dataset.splits import SPLITS, TEST_ID, TEST_OOD, TRAIN
from common.jsonl import Record
from common.replies import parse_answer
from shortcuts import parse

GROUP = 1000  # records in a row group of Parquet: some 30 MB, which a reader holds at a time
TRAINING_KEY, OOD_KEY = "synthesized_training_data", "synthesized_ood_test_data"


# ---------------------------------------------------------------------------------------------------------------------------------
# Parquet


def write_parquet(folder: Path) -> None:
    """Write <split>.parquet for each split that has records."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    for split in SPLITS:
        rows = ({**record, **extra} for record, extra in files.pairs(folder, split))
        if group := list(islice(rows, GROUP)):
            with parquet.ParquetWriter(folder / f"{split}.parquet", schema(), compression="zstd") as writer:
                while group:
                    writer.write_table(pa.Table.from_pylist(group, schema=schema()))
                    group = list(islice(rows, GROUP))


def schema() -> Any:
    """Return the columns (a pyarrow.Schema)."""
    import pyarrow as pa

    message = pa.struct([("role", pa.string()), ("content", pa.string())])
    texts = pa.list_(pa.string())
    types = {"apis": texts, "distractors": texts, "messages": pa.list_(message), "shortened": pa.bool_()}
    return pa.schema([(name, types.get(name, pa.string())) for name in dict.fromkeys((*files.COLUMNS, *files.EXTRA_COLUMNS))])


# ---------------------------------------------------------------------------------------------------------------------------------
# the layout of WorkflowBench


def write_workflowbench(folder: Path, target: Path) -> None:
    """Write a finished dataset in the published layout. Raises UserError if the folder holds none."""
    target.mkdir(parents=True, exist_ok=True)
    keys: dict[str, list[str]] = {split: [] for split in SPLITS}
    statistics: dict[str, dict[str, int]] = {}
    names = "seed_data.json", "synthesized_data.json"
    parts = [target / f"{name}.part" for name in names]
    with open(parts[0], "wb") as seeds, open(parts[1], "wb") as synthetic:
        add_seed, add_synthetic = _list_writer(seeds), _list_writer(synthetic)
        for split in SPLITS:
            for record in files.joined(folder, split):
                key = published_key(record, split)
                (add_seed if record["origin"] == SEED else add_synthetic)(published(record, key))
                keys[split].append(key)
                statistics[key] = shape_known(record) or shape(parse(record["code"]))
        seeds.write(b"\n]\n")
        synthetic.write(b"\n]\n")
    for part, name in zip(parts, names, strict=True):
        part.replace(target / name)
    train = sorted(set(keys[TRAIN]))
    for name, dev in (("dataset_split_keys.json", keys[TEST_ID]), ("dataset_split_keys_ood.json", keys[TEST_OOD])):
        jsonl.write_atomically(target / name, orjson.dumps({"train": train, "dev": sorted(set(dev))}, option=orjson.OPT_INDENT_2))
    jsonl.write_atomically(target / "statistics.pkl", pickle.dumps(statistics, protocol=4))  # plain numbers by key; never read here


def published_key(record: Record, split: str) -> str:
    """Return the key of a record: its id, or the key that all synthetic records of the training set or of the OOD test share."""
    if record["origin"] == SEED or split == TEST_ID:
        return str(record["id"])
    return TRAINING_KEY if split == TRAIN else OOD_KEY


def published(record: Record, key: str) -> Record:
    """Return a record with the published names; its code is that of `messages`, where long literals may be shortened."""
    code = record.get("annotated_code") or record["code"]
    if record.get("shortened"):
        code = parse_answer(record["messages"][-1]["content"]).code
    return {"key": key, "id": record["id"], "query": record["query"], "apis": record.get("apis", []), "task_plan": record.get("plan") or "",
            "annotated_code": code, "workflow_code": code, "category": record.get("category") or "none", "type": record["origin"]}


def _list_writer(file: IO[bytes]) -> Callable[[Record], None]:
    """Return a function that writes the records of a JSON list one by one."""
    opened = False

    def add(record: Record) -> None:
        nonlocal opened
        file.write((b",\n" if opened else b"") + orjson.dumps(record))
        opened = True

    file.write(b"[\n")
    return add
