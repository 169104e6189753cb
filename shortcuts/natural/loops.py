"""Loops: the app repeats so many times, or for each item of a list, and counts from 1. What Python has besides becomes one of these."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from shortcuts.forms import signatures
from shortcuts.natural import arithmetic, devices, kinds, order, table, texts
from shortcuts.natural.assignments import CHANGES
from shortcuts.natural.lowering import Lowering, Shifted, integer, is_reference
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import assign, call, called, const, name


@table.statement(ast.For, examples=("for i in range(3): print(i)", "for i, x in enumerate(xs): print(i, x)",
                                    "for k, v in d.items(): print(k, v)", "for x, y in zip(xs, ys): print(x, y)"))  # fmt: skip
def _for(low: Lowering, node: ast.For) -> None:
    if node.orelse:
        raise DialectError(node.lineno, "a for has no else; put those steps after the loop")
    source = node.iter
    if isinstance(source, ast.Call) and called(source) == "reversed" and source.args and called(source.args[0]) == "range":
        low.statement(low.rebuilt(node, iter=_turned(source.args[0])))
        return
    _refuse_shared(low, node)
    node = low.rebuilt(node, body=_without_break(low, _without_continue(node.body)))
    low.looping.append({inner.id for inner in ast.walk(node.target) if isinstance(inner, ast.Name)} - {"_"})
    node = _with_own_names(low, node)
    try:
        _lowered(low, node, source)
    finally:
        low.looping.pop()


def _refuse_shared(low: Lowering, node: ast.For) -> None:
    """Raise DialectError for a loop that takes the name of one around it, or changes the list that it goes through."""
    targets = {inner.id for inner in ast.walk(node.target) if isinstance(inner, ast.Name)}
    if taken := targets & set().union(*low.looping):
        raise DialectError(node.lineno, f"{min(taken)} is the name of a loop around this one; give it another name")
    of = node.iter.id if isinstance(node.iter, ast.Name) and low.kinds.get(node.iter.id) != kinds.TEXT else None
    for inner in (inner for statement in node.body for inner in ast.walk(statement)):
        function = inner.func if isinstance(inner, ast.Call) else None
        changed = function.value if isinstance(function, ast.Attribute) and function.attr in CHANGES else getattr(inner, "target", None)
        if of is not None and isinstance(changed, ast.Name) and changed.id == of and not isinstance(inner, ast.For | ast.comprehension):
            raise DialectError(inner.lineno, f"{of} changes while it is gone through; go through a copy: for x in {of}.copy():")  # type: ignore[attr-defined]


def _with_own_names(low: Lowering, node: ast.For) -> ast.For:
    """Return the loop with other names for those that an inner block binds anew: behind that block they are a round's own variables."""
    changed = {inner.id for statement in node.body if hasattr(statement, "body") or isinstance(statement, ast.Match)
               for inner in _changed_in(statement)}  # fmt: skip
    first, target = list[ast.stmt](), copy.deepcopy(node.target)
    for part in (part for part in ast.walk(target) if isinstance(part, ast.Name) and part.id in changed):
        own = low.fresh(part.id)
        first += low.parsed("NAME = OWN", NAME=part.id, OWN=name(own))
        part.id = own
    return low.rebuilt(node, target=target, body=[*first, *node.body]) if first else node


def _changed_in(statement: ast.stmt) -> Iterator[ast.Name]:
    """Yield the names that a statement binds, or whose value it changes."""
    for inner in ast.walk(statement):
        function = inner.func if isinstance(inner, ast.Call) else None
        changed = function.value if isinstance(function, ast.Attribute) and function.attr in CHANGES else inner
        if isinstance(inner, ast.Subscript) and isinstance(inner.ctx, ast.Store):
            changed = inner.value
        if isinstance(changed, ast.Name) and (changed is not inner or isinstance(inner.ctx, ast.Store)):
            yield changed


