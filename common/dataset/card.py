"""The statistics of a finished dataset, and the card (README.md) that describes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean
from typing import Any

from tabulate import tabulate

from common.dataset.distribution import Shares, length_class, shares
from common.dataset.example import ORIGINS, SEED, Example
from common.dataset.provenance import GENERATED_BY, datasheet
from common.dataset.splits import SPLITS, AppOf

# The paper's table 1, for comparison: instances, apps, APIs, categories; mean actions, ifs, loops, depth.
PAPER = {"train": (105_573, 83, 1503, 28, 78.5, 7.4, 0.5, 2.7), "test (ID and OOD)": (1190, 31, 324, 28, 41.7, 7.9, 0.5, 2.1)}
COLUMNS = ("instances", "apps", "apis", "categories", "actions", "ifs", "loops", "menus", "depth", "tokens")
AUTHOR_COLUMNS = "part: model (hash of its prompts)", "records", "prompt tokens", "completion tokens", "US dollars"
BUILT_IN = "built in"  # the app of Apple's own APIs in the distributions
OFFLINE = "offline"  # the model name of the rule-based writer and annotator
SIZE_CLASSES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))

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
| apis | the APIs that the request needs (ids of actions), as far as it is known |
| distractors | of a training record: what its prompt offers besides, in a random order among them, as a search would; mostly empty |
| messages | the conversation to train on: query and API stubs, then plan and annotated code |
| shortened | true if long literals in `messages` were shortened, visibly, to fit; `code` is whole |

The extras:

| field | content |
|---|---|
| plan, annotated_code | the task plan, in steps; the program with a comment above each line that does something |
| category, name, description, source* | what the record is about; for a seed, its site, address, author and licence |
| shortcut*, residue*, stats*, roundtrip* | of a seed: what it was transcribed from, what the code does not show, its figures, the proof |
| comments*, renames*, writer* | of a seed: who wrote comments, names, plan and query, and what they changed |
| apps*, examples*, annotator*, diagnostics* | of a synthetic record: the apps it was to use, who wrote it, the checker's findings |
| repairs*, other* | what an import mended; fields that have no column, by name |

"""
ABLATIONS = {"plan": "plans", "comments": "comments", "both": "plans and comments"}  # what stage 06 leaves out by --without
CELL = 300  # characters: what is longer is no name
_MARKUP = str.maketrans({**{mark: f"\\{mark}" for mark in "\\|`[]*~$"}, "&": "&amp;", "<": "&lt;", ">": "&gt;"})


# ---------------------------------------------------------------------------------------------------------------------------------
# statistics


def statistics(examples: Sequence[Example], splits: dict[int, str], app_of: AppOf) -> dict[str, Any]:
    """Return the statistics of each split, of each origin and of all, in the terms of the paper's table 1."""
    groups = {split: [examples[i] for i in sorted(splits) if splits[i] == split] for split in SPLITS}
    kept = [examples[i] for i in sorted(splits)]
    return {
        "splits": {split: summarise(group, app_of) for split, group in groups.items()},
        "origins": {origin: summarise([example for example in kept if example.origin == origin], app_of) for origin in ORIGINS},
        "all": summarise(kept, app_of),
        "distributions": distributions(kept, app_of),
        "makers": datasheet(example.authors for example in kept),
        "provenance": dict(sorted(Counter(example.provenance for example in kept).items(), key=lambda item: (-item[1], item[0]))),
    }


def distributions(kept: Sequence[Example], app_of: AppOf) -> dict[str, dict[str, Shares]]:
    """Return the shares by length, category and app (of uses of APIs), each for the seed and for all."""
    groups = {"seed": [example for example in kept if example.origin == SEED], "all": list(kept)}
    kinds: dict[str, Callable[[Example], Iterable[str]]] = {
        "actions": lambda example: [length_class(example.stats["actions"])],
        "categories": lambda example: [example.category],
        "apps": lambda example: [app_of(api) or BUILT_IN for api in example.apis],
    }
    return {kind: {name: shares(Counter(value for example in group for value in values(example))) for name, group in groups.items()}
            for kind, values in kinds.items()}


def summarise(group: Sequence[Example], app_of: AppOf) -> dict[str, Any]:
    """Return counts and means of some records; `apps` counts all built-in APIs as one app, `builtin_share` is the share of steps."""
    apis = {api for example in group for api in example.apis}
    steps = sum(example.stats["steps"] for example in group)
    return {
        "instances": len(group),
        "origins": {origin: sum(example.origin == origin for example in group) for origin in ORIGINS},
        "apps": len({app_of(api) for api in apis}),
        "apis": len(apis),
        "categories": len({example.category for example in group}),
        **{key: round(fmean(example.stats[key] for example in group), 2) for key in (group[0].stats if group else ())},
        "max_tokens": max((example.stats["tokens"] for example in group), default=0),
        "shortened": sum(example.shortened for example in group),
        "builtin_share": round(sum(example.builtin for example in group) / steps, 4) if steps else None,
    }


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows as a Markdown table that is also aligned for the terminal; the first column is text, the others are numbers."""
    cells = [[_cell(value) for value in row] for row in rows]
    return tabulate(cells, columns, tablefmt="pipe", disable_numparse=True, colglobalalign="right", colalign=("left",))


def _cell(value: object) -> str:
    if isinstance(value, str):
        return _harmless(value)
    return "" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def _harmless(text: str) -> str:
    """Return a text from outside as one cell: in one line, without anything that Markdown or HTML would interpret."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    line = " ".join(printable.split())
    return (line if len(line) <= CELL else line[:CELL] + "…").translate(_MARKUP)


