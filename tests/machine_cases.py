"""Golden cases of the machine: what a program does in a world, each with the source of the expectation.

One line adds a case:

    C("user guide: Split Text", "is_workflow_actions_text_split(text='a b', WFTextSeparator='Spaces')", ["a", "b"]),

The third value is the output of the program's last action, as JSON. `world` is the world's JSON; what else is expected is named: `shown` (the
texts that the person sees), `effects` (parts of the effects, in order), `changes` (parts of the changed world), `end`, `reason` (a part of it),
`unknown` (a part of an unknown's origin). A case whose outcome is marked `assumed` counts as one whose source leaves it open.
"""

from __future__ import annotations

from typing import Any, NamedTuple

ANY = object()  # an output that does not matter


class Case(NamedTuple):
    """A case; the module describes its fields."""

    source: str
    code: str
    output: Any
    world: dict[str, Any]
    expected: dict[str, Any]


def C(source: str, code: str, output: Any = ANY, world: dict[str, Any] | None = None, **expected: Any) -> Case:  # noqa: N802
    """Return a case."""
    return Case(source, code, output, world or {}, expected)


CASES = [
    C("user guide: Text", "x = 'Hello'", "Hello"),
    C("user guide: Show Result", "is_workflow_actions_showresult(Text='Hello')", "Hello", shown=["Hello"]),
    C("user guide: Split Text", "is_workflow_actions_text_split(text='a b', WFTextSeparator='Spaces')", ["a", "b"]),
    C("user guide: Calculate", "is_workflow_actions_math(WFInput=7, WFMathOperation='×', WFMathOperand=6)", 42),
]
