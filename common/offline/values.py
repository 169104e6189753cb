"""Values that stand for what a person would say: titles, texts, names, addresses, times.

The writer of a request and the writer of its program draw from the same key, API and parameter, so that the request says what the program
holds. There are some thousands of values, none of which a model can learn by heart as what belongs into any program.

    text("title", "q-0-17 is.workflow.actions.addnewreminder WFCalendarItemTitle")   # "call the dentist"
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence


def draw(key: str, count: int) -> int:
    """Return a number below `count` that depends on `key` alone."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % count


def pick(words: Sequence[str], key: str) -> str:
    """Return one of the words, by the key."""
    return words[draw(key, len(words))]


def _words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.replace("\n", " ").split(",") if part.strip())


PEOPLE = _words("""
    Anna, Ben, Clara, David, Emma, Felix, Grace, Henry, Ida, Jonas, Karin, Leo, Maria, Nora, Oscar, Paula, Quentin,
    Rosa, Sam, Tina, Uwe, Vera, Will, Yusuf, Zoe, Aunt May, Grandpa, Mum, Dad, my sister, my brother, Dr Weber, Mrs
    Lopez, Mr Chen, the landlord, the plumber, the babysitter, the neighbours, Priya, Mateo, Aiko, Lars, Chloe, Omar,
    Ines, Tom""")
THINGS = _words("""
    milk, bread, coffee beans, dish soap, batteries, cat food, printer paper, a birthday card, running shoes, stamps,
    light     bulbs, tomatoes, rice, olive oil, toothpaste, a phone charger, flowers, garden soil, a new notebook, dog
    treats, bananas, laundry     detergent, a train ticket, an umbrella, sunscreen, yoghurt, screws, wrapping paper,
    bird seed, a water filter, tea, oat milk""")
PLACES = _words("""
    the kitchen, the garage, the office, the balcony, the cellar, the garden, the bathroom, the attic, the car, the
    hallway, the     studio, the shed, the workshop, the living room, the guest room, the summer house""")
CITIES = _words("""
    Lisbon, Oslo, Kyoto, Austin, Vienna, Leeds, Bologna, Seoul, Porto, Denver, Utrecht, Lyon, Bergen, Cork, Nairobi,
    Perth, Quito, Tallinn, Hamburg, Toronto, Seville, Ghent, Osaka, Boston, Prague, Zurich, Dublin, Malmo, Graz, Turin,
    Bristol, Antwerp""")
TOPICS = _words("""
    the budget, the school play, solar panels, the spring menu, bike repairs, the holiday plan, rent, chess openings,
    sleep, the book     club, piano practice, the marathon, our newsletter, tax papers, the choir, moving house, the
    allotment, wedding guests, insurance, the science fair, camping gear, bread baking, Spanish verbs, knee exercises,
    the new website, interview questions, the band, energy     bills, bird watching, the annual report, film night,
    family recipes, the sprint, travel costs, home insurance, swimming lessons""")
DAYS = _words("""
    Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday, tomorrow, next week, the weekend, the first of May,
    Whit Sunday""")
TIMES = _words("""
    7 am, 8:15 am, 9 am, 10:30 am, noon, 1 pm, 2:45 pm, 4 pm, 5:30 pm, 6 pm, 7:20 pm, 9 pm, 10:15 pm""")
MOODS = _words("""
    running late, on my way, home early, at the station, stuck in traffic, done for today, nearly there, on the train,
    in a meeting, leaving now, back by eight, at the gym, waiting outside, ready when you are, out of battery, off to
    bed""")
DEEDS = (
    "call {person}", "buy {thing}", "clean {place}", "water the plants in {place}", "write to {person}", "pick up {thing}",
    "talk to {person} about {topic}", "read up on {topic}", "send {person} the photos", "pay {person}", "order {thing}",
    "plan {topic}", "bring {thing} to {place}", "ask {person} for the keys to {place}", "tidy up {place}", "prepare {topic}",
    "book a table for {day}", "meet {person} on {day}", "check {topic}", "take {thing} out of {place}", "thank {person}",
    "return {thing}", "visit {person} in {city}", "pack {thing}", "measure {place}", "look for {thing}", "finish {topic} by {day}")
TITLES = (
    "Notes on {topic}", "Ideas for {day}", "{city} trip", "Things for {place}", "{topic}, week {n}", "List for {person}",
    "Lunch with {person}", "Photos from {city}", "Log of {topic}", "{day} in {city}", "{topic} with {person}",
    "Plan {n}: {topic}", "{person} and {topic}")
MESSAGES = (
    "I am {mood}", "See you at {time}", "Can you bring {thing}?", "{person} will be there at {time}", "We need {thing} for {place}",
    "Do not forget {topic}", "The key is in {place}", "Let us talk about {topic} on {day}", "I have sent {person} the list",
    "It is about {topic}", "Dinner is at {time} in {city}", "{topic} starts at {time}", "Please water the plants on {day}",
    "I left {thing} in {place}", "The train to {city} leaves at {time}", "Thanks for {thing}", "Number {n} is for {person}",
    "All set for {day}, I am {mood}", "{city} was great, more about {topic} soon")
