"""Operations on texts and names: split a text, join two, give a value another name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from random import Random

from shortcuts.edit.operations import tables
from shortcuts.edit.operations.actions import kind_of, shuffled, text_of
from shortcuts.edit.operations.program import RESULTS, Change, Hunk, Program, Slot
from shortcuts.edit.operations.tables import PREFIX
from shortcuts.forms.identifiers import identifier
from shortcuts.names import rename
from shortcuts.syntax.nodes import called, const, name

TOLD = {"showresult": "Text", "alert": "WFAlertActionMessage", "notification": "WFNotificationActionBody", "speaktext": "WFText",
        "sendmessage": "WFSendMessageContent"}  # actions that tell a text, by the end of their id, and their parameter
JOINT = re.compile(r"(?<=[.!?])\s+|\n+|(?<=,) ")  # where a text can be cut: behind a sentence, at the end of a line, behind a comma


def told_text(slot: Slot) -> tuple[str, ast.expr] | None:
    """Return the end of an action's id and the text that it tells; None for another statement."""
    own = (called(slot.call) or "").removeprefix(PREFIX) if slot.call is not None and isinstance(slot.node, ast.Expr) else ""
    value = next((keyword.value for keyword in slot.call.keywords if keyword.arg == TOLD.get(own)), None) if own in TOLD else None  # type: ignore[union-attr]
    return (own, value) if value is not None else None


def parts_of(node: ast.expr) -> list[ast.expr] | None:
    """Return the parts of a text, written ones and values; None for another expression."""
    if isinstance(node, ast.JoinedStr):
        return list(node.values)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node]
    return [ast.FormattedValue(node, -1)] if isinstance(node, ast.Name) else None


def text_from(parts: list[ast.expr]) -> ast.expr:
    """Return the text of some parts, written ones joined."""
    merged: list[ast.expr] = []
    for part in parts:
        if isinstance(part, ast.Constant) and merged and isinstance(merged[-1], ast.Constant):
            merged[-1] = const(merged[-1].value + part.value)
        elif not (isinstance(part, ast.Constant) and part.value == ""):
            merged.append(part)
    if all(isinstance(part, ast.Constant) for part in merged):
        return merged[0] if merged else const("")
    return merged[0].value if len(merged) == 1 and isinstance(merged[0], ast.FormattedValue) else ast.JoinedStr(merged)


def halves(node: ast.expr) -> tuple[ast.expr, ast.expr] | None:
    """Return the two parts of a text that is cut at its first joint; None for a text without one."""
    parts = parts_of(node) if not isinstance(node, ast.Name) else None
    for place, part in enumerate(parts or ()):
        joint = JOINT.search(part.value) if isinstance(part, ast.Constant) else None
        if joint:
            first = text_from([*parts[:place], const(part.value[: joint.start()])])  # type: ignore[index]
            second = text_from([const(part.value[joint.end():]), *parts[place + 1 :]])  # type: ignore[index]
            if _says(first) and _says(second):
                return first, second
    return None


def _says(node: ast.expr) -> bool:
    """True if a text has a word that is written out."""
    return any(re.search(r"\w", str(part.value)) for part in ast.walk(node) if isinstance(part, ast.Constant))


def splits(program: Program, draw: Random) -> Iterator[Change]:
    """Yield changes that tell the two parts of a text one after the other, or put the first part into a text of its own."""
    for slot in shuffled(program.slots, draw):
        told = told_text(slot)
        value = told[1] if told else slot.node.value if isinstance(slot.node, ast.Assign) else None
        cut = halves(value) if value is not None else None
        if cut is None:
            value, cut = _text_action(slot)
        if cut is None or program.takes_output_before(slot.node) or not program.is_loose(slot):
            continue
        first, second = cut
        given, indent = {"first": text_of(first), "second": text_of(second)}, program.indent_of(slot.node)
        if told:
            lines = [program.retold(slot, {id(value): part}).lines[0] for part in cut]
            yield Change("split", (Hunk(slot.line, slot.end, tuple(lines)),), (slot.line,), given)
        elif isinstance(value, ast.expr):
            new, gap = program.fresh("Text"), const(_gap(value, first, second))
            whole = text_from([ast.FormattedValue(name(new), -1), gap, *(parts_of(second) or [])])
            above = Hunk(slot.line, slot.line, (f"{indent}{new} = {PREFIX}gettext(WFTextActionText={given['first']})",))
            yield Change("split", (above, program.retold(slot, {id(value): whole})), (slot.line,), {**given, "into": slot.name})


