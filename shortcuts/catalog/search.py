"""Search over the catalogue by words, and the choice of APIs that a model is offered for a request.

    search(catalog, "resize image")                                   # the ten that fit best
    offered("remind me to water the plants if no rain is forecast", catalog)      # ids: the best of each clause, and those of ALWAYS

Words are compared by their stems. A rare word counts more than a common one, a word of the title more than one of the summary, and of APIs
that fit equally well those in real use come first. Requests rarely use the words of titles, so SAID_AS maps common words to them.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache

from shortcuts.catalog import Api, Catalog

WORD = re.compile(r"[A-Z]{2,}s?(?![a-z])|[A-Z]?[a-z]+|[A-Z]|\d+")  # of a text or a CamelCase name: Get, URLs, From, PDF, 2
BREAK = re.compile(r"[.,;:!?\n]{1,9}\s|\s{1,9}(?:and|then|after that|if|when|whenever|unless|but|to)\s+", re.IGNORECASE)  # between clauses
STEM = 6  # letters that are compared: "translate" and "translation" share them, "weather" and "weapon" do not
ENDINGS = re.compile(r"(?<=[a-z]{3})(?:ing|ed|es|s|e|y)$")
FIELDS = {"title": 4.0, "id": 2.0, "app": 2.0, "summary": 1.0}  # weight of a word by its place
SATURATION = 1.5  # of a word's weight (BM25): a second place adds less than the first
TITLE_SHARE = 0.5  # share of the score that depends on the part of the title in the text: "Show Notification" before longer titles
KNOWN = {"seen": 1.5, "wf": 1.3, "sb": 1.1, "tk": 0.6}  # weight by source: used in shortcuts; in the app's list; of an app; a switch
UNNAMED_APP = 0.4  # weight of APIs of an app that the text does not name
SAID_LESS = 0.7  # weight of a word from SAID_AS beside one of the text

STOP_WORDS = frozenset("""
    a about after all also am an and any are as at be been but by can could did do does done each else every for from get had has have
    he her him his how i if in into is it its itself just know let like me mine my need no not of on one only or our out please
    shortcut should so some something switch than that the their them then there these they thing this those to turn up us use using
    via want was we were what when where whether which while who why will with would yes you your""".split())

# Words of requests -> words of titles. Both sides are stemmed when this module is loaded.
SAID_AS = {
    "rain rainy snow sunny umbrella forecast cold hot windy": "weather forecast",
    "task todo remember chore": "reminder", "remind": "add new reminder", "create make new schedule": "add new create generate make",
    "shopping grocery": "add new reminder",
    "meeting appointment schedule agenda": "calendar event", "sms imessage text": "message", "texting": "send message",
    "mail": "email", "picture photograph pic selfie": "photo image", "photo": "image", "image": "photo", "screen": "screenshot",
    "song track album tune": "music", "playlist": "music play", "website site webpage link page": "url web", "article": "safari web",
    "download fetch json api": "contents url", "tell": "show result speak", "display": "show", "say aloud announce": "speak text",
    "notify ping": "notification", "popup dialog": "alert", "wake": "alarm add", "torch": "flashlight",
    "wifi": "wi fi", "dark light": "appearance", "night": "appearance", "silence mute disturb": "focus volume",
    "loud quiet": "volume", "dim": "brightness", "charge": "battery", "power": "battery", "shrink smaller scale thumbnail": "resize",
    "merge combine join": "combine", "scan": "document pdf", "zip compress": "archive",
    "drive walk commute traffic long": "travel time", "route navigate directions": "directions maps", "map": "maps",
    "near nearby": "local businesses", "place location here": "location", "address": "address location",
    "dice coin": "random number", "random": "number item", "tip sum total average": "calculate math statistics",
    "word words letter": "count text", "translate spanish french german": "translate text", "ocr": "extract text image",
    "qr": "qr code barcode", "sleep weight steps water heart calories drank": "log health sample", "run gym exercise": "workout",
    "enter input type": "ask input", "choose select": "choose list menu", "tomorrow tonight weekend": "forecast",
    "voice speech dictate": "dictate text",
    "save store keep": "save file photo", "append log": "append file",
    "copy": "copy clipboard", "paste clipboard": "clipboard", "reply": "message", "call phone ring": "call",
    "home lights lamp thermostat": "home accessory", "today date day": "date", "hour minute": "date",
    "video clip movie": "video media", "audio recording": "audio record", "password secret": "random text hash",
    "open launch": "open app", "contact friend": "contact", "birthday": "contact",
    "spell": "spelling", "uppercase lowercase capital": "change case",
    "replace": "replace text", "split": "split text", "flip": "rotate", "times loop": "repeat", "pause second": "wait", "animated": "gif",
}  # fmt: skip

# Actions that are common in shortcuts of every kind, and that few requests name.
ALWAYS = tuple("is.workflow.actions." + name for name in (
    "ask", "choosefromlist", "showresult", "alert", "notification", "gettext", "list", "number", "date"))  # fmt: skip
# Services of other companies among Apple's own actions: a request for one names it, as it names an app.
SERVICES = frozenset("""evernote dropbox trello todoist tumblr slack wordpress venmo instapaper pinboard pocket giphy imgur cloudapp
    deskconnect ulysses lightroom showinblindsquare""".split())
PER_CLAUSE = 4  # APIs offered for a clause: the best and its neighbours


def stems(text: str) -> set[str]:
    """Return the stems of the words of a text or a CamelCase name."""
    return {ENDINGS.sub("", word.lower())[:STEM] for word in WORD.findall(text)}


STOPPED = {stem for word in STOP_WORDS for stem in stems(word)}
_SAID = {stem: stems(titles) for said, titles in SAID_AS.items() for stem in stems(said)}


class Index:
    """An inverted index of the words of a catalogue's APIs."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.places: dict[str, dict[str, float]] = {}  # stem -> API id -> weight
        self.titles: dict[str, set[str]] = {}
        self.apps: dict[str, set[str]] = {}  # of APIs that are not Apple's: the stems of the app's name
        for api in catalog:
            self.titles[api.id] = stems(api.title) - STOPPED or stems(api.title)
            service = api.id.removeprefix("is.workflow.actions.").partition(".")[0]
            if not api.builtin or service in SERVICES:
                self.apps[api.id] = stems(service if api.builtin else api.app_name or api.app)
            for field, text in (("title", api.title), ("id", api.id.rsplit(".", 1)[-1]), ("app", api.app_name), ("summary", api.summary)):
                for stem in stems(text):
                    weights = self.places.setdefault(stem, {})
                    weights[api.id] = weights.get(api.id, 0.0) + FIELDS[field]

    def scores(self, text: str) -> dict[str, float]:
        """Return a score for each API that has a word of the text; higher is better."""
        said = stems(text)
        said = said - STOPPED or said
        wanted = dict.fromkeys((stem for word in said for stem in _SAID.get(word, ())), SAID_LESS) | dict.fromkeys(said, 1.0)
        scores: Counter[str] = Counter()
        covered: Counter[str] = Counter()
        for stem, share in wanted.items():
            found = self.places.get(stem, {})
            rarity = math.log(1 + len(self.titles) / (1 + len(found)))
            for api, weight in found.items():
                scores[api] += share * rarity * weight / (weight + SATURATION)
                covered[api] += share * (stem in self.titles[api])
        return {api: score * (1 - TITLE_SHARE + TITLE_SHARE * covered[api] / len(self.titles[api])) * self._prior(api, said)
                for api, score in scores.items()}  # fmt: skip

    def _prior(self, api_id: str, said: set[str]) -> float:
        """Return the weight of an API before its words are compared, by source and app."""
        known = max((KNOWN[source] for source in self.catalog[api_id].source if source in KNOWN), default=1.0)
        return known * (UNNAMED_APP if api_id in self.apps and not self.apps[api_id] <= said else 1.0)


