"""A dataset as one page: every record with its query, plan, program, and its shortcut drawn as steps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from common import cli, jsonl, page
from common.dataset import files
from common.dataset.splits import SPLITS
from common.jsonl import Record
from common.page.steps import Step, steps
from common.workers import ordered_map
from shortcuts import Diagnostic, review
from shortcuts.catalog import Catalog

FACETS = {"split": "Split", "origin": "Origin", "category": "Category", "size": "Steps", "app": "App", "api": "API"}
ORDERS = {"-actions": "Longest first", "actions": "Shortest first", "-depth": "Deepest nesting first"}
SIZES = 15, 30, 45, 60, 75, 90, 105  # steps: the bounds of the paper's figure 4
FEW_WORKERS = 200  # records: for fewer, starting processes takes longer than it saves


def write(folder: Path, most: int, workers: int, name: str | None = None) -> None:
    """Write browse.html of a finished dataset: `most` records, evenly taken from the splits, the tests first.

    `name`: the dataset's in the title, where it is not the folder's.
    """
    counts = {split: sum(1 for _ in jsonl.numbered_lines(folder / f"{split}.jsonl")) for split in SPLITS}
    total, shown = sum(counts.values()), min(most, sum(counts.values()))
    facts = f"{shown:,} of {total:,} records" if shown < total else f"{total:,} records"
    made = ordered_map(row_of, _sample(folder, counts, shown), workers if shown > FEW_WORKERS else 1)
    page.write(folder / "browse.html", f"Workflows: {name or folder.name}", facts, FACETS, ORDERS, made)


def _sample(folder: Path, counts: dict[str, int], shown: int) -> Iterator[Record]:
    """The records to show: of each split its share, every n-th."""
    total = max(1, sum(counts.values()))
    for split in reversed(SPLITS):
        wanted = -(-shown * counts[split] // total)  # rounded up, so that a small test is not left out
        for place, record in enumerate(files.joined(folder, split)):
            if (place + 1) * wanted // counts[split] > place * wanted // counts[split]:
                yield record


def row_of(record: Record) -> tuple[page.Row, list[page.Section]]:
    """A record in the list, and opened."""
    catalog, code = Catalog.load(), record.get("annotated_code") or record["code"]
    findings, drawn, trouble = _drawn(code, catalog)
    actions = sum("remark" not in step for step in drawn)
    row = page.Row(
        record["id"], record["query"], f"{actions} steps",
        {"split": record["split"], "origin": record["origin"], "category": record.get("category") or "none", "size": size_class(actions),
         "app": sorted({api.app_name or api.app for name in record["apis"] if (api := catalog.get(name))}), "api": record["apis"]},
        numbers={"actions": actions, "depth": max((step["depth"] for step in drawn), default=0)}, badges=badges(record, findings),
    )  # fmt: skip
    shortcut = page.text("Shortcut", f"It cannot be drawn: {trouble}") if trouble else page.blocks("Shortcut", drawn)
    found = [(f"line {finding.line}", f"{finding.code}: {finding.message}") for finding in findings]
    about = {name: record.get(name) for name in ("id", "name", "category", "apis", "source")}
    return row, [page.text("Query", record["query"], "lead"), page.beside(shortcut, page.code("Program", code)),
                 *([page.table("Findings", found)] if found else []), page.text("Plan", record.get("plan") or "none"),
                 page.metadata("Record", {**about, "model": record.get("annotator") or record.get("writer")})]  # fmt: skip


def _drawn(code: str, catalog: Catalog) -> tuple[list[Diagnostic], list[Step], str]:
    """The checker's findings in a program, the steps of its shortcut, and why there are no steps if it cannot be drawn."""
    findings: list[Diagnostic] = []
    try:
        with cli.one_record():
            findings, shortcut = review(code, catalog)
            return findings, steps(shortcut, catalog) if shortcut else [], ""
    except cli.Reject as reject:
        return findings, [], reject.detail


def size_class(actions: int) -> str:
    """The class of a number of steps."""
    low = max(bound for bound in (0, *SIZES) if actions >= bound)
    high = next((bound for bound in SIZES if bound > actions), None)
    return f"{low}–{high - 1}" if high else f"{low} and more"


def badges(record: Record, findings: list[Diagnostic]) -> list[tuple[str, str]]:
    """A record's split and origin, its round trip (seeds), and the checker's result."""
    trip = record.get("roundtrip")
    exact = isinstance(trip, dict) and all(trip.get(proof) for proof in ("exact", "canonical", "fixed_point"))
    proven = [] if trip is None else [("round trip", "good")] if exact else [("round trip differs", "bad")]
    checked = ("checked", "good") if not findings else (f"{len(findings)} findings", "warn")
    return [(record["split"], ""), (record["origin"], ""), *proven, checked]
