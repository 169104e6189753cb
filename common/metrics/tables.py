"""Tables of systems by figures: for a terminal, as Markdown and as LaTeX."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import product
from pathlib import Path
from textwrap import fill
from typing import NamedTuple

from tabulate import tabulate

from common import jsonl
from common.excerpts import one_line
from common.jsonl import Record

WIDTH = 100  # columns of a terminal that a table may take
PRIMED = "+primer"  # behind the name of a system whose prompts explain the language
LONGEST_NAME = 32  # characters of a system's name on a terminal
SETS = {"id": "ID", "ood": "OOD"}


class Table(NamedTuple):
    """A table: `keys` are the heads of the columns that name a row, `columns` those of the figures; `meaning` says what these are."""

    title: str
    keys: Sequence[str]
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    meaning: str

    def text(self) -> str:
        """For a terminal, in at most WIDTH columns: a wider table comes in parts, each with the columns that name a row."""
        fixed, figures = len(self.keys), len(self.columns)
        names = [[short(row[0]), *row[1:]] for row in self.rows]
        heads = ["\n".join(name.rsplit(" ", 1)) for name in self.columns]
        drawn = ""
        for count in range(1, figures + 1):
            size = -(-figures // count)
            parts = [slice(first, first + size) for first in range(0, figures, size)]
            drawn = "\n\n".join(self._drawn("simple", heads[part], [[*row[:fixed], *row[fixed:][part]] for row in names]) for part in parts)
            if max(map(len, drawn.splitlines())) <= WIDTH:
                break
        return f"{self.title}:\n{drawn}\n{self.meaning}"

    def markdown(self) -> str:
        """For GitHub."""
        rows = [[cell.replace("|", r"\|") for cell in row] for row in self.rows]
        return f"**{self.title}**\n\n{self._drawn('github', self.columns, rows)}\n\n{self.meaning}"

    def latex(self) -> str:
        """For LaTeX with booktabs."""
        return f"% {self.title}. {self.meaning}\n{self._drawn('latex_booktabs', self.columns, self.rows)}"

    def _drawn(self, form: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        sides = ["left"] * (len(self.keys) - 1) + ["right"] * (len(columns) + 1)
        return tabulate(rows, [*self.keys, *columns], form, disable_numparse=True, colalign=sides)


def short(name: str) -> str:
    """A name in at most LONGEST_NAME characters, of which the middle is left out."""
    half = LONGEST_NAME // 2
    return name if len(name) <= LONGEST_NAME else f"{name[:half]}…{name[1 - half:]}"


def cell(figure: Mapping[str, float], part: str = "mean") -> str:
    """`64.1 ±5.2`: a figure in percent, and half the width of its interval; `-` where there is none. `part`: "mean" or "above_chance"."""
    prefix = "" if part == "mean" else f"{part}_"
    return f"{100 * figure[part]:.1f} ±{50 * (figure[f'{prefix}high'] - figure[f'{prefix}low']):.1f}" if part in figure else "-"


def table(title: str, meaning: str, columns: Mapping[str, str], result: Record, part: str = "mean",
          primed: Collection[str] = ()) -> Table:
    """Systems and splits by metrics ({label: key}); `result` is {system: {split: {metric: {"mean", "low", "high"}}}}.

    `primed` are the systems whose prompts have the primer; their rows say so.
    """
    rows = []
    for split, (name, splits) in product(next(iter(result.values()), {}), result.items()):
        own = splits[split]
        figures = (cell(own.get(key, {}), part) if own["n"] else "-" for key in columns.values())
        rows.append([one_line(name) + PRIMED * (name in primed), SETS.get(split, split), f"{own['n']:,}", *figures])
    return Table(title, ["system", "set", "n"], list(columns), rows, meaning)


def show(parts: Sequence[Table | str], folder: Path) -> None:
    """Print tables and paragraphs, and write them as Markdown and LaTeX."""
    forms = [Table.text, Table.markdown, Table.latex], [lambda text: fill(text, WIDTH), str, lambda text: f"% {text}"]
    text, markdown, latex = ("\n\n".join(of_text(part) if isinstance(part, str) else of_table(part) for part in parts) + "\n"
                             for of_table, of_text in zip(*forms))  # fmt: skip
    print(text)
    jsonl.write_atomically(folder / "tables.md", markdown.encode())
    jsonl.write_atomically(folder / "tables.tex", latex.encode())
