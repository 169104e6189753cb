"""The world of a run: all that a shortcut can ask for, and all that it can change.

A world is JSON; every key may be left out. Values are JSON where JSON has them; others are `{"$": TYPE, ...}`, such as
`{"$": "date", "date": "2026-03-14"}`, `{"$": "url", "url": "https://example.org"}`, `{"$": "image", "name": "cat.png", "width": 640,
"height": 480}`, `{"$": "unknown", "type": "text", "origin": "what it would be"}`; `from_json` below lists them.

    now         the frozen clock, an ISO date; 2026-03-14T09:30:00
    zone        the time zone; Europe/London
    locale      the language and region; en_US
    seed        decides what is random; 0
    input       what the share sheet or the caller passes in; nothing
    clipboard   what was copied before; nothing
    answers     what the person says, in turn: to Ask a value, to a menu or list the title (or number, from 1) of a choice, a list of these
                where several may be chosen, null to cancel; []
    answers_to  the same by prompt, {prompt: answer or list of answers in turn}; looked up before `answers`. An alert takes no answer of
                `answers`; here null cancels it
    unanswered  what a question without an answer gets: "default" (the default answer, the first choice, OK), "random"
                (drawn by the seed and the question) or "cancel"; default
    questions   for "random": the prompts of the questions that the draws belong to, in turn. Then a question gets the draw of its
                prompt's place, one with another prompt the first that is left: so a program that asks the same in other words is
                answered the same; not given (then by the prompt alone)
    compared    for "random": texts and numbers; three of four answers that are drawn are one of these, or a number next to one; []
    cancels     true for a person who taps Cancel in each alert that has the button; false
    branches    for conditions that the machine cannot know, in turn: true or false; where it ends, true
    files       iCloud Drive's Shortcuts folder: {path: text, value or {} for a folder}; {}
    picked      the files, photos or folders that the person picks, in turn; [] (then the first that is there)
    contacts, reminders, events, notes, photos, songs
                lists of records, {label of the property: value}; photos are images; []
    shortcuts_folders
                the folders of Get My Shortcuts, {folder: [names]}; {}
    health      samples, {"Type": "Steps", "Value": 1200, "Unit": "count", "Start Date": ...}; []
    device      what the device says: name, model, type, system_version, battery, charging, brightness, volume, wifi,
                bluetooth, airplane_mode, cellular, low_power, focus, appearance, network, ip, location, weather, song, app, page,
                screen_width, screen_height; DEVICE below has the default of each
    http        answers of the network: {address or prefix ending in *: body or {"status": 200, "headers": {}, "body": ...}}; {}
    scripts     what scripts print (shell, SSH, AppleScript, JavaScript on a page): {script or "*": output}; {}
    stored      values that apps keep (Data Jar's key paths, Tot's dots); {}
    shortcuts   the other shortcuts, {name: program (text) or shortcut (property list as JSON)}; {}
    actions     a double for an action, {id: output}, or {"$": "turns", "values": [...]} for one output after the other; {}
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cached_property
from typing import Any

from shortcuts.machine.place import Place, place
from shortcuts.machine.values import File, Match, Quantity, Record, RichText, Unknown, Url, fold
from shortcuts.machine.world_keys import SWITCHED, problems

DEVICE = {
    "name": "iPhone", "model": "iPhone", "type": "iPhone", "system_version": "18.1", "system_build": "22B83", "hostname": "iphone.local",
    "battery": 80, "charging": False, "brightness": 0.5, "volume": 0.5, "wifi": True, "bluetooth": True,
    "airplane_mode": False, "cellular": True,
    "low_power": False, "focus": None, "appearance": "Light", "network": "Home", "bssid": "00:00:5e:00:53:01", "ip": "203.0.113.7",
    "local_ip": "192.0.2.10", "carrier": "Carrier", "screen_width": 1170, "screen_height": 2532, "orientation": "Portrait", "watch": False,
    "location": {"Name": "Home", "Street": "1 Main Street", "City": "London", "State": "England", "ZIP Code": "SW1A 1AA",
                 "Region": "United Kingdom",
                 "Latitude": 51.5, "Longitude": -0.125, "Altitude": 11},
    "weather": {"Condition": "Sunny", "Temperature": {"$": "quantity", "amount": 18, "unit": "°C"}, "High": {"$": "quantity",
                                                                                                             "amount": 21, "unit": "°C"},
                "Low": {"$": "quantity", "amount": 9, "unit": "°C"}, "Humidity": 60, "Chance of Precipitation": 10},
    "song": None, "app": "Shortcuts", "page": None, "language": "English",
}  # fmt: skip
_KINDS = {"contacts": "contact", "reminders": "reminder", "events": "event", "notes": "note", "photos": "image", "songs": "song",
          "health": "health sample"}  # fmt: skip


UNANSWERED = ("default", "random", "cancel")


class WorldError(ValueError):
    """A world that cannot be read; the message is one line for the user."""


@dataclass(frozen=True)
class World:
    """The world of a run; the module describes each key. Nothing changes it: a run writes into a State."""

    now: str = "2026-03-14T09:30:00"
    zone: str = "Europe/London"
    locale: str = "en_US"
    seed: int = 0
    input: Any = None
    clipboard: Any = None
    answers: tuple[Any, ...] = ()
    answers_to: dict[str, Any] = field(default_factory=dict)
    unanswered: str = "default"
    questions: tuple[str, ...] | None = None
    compared: tuple[str | float, ...] = ()
    cancels: bool = False
    branches: tuple[bool, ...] = ()
    files: dict[str, Any] = field(default_factory=dict)
    picked: tuple[Any, ...] = ()
    contacts: tuple[Any, ...] = ()
    reminders: tuple[Any, ...] = ()
    events: tuple[Any, ...] = ()
    notes: tuple[Any, ...] = ()
    photos: tuple[Any, ...] = ()
    songs: tuple[Any, ...] = ()
    health: tuple[Any, ...] = ()
    shortcuts_folders: dict[str, Any] = field(default_factory=dict)
    device: dict[str, Any] = field(default_factory=dict)
    http: dict[str, Any] = field(default_factory=dict)
    scripts: dict[str, Any] = field(default_factory=dict)
    stored: dict[str, Any] = field(default_factory=dict)
    shortcuts: dict[str, Any] = field(default_factory=dict)
    actions: dict[str, Any] = field(default_factory=dict)

    @staticmethod
    def from_json(record: dict[str, Any]) -> World:
        """Return the world of a JSON object. Raises WorldError."""
        if not isinstance(record, dict):
            raise WorldError('a world is a JSON object, such as {"clipboard": "Hello"}')
        known = {item.name: item for item in fields(World)}
        if unknown := sorted(record.keys() - known.keys()):
            from shortcuts.did_you_mean import nearest

            if unknown[0] in (*DEVICE, *SWITCHED):
                raise WorldError(f"{unknown[0]} is no key of a world: it stands in device, {{\"device\": {{\"{unknown[0]}\": …}}}}")
            near = nearest(unknown[0], known, near=60)
            raise WorldError(f"{unknown[0]} is no key of a world{f'; did you mean {near}?' if near else ''}")
        if wrong := next(problems(record, DEVICE), None):
            raise WorldError(wrong)
        values = {key: _value_of_key(key, value) for key, value in record.items()}
        world = World(**values)
        try:
            world.place  # noqa: B018
        except ValueError as error:
            raise WorldError(str(error)) from None
        return world

    @cached_property
    def place(self) -> Place:
        """Return the clock, zone and locale. Raises ValueError."""
        return place(self.now, self.zone, self.locale)

    @cached_property
    def whole_device(self) -> dict[str, Any]:
        """Return the device's state, with the default of each key that this world leaves out."""
        return {key: from_json(value) for key, value in DEVICE.items()} | self.device


