"""Search over the catalogue by words, and the choice of APIs that a model is offered for a request.

    search(catalog, "resize image")                                   # the ten that fit best
    offered("remind me to water the plants if no rain is forecast", catalog)      # ids: the best of each clause, and those of ALWAYS
    understood("напомни мне", catalog)                                # 0: the share of its clauses that the search can read

Words are compared by their stems. A rare word counts more than a common one, a word of the title more than one of the summary, and of APIs
that fit equally well those in real use come first. Requests rarely use the words of titles, so the phrases that people say, in six
languages, count as much: spoken.py.
"""

from __future__ import annotations

import math
import re
from functools import cached_property, lru_cache

from shortcuts.catalog import Api, Catalog
from shortcuts.catalog.spoken import WORD, everyday_words, fold, language_of, spoken_for, stem, stems

__all__ = ["ALWAYS", "KIT", "STOPPED", "WORD", "Index", "clauses", "index_of", "like", "offered", "search", "stems", "understood"]

# Between clauses: punctuation, "and", and where a condition begins.
JOINTS = "and|then|after that|if|when|whenever|unless|but|to|und|dann|wenn|y|luego|si|et|puis|ensuite"
BREAK = re.compile(rf"[.,;:!?\n]{{1,9}}\s|[，。、；：！？]|\s{{1,9}}(?:{JOINTS})\s+", re.IGNORECASE)
FIELDS = {"title": 4.0, "id": 2.0, "app": 2.0, "summary": 1.0}  # weight of a word by its place
SATURATION = 1.5  # of a word's weight (BM25): a second place adds less than the first
TITLE_SHARE = 0.5  # share of the score that depends on the part of the title in the text: "Show Notification" before longer titles
SPOKEN = 5.5  # score of a phrase that people say for an API, as much as a rare word of its title
KNOWN = {"seen": 1.5, "wf": 1.3, "sb": 1.1, "tk": 0.4}  # weight by source: used in shortcuts; in the app's list; of an app; a switch
NAMED_APP = 14.0  # score of the APIs of an app that the text names
UNNAMED_APP = 0.4  # weight of APIs of an app that the text does not name
WHOLE = 0.8  # weight of what fits the whole request, beside what fits one clause best
FITS = 8.0  # score of an API that is as good as wanted
OF_USE = 0.3  # score of a KIT action, from 0 to 1 (as good as wanted): it is offered before what fits worse

STOP_WORDS = frozenset("""
    a about after all also am an and any are as at be been but by can could did do does done each else every for from get had has have
    he her him his how i if in into is it its itself just know let like me mine my need no not of on one only or our out please
    shortcut should so some something switch than that the their them then there these they thing this those to turn up us use using
    via want was we were what when where whether which while who why will with would yes you your""".split())

# Actions that are common in shortcuts of every kind, and that few requests name.
ALWAYS = tuple("is.workflow.actions." + name for name in (
    "ask", "choosefromlist", "showresult", "alert", "notification", "gettext", "list", "number", "date"))  # fmt: skip
# What joins the others: parts of dictionaries, lists and texts, dates, files, what is shown. In the order of their use in real shortcuts.
KIT = (*ALWAYS, *("is.workflow.actions." + name for name in (
    "setclipboard", "getvalueforkey", "text.split", "text.combine", "getitemfromlist", "previewdocument", "openurl", "text.replace",
    "format.date", "documentpicker.open", "documentpicker.save", "math", "dictionary", "count", "gettimebetweendates", "adjustdate",
    "text.match", "setvalueforkey", "file.select", "share", "statistics")))  # fmt: skip
# Services of other companies among Apple's own actions: a request for one names it, as it names an app.
SERVICES = frozenset("""evernote dropbox trello todoist tumblr slack wordpress venmo instapaper pinboard pocket giphy imgur cloudapp
    deskconnect ulysses lightroom showinblindsquare""".split())
# Actions that a program writes as syntax (if, for, match, variables, comments), so that there is no function to offer.
SYNTAX_APIS = frozenset("is.workflow.actions." + name for name in (
    "conditional", "choosefrommenu", "repeat.count", "repeat.each", "setvariable", "appendvariable", "comment"))
PER_CLAUSE = 8  # APIs that a clause may bring

STOPPED = {stem(word) for word in STOP_WORDS}


