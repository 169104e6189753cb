"""04 · Expand: new queries over more APIs, apps and categories than people's shortcuts have.

Reads    data/seed.jsonl (stage 03): how many APIs workflows use, which ones are common, examples to show the writer
Writes   data/queries.jsonl: id, query, apis, apps, category, examples, writer
         data/queries.rejected.jsonl: queries that name an API or nearly repeat another one, and other unusable answers
         data/queries.stats.json: categories, apps and APIs before and after, as in the paper's figure 4; --figure draws them

    python 04_expand.py                                           # 200 queries; rules write them if there is no key
    python 04_expand.py --count 92000 --writer gpt-4o-mini --budget-usd 60 --figure
    python 04_expand.py --count 1000 --seed 7 --output data/queries-7.jsonl

As in the paper (section 3.2), the number of APIs is drawn from the seed's own distribution, half of them are Apple's and the rest come from
one to five apps; the writer sees one of 28 categories and examples from the seed chosen for their structure. Unlike the paper, APIs are
sampled evenly: each query has an anchor among Apple's APIs, one among the apps' and a category, each the one used least so far, by the seed
and by earlier queries. Within a block of 28 queries anchors and categories are matched by the words they share. The rest of a set is drawn
several times, and the draw with the fewest unmet inputs and unrelated APIs is taken.

Query i is a pure function of the seed file, --seed and i, and near duplicates are judged in the order of i. So an interrupted run continues
and writes what it would have written, a larger --count extends a smaller one, and shards need not know each other (each compares only its
own queries). Memory: counts, a fingerprint of each query (2.5 KB) and some hundred examples of the seed.
"""

from __future__ import annotations

import argparse
import heapq
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common import cli, excerpts, jsonl, llm, prompts
from common.cli import Reject
from common.dataset import distribution
from common.dataset.distribution import Distribution
from common.jsonl import Record, UserError
from common.llm import Writer
from common.prompts import SYNTAX_APIS
from shortcuts.catalog import Api, Catalog

# isort: split
import orjson  # after common, which says in one line what is not installed

if TYPE_CHECKING:
    from common.dataset.dedup import GrowingMinHashIndex

# The categories of RoutineHub, which the paper draws from (its figure 4), and words of APIs that fit them.
CATEGORIES = {
    "Widgets": "widget screen wallpaper view", "Food & Drink": "reminder list timer health", "News": "rss feed article web page",
    "Photo & Video": "image video photo album camera", "Productivity": "task reminder event note time project",
    "Graphics & Design": "image color pdf symbol screen", "Weather": "weather location sun", "Books": "book pdf note article text",
    "Snippets": "text clipboard clipping draft case", "Games": "number random score controller",
    "Development Tools": "repository branch commit script json url console", "Finance": "number currency card chart spreadsheet",
    "Jailbreaking": "device setting script shell", "Reference": "web page dictionary definition search translate",
    "Travel": "location map event vehicle flight", "Music": "audio song playlist music artist",
    "Business": "time project contact message email issue", "Sports": "health workout timer chart", "Medical": "health sample reminder",
    "Education": "note flashcard cheat mind text", "Navigation": "location map direction street distance",
    "Social Networking": "message post tweet contact share photo", "Shopping": "list card reminder url",
    "Entertainment": "video podcast audio play", "Health & Fitness": "health workout sample sleep",
    "Lifestyle": "day journal light home scene mood", "Utilities": "file folder bluetooth device window display",
    "Kids": "audio image noise story timer",
}
BLOCK = len(CATEGORIES)  # queries in a block: each category comes up once
APPS = 1, 5  # fewest and most third-party apps of a query (paper)
MOST_APPS = 20  # if those few have too few APIs for a large set, up to this many
UNIFORM_SHARE = 0.2  # share of Apple's APIs drawn uniformly: the seed itself uses only some hundred of them
DRAWS = 12  # draws of a set, the best of which is taken; 24 improve the result by one per cent
MIN_APIS = 2  # seed workflows with fewer APIs say nothing about how many a query needs
NEAR_QUERY = 0.8  # Jaccard similarity of near duplicates, as in stage 06, which would drop the second one after 05 has paid for it
KEPT_EXAMPLES, EXAMPLE_CHARACTERS = 300, 3000  # examples kept for each structure; longest commented code of one: two take 2,000 tokens