def near(literal: str | float, turn: int) -> str | float:
    """Return a text, or a number, in two of three turns one next to it: a comparison can be wrong at its very number, or just beside."""
    return literal if isinstance(literal, str) else round(literal + (-1, 0, 1)[turn % 3], 6)


def _value_of_key(key: str, value: Any) -> Any:
    """Return the value of a key of a world. Raises WorldError where it has not the right shape."""
    wanted = {"now": str, "zone": str, "locale": str, "unanswered": str, "seed": int, "cancels": bool}.get(key)
    if wanted is not None:
        if type(value) is not wanted:
            raise WorldError(f"{key}: a {wanted.__name__} is expected, not {type(value).__name__}")
        if key == "unanswered" and value not in UNANSWERED:
            raise WorldError(f"unanswered: {value!r} is none of {', '.join(UNANSWERED)}")
        return value
    if key in ("input", "clipboard"):
        return from_json(value)
    if key in ("answers", "branches", "picked", "questions", "compared", *_KINDS):
        if not isinstance(value, list):
            raise WorldError(f"{key}: a list is expected, not {type(value).__name__}")
        if key == "compared" and (wrong := [one for one in value if type(one) not in (str, int, float)]):
            raise WorldError(f"compared: texts and numbers are expected, not {wrong[0]!r}")
        return tuple(_record(_KINDS.get(key), item) for item in value)
    if not isinstance(value, dict):
        raise WorldError(f"{key}: an object is expected, not {type(value).__name__}")
    if key == "shortcuts":
        return value
    return {name: from_json(inner, f"{key}.{name}") for name, inner in value.items()}


