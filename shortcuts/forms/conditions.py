"""The test of an If: parameters of a conditional action as a Python condition, and back.

| WFCondition          | Python                          | WFCondition        | Python                              |
|----------------------|---------------------------------|--------------------|-------------------------------------|
| 0 1 2 3              | x < 5, x <= 5, x > 5, x >= 5    | 100, 101           | x, not x                            |
| 4, 5                 | x == 'a', x != 5                | 1000, 1001         | is_within_next(x, quantity(3, 'days')) |
| 8, 9                 | x.startswith('a'), x.endswith() | 1002               | is_today(x)                         |
| 99, 999              | 'a' in x, 'a' not in x          | 1003               | 1 <= x <= 5                         |

An If has a key of its own for the operand of each type of value. A literal shows its type; a variable is a number or a date where it or the
subject is known to be one (value_types.py), else a text. In other cases the operand names its type: `x == number(y)`, `x == f'{y}'`,
`x == enumeration('Music')`. A missing operand is `x == None`; for a boolean subject it means true and is `x == True`.

Several conditions are joined by `and` or `or`; `all_of`, `any_of` and `single` are tables of other shapes. A test may be wrapped in:

- `legacy(x == 'a')`: compare as apps before iOS 13 did. The app marks the tests it converted this way, and the mark changes a run.
- `leftover(x < 5, text='a')`: operands of other types, which the app keeps when another operator or value is chosen.
- `when(x == 'a', Key=value)`: parameters without a form.

A test without an input has the subject `previous_output()`. Only apps before iOS 13 write such tests, and the header has their version. In
another program it is the output of the action before, compared as those apps did.
"""

from __future__ import annotations

import ast
from typing import Any

from shortcuts.forms import constants, interpolation, references, scalars, signatures, value_types, values
from shortcuts.forms.references import CompileScope, DecompileScope, Token
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import MIRRORED, NEGATIONS, call, called, const, constant, is_none, keywords

Parameters = dict[str, Any]

