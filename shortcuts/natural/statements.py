"""Statements: assignments of every kind, loops, ifs, and what Python has around a program."""

from __future__ import annotations

import ast

from shortcuts.forms import signatures
from shortcuts.natural import conditions, devices, functions, kinds, lists, table, texts
from shortcuts.natural.lowering import Lowering, Shifted, Symbolic, integer, is_reference, shown
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import assign, call, called, const, is_none, name

MODULES = frozenset("""
    base64 clipboard collections copy datetime dateutil decimal enum glob hashlib itertools json math os pathlib pyperclip random re
    requests statistics string sys textwrap time typing urllib webbrowser __future__
""".split())
_INSTEAD = {
    "smtplib": "is_workflow_actions_sendemail(WFSendEmailActionToRecipients=…)", "PIL": "is_workflow_actions_image_resize(WFImage=x)",
    "subprocess": "is_workflow_actions_runshellscript(Script='…') on a Mac", "csv": "text.splitlines() and line.split(',')",
    "bs4": "re.findall(pattern, text)", "numpy": "lists, sum() and statistics.mean()", "pandas": "lists and dictionaries",
    "logging": "print()", "tkinter": "print() and input()", "uuid": "random.randint()", "shutil": "is_workflow_actions_file_move(WFFile=x)",
    "argparse": "shortcut_input and input()", "sqlite3": "a dictionary in a file of JSON", "calendar": "datetime", "http": "requests",
    "aiohttp": "requests", "httpx": "requests", "qrcode": "is_workflow_actions_generatebarcode(WFText=x)", "numbers": "int() and float()",
}  # fmt: skip
_ADVICE: dict[type[ast.stmt], str] = {
    ast.Try: "there is no try; test a value before it is used, if x:",
    ast.Raise: "there are no exceptions; show is_workflow_actions_alert(WFAlertActionMessage='…'), and end by exit()",
    ast.Break: "break stands in a for; the whole shortcut ends by exit()",
    ast.Continue: "continue stands last under an if of a for; put the rest of the loop under an if",
    ast.Delete: "nothing is deleted; a name can be set to another value",
    ast.Assert: "there is no assert; write if not x: exit()",
    ast.AsyncFunctionDef: "every action waits for the one before; leave async out",
}


@table.statement(*_ADVICE)
def _refused(low: Lowering, node: ast.stmt) -> None:
    raise DialectError(node.lineno, _ADVICE[type(node)])


# ---------------------------------------------------------------------------------------------------------------------------------
# imports, functions, the end


@table.statement(ast.Import, ast.ImportFrom)
def _import(low: Lowering, node: ast.Import | ast.ImportFrom) -> None:
    module = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
    for alias in node.names:
        path = module + alias.name
        package = path.partition(".")[0]
        if package not in MODULES:
            known = _INSTEAD.get(package)
            instead = f"instead of it there is {known}" if known else "find them by python -m shortcuts search WORDS"
            raise DialectError(node.lineno, f"{package} is not there: a shortcut has the actions of its apps alone; {instead}")
        if alias.asname or module:
            low.imports[alias.asname or alias.name] = path


@table.statement(ast.FunctionDef)
def _function(low: Lowering, node: ast.FunctionDef) -> None:
    """Leave it out: its steps are lowered where it is called."""
    if node.decorator_list:
        low.out.append(refused_whole(node, "a decorator is a trigger of the function `shortcut` alone; leave it out"))


@table.statement(ast.ClassDef)
def _class(low: Lowering, node: ast.ClassDef) -> None:
    low.out.append(refused_whole(node, "there are no classes; a dictionary holds several values, {'name': name, 'age': age}"))


def refused_whole(node: ast.stmt, advice: str) -> ast.stmt:
    """Return a statement that the compiler refuses without a look at what is in it."""
    refused = ast.copy_location(ast.Pass(), node)
    refused.refusal = DialectError(node.lineno, advice)  # type: ignore[attr-defined]
    return refused


@table.statement(ast.Return, examples=("return s",))
def _return(low: Lowering, node: ast.Return) -> None:
    if node.value is None or is_none(node.value):
        low.emit(ast.Expr(low.action("exit")))
    else:
        low.emit(ast.Expr(low.action("output", WFOutput=texts.text(low, node.value))))


