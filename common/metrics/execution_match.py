"""Execution match: gold and prediction run in the same worlds, and what they do there is compared.

    result = execution_match(gold, prediction)  # codes; natural Python runs as what it compiles to
    result.match, result.equal                  # 0 to 1, and True if all is equal; None where the machine sees gold do nothing

Nothing of the host runs: shortcuts.machine interprets the compiled actions in worlds that are data.

1. CANDIDATES worlds are made from what gold needs, by a seed that is its text: input, files, answers of the network. WORLDS of them are
   kept, in the first of which gold does something: each time the one that takes most branches and reaches most actions that are new; a
   branch by the very value that gold compares with is another.
   Where an alert that can be cancelled stands before a GRAVE effect in one of them, another is the same with a person who cancels.
2. The prediction runs in the worlds of gold. Its questions get the answers that gold got, even if it asks in other words
   (World.questions).
3. What a run does are its effects with their values, and the output of Stop and Output. What a person sees or hears counts in order, and
   so does what is written to one place: the clipboard, a file, a setting, a stored value. The rest counts in any order. An effect whose
   values are all empty is none. What an unknown is compared by is its origin: the action that made it, and what that was given.
4. A world's score is F1 of the effects: twice those that both have by all of both. A prediction that fails where gold does not has one
   effect more.
5. As prompts name the APIs of gold, the score is what F1 is above that of a bare list, which calls each of them once without parameters:
   (F1 - bare) / (1 - bare), at least 0. A world in which the list does the same as gold is left out, as is one in which neither gold nor
   prediction do anything. A sample's score is the mean over its worlds.

A gold that has no effect in any world, and no action that none of them reaches, is compared by its output, as it is made to be called by
others. One that does nothing, or nothing that its bare list does not, or only after a branch on an unknown, is not scored.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, reduce
from operator import and_
from typing import Any, NamedTuple

from rapidfuzz.distance import LCSseq

from common.metrics.call_graph import read_call_graph
from shortcuts import DialectError, Unbalanced, to_shortcut
from shortcuts.control_flow import ID, kind_of
from shortcuts.machine import Effect, Limits, Outcome, Program, Step, World, compile_shortcut, run
from shortcuts.machine import worlds as generated
from shortcuts.machine.convert import text
from shortcuts.machine.place import Place
from shortcuts.machine.values import File, Record, Unknown, Untold
from shortcuts.machine.world import Writer
from shortcuts.syntax.recovering_parser import MAX_CHARACTERS

WORLDS, CANDIDATES = 4, 12
LIMITS = Limits(steps=5_000, size=1_000_000, seconds=0.5)
CACHED_GOLDS = 2_000
MOST_EFFECTS = 1_000  # of a run that are compared
MOST_QUESTIONS = 100  # of gold that a prediction's are matched with
MOST_TEXT = 2_000_000  # characters of a run's effects that are compared
LONGEST = 200  # characters of an effect; a longer one is kept as a digest
SEEN = frozenset(("shown", "notified", "spoken", "vibrated", "played", "opened", "shared"))  # by the person, so that their order counts
PLACES = {"path": "file", "file": "file", "folder": "file", "stored": "stored", "setting": "setting"}  # what names a place that is written
GRAVE = frozenset(("deleted", "sent", "called", "uploaded"))  # what an alert before it asks about
SILENT = frozenset(f"is.workflow.actions.{end}" for end in ("comment", "nothing", "exit", "output"))  # no steps, or no effects
PLAIN = frozenset(("shown", "notified", "spoken"))  # it is the same by Show Result, Show Alert and Quick Look: only the values count


class ExecutionMatch(NamedTuple):
    """The score, 0 to 1, None where gold cannot be judged; equal: True if nothing differs; whole: gold met no unknown in its worlds."""

    match: float | None
    equal: bool
    whole: bool


@dataclass(frozen=True)
class Behaviour:
    """The effects of a run: `seen` in order, `done` as (place that is written, effect), and True if it failed.

    What is done counts in order for each place, for none ("") in any.
    """

    seen: tuple[str, ...]
    done: tuple[tuple[str, str], ...]
    failed: bool = False

    def __bool__(self) -> bool:
        return bool(self.seen or self.done)


class Trial(NamedTuple):
    """A world, what gold does in it, F1 of the bare list, and True if gold's run came to its end without an unknown."""

    world: World
    behaviour: Behaviour
    bare: float
    whole: bool


class Reference(NamedTuple):
    """A gold program's trials; `by_output`: it has no effects, so that its output counts."""

    trials: tuple[Trial, ...]
    by_output: bool