QUESTIONS = (
    "What is new about {topic}?", "How much is {thing}?", "Who looks after {place}?", "What shall I tell {person}?", "Does {day} suit you?",
    "How many people come to {city}?", "What do you want to note about {topic}?", "Where is {thing}?", "Is {place} ready?",
    "What comes after {topic}?", "What did {person} say?", "When do you leave for {city}?")
CHOICES = (  # what a menu asks, and its two answers: the one that goes on, and the one that does nothing
    ("Go on with {topic}?", "Yes, {topic}", "Not today"), ("Is {person} there?", "{person} is there", "Nobody is there"),
    ("What about {thing}?", "Get {thing}", "Leave it"), ("Ready for {city}?", "Off to {city}", "Stay here"),
    ("Do it for {place}?", "Do {place}", "Skip {place}"),
    ("Is it about {topic}?", "About {topic}", "Something else"), ("Tell {person}?", "Tell {person}", "Keep it to myself"))  # fmt: skip
SITES = _words("""
    garden-notes, oak-bakery, cityrides, bluebird-radio, weekly-chess, harbour-news, tinyrecipes, museum-hours,
    trail-maps, cinema-tonight, studio-nord, parcel-watch, open-orchard, river-levels, team-lunch, bookswap,
    choir-dates, bus-board, star-atlas, cafe-lune""")
PATHS = _words("""
    today, latest, list.json, menu, events/{n}, feed.xml, prices, photos/{n}, plan, week/{n}, items/{n}, about, status,
    report.csv""")
TAGS = _words("""
    urgent, home, work, later, ideas, family, garden, reading, travel, health, money, school, music, waiting, errands,
    archive, inbox, recipes, sport, private, shared, draft, important, weekend""")
FOLDERS = _words("""
    Receipts, Scans, Journal, Recipes, Invoices, Trips, Reading, Backups, Contracts, Drafts, Letters, Manuals, Maps,
    Songs, Sketches, Homework, Minutes, Tickets, Wallpapers, Exports""")
SLOTS = {"person": PEOPLE, "thing": THINGS, "place": PLACES, "city": CITIES, "topic": TOPICS, "day": DAYS, "time": TIMES, "mood": MOODS}

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


def kind_of(label: str) -> str:
    """Return what a parameter holds, by its label: "deed" (something to do) where that tells nothing."""
    return next((kind for kind, pattern in PATTERNS if pattern.search(label)), "deed")


def filled(template: str, key: str) -> str:
    """Return a template with its slots filled by the key."""
    numbers = {"n": str(2 + draw(f"{key} n", 48))}
    return template.format(**{slot: pick(words, f"{key} {slot}") for slot, words in SLOTS.items()}, **numbers)


def text(label: str, key: str) -> str:
    """Return a text for a parameter with that label: two that differ in the key differ, but for one in a hundred."""
    kind = kind_of(label)
    who = re.sub(r"\W+", ".", pick(PEOPLE, f"{key} who").lower().removeprefix("my ").removeprefix("the ")).strip(".")
    few, many = str(draw(f"{key} few", 96) + 2), draw(f"{key} many", 9000) + 1000
    made = {
        "deed": lambda: filled(pick(DEEDS, key), key), "title": lambda: _capital(filled(pick(TITLES, key), key)),
        "message": lambda: _capital(filled(pick(MESSAGES, key), key)), "question": lambda: filled(pick(QUESTIONS, key), key),
        "topic": lambda: filled("{topic} {city}", key).removeprefix("the ").removeprefix("our "),
        "person": lambda: f"{_capital(pick(PEOPLE, key).removeprefix('my '))} {pick('ABCDEFGHKLMNPRSTVWZ', key + ' initial')}.",
        "tag": lambda: f"{pick(TAGS, key)}-{pick(TAGS, key + ' more')}", "phone": lambda: f"555 {many}",
        "file": lambda: f"{pick(FOLDERS, key)}/{pick(TAGS, key)}-{few}.txt", "folder": lambda: f"{pick(FOLDERS, key)} {pick(CITIES, key)}",
        "city": lambda: f"{few} {pick(FOLDERS, key)} Street, {pick(CITIES, key)}", "time": lambda: filled("{day} at {time}", key),
        "url": lambda: url(key), "email": lambda: f"{who}{few}@{pick(SITES, key)}.example",
    }  # fmt: skip
    return made[kind]()


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def url(key: str) -> str:
    """Return an address; those of .example belong to nobody."""
    return f"https://{pick(SITES, key)}.example/{filled(pick(PATHS, key + ' path'), key)}"


def number(key: str) -> int:
    """Return a whole number as people say them."""
    return 2 + draw(key, 59)


def menu(key: str) -> tuple[str, str, str]:
    """Return what a menu asks, the answer that goes on, and the one that does nothing."""
    asked, yes, no = CHOICES[draw(key, len(CHOICES))]
    return filled(asked, key), filled(yes, key), filled(no, key)


def times(key: str) -> int:
    """Return how often something is repeated."""
    return 2 + draw(key, 9)