@table.statement(ast.With, examples=("with open('a.txt') as f: s = f.read()",))
def _with(low: Lowering, node: ast.With) -> None:
    for item in node.items:
        value = low.value(item.context_expr)
        if not isinstance(value, devices.File) or not isinstance(item.optional_vars, ast.Name):
            raise DialectError(node.lineno, "with stands only before open('name.txt') as f; leave it out")
        low.symbols[item.optional_vars.id] = value
    low.out.extend(low.block(node.body))


@table.statement(ast.Global, ast.Nonlocal)
def _global(low: Lowering, node: ast.stmt) -> None:
    """Leave it out: every name of a shortcut is known everywhere."""


# ---------------------------------------------------------------------------------------------------------------------------------
# lines of their own


@table.statement(ast.Expr)
def _line(low: Lowering, node: ast.Expr) -> None:
    value = node.value
    if isinstance(value, ast.Constant | ast.JoinedStr) or called(value) in ("workflow", "marker", "menu"):
        low.out.append(node)
        return
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in _CHANGES:
        _CHANGES[value.func.attr](low, node, value.func.value, value)
        return
    if isinstance(value, ast.Call) and called(value) in low.functions:
        functions.inlined(low, value, low.functions[called(value) or ""])
        return
    made = low.value(value)
    if made is value:
        low.out.append(node)
    elif low.is_action(made):
        low.emit(ast.Expr(made))


def _append(low: Lowering, node: ast.Expr, target: ast.expr, value: ast.Call) -> None:
    _only_names(target, node)
    items = [_item(low, item) for item in value.args]
    low.out.append(low.rebuilt(node, value=low.rebuilt(value, args=items)))
    _grow(low, target, items)


def _item(low: Lowering, node: ast.expr) -> ast.expr:
    """Return what is appended: an action's call needs no name there."""
    if isinstance(node, ast.List | ast.Tuple):
        raise DialectError(node.lineno, "a list in a list becomes part of it; append a dictionary, or a text")
    value = low.value(node)
    value = value.shown(low, node.lineno) if isinstance(value, Symbolic) else value
    return value if low.is_action(value) or called(value) == "previous_output" or is_none(value) else low.located(low.made(value), node)


def _grow(low: Lowering, target: ast.expr, items: list[ast.expr]) -> None:
    """Remember the kind of a list that grows."""
    if isinstance(target, ast.Name) and items:
        grown = kinds.of_list([low.kind(item) for item in items])
        known = low.kinds.get(target.id)
        low.kinds[target.id] = grown if known in (None, "empty", grown) else kinds.LIST


def _extend(low: Lowering, node: ast.Expr, target: ast.expr, value: ast.Call) -> None:
    _only_names(target, node)
    added = value.args[0] if len(value.args) == 1 else value
    items = [_item(low, item) for item in added.elts] if isinstance(added, ast.List | ast.Tuple) else [low.ref(added)]
    low.emit(ast.AugAssign(target, ast.Add(), ast.List(items, ast.Load())))
    _grow(low, target, items if isinstance(added, ast.List | ast.Tuple) else [])


def _insert(low: Lowering, node: ast.Expr, target: ast.expr, value: ast.Call) -> None:
    if len(value.args) != 2 or integer(value.args[0]) != 0:
        raise DialectError(node.lineno, "a list grows at its end, x.append(y), or at its start, x.insert(0, y)")
    low.run("TARGET = [NEW] + TARGET", TARGET=_only_names(target, node), NEW=value.args[1])


def _sort(low: Lowering, node: ast.Expr, target: ast.expr, value: ast.Call) -> None:
    done = ast.Call(name("sorted"), [target], value.keywords, lineno=node.lineno, col_offset=0)
    low.run("TARGET = SORTED", TARGET=_only_names(target, node), SORTED=ast.fix_missing_locations(done))


def _reverse(low: Lowering, node: ast.Expr, target: ast.expr, value: ast.Call) -> None:
    low.run("TARGET = list(reversed(TARGET))", TARGET=_only_names(target, node))


