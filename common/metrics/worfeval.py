"""Call graphs compared as WorFEval does (Qiao et al. 2024, arXiv 2410.07869): F1 of calls in a chain, and in a subgraph.

    pairs = match_calls(gold.calls, guess.calls)
    chain_f1(gold, guess, pairs), subgraph_f1(gold, guess, pairs)       # 0 to 1

Calls are matched by their API, not by the likeness of sentences: equal ones first, the rest in order. Where WorFEval's code samples, this
is exact: all topological orders of the gold graph count, not the first 20 of graphs under 10 nodes. A prediction without any right call
scores 0, and edges are compared after matching, not by their places in either list.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import Sequence

from common.metrics.call_graph import START, Call, CallGraph

MAX_MATCHED = 1_500  # calls whose order is compared with the graph; beyond that, with the gold's text. No real workflow has as many

Pairs = list[tuple[int, int]]  # (place of a call in gold, place of the call matched to it in the prediction)


def chain_f1(gold: CallGraph, guess: CallGraph, pairs: Pairs) -> float:
    """F1 of the most matched calls whose order in the prediction is one that gold's edges allow."""
    return _f1(_longest_allowed(gold, pairs), gold, guess)


def subgraph_f1(gold: CallGraph, guess: CallGraph, pairs: Pairs) -> float:
    """F1 of the matched calls in the largest component that edges of both graphs connect; calls that start both hang on START."""
    return _f1(_largest_shared(gold, guess, pairs), gold, guess)


def _f1(common: int, gold: CallGraph, guess: CallGraph) -> float:
    total = len(gold.calls) + len(guess.calls)
    return 2 * common / total if total else 1.0


def match_calls(gold: Sequence[Call], guess: Sequence[Call]) -> Pairs:
    """Pairs of places (in gold, in guess) of calls of one API, each used once: those with equal arguments first, the rest in order."""
    matched: dict[int, int] = {}
    taken: set[int] = set()
    for key in (lambda call: (call.name, *sorted(call.arguments.items())), lambda call: call.name):
        waiting: defaultdict[object, deque[int]] = defaultdict(deque)
        for place, call in enumerate(guess):
            if place not in taken:
                waiting[key(call)].append(place)
        for place, call in enumerate(gold):
            if place not in matched and waiting[key(call)]:
                matched[place] = waiting[key(call)].popleft()
                taken.add(matched[place])
    return sorted(matched.items())


def _longest_allowed(gold: CallGraph, pairs: Pairs) -> int:
    """The size of the largest set of pairs whose predicted order no path of gold's edges contradicts.

    Two pairs are in conflict if the gold graph leads from one to the other and the prediction has them the other way round. That is a
    partial order itself, so the largest set without conflict is an antichain: pairs less a largest matching of conflicts (Dilworth 1950).
    """
    if len(pairs) > MAX_MATCHED:
        return longest_increasing([other for _, other in pairs])
    reach = _reachable(gold)
    order = {one: other for one, other in pairs}
    conflicts = {one: [later for later in order if reach[later] >> one & 1 and order[later] < order[one]] for one in order}
    return len(pairs) - _largest_matching(conflicts)


def _reachable(program: CallGraph) -> list[int]:
    """For each call the calls that lead to it, as bits; edges lead forward in the text."""
    before = [0] * len(program.calls)
    for _, source, target in sorted(program.edges, key=lambda edge: edge[2]):
        if START < source < target:
            before[target] |= before[source] | 1 << source
    return before


def _largest_matching(edges: dict[int, list[int]]) -> int:
    """The size of a largest matching of a bipartite graph, by augmenting paths (Kuhn 1955), without recursion."""
    partner: dict[int, int] = {}
    for start in edges:
        came_from: dict[int, int] = {}  # right node -> the left node it was reached from
        queue, end = [start], None
        for left in queue:
            for right in edges[left]:
                if right not in came_from:
                    came_from[right] = left
                    if right not in partner:
                        end = right
                        break
                    queue.append(partner[right])
            if end is not None:
                break
        held = {left: right for right, left in partner.items()} if end is not None else {}
        while end is not None:
            left = came_from[end]
            partner[end], end = left, held.get(left)
    return len(partner)


def longest_increasing(places: Sequence[int]) -> int:
    """The length of the longest strictly increasing subsequence."""
    ends: list[int] = []
    for place in places:
        at = bisect_left(ends, place)
        ends[at : at + 1] = [place]
    return len(ends)


def _largest_shared(gold: CallGraph, guess: CallGraph, pairs: Pairs) -> int:
    """The number of matched calls in the largest component of the edges that both graphs have."""
    to_gold = {other: one for one, other in pairs} | {START: START}
    theirs = {(kind, to_gold[source], to_gold[target]) for kind, source, target in guess.edges if source in to_gold and target in to_gold}
    group = {place: place for place in [START, *(one for one, _ in pairs)]}

    def root(place: int) -> int:
        while group[place] != place:
            group[place] = place = group[group[place]]
        return place

    for _, source, target in sorted(theirs & set(gold.edges)):
        group[root(source)] = root(target)
    sizes = Counter(root(one) for one, _ in pairs)
    return max(sizes.values(), default=0)
