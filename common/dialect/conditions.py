"""The test of an If: parameters of a conditional action as a Python condition, and back.

| WFCondition          | Python                          | WFCondition        | Python                              |
|----------------------|---------------------------------|--------------------|-------------------------------------|
| 0 1 2 3              | x < 5, x <= 5, x > 5, x >= 5    | 100, 101           | x, not x                            |
| 4, 5                 | x == 'a', x != 5                | 1000, 1001         | is_within_next(x, quantity(3, 'days')) |
| 8, 9                 | x.startswith('a'), x.endswith() | 1002               | is_today(x)                         |
| 99, 999              | 'a' in x, 'a' not in x          | 1003               | 1 <= x <= 5                         |

`x == None` compares with an operand that was left empty. Several conditions are joined by `and` or `or`. Parameters beside these stand
in `when(x == 'a', Key=value)`. Without an input (before iOS 13) the subject is `previous_output()`.
"""

from __future__ import annotations

import ast
from typing import Any

from common.dialect import reading, text, tokens, values, vocabulary
from common.dialect.syntax import DialectError, call, called, const, constant, keywords
from common.dialect.tokens import Reading, Writing

Parameters = dict[str, Any]

STRING, NUMBER, ANOTHER_NUMBER, DATE, ANOTHER_DATE = (
    "WFConditionalActionString", "WFNumberValue", "WFAnotherNumber", "WFDate", "WFAnotherDate",
)  # fmt: skip
MEASUREMENT, ANOTHER_MEASUREMENT, DURATION = "WFMeasurement", "WFAnotherMeasurement", "WFDuration"
OPERANDS = (
    STRING, NUMBER, ANOTHER_NUMBER, DATE, ANOTHER_DATE, MEASUREMENT, ANOTHER_MEASUREMENT, DURATION, "WFAnotherDuration", "WFEnumeration",
    "WFNumericEnumeration", "WFLinkEnumeration", "WFBoundedNumber", "WFQuantityFieldValue",
)  # fmt: skip
SECOND = {NUMBER: ANOTHER_NUMBER, DATE: ANOTHER_DATE, MEASUREMENT: ANOTHER_MEASUREMENT}
UNARY = frozenset({vocabulary.HAS_VALUE, vocabulary.HAS_NO_VALUE, vocabulary.IS_TODAY})
_COMPARISONS: dict[type[ast.cmpop], int] = {
    ast.Lt: vocabulary.LESS, ast.LtE: vocabulary.LESS_EQUAL, ast.Gt: vocabulary.GREATER, ast.GtE: vocabulary.GREATER_EQUAL,
    ast.Eq: vocabulary.EQUAL, ast.NotEq: vocabulary.NOT_EQUAL,
}  # fmt: skip
_COMPARISON_OF_CODE = {code: operator for operator, code in _COMPARISONS.items()}
_MEMBERSHIP = {vocabulary.CONTAINS: ast.In, vocabulary.NOT_CONTAINS: ast.NotIn}
_METHODS = {vocabulary.BEGINS: "startswith", vocabulary.ENDS: "endswith"}
_WINDOWS = {vocabulary.WITHIN_NEXT: "is_within_next", vocabulary.WITHIN_LAST: "is_within_last"}
_MIRRORED = {vocabulary.LESS: vocabulary.GREATER, vocabulary.LESS_EQUAL: vocabulary.GREATER_EQUAL}
_MIRRORED |= {after: before for before, after in _MIRRORED.items()}
_NEGATED = {vocabulary.EQUAL: vocabulary.NOT_EQUAL, vocabulary.CONTAINS: vocabulary.NOT_CONTAINS, vocabulary.LESS: vocabulary.GREATER_EQUAL,
            vocabulary.GREATER: vocabulary.LESS_EQUAL, vocabulary.HAS_VALUE: vocabulary.HAS_NO_VALUE}  # fmt: skip
_NEGATED |= {after: before for before, after in _NEGATED.items()}


