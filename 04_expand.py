"""04 · Expand: new queries over more APIs, apps and categories than people's shortcuts have.

Reads    data/seed.jsonl (stage 03): how many APIs workflows use, which ones are common, examples to show the writer
Writes   data/queries.jsonl: id, query, apis, apps, category, examples, writer
         data/queries.rejected.jsonl: sets of which no task makes sense, queries that name an API or nearly repeat another one, and other
         unusable answers
         data/queries.stats.json: categories, apps and APIs before and after, as in the paper's figure 4; --figure draws them

    python 04_expand.py                                           # 200 queries; rules write them if there is no key
    python 04_expand.py --count 92000 --writer gpt-4o-mini --budget-usd 60 --figure
    python 04_expand.py --count 1000 --seed 7 --output data/queries-7.jsonl
    python 04_expand.py --sampling everyday --count 3000 --output data/everyday.jsonl  # "remind me to call Anna at noon", without a writer
    python 04_expand.py --sampling paper --count 92000 --writer gpt-4o-mini       # as in the paper: APIs, category and examples by chance

As in the paper (section 3.2), the number of APIs is drawn from the seed's own distribution, half of them are Apple's and the rest come from
one to five apps. With --sampling paper they are drawn by chance alone, a category is drawn for the request, which has to need all of them,
and the writer sees two workflows of the seed with their requests, one with a branch and one with a loop.

Unlike the paper, APIs are otherwise drawn evenly and so that they belong together. A set begins with the API used least so far, of
the apps' or, one time in three, of Apple's, and with one of the others that fits it, the less used the better. More are drawn by how well
they fit what is there: one gives what another takes, shortcuts of the seed use both near each other, they are of one app, or their titles
share rare words. A set ends where nothing fits. The writer finds the purpose, may leave out up to half of a set or decline it, may use
some basic actions besides, and names the category; it sees requests of the seed that are near to the set, and no code. A record has the
APIs that its query needs.

Query i is a pure function of the seed's records in any order, --seed and i (and of the writer's answer); near duplicates are judged in the
order of i. So an interrupted run writes what it would have written, a larger --count extends a smaller one, and shards need not know each
other (each compares only its own queries). Memory: counts of APIs and of pairs, a fingerprint of each query (2.5 KB), how well any two of
the usable APIs fit (7 MB), and some hundred requests of the seed.
"""

from __future__ import annotations

import common  # noqa: F401  # isort: skip  (first: from here on Ctrl-C ends in one line)
import argparse
import ast
import bisect
import heapq
import math
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common import cli, conversation, excerpts, jsonl, llm, prompts
from common.cli import Reject
from common.compatibility import ApiCompatibility
from common.dataset import distribution
from common.dataset.dedup import GrowingMinHashIndex, query_print
from common.dataset.distribution import Distribution
from common.jsonl import Record, UserError
from common.llm import OFFLINE, Writer
from common.offline import everyday
from shortcuts import DialectError, parse
from shortcuts.catalog import Api, Catalog, call_name
from shortcuts.catalog.search import SYNTAX_APIS

# isort: split
import numpy as np  # after common, which says in one line what is not installed
import orjson