STRING, NUMBER, ANOTHER_NUMBER, DATE, ANOTHER_DATE = (
    "WFConditionalActionString", "WFNumberValue", "WFAnotherNumber", "WFDate", "WFAnotherDate",
)  # fmt: skip
MEASUREMENT, ANOTHER_MEASUREMENT, DURATION, ENUMERATION = "WFMeasurement", "WFAnotherMeasurement", "WFDuration", "WFEnumeration"
LEGACY = "WFConditionalLegacyComparisonBehavior"
# The operands of a test as `leftover` names them.
LEFTOVERS = {
    "text": STRING, "number": NUMBER, "another_number": ANOTHER_NUMBER, "date": DATE, "another_date": ANOTHER_DATE,
    "measurement": MEASUREMENT, "another_measurement": ANOTHER_MEASUREMENT, "duration": DURATION, "another_duration": "WFAnotherDuration",
    "enumeration": ENUMERATION, "numeric_enumeration": "WFNumericEnumeration", "link_enumeration": "WFLinkEnumeration",
    "bounded_number": "WFBoundedNumber", "quantity": "WFQuantityFieldValue",
}  # fmt: skip
OPERANDS = tuple(LEFTOVERS.values())
SECOND = {NUMBER: ANOTHER_NUMBER, DATE: ANOTHER_DATE, MEASUREMENT: ANOTHER_MEASUREMENT}
UNARY = frozenset({constants.HAS_VALUE, constants.HAS_NO_VALUE, constants.IS_TODAY})
_COMPARISONS: dict[type[ast.cmpop], int] = {
    ast.Lt: constants.LESS, ast.LtE: constants.LESS_EQUAL, ast.Gt: constants.GREATER, ast.GtE: constants.GREATER_EQUAL,
    ast.Eq: constants.EQUAL, ast.NotEq: constants.NOT_EQUAL,
}  # fmt: skip
_COMPARISON_OF_CODE = {code: operator for operator, code in _COMPARISONS.items()}
_MEMBERSHIP = {constants.CONTAINS: ast.In, constants.NOT_CONTAINS: ast.NotIn}
_METHODS = {constants.BEGINS: "startswith", constants.ENDS: "endswith"}
_METHOD_CODES = {method: code for code, method in _METHODS.items()}
_WINDOWS = {constants.WITHIN_NEXT: "is_within_next", constants.WITHIN_LAST: "is_within_last"}
_WINDOW_CODES = {window: code for code, window in _WINDOWS.items()}
_EQUALITY = frozenset({constants.EQUAL, constants.NOT_EQUAL})
_TEXTUAL = frozenset({*_MEMBERSHIP, *_METHODS})
_CODES = {**_COMPARISONS, ast.In: constants.CONTAINS, ast.NotIn: constants.NOT_CONTAINS}
_NEGATED = {_CODES[other]: _CODES[operator] for operator, other in NEGATIONS.items() if operator in _CODES}
_NEGATED[constants.HAS_VALUE] = constants.HAS_NO_VALUE
_NEGATED |= {after: before for before, after in _NEGATED.items()}
_OLD_NAMES = {code: name for name, code in constants.OLD_CONDITIONS.items()}
# Helpers that name the parameter of an operand.
_EXPLICIT = {"number": NUMBER, "enumeration": ENUMERATION}
_KEY_OF_KIND = {value_types.TEXT: STRING, value_types.NUMBER: NUMBER, value_types.DATE: DATE, value_types.ENUMERATION: ENUMERATION}
_SHAPES = {"datetime": DATE, "quantity": MEASUREMENT}
# Tables of conditions: their prefix, and WFContentPredicateBoundedDate where `bounded` is not given (None: it is missing). Apps write the
# first two with False; only compilers write -1, and leave it out.
_TABLES = {"all_of": (1, False), "any_of": (0, False), "single": (-1, None)}
_TABLE_OF_PREFIX = {prefix: helper for helper, (prefix, _) in _TABLES.items()}
_WRAPPERS = frozenset({"legacy", "leftover", "when"})


def operator_code(parameters: Parameters) -> int | None:
    """Return the operator as a number, or None for an unknown one. Before iOS 13 it had a name; a missing one meant "Contains"."""
    condition = parameters.get("WFCondition", "Contains" if "WFInput" not in parameters else None)
    return constants.OLD_CONDITIONS.get(condition) if isinstance(condition, str) else condition if type(condition) is int else None


# ---------------------------------------------------------------------------------------------------------------------------------
# to Python


def to_expr(parameters: Parameters, scope: DecompileScope) -> ast.expr:
    """Return the test of a conditional action's parameters (without the keys of its marker)."""
    written = _several_expr(parameters, scope) if "WFConditions" in parameters else _single_expr(parameters, scope)
    if written is None:
        return call("when", **{key: values.literal_expr(value, scope) for key, value in sorted(parameters.items())})
    test, used = written
    rest = parameters.keys() - used
    if LEGACY in rest and parameters[LEGACY] is True:
        rest.remove(LEGACY)
        test = call("legacy", test)
    left = {word: values.to_expr(parameters[key], scope) for word, key in LEFTOVERS.items() if key in rest}
    other = {key: values.to_expr(parameters[key], scope) for key in sorted(rest.difference(OPERANDS))}
    test = call("leftover", test, **left) if left else test
    return call("when", test, **other) if other else test


