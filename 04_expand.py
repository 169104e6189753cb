"""04 · Expand: new queries over more APIs, apps and categories than people's shortcuts have.

Reads    data/seed.jsonl (stage 03): how many APIs workflows have, which ones are common, examples to show the writer
Writes   data/queries.jsonl: id, query, apis, apps, category, examples, writer
         data/queries.rejected.jsonl: queries that named an API, that are nearly another one, or other answers that could not be used
         data/queries.stats.json: categories, apps and APIs before and after, as in the paper's figure 4; its picture with --figure

    python 04_expand.py                                           # 200 queries; rules write them if there is no key
    python 04_expand.py --n 92000 --writer gpt-4o-mini --budget-usd 60 --figure
    python 04_expand.py --n 1000 --seed 7 --output data/queries-7.jsonl

As in the paper (section 3.2): the number of APIs is drawn from the seed's own distribution, half of them Apple's, the rest from one to
five apps; one of 28 categories; examples from the seed chosen for their structure. Beyond it, common/expansion.py draws so that every API
and category comes up evenly and the APIs of a set can work together. Query i is a pure function of the seed file, --seed and i, and
nearly equal queries are judged in the order of i, so a run that is interrupted goes on where it stopped and writes what it would have
written, and a larger --n continues a smaller one. Shards draw alike without knowing each other; each compares its own queries alone.
Memory: of the seed are kept counts, a fingerprint of each query (2.5 KB) and some hundred examples; a fingerprint of each query written.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common import cli, distribution, jsonl, llm, prompts
from common.cli import Reject
from common.distribution import Distribution
from common.expansion import UNASKED, Diet, Sampler, Uses, is_usable
from common.jsonl import Record, UserError
from common.llm import Writer
from shortcuts.catalog import Catalog

# isort: split
import orjson  # after common, which says in one line what is not installed

if TYPE_CHECKING:
    from common.dataset.dedup import Seen

MIN_APIS = 2  # of a query: a workflow of one call needs no workflow
NEAR_QUERY = 0.8  # similarity from which two queries are one: that of stage 06, which would drop the second after 05 has worked on it
KEPT_EXAMPLES = 300  # of each structure, the first that are short enough
EXAMPLE_CHARACTERS = 3000  # of an example's commented code as shown: two of them are some 2,000 tokens


def arguments() -> argparse.Namespace:
    """The flags of this stage."""
    parser = cli.parser(__doc__, "data/seed.jsonl", "data/queries.jsonl")
    parser.add_argument("--count", "--n", type=cli.positive_int, default=200, metavar="N",
                        help="queries in all, earlier runs included (default: 200)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the draw (default: 0)")
    parser.add_argument("--max-apis", type=cli.positive_int, default=30, metavar="N",
                        help="most APIs in a query: their stubs and the answer must fit a prompt (default: 30)")
    parser.add_argument("--figure", action="store_true", help="draw the distribution before and after beside the output, as PNG")
    llm.add_arguments(parser)
    return parser.parse_args()


# ---------------------------------------------------------------------------------------------------------------------------------
# what the seed looks like


@dataclass
class Seed:
    """What is kept of the seed: its uses of APIs, its distribution, its queries' fingerprints, examples by their structure."""

    distribution: Distribution
    seen: Seen
    uses: Uses = field(default_factory=Uses)
    examples: dict[str, list[Record]] = field(default_factory=lambda: {"branches": [], "loops": []})


def survey(path: Path, catalog: Catalog, max_apis: int) -> Seed:
    """Read the seed once. Raises UserError if it has no workflow with APIs to draw from."""
    from common.dataset import dedup

    seed = Seed(Distribution(catalog), dedup.Seen(NEAR_QUERY))
    for record in jsonl.records(path, ("apis", "query", "plan", "annotated_code")):
        seed.distribution.add(record)
        seed.seen.add(record["id"], dedup.query_print(record["query"]).signature)
        apis = [api for api in record["apis"] if api in catalog and api not in UNASKED]
        seed.uses.apis.update(apis)
        if len(apis) >= MIN_APIS:
            seed.uses.sizes.append(min(len(apis), max_apis))
        if record.get("category"):
            seed.uses.categories[record["category"]] += 1
        structure = "loops" if "\nfor " in record["annotated_code"] else "branches" if "\nif " in record["annotated_code"] else None
        if structure and len(record["annotated_code"]) <= EXAMPLE_CHARACTERS and len(seed.examples[structure]) < KEPT_EXAMPLES:
            seed.examples[structure].append({key: record[key] for key in ("id", "query", "annotated_code")})
    if not seed.uses.sizes:
        raise UserError(f"{path}: no workflow calls {MIN_APIS} APIs that the catalogue knows; are these records of stage 03?")
    return seed


# ---------------------------------------------------------------------------------------------------------------------------------
# a query


@dataclass(frozen=True)
class Task:
    """What a query is to be about; `place` counts the tasks of this run, `examples` are records of the seed."""

    id: str
    place: int
    apis: list[str]
    category: str
    examples: list[Record]


