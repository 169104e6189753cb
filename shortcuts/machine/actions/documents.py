"""Rich text, HTML, Markdown and PDF."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from shortcuts.machine import values
from shortcuts.machine.registry import Call, action
from shortcuts.machine.values import File, RichText, items, one_or_many


@lru_cache(maxsize=1)
def _markdown() -> Any:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"maxNesting": 20}).enable(["table", "strikethrough"])


@action("is.workflow.actions.getrichtextfrommarkdown", source="user guide: Make Rich Text from Markdown; CommonMark")
def from_markdown(call: Call) -> Any:
    text = call.input_text()
    call.run.spend(20 * len(text))
    return RichText(_markdown().render(text).rstrip("\n"))


@action("is.workflow.actions.getrichtextfromhtml", source="user guide: Make Rich Text from HTML")
def from_html(call: Call) -> Any:
    value = values.first(call.input("WFHTML"))
    return RichText(value.data if isinstance(value, File) and isinstance(value.data, str) else values.text(value, call.place))


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

    return "".join(f"<p>{escape(line, quote=False)}</p>" for line in values.text(item, call.place).split("\n"))


@action(
    "is.workflow.actions.getmarkdownfromrichtext",
    source="user guide: Make Markdown from Rich Text; CommonMark",
    assumed="only headings, emphasis, links, lists and line breaks are kept",
)
def to_markdown(call: Call) -> Any:
    return "\n".join(_markdown_of(item.html) if isinstance(item, RichText) else values.text(item, call.place) for item in call.items())


_RULES = [
    (r"<h([1-6])\b[^>]*>(.*?)</h\1>", lambda m: f"\n{'#' * int(m[1])} {m[2]}\n\n"),
    (r"<(strong|b)\b[^>]*>(.*?)</\1>", lambda m: f"**{m[2]}**"),
    (r"<(em|i)\b[^>]*>(.*?)</\1>", lambda m: f"*{m[2]}*"),
    (r"<a\b[^>]*?href=[\"']([^\"']*)[\"'][^>]*>(.*?)</a>", lambda m: f"[{m[2]}]({m[1]})"),
    (r"<img\b[^>]*?src=[\"']([^\"']*)[\"'][^>]*>", lambda m: f"![]({m[1]})"),
    (r"<code\b[^>]*>(.*?)</code>", lambda m: f"`{m[1]}`"),
    (r"<li\b[^>]*>(.*?)</li>", lambda m: f"- {m[1].strip()}\n"),
    (r"<br\s*/?>", lambda m: "  \n"),
    (r"</p>|</div>", lambda m: "\n\n"),
    (r"<(script|style|head)\b.*?</\1>|<[^>]+>", lambda m: ""),
]


def _markdown_of(html: str) -> str:
    from html import unescape

    for pattern, made in _RULES:
        html = re.sub(pattern, made, html, flags=re.DOTALL | re.IGNORECASE)
    return re.sub(r"\n{3,}", "\n\n", unescape(html)).strip()


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