def _clear(low: Lowering, node: ast.Expr, target: ast.expr, value: ast.Call) -> None:
    low.run("TARGET = {}" if low.kind(target) == kinds.DICTIONARY else "TARGET = []", TARGET=_only_names(target, node))


def _update(low: Lowering, node: ast.Expr, target: ast.expr, value: ast.Call) -> None:
    given = value.args[0] if value.args else None
    if not isinstance(given, ast.Dict) or None in given.keys:
        raise DialectError(node.lineno, "update() takes a dictionary that is written out: d.update({'key': value})")
    for key, item in zip(given.keys, given.values):
        low.run("TARGET[KEY] = ITEM", TARGET=_only_names(target, node), KEY=key, ITEM=item)  # type: ignore[arg-type]


def _shrink(low: Lowering, node: ast.Expr, target: ast.expr, value: ast.Call) -> None:
    raise DialectError(node.lineno, f"{shown(value)}: nothing is taken out of a list or a dictionary; append what is to stay to a new list")


def _close(low: Lowering, node: ast.Expr, target: ast.expr, value: ast.Call) -> None:
    """Leave it out: the app closes a file by itself."""


_CHANGES = {"append": _append, "extend": _extend, "insert": _insert, "sort": _sort, "reverse": _reverse, "clear": _clear, "update": _update,
            "pop": _shrink, "remove": _shrink, "close": _close, "add": _shrink, "discard": _shrink}  # fmt: skip


def _only_names(target: ast.expr, node: ast.stmt) -> str:
    if not isinstance(target, ast.Name):
        raise DialectError(node.lineno, f"{shown(target)}: only a name can be changed; give it one on a line before")
    return target.id


@table.call("random.shuffle", example="random.sample(xs, 3)")
def _shuffle(low: Lowering, x: ast.expr) -> ast.expr | None:
    mixed = low.action("filter_files", WFContentItemInputParameter=low.ref(x), WFContentItemSortProperty="Random")
    low.set(x.id, mixed)  # type: ignore[attr-defined]
    return name(x.id)  # type: ignore[attr-defined]


# ---------------------------------------------------------------------------------------------------------------------------------
# assignments


@table.statement(ast.Assign, examples=("d['a'] = n", "n = m = 5", "n, m = m, n"))
def _assign(low: Lowering, node: ast.Assign) -> None:
    if len(node.targets) > 1:
        first = node.targets[-1]
        low.statement(ast.copy_location(ast.Assign([first], node.value), node))
        value = node.value if isinstance(node.value, ast.Constant | ast.List | ast.Dict) else ast.copy_location(_loaded(first), node)
        for target in node.targets[:-1]:
            low.statement(ast.copy_location(ast.Assign([target], value), node))
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
    return name(node.id) if isinstance(node, ast.Name) else ast.Subscript(node.value, node.slice, ast.Load()) if isinstance(
        node, ast.Subscript) else node  # fmt: skip


def _bind(low: Lowering, node: ast.stmt, identifier: str, value: ast.expr) -> None:
    """Lower `x = value`. Values that are made in several steps are made under their name where they do not read it."""
    reads_itself = any(isinstance(inner, ast.Name) and inner.id == identifier for inner in ast.walk(value))
    if isinstance(value, ast.IfExp):
        low.run("if TEST:\n    NAME = BODY\nelse:\n    NAME = OTHER", TEST=value.test, NAME=identifier, BODY=value.body, OTHER=value.orelse)
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
    made = low.value(value)
    if isinstance(made, Symbolic) and not isinstance(made, Shifted):
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
    empty = isinstance(final, ast.List) and not final.elts
    low.kinds[identifier] = "empty" if empty else kind
    low.written.pop(identifier, None)
    if isinstance(final, ast.Dict):
        low.written[identifier] = final
    natural = low.is_python(value, made) or final is not value
    (low.python.add if natural else low.python.discard)(identifier)


def _is_fresh(low: Lowering, last: ast.Assign, made: ast.Name) -> bool:
    """True if the last statement gives a name of its own making to the value that is to have another."""
    target = last.targets[0]
    return isinstance(target, ast.Name) and target.id == made.id and made.id not in low.bound


