"""What a program would do: `trace(code)` runs it symbolically and yields the calls each path makes, and where their arguments come from.

    for path in trace(code).paths:
        for step in path:
            step.name, step.arguments       # 'is_workflow_actions_showresult', (('Text', Origin("text('Hello ', •)", sources=(3,))),)

Every API is a stub whose output is known only by the call that made it (`•`, and its number). The head of an If, a menu or a repeat is a
step too: its condition, prompt or source, and the branch that the path takes. What does not matter: the names of variables, comments,
layout, whether a text is an f-string or a sum, a value is passed directly or through variables, a literal is assigned or made by its
action, a test is written as its opposite with the branches exchanged.

Paths are a basis in McCabe's sense (A Complexity Measure, 1976): the first takes the first branch everywhere, and every other branch gets
one path that takes it, and the first branch wherever it can. So each branch is taken, and paths grow with the number of branches, not with
two to its power. A repeat makes one turn; where it reads what its own turn may have changed, a second, which alone counts, and in which
such a value is `either(before, after a turn)`. A path ends at Exit and Output; what stands behind them is not traced.

Nothing is executed, and it always ends: MAX_PATHS, MAX_STEPS and MAX_TURNS_DEPTH, the limits of tolerant.py and of trace_values.py; `cut`
says which was met. The same text gives the same trace.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from shortcuts.syntax.errors import Diagnostic
from shortcuts.syntax.recovering_parser import MAX_CHARACTERS, read_tree
from shortcuts.trace.interpreter import MAX_STEPS, Path, Program, Run

MAX_PATHS = 256  # the largest of 708 real shortcuts has 176


class Trace(NamedTuple):
    """The paths of a program; `problems`: reads of a name that some path has not set (code `unbound`), which `check` sees only where none
    has; `parsed`: whether Python reads the text as it is; `cut`: which bound was met ("" if none).
    """

    paths: tuple[Path, ...]
    problems: tuple[Diagnostic, ...]
    parsed: bool
    cut: str


def trace(code: str) -> Trace:
    """The trace of a program of the dialect, or of what is nearly one (see tolerant.py). Never fails."""
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
