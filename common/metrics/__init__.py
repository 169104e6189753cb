"""Metrics of a predicted workflow against the gold one.

    scores = score(gold_code, predicted_code)       # {"codebleu": …, "api_f1": …, "trace_match": …, …}, each 0 to 1

METRICS is the registry: one entry a metric, with the function that computes it. Stage 08's tables and comparisons, breakdown.py and the
filters of eval.html read it, so a new metric is a function and an entry in this file.

Gold scores 1. An empty prediction scores 0, but on the paper's CodeBLEU 0.4. A metric may be None for a gold that it cannot judge; figures
of a test set are then over the others. A prediction that does not parse is scored on the calls that
can be read in it, and flagged. Statistics over a test set are in chance_and_intervals.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from rapidfuzz.distance import LCSseq

from common.metrics.call_graph import Call, CallGraph, read_call_graph
from common.metrics.codebleu import codebleu, codebleu_strict, overlap, overlap_f1
from common.metrics.execution_match import execution_match
from common.metrics.trace_match import trace_equal, trace_match, traced
from common.metrics.worfeval import chain_f1, match_calls, subgraph_f1
from shortcuts import DialectError, in_dialect, is_empty, parse, review
from shortcuts.collector import collector_paused
from shortcuts.syntax.recovering_parser import MAX_CHARACTERS

PAPER, VALIDITY, CALLS, FLOW = "paper", "validity", "calls", "flow"  # the groups, each a table of stage 08
CACHED_GRAPHS = 64  # gold is read once for all systems that are scored one after the other


# ---------------------------------------------------------------------------------------------------------------------------------
# what is compared


class Pair:
    """A gold program and a prediction, both without comments; what several metrics need of them is computed once.

    CodeBLEU and validity are about the text as it was written. All others are about the actions that it makes: natural Python, as models
    write it that were not trained on the language, is compared as the program of the dialect that it compiles to.
    """

    def __init__(self, gold: str, prediction: str) -> None:
        self.gold, self.prediction = gold, prediction

    programs = cached_property(lambda self: (_program(self.gold), _program(self.prediction)))
    codebleu = cached_property(lambda self: codebleu(self.gold, self.prediction))
    validity = cached_property(lambda self: validity(self.prediction))
    trace_match = cached_property(lambda self: trace_match(*self.programs))
    execution = cached_property(lambda self: execution_match(self.gold, self.prediction))
    graphs = cached_property(lambda self: tuple(map(_read, self.programs)))
    matched = cached_property(lambda self: match_calls(*(graph.calls for graph in self.graphs)))  # places in gold and prediction

    @cached_property
    def names(self) -> tuple[list[str], list[str]]:
        """The APIs that gold and prediction call, in order, as often as they are called."""
        gold, guess = self.graphs
        return [call.name for call in gold.calls], [call.name for call in guess.calls]


_read = lru_cache(CACHED_GRAPHS)(read_call_graph)


@lru_cache(CACHED_GRAPHS)
def _program(code: str) -> str:
    """Return code in forms of the dialect where it compiles and is not too long for that."""
    return in_dialect(code) if len(code) <= MAX_CHARACTERS else code


# ---------------------------------------------------------------------------------------------------------------------------------
# the metrics


def validity(code: str) -> dict[str, Any]:
    """1 or 0 for each of parse, check, compile and nonempty, and `diagnostics`: how often `check` finds what, by code."""
    try:
        if len(code) > MAX_CHARACTERS:
            raise DialectError(1, "too long", "syntax")
        parse(code)
    except DialectError:
        return {"parse": 0.0, "check": 0.0, "compile": 0.0, "nonempty": 0.0, "diagnostics": {"syntax": 1}}
    found, shortcut = review(code)
    diagnostics = Counter(diagnostic.code for diagnostic in found)
    return {"parse": 1.0, "check": float(not found), "compile": float(shortcut is not None), "nonempty": float(not is_empty(code)),
            "diagnostics": dict(sorted(diagnostics.items()))}  # fmt: skip


def execution_equal(pair: Pair) -> float | None:
    """1 if the prediction does all that gold does, and nothing else, in each world; None where gold cannot be run."""
    return None if pair.execution.match is None else float(pair.execution.equal)


def api_precision(pair: Pair) -> float:
    """The share of the predicted calls whose API gold calls as often."""
    wanted, found = pair.names
    return overlap(Counter(wanted), Counter(found)) / len(found) if found else float(not wanted)


def api_recall(pair: Pair) -> float:
    """The share of gold's calls that the prediction makes, whatever their order."""
    wanted, found = pair.names
    return overlap(Counter(wanted), Counter(found)) / len(wanted) if wanted else float(not found)


def api_f1(pair: Pair) -> float:
    """F1 of the calls as multisets of APIs."""
    wanted, found = pair.names
    return overlap_f1(Counter(wanted), Counter(found))


def order_f1(pair: Pair) -> float:
    """F1 of the calls that both programs make in the same order: their longest common subsequence."""
    wanted, found = pair.names
    return 2 * LCSseq.similarity(wanted, found) / (len(wanted) + len(found)) if wanted or found else 1.0


def parameter_names(pair: Pair) -> float:
    """Of the parameters of matched calls on either side, the share that both name; 1 if matched calls take none, 0 if no call matches."""
    return _shared_parameters(pair, lambda key, gold, guess: True)


