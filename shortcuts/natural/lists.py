"""Lists and dictionaries: items, parts, and the functions over them. The app counts from 1; a program counts from 0, as Python does."""

from __future__ import annotations

import ast

from shortcuts.forms.api_names import is_action_call
from shortcuts.natural import advice, conditions, kinds, table, texts
from shortcuts.natural.lowering import Lowering, Shifted, Symbolic, integer, is_reference, renamed, shown
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import call, const, constant, is_none, name

_MAX_WRITTEN = 50  # items of a range() that is written out as a list


# ---------------------------------------------------------------------------------------------------------------------------------
# items and parts


def item(low: Lowering, base: ast.expr, kind: str | None, index: ast.expr, node: ast.Subscript) -> ast.expr:
    """Return what `x[index]` is of a list, or a letter of a text."""
    return _of_kind(low, _item(low, base, kind, index, node), kinds.TEXT if kind == kinds.TEXT else kinds.ITEMS.get(kind or ""))


def _of_kind(low: Lowering, value: ast.expr, kind: str | None) -> ast.expr:
    """Return the output of an action as a value whose kind is known, if it is."""
    return low.typed(value, kind) if kind is not None and is_action_call(value) and low.kind(value) != kind else value


def _item(low: Lowering, base: ast.expr, kind: str | None, index: ast.expr, node: ast.Subscript) -> ast.expr:
    place = integer(index)
    if kind == kinds.TEXT:
        if place is None:
            letters = low.hoist(low.action("text_split", WFTextSeparator="Every Character", text=base))
            return _at(low, letters, _place(low, letters, index, node))
        return texts.sliced(low, base, node, place, None if place == -1 else place + 1)
    if kind in (kinds.NUMBER, kinds.DATE):
        raise DialectError(node.lineno, f"{shown(node)}: a {kind} has no items")
    base = low.ref_of(base, node)
    if kind == kinds.MATCH:
        return base if place == 0 else low.action("text_match_getgroup", matches=base, WFGroupIndex=None if place == 1 else place)
    if place == 0:
        return low.action("getitemfromlist", WFInput=base)
    if place == -1:
        return low.action("getitemfromlist", WFInput=base, WFItemSpecifier="Last Item")
    if place is not None and place < 0:
        count = low.hoist(low.action("count", Input=base))
        return _at(low, base, low.hoist(low.action("math", WFInput=count, WFMathOperation="-", WFMathOperand=-place - 1)))
    return _at(low, base, const(place + 1) if place is not None else _place(low, base, index, node))


def _at(low: Lowering, base: ast.expr, place: ast.expr) -> ast.Call:
    return low.action("getitemfromlist", WFInput=base, WFItemSpecifier="Item At Index", WFItemIndex=place)


def _place(low: Lowering, base: ast.expr, index: ast.expr, node: ast.Subscript) -> ast.expr:
    """Return the place from 1 of an index from 0. Raises DialectError for one that may be no number."""
    if isinstance(index, Shifted) and (counted := index.plus(1)) is not None:
        return counted
    if not isinstance(index, Symbolic) and low.kind(index) is None and isinstance(index, ast.Name):
        raise DialectError(node.lineno, f"{shown(node)}: whether {shown(node.slice)} is a number or a key is not known; write "
                                        f"int({shown(node.slice)}) for an item of a list, str({shown(node.slice)}) for a key")  # fmt: skip
    value = low.number_of(low.expr_of(index, node.slice), node.slice)
    if not may_be_negative(low, node.slice):
        return low.hoist(low.action("math", WFInput=value, WFMathOperand=1))
    place = low.fresh("Place")
    low.run("if INDEX < 0:\n    PLACE = INDEX + COUNT + 1\nelse:\n    PLACE = INDEX + 1", PLACE=place, INDEX=low.ref_of(value, node),
            COUNT=low.hoist(low.action("count", Input=base)))  # fmt: skip
    return name(place)


