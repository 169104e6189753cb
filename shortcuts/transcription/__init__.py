"""A shortcut to Python and back, with the proof that both are the same: see shortcuts/__init__.py for the four equalities."""

from __future__ import annotations

import ast
import tokenize
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from typing import Any

from shortcuts import control_flow, plist
from shortcuts.catalog import Catalog
from shortcuts.collector import collector_paused
from shortcuts.compiler import Compiler, compiled
from shortcuts.decompiler import Decompiler
from shortcuts.equality import patch
from shortcuts.equality.canonical import ACTIONS, canonical
from shortcuts.syntax.errors import DialectError, NestedTooDeep
from shortcuts.syntax.nodes import called, parse
from shortcuts.transcription import proof
from shortcuts.transcription.residue import Residue, checked, names_of

MAX_ACTIONS = 100_000  # a real shortcut has some hundreds; a file within the readers' bounds could hold a million


class TooDeep(ValueError):
    """Values nested deeper than Python's parser takes (about 190 levels). The readers of files refuse these before."""


class TooLarge(ValueError):
    """A shortcut of more than MAX_ACTIONS actions."""


@dataclass(frozen=True)
class Transcription:
    """A shortcut's program with the proof of its round trip. `raw` counts the places that no form could express."""

    code: str
    residue: Residue
    exact: bool
    canonical: bool
    fixed_point: bool
    raw: int


@collector_paused()
def to_python(shortcut: dict[str, Any], catalog: Catalog | None = None) -> tuple[str, Residue]:
    """Return the program of a shortcut, and the residue (plain JSON) with which it compiles to exactly this shortcut.

    catalog: knows the names of APIs and of their outputs; here and below the repository's own by default.
    Raises Unbalanced, TooDeep, TooLarge, and DialectError for a shortcut that the dialect cannot express.
    """
    attempt, _ = write_program(shortcut, catalog)
    return attempt.code, attempt.residue


@collector_paused()
def transcribe(shortcut: dict[str, Any], catalog: Catalog | None = None) -> Transcription:
    """Return the program of a shortcut, with the outcome of each equality test. Raises the errors of to_python."""
    attempt, same = write_program(shortcut, catalog)
    code, exact = attempt.code, plist.same(attempt.rebuilt, shortcut)
    # The cheap test first: to_python writes its first attempt where that already compiles to the same program.
    fixed_point = attempt.proved or (
        Decompiler(attempt.alone, catalog=catalog).text() == code or to_python(attempt.alone, catalog)[0] == code
    )
    return Transcription(code, attempt.residue, exact, same, fixed_point, raw_fallbacks(code))


def raw_fallbacks(code: str) -> int:
    """Return how often the property list shows in a program: as a whole action, or as an envelope without a form."""
    if "raw_action" not in code and "WFSerializationType" not in code:
        return 0
    calls = [node for node in ast.walk(parse(code)) if isinstance(node, ast.Call | ast.Dict)]
    envelopes = [node for node in calls if isinstance(node, ast.Dict)
                 and any(isinstance(key, ast.Constant) and key.value == "WFSerializationType" for key in node.keys)]  # fmt: skip
    return len(envelopes) + sum(called(node) == "raw_action" for node in calls)


class Attempt:
    """One program of a shortcut: its code and residue, the shortcut that both compile to, and whether the quick proof holds (proof.py)."""

    def __init__(self, shortcut: dict[str, Any], raw: frozenset[int], plain_names: bool, catalog: Catalog | None) -> None:
        self.catalog = catalog
        writer = Decompiler(control_flow.completed(shortcut), raw, plain_names, catalog)
        try:
            self.code = writer.text()
            self.residue = names_of(writer)
            compiler, compiled = compile_program(self.code, self.residue, catalog)
        except (RecursionError, NestedTooDeep):
            raise TooDeep("values nested deeper than Python takes") from None
        alone = proof.names_alone(compiler.symbols)
        compiler.symbols.rename()
        difference = self.residue["patch"] = patch.difference(compiled, shortcut)
        first = not raw and not plain_names  # the attempt that to_python makes first of the compiled shortcut, too
        self.proved = first and proof.holds(self.code, compiled, alone, compiler, difference, shortcut, writer.symbols)
        self.rebuilt = patch.apply(compiled, difference)

    @cached_property
    def alone(self) -> dict[str, Any]:
        """The shortcut that the code compiles to without its residue."""
        return to_shortcut(self.code, catalog=self.catalog)