def operator_code(parameters: Parameters) -> int | None:
    """The operator as a number; before iOS 13 it had a name, and none meant "Contains"."""
    condition = parameters.get("WFCondition", "Contains" if "WFInput" not in parameters else None)
    return vocabulary.OLD_CONDITIONS.get(condition) if isinstance(condition, str) else condition if type(condition) is int else None


# ---------------------------------------------------------------------------------------------------------------------------------
# to Python


def to_expr(parameters: Parameters, scope: Writing) -> ast.expr:
    """The test of a conditional action's parameters (marker keys taken out)."""
    several = _several_expr(parameters, scope) if "WFConditions" in parameters else _single_expr(parameters, scope)
    if several is None:
        return call("when", **{key: values.literal_expr(value, scope) for key, value in sorted(parameters.items())})
    test, used = several
    rest = {key: values.to_expr(parameters[key], scope) for key in sorted(parameters.keys() - used)}
    if rest and isinstance(test, ast.Call) and called(test) == "when":
        test.keywords += [ast.keyword(key, value) for key, value in rest.items()]
        return test
    return call("when", test, **rest) if rest else test


def _several_expr(parameters: Parameters, scope: Writing) -> tuple[ast.expr, set[str]] | None:
    table = values.opened(parameters["WFConditions"], "WFContentPredicateTableTemplate")
    rows = table.get("WFActionParameterFilterTemplates") if isinstance(table, dict) else None
    prefix = table.get("WFActionParameterFilterPrefix") if isinstance(table, dict) else None
    if not isinstance(rows, list) or not rows or prefix not in (0, 1) or type(prefix) is not int:
        return None
    if table.keys() - {"WFActionParameterFilterTemplates", "WFActionParameterFilterPrefix"} != {"WFContentPredicateBoundedDate"} \
            or table["WFContentPredicateBoundedDate"] is not False or not all(isinstance(row, dict) for row in rows):  # fmt: skip
        return None
    tests = [to_expr(row, scope) for row in rows]
    if len(tests) == 1:
        return call("all_of" if prefix else "any_of", *tests), {"WFConditions"}
    return ast.BoolOp(ast.And() if prefix else ast.Or(), tests), {"WFConditions"}


def _single_expr(parameters: Parameters, scope: Writing) -> tuple[ast.expr, set[str]] | None:
    code = operator_code(parameters)
    subject = _subject_expr(parameters, scope)
    if code is None or subject is None:
        return None
    used = {"WFCondition", "WFInput"}
    if code in UNARY:  # operands that an earlier operator left behind stand in when(…)
        return _unary_expr(code, subject), used
    key = next((key for key in OPERANDS if key in parameters), None)
    operand = const(None) if key is None else _operand_expr(parameters[key], key, scope)
    textual = code in _MEMBERSHIP or code in _METHODS
    if key == STRING and textual:
        operand = text.lone_variable(operand) or operand
    is_attachment = key == STRING and values.opened(parameters[key], values.ATTACHMENT) is not None
    if key is not None and (operand_key(code, operand) != key or is_attachment):
        return _bare_test(subject, parameters, scope), used | {key}
    if code == vocabulary.BETWEEN:
        other = SECOND.get(key or "")
        if other is None or other not in parameters:
            return _bare_test(subject, parameters, scope), used | {key} if key else used
        end = _operand_expr(parameters[other], other, scope)
        return ast.Compare(operand, [ast.LtE(), ast.LtE()], [subject, end]), used | {key, other}  # type: ignore[arg-type]
    test = _binary_expr(code, subject, operand)
    if test is None:
        return _bare_test(subject, parameters, scope), used | ({key} if key else set())
    return test, used | ({key} if key else set())


def _bare_test(subject: ast.expr, parameters: Parameters, scope: Writing) -> ast.expr:
    """A test that has no Python operator: `when(x, WFCondition=4, WFEnumeration='…')`."""
    shown = ["WFCondition", *[key for key in OPERANDS if key in parameters][:1]]
    return call("when", subject, **{key: values.to_expr(parameters[key], scope) for key in shown if key in parameters})