def may_be_negative(low: Lowering, node: ast.expr | None, inside: set[str] | None = None) -> bool:
    """True for an index that a program makes less than 0: by a number, a sign, or a loop's index less more than that begins with."""
    inside = set() if inside is None else inside  # names that were looked at
    number = constant(node, (int, float))
    if number is not None:
        return number < 0
    if isinstance(node, ast.IfExp):
        return may_be_negative(low, node.body, inside) or may_be_negative(low, node.orelse, inside)
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.USub) or may_be_negative(low, node.operand, inside)
    if isinstance(node, ast.BinOp):
        index = low.symbols.get(node.left.id) if isinstance(node.left, ast.Name) else None
        if isinstance(node.op, ast.Sub):
            first = 1 + index.shift if isinstance(index, Shifted) else integer(node.left)
            is_less = first is not None and first < (integer(node.right) or 0)
            return is_less or may_be_negative(low, node.left, inside)
        return may_be_negative(low, node.right, inside) or (not isinstance(node.op, ast.Mod) and may_be_negative(low, node.left, inside))
    if isinstance(node, ast.Call):
        function, tests = low.path(node.func), [may_be_negative(low, argument, inside) for argument in node.args]
        if function in ("max", "random.randint"):
            return all(tests) if function == "max" else tests[:1] == [True]
        return function not in ("len", "abs") and any(tests)
    if isinstance(node, ast.Name) and node.id not in inside:
        index = low.symbols.get(node.id)
        if isinstance(index, Shifted):
            return index.shift < -1
        inside.add(node.id)
        return any(may_be_negative(low, value, inside) for value in low.bindings.get(node.id, ()))
    return False


def part(low: Lowering, base: ast.expr, kind: str | None, node: ast.Subscript) -> ast.expr:
    """Return the action that takes `x[start:stop]` out of a list or a text."""
    assert isinstance(node.slice, ast.Slice)
    if node.slice.step is not None:
        if integer(node.slice.step) == -1 and node.slice.lower is None and node.slice.upper is None:
            return _backwards(low, base, kind)
        raise DialectError(node.lineno, f"{shown(node)}: there is no step but x[::-1]; take the items in a loop")
    back = [_from_end(low, end) for end in (node.slice.lower, node.slice.upper)]
    ends = [None if end is None else low.expr(end if n is None else n) for end, n in zip((node.slice.lower, node.slice.upper), back)]
    start, stop = (None if end is None else integer(end) for end in ends)
    if kind == kinds.TEXT:
        if any(end is not None and integer(end) is None for end in ends):
            raise DialectError(node.lineno, f"{shown(node)}: the places of a part of a text are written out, x[2:5]")
        return texts.sliced(low, base, node, start, stop)
    base = low.ref_of(base, node)
    count = low.hoist(low.action("count", Input=base)) if (start or 0) < 0 or (stop or 0) < 0 or any(back) else None
    ends = [end if n is None or end is None else low.hoist(low.action(
        "math", WFInput=count, WFMathOperation="-", WFMathOperand=low.number_of(end, node))) for end, n in zip(ends, back)]  # fmt: skip

    def counted(end: ast.expr | None, place: int | None, beyond: int) -> ast.expr:
        """Return an end as a place from 1; "" is the first, or the last."""
        if end is None:
            return const("")
        if place is not None and place >= 0:
            return const(place + beyond)
        if place is not None and count is not None:
            back = -place - beyond
            return low.hoist(low.action("math", WFInput=count, WFMathOperation="-", WFMathOperand=back)) if back else count
        return end if not beyond else low.hoist(low.action("math", WFInput=low.number_of(end, node), WFMathOperand=beyond))

    first, last = counted(ends[0], start, 1), counted(ends[1], stop, 0)
    taken = low.action("getitemfromlist", WFInput=base, WFItemSpecifier="Items in Range", WFItemRangeStart=first, WFItemRangeEnd=last)
    return _of_kind(low, taken, kind if kind in kinds.LISTS else None)


def _from_end(low: Lowering, end: ast.expr | None) -> ast.expr | None:
    """Return n for the end -n of a part; None for one that counts from the start. Raises DialectError where it may be either."""
    if end is None or integer(end) is not None:
        return None
    if isinstance(end, ast.UnaryOp) and isinstance(end.op, ast.USub) and not may_be_negative(low, end.operand):
        return end.operand
    if may_be_negative(low, end):
        raise DialectError(end.lineno, f"{shown(end)} may be below 0, which counts from the end: write max(0, {shown(end)})")
    return None


