"""The conversions between the app's types (values.py), as actions and variables make them.

They return None where the app finds nothing to convert, and raise Untold for an unknown. What they look at, in characters and items, they
tell `place.spend`, which ends a run that has spent its limit. Sources: the user guide's pages on content types and variables, and what real
shortcuts rely on (facts of the corpus are marked so).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import orjson

from shortcuts.machine.place import Place
from shortcuts.machine.spoken_dates import text_moment
from shortcuts.machine.values import (
    MAX_TEXT,
    File,
    Match,
    Quantity,
    Record,
    RichText,
    TooLarge,
    Unknown,
    Untold,
    Url,
    first,
    one_or_many,
    origin,
)

NAME_FIELDS = ("Name", "Title", "name", "title", "Label")

# ---------------------------------------------------------------------------------------------------------------------------------
# text


def number_text(number: float, place: Place | None = None) -> str:
    """Return a number as text: without an exponent, `.0` or grouping, and with the decimal sign of the locale."""
    if isinstance(number, int) or (number.is_integer() and abs(number) < 1e16):
        return str(int(number))
    text = repr(number)
    if "e" in text or "n" in text:
        text = format(number, ".10f").rstrip("0").rstrip(".") if abs(number) < 1e15 else text
    return text.replace(".", place.decimal_sign) if place else text


def text(value: Any, place: Place) -> str:
    """Return a value as the app writes it into a text. Lists are joined by line breaks. Raises Untold."""
    if isinstance(value, str):
        place.spend(len(value))
        return value
    write = _TEXTS.get(type(value))
    if write is None:
        raise Untold(value)
    place.spend(10)
    return write(value, place)


def _list_text(values: list[Any], place: Place) -> str:
    lines, left = [], MAX_TEXT
    place.spend(5 * len(values))
    for value in values:
        lines.append(text(value, place))
        left -= len(lines[-1]) + 1
        if left < 0:
            raise TooLarge
    return "\n".join(lines)


def _file_text(file: File, place: Place) -> str:
    if isinstance(file.data, str):
        return html_text(file.data, place) if file.extension in ("html", "htm") else text(file.data, place)
    if isinstance(file.data, bytes):
        place.spend(len(file.data))
        return file.data.decode("utf-8", "replace")
    if file.kind in ("pdf", "media") or "made" in file.facts:
        raise Untold(Unknown("text", origin("text of", file.name, file.facts.get("made", ""))))
    return file.stem


def record_text(record: Record, place: Place) -> str:
    if record.kind == "location":
        return _address(record.fields)
    for label in NAME_FIELDS:
        if record.fields.get(label) is not None:
            return text(record.fields[label], place)
    whole = " ".join(str(record.fields[key]) for key in ("First Name", "Last Name") if record.fields.get(key))
    return whole or next((str(value) for value in record.fields.values() if isinstance(value, str)), "")


def _address(fields: dict[str, Any]) -> str:
    """Return a location as its address, one part a line; its coordinates where it has none."""
    city = " ".join(str(fields[key]) for key in ("City", "State", "ZIP Code") if fields.get(key))
    parts = [str(part) for part in (fields.get("Street"), city, fields.get("Region")) if part]
    if parts:
        return "\n".join(parts)
    return str(fields.get("Name") or f"{fields.get('Latitude', '')}, {fields.get('Longitude', '')}".strip(", "))


def json_text(value: Any, place: Place) -> str:
    """Return a value as JSON, as the app writes dictionaries: compact, a slash as `\\/`."""
    writer = _Jsonable(place)
    read = writer.read(value)
    place.spend(MAX_TEXT - writer.left)
    return orjson.dumps(read, default=str).decode("utf-8", "replace").replace("/", "\\/")


class _Jsonable:
    """Turns values into what JSON has. Values share their parts, so that what is written out may be far larger; it is counted."""

    def __init__(self, place: Place) -> None:
        self.place, self.left = place, MAX_TEXT

    def read(self, value: Any) -> Any:
        self.left -= 10 + (len(value) if isinstance(value, str) else 0)
        if self.left < 0:
            raise TooLarge
        if isinstance(value, dict):
            return {self.read(str(key)): self.read(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.read(inner) for inner in value]
        if isinstance(value, str):
            return value.encode("utf-8", "replace").decode()
        if value is None or isinstance(value, bool | float):
            return value
        if isinstance(value, int):
            return value if abs(value) < 2**63 else float(value)
        return self.read(text(value, self.place))


_TEXTS: dict[type, Callable[[Any, Any], str]] = {
    type(None): lambda value, place: "",
    bool: lambda value, place: place.words["yes"] if value else place.words["no"],
    int: number_text,
    float: number_text,
    datetime: lambda value, place: place.date_text(value, "medium", "short"),
    dict: json_text,
    list: _list_text,
    Url: lambda value, place: value.text,
    Match: lambda value, place: value.text,
    RichText: lambda value, place: html_text(value.html, place),
    Quantity: lambda value, place: f"{number_text(value.amount, place)} {value.unit}",
    File: _file_text,
    Record: record_text,
}


def html_text(html: str, place: Place) -> str:
    """Return the text that a browser shows for HTML: a line for each block, spaces collapsed."""
    place.spend(2 * len(html))
    if "<" not in html and "&" not in html:
        return html
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(html)
    tree.strip_tags(["script", "style", "head"])
    if tree.body is None:
        return ""
    for node in tree.css("br"):
        node.insert_before("\n")
    for node in tree.css("p,div,h1,h2,h3,h4,h5,h6,li,tr,section,article,blockquote,pre,ul,ol,table"):
        node.insert_after("\n")
    lines = (re.sub(r"[ \t\r\f\v]+", " ", line).strip() for line in tree.body.text().split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


# ---------------------------------------------------------------------------------------------------------------------------------
# the other types

_NUMBER = re.compile(r"[-+]?(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3})?|[-+]?\.[0-9]+")


def numbers_in(value: str, place: Place) -> list[float]:
    """Return the numbers that a text holds, read as the locale writes them."""
    place.spend(2 * len(value))
    if place.decimal_sign == ",":
        value = value.replace(".", "").replace(",", ".") if re.search(r"[0-9],[0-9]", value) else value
    return [plain(float(found.replace(",", ""))) for found in _NUMBER.findall(value) if len(found) < 300]


def plain(number: float) -> float:
    """Return a whole float as an int; others as they are. Raises ArithmeticError for what is no number."""
    if isinstance(number, float):
        if number != number or number in (float("inf"), float("-inf")):
            raise ArithmeticError("no number")
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    return number if abs(number) < 2**63 else float(number)


def number(value: Any, place: Place) -> float | None:
    """Return a value as a number: the first one in a text, 1 or 0 for a boolean. Raises Untold."""
    value = first(value)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    if isinstance(value, Quantity):
        return value.amount
    if value is None or isinstance(value, dict | datetime):
        return None
    found = numbers_in(text(value, place), place)
    return found[0] if found else None


def boolean(value: Any, place: Place) -> bool | None:
    """Return a value as a boolean: a number that is not 0, or a text that says yes. Raises Untold."""
    value = first(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return value != 0
    said = text(value, place).strip().lower()
    if said in ("yes", "true", "1", "on", place.words["yes"].lower()):
        return True
    return False if said in ("no", "false", "0", "off", "", place.words["no"].lower()) else None


def dictionary(value: Any, place: Place) -> dict[str, Any] | None:
    """Return a value as a dictionary: a text or file that holds JSON, the fields of a contact. Raises Untold."""
    value = first(value)
    if isinstance(value, dict):
        return value
    if isinstance(value, Record):
        return value.fields
    parsed = parse_json(value, place) if value is not None else None
    return parsed if isinstance(parsed, dict) else first(parsed) if isinstance(first(parsed), dict) else None


def parse_json(value: Any, place: Place) -> Any:
    """Return what the JSON of a text holds, or None if it is none. Raises Untold."""
    source = text(value.data if isinstance(value, File) and isinstance(value.data, str) else value, place)
    if source.lstrip()[:1] in ("{", "["):
        try:
            return orjson.loads(source)
        except ValueError:
            return None
    return None


LINK = re.compile(
    r"(?:[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s<>\"'\u201c\u201d]+|mailto:[^\s<>\"]+|tel:[0-9+-]+"
    r"|(?<![\w@.])(?:www\.)?[a-zA-Z0-9-]{1,63}(?:\.[a-zA-Z0-9-]{1,63}){0,8}\.(?:com|org|net|io|co|de|uk|edu|gov|app|me|fr|jp|cn)(?![\w@])(?:/[^\s<>\"']*)?)"
)


def url(value: Any, place: Place) -> Url | None:
    """Return a value as a link: a text that is one, or the first link in it. Raises Untold."""
    value = first(value)
    if isinstance(value, Url) or value is None:
        return value
    if isinstance(value, Record) and isinstance(first(value.get("URL")), Url | str):
        return url(value.get("URL"), place)
    source = text(value, place).strip()
    if re.fullmatch(r"[a-zA-Z][a-zA-Z0-9+.-]*:\S+", source):
        return Url(source)
    found = links_in(source, place)
    return found[0] if found else None


def links_in(source: str, place: Place) -> list[Url]:
    """Return the links in a text; one without a scheme gets http://."""
    place.spend(2 * len(source))
    found = [match.rstrip(".,;:!?)]'\"") for match in LINK.findall(source)]
    return [Url(link if ":" in link else f"http://{link}") for link in found]


