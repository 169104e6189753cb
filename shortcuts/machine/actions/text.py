"""Text: making, cutting, matching, encoding and detecting.

Patterns are ICU's, run by the package `regex`. It differs in few points, which `icu` translates: \\Q..\\E, \\x{..}, $1 and ${name} in
replacements. Sets with operators ([a-z--[aeiou]]) are read as plain sets.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote

from shortcuts.machine import convert, values
from shortcuts.machine.registry import Call, action
from shortcuts.machine.spoken_dates import text_moment
from shortcuts.machine.values import MAX_TEXT, File, Match, RichText, TooLarge, Url, items, one_or_many

CASE_FOLDED = 10_000  # characters of a pattern


@action("is.workflow.actions.gettext", source="user guide: Text")
def get_text(call: Call) -> Any:
    return call.text("WFTextActionText")


@action("is.workflow.actions.detect.text", source="user guide: Get Text from Input")
def detect_text(call: Call) -> Any:
    return one_or_many([convert.text(item, call.place) for item in call.items()])


# ---------------------------------------------------------------------------------------------------------------------------------
# cutting and joining

_SEPARATORS = {"New Lines": "\n", "Spaces": " "}


def _separator(call: Call) -> str:
    kind = call.choice("WFTextSeparator", "New Lines")
    return call.text("WFTextCustomSeparator") if kind == "Custom" else _SEPARATORS.get(kind, "")


@action("is.workflow.actions.text.split", source="user guide: Split Text")
def split(call: Call) -> Any:
    pieces: list[str] = []
    separator = _separator(call)
    for item in call.items("text"):
        text = convert.text(item, call.place)
        if separator == "\n":
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        pieces += text.split(separator) if separator else characters(text)
    return one_or_many(pieces)


@action("is.workflow.actions.text.combine", source="user guide: Combine Text")
def combine(call: Call) -> Any:
    separator = _separator(call)
    texts = [convert.text(item, call.place) for item in call.items("text")]
    if sum(map(len, texts)) + len(separator) * len(texts) > MAX_TEXT:
        raise TooLarge
    return separator.join(texts)


def characters(text: str) -> list[str]:
    """Return the characters of a text as a reader counts them: an emoji of several code points is one."""
    if text.isascii():
        return list(text)
    import regex

    return regex.findall(r"\X", text)


@action("is.workflow.actions.text.trimwhitespace", source="user guide: Trim Whitespace")
def trim(call: Call) -> Any:
    return call.input_text().strip()


@action("is.workflow.actions.text.changecase", source="user guide: Change Case")
def change_case(call: Call) -> Any:
    case = call.choice("WFCaseType", "UPPERCASE")
    if case not in _CASES:
        call.assume(f"text.changecase: {case!r}, which the app does not offer, changes nothing")
    return one_or_many([_CASES.get(case, str)(convert.text(item, call.place)) for item in call.items("text")])


_SMALL = frozenset("a an and as at but by en for if in of on or the to v via vs".split())


def _title_case(text: str) -> str:
    words = re.split(r"(\s+)", text.lower())
    return "".join(
        word if word in _SMALL and place not in (0, len(words) - 1) else word[:1].upper() + word[1:] for place, word in enumerate(words)
    )


_CASES: dict[str, Callable[[str], str]] = {
    "UPPERCASE": str.upper,
    "lowercase": str.lower,
    "Capitalize Every Word": lambda text: re.sub(r"\S+", lambda word: word[0][:1].upper() + word[0][1:].lower(), text),
    "Capitalize with Title Case": _title_case,
    "Capitalize with sentence case":
        lambda text: re.sub(r"(^|[.!?]\s+)(\w)", lambda start: start[1] + start[2].upper(), text.lower()),
    "cApItAlIzE wItH aLtErNaTiNg cAsE":
        lambda text: "".join(letter.upper() if place % 2 else letter.lower() for place, letter in enumerate(text)),
}  # fmt: skip


@action("is.workflow.actions.count", source="user guide: Count")
def count(call: Call) -> Any:
    kind = call.choice("WFCountType", "Items")
    found = call.items("Input")
    if kind == "Items":
        return len(found)
    text = convert.text(found, call.place)
    call.run.spend(len(text))
    if kind == "Characters":
        return len(characters(text))
    if kind == "Words":
        return len(re.findall(r"\w+(?:['’]\w+)*", text))
    if kind == "Sentences":
        return len(re.findall(r"[^.!?。！？\s][^.!?。！？]*(?:[.!?。！？]+|$)", text))
    return text.count("\n") + 1 if text else 0


# ---------------------------------------------------------------------------------------------------------------------------------
# patterns


@lru_cache(maxsize=512)
def icu(pattern: str, ignore_case: bool) -> Any:
    """Return an ICU pattern compiled by `regex`. Raises ValueError where it is no pattern."""
    import regex

    if len(pattern) > CASE_FOLDED:
        raise ValueError("the pattern is too long")
    pattern = re.sub(r"\\Q(.*?)(?:\\E|$)", lambda quoted: re.escape(quoted[1]), pattern, flags=re.DOTALL)
    pattern = re.sub(r"\\x\{([0-9a-fA-F]{1,6})\}", lambda code: rf"\U{int(code[1], 16):08X}", pattern)
    try:
        return regex.compile(pattern, regex.IGNORECASE if ignore_case else 0)
    except (regex.error, OverflowError, RecursionError) as error:
        raise ValueError(f"no pattern: {error}") from None


def icu_template(template: str) -> str:
    """Return the replacement of an ICU pattern as one of `regex`: $1 and ${name} are groups, a backslash takes the next sign as it is."""

    def translated(found: re.Match[str]) -> str:
        if found[1] is not None:
            return "\\\\" if found[1] == "\\" else found[1]
        return rf"\g<{found[2] or found[3]}>" if found[2] or found[3] else found[0].replace("\\", "\\\\")

    return re.sub(r"\\(.)|\$(\d)|\$\{(\w+)\}|\\", translated, template, flags=re.DOTALL)


def _pattern(call: Call, key: str, sensitive: bool) -> Any:
    source = call.text(key)
    try:
        return call.run.timed(lambda seconds: icu(source, not sensitive))
    except ValueError as error:
        from shortcuts.machine.registry import Ended

        raise Ended("error", f"{error} in {source[:80]!r}") from None


@action("is.workflow.actions.text.replace", source="user guide: Replace Text; ICU's regular expressions")
def replace(call: Call) -> Any:
    text = call.input_text()
    wanted, by = call.text("WFReplaceTextFind"), call.text("WFReplaceTextReplace")
    sensitive = call.flag("WFReplaceTextCaseSensitive", True)
    if not wanted:
        return text
    if len(text) // len(wanted) * len(by) > 20 * MAX_TEXT:
        raise TooLarge
    if not call.flag("WFReplaceTextRegularExpression"):
        made = text.replace(wanted, by) if sensitive else re.sub(re.escape(wanted), lambda found: by, text, flags=re.IGNORECASE)
    else:
        pattern = _pattern(call, "WFReplaceTextFind", sensitive)
        template = icu_template(by)
        try:
            made = call.run.timed(lambda seconds: pattern.sub(template, text, timeout=seconds))
        except (IndexError, pattern_error()):  # a group that the pattern has not: ICU fails, and the app leaves the text
            call.assume("text.replace: a replacement that names a group which is not there changes nothing")
            made = text
    if len(made) > MAX_TEXT:
        raise TooLarge
    return made


def pattern_error() -> type[Exception]:
    """Return the error that `regex` raises for a bad pattern or template."""
    import regex

    return regex.error


@action("is.workflow.actions.text.match", source="user guide: Match Text; ICU's regular expressions")
def match(call: Call) -> Any:
    text = call.input_text("text")
    pattern = _pattern(call, "WFMatchTextPattern", call.flag("WFMatchTextCaseSensitive", True))
    found = call.run.timed(lambda seconds: list(pattern.finditer(text, timeout=seconds)))
    call.run.spend(len(found))
    return one_or_many([Match(one[0], tuple(group or "" for group in one.groups())) for one in found])


@action("is.workflow.actions.text.match.getgroup", source="user guide: Get Group from Matched Text")
def group(call: Call) -> Any:
    all_groups = call.choice("WFGetGroupType", "Group At Index") == "All Groups"
    place = call.whole("WFGroupIndex", 1)
    found: list[str] = []
    for item in call.items("matches"):
        groups = item.groups if isinstance(item, Match) else ()
        found += groups if all_groups else groups[place - 1 : place] if place > 0 else [item.text] if isinstance(item, Match) else []
    return one_or_many(found)


# ---------------------------------------------------------------------------------------------------------------------------------
# detecting


@action("is.workflow.actions.detect.link", source="user guide: Get URLs from Input")
def detect_links(call: Call) -> Any:
    return one_or_many([link for item in call.items() for link in _links(item, call)])


def _links(item: Any, call: Call) -> list[Url]:
    if isinstance(item, Url):
        return [item]
    if isinstance(item, RichText):
        from selectolax.lexbor import LexborHTMLParser

        call.run.spend(len(item.html))
        hrefs = [Url(href) for node in LexborHTMLParser(item.html).css("a[href]") if (href := node.attributes["href"])]
        return hrefs or convert.links_in(convert.text(item, call.place), call.place)
    if isinstance(item, values.Record):
        return [link for link in map(lambda field: convert.url(field, call.place), items(item.get("URL"))) if link]
    text = convert.text(item, call.place).strip()
    return [Url(text)] if re.fullmatch(r"[a-zA-Z][a-zA-Z0-9+.-]*:[^\s]+", text) else convert.links_in(text, call.place)


@action("is.workflow.actions.detect.number", source="user guide: Get Numbers from Input")
def detect_numbers(call: Call) -> Any:
    found: list[Any] = []
    for item in call.items():
        found += [item] if isinstance(item, int | float) else convert.numbers_in(convert.text(item, call.place), call.place)
    return one_or_many(found)


@action(
    "is.workflow.actions.detect.date",
    source="user guide: Get Dates from Input",
    assumed="the dates that a text names are those written in digits or month names, or in usual English words",
)
def detect_dates(call: Call) -> Any:
    found: list[Any] = []
    for item in call.items():
        moments = (
            [convert.moment(item, call.place)]
            if not isinstance(item, str)
            else [text_moment(line, call.place) for line in convert.text(item, call.place).split("\n")]
        )
        found += [moment for moment in moments if moment is not None]
    return one_or_many(found)


_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_PHONE = re.compile(r"(?<![\w/])\+?\(?\d[\d ()./-]{5,18}\d(?!\w)")


@action("is.workflow.actions.detect.emailaddress", source="user guide: Get Email Addresses from Input")
def detect_emails(call: Call) -> Any:
    return one_or_many(_detected(call, _EMAIL, "Email Addresses"))


@action(
    "is.workflow.actions.detect.phonenumber", source="user guide: Get Phone Numbers from Input", assumed="a phone number has 7 to 20 signs"
)
def detect_phones(call: Call) -> Any:
    return one_or_many(_detected(call, _PHONE, "Phone Numbers"))


def _detected(call: Call, pattern: re.Pattern[str], label: str) -> list[Any]:
    found: list[Any] = []
    for item in call.items():
        if isinstance(item, values.Record):
            found += items(item.get(label))
        else:
            text = convert.text(item, call.place)
            call.run.spend(2 * len(text))
            found += pattern.findall(text)
    return found


@action(
    "is.workflow.actions.detect.address",
    source="user guide: Get Addresses from Input",
    assumed="an address is a line with a number and words",
)
def detect_addresses(call: Call) -> Any:
    lines = call.input_text().split("\n")
    return one_or_many([line.strip() for line in lines if re.search(r"\b\d{1,9} \w|\w \d", line) and "," in line])


@action("is.workflow.actions.detect.contacts", source="user guide: Get Contacts from Input")
def detect_contacts(call: Call) -> Any:
    return one_or_many([found for item in call.items() if (found := convert.contact(item, call.place)) is not None])


# ---------------------------------------------------------------------------------------------------------------------------------
# encoding


@action("is.workflow.actions.base64encode", source="user guide: Base64 Encode; RFC 4648")
def base64_encode(call: Call) -> Any:
    mode = call.choice("WFEncodeMode", "Encode")
    value = values.first(call.input())
    if isinstance(value, values.Unknown):
        raise values.Untold(value)
    if mode == "Decode":
        return _decoded(convert.text(value, call.place))
    if isinstance(value, File) and value.data is None:
        return call.unknown("text", value.name, value.facts.get("made", ""))
    data = value.data if isinstance(value, File) else convert.text(value, call.place)
    call.run.spend(len(data or ""))
    text = base64.b64encode(data.encode("utf-8", "replace") if isinstance(data, str) else data or b"").decode()
    width = {"Every 64 Characters": 64, "Every 76 Characters": 76}.get(call.choice("WFBase64LineBreakMode", "None"))
    return "\r\n".join(text[start : start + width] for start in range(0, len(text), width)) if width else text


def _decoded(source: str) -> Any:
    """Return what base64 holds: text, else a file of bytes; nothing where it is none."""
    source = re.sub(r"[^A-Za-z0-9+/]", "", source.partition("base64,")[2] or source)
    try:
        data = base64.b64decode(source + "=" * (-len(source) % 4))
    except ValueError:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return File("Decoded.png", "image", data) if convert.looks_like_image(data) else File("Decoded", "file", data)


@action("is.workflow.actions.urlencode", source="user guide: URL Encode; RFC 3986")
def url_encode(call: Call) -> Any:
    text = call.input_text()
    return unquote(text) if call.choice("WFEncodeMode", "Encode") == "Decode" else quote(text.encode("utf-8", "replace"), safe="-._~")


@action("is.workflow.actions.hash", source="user guide: Generate Hash; RFC 1321, FIPS 180-4")
def make_hash(call: Call) -> Any:
    value = values.first(call.input())
    if isinstance(value, File) and value.data is None:
        return call.unknown("text", value.name)
    data = (
        value.data
        if isinstance(value, File) and isinstance(value.data, bytes)
        else convert.text(value, call.place).encode("utf-8", "replace")
    )
    call.run.spend(len(data))
    kind = call.choice("WFHashType", "MD5").lower().replace("-", "")
    return hashlib.new(kind if kind in ("md5", "sha1", "sha256", "sha512") else "md5", data, usedforsecurity=False).hexdigest()


@action("is.workflow.actions.getnameofemoji", source="user guide: Get Name of Emoji; Unicode's names")
def emoji_name(call: Call) -> Any:
    import unicodedata

    return " ".join(unicodedata.name(letter, "").lower() for letter in call.input_text() if ord(letter) > 127 and letter != "\ufe0f")
