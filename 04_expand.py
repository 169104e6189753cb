"""04 · Expand: new queries over more APIs, apps and categories than people's shortcuts have.

Reads    data/seed.jsonl (stage 03): how many APIs workflows have, which built-in ones are common, examples to show the writer
Writes   data/queries.jsonl: id, query, apis, apps, category, examples, writer
         data/queries.rejected.jsonl: queries that named an API, or other answers that could not be used

    python 04_expand.py                                           # 200 queries; rules write them if there is no key
    python 04_expand.py --count 92000 --writer gpt-4o-mini --budget-usd 60
    python 04_expand.py --count 1000 --seed 7 --output data/queries-7.jsonl

As in the paper (section 3.2): the number of APIs is drawn from the seed's own distribution, half of them Apple's, the rest from one to
five apps; one of 28 categories; examples from the seed chosen for their structure. Query number i of a seed is drawn from (seed, i)
alone, so a run that is interrupted goes on where it stopped, a larger --count continues a smaller one, and shards need not know each other.
Memory: of the seed are kept its counts, and the few hundred shortest workflows with branches or loops as examples.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common import cli, jsonl, llm, prompts
from common.catalog import Api, Catalog
from common.cli import Reject
from common.jsonl import Record, UserError
from common.llm import Writer

# The categories of RoutineHub, which the paper draws from (its figure 4).
CATEGORIES = (
    "Widgets", "Food & Drink", "News", "Photo & Video", "Productivity", "Graphics & Design", "Weather", "Books", "Snippets", "Games",
    "Development Tools", "Finance", "Jailbreaking", "Reference", "Travel", "Music", "Business", "Sports", "Medical", "Education",
    "Navigation", "Social Networking", "Shopping", "Entertainment", "Health & Fitness", "Lifestyle", "Utilities", "Kids",
)  # fmt: skip
APPS = 1, 5  # third-party apps a query draws on, at least and at most (paper)
MIN_APIS = 2  # of a query: a workflow of one call needs no workflow
RARE = 0.2  # share of the draws of built-in APIs that go to all of them alike: else what the seed never uses would never come up
UNASKED = frozenset({"is.workflow.actions.getvariable", "is.workflow.actions.nothing", *prompts.SYNTAX_APIS})  # no query can need them
UNDOCUMENTED = frozenset({"tk"})  # sources: known from a Mac's tool list alone, most of them switches of the system's settings
KEPT_EXAMPLES = 300  # of each structure, the first that are short enough
EXAMPLE_CHARACTERS = 3000  # of an example's commented code as shown: two of them are some 2,000 tokens


def arguments() -> argparse.Namespace:
    """The flags of this stage."""
    parser = cli.parser(__doc__, "data/seed.jsonl", "data/queries.jsonl")
    parser.add_argument("--count", type=cli.positive_int, default=200, metavar="N",
                        help="queries in all, earlier runs included (default: 200)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the draw (default: 0)")
    parser.add_argument("--max-apis", type=cli.positive_int, default=30, metavar="N",
                        help="most APIs in a query: their stubs and the answer must fit a prompt (default: 30)")
    llm.add_arguments(parser)
    return parser.parse_args()


# ---------------------------------------------------------------------------------------------------------------------------------
# what the seed looks like


@dataclass
class Seed:
    """What is kept of the seed: numbers of APIs, uses of built-in ones, examples by their structure."""

    counts: list[int] = field(default_factory=list)
    uses: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[Record]] = field(default_factory=lambda: {"branches": [], "loops": []})


def survey(path: Path, catalog: Catalog, max_apis: int) -> Seed:
    """Read the seed once. Raises UserError if it has no workflow with APIs to draw from."""
    seed = Seed()
    for record in jsonl.read(path, ("id", "apis", "query", "plan", "annotated_code")):
        apis = [api for api in record["apis"] if api in catalog and api not in UNASKED]
        if len(apis) < MIN_APIS:
            continue
        seed.counts.append(min(len(apis), max_apis))
        seed.uses.update(api for api in apis if catalog[api].builtin)
        structure = "loops" if "\nfor " in record["annotated_code"] else "branches" if "\nif " in record["annotated_code"] else None
        if structure and len(record["annotated_code"]) <= EXAMPLE_CHARACTERS and len(seed.examples[structure]) < KEPT_EXAMPLES:
            seed.examples[structure].append({key: record[key] for key in ("id", "query", "annotated_code")})
    if not seed.counts:
        raise UserError(f"{path}: no workflow calls {MIN_APIS} APIs that the catalogue knows; are these records of stage 03?")
    return seed


def builtin_weights(seed: Seed, catalog: Catalog) -> dict[str, float]:
    """How often each of Apple's own APIs is drawn: by its uses in the seed, and a share for all alike."""
    usable = [api.id for api in catalog if api.builtin and is_usable(api)]
    alike = RARE / (1 - RARE) * max(1, seed.uses.total()) / len(usable)
    return {api: seed.uses[api] + alike for api in usable}


