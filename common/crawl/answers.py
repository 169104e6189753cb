"""The answers of RoutineHub (its API, its pages before and since 2025) and of iCloud (the record behind a share link).

What a page lacks is None. A page on which nothing at all is found is an error: the site has changed then, and an empty success would hide
it. What both generations of pages share (links, meta elements) is looked for first, class names second.

A record of iCloud names its maker's account and device, and holds signed URLs that expire; none of that is stored. What is stored is one
JSON object with the fields below and the shortcut's file, which the server has apart: so a stored record can be parsed again offline.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from common.crawl.jobs import Gone, Later
from common.crawl.links import ROUTINEHUB, Link, absolute, find_link, readable
from common.jsonl import Record

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

SITE = "routinehub.co"
TOKEN = re.compile(rb"(/download/\d+/?)\?[^\"'\s<>]*")  # the signature of a link to a file, made for one visitor
NAMES = ("h3.title.is-3", ".rh-hero-header__title")
BRIEFS = ("h4.subtitle.is-4", ".rh-hero-header__brief")
TEXTS = (".description .content", ".rh-description", ".rh-card .content", ".content")
CATEGORIES = (".information ul li", 'a[href^="/category/"]')
CARD_NAMES = ("strong", ".rh-appcard-name", ".rh-listrow-name", ".rh-topcard-name")
CARD_BRIEFS = ("small", ".rh-appcard-brief", ".rh-listrow-brief", ".rh-topcard-brief")
USER = re.compile(r"^/user/([^/?]+)/?$")
CARD_LINK = re.compile(r"/shortcut/(\d+)/?$")
KEPT = ("recordName", "recordType", "recordChangeTag")
KEPT_FIELDS = ("name", "icon_color", "icon_glyph", "longDescription", "signingStatus")  # all but `shortcut` are optional


# ---------------------------------------------------------------------------------------------------------------------------------
# RoutineHub


def parse_version(body: bytes) -> tuple[str, Record]:
    """(link of the latest version, facts about it) in the API's answer. Raises Gone, and Later if it is no such answer."""
    try:
        answer = orjson.loads(body)
        if answer["result"] != "success":
            raise Gone("RoutineHub knows no such shortcut, or it is not public")
        return str(answer["URL"]), {"site": SITE}
    except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError) as error:
        raise Later(f"the answer is no version of a shortcut ({type(error).__name__}: {error})") from None


def parse_page(body: bytes, url: str) -> Record:
    """The facts on a shortcut's page: name, description, category, downloads, author, page. Raises Gone and Later."""
    tree = _tree(body)
    name = _first(tree, NAMES) or _meta(tree, "og:title")
    if name == "Error: Shortcut not found":
        raise Gone("RoutineHub has no such shortcut")
    labels = _labels(tree)
    author = next((match[1] for anchor in tree.css("a[href]") if (match := USER.search(_path(url, anchor)))), None)
    if not name or not (labels or author):  # an error page has a title, too
        raise Later("nothing was recognised on the page: has the site changed?")
    texts = [text for text in (_first(tree, BRIEFS), _first(tree, TEXTS)) if text]
    categories = next((found for found in ([_text(node) for node in tree.css(path)] for path in CATEGORIES) if found), [])
    return {"site": SITE, "page": url, "name": name, "description": "\n\n".join(dict.fromkeys(texts)) or None,
            "category": ", ".join(dict.fromkeys(filter(None, categories))) or None, "downloads": _number(labels.get("downloads", "")),
            "author": author}


def parse_listing(body: bytes, url: str) -> tuple[list[tuple[Link, Record]], list[Link]]:
    """(shortcuts of a listing with the facts on each, its further pages). Raises Later if no shortcut is found."""
    tree = _tree(body)
    found: dict[str, tuple[Link, Record]] = {}
    for anchor in tree.css("a[href]"):
        number = CARD_LINK.search(_path(url, anchor))
        if number:
            link = find_link(ROUTINEHUB + number[0])
            about = {"site": SITE, "name": _first(anchor, CARD_NAMES), "description": _first(anchor, CARD_BRIEFS)}
            if link:  # a card may hold several links to its shortcut, and only one of them its name
                known = found.setdefault(link.key, (link, {}))[1]
                known.update({field: value for field, value in about.items() if value and not known.get(field)})
    if not found:
        raise Later("no shortcut was found on the page: has the site changed?")
    pages = [find_link(absolute(url, anchor.attributes["href"] or "")) for anchor in tree.css('a[href*="page="]')]
    return list(found.values()), [page for page in dict.fromkeys(pages) if page and page.url.split("?")[0] == url.split("?")[0]]


