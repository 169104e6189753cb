"""A self-contained page over many records: search, filters, a list, and each record opened in a click. Stage 06 browses a dataset with it,
stage 08 shows the figures and samples of an evaluation.

    row = page.Row("a1", "Remind me …", facets={"split": "train"}, numbers={"actions": 7})
    page.write(path, "Workflows", "1 record", {"split": "Split"}, {"-actions": "Longest first"}, [(row, [page.text("Plan", "1. …")])])

The file holds its style, its script and its data (gzip, in base64), and asks nothing of a network; a policy in its head forbids that.
Text of a record is shown as text and can't become markup. Records are packed as they come.
"""

from __future__ import annotations

import base64
import gzip
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from common import jsonl
from common.page.alignment import aligned

HERE = Path(__file__).parent

Section = dict[str, Any]  # a part of a record, or of the overview: made by the functions below, drawn by page.js
Cell = str | dict[str, Any]
Facets = dict[str, str | list[str]]


@dataclass
class Row:
    """A record in the list. `facets`: a value or values by filter; `answers`: more of them, for each of several answers, so that filters
    find what holds of one answer together; `numbers`: to sort by; `badges`: (text, "good", "bad", "warn" or "")."""

    id: str
    text: str
    notes: str = ""
    facets: Facets = field(default_factory=dict)
    answers: list[Facets] = field(default_factory=list)
    numbers: dict[str, float] = field(default_factory=dict)
    badges: list[tuple[str, str]] = field(default_factory=list)


def write(path: Path, title: str, facts: str, facets: Mapping[str, str], orders: Mapping[str, str],
          records: Iterable[tuple[Row, list[Section]]], overview: Sequence[Section] = (), noun: str = "records") -> None:
    """Write a page, whole or not at all. `facets`: labels of filters; `orders`: labels by key of Row.numbers, or "-key" for highest first.

    With an `overview` the page opens on it, else on the first record. Raises UserError if the file cannot be written.
    """
    index = {"title": title, "facts": facts, "noun": noun, "facets": facets, "orders": orders, "overview": overview}
    data = io.BytesIO()
    with gzip.GzipFile(fileobj=data, mode="wb", compresslevel=6, mtime=0) as file:  # without the time: equal records give equal bytes
        file.write(b"[" + orjson.dumps(index))
        for row, sections in records:
            file.write(b"," + orjson.dumps({**asdict(row), "sections": sections}))
        file.write(b"]")
    html, style, script = ((HERE / name).read_text("utf-8") for name in ("page.html", "style.css", "page.js"))
    html = html.replace("{{style}}", style).replace("{{script}}", script)
    jsonl.write_atomically(path, html.replace("{{data}}", base64.b64encode(data.getvalue()).decode()).encode())


# ---------------------------------------------------------------------------------------------------------------------------------
# sections


def text(label: str, content: str, kind: str = "text") -> Section:
    """Plain text; the kind "lead" is large."""
    return {"kind": kind, "label": label, "text": content}


def code(label: str, content: str) -> Section:
    """A program in colours, to copy and to download."""
    return {"kind": "code", "label": label, "text": content}


def table(label: str, rows: Iterable[Sequence[Cell]], head: Sequence[str] | None = None) -> Section:
    """A table whose first column names the rows; with a `head` the others are figures."""
    return {"kind": "table", "label": label, "rows": list(rows), "head": head}


def cell(text: str, note: str = "", bar: Sequence[float] | None = None, kind: str = "", filter: Mapping[str, str] | None = None) -> Cell:
    """A cell: small print below, a bar of (low, mean, high) in 0..1, "good", "bad", "warn" or "base", and the filters that a click sets."""
    return {"text": text, "note": note, "bar": bar, "kind": kind, "filter": filter}


def blocks(label: str, steps: list[dict[str, Any]]) -> Section:
    """A shortcut, drawn; `steps` come from common.page.steps."""
    return {"kind": "blocks", "label": label, "blocks": steps}


def diff(label: str, gold: str, texts: Mapping[str, str], head: str = "gold", form: str = "program") -> Section:
    """Texts by name beside gold, related lines in one row, the words marked that differ; `form`: "program", "steps" or "prose"."""
    return {"kind": "diff", "label": label, "heads": [head, *texts], "rows": aligned(gold, list(texts.values())), "form": form}


def beside(*sections: Section) -> Section:
    """Sections side by side where there is room."""
    return {"kind": "beside", "label": "", "sections": sections}


def choice(label: str, options: Mapping[str, Sequence[Section]]) -> Section:
    """Sections of which one option's are shown, the first at the start."""
    return {"kind": "choice", "label": label, "options": list(options.items())}


def metadata(label: str, values: Mapping[str, Any]) -> Section:
    """A table of names and values, nested ones set out flat, unknown ones left out."""
    return table(label, [row for name, value in values.items() for row in _flat(name, value)])


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{name} · {key}", inner)
    elif isinstance(value, list) and any(isinstance(item, Mapping | list) for item in value):
        yield from _flat(name, {str(number): item for number, item in enumerate(value, start=1)})
    elif isinstance(value, bool):
        yield name, "yes" if value else "no"
    elif value not in (None, "", []):
        yield name, ", ".join(map(str, value)) if isinstance(value, list) else str(value)
