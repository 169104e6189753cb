"""Statistics of a finished dataset, and the card that goes with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean
from typing import Any

from common.dataset.distribution import Shares, length_class, shares
from common.dataset.makers import datasheet
from common.dataset.quality import GENERATED_BY, ORIGINS, SEED, Example
from common.dataset.splits import SPLITS, AppOf

# The paper's table 1, for comparison: instances, apps, APIs, categories; mean actions, ifs, loops, depth.
PAPER = {"train": (105_573, 83, 1503, 28, 78.5, 7.4, 0.5, 2.7), "test (ID and OOD)": (1190, 31, 324, 28, 41.7, 7.9, 0.5, 2.1)}
COLUMNS = ("instances", "apps", "apis", "categories", "actions", "ifs", "loops", "menus", "depth", "tokens")
MAKER_COLUMNS = "part: model (hash of its prompts)", "records", "prompt tokens", "completion tokens", "US dollars"
BUILT_IN = "built in"  # the app of Apple's own APIs in the distributions
OFFLINE = "offline"  # the model name of the rule-based writer and annotator
SIZE_CLASSES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))

RULES = {
    "internal_error": "a fault of the program that made this dataset, not of the record",
    "duplicate_id": "the id was there before",
    "bad_field": "a field holds what it should not, or the APIs are missing",
    "no_query": "no query, or fewer than three words",
    "query_names_api": "the query names an API",
    "query_language": "the query is not English",
    "no_plan": "no plan",
    "no_code": "no code, or nothing but comments",
    "does_not_parse": "the code is not Python",
    "does_not_compile": "the code does not become a shortcut",
    "apis_unused": "too many of the given APIs are not used",
    "degenerate": "almost no calls, or the same statements again and again",
    "plan_disagrees": "the plan and the code do not agree",
    "too_long": "longer than the training length, even with long literals shortened",
    "duplicate_code": "the same program as another record's, names and comments aside",
    "near_code": "nearly the same program as another record's",
    "duplicate_query": "the same query as another record's",
    "near_query": "nearly the same query as another record's",
    "held_out_excess": "uses a held-out API without being an OOD test",
    "contaminated": "would give a test record away",
}

FIELDS = """## Files and fields

    load_dataset(FOLDER)                                         # every split with all fields: <split>.parquet
    load_dataset("json", data_files="FOLDER/train.jsonl")        # the fields to train and test on
    load_dataset("json", data_files="FOLDER/train.extra.jsonl")  # all other fields, the same records in the same order

No field is ever null: a text or list that a record lacks is empty. Fields marked * are JSON text, to be read with `json.loads` where they
are not empty, because their form differs from record to record.

| field | content |
|---|---|
| id, origin, split | which record, `seed` or `synthetic`, which split |
| task | what `messages` ask for: `generate` a plan and a program |
| query | what a person asks for |
| code | the program, without comments on its lines |
| apis | the APIs that were given (ids of actions) |
| messages | the conversation to train on: query and API stubs, then plan and annotated code |
| shortened | true if long literals in `messages` were shortened, visibly, to fit; `code` is whole |

The extras:

| field | content |
|---|---|
| plan, annotated_code | the task plan, in steps; the program with a comment for each line |
| category, name, description, source* | what the record is about; for a seed, its site, address, author and licence |
| shortcut*, residue*, stats*, roundtrip* | of a seed: what it was transcribed from, what the code does not show, its figures, the proof |
| comments*, renames*, writer* | of a seed: who wrote comments, names, plan and query, and what they changed |
| apps*, examples*, annotator*, diagnostics* | of a synthetic record: the apps it was to use, who wrote it, the checker's findings |
| repairs*, other* | what an import mended; fields that have no column, by name |

