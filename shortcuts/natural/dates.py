"""Dates: now and today, timedelta, differences, and strftime's formats as those of the app."""

from __future__ import annotations

import ast

from shortcuts.natural import kinds, table
from shortcuts.natural.lowering import Lowering, Symbolic, integer, shown
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import call, called, const, constant

_UNITS = {"weeks": "weeks", "days": "days", "hours": "hr", "minutes": "min", "seconds": "sec"}
# strftime -> a date's pattern in Unicode's letters.
_PATTERNS = {
    "Y": "yyyy", "y": "yy", "m": "MM", "-m": "M", "d": "dd", "-d": "d", "e": "d", "H": "HH", "-H": "H", "I": "hh", "-I": "h", "M": "mm",
    "-M": "m", "S": "ss", "-S": "s", "p": "a", "A": "EEEE", "a": "EEE", "B": "MMMM", "b": "MMM", "h": "MMM", "j": "DDD", "Z": "zzz",
    "z": "ZZZ", "f": "SSSSSS", "F": "yyyy-MM-dd", "T": "HH:mm:ss", "R": "HH:mm", "D": "MM/dd/yy", "V": "ww", "G": "YYYY",
}  # fmt: skip
_PARTS = {"year": "yyyy", "month": "M", "day": "d", "hour": "H", "minute": "m", "second": "s"}


class Duration(Symbolic):
    """A timedelta: (amount, unit) pairs, each of which one Adjust Date action adds."""

    noun = "a timedelta"
    advice = "a timedelta is added to a date, or subtracted from one"

    def __init__(self, parts: list[tuple[ast.expr, str]]) -> None:
        super().__init__(*(amount for amount, _ in parts))
        self.parts = [(amount, unit) for amount, (_, unit) in zip(self.made_of, parts)]


class Span(Symbolic):
    """The difference of two dates; `.days` is an action, and so is `.total_seconds()`."""

    noun = "the time between two dates"
    advice = "the time between two dates is read as a number: (a - b).days, or (a - b).total_seconds()"

    def __init__(self, end: ast.expr, start: ast.expr) -> None:
        super().__init__(end, start)
        self.end, self.start = self.made_of


def operation(low: Lowering, node: ast.BinOp, left: ast.expr, right: ast.expr) -> ast.expr:
    """Return a date plus or minus a timedelta, or a timedelta times a number."""
    duration, other = (right, left) if isinstance(right, Duration) else (left, right)
    assert isinstance(duration, Duration)
    if isinstance(node.op, ast.Mult) and not isinstance(other, Symbolic):
        times = [ast.BinOp(amount, ast.Mult(), other, lineno=node.lineno, col_offset=0) for amount, _ in duration.parts]
        return Duration([(low.expr(amount), unit) for amount, (_, unit) in zip(times, duration.parts)])
    if isinstance(other, Symbolic) or not isinstance(node.op, ast.Add | ast.Sub) or (isinstance(node.op, ast.Sub) and duration is left):
        raise DialectError(node.lineno, f"{shown(node)}: {Duration.advice}")
    date = low.expr_of(other, node)
    if low.kind(date) not in (None, *kinds.DATES):
        raise DialectError(node.lineno, f"{shown(node)}: {shown(date)} is a {low.kind(date)}; datetime.fromisoformat(x) makes a date of it")
    day = low.kind(date) == kinds.DAY
    for amount, unit in duration.parts:
        date = low.hoist(low.action("adjustdate", WFDate=low.ref_of(date, node), WFAdjustOperation=None if isinstance(node.op, ast.Add)
                                    else "Subtract", WFDuration=call("quantity", amount, const(unit))))  # fmt: skip
        if day and isinstance(date, ast.Name):
            low.kinds[date.id] = kinds.DAY
    return date


@table.call("datetime.timedelta", "timedelta", example="t + timedelta(days=1)")
def _timedelta(low: Lowering, *days: ast.expr, **amounts: ast.expr) -> ast.expr:
    given = {**({"days": days[0]} if len(days) == 1 else {}), **amounts}
    if not given or not set(given) <= _UNITS.keys() or len(days) > 1:
        raise DialectError(low.line, f"timedelta() takes {', '.join(_UNITS)}; other shifts are made by is_workflow_actions_adjustdate")
    return Duration([_amount_of(low, amount, unit) for unit, amount in given.items()])


def _amount_of(low: Lowering, amount: ast.expr, unit: str) -> tuple[ast.expr, str]:
    """Return an amount and its unit; weeks that may not be whole are days, since the app leaves a part of a week out."""
    if unit == "weeks" and integer(amount) is None:
        amount, unit = ast.BinOp(amount, ast.Mult(), const(7), lineno=low.line, col_offset=0), "days"
    return low.number(amount), _UNITS[unit]


# ---------------------------------------------------------------------------------------------------------------------------------
# dates


@table.call("datetime.datetime.now", "datetime.now", "datetime.datetime.today", "datetime.today", example="datetime.now()")
def _now(low: Lowering, tz: ast.expr | None = None) -> ast.expr:
    return call("current_date")


