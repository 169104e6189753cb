"""Requests of everyday life for Apple's own actions, one to three of them, in the phrases that sentence.py understands.

Each is a sentence as people say it, and the rules write its program, so the two agree. 04_expand.py --sampling everyday draws them: a
model that is to serve a person's sentence learns from them how short ones look.

    request(17, 0, Catalog.load())     # Request("Take a photo and save it to photos", ["is.workflow.actions.takephoto", ...])
"""

from __future__ import annotations

import random
import re
from typing import NamedTuple

from common.jsonl import Record, UserError
from common.offline import values
from common.offline.request import category_of
from common.offline.sentence import understood
from common.prompts import query_problem
from shortcuts import apis_of
from shortcuts.catalog import Catalog
from shortcuts.catalog.search import SYNTAX_APIS

OFFLINE = "offline"  # the writer of these, as a record names it
TRIES = 20  # draws for a request: some combinations say what no rule understands

# What is done at once. Several forms of one wish stand side by side, since people do not agree on one.
ALONE = (
    "set a timer for {n} minutes", "start a {n} minute timer", "timer for {n} seconds", "start a countdown of {n} hours",
    "turn on the flashlight", "turn the torch off", "switch off wifi", "turn wi-fi on", "turn bluetooth off", "enable bluetooth",
    "turn on airplane mode", "turn on low power mode", "disable low power mode", "turn on dark mode", "switch off dark mode",
    "turn on do not disturb", "turn off do not disturb", "set the volume to {percent}%", "turn the volume up to {percent}%",
    "set the brightness to {percent}%", "turn the screen brightness down to {percent} percent",
    "remind me to {deed}", "remind me to {deed} at {time}", "remind me to {deed} tomorrow at {time}", "remind me in {n} hours to {deed}",
    "remind me in {n} minutes to {deed}", "remind me to {deed} in {n} minutes", "add a reminder to {deed}",
    "create a reminder called '{title}'",
    "add {thing} to my shopping list", "add '{thing}' to my grocery list", "put '{thing}' on my shopping list",
    "add {deed} to my to-do list",
    "show a notification saying '{message}'", "send me a notification that says '{message}'", "show an alert saying '{message}'",
    "send a message saying '{message}'", "write a text message that says '{message}'", "say good morning", "say '{message}'",
    "speak '{message}'", "tell me to {deed}", "show '{message}'", "copy '{message}' to the clipboard", "open {url}", "open the camera",
    "launch the music app", "open the calculator", "open notes", "open the calendar app", "search the web for {topic}", "google {topic}",
    "play some music", "pause the music", "stop the music", "skip to the next song", "play the previous song", "resume the music",
    "take a screenshot", "take a selfie", "log {ml} ml of water", "record {ml} ml of water in Health", "flip a coin", "roll a dice",
    "vibrate",
    "what time is it", "show me the date", "what is the weather tomorrow", "show the weather forecast", "tell me the weather",
    "show my battery level", "show my ip address", "show my current location", "read out the weather", "speak the time",
    "let me choose between {city}, {city2} and {city3}", "pick a random one from {thing}, {thing2} and {thing3}",
    "translate '{message}' to {language}", "make a qr code of '{message}'", "make a qr code for {url}", "make a pdf of the clipboard",
    "count the words in the clipboard", "read the clipboard aloud", "translate the clipboard into {language}", "share the clipboard",
    "show me a random number between {n} and {m}", "send my location as a message", "share my location", "share my last photo",
    "show my last {n} photos", "resize my last photo to {pixels} pixels", "convert the clipboard to upper case", "ask me '{question}'",
    "save my last screenshot to the album called '{folder}'", "turn my last photo into a pdf", "copy my ip address",
    "copy today's date")  # fmt: skip

