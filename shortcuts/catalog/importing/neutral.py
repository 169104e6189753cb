"""Shared by the readers: the types of all sources mapped onto the catalogue's, and checks of names and defaults."""

from __future__ import annotations

import re
from typing import Any

from shortcuts.catalog.records import Record

# A source's name of a type -> the catalogue's (records.py): the first pattern that fits, `entity` if none does. The names are those of
# WorkflowKit's parameter and content classes, of SiriKit, of uniform type identifiers, and in snake case of ToolKit in Python.
TYPE_RULES = [
    (re.compile(pattern, re.IGNORECASE), kind)
    for kind, pattern in (
        ("list", r"^array\(|^nsarray|contentarray|menuarray"),
        ("enum", r"\(enum\)$|^enum|enumeration|appenum$|_enum$|_sort_(property|order)$|compound_type$|_deep_links?$"),
        ("filter", r"^query_|contentpredicate"),
        ("text", r"variable_?field"),
        ("variable", r"variable_?picker|wfcontent_?item(_input_parameter)?$|conditionalsubject"),
        ("workflow", r"workflow_?(picker|reference|folder)|^shortcut$"),
        ("app", r"^(builtin_)?app$|app_?picker|app_?descriptor|^wfapp(store)?"),
        ("entity", r"_entity$|(substitutable|parameter)_state$|_content_item$"),
        ("entity", r"(album|timezone|locale|language|voice|network|playlist|route)_?picker"),
        ("enum", r"_wf[a-z]+(_[a-z]+)*$|(operation|mode|state|style|option|type|format|accuracy)$"),
        ("enum", r"(direction|visibility|destination|position)$"),
        ("entity", r"^com_"),
        ("enum", r"(accuracy|inputtype|surface|format_?picker|directionpicker|unitpicker|unit_?type_?picker|typepicker|mode_?picker)\w*$"),
        ("enum", r"(filesize|additional)picker|(colorspace|format)parameter$"),
        ("text", r"customdateformat"),
        ("quantity", r"quantity|measurement|duration|timeinterval|distance|currency|radius|filesize"),
        ("boolean", r"^bool|wfboolean|switch|expanding|tumblrcomposeinapp"),
        ("any", r"^personname"),
        ("contact", r"contact|^person|email_?address|phone_?number"),
        ("number", r"number|stepper|slider|^int(eger)?$|^decimal|^float$|^double$"),
        ("dictionary", r"dictionary|^dict\b"),
        ("location", r"location|^placemark|mkmapitem|streetaddress"),
        ("color", r"colou?r_?(picker|appentity|$)"),
        ("date", r"date|^time$"),
        ("url", r"^url$|nsurl|wfurl|richurl|safariwebpage"),
        ("file", r"^file|^wf(generic)?file|^public\.|image|pdf|photo|avasset|phasset|^com\.[a-z]+\.[a-z0-9-]+$"),
        ("text", r"^wftext|string|^str$|^text$|^title$|script|sshkey"),
        ("any", r"^any|^none$"),
    )
]

# Numbers of App Intents (LinkServices); each kind of wrapper has its own.
PRIMITIVES = {0: "text", 1: "boolean", 2: "number", 7: "number", 8: "date", 9: "date", 10: "location", 11: "url", 12: "text"}
INTENT_TYPES = {12: "file"}

# The order in which sources count where they differ: WorkflowKit's own list has the names that users see, apps know themselves, ToolKit is
# complete, ShortcutsBench repeats the others; usage in shortcuts comes last, and counts of others after it.
PRECEDENCE = ("wf", "ai", "si", "tk", "sb", "seen", "counted")

# The shortcuts that make a key or value a fact: one may have it by mistake, or from a model that made it up; two hardly.
MIN_SHORTCUTS = 2
MIN_TO_OVERRULE = 3  # to contradict a source or generalise: another type, a result's name, a key of a whole family, a count

# `unknown` (see Api) of a source that only lists ids, or only shows an action in use.
UNKNOWN = ["parameters", "result"]

# A longer string is a sentence about a field, not its name.
MAX_LABEL = 40
MAX_TITLE = 60
MAX_DEFAULT = 40

PLATFORMS = {"phone": "iOS", "pad": "iOS", "ios": "iOS", "desktop": "macOS", "macos": "macOS", "watch": "watchOS", "watchos": "watchOS"}

# Parts separated by dots; after a `|`, the app that a tool of the system works for.
ID = re.compile(r"[\w-]+(\.[\w-]+)+(\|[\w.-]+)?", re.ASCII)

# Strings that are not names: templates, notes of developers, and keys of translations (WORD_WORD, a.b.c, or just a.b).
_NO_NAME = re.compile(r"\$\{|<|[A-Za-z0-9]_[A-Za-z0-9]|\w\.\w+\.\w|^\w+\.\w+$")


def neutral_type(name: str | None) -> str:
    """Return the catalogue's type for a source's name of a type: `entity` for an unknown kind of object, `any` without a name."""
    if not name:
        return "any"
    plain = name.removesuffix("(Object)")
    if plain.isdigit():
        return PRIMITIVES.get(int(plain), "any") if plain != "12" else "file"
    return next((kind for pattern, kind in TYPE_RULES if pattern.search(plain)), "entity")


def label(text: object, limit: int = MAX_LABEL) -> str:
    """Return a name as the app shows it; "" for a sentence, a template, or the key of a translation that was not found."""
    text = " ".join(text.split()) if isinstance(text, str) else ""
    is_name = len(text) <= limit and not text.endswith(".") and text.count("(") == text.count(")")
    return text if is_name and text.isprintable() and not _NO_NAME.search(text) else ""


def plain_default(value: Any) -> Any:
    """Return a plain default value; None for a sentence or anything else."""
    plain = isinstance(value, (bool, int, float)) or (isinstance(value, str) and len(value) <= MAX_DEFAULT and not value.endswith("."))
    return value if plain or (isinstance(value, list) and all(isinstance(item, str) for item in value)) else None


def new_api(api_id: str) -> Record:
    """Return the record of an API without any fact."""
    return {"id": api_id, "source": [], "unknown": UNKNOWN}


def checked(record: Record) -> Record:
    """Return the record as it is. Raises ValueError for a malformed id, or a name or value that is not text."""
    parameters = record.get("parameters", [])
    texts = [record.get("id"), *(record.get(field, "") for field in ("python_name", "input_key"))]
    texts += [text for parameter in parameters for text in (parameter.get("key"), *parameter.get("enum", ()))]
    if not all(isinstance(text, str) for text in texts) or not ID.fullmatch(record["id"]):
        raise ValueError(f"{record.get('id')!r} is no id of an API, or something in it is no text")
    return record


def without_empty(record: Record) -> Record:
    """Return a record without empty and false fields; only a default may be false."""
    empty = (None, "", [], {})
    return {field: value for field, value in record.items() if value not in empty and (value is not False or field == "default")}


def result(name: object, types: Any) -> Record | None:
    """Return a result, whose name may be empty, or None without name and types."""
    kinds = list(dict.fromkeys(neutral_type(kind) for kind in types if kind))
    return {"name": label(name), "types": kinds} if label(name) or kinds else None