@table.call("datetime.date.today", "date.today", example="date.today()")
def _today(low: Lowering) -> ast.expr:
    return _day(low, call("current_date"))


@table.method("date", example="t.date()")
def _date(low: Lowering, receiver: ast.expr) -> ast.expr:
    return _day(low, low.ref(receiver))


def _day(low: Lowering, date: ast.expr) -> ast.expr:
    return low.typed(low.action("adjustdate", WFAdjustOperation="Get Start of Day", WFDate=date), kinds.DAY)


@table.call("datetime.date", "date", example="date(2026, 12, 24)")
def _date_of(low: Lowering, year: ast.expr, month: ast.expr, day: ast.expr) -> ast.expr:
    made = _datetime(low, year, month, day)
    made.is_day = True  # type: ignore[attr-defined]  # for Lowering.kind: it is written without a time
    return made


@table.call("datetime.datetime", example="date(2026, 12, 24)")
def _datetime(low: Lowering, year: ast.expr, month: ast.expr, day: ast.expr, hour: ast.expr | None = None, minute: ast.expr | None = None,
              second: ast.expr | None = None) -> ast.expr:  # fmt: skip
    fields = [part for part in (year, month, day, hour, minute, second) if part is not None]
    if all(integer(part) is not None for part in fields):
        return call("datetime", *fields)
    if len(fields) > 3:
        raise DialectError(year.lineno, "a date and a time of variables: datetime.fromisoformat(f'{year}-{month}-{day} {hour}:{minute}')")
    pieces = [low.ref(part) if integer(part) is None else part for part in fields]
    parts = [const(str(integer(part))) if integer(part) is not None else ast.FormattedValue(part, -1, None) for part in pieces]
    text = ast.JoinedStr([parts[0], const("-"), parts[1], const("-"), parts[2]])
    return low.action("date", WFDateActionMode="Specified Date", WFDateActionDate=text)


@table.call("datetime.date.fromisoformat", "date.fromisoformat", example="datetime.fromisoformat(s)")
def _day_of(low: Lowering, date_string: ast.expr) -> ast.expr:
    return low.typed(_fromisoformat(low, date_string), kinds.DAY)


@table.call("datetime.datetime.fromisoformat", "datetime.fromisoformat", "dateutil.parser.parse", example="datetime.fromisoformat(s)")
def _fromisoformat(low: Lowering, date_string: ast.expr) -> ast.expr:
    return low.action("detect_date", WFInput=low.ref(date_string))


@table.call("datetime.datetime.strptime", "datetime.strptime", example="datetime.strptime(s, '%Y-%m-%d')")
def _strptime(low: Lowering, date_string: ast.expr, format: ast.expr) -> ast.expr:
    if not (constant(format) or "").startswith(("%Y-%m-%d", "%B", "%d %B", "%d. %B", "%b", "%d %b", "%H:%M", "%A")):
        raise DialectError(format.lineno, "the app reads a date as the phone's language writes it; give it as %Y-%m-%d, or with the "
                                          "month's name: is_workflow_actions_detect_date(WFInput=x)")  # fmt: skip
    return low.action("detect_date", WFInput=low.ref(date_string))


def replaced(low: Lowering, receiver: ast.expr, fields: dict[str, ast.expr]) -> ast.expr:
    """Return a date with other fields: the start of a unit, or the date that its text with the fields in it says."""
    given = {unit: integer(value) for unit, value in fields.items() if unit != "microsecond"}
    if None in given.values() or not given.keys() <= _PARTS.keys():
        raise DialectError(receiver.lineno, "the fields of a date are set to numbers that are written out, x.replace(day=1); for others "
                                            "write datetime.fromisoformat(f'{year}-{month}-{day}')")  # fmt: skip
    starts = {"second": "Minute", "minute": "Hour", "hour": "Day", "day": "Month", "month": "Year"}
    unit = next((unit for unit in ("month", "day", "hour", "minute", "second") if unit in given), "")
    if unit and "year" not in given and _is_start(given, unit):
        return low.action("adjustdate", WFAdjustOperation=f"Get Start of {starts[unit]}", WFDate=low.ref(receiver))
    widths = {"year": "yyyy", "month": "MM", "day": "dd", "hour": "HH", "minute": "mm", "second": "ss"}
    letters = {unit: f"{given[unit]:0{len(letters)}}" if unit in given else letters for unit, letters in widths.items()}
    form = "{year}-{month}-{day} {hour}:{minute}:{second}".format(**letters)
    return low.action("detect_date", WFInput=low.hoist(low.action("gettext", WFTextActionText=written(low.ref(receiver), form))))


def _is_start(given: dict[str, int | None], unit: str) -> bool:
    """True if a unit and all smaller ones are set to their first value."""
    units = ["month", "day", "hour", "minute", "second"]
    smaller = units[units.index(unit) :]
    return all(given.get(part) == (1 if part in ("day", "month") else 0) for part in smaller)


# ---------------------------------------------------------------------------------------------------------------------------------
# as text and numbers


def written(date: ast.expr, letters: str) -> ast.Call:
    """Return a date as text, in a pattern of Unicode's letters."""
    return call(ast.Attribute(date, "formatted", ast.Load()), const(letters))