def _tree(body: bytes) -> LexborHTMLParser:
    from selectolax.lexbor import LexborHTMLParser  # here, as a tenth of a second is much for --folder, which needs no HTML

    return LexborHTMLParser(body.decode("utf-8", "replace"))


def _text(node: LexborNode) -> str:
    return " ".join(node.text(separator=" ").split())


def _first(tree: LexborHTMLParser | LexborNode, paths: tuple[str, ...]) -> str | None:
    """The text of the first element that one of the paths selects."""
    return next((text for path in paths if (node := tree.css_first(path)) and (text := _text(node))), None)


def _meta(tree: LexborHTMLParser, name: str) -> str | None:
    node = tree.css_first(f'meta[property="{name}"]')
    return (node.attributes.get("content") or "").strip() or None if node else None


def _path(url: str, anchor: LexborNode) -> str:
    href = absolute(url, anchor.attributes.get("href") or "")
    return href.removeprefix(ROUTINEHUB) if href.startswith(ROUTINEHUB) else ""


def _labels(tree: LexborHTMLParser) -> dict[str, str]:
    """The facts in the side column by label in lower case: `Downloads: 1,234`, or label and value in elements of their own."""
    facts = {}
    for node in tree.css(".information p"):
        label, colon, value = _text(node).partition(":")
        if colon:
            facts[label.strip().casefold()] = value.strip()
    for item in tree.css(".rh-info-list__item"):
        label, value = _first(item, (".rh-info-list__label",)), _first(item, (".rh-info-list__value",))
        if label and value:
            facts[label.rstrip(":").casefold()] = value
    return facts


def _number(text: str) -> int | None:
    """`1,234` as a number; None if it is not one, or has more digits than a count has."""
    digits = text.replace(",", "").replace(".", "").strip()
    return int(digits) if digits.isdecimal() and len(digits) <= 18 else None


# ---------------------------------------------------------------------------------------------------------------------------------
# iCloud


@dataclass
class Asset:
    """The URL of a shortcut's file for the next hours, and its size in bytes, if the record says so."""

    url: str
    size: int | None


@dataclass
class Stored:
    """A stored record: the shortcut's file (scrubbed or as it came), its name, the hash of the file as it came, the counts of scrubbing."""

    data: bytes
    name: str
    sha256: str
    scrubbed: dict[str, int] | None


def parse_record(body: bytes) -> tuple[dict[str, Any], Asset]:
    """The part of a record (/shortcuts/api/records/<id>) that is kept, and its file. Raises Gone, and Later if it is no record."""
    try:
        answer = orjson.loads(body)
        if answer.get("error") or answer.get("deleted"):
            raise Gone(readable(str(answer.get("reason") or "deleted"))[:100])
        fields = answer["fields"]
        value = fields["shortcut"]["value"]
        asset = Asset(value["downloadURL"].replace("${f}", "shortcut.plist"), value.get("size"))
        if not urlsplit(asset.url).netloc:
            raise ValueError("downloadURL names no host")
        kept = {name: answer[name] for name in KEPT if name in answer}
        for moment in ("created", "modified"):  # their other fields name an account and a device
            kept[moment] = answer.get(moment, {}).get("timestamp")
        kept["fields"] = {name: {"value": fields[name].get("value")} for name in KEPT_FIELDS if name in fields}
        kept["fileChecksum"] = value.get("fileChecksum")
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise Later(f"the answer is no shortcut record ({type(error).__name__}: {error})") from None
    return kept, asset


def pack(kept: dict[str, Any], raw: bytes, data: bytes, scrubbed: Mapping[str, int] | None) -> bytes:
    """The body to store: `raw` is the file as it came, `data` the file as it is kept."""
    file = {"sha256": hashlib.sha256(raw).hexdigest(), "data": base64.b64encode(data).decode(), "scrubbed": scrubbed}
    return orjson.dumps({**kept, "file": file})


def unpack(body: bytes) -> Stored:
    """The inverse of `pack`."""
    stored = orjson.loads(body)
    name, file = stored["fields"].get("name", {}).get("value"), stored["file"]
    return Stored(base64.b64decode(file["data"]), name if isinstance(name, str) else "", file["sha256"], file["scrubbed"])
