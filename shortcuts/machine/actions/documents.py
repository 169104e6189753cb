"""Rich text, HTML, Markdown and PDF."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from shortcuts.machine import convert, values
from shortcuts.machine.registry import Call, action
from shortcuts.machine.values import File, RichText, items, one_or_many


@lru_cache(maxsize=1)
def _markdown() -> Any:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"maxNesting": 20}).enable(["table", "strikethrough"])


@action("is.workflow.actions.getrichtextfrommarkdown", source="user guide: Make Rich Text from Markdown; CommonMark")
def from_markdown(call: Call) -> Any:
    text = call.input_text()
    call.run.spend(2 * len(text) + 300 * sum(map(text.count, "\n[*_`~<!")))  # each line, and each sign that opens something
    return RichText(_markdown().render(text).rstrip("\n"))


@action("is.workflow.actions.getrichtextfromhtml", source="user guide: Make Rich Text from HTML")
def from_html(call: Call) -> Any:
    value = values.first(call.input("WFHTML"))
    return RichText(value.data if isinstance(value, File) and isinstance(value.data, str) else convert.text(value, call.place))


@action(
    "is.workflow.actions.gethtmlfromrichtext",
    source="user guide: Make HTML from Rich Text",
    assumed="plain text becomes one paragraph for each line",
)
def to_html(call: Call) -> Any:
    made = "\n".join(html_of(item, call) for item in call.items())
    return f"<!DOCTYPE html><html><head></head><body>{made}</body></html>" if call.flag("WFMakeFullDocument") else made


def html_of(item: Any, call: Call) -> str:
    """Return a value as HTML."""
    if isinstance(item, RichText):
        return item.html
    if isinstance(item, File) and isinstance(item.data, str) and ("html" in item.facts or item.extension in ("html", "htm")):
        return str(item.facts.get("html", item.data))
    from html import escape

    return "".join(f"<p>{escape(line, quote=False)}</p>" for line in convert.text(item, call.place).split("\n"))


@action(
    "is.workflow.actions.getmarkdownfromrichtext",
    source="user guide: Make Markdown from Rich Text; CommonMark",
    assumed="only headings, emphasis, links, lists and line breaks are kept",
)
def to_markdown(call: Call) -> Any:
    made = [_markdown_of(item.html, call) if isinstance(item, RichText) else convert.text(item, call.place) for item in call.items()]
    return "\n".join(made)


_MARKS: dict[str, Callable[[str, Any], str]] = {
    **{f"h{level}": lambda inner, node, level=level: f"\n{'#' * level} {inner}\n\n" for level in range(1, 7)},
    **dict.fromkeys(("strong", "b"), lambda inner, node: f"**{inner}**"),
    **dict.fromkeys(("em", "i"), lambda inner, node: f"*{inner}*"),
    **dict.fromkeys(("p", "div"), lambda inner, node: f"{inner}\n\n"),
    **dict.fromkeys(("script", "style", "head", "-comment"), lambda inner, node: ""),
    "a": lambda inner, node: f"[{inner}]({node.attributes['href']})" if node.attributes.get("href") else inner,
    "img": lambda inner, node: f"![]({node.attributes.get('src') or ''})",
    "code": lambda inner, node: f"`{inner}`",
    "li": lambda inner, node: f"- {inner.strip()}\n",
    "br": lambda inner, node: "  \n",
}


def _markdown_of(html: str, call: Call) -> str:
    from selectolax.lexbor import LexborHTMLParser

    call.run.spend(5 * len(html))
    body = LexborHTMLParser(html).body
    return re.sub(r"\n{3,}", "\n\n", _marked(body)).strip() if body else ""


def _marked(node: Any) -> str:
    """Return a node of HTML as Markdown."""
    if node.tag == "-text":
        return node.text_content or ""
    inner = "".join(_marked(child) for child in node.iter(include_text=True))
    return _MARKS[node.tag](inner, node) if node.tag in _MARKS else inner


@action("is.workflow.actions.makepdf", source="user guide: Make PDF")
def make_pdf(call: Call) -> Any:
    found = call.items()
    names = [item.stem if isinstance(item, File) else call.said(item)[:30] for item in found]
    return File(f"{names[0] if names else 'Document'}.pdf", "pdf", None, {"made": f"PDF of {names}"[:200]})


@action("is.workflow.actions.gettextfrompdf", source="user guide: Get Text from PDF")
def pdf_text(call: Call) -> Any:
    return call.unknown("text", call.input())


@action("is.workflow.actions.extracttextfromimage", source="user guide: Extract Text from Image")
def image_text(call: Call) -> Any:
    """Return the text that the world says an image shows (`text` of its facts)."""
    made = [
        item.facts["text"] if isinstance(item, File) and "text" in item.facts else call.unknown("text", item)
        for item in items(call.input("WFImage"))
    ]
    return one_or_many(made)


@action("is.workflow.actions.makeimagefrompdfpage", source="user guide: Make Image from PDF Page")
def pdf_image(call: Call) -> Any:
    found = values.first(call.input())
    return File(
        f"{call.said(getattr(found, 'stem', 'Page'))}.png", "image", None, {"made": f"image of {call.said(getattr(found, 'name', found))}"}
    )


@action("is.workflow.actions.generatebarcode", source="user guide: Generate QR Code")
def barcode(call: Call) -> Any:
    return File("QR Code.png", "image", None, {"made": f"QR code of {call.input_text('WFText')}"[:500]})
