#!/usr/bin/env bash
# datasets 5.2.0: all configurations that a card (README.md) names are read with the reader of the files of the first one.
#
# One folder holds a Parquet file and a JSONL file, each a configuration of the card's `configs`. The Parquet one loads. The JSONL one, asked
# for by its name, is opened as Parquet. A card can therefore offer files of one format only, or give each format a folder of its own.
# Seen: ArrowInvalid, "Parquet magic bytes not found in footer", raised by load_dataset(folder, "lines"). The other way round (the JSONL
# configuration first) the Parquet file is read as JSON, and that fails too.
# Source: run of this script, 2026-11-29. Exits 1 if it behaves otherwise.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "datasets==5.2.0"
cd "$folder"
export HF_HOME="$folder/hf" HF_HUB_OFFLINE=1 HF_DATASETS_DISABLE_PROGRESS_BARS=1
"$folder/venv/bin/python" - <<'PY'
import json
from pathlib import Path

import pyarrow
import pyarrow.parquet
from datasets import load_dataset


def folder(name, order):
    path = Path(name)
    path.mkdir()
    pyarrow.parquet.write_table(pyarrow.table({"a": ["x"]}), path / "table.parquet")
    (path / "lines.jsonl").write_text(json.dumps({"a": "x"}) + "\n")
    files = {"table": "table.parquet", "lines": "lines.jsonl"}
    configs = "".join(f"- config_name: {key}\n  data_files:\n  - {{split: train, path: {files[key]}}}\n" for key in order)
    (path / "README.md").write_text(f"---\nconfigs:\n{configs}---\n")
    return path


for order in (("table", "lines"), ("lines", "table")):
    path = folder("-".join(order), order)
    assert load_dataset(str(path), order[0], split="train").to_list() == [{"a": "x"}]
    try:
        found = load_dataset(str(path), order[1], split="train").to_list()
    except Exception as error:
        print(f"{order[1]} after {order[0]}: {type(error).__name__}: {str(error)[:90]}")
    else:
        raise SystemExit(f"changed: {order[1]} after {order[0]} loads: {found}")
PY
