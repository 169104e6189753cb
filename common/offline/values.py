"""Values that stand for what a person would say: titles, texts, names, addresses, times.

The writer of a request and the writer of its program draw from the same key, API and parameter, so that the request says what the program
holds. There are some thousands of values, none of which a model can learn by heart as what belongs into any program.

    text("title", "q-0-17 is.workflow.actions.addnewreminder WFCalendarItemTitle")   # "call the dentist"
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path


def draw(key: str, count: int) -> int:
    """Return a number below `count` that depends on `key` alone."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % count


def pick(words: Sequence[str], key: str) -> str:
    """Return one of the words, by the key."""
    return words[draw(key, len(words))]


SAID = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))  # words and sentences, by kind
SLOTS = ("person", "thing", "place", "city", "topic", "day", "time", "mood")  # kinds of words that stand in sentences

# What a parameter holds, by words of its label and key; the first that has one is taken.
KINDS = (
    ("email", r"e-?mail|recipient address"), ("phone", r"phone"), ("url", r"url|link|website|web page|domain|host|feed"),
    ("person", r"person|people|contact|author|user|recipient|sender|assignee|attendee|owner|to$"),
    ("tag", r"tags?|label|keyword|hashtag"), ("file", r"file|path|document"),
    ("folder", r"folder|director|album|list|project|notebook|collection|category|group|calendar|area|board|playlist"),
    ("time", r"time|hour|date|day|when|due|start|end|deadline"),
    ("city", r"city|location|address|place|country|destination|region|station"), ("question", r"prompt|question|ask"),
    ("topic", r"query|search|term|find|topic|subject|filter|match"),
    ("message", r"message|text|body|content|note|comment|description|caption|summary|detail|input"),
    ("title", r"title|name|heading|headline"))  # fmt: skip
PATTERNS = [(kind, re.compile(rf"(?<![a-z])(?:{words})", re.I)) for kind, words in KINDS]


def word(kind: str, key: str) -> str:
    """Return a word or sentence of a kind of SAID, by the key."""
    return pick(SAID[kind], key)


def kind_of(label: str) -> str:
    """Return what a parameter holds, by its label: "deed" (something to do) where that tells nothing."""
    return next((kind for kind, pattern in PATTERNS if pattern.search(label)), "deed")


def filled(template: str, key: str) -> str:
    """Return a template with its slots filled by the key."""
    numbers = {"n": str(2 + draw(f"{key} n", 48))}
    return template.format(**{slot: word(slot, f"{key} {slot}") for slot in SLOTS}, **numbers)


def text(label: str, key: str) -> str:
    """Return a text for a parameter with that label: two that differ in the key differ, but for one in a hundred."""
    kind = kind_of(label)
    who = re.sub(r"\W+", ".", word("person", f"{key} who").lower().removeprefix("my ").removeprefix("the ")).strip(".")
    few, many = str(draw(f"{key} few", 96) + 2), draw(f"{key} many", 9000) + 1000
    made = {
        "deed": lambda: filled(word("deed", key), key), "title": lambda: _capital(filled(word("title", key), key)),
        "message": lambda: _capital(filled(word("message", key), key)), "question": lambda: filled(word("question", key), key),
        "topic": lambda: filled("{topic} {city}", key).removeprefix("the ").removeprefix("our "),
        "person": lambda: f"{_capital(word('person', key).removeprefix('my '))} {pick('ABCDEFGHKLMNPRSTVWZ', key + ' initial')}.",
        "tag": lambda: f"{word('tag', key)}-{word('tag', key + ' more')}", "phone": lambda: f"555 {many}",
        "file": lambda: f"{word('folder', key)}/{word('tag', key)}-{few}.txt",
        "folder": lambda: f"{word('folder', key)} {word('city', key)}",
        "city": lambda: f"{few} {word('folder', key)} Street, {word('city', key)}", "time": lambda: filled("{day} at {time}", key),
        "url": lambda: url(key), "email": lambda: f"{who}{few}@{word('site', key)}.example",
    }  # fmt: skip
    return made[kind]()


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def url(key: str) -> str:
    """Return an address; those of .example belong to nobody."""
    return f"https://{word('site', key)}.example/{filled(word('path', key + ' path'), key)}"


def number(key: str) -> int:
    """Return a whole number as people say them."""
    return 2 + draw(key, 59)


def menu(key: str) -> tuple[str, str, str]:
    """Return what a menu asks, the answer that goes on, and the one that does nothing."""
    asked, yes, no = SAID["choice"][draw(key, len(SAID["choice"]))]
    return filled(asked, key), filled(yes, key), filled(no, key)


def times(key: str) -> int:
    """Return how often something is repeated."""
    return 2 + draw(key, 9)
