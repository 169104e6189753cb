"""The tables of a report of stage 08, one for each group of metrics, and its last sentences."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from common import metrics
from common.excerpts import one_line
from common.jsonl import Record
from common.metrics.chance_and_intervals import FEWEST
from common.metrics.systems import CHANCE
from common.metrics.tables import SETS, Table, cell, short, table

LEGEND = "In percent, ± half the width of the 95 % interval (bootstrap)."
SETS_MEANING = "ID: unseen instructions, OOD: unseen APIs."
TABLES = {  # by group of metrics: title, and what the figures mean
    metrics.PAPER: ("The paper's metrics", "CodeBLEU sums up n-grams, syntax tree (AST) and data flow (DF). An empty answer scores 40.0."),
    metrics.VALIDITY: ("Validity", "check: without a diagnostic; compile: to a shortcut; length: median, in percent of gold's words."),
    metrics.CALLS: ("Calls and parameters", "P, R, F1 of the APIs called; order: also in gold's order; param: of calls to the same API."),
    metrics.FLOW: ("Data and control flow", "graph: edges; chain, subgraph: WorFEval's; trace: symbolic; exec: what executed golds do."),
}
ABOVE_CHANCE = "Above chance", f"(score - chance) / (1 - chance), chance being the baseline {CHANCE}: 0 is chance, 100 is gold."
DIFFERENCES = "Differences", "The first less the second, where both answered. * p < 0.05 (paired bootstrap), n of 10 or more."
CONCLUSIONS = "api_f1", "trace_match"  # the metrics that the last sentences are about
PLANS = {"P": "precision@0.7", "R": "recall@0.7", "F1": "f1@0.7", "F1 mended": "f1_mended@0.7", "F1 at 0.8": "f1@0.8",
         "mended at 0.8": "f1_mended@0.8", "order F1": "order_f1", "parsed": "parsed"}  # fmt: skip
PLANS_MEANING = "Steps alike by 0.7 (or 0.8) and in order. mended: a plan without a match scores 0. order: by name."
PLANS_NOTE = ("Gold has less than 100 where its steps repeat: the published matching (networkx) pairs equal steps in any order, often "
              "backwards, and only the longest run in order counts.")


def kinds_of_tables(is_judged: bool) -> list[tuple[str, dict[str, str], str]]:
    """The tables of a report as (title, {label: metric}, "mean" or "above_chance"): one for each group of the registry, and chance."""
    kinds = []
    for group, (title, _) in TABLES.items():
        columns = {metric.label: metric.key for metric in metrics.METRICS if metric.group == group}
        columns |= {"length": "length_ratio"} if group == metrics.VALIDITY else {}
        columns |= {label: key for key, label in metrics.COVERAGE.items()} if group == metrics.FLOW else {}
        columns |= {"Pass Rate": "pass_rate"} if group == metrics.PAPER and is_judged else {}
        kinds.append((title, columns, "mean"))
    return [*kinds, (ABOVE_CHANCE[0], {label: key for key, label in metrics.HEADLINE.items()}, "above_chance")]


def tables(result: Record, kinds: Iterable[tuple[str, dict[str, str], str]], primed: Collection[str] = ()) -> list[Table]:
    """The tables of a report."""
    meanings = dict([*TABLES.values(), ABOVE_CHANCE])
    return [table(title, meanings[title], columns, result, part, primed) for title, columns, part in kinds]


def difference_table(differences: list[Record]) -> list[Table]:
    """A table of the headline metrics' differences, if anything was compared."""
    pairs: dict[tuple[str, ...], Record] = {}
    for row in differences:
        pairs.setdefault(tuple(map(one_line, row["systems"])), {})[row["metric"]] = row
    rows = [[" - ".join(map(short, names)), f"{max(row['n'] for row in of.values()):,}",
             *(f"{cell(row)}{'*' if row.get('p', 1) < 0.05 and row['n'] >= FEWEST else ' '}"
               for row in (of.get(key, {}) for key in metrics.HEADLINE))]
            for names, of in pairs.items()]  # fmt: skip
    title, meaning = DIFFERENCES
    return [Table(title, ["systems", "n"], [*metrics.HEADLINE.values()], rows, meaning)] if rows else []


def conclusion(result: Record, models: Sequence[str], label: str, key: str) -> str:
    """A sentence: the system that leads in a metric, by split, and how that compares with the best baseline.

    Only systems that answered all queries of a split: the mean over some of them is no rank, and the others are named.
    """
    parts = []
    for split in next(iter(result.values()), {}):
        known = {name: own[split][key] for name, own in result.items() if own[split]["n"] and not own[split]["unanswered"]}
        ranked = sorted(known, key=lambda name: -known[name]["mean"])
        ours = [name for name in ranked if name in models]
        baseline = next((name for name in ranked if name in baselines_of(result, models)), None)
        if baseline is None:
            continue
        here, best = f"on {SETS.get(split, split)}", f"the best baseline ({baseline}, {cell(known[baseline])}"
        if not ours:
            parts.append(f"{here} no model was scored on all queries beside {best})")
            continue
        first, theirs, n = known[ours[0]], known[baseline], result[ours[0]][split]["n"]
        side = "above" if first["mean"] > theirs["mean"] else "below" if first["mean"] < theirs["mean"] else "level with"
        overlap = "overlap" if first["low"] <= theirs["high"] and theirs["low"] <= first["high"] else "do not overlap"
        said = f"the intervals {overlap}" if n >= FEWEST else f"{n} queries are too few to tell them apart"
        rank = f", the best of {len(ours)} systems," if len(ours) > 1 else ""
        absent = ", ".join(one_line(name) for name in models if name not in known)
        parts.append(f"{here} {one_line(ours[0])}{rank} has {cell(first)}, {side} {best}; {said})"
                     + (f"; {absent} did not answer all queries and has no rank" if absent else ""))  # fmt: skip
    return f"{label}: {'; '.join(parts)}."


def baselines_of(result: Record, models: Sequence[str]) -> list[str]:
    """The systems that need no model, without gold."""
    return [name for name in result if name not in models and not name.startswith("gold")]
