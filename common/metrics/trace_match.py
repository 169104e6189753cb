"""Trace match: the share of two programs' calls that both make with arguments from the same places, on all their paths.

    trace_match(reference, prediction)          # 0 to 1; codes, or traces of shortcuts.trace

A program is the set of its paths, a path the sequence of its steps (calls, and the heads of Ifs, menus and repeats). A step states 1 + a
facts: that it is made, and the origin of each of its a arguments, a form over outputs of earlier steps.

1. Two paths are aligned: equal steps (name, arguments, and names of the APIs these stem from) one to one, in order, and those first whose
   sources are aligned; then steps of equal name, in order. A different order alone costs nothing: `order_f1` measures that.
2. Two paths share the facts of aligned steps: 1, and 1 for each argument of equal key and form whose sources are aligned.
3. Each path is paired with the path of the other program with which it shares most steps (Dice; the earlier of equals).
4. Precision is the share of the facts of all predicted paths that their partners share, recall that of the reference's; the score is
   their harmonic mean. Two programs without any step score 1, a program without steps against another scores 0.

So other names, comments, spelling or order of independent steps score 1, and a program without a right API 0; a missing branch costs
recall, an invented one precision, a value from the wrong place one fact of its step.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import lru_cache

from shortcuts.trace import Trace, trace
from shortcuts.trace.interpreter import Path, Step

CACHED_TRACES = 64  # gold is matched against every system; a large trace takes megabytes
NEAREST = 8  # equal steps that are tried for one whose sources are aligned


def trace_match(reference: str | Trace, prediction: str | Trace) -> float:
    """The score of a prediction, 0 to 1."""
    gold, guess = (traced(side) if isinstance(side, str) else side for side in (reference, prediction))
    wanted, found = _size(gold), _size(guess)
    if not wanted or not found:
        return float(wanted == found)
    if _spelled_out(gold) == _spelled_out(guess):
        return 1.0
    partners = _partners(gold.paths, guess.paths)
    met = {pair: _shared(gold.paths[pair[0]], guess.paths[pair[1]]) for pair in partners}
    recall = sum(met[pair] for pair in partners[: len(gold.paths)]) / wanted
    precision = sum(met[pair] for pair in partners[len(gold.paths) :]) / found
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def trace_equal(reference: str, prediction: str) -> bool:
    """True if two programs have the same traces: a score of 1, and the order of the steps is the same."""
    return _spelled_out(traced(reference)) == _spelled_out(traced(prediction))


@lru_cache(CACHED_TRACES)
def traced(code: str) -> Trace:
    """The trace of a program, cached."""
    return trace(code)


def _spelled_out(program: Trace) -> list[list[tuple[object, ...]]]:
    """The steps of each path, without their lines."""
    return [[step[:3] for step in path] for path in program.paths]


def _facts(path: Path) -> int:
    return sum(1 + len(step.arguments) for step in path)


def _size(program: Trace) -> int:
    return sum(map(_facts, program.paths))


def _partners(gold: Sequence[Path], guess: Sequence[Path]) -> list[tuple[int, int]]:
    """(place in gold, place in guess) of each path of gold with its partner, then of each path of guess with its partner."""
    ours, theirs = ([_said(path) for path in paths] for paths in (gold, guess))
    likeness = [[2 * len(one & other) / (len(one) + len(other) or 1) for other in theirs] for one in ours]
    rows = [(place, max(range(len(guess)), key=row.__getitem__)) for place, row in enumerate(likeness)]
    return rows + [(max(range(len(gold)), key=lambda row: likeness[row][place]), place) for place in range(len(guess))]


def _said(path: Path) -> frozenset[object]:
    """The steps of a path as a set, repeated ones numbered."""
    seen: Counter[object] = Counter()
    said = []
    for step in path:
        seen[step.key] += 1
        said.append((step.key, seen[step.key]))
    return frozenset(said)


def _shared(gold: Path, guess: Path) -> int:
    """The number of facts that two paths share."""
    aligned = _aligned(gold, guess)
    places = {step.number: step for step in guess}
    total = 0
    for step in gold:
        if step.number in aligned:
            theirs = dict(places[aligned[step.number]].arguments)
            total += 1 + sum(key in theirs and value.form == theirs[key].form
                             and [*map(aligned.get, value.sources)] == [*theirs[key].sources] for key, value in step.arguments)  # fmt: skip
    return total


def _aligned(gold: Path, guess: Path) -> dict[int, int]:
    """{number of a step of `gold`: number of the step of `guess` that it is aligned to}."""
    aligned: dict[int, int] = {}
    taken: set[int] = set()
    saying: defaultdict[object, list[Step]] = defaultdict(list)
    for step in guess:
        saying[step.key].append(step)
    for step in gold:
        if candidates := saying[step.key]:
            place = next((place for place, other in enumerate(candidates[:NEAREST]) if _same_sources(step, other, aligned)), 0)
            aligned[step.number] = candidates.pop(place).number
            taken.add(aligned[step.number])
    waiting: defaultdict[str, list[int]] = defaultdict(list)
    for step in reversed(guess):
        if step.number not in taken:
            waiting[step.name].append(step.number)
    for step in gold:
        if step.number not in aligned and waiting[step.name]:
            aligned[step.number] = waiting[step.name].pop()
    return aligned


def _same_sources(one: Step, other: Step, aligned: dict[int, int]) -> bool:
    """True if the sources of two equal steps are aligned already."""
    return all([aligned.get(source) for source in mine.sources] == [*theirs.sources]
               for (_, mine), (_, theirs) in zip(one.arguments, other.arguments))  # fmt: skip