def tasks(run: cli.Run, sampler: Sampler, seed: Seed) -> Iterator[Task]:
    """The queries that are due, in order."""
    args, place = run.args, 0
    for number in run.progress(range(min(args.count, args.limit or args.count)), args.count):
        if run.interrupted:
            break
        if run.is_due(identifier := f"q-{args.seed}-{number}"):
            run.read += 1
            drawn, source = sampler.draw(number), random.Random(f"{args.seed}:{number}: examples")
            examples = [source.choice(kept) for kept in seed.examples.values() if kept]
            yield Task(identifier, place, drawn.apis, drawn.category, examples)
            place += 1


async def ask(task: Task, writer: Writer, catalog: Catalog) -> Record:
    """The record of a query. Raises Reject if the writer's answer can't be used."""

    def accept(answer: Any) -> str:
        if problem := prompts.query_problem(answer["query"], task.apis, catalog):
            raise ValueError(problem)
        return prompts.one_line(answer["query"])

    examples = [f"Request: {example['query']}\nIts shortcut:\n{prompts.shorten_code(example['annotated_code'])}"
                for example in task.examples]  # fmt: skip
    shown = "\n\n".join(examples)
    fields = {"stubs": prompts.stubs(task.apis, catalog), "category": task.category, "examples": shown or "(none)"}
    prompt = prompts.prompt("expand", fields, accept, apis=task.apis, category=task.category, catalog=catalog, key=task.id)
    answer = await writer.ask(prompt)
    return {
        "id": task.id, "query": answer.object, "apis": task.apis,
        "apps": sorted({catalog[api].app for api in task.apis}), "category": task.category,
        "examples": [example["id"] for example in task.examples],
        "writer": {"model": writer.name, "prompts": {"expand": prompts.prompt_id("expand")}, **answer.usage._asdict()},
    }  # fmt: skip


def in_order(outcomes: Iterable[tuple[Task, Record | Reject]]) -> Iterator[tuple[Task, Record | Reject]]:
    """The outcomes in the order of their tasks: a query waits for those before it, so that which of two is the second is no accident.

    What still waits when a run ends in an error is not written; its answers are in the cache.
    """
    waiting, due = dict[int, tuple[Task, Record | Reject]](), 0
    for task, outcome in outcomes:
        waiting[task.place] = task, outcome
        while due in waiting:
            yield waiting.pop(due)
            due += 1


def new(outcome: Record | Reject, seen: Seen) -> Record | Reject:
    """The outcome, or a Reject if it is nearly a query that was written before."""
    from common.dataset import dedup

    if isinstance(outcome, Reject):
        return outcome
    signature = dedup.query_print(outcome["query"]).signature
    if other := seen.near(signature):
        return Reject("near_duplicate", f"of {other}: {outcome['query']}")
    seen.add(outcome["id"], signature)
    return outcome


# ---------------------------------------------------------------------------------------------------------------------------------
# before and after


def remember(output: Path, seen: Seen) -> None:
    """Take up the queries that earlier runs have written."""
    from common.dataset import dedup

    for record in jsonl.records(output, ("query",)):
        seen.add(record["id"], dedup.query_print(record["query"]).signature)


def write_statistics(output: Path, seed: Distribution, figure: bool) -> dict[str, Any]:
    """Write the distribution of the seed, of all queries and of both together beside the output, and its picture; returns the queries'."""
    queries, diet, fed = Distribution(seed.catalog), Diet(seed.catalog), 0
    for record in jsonl.records(output, ("apis",)):
        queries.add(record)
        fed += not diet.starving(record["apis"])
    parts = {"seed": seed, "queries": queries, "together": seed.plus(queries)}
    figures = {name: each.figures(is_usable) for name, each in parts.items()}
    figures["queries"]["sets_with_all_inputs"] = round(fed / max(1, queries.records), 4)
    jsonl.write_atomically(output.with_name(f"{output.stem}.stats.json"), orjson.dumps(figures, option=orjson.OPT_INDENT_2))
    if figure:
        distribution.draw({"seed": seed, "seed and queries": parts["together"]}, output.with_name(f"{output.stem}.png"))
    return figures["queries"]


# ---------------------------------------------------------------------------------------------------------------------------------


def main() -> int:
    """Draw and write every query that is due."""
    args = arguments()
    writer, catalog = llm.from_arguments(args), Catalog.load()
    with cli.Run("expand", args) as run:
        seed = survey(args.input, catalog, args.max_apis)
        for path in run.kept:
            remember(path, seed.seen)
        sampler = Sampler(seed.uses, catalog, args.seed)
        for task, outcome in in_order(writer.map(lambda task: ask(task, writer, catalog), tasks(run, sampler, seed))):
            outcome = new(outcome, seed.seen)
            if isinstance(outcome, Reject):
                run.reject(task.id, outcome)
            else:
                run.write(outcome)
        made = write_statistics(run.output, seed.distribution, args.figure)
        told = {key: made[key] for key in ("apis", "usable_apis_covered", "third_party_share", "sets_with_all_inputs")}
        return run.finish(**told, **writer.figures())


if __name__ == "__main__":
    cli.start(main)
