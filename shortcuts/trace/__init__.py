"""Symbolic execution of programs: `trace(code)` finds the calls that each path makes, and the origins of their arguments.

    for path in trace(code).paths:
        for step in path:
            step.name, step.arguments       # 'is_workflow_actions_showresult', (('Text', Origin("text('Hello ', •)", sources=(3,))),)

Every API is a stub whose output is known only by the call that made it (`•`, and its number). The head of an If, a menu or a repeat is a
step too: its condition, prompt or source, and the branch that the path takes. Traces do not depend on the names of variables, comments and
layout, nor on the choice between an f-string and a sum, a value passed directly or through variables, a literal assigned or made by its
action, a test and its opposite with exchanged branches.

Paths are a basis in McCabe's sense (A Complexity Measure, 1976): the first takes the first branch everywhere, and every other branch gets
one path that takes it, and the first branch wherever it can. So each branch is taken, and paths grow with the number of branches, not with
two to its power. A repeat makes one turn. If it reads a value that its own turn may have changed, a second turn replaces the first; there
such a value is `either(before, after a turn)`. A path ends at Exit and Output; statements after them are not traced.

Nothing is executed, and tracing always ends: MAX_PATHS, MAX_STEPS, MAX_TURNS_DEPTH and the limits of recovering_parser.py and origins.py
bound it, and `cut` names those that were met. The same text always has the same trace.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from shortcuts.syntax.errors import Diagnostic
from shortcuts.syntax.recovering_parser import MAX_CHARACTERS, read_tree
from shortcuts.trace.interpreter import MAX_STEPS, Path, Program, Run

MAX_PATHS = 256  # the largest of 708 real shortcuts has 176


class Trace(NamedTuple):
    """The paths of a program.

    problems: reads of a name that some path has not set (code `unbound`); `check` reports a name only if no path sets it.
    parsed: True if Python can parse the text as it is. cut: the bounds that were met, "" for a whole trace.
    """

    paths: tuple[Path, ...]
    problems: tuple[Diagnostic, ...]
    parsed: bool
    cut: str


def trace(code: str) -> Trace:
    """Return the trace of a program of the dialect, or of a broken one (see syntax/recovering_parser.py). Never fails."""
    tree, parsed = read_tree(code)
    program = Program()
    due: deque[dict[int, int]] = deque([{}])
    paths: dict[Path, None] = {}
    taken = 1
    while due and program.steps_left > 0:
        run = Run(program, due.popleft())
        run.body(tree.body)
        paths.setdefault(tuple(run.steps))
        for node, branches in run.discovered:
            for branch in range(1, branches):
                if taken < MAX_PATHS:
                    due.append({**run.choices, node: branch})
                taken += 1
    cuts = [f"more than {MAX_CHARACTERS:,} characters"] if len(code) > MAX_CHARACTERS else []
    cuts += [f"more than {MAX_PATHS} paths"] if taken > MAX_PATHS else []
    cuts += [f"more than {MAX_STEPS:,} steps"] if program.steps_left <= 0 else []
    return Trace(tuple(paths), tuple(sorted(program.problems)), parsed, "; ".join(cuts))
