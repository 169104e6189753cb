"""CodeBLEU's data-flow: edges from a variable's occurrence to those it comes from or is computed from.

By the published package's rules, with its result under PYTHONHASHSEED=0 whatever the seed here; or by these with the text read right.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from operator import attrgetter
from typing import NamedTuple

from common.metrics.codebleu_tree import Node, TooMuch, Tree, leaves

# Nodes whose children are not simply read one after the other; the last line and ERROR are where a `for … in` may stand.
_SPECIAL = frozenset("assignment augmented_assignment for_in_clause for_statement while_statement if_statement default_parameter ERROR "
                     "list_comprehension dictionary_comprehension set_comprehension generator_expression".split())  # fmt: skip

MAX_STEPS = 1_000_000  # every level of nested loops doubles the steps; this many take about two seconds


class Edge(NamedTuple):
    """A variable's occurrence (its name and the number of its token) and the occurrences it stems from."""

    name: str
    token: int
    computed: bool  # by an assignment or a loop; else it is only used
    parents: list[str]
    parent_tokens: Iterable[int]


Flow = Counter[tuple[tuple[int, ...], bool, int]]  # (parents, computed, variable), the variables numbered as they turn up
Order = Callable[[Iterable[str]], Iterable[str]]  # distinct names, in the order in which merged parents stand


def data_flow(tree: Tree) -> Flow:
    """The data-flow of a program, its text read right, parents in order of appearance."""
    return _normalized(tree, lambda node: tree.source[node.start : node.end].decode("utf-8", "surrogatepass"), dict.fromkeys)


def data_flow_as_published(tree: Tree) -> Flow:
    """The data-flow as codebleu 0.6.1 finds it under PYTHONHASHSEED=0."""
    return _normalized(tree, _misread(tree), set_order)


def _normalized(tree: Tree, text: Callable[[Node], str], order: Order) -> Flow:
    tokens = {(node.start, node.end): (number, text(node)) for number, node in enumerate(leaves(tree.root))}
    try:
        edges = _Evaluation(tokens, order).run(tree.root)
    except KeyError:  # a part of a string was taken for a variable: the package swallows its error and is left with nothing
        return Counter()
    linked = {token for edge in edges for token in edge.parent_tokens} | {edge.token for edge in edges if edge.parents}
    merged: dict[int, Edge] = {}
    for edge in edges:
        if edge.token in linked:
            first = merged.get(edge.token)
            merged[edge.token] = edge if first is None else edge._replace(parents=[*order([*first.parents, *edge.parents])])
    number: dict[str, int] = {}
    return Counter(
        (tuple([number.setdefault(name, len(number)) for name in edge.parents]), edge.computed, number.setdefault(edge.name, len(number)))
        for edge in merged.values()
    )


def _misread(tree: Tree) -> Callable[[Node], str]:
    """Return the package's reader of a token's text, which takes byte columns for character columns and drops line breaks."""
    if tree.text.isascii():
        return lambda node: tree.text[node.start : node.end].replace("\n", "")
    lines, starts = tree.text.split("\n"), [0]
    for line in lines:
        starts.append(starts[-1] + len(line.encode("utf-8", "surrogatepass")) + 1)

    def text(node: Node) -> str:
        first = bisect_right(starts, node.start) - 1
        if node.end < starts[first + 1]:
            return lines[first][node.start - starts[first] : node.end - starts[first]]
        last = bisect_right(starts, node.end) - 1
        return "".join([lines[first][node.start - starts[first] :], *lines[first + 1 : last], lines[last][: node.end - starts[last]]])

    return text


# ---------------------------------------------------------------------------------------------------------------------------------
# the order of evaluation