def _set_item(low: Lowering, target: ast.Subscript, value: ast.expr) -> None:
    """Lower `d[key] = value`: the action gives a new dictionary, which takes the name of the old one."""
    key = low.expr(target.slice) if not isinstance(target.slice, ast.Slice) else target.slice
    of_list = low.kind(key) in kinds.NUMERIC or (isinstance(target.value, ast.Name) and low.kind(target.value) in kinds.LISTS)
    if isinstance(key, ast.Slice) or of_list:
        raise DialectError(target.lineno, f"{shown(target)}: no item of a list can be set; append what is wanted to a new list")
    base = low.ref(target.value)
    item = texts.text(low, value) if not isinstance(value, ast.Dict | ast.List) else low.ref(value)
    changed = low.action("setvalueforkey", WFDictionary=base, WFDictionaryKey=key, WFDictionaryValue=item)
    if isinstance(target.value, ast.Name):
        low.written.pop(target.value.id, None)
        low.set(target.value.id, changed)
        return
    if not isinstance(target.value, ast.Subscript):
        raise DialectError(target.lineno, f"{shown(target)}: only a dictionary that has a name can be changed")
    _set_item(low, target.value, low.hoist(changed))


def _unpack(low: Lowering, node: ast.stmt, targets: list[ast.expr], value: ast.expr) -> None:
    if not all(isinstance(target, ast.Name) for target in targets):
        raise DialectError(node.lineno, "on the left of = stand names; take the parts of a list by x[0] and x[1:]")
    names = [target.id for target in targets]  # type: ignore[attr-defined]
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
    parts = low.ref(value)
    if low.kind(parts) in (kinds.TEXT, kinds.NUMBER, kinds.DICTIONARY):
        raise DialectError(node.lineno, f"{shown(value)} is a {low.kind(parts)}; {len(names)} names need a list of {len(names)} items")
    for index, identifier in enumerate(names):
        if identifier != "_":
            low.run(f"NAME = PARTS[{index}]", NAME=identifier, PARTS=parts)


@table.statement(ast.AnnAssign)
def _annotated(low: Lowering, node: ast.AnnAssign) -> None:
    if node.value is not None:
        low.statement(ast.copy_location(ast.Assign([node.target], node.value), node))


@table.statement(ast.AugAssign, examples=("n += 1", "s += 'a'", "xs += ys"))
def _augmented(low: Lowering, node: ast.AugAssign) -> None:
    target = node.target
    if isinstance(node.op, ast.Add) and isinstance(node.value, ast.List) and isinstance(target, ast.Name):
        items = [_item(low, item) for item in node.value.elts]
        low.out.append(low.rebuilt(node, value=low.rebuilt(node.value, elts=items)))
        _grow(low, target, items)
        return
    if isinstance(node.op, ast.Add) and isinstance(target, ast.Name) and low.kind(target) in {*kinds.LISTS, "empty"}:
        low.emit(ast.AugAssign(target, ast.Add(), ast.List([low.ref(node.value)], ast.Load())))
        return
    value = ast.copy_location(ast.BinOp(ast.copy_location(_loaded(target), node), node.op, node.value), node)
    low.statement(ast.copy_location(ast.Assign([target], value), node))


# ---------------------------------------------------------------------------------------------------------------------------------
# if and match


@table.statement(ast.If, examples=("if len(s) > 3 and (n > 5 or not s): print(s)",))
def _if(low: Lowering, node: ast.If) -> None:
    if isinstance(node.test, ast.Compare) and isinstance(node.test.left, ast.Name) and node.test.left.id == "__name__":
        low.out.extend(low.block(node.body))
        return
    if called(node.test) == "otherwise_if":
        low.out.append(node)
        return
    parts = _nested(node)
    if parts is not None:
        low.statement(parts)
        return
    test = conditions.condition(low, node.test)
    made = low.rebuilt(node, test=test, body=low.block(node.body), orelse=_otherwise(low, node.orelse))
    low.out.append(made)