def _subject_expr(parameters: Parameters, scope: Writing) -> ast.expr | None:
    if "WFInput" not in parameters:
        return call("previous_output")
    value = parameters["WFInput"]
    if not isinstance(value, dict) or value.keys() != {"Type", "Variable"} or value["Type"] != "Variable":
        return None
    return tokens.to_expr(values.opened(value["Variable"], values.ATTACHMENT), scope)


def _operand_expr(value: Any, key: str, scope: Writing) -> ast.expr:
    number = values.numeral(value) if key in (NUMBER, ANOTHER_NUMBER) else None
    return values.to_expr(value if number is None else number, scope)


def _unary_expr(code: int, subject: ast.expr) -> ast.expr:
    if code == vocabulary.IS_TODAY:
        return call("is_today", subject)
    return subject if code == vocabulary.HAS_VALUE else ast.UnaryOp(ast.Not(), subject)


def _binary_expr(code: int, subject: ast.expr, operand: ast.expr) -> ast.expr | None:
    if code in _COMPARISON_OF_CODE:
        return ast.Compare(subject, [_COMPARISON_OF_CODE[code]()], [operand])
    if code in _MEMBERSHIP:
        return ast.Compare(operand, [_MEMBERSHIP[code]()], [subject])
    if code in _METHODS:
        return call(ast.Attribute(subject, _METHODS[code], ast.Load()), operand)
    return call(_WINDOWS[code], subject, operand) if code in _WINDOWS else None


# ---------------------------------------------------------------------------------------------------------------------------------
# from Python


def operand_key(code: int, node: ast.expr) -> str | None:
    """The parameter that an operand belongs to, by the operator and the operand's form; None for an empty operand."""
    if isinstance(node, ast.Constant) and node.value is None:
        return None
    textual = code in _MEMBERSHIP or code in _METHODS or (code in (vocabulary.EQUAL, vocabulary.NOT_EQUAL) and text.is_text(node))
    if textual:
        return STRING
    helper = called(node)
    if helper == "quantity":
        return DURATION if code in _WINDOWS else MEASUREMENT
    return DATE if helper in ("datetime", "current_date", "as_date") else NUMBER


def lacks_opposite(node: ast.expr) -> bool:
    """Whether a test is `not` of a condition that no operator negates."""
    inner = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) else None
    method = inner.func.attr if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) else None
    between = isinstance(inner, ast.Compare) and len(inner.ops) > 1
    return method in _METHODS.values() or between or called(inner) in ("is_today", *_WINDOWS.values())  # type: ignore[arg-type]


def from_expr(node: ast.expr, scope: Reading) -> Parameters:
    """The parameters of the conditional action that a test stands for. Raises DialectError for a test outside the dialect."""
    if isinstance(node, ast.BoolOp):
        return _several(node.values, int(isinstance(node.op, ast.And)), scope)
    helper = called(node)
    if isinstance(node, ast.Call) and helper in ("all_of", "any_of"):
        return _several(node.args, int(helper == "all_of"), scope)
    if isinstance(node, ast.Call) and helper == "when":
        read = reading.from_expr if node.args else reading.literal
        rest = {key: read(value, scope) for key, value in keywords(node).items()}
        test = from_expr(node.args[0], scope) if node.args else {}
        if "WFCondition" in rest:
            test.pop("WFCondition", None)
        return {**test, **rest}
    return _single(node, scope)


def _several(nodes: list[ast.expr], prefix: int, scope: Reading) -> Parameters:
    if any(isinstance(node, ast.BoolOp) for node in nodes):
        raise DialectError(nodes[0].lineno, "and and or cannot be mixed in one If; nest two of them")
    table = {"WFActionParameterFilterPrefix": prefix, "WFContentPredicateBoundedDate": False}
    rows = [from_expr(node, scope) for node in nodes]
    return {"WFConditions": values.wrap("WFContentPredicateTableTemplate", {**table, "WFActionParameterFilterTemplates": rows})}