def moment(value: Any, place: Place) -> datetime | None:
    """Return a value as a date: of a text the date it names, in words (tomorrow, in 3 days) or written out. Raises Untold."""
    value = first(value)
    if isinstance(value, datetime) or value is None:
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=place.zone)
    if isinstance(value, Record):
        return next(
            (moment(value.fields[key], place) for key in ("Start Date", "Due Date", "Date", "Creation Date") if key in value.fields), None
        )
    if not isinstance(value, str | Match | Url | RichText | File):
        return None
    return text_moment(text(value, place).strip(), place)


def seconds(value: Any) -> float | None:
    """Return a duration in seconds: a Quantity of time."""
    return value.amount * _SECONDS.get(value.unit, 1) if isinstance(value, Quantity) else None


_SECONDS = {"sec": 1, "s": 1, "min": 60, "hr": 3600, "h": 3600, "days": 86400, "day": 86400, "weeks": 604800, "wk": 604800,
            "months": 2629800, "years": 31557600, "yr": 31557600}  # fmt: skip


def contact(value: Any, place: Place) -> Record | None:
    """Return a value as a contact: a record, a dictionary of its fields, or a name, number or address that stands for one."""
    value = first(value)
    if isinstance(value, Record) or value is None:
        return value
    said = text(value.data if isinstance(value, File) and isinstance(value.data, str) and "BEGIN:VCARD" in value.data else value, place)
    if "BEGIN:VCARD" in said:
        return vcards(said)[0]
    key = "Email Addresses" if "@" in said else "Phone Numbers" if re.fullmatch(r"[+0-9 ()/-]{3,}", said) else "Name"
    return Record("contact", {"Name": said, key: said})


