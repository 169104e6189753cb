"""Numbers: arithmetic, rounding, statistics, random numbers, measurements.

The four operations count in decimals, so that 0.1 + 0.2 is 0.3, as the app shows it.
"""

from __future__ import annotations

import math
import re
import statistics as stats
from collections.abc import Callable
from decimal import Decimal, DecimalException, localcontext
from typing import Any

from shortcuts.machine import convert, values
from shortcuts.machine.convert import plain
from shortcuts.machine.registry import Call, Ended, action
from shortcuts.machine.units import converted
from shortcuts.machine.values import Quantity, one_or_many

MAX_EXPRESSION = 2_000  # characters
MAX_PARENTHESES = 60


@action("is.workflow.actions.number", source="user guide: Number")
def number(call: Call) -> Any:
    return convert.number(call.get("WFNumberActionNumber", 0), call.place)


def decimal(operation: str, left: float, right: float) -> float:
    """Return the result of one of + - × ÷ in decimals. Raises ArithmeticError."""
    with localcontext() as context:
        context.prec = 38
        a, b = Decimal(repr(left)), Decimal(repr(right))
        try:
            made = a + b if operation == "+" else a - b if operation == "-" else a * b if operation == "×" else a / b
            return plain(float(made))
        except DecimalException:
            raise ArithmeticError("no number") from None


_SCIENTIFIC: dict[str, Callable[[float], float]] = {
    "x^2": lambda x: x * x, "x^3": lambda x: x**3, "e^x": math.exp, "10^x": lambda x: 10.0**x, "ln(x)": math.log, "log(x)": math.log10,
    "√x": math.sqrt, "∛x": math.cbrt, "x!": lambda x: float(math.factorial(int(min(x, 171)))), "sin(x)": math.sin, "cos(x)": math.cos,
    "tan(x)": math.tan, "abs(x)": abs,
}  # fmt: skip


@action("is.workflow.actions.math", source="user guide: Calculate")
def calculate(call: Call) -> Any:
    left = call.input_number()
    if left is None:
        call.assume("math: a number that is missing is 0")
        left = 0
    operation = {"*": "×", "/": "÷", "x": "×"}.get(call.choice("WFMathOperation", "+"), call.choice("WFMathOperation", "+"))
    try:
        if operation != "…":
            return decimal(operation, left, call.number("WFMathOperand", 0))
        scientific = call.choice("WFScientificMathOperation", "Modulus")
        if scientific in ("sin(x)", "cos(x)", "tan(x)"):
            call.assume("math: angles are radians")
        right = call.number("WFScientificMathOperand", 0)
        if scientific == "Modulus":
            if left * right < 0:
                call.assume("math: Modulus has the sign of the first number")
            return plain(math.fmod(left, right))
        return plain(float(left) ** right if scientific == "x^y" else _SCIENTIFIC[scientific](left))
    except (ArithmeticError, ValueError, KeyError, TypeError):
        call.assume("math: what has no result is nothing")
        return None


_PLACES = {"Millions": 6, "Hundred Thousands": 5, "Ten Thousands": 4, "Thousands": 3, "Hundreds Place": 2, "Tens Place": 1, "Ones Place": 0,
           "Tenths": -1, "Hundredths": -2, "Thousandths": -3, "Ten Thousandths": -4, "Hundred Thousandths": -5,
           "Millionths": -6, "Ten Millionths": -7, "Hundred Millionths": -8, "Billionths": -9}  # fmt: skip
_ROUNDINGS = {"Always Round Up": "ROUND_CEILING", "Always Round Down": "ROUND_FLOOR"}


@action("is.workflow.actions.round", source="user guide: Round Number")
def round_number(call: Call) -> Any:
    """Round to a place. Older files have WFRoundType with WFRoundDecimalPlaces instead of WFRoundTo."""
    mode = _ROUNDINGS.get(call.choice("WFRoundMode", "Normal"), "ROUND_HALF_UP")
    if call.choice("WFRoundType") == "Right of Decimal":
        place = -call.whole("WFRoundDecimalPlaces", 0)
    elif call.choice("WFRoundTo", "Ones Place") in ("10 ^", "10^"):
        place = call.whole("TenToThePowerOf", 0)
    else:
        place = _PLACES.get(call.choice("WFRoundTo", "Ones Place"), 0)
    found = [convert.number(item, call.place) for item in call.items()]
    if mode == "ROUND_HALF_UP" and any(one is not None and abs(place) < 15 and one * 10.0**-place % 1 == 0.5 for one in found):
        call.assume("round: halves are rounded away from zero")
    return one_or_many([_rounded(one, max(-15, min(place, 15)), mode) for one in found if one is not None])


