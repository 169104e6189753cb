"""Tables of scores: as aligned text, as Markdown, as LaTeX."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from common import jsonl
from common.jsonl import Record


class Table(NamedTuple):
    """A title, the heads of the columns (the first is that of the names), and the rows."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def text(self) -> str:
        """Aligned columns, the title over the names."""
        rows = [[self.title, *self.head[1:]], *self.rows]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join([row[0].ljust(widths[0]), *(map(str.rjust, row[1:], widths[1:]))]) for row in rows)

    def markdown(self) -> str:
        """A table of GitHub's Markdown."""
        rule = ["---", *["---:"] * (len(self.head) - 1)]
        return f"**{self.title}**\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in (self.head, rule, *self.rows))

    def latex(self) -> str:
        """A tabular of the package booktabs."""
        lines = [" & ".join(map(_escaped, row)) + r" \\" for row in (self.head, *self.rows)]
        body = "\n".join([r"\toprule", lines[0], r"\midrule", *lines[1:], r"\bottomrule"])
        return f"% {self.title}\n\\begin{{tabular}}{{l{'r' * (len(self.head) - 1)}}}\n{body}\n\\end{{tabular}}"


def table(title: str, columns: dict[str, str], figures: Record, splits: Iterable[str], part: str = "mean") -> Table:
    """Systems by metrics in hundredths, the splits beside each other (`ID/OOD`); `figures`: {system: {split: {metric: {part: …}}}}.

    A split without samples, or a system without the metric, shows `-`.
    """
    splits = list(splits)

    def cell(system: dict[str, Any], metric: str) -> str:
        values = [system[split].get(metric, {}).get(part) if system[split]["n"] else None for split in splits]
        return "/".join("-" if value is None else f"{100 * value:.1f}" for value in values)

    rows = [[name, *(cell(system, metric) for metric in columns.values()), "/".join(str(system[split]["n"]) for split in splits)]
            for name, system in figures.items()]  # fmt: skip
    return Table(title, ["system", *columns, "n"], rows)


def show_and_write(shown: Sequence[Table], folder: Path) -> None:
    """Print tables, and write them as Markdown and LaTeX."""
    print(*(one.text() for one in shown), sep="\n\n", end="\n\n")
    jsonl.write_atomically(folder / "tables.md", "\n\n".join(one.markdown() for one in shown).encode() + b"\n")
    jsonl.write_atomically(folder / "tables.tex", "\n\n".join(one.latex() for one in shown).encode() + b"\n")


def _escaped(text: str) -> str:
    return "".join("\\" + character if character in "&%$#_{}" else character for character in text)