APPS = 1, 5  # fewest and most third-party apps of a query (paper)
MOST_APPS = 20  # if those few have too few APIs for a large set, up to this many
UNIFORM_SHARE = 0.2  # share of Apple's APIs drawn uniformly: the seed itself uses only some hundred of them
SMALLEST = 3  # APIs of a set, if so many fit: the writer may leave one out
DRAWS = 6  # draws of a set, the best of which is taken
OF_APPLES = 3  # one in so many sets begins with an API of Apple's
SHARPNESS, LEAST_FIT = 2.5, 0.7  # an API is preferred by e to this power for each point of fit; below the other it is not drawn
WIDE = 4  # APIs of a set from which on another one has to fit two of them: one thing would lead to another
EVENNESS = 1.0  # points of fit that one use less so far outweighs
NEAR = 4  # places in a workflow's order of APIs within which two are used near each other
MIN_APIS = 2  # seed workflows with fewer APIs say nothing about how many a query needs
MAX_APIS = 12  # of a set, unless another number is asked for
NEAR_QUERY = 0.8  # Jaccard similarity of near duplicates, as in stage 06, which would drop the second one after 05 has paid for it
KEPT_EXAMPLES = 400  # requests of the seed that are kept
EXAMPLE_WORDS = 12, 100  # fewest and most words of a request that is shown
EXAMPLE_BYTES = 6000  # most bytes of a program that is shown beside its request
SHAPES = {"branch": (ast.If, ast.Match), "loop": (ast.For,)}  # what the programs are chosen for that the paper's way shows

IDS = {"even": "q", "paper": "p", "everyday": "e"}  # ways of sampling, and what the ids of their queries begin with

# No query can need these: they pass a value on, are written as syntax, or look inside the Shortcuts app.
UNUSABLE = SYNTAX_APIS | {"is.workflow.actions." + name for name in (
    "getvariable", "nothing", "debug.contentattribution", "getclassaction")}
UNDOCUMENTED = frozenset({"tk"})  # sources of APIs known only from a Mac's tool list: mostly switches of the system's settings
# Titles of what apps declare for their own use (widget settings, parts of windows), and titles that are only an id.
INTERNAL = re.compile(r"\b(Widgets?|Config\w*|UI Element|Sidebar|L 2|Search Result|Navigate|Accessory|Live Activity|Deprecated)\b"
                      r"|\w Lock Screen|^Unknown|^PTH ")


def arguments() -> argparse.Namespace:
    """Parse the flags of this stage."""
    parser = cli.parser(__doc__, "data/seed.jsonl", "data/queries.jsonl")
    add = parser.task.add_argument
    add("--count", type=cli.positive_int, default=200, metavar="N", help="queries in all, earlier runs included (default: 200)")
    add("--max-apis", type=cli.positive_int, metavar="N",
        help="most APIs in a set: more than people ask for in a few sentences (default: 12; with --sampling paper as many as the seed has)")
    add("--sampling", choices=tuple(IDS), default="even", help="draw APIs evenly and so that they belong together, by chance as the paper "
        "does, or short requests of everyday life, which rules write and 05 --model offline answers (default: even)")
    add("--seed", type=cli.seed, default=0, metavar="N", help="random seed of the draw (default: 0)")
    parser.files.add_argument("--figure", action="store_true", help="draw the distribution before and after beside the output, as PNG")
    llm.add_arguments(parser)
    args = parser.parse_args()
    parser.refuse((args.sampling == "everyday" and args.writer not in (None, OFFLINE), "--sampling everyday: rules write these requests, "
                   f"{args.writer} would not be asked; leave --writer away"),
                  (args.max_apis and args.sampling == "everyday", "--max-apis does not go with --sampling everyday"),
                  (args.max_apis and args.max_apis < SMALLEST, f"--max-apis {args.max_apis}: a set has at least {SMALLEST}"))  # fmt: skip
    args.max_apis = args.max_apis or (MAX_APIS if args.sampling == "even" else sys.maxsize)
    return args


# ---------------------------------------------------------------------------------------------------------------------------------
# the seed


@dataclass
class Seed:
    """The facts that a run keeps of the seed; the sampler starts from `apis`, `sizes` (APIs of each workflow) and `pairs` (used near)."""

    distribution: Distribution
    queries: GrowingMinHashIndex
    apis: Counter[str] = field(default_factory=Counter)
    sizes: list[int] = field(default_factory=list)
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: list[Record] = field(default_factory=list)
    shapes: dict[str, list[Record]] = field(default_factory=lambda: {shape: [] for shape in SHAPES})  # programs to show, by what they have