def _otherwise(low: Lowering, body: list[ast.stmt]) -> list[ast.stmt]:
    """Return an else; a chain of `elif otherwise_if(…)`, branches of one If, stays one."""
    inner = body[0] if len(body) == 1 else None
    if isinstance(inner, ast.If) and called(inner.test) == "otherwise_if":
        made = low.rebuilt(inner, body=low.block(inner.body), orelse=_otherwise(low, inner.orelse))
        return body if made is inner else [made]
    return low.block(body) if body else body


def _nested(node: ast.If) -> ast.If | None:
    """Return `if a and (b or c)` without an else as two Ifs, one in the other; None for another."""
    test = node.test
    if node.orelse or not isinstance(test, ast.BoolOp) or not isinstance(test.op, ast.And):
        return None
    mixed = [value for value in test.values if isinstance(value, ast.BoolOp) and isinstance(value.op, ast.Or)]
    if not mixed:
        return None
    plain = [value for value in test.values if value not in mixed]
    tests = ([plain[0] if len(plain) == 1 else ast.copy_location(ast.BoolOp(ast.And(), plain), test)] if plain else []) + mixed
    body = node.body
    for inner in reversed(tests):
        body = [ast.copy_location(ast.If(inner, body, []), node)]
    return body[0]  # type: ignore[return-value]


@table.statement(ast.Match, examples=("match s:\n    case 'a': print(1)",))
def _match(low: Lowering, node: ast.Match) -> None:
    subject = node.subject
    asks = isinstance(subject, ast.Call) and called(subject) == "input" and (subject.keywords or not subject.args)
    if called(subject) == "menu" or asks:  # the authors' published code writes a menu as match input(prompt=…)
        prompts = [] if asks else [low.expr(prompt) for prompt in subject.args]  # type: ignore[attr-defined]
        if any(one is not other for one, other in zip(prompts, subject.args)):  # type: ignore[attr-defined]
            subject = low.rebuilt(subject, args=prompts)
        cases = [low.rebuilt(case, body=low.block(case.body)) for case in node.cases]
        if asks:
            prompt = [keyword.value for keyword in subject.keywords]  # type: ignore[attr-defined]
            subject = low.located(call("menu", *map(low.expr, prompt)), node)
        low.out.append(low.rebuilt(node, subject=subject, cases=cases))
        return
    low.statement(_as_ifs(low.ref(subject), node.cases, node))


def _as_ifs(subject: ast.expr, cases: list[ast.match_case], node: ast.Match) -> ast.stmt:
    """Return a match of values as if, elif and else."""
    case, *rest = cases
    patterns = case.pattern.patterns if isinstance(case.pattern, ast.MatchOr) else [case.pattern]
    if isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None and case.pattern.name is None and case.guard is None:
        return ast.fix_missing_locations(ast.copy_location(ast.If(const(True), case.body, []), node))
    if case.guard is not None or not all(isinstance(pattern, ast.MatchValue | ast.MatchSingleton) for pattern in patterns):
        raise DialectError(case.pattern.lineno, "a case is a text or a number, or _ for all others; test anything else by if and elif")
    values = [const(pattern.value) if isinstance(pattern, ast.MatchSingleton) else pattern.value for pattern in patterns]  # type: ignore[attr-defined]
    test = ast.Compare(subject, [ast.In()], [ast.List(values, ast.Load())])
    other: list[ast.stmt] = []
    if rest:
        inner = _as_ifs(subject, rest, node)
        is_last = isinstance(inner, ast.If) and isinstance(inner.test, ast.Constant)
        other = inner.body if is_last else [inner]  # type: ignore[attr-defined]
    return ast.fix_missing_locations(ast.copy_location(ast.If(test, case.body, other), case.pattern))


# ---------------------------------------------------------------------------------------------------------------------------------
# loops


@table.statement(ast.For, examples=("for i in range(3): print(i)", "for i, x in enumerate(xs): print(i, x)",
                                    "for k, v in d.items(): print(k, v)", "for x, y in zip(xs, ys): print(x, y)"))  # fmt: skip
