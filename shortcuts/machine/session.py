"""What a run shares with the shortcuts that it calls: its limits, the person who answers, the state of the world, the outcome."""

from __future__ import annotations

import random
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from shortcuts.machine.outcome import Outcome
from shortcuts.machine.program import Program
from shortcuts.machine.registry import Ended
from shortcuts.machine.values import Looker
from shortcuts.machine.world import State, World


@dataclass(frozen=True)
class Limits:
    """The bounds of a run, with all shortcuts that it calls."""

    steps: int = 10_000
    size: int = 10_000_000  # characters and items that are looked at and made, in all
    depth: int = 8  # shortcuts inside shortcuts
    seconds: float = 1.0  # that patterns take, in all


LIMITS = Limits()


class Person:
    """The one who answers: the world's answers by prompt, then those in turn."""

    def __init__(self, world: World) -> None:
        self.world, self.turn = world, 0
        self.asked: dict[str, int] = {}
        self.thrown: dict[str, int] = {}
        self.due = None if world.questions is None else dict(enumerate(world.questions))  # place: prompt, of the draws that are left
        self.picked, self.beyond = 0, 0

    def answer(self, prompt: str) -> tuple[bool, Any]:
        """Return True and the answer to a question, or False where the world has none."""
        if prompt in self.world.answers_to:
            given = self.world.answers_to[prompt]
            if not isinstance(given, list):
                return True, given
            turn = self.asked.get(prompt, 0)
            self.asked[prompt] = turn + 1
            return (True, given[min(turn, len(given) - 1)]) if given else (False, None)
        if self.turn < len(self.world.answers):
            self.turn += 1
            return True, self.world.answers[self.turn - 1]
        return False, None

    def dice(self, prompt: str) -> random.Random:
        """Return a source of answers that depends on the seed, the question, and how often it was asked, and on nothing else of the run."""
        turn = self.thrown[prompt] = self.thrown.get(prompt, 0) + 1
        return random.Random(f"{self.world.seed} {prompt} {turn}".encode("utf-8", "surrogatepass"))

    def turned(self, prompt: str, choices: int) -> int:
        """Return a choice from 1. Seeds that follow each other, and questions that are asked again, take the choices in turn."""
        turn = self.thrown[prompt] = self.thrown.get(prompt, 0) + 1
        return (zlib.crc32(prompt.encode("utf-8", "surrogatepass")) + self.world.seed + turn) % choices + 1

    def question(self, prompt: str) -> str:
        """Return what the draw for a question depends on: its prompt, or its place among the world's questions, where that lists them."""
        if self.due is None:
            return prompt
        place = next((place for place, due in self.due.items() if due == prompt), next(iter(self.due), None))
        if place is None:
            place = len(self.world.questions or ()) + self.beyond
            self.beyond += 1
        else:
            del self.due[place]
        return f"question {place}"

    def pick(self) -> tuple[bool, Any]:
        """Return True and what is picked, or False where the world does not say."""
        if self.picked < len(self.world.picked):
            self.picked += 1
            return True, self.world.picked[self.picked - 1]
        return False, None


class Session:
    """The common part of a run and the shortcuts that it calls: the state of the world, the outcome, and what is left of the limits."""

    def __init__(self, world: World, limits: Limits) -> None:
        self.world, self.limits = world, limits
        self.state, self.outcome, self.person = State(world), Outcome(), Person(world)
        self.place, self.looker = replace(world.place, spend=self.spend), Looker(self.spend)
        self.random = random.Random(world.seed)
        self.steps, self.size, self.seconds = limits.steps, limits.size, limits.seconds
        self.branches = iter(world.branches)
        self.doubles: dict[str, int] = {}
        self.programs: dict[str, Program] = {}

    def spend(self, size: int) -> None:
        """Count characters and items against the limit. Raises Ended."""
        self.size -= size
        if self.size < 0:
            raise Ended("stopped", f"more than {self.limits.size:,} characters and items were looked at or made")

    def timed(self, work: Callable[[float], Any]) -> Any:
        """Return what `work` makes, which gets the seconds that are left for patterns and raises TimeoutError. Raises Ended."""
        start = time.perf_counter()
        try:
            if self.seconds <= 0:
                raise TimeoutError
            return work(self.seconds)
        except TimeoutError:
            raise Ended("stopped", f"patterns took more than {self.limits.seconds} s") from None
        finally:
            self.seconds -= time.perf_counter() - start
