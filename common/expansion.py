"""Which APIs a new request is drawn from: those a person could ask for, all of them evenly, in sets that can work together.

    sampler = Sampler(Uses(apis, sizes, categories), Catalog.load(), seed=0)
    sampler.draw(17)                                  # Drawn(number=17, apis=[...], category="Travel")

Evenly: each query has an anchor among Apple's APIs, one among the apps', and a category, and each of the three is what has been used least
so far, by the seed and by the queries before. So query i is a pure function of the seed's uses, the catalogue, the seed number and i:
nothing depends on answers, kills, shards or the order of work, and a larger count goes on from a smaller one. The rest of a set is drawn as
in the paper (section 3.2).

Together: within each block of 28 queries the anchors and the categories are paired by what they have in common, and of some draws of the
rest that one is taken in which the fewest APIs starve or are strangers. An API starves if it works on a thing, such as an image, that a
person can neither type nor pick from a list, and no other API of the set gives one; it is a stranger if it has to do with things, or comes
from an app, that no other one has to do with.
"""

from __future__ import annotations

import heapq
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, islice

from common.prompts import SYNTAX_APIS
from shortcuts.catalog import Api, Catalog

# The categories of RoutineHub, which the paper draws from (its figure 4), and words by which a set of APIs is told to fit one.
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
}  # fmt: skip
BLOCK = len(CATEGORIES)  # queries that are paired among each other: each category once

APPS = 1, 5  # third-party apps a query draws on, at least and at most (paper)
MOST_APPS = 20  # where a few have too few APIs: enough for the largest sets
RARE = 0.2  # share of the free draws of Apple's APIs that go to all of them alike: the seed's habits alone would never leave its hundred
TRIES = 12  # draws of a set, of which the best is taken: twice as many bring a hundredth

# No query can need them: they pass a value on, are syntax, or look inside the Shortcuts app.
UNASKED = frozenset("is.workflow.actions." + name for name in ("getvariable", "nothing", "debug.contentattribution", "getclassaction"))
UNASKED |= SYNTAX_APIS
UNDOCUMENTED = frozenset({"tk"})  # sources: known from a Mac's tool list alone, most of them switches of the system's settings
# Titles of what apps declare for their own use: settings of widgets, parts of windows; and what has no title but its id.
INTERNAL = re.compile(r"\b(Widgets?|Config\w*|UI Element|Sidebar|L 2|Search Result|Navigate|Accessory|Live Activity|Deprecated)\b"
                      r"|\w Lock Screen|^Unknown|^PTH ")

# What an action works on or gives, where its types say no more than "file" or "variable": by the words of its title and its result's name.
THINGS = {word: thing for thing, words in {
    "image": "image images photo photos picture screenshot screenshots gif wallpaper", "video": "video videos gif",
    "audio": "audio sound recording recordings music song songs podcast podcasts episode playlist", "pdf": "pdf",
    "event": "event events calendar", "reminder": "reminder reminders", "contact": "contact contacts", "note": "note notes",
    "health": "health workout sample samples", "web": "web page article articles rss feed feeds safari tab tabs",
    "location": "location locations maps street directions", "file": "file files folder folders document documents archive",
    "window": "window windows", "app": "app apps", "shortcut": "shortcut shortcuts",
}.items() for word in words.split()}  # fmt: skip
THING_TYPES = frozenset({"variable", "file", "list", "any"})  # of an input that nobody types or picks from a list
ANYTHING = frozenset({"variable", "any"})  # of a result that may be whatever is wanted


# ---------------------------------------------------------------------------------------------------------------------------------
# one API


def is_usable(api: Api) -> bool:
    """Whether an API can be asked for: titled, with parameters or a result, not an app's own affair, not written as syntax."""
    named = bool(api.title) and not INTERNAL.search(api.title)
    return named and bool(api.parameters or api.result) and not set(api.source) <= UNDOCUMENTED and api.id not in UNASKED


def gives(api: Api) -> frozenset[str] | None:
    """The types and things that an API gives; None if it gives nothing."""
    if api.result is None:
        return None
    return frozenset(api.result.types or ("any",)) | _things(f"{api.title} {api.result.name}")


def works_on(api: Api) -> frozenset[str] | None:
    """The things one of which an API needs; empty if any will do; None if what it needs can be typed, picked or left out."""
    inputs = {parameter.type for parameter in api.parameters
              if parameter.key == api.input_key or (not api.builtin and parameter.type in ("file", "variable"))}  # fmt: skip
    return _things(api.title) if inputs & THING_TYPES else None