def _single(node: ast.expr, scope: Reading) -> Parameters:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = _single(node.operand, scope)
        code = _NEGATED.get(operator_code(inner))  # type: ignore[arg-type]
        if code is None:
            raise DialectError(node.lineno, "this condition has no opposite; put the steps under else instead")
        return _parameters(code, inner)
    if isinstance(node, ast.Compare):
        return _comparison(node, scope)
    helper = called(node)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS.values() and node.args:
        code = next(code for code, method in _METHODS.items() if method == node.func.attr)
        return _parameters(code, _subject(node.func.value, scope), _operand(code, node.args[0], scope))
    if isinstance(node, ast.Call) and helper == "is_today" and node.args:
        return _parameters(vocabulary.IS_TODAY, _subject(node.args[0], scope))
    if isinstance(node, ast.Call) and helper in _WINDOWS.values() and len(node.args) == 2:
        code = next(code for code, window in _WINDOWS.items() if window == helper)
        return _parameters(code, _subject(node.args[0], scope), _operand(code, node.args[1], scope))
    return _parameters(vocabulary.HAS_VALUE, _subject(node, scope))


def _comparison(node: ast.Compare, scope: Reading) -> Parameters:
    first, operator = node.left, type(node.ops[0])
    if len(node.ops) == 2 and all(isinstance(op, ast.LtE) for op in node.ops):
        key = operand_key(vocabulary.BETWEEN, first)
        pair = {**_operand(vocabulary.BETWEEN, first, scope), SECOND.get(key or "", ANOTHER_NUMBER): _value(node.comparators[1], scope)}
        return _parameters(vocabulary.BETWEEN, _subject(node.comparators[0], scope), pair)
    if len(node.ops) != 1:
        raise DialectError(node.lineno, "one comparison at a time; a range is written 1 <= x <= 5")
    second = node.comparators[0]
    if operator in (ast.In, ast.NotIn):
        code = vocabulary.CONTAINS if operator is ast.In else vocabulary.NOT_CONTAINS
        return _parameters(code, _subject(second, scope), _operand(code, first, scope))
    if operator not in _COMPARISONS:
        raise DialectError(node.lineno, "compare with ==, !=, <, <=, >, >=, in or not in; an empty value is tested by `if not x`")
    code = _COMPARISONS[operator]
    if isinstance(first, ast.Constant) and not isinstance(second, ast.Constant):
        first, second, code = second, first, _MIRRORED.get(code, code)
    return _parameters(code, _subject(first, scope), _operand(code, second, scope))


def _parameters(code: int, *parts: Parameters) -> Parameters:
    merged = {key: value for part in parts for key, value in part.items() if key != "WFCondition"}
    old_names = {number: name for name, number in vocabulary.OLD_CONDITIONS.items()}
    return {"WFCondition": code if "WFInput" in merged else old_names.get(code, code), **merged}


def _subject(node: ast.expr, scope: Reading) -> Parameters:
    if called(node) == "previous_output":
        return {}
    token = tokens.from_expr(node, scope)
    if token is None:
        raise DialectError(node.lineno, "a condition tests a variable or a part of one; give the value a name on a line before")
    return {"WFInput": {"Type": "Variable", "Variable": values.wrap(values.ATTACHMENT, token)}}


def _operand(code: int, node: ast.expr, scope: Reading) -> Parameters:
    key = operand_key(code, node)
    if key is None:
        return {}
    if key == STRING and not text.is_text(node):
        number = constant(node, (int, float))
        return {key: str(number) if number is not None else text.single(node, scope) or reading.from_expr(node, scope)}
    return {key: _value(node, scope)}


def _value(node: ast.expr, scope: Reading) -> Any:
    value = reading.from_expr(node, scope)
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