def read_seed(path: Path, catalog: Catalog, max_apis: int, sampling: str = "even") -> Seed:
    """Read the seed once, with what a way of sampling needs of it. Raises UserError if no workflow has APIs to draw from."""
    seed, free, sizes = Seed(Distribution(catalog), GrowingMinHashIndex(NEAR_QUERY)), {api for _, api in prompts.BASICS.values()}, []
    for record in jsonl.records(path, ("apis", "query")):
        seed.distribution.add(record)
        seed.queries.add(record["id"], query_print(record["query"]).signature)
        apis = [api for api in record["apis"] if api in catalog and api not in UNUSABLE]
        seed.apis.update(apis)
        seed.pairs.update((one, other) for place, one in enumerate(apis) for other in apis[place + 1: place + 1 + NEAR])
        if len(apis) >= MIN_APIS:
            sizes.append((record["id"], min(sum(api not in free or sampling == "paper" for api in apis), max_apis)))
        if sampling == "paper":
            add_by_shape(seed.shapes, record)
        if is_example(record):
            keep_first(seed.examples, {"id": record["id"], "query": record["query"], "apis": apis})
    seed.sizes = [size for _, size in sorted(sizes)]  # by id: a server's seed is in the order in which its answers came
    if not seed.sizes:
        raise UserError(f"{path}: no workflow calls {MIN_APIS} APIs that the catalogue knows; are these records of stage 03?")
    return seed


def add_by_shape(shapes: dict[str, list[Record]], record: Record) -> None:
    """Add a workflow to those that may be shown, of each shape that its program has; a long one is left out."""
    code = record.get("annotated_code") or record.get("code") or ""
    if not code or len(code.encode()) > EXAMPLE_BYTES:
        return
    try:
        nodes = list(ast.walk(parse(code)))
    except DialectError:  # nothing to learn from
        return
    for shape, kinds in SHAPES.items():
        if any(isinstance(node, kinds) for node in nodes):
            keep_first(shapes[shape], {"id": record["id"], "query": record["query"], "code": code})


def keep_first(kept: list[Record], record: Record) -> None:
    """Add a record to those that may be shown, the first KEPT_EXAMPLES by id."""
    bisect.insort(kept, record, key=lambda each: each["id"])
    del kept[KEPT_EXAMPLES:]


def is_example(record: Record) -> bool:
    """True if a request shows how people speak: not one that rules have put together, neither a word nor a story."""
    by_rules = (record.get("writer") or {}).get("model") == OFFLINE
    return not by_rules and EXAMPLE_WORDS[0] <= excerpts.word_count(record["query"]) <= EXAMPLE_WORDS[1]


# ---------------------------------------------------------------------------------------------------------------------------------
# which APIs can be in a query


def is_usable(api: Api) -> bool:
    """True if a query can need an API: it has a title and parameters or a result, and is neither internal to an app nor syntax."""
    named = bool(api.title) and not INTERNAL.search(api.title)
    return named and bool(api.parameters or api.result) and not set(api.source) <= UNDOCUMENTED and api.id not in UNUSABLE


# ---------------------------------------------------------------------------------------------------------------------------------
# the sampler


def least_used_first(items: Iterable[str], used: Counter[str], source: random.Random) -> Iterator[str]:
    """Yield items without end, each time the one used least so far, counting from `used`; ties are broken by chance."""
    queue = [(used[item], source.random(), item) for item in sorted(items)]
    heapq.heapify(queue)
    while queue:
        times, _, item = queue[0]
        heapq.heapreplace(queue, (times + 1, source.random(), item))
        yield item


