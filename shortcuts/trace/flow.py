"""How results go through a program: from the calls that make them, through others that hand them on, to those that take them.

    flow = Flow(trace(code), {"is_workflow_actions_ask", "is_workflow_actions_math"})    # the APIs whose results are followed
    flow.taken(step)                     # the numbers of the calls, and of what decides, whose results a step takes
    flow.live({"is_workflow_actions_math"})                                              # the steps that these calls need
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

from shortcuts.catalog import Catalog
from shortcuts.forms import constants
from shortcuts.trace import Trace
from shortcuts.trace.interpreter import Path, Step
from shortcuts.trace.origins import literal

DECIDING = ("if", "menu")  # steps that take something and are no calls
HEADS = (*DECIDING, "for")  # that one hands on what it takes
_TOKEN = re.compile(r"""\\.|['"]|[^'"\\]+""", re.DOTALL)
_GLOBAL = re.compile(rf"\b(?:{'|'.join(constants.GLOBALS)})\(\)")
WITHIN = "within"  # the argument of a step that says in which repeat it stands

Edges = set[tuple[str, str]]  # (API, what takes its result)


class Given(NamedTuple):
    """The parameters of a call whose values stem from results or from what a run is given, and the others that are not as by default."""

    results: frozenset[str]
    constants: frozenset[str]


class Flow:
    """The results of calls of some APIs on their way through a trace: calls of others, and repeats, hand on what they take."""

    def __init__(self, trace: Trace, apis: Collection[str]) -> None:
        self.paths, self.steps, self.apis = trace.paths, [step for path in trace.paths for step in path], apis
        self.names, self.stems = {step.number: step.name for step in self.steps}, dict[int, set[int]]()
        for step in self.steps:  # a call can take one thing on one path and another on the next
            own = {step.number} if step.name in apis or step.name in DECIDING else self.taken(step)
            self.stems.setdefault(step.number, set()).update(own)

    def taken(self, step: Step) -> set[int]:
        """The calls of these APIs, and what decides, whose results a step takes."""
        return {stem for source in sources(step) for stem in self.stems.get(source, ())}

    def edges(self) -> Edges:
        """Which API's result is taken by what, at first hand or through those that hand it on."""
        return {(self.names[source], step.name) for step in self.steps for source in self.taken(step)}

    def given(self, step: Step) -> Given:
        """The parameters of a call."""
        results = frozenset(key for key, value in step.arguments if any(map(self.stems.get, value.sources)) or _is_given(value.form))
        return Given(results - {WITHIN}, frozenset(key for key, value in step.arguments if key not in results and key != WITHIN
                                                   and value.form != _default(step.name, key)))  # fmt: skip

    def live(self, ends: Collection[str], edges: Edges | None = None) -> set[int]:
        """The steps that calls of some APIs, the ends, need: what they take, what decides about them, and what these take in turn.

        With `edges`, what they take otherwise than there does not count.
        """
        live = {number for number, name in self.names.items() if name in ends}
        live |= self._deciding(live)
        while more := {source for step in self.steps if step.number in live for source in self.taken(step)
                       if edges is None or (self.names[source], step.name) in edges} - live:  # fmt: skip
            live |= more
        return live

    def _deciding(self, ends: set[int]) -> set[int]:
        """The heads of blocks whose branches are not alike in what the ends take, through any calls."""
        branches: defaultdict[int, defaultdict[str, set[tuple[int, ...]]]] = defaultdict(lambda: defaultdict(set))
        for path in self.paths:
            behind = _behind(path, ends)
            for step in path:
                if step.name in HEADS:
                    taken = dict(step.arguments)
                    branches[step.number][str(taken.get("is", taken.get("case")))] |= behind
        return {head for head, each in branches.items() if len({*map(frozenset, each.values())}) > 1}


@lru_cache(4096)
def _is_given(form: str) -> bool:
    """True for the form of a value that stems from the input, the clipboard or another global."""
    outside, quote = list[str](), ""
    for token in _TOKEN.findall(form):
        if quote or token in ("'", '"'):
            quote = "" if token == quote else quote or token
        else:
            outside.append(token)
    return _GLOBAL.search("".join(outside)) is not None


def sources(step: Step) -> list[int]:
    """The numbers of the steps whose results the arguments of one stem from."""
    return [source for _, value in step.arguments for source in value.sources]


def _behind(path: Path, ends: set[int]) -> set[tuple[int, ...]]:
    """(number, sources) of the ends of a path and all that they take."""
    needed, found = set(ends), set[tuple[int, ...]]()
    for step in reversed(path):
        if step.number in needed:
            needed.update(sources(step))
            found.add((step.number, *sources(step)))
    return found


@lru_cache(4096)
def _default(api: str, name: str) -> str | None:
    """The form of a parameter's default; None without one."""
    known = Catalog.load().by_name(api)
    parameter = known.parameter(name) if known else None
    return None if parameter is None or parameter.default is None else literal(parameter.default).form