class _Evaluation:
    """One pass over the tree in the order of evaluation, on a stack of its own; a step is a node to visit, or what is due after some nodes.

    `states` holds the tokens at which each name may have been set last.
    """

    def __init__(self, tokens: dict[tuple[int, int], tuple[int, str]], order: Order) -> None:
        self.tokens, self.order = tokens, order
        self.edges: list[Edge] = []
        self.states: dict[str, tuple[int, ...]] = {}
        self.outer: list[dict[str, tuple[int, ...]]] = []  # the states of the branches around the one in hand
        self.stack: list[Node | Callable[[], None]] = []
        self.steps = 0

    def run(self, root: Node) -> list[Edge]:
        stack = self.stack
        stack.append(root)
        while stack:
            step = stack.pop()
            if not isinstance(step, Node):
                step()
                continue
            self.spend(1)
            if not step.children or step.kind == "string":
                self.use(step)
            elif step.kind in _SPECIAL:
                self.visit(step)
            else:
                stack += step.children[::-1]
        return sorted(self.edges, key=attrgetter("token"))

    def push(self, *steps: Node | Callable[[], None]) -> None:
        self.stack.extend(reversed(steps))

    def spend(self, steps: int) -> None:
        self.steps += steps
        if self.steps > MAX_STEPS:
            raise TooMuch(f"more than {MAX_STEPS:,} steps of data-flow")

    def visit(self, node: Node) -> None:
        if node.kind in ("assignment", "augmented_assignment", "for_in_clause"):
            self.push(*self.binding(node))
        elif node.kind == "for_statement":
            self.loop([*self.binding(node), *(child for child in node.children[-1:] if child.kind == "block")])
        elif node.kind == "while_statement":
            self.loop(node.children)
        elif node.kind == "if_statement":
            self.branch(node)
        elif node.kind == "default_parameter":
            name, value = node.part("name"), node.part("value")
            self.push(value, partial(self.default, name, value))
        else:  # a comprehension's sources come before what it makes of them
            self.push(*sorted(node.children, key=lambda child: child.kind != "for_in_clause"))

    def use(self, node: Node) -> None:
        if node.kind == "comment":
            return
        token, name = self.tokens[node.start, node.end]
        if name == node.kind:  # a keyword or a sign
            return
        if name in self.states:
            self.edges.append(Edge(name, token, False, [name], self.states[name]))
            return
        if node.kind == "identifier":
            self.states[name] = (token,)
        self.edges.append(Edge(name, token, False, [], ()))

    def variables(self, node: Node) -> list[tuple[int, str]]:
        """The tokens below a node that are no keyword or sign: (number, text)."""
        found = [(leaf.kind, *self.tokens[leaf.start, leaf.end]) for leaf in leaves(node)]
        self.spend(len(found))
        return [(token, name) for kind, token, name in found if kind != name]

    def binding(self, node: Node) -> list[Node | Callable[[], None]]:
        """The steps of an assignment or a loop's head: the right sides, then the names on the left, pairwise if they are as many."""
        left, right = node.part("left"), node.children[-1] if node.kind == "for_in_clause" else node.part("right")
        if left is None or right is None:  # `name: type` without a value
            return []
        lefts, rights = ([child for child in side.children if child.kind != ","] for side in (left, right))
        if node.kind == "for_in_clause" or not lefts or len(lefts) != len(rights):
            lefts, rights = [left], [right]
        return [*rights, partial(self.bind, list(zip(lefts, rights, strict=True)))]

    def bind(self, pairs: list[tuple[Node, Node]]) -> None:
        for left, right in pairs:
            targets, sources = self.variables(left), self.variables(right)
            self.spend(len(targets) * len(sources))
            for token, name in targets:
                self.edges.append(Edge(name, token, True, [source for _, source in sources], [source for source, _ in sources]))
                self.states[name] = (token,)

    def default(self, name: Node, value: Node) -> None:
        for token, target in self.variables(name):
            self.edges += [Edge(target, token, False, [source], (place,)) for place, source in self.variables(value)]
            self.states[target] = (token,)

    def loop(self, steps: Iterable[Node | Callable[[], None]]) -> None:
        """A loop runs twice, so that a name may come from the turn before."""
        self.push(*steps, *steps, partial(self.merge, len(self.edges)))

    def merge(self, start: int) -> None:
        """Join the edges that the turns of a loop share."""
        merged: dict[tuple[str, int, bool], Edge] = {}
        self.spend(len(self.edges) - start)
        for edge in self.edges[start:]:
            first = merged.setdefault(edge[:3], edge)
            if first is not edge:
                tokens = {*first.parent_tokens, *edge.parent_tokens}
                merged[edge[:3]] = Edge(*edge[:3], [*self.order([*first.parents, *edge.parents])], tokens)
        self.edges[start:] = merged.values()

    def branch(self, node: Node) -> None:
        """An `elif` or `else` starts from the state before the whole `if`; after it, a name may come from any branch."""
        before, ends, steps = dict(self.states), [], []
        for child in node.children:
            is_other = child.kind in ("elif_clause", "else_clause")
            steps += [partial(self.enter, before), child, partial(self.leave, ends)] if is_other else [child]
        if not any("else" in child.kind for child in node.children):
            ends.append(before)
        self.push(*steps, partial(self.join, ends))

    def enter(self, before: dict[str, tuple[int, ...]]) -> None:
        self.spend(len(before))
        self.outer.append(self.states)
        self.states = dict(before)

    def leave(self, ends: list[dict[str, tuple[int, ...]]]) -> None:
        ends.append(self.states)
        self.states = self.outer.pop()

    def join(self, ends: list[dict[str, tuple[int, ...]]]) -> None:
        for states in ends:
            self.spend(len(states))
            for name, tokens in states.items():
                mine = self.states.setdefault(name, tokens)
                if mine != tokens:
                    self.states[name] = tuple(sorted({*mine, *tokens}))


