"""Honest metrics of a generated workflow against the gold one, and the statistics that go with them.

    scores = score(gold_code, predicted_code)       # {"codebleu": …, "api_f1": …, "graph_f1": …, …}: flat, each 0 to 1
    estimate([scores, …])                           # mean and 95 % interval of each metric over a test set

An empty prediction scores 0 on everything but the paper's CodeBLEU; gold scores 1. What does not parse is still scored on the calls in it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from common.metrics.codebleu import codebleu, codebleu_strict, overlap, overlap_f1
from common.metrics.program import MAX_CHARACTERS, Call, Program, parse, read_program

CODEBLEU = ("bleu", "weighted", "ast", "dataflow", "codebleu")  # the paper's columns
VALIDITY = ("parse", "check", "compile")
HONEST = ("api_precision", "api_recall", "api_f1", "order_f1", "parameter_names", "parameter_values", "graph_f1", "codebleu_strict")
RATES = (*CODEBLEU, *VALIDITY, *HONEST)  # in 0..1 each

RESAMPLES = 1000  # of the bootstrap: the interval's ends move by 2 % of its width
CONFIDENCE = 0.95


# ---------------------------------------------------------------------------------------------------------------------------------
# one prediction


def score(gold: str, prediction: str, catalog: Any = None) -> dict[str, Any]:
    """Every metric of one prediction, flat: RATES, `length_ratio`, `diagnostics` ({code: count}), and `flag` as CodeBLEU has it."""
    published, strict = codebleu(gold, prediction), codebleu_strict(gold, prediction)
    result = dict(zip(CODEBLEU, published[:5], strict=True))
    wanted, found = read_program(gold), read_program(prediction)
    if not prediction.strip():
        return result | dict.fromkeys((*VALIDITY, *HONEST, "length_ratio"), 0.0) | {"diagnostics": {}, "flag": published.flag}
    result |= validity(prediction, catalog) | compare(wanted, found)
    length = len(prediction.split()) / max(1, len(gold.split()))
    return result | {"codebleu_strict": strict.codebleu, "length_ratio": length, "flag": published.flag}


def validity(code: str, catalog: Any = None) -> dict[str, Any]:
    """Does it parse, does `check` find nothing, does it compile to a shortcut; and what `check` found, by code."""
    if len(code) > MAX_CHARACTERS or parse(code) is None:
        return {"parse": 0.0, "check": 0.0, "compile": 0.0, "diagnostics": {"syntax": 1}}
    from common import dialect

    diagnostics = Counter(diagnostic.code for diagnostic in dialect.check(code, catalog))
    try:
        dialect.to_shortcut(code)
        compiles = 1.0
    except dialect.DialectError:
        compiles = 0.0
    return {"parse": 1.0, "check": float(not diagnostics), "compile": compiles, "diagnostics": dict(sorted(diagnostics.items()))}


def compare(gold: Program, guess: Program) -> dict[str, float]:
    """API calls as a multiset and in order, the parameters of matched calls, and the graph of data and control flow."""
    wanted, found = ([call.name for call in program.calls] for program in (gold, guess))
    counts = Counter(wanted), Counter(found)
    common = overlap(*counts)
    names, values = _parameters(gold.calls, guess.calls)
    return {
        "api_precision": common / len(found) if found else float(not wanted),
        "api_recall": common / len(wanted) if wanted else float(not found),
        "api_f1": overlap_f1(*counts),
        "order_f1": 2 * longest_common_subsequence(wanted, found) / (len(wanted) + len(found)) if wanted or found else 1.0,
        "parameter_names": names,
        "parameter_values": values,
        "graph_f1": overlap_f1(gold.edges, guess.edges),
    }


def longest_common_subsequence(one: Sequence[str], other: Sequence[str]) -> int:
    """Its length. Bit-parallel (Hyyrö 2004): a step a symbol, so that 10,000 calls against 10,000 take milliseconds."""
    places: defaultdict[str, int] = defaultdict(int)
    for place, symbol in enumerate(one):
        places[symbol] |= 1 << place
    everywhere = row = (1 << len(one)) - 1
    for symbol in other:
        matches = row & places.get(symbol, 0)
        row = ((row + matches) | (row - matches)) & everywhere
    return len(one) - row.bit_count()


def _parameters(gold: Sequence[Call], guess: Sequence[Call]) -> tuple[float, float]:
    """Of the parameters of matched calls on either side, the share that both name, and that both give the same value.

    Calls of one API are matched where they are equal, the rest in order. 0 if no call matches, 1 if the calls that match take nothing.
    """
    total = names = values = matched = 0
    for one, other in _matched(gold, guess):
        matched += 1
        total += len(one.keys() | other.keys())
        names += len(one.keys() & other.keys())
        values += len(one.items() & other.items())
    return (names / total, values / total) if total else (float(matched > 0 or not gold),) * 2


def _matched(gold: Sequence[Call], guess: Sequence[Call]) -> Iterable[tuple[dict[str, str], dict[str, str]]]:
    equal = Counter((call.name, *sorted(call.arguments.items())) for call in gold)
    waiting: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    for call in guess:
        key = (call.name, *sorted(call.arguments.items()))
        if equal[key] > 0:
            equal[key] -= 1
            yield call.arguments, call.arguments
        else:
            waiting[call.name].append(call.arguments)
    for call in gold:
        key = (call.name, *sorted(call.arguments.items()))
        if equal[key] > 0:
            equal[key] -= 1
            if waiting[call.name]:
                yield call.arguments, waiting[call.name].pop(0)


# ---------------------------------------------------------------------------------------------------------------------------------
# a test set


class Estimate(NamedTuple):
    """A mean and the ends of its 95 % interval."""

    mean: float
    low: float
    high: float


def estimate(scores: Sequence[Mapping[str, Any]], metrics: Sequence[str] = RATES, seed: int = 0) -> dict[str, Estimate]:
    """The macro mean of each metric over samples, with its percentile bootstrap interval. Empty for no samples."""
    import numpy

    if not scores:
        return {}
    values = numpy.array([[sample[metric] for metric in metrics] for sample in scores], dtype=float)
    ends = numpy.quantile(_resampled_means(values, seed), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], axis=0)
    return {metric: Estimate(*map(float, column)) for metric, *column in zip(metrics, values.mean(axis=0), *ends, strict=True)}


def paired_p(one: Sequence[float], other: Sequence[float], seed: int = 0) -> float:
    """How likely the mean difference of two systems on the same samples has the other sign: paired bootstrap, two-sided (Koehn 2004)."""
    import numpy

    differences = numpy.array(one, dtype=float) - numpy.array(other, dtype=float)
    means = _resampled_means(differences[:, None], seed)[:, 0]
    rarer = min(int((means <= 0).sum()), int((means >= 0).sum()))
    return min(1.0, 2 * (rarer + 1) / (RESAMPLES + 1))


def _resampled_means(values: Any, seed: int) -> Any:
    """Means of the columns of `values` [samples, metrics] over each resample: [RESAMPLES, metrics]. The same samples for every system."""
    import numpy

    picks = numpy.random.default_rng(seed).multinomial(len(values), [1 / len(values)] * len(values), size=RESAMPLES)
    return picks @ values / len(values)


def chance_corrected(value: float, chance: float) -> float:
    """What a score is above chance, of what there is above it: 0 at chance, 1 for gold, negative below."""
    return (value - chance) / (1 - chance) if chance < 1 else 0.0