def _things(text: str) -> frozenset[str]:
    return frozenset(THINGS[word] for word in re.findall(r"\w+", text.lower()) if word in THINGS)


class Diet:
    """What each API of a catalogue gives and works on, read once."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.known: dict[str, tuple[frozenset[str] | None, frozenset[str] | None]] = {}
        self.topics: dict[str, frozenset[str]] = {}
        self.described: dict[str, frozenset[str]] = {}

    def of(self, api: str) -> tuple[frozenset[str] | None, frozenset[str] | None]:
        """(what it gives, what it works on)."""
        if api not in self.known:
            self.known[api] = gives(self.catalog[api]), works_on(self.catalog[api])
        return self.known[api]

    def starving(self, apis: Iterable[str]) -> list[str]:
        """Those that work on a thing that no other of them gives."""
        known = {api: self.of(api) for api in apis if api in self.catalog}

        def is_fed(api: str, wanted: frozenset[str]) -> bool:
            others = (kinds for other, (kinds, _) in known.items() if other != api and kinds is not None)
            return any(not wanted or kinds & wanted or kinds & ANYTHING for kinds in others)

        return [api for api, (_, wanted) in known.items() if wanted is not None and not is_fed(api, wanted)]

    def strangers(self, apis: Iterable[str]) -> list[str]:
        """Those that have to do with things, or an app, that no other of them has to do with; what has to do with nothing fits anywhere."""
        about = {api: self.about(api) for api in apis if api in self.catalog}
        times = Counter(topic for topics in about.values() for topic in topics)
        return [api for api, topics in about.items() if topics and all(times[topic] == 1 for topic in topics)]

    def about(self, api: str) -> frozenset[str]:
        """The things an API has to do with, and its app if that is not Apple's."""
        if api not in self.topics:
            known = self.catalog[api]
            own = frozenset() if known.builtin else frozenset({known.app})
            self.topics[api] = own | _things(f"{known.title} {known.result.name if known.result else ''}")
        return self.topics[api]

    def words(self, apis: Iterable[str]) -> Counter[str]:
        """The words that APIs are described with, and what they have to do with, by how many of them."""
        return Counter(word for api in apis for word in self.words_of(api))

    def words_of(self, api: str) -> frozenset[str]:
        """The words that one is described with, without a plural s, and what it has to do with."""
        if api not in self.described:
            known = self.catalog[api]
            text = f"{known.title} {known.app_name} {known.result.name if known.result else ''}"
            self.described[api] = self.about(api) | {word.removesuffix("s") for word in re.findall(r"[a-z]{3,}", text.lower())}
        return self.described[api]


# ---------------------------------------------------------------------------------------------------------------------------------
# evenly


def evenly(items: Iterable[str], used: Counter[str], source: random.Random) -> Iterator[str]:
    """Items without end, each the one used least so far, `used` included; chance decides between equals."""
    queue = [(used[item], source.random(), item) for item in sorted(items)]
    heapq.heapify(queue)
    while queue:
        times, _, item = queue[0]
        heapq.heapreplace(queue, (times + 1, source.random(), item))
        yield item


def paired(lefts: Sequence[str], rights: Sequence[str], fit: Callable[[int, str], float]) -> list[str]:
    """`rights` in another order: each left in turn gets the one that fits it best, by fit(its place, right), of those left over."""
    over, result = list(rights), list[str]()
    for place in range(len(lefts)):
        best = max(over, key=lambda right: fit(place, right))
        over.remove(best)
        result.append(best)
    return result


@dataclass
class Uses:
    """How the seed uses APIs: how often each, how many in a workflow (one entry a workflow), how often each category."""

    apis: Counter[str] = field(default_factory=Counter)
    sizes: list[int] = field(default_factory=list)
    categories: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Drawn:
    """What query `number` has to be about."""

    number: int
    apis: list[str]
    category: str