# No query can need these: they pass a value on, are written as syntax, or look inside the Shortcuts app.
UNUSABLE = SYNTAX_APIS | {"is.workflow.actions." + name for name in (
    "getvariable", "nothing", "debug.contentattribution", "getclassaction")}
UNDOCUMENTED = frozenset({"tk"})  # sources of APIs known only from a Mac's tool list: mostly switches of the system's settings
# Titles of what apps declare for their own use (widget settings, parts of windows), and titles that are only an id.
INTERNAL = re.compile(r"\b(Widgets?|Config\w*|UI Element|Sidebar|L 2|Search Result|Navigate|Accessory|Live Activity|Deprecated)\b"
                      r"|\w Lock Screen|^Unknown|^PTH ")
# What an action takes or returns, from the words of its title and its result's name, where its types say no more than "file" or "variable".
THINGS = {word: thing for thing, words in {
    "image": "image images photo photos picture screenshot screenshots gif wallpaper", "video": "video videos gif",
    "audio": "audio sound recording recordings music song songs podcast podcasts episode playlist", "pdf": "pdf",
    "event": "event events calendar", "reminder": "reminder reminders", "contact": "contact contacts", "note": "note notes",
    "health": "health workout sample samples", "web": "web page article articles rss feed feeds safari tab tabs",
    "location": "location locations maps street directions", "file": "file files folder folders document documents archive",
    "window": "window windows", "app": "app apps", "shortcut": "shortcut shortcuts",
}.items() for word in words.split()}
THING_TYPES = frozenset({"variable", "file", "list", "any"})  # input types that nobody types or picks from a list
ANYTHING = frozenset({"variable", "any"})  # result types that may hold whatever is needed


def arguments() -> argparse.Namespace:
    """Parse the flags of this stage."""
    parser = cli.parser(__doc__, "data/seed.jsonl", "data/queries.jsonl")
    add = parser.task.add_argument
    add("--count", type=cli.positive_int, default=200, metavar="N", help="queries in all, earlier runs included (default: 200)")
    add("--n", type=cli.positive_int, dest="count", default=argparse.SUPPRESS, help=argparse.SUPPRESS)  # its earlier name
    add("--max-apis", type=cli.positive_int, default=30, metavar="N",
        help="most APIs in a query: their stubs and the answer must fit a prompt (default: 30)")
    add("--seed", type=int, default=0, metavar="N", help="random seed of the draw (default: 0)")
    parser.files.add_argument("--figure", action="store_true", help="draw the distribution before and after beside the output, as PNG")
    llm.add_arguments(parser)
    return parser.parse_args()


# ---------------------------------------------------------------------------------------------------------------------------------
# the seed


@dataclass
class Seed:
    """The facts that a run keeps of the seed; the sampler starts from `apis`, `sizes` (APIs of each workflow) and `categories`."""

    distribution: Distribution
    queries: GrowingMinHashIndex
    apis: Counter[str] = field(default_factory=Counter)
    sizes: list[int] = field(default_factory=list)
    categories: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[Record]] = field(default_factory=lambda: {"branches": [], "loops": []})


def read_seed(path: Path, catalog: Catalog, max_apis: int) -> Seed:
    """Read the seed once. Raises UserError if no workflow has APIs to draw from."""
    from common.dataset import dedup

    seed = Seed(Distribution(catalog), dedup.GrowingMinHashIndex(NEAR_QUERY))
    for record in jsonl.records(path, ("apis", "query", "plan", "annotated_code")):
        seed.distribution.add(record)
        seed.queries.add(record["id"], dedup.query_print(record["query"]).signature)
        apis = [api for api in record["apis"] if api in catalog and api not in UNUSABLE]
        seed.apis.update(apis)
        if len(apis) >= MIN_APIS:
            seed.sizes.append(min(len(apis), max_apis))
        if record.get("category"):
            seed.categories[record["category"]] += 1
        structure = "loops" if "\nfor " in record["annotated_code"] else "branches" if "\nif " in record["annotated_code"] else None
        if structure and len(record["annotated_code"]) <= EXAMPLE_CHARACTERS and len(seed.examples[structure]) < KEPT_EXAMPLES:
            seed.examples[structure].append({key: record[key] for key in ("id", "query", "annotated_code")})
    if not seed.sizes:
        raise UserError(f"{path}: no workflow calls {MIN_APIS} APIs that the catalogue knows; are these records of stage 03?")
    return seed


