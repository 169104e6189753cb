"""Worlds for a shortcut, made from what it needs: inputs, files, answers of the network, stored values, other shortcuts.

    for world in worlds(shortcut, 8, seed=0):
        run(shortcut, world)

What a shortcut reads is found in two ways. Statically: the keys that it takes out of dictionaries, followed through outputs, variables and
repeats, which give the shape of its JSON. And by a run in a first world, whose steps name the files, addresses and shortcuts
that it asks for.
The answers to questions are drawn by the seed and the question alone ("unanswered": "random"), so that two programs that ask the same are
answered the same. A seed gives the same worlds each time.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from shortcuts.control_flow import ID, PARAMETERS
from shortcuts.machine.actions.files import KINDS, stored_path
from shortcuts.machine.interpreter import run
from shortcuts.machine.outcome import Outcome
from shortcuts.machine.place import place
from shortcuts.machine.program import Program, as_program
from shortcuts.machine.values import File, Quantity, Record, Url
from shortcuts.machine.world import World, from_json, near

Tree = dict[str, Any]  # of keys; a leaf is an empty one
MAX_KEYS = 400  # of a body
TURNS = (0, 1, 1, 2)  # of world.near: most often the number itself
MAX_LITERAL, MAX_LITERALS = 100, 200  # characters of a text that is compared with, and how many of those count

_ECHO = {"WFWorkflowActions": [{ID: "is.workflow.actions.output", PARAMETERS: {"WFOutput": {
    "Value": {"attachmentsByRange": {"{0, 1}": {"Type": "ExtensionInput"}}, "string": "\ufffc"},
    "WFSerializationType": "WFTextTokenString"}}}]}  # fmt: skip


@dataclass
class Needs:
    """The needs of a shortcut in its world."""

    keys: Tree = field(default_factory=dict)
    repeated: frozenset[int] = frozenset()  # the ids of the trees of `keys` that a repeat goes through
    classes: tuple[str, ...] = ()  # of its input
    takes_several: bool = False  # True if a repeat goes through its input
    literals: tuple[str | float, ...] = ()  # the texts and numbers that it compares with: values that are one take the rarer branches
    files: set[str] = field(default_factory=set)
    shortcuts: set[str] = field(default_factory=set)
    stored: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)


# ---------------------------------------------------------------------------------------------------------------------------------
# what it needs


class _Keys:
    """Follows dictionaries through a shortcut: the path of keys that leads to each output and variable."""

    def __init__(self, actions: list[dict[str, Any]]) -> None:
        self.actions, self.tree = actions, {}
        self.outputs: dict[str, Tree] = {}
        self.variables: dict[str, Tree] = {}
        self.loops: list[Tree] = []
        self.repeated: set[int] = set()

    def read(self) -> Tree:
        """Return the keys, as a tree."""
        for action in self.actions:
            parameters = action.get(PARAMETERS, {})
            kind = action[ID].removeprefix("is.workflow.actions.")
            source = self._tree_of(parameters.get("WFInput"))
            if kind == "getvalueforkey":
                key = _plain_text(parameters.get("WFDictionaryKey"))
                source = self._below(source if source is not None else self.tree, key) if key else None  # all keys, or all values
            elif kind in ("setvariable", "appendvariable") and source is not None:
                self.variables.setdefault(_plain_text(parameters.get("WFVariableName")), source)
            elif kind == "repeat.each":
                self._loop(parameters, source)
            if isinstance(parameters.get("UUID"), str) and source is not None:
                self.outputs[parameters["UUID"].upper()] = source
            for value in parameters.values():
                self._tokens(value, 0)
        return self.tree

    def _loop(self, parameters: dict[str, Any], source: Tree | None) -> None:
        mode = parameters.get("WFControlFlowMode", 0)
        if mode == 0:
            self.loops.append(source if source is not None else {})
            if source is not None and source is not self.tree:
                self.repeated.add(id(source))  # of a part of the tree, which stays
        elif self.loops:
            self.loops.pop()
        for level, tree in enumerate(self.loops, start=1):
            self.variables[f"Repeat Item{'' if level == 1 else f' {level}'}"] = tree

    def _tokens(self, value: Any, depth: int) -> None:
        """Visit the tokens of a parameter for the keys that they take."""
        if depth > 40:
            return
        if isinstance(value, dict):
            if "Aggrandizements" in value:
                self._tree_of(value)
            for inner in value.values():
                self._tokens(inner, depth + 1)
        elif isinstance(value, list):
            for inner in value:
                self._tokens(inner, depth + 1)

    def _tree_of(self, value: Any) -> Tree | None:
        """Return the tree of the token that a parameter is; None for one that no dictionary leads to."""
        token = _token(value)
        if token is None:
            return None
        kind = token.get("Type")
        base = self.outputs.get(str(token.get("OutputUUID", "")).upper()) if kind == "ActionOutput" else self.variables.get(
            str(token.get("VariableName", "")))  # fmt: skip
        steps = token.get("Aggrandizements")
        for step in steps if isinstance(steps, list) else ():
            if isinstance(step, dict) and step.get("Type") == "WFDictionaryValueVariableAggrandizement":
                base = self._below(base if base is not None else self.tree, str(step.get("DictionaryKey", "")))
        return base

    def _below(self, tree: Tree, path: str) -> Tree:
        for key in path.split(".")[:12]:
            if key and len(self.tree) < MAX_KEYS:
                tree = tree.setdefault(key, {})
        return tree


def _token(value: Any) -> dict[str, Any] | None:
    """Return the token that a parameter is, through its envelopes."""
    for _ in range(6):
        if not isinstance(value, dict):
            return None
        if "attachmentsByRange" in value:
            found = value["attachmentsByRange"]
            value = next(iter(found.values())) if isinstance(found, dict) and len(found) == 1 else None
        elif "Value" in value and "WFSerializationType" in value:
            value = value["Value"]
        elif value.get("Type") == "Variable" and "Variable" in value:
            value = value["Variable"]
        else:
            return value if "Type" in value else None
    return None


def _plain_text(value: Any) -> str:
    """Return a text parameter that holds no variable; "" for others."""
    if isinstance(value, dict):
        value = value.get("Value")
        value = value.get("string") if isinstance(value, dict) and not value.get("attachmentsByRange") else None
    return value if isinstance(value, str) else ""


def _compared(value: Any, depth: int = 0) -> Iterator[str | float]:
    """Yield the texts and numbers that the conditions among some parameters compare with."""
    if depth > 20:
        return
    for key, inner in value.items() if isinstance(value, dict) else ():
        if key == "WFConditionalActionString" and 0 < len(text := _plain_text(inner)) <= MAX_LITERAL:
            yield text
        elif key in ("WFNumberValue", "WFAnotherNumber") and re.fullmatch(r"-?\d{1,9}(\.\d{1,4})?", str(inner)):
            yield float(inner) if "." in str(inner) else int(inner)
        elif isinstance(inner, dict | list):
            yield from _compared(inner, depth + 1)
    for inner in value if isinstance(value, list) else ():
        yield from _compared(inner, depth + 1)


def needs(shortcut: dict[str, Any]) -> Needs:
    """Return what a shortcut needs, as far as its actions say it."""
    actions = shortcut["WFWorkflowActions"]
    keys = _Keys(actions)
    found = Needs(keys.read(), frozenset(keys.repeated))
    found.takes_several = any(action[ID] == "is.workflow.actions.repeat.each" and token.get("Type") == "ExtensionInput"
                              for action in actions if (token := _token(action.get(PARAMETERS, {}).get("WFInput"))))
    classes = shortcut.get("WFWorkflowInputContentItemClasses")
    found.classes = tuple(one for one in classes if isinstance(one, str)) if isinstance(classes, list) else ()
    found.literals = tuple(sorted({one for action in actions for one in _compared(action.get(PARAMETERS, {}))}, key=repr)[:MAX_LITERALS])
    for action in actions:
        parameters = action.get(PARAMETERS, {})
        if action[ID].startswith("dk.simonbs.DataJar.") and (path := _plain_text(parameters.get("keyPath"))):
            found.stored.add(path)
        if action[ID] == "is.workflow.actions.getmyworkflows":
            folder = parameters.get("Folder")
            name = folder.get("displayString") or folder.get("title") or folder.get("DisplayString") if isinstance(folder, dict) else folder
            found.folders.add(name if isinstance(name, str) else "")
    return found


def observe(found: Needs, outcome: Outcome) -> None:
    """Add what a run asked its world for."""
    for step in outcome.steps:
        kind = step.action.removeprefix("is.workflow.actions.")
        if kind == "documentpicker.open" and isinstance(step.inputs.get("WFGetFilePath"), str):
            found.files.add(step.inputs["WFGetFilePath"])
        elif kind in ("file", "documentpicker.open") and isinstance(step.inputs.get("WFFile"), dict):
            found.files.add(stored_path(step.inputs["WFFile"]))
        elif kind == "runworkflow":
            target = step.inputs.get("WFWorkflow")
            name = step.inputs.get("WFWorkflowName") or (target.get("workflowName") if isinstance(target, dict) else None)
            if isinstance(name, str):
                found.shortcuts.add(name)


# ---------------------------------------------------------------------------------------------------------------------------------
# worlds

_WORDS = "amber birch cedar delta ember fjord grove harbor island juniper kestrel lagoon".split()
_NUMERIC = ("count", "number", "size", "width", "height", "version", "build", "age", "price", "temp", "lat", "lon", "score",
            "total", "index")


def leaf(key: str, dice: random.Random, literals: tuple[str | float, ...] = ()) -> Any:
    """Return a value for a key: a link, number or date where its name says so, else words; every third is one that is compared with."""
    low = key.lower()
    if literals and dice.random() < 1 / 3:
        return near(dice.choice(literals), dice.choice(TURNS))
    if any(part in low for part in ("url", "link", "href", "download", "image", "src")):
        return f"https://example.org/{dice.choice(_WORDS)}/{dice.randint(1, 99)}"
    if any(part in low for part in _NUMERIC) or low.endswith("id"):
        return dice.randint(1, 60)
    if "date" in low or low.endswith("_at") or low == "time":
        return f"2026-0{dice.randint(1, 9)}-1{dice.randint(0, 9)}T0{dice.randint(0, 9)}:30:00Z"
    return f"{dice.choice(_WORDS)} {dice.choice(_WORDS)}"


def body(tree: Tree, dice: random.Random, found: Needs, key: str = "", depth: int = 0) -> Any:
    """Return JSON of the shape of a key's tree: a list of two or three where a repeat goes through it."""
    if depth > 10:
        return None
    if id(tree) in found.repeated:
        return [_item(tree, dice, found, key, depth) for _ in range(dice.randint(2, 3))]
    return _item(tree, dice, found, key, depth)


