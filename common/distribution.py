"""How a set of workflows or queries is spread over categories, apps and APIs: the numbers and the picture of the paper's figure 4.

    before, after = Distribution(catalog), Distribution(catalog)
    before.add({"apis": ["is.workflow.actions.url"], "category": "Travel"})
    before.figures()                                  # {"records": 1, "apis": 1, "third_party_share": 0.0, ...}
    draw({"seed": before, "seed and queries": after}, Path("queries.png"))
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import charts
from common.jsonl import Record
from shortcuts.catalog import Api, Catalog

SIZES = 1, 2, 4, 6, 8, 12, 16, 24, 32  # first number of APIs of each group of workflows
SHOWN_APPS = 12  # in the figure; the others together are one bar


class Distribution:
    """Counters over records with `apis` (ids) and perhaps a `category`; memory does not grow with their number."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.records = 0
        self.apis: Counter[str] = Counter()
        self.categories: Counter[str] = Counter()
        self.sizes: Counter[int] = Counter()

    def add(self, record: Record) -> None:
        """Count one record; of its APIs those that the catalogue knows."""
        apis = {api for api in record["apis"] if api in self.catalog}
        self.records += 1
        self.apis.update(apis)
        self.sizes[len(apis)] += 1
        if record.get("category"):
            self.categories[record["category"]] += 1

    def plus(self, other: Distribution) -> Distribution:
        """Both together."""
        result = Distribution(self.catalog)
        result.records = self.records + other.records
        result.apis, result.categories, result.sizes = (mine + others for mine, others in (
            (self.apis, other.apis), (self.categories, other.categories), (self.sizes, other.sizes)))  # fmt: skip
        return result

    def apps(self) -> Counter[str]:
        """Uses of APIs by app; the built-in ones are all Apple's."""
        result: Counter[str] = Counter()
        for api, times in self.apis.items():
            known = self.catalog[api]
            result["Apple" if known.builtin else known.app] += times
        return result

    def figures(self, usable: Callable[[Api], bool] = lambda api: True) -> dict[str, Any]:
        """The numbers. `evenness` is the entropy as a share of the most there could be: 1 if all that occur occur alike."""
        apps, uses = self.apps(), max(1, self.apis.total())
        wanted = [api.id for api in self.catalog if usable(api)]
        return {
            "records": self.records, "api_uses": self.apis.total(), "apis": len(self.apis), "apps": len(apps),
            "third_party_share": round(1 - apps["Apple"] / uses, 4) if self.apis else 0.0,
            "usable_apis": len(wanted), "usable_apis_covered": round(sum(api in self.apis for api in wanted) / max(1, len(wanted)), 4),
            "entropy_bits": {"apis": entropy(self.apis), "apps": entropy(apps), "categories": entropy(self.categories)},
            "evenness": {"apis": evenness(self.apis), "apps": evenness(apps), "categories": evenness(self.categories)},
            "apis_per_record": dict(zip(size_names(), self.grouped_sizes())),
            "categories": dict(self.categories.most_common()), "apps_by_use": dict(apps.most_common()),
        }  # fmt: skip

    def grouped_sizes(self) -> list[int]:
        """Records by the groups of SIZES."""
        ends = [*SIZES[1:], math.inf]
        return [sum(times for size, times in self.sizes.items() if first <= size < end) for first, end in zip(SIZES, ends)]


def size_names() -> list[str]:
    """The groups of SIZES in words."""
    spans = [str(first) if end - first == 1 else f"{first}-{end - 1}" for first, end in zip(SIZES, SIZES[1:])]
    return [*spans, f"{SIZES[-1]}+"]


def entropy(counts: Counter[str]) -> float:
    """Shannon's entropy in bits."""
    total = counts.total()
    return round(-sum(times / total * math.log2(times / total) for times in counts.values() if times), 3) + 0.0


def evenness(counts: Counter[str]) -> float:
    """Entropy by the most that so many different things could have; 0 for one alone or none."""
    return round(entropy(counts) / math.log2(len(counts)), 3) if len(counts) > 1 else 0.0


def draw(distributions: dict[str, Distribution], path: Path) -> None:
    """Save the figure as PNG: sizes, categories, apps and Apple's share, each as shares of the records or uses of each distribution."""
    last = list(distributions.values())[-1]
    categories = sorted({category for each in distributions.values() for category in each.categories})
    apps = [app for app, _ in last.apps().most_common() if app != "Apple"][:SHOWN_APPS]
    with charts.page(path, 2, 2, (14, 10)) as (figure, ((sizes, shares), (kinds, makers))):
        _bars(sizes, "APIs in a record", size_names(), {name: each.grouped_sizes() for name, each in distributions.items()})
        _bars(shares, "Uses of APIs", ["Apple's", "of other apps"], {
            name: [each.apps()["Apple"], each.apis.total() - each.apps()["Apple"]] for name, each in distributions.items()})
        _bars(kinds, "Categories", categories, {name: [each.categories[category] for category in categories]
                                               for name, each in distributions.items()})  # fmt: skip
        _bars(makers, "Uses of other apps' APIs", [*apps, "others"], {
            name: _by_app(each.apps(), apps) for name, each in distributions.items()})
        figure.legend(*sizes.get_legend_handles_labels(), loc="outside upper center", ncols=len(distributions))


def _by_app(uses: Counter[str], shown: list[str]) -> list[int]:
    return [*(uses[app] for app in shown), uses.total() - uses["Apple"] - sum(uses[app] for app in shown)]


def _bars(axes: Any, title: str, names: list[str], groups: dict[str, list[int]]) -> None:
    """A group of bars for each name, in per cent of each group's own total."""
    axes.set_title(title)
    width = 0.8 / max(1, len(groups))
    for number, (label, counts) in enumerate(groups.items()):
        total = sum(counts) or 1
        axes.bar([place + (number + 0.5) * width - 0.4 for place in range(len(names))], [100 * count / total for count in counts], width,
                 label=label)
    axes.set_ylabel("%")
    axes.set_xticks(range(len(names)), names, rotation=90 if len(names) > len(SIZES) else 0, fontsize=8)