def _text_action(slot: Slot) -> tuple[ast.expr | None, tuple[ast.expr, ast.expr] | None]:
    """Return the text of a Text action and its two parts."""
    is_text = slot.name and called(slot.call) == f"{PREFIX}gettext" if slot.call is not None else False
    value = next((keyword.value for keyword in slot.call.keywords if keyword.arg == "WFTextActionText"), None) if is_text else None  # type: ignore[union-attr]
    return value, halves(value) if value is not None else None


def _gap(node: ast.expr, first: ast.expr, second: ast.expr) -> str:
    """Return what stood between the two parts of a text."""
    parts = [part.value for part in parts_of(node) or () if isinstance(part, ast.Constant)]
    joint = next(found for text in parts if (found := JOINT.search(text)))
    return joint[0]


def merges(program: Program, draw: Random) -> Iterator[Change]:
    """Yield changes that tell two texts at once that were told one after the other, or put a text into the only one that uses it."""
    for slot in shuffled(program.slots, draw):
        above = program.above(slot)
        pair = (told_text(above), told_text(slot)) if above is not None else (None, None)
        if above is not None and pair[0] and pair[1] and pair[0][0] == pair[1][0] and _alone(above) and _alone(slot):
            parts = [parts_of(each[1]) for each in pair]  # type: ignore[index]
            if all(parts) and program.is_loose(slot) and not program.takes_output_before(above.node):
                whole = text_from([*(parts[0] or []), const("\n"), *(parts[1] or [])])
                yield Change("merge", (Hunk(above.line, above.end, ()), program.retold(slot, {id(pair[1][1]): whole})),  # type: ignore[index]
                             (above.line, slot.line), {})
        yield from _inlined(program, slot)


def _alone(slot: Slot) -> bool:
    """True if the action tells its text and has nothing else to it."""
    return slot.call is not None and len(slot.call.keywords) == 1


def _inlined(program: Program, slot: Slot) -> Iterator[Change]:
    """Yield the change that writes a text out in the only text that uses it."""
    value = slot.node.value if isinstance(slot.node, ast.Assign) else None
    value = value if isinstance(value, ast.Constant | ast.JoinedStr) else _text_action(slot)[0]
    parts = parts_of(value) if isinstance(value, ast.expr) and not isinstance(value, ast.Name) else None
    readers = program.readers.get(slot.name, []) if slot.name and program.bindings[slot.name] == 1 else []
    reader = readers[0] if len(readers) == 1 and readers[0].body is slot.body and not readers[0].is_block else None
    if not parts or reader is None or not program.is_loose(slot) or len(slot.body) == 1:
        return
    inside = {part.id for part in ast.walk(value) if isinstance(part, ast.Name)}  # type: ignore[arg-type]
    if any(program.bindings[each] > 1 for each in inside):
        return
    for text in (part for part in ast.walk(reader.node) if isinstance(part, ast.JoinedStr)):
        places = [part for part in text.values if isinstance(part, ast.FormattedValue) and getattr(part.value, "id", "") == slot.name]
        if len(places) == 1 and [*_reads(reader.node)].count(slot.name) == 1:
            whole = text_from([new for part in text.values for new in (parts if part is places[0] else [part])])
            yield Change("merge", (Hunk(slot.line, slot.end, ()), program.retold(reader, {id(text): whole})), (slot.line, reader.line),
                         {"into": reader.name})


def _reads(node: ast.AST) -> Iterator[str]:
    yield from (part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load))


def renames(program: Program, draw: Random) -> Iterator[Change]:
    """Yield changes of the name of a value, wherever it stands."""
    for slot in shuffled([slot for slot in program.slots if slot.name], draw):
        wanted = tables.NAMES.get(kind_of(program, slot), tables.NAMES[""]).split()
        new = draw.choice(wanted)
        if new in program.names or identifier(new) != new or slot.name not in program.readers:
            continue
        after = rename(program.code, {slot.name: new}).split("\n")
        hunks = [Hunk(number, number + 1, (line,)) for number, (old, line) in enumerate(zip(program.lines, after), start=1) if old != line]
        block = program.above(slot) if called(slot.node.value) in RESULTS else None  # type: ignore[attr-defined]
        also = frozenset({block.line}) if block is not None else frozenset[int]()  # its end has the name
        if len(after) == len(program.lines):
            yield Change("rename", tuple(hunks), (slot.line,), {"old": slot.name, "new": new}, also)