def _record(kind: str | None, item: Any) -> Any:
    if kind is None or not isinstance(item, dict) or "$" in item:
        return from_json(item)
    if kind == "image":
        return from_json({"$": "image", **item})
    return Record(kind, {key: from_json(value) for key, value in item.items()})


# ---------------------------------------------------------------------------------------------------------------------------------
# values as JSON

# The app's labels of what is known of a file -> its name here.
_FACTS = {fold(label): key for label, key in {
    "Name": "name", "Creation Date": "created", "Date Taken": "created", "Time Taken": "created", "Last Modified Date": "modified",
    "File Path": "path", "Width": "width", "Height": "height", "Is a Screenshot": "is_a_screenshot",
}.items()}  # fmt: skip
_FILE_KINDS = ("file", "image", "media", "pdf", "folder")


def from_json(value: Any, where: str = "") -> Any:
    """Return the value of a JSON value. Raises WorldError."""
    if isinstance(value, list):
        return [from_json(item, where) for item in value]
    if not isinstance(value, dict):
        return value
    if "$" not in value:
        return {key: from_json(inner, where) for key, inner in value.items()}
    kind, rest = value["$"], {key: from_json(inner, where) for key, inner in value.items() if key != "$"}
    try:
        return _typed(kind, rest)
    except (KeyError, ValueError, TypeError) as error:
        raise WorldError(f"{where or 'a value'}: no {kind} can be read from {sorted(rest)} ({error})") from None


def _typed(kind: str, rest: dict[str, Any]) -> Any:
    if kind == "date":
        moment = datetime.fromisoformat(rest["date"])
        return moment if moment.tzinfo else moment.replace(tzinfo=place("2026-01-01", rest.get("zone", "Europe/London"), "en").zone)
    if kind == "url":
        return Url(str(rest["url"]))
    if kind == "rich text":
        return RichText(str(rest["html"]))
    if kind == "quantity":
        return Quantity(rest["amount"], str(rest["unit"]))
    if kind == "unknown":
        return Unknown(rest.get("type", "any"), rest.get("origin", "the world"))
    if kind in ("bytes", "turns"):
        return bytes.fromhex(rest["hex"]) if kind == "bytes" else Turns(tuple(rest["values"]))
    if kind in _FILE_KINDS:
        rest = {_FACTS.get(fold(key), key): inner for key, inner in rest.items()}
        facts = {key: inner for key, inner in rest.items() if key not in ("name", "text", "bytes")}
        data = rest.get("text", bytes.fromhex(rest["bytes"]) if "bytes" in rest else None)
        return File(str(rest.get("name", kind.capitalize())), kind, data, facts)
    return Record(str(kind), rest)