# ---------------------------------------------------------------------------------------------------------------------------------
# which APIs can be in a query, and which go together


def is_usable(api: Api) -> bool:
    """True if a query can need an API: it has a title and parameters or a result, and is neither internal to an app nor syntax."""
    named = bool(api.title) and not INTERNAL.search(api.title)
    return named and bool(api.parameters or api.result) and not set(api.source) <= UNDOCUMENTED and api.id not in UNUSABLE


def things(text: str) -> frozenset[str]:
    """Return the kinds of things (image, event, ...) that a text mentions."""
    return frozenset(THINGS[word] for word in re.findall(r"\w+", text.lower()) if word in THINGS)


def outputs(api: Api) -> frozenset[str] | None:
    """Return the types and things that an API returns; None if it returns nothing."""
    if api.result is None:
        return None
    return frozenset(api.result.types or ("any",)) | things(f"{api.title} {api.result.name}")


def inputs(api: Api) -> frozenset[str] | None:
    """Return the things one of which an API needs, empty if any will do; None if its input can be typed, picked or left out."""
    types = {parameter.type for parameter in api.parameters
             if parameter.key == api.input_key or (not api.builtin and parameter.type in ("file", "variable"))}
    return things(api.title) if types & THING_TYPES else None


class ApiCompatibility:
    """Which APIs of a catalogue can work together; what is read of each is kept."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._ends: dict[str, tuple[frozenset[str] | None, frozenset[str] | None]] = {}
        self._topics: dict[str, frozenset[str]] = {}
        self._words: dict[str, frozenset[str]] = {}

    def ends(self, api: str) -> tuple[frozenset[str] | None, frozenset[str] | None]:
        """Return (outputs, inputs) of an API."""
        if api not in self._ends:
            self._ends[api] = outputs(self.catalog[api]), inputs(self.catalog[api])
        return self._ends[api]

    def unmet(self, apis: Iterable[str]) -> list[str]:
        """Return the APIs that need an input which no other API of the set returns."""
        known = {api: self.ends(api) for api in apis if api in self.catalog}

        def is_met(api: str, needed: frozenset[str]) -> bool:
            others = (returned for other, (returned, _) in known.items() if other != api and returned is not None)
            return any(not needed or returned & needed or returned & ANYTHING for returned in others)

        return [api for api, (_, needed) in known.items() if needed is not None and not is_met(api, needed)]

    def unrelated(self, apis: Iterable[str]) -> list[str]:
        """Return the APIs whose topics no other API of the set shares; an API without topics goes with any."""
        topics = {api: self.topics(api) for api in apis if api in self.catalog}
        times = Counter(topic for own in topics.values() for topic in own)
        return [api for api, own in topics.items() if own and all(times[topic] == 1 for topic in own)]

    def topics(self, api: str) -> frozenset[str]:
        """Return the things that an API deals with, and its app if that is not Apple's."""
        if api not in self._topics:
            known = self.catalog[api]
            app = frozenset() if known.builtin else frozenset({known.app})
            self._topics[api] = app | things(f"{known.title} {known.result.name if known.result else ''}")
        return self._topics[api]

    def words(self, api: str) -> frozenset[str]:
        """Return the topics of an API and the words of its title, app and result, without a plural s."""
        if api not in self._words:
            known = self.catalog[api]
            text = f"{known.title} {known.app_name} {known.result.name if known.result else ''}"
            self._words[api] = self.topics(api) | {word.removesuffix("s") for word in re.findall(r"[a-z]{3,}", text.lower())}
        return self._words[api]


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


def greedy_matching(lefts: Sequence[str], rights: Sequence[str], fit: Callable[[int, str], float]) -> list[str]:
    """Return `rights` reordered: each left in turn gets the remaining right of the highest fit(place of the left, right)."""
    remaining, result = list(rights), list[str]()
    for place in range(len(lefts)):
        best = max(remaining, key=lambda right: fit(place, right))
        remaining.remove(best)
        result.append(best)
    return result


