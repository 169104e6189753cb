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
from typing import Any

from common import plist
from common.catalog import call_name
from common.dialect import blocks, residue
from common.dialect.canonical import canonical, canonical_actions, canonical_level
from common.dialect.check import check, review
from common.dialect.compile import Compiler
from common.dialect.decompile import Decompiler
from common.dialect.names import apis_of, bound_names, rename, rename_residue
from common.dialect.syntax import Diagnostic, DialectError, NestedTooDeep, called, parse
from common.dialect.vocabulary import HELPERS, spoken

__all__ = [
    "HELPERS", "Diagnostic", "DialectError", "TooDeep", "TooLarge", "Transcription", "Unbalanced", "apis_of", "bound_names",
    "call_name", "canonical", "check", "equivalent", "parse", "raw_fallbacks", "rename", "rename_residue", "review", "statistics",
    "to_python", "to_shortcut", "transcribe",
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


def to_python(shortcut: dict[str, Any]) -> tuple[str, Residue]:
    """The program of a shortcut, and the residue (plain JSON) with which it compiles to exactly this shortcut.

    Raises Unbalanced, TooDeep, TooLarge, and DialectError for a shortcut that the dialect cannot say.
    """
    code, writer, _, _ = _write(shortcut)
    return code, _residue(code, writer, shortcut)[0]


def transcribe(shortcut: dict[str, Any]) -> Transcription:
    """The program of a shortcut, each of the three equalities above tried and noted. Raises what to_python does."""
    code, writer, alone, same_actions = _write(shortcut)
    rest, rebuilt = _residue(code, writer, shortcut)
    # a text that the writer gives at once for what the program compiles to is what to_python gives
    fixed_point = Decompiler(alone).text() == code or _write(alone)[0] == code
    same = same_actions and plist.same(canonical_level(alone), canonical_level(shortcut))
    return Transcription(code, rest, plist.same(rebuilt, shortcut), same, fixed_point, raw_fallbacks(code))


def raw_fallbacks(code: str) -> int:
    """The places of a program where the property list shows: whole actions, and envelopes without a form."""
    if "raw_action" not in code and "WFSerializationType" not in code:
        return 0
    calls = [node for node in ast.walk(parse(code)) if isinstance(node, ast.Call | ast.Dict)]
    envelopes = [node for node in calls if isinstance(node, ast.Dict)
                 and any(isinstance(key, ast.Constant) and key.value == "WFSerializationType" for key in node.keys)]  # fmt: skip
    return len(envelopes) + sum(called(node) == "raw_action" for node in calls)


def _write(shortcut: dict[str, Any]) -> tuple[str, Decompiler, dict[str, Any], bool]:
    """(program, its writer, what it compiles to alone, whether that has the same actions).

    Actions that sugar does not reproduce are written out. If names get in each other's way even so, as when one variable is "a b" and
    another "a-b", variables are called by their own names throughout. Where neither helps, the first program is the most readable.
    """
    if len(shortcut["WFWorkflowActions"]) > MAX_ACTIONS:
        raise TooLarge(f"{len(shortcut['WFWorkflowActions']):,} actions, more than {MAX_ACTIONS:,}")
    shortcut = blocks.completed(shortcut)
    wanted = canonical_actions(shortcut)
    attempts: list[tuple[str, Decompiler, dict[str, Any]]] = []
    for plain_names in (False, True):
        raw: frozenset[int] = frozenset()
        while True:
            attempts.append(_attempt(Decompiler(shortcut, raw, plain_names)))
            changed = _differing(canonical_actions(attempts[-1][2]), wanted)
            if not changed:
                return *attempts[-1], True
            if changed <= raw:
                break
            raw |= changed
    return *attempts[0], False


def _attempt(writer: Decompiler) -> tuple[str, Decompiler, dict[str, Any]]:
    """(the writer's program, the writer, what the program compiles to)."""
    try:
        code = writer.text()
        return code, writer, to_shortcut(code)
    except (RecursionError, NestedTooDeep):
        raise TooDeep("values nested deeper than Python takes") from None


def _differing(actions: list[Any], wanted: list[Any]) -> frozenset[int]:
    if plist.same(actions, wanted):
        return frozenset()
    if len(actions) != len(wanted):
        return frozenset(range(len(wanted)))
    return frozenset(index for index, pair in enumerate(zip(actions, wanted)) if not plist.same(*pair))


def _residue(code: str, writer: Decompiler, shortcut: dict[str, Any]) -> tuple[Residue, dict[str, Any]]:
    """(the residue, what program and residue compile to)."""
    rest = _names_of(writer)
    compiled = to_shortcut(code, rest)
    rest["patch"] = residue.difference(compiled, shortcut)
    return rest, residue.apply(compiled, rest["patch"])


def to_shortcut(code: str, residue_: Residue | None = None) -> dict[str, Any]:
    """Compile a program; with its residue, to exactly the shortcut it came from.

    Raises DialectError at the first error, and ValueError for a residue that is none, or of another program.
    """

    def fail(error: DialectError) -> None:
        raise error

    module, rest = parse(code), residue.checked(residue_ or {})
    try:
        compiler = Compiler(module, rest, fail)
        shortcut = compiler.shortcut()
    except RecursionError:
        raise NestedTooDeep(1, "nested too deep") from None
    if rest:
        compiler.names.rename()
    return residue.apply(shortcut, rest.get("patch", []))


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
