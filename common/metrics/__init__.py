"""Honest metrics of a generated workflow against the gold one, and the statistics that go with them.

    scores = score(gold_code, predicted_code)       # {"codebleu": …, "api_f1": …, "trace_match": …, …}: flat, each 0 to 1

The statistics over a test set are in uncertainty.py, the systems that are judged in systems.py, plans and queries in text.py.
An empty prediction scores 0 on everything but the paper's CodeBLEU; gold scores 1. What does not parse is still scored on the calls in it,
and flagged.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import shortcuts
from common.metrics.codebleu import codebleu, codebleu_strict, overlap, overlap_f1
from common.metrics.graph import chain_and_subgraph, match_calls
from common.metrics.program import Program, read_program
from common.metrics.trace_match import trace_match, traced
from shortcuts.collector import collector_paused
from shortcuts.syntax.recovering_parser import MAX_CHARACTERS

CODEBLEU = ("bleu", "weighted", "ast", "dataflow", "codebleu")  # the paper's columns
VALIDITY = ("parse", "check", "compile", "nonempty")
HONEST = ("api_precision", "api_recall", "api_f1", "order_f1", "parameter_names", "parameter_values", "graph_f1", "chain_f1", "subgraph_f1",
          "trace_match", "trace_equal", "codebleu_strict")  # fmt: skip
RATES = (*CODEBLEU, *VALIDITY, *HONEST)  # in 0..1 each

CACHED_PROGRAMS = 64  # gold is read once for all systems that are scored one after the other


@collector_paused()
def score(gold: str, prediction: str, catalog: Any = None) -> dict[str, Any]:
    """Every metric of one prediction, flat: RATES, `length_ratio`, `diagnostics` ({code: count}), and `flags`: what was not read whole."""
    published, strict = codebleu(gold, prediction), codebleu_strict(gold, prediction)
    result: dict[str, Any] = dict(zip(CODEBLEU, published[:5], strict=True))
    flags = [published.flag] if published.flag else []
    if not prediction.strip():
        return result | dict.fromkeys((*VALIDITY, *HONEST, "length_ratio"), 0.0) | {"diagnostics": {}, "flags": flags}
    result |= validity(prediction, catalog) | compare(_read(gold), _read(prediction))
    match = trace_match(gold, prediction)
    result |= {"trace_match": match, "trace_equal": float(match == 1), "codebleu_strict": strict.codebleu}
    for side, trace in (("reference", traced(gold)), ("prediction", traced(prediction))):
        flags += [f"{side}: not Python, read line by line"] if not trace.parsed else []
        flags += [f"{side}: trace cut at {trace.cut}"] if trace.cut else []
    return result | {"length_ratio": len(prediction.split()) / max(1, len(gold.split())), "flags": flags}


_read = lru_cache(CACHED_PROGRAMS)(read_program)


def validity(code: str, catalog: Any = None) -> dict[str, Any]:
    """Does it parse, does `check` find nothing, does it compile, does it do anything; and what `check` found, by code."""
    try:
        if len(code) > MAX_CHARACTERS:
            raise shortcuts.DialectError(1, "too long", "syntax")
        shortcuts.parse(code)
    except shortcuts.DialectError:
        return dict.fromkeys(VALIDITY, 0.0) | {"diagnostics": {"syntax": 1}}
    diagnostics = Counter(diagnostic.code for diagnostic in shortcuts.check(code, catalog))
    try:
        shortcuts.to_shortcut(code)
        compiles = 1.0
    except shortcuts.DialectError:
        compiles = 0.0
    shares = dict(zip(VALIDITY, (1.0, float(not diagnostics), compiles, float(not shortcuts.is_empty(code))), strict=True))
    return shares | {"diagnostics": dict(sorted(diagnostics.items()))}


def compare(gold: Program, guess: Program) -> dict[str, float]:
    """API calls as a multiset and in order, the parameters of matched calls, and the graph of data and control flow."""
    wanted, found = ([call.name for call in program.calls] for program in (gold, guess))
    counts = Counter(wanted), Counter(found)
    common = overlap(*counts)
    pairs = match_calls(gold.calls, guess.calls)
    names, values = _parameters(gold, guess, pairs)
    chain, subgraph = chain_and_subgraph(gold, guess, pairs)
    return {
        "api_precision": common / len(found) if found else float(not wanted),
        "api_recall": common / len(wanted) if wanted else float(not found),
        "api_f1": overlap_f1(*counts),
        "order_f1": 2 * longest_common_subsequence(wanted, found) / (len(wanted) + len(found)) if wanted or found else 1.0,
        "parameter_names": names,
        "parameter_values": values,
        "graph_f1": overlap_f1(gold.named_edges(), guess.named_edges()),
        "chain_f1": chain,
        "subgraph_f1": subgraph,
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


def _parameters(gold: Program, guess: Program, pairs: list[tuple[int, int]]) -> tuple[float, float]:
    """Of the parameters of matched calls on either side, the share that both name, and that both give the same value.

    0 if no call matches, 1 if the calls that match take nothing.
    """
    total = names = values = 0
    for one, other in ((gold.calls[left].arguments, guess.calls[right].arguments) for left, right in pairs):
        total += len(one.keys() | other.keys())
        names += len(one.keys() & other.keys())
        values += len(one.items() & other.items())
    return (names / total, values / total) if total else (float(bool(pairs) or not gold.calls),) * 2