class Sampler:
    """Draws the APIs and the category of each query, a block of BLOCK queries at a time.

    `apis`, `sizes` and `categories` count those of the seed, see Seed; `seed` is the number given by --seed.
    """

    def __init__(self, catalog: Catalog, apis: Counter[str], sizes: list[int], categories: Counter[str], seed: int) -> None:
        usable = [api for api in catalog if is_usable(api)]
        self.catalog, self.compatibility, self.seed, self.sizes = catalog, ApiCompatibility(catalog), seed, sizes
        self.used = {"app": apis, "builtin": apis, "category": categories}
        self.apps: dict[str, list[str]] = {}
        for api in usable:
            if not api.builtin:
                self.apps.setdefault(api.app, []).append(api.id)
        self.app_names = sorted(self.apps)
        self.builtin = [api.id for api in usable if api.builtin]
        uniform = UNIFORM_SHARE / (1 - UNIFORM_SHARE) * max(1, sum(apis[api] for api in self.builtin)) / max(1, len(self.builtin))
        self.weights = list(accumulate(apis[api] + uniform for api in self.builtin))
        self._restart()

    def _restart(self) -> None:
        """Set the three anchor sequences back to their beginning."""
        items = {"app": [api for own in self.apps.values() for api in own], "builtin": self.builtin, "category": CATEGORIES}
        self.sequences = [least_used_first(items[name], self.used[name], random.Random(f"{self.seed}: {name}")) for name in items]
        self.at, self.block = -1, list[tuple[list[str], str]]()

    def sample(self, number: int) -> tuple[list[str], str]:
        """Return (APIs, category) of query `number`. Ascending numbers are quick; a step back counts from the beginning again."""
        if number // BLOCK < self.at:
            self._restart()
        while self.at < number // BLOCK:
            anchors = [list(islice(sequence, BLOCK)) for sequence in self.sequences]
            self.at += 1
            if self.at == number // BLOCK:
                self.block = self._sample_block(*anchors)
        return self.block[number % BLOCK]

    def _sample_block(self, of_apps: list[str], of_apple: list[str], categories: list[str]) -> list[tuple[list[str], str]]:
        words = self.compatibility.words
        of_apple = greedy_matching(of_apps, of_apple, lambda place, api: len(words(of_apps[place]) & words(api)))
        sets = [self._sample_set(self.at * BLOCK + place, *pair) for place, pair in enumerate(zip(of_apple, of_apps))]
        counts = [Counter(word for api in apis for word in words(api)) for apis in sets]
        order = sorted(range(len(sets)), key=lambda place: len(sets[place]))  # small sets choose first: fewest categories fit them

        def fit(rank: int, category: str) -> float:
            return sum(counts[order[rank]][word] for word in CATEGORIES[category].split()) / len(sets[order[rank]])

        chosen = greedy_matching([""] * len(sets), categories, fit)
        return [(sets[place], category) for place, category in sorted(zip(order, chosen))]

    def _sample_set(self, number: int, of_apple: str, of_app: str) -> list[str]:
        """Return a set with both anchors, half of it Apple's APIs, and one more of Apple's where an input would be unmet otherwise."""
        source, best, fewest = random.Random(f"{self.seed}:{number}"), list[str](), 1 << 30
        size, unmet = max(2, source.choice(self.sizes)), self.compatibility.unmet
        for _ in range(DRAWS):
            apis = [*self._sample_apple(of_apple, size // 2, source), *self._sample_apps(of_app, size - size // 2, source)]
            faults = 2 * len(unmet(apis)) + len(self.compatibility.unrelated(apis))
            if faults < fewest:
                best, fewest = apis, faults
            if not fewest:
                break
        while missing := unmet(best):
            helpers = [api for api in source.sample(self.builtin, len(self.builtin)) if len(unmet([*best, api])) < len(missing)]
            if not helpers:
                break
            best = [*best, helpers[0]]
        return best

    def _sample_apple(self, anchor: str, count: int, source: random.Random) -> list[str]:
        """Return the anchor and other APIs of Apple's, weighted by their use in the seed; no two with one title."""
        chosen, titles = [anchor], {self.catalog[anchor].title}
        while len(chosen) < min(count, len(self.builtin) // 2):  # sampling until all of them are there would hardly end
            (api,) = source.choices(self.builtin, cum_weights=self.weights)
            if (title := self.catalog[api].title) not in titles:
                chosen.append(api)
                titles.add(title)
        return chosen

    def _sample_apps(self, anchor: str, count: int, source: random.Random) -> list[str]:
        """Return the anchor and other APIs of its app and of up to four more; of more apps where these have too few APIs."""
        own = self.catalog[anchor].app
        others = [app for app in source.sample(self.app_names, min(MOST_APPS, len(self.app_names))) if app != own]
        wanted = min(source.randint(*APPS), max(1, count // 2))  # APIs of many apps, one of each, would be unrelated
        offered, titles = list[str](), {self.catalog[anchor].title}
        for place, app in enumerate([own, *others], start=1):
            if place > wanted and len(offered) >= count - 1:
                break
            for api in self.apps[app]:
                if self.catalog[api].title not in titles:  # two editions of an app have the same actions
                    offered.append(api)
                    titles.add(self.catalog[api].title)
        return [anchor, *source.sample(offered, min(count - 1, len(offered)))]


# ---------------------------------------------------------------------------------------------------------------------------------
# a query


@dataclass(frozen=True)
class Task:
    """A query to be written; `place` counts the tasks of this run, `examples` are records of the seed."""

    id: str
    place: int
    apis: list[str]
    category: str
    examples: list[Record]


def tasks(run: cli.Run, sampler: Sampler, examples: dict[str, list[Record]]) -> Iterator[Task]:
    """Yield the queries that are due, in order."""
    args, place = run.args, 0
    for number in run.progress(range(min(args.count, args.limit or args.count)), args.count):
        if run.interrupted:
            break
        if run.is_due(identifier := f"q-{args.seed}-{number}"):
            run.read += 1
            apis, category = sampler.sample(number)
            source = random.Random(f"{args.seed}:{number}: examples")
            yield Task(identifier, place, apis, category, [source.choice(kept) for kept in examples.values() if kept])
            place += 1


async def write_query(task: Task, writer: Writer, catalog: Catalog) -> Record:
    """Return the record of a query. Raises Reject if the writer's answer can't be used."""
    examples = [f"Request: {example['query']}\nIts shortcut:\n{excerpts.shorten_code(example['annotated_code'])}"
                for example in task.examples]
    fields = {"stubs": prompts.stubs(task.apis, catalog), "category": task.category, "examples": "\n\n".join(examples) or "(none)"}
    prompt = prompts.prompt("expand", fields, prompts.accept_query(task.apis, catalog),
                            apis=task.apis, category=task.category, catalog=catalog, key=task.id)
    answer = await writer.ask(prompt)
    return {
        "id": task.id, "query": answer.object, "apis": task.apis,
        "apps": sorted({catalog[api].app for api in task.apis}), "category": task.category,
        "examples": [example["id"] for example in task.examples],
        "writer": {"model": writer.name, "prompts": {"expand": prompts.prompt_id("expand")}, **answer.usage._asdict()},
    }


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
    from common.dataset import dedup

    if isinstance(outcome, Reject):
        return outcome
    signature = dedup.query_print(outcome["query"]).signature
    if other := queries.near(signature):
        return Reject("near_duplicate", f"of {other}: {outcome['query']}")
    queries.add(outcome["id"], signature)
    return outcome


def load_queries(output: Path, queries: GrowingMinHashIndex) -> None:
    """Add the queries that earlier runs have written to the index."""
    from common.dataset import dedup

    for record in jsonl.records(output, ("query",)):
        queries.add(record["id"], dedup.query_print(record["query"]).signature)


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
    writer, catalog = llm.from_arguments(args), Catalog.load()
    with cli.Run("expand", args) as run:
        seed = read_seed(args.input, catalog, args.max_apis)
        for path in run.kept:
            load_queries(path, seed.queries)
        sampler = Sampler(catalog, seed.apis, seed.sizes, seed.categories, args.seed)
        outcomes = writer.map(lambda task: write_query(task, writer, catalog), tasks(run, sampler, seed.examples))
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