def _rounded(number: float, place: int, mode: str) -> float:
    with localcontext() as context:
        context.prec = 60
        return plain(float(Decimal(repr(number)).scaleb(-place).quantize(Decimal(1), rounding=mode).scaleb(place)))


@action("is.workflow.actions.format.number", source="user guide: Format Number; Unicode's number patterns")
def format_number(call: Call) -> Any:
    value = call.input_number("WFNumber")
    return None if value is None else call.place.number_text(value, call.whole("WFNumberFormatDecimalPlaces", 2))


@action(
    "is.workflow.actions.format.filesize", source="user guide: Format File Size", assumed="sizes count in thousands, with up to two places"
)
def format_size(call: Call) -> Any:
    size = float(call.input_number("WFFileSize") or 0)
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if size >= factor:
            return f"{convert.number_text(plain(round(size / factor, 2 if unit == 'GB' else 1)), call.place)} {unit}"
    return f"{convert.number_text(plain(size))} bytes"


@action("is.workflow.actions.number.random", source="user guide: Random Number")
def random_number(call: Call) -> Any:
    if not (call.has("WFRandomNumberMinimum") and call.has("WFRandomNumberMaximum")):
        call.assume("number.random: without bounds it is from 0 to 100")
    low, high = call.number("WFRandomNumberMinimum", 0), call.number("WFRandomNumberMaximum", 100)
    low, high = min(low, high), max(low, high)
    return call.run.session.random.randint(math.ceil(low), max(math.floor(high), math.ceil(low)))


def _mode(numbers: list[float]) -> float:
    return stats.multimode(numbers)[0]


_STATISTICS: dict[str, Callable[[list[float]], float]] = {
    "Average": stats.fmean, "Minimum": min, "Maximum": max, "Sum": lambda numbers: _total(numbers), "Median": stats.median, "Mode": _mode,
    "Range": lambda numbers: decimal("-", max(numbers), min(numbers)),
    "Standard Deviation": lambda numbers: stats.stdev(numbers) if len(numbers) > 1 else 0,
}  # fmt: skip


def _total(numbers: list[float]) -> float:
    return plain(float(sum(Decimal(repr(one)) for one in numbers)))


@action("is.workflow.actions.statistics", source="user guide: Calculate Statistics")
def statistics(call: Call) -> Any:
    found = [one for item in call.items("Input") for one in values.items(_numbers(item, call))]
    kind = call.choice("WFStatisticsOperation", "Average")
    if kind == "Standard Deviation":
        call.assume("statistics: the standard deviation is that of a sample")
    work = _STATISTICS.get(kind, stats.fmean)
    return plain(work(found)) if found else None


def _numbers(item: Any, call: Call) -> Any:
    return item if isinstance(item, int | float) else convert.numbers_in(convert.text(item, call.place), call.place)


# ---------------------------------------------------------------------------------------------------------------------------------
# expressions

_TOKENS = re.compile(r"\s*(?:([0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)|([A-Za-zπ]+[0-9]*)|(\*\*|[-+*/×÷·^%()!,√]))")
_CONSTANTS = {"pi": math.pi, "π": math.pi, "e": math.e}
_FUNCTIONS: dict[str, Callable[..., float]] = {
    "sqrt": math.sqrt, "cbrt": math.cbrt, "abs": abs, "ln": math.log, "log": math.log10, "log2": math.log2, "exp": math.exp,
    "sin": math.sin,
    "cos": math.cos, "tan": math.tan, "asin": math.asin, "acos": math.acos, "atan": math.atan, "floor": math.floor, "ceil": math.ceil,
    "round": lambda x: math.floor(x + 0.5), "trunc": math.trunc, "min": min, "max": max, "mod": math.fmod, "pow": lambda x,
    y: float(x) ** y,
}  # fmt: skip


