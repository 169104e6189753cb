"""The shortcut after a change: the old one's actions where the program is as it was, new ones where it is not.

Both programs are compiled with the names and identities of the old shortcut's residue. An action that compiles to the same in both is taken
from the old shortcut as it is. One whose line was changed takes over what differs between the two and keeps the rest. In the end both sides
are compared: the new shortcut has to be canonically equal to what the new program compiles to.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from shortcuts import control_flow, plist
from shortcuts.catalog import Catalog
from shortcuts.compiler import Compiler
from shortcuts.control_flow import PARAMETERS, Action
from shortcuts.edit.alignment import Program, common, paired_actions
from shortcuts.edit.changes import Line, lines_of, text_of
from shortcuts.edit.previous import diverted
from shortcuts.equality import patch
from shortcuts.equality.canonical import canonical_actions, canonical_level
from shortcuts.forms import header, triggers
from shortcuts.forms.header import QUESTIONS
from shortcuts.forms.identifiers import made_uuid
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import parse
from shortcuts.transcription import compile_program, to_python
from shortcuts.transcription.residue import Residue

ACTIONS = "WFWorkflowActions"
UUID, GROUP = "UUID", "GroupingIdentifier"


class Edited(NamedTuple):
    """A shortcut after a change, its program, and the number of its actions of each kind. `removed` are those of the old shortcut.

    diverted: what is to be said of old actions that read another output than before, see previous.py.
    """

    shortcut: dict[str, Any]
    code: str
    kept: int  # equal to the byte
    changed: int
    added: int
    removed: int
    diverted: tuple[str, ...] = ()


class _Compiled(NamedTuple):
    """A program and the shortcut that it compiles to, in names and identities of the old shortcut."""

    program: Program
    shortcut: dict[str, Any]
    questions: list[dict[str, Any]]  # those that stand with a parameter

    @property
    def actions(self) -> list[Action]:
        return self.program.actions

    def renamed(self, identities: dict[str, str]) -> _Compiled:
        """Return it with other identities."""
        level = _renamed({key: value for key, value in self.shortcut.items() if key == QUESTIONS}, identities)
        return _Compiled(self.program._replace(actions=_renamed(self.actions, identities)), {**self.shortcut, **level},
                         _renamed(self.questions, identities))  # fmt: skip


def merged(shortcut: dict[str, Any], change: Callable[[str], list[Line]], catalog: Catalog | None = None) -> Edited:
    """Return a shortcut after a change, which is a function of its program's text. Raises the errors of `apply_change`."""
    code, residue = to_python(shortcut, catalog)
    lines, old = change(code), control_flow.completed(shortcut)[ACTIONS]
    compiler, compiled = compile_program(code, residue, catalog)
    compiler.symbols.rename()
    before = _Compiled(Program(lines_of(code), compiler.actions, compiler.lines), compiled, compiler.questions)
    lines, after = _after(lines, residue, compiler, catalog)
    pairs = paired_actions(before.program, after.program, lines)
    before = before.renamed(_hidden_identities(before.actions, old, residue))
    after = after.renamed(_identities(before.actions, after.actions, old, pairs, residue))
    changed = _refuse_others(before, after, pairs, lines)
    actions = []
    for index, action in enumerate(after.actions):
        origin = pairs.get(index)
        if index in changed:
            actions.append(_patched(old[origin], before.actions[origin], action))
        else:
            actions.append(action if origin is None else shortcut[ACTIONS][origin])
    new = {**_level(shortcut, before, after, pairs), ACTIONS: actions}
    _prove(new, changed, after, lines)
    new = copy.deepcopy(new)
    text, same = to_python(new, catalog)[0], len(pairs) - len(changed)
    said = tuple(_diverted(before, after, pairs, catalog)) if header.is_old(new.get(header.VERSION)) else ()
    return Edited(new, text, same, len(changed), len(actions) - len(pairs), len(old) - len(pairs), said)


# ---------------------------------------------------------------------------------------------------------------------------------
# the new program, compiled