def execution_match(gold: str, prediction: str) -> ExecutionMatch:
    """Return how far a prediction does what gold does."""
    reference = _reference(gold)
    if not reference.trials:
        return ExecutionMatch(None, False, False)
    whole, made = all(trial.whole for trial in reference.trials), compiled(prediction)
    if made is None:
        return ExecutionMatch(0.0, False, whole)
    scores = []
    for trial in reference.trials:
        found = behaviour(run(made[1], trial.world, LIMITS), trial.world, reference.by_output)
        if trial.behaviour or found:
            scores.append(max(0.0, (f1(trial.behaviour, found) - trial.bare) / (1 - trial.bare)))
    return ExecutionMatch(sum(scores) / len(scores), all(score == 1 for score in scores), whole)


def gold_worlds(gold: str) -> list[World]:
    """Return the worlds in which a gold program and its predictions run; none where it is not scored."""
    return [trial.world for trial in _reference(gold).trials]


def compiled(code: str) -> tuple[dict[str, Any], Program] | None:
    """Return the shortcut that code makes, and that ready to run; None for code that does not compile."""
    if len(code) > MAX_CHARACTERS:
        return None
    try:
        shortcut = to_shortcut(code)
        return shortcut, compile_shortcut(shortcut)
    except (DialectError, Unbalanced):
        return None


def f1(gold: Behaviour, found: Behaviour) -> float:
    """Return F1 of what two runs do, one of them at least anything."""
    shared = LCSseq.similarity(gold.seen, found.seen) + _done_by_both(gold.done, found.done)
    of_both = sum(map(len, (gold.seen, gold.done, found.seen, found.done)))
    return 2 * shared / (of_both + (found.failed and not gold.failed))


def _done_by_both(gold: Sequence[tuple[str, str]], found: Sequence[tuple[str, str]]) -> int:
    places = {place for place, _ in gold if place}
    in_turn = ([[effect for own, effect in side if own == place] for side in (gold, found)] for place in places)
    either = (Counter(effect for place, effect in side if not place) for side in (gold, found))
    return sum(LCSseq.similarity(*sides) for sides in in_turn) + reduce(and_, either).total()


# ---------------------------------------------------------------------------------------------------------------------------------
# gold


@lru_cache(CACHED_GOLDS)
def _reference(gold: str) -> Reference:
    """Return the worlds of a gold program that tell most of it, and what it does there."""
    made = compiled(gold)
    if made is None:
        return Reference((), False)
    shortcut, program = made
    seed = int.from_bytes(hashlib.sha256(gold.encode("utf-8", "surrogatepass")).digest()[:4])
    ran: list[tuple[World, Outcome]] = []
    for world in generated.worlds(shortcut, CANDIDATES, seed, program):
        world = replace(world, questions=())
        outcome = run(program, world, LIMITS)
        if not _guessed(outcome):
            ran.append((replace(world, questions=tuple(outcome.questions[:MOST_QUESTIONS])), outcome))
    reached = {step.index for _, outcome in ran for step in outcome.steps if not step.depth}
    missed = {action[ID] for index, action in enumerate(shortcut["WFWorkflowActions"]) if index not in reached and kind_of(action) is None}
    by_output = missed <= SILENT and not any(behaviour(outcome, world) for world, outcome in ran)
    bare, trials = compiled(bare_list(gold)), []
    telling = [*_telling([(world, outcome, behaviour(outcome, world, by_output)) for world, outcome in ran])]
    if warned := next((world for world, outcome, _ in telling if _is_warned(outcome)), None):
        refused = replace(warned, cancels=True)
        outcome = run(program, refused, LIMITS)
        if outcome.end == "cancelled":
            telling.append((refused, outcome, behaviour(outcome, refused, by_output)))
    for world, outcome, done in telling:
        likeness = f1(done, behaviour(run(bare[1], world, LIMITS), world, by_output)) if bare and done else 0.0
        if likeness < 1:
            trials.append(Trial(world, done, likeness, outcome.whole or world.cancels))
    return Reference(tuple(trials) if any(trial.behaviour for trial in trials) else (), by_output)


def bare_list(code: str) -> str:
    """Return a program that calls each API of a program once, without parameters."""
    return "".join(f"{name}()\n" for name in dict.fromkeys(call.name for call in read_call_graph(code).calls))


def _guessed(outcome: Outcome) -> bool:
    """True if a run took a branch on an unknown before its first effect: what it does then is chance."""
    if not outcome.decisions:
        return False
    decided = outcome.decisions[0][0]
    first = outcome.effects[0].index if outcome.effects else None
    return next((step.index == decided for step in outcome.steps if step.index in (decided, first)), True)


