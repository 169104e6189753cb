"""Scores by difficulty: by the actions, the branches and loops, and the depth of the gold program (the paper's figure 5)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from common import charts
from common.jsonl import Record
from common.metrics import HEADLINE
from common.metrics import chance_and_intervals as intervals
from shortcuts.syntax.recovering_parser import read_tree

MOST_SHOWN = 4  # systems in the figure: more lines in a panel cannot be told apart
COLOURS = "#1f4e8c", "#c8642d", "#3c8c5a", "#8c8c8c"


class Measure(NamedTuple):
    """A measure of a program's shape: its title, the lower bounds of its classes, and its value from `example.shape`."""

    title: str
    bounds: Sequence[int]
    read: Callable[[Mapping[str, int]], int]


MEASURES = {
    "actions": Measure("actions", (0, 5, 10, 15, 30, 45, 60, 75, 90, 105), lambda shape: shape["actions"]),  # the paper's, and short ones
    "branches": Measure("branches and loops", (0, 1, 2, 3, 5, 9, 17), lambda shape: shape["ifs"] + shape["menus"] + shape["loops"]),
    "depth": Measure("nesting depth", (0, 1, 2, 3, 4, 5), lambda shape: shape["depth"]),
}  # fmt: skip


def breakdown(tests: Sequence[Record], samples: Mapping[str, Sequence[Record]], seed: int = 0) -> Record:
    """{measure: {class: {"n": gold programs, "systems": {system: {"n": its samples, metric: {"mean", "low", "high"}}}}}}.

    The classes that some gold program belongs to, the easiest first, both splits together. `samples`: by system, as sample_store has them.
    """
    from common.dataset.example import shape  # it loads datasketch: half a second

    shapes = {record["id"]: shape(read_tree(record["reference"])[0]) for record in tests}
    result: Record = {}
    for name, (_, bounds, read) in MEASURES.items():
        classes = {identifier: bisect_right(bounds, read(figures)) - 1 for identifier, figures in shapes.items()}
        result[name] = {label(bounds, place): {
            "n": sum(own == place for own in classes.values()),
            "systems": {system: means([sample["scores"] for sample in given if classes[sample["id"]] == place], seed)
                        for system, given in samples.items()},
        } for place in sorted(set(classes.values()))}  # fmt: skip
    return result


def means(scores: Sequence[Record], seed: int) -> Record:
    """The number of samples, and each metric's mean with its 95 % interval."""
    return {"n": len(scores), **{metric: mean._asdict() for metric, mean in intervals.estimate(scores, list(HEADLINE), seed).items()}}


def label(bounds: Sequence[int], place: int) -> str:
    """The label of a class: 3, 5–9, ≥ 105."""
    low = bounds[place]
    if place == len(bounds) - 1:
        return f"≥ {low}"
    high = bounds[place + 1] - 1
    return str(low) if low == high else f"{low}–{high}"


def draw(path: Path, figures: Record) -> None:
    """Draw the breakdown of the first systems as PNG, metrics by measures; a bar is a 95 % interval."""
    with charts.page(path, len(HEADLINE), len(MEASURES), (15, 12), sharey="row") as (figure, axes):
        for column, (name, measure) in enumerate(MEASURES.items()):
            for row, (metric, title) in enumerate(HEADLINE.items()):
                panel(axes[row][column], figures[name], metric)
                axes[row][0].set_ylabel(f"{title}, %")
            axes[-1][column].set_xlabel(f"{measure.title} of the gold program")
        figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=MOST_SHOWN)


def panel(axis: Any, classes: Record, metric: str) -> None:
    """Draw a line for each system over the classes, and the number of gold programs under each class."""
    systems = list(next(iter(classes.values()))["systems"])[:MOST_SHOWN]
    for number, (system, colour) in enumerate(zip(systems, COLOURS, strict=False)):
        points = [(place + 0.08 * (number - (len(systems) - 1) / 2), known) for place, of_class in enumerate(classes.values())
                  if (known := of_class["systems"][system].get(metric))]  # fmt: skip
        values = [100 * known["mean"] for _, known in points]
        ends = [[100 * max(0.0, sign * (known[end] - known["mean"])) for _, known in points] for sign, end in ((-1, "low"), (1, "high"))]
        axis.errorbar([x for x, _ in points], values, ends, label=system, color=colour, marker="o", markersize=4, capsize=2, linewidth=1.5)
    axis.set_xticks(range(len(classes)), [f"{name}\nn {of_class['n']}" for name, of_class in classes.items()])
    axis.set_ylim(-3, 103)
    axis.grid(axis="y", alpha=0.3)