def _lowered(low: Lowering, node: ast.For, source: ast.expr) -> None:
    function = called(source)
    if isinstance(source, ast.Call) and isinstance(source.func, ast.Attribute) and source.func.attr == "items":
        _over_items(low, node, source.func.value)
    elif isinstance(source, ast.Call) and low.path(source.func) == "zip":
        _over_two(low, node, source)
    elif isinstance(source, ast.Call) and function in ("range", "repeat_count"):
        _counted(low, node, source)
    elif isinstance(source, ast.Call) and function == "enumerate":
        _enumerated(low, node, source)
    else:
        _each(low, node, source)


def _without_continue(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return the body of a loop with what follows `if x: continue` in the else of that if."""
    for index, statement in enumerate(body):
        if isinstance(statement, ast.If) and isinstance(statement.body[-1], ast.Continue) and not statement.orelse:
            rest = _without_continue(body[index + 1 :])
            kept = statement.body[:-1]
            test: ast.expr = statement.test if kept else ast.copy_location(ast.UnaryOp(ast.Not(), statement.test), statement.test)
            if not kept:
                return [*body[:index], ast.copy_location(ast.If(test, rest or [ast.copy_location(ast.Pass(), statement)], []), statement)]
            return [*body[:index], ast.copy_location(ast.If(test, kept, rest), statement)]
    return body


def _without_break(low: Lowering, body: list[ast.stmt]) -> list[ast.stmt]:
    """Return the body of a loop in which a flag that is set before stands for break: the other rounds do nothing."""
    if not any(_breaks(statement) for statement in body):
        return body
    flag = low.fresh("Done")
    low.run("FLAG = False", FLAG=flag)
    (guard,) = low.parsed("if not FLAG: pass", FLAG=flag)
    guard.body = _broken(low, body, flag)  # type: ignore[attr-defined]
    return [guard]


def _breaks(node: ast.AST) -> bool:
    """True if a statement leaves the loop that it stands in."""
    if isinstance(node, ast.For | ast.While):
        return False
    return isinstance(node, ast.Break) or any(
        _breaks(inner) for inner in ast.iter_child_nodes(node) if isinstance(inner, ast.stmt | ast.match_case))


def _broken(low: Lowering, body: list[ast.stmt], flag: str) -> list[ast.stmt]:
    for index, statement in enumerate(body):
        if isinstance(statement, ast.Break):
            return [*body[:index], *low.parsed("FLAG = True", FLAG=flag)]
        if not _breaks(statement):
            continue
        if not isinstance(statement, ast.If):
            raise DialectError(statement.lineno, "break stands under an if of a for, and in no other block")
        rest = _broken(low, body[index + 1 :], flag)
        inner, other = _broken(low, statement.body, flag), _broken(low, statement.orelse, flag)
        if isinstance(statement.body[-1], ast.Break) and not any(map(_breaks, statement.orelse)):
            return [*body[:index], ast.copy_location(ast.If(statement.test, inner, [*other, *rest]), statement)]
        (guard,) = low.parsed("if not FLAG: pass", FLAG=flag)
        guard.body = rest or guard.body  # type: ignore[attr-defined]
        return [*body[:index], ast.copy_location(ast.If(statement.test, inner, other), statement), *([guard] if rest else [])]
    return body


def _each(low: Lowering, node: ast.For, source: ast.expr) -> None:
    if called(source) in ("repeat_each", "previous_output"):
        low.out.append(low.rebuilt(node, body=_body(low, node, None)))
        return
    value = low.value(source)
    if isinstance(value, devices.File):
        value = low.action("text_split", text=low.hoist(low.action("detect_text", WFInput=low.hoist(devices.opened(low, value)))))
    value = low.expr_of(value, source)
    if low.kind(value) == kinds.TEXT and low.is_python(source, value):
        value = low.hoist(low.action("text_split", WFTextSeparator="Every Character", text=value))
    is_dictionary = low.kind(value) == kinds.DICTIONARY and low.is_python(source, value)
    if is_dictionary or (isinstance(node.target, ast.Name) and _reads_by_key(node.body, value, node.target.id)):
        value, of = low.hoist(low.action("getvalueforkey", WFGetDictionaryValueType="All Keys", WFInput=low.ref_of(value, source))), value
        if isinstance(node.target, ast.Name):
            low.dictionary_keys[node.target.id] = of
    if not is_reference(value):
        value = low.ref_of(value, source)
    if isinstance(node.target, ast.Tuple):
        _over_rows(low, node, value)
        return
    body = _body(low, node, kinds.ITEMS.get(low.kind(value) or ""), python=low.is_python(source, value))
    low.out.append(low.rebuilt(node, iter=value, body=body))


def _reads_by_key(body: list[ast.stmt], value: ast.expr, target: str) -> bool:
    """True if a loop over x with the variable k reads `x[k]`: k is a key then."""
    return any(isinstance(inner, ast.Subscript) and isinstance(inner.slice, ast.Name) and inner.slice.id == target
               and ast.dump(inner.value) == ast.dump(value) for statement in body for inner in ast.walk(statement))  # fmt: skip


def _over_rows(low: Lowering, node: ast.For, value: ast.expr) -> None:
    raise DialectError(node.lineno, "a loop has one name; the items are dictionaries: for row in rows: row['name']")


def _body(low: Lowering, node: ast.For, kind: str | None, first: list[ast.stmt] | None = None, python: bool = True) -> list[ast.stmt]:
    targets = [target.id for target in ast.walk(node.target) if isinstance(target, ast.Name)]
    for target in targets:
        low.symbols.pop(target, None)
        low.identities.pop(target, None)
        low.kinds[target] = None
        low.python.discard(target)
    if targets and kind is not None:
        low.kinds[targets[-1]] = kind
        if python:
            low.python.add(targets[-1])
    return low.block(node.body, first or ())


def _over_items(low: Lowering, node: ast.For, dictionary: ast.expr) -> None:
    """Lower `for key, value in d.items()` as a loop over the keys."""
    targets = _names(node.target)
    if len(targets) != 2:
        raise DialectError(node.lineno, "items() has two names: for key, value in d.items():")
    key, value = targets
    of = low.ref(dictionary)
    keys = low.hoist(low.action("getvalueforkey", WFGetDictionaryValueType="All Keys", WFInput=of))
    low.kinds[keys.id] = kinds.TEXTS  # type: ignore[attr-defined]
    reads = low.action("getvalueforkey", WFDictionaryKey=name(key), WFInput=of)
    first = [] if value == "_" or not _reads(node.body, value) else low.parsed("VALUE = READS", VALUE=value, READS=reads)
    _over(low, node, key, keys, first)


def _over_two(low: Lowering, node: ast.For, source: ast.Call) -> None:
    """Lower `for x, y in zip(xs, ys)` as a loop over the first with its index."""
    targets = _names(node.target)
    if len(targets) != len(source.args) or len(targets) < 2:
        raise DialectError(node.lineno, "zip() has a name for each list: for x, y in zip(xs, ys):")
    first, *others = [texts.iterated(low, argument) for argument in source.args]
    index = low.fresh("Repeat Index")
    counts = [low.hoist(low.action("count", Input=other)) for other in others]
    taken = [statement for target, other in zip(targets[1:], others) for statement in low.parsed("ITEM = AT", ITEM=target, AT=low.action(
        "getitemfromlist", WFInput=other, WFItemSpecifier="Item At Index", WFItemIndex=name(index)))]  # fmt: skip
    head = call("enumerate", first, start=const(1))
    low.kinds[targets[0]] = kinds.ITEMS.get(low.kind(first) or "")
    target = ast.Tuple([name(index, store=True), name(targets[0], store=True)], ast.Store())
    low.kinds[index] = kinds.NUMBER
    inside: list[ast.stmt] = [*taken, *node.body]
    for count in reversed(counts):  # Python ends where the shortest list does
        (guard,) = low.parsed("if INDEX <= COUNT: pass", INDEX=index, COUNT=count)
        guard.body = inside  # type: ignore[attr-defined]
        inside = [guard]
    low.emit(ast.copy_location(ast.For(target, head, low.block(inside), []), node))


def _names(target: ast.expr) -> list[str]:
    """Return the names of a loop with several, an empty list for other targets."""
    parts = target.elts if isinstance(target, ast.Tuple) else []
    names = [part.id for part in parts if isinstance(part, ast.Name)]
    return names if len(names) == len(parts) else []


def _reads(body: list[ast.stmt], identifier: str) -> bool:
    return any(isinstance(inner, ast.Name) and inner.id == identifier for statement in body for inner in ast.walk(statement))


def _over(low: Lowering, node: ast.For, target: str, items: ast.expr, first: list[ast.stmt]) -> None:
    """Emit a loop over a list, with statements before those of the program."""
    made = ast.copy_location(ast.For(name(target, store=True), items, node.body, []), node)
    made.body = _body(low, made, kinds.ITEMS.get(low.kind(items) or ""), first)
    low.emit(made)


def _enumerated(low: Lowering, node: ast.For, source: ast.Call) -> None:
    """Lower `for i, x in enumerate(xs)`: the app counts from 1."""
    if len(source.args) + len(source.keywords) > 2:
        signatures.bind(source)
    given = {**dict(zip(("items", "start"), source.args)), **{keyword.arg: keyword.value for keyword in source.keywords}}
    start = integer(given["start"]) if "start" in given else 0
    parts = node.target.elts if isinstance(node.target, ast.Tuple) else []
    if "items" in given and start is not None and len(parts) == 2 and isinstance(parts[0], ast.Name) and isinstance(parts[1], ast.Tuple):
        low.run("INDEX = BEFORE", INDEX=parts[0].id, BEFORE=const(start - 1) if start else ast.parse("-1", mode="eval").body)
        (counted,) = low.parsed("INDEX += 1", INDEX=parts[0].id)
        low.looping[-1] = set()  # the loop takes its names anew
        low.statement(low.rebuilt(node, target=parts[1], iter=given["items"], body=[counted, *node.body]))
        return
    targets = _names(node.target)
    if "items" not in given or start is None or len(targets) != 2:
        raise DialectError(node.lineno, "enumerate() has two names: for i, x in enumerate(xs):")
    index, item = targets
    of = given["items"] if called(given["items"]) in ("repeat_each", "previous_output") else texts.iterated(low, given["items"])
    kind = kinds.ITEMS.get(low.kind(of) or "")
    if start == 1:
        head = low.rebuilt(source, args=[of]) if len(source.args) == 1 and of is given["items"] else call("enumerate", of, start=const(1))
        body = _body(low, node, kind, python=low.is_python(given["items"], of))
        low.out.append(low.rebuilt(node, iter=low.located(head, source), body=body))
        return
    if not _reads(node.body, index):
        _over(low, node, item, of, [])
        return
    place = low.fresh("Repeat Index")
    target = ast.Tuple([name(place, store=True), name(item, store=True)], ast.Store())
    _shifted(low, node, target, call("enumerate", of, start=const(1)), Shifted(index, place, start - 1), kind)


def _shifted(low: Lowering, node: ast.For, target: ast.expr, head: ast.expr, index: Shifted, kind: str | None = None) -> None:
    """Emit a loop whose index is the app's plus a number; it is calculated first in the body where more than its place is needed."""
    made = ast.copy_location(ast.For(target, head, node.body, []), node)
    stored = any(isinstance(inner, ast.Name) and inner.id == index.identifier and isinstance(inner.ctx, ast.Store)
                 for statement in node.body for inner in ast.walk(statement))  # fmt: skip
    for inner in ast.walk(target):
        if isinstance(inner, ast.Name):
            low.kinds[inner.id] = None
    if kind is not None:
        low.kinds[target.elts[-1].id] = kind  # type: ignore[attr-defined]
    low.kinds[index.index] = low.kinds[index.identifier] = kinds.NUMBER
    low.python |= {index.index, index.identifier}
    if not stored:
        low.symbols[index.identifier] = index
    body = low.block(node.body)
    low.symbols.pop(index.identifier, None)
    if stored or index.needed:
        sign, number = (None, index.shift) if index.shift > 0 else ("-", -index.shift)
        counted = low.action("math", WFInput=name(index.index), WFMathOperation=sign, WFMathOperand=number)
        first = assign(name(index.identifier, store=True), counted)
        body = [ast.fix_missing_locations(ast.copy_location(first, node)), *body]
    made.body = body
    low.emit(made)


def _counted(low: Lowering, node: ast.For, source: ast.Call) -> None:
    """Lower `for i in range(a, b, c)`: a Repeat, whose index counts from 1."""
    if called(source) == "repeat_count":
        low.out.append(low.rebuilt(node, body=_body(low, node, None)))
        return
    bounds = list(source.args)
    if not 1 <= len(bounds) <= 3 or source.keywords:
        signatures.bind(source)
    unused = not isinstance(node.target, ast.Name) or node.target.id == "_" or not _reads(node.body, node.target.id)
    if len(bounds) == 2 and integer(bounds[0]) == 1 and _is_dialect_end(bounds[1]):
        end = bounds[1]
        left = low.rebuilt(end, left=low.expr(end.left)) if isinstance(end, ast.BinOp) else end
        body = _body(low, node, kinds.NUMBER)
        low.out.append(low.rebuilt(node, iter=low.rebuilt(source, args=[bounds[0], left]), body=body))
        return
    if len(bounds) == 1 and unused:
        head = low.rebuilt(source, args=[_count(low, bounds[0])])
        is_unnamed = isinstance(node.target, ast.Name) and node.target.id == "_"
        target = node.target if is_unnamed else ast.copy_location(name("_", store=True), node)
        low.out.append(low.rebuilt(node, target=target, iter=head, body=_body(low, node, None)))
        return
    start, stop = (ast.Constant(0), bounds[0]) if len(bounds) == 1 else (low.expr(bounds[0]), bounds[1])
    step = integer(low.value(bounds[2])) if len(bounds) == 3 else 1
    if not step:
        raise DialectError(node.lineno, "the step of range() is written out, and not 0: range(0, 10, 2)")
    _stepped(low, node, start, low.expr(stop), step)


def _is_dialect_end(node: ast.expr) -> bool:
    return integer(node) is not None or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and integer(node.right) == 1)