def overview(stats: dict[str, Any]) -> str:
    """Return the table of the splits and the whole for the terminal, a column each."""
    groups = {**stats["splits"], "all": stats["all"]}
    return table(("", *groups), [(column, *(group.get(column) for group in groups.values())) for column in COLUMNS])


# ---------------------------------------------------------------------------------------------------------------------------------
# the card


def card(stats: dict[str, Any], meaning: Callable[[str], str]) -> str:
    """Return README.md: a YAML header for the Hugging Face hub, and what a user must know; `meaning` explains a reason code."""
    without = stats["settings"].get("without")
    form = f"`messages` were made without {ABLATIONS[without]}, for an ablation; the extras have them.\n\n" if without else ""
    return _header(stats) + _contents(stats) + form + FIELDS + _edits(stats) + _origins(stats, meaning)


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
{_configs([split for split, group in stats["splits"].items() if group["instances"]])}
---

"""


def _configs(splits: Sequence[str]) -> str:
    """Return which file is which split: without that `datasets` takes test_id and test_ood for one split, `test`.

    Only the Parquet files: `datasets` reads all configurations of a folder with the reader of the first one's format.
    """
    files = [f"  - {{split: {split}, path: {split}.parquet}}" for split in splits]
    return "\n".join(["configs:", "- config_name: default", "  data_files:", *files] if splits else ["configs: []"])


def _contents(stats: dict[str, Any]) -> str:
    held, splits = stats["held_out"], [*stats["splits"].items(), ("all", stats["all"])]
    paper = [(name, *values[:7], None, values[7], None) for name, values in PAPER.items()]
    return f"""# Workflows of Apple Shortcuts as Python

Each record is a request, a plan and a program that is an Apple shortcut: real ones that people published (`origin: seed`), with plan and
request written for them, and {_synthetic(stats)} (`origin: synthetic`). "Who wrote" names the writers of each part.

## Splits

{table(("split", *COLUMNS), [(name, *(group.get(column) for column in COLUMNS)) for name, group in splits])}

{stats["token_count"]}. For comparison, the WorkflowLLM paper's table 1:

{table(("paper", *COLUMNS), paper)}

- `test_id`: unseen instructions; every API of theirs occurs in `train`.
- `test_ood`: {len(held["apis"])} APIs held out, of {len(held["apps"])} whole apps and some rare built-in ones; nothing else of the dataset
  uses them. Beside them an OOD record uses only the {len(held["common"])} most common built-in APIs. All three lists are in `stats.json`.
{_distractors(stats["distractors"])}\
- No near duplicate of a test record is in another split (`stats.json`, `assertions`), as far as MinHash with 128 permutations can tell.

"""


def _distractors(figures: dict[str, Any]) -> str:
    """Return a line about what training prompts offer besides, "" if it is nothing."""
    each = figures["added"] / max(1, figures["prompts"])
    return f"""- {figures["prompts"]:,} training prompts offer {each:.1f} APIs on average that the request does not need, as a search would:
  wrong ones that look right, and actions of everyday use. None is held out. Prompts of tests have none.
""" if figures["prompts"] else ""


def _synthetic(stats: dict[str, Any]) -> str:
    """Return a phrase that says who wrote the synthetic programs."""
    authors = {name.removeprefix(GENERATED_BY): count for name, count in stats["provenance"].items() if name.startswith(GENERATED_BY)}
    phrases = [f"{count:,} written by " + ("rules, not a model" if name == OFFLINE else _harmless(name)) for name, count in authors.items()]
    return ", ".join(phrases) or "none that were generated"


def _edits(stats: dict[str, Any]) -> str:
    """Return the section about edits, "" for a dataset without them."""
    if "edits" not in stats:
        return ""
    splits = stats["edits"]["splits"]
    kinds = sorted({kind for own in splits.values() for kind in own["kinds"]})
    rows = [(name, own["instances"], *(own["kinds"].get(kind, 0) for kind in kinds)) for name, own in splits.items()]
    return f"""## Edits

<split>.edits.jsonl has changes of the programs of a split (`of` is the program's id), up to {stats["edits"]["number"]} of each: a request
(`query`), the program `before`, the one after (`code`), the smallest `change` of it, its `kind`, and `messages` with `task: edit`. Each
was made by rules and verified: only the actions differ that were meant. None of training is like a test or an edit of one.

{table(("split", "edits", *kinds), rows)}

"""


def _origins(stats: dict[str, Any], meaning: Callable[[str], str]) -> str:
    rejected = [(reason, meaning(reason), count) for reason, count in stats["rejected"].items()]
    columns = "records", "prompt_tokens", "completion_tokens", "cost_usd"
    authors = [(name, *(entry[column] for column in columns)) for name, entry in stats["makers"].items()]
    return f"""## What was dropped

{stats["read"]:,} records were read, {stats["written"]:,} kept. Every dropped one is in `rejected.jsonl` with its reason, and with the id of
the record that was kept in its place, of the test that it would have given away, or of a like record that was dropped itself.

{table(("reason", "what it means", "records"), rejected) if rejected else "Nothing."}

## Provenance and licences

{table(("origin", "records"), stats["provenance"].items()) if stats["provenance"] else "No records."}

A seed's content belongs to its author; `source` names the page. Where no licence is stated, none was granted: look at the page before
you publish such a record again.

## Who wrote

{table(AUTHOR_COLUMNS, authors) if authors else "Nobody."}

## Limits

- Programs were checked and compiled, never run: whether a service still answers, nobody tested.
- {stats["all"]["builtin_share"] or 0:.1%} of the steps are built-in actions of Apple.
- Plans, comments and requests are written by machines, and may be wrong where the code is right.
- Near duplicates are found by their estimated similarity: a pair right at the threshold is missed one time in twenty.
"""
