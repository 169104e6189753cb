"""The tests of Ifs and filters: true, false, or unknown.

The operators are the codes of forms/constants.py. Which operand counts follows from the value that is tested: a number is compared with a
number, a date with a date, anything else as text. Texts are compared as they are for `is`, and without regard to case for
`contains`, `begins` and `ends` (assumed: the user guide says "an exact match" for `is`, and nothing of case for the others).
"""

from __future__ import annotations

from typing import Any

from shortcuts.forms import constants
from shortcuts.forms.conditions import operator_code
from shortcuts.machine import convert, members
from shortcuts.machine.parameters import Scope, Table, resolve
from shortcuts.machine.values import Quantity, Unknown, Untold, first, items, kind_of, origin

Parameters = dict[str, Any]
Truth = bool | Unknown

_OPPOSITES = {constants.NOT_EQUAL: constants.EQUAL, constants.NOT_CONTAINS: constants.CONTAINS, constants.HAS_NO_VALUE: constants.HAS_VALUE}
_PARTS = {constants.CONTAINS: str.__contains__, constants.BEGINS: str.startswith, constants.ENDS: str.endswith}
_SECONDS_OF_UNIT = {4: 31557600, 8: 2629800, 16: 86400, 16384: 86400, 8192: 604800, 32: 3600, 64: 60, 128: 1}  # NSCalendarUnit


def test(parameters: Parameters, subject: Any, scope: Scope) -> Truth:
    """Return the truth of an If's test. `subject` is the value to test where the parameters name none."""
    table = parameters.get("WFConditions")
    if isinstance(table, Table):
        return joined([test(row, None, scope) for row in table.rows], table.all_must_hold)
    code = operator_code(parameters)
    if "WFInput" in parameters:
        subject = resolve(parameters["WFInput"], scope)
    if code is None:
        scope.assume("a test without an operator asks for any value")
        code = constants.HAS_VALUE
    operands = {key: resolve(value, scope) for key, value in parameters.items() if key not in ("WFInput", "WFCondition")}
    return compare(code, subject, operands, scope)


def joined(truths: list[Truth], all_must_hold: bool) -> Truth:
    """Return the truth of tests joined by `and` or `or`; unknown only if an unknown decides."""
    if any(truth is (not all_must_hold) for truth in truths):
        return not all_must_hold
    return next((truth for truth in truths if isinstance(truth, Unknown)), all_must_hold)


def compare(code: int, subject: Any, operands: Parameters, scope: Scope) -> Truth:
    """Return the truth of one comparison; `operands` are the parameters of a conditional action, as values."""
    if code in _OPPOSITES:
        truth = compare(_OPPOSITES[code], subject, operands, scope)
        return truth if isinstance(truth, Unknown) else not truth
    if isinstance(first(subject), Unknown) and (code != constants.HAS_VALUE or isinstance(subject, Unknown)):
        return Unknown("boolean", origin("test of", first(subject).origin))
    try:
        return _compare(code, subject, operands, scope)
    except Untold as untold:
        return Unknown("boolean", origin("test of", untold.unknown.origin))


def has_value(subject: Any) -> bool:
    """True unless a value is nothing, an empty text or an empty list."""
    return not (subject is None or subject == "" or subject == [] or isinstance(subject, list) and not any(map(has_value, subject)))


def _compare(code: int, subject: Any, operands: Parameters, scope: Scope) -> bool:
    place = scope.place
    if code == constants.HAS_VALUE:
        return has_value(subject)
    wanted = operands.get("WFConditionalActionString", operands.get("WFEnumeration"))
    if code in (constants.CONTAINS, constants.BEGINS, constants.ENDS):
        part, whole = convert.text(wanted, place), [convert.text(item, place) for item in items(subject)]
        holds = _PARTS[code]
        if any(holds(text, part) for text in whole):
            return True
        if any(holds(text.casefold(), part.casefold()) for text in whole):
            scope.assume("contains, begins with and ends with do not regard case")
            return True
        return False
    if code in (constants.IS_TODAY, constants.WITHIN_NEXT, constants.WITHIN_LAST):
        return _near(code, subject, operands, scope)
    if code == constants.EQUAL:
        return _equal(first(subject), operands, wanted, scope)
    return _ordered(code, first(subject), operands, scope)


def _equal(subject: Any, operands: Parameters, wanted: Any, scope: Scope) -> bool:
    place, kind = scope.place, kind_of(subject)
    number = operands.get("WFNumberValue")
    if kind in ("number", "quantity") and number is not None and number != "":
        return convert.number(subject, place) == convert.number(number, place)
    if kind == "boolean":
        said = number if number is not None else wanted
        return subject is (True if said is None or said == "" else convert.boolean(said, place))
    if kind == "date" and operands.get("WFDate") is not None:
        return subject == convert.moment(operands["WFDate"], place)
    if (wanted is None or wanted == "") and number is not None and number != "":
        found = convert.number(subject, place)
        return found is not None and found == convert.number(number, place)
    left, right = convert.text(subject, place), convert.text(wanted, place)
    if left != right and left.casefold() == right.casefold():
        scope.assume("is regards case")
    if kind == "number" and right != "":
        read = convert.numbers_in(right, place)
        return left == right or (len(read) == 1 and read[0] == subject and right.strip().replace(".", "").lstrip("-").isdigit())
    return left == right