def joined(low: Lowering, left: ast.expr, right: ast.expr) -> ast.expr:
    """Return a new list with the items of both."""
    result = low.fresh("List")
    low.run("RESULT = []", RESULT=result)
    for side in (left, right):
        for one in side.elts if isinstance(side, ast.List | ast.Tuple) else [side]:
            low.emit(ast.AugAssign(name(result, store=True), ast.Add(), ast.List([one], ast.Load())))
    low.kinds[result] = low.kind(left) if low.kind(left) == low.kind(right) else kinds.LIST
    return name(result)


def _backwards(low: Lowering, base: ast.expr, kind: str | None) -> ast.expr:
    if kind == kinds.TEXT:
        letters = low.hoist(low.action("text_split", WFTextSeparator="Every Character", text=base))
        return low.action("text_combine", text=_reversed(low, letters), WFTextSeparator="Custom")
    return _reversed(low, base)


@table.call("reversed", example="list(reversed(xs))")
def _reversed(low: Lowering, seq: ast.expr) -> ast.expr:
    items, result, place = texts.iterated(low, seq), low.fresh("Reversed"), low.fresh("Place")
    count = low.hoist(low.action("count", Input=items))
    end = low.hoist(low.action("math", WFInput=count, WFMathOperand=1))
    low.run("RESULT = []\nfor INDEX in range(1, COUNT + 1):\n    PLACE = END - INDEX\n    RESULT.append(ITEM)", RESULT=result, COUNT=count,
            END=end, PLACE=place, INDEX=low.fresh("Repeat Index"), ITEM=_at(low, items, name(place)))  # fmt: skip
    low.kinds[result] = low.kind(items)
    return name(result)


# ---------------------------------------------------------------------------------------------------------------------------------
# functions over lists


@table.call("len", example="len(xs)")
def _len(low: Lowering, obj: ast.expr) -> ast.expr:
    value = low.expr(obj)
    is_list = isinstance(obj, ast.Call) and low.path(obj.func) in ("list", "tuple")
    if low.kind(value) == kinds.TEXT:
        return low.action("count", Input=low.ref_of(value, obj), WFCountType="Characters")
    if low.kind(value) in (None, kinds.JSON) and not is_list and not low.is_output(value):
        raise DialectError(obj.lineno, f"{shown(obj)}: letters, items or keys? That is not known here; write len(str({shown(obj)})), "
                                       f"len(list({shown(obj)})) or len({shown(obj)}.keys())")  # fmt: skip
    if low.kind(value) == kinds.DICTIONARY:
        keys = low.action("getvalueforkey", WFGetDictionaryValueType="All Keys", WFInput=low.ref_of(value, obj))
        return low.action("count", Input=low.hoist(keys))
    return low.action("count", Input=low.ref_of(value, obj))


def of_sorted(function: str, of: str) -> str:
    """Return what is written for the first or the last of texts."""
    return f"sorted({of})[{0 if function == 'min' else -1}]"


def _statistic(operation: str | None, *names: str, example: str) -> None:
    @table.call(*names, example=example)
    def calculate(low: Lowering, *values: ast.expr, **options: ast.expr) -> ast.expr:
        if options or not values:
            raise DialectError(low.line, f"{names[0]}() takes a list, or several numbers; for a key or a default write a loop with an if: "
                                         "if value > most: most = value")  # fmt: skip
        several = None if len(values) == 1 else ast.List([low.number(value) for value in values], ast.Load())
        items = low.hoist(several) if several else texts.iterated(low, values[0])
        if low.kind(items) == kinds.TEXTS:
            of = shown(values[0])
            last = f"; by the alphabet they are {of_sorted(names[0], of)}" if names[0] in ("min", "max") else ""
            raise DialectError(low.line, f"{names[0]}() takes numbers, and these are texts: {names[0]}(float(x) for x in {of}){last}")
        return low.action("statistics", Input=items, WFStatisticsOperation=operation)


