"""The paper's figure 4 for our dataset: how long its workflows are, what they are about, whose APIs they use; seed against the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from common import charts
from common.dataset.quality import SEED, Example

ACTIONS = 0, 15, 30, 45, 60, 75, 90, 105  # lower bounds of the classes of length, as in the paper
SHOWN_APPS, SHOWN_CATEGORIES = 12, 28
BUILT_IN = "built in"
Shares = dict[str, float]


def distributions(kept: Sequence[Example], app_of: Callable[[str], str | None]) -> dict[str, dict[str, Shares]]:
    """Shares by length, category and app (of uses of APIs), for the seed and for all: what the figure shows, for stats.json."""
    groups = {"seed": [example for example in kept if example.origin == SEED], "all": list(kept)}
    kinds: dict[str, Callable[[Example], Iterable[str]]] = {
        "actions": lambda example: [length_class(example.figures["actions"])],
        "categories": lambda example: [example.category],
        "apps": lambda example: [app_of(api) or BUILT_IN for api in example.apis],
    }
    return {kind: {name: shares(value for example in group for value in values(example)) for name, group in groups.items()}
            for kind, values in kinds.items()}  # fmt: skip


def length_class(actions: int) -> str:
    """The class of a number of actions: 0–15, …, from 105."""
    low = max(bound for bound in ACTIONS if actions >= bound)
    return f"{low}–{low + 15}" if low < ACTIONS[-1] else f"≥ {low}"


def shares(values: Iterable[str]) -> Shares:
    """How often each value occurs, as a share of all, the most frequent first."""
    counts = Counter(values)
    return {value: round(count / counts.total(), 5) for value, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))}


def write(path: Path, stats: dict[str, Any]) -> None:
    """Draw the distributions of stats.json (PNG)."""
    told = stats["distributions"]
    lengths = [length_class(bound) for bound in ACTIONS]
    panels = [("actions in a workflow", told["actions"], lengths),
              ("categories", told["categories"], list(told["categories"]["all"])[:SHOWN_CATEGORIES]),
              ("apps, share of API uses", told["apps"], list(told["apps"]["all"])[:SHOWN_APPS])]  # fmt: skip
    with charts.page(path, 1, len(panels), (16, 6)) as (_, (axes,)):
        for axis, (title, groups, names) in zip(axes, panels, strict=True):
            for offset, (group, colour) in zip((-0.2, 0.2), (("seed", "#8aa4c8"), ("all", "#1f4e8c")), strict=True):
                values = [100 * groups[group].get(name, 0) for name in names]
                axis.barh([place + offset for place in range(len(names))], values, height=0.4, label=group, color=colour)
            axis.set_yticks(range(len(names)), names)
            axis.invert_yaxis()
            axis.set_title(title)
            axis.set_xlabel("%")
        axes[0].legend()
