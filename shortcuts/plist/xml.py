"""XML property lists, read and written as Apple's own parser and writer do: no character of a text is lost.

expat reads the XML. plistlib's reader on top of it would silently lose carriage returns, unknown elements, text around an element in a
<string>, all but the last of several top objects, and base64 after its padding; and it accepts Python's numbers (1_000). Apple's parser
(the open CoreFoundation) keeps the first and refuses most others, and so does this one.

Texts may hold characters that XML forbids, such as control characters: Apple writes and reads them raw, and reads references to them. expat
refuses them, so each is replaced by a pair of others before parsing, and restored after it.
"""

from __future__ import annotations

import base64
import plistlib
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from xml.parsers import expat

from shortcuts.plist.parser import PlistError, check_bounds, same

MAX_XML_TOKENS = 1 << 21  # tags, lines, entities and forbidden characters
MAX_XML_TAG = 1 << 16  # characters; expat before 2.6 needs quadratic time for a long one

ENDS_EARLY = (expat.errors.XML_ERROR_NO_ELEMENTS, expat.errors.XML_ERROR_UNCLOSED_TOKEN,
              expat.errors.XML_ERROR_PARTIAL_CHAR, expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION)

UTF16 = (b"\xff\xfe", b"\xfe\xff", b"<\0")  # the first bytes of UTF-16
NOT_UTF8 = re.compile(rb"<\?xml[^>]*\sencoding\s*=\s*[\"'](?!utf-8[\"'])", re.IGNORECASE)
ESCAPE, PLANE = "\ufdd0", 0xF0000  # a forbidden character becomes these two: a noncharacter, and its code point in this plane
FORBIDDEN = [ESCAPE, *map(chr, sorted({*range(32)} - {*b"\t\n\r"})), "\ufffe", "\uffff"]  # the escape first: all others become one
REFERENCE = re.compile(rb"&#(?:x0*([0-9a-fA-F]{1,4})|0*([0-9]{1,5}));")
ESCAPED = re.compile(f"{ESCAPE}([{chr(PLANE)}-{chr(PLANE + 0xFFFF)}])")


# ---------------------------------------------------------------------------------------------------------------------------------
# read


def parse_xml(data: bytes) -> Any:
    """Return the tree of an XML property list, at a bounded cost. Raises PlistError (bad_xml, truncated, too_large, entity, ...)."""
    try:
        data, encoding = _for_expat(data)
        _check_cost(data, encoding)
        return _Builder(data, encoding).parse()
    except expat.ExpatError as error:
        raise PlistError("truncated" if expat.errors.messages[error.code] in ENDS_EARLY else "bad_xml", str(error)) from None
    except (ValueError, LookupError) as error:
        if isinstance(error, PlistError):
            raise
        raise PlistError("bad_xml", f"no property list: {error or type(error).__name__}") from None


def _for_expat(data: bytes) -> tuple[bytes, str | None]:
    """Return the bytes for expat, and their encoding, None if expat finds it: UTF-16 becomes UTF-8, forbidden characters are escaped."""
    encoding = None
    if data.startswith(UTF16):
        data, encoding = data.decode("utf-16-le" if data.startswith(b"<") else "utf-16").encode(), "utf-8"
    if encoding is None and NOT_UTF8.match(data[:1000]):
        return data, encoding
    found = [character for character in FORBIDDEN if character.encode() in data]
    if sum(data.count(character.encode()) for character in found) + data.count(b"&#") > MAX_XML_TOKENS:
        raise PlistError("too_large", f"more than {MAX_XML_TOKENS:,} control characters and references")
    for character in found:
        data = data.replace(character.encode(), _escape(character))
    if b"&#" in data and b"<![CDATA[" not in data:  # in a CDATA section it would not be a reference
        data = REFERENCE.sub(_forbidden_reference, data)
    return data, "utf-8"


def _escape(character: str) -> bytes:
    return (ESCAPE + chr(PLANE + ord(character))).encode()


def _forbidden_reference(match: re.Match[bytes]) -> bytes:
    character = chr(int(match[1], 16) if match[1] else int(match[2]))
    return _escape(character) if character in FORBIDDEN else match[0]


def _check_cost(data: bytes, encoding: str | None) -> None:
    """Read the XML once without building a tree. Raises PlistError for input that would cost too much, and for entities."""
    tokens = 0

    def token(text: str) -> None:
        nonlocal tokens
        tokens += 1
        if tokens > MAX_XML_TOKENS or (len(text) > MAX_XML_TAG and text.startswith("<")):
            raise PlistError("too_large", f"more than {MAX_XML_TOKENS:,} tags and lines, or a tag of more than {MAX_XML_TAG:,} characters")

    def doctype(name: str, system: str | None, public: str | None, has_declarations: int) -> None:
        if has_declarations:  # of entities or default attributes, which Apple's DOCTYPE line lacks
            raise PlistError("entity", "an XML property list with a DTD of its own")

    def skipped(name: str, is_parameter: bool) -> None:  # expat would drop it silently
        raise PlistError("entity", f"the undefined XML entity {name}")

    parser = expat.ParserCreate(encoding)
    parser.DefaultHandler, parser.StartDoctypeDeclHandler, parser.SkippedEntityHandler = token, doctype, skipped
    parser.Parse(data, True)


