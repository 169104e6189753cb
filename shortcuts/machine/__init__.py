"""The machine: runs a shortcut off the device, in a world that is data.

    outcome = run("is_workflow_actions_showresult(Text='Hello')", World())
    outcome.effects[0].what["text"]                                  # 'Hello'

`run` takes a program's code, a shortcut's property list or a Program that `compile_shortcut` made of it. Nothing of the host
is executed, read or changed: the clock, the person's answers, files, the network are those of the World (world.py). What cannot be computed
is an Unknown, which is carried on and named in the outcome. docs/machine.md says what runs, what is assumed, how to write a world and how
to add an action.
"""

from shortcuts.machine.interpreter import run
from shortcuts.machine.outcome import Effect, Outcome, Step
from shortcuts.machine.program import Program, as_program, compile_shortcut
from shortcuts.machine.session import Limits
from shortcuts.machine.world import World, WorldError

__all__ = [
    "Effect",
    "Limits",
    "Outcome",
    "Program",
    "Step",
    "World",
    "WorldError",
    "as_program",
    "compile_shortcut",
    "run",
]