_statistic("Sum", "sum", "math.fsum", example="sum(ns)")
_statistic("Minimum", "min", example="min(ns)")
_statistic("Maximum", "max", example="max(n, m)")
_statistic(None, "statistics.mean", "statistics.fmean", example="statistics.mean(ns)")
_statistic("Median", "statistics.median", example="statistics.median(ns)")
_statistic("Mode", "statistics.mode", example="statistics.mode(ns)")


@table.call("sorted", example="sorted(xs)")
def _sorted(low: Lowering, iterable: ast.expr, key: ast.expr | None = None, reverse: ast.expr | None = None) -> ast.expr:
    if key is not None and low.path(key) not in ("str.lower", "str.casefold"):  # in which order the app sorts
        raise DialectError(iterable.lineno, advice.of_key(key, iterable))
    down = constant(reverse, bool)
    if reverse is not None and down is None:
        raise DialectError(iterable.lineno, "reverse is True or False")
    items = texts.iterated(low, iterable)
    if low.kind(items) == kinds.DICTIONARY:
        items = low.hoist(low.action("getvalueforkey", WFGetDictionaryValueType="All Keys", WFInput=items))
    if low.kind(items) == kinds.NUMBERS:
        raise DialectError(iterable.lineno, "the app sorts by name, which puts 10 before 9; take min(xs) and max(xs)")
    kind = low.kind(items)
    return _of_kind(low, _by(low, items, "Name", "Z to A" if down else "A to Z"), kind if kind in kinds.LISTS else None)


def _by(low: Lowering, items: ast.expr, key: str, order: str | None = None) -> ast.Call:
    return low.action("filter_files", WFContentItemInputParameter=items, WFContentItemSortProperty=key, WFContentItemSortOrder=order)


@table.call("random.sample", example="random.sample(xs, 3)")
def _sample(low: Lowering, population: ast.expr, k: ast.expr) -> ast.expr:
    mixed = low.hoist(_by(low, texts.iterated(low, population), "Random"))
    return low.action("getitemfromlist", WFInput=mixed, WFItemSpecifier="Items in Range", WFItemRangeStart=1, WFItemRangeEnd=low.number(k))


@table.call("random.choices", example="random.choices(xs, k=3)")
def _choices(low: Lowering, population: ast.expr, *, k: ast.expr | None = None) -> ast.expr:
    (made,) = low.parsed("[random.choice(ITEMS) for _ in range(K)]", ITEMS=low.ref(population), K=k or const(1))
    return low.value(made.value)  # type: ignore[attr-defined]


@table.call("random.choice", "secrets.choice", example="random.choice(xs)")
def _choice(low: Lowering, seq: ast.expr) -> ast.expr:
    items = low.ref(seq)
    if low.kind(items) == kinds.TEXT:
        items = low.hoist(low.action("text_split", WFTextSeparator="Every Character", text=items))
    chosen = low.action("getitemfromlist", WFInput=items, WFItemSpecifier="Random Item")
    return _of_kind(low, chosen, kinds.ITEMS.get(low.kind(items) or ""))


@table.call("list", "tuple", example="list(range(3))")
def _list(low: Lowering, iterable: ast.expr | None = None) -> ast.expr:
    if iterable is None:
        return ast.List([], ast.Load())
    value = low.value(iterable)
    if low.kind(value) == kinds.TEXT:
        return low.action("text_split", WFTextSeparator="Every Character", text=texts.text(low, low.expr_of(value, iterable)))
    if low.kind(value) == kinds.DICTIONARY:
        return low.action("getvalueforkey", WFGetDictionaryValueType="All Keys", WFInput=low.ref_of(low.expr_of(value, iterable), iterable))
    return value


@table.method("copy", example="xs.copy()")
def _copy(low: Lowering, receiver: ast.expr) -> ast.expr:
    return low.expr(receiver)


@table.call("set", "frozenset", example="list(range(3))")
def _set(low: Lowering, iterable: ast.expr | None = None) -> ast.expr:
    raise DialectError(low.line, "there are no sets; append to a list what is not in it yet: if x not in seen: seen += [x]")