def _several_expr(parameters: Parameters, scope: DecompileScope) -> tuple[ast.expr, set[str]] | None:
    table = values.unwrap(parameters["WFConditions"], "WFContentPredicateTableTemplate")
    if not isinstance(table, dict) or table.keys() - {values.FILTER_BOUNDED} != {values.FILTER_PREFIX, values.FILTER_ROWS}:
        return None
    rows, prefix, bounded = table[values.FILTER_ROWS], table[values.FILTER_PREFIX], table.get(values.FILTER_BOUNDED)
    if type(prefix) is not int or prefix not in _TABLE_OF_PREFIX or not isinstance(table.get(values.FILTER_BOUNDED, False), bool):
        return None
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) and "WFConditions" not in row for row in rows):
        return None
    tests = [to_expr(row, scope) for row in rows]
    helper = _TABLE_OF_PREFIX[prefix]
    usual = bounded is _TABLES[helper][1]
    if usual and len(tests) > 1 and helper != "single":
        return ast.BoolOp(ast.And() if prefix else ast.Or(), tests), {"WFConditions"}
    return call(helper, *tests, **({} if usual else {"bounded": const(bounded)})), {"WFConditions"}


def _single_expr(parameters: Parameters, scope: DecompileScope) -> tuple[ast.expr, set[str]] | None:
    code = operator_code(parameters)
    subject, token = _subject_expr(parameters, scope)
    if code is None or subject is None:
        return None
    used = {"WFCondition", "WFInput"}
    if code in UNARY:
        return _unary_expr(code, subject), used
    kind = scope.value_type(token) if code in _EQUALITY and token is not None else None
    compares_text = token is None or parameters.get(LEGACY) is True  # a number was only for < and >
    key = _shown_operand(code, value_types.TEXT if compares_text else kind, parameters)
    if key is None:
        test = _binary_expr(code, subject, const(True if kind == value_types.BOOLEAN and code == constants.EQUAL else None))
    elif code == constants.BETWEEN:
        test = _range_expr(subject, token, key, parameters, scope)
        used |= {key, SECOND[key]} if test is not None else {key}
    else:
        operand = _operand_expr(code, token, key, parameters[key], scope)
        test = None if operand is None else _binary_expr(code, subject, operand)
        used.add(key)
    if test is None:  # without a Python operator: `when(x, WFCondition=4, WFLinkEnumeration='…')`
        if token is None:
            return None
        shown = [word for word in ("WFCondition", *OPERANDS) if word in parameters]
        return call("when", subject, **{word: values.to_expr(parameters[word], scope) for word in shown}), used.union(shown)
    return test, used


def _subject_expr(parameters: Parameters, scope: DecompileScope) -> tuple[ast.expr | None, Token | None]:
    """Return the expression of the subject and its token. Before iOS 13 a test without input had a named operator, or none."""
    if "WFInput" not in parameters:
        old = scope.is_old and isinstance(parameters.get("WFCondition", ""), str)
        return call("previous_output") if old else None, None
    value = parameters["WFInput"]
    if not isinstance(value, dict) or value.keys() != {"Type", "Variable"} or value["Type"] != "Variable":
        return None, None
    token = values.unwrap(value["Variable"], values.ATTACHMENT)
    return references.to_expr(token, scope), token


def _shown_operand(code: int, kind: str | None, parameters: Parameters) -> str | None:
    """Return the key of the operand to show with the operator. In a run the app takes the one that fits the type of the value."""
    there = [key for key in OPERANDS if key in parameters]
    if code in _TEXTUAL:
        return STRING if STRING in there else None
    if code not in _EQUALITY:
        return next((key for key in there if key != STRING), None)
    if (own := _KEY_OF_KIND.get(kind or "")) in there:
        return own
    return there[1] if len(there) > 1 and parameters.get(STRING) == "" else next(iter(there), None)


