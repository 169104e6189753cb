"""How values become other types: (value, type, what it becomes), all as JSON.

Types are those of a variable's "as" menu; `Keys`, `Name` and other capital words are properties, `.key` is a value for a key. The clock stands at
2026-03-14 09:30 in London, a Saturday; the language is American English. None is "nothing".

Sources: the user guide's pages "Intro to variables", "Use variables in shortcuts", "How Shortcuts uses content types" and "Use dictionaries";
RFC 8259 for JSON; what real shortcuts rely on. ASSUMED holds those that no source settles.
"""

from __future__ import annotations

from typing import Any


def date(text: str) -> dict[str, str]:
    """Return the JSON of a date in London's winter."""
    return {"$": "date", "date": text if "+" in text else f"{text}+00:00"}


def url(text: str) -> dict[str, str]:
    """Return the JSON of a link."""
    return {"$": "url", "url": text}


QUANTITY = {"$": "quantity", "amount": 5, "unit": "km"}
ADA = {"$": "contact", "Name": "Ada Moor", "Phone Numbers": "+44 20 7946 0123", "Email Addresses": "ada@example.org"}
PICTURE = {"$": "image", "name": "cat.png", "width": 640, "height": 480}
NOTE = {"$": "file", "name": "note.txt", "text": "Buy 3 apples"}
SONG = {"$": "song", "Title": "First", "Artist": "Band"}
PAGE = {"$": "rich text", "html": "<p>Hello <b>you</b></p><p>Again</p>"}

