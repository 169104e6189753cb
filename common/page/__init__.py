"""A self-contained page over many records: search, filters, and each record opened in a click. Stage 06 browses a dataset with it,
stage 08 the samples of an evaluation.

    with PageWriter(path, "Workflows", facts="10,000 records", facets=[Facet("split", "Split")], numbers=[("actions", "actions")]) as page:
        page.add(Row("a1", "Remind me …", facets={"split": "train"}), [text("Plan", "1. …"), code("Code", "…")])

The file holds its style, its script and its data (gzip, in base64), and asks nothing of a network; a policy in its head forbids that.
What a record says is shown as text and can't become markup. The rows stand before the details, so that the list is there while the browser
still reads the rest. Memory: the rows, which are small; details are written as they come, and copied into place at the end.
"""

from __future__ import annotations

import base64
import difflib
import gzip
import os
import shutil
import tempfile
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
        template = template.replace("{{script}}", (HERE / "page.js").read_text("utf-8"))
        self.before, rest = template.split("{{index}}")
        self.script, self.after = rest.split("{{chunks}}")

    def __enter__(self) -> PageWriter:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.chunks_file: IO[bytes] = tempfile.TemporaryFile(dir=self.path.parent)
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
        self.chunks_file.write(_embedded(f"chunk-{self.chunks}", self.pending))
        self.pending, self.chunks = [], self.chunks + 1

    def __exit__(self, kind: object, *_: object) -> None:
        with self.chunks_file:
            if kind is not None:
                return
            if self.pending:
                self._flush()
            try:
                self._put_together()
            except OSError as error:
                raise UserError(f"{self.path}: cannot be written: {error.strerror}") from None

    def _put_together(self) -> None:
        self.chunks_file.seek(0)
        with open(self.part, "wb") as file:
            file.write(self.before.encode() + _embedded("index", {**self.head, "rows": [asdict(row) for row in self.rows]}))
            file.write(self.script.encode())
            shutil.copyfileobj(self.chunks_file, file)
            file.write(self.after.encode())
        os.replace(self.part, self.path)


def _embedded(name: str, value: Any) -> bytes:
    """Data as an element of the page. Packed without the time, so that equal records give equal bytes."""
    packed = base64.b64encode(gzip.compress(orjson.dumps(value), 6, mtime=0))
    return b'<script type="text/plain" id="%s">%s</script>\n' % (name.encode(), packed)


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


def diff(label: str, heads: tuple[str, str], left: str, right: str, prose: bool = False) -> Section:
    """A section of two texts side by side, line by line, what differs marked; Python is highlighted, prose is not."""
    old, new = left.splitlines(), right.splitlines()
    lines: list[tuple[str | None, str | None]] = []
    for kind, start, end, other_start, other_end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            lines += [(line, line) for line in old[start:end]]
        else:
            lines += zip_longest(old[start:end], new[other_start:other_end])
    return {"kind": "diff", "label": label, "heads": heads, "lines": lines, "prose": prose}
