"""What a run shares with the shortcuts that it calls: its limits, the person who answers, the state of the world, the outcome."""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass
from typing import Any

from shortcuts.machine.outcome import Outcome
from shortcuts.machine.program import Program
from shortcuts.machine.world import State, World


@dataclass(frozen=True)
class Limits:
    """What bounds a run, with all shortcuts that it calls."""

    steps: int = 10_000
    size: int = 10_000_000  # characters and items that are read and made, in all
    depth: int = 8  # shortcuts inside shortcuts
    seconds: float = 1.0  # that patterns take, in all


LIMITS = Limits()


class Person:
    """The one who answers: the world's answers by prompt, then those in turn."""

    def __init__(self, world: World) -> None:
        self.world, self.turn = world, 0
        self.asked: dict[str, int] = {}
        self.thrown: dict[str, int] = {}
        self.picked = 0

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

    def pick(self) -> tuple[bool, Any]:
        """Return True and what is picked, or False where the world does not say."""
        if self.picked < len(self.world.picked):
            self.picked += 1
            return True, self.world.picked[self.picked - 1]
        return False, None


class Session:
    """What a run shares with the shortcuts that it calls: the state of the world, the outcome, and what is left of the limits."""

    def __init__(self, world: World, limits: Limits) -> None:
        self.world, self.limits = world, limits
        self.state, self.outcome, self.person = State(world), Outcome(), Person(world)
        self.random = random.Random(world.seed)
        self.steps, self.size, self.seconds = limits.steps, limits.size, limits.seconds
        self.branches = iter(world.branches)
        self.doubles: dict[str, int] = {}
        self.programs: dict[str, Program] = {}
