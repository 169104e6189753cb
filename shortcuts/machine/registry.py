"""The table of actions, and what an action's function sees of the run: a Call.

    @action("is.workflow.actions.text.split", source="user guide: Split Text")
    def split_text(call: Call) -> Any:
        ...

A function returns the output: a value (values.py), a list for several items, None for nothing. It reads its parameters from the call, which
converts them as the app does; what is missing has the catalogue's default, else the one that the function names. It records what leaves the
run by `call.effect`, and returns `call.unknown(...)` for what cannot be computed. An unknown in its way raises Untold, and the interpreter
then makes the output an unknown of the result's type, so a function need not think of unknowns unless it has an effect.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from shortcuts.catalog import Catalog
from shortcuts.machine import convert, values
from shortcuts.machine.parameters import resolve
from shortcuts.machine.values import Unknown, Untold, origin

if TYPE_CHECKING:
    from datetime import datetime

    from shortcuts.machine.interpreter import Run
    from shortcuts.machine.place import Place

MISSING = object()
PER_ITEM = 20  # what an item of an input counts


class Ended(Exception):  # noqa: N818
    """The run ends here."""

    def __init__(self, end: str, reason: str = "", output: Any = None) -> None:
        super().__init__(reason)
        self.end, self.reason, self.output = end, reason, output


class Definition(NamedTuple):
    """An action: its function, the source of what it does, and what that leaves open ("" for nothing)."""

    function: Callable[[Call], Any]
    source: str
    assumed: str


ACTIONS: dict[str, Definition] = {}


def action(*ids: str, source: str, assumed: str = "") -> Callable[[Callable[[Call], Any]], Callable[[Call], Any]]:
    """Register a function as what the actions with these ids do."""

    def register(function: Callable[[Call], Any]) -> Callable[[Call], Any]:
        for one in ids:
            assert one not in ACTIONS, f"{one} is registered twice"
            ACTIONS[one] = Definition(function, source, assumed)
        return function

    return register


@cache
def defaults(action_id: str) -> dict[str, Any]:
    """Return the defaults of an action's parameters by key, from the catalogue."""
    api = Catalog.load().get(action_id)
    return {parameter.key: parameter.default for parameter in api.parameters if parameter.default is not None} if api else {}


@cache
def result_type(action_id: str) -> str:
    """Return the type of an action's output by the catalogue: "any" where it is not known, "" where there is none."""
    api = Catalog.load().get(action_id)
    if api is None or (api.result is None and "result" in api.unknown):
        return "any"
    return (api.result.types[0] if len(api.result.types) == 1 else "any") if api.result else ""


def short(action_id: str) -> str:
    """Return an action's id without the part that all have."""
    return action_id.removeprefix("is.workflow.actions.")


