"""The parts of values: names, properties by the app's labels, and what stands at a key or a path of a dictionary."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from shortcuts.machine.convert import dictionary, file, parse_json, record_text, text
from shortcuts.machine.place import Place
from shortcuts.machine.values import File, Record, Unknown, Url, items, one_or_many, origin


def name(value: Any, place: Place) -> Any:
    """Return the name of an item: of a file without its extension, else its text."""
    if isinstance(value, File):
        return value.stem
    return value if isinstance(value, Unknown) else text(value, place)


def at_key(value: Any, key: str, place: Place) -> Any:
    """Return the value for a key of a dictionary, or of each in a list. A dotted key is a path; numbers in it count list items from 1.

    Source: the description of Get Dictionary Value, and paths such as `edges.1.node.text` in real shortcuts.
    """
    if isinstance(value, Unknown):
        return Unknown("any", origin(value.origin, f"[{key}]"))
    if isinstance(value, list):
        place.spend(5 * len(value))
    if isinstance(value, list) and value and all(isinstance(item, dict | Record) for item in value):
        return one_or_many([found for item in value for found in items(at_key(item, key, place))])
    holder = dictionary(value, place)
    if holder is None:
        parsed = parse_json(value, place) if isinstance(value, str | File) else value
        return _walk(parsed, key) if isinstance(parsed, list) else None
    if key in holder:
        return holder[key]
    if isinstance(value, Record):
        return value.get(key)
    return _walk(holder, key)


def _walk(value: Any, path: str) -> Any:
    """Follow a dotted path. The longest key that is there wins, since keys may hold dots."""
    if isinstance(value, Unknown):
        return Unknown("any", origin(value.origin, f"[{path}]"))
    if isinstance(value, dict):
        if path in value:
            return value[path]
        cut = path.rfind(".")
        while cut > 0:
            if path[:cut] in value:
                return _walk(value[path[:cut]], path[cut + 1 :])
            cut = path.rfind(".", 0, cut)
        return None
    if isinstance(value, list):
        head, _, rest = path.partition(".")
        if head.isascii() and head.isdigit() and 1 <= int(head[:9]) <= len(value):
            inner = value[int(head[:9]) - 1]
            return _walk(inner, rest) if rest else inner
    return None


def with_key(holder: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a dictionary with a value set at a key, or at a dotted path whose first part is there. The rest is shared, not copied."""
    head, dot, rest = path.partition(".")
    if not dot or path in holder or not isinstance(holder.get(head), dict):
        return {**holder, path: value}
    return {**holder, head: with_key(holder[head], rest, value)}


def prop(value: Any, label: str, place: Place) -> Any:
    """Return a property of a value by the app's label, of a list that of each item. None if it has none."""
    if isinstance(value, Unknown):
        return Unknown("any", origin(value.origin, f".{label}"))
    if isinstance(value, list):
        place.spend(5 * len(value))
        return one_or_many([found for item in value for found in items(prop(item, label, place))])
    if isinstance(value, Record):
        found = value.get(label)
        return record_text(value, place) if found is None and label == "Name" else found
    if isinstance(value, dict):
        if label in ("Keys", "Values"):
            return one_or_many(list(value) if label == "Keys" else list(value.values()))
        return value.get(label)
    if label == "Name":
        return name(value, place)
    if isinstance(value, Url) and label in URL_PARTS:
        return url_part(value.text, label)
    if isinstance(value, str) and label in ("Keys", "Values"):
        return prop(dictionary(value, place), label, place)
    if isinstance(value, str | Url) and label.startswith("File"):
        value = file(value, place)
    return _file_property(value, label) if isinstance(value, File) else None


URL_PARTS = {"Scheme": "scheme", "User": "username", "Password": "password", "Host": "hostname", "Port": "port", "Path": "path",
             "Query": "query", "Fragment": "fragment"}  # fmt: skip


def url_part(link: str, label: str) -> Any:
    """Return a part of a link by the app's label, or None where it is empty or the link is broken."""
    try:
        return getattr(urlsplit(link), URL_PARTS[label]) or None
    except ValueError:
        return None


_FILE_FACTS = {"Creation Date": "created", "Last Modified Date": "modified", "Date Taken": "created", "File Path": "path",
               "Time Taken": "created"}  # fmt: skip


def _file_property(file: File, label: str) -> Any:
    if label == "File Extension":
        return file.extension
    if label == "File Size" and file.data is not None:
        return len(file.data if isinstance(file.data, bytes) else file.data.encode("utf-8", "replace"))
    facts = file.facts
    for key in (_FILE_FACTS.get(label, label), label.lower().replace(" ", "_")):
        if key in facts:
            return facts[key]
    if label in ("Is a Screenshot", "Is Favorite", "Is Hidden", "Is a Screen Recording"):
        return False
    measured = label in ("Orientation", "Width", "Height", "File Size", "Duration", "Frame Rate")
    if measured and file.kind in ("image", "media", "pdf", "file"):
        return Unknown("number", origin(label, "of", file.name, facts.get("made", "")))
    return None