@lru_cache(maxsize=4)
def index_of(catalog: Catalog) -> Index:
    """Return the index of a catalogue, cached."""
    return Index(catalog)


def search(catalog: Catalog, text: str, limit: int = 10) -> list[Api]:
    """Return the APIs that fit a text best, the best first."""
    scores = index_of(catalog).scores(text)
    return [catalog[api] for api in sorted(scores, key=lambda api: (-scores[api], len(api), api))[:limit]]


def clauses(text: str) -> list[str]:
    """Return the clauses of a sentence, cut at punctuation, "and", "then", and where a condition begins."""
    return [part.strip(" .!?") for part in BREAK.split(f" {text.strip()} ") if part.strip(" .!?")]


def offered(text: str, catalog: Catalog, limit: int = 24) -> list[str]:
    """Return the ids of at most `limit` APIs for a request: the best of each clause and of the whole in turn, then those of ALWAYS."""
    rows = [[api.id for api in search(catalog, part, PER_CLAUSE)] for part in clauses(text)]
    rows.append([api.id for api in search(catalog, text, limit)])
    found = dict.fromkeys(row[place] for place in range(limit) for row in rows if place < len(row))
    always = [api for api in ALWAYS if api in catalog]
    return list(dict.fromkeys([*list(found)[:max(0, limit - len(always))], *always]))