class Call:
    """One action as it runs. `inputs` collects the parameters that its function reads, as values."""

    __slots__ = ("id", "index", "inputs", "parameters", "run")

    def __init__(self, run: Run, index: int, action_id: str, parameters: dict[str, Any]) -> None:
        self.run, self.index, self.id, self.parameters = run, index, action_id, parameters
        self.inputs: dict[str, Any] = {}

    # -- the run --------------------------------------------------------------------------------------------------------------

    @property
    def place(self) -> Place:
        """Return the clock, zone and locale."""
        return self.run.place

    def assume(self, reason: str) -> None:
        """Mark the outcome: the sources leave this open."""
        self.run.assume(reason)

    def effect(self, verb: str, **what: Any) -> None:
        """Record an outward effect."""
        self.run.effect(verb, what, self.index)

    def records(self, part: str) -> list[Any]:
        """Return the records of a part of the world (reminders, photos ...), which count since each is looked at."""
        found = self.run.state.read(part)
        self.run.spend(PER_ITEM * len(found))
        return list(found)

    def remove(self, part: str, gone: list[Any]) -> None:
        """Take records out of a part of the world."""
        held = self.records(part)
        self.run.spend(len(gone) * len(held))
        self.run.state.write(part)[:] = [record for record in held if record not in gone]

    def unknown(self, kind: str, *parts: Any) -> Unknown:
        """Return an unknown of a type, made by this action of some inputs, and record its origin in the outcome."""
        made = Unknown(kind, origin(short(self.id), *(self.said(part) for part in parts)))
        self.run.met(made, self.index)
        return made

    def said(self, value: Any) -> str:
        """Return a value as text for an origin or a reason: never fails."""
        try:
            return convert.text(value, self.place)[:200]
        except Untold as untold:
            return f"{{{untold.unknown.origin}}}"

    # -- parameters -----------------------------------------------------------------------------------------------------------

    def get(self, key: str, fallback: Any = None) -> Any:
        """Return a parameter's value; where it is missing the catalogue's default, else `fallback`."""
        value = self.parameters.get(key, MISSING)
        value = resolve(value, self.run) if value is not MISSING else defaults(self.id).get(key, fallback)
        self.inputs[key] = value
        return value

    def has(self, key: str) -> bool:
        """True if a parameter is given, and not empty."""
        return self.parameters.get(key, "") not in ("", None)

    def input(self, key: str = "WFInput") -> Any:
        """Return the input: a parameter, or where it is missing the output of the action before."""
        value = self.parameters.get(key, MISSING)
        value = self.run.previous if value is MISSING else resolve(value, self.run)
        self.inputs[key] = value
        return value

    def items(self, key: str = "WFInput", counted: bool = True) -> list[Any]:
        """Return the items of the input; they count, if each is looked at. Raises Untold if the input as a whole is unknown."""
        value = self.input(key)
        if isinstance(value, Unknown):
            raise Untold(value)
        found = values.items(value)
        if counted:
            self.run.spend(PER_ITEM * len(found))
        return found

    def text(self, key: str, fallback: str = "") -> str:
        """Return a parameter as text. Raises Untold."""
        return convert.text(self.get(key, fallback), self.place)

    def input_text(self, key: str = "WFInput") -> str:
        """Return the input as text. Raises Untold."""
        return convert.text(self.input(key), self.place)

    def shown(self, key: str, fallback: Any = "") -> Any:
        """Return a parameter as text for an effect, or the unknown that it is."""
        return self.as_shown(self.get(key, fallback))

    def as_shown(self, value: Any) -> Any:
        """Return a value as text for an effect, or the unknown that it is."""
        try:
            return convert.text(value, self.place)
        except Untold as untold:
            return Unknown("text", untold.unknown.origin)

    def number(self, key: str, fallback: float | None = None) -> float:
        """Return a parameter as a number; `fallback`, or the catalogue's default, where it is missing or none. Raises Untold."""
        found = convert.number(self.get(key, fallback), self.place)
        return found if found is not None else fallback if fallback is not None else 0

    def whole(self, key: str, fallback: int = 0) -> int:
        """Return a parameter as a whole number, at most a billion either way. Raises Untold."""
        return int(max(-1e9, min(self.number(key, fallback), 1e9)))

    def input_number(self, key: str = "WFInput") -> float | None:
        """Return the input as a number, or None. Raises Untold."""
        return convert.number(self.input(key), self.place)

    def flag(self, key: str, fallback: bool = False) -> bool:
        """Return a switch. An unknown one is what the action does by default."""
        value = self.get(key, fallback)
        if isinstance(value, Unknown):
            return fallback
        return value if isinstance(value, bool) else bool(convert.boolean(value, self.place))

    def choice(self, key: str, fallback: str = "") -> str:
        """Return a parameter that is one of some words. Raises Untold."""
        value = self.get(key, fallback)
        return value if isinstance(value, str) else convert.text(value, self.place) or fallback

    def moment(self, key: str) -> datetime | None:
        """Return a parameter as a date, or None. Raises Untold."""
        return convert.moment(self.get(key), self.place)