def _item(tree: Tree, dice: random.Random, found: Needs, key: str, depth: int) -> Any:
    """Return JSON of the shape of a tree: keys that are numbers make a list."""
    if not tree:
        return leaf(key, dice, found.literals)
    if all(name.isascii() and name.isdigit() and int(name[:3]) <= 60 for name in tree) and "0" not in tree:
        inner = [tree.get(str(place)) for place in range(1, max(map(int, tree)) + 1)]
        return [body(one, dice, found, "", depth + 1) if one else "item" for one in inner]
    return {name: body(inner, dice, found, name, depth + 1) for name, inner in tree.items()}


def compared_text(found: Needs, dice: random.Random) -> str:
    """Return one of the texts and numbers that a shortcut compares with, as a text; a word where there are none."""
    return str(near(dice.choice(found.literals), dice.choice(TURNS))) if found.literals else f"{dice.choice(_WORDS)} 7"


def _between(least: int, most: int, found: Needs, number: int, dice: random.Random) -> float:
    """Return a number by chance; in each second world, where one is compared with, that or one next to it."""
    fitting = [one for one in found.literals if not isinstance(one, str) and least < one < most]
    if number % 2 and fitting:
        return near(dice.choice(fitting), number)  # type: ignore[return-value]
    return dice.randint(least, most)


