"""The values of a run: the app's types.

| type       | in Python         | type      | in Python                                                                             |
|------------|-------------------|-----------|---------------------------------------------------------------------------------------|
| nothing    | None              | url       | Url                                                                                   |
| text       | str               | quantity  | Quantity: a number and the symbol of its unit                                         |
| number     | int, float        | file      | File: text, bytes, or opaque contents; images, media and folders are files            |
| boolean    | bool              | rich text | RichText: HTML                                                                        |
| date       | aware datetime    | contact, event, song ... | Record: the kind and its fields                                        |
| dictionary | dict              | unknown   | Unknown: what the machine cannot compute; its origin says which action made it |
| list       | list              |           |                                                                                       |

An unknown cannot be converted: that raises Untold, which the interpreter turns into the unknown output of the action that asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

MAX_TEXT = 1_000_000  # characters of a text
MAX_ITEMS = 100_000  # of a list
MAX_ORIGIN = 200  # characters of an unknown's origin; a longer one ends in a hash of itself


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that the machine cannot compute. Two unknowns with one origin are the same value."""

    type: str
    origin: str


class Untold(Exception):  # noqa: N818
    """A conversion of an unknown: what depends on it is unknown, too."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__(unknown.origin)
        self.unknown = unknown


class TooLarge(Exception):  # noqa: N818
    """A text or list is longer than the machine makes."""


@dataclass(frozen=True, slots=True)
class Url:
    """A link."""

    text: str


@dataclass(frozen=True, slots=True)
class Match:
    """A piece of text that a pattern found, with its groups."""

    text: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RichText:
    """Text with styles, as HTML."""

    html: str


@dataclass(frozen=True, slots=True)
class Quantity:
    """A measured amount; `unit` is a symbol of Apple's units (km, °C, min)."""

    amount: float
    unit: str


@dataclass(frozen=True, slots=True)
class File:
    """A file. `kind` is file, image, media, pdf or folder; `data` its text or bytes, None for contents that are never looked at.

    facts: what is known of it (width, height, duration, created, modified, path, and `made`: how an opaque content came to be).
    """

    name: str
    kind: str = "file"
    data: str | bytes | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def stem(self) -> str:
        """Return the name without its extension."""
        return self.name.rpartition(".")[0] or self.name

    @property
    def extension(self) -> str:
        """Return the extension, without the dot."""
        return self.name.rpartition(".")[2] if "." in self.name.strip(".") else ""

    def named(self, name: str) -> File:
        """Return this file under another name."""
        return replace(self, name=name)


def fold(key: str) -> str:
    """Return a key as the machine compares it."""
    return key.replace(" ", "").replace("_", "").lower()


@dataclass(frozen=True, slots=True)
class Record:
    """An object of an app: a contact, an event, a song. `fields` are its properties by the labels of the app."""

    kind: str
    fields: dict[str, Any]

    def get(self, label: str) -> Any:
        """Return a field by its label, whatever its case; None if it is missing."""
        if label in self.fields:
            return self.fields[label]
        wanted = fold(label)
        return next((value for key, value in self.fields.items() if fold(key) == wanted), None)


def origin(*parts: Any) -> str:
    """Return a short text for where a value comes from."""
    text = " ".join(str(part) for part in parts)
    return (
        text if len(text) <= MAX_ORIGIN else f"{text[: MAX_ORIGIN - 10]}#{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:8]}"
    )


def kind_of(value: Any) -> str:
    """Return the type of a value, as the table above names it."""
    return _KINDS.get(type(value)) or (value.kind if isinstance(value, File | Record) else value.type)


_KINDS: dict[type, str] = {
    type(None): "nothing", str: "text", bool: "boolean", int: "number", float: "number", datetime: "date", dict: "dictionary", list: "list",
    Match: "text", Url: "url", Quantity: "quantity", RichText: "rich text",
}  # fmt: skip


def items(value: Any) -> list[Any]:
    """Return the items of a value: of a list its own, of nothing none, else the value itself."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def one_or_many(values: list[Any]) -> Any:
    """Return the items as one value: the only one as itself, none as nothing."""
    return values[0] if len(values) == 1 else values or None


def first(value: Any) -> Any:
    """Return the first item of a list, another value as it is."""
    return (value[0] if value else None) if isinstance(value, list) else value


class Looker:
    """Looks for unknowns in values. Values share their parts and never change: a value is looked through once, which counts."""

    def __init__(self, spend: Callable[[int], None]) -> None:
        self.spend = spend
        self.seen: dict[int, tuple[Any, tuple[Unknown, ...]]] = {}  # by identity; the value is kept, so that no other one gets its id

    def unknowns(self, value: Any) -> tuple[Unknown, ...]:
        """Return the unknowns in a value."""
        if type(value) not in DEEP:
            return ()
        if id(value) not in self.seen:
            self.seen[id(value)] = value, self._look_through(value)
        return self.seen[id(value)][1]

    def _look_through(self, value: Any) -> tuple[Unknown, ...]:
        found: dict[Unknown, None] = {}
        due, met = [value], set()
        while due:
            part = due.pop()
            if isinstance(part, Unknown):
                found[part] = None
            elif id(part) in self.seen:
                found |= dict.fromkeys(self.seen[id(part)][1])
            elif id(part) not in met:
                met.add(id(part))
                self.spend(size_of(part))
                due += [inner for inner in _parts(part) if type(inner) in DEEP]
        return tuple(found)


DEEP = frozenset((Unknown, list, dict, File, Record))  # the types that can hold an unknown


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, list):
        return value
    return (value if isinstance(value, dict) else value.facts if isinstance(value, File) else value.fields).values()


def size_of(value: Any) -> int:
    """Return roughly the characters and items that a value holds."""
    if isinstance(value, str | bytes | list | dict):
        return len(value)
    return len(value.data or "") + 10 if isinstance(value, File) else len(value.fields) + 10 if isinstance(value, Record) else 1
