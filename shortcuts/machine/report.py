"""An outcome for people: what they would see, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from shortcuts.catalog import Catalog
from shortcuts.effects.written import printable
from shortcuts.machine.convert import text
from shortcuts.machine.outcome import Outcome, Step
from shortcuts.machine.place import Place
from shortcuts.machine.program import Program
from shortcuts.machine.values import Untold, kind_of

SHOWN = 70  # characters of a value
MAX_STEPS = 500  # that are printed
_SILENT = frozenset(("is.workflow.actions.comment",))


def report(outcome: Outcome, program: Program, place: Place, may: list[str], notes: Sequence[str] = ()) -> str:
    """Return an outcome in lines. `may`: what the shortcut may do, `notes`: what else to know before, both as shortcuts/effects says it."""
    lines = [f"It may do: {'; '.join(may)}." if may else "It does nothing to the outside.", *notes, ""]
    effects: dict[int, list[str]] = {}
    for effect in outcome.effects:
        effects.setdefault(effect.index, []).append(_effect(effect.verb, effect.what, place))
    for step in outcome.steps[:MAX_STEPS]:
        if step.action not in _SILENT:
            lines += _step(step, program, place, effects)
    if len(outcome.steps) > MAX_STEPS:
        lines.append(f"     … {len(outcome.steps) - MAX_STEPS:,} more steps")
    return "\n".join(map(printable, [*lines, "", *_end(outcome, place)])) + "\n"


def _step(step: Step, program: Program, place: Place, effects: dict[int, list[str]]) -> Iterator[str]:
    """Yield the lines of a step: its title and output, and below its effects, each once."""
    api = Catalog.load().get(step.action)
    line = program.lines[step.index] if step.depth == 0 and step.index < len(program.lines) else None
    head = f"{line:>4}" if line is not None else "   ·"
    given = step.inputs if step.output is None or "is" in step.inputs or "chosen" in step.inputs else {}
    said = ", ".join(f"{key} {shown(value, place)}" for key, value in given.items() if value not in (None, ""))
    made = f" → {shown(step.output, place)}" if step.output is not None else f": {said}" if said else ""
    yield f"{head} {'  ' * step.depth}{api.title if api and api.title else step.action}{made}"
    own = effects.get(step.index, []) if step.depth == 0 else []
    if own:
        yield f"     » {own.pop(0)}"


def _effect(verb: str, what: dict[str, Any], place: Place) -> str:
    """Return an effect on one line."""
    return f"{verb} " + ", ".join(f"{'' if key in ('text', 'value') else key + ' '}{shown(value, place)}" for key,
                                  value in what.items() if value)


def _end(outcome: Outcome, place: Place) -> Iterator[str]:
    ends = {"finished": "It ran to its end", "exited": "It stopped itself", "output": "It handed over its output",
            "cancelled": "It was cancelled",
            "error": "It stopped on an error", "stopped": "The machine stopped it"}  # fmt: skip
    yield f"{ends[outcome.end]}{': ' + outcome.reason if outcome.reason else ''}."
    if outcome.output is not None:
        yield f"Output: {shown(outcome.output, place)}"
    if outcome.unknowns:
        yield f"Unknown here, and carried on: {'; '.join(list(outcome.unknowns)[:10])}"
    if outcome.decisions:
        yield f"Decided without knowing: {len(outcome.decisions)} branches"
    if outcome.assumed:
        yield f"Assumed: {'; '.join(outcome.assumed)}"
    if left := outcome.unasked:
        words = "1 answer was" if len(left) == 1 else f"{len(left)} answers were"
        yield f"{words} not asked for: {', '.join(shown(value, place) for value in left[:10])}"
    for fault in outcome.faults:
        yield f"The machine failed at action {fault}"


def shown(value: Any, place: Place) -> str:
    """Return a value on one line, its beginning if it is long."""
    try:
        said = " ⏎ ".join(text(value, place).split("\n"))
    except Untold as untold:
        return f"unknown ({untold.unknown.origin})"
    said = said if len(said) <= SHOWN else said[: SHOWN - 1] + "…"
    return f"'{said}'" if kind_of(value) == "text" else said or f"({kind_of(value)})"
