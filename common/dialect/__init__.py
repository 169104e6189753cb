"""The dialect: Python that is an Apple Shortcut.

    code, residue = to_python(shortcut)               # readable Python, and what it does not show
    to_shortcut(code, residue) == shortcut            # the same object tree, types included
    canonical(to_shortcut(code)) == canonical(shortcut)    # from the code alone: the same program
    to_python(to_shortcut(code))[0] == code           # a fixed point

An action is a keyword-only call of its id (`is_workflow_actions_url(WFURLActionURL='…')`), its output the name it is assigned to. Setting a
variable is an assignment, appending is `X += [value]`, If is if/elif/else, Repeat is for, Choose from Menu is match, text with variables is
an f-string, a dictionary is a dict, a Comment is a string on a line of its own. `#` lines are not part of a program. Where each form is
defined: signatures.py (what may be called), tokens.py (variables and their parts), text.py, values.py, conditions.py, blocks_*.py,
header.py, triggers.py (what starts a shortcut by itself: decorators above `def shortcut():`, whose body is then the program).

Nothing is ever executed: programs are read with `ast` and interpreted.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from common import plist
from common.catalog import Catalog, call_name
from common.collector import collector_paused
from common.dialect import blocks, proof, residue
from common.dialect.canonical import canonical, canonical_actions, canonical_level
from common.dialect.check import check, is_empty, review
from common.dialect.compile import Compiler
from common.dialect.decompile import Decompiler
from common.dialect.names import apis_of, bound_names, rename, rename_residue
from common.dialect.syntax import Diagnostic, DialectError, NestedTooDeep, called, parse
from common.dialect.vocabulary import HELPERS, spoken

__all__ = [
    "HELPERS", "Diagnostic", "DialectError", "TooDeep", "TooLarge", "Transcription", "Unbalanced", "apis_of", "bound_names",
    "call_name", "canonical", "check", "equivalent", "is_empty", "parse", "raw_fallbacks", "rename", "rename_residue", "review",
    "statistics", "to_python", "to_shortcut", "transcribe",
]  # fmt: skip

Unbalanced = blocks.Unbalanced
statistics = blocks.statistics
Residue = dict[str, Any]
MAX_ACTIONS = 100_000  # a real one has some hundreds; a file within the readers' bounds could hold a million


class TooDeep(ValueError):
    """Values nested deeper than Python's parser takes (about 190 levels); no file that the readers let through is."""


class TooLarge(ValueError):
    """A shortcut of more than MAX_ACTIONS actions."""


@dataclass(frozen=True)
class Transcription:
    """A shortcut's program with the proof of its round trip. `raw`: actions that no form could express."""

    code: str
    residue: Residue
    exact: bool
    canonical: bool
    fixed_point: bool
    raw: int


@collector_paused()
def to_python(shortcut: dict[str, Any], catalog: Catalog | None = None) -> tuple[str, Residue]:
    """The program of a shortcut, and the residue (plain JSON) with which it compiles to exactly this shortcut.

    catalog: here and below the repository's own by default; it knows the names of APIs and of their outputs.
    Raises Unbalanced, TooDeep, TooLarge, and DialectError for a shortcut that the dialect cannot say.
    """
    attempt, _ = _write(shortcut, catalog)
    return attempt.code, attempt.residue


@collector_paused()
def transcribe(shortcut: dict[str, Any], catalog: Catalog | None = None) -> Transcription:
    """The program of a shortcut, each of the three equalities above tried and noted. Raises what to_python does."""
    attempt, same_actions = _write(shortcut, catalog)
    code, exact = attempt.code, plist.same(attempt.rebuilt, shortcut)
    same = fixed_point = attempt.proved
    if not attempt.proved:
        alone = attempt.alone
        # a text that the writer gives at once for what the program compiles to is what to_python gives
        fixed_point = Decompiler(alone, catalog=catalog).text() == code or to_python(alone, catalog)[0] == code
        same = same_actions and plist.same(canonical_level(alone), canonical_level(shortcut))
    return Transcription(code, attempt.residue, exact, same, fixed_point, raw_fallbacks(code))


def raw_fallbacks(code: str) -> int:
    """The places of a program where the property list shows: whole actions, and envelopes without a form."""
    if "raw_action" not in code and "WFSerializationType" not in code:
        return 0
    calls = [node for node in ast.walk(parse(code)) if isinstance(node, ast.Call | ast.Dict)]
    envelopes = [node for node in calls if isinstance(node, ast.Dict)
                 and any(isinstance(key, ast.Constant) and key.value == "WFSerializationType" for key in node.keys)]  # fmt: skip
    return len(envelopes) + sum(called(node) == "raw_action" for node in calls)


