"""What stands below the top level of a world that is JSON: the keys that are known there, and what is expected at them.

    next(problems({"device": {"batery": 12}}, DEVICE))    # "device.batery is no key of a device; did you mean battery?"

The properties of records are an open set, since a shortcut may ask for any: there only a near miss of a known one is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from shortcuts.did_you_mean import nearest
from shortcuts.machine.values import fold

NEAR = 75  # per cent of likeness that make a slip of a key
SWITCHED = ("flashlight", "hotspot", "orientation_lock", "night_shift", "true_tone")  # of a device, off where the world does not say
FILE = "Name, File Size, File Extension, Creation Date, File Path, Last Modified Date"
# The labels that the app has for the properties of records; a test compares them with the catalogue.
LABELS = {key: tuple(text.split(", ")) for key, text in {
    "contacts": "First Name, Middle Name, Last Name, Phone Numbers, Email Addresses, Street Addresses, URLs, URL, Birthday, Contact Photo, "
                "Prefix, Suffix, Nickname, Phonetic First Name, Phonetic Middle Name, Phonetic Last Name, Company, Job Title, Department, "
                f"Notes, Group, {FILE}",
    "reminders": "Title, Notes, Due Date, Priority, Is Completed, Is Flagged, Completion Date, List, Tags, URL, Images, Has Subtasks, "
                 f"Subtasks, Parent Reminder, Has Alarms, Reminder Location, When Messaging Person, {FILE}",
    "events": "Start Date, End Date, Is All Day, Calendar, Calender, Location, Has Alarms, Duration, Is Canceled, My Status, Organizer, "
              f"Organizer Is Me, Oragnizer Is Me, Attendees, Number of Attendees, URL, Title, Notes, Attachments, {FILE}",
    "notes": f"Body, Folder, Tags, Is Pinned, Is Locked, {FILE}",
    "songs": "Title, Album, Artist, Album Artist, Genre, Composer, Date Added, Media Kind, Duration, Play Count, Track Number, "
             "Disc Number, Album Artwork, Alblum Artwork, Is Explicit, Lyrics, Release Date, Comments, Is Cloud Item, Skip Count, "
             "Last Played Date, Rating, File Path, Name",
    "photos": "Album, Width, Height, Date Taken, Time Taken, Media Type, Photo Type, Is a Screenshot, Is a Screen Recording, Location, "
              "Duration, Frame Rate, Orientation, Camera Make, Camera Model, Metadata Dictionary, Is Favorite, Is Hidden, "
              f"text, bytes, created, modified, path, made, {FILE}",
    "health": "Type, Value, Unit, Start Date, End Date, Duration, Source, Name",
    "location": "Latitude, Longitude, Street, City, State, ZIP Code, Region, Phone Numbers, Label, URL, Name, Altitude",
    "weather": "Date, Location, Temperature, Low, High, Feels Like, Condition, Visibility, Dewpoint, Humidity, Pressure, "
               "Precipitation Amount, Precipitation Chance, Chance of Precipitation, Wind Speed, Wind Direction, UV Index, Sunrise Time, "
               "Sunset Time, Air Quality Index, Air Quality Category, Air Pollutants, Forecast, Name",
}.items()}  # fmt: skip
SINGULAR = {"contacts": "a contact", "reminders": "a reminder", "events": "an event", "notes": "a note", "songs": "a song",
            "photos": "a photo", "health": "a health sample", "location": "a location", "weather": "a weather report"}  # fmt: skip
ANSWER = ("body", "status", "headers", "redirect")  # of the network


def problems(record: dict[str, Any], device: dict[str, Any]) -> Iterator[str]:
    """Yield a line for each key below the top level that is a slip, and for each value of a wrong type. device: the default of each key."""
    for kind in LABELS:
        if isinstance(record.get(kind), list):
            yield from _records(record[kind], kind)
    if isinstance(record.get("device"), dict):
        yield from _device(record["device"], device)
    for key, wanted in (("branches", bool), ("questions", str)):
        for place, value in enumerate(_items(record.get(key))):
            yield from _type(f"{key}[{place}]", value, wanted)
    if isinstance(record.get("http"), dict):
        for address, answer in record["http"].items():
            if isinstance(answer, dict) and "body" in answer:
                yield from _keys(f"http[{address!r}].", answer, ANSWER, "is no key of an answer of the network")
    if isinstance(record.get("shortcuts_folders"), dict):
        for name, names in record["shortcuts_folders"].items():
            yield from _type(f"shortcuts_folders.{name}", names, list)


def _records(records: list[Any], kind: str) -> Iterator[str]:
    for place, one in enumerate(records):
        yield from _type(f"{kind}[{place}]", one, dict)
        if isinstance(one, dict):
            yield from _fields(f"{kind}[{place}].", one, kind)


def _fields(where: str, one: dict[str, Any], kind: str) -> Iterator[str]:
    if one.get("$") in ("unknown", "turns"):
        return
    yield from _keys(where, one, LABELS[kind], f"is no property of {SINGULAR[kind]}", loose=True)
    for key, value in one.items():
        if fold(key).startswith("is") and fold(key) in map(fold, LABELS[kind]):
            yield from _type(where + key, value, bool)


def _device(given: dict[str, Any], device: dict[str, Any]) -> Iterator[str]:
    yield from _keys("device.", given, (*device, *SWITCHED), "is no key of a device")
    for key, value in given.items():
        default, kind = device.get(key), {"song": "songs"}.get(key, key)
        if kind in LABELS and isinstance(value, dict):
            yield from _fields(f"device.{key}.", value, kind)
        elif kind in LABELS and isinstance(value, bool | int | float | list):
            yield f"device.{key}: an object is expected, not {type(value).__name__}"
        elif kind not in LABELS and default is not None:
            yield from _type(f"device.{key}", value, type(default))


def _keys(where: str, given: dict[str, Any], known: Iterable[str], problem: str, loose: bool = False) -> Iterator[str]:
    """Yield a line for each key that is near a known one without being it; loose: case, spaces and underscores do not count."""
    known = tuple(known)
    labels = {fold(label): label for label in known}
    for key in given:
        if key in ("$", *known) or loose and fold(key) in labels:
            continue
        if meant := labels.get(nearest(fold(key), labels, NEAR, 0) or "") or _only(key, known):
            yield f"{where}{key} {problem}; did you mean {meant}?"


def _only(key: str, labels: Iterable[str]) -> str | None:
    """Return the one label that has all words of a key: "Due" is "Due Date"."""
    words = set(key.lower().replace("_", " ").split())
    found = [label for label in labels if words and words < set(label.lower().replace("_", " ").split())]
    return found[0] if len(found) == 1 else None


WORDS = {bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list", dict: "an object"}


def _type(where: str, value: Any, wanted: type) -> Iterator[str]:
    """Yield a line for a value that is not of a type; nothing, and what JSON has no type for, may stand anywhere."""
    numeric = wanted in (int, float)
    right = isinstance(value, int | float) and not isinstance(value, bool) if numeric else isinstance(value, wanted)
    if not right and value is not None and not (isinstance(value, dict) and "$" in value):
        yield f"{where}: {WORDS[wanted]} is expected, not {value!r}"


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