def _after(lines: list[Line], residue: Residue, before: Compiler, catalog: Catalog | None) -> tuple[list[Line], _Compiled]:
    """Return the lines of the changed program, in forms of the dialect, and what it compiles to. Raises DialectError.

    before: the compiler of the old program, after its work.
    """
    rest: Residue = {**residue, "names": dict(residue["names"]), "custom": list(residue["custom"]), "groups": [], "patch": []}
    try:
        faults: list[DialectError] = []
        compiler = Compiler(parse(text_of(line.text for line in lines)), rest, faults.append, catalog)
        compiled = compiler.shortcut()
        if faults:  # or natural Python
            lines = _in_dialect(lines, catalog)
            compiler, compiled = compile_program(text_of(line.text for line in lines), rest, catalog)
    except DialectError as error:
        raise _of_the_change(error, lines) from None
    variables = {identifier: label for label, identifier in before.symbols.variable_labels.items()}
    for label, identifier in compiler.symbols.variable_labels.items():
        if identifier not in variables:
            rest["names"].setdefault(identifier, label)
    for output in compiler.symbols.outputs:
        if output.identifier not in residue["uuids"]:
            rest["names"].setdefault(output.identifier, compiler.symbols.label(output.identifier))
            rest["custom"] += [output.identifier] if "CustomOutputName" in output.parameters else []
    compiler.symbols.rename()
    return lines, _Compiled(Program([line.text for line in lines], compiler.actions, compiler.lines), compiled, compiler.questions)


def _in_dialect(lines: list[Line], catalog: Catalog | None) -> list[Line]:
    """Return the lines of a program with natural Python in it as forms of the dialect.

    Raises DialectError where it does not compile, or a line that is left alone would mean something else in it.
    """
    _, shortcut = compile_program(text_of(line.text for line in lines), {}, catalog)
    printed = lines_of(to_python(shortcut, catalog)[0])
    result, held = list[Line](), next((line.place for line in lines if line.place is not None), 1)
    same = {there: here for here, there in common([line.text.strip() for line in lines], [text.strip() for text in printed])}
    for number, text in enumerate(printed):
        line = lines[same[number]] if number in same else Line(text, None, held)
        held = line.place or held
        result.append(line._replace(text=text))
    kept = {line.origin for line in result if line.place is None}
    for number, line in enumerate(lines, start=1):
        if line.place is None and line.origin not in kept and line.text.strip() and not line.text.lstrip().startswith("#"):
            raise DialectError(number, "it is not part of the change, yet it would mean something else, as the new lines are natural "
                                       "Python: write those with calls of actions", "untouched")  # fmt: skip
    return result


def _of_the_change(error: DialectError, lines: list[Line]) -> DialectError:
    """Return an error of the changed program as one of the change: at its line there, or at the nearest one above that is new."""
    line = lines[min(max(error.line, 1), len(lines)) - 1] if lines else Line("", None, 1)
    above = [each.place for each in lines[: error.line] if each.place is not None]
    if line.origin is not None:
        return DialectError(line.place or (above[-1] if above else 1), f"line {line.origin} of the program, `{line.text.strip()[:80]}`: "
                            f"{error.message}", error.code)  # fmt: skip
    return DialectError(line.place or 1, f"{error.message}, in `{line.text.strip()[:80]}`", error.code)


# ---------------------------------------------------------------------------------------------------------------------------------
# identities


def _renamed(value: Any, identities: dict[str, str]) -> Any:
    """Return a value with the texts that are an identity exchanged."""
    if isinstance(value, dict):
        return {key: _renamed(inner, identities) for key, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, identities) for inner in value]
    return identities.get(value, value) if isinstance(value, str) else value


def _identity(action: Action, key: str = UUID) -> str | None:
    value = action[PARAMETERS].get(key)
    return value if isinstance(value, str) else None


