"""Scores of edits: does the answer change the program as gold does, and what else does it change?

A test is a program, a request and the program after it (`test_id.edits.jsonl`, `test_ood.edits.jsonl` of stage 06); an answer is a change
(shortcuts/edit). Where it cannot be applied, the program stays as it is: then nothing is right, and what an edit kept is not asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from rapidfuzz.distance import Indel, LCSseq

from common import edit, edit_prompts, jsonl
from common.dataset import edits as dataset
from common.excerpts import one_line
from common.jsonl import Record, UserError
from common.metrics import chance_and_intervals as intervals
from common.metrics.aggregate import Rejects, Samples, counts
from common.metrics.execution_match import execution_match
from common.metrics.systems import SPLITS, Prediction, System, fixed
from common.metrics.trace_match import trace_match, traced
from shortcuts import check, equivalent, in_dialect, to_shortcut
from shortcuts.catalog import Catalog
from shortcuts.edit import Edited, applied, change_between, merged
from shortcuts.edit.changes import text_of

BASELINES = NO_CHANGE, GOLD, WHOLE_GOLD = "no change", "gold", "whole gold"
RATES = ("applies", "sound", "right", "same_trace", "same_run", "kept")
COLUMNS = {"applied": "applies", "check": "sound", "right": "right", "trace match": "same_trace", "exec match": "same_run", "kept": "kept",
           "size": "size"}  # fmt: skip
MEANING = ("right: the program afterwards is gold's, or its calls are, on every path; kept: of the actions that gold leaves alone, those "
           "equal to the byte; size: lines that the edit changes, to gold's, a median (100: as many).")
CACHED = 64  # programs that are compiled once for all systems


def load(bench: Path, limit: int | None = None) -> list[Record]:
    """Return the tests of a dataset's edits, each with `split` and `reference`, the program after gold's change. Raises UserError."""
    tests = []
    for split in SPLITS:
        path = dataset.path_of(bench, f"test_{split}")
        if not path.exists():
            raise UserError(f"{path}: no such file; stage 06 writes it with --edits N")
        for record in islice(jsonl.records(path, ("id", "query", "apis", "code", "messages", "before", "change")), limit):
            tests.append({**record, "split": split, "reference": record["code"]})
    if not tests:
        raise UserError(f"{bench}: no edits of tests there; make them with stage 06 --edits N")
    return tests


def baselines(tests: Iterable[Record], with_gold: bool) -> Iterator[System]:
    """Yield what needs no model: an answer without a change, and gold as its smallest change and as a whole program."""
    systems = {NO_CHANGE: lambda record: ""}
    systems |= {GOLD: lambda record: record["change"], WHOLE_GOLD: lambda record: f"replace all\n{record['code']}"} if with_gold else {}
    for name, change in systems.items():
        yield fixed(name, {record["id"]: Prediction("", change(record)) for record in tests})


# ---------------------------------------------------------------------------------------------------------------------------------
# one answer


def score_answer(record: Record, prediction: Prediction) -> Record:
    """Return the scores of an answer, each 0 to 1; None for what an edit that cannot be applied has not."""
    before, gold = record["before"], record["code"]
    text = prediction.text or ""
    cut = (None, before, "cut at the token limit") if edit.is_half(text, prediction.failure) else None  # 05 makes nothing of it, either
    made, after, fault = cut or edited(before, edit_prompts.parse_change(text))
    if made and edit.is_fragment(text, made):  # nor of this
        made, after, fault = None, before, edit.FRAGMENT
    run = execution_match(gold, after)
    return {
        "applies": float(made is not None), "sound": float(made is not None and not check(after)),
        "right": float(made is not None and is_right(record, after)),
        "same_trace": trace_match(gold, after), "same_run": run.match,
        "kept": kept_share(before, gold, made.shortcut) if made else None,
        "size": changed_lines(before, after) / max(1, changed_lines(before, gold)) if made else None,
        "fault": fault,
    }  # fmt: skip


def edited(before: str, change: str) -> tuple[Edited | None, str, str]:
    """Return the shortcut of a program after a change, and the program; where it cannot be applied None, the one before, and the fault."""
    if not change:
        return None, before, "no change"
    try:
        lines = edit.written_back(applied(before, change), before)
        made = merged(_compiled(before), lambda _: lines, Catalog.load())
        return made, in_dialect(text_of(line.text for line in lines)), ""
    except (ValueError, RecursionError) as error:  # DialectError, and blocks that are nested too deep
        return None, before, str(error)


_compiled = lru_cache(CACHED)(to_shortcut)


def is_right(record: Record, after: str) -> bool:
    """True if a program is gold's: the same shortcut, or the same calls on every path where gold's edit changes these.

    Names cannot change a run, so for a rename the programs must be the same. What is inserted must stand where gold has it.
    """
    before, gold = record["before"], record["code"]
    if record["kind"] == "rename":
        return after == gold
    if equivalent(_compiled(after), _compiled(gold)):
        return True
    in_place = record["kind"] != "insert" or _in_order(after) == _in_order(gold)
    return in_place and trace_match(gold, before) < 1 and trace_match(gold, after) == 1


def _in_order(code: str) -> list[list[str]]:
    """Return the names of the steps of each path of a program."""
    return [[step.name for step in path] for path in traced(code).paths]


def kept_share(before: str, gold: str, shortcut: Record) -> float:
    """Return the share of the actions that gold leaves alone which are equal to the byte in a shortcut; 1 if gold leaves none."""
    untouched = _untouched(before, gold)
    return LCSseq.similarity(untouched, _written(shortcut)) / len(untouched) if untouched else 1.0


@lru_cache(CACHED)
def _untouched(before: str, gold: str) -> list[bytes]:
    """Return the actions of a program that stand in the program after gold's change, too, by their bytes."""
    made, _, _ = edited(before, change_between(before, gold))
    old = _written(_compiled(before))
    if made is None:
        return old
    operations = Indel.opcodes(old, _written(made.shortcut))
    return [action for kind, first, last, *_ in operations if kind == "equal" for action in old[first:last]]


