"""The tests of an If: any expression of Python becomes conditions of the dialect, which test a variable with one operator.

What a test calls is worked out before the If. Behind `and` and `or` that holds for actions that only calculate; others run where Python
would run them.
"""

from __future__ import annotations

import ast

from shortcuts.forms import constants, signatures
from shortcuts.forms.api_names import is_action_call
from shortcuts.natural import kinds, table, texts
from shortcuts.natural.lowering import Lowering, integer, is_reference, shown
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import called, const, constant, is_none, name

_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.In: ast.NotIn,
    ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
ENDS = ("startswith", "endswith")
_HELPERS = frozenset("when otherwise_if is_within_next is_within_last is_today all_of any_of single legacy leftover".split())
_WINDOWS = frozenset({"is_within_next", "is_within_last", "is_today"})
# Actions that only calculate, which may be worked out though Python would not get to them.
_QUIET = frozenset(f"is_workflow_actions_{action}" for action in """
    math round statistics count number gettext list dictionary text_split text_combine text_replace text_match text_match_getgroup
    text_changecase getitemfromlist getvalueforkey setvalueforkey detect_dictionary detect_text detect_number detect_date adjustdate date
    gettimebetweendates format_number format_date filter_files urlencode base64encode hash number_random
""".split())


def condition(low: Lowering, node: ast.expr) -> ast.expr:
    """Return the condition of the dialect for a test; the same node if it is one."""
    if isinstance(node, ast.BoolOp):
        return _several(low, node)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return _negated(low, node)
    if isinstance(node, ast.Compare):
        return _comparison(low, node)
    if isinstance(node, ast.Call):
        return _call(low, node)
    if isinstance(node, ast.Constant):
        raise DialectError(node.lineno, f"{shown(node)} is always the same; leave the if out")
    value = _rest(low, node) or low.expr(node)
    return truth(low, node, value if is_reference(value) else low.ref_of(value, node))


def truth(low: Lowering, node: ast.expr, value: ast.expr) -> ast.expr:
    """Return the condition that a value is true in Python: a number that is not 0, a flag that is 1, a dictionary with keys, any other
    that has a value."""
    kind = low.kind(value)
    if kind == kinds.DICTIONARY and low.is_python(node, value):
        (count,) = low.parsed("len(VALUE)", VALUE=value)
        return _compare(low.ref(count.value), ast.NotEq(), const(0), node)  # type: ignore[attr-defined]
    if kind == kinds.FLAG:
        return _compare(value, ast.Eq(), const(1), node)
    if kind == kinds.NUMBER and low.is_python(node, value):
        return _compare(value, ast.NotEq(), const(0), node)
    return value


def flag(low: Lowering, node: ast.expr) -> ast.expr:
    """Return the name of a number that is 1 where a test holds, and 0 elsewhere."""
    identifier = low.fresh("Flag")
    set_flag(low, identifier, node)
    return name(identifier)


def set_flag(low: Lowering, identifier: str, node: ast.expr) -> None:
    """Set a name to 1 if a test holds, else to 0."""
    low.run("if TEST:\n    FLAG = True\nelse:\n    FLAG = False", TEST=node, FLAG=identifier)
    low.kinds[identifier] = kinds.FLAG


def _compare(left: ast.expr, operator: ast.cmpop, right: ast.expr, node: ast.AST) -> ast.expr:
    return ast.fix_missing_locations(ast.copy_location(ast.Compare(left, [operator], [right]), node))


# ---------------------------------------------------------------------------------------------------------------------------------
# and, or, not


def _several(low: Lowering, node: ast.BoolOp) -> ast.expr:
    """Return conditions under one operator; one with the other operator in it, or without an opposite, becomes a flag."""
    if first_loud(low, node) is not None:
        return _step_by_step(low, node)
    tests: list[ast.expr] = []
    for value in node.values:
        test = condition(low, value)
        mixed = isinstance(test, ast.BoolOp) and not isinstance(test.op, type(node.op))
        tests.append(truth(low, value, flag(low, value if test is value else test)) if mixed or _stands_alone(test) else test)
    return low.rebuilt(node, values=tests)


def first_loud(low: Lowering, node: ast.BoolOp) -> int | None:
    """Return the place of the first test, after the first, for which a loud action would run; None if all can be worked out before."""
    if low.trial or all(_is_plain(value) for value in node.values):  # one trial sees all that is inside
        return None
    with low.undone():
        for index, value in enumerate(node.values):
            before = len(low.out)
            condition(low, value)
            if index and any(_is_loud(low, inner) or _sets(low, inner) for statement in low.out[before:] for inner in ast.walk(statement)):
                return index
    return None


def _stands_alone(test: ast.expr) -> bool:
    """True for a negation that the app has no operator for: it swaps the branches of an If, which one of several conditions cannot."""
    inner = test.operand if isinstance(test, ast.UnaryOp) else None
    return isinstance(inner, ast.Call) and not is_reference(inner)