def _count(low: Lowering, node: ast.expr) -> ast.expr:
    value = low.expr(node)
    return value if value is node else low.number_of(value, node)


def _stepped(low: Lowering, node: ast.For, start: ast.expr, stop: ast.expr, step: int) -> None:
    place = low.fresh("Repeat Index")
    first, last = integer(start), integer(stop)
    count: ast.expr
    if first is not None and last is not None:
        count = const(len(range(first, last, step)))
    else:
        size = ast.BinOp(stop, ast.Sub(), start) if step > 0 else ast.BinOp(start, ast.Sub(), stop)
        count = low.expr(ast.fix_missing_locations(ast.copy_location(size if first != 0 or step < 0 else stop, node)))
        if abs(step) > 1:
            parts = low.hoist(low.action("math", WFInput=count, WFMathOperation="÷", WFMathOperand=abs(step)))
            count = low.hoist(low.action("round", WFInput=parts, WFRoundMode="Always Round Up"))
    written = integer(count)
    end = const(written + 1) if written is not None else ast.BinOp(count, ast.Add(), const(1))
    head, target = call("range", const(1), end), name(place, store=True)
    identifier = node.target.id  # type: ignore[attr-defined]
    if step == 1 and first is not None:
        if first == 1:
            low.out.append(low.rebuilt(node, iter=low.located(head, node), body=_body(low, node, kinds.NUMBER)))
            return
        _shifted(low, node, target, head, Shifted(identifier, place, first - 1))
        return
    before = ast.fix_missing_locations(ast.copy_location(ast.BinOp(start, ast.Sub(), const(step)), node))
    formula = "NAME = BEFORE - PLACE" if step == -1 else "NAME = PLACE + BEFORE" if step == 1 else f"NAME = PLACE * {step} + BEFORE"
    low.kinds[place] = kinds.NUMBER
    statements = low.parsed(formula, NAME=identifier, PLACE=place, BEFORE=low.expr(before))
    made = ast.copy_location(ast.For(target, head, node.body, []), node)
    made.body = low.block(node.body, statements)
    low.emit(made)


