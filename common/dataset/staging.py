"""A folder that is complete or as it was: stage 06 writes a dataset in a folder beside its place and moves the files at the end."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import orjson

from common import jsonl
from common.dataset import files
from common.dataset.example import Example
from common.dataset.offers import TrainingOffers
from common.dataset.splits import SPLITS
from common.jsonl import UserError

STAGING = "new.part"  # the folder in --output where the dataset is made
MAY_BE_INSIDE = "--tests-from", "--export-workflowbench", "--teval-plans"  # of the folder to write
STATS = "stats.json"
NAMES = {STATS, "README.md", "rejected.jsonl", "clusters.jsonl", "figure.png", "browse.html", "edits.rejected.jsonl",
         *(f"{split}.{end}" for split in SPLITS for end in ("jsonl", "extra.jsonl", "parquet", "edits.jsonl"))}  # of a dataset's files
SPOOL = "examined"  # in it: the records that passed the rules, in input order, until their split is known


@contextmanager
def staging_in(folder: Path) -> Iterator[Path]:
    """Yield an empty folder on the disk of `folder`, which is removed at the end, whatever happens."""
    staging = folder / STAGING
    shutil.rmtree(staging, ignore_errors=True)  # of a run that was killed
    staging.mkdir()
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)  # frees a full disk


def refuse_overlaps(named: Iterable[tuple[str, Path | None]], output: Path) -> None:
    """Raise UserError where a file or folder that a flag names is, or is in, the folder to write, but for those that may be in it."""
    place = output.resolve()
    for flag, path in named:
        inside = path and place in path.resolve().parents and flag not in MAY_BE_INSIDE
        if path and (path.resolve() == place or inside):
            raise UserError(f"{flag} {path}: it is, or is in, the folder to write, --output {output}; name another --output")


def refuse_plans(plans: Path | None, read: Iterable[Path], output: Path) -> None:
    """Raise UserError where the file of --teval-plans would replace what is read, or a part of a dataset."""
    others, place = {path.resolve() for path in read}, plans and plans.resolve()
    if place and (others & {place, place.parent} or (place.parent == output.resolve() and place.name in NAMES)):
        raise UserError(f"--teval-plans {plans}: it would be written over what is read, or over a part of the dataset; name another file")


def refuse_foreign(folder: Path) -> None:
    """Raise UserError where files would be replaced that are of no earlier dataset."""
    taken = sorted(name for name in NAMES if (folder / name).exists())
    if taken and not is_dataset(folder):
        raise UserError(f"--output {folder}: no earlier dataset is there, and these files would be replaced: {', '.join(taken)}; "
                        "name another folder")


def is_dataset(folder: Path) -> bool:
    """True for a folder that this stage wrote, by the figures in it."""
    try:
        stats = orjson.loads((folder / STATS).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return False
    return isinstance(stats, dict) and {"splits", "held_out"} <= stats.keys()


def write_splits(staging: Path, examples: Sequence[Example], splits: dict[int, str], offers: TrainingOffers) -> None:
    """Copy each record from the spool to the two files of its split, in input order, with what training prompts offer besides."""
    with ExitStack() as stack:
        spool = stack.enter_context(open(staging / SPOOL, "rb"))
        parts = {split: [stack.enter_context(open(path, "wb")) for path in files.paths(staging, split)] for split in SPLITS}
        for index in sorted(splits):
            (offset, length), split = examples[index].place, splits[index]
            spool.seek(offset)
            record = offers(orjson.loads(spool.read(length)), split, examples[index])
            for part, fields in zip(parts[split], files.divided(record, split), strict=True):
                part.write(jsonl.encode(fields))
    os.unlink(staging / SPOOL)


def put_in_place(staging: Path, folder: Path) -> None:
    """Move the finished files over those of an earlier dataset, and remove of these what the new one does not have."""
    made = sorted(staging.iterdir(), key=lambda path: (path.name != STATS, path.name))  # first what the folder is known by, after a kill
    for path in made:
        with open(path, "rb") as file:
            os.fsync(file.fileno())
    for path in made:
        os.replace(path, folder / path.name)
    for name in NAMES - {path.name for path in made}:
        (folder / name).unlink(missing_ok=True)