class _Attempt:
    """A program of a shortcut: its code and residue, what the two compile to, and whether it is proved already (proof.py)."""

    def __init__(self, shortcut: dict[str, Any], raw: frozenset[int], plain_names: bool, catalog: Catalog | None) -> None:
        self.catalog = catalog
        writer = Decompiler(blocks.completed(shortcut), raw, plain_names, catalog)
        try:
            self.code = writer.text()
            self.residue = _names_of(writer)
            compiler, compiled = _compiled(self.code, self.residue, catalog)
        except (RecursionError, NestedTooDeep):
            raise TooDeep("values nested deeper than Python takes") from None
        alone = proof.names_alone(compiler.names)
        compiler.names.rename()
        patch = self.residue["patch"] = residue.difference(compiled, shortcut)
        first = not raw and not plain_names  # as the compiled shortcut would be written
        self.proved = first and proof.holds(self.code, compiled, alone, compiler, patch, shortcut, writer.names)
        self.rebuilt = residue.apply(compiled, patch)

    @cached_property
    def alone(self) -> dict[str, Any]:
        """What the code compiles to without its residue."""
        return to_shortcut(self.code, catalog=self.catalog)


def _write(shortcut: dict[str, Any], catalog: Catalog | None) -> tuple[_Attempt, bool]:
    """(a program of the shortcut, whether it compiles to the same actions).

    Actions that sugar does not reproduce are written out. If names get in each other's way even so, as when one variable is "a b" and
    another "a-b", variables are called by their own names throughout. Where neither helps, the first program is the most readable.
    """
    if len(shortcut["WFWorkflowActions"]) > MAX_ACTIONS:
        raise TooLarge(f"{len(shortcut['WFWorkflowActions']):,} actions, more than {MAX_ACTIONS:,}")
    first = attempt = _Attempt(shortcut, frozenset(), False, catalog)
    if attempt.proved:
        return attempt, True
    wanted = canonical_actions(shortcut)
    for plain_names in (False, True):
        raw: frozenset[int] = frozenset()
        while True:
            attempt = first if not raw and not plain_names else _Attempt(shortcut, raw, plain_names, catalog)
            changed = _differing(canonical_actions(attempt.alone), wanted)
            if not changed:
                return attempt, True
            if changed <= raw:
                break
            raw |= changed
    return first, False


def _differing(actions: list[Any], wanted: list[Any]) -> frozenset[int]:
    if plist.same(actions, wanted):
        return frozenset()
    if len(actions) != len(wanted):
        return frozenset(range(len(wanted)))
    return frozenset(index for index, pair in enumerate(zip(actions, wanted)) if not plist.same(*pair))


@collector_paused()
def to_shortcut(code: str, residue_: Residue | None = None, catalog: Catalog | None = None) -> dict[str, Any]:
    """Compile a program; with its residue, to exactly the shortcut it came from.

    Raises DialectError at the first error, and ValueError for a residue that is none, or of another program.
    """

    rest = residue.checked(residue_ or {})
    compiler, shortcut = _compiled(code, rest, catalog)
    if rest:
        compiler.names.rename()
    return residue.apply(shortcut, rest.get("patch", []))


def _compiled(code: str, rest: Residue, catalog: Catalog | None) -> tuple[Compiler, dict[str, Any]]:
    """(the compiler of a program, its shortcut with the residue's identities and the names that code alone says)."""

    def fail(error: DialectError) -> None:
        raise error

    compiler = Compiler(parse(code), rest, fail, catalog)
    try:
        return compiler, compiler.shortcut()
    except RecursionError:
        raise NestedTooDeep(1, "nested too deep") from None


def equivalent(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """Whether two shortcuts are the same program: equal but for what canonical() forgets."""
    return plist.same(canonical(a), canonical(b))


def _names_of(writer: Decompiler) -> Residue:
    """The part of the residue that names things: it survives a renaming of the program's names."""
    actions = [action["WFWorkflowActionParameters"] for action in writer.actions]
    starts = [parameters for action, parameters in zip(writer.actions, actions)
              if blocks.kind_of(action) and blocks.mode(action) == blocks.START]  # fmt: skip
    return {
        "uuids": {identifier: uuid for uuid, identifier in writer.names.output_names.items()},
        "names": {identifier: label for identifier, label in writer.names.labels.items() if label != spoken(identifier)},
        "custom": writer.names.custom,
        "missing": writer.names.missing_uuids,
        "groups": [group if isinstance(group := parameters.get("GroupingIdentifier"), str) else "" for parameters in starts],
    }