class Sampler:
    """Draws the sets of queries, block by block."""

    def __init__(self, uses: Uses, catalog: Catalog, seed: int, tries: int = TRIES) -> None:
        usable = [api for api in catalog if is_usable(api)]
        self.catalog, self.sizes, self.seed, self.tries, self.diet = catalog, uses.sizes, seed, tries, Diet(catalog)
        self.apps: dict[str, list[str]] = {}
        for api in usable:
            if not api.builtin:
                self.apps.setdefault(api.app, []).append(api.id)
        self.names = sorted(self.apps)
        self.builtin = [api.id for api in usable if api.builtin]
        alike = RARE / (1 - RARE) * max(1, sum(uses.apis[api] for api in self.builtin)) / max(1, len(self.builtin))
        self.weights = list(accumulate(uses.apis[api] + alike for api in self.builtin))
        self.uses = uses
        self._start()

    def _start(self) -> None:
        """Set the three sequences to their beginning."""
        third = [api for apis in self.apps.values() for api in apis]
        self.sequences = [evenly(items, used, random.Random(f"{self.seed}: {name}")) for name, items, used in (
            ("app", third, self.uses.apis), ("builtin", self.builtin, self.uses.apis), ("category", CATEGORIES, self.uses.categories))]
        self.at, self.block = -1, list[Drawn]()

    def draw(self, number: int) -> Drawn:
        """The set of query `number`. In ascending order it is quick; a smaller number than the last means to count from the beginning."""
        if number // BLOCK < self.at:
            self._start()
        while self.at < number // BLOCK:
            parts = [list(islice(sequence, BLOCK)) for sequence in self.sequences]
            self.at += 1
            if self.at == number // BLOCK:
                self.block = self._block(*parts)
        return self.block[number % BLOCK]

    def _block(self, anchors: list[str], builtin: list[str], categories: list[str]) -> list[Drawn]:
        first = self.at * BLOCK
        builtin = paired(anchors, builtin, lambda place, api: len(self.diet.words_of(anchors[place]) & self.diet.words_of(api)))
        sets = [self._set(first + place, *pair) for place, pair in enumerate(zip(builtin, anchors))]
        spoken = [self.diet.words(apis) for apis in sets]
        wanted = {category: CATEGORIES[category].split() for category in categories}
        order = sorted(range(len(sets)), key=lambda place: len(sets[place]))  # a small set has least to choose from
        chosen = paired([""] * len(sets), categories, lambda rank, category: sum(
            spoken[order[rank]][word] for word in wanted[category]) / len(sets[order[rank]]))
        return [Drawn(first + place, sets[place], category) for place, category in sorted(zip(order, chosen))]

    def _set(self, number: int, builtin: str, anchor: str) -> list[str]:
        """Half Apple's APIs, the rest from a few apps, with both anchors; one more of Apple's where an anchor would starve even so."""
        source, best, fewest = random.Random(f"{self.seed}:{number}"), list[str](), 1 << 30
        size = max(2, source.choice(self.sizes))
        for _ in range(self.tries):
            apis = [*self._of_apple(builtin, size // 2, source), *self._of_apps(anchor, size - size // 2, source)]
            trouble = 2 * len(self.diet.starving(apis)) + len(self.diet.strangers(apis))
            if trouble < fewest:
                best, fewest = apis, trouble
            if not fewest:
                break
        while (hungry := self.diet.starving(best)) and (feeding := [
                api for api in source.sample(self.builtin, len(self.builtin)) if len(self.diet.starving([*best, api])) < len(hungry)]):
            best = [*best, feeding[0]]
        return best

    def _of_apple(self, anchor: str, count: int, source: random.Random) -> list[str]:
        """The anchor, and others by the seed's uses."""
        chosen, titles = [anchor], {self.catalog[anchor].title}
        while len(chosen) < min(count, len(self.builtin) // 2):  # the other half: a set as large as that would never be filled by chance
            (api,) = source.choices(self.builtin, cum_weights=self.weights)
            if (title := self.catalog[api].title) not in titles:
                chosen.append(api)
                titles.add(title)
        return chosen

    def _of_apps(self, anchor: str, count: int, source: random.Random) -> list[str]:
        """The anchor, and others of its app and of up to four more; more apps than drawn where those few have too few APIs."""
        own = self.catalog[anchor].app
        others = [app for app in source.sample(self.names, min(MOST_APPS, len(self.names))) if app != own]
        wanted = min(source.randint(*APPS), max(1, count // 2))  # with one API each, five apps have nothing to do with each other
        offered, titles = list[str](), {self.catalog[anchor].title}
        for place, app in enumerate([own, *others], start=1):
            if place > wanted and len(offered) >= count - 1:
                break
            for api in self.apps[app]:  # the same action of an app's two editions is one
                if self.catalog[api].title not in titles:
                    offered.append(api)
                    titles.add(self.catalog[api].title)
        return [anchor, *source.sample(offered, min(count - 1, len(offered)))]