def _operand_expr(code: int, subject: Token | None, key: str, value: Any, scope: DecompileScope) -> ast.expr | None:
    """Return the shortest expression that `_operand` reads as this parameter, or None if there is none."""
    expression = _plain_expr(value, key, scope)
    token = values.unwrap(value, values.ATTACHMENT)
    if key == STRING and code in _TEXTUAL | _EQUALITY:
        if isinstance(token, dict):
            return None if isinstance(expression, ast.Dict) else call("attachment", expression)
        if code in _TEXTUAL and (lone := interpolation.lone_variable(expression)) is not None:
            return lone
        is_case = isinstance(expression, ast.Constant) and code in _EQUALITY and _value_type(subject, scope) == value_types.ENUMERATION
        return expression if interpolation.is_text(expression) and not is_case else None
    if code in _WINDOWS:
        return expression if key == DURATION and called(expression) == "quantity" else None
    if isinstance(token, dict):
        fits = not isinstance(expression, ast.Dict) and _key_of_variable(code, subject, token, scope) == key
    elif key == ENUMERATION:
        fits = isinstance(value, str) and _value_type(subject, scope) == value_types.ENUMERATION
    else:
        fits = key == (NUMBER if constant(expression, (int, float)) is not None else _SHAPES.get(called(expression) or ""))
    if fits:
        return expression
    helper = next((helper for helper, own in _EXPLICIT.items() if own == key), None)
    return call(helper, expression) if helper is not None and (key != ENUMERATION or code in _EQUALITY) else None


def _range_expr(subject: ast.expr, token: Token | None, key: str, parameters: Parameters, scope: DecompileScope) -> ast.expr | None:
    other = SECOND.get(key, "")
    start = _operand_expr(constants.BETWEEN, token, key, parameters[key], scope)
    if start is None or other not in parameters:
        return None
    return ast.Compare(start, [ast.LtE(), ast.LtE()], [subject, _plain_expr(parameters[other], other, scope)])


def _plain_expr(value: Any, key: str, scope: DecompileScope) -> ast.expr:
    number = scalars.numeral(value) if key in (NUMBER, ANOTHER_NUMBER) else None
    return values.to_expr(value if number is None else number, scope)


def _unary_expr(code: int, subject: ast.expr) -> ast.expr:
    if code == constants.IS_TODAY:
        return call("is_today", subject)
    return subject if code == constants.HAS_VALUE else ast.UnaryOp(ast.Not(), subject)


def _binary_expr(code: int, subject: ast.expr, operand: ast.expr) -> ast.expr | None:
    if code in _COMPARISON_OF_CODE:
        return ast.Compare(subject, [_COMPARISON_OF_CODE[code]()], [operand])
    if code in _MEMBERSHIP:
        return ast.Compare(operand, [_MEMBERSHIP[code]()], [subject])
    if code in _METHODS:
        return call(ast.Attribute(subject, _METHODS[code], ast.Load()), operand)
    return call(_WINDOWS[code], subject, operand) if code in _WINDOWS else None


# ---------------------------------------------------------------------------------------------------------------------------------
# the types of operands


def _value_type(token: Token | None, scope: CompileScope | DecompileScope) -> str | None:
    return None if token is None else scope.value_type(token)


def _key_of_variable(code: int, subject: Token | None, operand: Token, scope: CompileScope | DecompileScope) -> str:
    """Return the key of an operand that is a variable: a number or a date where either side is known to be one; else a text in an equality,
    a number in an order.
    """
    known = {_value_type(subject, scope), scope.value_type(operand)}
    if value_types.NUMBER in known:
        return NUMBER
    return DATE if value_types.DATE in known else STRING if code in _EQUALITY else NUMBER


# ---------------------------------------------------------------------------------------------------------------------------------
# from Python