def parameter_values(pair: Pair) -> float:
    """Like parameter_names, of those that have the same value on both sides."""
    places, (of_gold, of_guess) = dict(pair.matched), _results(*pair.graphs)

    def is_same(source: int, other: int) -> bool:
        return places.get(source, other) == other or of_gold[source] == of_guess[other]

    def is_given(key: str, left: Call, right: Call) -> bool:
        return left.arguments[key] == right.arguments[key] and all(map(is_same, left.sources[key], right.sources[key]))

    return _shared_parameters(pair, is_given)


def _results(*graphs: CallGraph) -> list[list[int]]:
    """A number for each call of some programs: equal for calls of one API with equal arguments, which give the same."""
    known: dict[object, int] = {}
    numbers: list[list[int]] = []
    for graph in graphs:
        numbers.append([])
        for call in graph.calls:
            arguments = [(key, value, *(numbers[-1][source] for source in call.sources[key])) for key, value in call.arguments.items()]
            numbers[-1].append(known.setdefault((call.name, *sorted(arguments)), len(known)))
    return numbers


def _shared_parameters(pair: Pair, is_shared: Callable[[str, Call, Call], bool]) -> float:
    gold, guess = pair.graphs
    calls = [(gold.calls[left], guess.calls[right]) for left, right in pair.matched]
    total = sum(len(left.arguments.keys() | right.arguments.keys()) for left, right in calls)
    shared = sum(is_shared(key, left, right) for left, right in calls for key in left.arguments.keys() & right.arguments.keys())
    return shared / total if total else float(bool(pair.matched) or not gold.calls)


def graph_f1(pair: Pair) -> float:
    """F1 of the edges of data and control flow between APIs."""
    gold, guess = pair.graphs
    return overlap_f1(gold.named_edges(), guess.named_edges())


class Metric(NamedTuple):
    """A metric: its key in scores.json, its label in tables, the group it stands in, and its value for a pair: 0 to 1, or None.

    A `headline` metric also stands in the comparisons and above chance, in the breakdown by difficulty, and among eval.html's filters.
    """

    key: str
    label: str
    group: str
    value: Callable[[Pair], float | None]
    headline: bool = False


METRICS = (
    Metric("bleu", "BLEU", PAPER, lambda pair: pair.codebleu.ngram),
    Metric("weighted", "wN-gram", PAPER, lambda pair: pair.codebleu.weighted_ngram),
    Metric("ast", "AST", PAPER, lambda pair: pair.codebleu.ast),
    Metric("dataflow", "DF", PAPER, lambda pair: pair.codebleu.dataflow),
    Metric("codebleu", "CodeBLEU", PAPER, lambda pair: pair.codebleu.codebleu, headline=True),
    Metric("parse", "parse", VALIDITY, lambda pair: pair.validity["parse"]),
    Metric("check", "check", VALIDITY, lambda pair: pair.validity["check"]),
    Metric("compile", "compile", VALIDITY, lambda pair: pair.validity["compile"]),
    Metric("nonempty", "nonempty", VALIDITY, lambda pair: pair.validity["nonempty"]),
    Metric("api_precision", "API P", CALLS, api_precision),
    Metric("api_recall", "API R", CALLS, api_recall),
    Metric("api_f1", "API F1", CALLS, api_f1, headline=True),
    Metric("order_f1", "order F1", CALLS, order_f1),
    Metric("parameter_names", "param names", CALLS, parameter_names),
    Metric("parameter_values", "param values", CALLS, parameter_values),
    Metric("graph_f1", "graph F1", FLOW, graph_f1, headline=True),
    Metric("chain_f1", "chain F1", FLOW, lambda pair: chain_f1(*pair.graphs, pair.matched)),
    Metric("subgraph_f1", "subgraph F1", FLOW, lambda pair: subgraph_f1(*pair.graphs, pair.matched)),
    Metric("trace_match", "trace match", FLOW, lambda pair: pair.trace_match, headline=True),
    Metric("trace_equal", "trace equal", FLOW, lambda pair: float(trace_equal(*pair.programs))),
    Metric("execution_match", "exec match", FLOW, lambda pair: pair.execution.match, headline=True),
    Metric("execution_equal", "exec equal", FLOW, execution_equal),
    Metric("codebleu_strict", "strict CodeBLEU", FLOW, lambda pair: codebleu_strict(*pair.programs).codebleu),
)
RATES = tuple(metric.key for metric in METRICS)
COVERAGE = {"executed": "executed", "executed_whole": "whole"}  # shares of the golds, by key: those that execution match judges
HEADLINE = {metric.key: metric.label for metric in METRICS if metric.headline}


@collector_paused()
def score(gold: str, prediction: str) -> dict[str, Any]:
    """All of METRICS for one prediction by key, and COVERAGE, `length_ratio` (words to gold's), `diagnostics`, and `flags`: what was
    not read whole.
    """
    pair, is_empty = Pair(gold, prediction), not prediction.strip()
    result: dict[str, Any] = {metric.key: metric.value(pair) for metric in METRICS}
    if is_empty:
        result |= {metric.key: 0.0 for metric in METRICS if metric.group != PAPER and result[metric.key] is not None}
    result |= {"executed": float(pair.execution.match is not None), "executed_whole": float(pair.execution.whole)}
    flags = [pair.codebleu.flag] if pair.codebleu.flag else []
    if is_empty:
        return result | {"length_ratio": 0.0, "diagnostics": {}, "flags": flags}
    for side, trace in zip(("reference", "prediction"), map(traced, pair.programs)):
        flags += [f"{side}: not Python, read line by line"] if not trace.parsed else []
        flags += [f"{side}: trace cut at {trace.cut}"] if trace.cut else []
    return result | {"length_ratio": len(prediction.split()) / max(1, len(gold.split())), "diagnostics": pair.validity["diagnostics"],
                     "flags": flags}  # fmt: skip
