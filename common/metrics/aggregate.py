"""Figures of systems from their samples: means with intervals, what these are above chance, differences of two systems, notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import product
from statistics import fmean

from common import metrics
from common.cli import Reject
from common.excerpts import one_line
from common.jsonl import Record
from common.metrics import chance_and_intervals as intervals
from common.metrics.bleu import text_scores
from common.metrics.systems import CHANCE, SPLITS, TRUNCATED, Prediction, gold

Samples = dict[str, list[Record]]  # by system
Rejects = dict[str, dict[str, Reject]]  # by system and id: why a query has no answer, or a workflow no verdict


def summarise(samples: Samples, unanswered: Rejects, tests: list[Record], seed: int) -> Record:
    """{system: {split: counts and figures}}: each metric, and what it is above chance, with its interval; plan and query; lengths."""
    chance = {sample["id"]: sample["scores"] for sample in samples.get(CHANCE, [])}
    golds = {record["id"]: gold(record) for record in tests}
    ids = {split: {record["id"] for record in tests if record["split"] == split} for split in SPLITS}
    return {name: {split: counts(own := [sample for sample in of_system if sample["split"] == split],
                                 [reject for identifier, reject in unanswered[name].items() if identifier in ids[split]])
                   | figures(own, chance, golds, seed) for split in SPLITS} for name, of_system in samples.items()}  # fmt: skip


def counts(samples: list[Record], unanswered: list[Reject]) -> Record:
    """Counts of the queries that were answered, of those that were not, by reason, and of the answers that were cut at the token limit.

    And the mean and the greatest number of tokens of the prompts, where they were counted.
    """
    tokens = [count for sample in samples if (count := sample["prediction"].get("prompt_tokens")) is not None]
    why = Counter(reject.reason for reject in unanswered)
    return {"n": len(samples), "unanswered": len(unanswered), "reasons": dict(why.most_common()),
            "truncated": sum(sample["prediction"]["failure"] == TRUNCATED for sample in samples),
            **({"prompt_tokens": {"mean": fmean(tokens), "most": max(tokens)}} if tokens else {})}  # fmt: skip


def figures(samples: list[Record], chance: dict[str, Record], golds: dict[str, Prediction], seed: int) -> Record:
    """The figures of some samples of one system."""
    scores = [sample["scores"] for sample in samples]
    means = intervals.estimate(scores, [*metrics.RATES, *metrics.COVERAGE], seed)
    beside = [(sample["scores"], chance[sample["id"]]) for sample in samples if sample["id"] in chance]
    above = intervals.above_chance(*zip(*beside, strict=True), metrics.RATES, seed) if beside else {}
    codes = sorted({code for score in scores for code in score["diagnostics"]})
    diagnosed = [{code: code in score["diagnostics"] for code in codes} for score in scores]
    texts = {field: [(ours, theirs) for sample in samples
                     if (ours := getattr(golds[sample["id"]], field)) and (theirs := sample["prediction"].get(field))]
             for field in ("plan", "query")}  # fmt: skip
    return {
        **{metric: {**mean._asdict(), **({"above_chance": above[metric].mean, "above_chance_low": above[metric].low,
                                          "above_chance_high": above[metric].high} if metric in above else {})}
           for metric, mean in means.items()},
        "length_ratio": {**intervals.median([score["length_ratio"] for score in scores], seed)._asdict(), "is": "a median"},
        "diagnostics": {code: share._asdict() for code, share in intervals.estimate(diagnosed, codes, seed).items()} if codes else {},
        **{field: text_scores(*zip(*pairs, strict=True)) for field, pairs in texts.items() if pairs},
        "flags": dict(Counter(flag for score in scores for flag in score["flags"]).most_common()),
    }  # fmt: skip


def compare(samples: Samples, pairs: Iterable[tuple[str, str]], seed: int) -> list[Record]:
    """Pairs of systems on the samples that both have: the mean difference, its interval, and how likely it is none (paired bootstrap)."""
    result = []
    for (one, other), metric in product(pairs, metrics.RATES):
        ours, theirs = ({sample["id"]: value for sample in samples.get(name, ()) if (value := sample["scores"][metric]) is not None}
                        for name in (one, other))  # none, if it never answered
        shared = [(value, theirs[identifier]) for identifier, value in ours.items() if identifier in theirs]
        if shared:
            difference = intervals.paired(*zip(*shared, strict=True), seed)
            result.append({"systems": [one, other], "metric": metric, "n": len(shared), **difference._asdict()})
    return result


def notes(result: Record, unjudged: Mapping[str, Mapping[str, Reject]] = {}) -> list[str]:
    """Remarks for a reader of the tables: figures that are not over all queries, answers that were cut, workflows without a verdict."""
    lines = []
    for name, splits in ((one_line(name), splits) for name, splits in result.items()):
        n, unanswered, truncated = (sum(own[count] for own in splits.values()) for count in ("n", "unanswered", "truncated"))
        if unanswered:
            why = sum((Counter(own["reasons"]) for own in splits.values()), Counter[str]())
            listed = ", ".join(f"{reason} {count}" for reason, count in why.most_common())
            lines.append(f"{name}: {unanswered} of {n + unanswered} queries got no answer that could be scored ({listed}); "
                         f"its figures are over the other {n}.")  # fmt: skip
        if truncated:
            lines.append(f"{name}: {truncated} of {n} answers were cut at the token limit (--max-new-tokens).")
        if counted := [own for own in splits.values() if "prompt_tokens" in own]:
            mean = fmean([own["prompt_tokens"]["mean"] for own in counted], [own["n"] for own in counted])
            most = max(own["prompt_tokens"]["most"] for own in counted)
            lines.append(f"{name}: a prompt has {mean:,.0f} tokens with its examples, at most {most:,}.")
        if unjudged.get(name):
            lines.append(f"{name}: the judge gave no verdict on {len(unjudged[name])} of {n} workflows; the Pass Rate is over the others.")
    return lines
