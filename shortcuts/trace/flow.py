"""How results go through a program: from the calls that make them, through others that hand them on, to those that take them.

    flow = Flow(trace(code), {"is_workflow_actions_ask", "is_workflow_actions_math"})    # the APIs whose results are followed
    flow.taken(step)                     # the numbers of the calls, and of what decides, whose results a step takes
    flow.live({"is_workflow_actions_math"})                                              # the steps that these calls need
    reached(gold, code)                  # what of gold's calls a program makes, and what of that comes to something
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

from shortcuts.catalog import Catalog
from shortcuts.forms import constants
from shortcuts.trace import Trace, trace
from shortcuts.trace.interpreter import Path, Step
from shortcuts.trace.origins import literal

DECIDING = ("if", "menu")  # steps that take something and are no calls
HEADS = (*DECIDING, "for")  # that one hands on what it takes
_TOKEN = re.compile(r"""\\.|['"]|[^'"\\]+""", re.DOTALL)
_GLOBAL = re.compile(rf"\b(?:{'|'.join(constants.GLOBALS)})\(\)")
WITHIN = "within"  # the argument of a step that says in which repeat it stands

LITERALS = {api.replace(".", "_") for api, _ in constants.LITERAL_ACTIONS.values()}
KEPT = 4096  # programs whose calls are remembered

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


@lru_cache(KEPT)
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


@lru_cache(KEPT)
def _default(api: str, name: str) -> str | None:
    """The form of a parameter's default; None without one."""
    known = Catalog.load().by_name(api)
    parameter = known.parameter(name) if known else None
    return None if parameter is None or parameter.default is None else literal(parameter.default).form


# ---------------------------------------------------------------------------------------------------------------------------------
# beside the flow of another program


def reached(gold: str, code: str) -> tuple[float, float]:
    """(share of the APIs of gold that a program calls as gold does, share of those that also come to something); both of the dialect.

    A call is as one of gold's as far as results stand where they stand there, and nowhere else. Constants are not compared, but of those
    that gold gives, beside the defaults, there is one. It comes to something if its result, where gold uses that, goes where it goes in
    gold, and so reaches a call that gold makes for its own sake: what is shown, sent, kept, put out.
    """
    wanted = _wanted(gold)
    made = Flow(trace(code), wanted.given.keys())
    live, calls, reaches = made.live(wanted.ends, wanted.edges), defaultdict[str, float](float), defaultdict[str, float](float)
    for step in (step for step in made.steps if step.name in wanted.given):
        share = max(_likeness(one, made.given(step)) for one in wanted.given[step.name])
        calls[step.name] = max(calls[step.name], share)
        if step.number in live:
            taken = {(made.names[source], step.name) for source in made.taken(step)}
            reaches[step.name] = max(reaches[step.name], share * len(taken & wanted.edges) / len(taken) if taken else share)
    calls_of_gold, reaches_of_gold = (sum(each.values()) / max(1, len(wanted.given)) for each in (calls, reaches))
    return calls_of_gold, reaches_of_gold


class _Wanted(NamedTuple):
    """The calls of gold: API -> its calls, the APIs whose results it does not use, and how it uses those of the others."""

    given: dict[str, set[Given]]
    ends: set[str]
    edges: Edges


@lru_cache(KEPT)
def _wanted(gold: str) -> _Wanted:
    whole = trace(gold)
    steps = [step for path in whole.paths for step in path]
    used = {source for step in steps for source in sources(step)}
    # a literal may as well be written where it is used
    flow = Flow(whole, {step.name for step in steps if step.name not in HEADS and not (step.name in LITERALS and step.number in used)})
    given: defaultdict[str, set[Given]] = defaultdict(set)
    for step in (step for step in steps if step.name in flow.apis):
        given[step.name].add(flow.given(step))
    return _Wanted(dict(given), {step.name for step in steps if step.name in given and step.number not in used}, flow.edges())


def _likeness(gold: Given, call: Given) -> float:
    if both := gold.results | call.results:
        return len(gold.results & call.results) / len(both)
    return float(not gold.constants or bool(gold.constants & call.constants))