@dataclass(frozen=True)
class Turns:
    """Outputs of a double, one after the other; the last one again and again."""

    values: tuple[Any, ...]


MAX_NODES = 200_000  # of a value as JSON: values share their parts, so that a small one may be huge when it is written out


def to_json(value: Any) -> Any:
    """Return a value as JSON; the inverse of from_json. What is beyond MAX_NODES is written as "…"."""
    return Writer().write(value)


class Writer:
    """Writes values as JSON, MAX_NODES in all."""

    def __init__(self) -> None:
        self.left = MAX_NODES

    def write(self, value: Any) -> Any:
        """Return a value as JSON."""
        self.left -= 1
        if self.left < 0:
            return "…"
        if isinstance(value, list | tuple):
            return [self.write(item) for item in value[: self.left + 1]]
        if isinstance(value, dict):
            return {str(key): self.write(inner) for key, inner in value.items()}
        if isinstance(value, Record):
            return {**self.write(value.fields), "$": value.kind}
        if isinstance(value, File):
            contents = {} if value.data is None else {"text": value.data} if isinstance(value.data, str) else {"bytes": value.data.hex()}
            return {**self.write(value.facts), "$": value.kind, "name": value.name, **contents}
        if isinstance(value, Turns):
            return {"$": "turns", "values": self.write(value.values)}
        return _ATOMS[type(value)](value) if type(value) in _ATOMS else value


_ATOMS: dict[type, Any] = {
    datetime: lambda value: {"$": "date", "date": value.isoformat()},
    Url: lambda value: {"$": "url", "url": value.text},
    RichText: lambda value: {"$": "rich text", "html": value.html},
    Quantity: lambda value: {"$": "quantity", "amount": value.amount, "unit": value.unit},
    Match: lambda value: value.text,
    Unknown: lambda value: {"$": "unknown", "type": value.type, "origin": value.origin},
    bytes: lambda value: {"$": "bytes", "hex": value.hex()},
}


def clean_path(path: str) -> str:
    """Return a path in the form that the tree of files has: no slash at its ends, no empty parts, `..` taken back."""
    parts: list[str] = []
    for part in path.replace("\\/", "/").split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


class State:
    """The part of its world that a run changes; each part is copied when it is first written."""

    _COPIED = {"files": dict, "device": dict, "stored": dict, **{key: list for key in _KINDS}}

    def __init__(self, world: World) -> None:
        self.world, self.clipboard = world, world.clipboard
        self._parts: dict[str, Any] = {}

    @cached_property
    def _files(self) -> dict[str, Any]:
        files = self.world.files
        return files if all(path == clean_path(path) for path in files) else {clean_path(path): entry for path, entry in files.items()}

    def read(self, part: str) -> Any:
        """Return a part to be read: files, device, stored, contacts, reminders ..."""
        if part in self._parts:
            return self._parts[part]
        return self._files if part == "files" else self.world.whole_device if part == "device" else getattr(self.world, part)

    def write(self, part: str) -> Any:
        """Return a part to be changed in place."""
        if part not in self._parts:
            self._parts[part] = self._COPIED[part](self.read(part))
        return self._parts[part]

    def changes(self) -> dict[str, Any]:
        """Return the parts that differ from the world, as values."""
        changed = {} if self.clipboard is self.world.clipboard else {"clipboard": self.clipboard}
        for part, now in self._parts.items():
            if part == "device":
                before = self.world.whole_device
                changed[part] = {key: value for key, value in now.items() if before.get(key) != value}
            else:
                changed[part] = now
        return changed