# ---------------------------------------------------------------------------------------------------------------------------------
# the order of a set of strings under PYTHONHASHSEED=0: sets do the ordering, only the hash is ours

_MASK = (1 << 64) - 1


@dataclass(slots=True, eq=False)
class _Hashed:
    text: str
    value: int

    def __hash__(self) -> int:
        return self.value


def set_order(names: Iterable[str]) -> list[str]:
    """Names in the order of a Python set of them under PYTHONHASHSEED=0."""
    return [name.text for name in set(map(_hashed, names))]


@lru_cache(1 << 16)
def _hashed(text: str) -> _Hashed:
    """A name with CPython's hash of it under seed 0: SipHash-1-3 with a zero key over its characters, in 1, 2 or 4 bytes each."""
    highest = ord(max(text, default="\0"))
    data = text.encode("latin-1" if highest < 0x100 else "utf-16-le" if highest < 0x10000 else "utf-32-le", "surrogatepass")
    a, b, c, d = 0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573
    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 0xFF])
    for start in range(0, len(padded), 8):
        word = int.from_bytes(padded[start : start + 8], "little")
        a, b, c, d = _sip_round(a, b, c, d ^ word)
        a ^= word
    c ^= 0xFF
    for _ in range(3):
        a, b, c, d = _sip_round(a, b, c, d)
    value = a ^ b ^ c ^ d if data else 0
    signed = value - (value >> 63 << 64)
    return _Hashed(text, -2 if signed == -1 else signed)


def _sip_round(a: int, b: int, c: int, d: int) -> tuple[int, int, int, int]:
    a, c = (a + b) & _MASK, (c + d) & _MASK
    b, d = _rotate(b, 13) ^ a, _rotate(d, 16) ^ c
    a = _rotate(a, 32)
    c, a = (c + b) & _MASK, (a + d) & _MASK
    b, d = _rotate(b, 17) ^ c, _rotate(d, 21) ^ a
    return a, b, _rotate(c, 32), d


def _rotate(word: int, bits: int) -> int:
    return (word << bits | word >> 64 - bits) & _MASK