class _Builder:
    """Builds the tree from the events of expat. Raises ValueError and PlistError for elements that are out of place."""

    def __init__(self, data: bytes, encoding: str | None) -> None:
        self.data = data
        self.parser = expat.ParserCreate(encoding)
        self.parser.StartElementHandler, self.parser.EndElementHandler = self.start, self.end
        self.parser.CharacterDataHandler = self.add_text
        self.open: list[list[Any]] = []  # of each open container: the container, and the key that waits for its value
        self.top: list[Any] = []
        self.text: list[str] | None = None  # pieces of the text of the open element, if it has one
        self.is_first = True

    def parse(self) -> Any:
        """Parse, and return the top object."""
        self.parser.Parse(self.data, True)
        if not self.top:
            raise ValueError("there is nothing in it")
        return self.top[0]

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take a start tag. Attributes are ignored."""
        if self.text is not None:
            raise ValueError(f"<{tag}> in a text at line {self.line}")
        if tag in CONTAINERS:
            self.open.append([CONTAINERS[tag](), None])
        elif tag in TEXTS or tag == "key":
            self.text = []
        elif self.is_first and tag != "plist":
            raise PlistError("not_a_shortcut", f"XML, but no property list: its root is <{tag[:60]}>")
        elif not self.is_first:
            raise ValueError(f"<{tag[:60]}> at line {self.line} is out of place")
        self.is_first = False

    def end(self, tag: str) -> None:
        """Take an end tag; expat has checked that it fits."""
        if tag in CONTAINERS:
            container, key = self.open.pop()
            if key is not None:
                raise ValueError(f"the key {key[:60]!r} has no value at line {self.line}")
            self.add(_uid_or(container))
        elif self.text is not None:
            text, self.text = "".join(self.text), None
            if tag == "key":
                self.add_key(text)
            else:
                self.add(TEXTS[tag](text))

    def add_text(self, text: str) -> None:
        """Take characters. expat turns every line end into a line feed; the byte index tells which it was."""
        if self.text is None:
            if not text.isspace():
                raise ValueError(f"a text outside of any element at line {self.line}")
            return
        if text == "\n":
            at = self.parser.CurrentByteIndex
            if self.data[at:at + 1] == b"\r":
                text = "\r\n" if self.data[at + 1:at + 2] == b"\n" else "\r"
        elif ESCAPE in text:  # an escape and the character after it come in one piece, a reference in its own
            text = ESCAPED.sub(lambda match: chr(ord(match[1]) - PLANE), text)
        self.text.append(text)

    def add_key(self, text: str) -> None:
        """Take a key of the open dictionary."""
        if not self.open or type(self.open[-1][0]) is not dict or self.open[-1][1] is not None:
            raise ValueError(f"a key at line {self.line} is out of place")
        self.open[-1][1] = text

    def add(self, value: Any) -> None:
        """Take a value where one is due. Of equal keys in a dictionary the last one counts, as in Apple's parser."""
        if not self.open:
            self.top.append(value)
            if len(self.top) > 1:
                raise ValueError(f"a second object at line {self.line}")
            return
        container, key = self.open[-1]
        if type(container) is list:
            container.append(value)
        elif key is None:
            raise ValueError(f"a value without a key at line {self.line}")
        else:
            container[key] = value
            self.open[-1][1] = None

    @property
    def line(self) -> int:
        """Return the current line number."""
        return self.parser.CurrentLineNumber


def _uid_or(container: Any) -> Any:
    """Return the UID of a dictionary with nothing but an integer CF$UID, which is how XML writes one; else the container."""
    if type(container) is dict and len(container) == 1 and type(container.get("CF$UID")) is int:
        return plistlib.UID(container["CF$UID"])
    return container


INTEGER = re.compile(r"\s*(?:([+-])\s*)?(?:0[xX]([0-9a-fA-F]+)|([0-9]+))\s*")
REAL = re.compile(r"\s*(?:[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?inf(?:inity)?|nan)\s*", re.IGNORECASE)
DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?)?(?:Z|([+-])([01]\d|2[0-3]):?([0-5]\d)?)",
                  re.ASCII)