def given(found: Needs, number: int, dice: random.Random) -> Any:
    """Return an input of one of the classes that a shortcut takes."""
    classes, tree, part = found.classes, found.keys, compared_text(found, dice)
    site = f"https://{part}" if re.fullmatch(r"[\w-]+(\.[\w-]+)+(/\S*)?", part) else "https://example.org"
    wanted = classes[number % len(classes)] if classes else "WFStringContentItem"
    kinds = {
        "WFURLContentItem": Url(f"{site}/{dice.choice(_WORDS)}"),
        "WFSafariWebPageContentItem": Url(f"{site}/{dice.choice(_WORDS)}"),
        "WFArticleContentItem": Url(f"https://example.org/{dice.choice(_WORDS)}"),
        "WFNumberContentItem": dice.choice([dice.randint(1, 99), *(
            near(one, dice.choice(TURNS)) for one in found.literals if not isinstance(one, str))]),
        "WFDateContentItem": place("2026-03-14T09:30:00", "Europe/London", "en_US").now + timedelta(days=dice.randint(-40, 40)),
        "WFDictionaryContentItem": body(tree, dice, found) if tree else {"key": "value"},
    }  # fmt: skip
    if wanted in kinds:
        return kinds[wanted]
    if wanted in ("WFImageContentItem", "WFPhotoMediaContentItem"):
        return photo(dice)
    if wanted == "WFPDFContentItem":
        return from_json({"$": "pdf", "name": "Report.pdf"})
    if wanted == "WFAVAssetContentItem":
        return from_json({"$": "media", "name": "Clip.mov", "duration": 12, "width": 1920, "height": 1080})
    if wanted == "WFContactContentItem":
        return person(dice)
    if wanted == "WFLocationContentItem":
        return Record("location", {"Name": "Park", "Street": "2 High Street", "City": "Leeds", "Latitude": 53.8, "Longitude": -1.5})
    if wanted == "WFGenericFileContentItem":
        return from_json({"$": "file", "name": "notes.txt", "text": f"{dice.choice(_WORDS)}\n{dice.choice(_WORDS)}"})
    return part if number % 4 in (1, 2) else f"{dice.choice(_WORDS)} {dice.randint(1, 99)}\n{site}/{dice.choice(_WORDS)}"