def _is_loud(low: Lowering, node: ast.AST) -> bool:
    """True for the call of an action that does more than calculate, or that ends the shortcut where a list has no such item."""
    function = called(node)
    if function is None or not is_action_call(node):  # type: ignore[arg-type]
        return False
    return function not in _QUIET or (function == "is_workflow_actions_getitemfromlist" and len(node.keywords) > 2)  # type: ignore[attr-defined]


def _sets(low: Lowering, node: ast.AST) -> bool:
    """True for a name of the program that is set."""
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in low.bound


def _step_by_step(low: Lowering, node: ast.BoolOp) -> ast.expr:
    """Return a flag for tests of which the later ones are only worked out where Python gets to them."""
    identifier, (first, *rest) = low.fresh("Flag"), node.values
    other = rest[0] if len(rest) == 1 else ast.copy_location(ast.BoolOp(node.op, rest), node)
    low.run("FLAG = False", FLAG=identifier)
    if isinstance(node.op, ast.And):
        low.run("if FIRST:\n    if OTHER:\n        FLAG = True", FLAG=identifier, FIRST=first, OTHER=other)
    else:
        low.run("if FIRST:\n    FLAG = True\nelse:\n    if OTHER:\n        FLAG = True", FLAG=identifier, FIRST=first, OTHER=other)
    low.kinds[identifier] = kinds.FLAG
    return truth(low, node, name(identifier))


def _negated(low: Lowering, node: ast.UnaryOp) -> ast.expr:
    inner = node.operand
    if isinstance(inner, ast.UnaryOp) and isinstance(inner.op, ast.Not):
        return condition(low, inner.operand)
    if isinstance(inner, ast.BoolOp) and not all(_is_plain(value) for value in inner.values):
        other = ast.And() if isinstance(inner.op, ast.Or) else ast.Or()
        negations: list[ast.expr] = [ast.copy_location(ast.UnaryOp(ast.Not(), value), value) for value in inner.values]
        return condition(low, ast.copy_location(ast.BoolOp(other, negations), node))
    test = condition(low, inner)
    if test is inner:
        return node
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return _compare(test.left, _OPPOSITE[type(test.ops[0])](), test.comparators[0], node)
    if isinstance(test, ast.BoolOp):
        return _negated(low, ast.copy_location(ast.UnaryOp(ast.Not(), test), node))
    return ast.fix_missing_locations(ast.copy_location(ast.UnaryOp(ast.Not(), test), node))


def _is_plain(node: ast.expr) -> bool:
    """True if a test is a condition of the dialect without any action."""
    active = (ast.Call, ast.BinOp, ast.BoolOp, ast.IfExp, ast.JoinedStr, ast.Subscript, ast.NamedExpr)
    return not any(isinstance(inner, active) for inner in ast.walk(node))


# ---------------------------------------------------------------------------------------------------------------------------------
# comparisons


def _comparison(low: Lowering, node: ast.Compare) -> ast.expr:
    if len(node.ops) > 1 and {type(operator) for operator in node.ops} not in ({ast.LtE}, {ast.GtE}):
        return _chain(low, node)
    if len(node.ops) > 2:
        return _chain(low, node)
    if len(node.ops) == 2:
        left, middle, right = _operand(low, node.left), _subject(low, node.comparators[0]), _operand(low, node.comparators[1])
        return low.rebuilt(node, left=left, comparators=[middle, right])
    operator, other = node.ops[0], node.comparators[0]
    if isinstance(operator, ast.Is | ast.IsNot):
        return _identity(low, node, operator, other)
    if isinstance(operator, ast.In | ast.NotIn):
        return _membership(low, node, operator, other)
    return _equality(low, node, operator, other)


def _chain(low: Lowering, node: ast.Compare) -> ast.expr:
    """Return `a < b < c` as `a < b and b < c`."""
    sides = [_operand(low, side) for side in (node.left, *node.comparators)]
    tests = [_compare(left, operator, right, node) for left, operator, right in zip(sides, node.ops, sides[1:])]
    return condition(low, ast.copy_location(ast.BoolOp(ast.And(), tests), node))


def _identity(low: Lowering, node: ast.Compare, operator: ast.cmpop, other: ast.expr) -> ast.expr:
    if is_none(other):
        value = low.ref(node.left)
        return value if isinstance(operator, ast.IsNot) else ast.copy_location(ast.UnaryOp(ast.Not(), value), node)
    same = ast.Eq() if isinstance(operator, ast.Is) else ast.NotEq()
    return condition(low, ast.copy_location(ast.Compare(node.left, [same], [other]), node))