# What makes a thing, and what can be done with one of its kind.
MAKES = {
    "image": ("take a photo", "take a picture", "take a selfie", "take a screenshot", "show a photo that i pick",
              "resize my latest photo to {pixels} pixels"),
    "text": ("ask me for a name", "ask for a text", "ask me '{question}'", "ask me for a note", "scan a qr code", "download {url}",
             "translate the clipboard to {language}", "count the characters of the clipboard",
             "let me choose between {city}, {city2} and {city3}"),
    "number": ("ask for a number", "ask me for a number"),
}  # fmt: skip
FOLLOWS = {
    "image": ("save it to photos", "save it to my photo library", "save it in the album called '{folder}'", "share it",
              "send it as a message", "resize it to {pixels} pixels", "convert it to a pdf", "copy it to the clipboard", "show it"),
    "text": ("show it", "copy it to the clipboard", "copy it", "speak it", "read it aloud", "share it", "send it as a text message",
             "translate it to {language}", "make it upper case", "count the words in it", "make a qr code from it", "search the web for it",
             "convert it to lower case", "add it to my shopping list"),
    "number": ("double it", "multiply it by {n}", "divide it by {n}", "add {n} to it", "subtract {n} from it", "show it", "copy it"),
}  # fmt: skip
IF = ("if it rains tomorrow", "if it rains today", "if no rain is forecast", "if my battery is below {charge}%", "if it will snow tomorrow",
      "if my battery level is above {charge} percent", "if the clipboard contains '{tag}'", "if it is raining",
      "if it is going to rain today")  # fmt: skip
OPENINGS = ("{}", "{}", "{}", "please {}", "can you {}", "I want to {}", "could you please {}", "make a shortcut to {}")
NO_WISH = re.compile("if |what |timer ")  # nobody says "please" before these
LANGUAGES = ("German", "French", "Spanish", "Italian", "Japanese", "Portuguese", "Polish", "Dutch", "Turkish", "Korean")


class Request(NamedTuple):
    """A sentence, and the actions that it needs."""

    query: str
    apis: list[str]


def request(number: int, seed: int, catalog: Catalog) -> Request:
    """Return request `number`, a function of the seed and the number. Raises UserError if no draw makes one that the rules understand."""
    for attempt in range(TRIES):
        key = f"{seed}:{number}:{attempt} everyday"
        query = _sentence(random.Random(key), key)
        program = understood(query, catalog).program
        if program and (apis := [api for api in apis_of(program) if api not in SYNTAX_APIS]) and query_problem(query, apis) is None:
            return Request(query, apis)
    raise UserError("no request of everyday life is understood with this catalogue")


def record(identifier: str, number: int, seed: int, catalog: Catalog) -> Record:
    """Return request `number` as a record of stage 04, without examples or tokens of a writer."""
    query, apis = request(number, seed, catalog)
    return {"id": identifier, "query": query, "apis": apis, "apps": sorted({catalog[api].app for api in apis}),
            "category": category_of(apis, catalog, identifier), "examples": [], "writer": {"model": OFFLINE, "prompts": {}}}


def _sentence(source: random.Random, key: str) -> str:
    """Return one thing that is asked for, two in a row, or one under a condition."""
    def clause(forms: tuple[str, ...], place: str = "") -> str:
        return filled(source.choice(forms), f"{key} {place}")

    def joint() -> str:
        return source.choice((" and ", " and then ", ", then "))

    way = source.random()
    if way < 0.4:
        text = clause(ALONE)
    elif way < 0.6:
        text = clause(ALONE) + joint() + clause(ALONE, "second")
    elif way < 0.85:
        kind = source.choice([*MAKES])
        follows = [clause(FOLLOWS[kind], str(place)) for place in range(source.choice((1, 1, 2)))]
        text = clause(MAKES[kind]) + "".join(joint() + follow for follow in dict.fromkeys(follows))
    else:
        text = f"{clause(IF)}, {clause(ALONE, 'then')}"
        text += f", otherwise {clause(ALONE, 'else')}" if source.random() < 0.3 else ""
    text = text if NO_WISH.match(text) else source.choice(OPENINGS).format(text)
    text = text[0].upper() + text[1:] if source.random() < 0.7 else text
    return text + source.choice(("", "", "."))


def filled(form: str, key: str) -> str:
    """Return a clause with its slots filled by the key."""
    own = {
        "n": str(2 + values.draw(f"{key} n", 43)), "m": str(50 + values.draw(f"{key} m", 450)),
        "percent": str(5 * (1 + values.draw(f"{key} p", 19))), "charge": str(5 * (2 + values.draw(f"{key} c", 15))),
        "ml": str(50 * (2 + values.draw(f"{key} ml", 13))), "pixels": str(80 * (4 + values.draw(f"{key} px", 20))),
        "deed": values.text("", key), "title": values.text("title", key), "message": values.text("message", key),
        "question": values.text("question", key), "topic": values.text("topic", key), "url": values.url(key),
        "tag": values.word("tag", key), "folder": values.word("folder", key), "time": values.word("time", key),
        "language": values.pick(LANGUAGES, key),
        **{name + end: values.word(name, f"{key} {name}{end}") for name in ("thing", "city") for end in ("", "2", "3")},
    }  # fmt: skip
    return form.format(**own)