def pattern(form: str, line: int) -> str:
    """Return a format of strftime in the letters that the app takes. Raises DialectError for a field that it has none for."""
    found, quoted, index = "", "", 0
    while index < len(form):
        letter, index = form[index], index + 1
        if letter != "%":
            quoted += letter
            continue
        field = form[index : index + 2] if form[index : index + 1] == "-" else form[index : index + 1]
        index += len(field)
        if field == "%":
            quoted += "%"
        elif field not in _PATTERNS:
            raise DialectError(line, f"%{field}: the app has no letter for this; it has {' '.join('%' + known for known in _PATTERNS)}")
        else:
            found, quoted = found + _quoted(quoted) + _PATTERNS[field], ""
    return found + _quoted(quoted)


def _quoted(text: str) -> str:
    """Return literal text of a pattern: letters stand between apostrophes."""
    return "'" + text.replace("'", "''") + "'" if any(c.isalpha() or c == "'" for c in text) else text


@table.method("strftime", example="t.strftime('%A, %d %B %Y')")
def _strftime(low: Lowering, receiver: ast.expr, format: ast.expr) -> ast.expr:
    if constant(format) is None:
        raise DialectError(format.lineno, "the format of a date is written out, in quotes")
    return written(low.ref(receiver), pattern(constant(format), format.lineno))


@table.call("time.strftime", example="time.strftime('%H:%M')")
def _time_strftime(low: Lowering, format: ast.expr) -> ast.expr:
    return _strftime(low, call("current_date"), format)


@table.method("isoformat", example="t.isoformat()")
def _isoformat(low: Lowering, receiver: ast.expr) -> ast.expr:
    date = low.ref(receiver)
    return written(date, "yyyy-MM-dd" if low.kind(date) == kinds.DAY else "yyyy-MM-dd'T'HH:mm:ss")


def _part(attribute: str, letters: str) -> None:
    @table.attribute(f".{attribute}", example=f"t.{attribute}")
    def read(low: Lowering, receiver: ast.expr) -> ast.expr | None:
        return call("as_number", written(low.ref(receiver), letters)) if _is_date(low, receiver) else None


for _attribute, _letters in _PARTS.items():
    _part(_attribute, _letters)


def _is_date(low: Lowering, node: ast.expr) -> bool:
    """True for an expression that is known to be a date before it is lowered: another `x.day` is a property."""
    if isinstance(node, ast.Call):
        row = table.CALLS.get(low.path(node.func) or "")
        makers = (_now, _today, _fromisoformat, _strptime, _datetime, _date_of, _day_of)
        return called(node) == "current_date" or (row is not None and row.function in makers)
    return isinstance(node, ast.Name) and low.kind(node) in kinds.DATES


@table.method("weekday", example="t.weekday()")
def _weekday(low: Lowering, receiver: ast.expr) -> ast.expr:
    """Return the days since a Monday, modulo 7: the app's own numbers depend on the phone's calendar."""
    days = between(low, low.hoist(_day(low, low.ref(receiver))), const("1900-01-01"), "Days")
    return low.action("math", WFInput=low.hoist(days), WFMathOperation="…", WFScientificMathOperation="Modulus", WFScientificMathOperand=7)


@table.method("isoweekday", example="t.isoweekday()")
def _isoweekday(low: Lowering, receiver: ast.expr) -> ast.expr:
    return low.action("math", WFInput=low.hoist(_weekday(low, receiver)), WFMathOperand=1)


@table.method("timestamp", example="(t - t2).total_seconds()")
def _timestamp(low: Lowering, receiver: ast.expr) -> ast.expr:
    return between(low, low.ref(receiver), const("1970-01-01T00:00:00Z"), "Seconds")


def between(low: Lowering, end: ast.expr, start: ast.expr, unit: str) -> ast.expr:
    """Return the action that gives the time from a start to an end."""
    return low.action("gettimebetweendates", WFTimeUntilFromDate=start, WFInput=end, WFTimeUntilUnit=None if unit == "Minutes" else unit)


def _span(attribute: str, unit: str) -> None:
    @table.attribute(f".{attribute}", example=f"(t - t2).{attribute}")
    def read(low: Lowering, receiver: ast.expr) -> ast.expr | None:
        value = low.value(receiver) if _may_be_span(low, receiver) else receiver
        return between(low, value.end, value.start, unit) if isinstance(value, Span) else None


def _may_be_span(low: Lowering, node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) or (isinstance(node, ast.Name) and node.id in low.symbols)


_span("days", "Days")


@table.method("total_seconds", example="(t - t2).total_seconds()")
def _total_seconds(low: Lowering, receiver: ast.expr) -> ast.expr:
    value = low.value(receiver)
    if not isinstance(value, Span):
        raise DialectError(receiver.lineno, f"{shown(receiver)} is not known to be the difference of two dates: (a - b).total_seconds()")
    return between(low, value.end, value.start, "Seconds")


@table.call("time.time", example="datetime.now()")
def _time(low: Lowering) -> ast.expr:
    return between(low, call("current_date"), const("1970-01-01T00:00:00Z"), "Seconds")
