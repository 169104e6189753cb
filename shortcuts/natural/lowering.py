"""The state of one program while natural Python becomes forms of the dialect: names, kinds, and the statements made so far.

An action inside an expression gets a name on a line before: `print(len(xs))` is `Count = …count(Input=xs)` and `…showresult(Text=Count)`.
Actions are made in the order in which Python would evaluate them. A node that needs nothing is returned as it is.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from shortcuts.catalog import Catalog
from shortcuts.forms import api_names, constants, identifiers, signatures, values
from shortcuts.forms.references import NO_NAMES
from shortcuts.natural import kinds, order, table
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import assign, call, called, const, constant, name, signed

Node = TypeVar("Node", bound=ast.AST)
_REFERENCE_CALLS = {*constants.GLOBALS, *constants.COERCIONS, "as_type", "variable", "later", "missing"}
_REFERENCE_METHODS = frozenset({"property", "formatted", "in_unit"})
# Actions whose output may be anything that a value holds.
_PARTS_OF_VALUES = frozenset(f"is_workflow_actions_{action}" for action in """
    getvalueforkey getitemfromlist detect_dictionary getvariable getclipboard downloadurl runworkflow
""".split())
_STATE = ("taken", "values", "kinds", "python", "symbols", "inlined", "identities")
_LITERAL_NAMES = {ast.Dict: "Dictionary", ast.List: "List", ast.Tuple: "List", ast.Set: "List", ast.JoinedStr: "Text", ast.BinOp: "Text"}


class Symbolic(ast.expr):
    """A value that only the compiler knows, such as a timedelta: no action makes it, and the forms that take it know what it is."""

    noun = "a value"
    advice = "it cannot stand here"

    def __init__(self, *made_of: ast.expr) -> None:
        super().__init__()
        self.made_of = [copy.deepcopy(node) for node in made_of]

    def shown(self, low: Lowering, line: int) -> ast.expr:
        """Return the expression of the value where an ordinary one is needed. Raises DialectError if there is none."""
        raise DialectError(line, self.advice)

    def names(self, changing: set[str]) -> list[ast.Name]:
        """Return those of the names in the value, as nodes of its own, that the program sets more than once."""
        return [inner for node in self.made_of for inner in ast.walk(node) if isinstance(inner, ast.Name) and inner.id in changing]


class Shifted(Symbolic):
    """The index of a loop that Python counts from another number than 1: `i` is Repeat Index plus `shift`.

    `xs[i]` and `i + 1` need no action then; for any other use `i` is calculated first in the loop.
    """

    def __init__(self, identifier: str, index: str, shift: int) -> None:
        super().__init__()
        self.identifier, self.index, self.shift = identifier, index, shift
        self.needed = False

    def shown(self, low: Lowering, line: int) -> ast.expr:
        """Return the name, which the loop then calculates."""
        self.needed = True
        return ast.Name(self.identifier, ast.Load())

    def plus(self, number: int) -> ast.expr | None:
        """Return the index plus a number where that is Repeat Index itself."""
        return ast.Name(self.index, ast.Load()) if self.shift + number == 0 else None


def either(one: dict[str, frozenset[object]], other: dict[str, frozenset[object]]) -> dict[str, frozenset[object]]:
    """Return what names may mean behind two ways."""
    return {identifier: one.get(identifier, frozenset()) | other.get(identifier, frozenset()) for identifier in {**one, **other}}


def is_written(node: ast.expr) -> bool:
    """True for a value that is written out, but for an empty list: the dialect makes such values by actions."""
    is_list = isinstance(node, ast.List) and bool(node.elts)
    return is_list or isinstance(node, ast.Dict) or constant(node, (str, int, float, bool)) is not None


class Lowering:
    """Lowers one program. `out` is the list of statements that the current block consists of so far."""

    def __init__(self, module: ast.Module, catalog: Catalog) -> None:
        self.module, self.catalog = module, catalog
        self.out: list[ast.stmt] = []
        self.trial = False  # whether what is lowered now will be forgotten
        self.line = 1  # of the statement that is being lowered
        nodes = list(ast.walk(module))
        self.taken = {node.id for node in nodes if isinstance(node, ast.Name)}
        self.bound = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        stores = Counter(node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
        self.bindings = _bindings(nodes)
        # names that a line may change while it is worked out
        self.changed_within = {node.target.id for node in nodes if isinstance(node, ast.NamedExpr)}
        self.changing = {identifier for identifier, count in stores.items() if count > 1}
        inside = (inner for node in nodes if isinstance(node, ast.If | ast.For | ast.While | ast.Match) for inner in ast.walk(node))
        self.set_in_blocks = {inner.id for inner in inside if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)}
        self.values = set(self.bound)  # names of values: those that the program binds, and those made here
        self.functions = {node.name: node for node in nodes if isinstance(node, ast.FunctionDef)}
        self.changed_within |= {word for function in self.functions.values() for word in order.changed_by(self, function)}
        self.imports: dict[str, str] = {}  # name -> what it stands for: "dt" -> "datetime.datetime"
        self.kinds: dict[str, str | None] = {}
        self.python: set[str] = set()  # names whose values natural Python made: what they mean in a test is Python's
        self.identities: dict[str, frozenset[object]] = {}  # names of lists and dictionaries -> which ones Python may mean by them
        self.left = self.identities  # those at the end of the last block
        self.symbols: dict[str, Symbolic] = {}
        self.looping: list[set[str]] = []  # the names of each loop around what is lowered
        self.written: dict[str, ast.Dict] = {}  # names of dictionaries that are written out and have not changed since
        self.inside: set[str] = set()  # functions whose steps are being lowered
        self.inlined: set[str] = set()  # names that belong to functions lowered so far
        self.dictionary_keys: dict[str, ast.expr] = {}  # loop variable over a dictionary's keys -> the dictionary

    # -- statements -----------------------------------------------------------------------------------------------------------

    def block(self, body: list[ast.stmt], first: Iterable[ast.stmt] = ()) -> list[ast.stmt]:
        """Return the statements of a block, the same list if none of them changes. Kinds that differ at its end are forgotten."""
        outer, self.out, before, meant = self.out, [], dict(self.kinds), self.identities
        self.identities = dict(meant)
        for node in first:
            self.statement(node)
        for node in body:
            self.statement(node)
        done, self.out = self.out, outer
        for identifier, kind in before.items():
            if self.kinds.get(identifier) != kind and kind != kinds.EMPTY:  # a list that grows in the block
                self.kinds[identifier] = None
        self.left, self.identities = self.identities, either(meant, self.identities)
        same = len(done) == len(body) and all(one is other for one, other in zip(done, body))
        return body if same else done or [ast.copy_location(ast.Pass(), body[0])]

    def statement(self, node: ast.stmt) -> None:
        """Lower a statement into `out`. One with an error stays there with its `refusal`, which the compiler raises in its place."""
        start, outer, self.line = len(self.out), self.line, node.lineno
        try:
            if self.changed_within:
                order.refuse_late_reads(self, node)
            lower = table.STATEMENTS.get(type(node))
            if lower is None:
                self.out.append(node)
            else:
                lower(self, node)
        except DialectError as error:
            del self.out[start:]
            self.out.append(self._refused(node, error))
        for made in self.out[start:]:
            if made is not node:
                ast.fix_missing_locations(made)
        self.line = outer

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Forget at its end what was lowered inside."""
        start, kept = len(self.out), {field: copy.copy(getattr(self, field)) for field in _STATE}
        self.trial = True
        try:
            yield
        finally:
            self.trial = False
        del self.out[start:]
        for field, value in kept.items():
            setattr(self, field, value)

    def _refused(self, node: ast.stmt, error: DialectError) -> ast.stmt:
        blocks = {field: body for field in ("body", "orelse", "finalbody") if (body := getattr(node, field, None))}
        changed = {field: self.block(body) for field, body in blocks.items() if isinstance(body, list)}
        refused = self.rebuilt(node, **changed)
        refused = ast.copy_location(type(node)(**{field: getattr(refused, field, None) for field in node._fields}), node)
        refused.refusal = error  # type: ignore[attr-defined]
        return refused

    def emit(self, node: ast.stmt) -> None:
        """Append a new statement of the dialect, placed at the line that it comes from."""
        node.lineno = node.end_lineno = self.line
        node.col_offset = node.end_col_offset = 0
        self.out.append(ast.fix_missing_locations(node))

    def set(self, identifier: str, value: ast.expr) -> None:
        """Append an assignment and remember what kind of value the name has."""
        self.symbols.pop(identifier, None)
        self.kinds[identifier] = self.kind(value)
        self.python.add(identifier)
        self.emit(assign(name(identifier, store=True), value))

    def parsed(self, source: str, **nodes: ast.expr | str) -> list[ast.stmt]:
        """Return natural statements that a form is short for; names in capitals stand for the nodes given, or for other names."""
        body = ast.parse(source).body
        for inner in (inner for node in body for inner in ast.walk(node) if isinstance(inner, ast.stmt | ast.expr)):
            inner.lineno = inner.end_lineno = self.line
        return [_Filled(nodes).visit(node) for node in body]

    def run(self, source: str, **nodes: ast.expr | str) -> None:
        """Lower natural statements that a form is short for; see `parsed`."""
        for node in self.parsed(source, **nodes):
            self.statement(node)

    # -- names ----------------------------------------------------------------------------------------------------------------

    def fresh(self, label: str) -> str:
        """Return a new identifier for a label; the app's own name for an output keeps the program's text as the app would write it."""
        stem = identifiers.identifier(label)
        identifier, number = stem, 1
        while identifier in self.taken:
            number += 1
            identifier = f"{stem}_{number}"
        self.taken.add(identifier)
        self.values.add(identifier)
        return identifier

    def hoist(self, value: ast.expr) -> ast.expr:
        """Give an action's output, or a literal, a name on a line before; return the name."""
        if isinstance(value, ast.Call) and called(value):
            label = api_names.default_output(api_names.action_id(called(value) or "", self.catalog), self.catalog) or "Result"
        else:
            label = _LITERAL_NAMES.get(type(value), "Text" if constant(value) is not None else "Number")
        identifier = self.fresh(label)
        self.set(identifier, value)
        return name(identifier)

    def typed(self, value: ast.expr, kind: str) -> ast.expr:
        """Return the name of an action's output, whose kind the action alone does not tell."""
        made = self.hoist(value)
        self.kinds[made.id] = kind  # type: ignore[attr-defined]
        return made

    def path(self, node: ast.expr) -> str | None:
        """Return the dotted name of a function or constant of Python, None for a value of the program."""
        if isinstance(node, ast.Name):
            if node.id in self.imports:
                return self.imports[node.id]
            return None if node.id in self.values else node.id
        if isinstance(node, ast.Attribute):
            base = self.path(node.value)
            return None if base is None else f"{base}.{node.attr}"
        return None

    # -- expressions ----------------------------------------------------------------------------------------------------------

    def value(self, node: ast.expr) -> ast.expr:
        """Return the expression of the dialect for one of natural Python: an action's call, a variable, a literal, or a Symbolic."""
        if not hasattr(node, "lineno"):
            node.lineno, node.col_offset = self.line, 0
            ast.fix_missing_locations(node)
        lower = table.EXPRESSIONS.get(type(node))
        return node if lower is None else self.located(lower(self, node), node)

    def expr(self, node: ast.expr) -> ast.expr:
        """Return the expression as a value: an action's output gets a name."""
        return self.expr_of(self.value(node), node)

    def expr_of(self, value: ast.expr, node: ast.expr) -> ast.expr:
        """Return a lowered value of which an action's output has a name."""
        if isinstance(value, Symbolic):
            value = value.shown(self, node.lineno)
        return self.located(self.hoist(value), node) if api_names.is_action_call(value) else value

    def ref(self, node: ast.expr) -> ast.expr:
        """Return the expression as a variable or a part of one: a literal gets a name, too."""
        return self.ref_of(self.expr(node), node)

    def made(self, value: ast.expr) -> ast.expr:
        """Return what a name is bound to: a True as a 1, a date as the action that gives it."""
        if isinstance(value, ast.Constant) and isinstance(value.value, bool):
            return const(int(value.value))
        if isinstance(value, ast.Tuple | ast.Set):
            return ast.List(value.elts, ast.Load())
        if called(value) == "datetime":
            date = values.FORMS["datetime"].read(value, signatures.bind(value), NO_NAMES)  # type: ignore[arg-type]
            time = f"{date:%H:%M:%S}".removesuffix(":00") if date.hour or date.minute or date.second else ""
            text = f"{date.year:04}-{date:%m-%d} {time}".rstrip()
            made = self.action("date", WFDateActionMode="Specified Date", WFDateActionDate=text)
            made.is_day = getattr(value, "is_day", False)  # type: ignore[attr-defined]
            return made
        return value

    def kind(self, value: ast.expr) -> str | None:
        """Return the kind of a lowered expression; see kinds.py."""
        if isinstance(value, ast.Name):
            return self.kinds.get(value.id)
        if isinstance(value, ast.Call):
            if getattr(value, "is_day", False):
                return kinds.DAY
            if isinstance(value.func, ast.Attribute):
                return kinds.TEXT if value.func.attr in ("formatted", "format") else None
            return kinds.of_call(value, self.catalog)
        if isinstance(value, ast.List | ast.Tuple | ast.Set):
            return kinds.of_list([self.kind(item) for item in value.elts])
        if constant(value, (int, float)) is not None:
            return kinds.NUMBER
        if isinstance(value, ast.Constant) and isinstance(value.value, bool):
            return kinds.FLAG
        if constant(value) is not None or isinstance(value, ast.JoinedStr | ast.BinOp):
            return kinds.TEXT
        return kinds.DICTIONARY if isinstance(value, ast.Dict) else None

    def is_python(self, node: ast.expr, value: ast.expr) -> bool:
        """True if natural Python made a value, or it is written out, which the dialect does in actions alone."""
        if isinstance(value, ast.Name):
            return value.id in self.python
        return value is not node or is_written(value)

    def is_output(self, value: ast.expr) -> bool:
        """True for the output of an action, which are items, unless it takes a part of a value that is not known."""
        made = self.bindings.get(value.id, []) if isinstance(value, ast.Name) else [value]
        return bool(made) and all(one is not None and api_names.is_action_call(one) and called(one) not in _PARTS_OF_VALUES for one in made)

    def number(self, node: ast.expr) -> ast.expr:
        """Return an operand of a calculation: a number, or a variable that is not known to be anything else."""
        return self.number_of(self.expr(node), node)

    def number_of(self, value: ast.expr, node: ast.expr) -> ast.expr:
        """Return a lowered value as an operand. Raises DialectError for one that is known to be something else."""
        kind = self.kind(value)
        if kind is not None and kind not in kinds.NUMERIC:
            advice = "int(x) or float(x) makes a number of it" if kind == kinds.TEXT else "take the number out of it on a line before"
            raise DialectError(node.lineno, f"{shown(node)} is a {kind}, and no number; {advice}")
        return value if constant(value, (int, float)) is not None else self.ref_of(value, node)

    def ref_of(self, value: ast.expr, node: ast.expr) -> ast.expr:
        """Return a lowered value as a variable; values of the dialect, but for dates, stand where a variable does."""
        if is_reference(value) or (called(value) in constants.HELPERS and called(value) != "datetime"):
            return value
        return self.located(self.hoist(self.made(value)), node)

    def action(self, action: str, **parameters: ast.expr | str | int | float | bool | None) -> ast.Call:
        """Return the call of one of the app's own actions. Parameters that are None are left out."""
        given = {key: value if isinstance(value, ast.AST) else signed(value) for key, value in parameters.items() if value is not None}
        return call(f"is_workflow_actions_{action}", **given)

    @staticmethod
    def located(value: ast.expr, node: ast.AST) -> ast.expr:
        """Return a new expression with the place of the one that it stands for."""
        return value if hasattr(value, "lineno") else ast.fix_missing_locations(ast.copy_location(value, node))

    @staticmethod
    def rebuilt(node: Node, **fields: Any) -> Node:
        """Return a node with other fields; the node itself if they are the ones it has."""
        if all(_same(getattr(node, field), value) for field, value in fields.items()):
            return node
        return ast.copy_location(type(node)(**{**{field: getattr(node, field) for field in node._fields}, **fields}), node)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(left is right for left, right in zip(one, other))
    return one is other