def inverse(node: ast.expr) -> ast.expr | None:
    """Return the opposite of a test that the app has no operator for, else None: the steps of the test go under its Otherwise."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = node.operand
        if isinstance(inner, ast.Compare):
            has_no_negation = len(inner.ops) > 1 or any(_is_truth(side) or called(side) == "previous_output" for side in _sides(inner))
        elif isinstance(inner, ast.Call):
            method = inner.func.attr if isinstance(inner.func, ast.Attribute) else None
            has_no_negation = method in _METHOD_CODES or called(inner) in {"is_today", *_WINDOW_CODES, *_TABLES, *_WRAPPERS}
        else:
            has_no_negation = isinstance(inner, ast.BoolOp)
        return inner if has_no_negation else None
    if isinstance(node, ast.Compare) and _is_false(node):
        true = [ast.copy_location(ast.Constant(True), side) if _is_truth(side) else side for side in _sides(node)]
        return ast.copy_location(ast.Compare(true[0], [ast.Eq()], true[1:]), node)
    return None


def _sides(node: ast.Compare) -> list[ast.expr]:
    return [node.left, *node.comparators]


def _is_truth(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, bool)


def _is_false(node: ast.Compare) -> bool:
    """True for the comparisons `x == False` and `x != True`."""
    wanted = False if isinstance(node.ops[0], ast.Eq) else True if isinstance(node.ops[0], ast.NotEq) else None
    return len(node.ops) == 1 and any(_is_truth(side) and side.value is wanted for side in _sides(node))  # type: ignore[attr-defined]


def from_expr(node: ast.expr, scope: CompileScope) -> Parameters:
    """Return the parameters of the conditional action with this test. Raises DialectError for a test outside the dialect."""
    if isinstance(node, ast.BoolOp):
        return _several(node, _flat(node, type(node.op)), 1 if isinstance(node.op, ast.And) else 0, False, scope)
    helper = called(node)
    if not isinstance(node, ast.Call) or helper not in _TABLES.keys() | _WRAPPERS:
        return _single(node, scope)
    bound, given = signatures.bind(node), keywords(node)
    if helper in _TABLES:
        prefix, usual = _TABLES[helper]
        bounded = bound.get("bounded", ast.Constant(usual))
        if not node.args:
            raise DialectError(node.lineno, f"{helper}() takes conditions")
        return _several(node, node.args, prefix, bounded.value, scope)
    if "test" not in bound:
        return {key: values.literal(value, scope) for key, value in given.items()}
    test = from_expr(bound["test"], scope)
    if helper == "legacy":
        return {**test, LEGACY: True}
    return _left_over(node, test, given, scope) if helper == "leftover" else _beside(test, given, scope)


def _left_over(node: ast.Call, test: Parameters, given: dict[str, ast.expr], scope: CompileScope) -> Parameters:
    for word in given:
        if LEFTOVERS[word] in test:
            raise DialectError(node.lineno, f"leftover(): {word} is what the condition compares with")
    return {**test, **{LEFTOVERS[word]: values.from_expr(value, scope) for word, value in given.items()}}


def _beside(test: Parameters, given: dict[str, ast.expr], scope: CompileScope) -> Parameters:
    """Return a test with the parameters of `when`; an operator among them replaces the test's own."""
    rest = {key: values.from_expr(value, scope) for key, value in given.items()}
    return {**{key: value for key, value in test.items() if key != "WFCondition" or key not in rest}, **rest}


def _flat(node: ast.expr, operator: type[ast.boolop]) -> list[ast.expr]:
    """Return the conditions that one operator joins, whatever their parentheses."""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, operator):
        return [inner for value in node.values for inner in _flat(value, operator)]
    return [node]


def _several(node: ast.expr, tests: list[ast.expr], prefix: int, bounded: bool | None, scope: CompileScope) -> Parameters:
    rows = [from_expr(test, scope) for test in tests if not isinstance(test, ast.BoolOp)]
    if len(rows) < len(tests) or any("WFConditions" in row for row in rows):
        raise DialectError(node.lineno, "and and or cannot be mixed in one If; nest two of them")
    table = {values.FILTER_PREFIX: prefix, values.FILTER_ROWS: rows, **({} if bounded is None else {values.FILTER_BOUNDED: bounded})}
    return {"WFConditions": values.wrap("WFContentPredicateTableTemplate", table)}


