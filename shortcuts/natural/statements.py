"""Statements that are neither assignments nor loops: lines of their own, ifs, and what Python has around a program."""

from __future__ import annotations

import ast

from shortcuts.forms.api_names import is_action_call
from shortcuts.natural import assignments, conditions, devices, functions, table, texts
from shortcuts.natural.lowering import Lowering, either
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import call, called, const, is_none, name

MODULES = frozenset("""
    base64 clipboard collections copy datetime dateutil decimal enum glob hashlib itertools json math os pathlib pyperclip random re
    requests secrets statistics string sys textwrap time typing urllib webbrowser __future__
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
    ast.Try: "there is no try; a step that fails ends the shortcut. test a value before it is used, if x: int(x) and float(x) of a text "
             "without a number are nothing",
    ast.Raise: "there are no exceptions; show is_workflow_actions_alert(WFAlertActionMessage='…'), and end by exit()",
    ast.Break: "break stands in a for, under an if: for _ in range(100): … if x: break; the whole shortcut ends by exit()",
    ast.Continue: "continue stands last under an if of a for; put the rest of the loop under an if",
    ast.Delete: "nothing is deleted; a name can be set to another value",
    ast.Assert: "there is no assert; write if not x: exit()",
    ast.Nonlocal: "there is no nonlocal: a function within another shares no names with it; give it the value, and return the new one",
    ast.AsyncFunctionDef: "every action waits for the one before; leave async out",
}


@table.statement(*_ADVICE)
def _refused(low: Lowering, node: ast.stmt) -> None:
    raise DialectError(node.lineno, _ADVICE[type(node)])


# ---------------------------------------------------------------------------------------------------------------------------------
# imports, functions, the end


@table.statement(ast.Import, ast.ImportFrom)
def _import(low: Lowering, node: ast.Import | ast.ImportFrom) -> None:
    for package in (module.partition(".")[0] for module in modules(node)):
        if package not in MODULES:
            known = _INSTEAD.get(package)
            instead = f"instead of it there is {known}" if known else "find them by python -m shortcuts search WORDS"
            raise DialectError(node.lineno, f"{package} is not there: a shortcut has the actions of its apps alone; {instead}")
    low.imports.update(imported(node))


def modules(node: ast.Import | ast.ImportFrom) -> list[str]:
    """Return the modules that an import names."""
    return [str(node.module)] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]


def imported(node: ast.Import | ast.ImportFrom) -> dict[str, str]:
    """Return the names that an import gives to other things, and what each stands for: {"dt": "datetime.datetime"}."""
    module = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
    return {alias.asname or alias.name: module + alias.name for alias in node.names if alias.asname or module}


@table.statement(ast.FunctionDef)
def _function(low: Lowering, node: ast.FunctionDef) -> None:
    """Leave it out: its steps are lowered where it is called."""
    if low.functions[node.name] is not node:
        low.out.append(refused_whole(node, f"two functions are called {node.name}; each call becomes the steps of one"))
    elif node.decorator_list:
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
    written: list[tuple[devices.File, str]] = []  # files, and the names of their texts
    for item in node.items:
        value = low.value(item.context_expr)
        if not isinstance(value, devices.File) or not isinstance(item.optional_vars, ast.Name):
            raise DialectError(node.lineno, "with stands only before open('name.txt') as f; leave it out")
        low.symbols[item.optional_vars.id] = value
        if devices.writes_several(value, item.optional_vars.id, node.body):
            value.text = text = low.fresh("Text")
            low.run("TEXT = ''", TEXT=text)
            written.append((value, text))
    low.out.extend(low.block(node.body))
    for file, text in written:
        low.emit(ast.Expr(devices.saved(low, file, name(text))))


@table.statement(ast.Global)
def _global(low: Lowering, node: ast.stmt) -> None:
    """Leave it out: every name of a shortcut is known everywhere."""


# ---------------------------------------------------------------------------------------------------------------------------------
# lines of their own


@table.statement(ast.Expr)
def _line(low: Lowering, node: ast.Expr) -> None:
    value = node.value
    if isinstance(value, ast.Call) and called(value) in low.functions:
        functions.inlined(low, value, low.functions[called(value) or ""])
        return
    if isinstance(value, ast.Constant | ast.JoinedStr) or called(value) in ("workflow", "marker", "menu"):
        low.out.append(node)
        return
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in assignments.CHANGES:
        assignments.CHANGES[value.func.attr](low, node, value.func.value, value)
        return
    made = low.value(value)
    if made is value:
        low.out.append(node)
    elif is_action_call(made):
        low.emit(ast.Expr(made))


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
    parts = _nested(node) or _nested_where_loud(low, node)
    if parts is not None:
        low.statement(parts)
        return
    test = conditions.condition(low, node.test)
    before, body = low.identities, low.block(node.body)
    behind_body, low.identities = low.left, before
    orelse = _otherwise(low, node.orelse)
    low.identities = either(behind_body, low.left if node.orelse else before)
    low.out.append(low.rebuilt(node, test=test, body=body, orelse=orelse))


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


def _nested_where_loud(low: Lowering, node: ast.If) -> ast.If | None:
    """Return `if a and f(x)` without an else as two Ifs, where the second test may only be worked out after the first; None for another."""
    test = node.test
    if node.orelse or not isinstance(test, ast.BoolOp) or not isinstance(test.op, ast.And):
        return None
    place = conditions.first_loud(low, test)
    if place is None:
        return None
    halves = [values[0] if len(values) == 1 else ast.copy_location(ast.BoolOp(ast.And(), values), test)
              for values in (test.values[:place], test.values[place:])]  # fmt: skip
    return ast.copy_location(ast.If(halves[0], [ast.copy_location(ast.If(halves[1], node.body, []), node)], []), node)


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