"""
CELL = 300  # characters: what is longer is no name
_MARKUP = str.maketrans({**{mark: f"\\{mark}" for mark in "\\|`[]*~$"}, "&": "&amp;", "<": "&lt;", ">": "&gt;"})


# ---------------------------------------------------------------------------------------------------------------------------------
# statistics


def statistics(examples: Sequence[Example], splits: dict[int, str], app_of: AppOf) -> dict[str, Any]:
    """The figures of each split, of each origin and of all, in the terms of the paper's table 1."""
    groups = {split: [examples[i] for i in sorted(splits) if splits[i] == split] for split in SPLITS}
    kept = [examples[i] for i in sorted(splits)]
    return {
        "splits": {split: summarise(group, app_of) for split, group in groups.items()},
        "origins": {origin: summarise([example for example in kept if example.origin == origin], app_of) for origin in ORIGINS},
        "all": summarise(kept, app_of),
        "distributions": distributions(kept, app_of),
        "makers": datasheet(example.makers for example in kept),
        "provenance": dict(sorted(Counter(example.provenance for example in kept).items(), key=lambda item: (-item[1], item[0]))),
    }


def distributions(kept: Sequence[Example], app_of: AppOf) -> dict[str, dict[str, Shares]]:
    """Return the shares by length, category and app (of uses of APIs), each for the seed and for all."""
    groups = {"seed": [example for example in kept if example.origin == SEED], "all": list(kept)}
    kinds: dict[str, Callable[[Example], Iterable[str]]] = {
        "actions": lambda example: [length_class(example.figures["actions"])],
        "categories": lambda example: [example.category],
        "apps": lambda example: [app_of(api) or BUILT_IN for api in example.apis],
    }
    return {kind: {name: shares(Counter(value for example in group for value in values(example))) for name, group in groups.items()}
            for kind, values in kinds.items()}  # fmt: skip


def summarise(group: Sequence[Example], app_of: AppOf) -> dict[str, Any]:
    """Counts and means of some records; `apps` counts all built-in APIs as one app, `builtin_share` is of the steps."""
    apis = {api for example in group for api in example.apis}
    steps = sum(example.figures["steps"] for example in group)
    return {
        "instances": len(group),
        "origins": {origin: sum(example.origin == origin for example in group) for origin in ORIGINS},
        "apps": len({app_of(api) for api in apis}),
        "apis": len(apis),
        "categories": len({example.category for example in group}),
        **{key: round(fmean(example.figures[key] for example in group), 2) for key in (group[0].figures if group else ())},
        "max_tokens": max((example.figures["tokens"] for example in group), default=0),
        "shortened": sum(example.shortened for example in group),
        "builtin_share": round(sum(example.builtin for example in group) / steps, 4) if steps else None,
    }


def table(rows: Iterable[Sequence[object]]) -> str:
    """Rows as a Markdown table that is also aligned for the terminal; the first row is the head."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    aligned = [[row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in cells]
    rule = ["-" * (width - 1) + (":" if i else "-") for i, width in enumerate(widths)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (aligned[0], rule, *aligned[1:]))


def _cell(value: object) -> str:
    if isinstance(value, str):
        return _harmless(value)
    return "" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def _harmless(text: str) -> str:
    """A text of others as one cell: in one line, without anything that Markdown or HTML would act on."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    line = " ".join(printable.split())
    return (line if len(line) <= CELL else line[:CELL] + "…").translate(_MARKUP)


def split_table(stats: dict[str, Any]) -> str:
    """The splits and the whole, a row each."""
    rows = [*stats["splits"].items(), ("all", stats["all"])]
    return table([("split", *COLUMNS), *((name, *(figures.get(column) for column in COLUMNS)) for name, figures in rows)])


# ---------------------------------------------------------------------------------------------------------------------------------
# the card


def meaning(reason: str) -> str:
    """What a reason code says, in words."""
    return RULES.get(reason) or f"the checker found: {reason.removeprefix('check_').replace('_', ' ')}"


def card(stats: dict[str, Any]) -> str:
    """README.md of the dataset: a YAML header for the Hugging Face hub, and what a user must know."""
    return _header(stats) + _contents(stats) + FIELDS + _origins(stats)