def _turned(source: ast.expr) -> ast.expr:
    """Return the range that counts the other way."""
    assert isinstance(source, ast.Call)
    numbers = [integer(bound) for bound in source.args]
    if None in numbers or not 1 <= len(numbers) <= 3:
        raise DialectError(source.lineno, "reversed(range(…)) takes numbers that are written out; write range(n, 0, -1)")
    turned = range(*numbers)[::-1]  # type: ignore[arg-type]
    return ast.copy_location(ast.Call(name("range"), [const(turned.start), const(turned.stop), const(turned.step)], []), source)


_CEIL = ast.parse("math.ceil", mode="eval").body


@table.statement(ast.While, examples=("while n < 10: n += 1",))
def _while(low: Lowering, node: ast.While) -> None:
    """Lower a loop whose last line counts the name that its test compares with a number: it is a Repeat of so many times."""
    counter, limit, step, more = _counter(node)
    if counter is None or not _is_set_once(low, node, counter, limit):
        raise DialectError(node.lineno, "the rounds of a while must be known before, by a count in its last line: while n < 10: … n += 1; "
                                        "for others write for _ in range(100): with if x: break")  # fmt: skip
    first, last = (limit, ast.copy_location(name(counter), node)) if step < 0 else (ast.copy_location(name(counter), node), limit)
    size = low.expr(ast.copy_location(ast.BinOp(last, ast.Sub(), first), node))
    if more:
        size = low.expr(ast.fix_missing_locations(ast.copy_location(ast.BinOp(size, ast.Add(), const(1)), node)))
    if abs(step) > 1:
        size = low.hoist(low.action("math", WFInput=size, WFMathOperation="÷", WFMathOperand=abs(step)))
    if abs(step) > 1 or not (arithmetic.is_whole(low, name(counter)) and arithmetic.is_whole(low, limit)):
        size = low.expr(ast.fix_missing_locations(ast.copy_location(ast.Call(_CEIL, [size], []), node)))
    low.emit(ast.For(name("_", store=True), call("range", size), low.block(node.body), []))