def third_party(catalog: Catalog) -> dict[str, list[Api]]:
    """The apps that a query may draw on, with their APIs that are documented well enough to be called."""
    apps = {app: [api for api in apis if not api.builtin and is_usable(api)] for app, apis in catalog.apps().items()}
    return {app: apis for app, apis in apps.items() if apis}


def is_usable(api: Api) -> bool:
    """Whether an API can be asked for: titled, with parameters or a result, not a hidden one, not written as syntax."""
    named = bool(api.title) and not api.title.startswith(("Unknown", "Deprecated"))
    return named and bool(api.parameters or api.result) and not set(api.source) <= UNDOCUMENTED and api.id not in UNASKED


# ---------------------------------------------------------------------------------------------------------------------------------
# a query


class Task(dict[str, Any]):
    """What is drawn for a query: id, apis, apps, category, examples (records of the seed)."""


def draw(number: int, seed_number: int, seed: Seed, builtin: dict[str, float], apps: dict[str, list[Api]]) -> Task:
    """Query `number`: a pure function of the seed number, the seed's survey and the catalogue."""
    source = random.Random(f"{seed_number}:{number}")
    count = source.choice(seed.counts)
    chosen = sample_weighted(builtin, count // 2, source)
    names, wanted, offered = source.sample(sorted(apps), min(APPS[1], len(apps))), source.randint(*APPS), list[str]()
    for place, name in enumerate(names):  # more apps than drawn where those few have too few APIs
        if place < wanted or len(offered) < count - count // 2:
            offered += (api.id for api in apps[name])
    chosen += source.sample(offered, min(count - count // 2, len(offered)))
    examples = [source.choice(kept) for kept in seed.examples.values() if kept]
    return Task(id=f"q-{seed_number}-{number}", apis=chosen, category=source.choice(CATEGORIES), examples=examples)


def sample_weighted(weights: dict[str, float], count: int, source: random.Random) -> list[str]:
    """`count` different keys, each draw by weight among those left."""
    keyed = sorted(weights, key=lambda key: source.random() ** (1 / weights[key]), reverse=True)  # Efraimidis and Spirakis 2006
    return keyed[:count]


async def ask(task: Task, writer: Writer, catalog: Catalog) -> Record:
    """The record of a query. Raises Reject if the writer's answer can't be used."""

    def accept(answer: Any) -> str:
        if problem := prompts.query_problem(answer["query"], task["apis"]):
            raise ValueError(problem)
        return " ".join(answer["query"].split())

    examples = [f"Request: {example['query']}\nIts shortcut:\n{prompts.shorten_code(example['annotated_code'])}"
                for example in task["examples"]]  # fmt: skip
    shown = "\n\n".join(examples)
    fields = {"stubs": prompts.stubs(task["apis"], catalog), "category": task["category"], "examples": shown or "(none)"}
    prompt = prompts.prompt("expand", fields, accept, apis=task["apis"], category=task["category"], catalog=catalog, key=task["id"])
    answer = await writer.ask(prompt)
    return {
        "id": task["id"], "query": answer.object, "apis": task["apis"],
        "apps": sorted({catalog[api].app for api in task["apis"]}), "category": task["category"],
        "examples": [example["id"] for example in task["examples"]],
        "writer": {"model": writer.name, "prompts": {"expand": prompts.prompt_id("expand")}, **answer.usage._asdict()},
    }  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------------------


def main() -> int:
    """Draw and write every query that is due."""
    args = arguments()
    writer, catalog = llm.from_arguments(args), Catalog.load()
    with cli.Run("expand", args) as run:
        seed = survey(args.input, catalog, args.max_apis)
        builtin, apps = builtin_weights(seed, catalog), third_party(catalog)

        def tasks() -> Iterator[Task]:
            for number in run.progress(range(min(args.count, args.limit or args.count)), args.count):
                if run.interrupted:
                    break
                if run.is_due(f"q-{args.seed}-{number}"):
                    run.read += 1
                    yield draw(number, args.seed, seed, builtin, apps)

        used: Counter[str] = Counter()
        for task, outcome in writer.map(lambda task: ask(task, writer, catalog), tasks()):
            if isinstance(outcome, Reject):
                run.reject(task["id"], outcome)
            else:
                run.write(outcome)
                used.update(outcome["apis"])
        third = sum(count for api, count in used.items() if not catalog[api].builtin)
        return run.finish(apis=len(used), third_party_share=round(third / max(1, used.total()), 3), **writer.figures())


if __name__ == "__main__":
    cli.start(main)
