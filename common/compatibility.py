"""APIs that can work together: by what one gives and another takes, use in real shortcuts, app, and the words of their titles.

    compatibility = ApiCompatibility(Catalog.load())
    compatibility.unmet(["is.workflow.actions.image.resize"])          # ["is.workflow.actions.image.resize"]: where is the image from?
    compatibility.fits(apis, pairs)[0, 1]                              # how well the first two go together
"""

from __future__ import annotations

import heapq
import math
import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np

from common.jsonl import Record
from shortcuts.catalog import Api, Catalog

EXAMPLES, NEAREST = 3, 6  # requests that a prompt shows, and of which those are drawn: they are nearest to its APIs

# What an action takes or returns, from the words of its title and its result's name, where its types say no more than "file" or "variable".
THINGS = {word: thing for thing, words in {
    "image": "image images photo photos picture screenshot screenshots gif wallpaper", "video": "video videos gif",
    "audio": "audio sound recording recordings music song songs podcast podcasts episode playlist", "pdf": "pdf",
    "event": "event events calendar", "reminder": "reminder reminders", "contact": "contact contacts", "note": "note notes",
    "health": "health workout sample samples", "web": "web page article articles rss feed feeds safari tab tabs",
    "location": "location locations maps street directions", "file": "file files folder folders document documents archive",
    "window": "window windows", "app": "app apps", "shortcut": "shortcut shortcuts",
}.items() for word in words.split()}
APPLES = "is.workflow.actions"  # the app of actions that belong to no app of Apple's
COMMON_WORDS = frozenset("get set add make create open find show select new change run start item".split())  # of titles
THING_TYPES = frozenset({"variable", "file", "list", "any"})  # input types that nobody types or picks from a list
ANYTHING = frozenset({"variable", "any"})  # result types that may hold whatever is needed
GENERIC, FILE = 0.5, "file"  # the weight of a flow of files: many actions take any file
RARE, KINDRED, MOST_USE = 12, 0.75, 1.5  # APIs that share a telling word; fit of APIs of one app, and at most by use in the seed
STRANGE = 0.4  # weight of words that titles of two apps share, and of what one company's app gives another's
SMALL_APP = 30  # APIs: those of a larger app are a mixed bag


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
    """Tells which APIs of a catalogue can work together; what is read of each is kept."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.ends, self.topics, self.words = cache(self._ends), cache(self._topics), cache(self._words)

    def _ends(self, api: str) -> tuple[frozenset[str] | None, frozenset[str] | None]:
        """Return (outputs, inputs) of an API."""
        return outputs(self.catalog[api]), inputs(self.catalog[api])

    def _topics(self, api: str) -> frozenset[str]:
        """Return the things that an API deals with, and its app if that is not Apple's."""
        known = self.catalog[api]
        app = frozenset() if known.builtin else frozenset({known.app})
        return app | things(f"{known.title} {known.result.name if known.result else ''}")

    def _words(self, api: str) -> frozenset[str]:
        """Return the telling words of an API's title and result, without a plural s and without the name of its app."""
        known = self.catalog[api]
        text = f"{known.title} {known.result.name if known.result else ''}".lower()
        words = {word.removesuffix("s") for word in re.findall(r"[a-z]{3,}", text)}
        return frozenset(words - COMMON_WORDS - set(re.findall(r"[a-z]+", known.app_name.lower())))

    def unmet(self, apis: Iterable[str]) -> list[str]:
        """Return the APIs that need an input which no other API of the set returns."""
        known = {api: self.ends(api) for api in apis if api in self.catalog}

        def is_met(api: str, needed: frozenset[str]) -> bool:
            others = (returned for other, (returned, _) in known.items() if other != api and returned is not None)
            return any(not needed or returned & needed or returned & ANYTHING for returned in others)

        return [api for api, (_, needed) in known.items() if needed is not None and not is_met(api, needed)]

    def fits(self, apis: Sequence[str], pairs: Counter[tuple[str, str]]) -> np.ndarray:
        """Return how well any two APIs go together, from 0 to some 4; `pairs` counts the uses near each other in real shortcuts.

        A word that titles of two apps share says little (a page of a PDF, of a book, of a dashboard), and so does what two companies' apps
        could give each other: people keep their notes in one app.
        """
        apps = np.array([self.catalog[api].app for api in apis])
        foreign = apps[:, None] != apps
        rivals = foreign & np.logical_and.outer(*2 * [np.array([not self.catalog[api].builtin for api in apis])])
        result = _use(apis, pairs) + self._kinship(apis)
        result += np.where(rivals, STRANGE, 1) * self._flow(apis) + np.where(foreign, STRANGE, 1) * self._shared_words(apis)
        np.fill_diagonal(result, 0)
        return np.round(result, 3).astype(np.float32)  # the same on machines whose sums differ in the last bit

    def near_examples(self, apis: list[str], examples: list[Record], source: random.Random) -> list[Record]:
        """Return some of the requests whose `apis` have most in common with a set: apps, things, words of titles."""
        def said(apis: list[str]) -> frozenset[str]:
            return frozenset[str]().union(*(self.words(api) | self.topics(api) for api in apis))

        def nearness(example: Record) -> float:
            own = said(example["apis"])
            return len(own & words) / math.sqrt(len(own) + 1)

        words = said(apis)
        nearest = heapq.nlargest(NEAREST, examples, key=nearness)
        return source.sample(nearest, min(EXAMPLES, len(nearest)))

    def _flow(self, apis: Sequence[str]) -> np.ndarray:
        """Return 1 where one gives what the other takes, less where that is some file."""
        gives, takes = zip(*map(self.ends, apis))
        weights = dict.fromkeys(THINGS.values(), 1.0)
        flow = np.minimum(_table(gives, weights | {FILE: GENERIC}) @ _table(takes, weights).T, 1)
        return np.maximum(flow, flow.T)

    def _shared_words(self, apis: Sequence[str]) -> np.ndarray:
        """Return 1 for a common word that few titles have, less for others."""
        words = [self.words(api) for api in apis]
        times = Counter(word for own in words for word in own)
        table = _table(words, {word: math.sqrt(RARE / times[word]) for word in sorted(times)})
        return np.minimum(table @ table.T, 1)

    def _kinship(self, apis: Sequence[str]) -> np.ndarray:
        """Return KINDRED for APIs of one app, less if it has many."""
        apps = np.array([self.catalog[api].app for api in apis])
        same = (apps[:, None] == apps) & (apps != APPLES)
        return KINDRED * same * np.minimum(1, SMALL_APP / np.maximum(1, same.sum(0)))


def _use(apis: Sequence[str], pairs: Counter[tuple[str, str]]) -> np.ndarray:
    """Return how much more often than by chance two APIs are used near each other: the logarithm of that, at most MOST_USE."""
    places, near = {api: place for place, api in enumerate(apis)}, np.zeros((len(apis), len(apis)))
    for (one, other), times in pairs.items():
        if one in places and other in places:
            near[places[one], places[other]] = times
    uses = near.sum(0) + near.sum(1)
    expected = np.outer(uses, uses) / max(1, 2 * near.sum())  # if ends were paired by chance
    return np.minimum(np.log1p((near + near.T) / (expected + 1)), MOST_USE)


def _table(sets: Sequence[Iterable[str] | None], weights: dict[str, float]) -> np.ndarray:
    """Return a row for each set and a column for each value: its weight where it is in the set, else 0."""
    columns = {value: column for column, value in enumerate(weights)}
    table = np.zeros((len(sets), len(columns)), dtype=np.float32)
    for row, own in enumerate(sets):
        for value in own or ():
            if value in columns:
                table[row, columns[value]] = weights[value]
    return table