def _hidden_identities(compiled: list[Action], old: list[Action], residue: Residue) -> dict[str, str]:
    """Return the identities in the old shortcut of outputs that its program has no name for, by those that the compiler made up."""
    pairs = ((_identity(action), _identity(was)) for action, was in zip(compiled, old))
    return {made: real for made, real in pairs if made and real and made not in residue["uuids"].values()}


def _identities(before: list[Action], after: list[Action], old: list[Action], pairs: dict[int, int], residue: Residue) -> dict[str, str]:
    """Return the identities of the new shortcut by those that the compiler made up: the old ones of old actions, else unused ones."""
    known = {*residue["uuids"].values(), *(uuid for uuids in residue["missing"].values() for uuid in uuids)}
    used = {_identity(action) for action in after} & known
    result: dict[str, str] = {}
    for index, action in enumerate(after):
        origin = pairs.get(index)
        made, real = _identity(action), _identity(old[origin]) if origin is not None else None
        if made and made not in known and real and real not in used:
            result.setdefault(made, real)
            used.add(real)
        made, real = _identity(action, GROUP), _identity(before[origin], GROUP) if origin is not None else None
        if made and real and control_flow.mode(action) == control_flow.START:
            result[made] = real
    taken = known.union(*({_identity(action, UUID), _identity(action, GROUP)} for action in old))
    for action in after:
        for made in (_identity(action, UUID), _identity(action, GROUP)):
            if made and made not in known and made not in result and made in taken:
                result[made] = next(free for number in range(2, len(taken) + 3) if (free := made_uuid(f"{made} {number}")) not in taken)
    return result


# ---------------------------------------------------------------------------------------------------------------------------------
# actions, settings, import questions


def _refuse_others(before: _Compiled, after: _Compiled, pairs: dict[int, int], lines: list[Line]) -> set[int]:
    """Return the actions after the change that are not as they were, by index. Raises DialectError for one that the change left alone.

    The markers of a block follow from its other lines: a menu's start lists its choices.
    """
    left = {line.origin: number for number, line in enumerate(lines, start=1) if line.place is None}
    was = {origin: index for index, origin in pairs.items()}
    changed = set()
    for index, action in enumerate(before.actions):
        again = after.actions[was[index]] if index in was else None
        if again is not None and plist.same(action, again):
            continue
        number = left.get(before.program.places[index])
        kind = control_flow.kind_of(action)
        if number is not None and (kind is None or (kind != "menu" and control_flow.mode(action) == control_flow.START)):
            raise _of_the_change(DialectError(number, _why_another(number, lines), "untouched"), lines)
        changed |= {was[index]} if index in was else set()
    return changed


def _why_another(number: int, lines: list[Line]) -> str:
    """Return why a line that the change left alone would mean something else, as far as that shows."""
    bound = {found[1] for line in lines if line.place is not None and (found := re.match(r"\s*(\w+) \+?= ", line.text))}
    anew = ", ".join(name for name in dict.fromkeys(re.findall(r"\w+", lines[number - 1].text)) if name in bound)
    return "it is not part of the change, yet it would become another action; " + (
        f"the change gives {anew} another meaning, so give the new value a name of its own" if anew else
        "give new values names of their own, or make this line part of the change")


def _diverted(before: _Compiled, after: _Compiled, pairs: dict[int, int], catalog: Catalog | None) -> Iterator[str]:
    """Yield a sentence for each old action that reads the output of another action than before, without naming it."""
    def shown(index: int) -> str:
        return f"`{after.program.lines[after.program.places[index] - 1].strip()[:80]}`"

    for index, source in diverted(before.actions, after.actions, pairs, catalog or Catalog.load()):
        comes = "nothing" if source is None else shown(source)
        yield (f"line {after.program.places[index]}, {shown(index)}, takes the output of the action before it, as in all shortcuts with a "
               f"client_version below 900: that is {comes} now, and was another")


def _patched(old: Any, before: Any, after: Any) -> Any:
    """Return an old value with what differs between its two compiled forms; the new form where that does not fit it."""
    try:
        return patch.apply(copy.deepcopy(old), patch.difference(before, after))
    except ValueError:
        return after