def _equality(low: Lowering, node: ast.Compare, operator: ast.cmpop, other: ast.expr) -> ast.expr:
    by_zero = isinstance(operator, ast.Eq | ast.NotEq) and integer(other) == 0
    left, right = (_rest(low, node.left) if by_zero else None) or _operand(low, node.left), _operand(low, other)
    if isinstance(other, ast.List | ast.Dict) and not getattr(other, "elts", getattr(other, "keys", None)):
        value = low.ref_of(left, node.left)
        return value if isinstance(operator, ast.NotEq) else ast.copy_location(ast.UnaryOp(ast.Not(), value), node)
    if any(low.kind(side) == kinds.FLAG and not isinstance(side, ast.Constant) for side in (left, right)):
        left, right = low.made(left), low.made(right)  # True is a 1
    texts_ = [side for side, value in ((node.left, left), (other, right)) if low.kind(value) == kinds.TEXT]
    if isinstance(operator, _ORDER) and texts_ and constant(left, (int, float)) is None and constant(right, (int, float)) is None:
        raise DialectError(node.lineno, f"{shown(texts_[0])} is a text, and the app has no order of texts; compare by ==, or write int(x)")
    if isinstance(left, ast.Constant) and isinstance(right, ast.Constant):
        raise DialectError(node.lineno, f"{shown(node)} is always the same; leave the if out")
    if not is_reference(left) and not is_reference(right) and "previous_output" not in (called(left), called(right)):
        if isinstance(left, ast.Constant):
            right = low.ref_of(right, other)
        else:
            left = low.ref_of(left, node.left)
    return low.rebuilt(node, left=left, comparators=[right], ops=[operator])