def renamed(node: Node, names: dict[str, str]) -> Node:
    """Return a copy of a node in which names have others."""
    return _Filled(names).visit(copy.deepcopy(node)) if names else node


class _Filled(ast.NodeTransformer):
    """Puts nodes, or other names, in the place of names."""

    def __init__(self, nodes: Mapping[str, ast.expr | str]) -> None:
        self.nodes = nodes

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        own = {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
        used = {inner.id for inner in ast.walk(node.body) if isinstance(inner, ast.Name)} - own
        others = {identifier: given for identifier, given in self.nodes.items() if identifier in used}
        if taken := own & {given if isinstance(given, str) else getattr(given, "id", None) for given in others.values()}:
            raise DialectError(node.lineno, f"{taken.pop()} is a name of the program, too; give the lambda another name")
        node.body = _Filled(others).visit(node.body)
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        given = self.nodes.get(node.id)
        if given is None:
            return node
        return ast.copy_location(ast.Name(given, node.ctx), node) if isinstance(given, str) else Lowering.located(given, node)


def is_reference(node: ast.expr) -> bool:
    """True for a variable or a part of one, as a condition tests it and a text shows it."""
    if isinstance(node, ast.Name):
        return True
    if isinstance(node, ast.Call):
        method = node.func.attr if isinstance(node.func, ast.Attribute) else None
        return called(node) in _REFERENCE_CALLS or (method in _REFERENCE_METHODS and is_reference(node.func.value))  # type: ignore[union-attr]
    return isinstance(node, ast.Attribute) or (isinstance(node, ast.Subscript) and constant(node.slice) is not None)


def _bindings(nodes: list[ast.AST]) -> dict[str, list[ast.expr | None]]:
    """Return what each name is bound to, in the order of the program; None for what is no expression, such as the variable of a loop."""
    found: dict[str, list[ast.expr | None]] = {}
    known: set[int] = set()
    functions = {node.name: node for node in nodes if isinstance(node, ast.FunctionDef)}
    for node in nodes:
        for target, value in _pairs(node, functions):
            known.add(id(target))
            found.setdefault(target.arg if isinstance(target, ast.arg) else target.id, []).append(value)
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr | ast.AugAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    known.add(id(target))
                    value = ast.BinOp(name(target.id), node.op, node.value) if isinstance(node, ast.AugAssign) else node.value
                    found.setdefault(target.id, []).append(value)
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in known:
            found.setdefault(node.id, []).append(None)
        elif isinstance(node, ast.arg) and id(node) not in known:
            found.setdefault(node.arg, []).append(None)
    return found


def _pairs(node: ast.AST, functions: Mapping[str, ast.FunctionDef]) -> Iterator[tuple[Any, ast.expr]]:
    """Yield the names that a node binds to several expressions: by a tuple, a loop over a list that is written out, a call."""
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple | ast.List):
        for target in (one for one in node.targets if isinstance(one, ast.Tuple) and len(one.elts) == len(node.value.elts)):  # type: ignore[attr-defined]
            yield from ((name_, value) for name_, value in zip(target.elts, node.value.elts) if isinstance(name_, ast.Name))  # type: ignore[attr-defined]
    elif isinstance(node, ast.For) and isinstance(node.iter, ast.Tuple | ast.List) and isinstance(node.target, ast.Name):
        yield from ((node.target, value) for value in node.iter.elts)
    elif isinstance(node, ast.Call) and (function := functions.get(called(node) or "")) is not None:
        arguments = [*function.args.posonlyargs, *function.args.args]
        yield from zip(arguments, node.args)
        yield from ((argument, keyword.value) for keyword in node.keywords for argument in (*arguments, *function.args.kwonlyargs)
                    if argument.arg == keyword.arg)  # fmt: skip
    elif isinstance(node, ast.FunctionDef):
        yield from zip(reversed([*node.args.posonlyargs, *node.args.args]), reversed(node.args.defaults))


def integer(node: ast.expr | None) -> int | None:
    """Return the value of a whole number's literal, else None."""
    return constant(node, int)


def shown(node: ast.AST) -> str:
    """Return the source of a node, cut to a length that fits a message."""
    source = ast.unparse(node)
    return source if len(source) <= 60 else source[:57] + "..."

