"""Assignments: one name, several, an item of a dictionary; and the methods that change a list or a dictionary in its place."""

from __future__ import annotations

import ast

from shortcuts.forms.api_names import is_action_call
from shortcuts.natural import conditions, kinds, lists, table, texts
from shortcuts.natural.lowering import Lowering, Shifted, Symbolic, integer, shown
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import assign, called, constant, is_none, name


@table.statement(ast.Assign, examples=("d['a'] = n", "n = m = 5", "n, m = m, n"))
def _assign(low: Lowering, node: ast.Assign) -> None:
    if len(node.targets) > 1:
        first = node.targets[-1]
        low.statement(ast.copy_location(ast.Assign([first], node.value), node))
        value = node.value if isinstance(node.value, ast.Constant | ast.List | ast.Dict) else ast.copy_location(_loaded(first), node)
        for target in node.targets[:-1]:
            low.statement(ast.copy_location(ast.Assign([target], value), node))
        if isinstance(node.value, ast.List | ast.Dict):
            low.identities |= {target.id: frozenset({node}) for target in node.targets if isinstance(target, ast.Name)}
        return
    (target,) = node.targets
    if isinstance(target, ast.Name):
        _bind(low, node, target.id, node.value)
    elif isinstance(target, ast.Subscript):
        _set_item(low, target, node.value)
    elif isinstance(target, ast.Tuple | ast.List):
        _unpack(low, node, target.elts, node.value)
    else:
        raise DialectError(node.lineno, f"{shown(target)}: one name on the left of =; an app's object is changed by one of its actions")


def _loaded(node: ast.expr) -> ast.expr:
    """Return a target as it is read."""
    if isinstance(node, ast.Name):
        return name(node.id)
    return ast.Subscript(node.value, node.slice, ast.Load()) if isinstance(node, ast.Subscript) else node


def _bind(low: Lowering, node: ast.stmt, identifier: str, value: ast.expr) -> None:
    """Lower `x = value`. Values that are made in several steps are made under their name where they do not read it."""
    reads_itself = any(isinstance(inner, ast.Name) and inner.id == identifier for inner in ast.walk(value))
    if isinstance(value, ast.IfExp):
        low.run("if TEST:\n    NAME = BODY\nelse:\n    NAME = OTHER", TEST=value.test, NAME=identifier, BODY=value.body, OTHER=value.orelse)
        if (symbol := low.symbols.get(identifier)) is not None:
            raise DialectError(node.lineno, f"{identifier} is {symbol.noun}, and one of two; give each one a name of its own")
        return
    if isinstance(value, ast.ListComp | ast.GeneratorExp) and not reads_itself:
        lists.comprehension(low, value, identifier)
        return
    if isinstance(value, ast.BoolOp) and not reads_itself and not all(isinstance(test, ast.Compare | ast.UnaryOp) for test in value.values):
        conditions.choose(low, identifier, value)
        return
    is_not = isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not)
    if is_not or (isinstance(value, ast.Compare | ast.BoolOp) and not reads_itself):
        conditions.set_flag(low, identifier, value)
        return
    if called(value) == "float" and constant(value.args[0] if value.args else None) in ("inf", "-inf", "nan"):  # type: ignore[attr-defined]
        raise DialectError(node.lineno, f"{shown(value)} is no number of the app; begin with the first item, {identifier} = xs[0], or with "
                                        f"{identifier} = 10 ** 9")  # fmt: skip
    made = low.value(value)
    if isinstance(made, Symbolic) and not isinstance(made, Shifted):
        if identifier in low.changing & low.set_in_blocks:  # which one it is, is known when the shortcut runs, and this is known before
            raise DialectError(node.lineno, f"{identifier} is {made.noun}, and set twice; give each one a name of its own")
        for part in made.names(low.changing):  # what the value is made of may have another value when it is read
            low.run("KEPT = PART", KEPT=(kept := low.fresh("Old")), PART=name(part.id))
            part.id = kept
        low.symbols[identifier] = made
        return
    made = made.shown(low, node.lineno) if isinstance(made, Shifted) else made
    _store(low, node, identifier, value, made)