def _rest(low: Lowering, node: ast.expr) -> ast.expr | None:
    """Return the app's remainder for one that is tested against 0, where its sign does not matter; None for any other expression."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mod) or constant(node.left) is not None:
        return None
    left, right = low.number(node.left), low.number(node.right)
    if isinstance(left, ast.Constant) and isinstance(right, ast.Constant):
        return None
    rest = low.action("math", WFInput=left, WFMathOperation="…", WFScientificMathOperation="Modulus", WFScientificMathOperand=right)
    return low.expr_of(rest, node)


def _operand(low: Lowering, node: ast.expr) -> ast.expr:
    """Return one side of a comparison: a variable or a literal."""
    if called(node) in {"number", "enumeration", "quantity", "attachment", "datetime", "previous_output"} and isinstance(node, ast.Call):
        return node
    return low.expr(node)


def _subject(low: Lowering, node: ast.expr) -> ast.expr:
    return node if called(node) == "previous_output" else low.ref(node)


def _membership(low: Lowering, node: ast.Compare, operator: ast.cmpop, other: ast.expr) -> ast.expr:
    if isinstance(other, ast.List | ast.Tuple | ast.Set) and other.elts:
        return _one_of(low, node, operator, other)
    if isinstance(other, ast.Call) and isinstance(other.func, ast.Attribute) and other.func.attr == "keys" and not other.args:
        other = other.func.value
    if called(other) == "previous_output":
        return node
    left, right = low.expr(node.left), low.ref(other)
    if low.kind(right) in (kinds.DICTIONARY, kinds.JSON):
        found = low.expr(ast.copy_location(ast.Subscript(right, left, ast.Load()), node))
        return found if isinstance(operator, ast.In) else ast.copy_location(ast.UnaryOp(ast.Not(), found), node)
    kind = low.kind(right)
    if kind in {*kinds.LISTS, kinds.EMPTY}:  # the app would look into the items
        return _among(low, node, left, right)
    return low.rebuilt(node, left=left, comparators=[right])


def _among(low: Lowering, node: ast.Compare, left: ast.expr, right: ast.expr) -> ast.expr:
    """Return the condition that a value is one of a list's items; the app's "contains" would look for it inside of them."""
    identifier = low.fresh("Found")
    each = low.fresh("each")
    steps = "FLAG = False\nfor ITEM in ITEMS:\n    if ITEM == VALUE:\n        FLAG = True"
    low.run(steps, FLAG=identifier, ITEM=each, ITEMS=right, VALUE=left)
    low.kinds[identifier] = kinds.FLAG
    return _compare(name(identifier), ast.Eq() if isinstance(node.ops[0], ast.In) else ast.NotEq(), const(1), node)


def _one_of(low: Lowering, node: ast.Compare, operator: ast.cmpop, other: ast.List | ast.Tuple | ast.Set) -> ast.expr:
    """Return `x in ['a', 'b']` as `x == 'a' or x == 'b'`."""
    value, is_in = low.ref(node.left), isinstance(operator, ast.In)
    tests = [_compare(value, ast.Eq() if is_in else ast.NotEq(), item, item) for item in other.elts]
    if len(tests) == 1:
        return condition(low, tests[0])
    return condition(low, ast.copy_location(ast.BoolOp(ast.Or() if is_in else ast.And(), tests), node))


# ---------------------------------------------------------------------------------------------------------------------------------
# calls


def _call(low: Lowering, node: ast.Call) -> ast.expr:
    function = called(node)
    if function in _WINDOWS:
        return low.rebuilt(node, args=[low.expr(argument) if index else low.ref(argument) for index, argument in enumerate(node.args)])
    if function in _HELPERS or function in constants.GLOBALS:
        return node
    if isinstance(node.func, ast.Attribute) and node.func.attr in ENDS:
        signatures.bind(node, method=True)
        return _ends(low, node, node.func, node.args[0])
    path = low.path(node.func) or ""
    row = table.TESTS.get(path) or (table.TESTS.get(f".{node.func.attr}") if isinstance(node.func, ast.Attribute) else None)
    if row is not None:
        before = [] if row.first == 1 else [node.func.value]  # type: ignore[attr-defined]
        return row.apply(low, node, *before)  # type: ignore[return-value]
    value = low.ref(node)
    return truth(low, node, value)


def _ends(low: Lowering, node: ast.Call, function: ast.Attribute, given: ast.expr) -> ast.expr:
    value = low.ref(function.value)
    if isinstance(given, ast.Tuple):
        tests: list[ast.expr] = [
            ast.copy_location(ast.Call(ast.copy_location(ast.Attribute(value, function.attr, ast.Load()), node), [item], []), node)
            for item in given.elts
        ]
        return condition(low, ast.copy_location(ast.BoolOp(ast.Or(), tests), node))
    return low.rebuilt(node, func=low.rebuilt(function, value=value), args=[low.expr(given)])


@table.test("bool", example="bool(s)")
def _bool(low: Lowering, x: ast.expr) -> ast.expr:
    return condition(low, x)


@table.test("re.search", example="re.search('[0-9]+', s)")
def _search(low: Lowering, pattern: ast.expr, string: ast.expr, flags: ast.expr | None = None) -> ast.expr:
    return low.hoist(texts.matches(low, pattern, string, flags))


def _letters(method: str, pattern: str) -> None:
    @table.test(f".{method}", example=f"s.{method}()")
    def match(low: Lowering, receiver: ast.expr) -> ast.expr:
        return low.hoist(low.action("text_match", WFMatchTextPattern=pattern, text=texts.text(low, receiver)))


_letters("isdigit", r"\A[0-9]+\z")
_letters("isnumeric", r"\A\p{N}+\z")
_letters("isalpha", r"\A\p{L}+\z")
_letters("isalnum", r"\A[\p{L}\p{N}]+\z")
_letters("isspace", r"\A\s+\z")
_letters("isupper", r"\A[^\p{Ll}]*\p{Lu}[^\p{Ll}]*\z")
_letters("islower", r"\A[^\p{Lu}]*\p{Ll}[^\p{Lu}]*\z")


@table.test("isinstance", example="bool(s)")
def _isinstance(low: Lowering, obj: ast.expr, classinfo: ast.expr) -> ast.expr:
    raise DialectError(obj.lineno, "isinstance(): a program knows no types; is_workflow_actions_getitemtype(WFInput=x) names one")


# Tests as values: `found = x > 5`, `name = given or 'you'`.


@table.expression(ast.Compare, examples=("n > 5",))
def _as_value(low: Lowering, node: ast.Compare) -> ast.expr:
    return flag(low, node)


@table.expression(ast.BoolOp, examples=("s or 'nobody'",))
def _either(low: Lowering, node: ast.BoolOp) -> ast.expr:
    if all(isinstance(value, ast.Compare | ast.UnaryOp) for value in node.values):
        return flag(low, node)
    identifier = low.fresh("Value")
    choose(low, identifier, node)
    return name(identifier)


def choose(low: Lowering, identifier: str, node: ast.BoolOp) -> None:
    """Set a name to what `a or b` gives: the first that is true, else the last; of `and` the first that is not."""
    first, *rest = node.values
    other = rest[0] if len(rest) == 1 else ast.copy_location(ast.BoolOp(node.op, rest), node)
    value = low.ref(first)
    negation = "not " if isinstance(node.op, ast.Or) else ""
    low.run(f"NAME = FIRST\nif {negation}FIRST:\n    NAME = OTHER", NAME=identifier, FIRST=value, OTHER=other)


@table.expression(ast.IfExp, examples=("'a' if n > 5 else 'b'",))
def _either_or(low: Lowering, node: ast.IfExp) -> ast.expr:
    identifier = low.fresh("Value")
    low.run("if TEST:\n    NAME = BODY\nelse:\n    NAME = OTHER", TEST=node.test, NAME=identifier, BODY=node.body, OTHER=node.orelse)
    return name(identifier)
