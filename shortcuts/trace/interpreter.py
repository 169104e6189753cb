"""The interpreter of trace(): runs one path of a program; shortcuts/trace/__init__.py describes paths and steps."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from shortcuts.forms.constants import ENDING_CALLS, LITERAL_ACTIONS
from shortcuts.syntax.errors import Diagnostic
from shortcuts.syntax.nodes import called, constant
from shortcuts.syntax.text import pieces
from shortcuts.trace.origins import NO_APIS, Origin, compound, is_api, literal, origin, read, test

MAX_STEPS = 100_000  # statements over all paths: a second or two
MAX_TURNS_DEPTH = 3  # nested repeats that make a second turn: each doubles the steps of those inside

# Helpers whose value depends on the steps before them.
_OF_THE_MOMENT = frozenset({"previous_output", "if_result", "menu_result", "repeat_results"})
_NOTHING = Origin("nothing")


class Step(NamedTuple):
    """A call, or a block's head ("if", "menu", "for"), as one path makes it.

    `key` is equal for steps with equal arguments from calls of the same names; `number` is what the `sources` of origins refer to.
    """

    number: int
    name: str
    arguments: tuple[tuple[str, Origin], ...]
    line: int
    key: tuple[Any, ...]


Path = tuple[Step, ...]


class Program:
    """Shared by all paths of a program: the numbers of calls, the branches seen, and the values already read."""

    def __init__(self) -> None:
        self.steps_left = MAX_STEPS
        self.numbers: dict[int, int] = {}  # id of a syntax node -> number of its step, which a path makes once
        self.step_names: list[str] = []  # names of the steps, by number
        self.decisions: set[int] = set()
        self.problems: set[Diagnostic] = set()
        self.reads: dict[int, tuple[tuple[str, ...], bool]] = {}  # see names_read()
        self.known: dict[Any, Any] = {}
        self.steps: dict[Any, Step] = {}

    def number(self, node: ast.AST, name: str) -> int:
        """Return the number of the step that a syntax node makes."""
        number = self.numbers.setdefault(id(node), len(self.step_names))
        if number == len(self.step_names):
            self.step_names.append(name)
        return number

    def names_read(self, node: ast.expr) -> tuple[tuple[str, ...], bool]:
        """Return the names that an expression reads, and True if its value depends on more than these."""
        if id(node) not in self.reads:
            calls = {called(inner) for inner in ast.walk(node) if isinstance(inner, ast.Call)} - {None}
            names = dict.fromkeys(inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name))
            depends = any(name in _OF_THE_MOMENT or is_api(name) for name in calls if name)
            self.reads[id(node)] = tuple(name for name in names if name not in calls), depends
        return self.reads[id(node)]


# ---------------------------------------------------------------------------------------------------------------------------------
# one path


class Run:
    """One path: its statements in order, the value of each name, and, in `choices`, the branches it takes that are not the first."""

    def __init__(self, program: Program, choices: dict[int, int]) -> None:
        self.program, self.choices = program, choices
        self.steps: list[Step] = []
        self.values: dict[str, Origin] = {}
        self.carried: set[str] = set()  # names read since the current repeat began
        self.last = _NOTHING  # the output of the last action
        self.result = _NOTHING  # the result of the last block
        self.repeats: list[int] = []  # numbers of the repeats around the current statement
        self.discovered: list[tuple[int, int]] = []  # (branching node, its branches) that no earlier path has met
        self.ended = False

    # -- statements -----------------------------------------------------------------------------------------------------------

    def body(self, body: Iterable[ast.AST]) -> None:
        """Run statements in order, until the path ends or the steps run out."""
        for statement in body:
            self.program.steps_left -= 1
            self.ended = self.ended or self.program.steps_left < 0
            if self.ended:
                return
            self.statement(statement)

    def statement(self, node: Any) -> None:
        """Run one statement."""
        if isinstance(node, ast.Expr):
            self.expression(node.value)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            if node.value is not None:
                value = self.assigned(node.value)
                self.bind(node.targets if isinstance(node, ast.Assign) else [node.target], value)
        elif isinstance(node, ast.AugAssign):
            items = node.value.elts if isinstance(node.value, ast.List) else [node.value]
            self.append(node.target, items, "list" if isinstance(node.op, ast.Add) else type(node.op).__name__)
        elif isinstance(node, ast.If):
            self.branching(node)
        elif isinstance(node, ast.For | ast.AsyncFor | ast.While):
            self.repeat(node)
        elif isinstance(node, ast.Match):
            self.menu(node)
        else:  # statements outside the dialect (def, with, try) are searched for calls
            for part in ast.iter_child_nodes(node):
                if isinstance(part, ast.expr):
                    self.read(part)
                else:
                    self.body([part])

    def expression(self, node: ast.expr) -> None:
        """Run an expression statement; the header, markers and comments have no effect."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "append":
            self.append(node.func.value, node.args, "list")
        elif called(node) == "menu":  # a menu without cases
            self.step("menu", node, self.head_of_menu(node))
        elif called(node) not in ("workflow", "marker", *_OF_THE_MOMENT) and not isinstance(node, ast.Constant | ast.JoinedStr):
            self.read(node)

    def assigned(self, node: ast.expr) -> Origin:
        """Return the value of an assignment; as in the compiler, an action makes a literal."""
        value = self.read(node)
        kind = "text" if pieces(node) is not None \
            else "dict" if isinstance(node, ast.Dict) else "list" if isinstance(node, ast.List) and node.elts \
            else "number" if constant(node, (int, float)) is not None else ""  # fmt: skip
        if not kind or isinstance(node, ast.Name):
            return value
        action, key = LITERAL_ACTIONS[kind]
        return self.output(node, action.replace(".", "_"), [(key, value)])

    def bind(self, targets: Iterable[ast.expr], value: Origin) -> None:
        """Set a name, or all names of another target, to one value."""
        for target in targets:
            for node in [target] if isinstance(target, ast.Name) else ast.walk(target):
                if isinstance(node, ast.Name):
                    self.values[node.id] = value

    def append(self, target: ast.expr, items: Iterable[ast.expr], head: str) -> None:
        """Run `X += [item]`: X becomes a list of its value before and the item."""
        values = [self.assigned(item) for item in items]
        if isinstance(target, ast.Name):
            before = self.values.get(target.id)
            known = [] if before is None or before.form == "list()" else [before]
            self.values[target.id] = compound(head, known + values)

    # -- blocks ---------------------------------------------------------------------------------------------------------------

    def choose(self, node: ast.AST, branches: int) -> int:
        """Return the branch that this path takes; record a branching node that no path has met."""
        if id(node) not in self.program.decisions:
            self.program.decisions.add(id(node))
            self.discovered.append((id(node), branches))
        return self.choices.get(id(node), 0)

    def branching(self, node: ast.If) -> None:
        """Run an If. Its elifs nest one in the other, so this is a loop."""
        while True:
            condition, flipped = self.condition(node.test)
            is_false = self.choose(node, 2) == 1
            self.step("if", node, [("test", condition), ("is", literal(not is_false))])
            self.last = _NOTHING
            chosen = node.orelse if is_false != flipped else node.body
            if chosen is node.orelse and len(chosen) == 1 and isinstance(chosen[0], ast.If):
                node = chosen[0]
                continue
            self.body(chosen)
            break
        self.last = self.result = origin(f"if_result({self.last.form})", self.last)

    def condition(self, node: ast.expr) -> tuple[Origin, bool]:
        """Return the condition, and True if it is written as its opposite."""
        if isinstance(node, ast.Call) and called(node) == "otherwise_if" and len(node.args) == 1:
            node = node.args[0]
        return self.cached("test", node, lambda: test(node, self))

    def menu(self, node: ast.Match) -> None:
        """Run a menu, and the one of its cases that this path takes."""
        is_menu = isinstance(node.subject, ast.Call) and called(node.subject) == "menu"
        arguments = self.head_of_menu(node.subject) if is_menu else [("prompt", self.read(node.subject))]  # type: ignore[arg-type]
        cases = [case for case in node.cases if case.guard is None or called(case.guard) != "before"]  # before() never runs
        if not cases:
            self.step("menu", node, arguments)
            return
        case = cases[self.choose(node, len(cases))]
        pattern, guard = case.pattern, case.guard
        title = self.read(pattern.value) if isinstance(pattern, ast.MatchValue) else Origin("_") if guard is None else self.read(guard)
        self.step("menu", node, [*arguments, ("case", title)])
        self.last = _NOTHING
        self.body(case.body)
        self.last = self.result = origin(f"menu_result({self.last.form})", self.last)

    def head_of_menu(self, node: ast.Call) -> list[tuple[str, Origin]]:
        """Return the arguments of `menu(...)`."""
        given = [("prompt", self.read(argument)) for argument in node.args[:1]]
        return given + [(keyword.arg or "**", self.read(keyword.value)) for keyword in node.keywords]

    def repeat(self, node: ast.For | ast.AsyncFor | ast.While) -> None:
        """Run one turn of a repeat; a second one if it reads a name that the turn before may have set."""
        source = self.condition(node.test)[0] if isinstance(node, ast.While) else self.read(node.iter)
        number = self.step("for", node, [("in", source)])
        if not isinstance(node, ast.While):
            targets = node.target.elts if isinstance(node.target, ast.Tuple) else [node.target]
            for target, role in zip(targets, ["item"] if len(targets) == 1 else ["index", "item"]):
                self.bind([target], Origin(f"{role}(•)", (number,)))
        outer, before, mark = self.carried, dict(self.values), len(self.steps)
        self.repeats.append(number)
        self.carried, self.last = set(), _NOTHING
        self.body(node.body)
        changed = [name for name in self.carried & before.keys() if self.values[name] != before[name]]
        if changed and not self.ended and len(self.repeats) <= MAX_TURNS_DEPTH:
            self.values.update({name: compound("either", [before[name], self.values[name]]) for name in changed})
            self.steps[mark:], self.last = [], _NOTHING
            self.body(node.body)
        self.carried |= outer
        self.repeats.pop()
        self.last = self.result = origin(f"repeat_results({self.last.form})", self.last)

    # -- values ---------------------------------------------------------------------------------------------------------------

    def cached(self, kind: str, node: ast.expr, make: Callable[[], Any]) -> Any:
        """Return the result of `make`, cached for all paths on which the names in the expression have the same values."""
        names, depends = self.program.names_read(node)
        self.carried.update(names)
        if depends:
            return make()
        key = (kind, id(node), *map(self.values.get, names))
        if key not in self.program.known:
            self.program.known[key] = make()
        return self.program.known[key]

    def read(self, node: ast.expr) -> Origin:
        """Return the origin of an expression's value."""
        return self.cached("value", node, lambda: read(node, self))

    def value_of(self, identifier: str, line: int) -> Origin:
        """Return the value of a name (origins.Scope); record a problem if the path has not set it."""
        if identifier in self.values:
            return self.values[identifier]
        if identifier in NO_APIS:  # EVERYTHING
            return Origin(identifier)
        self.program.problems.add(Diagnostic(line, "unbound", f"{identifier} is read on a path that has not set it"))
        return Origin("unbound")

    def call(self, node: ast.Call) -> Origin | None:
        """Return the output of an API's call, or of a helper that depends on the path; None for other calls (origins.Scope)."""
        name = called(node)
        if name in ("if_result", "menu_result", "repeat_results"):
            return self.result
        if name == "previous_output":
            return self.last
        if name == "later":
            known = node.args[0].id if node.args and isinstance(node.args[0], ast.Name) else ""
            return self.values.get(known, Origin("later"))
        if name is None or not is_api(name):
            return None
        given = [(str(place), argument) for place, argument in enumerate(node.args)]
        if name in ("action", "raw_action") and given:
            name = re.sub(r"\W", "_", str(getattr(given.pop(0)[1], "value", "")))
        for keyword in node.keywords:
            given += _entries(keyword.value) if keyword.arg is None else [(keyword.arg, keyword.value)]
        if given and given[0][0] == "1":  # raw_action('id', {...})
            given = [*_entries(given[0][1]), *given[1:]]
        return self.output(node, name, [(key, self.read(value)) for key, value in given if key != "UUID"])

    def output(self, node: ast.AST, name: str, arguments: list[tuple[str, Origin]]) -> Origin:
        """Record a call; return its output."""
        self.last = Origin("•", (self.step(name, node, arguments),))
        self.ended = self.ended or name in ENDING_CALLS
        return self.last

    def step(self, name: str, node: Any, arguments: list[tuple[str, Origin]]) -> int:
        """Record a step; return its number. A step inside a repeat has the repeat as a source, too."""
        number = self.program.number(node, name)
        inside = [("within", Origin("•", (self.repeats[-1],)))] if self.repeats else []
        given = tuple(sorted([*arguments, *inside]))
        known = (number, given)
        if known not in self.program.steps:
            names = self.program.step_names
            key = (name, *((argument, value.form, *(names[source] for source in value.sources)) for argument, value in given))
            self.program.steps[known] = Step(number, name, given, node.lineno, key)
        self.steps.append(self.program.steps[known])
        return number


def _entries(node: ast.expr) -> list[tuple[str, ast.expr]]:
    """Return the entries of a dictionary literal of parameters."""
    if not isinstance(node, ast.Dict):
        return [("**", node)]
    return [(str(getattr(key, "value", "**")), value) for key, value in zip(node.keys, node.values)]