def _store(low: Lowering, node: ast.stmt, identifier: str, value: ast.expr, made: ast.expr) -> None:
    kind = low.kind(made)
    final = low.made(made)
    last = low.out[-1] if low.out else None
    if isinstance(final, ast.Name) and final is not value and isinstance(last, ast.Assign) and _is_fresh(low, last, final):
        low.out.pop()  # the action that was made last takes the name itself
        kind, final = low.kinds[final.id], last.value
    low.symbols.pop(identifier, None)
    if final is value and isinstance(node, ast.Assign):
        low.out.append(node)
    else:
        low.emit(assign(name(identifier, store=True), final))
    low.kinds[identifier] = kinds.EMPTY if isinstance(final, ast.List) and not final.elts else kind
    low.written.pop(identifier, None)
    if isinstance(final, ast.Dict):
        low.written[identifier] = final
    is_alias = isinstance(value, ast.Name) and value.id in low.python
    low.identities[identifier] = low.identities.get(value.id, frozenset()) if is_alias else frozenset({node})  # type: ignore[attr-defined]
    natural = low.is_python(value, made) or final is not value or isinstance(final, ast.JoinedStr | ast.BinOp)
    (low.python.add if natural else low.python.discard)(identifier)


def _is_fresh(low: Lowering, last: ast.Assign, made: ast.Name) -> bool:
    """True if the last statement gives a name of its own making to the value that is to have another."""
    target = last.targets[0]
    return isinstance(target, ast.Name) and target.id == made.id and made.id not in low.bound and made.id in low.kinds


def _set_item(low: Lowering, target: ast.Subscript, value: ast.expr) -> None:
    """Lower `d[key] = value`: the action gives a new dictionary, which takes the name of the old one."""
    key = low.expr(target.slice) if not isinstance(target.slice, ast.Slice) else target.slice
    of = low.kinds.get(target.value.id) if isinstance(target.value, ast.Name) else None
    of_list = of in kinds.LISTS or (of != kinds.DICTIONARY and low.kind(key) in kinds.NUMERIC)
    if isinstance(key, ast.Slice) or of_list:
        raise DialectError(target.lineno, f"{shown(target)}: no item of a list can be set; append what is wanted to a new list")
    key = texts.text(low, key)
    base = low.ref(target.value)
    # A number, a list and a dictionary stay what they are in a variable.
    is_text = not isinstance(value, ast.Dict | ast.List) and constant(value, (int, float)) is None
    item = texts.text(low, value) if is_text else low.ref(value)
    changed = low.action("setvalueforkey", WFDictionary=base, WFDictionaryKey=key, WFDictionaryValue=item)
    if isinstance(target.value, ast.Name):
        low.written.pop(_only_names(low, target.value, target), None)
        low.set(target.value.id, changed)
        return
    if not isinstance(target.value, ast.Subscript):
        raise DialectError(target.lineno, f"{shown(target)}: only a dictionary that has a name can be changed")
    _set_item(low, target.value, low.hoist(changed))