class Index:
    """An inverted index of the words of a catalogue's APIs."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.places: dict[str, dict[str, float]] = {}  # stem -> API id -> weight
        self.titles: dict[str, set[str]] = {}
        self.apps: dict[str, str] = {}  # of APIs that are not Apple's: the app's name
        self.of_app: dict[str, list[str]] = {}  # app's name -> its APIs
        self.known: dict[str, float] = {}  # weight by source
        for api in catalog:
            self.titles[api.id] = stems(api.title) - STOPPED or stems(api.title)
            service = api.id.removeprefix("is.workflow.actions.").partition(".")[0]
            if not api.builtin or service in SERVICES:
                self.apps[api.id] = service if api.builtin else api.app_name or api.app
                self.of_app.setdefault(self.apps[api.id], []).append(api.id)
            self.known[api.id] = max((KNOWN[source] for source in api.source if source in KNOWN), default=1.0)
            for field, text in (("title", api.title), ("id", api.id.rsplit(".", 1)[-1]), ("app", api.app_name), ("summary", api.summary)):
                for word in stems(text):
                    weights = self.places.setdefault(word, {})
                    weights[api.id] = weights.get(api.id, 0.0) + FIELDS[field]

    def scores(self, text: str, language: str | None = None) -> dict[str, float]:
        """Return a score for each API that has a word of the text, whose app it names, or that people say so; higher is better."""
        fitting, named = self.by_words(text), self.apps_named(text)
        for api in (api for name in named for api in self.of_app[name]):
            fitting[api] = fitting.get(api, 0.0) + NAMED_APP
        for api, weight in spoken_for(text, language).items():
            if api in self.catalog:
                fitting[api] = fitting.get(api, 0.0) + SPOKEN * weight
        return fitting

    def by_words(self, text: str) -> dict[str, float]:
        """Return a score for each API that has a word of the text in its title, id, app or summary."""
        said = stems(text)
        wanted = said - STOPPED or said
        scores, covered = dict[str, float](), dict[str, int]()
        for word in sorted(wanted):  # sums of floats depend on their order
            found = self.places.get(word, {})
            rarity = math.log(1 + len(self.titles) / (1 + len(found)))
            for api, weight in found.items():
                scores[api] = scores.get(api, 0.0) + rarity * weight / (weight + SATURATION)
                covered[api] = covered.get(api, 0) + (word in self.titles[api])
        prior = {name: 1.0 if stems <= said else UNNAMED_APP for name, stems in self._app_stems.items()} | {"": 1.0}
        return {api: score * (1 - TITLE_SHARE + TITLE_SHARE * covered[api] / len(self.titles[api])) * self.known[api]
                     * prior[self.apps.get(api, "")] for api, score in scores.items()}  # fmt: skip

    @cached_property
    def _app_names(self) -> dict[str, re.Pattern[str]]:
        everyday = everyday_words("en") | STOPPED
        return {name: re.compile(rf"(?<!\w){re.escape(fold(name))}(?!\w)", 0 if stems(name) <= everyday else re.IGNORECASE)
                for name in sorted(set(self.apps.values()))}

    @cached_property
    def _any_app(self) -> re.Pattern[str]:
        return re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(fold(name)) for name in self._app_names)})(?!\w)", re.IGNORECASE)

    @cached_property
    def _app_stems(self) -> dict[str, set[str]]:
        return {name: stems(name) for name in self._app_names}

    def apps_named(self, text: str) -> set[str]:
        """Return the names of other people's apps that a text has: with a capital if it is an everyday word, such as Things or Clear."""
        folded = fold(text)
        if not self._any_app.search(folded):  # as in most texts: one search instead of a hundred
            return set()
        return {name for name, pattern in self._app_names.items() if pattern.search(folded)}


@lru_cache(maxsize=4)
def index_of(catalog: Catalog) -> Index:
    """Return the index of a catalogue, cached."""
    return Index(catalog)


def search(catalog: Catalog, text: str, limit: int = 10) -> list[Api]:
    """Return the APIs that fit a text best, the best first."""
    return [catalog[api] for api, _ in _best(index_of(catalog).scores(text), limit)]


def like(catalog: Catalog, title: str, limit: int = 10) -> list[Api]:
    """Return the APIs whose own words are most like a title, whatever people say for them, the nearest first."""
    return [catalog[api] for api, _ in _best(index_of(catalog).by_words(title), limit)]


def _best(scores: dict[str, float], limit: int) -> list[tuple[str, float]]:
    return sorted(scores.items(), key=lambda item: (-item[1], len(item[0]), item[0]))[:limit]


def clauses(text: str) -> list[str]:
    """Return the clauses of a sentence, cut at punctuation, "and", "then", and where a condition begins."""
    return [part.strip(" .!?") for part in BREAK.split(f" {text.strip()} ") if part.strip(" .!?")]


def offered(text: str, catalog: Catalog, limit: int = 24) -> list[str]:
    """Return the ids of at most `limit` APIs for a request: those of ALWAYS, and those that fit it and its clauses best."""
    language = language_of(text)
    worth = {api: OF_USE - place / 1000 for place, api in enumerate(KIT) if api in catalog}
    for weight, part in [(WHOLE, text), *((1.0, part) for part in clauses(text))]:
        for api, score in _best(index_of(catalog).scores(part, language), limit if part == text else PER_CLAUSE):
            worth[api] = max(worth.get(api, 0.0), weight * score / (score + FITS))
    always = [api for api in ALWAYS if api in catalog]
    best = sorted(worth.keys() - {*always} - SYNTAX_APIS, key=lambda api: (-worth[api], api))
    return [*best[:max(0, limit - len(always))], *always]


def understood(text: str, catalog: Catalog) -> float:
    """Return the share (0 to 1) of the clauses of a request that speak of an action: 0 for a language that the search does not read."""
    language, parts = language_of(text), clauses(text)
    heard = [spoken_for(part, language) or language == "en" and index_of(catalog).scores(part, language) for part in parts]
    return sum(map(bool, heard)) / max(1, len(parts))