def _counter(node: ast.While) -> tuple[str | None, ast.expr, int, bool]:
    """Return the name that a while counts, its limit, the step, and whether the limit itself is reached; None for another loop."""
    test, last = node.test, node.body[-1]
    nothing = (None, node.test, 0, False)
    if node.orelse or not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.left, ast.Name):
        return nothing
    if not isinstance(last, ast.AugAssign) or not isinstance(last.target, ast.Name) or last.target.id != test.left.id:
        return nothing
    step = integer(last.value)
    if not step or step < 0 or not isinstance(last.op, ast.Add | ast.Sub):
        return nothing
    up = isinstance(last.op, ast.Add)
    wanted = (ast.Lt, ast.LtE) if up else (ast.Gt, ast.GtE)
    if not isinstance(test.ops[0], wanted):
        return nothing
    return test.left.id, test.comparators[0], step if up else -step, isinstance(test.ops[0], ast.LtE | ast.GtE)


def _is_set_once(low: Lowering, node: ast.While, counter: str, limit: ast.expr) -> bool:
    """True if the body sets the counter in its last line alone, leaves what the limit reads, and never breaks."""
    inner = [child for statement in node.body[:-1] for child in ast.walk(statement)]
    stored = {child.id for child in inner if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store)}
    stored |= {child.func.value.id for child in inner if isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute)
               and child.func.attr in CHANGES and isinstance(child.func.value, ast.Name)}  # fmt: skip
    for function in (low.functions.get(called(child) or "") for child in inner):
        stored |= order.changed_by(low, function) if function else set()
    read = {child.id for child in ast.walk(limit) if isinstance(child, ast.Name)}
    leaves = any(isinstance(child, ast.Break | ast.Continue) for child in inner)
    return counter not in stored and not read & {*stored, counter} and not leaves and low.kinds.get(counter) in kinds.NUMERIC