def _unpack(low: Lowering, node: ast.stmt, targets: list[ast.expr], value: ast.expr) -> None:
    if not all(isinstance(target, ast.Name) for target in targets):
        raise DialectError(node.lineno, "on the left of = stand names; take the parts of a list by x[0] and x[1:]")
    names = [target.id for target in targets]  # type: ignore[attr-defined]
    if called(value) == "divmod" and len(value.args) == 2:  # type: ignore[attr-defined]
        parts = [ast.BinOp(value.args[0], operator, value.args[1]) for operator in (ast.FloorDiv(), ast.Mod())]  # type: ignore[attr-defined]
        value = ast.fix_missing_locations(ast.copy_location(ast.Tuple(parts, ast.Load()), value))
    if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(names):
        items = list(value.elts)
        for index, item in enumerate(items):
            if {inner.id for inner in ast.walk(item) if isinstance(inner, ast.Name)} & set(names[:index]):
                kept = low.fresh("Old")  # Python works out all values before it sets the first name
                low.run("KEPT = ITEM", KEPT=kept, ITEM=item)
                items[index] = ast.copy_location(name(kept), item)
        for identifier, item in zip(names, items):
            low.run("NAME = ITEM", NAME=identifier, ITEM=item)
        return
    of = low.ref(value)
    if low.kind(of) in (kinds.TEXT, kinds.NUMBER, kinds.DICTIONARY):
        raise DialectError(node.lineno, f"{shown(value)} is a {low.kind(of)}; {len(names)} names need a list of {len(names)} items")
    for index, identifier in enumerate(names):
        if identifier != "_":
            low.run(f"NAME = PARTS[{index}]", NAME=identifier, PARTS=of)


@table.statement(ast.AnnAssign)
def _annotated(low: Lowering, node: ast.AnnAssign) -> None:
    if node.value is not None:
        low.statement(ast.copy_location(ast.Assign([node.target], node.value), node))


@table.statement(ast.AugAssign, examples=("n += 1", "s += 'a'", "xs += ys"))
def _augmented(low: Lowering, node: ast.AugAssign) -> None:
    target = node.target
    if isinstance(node.op, ast.Add) and isinstance(node.value, ast.List) and isinstance(target, ast.Name):
        _only_names(low, target, node)
        items = [_item(low, item) for item in node.value.elts]
        low.out.append(low.rebuilt(node, value=low.rebuilt(node.value, elts=items)))
        _grow(low, target, items)
        return
    if isinstance(node.op, ast.Add) and isinstance(target, ast.Name) and low.kind(target) in {*kinds.LISTS, kinds.EMPTY}:
        _only_names(low, target, node)
        low.emit(ast.AugAssign(target, ast.Add(), ast.List([texts.iterated(low, node.value)], ast.Load())))
        return
    value = ast.copy_location(ast.BinOp(ast.copy_location(_loaded(target), node), node.op, node.value), node)
    low.statement(ast.copy_location(ast.Assign([target], value), node))


# ---------------------------------------------------------------------------------------------------------------------------------
# methods that change their value


def _append(low: Lowering, node: ast.Expr, target: ast.expr, value: ast.Call) -> None:
    _only_names(low, target, node)
    items = [_item(low, item) for item in value.args]
    low.out.append(low.rebuilt(node, value=low.rebuilt(value, args=items)))
    _grow(low, target, items)


def _item(low: Lowering, node: ast.expr) -> ast.expr:
    """Return what is appended: an action's call needs no name there."""
    if isinstance(node, ast.List | ast.Tuple):
        raise DialectError(node.lineno, "a list in a list becomes part of it; append a dictionary, or a text")
    value = low.value(node)
    value = value.shown(low, node.lineno) if isinstance(value, Symbolic) else value
    return value if is_action_call(value) or called(value) == "previous_output" or is_none(value) else low.located(low.made(value), node)


def _grow(low: Lowering, target: ast.expr, items: list[ast.expr]) -> None:
    """Remember the kind of a list that grows."""
    if isinstance(target, ast.Name) and items:
        grown = kinds.of_list([low.kind(item) for item in items])
        known = low.kinds.get(target.id)
        low.kinds[target.id] = grown if known in (None, kinds.EMPTY, grown) else kinds.LIST


def _extend(low: Lowering, node: ast.Expr, target: ast.expr, value: ast.Call) -> None:
    _only_names(low, target, node)
    added = value.args[0] if len(value.args) == 1 else value
    items = [_item(low, item) for item in added.elts] if isinstance(added, ast.List | ast.Tuple) else [texts.iterated(low, added)]
    low.emit(ast.AugAssign(target, ast.Add(), ast.List(items, ast.Load())))
    _grow(low, target, items if isinstance(added, ast.List | ast.Tuple) else [])