def photo(dice: random.Random) -> Any:
    """Return a photo with a size."""
    width, height = dice.choice([(4032, 3024), (3024, 4032), (1170, 2532), (750, 1334)])
    taken = {"$": "date", "date": f"2026-03-{dice.randint(10, 14)}T08:00:00+00:00"}
    return from_json({
        "$": "image", "name": f"IMG_{dice.randint(1000, 9999)}.{'png' if width < 2000 else 'heic'}", "width": width, "height": height,
        "is_a_screenshot": width < 2000, "created": taken, "file_size": dice.randint(10**5, 10**7), "Album": "Recents",
        "Media Type": "Image", "Orientation": "Up",
    })  # fmt: skip


def person(dice: random.Random) -> Record:
    """Return a contact."""
    first, last = dice.choice(["Ada", "Grace", "Alan", "Edsger"]), dice.choice(["Moor", "Hill", "Field", "Brook"])
    return Record("contact", {"Name": f"{first} {last}", "First Name": first, "Last Name": last,
                              "Phone Numbers": f"+44 20 7946 0{dice.randint(100, 999)}",
                              "Email Addresses": f"{first.lower()}@example.org", "Birthday": "1990-05-17",
                              "Notes": "met at work"})  # fmt: skip


def _file(path: str, text: str) -> Any:
    """Return the contents of a file by its name: text, or opaque ones."""
    name = path.rpartition("/")[2]
    kind = KINDS.get(name.rpartition(".")[2].lower())
    return File(name, kind) if kind else text


def world(found: Needs, number: int, seed: int) -> World:
    """Return the world of a number. The first has all that is needed; in each fourth one input, clipboard and files are missing, and
    in another fourth the input is several items, as it is everywhere for a shortcut that goes through its input.
    """
    dice = random.Random(f"{seed} {number}")
    now = place("2026-03-14T09:30:00", "Europe/London", "en_US").now + timedelta(hours=dice.randint(0, 5000) if number else 0)
    now = now.replace(hour=int(_between(0, 23, found, number, dice))) if number % 2 else now
    json = body(found.keys, dice, found) if found.keys else {}
    text = orjson.dumps(json).decode() if json else f"{dice.choice(_WORDS)}\n{dice.choice(_WORDS)}"
    kind = ("iPhone", "iPad", "Mac")[number % 3]
    made = World(
        now=now.isoformat(), seed=seed * 1000 + number, unanswered="random", compared=found.literals, http={"*": json or page(dice)},
        device={
            "model": kind, "type": kind, "battery": _between(5, 100, found, number, dice), "charging": number % 2 == 1, "song": SONGS[0],
            "page": Url("https://example.org/page"),
            "weather": Record("weather", {**weather(random.Random(f"weather {seed} {number}"), found, number),
                                          "Temperature": Quantity(_between(-5, 30, found, number, dice), "°C")}),
        },
        stored={path: leaf(path, dice, found.literals) for path in sorted(found.stored) if "." not in path},
        shortcuts=dict.fromkeys(sorted(found.shortcuts), _ECHO), scripts={"*": f"{dice.choice(_WORDS)}\n{dice.randint(1, 99)}"},
        shortcuts_folders={name: ["First Shortcut", "Second Shortcut"] for name in sorted(found.folders)},
        files={"notes.txt": f"{dice.choice(_WORDS)}\n12"}, **records(now, dice),
    )  # fmt: skip
    if number % 4 == 3:
        return made
    clipboard = (f"https://example.org/{dice.choice(_WORDS)}", compared_text(found, dice), text)[number % 3]
    files = {**made.files, **{path: _file(path, text) for path in sorted(found.files)}}
    several = dice.randint(2, 3) if found.takes_several or number % 4 == 1 else 1
    inputs = [given(found, number, dice) for _ in range(several)]
    return replace(made, input=inputs if several > 1 else inputs[0], clipboard=clipboard, files=files)


