"""Operations on blocks and order: put statements under a condition, a question or into a repeat, take them out, change their order."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from random import Random

from shortcuts.edit.operations import tables
from shortcuts.edit.operations.actions import filled, kind_of, shuffled, swapped, text_of
from shortcuts.edit.operations.program import Change, Hunk, Program, Slot, binds, ends, has_question, read_in
from shortcuts.syntax.nodes import called

MOST = 3  # statements that are put into a block together
LONGEST = 20  # lines of a block that is taken apart or put into another
INDENT = 4


def runs(program: Program, draw: Random) -> Iterator[tuple[list[Slot], list[Slot]]]:
    """Yield drawn runs of statements that can stand in a block of their own: those beside one another, and all with those inside them."""
    for slot in shuffled(program.slots, draw):
        beside = [other for other in program.slots if other.body is slot.body and 0 <= other.place - slot.place < draw.randint(1, MOST)]
        inside = program.within(slot.line, beside[-1].end)
        loose = not program.takes_output_before(slot.node) and program.is_loose(beside[-1]) and not _is_alternative(program, slot)
        if loose and beside[-1].end - slot.line <= LONGEST and not any(ends(other.node) for other in beside) \
                and not program.read_outside(binds(inside), inside) and not all(_is_remark(other.node) for other in beside):  # fmt: skip
            yield beside, inside


def _is_remark(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant | ast.JoinedStr)


def _is_alternative(program: Program, slot: Slot) -> bool:
    """True for an `elif`."""
    return isinstance(slot.node, ast.If) and program.lines[slot.line - 1].lstrip().startswith("elif ")


def wrapped(program: Program, beside: list[Slot], heads: list[str], kind: str, given: dict[str, str], tail: tuple[str, ...] = (),
            depth: int = 1) -> Change:
    """Return the change that puts statements below some lines, and others behind them, all as deep as these are."""
    indent, first, end = program.indent_of(beside[0].node), beside[0].line, beside[-1].end
    hunks = [Hunk(first, first, tuple(indent + head for head in heads)), *program.shifted(first, end, INDENT * depth)]
    below = [Hunk(end, end, tuple(indent + line for line in tail))] if tail else []
    return Change(kind, (*hunks, *below), tuple(slot.line for slot in beside), given)


def conditions(program: Program, draw: Random) -> Iterator[Change]:
    """Yield changes that do some statements only if something holds."""
    for beside, _ in runs(program, draw):
        source, test = draw.choice(tables.CONDITIONS)
        if (known := _at_hand(program, beside[0], draw)) and draw.random() < 0.6:
            source, test = "", known
        value = "" if not source else program.fresh(_output_name(program, source))
        getter = [f"{value} = {filled(source, draw)}"] if source else []
        test = filled(test, draw, value)
        yield wrapped(program, beside, [*getter, f"if {test}:"], "condition", {"test": test, **({"getter": getter[0]} if getter else {})})


def _output_name(program: Program, source: str) -> str:
    api = program.catalog.by_name(called(ast.parse(source.replace("~", tables.PREFIX)).body[0].value) or "")  # type: ignore[attr-defined]
    return api.result.name if api and api.result else "Result"


def _at_hand(program: Program, slot: Slot, draw: Random) -> str:
    """Return a test of a value that is bound before a statement in its body, "" if there is none."""
    known = [other for other in program.slots if other.body is slot.body and other.place < slot.place
             and other.name and program.bindings[other.name] == 1]
    if not known:
        return ""
    value = draw.choice(known)
    tests = {"number": ["{x} > {n}", "{x} == {n}", "{x} < {n}0"], "text": ["{x}", "'{word}' in {x}", "{x} == '{word}'"]}
    test = draw.choice(tests.get(kind_of(program, value), ["{x}"]))
    return test.replace("{x}", value.name).replace("{n}", str(draw.randint(1, 9))).replace("{word}", draw.choice(("yes", "today", "a")))


def choices(program: Program, draw: Random) -> Iterator[Change]:
    """Yield changes that ask the person before some statements."""
    for beside, _ in runs(program, draw):
        question, (yes, no) = draw.choice(tables.QUESTIONS.split("|")), draw.choice(tables.ANSWERS)
        heads = [f"match menu({question!r}):", f"    case {yes!r}:"]
        tail = (f"    case {no!r}:", "        pass")
        yield wrapped(program, beside, heads, "choice", {"question": question, "yes": yes, "no": no}, tail, 2)


def repeats(program: Program, draw: Random) -> Iterator[Change]:
    """Yield changes that do some statements several times."""
    for beside, inside in runs(program, draw):
        if not any(slot.is_block for slot in inside):
            count = str(draw.randint(2, 9))
            yield wrapped(program, beside, [f"for _ in range({count}):"], "repeat", {"count": count})


def eaches(program: Program, draw: Random) -> Iterator[Change]:
    """Yield changes that do a statement for each item of a value that it takes as a whole."""
    for beside, _ in runs(program, draw):
        slot = beside[0]
        names = list(dict.fromkeys(each for each in read_in([slot.node]) if program.bindings[each] == 1))
        if len(beside) == 1 and not slot.is_block and len(names) == 1 and not slot.name and slot.call is not None:
            item = program.fresh("Repeat Item")
            _, _, (line,) = program.retold(slot, swapped(slot.node, names[0], item))
            indent = program.indent_of(slot.node)
            hunk = Hunk(slot.line, slot.end, (f"{indent}for {item} in {names[0]}:", " " * INDENT + line))
            yield Change("each", (hunk,), (slot.line,), {"value": names[0]})


# ---------------------------------------------------------------------------------------------------------------------------------
# taking apart, and order


def unwrappings(program: Program, draw: Random) -> Iterator[Change]:
    """Yield changes that do what is in a block once and in any case: of an If without Otherwise, a repeat, one choice of a menu."""
    for slot in shuffled([slot for slot in program.slots if slot.is_block], draw):
        loose = program.is_loose(slot) and slot.end - slot.line <= LONGEST and not _is_alternative(program, slot)
        for body, given in _parts(slot.node) if loose else ():
            first, end = body[0].lineno, (body[-1].end_lineno or 0) + 1
            inside, kept = program.within(slot.line, slot.end), program.within(first, end)
            gone = [other for other in inside if other not in kept and other is not slot]
            targets = binds([slot])
            if isinstance(body[0], ast.Pass) or any(has_question(other.node) for other in gone) or program.takes_output_before(body[0]) \
                    or any(ends(node) for node in body) or targets & {each for other in kept for each in read_in([other.node])} \
                    or program.read_outside(binds(gone), gone):  # fmt: skip
                continue
            hunks = [Hunk(slot.line, first, ()), *program.shifted(first, end, slot.node.col_offset - body[0].col_offset)]
            yield Change("unwrap", (*hunks, *([Hunk(end, slot.end, ())] if end < slot.end else [])), (slot.line,), given)


def _parts(node: ast.stmt) -> Iterator[tuple[list[ast.stmt], dict[str, str]]]:
    """Yield the bodies that may take the place of their block, and what is to be said of them."""
    if isinstance(node, ast.If):
        if all(isinstance(other, ast.Pass) for other in node.orelse):
            yield node.body, {}
    elif isinstance(node, ast.For):
        yield node.body, {}
    elif isinstance(node, ast.Match):
        yield from ((case.body, {"choice": text_of(case.pattern.value)}) for case in node.cases
                    if isinstance(case.pattern, ast.MatchValue) and case.guard is None)


def reorders(program: Program, draw: Random) -> Iterator[Change]:
    """Yield changes that do a statement before the one above it, or offer a choice of a menu before the one above it."""
    for slot in shuffled(program.slots, draw):
        if isinstance(slot.node, ast.Match):
            yield from _reordered_choices(program, slot, draw)
        elif slot.place and (above := _above(program, slot)) is not None:
            moved = Hunk(above.line, above.line, tuple(program.lines[slot.line - 1 : slot.end - 1]))
            yield Change("reorder", (moved, Hunk(slot.line, slot.end, ())), (above.line, slot.line), {})


def _above(program: Program, slot: Slot) -> Slot | None:
    """Return the statement right above, if the two can be exchanged: no data goes between them, and they do not act on the same thing."""
    above = program.above(slot)
    if above is None or above.is_block or slot.is_block or above.line + 1 != slot.line:
        return None
    reads, bound = (lambda each: set(read_in([each.node]))), (lambda each: binds([each]))
    crossing = bound(above) & (reads(slot) | bound(slot)) or bound(slot) & reads(above)
    fixed = program.takes_output_before(above.node) or program.takes_output_before(slot.node) or not program.is_loose(slot)
    shared = {*tables.RESOURCES.findall(program.head_line(above.node).casefold())} & {
        *tables.RESOURCES.findall(program.head_line(slot.node).casefold())}
    asked = any(ends(each.node) or has_question(each.node) or _is_remark(each.node) for each in (above, slot))
    return None if crossing or fixed or shared or asked else above


def _reordered_choices(program: Program, slot: Slot, draw: Random) -> Iterator[Change]:
    cases = slot.node.cases if isinstance(slot.node, ast.Match) else []
    spans = [(case.pattern.lineno, (case.body[-1].end_lineno or 0) + 1) for case in cases]
    for place in draw.sample(range(1, len(cases)), max(0, len(cases) - 1)):
        titles = [text_of(case.pattern.value) for case in cases[place - 1 : place + 1] if isinstance(case.pattern, ast.MatchValue)]
        (start, middle), (_, end) = spans[place - 1 : place + 1]
        inside = program.within(start, end)
        if len(titles) == 2 and not called(getattr(slot.next, "value", None) or ast.Pass()) and not any(
                has_question(other.node) or program.takes_output_before(other.node) for other in inside):  # fmt: skip
            yield Change("reorder", (Hunk(start, start, tuple(program.lines[middle - 1 : end - 1])), Hunk(middle, end, ())), (slot.line,),
                         {"first": titles[1], "then": titles[0]}, frozenset({slot.line}))
