"""Operations on one action: leave it out, insert one, change a value, ask for a value instead, take a sibling."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from random import Random

from shortcuts.catalog import Api, Parameter
from shortcuts.edit.operations import tables
from shortcuts.edit.operations.program import Change, Hunk, Program, Slot, binds, ends, has_question, read_in
from shortcuts.edit.operations.tables import INSERTS, PREFIX, SIBLINGS, Insert
from shortcuts.forms.constants import HELPERS
from shortcuts.syntax.nodes import called, const, name
from shortcuts.syntax.printer import unparse

LONGEST_BLOCK = 12  # lines of a block that is left out
FURTHEST = 4  # statements between a value and an action that is inserted for it
LITERALS = {ast.Dict: "dictionary", ast.List: "list", ast.JoinedStr: "text"}


def shuffled(slots: list[Slot], draw: Random) -> list[Slot]:
    """Return the statements in a drawn order."""
    return draw.sample(slots, len(slots))


# ---------------------------------------------------------------------------------------------------------------------------------
# leaving out


def removals(program: Program, draw: Random) -> Iterator[Change]:
    """Yield changes that leave a statement out: one that nothing reads, or one whose readers take its input instead."""
    for slot in shuffled(program.slots, draw):
        if len(slot.body) == 1 or slot.end - slot.line > LONGEST_BLOCK or not program.is_loose(slot) or has_question(slot.node):
            continue
        inside = program.within(slot.line, slot.end)
        cut = Hunk(slot.line, slot.end, ())
        if not program.read_outside(binds(inside), inside) and not isinstance(slot.node, ast.AugAssign):
            yield Change("remove", (cut,), (slot.line,), {})
        elif instead := passed_on(program, slot):
            new = [program.retold(reader, swapped(reader.node, slot.name, instead)) for reader in program.readers[slot.name]]
            yield Change("remove", (cut, *new), (slot.line,), {"instead": instead})


def passed_on(program: Program, slot: Slot) -> str:
    """Return the name that the readers of a statement's output can take instead: its lone input, which does not change on the way."""
    api, given = program.api(slot.call), [*read_in([slot.call])] if slot.call else []
    lone = api is not None and any(isinstance(keyword.value, ast.Name) for keyword in slot.call.keywords)  # type: ignore[union-attr]
    names = [each for each in given if each not in HELPERS and not program.catalog.by_name(each)]
    fits = lone and len(names) == 1 and program.bindings[names[0]] == 1 and program.bindings[slot.name] == 1
    return names[0] if fits and slot.name in program.readers and slot.name != names[0] else ""


def swapped(node: ast.stmt, old: str, new: str) -> dict[int, ast.expr]:
    """Return the places of a statement, or of a block's head, that read a name, each with another name for it."""
    shown = ast.Module([node], []) if not isinstance(node, ast.If | ast.For | ast.Match) else node
    return {id(part): name(new) for part in ast.walk(shown)
            if isinstance(part, ast.Name) and part.id == old and isinstance(part.ctx, ast.Load)}


# ---------------------------------------------------------------------------------------------------------------------------------
# inserting


