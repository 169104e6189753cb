"""The paper's figure 4 for any records: how they are distributed over sizes, categories, apps and APIs, as numbers and as a picture.

    before, after = Distribution(catalog), Distribution(catalog)
    before.add({"apis": ["is.workflow.actions.url"], "category": "Travel"})
    before.statistics()                               # {"records": 1, "apis": 1, "third_party_share": 0.0, ...}
    draw(Path("queries.png"), panels({"seed": before, "seed and queries": after}))
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from common import charts
from common.jsonl import Record
from shortcuts.catalog import Api, Catalog

SIZES = 1, 2, 4, 6, 8, 12, 16, 24, 32  # lower bounds of the groups of records by their number of APIs
SIZE_NAMES = "1", "2-3", "4-5", "6-7", "8-11", "12-15", "16-23", "24-31", "32+"
ACTIONS = 0, 15, 30, 45, 60, 75, 90, 105  # lower bounds of the classes of workflows by their actions, as in the paper
SHOWN_APPS, SHOWN_CATEGORIES = 12, 28  # bars in a picture: the most frequent ones
COLOURS = "#8aa4c8", "#1f4e8c"  # of the two groups in a picture
Shares = dict[str, float]  # of all, by value


class Distribution:
    """Counters over records with `apis` (ids) and perhaps a `category`; memory does not grow with their number."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.records = 0
        self.apis: Counter[str] = Counter()
        self.categories: Counter[str] = Counter()
        self.sizes: Counter[int] = Counter()

    def add(self, record: Record) -> None:
        """Count one record, and those of its APIs that are in the catalogue."""
        apis = [api for api in dict.fromkeys(record["apis"]) if api in self.catalog]  # in order, so that ties stay in order, too
        self.records += 1
        self.apis.update(apis)
        self.sizes[len(apis)] += 1
        if record.get("category"):
            self.categories[record["category"]] += 1

    def plus(self, other: Distribution) -> Distribution:
        """Return the distribution of both sets of records together."""
        result = Distribution(self.catalog)
        result.records = self.records + other.records
        result.apis, result.categories = self.apis + other.apis, self.categories + other.categories
        result.sizes = self.sizes + other.sizes
        return result

    def apps(self) -> Counter[str]:
        """Return the uses of APIs by app; all built-in ones count as "Apple"."""
        result: Counter[str] = Counter()
        for api, times in self.apis.items():
            known = self.catalog[api]
            result["Apple" if known.builtin else known.app] += times
        return result

    def by_size(self) -> dict[str, int]:
        """Return the number of records in each group of SIZES."""
        ends = [*SIZES[1:], math.inf]
        return {name: sum(times for size, times in self.sizes.items() if first <= size < end)
                for name, first, end in zip(SIZE_NAMES, SIZES, ends)}

    def statistics(self, usable: Callable[[Api], bool] = lambda api: True) -> dict[str, Any]:
        """Return the numbers; `evenness` is the entropy as a share of its maximum, 1 if all values that occur are equally frequent."""
        apps, uses = self.apps(), max(1, self.apis.total())
        wanted = [api.id for api in self.catalog if usable(api)]
        return {
            "records": self.records, "api_uses": self.apis.total(), "apis": len(self.apis), "apps": len(apps),
            "third_party_share": round(1 - apps["Apple"] / uses, 4) if self.apis else 0.0,
            "usable_apis": len(wanted), "usable_apis_covered": round(sum(api in self.apis for api in wanted) / max(1, len(wanted)), 4),
            "entropy_bits": {"apis": entropy(self.apis), "apps": entropy(apps), "categories": entropy(self.categories)},
            "evenness": {"apis": evenness(self.apis), "apps": evenness(apps), "categories": evenness(self.categories)},
            "apis_per_record": self.by_size(),
            "categories": dict(self.categories.most_common()), "apps_by_use": dict(apps.most_common()),
        }


def entropy(counts: Counter[str]) -> float:
    """Return Shannon's entropy in bits."""
    total = counts.total()
    return round(-sum(times / total * math.log2(times / total) for times in counts.values() if times), 3) + 0.0


def evenness(counts: Counter[str]) -> float:
    """Return the entropy divided by its maximum for that many values; 0 for fewer than two."""
    return round(entropy(counts) / math.log2(len(counts)), 3) if len(counts) > 1 else 0.0


def shares(counts: Counter[str]) -> Shares:
    """Return the share of each value among all, the most frequent first."""
    total = counts.total() or 1
    return {value: round(count / total, 5) for value, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))}


def length_class(actions: int) -> str:
    """Return the class of a number of actions: "0–15", …, "≥ 105"."""
    low = max(bound for bound in ACTIONS if actions >= bound)
    return f"{low}–{low + 15}" if low < ACTIONS[-1] else f"≥ {low}"


# ---------------------------------------------------------------------------------------------------------------------------------
# the picture


class Panel(NamedTuple):
    """One chart of the picture: the shares of the groups that are compared (two at most), and the values that get a bar."""

    title: str
    groups: dict[str, Shares]
    values: Sequence[str]


def panels(distributions: dict[str, Distribution]) -> list[Panel]:
    """Return the charts of two distributions: APIs in a record, categories, apps."""
    sizes = {name: shares(Counter(each.by_size())) for name, each in distributions.items()}
    categories = {name: shares(each.categories) for name, each in distributions.items()}
    apps = {name: shares(each.apps()) for name, each in distributions.items()}
    return [Panel("APIs in a record", sizes, SIZE_NAMES),
            Panel("categories", categories, most_frequent(categories, SHOWN_CATEGORIES)),
            Panel("apps, share of API uses", apps, most_frequent(apps, SHOWN_APPS))]


def dataset_panels(distributions: dict[str, dict[str, Shares]]) -> list[Panel]:
    """Return the charts of a dataset from the `distributions` of its stats.json."""
    actions, categories, apps = (distributions[name] for name in ("actions", "categories", "apps"))
    return [Panel("actions in a workflow", actions, list(map(length_class, ACTIONS))),
            Panel("categories", categories, most_frequent(categories, SHOWN_CATEGORIES)),
            Panel("apps, share of API uses", apps, most_frequent(apps, SHOWN_APPS))]


def most_frequent(groups: dict[str, Shares], most: int) -> list[str]:
    """Return the values that are most frequent in the last group, the most frequent first."""
    return list(list(groups.values())[-1])[:most]


def draw(path: Path, charted: list[Panel]) -> None:
    """Save the charts side by side as PNG, in per cent. Raises UserError where the file cannot be written."""
    with charts.page(path, 1, len(charted), (16, 6)) as (_, (axes,)):
        for axis, (title, groups, values) in zip(axes, charted, strict=True):
            for offset, (group, own), colour in zip((-0.2, 0.2), groups.items(), COLOURS):
                widths = [100 * own.get(value, 0) for value in values]
                axis.barh([place + offset for place in range(len(values))], widths, height=0.4, label=group, color=colour)
            axis.set_yticks(range(len(values)), values)
            axis.invert_yaxis()
            axis.set_title(title)
            axis.set_xlabel("%")
        axes[0].legend()