def _level(shortcut: dict[str, Any], before: _Compiled, after: _Compiled, pairs: dict[int, int]) -> dict[str, Any]:
    """Return everything but the actions: the old shortcut's, and what the change says of it."""
    result = dict(shortcut)
    for key in (*before.shortcut, *after.shortcut):
        if key in (ACTIONS, QUESTIONS) or plist.same(before.shortcut.get(key), after.shortcut.get(key)):
            continue
        if key == triggers.KEY and all(isinstance(each.get(key), list) for each in (shortcut, before.shortcut, after.shortcut)):
            result[key] = _triggers(shortcut[key], before.shortcut[key], after.shortcut[key])
        elif key in after.shortcut:
            result[key] = after.shortcut[key]
        else:
            result.pop(key, None)
    questions = list(_questions(shortcut, before, after, pairs))
    if questions or isinstance(shortcut.get(QUESTIONS), list):
        result[QUESTIONS] = questions
    return result


def _triggers(old: list[Any], before: list[Any], after: list[Any]) -> list[Any]:
    """Return the triggers of the new shortcut; those that the program had before keep their identity."""
    def shown(trigger: Any) -> Any:
        return {**trigger, triggers.UUID: ""} if isinstance(trigger, dict) else trigger

    known, result = list(zip(before, old)), []
    for trigger in after:
        same = [place for place, (was, _) in enumerate(known) if plist.same(shown(was), shown(trigger))]
        result.append(known.pop(same[0])[1] if same else trigger)
    return result


def _questions(shortcut: dict[str, Any], before: _Compiled, after: _Compiled, pairs: dict[int, int]) -> Iterator[Any]:
    """Yield the import questions: the old ones whose actions are still there, at their new places, then new ones."""
    moved = {origin: index for index, origin in pairs.items()}
    old, new = ({(one["ActionIndex"], one["ParameterKey"]): one for one in each.questions} for each in (before, after))
    loose, others = (each.shortcut.get(QUESTIONS, [])[len(each.questions) :] for each in (before, after))
    is_same_header = plist.same(loose, others)
    listed = shortcut.get(QUESTIONS)
    for question in listed if isinstance(listed, list) else []:
        index = question.get("ActionIndex") if isinstance(question, dict) else None
        known = old.pop((index, question.get("ParameterKey")), None) if type(index) is int else None
        if known is not None:  # it stands with its parameter
            again = new.pop((moved.get(index), known["ParameterKey"]), None)
            if again is not None:
                yield _patched(question, known, again)
        elif is_same_header and type(index) is int and 0 <= index < len(before.actions):
            if index in moved:
                yield {**question, "ActionIndex": moved[index]}
        elif is_same_header:
            yield question
    yield from new.values()
    if not is_same_header:
        yield from others


def _prove(new: dict[str, Any], changed: set[int], after: _Compiled, lines: list[Line]) -> None:
    """Raise DialectError unless a new shortcut is what its program says; an old action that does not fit its change becomes a new one."""
    wanted = canonical_actions({**after.shortcut, ACTIONS: after.actions})
    if differing := _differing(canonical_actions(new), wanted):
        for index in differing & changed:
            new[ACTIONS][index] = after.actions[index]
        differing = _differing(canonical_actions(new), wanted)
    if differing:
        error = DialectError(after.program.places[min(differing)], "together with the rest of the shortcut, this would be another action; "
                             "write it, or what it reads, in another way", "untouched")  # fmt: skip
        raise _of_the_change(error, lines)
    one, other = ({key: value for key, value in level.items() if key not in (ACTIONS, QUESTIONS)} for level in (new, after.shortcut))
    if not plist.same(canonical_level(one), canonical_level(other)):
        raise _of_the_change(DialectError(1, "the settings of the shortcut would change otherwise than written", "untouched"), lines)


def _differing(actions: list[Action], wanted: list[Action]) -> set[int]:
    return {index for index, pair in enumerate(zip(actions, wanted, strict=True)) if not plist.same(*pair)}