def _header(stats: dict[str, Any]) -> str:
    size = next((name for most, name in SIZE_CLASSES if stats["all"]["instances"] < most), "n>1M")
    return f"""---
pretty_name: Workflows of Apple Shortcuts as Python
language: [en]
license: other
license_name: mixed
task_categories: [text-generation]
tags: [code, workflow, apple-shortcuts, api-calls]
size_categories: ["{size}"]
{_configs([split for split, figures in stats["splits"].items() if figures["instances"]])}
---

"""


def _configs(splits: Sequence[str]) -> str:
    """Which file is which split: without it `datasets` takes test_id and test_ood for one split, `test`.

    Only the Parquet files: `datasets` reads all configurations of a folder with the reader of the first one's format.
    """
    files = [f"  - {{split: {split}, path: {split}.parquet}}" for split in splits]
    return "\n".join(["configs:", "- config_name: default", "  data_files:", *files] if splits else ["configs: []"])


def _contents(stats: dict[str, Any]) -> str:
    held = stats["held_out"]
    paper = [(name, *values[:7], None, values[7], None) for name, values in PAPER.items()]
    return f"""# Workflows of Apple Shortcuts as Python

Each record is a request, a plan and a program that is an Apple shortcut: real ones that people published (`origin: seed`), with plan and
request written for them, and {_synthetic(stats)} (`origin: synthetic`). "Who wrote" names the writers of each part.

## Splits

{split_table(stats)}

{stats["token_count"]}. For comparison, the WorkflowLLM paper's table 1:

{table([("paper", *COLUMNS), *paper])}

- `test_id`: unseen instructions; every API of theirs occurs in `train`.
- `test_ood`: {len(held["apis"])} APIs held out, of {len(held["apps"])} whole apps and some rare built-in ones; nothing else of the dataset
  uses them. Beside them an OOD record uses only the {len(held["common"])} most common built-in APIs. All three lists are in `stats.json`.
- No near duplicate of a test record is in another split (`stats.json`, `assertions`), as far as MinHash with 128 permutations can tell.

"""


def _synthetic(stats: dict[str, Any]) -> str:
    """Who wrote the synthetic programs, in words."""
    authors = {name.removeprefix(GENERATED_BY): count for name, count in stats["provenance"].items() if name.startswith(GENERATED_BY)}
    said = [f"{count:,} written by " + ("rules, not a model" if name == OFFLINE else _harmless(name)) for name, count in authors.items()]
    return ", ".join(said) or "none that were generated"


def _origins(stats: dict[str, Any]) -> str:
    rejected = [(reason, meaning(reason), count) for reason, count in stats["rejected"].items()]
    columns = "records", "prompt_tokens", "completion_tokens", "cost_usd"
    makers = [(name, *(entry[column] for column in columns)) for name, entry in stats["makers"].items()]
    return f"""## What was dropped

{stats["read"]:,} records were read, {stats["written"]:,} kept. Every dropped one is in `rejected.jsonl` with its reason, and with the id of
the record that was kept in its place or of the test that it would have given away.

{table([("reason", "what it means", "records"), *rejected]) if rejected else "Nothing."}

## Provenance and licences

{table([("origin", "records"), *stats["provenance"].items()]) if stats["provenance"] else "No records."}

A seed's content belongs to its author; `source` names the page. Where no licence is stated, none was granted: look at the page before
you publish such a record again.

## Who wrote

{table([MAKER_COLUMNS, *makers]) if makers else "Nobody."}

## Limits

- Programs were checked and compiled, never run: whether a service still answers, nobody tested.
- {stats["all"]["builtin_share"] or 0:.1%} of the steps are built-in actions of Apple.
- Plans, comments and requests are written by machines, and may be wrong where the code is right.
- Near duplicates are found by their estimated similarity: a pair right at the threshold is missed one time in twenty.
"""