def _single(node: ast.expr, scope: CompileScope) -> Parameters:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = _single(node.operand, scope) if inverse(node) is None else {}
        code = _NEGATED.get(operator_code(inner))  # type: ignore[arg-type]
        if not inner or code is None:
            raise DialectError(node.lineno, "this condition has no opposite; put the steps under else instead")
        return {**inner, "WFCondition": code}
    if isinstance(node, ast.Compare):
        return _comparison(node, scope)
    helper = called(node)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _METHOD_CODES:
        return _test(_METHOD_CODES[node.func.attr], node.func.value, signatures.bind(node, method=True)["text"], scope)
    if isinstance(node, ast.Call) and helper == "is_today":
        return _test(constants.IS_TODAY, signatures.bind(node)["date"], None, scope)
    if isinstance(node, ast.Call) and helper in _WINDOW_CODES:
        given = signatures.bind(node)
        return _test(_WINDOW_CODES[helper], given["date"], given["duration"], scope)
    return _test(constants.HAS_VALUE, node, None, scope)


def _comparison(node: ast.Compare, scope: CompileScope) -> Parameters:
    first, second, operator = node.left, node.comparators[0], type(node.ops[0])
    if len(node.ops) == 2 and {type(op) for op in node.ops} in ({ast.LtE}, {ast.GtE}):
        ends = [first, node.comparators[1]]
        return _range(second, *(ends if operator is ast.LtE else reversed(ends)), scope)
    if len(node.ops) != 1:
        raise DialectError(node.lineno, "one comparison at a time; a range is written 1 <= x <= 5")
    if operator in (ast.In, ast.NotIn):
        return _test(_CODES[operator], second, first, scope)
    if operator not in _COMPARISONS:
        raise DialectError(node.lineno, "compare with ==, !=, <, <=, >, >=, in or not in; an empty value is tested by `if not x`")
    if _is_literal(first) and not _is_literal(second):
        first, second, operator = second, first, MIRRORED[operator]
    return _test(_CODES[operator], first, second, scope)


def _is_literal(node: ast.expr) -> bool:
    """True if an expression can only be an operand: the subject of a test is a variable."""
    is_number = constant(node, (int, float)) is not None
    is_value = called(node) in {*_SHAPES, *_EXPLICIT, "attachment"}
    return isinstance(node, ast.Constant) or is_number or is_value or interpolation.is_text(node)


def _test(code: int, tested: ast.expr, operand: ast.expr | None, scope: CompileScope) -> Parameters:
    subject, token = _subject(tested, code, scope)
    if operand is None:
        return {"WFCondition": code, **subject}
    if _is_truth(operand):
        return _truth_test(code, operand, token, scope)
    return {"WFCondition": _OLD_NAMES.get(code, code) if token is None else code, **subject, **_operand(code, token, operand, scope)}


def _truth_test(code: int, operand: ast.expr, token: Token | None, scope: CompileScope) -> Parameters:
    """Return the test `x == True`: its subject is made a boolean unless it is known to be one, and the operand is not written."""
    if code not in _EQUALITY or token is None:
        raise DialectError(operand.lineno, "True and False are compared by == with a variable")
    if (code == constants.EQUAL) != operand.value:  # type: ignore[attr-defined]
        raise DialectError(operand.lineno, "this condition has no opposite; write == True, and put the steps under else instead")
    if scope.value_type(token) != value_types.BOOLEAN:
        step = {"Type": "WFCoercionVariableAggrandizement", "CoercionItemClass": constants.COERCIONS["as_boolean"]}
        token.setdefault("Aggrandizements", []).append(step)
    return {"WFCondition": constants.EQUAL, **_input(token)}