def _insert(low: Lowering, node: ast.Expr, target: ast.expr, value: ast.Call) -> None:
    if len(value.args) != 2 or integer(value.args[0]) != 0:
        raise DialectError(node.lineno, "a list grows at its end, x.append(y), or at its start, x.insert(0, y)")
    low.run("TARGET = [NEW] + TARGET", TARGET=_only_names(low, target, node), NEW=value.args[1])


def _sort(low: Lowering, node: ast.Expr, target: ast.expr, value: ast.Call) -> None:
    done = ast.Call(name("sorted"), [target], value.keywords, lineno=node.lineno, col_offset=0)
    low.run("TARGET = SORTED", TARGET=_only_names(low, target, node), SORTED=ast.fix_missing_locations(done))


def _reverse(low: Lowering, node: ast.Expr, target: ast.expr, value: ast.Call) -> None:
    low.run("TARGET = list(reversed(TARGET))", TARGET=_only_names(low, target, node))


def _clear(low: Lowering, node: ast.Expr, target: ast.expr, value: ast.Call) -> None:
    low.run("TARGET = {}" if low.kind(target) == kinds.DICTIONARY else "TARGET = []", TARGET=_only_names(low, target, node))


def _update(low: Lowering, node: ast.Expr, target: ast.expr, value: ast.Call) -> None:
    given = value.args[0] if value.args else None
    if not isinstance(given, ast.Dict) or None in given.keys:
        raise DialectError(node.lineno, "update() takes a dictionary that is written out: d.update({'key': value})")
    for key, item in zip(given.keys, given.values):
        low.run("TARGET[KEY] = ITEM", TARGET=_only_names(low, target, node), KEY=key, ITEM=item)  # type: ignore[arg-type]


def _into_set(low: Lowering, node: ast.Expr, target: ast.expr, value: ast.Call) -> None:
    raise DialectError(node.lineno, f"{shown(value)}: there are no sets; append to a list what is not in it yet: "
                                    "if x not in seen: seen += [x]")  # fmt: skip


def _shrink(low: Lowering, node: ast.Expr, target: ast.expr, value: ast.Call) -> None:
    raise DialectError(node.lineno, f"{shown(value)}: nothing is taken out of a list or a dictionary; append what is to stay to a new list")


def _close(low: Lowering, node: ast.Expr, target: ast.expr, value: ast.Call) -> None:
    """Leave it out: the app closes a file by itself."""


CHANGES = {"append": _append, "extend": _extend, "insert": _insert, "sort": _sort, "reverse": _reverse, "clear": _clear, "update": _update,
            "pop": _shrink, "remove": _shrink, "close": _close, "add": _into_set, "discard": _shrink}  # fmt: skip


def _only_names(low: Lowering, target: ast.expr, node: ast.AST) -> str:
    """Return the name of what is changed. Raises DialectError for what has none, or two: Python would change both."""
    if not isinstance(target, ast.Name):
        raise DialectError(node.lineno, f"{shown(target)}: only a name can be changed; give it one on a line before")  # type: ignore[attr-defined]
    own = low.identities.get(target.id, frozenset())
    if others := [other for other, meant in low.identities.items() if other != target.id and other in low.bound and meant & own]:
        raise DialectError(node.lineno, f"{target.id} and {others[0]} are one in Python and two in a shortcut, of which one would change; "  # type: ignore[attr-defined]
                                        "use one name, or make the second with .copy()")  # fmt: skip
    return target.id


@table.call("random.shuffle", example="random.sample(xs, 3)")
def _shuffle(low: Lowering, x: ast.expr) -> ast.expr | None:
    mixed = low.action("filter_files", WFContentItemInputParameter=low.ref(x), WFContentItemSortProperty="Random")
    low.set(_only_names(low, x, x), mixed)
    return name(x.id)  # type: ignore[attr-defined]