def insertions(program: Program, draw: Random) -> Iterator[Change]:
    """Yield changes that insert an action of INSERTS: behind a statement, first or last of all, or on the way of a value to its reader."""
    places = [slot for slot in program.slots if not slot.is_block and not ends(slot.node)]
    for number in draw.sample(range(len(places) * len(INSERTS)), len(places) * len(INSERTS)):
        slot, entry = places[number // len(INSERTS)], INSERTS[number % len(INSERTS)]
        if not entry.of:
            yield from beside(program, slot, filled(entry.code, draw), draw)
        elif program.bindings[slot.name] == 1 and fits(kind_of(program, slot), entry):
            yield from on_the_way(program, slot, entry, draw) if entry.keeps else behind(program, slot, entry, draw)


def fits(kind: str, entry: Insert) -> bool:
    return entry.of == "any" or kind in entry.of.split()


def kind_of(program: Program, slot: Slot) -> str:
    """Return the kind of value that an assignment binds, "" where it is not known."""
    value = slot.node.value if isinstance(slot.node, ast.Assign) else None
    if isinstance(value, ast.Constant):
        return "text" if isinstance(value.value, str) else "number"
    api = program.api(value)
    if value is None or api is None:
        return LITERALS.get(type(value), "")
    if api.id.endswith("actions.ask"):
        given = next((keyword.value for keyword in value.keywords if keyword.arg == "WFInputType"), None)  # type: ignore[attr-defined]
        return tables.OF_INPUT_TYPE.get(str(getattr(given, "value", "")), "text")
    types = api.result.types if api.result else ()
    kind = tables.KINDS.get(types[0], "") if len(types) == 1 else ""
    return "image" if kind == "file" and tables.IMAGES.search(api.id) else kind


def filled(code: str, draw: Random, value: str = "") -> str:
    """Return the code of a table's entry with drawn values."""
    texts = dict(tables.TEXTS_BY_NAME)
    drawn = {"n": str(draw.randint(2, 9)), "case": draw.choice(tables.CASES), "x": value,
             **{key: draw.choice(values) for key, values in texts.items()}}
    return code.replace("~", PREFIX).format(**drawn)


def beside(program: Program, slot: Slot, code: str, draw: Random) -> Iterator[Change]:
    """Yield the change that inserts a statement behind another, or before the first of all."""
    first = program.slots[0]
    if slot is first and not program.takes_output_before(first.node) and draw.random() < 0.5:
        yield Change("insert", (Hunk(slot.line, slot.line, (program.indent_of(slot.node) + code,)),), (slot.line,),
                     {"statement": code, "where": "start"})
    elif program.is_loose(slot):
        is_last = slot.next is None and not slot.around
        yield Change("insert", (Hunk(slot.end, slot.end, (program.indent_of(slot.node) + code,)),), (slot.line,),
                     {"statement": code, "where": "end" if is_last else "after"})


def behind(program: Program, slot: Slot, entry: Insert, draw: Random) -> Iterator[Change]:
    """Yield the change that does something with the value of an assignment, some statements behind it."""
    reach = [other for other in program.slots if other.body is slot.body and slot.place <= other.place <= slot.place + FURTHEST]
    place = draw.choice(reach)
    between = program.within(slot.end, place.end)
    if not place.is_block and not ends(place.node) and program.is_loose(place) and slot.name not in binds(between):
        code = filled(entry.code, draw, slot.name)
        is_last = place.next is None and not place.around
        yield Change("insert", (Hunk(place.end, place.end, (program.indent_of(place.node) + code,)),), (place.line,),
                     {"statement": code, "uses": slot.name, "where": "end" if is_last else "after"})


def on_the_way(program: Program, slot: Slot, entry: Insert, draw: Random) -> Iterator[Change]:
    """Yield the change that puts an action between a value and the first statement that reads it."""
    readers = [reader for reader in program.readers.get(slot.name, ()) if reader.body is slot.body]
    if not readers or readers[0].is_block or program.takes_output_before(readers[0].node):
        return
    reader, code = readers[0], filled(entry.code, draw, slot.name)
    api = program.catalog.by_name(called(ast.parse(code).body[0].value) or "")  # type: ignore[attr-defined]
    new = program.fresh(api.result.name if api and api.result and api.result.name else "Result")
    line = Hunk(reader.line, reader.line, (f"{program.indent_of(reader.node)}{new} = {code}",))
    yield Change("insert", (line, program.retold(reader, swapped(reader.node, slot.name, new))), (reader.line,),
                 {"statement": f"{new} = {code}", "uses": slot.name, "where": "before"})


# ---------------------------------------------------------------------------------------------------------------------------------
# values


def values(program: Program, draw: Random) -> Iterator[Change]:
    """Yield changes of a value that is written out: of a parameter, a literal, a condition, a repeat, a menu."""
    for slot in shuffled(program.slots, draw):
        for key, node, other in draw.sample(found := [*changeable(program, slot, draw)], len(found)):
            given = {"key": key, "old": text_of(node), "new": text_of(other)}
            if isinstance(slot.node, ast.Match) and key == "choice":
                line = node.lineno
                row = program.lines[line - 1]
                yield Change("value", (Hunk(line, line + 1, (row[: node.col_offset] + given["new"] + row[node.end_col_offset:],)),),
                             (slot.line,), given, frozenset({slot.line}))
            else:
                yield Change("value", (program.retold(slot, {id(node): other}),), (slot.line,), given)


def changeable(program: Program, slot: Slot, draw: Random) -> Iterator[tuple[str, ast.expr, ast.expr]]:
    """Yield (parameter or place, node, another value) of the values of a statement that a person may want changed."""
    node = slot.node
    if isinstance(node, ast.Match):
        yield from menu_values(node, draw)
    elif isinstance(node, ast.If):
        for part in ast.walk(node.test):
            if isinstance(part, ast.Compare) and len(part.ops) == 1:
                for operand in (part.left, *part.comparators):
                    if (other := other_literal("Text", operand, draw)) is not None:
                        yield "condition", operand, other
    elif isinstance(node, ast.For):
        counts = node.iter.args if called(node.iter) == "range" and len(node.iter.args) == 1 else []  # type: ignore[attr-defined]
        yield from (("count", part, other) for part in counts if (other := other_literal("", part, draw)) is not None)
    elif isinstance(node, ast.Assign) and (other := other_literal("Text", node.value, draw)) is not None:
        yield "value", node.value, other
    elif slot.call is not None and (api := program.api(slot.call)) is not None:
        for keyword in slot.call.keywords:
            parameter = api.parameter(keyword.arg or "")
            if parameter is not None and (other := other_value(parameter, keyword.value, draw)) is not None:
                yield parameter.key, keyword.value, other
            elif parameter is not None and called(keyword.value) == "quantity":
                amount = keyword.value.args[0]  # type: ignore[attr-defined]
                if (other := other_literal("", amount, draw)) is not None:
                    yield parameter.key, amount, other


def menu_values(node: ast.Match, draw: Random) -> Iterator[tuple[str, ast.expr, ast.expr]]:
    prompt = node.subject.args[:1] if isinstance(node.subject, ast.Call) else []
    yield from (("prompt", part, other) for part in prompt if (other := other_literal("Prompt", part, draw)) is not None)
    titles = [case.pattern.value for case in node.cases if isinstance(case.pattern, ast.MatchValue)]
    for title in titles:
        word = draw.choice(("Later", "Something else", "Go on", "Open", "Show it", "Stop", "Help", "More"))
        if title.lineno == title.end_lineno and word not in {getattr(each, "value", "") for each in titles}:
            yield "choice", title, const(word)


def other_value(parameter: Parameter, node: ast.expr, draw: Random) -> ast.expr | None:
    """Return another value that a parameter can have, None where the value is not one that a person would change."""
    if not isinstance(node, ast.Constant) or not (parameter.label or parameter.enum) or parameter.key.startswith(("Show", "Advanced")):
        return None
    if parameter.enum and parameter.key.endswith("UnitType"):  # the unit beside it is of this type
        return None
    if parameter.enum:
        others = [value for value in parameter.enum[:12] if value != node.value]
        return const(draw.choice(others)) if others and isinstance(node.value, str) else None
    if parameter.type == "boolean" or isinstance(node.value, bool):
        return const(not node.value) if isinstance(node.value, bool) and parameter.type == "boolean" else None
    return other_literal(parameter.key, node, draw)


def other_literal(key: str, node: ast.expr, draw: Random) -> ast.expr | None:
    """Return another number, or another text of the kind that a parameter with this key has; None for other values."""
    value = getattr(node, "value", None) if isinstance(node, ast.Constant) else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        if isinstance(value, float) and 0 < value < 1:
            return const(draw.choice([part for part in (0.1, 0.25, 0.5, 0.75) if part != value]))
        other = draw.choice([value + 1, value * 2, value + 5, value + 10])
        return const(other) if abs(value) < 1e6 and other != value else None
    if not isinstance(value, str) or not is_speakable(value):
        return None
    pool = next((texts for pattern, texts in tables.TEXTS if pattern.search(key)), ())
    others = [text for text in pool if text != value]
    return const(draw.choice(others)) if others else None


def is_speakable(text: str) -> bool:
    """True for a text that a person can name: short, on one line, with a letter or a digit."""
    return 0 < len(text.strip()) <= 60 and "\n" not in text and any(letter.isalnum() for letter in text)


def text_of(node: ast.AST) -> str:
    """Return an expression as code."""
    return unparse([ast.Expr(node)]).rstrip("\n")  # type: ignore[arg-type]


# ---------------------------------------------------------------------------------------------------------------------------------
# asking, and siblings


def questions(program: Program, draw: Random) -> Iterator[Change]:
    """Yield changes that ask the person for a value that is written out."""
    for slot in shuffled(program.slots, draw):
        api = program.api(slot.call)
        if api is None or slot.is_block or api.id.endswith("actions.ask") or program.takes_output_before(slot.node):
            continue
        for keyword in draw.sample(slot.call.keywords, len(slot.call.keywords)):  # type: ignore[union-attr]
            parameter = api.parameter(keyword.arg or "")
            if parameter is not None and is_asked_for(parameter, keyword.value):
                yield asked(program, slot, parameter, keyword.value)


def is_asked_for(parameter: Parameter, node: ast.expr) -> bool:
    value = node.value if isinstance(node, ast.Constant) else None
    if not parameter.label or parameter.enum or tables.INNER.search(parameter.key):
        return False
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and parameter.type == "number"
    return is_number or isinstance(value, str) and parameter.type in ("text", "url") and is_speakable(value)


def asked(program: Program, slot: Slot, parameter: Parameter, node: ast.expr) -> Change:
    """Return the change that asks for the value of a parameter, on a line before."""
    new, prompt = program.fresh("Provided Input"), f"Which {parameter.label.lower()}?"
    kind = "Number" if parameter.type == "number" else "URL" if parameter.type == "url" else "Text"
    typed = "" if kind == "Text" else f", WFInputType='{kind}'"
    line = f"{new} = {PREFIX}ask(WFAskActionPrompt={prompt!r}{typed})"
    above = Hunk(slot.line, slot.line, (program.indent_of(slot.node) + line,))
    return Change("ask", (above, program.retold(slot, {id(node): name(new)})), (slot.line,),
                  {"key": parameter.key, "old": text_of(node), "prompt": prompt, "statement": line})


def siblings(program: Program, draw: Random) -> Iterator[Change]:
    """Yield changes of an action for one that does the like with the same value."""
    for slot in shuffled([slot for slot in program.slots if slot.call is not None], draw):
        own = (called(slot.call) or "").removeprefix(PREFIX)
        group = next((group for group in SIBLINGS if own in dict(group)), ())
        loose = program.is_loose(slot) and not has_question(slot.node)
        for other, key in draw.sample([pair for pair in group if pair[0] != own], max(0, len(group) - 1)) if loose else ():
            given = {keyword.arg: keyword.value for keyword in slot.call.keywords}  # type: ignore[union-attr]
            main = given.get(dict(group)[own])
            api: Api | None = program.catalog.by_name(PREFIX + other)
            if api is None or (main is None) != (key == "") or (slot.name and api.result is None):
                continue
            call = ast.Call(name(PREFIX + other), [], [ast.keyword(key, main)] if main is not None else [])
            yield Change("sibling", (program.retold(slot, {id(slot.call): call}),), (slot.line,), {"statement": text_of(call)})