@table.call("range", example="list(range(3))")
def _range(low: Lowering, *bounds: ast.expr) -> ast.expr:
    if not 1 <= len(bounds) <= 3:
        raise DialectError(low.line, "range() takes an end, or a start and an end: range(1, 11)")
    numbers = [integer(low.value(bound)) for bound in bounds]
    if None not in numbers and numbers[2:] != [0] and len(found := range(*numbers)) <= _MAX_WRITTEN:  # type: ignore[arg-type]
        return ast.List([const(number) for number in found], ast.Load())
    result, number = low.fresh("Numbers"), low.fresh("number")
    steps = ast.Call(name("range"), list(bounds), [])
    low.run("RESULT = []\nfor NUMBER in STEPS:\n    RESULT.append(NUMBER)", RESULT=result, NUMBER=number, STEPS=steps)
    low.kinds[result] = kinds.NUMBERS
    return name(result)


@table.call("zip", "enumerate", example="dict(zip(xs, ys))")
def _zip(low: Lowering, *lists: ast.expr, **options: ast.expr) -> ast.expr:
    raise DialectError(low.line, "zip() and enumerate() stand in the head of a loop: for x, y in zip(xs, ys):")


@table.call("map", example="list(map(str, xs))")
def _map(low: Lowering, function: ast.expr, iterable: ast.expr) -> ast.expr:
    if isinstance(function, ast.Lambda) and len(function.args.args) == 1:
        return low.value(_comprehension(function.body, function.args.args[0].arg, iterable))
    each = low.fresh("each")
    return low.value(_comprehension(ast.Call(function, [name(each)], []), each, iterable))


@table.call("filter", example="list(filter(None, xs))")
def _filter(low: Lowering, function: ast.expr, iterable: ast.expr) -> ast.expr:
    if isinstance(function, ast.Lambda) and len(function.args.args) == 1:
        each = function.args.args[0].arg
        return low.value(_comprehension(name(each), each, iterable, function.body))
    each = low.fresh("each")
    test: ast.expr = name(each) if is_none(function) else ast.Call(function, [name(each)], [])
    return low.value(_comprehension(name(each), each, iterable, test))


def _comprehension(element: ast.expr, target: str, iterable: ast.expr, *tests: ast.expr) -> ast.ListComp:
    loop = ast.comprehension(name(target, store=True), iterable, list(tests), 0)
    return ast.fix_missing_locations(ast.copy_location(ast.ListComp(element, [loop]), iterable))


@table.expression(ast.ListComp, ast.GeneratorExp, examples=("[x.upper() for x in xs if x]",))
def _list_comprehension(low: Lowering, node: ast.ListComp | ast.GeneratorExp) -> ast.expr:
    return comprehension(low, node, low.fresh("List"))


def comprehension(low: Lowering, node: ast.ListComp | ast.GeneratorExp, result: str) -> ast.expr:
    """Append the items of a comprehension to a new list in a loop; return its name."""
    low.run("RESULT = []", RESULT=result)
    _loop(low, node.generators, "RESULT.append(ELEMENT)", RESULT=result, ELEMENT=node.elt)
    return name(result)


@table.expression(ast.DictComp, examples=("{x: len(x) for x in xs}",))
def _dict_comprehension(low: Lowering, node: ast.DictComp) -> ast.expr:
    result = low.fresh("Dictionary")
    low.run("RESULT = {}", RESULT=result)
    _loop(low, node.generators, "RESULT[KEY] = VALUE", RESULT=result, KEY=node.key, VALUE=node.value)
    low.kinds[result] = kinds.DICTIONARY
    return name(result)


@table.expression(ast.SetComp)
def _set_comprehension(low: Lowering, node: ast.SetComp) -> ast.expr:
    return _set(low)