_CARD_KEYS = {"FN": "Name", "TEL": "Phone Numbers", "EMAIL": "Email Addresses", "NOTE": "Notes", "ORG": "Company", "TITLE": "Job Title",
              "URL": "URL", "NICKNAME": "Nickname", "BDAY": "Birthday"}  # fmt: skip


def vcards(source: str) -> list[Record]:
    """Return the contacts that vCard text holds; N alone gives the name."""
    found = []
    for card in re.split(r"BEGIN:VCARD", source)[1:] or [source]:
        fields: dict[str, Any] = {}
        for line in re.sub(r"\r?\n[ \t]", "", card.partition("END:VCARD")[0]).splitlines():
            head, colon, value = line.partition(":")
            key, value = (
                head.partition(";")[0].rpartition(".")[2].upper(),
                re.sub(r"\\([,;nN\\])", lambda m: "\n" if m[1] in "nN" else m[1], value),
            )
            if not colon or not value.strip(";"):
                continue
            if key == "N":
                last, _, given = value.partition(";")
                fields |= {"Last Name": last, "First Name": given.split(";")[0]}
            elif key == "PHOTO":
                fields["Contact Photo"] = File(
                    "Photo.png", "image", None, {"made": "photo " + hashlib.sha256(value.encode()).hexdigest()[:8]}
                )
            elif key in _CARD_KEYS:
                fields[_CARD_KEYS[key]] = value.rstrip(";")
        fields.setdefault("Name", " ".join(part for part in (fields.get("First Name"), fields.get("Last Name")) if part))
        found.append(Record("contact", {key: value for key, value in fields.items() if value}))
    return found


