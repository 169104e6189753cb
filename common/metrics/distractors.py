"""The APIs that a prompt gives: those that the gold program needs, these among wrong ones, or those that a search finds for the query.

A person who asks for a workflow does not know the APIs, so the paper's prompt, which lists just the right ones, gives half the answer away.
`record["apis"]` is what was given; where that differs from what gold needs, `record["gold_apis"]` is the latter.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from statistics import fmean

from common.conversation import chat
from common.distractors import Distractors, needed
from common.jsonl import Record
from common.metrics.systems import SPLITS, form_of
from shortcuts.catalog import Catalog
from shortcuts.catalog.search import offered


def with_given_apis(tests: list[Record], distractors: int | None, retrieve: int | None, seed: int) -> tuple[list[Record], Record]:
    """(the tests with the APIs that these settings give, what scores.json says of the setting)."""
    if distractors:
        tests = with_distractors(tests, distractors, seed)
    elif retrieve:
        tests = with_retrieved(tests, retrieve)
    return tests, describe(tests, distractors, retrieve)


def with_distractors(tests: Iterable[Record], count: int, seed: int) -> list[Record]:
    """The tests with `count` wrong APIs among the right ones, shuffled; equal ids and seeds give equal APIs."""
    catalog = Catalog.load()
    distractors, result = Distractors(catalog), list[Record]()
    for record in tests:
        gold, source = needed(record["apis"]), random.Random(f"{seed} {record['id']}")
        apis = gold + distractors.draw(record["id"], gold, record["reference"], count, source)
        source.shuffle(apis)
        result.append(with_apis(record, apis, catalog))
    return result


def with_retrieved(tests: Iterable[Record], count: int) -> list[Record]:
    """The tests with at most `count` APIs, found by the catalogue's search for the query, whatever the gold program needs."""
    catalog = Catalog.load()
    return [with_apis(record, needed(offered(record["query"], catalog, count)), catalog) for record in tests]


def with_apis(record: Record, apis: list[str], catalog: Catalog) -> Record:
    """A test record that gives other APIs, in its prompt too."""
    answer = [message for message in record["messages"] if message["role"] == "assistant"]
    asked = chat(record["query"], apis, catalog, form=form_of(record))
    return {**record, "apis": apis, "gold_apis": needed(record["apis"]), "messages": [*asked, *answer]}


def describe(tests: Sequence[Record], distractors: int | None, retrieve: int | None) -> Record:
    """The setting for scores.json, and by split the mean number of APIs given and the mean share of the right ones that are among them."""
    if not distractors and not retrieve:
        return {"kind": "gold"}
    by_split = {split: [record for record in tests if record["split"] == split and record["gold_apis"]] for split in SPLITS}
    return {
        "kind": "distractors" if distractors else "retrieved", "count": distractors or retrieve,
        "given": {split: fmean(len(record["apis"]) for record in own) for split, own in by_split.items() if own},
        "recall": {split: fmean(len({*record["gold_apis"]} & {*record["apis"]}) / len(record["gold_apis"]) for record in own)
                   for split, own in by_split.items() if own},
    }  # fmt: skip


def sentence(setting: Record) -> str:
    """The setting as a reader of a table must know it; nothing for the paper's, which gives what gold needs."""
    count = setting.get("count")
    return {"gold": "", "distractors": f"Each prompt gives {count} wrong APIs among those that gold needs.",
            "retrieved": f"Each prompt gives {count} APIs found by search."}[setting["kind"]]  # fmt: skip