class Expression:
    """A reader of arithmetic: + - * / ^ %, parentheses, functions. `value` raises ValueError for what is none, ArithmeticError
    without result.
    """

    def __init__(self, source: str) -> None:
        self.tokens: list[str] = []
        place = 0
        source = source.strip()
        while place < len(source):
            found = _TOKENS.match(source, place)
            if not found:
                raise ValueError(f"{source[place : place + 10]!r} is no arithmetic")
            self.tokens.append(found[0].strip())
            place = found.end()
        self.at, self.depth = 0, 0

    def value(self) -> float:
        """Return the value of the whole text."""
        made = self._sum()
        if self.at < len(self.tokens):
            raise ValueError(f"{self.tokens[self.at]!r} is out of place")
        return plain(made)

    def _next(self, *wanted: str) -> str | None:
        if self.at < len(self.tokens) and (not wanted or self.tokens[self.at] in wanted):
            self.at += 1
            return self.tokens[self.at - 1]
        return None

    def _sum(self) -> float:
        self.depth += 1
        if self.depth > MAX_PARENTHESES:
            raise ValueError("the parentheses nest too deep")
        made = self._product()
        while sign := self._next("+", "-"):
            made = decimal(sign, made, self._product())
        self.depth -= 1
        return made

    def _product(self) -> float:
        made = self._signed()
        while True:
            sign = self._next("*", "/", "×", "÷", "·", "%")
            if sign is None:
                return made
            right = self._signed()
            made = math.fmod(made, right) if sign == "%" else decimal("×" if sign in "*×·" else "÷", made, right)

    def _signed(self) -> float:
        signs = 0
        while sign := self._next("-", "+"):
            signs += sign == "-"
        made = self._power()
        return -made if signs % 2 else made

    def _power(self) -> float:
        base = self._atom()
        while self._next("!"):
            base = math.factorial(int(min(base, 171)))
        if not self._next("^", "**"):
            return base
        self.depth += 1
        if self.depth > MAX_PARENTHESES:
            raise ValueError("the powers nest too deep")
        exponent = self._signed()
        self.depth -= 1
        made = float(base) ** exponent
        if isinstance(made, complex):
            raise ArithmeticError("no number")
        return plain(made)

    def _atom(self) -> float:
        token = self._next()
        if token is None:
            raise ValueError("it ends in the middle")
        if token == "(":
            made = self._sum()
            self._next(")")
            return made
        if token[0].isdigit() or token[0] == ".":
            return plain(float(token))
        if token == "√":
            return math.sqrt(self._signed())
        name = token.lower()
        if name in _CONSTANTS:
            return _CONSTANTS[name]
        if name not in _FUNCTIONS or not self._next("("):
            raise ValueError(f"{token!r} is no arithmetic")
        arguments = [self._sum()]
        while self._next(","):
            arguments.append(self._sum())
        self._next(")")
        try:
            return _FUNCTIONS[name](*arguments)
        except TypeError:
            raise ValueError(f"{name} does not take {len(arguments)} numbers") from None


@action("is.workflow.actions.calculateexpression", source="user guide: Calculate Expression")
def calculate_expression(call: Call) -> Any:
    source = call.input_text("Input")
    if any(name in source for name in ("sin", "cos", "tan", "log")):
        call.assume("calculateexpression: angles are radians; log is that of ten")
    try:
        return Expression(source[:MAX_EXPRESSION]).value()
    except ArithmeticError:
        call.assume("calculateexpression: what has no result is nothing")
        return None
    except ValueError as error:
        call.assume("calculateexpression: what is no arithmetic is an error")
        raise Ended("error", f"the expression {source[:60]!r} cannot be calculated: {error}") from None


# ---------------------------------------------------------------------------------------------------------------------------------
# measurements


@action("is.workflow.actions.measurement.create", source="user guide: Measurement")
def measurement(call: Call) -> Any:
    return call.get("WFMeasurementUnit")


@action("is.workflow.actions.measurement.convert", source="user guide: Convert Measurement")
def convert_measurement(call: Call) -> Any:
    unit = call.get("WFMeasurementUnit")
    unit = unit.get("WFNSUnitSymbol", unit.get("Unit", "")) if isinstance(unit, dict) else unit.unit if isinstance(unit, Quantity) else unit
    symbol = call.said(unit)
    made = []
    for item in call.items():
        source = item if isinstance(item, Quantity) else _measured(call.said(item), symbol)
        made.append(converted(source, symbol) if source else None)
    return one_or_many([one for one in made if one is not None])


def _measured(text: str, unit: str) -> Quantity | None:
    """Return the quantity that a text names, `5 km`; a bare number has the unit itself."""
    found = re.match(r"\s*(-?[0-9.]+)\s*(\S.*)?$", text)
    return Quantity(float(found[1]), (found[2] or unit).strip()) if found and found[1].count(".") < 2 and found[1].strip("-.") else None