def _for(low: Lowering, node: ast.For) -> None:
    if node.orelse:
        raise DialectError(node.lineno, "a for has no else; put those steps after the loop")
    node = low.rebuilt(node, body=_without_break(low, without_continue(node.body)))
    source = node.iter
    function = called(source)
    if isinstance(source, ast.Call) and isinstance(source.func, ast.Attribute) and source.func.attr == "items":
        _over_items(low, node, source.func.value)
    elif isinstance(source, ast.Call) and low.path(source.func) == "zip":
        _over_two(low, node, source)
    elif isinstance(source, ast.Call) and function in ("range", "repeat_count"):
        _counted(low, node, source)
    elif isinstance(source, ast.Call) and function == "enumerate":
        _enumerated(low, node, source)
    elif isinstance(source, ast.Call) and function == "reversed" and called(source.args[0]) == "range":
        low.statement(low.rebuilt(node, iter=_turned(source.args[0])))
    else:
        _each(low, node, source)


def without_continue(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return the body of a loop with what follows `if x: continue` in the else of that if."""
    for index, statement in enumerate(body):
        if isinstance(statement, ast.If) and isinstance(statement.body[-1], ast.Continue) and not statement.orelse:
            rest = without_continue(body[index + 1 :])
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
    body = _body(low, node, kinds.ITEMS.get(low.kind(value) or ""))
    low.out.append(low.rebuilt(node, iter=value, body=body))


def _reads_by_key(body: list[ast.stmt], value: ast.expr, target: str) -> bool:
    """True if a loop over x with the variable k reads `x[k]`: k is a key then."""
    return any(isinstance(inner, ast.Subscript) and isinstance(inner.slice, ast.Name) and inner.slice.id == target
               and ast.dump(inner.value) == ast.dump(value) for statement in body for inner in ast.walk(statement))  # fmt: skip


def _over_rows(low: Lowering, node: ast.For, value: ast.expr) -> None:
    raise DialectError(node.lineno, "a loop has one name; the items are dictionaries: for row in rows: row['name']")


def _body(low: Lowering, node: ast.For, kind: str | None, first: list[ast.stmt] | None = None) -> list[ast.stmt]:
    targets = [target.id for target in ast.walk(node.target) if isinstance(target, ast.Name)]
    for target in targets:
        low.symbols.pop(target, None)
        low.kinds[target] = None
        low.python.discard(target)
    if targets and kind is not None:
        low.kinds[targets[-1]] = kind
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
    first, *others = [low.ref(argument) for argument in source.args]
    index = low.fresh("Repeat Index")
    taken = [statement for target, other in zip(targets[1:], others) for statement in low.parsed("ITEM = AT", ITEM=target, AT=low.action(
        "getitemfromlist", WFInput=other, WFItemSpecifier="Item At Index", WFItemIndex=name(index)))]  # fmt: skip
    head = call("enumerate", first, start=const(1))
    low.kinds[targets[0]] = kinds.ITEMS.get(low.kind(first) or "")
    target = ast.Tuple([name(index, store=True), name(targets[0], store=True)], ast.Store())
    made = ast.copy_location(ast.For(target, head, low.block(node.body, taken), []), node)
    low.emit(made)


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
    targets = _names(node.target)
    if "items" not in given or start is None or len(targets) != 2:
        raise DialectError(node.lineno, "enumerate() has two names: for i, x in enumerate(xs):")
    index, item = targets
    of = given["items"] if called(given["items"]) in ("repeat_each", "previous_output") else low.ref(given["items"])
    kind = kinds.ITEMS.get(low.kind(of) or "")
    if start == 1:
        head = low.rebuilt(source, args=[of]) if len(source.args) == 1 and of is given["items"] else call("enumerate", of, start=const(1))
        low.out.append(low.rebuilt(node, iter=low.located(head, source), body=_body(low, node, kind)))
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
        parts = low.hoist(low.action("math", WFInput=size, WFMathOperation="÷", WFMathOperand=abs(step)))
        size = low.hoist(low.action("round", WFInput=parts, WFRoundMode="Always Round Up"))
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
               and child.func.attr in _CHANGES and isinstance(child.func.value, ast.Name)}  # fmt: skip
    read = {child.id for child in ast.walk(limit) if isinstance(child, ast.Name)}
    leaves = any(isinstance(child, ast.Break | ast.Continue) for child in inner)
    return counter not in stored and not read & {*stored, counter} and not leaves and low.kinds.get(counter) in kinds.NUMERIC