def _ordered(code: int, subject: Any, operands: Parameters, scope: Scope) -> bool:
    place = scope.place
    pairs = {"number": ("WFNumberValue", "WFAnotherNumber"), "date": ("WFDate", "WFAnotherDate"),
             "quantity": ("WFMeasurement", "WFAnotherMeasurement")}  # fmt: skip
    kind = kind_of(subject) if kind_of(subject) in pairs else "date" if operands.get("WFDate") is not None else "number"
    if kind == "quantity" and operands.get("WFMeasurement") is None:
        kind = "number"
    read: Any = _moment if kind == "date" else _size if kind == "quantity" else convert.number
    given = [operands.get(key) for key in pairs[kind]]
    if given[0] is None:
        given[0] = operands.get("WFBoundedNumber", operands.get("WFConditionalActionString"))
    left, low = read(subject, place), read(given[0], place)
    if left is None or low is None:
        return False
    if code == constants.BETWEEN:
        high = read(given[1], place)
        return high is not None and min(low, high) <= left <= max(low, high)
    return {constants.LESS: left < low, constants.LESS_EQUAL: left <= low, constants.GREATER: left > low,
            constants.GREATER_EQUAL: left >= low}.get(
        code, False)  # fmt: skip


def _moment(value: Any, place: Any) -> float | None:
    """Return a date as seconds of the world's time: Python compares two of one zone by the clock, which may have changed."""
    moment = convert.moment(value, place)
    return None if moment is None else moment.timestamp()


def _size(value: Any, place: Any) -> float | None:
    """Return a quantity in the base unit of its kind, so that km and miles compare."""
    from shortcuts.machine.units import base_amount

    return base_amount(value) if isinstance(value, Quantity) else convert.number(value, place)


def _near(code: int, subject: Any, operands: Parameters, scope: Scope) -> bool:
    now = scope.place.now
    moment = convert.moment(subject, scope.place)
    if moment is None:
        return False
    if code == constants.IS_TODAY:
        return moment.astimezone(now.tzinfo).date() == now.date()
    span = convert.seconds(operands.get("WFDuration") or operands.get("WFQuantityFieldValue")) or 0
    away = moment.timestamp() - now.timestamp()
    return 0 <= away <= span if code == constants.WITHIN_NEXT else -span <= away <= 0


# ---------------------------------------------------------------------------------------------------------------------------------
# rows of filters


def passes(table: Table, item: Any, scope: Scope) -> Truth:
    """Return the truth of a filter's rows for an item."""
    return joined([_row(row, item, scope) for row in table.rows], table.all_must_hold)


def _row(row: Parameters, item: Any, scope: Scope) -> Truth:
    code = row.get("Operator")
    if type(code) is not int or not isinstance(row.get("Property"), str):
        return True
    given = resolve(row.get("Values"), scope)
    given = {**row, **given} if isinstance(given, dict) else row
    given = {key: resolve(value, scope) for key, value in given.items()}
    subject = members.prop(item, row["Property"], scope.place)
    boolean = given.get("Bool")
    if boolean is not None or isinstance(subject, bool):
        wanted = True if boolean is None else bool(boolean)
        held = bool(subject) is wanted
        return held if code == constants.EQUAL else not held
    if code in (constants.WITHIN_NEXT, constants.WITHIN_LAST):
        unit = _SECONDS_OF_UNIT.get(given.get("Unit"), 86400)
        amount = convert.number(given.get("Number"), scope.place) or 0
        given["WFDuration"] = Quantity(amount * unit, "sec")
    enumeration = given.get("Enumeration")
    wanted = given.get("String", enumeration)
    operands = {"WFConditionalActionString": wanted, "WFNumberValue": given.get("Number"), "WFAnotherNumber": given.get("AnotherNumber"),
                "WFDate": given.get("Date"), "WFAnotherDate": given.get("AnotherDate"), "WFDuration": given.get("WFDuration")}  # fmt: skip
    if isinstance(subject, list) and code == constants.EQUAL:
        return any(compare(code, one, operands, scope) is True for one in subject)
    if isinstance(subject, str) and isinstance(wanted, str) and code in (constants.EQUAL, constants.NOT_EQUAL):
        return (subject.casefold() == wanted.casefold()) is (code == constants.EQUAL)  # as the app searches: without regard to case
    return compare(code, subject, operands, scope)
