"""The APIs that a prompt gives: those that the gold program needs, these among wrong ones, or those that a search finds for the query.

A person who asks for a workflow does not know the APIs, so the paper's prompt, which lists just the right ones, gives half the answer away.
`record["apis"]` is what was given; where that differs from what gold needs, `record["gold_apis"]` is the latter.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, zip_longest
from statistics import fmean

from common.jsonl import Record
from common.metrics.systems import SPLITS
from common.prompts import SYNTAX_APIS, chat
from shortcuts.catalog import Catalog, call_name
from shortcuts.catalog.search import like, offered

NEIGHBOURS = 30  # APIs that a search for a gold API's title gives: enough for 24 distractors where all have the same neighbours
SPARE = 2  # distractors are drawn from the nearest candidates, SPARE times as many, so that another seed gives others


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
    of_app = defaultdict(list)
    for api in catalog:
        of_app[api.app].append(api.id)

    result = []
    for record in tests:
        gold, draw = needed(record["apis"]), random.Random(f"{seed} {record['id']}")
        near = list(islice(candidates(record, gold, catalog, of_app), SPARE * count))
        apis = gold + draw.sample(near, min(count, len(near)))
        draw.shuffle(apis)
        result.append(with_apis(record, apis, catalog))
    return result


def with_retrieved(tests: Iterable[Record], count: int) -> list[Record]:
    """The tests with at most `count` APIs, found by the catalogue's search for the query, whatever the gold program needs."""
    catalog = Catalog.load()
    return [with_apis(record, needed(offered(record["query"], catalog, count)), catalog) for record in tests]


def with_apis(record: Record, apis: list[str], catalog: Catalog) -> Record:
    """A test record that gives other APIs, in its prompt too."""
    answer = [message for message in record["messages"] if message["role"] == "assistant"]
    return {**record, "apis": apis, "gold_apis": needed(record["apis"]), "messages": [*chat(record["query"], apis, catalog), *answer]}


def needed(apis: Iterable[str]) -> list[str]:
    """APIs that a prompt shows, each once: those that the dialect writes as syntax are no functions."""
    return [api for api in dict.fromkeys(apis) if api not in SYNTAX_APIS]


def candidates(record: Record, gold: Sequence[str], catalog: Catalog, of_app: dict[str, list[str]]) -> Iterator[str]:
    """Wrong APIs that look right, the most plausible first: in turn for each gold API those like it, then all others.

    An API that the gold program calls, or that has a gold API's title, may be right; it is left out.
    """
    known = [catalog[api] for api in gold if api in catalog]
    titles = {api.title.casefold() for api in known}
    near = [neighbours(api, catalog, of_app) for api in gold]
    anything = random.Random(record["id"]).sample(sorted(api.id for api in catalog), len(catalog))
    for api in dict.fromkeys(chain((api for turn in zip_longest(*near) for api in turn if api), anything)):
        called = api in gold or f"{call_name(api)}(" in record["reference"] or f"'{api}'" in record["reference"]
        if not called and api not in SYNTAX_APIS and catalog[api].title.casefold() not in titles:
            yield api


def neighbours(api_id: str, catalog: Catalog, of_app: dict[str, list[str]]) -> list[str]:
    """The APIs most like one: those with words like its title's, in turn with the others of its app, if that is not Apple's."""
    api = catalog.get(api_id)
    found = [near.id for near in like(catalog, api.title if api else api_id.rsplit(".", 1)[-1], NEIGHBOURS)]
    siblings = of_app[api.app] if api and not api.builtin else []
    titled = sorted(siblings, key=lambda sibling: (sibling not in found, sibling))[:NEIGHBOURS]
    return [near for pair in zip_longest(titled, found) for near in pair if near]


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
