"""What a run did: its steps, its effects on the outside, its output, and why it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from shortcuts.machine.world import Writer


class Step(NamedTuple):
    """An action that ran. `index` is its place in the action list (from 0), `depth` the number of shortcuts around its own.

    known: False if it met an unknown or made one.
    """

    index: int
    action: str
    inputs: dict[str, Any]
    output: Any
    known: bool
    depth: int


class Effect(NamedTuple):
    """An outward effect: the verb (shown, notified, sent, saved, opened, set, deleted, requested ...) and what it concerned."""

    verb: str
    what: dict[str, Any]
    index: int


@dataclass
class Outcome:
    """The outcome of a run.

    end: finished, exited, output, cancelled, error or stopped; `reason` says more for the last three. at: the index of the last action.
    assumed: what the sources leave open and the run needed. unknowns: the origins of what could not be computed, each with the index of the
    action that met it first. decisions: (index, branch taken) where a condition was unknown. questions: the prompts of the questions that
    were asked, in turn. unasked: the answers that are left. faults: errors of the machine itself.
    """

    end: str = "finished"
    reason: str = ""
    at: int = -1
    output: Any = None
    steps: list[Step] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    changes: dict[str, Any] = field(default_factory=dict)
    assumed: dict[str, None] = field(default_factory=dict)
    unknowns: dict[str, int] = field(default_factory=dict)
    decisions: list[tuple[int, bool]] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    unasked: list[Any] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """True if the run came to an end of its own without meeting an unknown."""
        return self.end in ("finished", "exited", "output") and not self.unknowns and not self.faults

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as JSON; of one that is very large the last parts are left out, as "…"."""
        to_json = Writer().write
        return {
            "end": self.end, "reason": self.reason, "at": self.at, "output": to_json(self.output),
            "effects": [
                {**{key: to_json(value) for key, value in effect.what.items()}, "verb": effect.verb, "index": effect.index}
                for effect in self.effects
            ],
            "changes": to_json(self.changes),
            "steps": [{"index": step.index, "action": step.action, "inputs": to_json(step.inputs), "output": to_json(step.output),
                       "known": step.known, "depth": step.depth} for step in self.steps],
            "assumed": list(self.assumed), "unknowns": self.unknowns, "decisions": self.decisions,
            "questions": self.questions, "unasked": to_json(self.unasked), "faults": self.faults,
        }  # fmt: skip