def write_program(shortcut: dict[str, Any], catalog: Catalog | None) -> tuple[Attempt, bool]:
    """Return a program of the shortcut, and whether it compiles to the same program.

    An action that does not compile back is written out (raw). Where two names collide even so, as when one variable is "a b" and another
    "a-b", variables are called by their own names throughout. If nothing helps, the first program is returned: it reads best.
    """
    if len(shortcut["WFWorkflowActions"]) > MAX_ACTIONS:
        raise TooLarge(f"{len(shortcut['WFWorkflowActions']):,} actions, more than {MAX_ACTIONS:,}")
    first = attempt = Attempt(shortcut, frozenset(), False, catalog)
    if attempt.proved:
        return attempt, True
    wanted = canonical(shortcut)
    for plain_names in (False, True):
        raw: frozenset[int] = frozenset()
        while True:
            attempt = first if not raw and not plain_names else Attempt(shortcut, raw, plain_names, catalog)
            found = canonical(attempt.alone)
            if plist.same(found, wanted):
                return attempt, True
            changed = differing(found[ACTIONS], wanted[ACTIONS])
            if changed <= raw:  # as it is where all actions are the same, and a question reads a name that collides with another
                break
            raw |= changed
    return first, False


def differing(actions: list[Any], wanted: list[Any]) -> frozenset[int]:
    """Return the indexes at which two lists of canonical actions differ; all of `wanted` where their lengths do."""
    if plist.same(actions, wanted):
        return frozenset()
    if len(actions) != len(wanted):
        return frozenset(range(len(wanted)))
    return frozenset(index for index, pair in enumerate(zip(actions, wanted)) if not plist.same(*pair))


@collector_paused()
def to_shortcut(code: str, residue: Residue | None = None, catalog: Catalog | None = None) -> dict[str, Any]:
    """Compile a program; with its residue, to exactly the shortcut it came from.

    Raises DialectError at the first error, and ValueError for a malformed residue, or one of another program.
    """
    rest = checked(residue or {})
    compiler, shortcut = compile_program(code, rest, catalog)
    if rest:
        compiler.symbols.rename()
    return patch.apply(shortcut, rest.get("patch", []))


def compile_program(code: str, rest: Residue, catalog: Catalog | None) -> tuple[Compiler, dict[str, Any]]:
    """Return the compiler of a program and its shortcut, with the residue's identities, but the names that the code alone gives."""

    def fail(error: DialectError) -> None:
        raise error

    try:
        return compiled(parse(code), rest, fail, catalog)
    except RecursionError:
        raise NestedTooDeep(1, "nested too deep") from None


def in_dialect(code: str, catalog: Catalog | None = None) -> str:
    """Return a program in forms of the dialect alone: natural Python as the program of what it compiles to; other code as it is.

    The `#` lines above a line of natural Python stand above the first line that it became. Code that does not compile is returned as it is.
    """
    catalog, faults = catalog or Catalog.load(), list[DialectError]()
    try:
        Compiler(parse(code), None, faults.append, catalog).shortcut()
        if not faults:
            return code
        compiler, shortcut = compile_program(code, {}, catalog)
        printed = to_python(shortcut, catalog)[0]
        again, _ = compile_program(printed, {}, catalog)
    except (ValueError, RecursionError):
        return code
    return _with_comments(printed, dict(zip(reversed(compiler.lines), reversed(again.lines))), code)


def _with_comments(printed: str, places: dict[int, int], code: str) -> str:
    """Return a program with the `#` lines of another one. places: line there -> line here."""
    tokens = [token for token in tokenize.generate_tokens(StringIO(code).readline) if token.type == tokenize.COMMENT]
    comments = {token.start[0]: token.string for token in tokens if token.line.lstrip().startswith("#")}
    held, above = list[str](), dict[int, list[str]]()
    for number in sorted(comments.keys() | places.keys()):
        if number in comments:
            held.append(comments[number])
        else:
            above.setdefault(places[number], []).extend(held)
            held = []
    result = []
    for number, line in enumerate(printed.splitlines(), start=1):
        indent = line[: len(line) - len(line.lstrip())]
        result += [*(indent + comment for comment in above.get(number, ())), line]
    return "\n".join([*result, *held]) + "\n"


def equivalent(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """True if two shortcuts are the same program: equal but for the differences that canonical() takes out."""
    return plist.same(canonical(a), canonical(b))