def page(dice: random.Random) -> str:
    """Return a web page."""
    link = "<a href='https://example.org/a'>more</a>"
    return f"<html><head><title>{dice.choice(_WORDS)}</title></head><body><p>{dice.choice(_WORDS)} 12</p>{link}</body></html>"


SONGS = tuple(Record("song", {
    "Title": title, "Artist": "Band", "Album": "Record", "Genre": "Pop", "Media Kind": "Music", "Play Count": count, "Duration": 200,
    "Lyrics": "la la"}) for count, title in enumerate(("First", "Second", "Third"), start=1))  # fmt: skip


def weather(dice: random.Random, found: Needs, number: int) -> dict[str, Any]:
    """Return a weather report but for its temperature: what a shortcut compares must be there, and differ from world to world."""
    chance = _between(0, 100, found, number, dice)
    return {"Condition": dice.choice(["Rain", "Sunny", "Cloudy", "Snow"]), "High": Quantity(21, "°C"), "Low": Quantity(3, "°C"),
            "Feels Like": Quantity(dice.randint(-10, 35), "°C"), "Dewpoint": Quantity(dice.randint(-5, 20), "°C"),
            "Humidity": dice.randint(20, 95), "Precipitation Chance": chance, "Chance of Precipitation": chance,
            "Precipitation Amount": Quantity(dice.randint(0, 20), "mm"), "Wind Speed": Quantity(dice.randint(0, 90), "km/h"),
            "Wind Direction": dice.choice(["N", "E", "S", "W"]), "UV Index": dice.randint(0, 11), "Pressure": dice.randint(980, 1040),
            "Visibility": Quantity(dice.randint(1, 40), "km"), "Location": "London"}  # fmt: skip


def records(now: datetime, dice: random.Random) -> dict[str, tuple[Any, ...]]:
    """Return the people, reminders, events, notes, photos and songs of a world."""
    day = timedelta(days=1)
    return {
        "contacts": tuple(person(dice) for _ in range(3)),
        "photos": tuple(photo(dice) for _ in range(4)),
        "songs": tuple(Record("song", {**song.fields, "Last Played Date": now - day, "Date Added": now - 90 * day}) for song in SONGS),
        "notes": (Record("note", {"Name": "Ideas", "Body": "Ideas\nfirst", "Folder": "Notes", "Creation Date": now - 5 * day}),),
        "reminders": (
            Record("reminder", {"Title": "Buy milk", "List": "Shopping", "Is Completed": False, "Due Date": now, "Notes": ""}),
            Record("reminder", {"Title": "Call Ada", "List": "Reminders", "Is Completed": True, "Due Date": now - 2 * day}),
        ),
        "events": (Record("event", {
            "Title": "Standup", "Start Date": now + day / 12, "End Date": now + day / 8, "Calendar": "Work", "Is All Day": False,
            "Location": "Room 1", "Notes": "", "Attendees": []}),),
    }  # fmt: skip


def worlds(shortcut: dict[str, Any], count: int = 8, seed: int = 0, program: Program | None = None) -> Iterator[World]:
    """Yield worlds for a shortcut. Raises Unbalanced."""
    program = program or as_program(shortcut)
    found = needs(shortcut)
    for number in (0, 1):  # what the first answers lead to is seen in a second run
        observe(found, run(program, world(found, number, seed)))
    for number in range(count):
        yield world(found, number, seed)
