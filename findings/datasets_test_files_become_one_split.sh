#!/usr/bin/env bash
# datasets 5.2.0: the files test_id.jsonl and test_ood.jsonl of a folder become one split, `test`, where no card says otherwise.
#
# load_dataset(folder) on train.jsonl, test_id.jsonl and test_ood.jsonl gives the splits `train` and `test`; `test` is both files, one after
# the other, and nothing in it tells them apart. The rule is by key words between separators in a name, and what follows is dropped. A card
# with `configs` that names the file of each split keeps them apart.
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

folder = Path("data")
folder.mkdir()
names = ["train", "test_id", "test_ood"]
for name in names:
    (folder / f"{name}.jsonl").write_text(json.dumps({"from": name}) + "\n")
found = {split: rows["from"][:] for split, rows in load_dataset(str(folder)).items()}
print("without a card:", found)
if found != {"train": ["train"], "test": ["test_id", "test_ood"]}:
    raise SystemExit("changed")
files = "".join(f"  - {{split: {name}, path: {name}.jsonl}}\n" for name in names)
(folder / "README.md").write_text(f"---\nconfigs:\n- config_name: default\n  data_files:\n{files}---\n")
told = {split: rows["from"][:] for split, rows in load_dataset(str(folder)).items()}
print("with a card:", told)
if told != {name: [name] for name in names}:
    raise SystemExit("changed: a card does not keep them apart")
PY