def _range(tested: ast.expr, start: ast.expr, end: ast.expr, scope: CompileScope) -> Parameters:
    subject, token = _subject(tested, constants.BETWEEN, scope)
    first = _operand(constants.BETWEEN, token, start, scope)
    key = next(iter(first), None)
    if key is None or is_none(end):
        raise DialectError(start.lineno, "a range has two ends: 1 <= x <= 5")
    if key not in SECOND:
        raise DialectError(start.lineno, "a range lies between numbers, dates or quantities")
    return {"WFCondition": constants.BETWEEN, **subject, **first, SECOND[key]: _as_text(values.from_expr(end, scope))}


def _subject(node: ast.expr, code: int, scope: CompileScope) -> tuple[Parameters, Token | None]:
    """Return the input of a test, and its token. An app from before iOS 13 takes the output of the action before by itself: no input, None.

    In another program that output is written as the input, and compared as the app does after it has converted such a test.
    """
    if called(node) != "previous_output":
        token = references.from_expr(node, scope)
        if token is None:
            raise DialectError(node.lineno, "a condition tests a variable or a part of one; give the value a name on a line before")
        return _input(token), token
    signatures.bind(node)  # type: ignore[arg-type]
    token = scope.previous_output(node.lineno)
    if token is None and code not in _OLD_NAMES:
        raise DialectError(node.lineno, "an app from before iOS 13 tests its previous output only by ==, <, > and in")
    if token is None:
        return {}, None
    return {**_input(token), **({LEGACY: True} if code in _OLD_NAMES else {})}, token


def _input(token: Token) -> Parameters:
    return {"WFInput": {"Type": "Variable", "Variable": values.wrap(values.ATTACHMENT, token)}}


def _operand(code: int, subject: Token | None, node: ast.expr, scope: CompileScope) -> Parameters:
    """Return the parameter of an operand, an empty dictionary for the operand `None`. Raises DialectError."""
    if is_none(node):
        return {}
    helper = called(node)
    if helper in _EXPLICIT and isinstance(node, ast.Call) and code not in _TEXTUAL and code not in _WINDOWS:
        if helper == "enumeration" and code not in _EQUALITY:
            raise DialectError(node.lineno, "a case of an enumeration is compared by == or !=")
        return {_EXPLICIT[helper]: values.from_expr(signatures.bind(node)["value"], scope)}
    if code in _TEXTUAL:
        return {STRING: _text_operand(node, scope)}
    if code in _WINDOWS:
        if helper != "quantity":
            raise DialectError(node.lineno, "a date is within a time: is_within_next(x, quantity(3, 'days'))")
        return {DURATION: values.from_expr(node, scope)}
    if interpolation.is_text(node) or helper == "attachment":
        if code not in _EQUALITY:
            raise DialectError(node.lineno, "a text has no order: compare it by ==, in, startswith or endswith, or with number(…)")
        is_case = constant(node) is not None and _value_type(subject, scope) == value_types.ENUMERATION
        return {ENUMERATION if is_case else STRING: values.from_expr(node, scope)}
    if helper in _SHAPES or constant(node, (int, float)) is not None:
        return {_SHAPES.get(helper or "", NUMBER): _as_text(values.from_expr(node, scope))}
    token = references.from_expr(node, scope)
    if token is None:
        raise DialectError(node.lineno, "a condition compares with a text, a number, a date, a quantity or a variable; "
                                        "give the value a name on a line before")  # fmt: skip
    key = _key_of_variable(code, subject, token, scope)
    return {key: interpolation.envelope(interpolation.MARK, {"{0, 1}": token}) if key == STRING else values.wrap(values.ATTACHMENT, token)}


def _text_operand(node: ast.expr, scope: CompileScope) -> Any:
    number = constant(node, (int, float))
    if number is not None or interpolation.is_text(node) or called(node) == "attachment":
        return str(number) if number is not None else values.from_expr(node, scope)
    single = interpolation.single(node, scope)
    if single is None:
        raise DialectError(node.lineno, "startswith, endswith and in take one text; join several tests by or")
    return single


def _as_text(value: Any) -> Any:
    """Return a number as text, as the app writes it in a condition; other values as they are."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