COERCIONS: list[tuple[Any, str, Any]] = [
    # text
    ("abc", "text", "abc"), ("", "text", ""), (None, "text", None), (5, "text", "5"), (-5, "text", "-5"), (0, "text", "0"), (2.5, "text", "2.5"),
    (3.0, "text", "3"), (0.1, "text", "0.1"), (1000000, "text", "1000000"), (1e21, "text", "1e+21"), (1e-7, "text", "0.0000001"),
    (12345678.9, "text", "12345678.9"), (["a", "b"], "text", "a\nb"), ([1, 2, 3], "text", "1\n2\n3"), (["a", ["b", "c"]], "text", "a\nb\nc"),
    ([], "text", ""), ({"a": 1}, "text", '{"a":1}'), ({"a": [1, "x"]}, "text", '{"a":[1,"x"]}'), ({}, "text", "{}"),
    ({"a": {"b": None}}, "text", '{"a":{"b":null}}'), (url("https://example.org/a?b=c"), "text", "https://example.org/a?b=c"), (QUANTITY, "text", "5 km"),
    (NOTE, "text", "Buy 3 apples"), (PAGE, "text", "Hello you\nAgain"), (ADA, "text", "Ada Moor"), (SONG, "text", "First"),
    (date("2026-03-14T09:30:00"), "text", "Mar 14, 2026 at 9:30 AM"), (date("2026-12-31T23:05:00"), "text", "Dec 31, 2026 at 11:05 PM"),
    ("a\r\nb", "text", "a\r\nb"), ("👩‍👩‍👧", "text", "👩‍👩‍👧"), ({"ключ": "é"}, "text", '{"ключ":"é"}'), (["", "a"], "text", "\na"),
    # number
    ("5", "number", 5), ("-5", "number", -5), ("2.5", "number", 2.5), (" 7 ", "number", 7), ("5 apples", "number", 5), ("I have 12 of them", "number", 12),
    ("1,234", "number", 1234), ("1,234.5", "number", 1234.5), ("abc", "number", None), ("", "number", None), (None, "number", None), (5, "number", 5),
    (2.5, "number", 2.5), (True, "number", 1), (False, "number", 0), (QUANTITY, "number", 5), (NOTE, "number", 3), ("0", "number", 0), ("007", "number", 7),
    ("3.0", "number", 3), (["5", "6"], "number", [5, 6]), ("1e3", "number", 1000), ("+4", "number", 4), (".5", "number", 0.5),
    # boolean
    (True, "boolean", True), (False, "boolean", False), (1, "boolean", True), (0, "boolean", False), (2, "boolean", True), ("true", "boolean", True),
    ("false", "boolean", False), ("Yes", "boolean", True), ("No", "boolean", False), ("1", "boolean", True), ("0", "boolean", False), (None, "boolean", None),
    # date
    ("2026-05-01", "date", date("2026-05-01T00:00:00+01:00")), ("2026-01-05", "date", date("2026-01-05T00:00:00")),
    ("2026-01-05 14:30", "date", date("2026-01-05T14:30:00")), ("2026-01-05T14:30:00Z", "date", date("2026-01-05T14:30:00")),
    ("2026-07-05T14:30:00Z", "date", date("2026-07-05T15:30:00+01:00")), ("today", "date", date("2026-03-14T00:00:00")),
    ("tomorrow", "date", date("2026-03-15T00:00:00")), ("yesterday", "date", date("2026-03-13T00:00:00")), ("now", "date", date("2026-03-14T09:30:00")),
    ("tomorrow at 3 pm", "date", date("2026-03-15T15:00:00")), ("in 3 days", "date", date("2026-03-17T09:30:00")), ("2 hours ago", "date", date("2026-03-14T07:30:00")),
    ("March 20, 2026", "date", date("2026-03-20T00:00:00")), ("20 March 2026", "date", date("2026-03-20T00:00:00")), ("3/20/2026", "date", date("2026-03-20T00:00:00")),
    ("Monday", "date", date("2026-03-16T00:00:00")), ("18:45", "date", date("2026-03-14T18:45:00")), ("6:45 PM", "date", date("2026-03-14T18:45:00")),
    ("no date at all", "date", None), ("", "date", None), (None, "date", None), (date("2026-01-05T14:30:00"), "date", date("2026-01-05T14:30:00")),
    # dictionary
    ({"a": 1}, "dictionary", {"a": 1}), ('{"a":1}', "dictionary", {"a": 1}), (' {"a": [1, 2]} ', "dictionary", {"a": [1, 2]}), ("[1]", "dictionary", None),
    ("abc", "dictionary", None), ("{broken", "dictionary", None), ("", "dictionary", None), (None, "dictionary", None), (5, "dictionary", None),
    ({"$": "file", "name": "a.json", "text": '{"a":1}'}, "dictionary", {"a": 1}), ('[{"a":1}]', "dictionary", {"a": 1}),
    # url
    ("https://example.org", "url", url("https://example.org")), ("see https://example.org/a, please", "url", url("https://example.org/a")),
    ("www.example.org", "url", url("http://www.example.org")), ("example.com/a", "url", url("http://example.com/a")), ("mailto:a@example.org", "url", url("mailto:a@example.org")),
    ("shortcuts://run-shortcut?name=A", "url", url("shortcuts://run-shortcut?name=A")), ("no link", "url", None), ("", "url", None), (None, "url", None),
    (url("tel:123"), "url", url("tel:123")),
    # file
    ("Hello", "file", {"$": "file", "name": "Hello.txt", "text": "Hello"}), ({"a": 1}, "file", {"$": "file", "name": "Dictionary.json", "text": '{"a":1}'}),
    (NOTE, "file", NOTE), (None, "file", None), (PICTURE, "file", PICTURE),
    # image
    (PICTURE, "image", PICTURE), (NOTE, "image", None), (None, "image", None),
    # rich text
    ("Hello", "rich text", {"$": "rich text", "html": "Hello"}), (PAGE, "rich text", PAGE),
    # contact
    (ADA, "contact", ADA), ("ada@example.org", "contact", {"$": "contact", "Name": "ada@example.org", "Email Addresses": "ada@example.org"}),
    ("+44 20 7946 0123", "contact", {"$": "contact", "Name": "+44 20 7946 0123", "Phone Numbers": "+44 20 7946 0123"}),
    ("BEGIN:VCARD\nVERSION:3.0\nN:Moor;Ada\nTEL:123\nEND:VCARD", "contact",
     {"$": "contact", "Name": "Ada Moor", "First Name": "Ada", "Last Name": "Moor", "Phone Numbers": "123"}),
    # properties
    ({"a": 1, "b": 2}, "Keys", ["a", "b"]), ({"a": 1, "b": 2}, "Values", [1, 2]), ({"a": 1}, "Keys", "a"), ({}, "Keys", None), (NOTE, "Name", "note"),
    (NOTE, "File Extension", "txt"), (NOTE, "File Size", 12), (PICTURE, "Width", 640), (PICTURE, "Height", 480), (PICTURE, "Name", "cat"), (SONG, "Artist", "Band"),
    (SONG, "Album", None), (ADA, "Phone Numbers", "+44 20 7946 0123"), ("Hello", "Name", "Hello"), ([PICTURE, PICTURE], "Width", [640, 640]),
    ({"$": "file", "name": "archive.tar.gz"}, "File Extension", "gz"), ({"$": "file", "name": "README"}, "File Extension", ""),
    (url("https://example.org:80/a/b?c=d#e"), "Host", "example.org"),
    # keys
    ({"a": {"b": 1}}, ".a", {"b": 1}), ({"a": {"b": 1}}, ".a.b", 1), ({"a": 1}, ".b", None), ({"a.b": 1}, ".a.b", 1), ({"a": [10, 20]}, ".a.1", 10),
    ({"a": [10, 20]}, ".a.2", 20), ({"a": [10, 20]}, ".a.3", None), ({"a": [{"b": 1}, {"b": 2}]}, ".a.2.b", 2), ('{"a":1}', ".a", 1), ("abc", ".a", None),
    ([{"a": 1}, {"a": 2}], ".a", [1, 2]), ({"a": None}, ".a", None), ({"1": "x"}, ".1", "x"), ({"a": {"b.c": 1}}, ".a.b.c", 1), (SONG, ".Title", "First"),
]  # fmt: skip

ASSUMED: list[tuple[Any, str, Any]] = [
    (True, "text", "Yes"), (False, "text", "No"), ({"a": True}, "text", '{"a":true}'), ({"a": "x/y"}, "text", '{"a":"x\\/y"}'), (PICTURE, "text", "cat"),
    ("maybe", "boolean", None), ("", "boolean", False), (["7"], "boolean", None), (date("2026-01-05T14:30:00"), "number", None), ({"a": 1}, "number", None),
    ("next friday", "date", date("2026-03-20T00:00:00")), (5, "date", None), (["2026-01-05", "x"], "date", date("2026-01-05T00:00:00")),
    (url("https://example.org"), "file", {"$": "file", "name": "https   example.org.webloc", "text": "https://example.org"}),
    ("Ada", "contact", {"$": "contact", "Name": "Ada"}),
]  # fmt: skip