def image(value: Any, place: Place) -> File | None:
    """Return a value as an image: an image file, the picture of a contact or song, an opaque picture of other contents."""
    value = first(value)
    if value is None or isinstance(value, File) and value.kind == "image":
        return value
    if isinstance(value, Unknown):
        raise Untold(value)
    if isinstance(value, Record):
        return next((inner for inner in value.fields.values() if isinstance(inner, File) and inner.kind == "image"), None)
    if isinstance(value, File):
        if isinstance(value.data, bytes | str) and not looks_like_image(value.data):
            return None
        return File(f"{value.stem}.png", "image", value.data, {**value.facts, "made": f"image of {value.name}"})
    return None


def looks_like_image(data: str | bytes) -> bool:
    """True if bytes begin as PNG, JPEG, GIF, WebP, HEIC or TIFF files do."""
    head = data[:12] if isinstance(data, bytes) else data[:12].encode("latin-1", "replace")
    return head.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*")) or head[8:12] == b"WEBP" or head[4:8] == b"ftyp"


def file(value: Any, place: Place) -> File | None:
    """Return a value as a file: text as .txt, a dictionary as .json, rich text as .rtf, a link as .webloc. Raises Untold."""
    value = first(value)
    if isinstance(value, File) or value is None:
        return value
    if isinstance(value, Unknown):
        raise Untold(value)
    said = text(value, place)
    if isinstance(value, dict):
        return File("Dictionary.json", "file", said)
    if isinstance(value, RichText):
        return File(f"{said.splitlines()[0][:40] if said else 'Rich Text'}.rtf", "file", said, {"html": value.html})
    if isinstance(value, Record):
        return File(f"{said}.{'vcf' if value.kind == 'contact' else 'txt'}", "file", said)
    name = re.sub(r"[/\n:]", " ", said[:40]).strip() or "Text"
    return File(f"{name}.{'webloc' if isinstance(value, Url) else 'txt'}", "file", said)


COERCIONS: dict[str, Callable[[Any, Any], Any]] = {
    "WFStringContentItem": text, "WFNumberContentItem": number, "WFBooleanContentItem": boolean, "WFDateContentItem": moment,
    "WFDictionaryContentItem": dictionary, "WFURLContentItem": url, "WFContactContentItem": contact, "WFImageContentItem": image,
    "WFGenericFileContentItem": file,
    "WFRichTextContentItem": lambda value, place: value if isinstance(value, RichText) else RichText(text(value, place)),
    "WFPhotoMediaContentItem": image,
}  # fmt: skip
_MANY = ("WFNumberContentItem", "WFDateContentItem", "WFURLContentItem", "WFContactContentItem", "WFImageContentItem",
         "WFGenericFileContentItem")  # fmt: skip


def as_type(value: Any, item_class: str, place: Place) -> Any:
    """Return a value as one of the app's classes. A class without a conversion here leaves the value as it is."""
    if value is None or item_class not in COERCIONS:
        return value
    if isinstance(value, Unknown):
        return Unknown(_TYPE_OF_CLASS.get(item_class, "any"), value.origin)
    if isinstance(value, list) and item_class in _MANY:
        place.spend(5 * len(value))
        return one_or_many([found for item in value if (found := COERCIONS[item_class](item, place)) is not None])
    return COERCIONS[item_class](value, place)


_TYPE_OF_CLASS = {"WFStringContentItem": "text", "WFNumberContentItem": "number", "WFDateContentItem": "date",
                  "WFDictionaryContentItem": "dictionary", "WFURLContentItem": "url", "WFImageContentItem": "image"}  # fmt: skip
