"""A self-contained page over many records: search, filters, and each record opened in a click. Stage 06 browses a dataset with it,
stage 08 the samples of an evaluation.

    with PageWriter(path, "Workflows", facts="10,000 records", facets=[Facet("split", "Split")], numbers=[("actions", "actions")]) as page:
        page.add(Row("a1", "Remind me …", facets={"split": "train"}), [text("Plan", "1. …"), code("Code", "…")])

The file holds its style, its script and its data (gzip, in base64), and asks nothing of a network; a policy in its head forbids that.
What a record says is shown as text and can't become markup. Memory: the rows, which are small; details are written as they come.
"""

from __future__ import annotations

import base64
import difflib
import gzip
import os
from dataclasses import asdict, dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import IO, Any

import orjson

from common.jsonl import UserError

HERE = Path(__file__).parent
CHUNK = 40  # records that are unpacked together when one of them is opened: some 100 KB

Section = dict[str, Any]


@dataclass(frozen=True)
class Facet:
    """Something to filter by; `sort` its values by "count" or by "name"."""

    key: str
    label: str
    sort: str = "count"


@dataclass
class Row:
    """A record in the list. `facets`: a text or texts by Facet key; `numbers`: to sort by; `badges`: (text, good, bad, warn or "")."""

    id: str
    text: str
    notes: str = ""
    facets: dict[str, str | list[str]] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)
    badges: list[tuple[str, str]] = field(default_factory=list)


class PageWriter:
    """Writes a page; it is put in place when the block ends well. Raises UserError if it cannot be written."""

    def __init__(self, path: Path, title: str, facts: str, facets: list[Facet], numbers: list[tuple[str, str]]) -> None:
        self.path, self.part = path, path.with_name(path.name + ".part")
        self.head: dict[str, Any] = {"title": title, "facts": facts, "chunk": CHUNK, "facets": [asdict(facet) for facet in facets],
                                     "numbers": [{"key": key, "label": label} for key, label in numbers]}  # fmt: skip
        self.rows: list[Row] = []
        self.pending: list[list[Section]] = []
        self.chunks = 0
        template = (HERE / "page.html").read_text("utf-8").replace("{{style}}", (HERE / "style.css").read_text("utf-8"))
        self.before, self.after = template.replace("{{script}}", (HERE / "page.js").read_text("utf-8")).split("{{data}}")

    def __enter__(self) -> PageWriter:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.file: IO[bytes] = open(self.part, "wb")
            self.file.write(self.before.encode())
        except OSError as error:
            raise UserError(f"{self.path}: cannot be written: {error.strerror}") from None
        return self

    def add(self, row: Row, sections: list[Section]) -> None:
        """A record and what is shown when it is opened."""
        self.rows.append(row)
        self.pending.append(sections)
        if len(self.pending) == CHUNK:
            self._flush()

    def _flush(self) -> None:
        self._embed(f"chunk-{self.chunks}", self.pending)
        self.pending, self.chunks = [], self.chunks + 1

    def _embed(self, name: str, value: Any) -> None:
        packed = gzip.compress(orjson.dumps(value), 6, mtime=0)  # without the time: equal records give equal bytes
        self.file.write(b'<script type="text/plain" id="%s">%s</script>\n' % (name.encode(), base64.b64encode(packed)))

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            if self.pending:
                self._flush()
            self._embed("index", {**self.head, "rows": [asdict(row) for row in self.rows]})
            self.file.write(self.after.encode())
        self.file.close()
        if kind is None:
            os.replace(self.part, self.path)
        else:
            self.part.unlink()


# ---------------------------------------------------------------------------------------------------------------------------------
# what a record is made of


def text(label: str, content: str) -> Section:
    """A section of plain text."""
    return {"kind": "text", "label": label, "text": content}


def code(label: str, content: str) -> Section:
    """A section of highlighted Python."""
    return {"kind": "code", "label": label, "text": content}


def table(label: str, rows: list[tuple[str, Any]]) -> Section:
    """A section of names and values."""
    return {"kind": "table", "label": label, "rows": rows}


def blocks(label: str, steps: list[dict[str, Any]]) -> Section:
    """A section that draws a shortcut; `steps` come from common.page.steps."""
    return {"kind": "blocks", "label": label, "blocks": steps}


def diff(label: str, heads: tuple[str, str], left: str, right: str) -> Section:
    """A section of two texts side by side, line by line, what differs marked."""
    old, new = left.splitlines(), right.splitlines()
    lines: list[tuple[str | None, str | None]] = []
    for kind, start, end, other_start, other_end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            lines += [(line, line) for line in old[start:end]]
        else:
            lines += zip_longest(old[start:end], new[other_start:other_end])
    return {"kind": "diff", "label": label, "heads": heads, "lines": lines}
