"""What the readers share: the types of all sources mapped onto ours, and what may pass as a name."""

from __future__ import annotations

import re
from typing import Any

from shortcuts.catalog.records import Record

# What sources call a type -> ours (shortcuts/catalog/records.py); the first that fits, `entity` if none does. The names are those of
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

# Numbers of App Intents (LinkServices); the two kinds of wrapper count apart.
PRIMITIVES = {0: "text", 1: "boolean", 2: "number", 7: "number", 8: "date", 9: "date", 10: "location", 11: "url", 12: "text"}
INTENT_TYPES = {12: "file"}

# Whose word counts where two sources differ. WorkflowKit's own list names what a user sees, and apps know themselves; ToolKit is
# complete; ShortcutsBench has the facts of the others at second hand; what is merely seen in use comes last, what others saw behind it.
PRECEDENCE = ("wf", "ai", "si", "tk", "sb", "seen", "counted")

# One shortcut may have a key by mistake, or from a model that made it up; two independent ones hardly: so many make a key or value a fact.
MIN_SHORTCUTS = 2
MIN_TO_OVERRULE = 3  # what goes against a source or beyond what was seen: another type, a result's name, a key of a whole family, a count

# What a source leaves open that lists no more than ids, or shows an action in use: see Api.
UNKNOWN = ["parameters", "result"]

# A longer string is no name of a field but a sentence about it.
MAX_LABEL = 40
MAX_TITLE = 60
MAX_DEFAULT = 40

PLATFORMS = {"phone": "iOS", "pad": "iOS", "ios": "iOS", "desktop": "macOS", "macos": "macOS", "watch": "watchOS", "watchos": "watchOS"}

# Parts with dots between them; after a `|`, the app that a tool of the system works for.
ID = re.compile(r"[\w-]+(\.[\w-]+)+(\|[\w.-]+)?", re.ASCII)

# A template, a note of developers, and keys of translations: WORD_WORD, a.b.c, or nothing but a.b.
_NO_NAME = re.compile(r"\$\{|<|[A-Za-z0-9]_[A-Za-z0-9]|\w\.\w+\.\w|^\w+\.\w+$")


def neutral_type(name: str | None) -> str:
    """Our type for the name that a source gives a type; `entity` for an object that is none of the plain kinds, `any` for nothing."""
    if not name:
        return "any"
    plain = name.removesuffix("(Object)")
    if plain.isdigit():
        return PRIMITIVES.get(int(plain), "any") if plain != "12" else "file"
    return next((kind for pattern, kind in TYPE_RULES if pattern.search(plain)), "entity")


def label(text: object, limit: int = MAX_LABEL) -> str:
    """A name as the app shows it, or "" for what is none: a sentence, a template, the key of a translation that was not found."""
    text = " ".join(text.split()) if isinstance(text, str) else ""
    is_name = len(text) <= limit and not text.endswith(".") and text.count("(") == text.count(")")
    return text if is_name and text.isprintable() and not _NO_NAME.search(text) else ""


def plain_default(value: Any) -> Any:
    """A default worth keeping, or None: a plain value that is no sentence."""
    plain = isinstance(value, (bool, int, float)) or (isinstance(value, str) and len(value) <= MAX_DEFAULT and not value.endswith("."))
    return value if plain or (isinstance(value, list) and all(isinstance(item, str) for item in value)) else None


def new_api(api_id: str) -> Record:
    """The record of an API of which nothing is known."""
    return {"id": api_id, "source": [], "unknown": UNKNOWN}


def checked(record: Record) -> Record:
    """The record, if its id is one, and its names and values are texts. Raises ValueError otherwise."""
    parameters = record.get("parameters", [])
    texts = [record.get("id"), *(record.get(field, "") for field in ("python_name", "input_key"))]
    texts += [text for parameter in parameters for text in (parameter.get("key"), *parameter.get("enum", ()))]
    if not all(isinstance(text, str) for text in texts) or not ID.fullmatch(record["id"]):
        raise ValueError(f"{record.get('id')!r} is no id of an API, or something in it is no text")
    return record


def without_empty(record: Record) -> Record:
    """A record without the fields that say nothing; only a default may be false."""
    empty = (None, "", [], {})
    return {field: value for field, value in record.items() if value not in empty and (value is not False or field == "default")}


def result(name: object, types: Any) -> Record | None:
    """A result, if there is one. Its name may be empty."""
    kinds = list(dict.fromkeys(neutral_type(kind) for kind in types if kind))
    return {"name": label(name), "types": kinds} if label(name) or kinds else None
