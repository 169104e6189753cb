#!/usr/bin/env bash
# datasets 5.2.0: the types of a JSONL file are those of its first 10 MB, and a text in a column of mixed types comes back parsed.
#
# Two valid files, read by load_dataset("json").
#  1. `extra` is {"a": "x"} in the first 11 MB and {"b": "y"} in the last record: DatasetGenerationError. Swapped, the same two records
#     in a file of two lines load well: small samples of a data set prove nothing.
#  2. `extra` is an object in one record and the text "772" in another: it loads, as a column of the type Json, and the text "772" comes
#     back as the number 772, "null" as None. No type and no warning tells that it was a text.
# A data set that is to load unchanged holds in each column one type; what varies goes into a text that is JSON in every record.
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

from datasets import load_dataset


def load(name, records):
    Path(name).write_text("".join(json.dumps(record) + "\n" for record in records))
    return load_dataset("json", data_files=name, split="train").to_list()


first, last = {"extra": {"a": "x"}, "pad": "p" * 1000}, {"extra": {"b": "y"}, "pad": ""}
print("two lines:", [record["extra"] for record in load("small.jsonl", [first, last])])
try:
    load("large.jsonl", [first] * 11_000 + [last])
except Exception as error:
    print(f"11,001 lines: {type(error).__name__}")
else:
    raise SystemExit("changed: a key that first occurs behind the first block loads")

texts = ["772", "null", "[1]", "plain"]
found = [record["extra"] for record in load("mixed.jsonl", [{"extra": {"a": 1}}, *({"extra": text} for text in texts)])][1:]
print("texts", texts, "come back as", found)
if found == texts:
    raise SystemExit("changed: texts in a column of mixed types stay texts")
PY