def read_integer(text: str) -> int:
    """Return a decimal or hexadecimal integer, with or without a sign. Raises PlistError."""
    match = INTEGER.fullmatch(text)
    if match is None:
        raise PlistError("bad_xml", f"{text[:60]!r} is not an integer")
    sign, hexadecimal, decimal = match.groups()
    return int((sign or "") + (hexadecimal or decimal), 16 if hexadecimal else 10)


def read_real(text: str) -> float:
    """Return a decimal number, an infinity or nan. Raises PlistError."""
    if not REAL.fullmatch(text):
        raise PlistError("bad_xml", f"{text[:60]!r} is not a real number")
    return float(text)


def read_data(text: str) -> bytes:
    """Return the bytes of base64 with white space anywhere. Raises PlistError for other characters; Apple's parser would skip them."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError as error:
        raise PlistError("bad_xml", f"the data {text.strip()[:60]!r} is no base64: {error}") from None


def read_date(text: str) -> datetime:
    """Return an ISO 8601 date as property lists have it: UTC, without a zone. Raises PlistError for one that would be inexact."""
    match = DATE.fullmatch(text.strip())
    fraction = (match[7] or "").rstrip("0") if match else ""
    if match is None or len(fraction) > 6:
        why = "is finer than a microsecond" if match else "is not of the form 2026-01-31T23:59:59Z"
        raise PlistError("bad_xml", f"the date {text[:60]!r} {why}")
    year, month, day, hour, minute, second = (int(number or 0) for number in match.groups()[:6])
    offset = timedelta(hours=int(match[9] or 0), minutes=int(match[10] or 0))
    try:
        local = datetime(year, month, day, hour, minute, second, int(fraction.ljust(6, "0")))
        return local + offset if match[8] == "-" else local - offset
    except (ValueError, OverflowError) as error:
        raise PlistError("bad_xml", f"the date {text[:60]!r}: {error}") from None


def _no_text(text: str) -> str:
    """Return the empty text of a <true/> or <false/>. Raises PlistError for any other."""
    if text:
        raise PlistError("bad_xml", f"the text {text.strip()[:60]!r} in a <true> or <false>")
    return text


CONTAINERS: dict[str, Callable[[], Any]] = {"dict": dict, "array": list}
TEXTS: dict[str, Callable[[str], Any]] = {
    "string": str, "integer": read_integer, "real": read_real, "data": read_data, "date": read_date,
    "true": lambda text: not _no_text(text), "false": lambda text: bool(_no_text(text)),
}  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------------------
# write

HEAD = ('<?xml version="1.0" encoding="UTF-8"?>\n'
        '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n'
        '<plist version="1.0">\n')  # fmt: skip
ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})  # Apple writes a CR raw, which other readers lose


def write_xml(tree: Any) -> bytes:
    """Return a tree as an XML property list, read back and compared.

    Raises PlistError (not_exact, not_unicode): XML has no fractions of a second and no lone surrogates.
    """
    check_bounds(tree)
    try:
        data = "".join([HEAD, *_elements(tree, ""), "</plist>\n"]).encode()
    except UnicodeEncodeError as error:
        raise PlistError("not_unicode", f"a string holds {error.reason}") from None
    if not same(parse_xml(data), tree):
        raise PlistError("not_exact", "a dictionary with nothing but CF$UID would become a UID in XML")
    return data


def _elements(value: Any, indent: str) -> Iterator[str]:
    """Yield the lines of a value."""
    kind = type(value)
    if kind is plistlib.UID:
        value, kind = {"CF$UID": value.data}, dict
    if kind is not dict and kind is not list:
        tag, text = _scalar(value)
        yield f"{indent}<{tag}>{text}</{tag}>\n" if text else f"{indent}<{tag}/>\n"
        return
    tag = "dict" if kind is dict else "array"
    yield f"{indent}<{tag}>\n"
    for item in value:
        if kind is dict:
            yield f"{indent}\t<key>{item.translate(ESCAPES)}</key>\n"
        yield from _elements(value[item] if kind is dict else item, indent + "\t")
    yield f"{indent}</{tag}>\n"


def _scalar(value: Any) -> tuple[str, str]:
    """Return the element of a scalar, and its text."""
    if type(value) is bool:
        return str(value).lower(), ""
    if type(value) is str:
        return "string", value.translate(ESCAPES)
    if type(value) is int:
        return "integer", str(value)
    if type(value) is float:
        return "real", {"inf": "+infinity", "-inf": "-infinity"}.get(repr(value), repr(value))
    if type(value) is bytes:
        return "data", base64.encodebytes(value).decode()
    if value.microsecond:
        raise PlistError("not_exact", f"the date {value.isoformat()} has a fraction of a second, which XML property lists lack")
    return "date", f"{value.isoformat()}Z"