def _is_warned(outcome: Outcome) -> bool:
    """True if an alert stood before a grave effect of a run."""
    alerts = [step.index for step in outcome.steps if step.action == "is.workflow.actions.alert"]
    grave = [effect.index for effect in outcome.effects if effect.verb in GRAVE]
    return bool(alerts and grave and alerts[0] < grave[-1])


def _telling(ran: list[tuple[World, Outcome, Behaviour]]) -> Iterator[tuple[World, Outcome, Behaviour]]:
    """Yield at most WORLDS runs: first one that does something, then each time the one that reaches most that those before it do not; of
    equals one that does something, the earlier. None that only fails.
    """
    left = [(one, {_way(step, one[0]) for step in one[1].steps}) for one in ran if one[2] or not one[2].failed]
    reached: set[tuple[int, str, str]] = set()
    for turn in range(min(WORLDS, len(left))):
        one, own = max(left, key=lambda item: (turn == 0 and bool(item[0][2]), len(item[1] - reached), bool(item[0][2])))
        left = [item for item in left if item[0] is not one]
        reached |= own
        yield one


def _way(step: Step, world: World) -> tuple[int, str, str]:
    """Return the place of a step, which way it goes on from the head of an If or a menu, and the value, if gold compares with that."""
    taken, value = step.inputs.get("is", step.inputs.get("chosen")), step.inputs.get("WFInput")
    is_compared = isinstance(taken, bool) and isinstance(value, int | float | str) and str(value) in map(str, world.compared)
    return step.index, str(taken) if isinstance(taken, bool | str) else "", str(value) if is_compared else ""


# ---------------------------------------------------------------------------------------------------------------------------------
# what a run does


def behaviour(outcome: Outcome, world: World, by_output: bool = False) -> Behaviour:
    """Return what a run did, each effect as a short text. by_output: an output counts that is just the last action's, too."""
    spell = _Spelling(world.place)
    seen, done = list[str](), list[tuple[str, str]]()
    for effect in outcome.effects[:MOST_EFFECTS]:
        if (said := spell.effect(effect)) and effect.verb in SEEN:
            seen.append(said)
        elif said:
            done.append((_place(effect), said))
    is_output = outcome.end == "output" or (by_output and outcome.end in ("finished", "exited") and outcome.output is not world.input)
    if is_output and (said := spell.value(outcome.output)):
        done.append(("", short(f"output {said}")))
    return Behaviour(tuple(seen), tuple(done), outcome.end in ("error", "stopped"))


def _place(effect: Effect) -> str:
    """Return the place that an effect writes, so that a later one there undoes or builds on it; "" for none."""
    if effect.verb == "copied":
        return "clipboard"
    if effect.verb not in ("saved", "moved", "created", "deleted", "set"):
        return ""
    return next((f"{kind} {effect.what[key]}" for key, kind in PLACES.items() if isinstance(effect.what.get(key), str)), "")


def short(said: str) -> str:
    """Return a text, or the digest of a long one."""
    return said if len(said) <= LONGEST else hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


class _Spelling:
    """Writes the values of one run, in bounded space: equal texts for what a person cannot tell apart."""

    def __init__(self, place: Place) -> None:
        self.place, self.writer, self.left = place, Writer(), MOST_TEXT

    def effect(self, effect: Effect) -> str:
        """Return an effect as a text; "" for one whose values are all empty."""
        values = {key: said for key, value in effect.what.items() if (said := self.value(value))}
        if effect.what and not values:
            return ""
        parts: Sequence[str] = [*values.values()] if effect.verb in PLAIN else [f"{key}={said}" for key, said in sorted(values.items())]
        return short("\x1f".join((effect.verb, *parts)))

    def value(self, value: Any) -> str:
        """Return a value as a text; "" for nothing, "…" for what is beyond MOST_TEXT."""
        said = self._value(value) if self.left > 0 else "…"
        self.left -= len(said)
        return said

    def _value(self, value: Any) -> str:
        if isinstance(value, Unknown):
            return f"{{{value.origin}}}"
        if isinstance(value, list):
            return "\n".join(map(self.value, value))
        if isinstance(value, bool):
            return str(value)
        if not isinstance(value, dict | File | Record):
            try:
                return text(value, self.place).strip()
            except Untold as untold:
                return f"{{{untold.unknown.origin}}}"
        return json.dumps(self.writer.write(value), default=str, sort_keys=True) if value else ""


__all__ = ["LIMITS", "ExecutionMatch", "bare_list", "behaviour", "execution_match", "gold_worlds"]