def _loop(low: Lowering, generators: list[ast.comprehension], source: str, **nodes: ast.expr | str) -> None:
    """Lower the loop that a comprehension is short for. Its variables are its own, so they get other names where the program has them."""
    (inner,) = low.parsed(source, **nodes)
    for loop in reversed(generators):
        for test in reversed(loop.ifs):
            inner = ast.If(test, [inner], [])
        inner = ast.For(loop.target, loop.iter, [inner], [], lineno=low.line, col_offset=0)
    targets = {node.id for loop in generators for node in ast.walk(loop.target) if isinstance(node, ast.Name)}
    own = {target: low.fresh(target) for target in sorted(targets) if target in low.kinds and target != "_"}
    made = renamed(ast.fix_missing_locations(inner), own)
    made.iter = generators[0].iter  # type: ignore[attr-defined]  # what it goes through is named by the program: [x for x in x]
    low.statement(made)


@table.test("any", example="any(x == 'a' for x in xs)")
def _any(low: Lowering, iterable: ast.expr) -> ast.expr:
    return _found(low, iterable, wanted=True)


@table.test("all", example="all(len(x) > 3 for x in xs)")
def _all(low: Lowering, iterable: ast.expr) -> ast.expr:
    return _found(low, iterable, wanted=False)


def _found(low: Lowering, node: ast.expr, wanted: bool) -> ast.expr:
    if not isinstance(node, ast.GeneratorExp | ast.ListComp):
        raise DialectError(node.lineno, "any() and all() take a loop: any(x == 'a' for x in xs)")
    flag = low.fresh("Found" if wanted else "All")
    low.run(f"FLAG = {not wanted}", FLAG=flag)
    test = node.elt if wanted else ast.copy_location(ast.UnaryOp(ast.Not(), node.elt), node.elt)
    _loop(low, node.generators, f"if TEST: FLAG = {wanted}", TEST=test, FLAG=flag)
    low.kinds[flag] = kinds.FLAG
    return conditions.truth(low, name(flag), name(flag))


# ---------------------------------------------------------------------------------------------------------------------------------
# dictionaries


@table.call("dict", example="dict(a=n)")
def _dict(low: Lowering, *pairs: ast.expr, **items: ast.expr) -> ast.expr:
    if len(pairs) == 1 and isinstance(pairs[0], ast.Call) and low.path(pairs[0].func) == "zip":
        (made,) = low.parsed("{KEY: VALUE for KEY, VALUE in PAIRS}", KEY=low.fresh("key"), VALUE=low.fresh("value"), PAIRS=pairs[0])
        return low.value(made.value)  # type: ignore[attr-defined]
    if pairs and not items and len(pairs) == 1 and low.kind(value := low.value(pairs[0])) == kinds.DICTIONARY:
        return value
    if pairs:
        raise DialectError(pairs[0].lineno, "dict() takes keys by name; write {'key': value}")
    values = [number_item(low, low.expr(value)) for value in items.values()]
    return ast.Dict([const(key) for key in items], values, lineno=low.line, col_offset=0)


def number_item(low: Lowering, value: ast.expr) -> ast.expr:
    """Return an item of a dictionary: a variable stays a number there only where the item says that it is one."""
    return call("number", value) if low.kind(value) == kinds.NUMBER and is_reference(value) else value


@table.method("keys", example="d.keys()")
def _keys(low: Lowering, receiver: ast.expr) -> ast.expr:
    return low.typed(low.action("getvalueforkey", WFGetDictionaryValueType="All Keys", WFInput=low.ref(receiver)), kinds.TEXTS)


@table.method("values", example="d.values()")
def _values(low: Lowering, receiver: ast.expr) -> ast.expr:
    return low.typed(low.action("getvalueforkey", WFGetDictionaryValueType="All Values", WFInput=low.ref(receiver)), kinds.LIST)


@table.method("get", example="d.get('a', 'b')")
def _get(low: Lowering, receiver: ast.expr, key: ast.expr, default: ast.expr | None = None) -> ast.expr:
    found = low.value(ast.copy_location(ast.Subscript(receiver, key, ast.Load()), receiver))
    if default is None or is_none(default):
        return found
    value = low.ref_of(low.expr_of(found, receiver), receiver)
    result = low.fresh("Value")
    low.run("RESULT = FOUND\nif not FOUND:\n    RESULT = DEFAULT", RESULT=result, FOUND=value, DEFAULT=default)
    low.kinds[result] = low.kind(default)
    return name(result)