class Sampler:
    """Draws the APIs of each query. `apis`, `sizes` and `pairs` count those of the seed, see Seed; `seed` is the number given by --seed."""

    def __init__(self, catalog: Catalog, apis: Counter[str], sizes: list[int], pairs: Counter[tuple[str, str]], seed: int) -> None:
        usable = [api for api in catalog if is_usable(api)]
        self.catalog, self.compatibility, self.seed, self.sizes, self.used = catalog, ApiCompatibility(catalog), seed, sizes, apis
        self.all = [api.id for api in usable]
        self.places = {api: place for place, api in enumerate(self.all)}
        self.fits = self.compatibility.fits(self.all, pairs)
        self.builtin = np.array([place for place, api in enumerate(usable) if api.builtin])
        self.third_party = np.array([place for place, api in enumerate(usable) if not api.builtin])
        self.apps: dict[str, list[int]] = {}  # places in `all`, as those above
        for place in self.third_party:
            self.apps.setdefault(usable[place].app, []).append(int(place))
        uniform = UNIFORM_SHARE / (1 - UNIFORM_SHARE) * max(1, sum(apis[api] for api in self.all)) / len(self.all)
        free = {api for _, api in prompts.BASICS.values()}  # the writer adds them where they are needed
        self.weights = np.array([0 if api.id in free else math.sqrt(apis[api.id] + uniform) for api in usable])
        self._restart()

    def _restart(self) -> None:
        """Set the first APIs of sets back to the beginning."""
        source = random.Random(f"{self.seed}: first")
        self.first_of_apps = least_used_first([self.all[place] for place in self.third_party], self.used, source)
        self.times = np.array([min(3, math.log2(1 + self.used[self.all[place]])) + source.random() / 2 for place in self.builtin])
        self.at = -1

    def sample(self, number: int) -> list[str]:
        """Return the APIs of query `number`. Ascending numbers are quick; a step back counts from the beginning again."""
        if number <= self.at:
            self._restart()
        while self.at < number:
            self.at += 1
            anchors = self._anchors()
        return self._sample_set(number, anchors)

    def _anchors(self) -> list[int]:
        """Return the API that a set begins with and one that fits it, if any does: one of an app's, the other of Apple's."""
        if self.at % OF_APPLES == OF_APPLES - 1:
            at = int(np.argmin(self.times))
            first, others, preferred = int(self.builtin[at]), self.third_party, np.zeros(len(self.third_party))
            self.times[at] += 1
        else:
            first, others, preferred = self.places[next(self.first_of_apps)], self.builtin, -EVENNESS * self.times
        fit = self.fits[first, others]
        if fit.max() < LEAST_FIT:
            return [first]
        best = int(np.argmax(np.where(fit >= LEAST_FIT, fit + preferred, -np.inf)))
        if others is self.builtin:
            self.times[best] += 1
        return [first, int(others[best])]

    def _sample_set(self, number: int, anchors: list[int]) -> list[str]:
        """Return a set with its anchors, half of it Apple's APIs, and one more of Apple's where an input would be unmet otherwise."""
        source, best, most = random.Random(f"{self.seed}:{number}"), list[str](), -math.inf
        size, unmet = max(SMALLEST, source.choice(self.sizes)), self.compatibility.unmet
        of_apps = [place for place in anchors if not self.catalog[self.all[place]].builtin]
        of_apple = size // 2 if of_apps else size
        for _ in range(DRAWS):
            places = anchors
            if of_apps:
                others = self._places_of_apps(of_apps[0], anchors, size - of_apple, source)
                places = self._grow(places, others, len(places) + size - of_apple - 1, source)
            places = self._grow(places, self.builtin, len(places) + of_apple - len(anchors) + len(of_apps), source)
            apis = [self.all[place] for place in places]
            if (score := self.fits[np.ix_(places, places)].max(0).mean() - 2 * len(unmet(apis))) > most:
                best, most = apis, score
        while missing := unmet(best):
            by_fit = self.builtin[np.argsort(-self.fits[np.ix_([self.places[api] for api in best], self.builtin)].sum(0), kind="stable")]
            helper = next((self.all[place] for place in by_fit if len(unmet([*best, self.all[place]])) < len(missing)), None)
            if helper is None:
                break
            best = [*best, helper]
        return sorted(best, key=self._turn)

    def _grow(self, chosen: list[int], places: Iterable[int], size: int, source: random.Random) -> list[int]:
        """Return the chosen APIs and others, up to so many in all, each drawn by its fit; no two with one title, none that fits nothing."""
        titles, chosen = {self.catalog[self.all[place]].title for place in chosen}, list(chosen)
        free = np.array([place for place in places if self.catalog[self.all[place]].title not in titles], dtype=int)
        while len(chosen) < size and len(free):
            fit = self.fits[np.ix_(chosen, free)]
            fitting = np.sort(fit, axis=0)[-1 if len(chosen) < WIDE else -2] >= LEAST_FIT
            free, fit = free[fitting], fit[:, fitting]
            shares = np.cumsum(self.weights[free] * np.exp(SHARPNESS * np.minimum(fit.sum(0) / math.sqrt(len(chosen)), 4)))
            if not len(free) or not shares[-1]:
                break
            drawn = int(np.searchsorted(shares, source.random() * shares[-1], side="right"))
            chosen.append(int(free[min(drawn, len(free) - 1)]))
            title = self.catalog[self.all[chosen[-1]]].title  # two editions of an app have the same actions
            free = np.array([place for place in free if self.catalog[self.all[place]].title != title], dtype=int)
        return chosen

    def _places_of_apps(self, of_app: int, anchors: list[int], count: int, source: random.Random) -> list[int]:
        """Return the places of the APIs of the anchor's app and of up to four that fit; of more apps where these have too few."""
        own, fit = self.catalog[self.all[of_app]].app, self.fits[anchors].sum(0)
        others = [app for app in source.sample(sorted(self.apps), min(MOST_APPS, len(self.apps))) if app != own]
        others.sort(key=lambda app: -fit[self.apps[app]].max())
        wanted, offered = min(source.randint(*APPS), max(1, count // 2)), list[int]()  # one API of each of many apps would be unrelated
        for place, app in enumerate([own, *others], start=1):
            if place > wanted and len(offered) >= count - 1:
                break
            offered += self.apps[app]
        return offered

    def _turn(self, api: str) -> int:
        """Return 0 for an API that gives what others work on, 1 for one that takes and gives, 2 for one that gives nothing."""
        gives, takes = self.compatibility.ends(api)
        return 2 if gives is None else 1 if takes is not None else 0


class ChanceSampler:
    """Draws as the paper says: n from the seed's own sizes, half of it Apple's, the rest from one to five apps; all by chance.

    The paper takes all APIs of its apps and yet n in all: here as many of theirs as are missing, drawn by chance.
    """

    def __init__(self, catalog: Catalog, sizes: list[int], seed: int) -> None:
        usable = [api for api in catalog if is_usable(api)]
        self.sizes, self.seed, self.apps = sizes, seed, dict[str, list[str]]()
        self.builtin = [api.id for api in usable if api.builtin]
        for api in usable:
            if not api.builtin:
                self.apps.setdefault(api.app, []).append(api.id)

    def sample(self, number: int) -> list[str]:
        """Return the APIs of query `number`."""
        source = random.Random(f"{self.seed}:{number}")
        size = source.choice(self.sizes)
        apps = source.sample(sorted(self.apps), min(source.randint(*APPS), len(self.apps)))
        theirs = [api for app in apps for api in self.apps[app]]
        own = source.sample(self.builtin, min(size // 2, len(self.builtin)))
        return own + source.sample(theirs, min(size - size // 2, len(theirs)))


# ---------------------------------------------------------------------------------------------------------------------------------
# a query


@dataclass(frozen=True)
class Task:
    """A query to be written; `place` counts the tasks of this run, `examples` are of the seed.

    No `category`: the writer names it. `record`: it is written already.
    """

    id: str
    place: int
    apis: list[str]
    examples: list[Record]
    category: str = ""
    record: Record | None = None


def tasks(run: cli.Run, sampler: Sampler | ChanceSampler | None, seed: Seed) -> Iterator[Task]:
    """Yield the queries that are due, in order."""
    args, place = run.args, 0
    for number in run.progress(range(min(args.count, args.limit or args.count)), args.count):
        if run.interrupted:
            break
        if run.is_due(identifier := f"{IDS[args.sampling]}-{args.seed}-{number}"):
            run.read += 1
            if sampler is None:
                yield Task(identifier, place, [], [], record=everyday.record(identifier, number, args.seed, seed.distribution.catalog))
                place += 1
                continue
            apis, source = sampler.sample(number), random.Random(f"{args.seed}:{number}: examples")
            if isinstance(sampler, Sampler):
                yield Task(identifier, place, apis, sampler.compatibility.near_examples(apis, seed.examples, source))
            else:
                shown = {record["id"]: record for records in seed.shapes.values() if records for record in [source.choice(records)]}
                yield Task(identifier, place, apis, [*shown.values()], source.choice([*prompts.CATEGORIES]))
            place += 1


async def write_query(task: Task, writer: Writer, catalog: Catalog) -> Record:
    """Return the record of a query. Raises Reject if the writer declines the set, or its answer can't be used."""
    if task.record is not None:
        return task.record
    prompt = asked(task, catalog)
    answer = await writer.ask(prompt)
    apis, category, query = (task.apis, task.category, answer.object) if task.category else answer.object
    if not query:
        raise Reject("no_sensible_task", category)
    return {
        "id": task.id, "query": query, "apis": apis, "apps": sorted({catalog[api].app for api in apis}), "category": category,
        "examples": [example["id"] for example in task.examples],
        "writer": {"model": writer.name, "prompts": {prompt.task: prompt.id}, **answer.usage._asdict()},
    }


def asked(task: Task, catalog: Catalog) -> llm.Prompt:
    """Return the prompt of a task."""
    stubs, facts = conversation.stubs(task.apis, catalog), {"apis": task.apis, "catalog": catalog, "key": task.id}
    if task.category:
        pairs = [f"{excerpts.masked(example['query'])}\n\n```python\n{excerpts.shown_code(example['code'])}```"
                 for example in task.examples]
        fields = {"stubs": stubs, "category": task.category, "examples": "\n\n".join(pairs) or "(none)"}
        return prompts.EXPAND_BY_CATEGORY.prompt(fields, prompts.accept_query(task.apis, catalog), **facts)
    most = len(task.apis) // 2
    shown = [f"- {excerpts.masked(query)}" for query in [example["query"] for example in task.examples] or prompts.GOOD_REQUESTS]
    fields = {"stubs": stubs, "most": str(most), "examples": "\n".join(shown)}
    return prompts.EXPAND.prompt(fields, accept_request(task.apis, most, catalog), **facts)


def accept_request(apis: list[str], most: int, catalog: Catalog) -> Callable[[Any], tuple[list[str], str, str]]:
    """Return the `accept` of the expand prompt, which returns (APIs that are needed, category, query); a declined set has the query ""
    and the reason for its category."""

    def accept(answer: Any) -> tuple[list[str], str, str]:
        if not excerpts.word_count(answer["query"]):
            return [], excerpts.one_line(answer["purpose"]), ""
        named = {name for api in apis for name in (api, catalog[api].name)}
        left_out = {call_name(name) for name in answer["leave_out"]}
        if unknown := [name for name in answer["leave_out"] if name not in named]:
            raise ValueError(f"leave_out: {unknown[0]!r} is none of the functions")
        if len(left_out) > most:
            raise ValueError(f"{len(left_out)} functions are left out, and at most {most} may be; or decline with an empty query")
        kept = [api for api in apis if catalog[api].name not in left_out]
        basics = [prompts.BASICS[name][1] for name in answer["basics"]]
        return list(dict.fromkeys([*kept, *basics])), answer["category"], prompts.accept_query(kept, catalog)(answer)

    return accept


def in_order(outcomes: Iterable[tuple[Task, Record | Reject]]) -> Iterator[tuple[Task, Record | Reject]]:
    """Yield outcomes in the order of their tasks, so that of two near duplicates always the later one is dropped.

    Outcomes still waiting when a run fails are not written; their answers are in the cache.
    """
    waiting, due = dict[int, tuple[Task, Record | Reject]](), 0
    for task, outcome in outcomes:
        waiting[task.place] = task, outcome
        while due in waiting:
            yield waiting.pop(due)
            due += 1


def without_near_duplicates(outcome: Record | Reject, queries: GrowingMinHashIndex) -> Record | Reject:
    """Return the outcome, or a Reject if its query nearly repeats an earlier one; a new query joins the index."""
    if isinstance(outcome, Reject):
        return outcome
    signature = query_print(outcome["query"]).signature
    if other := queries.near(signature):
        return Reject("near_duplicate", f"of {other}: {outcome['query']}")
    queries.add(outcome["id"], signature)
    return outcome


def load_queries(output: Path, queries: GrowingMinHashIndex) -> None:
    """Add the queries that earlier runs have written to the index."""
    for record in jsonl.records(output, ("query",)):
        queries.add(record["id"], query_print(record["query"]).signature)


def write_statistics(output: Path, seed: Distribution, figure: bool) -> dict[str, Any]:
    """Write the distributions of seed, queries and both beside the output, and their picture; return those of the queries."""
    queries, compatibility, met = Distribution(seed.catalog), ApiCompatibility(seed.catalog), 0
    for record in jsonl.records(output, ("apis",)):
        queries.add(record)
        met += not compatibility.unmet(record["apis"])
    together = seed.plus(queries)
    statistics = {name: each.statistics(is_usable) for name, each in {"seed": seed, "queries": queries, "together": together}.items()}
    statistics["queries"]["sets_with_all_inputs"] = round(met / max(1, queries.records), 4)
    jsonl.write_atomically(output.with_name(f"{output.stem}.stats.json"), orjson.dumps(statistics, option=orjson.OPT_INDENT_2))
    if figure:
        panels = distribution.panels({"seed": seed, "seed and queries": together})
        distribution.draw(output.with_name(f"{output.stem}.png"), panels)
    return statistics["queries"]


# ---------------------------------------------------------------------------------------------------------------------------------


def main() -> int:
    """Sample and write every query that is due; return the exit code."""
    args = arguments()
    args.writer = OFFLINE if args.sampling == "everyday" else args.writer
    writer, catalog = llm.from_arguments(args), Catalog.load()
    with cli.Run("expand", args) as run:
        seed = read_seed(args.input, catalog, args.max_apis, args.sampling)
        for path in run.kept:
            load_queries(path, seed.queries)
        sampler = ChanceSampler(catalog, seed.sizes, args.seed) if args.sampling == "paper" else (
            Sampler(catalog, seed.apis, seed.sizes, seed.pairs, args.seed) if args.sampling == "even" else None)
        outcomes = writer.map(lambda task: write_query(task, writer, catalog), tasks(run, sampler, seed))
        for task, outcome in in_order(outcomes):
            outcome = without_near_duplicates(outcome, seed.queries)
            if isinstance(outcome, Reject):
                run.reject(task.id, outcome)
            else:
                run.write(outcome)
        statistics = write_statistics(run.output, seed.distribution, args.figure)
        shares = {key: statistics[key] for key in ("apis", "usable_apis_covered", "third_party_share", "sets_with_all_inputs")}
        return run.finish(**shares, **writer.figures())


if __name__ == "__main__":
    cli.start(main)