def _written(shortcut: Mapping[str, Any]) -> list[bytes]:
    return [orjson.dumps(action, default=repr) for action in shortcut["WFWorkflowActions"]]


def changed_lines(before: str, after: str) -> int:
    """Return how many lines of two programs differ, those that go and those that come."""
    return Indel.distance(before.splitlines(), after.splitlines())


# ---------------------------------------------------------------------------------------------------------------------------------
# figures


def figures(samples: Samples, unanswered: Rejects, tests: Iterable[Record], seed: int) -> Record:
    """Return {system: {split: counts and figures}}."""
    split_of = {record["id"]: record["split"] for record in tests}
    return {system: {split: {**counts([sample for sample in own if sample["split"] == split],
                                      [reject for name, reject in unanswered[system].items() if split_of.get(name) == split]),
                             **_estimates([sample["scores"] for sample in own if sample["split"] == split], seed)}
                     for split in SPLITS} for system, own in samples.items()}  # fmt: skip


def _estimates(scores: list[Record], seed: int) -> Record:
    sizes = [score["size"] for score in scores if score["size"] is not None]
    return {**{rate: mean._asdict() for rate, mean in (intervals.estimate(scores, RATES, seed) if scores else {}).items()},
            **({"size": {**intervals.median(sizes, seed)._asdict(), "is": "a median"}} if sizes else {})}  # fmt: skip


def by_kind(samples: Samples, tests: Iterable[Record]) -> dict[str, dict[str, tuple[int, int]]]:
    """Return {system: {kind of edit: (how many are right, how many there are)}}."""
    kind_of = {record["id"]: record["kind"] for record in tests}
    kinds = sorted({*kind_of.values()})
    return {system: {kind: (sum(sample["scores"]["right"] > 0 for sample in own if kind_of[sample["id"]] == kind),
                            sum(kind_of[sample["id"]] == kind for sample in own)) for kind in kinds} for system, own in samples.items()}


def kinds_in_words(kinds: Mapping[str, Mapping[str, tuple[int, int]]]) -> list[str]:
    """Return a line for each system: how many edits of each kind are right."""
    return [f"{one_line(system)}, right by kind: {', '.join(f'{kind} {right} of {there}' for kind, (right, there) in own.items())}."
            for system, own in kinds.items()]
