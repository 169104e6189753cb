"""The import of the published WorkflowBench: its records become ours, its code valid Python where rules can repair it.

PATH is its data folder (seed_data.json, synthesized_data.json, dataset_split_keys.json, dataset_split_keys_ood.json, statistics.pkl; any
of them may be missing), the zip of it that is published, or one JSON file of records, such as the 50 samples. `repairs` of a record lists
each change of its code with line, kind, before and after. The code stays in the published form (`input()`, `range(int(n))`, …), which is
close to ours but does not compile: such a record has `form: "workflowbench"`, and stage 06 only requires that its code is Python.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from common import cli, jsonl
from common.dataset.example import PUBLISHED_FORM, SEED, SYNTHETIC
from common.dataset.export import OOD_KEY, TRAINING_KEY
from common.dataset.splits import TEST_ID, TEST_OOD, TRAIN
from common.jsonl import Record, UserError
from common.workers import ordered_map
from shortcuts import DialectError, parse
from shortcuts.catalog import Catalog
from shortcuts.repair import repair

FILES = {"seed_data.json": SEED, "synthesized_data.json": SYNTHETIC}
SPLIT_FILES = {"dataset_split_keys.json": TEST_ID, "dataset_split_keys_ood.json": TEST_OOD}
NAMES = {"plan": ("task_plan", "thought", "plan"), "code": ("annotated_code", "workflow_code", "code")}  # published names, the best first
STATISTICS = "statistics.pkl"
MOST_BYTES = 8 << 30  # of an unpacked file: the published one has less than 1 GB
Split = dict[str, str]


def mend(path: Path, folder: Path, workers: int = 1) -> dict[str, Path]:
    """Write the records of the published dataset as JSONL into `folder`; returns the files by origin. Raises UserError."""
    folder.mkdir(parents=True, exist_ok=True)
    if zipfile.is_zipfile(path):
        with tempfile.TemporaryDirectory(prefix="published-", dir=folder) as unpacked:
            unzip(path, Path(unpacked))
            return mend(Path(unpacked), folder, workers)
    split, counts = split_keys(path), statistics(path)
    written: dict[str, Path] = {}
    valid = mended = total = whole = 0
    for origin, file in files(path).items():
        target = folder / f"published-{origin}.jsonl"
        sources = (as_ours(source, split, counts) for source in rows(file))
        part = target.with_name(f"{target.name}.part")
        with open(part, "wb") as out:
            for record in ordered_map(mended_record, sources, workers):
                total, valid, mended = total + 1, valid + is_python(record["code"]), mended + bool(record["repairs"])
                whole += bool(record["query"] and record["code"])
                out.write(jsonl.encode(record))
        part.replace(target)
        written[origin] = target
    if not whole:
        raise UserError(f'{path}: none of {total} records has "query" and "{NAMES["code"][0]}", both text; is this WorkflowBench?')
    cli.say(f"{total} published records: {mended} mended, {valid} are valid Python now; the changes are in their field `repairs`")
    return written


def unzip(archive: Path, folder: Path) -> None:
    """Unpack the files of the published dataset, wherever they stand in the archive, and nothing else. Raises UserError."""
    wanted = {*FILES, *SPLIT_FILES, STATISTICS}
    try:
        with zipfile.ZipFile(archive) as opened:
            for member in opened.infolist():
                name = PurePosixPath(member.filename)
                if name.name in wanted and "__MACOSX" not in name.parts:
                    if member.file_size > MOST_BYTES:
                        raise UserError(f"{archive}: {name} has more than {MOST_BYTES >> 30} GB; unpack it and name the folder")
                    with opened.open(member) as packed, open(folder / name.name, "wb") as file:
                        shutil.copyfileobj(packed, file)
            if not {path.name for path in folder.iterdir()} & {*FILES}:
                raise UserError(f"--workflowbench {archive}: it holds neither {' nor '.join(FILES)}")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:  # RuntimeError: a password
        raise UserError(f"{archive}: cannot be unpacked ({error}); unpack it yourself and name the folder") from None


def mended_record(record: Record) -> Record:
    """Return a record with its code repaired, some 0.1 s of work, and the list of changes."""
    code, repairs = repair(record["annotated_code"], Catalog.load(), record["apis"])
    return {**record, "annotated_code": code, "code": code, "repairs": [change._asdict() for change in repairs]}


def files(path: Path) -> dict[str, Path]:
    """Return the files of records by origin."""
    if path.is_file():
        return {SEED: path}
    found = {origin: path / name for name, origin in FILES.items() if (path / name).exists()}
    if not found:
        raise UserError(f"--workflowbench {path}: {' or '.join(FILES)} or a JSON file of records is expected there")
    return found


def rows(file: Path) -> Iterator[Record]:
    """Yield the records of a file: a list of them, or columns by name as pandas writes a table."""
    data = jsonl.whole(file)
    if isinstance(data, dict) and all(isinstance(column, dict) for column in data.values()):
        keys = next(iter(data.values()), {})
        data = [{name: column.get(key) for name, column in data.items()} for key in keys]
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise UserError(f"{file}: a list of records is expected")
    yield from data


def as_ours(source: Record, split: Split, counts: dict[str, Any]) -> Record:
    """Return a published record with our names; missing texts are empty. Its id is its key, or a hash of its content if it has none."""
    texts = {name: next((source[other] for other in others if isinstance(source.get(other), str)), None) for name, others in NAMES.items()}
    query, code = source["query"] if isinstance(source.get("query"), str) else "", texts["code"] or ""
    key = str(source.get("key") or "")
    shared = key in ("", TRAINING_KEY, OOD_KEY)
    digest = hashlib.sha256(f"{query}\0{code}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
    apis = source.get("apis") if isinstance(source.get("apis"), list) else []
    return {
        "id": f"wb-{digest}" if shared else key, "source": {"site": "WorkflowBench", "key": key or None, "licence": "Apache-2.0"},
        "query": query, "apis": [str(api) for api in apis], "plan": texts["plan"] or "", "annotated_code": code,
        "category": source["category"] if isinstance(source.get("category"), str) else None, "form": PUBLISHED_FORM,
        "published_split": split.get(key), "published_figures": counts.get(key),
    }


def split_keys(path: Path) -> Split:
    """Return the published split of each key (train, test_id or test_ood) that is in a split file."""
    result: Split = {}
    for name, test in SPLIT_FILES.items() if path.is_dir() else ():
        if (path / name).exists():
            keys = jsonl.whole(path / name)
            if not isinstance(keys, dict) or not {"train", "dev"} <= keys.keys():
                raise UserError(f'{path / name}: an object with "train" and "dev" is expected')
            result |= {**{str(key): TRAIN for key in keys["train"] if str(key) not in result}, **{str(key): test for key in keys["dev"]}}
    return result | {TRAINING_KEY: TRAIN, OOD_KEY: TEST_OOD} if result else result


def is_python(code: str) -> bool:
    """True if a text is a Python program."""
    try:
        parse(code)
    except DialectError:
        return False
    return True


# ---------------------------------------------------------------------------------------------------------------------------------
# pickles, read without running anything


class _PlainUnpickler(pickle.Unpickler):
    """Reads pickles of plain containers, numbers and text; refuses a pickle that names any class or function."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"it wants {module}.{name}")

    def persistent_load(self, identifier: Any) -> Any:
        raise pickle.UnpicklingError("it refers to objects outside")


def plain_pickle(path: Path) -> Any:
    """Return the value of a pickle that holds nothing but plain data. Raises UserError for any other."""
    try:
        return _PlainUnpickler(io.BytesIO(path.read_bytes())).load()
    except (pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, IndexError, KeyError, OSError, MemoryError) as error:
        raise UserError(f"{path}: a pickle of plain data is expected ({error}); nothing of it was loaded") from None


def statistics(path: Path) -> dict[str, Any]:
    """Return the published statistics by key, or nothing if they are not there."""
    file = path / STATISTICS
    if not path.is_dir() or not file.exists():
        return {}
    value = plain_pickle(file)
    return {str(key): counts for key, counts in value.items()} if isinstance(value, dict) else {}
