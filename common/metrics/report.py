"""Tables of scores: as aligned text, as Markdown, as LaTeX."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from common import jsonl
from common.cli import Reject
from common.excerpts import one_line, shorten
from common.jsonl import Record

LONGEST_DETAIL = 200  # characters of why a query has no answer, in the terminal


COUNTS = "n", "unanswered", "truncated"  # queries with an answer that was scored, those without, and the answers that were cut
LATEX = {**{character: "\\" + character for character in "&%$#_{}"}, "\\": r"\textbackslash{}", "^": r"\textasciicircum{}",
         "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"}  # fmt: skip


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
        lines = (" | ".join(cell.replace("|", r"\|") for cell in row) for row in (self.head, rule, *self.rows))
        return f"**{self.title}**\n\n" + "\n".join(f"| {line} |" for line in lines)

    def latex(self) -> str:
        """A tabular of the package booktabs."""
        lines = [" & ".join(map(_escaped, row)) + r" \\" for row in (self.head, *self.rows)]
        body = "\n".join([r"\toprule", lines[0], r"\midrule", *lines[1:], r"\bottomrule"])
        return f"% {self.title}\n\\begin{{tabular}}{{l{'r' * (len(self.head) - 1)}}}\n{body}\n\\end{{tabular}}"


def table(title: str, columns: dict[str, str], figures: Record, splits: Iterable[str], part: str = "mean") -> Table:
    """Systems by metrics in hundredths, the splits beside each other (`ID/OOD`); `figures`: {system: {split: {metric: {part: …}}}}.

    A split without samples, or a system without the metric, shows `-`. COUNTS stand behind the metrics.
    """
    splits = list(splits)
    counts = [count for count in COUNTS if count == "n" or any(of[split].get(count) for of in figures.values() for split in splits)]

    def cell(system: dict[str, Any], metric: str) -> str:
        values = [system[split].get(metric, {}).get(part) if system[split]["n"] else None for split in splits]
        return "/".join("-" if value is None else f"{100 * value:.1f}" for value in values)

    rows = [[one_line(name), *(cell(system, metric) for metric in columns.values()),
             *("/".join(str(system[split].get(count, 0)) for split in splits) for count in counts)] for name, system in figures.items()]
    return Table(one_line(title), ["system", *columns, *counts], rows)


def notes(figures: Record, unjudged: Mapping[str, int] = {}) -> list[str]:
    """What a reader of the tables must know: whose figures are not over all queries, whose answers were cut, what has no verdict."""
    lines = []
    for name, system in ((one_line(name), system) for name, system in figures.items()):
        n, unanswered, truncated = (sum(split.get(count, 0) for split in system.values()) for count in COUNTS)
        reasons = sum((Counter(split.get("reasons", {})) for split in system.values()), Counter[str]())
        if unanswered:
            why = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())
            lines.append(f"{name}: {unanswered} of {n + unanswered} queries got no answer that could be scored ({why}); "
                         f"its figures are over the other {n}.")  # fmt: skip
        if truncated:
            lines.append(f"{name}: {truncated} of {n} answers were cut at the token limit (--max-new-tokens).")
        if unjudged.get(name):
            lines.append(f"{name}: the judge gave no verdict on {unjudged[name]} of {n} workflows; the Pass Rate is over the others.")
    return lines


def by_reason(rejects: Mapping[str, Reject]) -> str:
    """Rejects in a line: how many of each reason, with one example."""
    counts = Counter(reject.reason for reject in rejects.values())
    examples = {reject.reason: (identifier, reject.detail) for identifier, reject in reversed(rejects.items())}  # the first of each
    told = {reason: f"{identifier}: {shorten(one_line(detail), LONGEST_DETAIL)}" for reason, (identifier, detail) in examples.items()}
    return "; ".join(f"{reason} {count}, such as {told[reason]}" for reason, count in counts.most_common())


def show_and_write(shown: Sequence[Table], folder: Path, below: Sequence[str] = ()) -> None:
    """Print tables and the lines below them, and write them as Markdown and LaTeX."""
    print(*(one.text() for one in shown), *(["\n".join(below)] if below else []), sep="\n\n", end="\n\n")
    latex = [r"{\footnotesize " + _escaped(line) + r"\par}" for line in below]
    jsonl.write_atomically(folder / "tables.md", "\n\n".join([*(one.markdown() for one in shown), *below]).encode() + b"\n")
    jsonl.write_atomically(folder / "tables.tex", "\n\n".join([*(one.latex() for one in shown), *latex]).encode() + b"\n")


def _escaped(text: str) -> str:
    return "".join(LATEX.get(character, character) for character in text)
