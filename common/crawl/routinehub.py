"""RoutineHub's answers: the API's latest version, a shortcut's page, a listing; the site of until 2024 and that of 2025 alike.

What a page lacks is None, but a page on which nothing at all is found is an error: then the site has changed, and an empty success would
hide it. What the two generations share (links, meta elements) is asked first, class names second.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from common.crawl.client import Gone, Later
from common.crawl.links import ROUTINEHUB, Link, absolute, find_link
from common.jsonl import Record

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

SITE = "routinehub.co"
TOKEN = re.compile(rb"(/download/\d+/?)\?[^\"'\s<>]*")  # links to files are signed; they are nobody's but the visitor's they were made for
NAMES = ("h3.title.is-3", ".rh-hero-header__title")
BRIEFS = ("h4.subtitle.is-4", ".rh-hero-header__brief")
TEXTS = (".description .content", ".rh-description", ".rh-card .content", ".content")
CATEGORIES = (".information ul li", 'a[href^="/category/"]')
CARD_NAMES = ("strong", ".rh-appcard-name", ".rh-listrow-name", ".rh-topcard-name")
CARD_BRIEFS = ("small", ".rh-appcard-brief", ".rh-listrow-brief", ".rh-topcard-brief")
USER = re.compile(r"^/user/([^/?]+)/?$")
CARD_LINK = re.compile(r"/shortcut/(\d+)/?$")


def parse_version(body: bytes) -> tuple[str, Record]:
    """(the link of the latest version, what is said about it) of the API's answer. Raises Gone, and Later where it is no such answer."""
    try:
        answer = orjson.loads(body)
        if answer["result"] != "success":
            raise Gone("RoutineHub knows no such shortcut, or it is not public")
        return str(answer["URL"]), {"site": SITE}
    except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError) as error:
        raise Later(f"the answer is no version of a shortcut ({type(error).__name__}: {error})") from None


def parse_page(body: bytes, url: str) -> Record:
    """What a shortcut's page says about it: name, description, category, downloads, author, page. Raises Gone and Later."""
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
    """(the shortcuts of a list of them with what it says about each, the further pages of it). Raises Later where no shortcut is found."""
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


# ---------------------------------------------------------------------------------------------------------------------------------
# what both generations share


def _tree(body: bytes) -> LexborHTMLParser:
    from selectolax.lexbor import LexborHTMLParser

    return LexborHTMLParser(body.decode("utf-8", "replace"))


def _text(node: LexborNode) -> str:
    return " ".join(node.text(separator=" ").split())


def _first(tree: LexborHTMLParser | LexborNode, paths: tuple[str, ...]) -> str | None:
    """The text of the first element that one of the paths leads to."""
    return next((text for path in paths if (node := tree.css_first(path)) and (text := _text(node))), None)


def _meta(tree: LexborHTMLParser, name: str) -> str | None:
    node = tree.css_first(f'meta[property="{name}"]')
    return (node.attributes.get("content") or "").strip() or None if node else None


def _path(url: str, anchor: LexborNode) -> str:
    href = absolute(url, anchor.attributes.get("href") or "")
    return href.removeprefix(ROUTINEHUB) if href.startswith(ROUTINEHUB) else ""


def _labels(tree: LexborHTMLParser) -> dict[str, str]:
    """The facts of the side column by their label in lower case: `Downloads: 1,234`, or a label and a value apart."""
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
    """`1,234` as a number; None for what is none, or of more digits than a count has."""
    digits = text.replace(",", "").replace(".", "").strip()
    return int(digits) if digits.isdecimal() and len(digits) <= 18 else None
