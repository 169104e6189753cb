"""Values of the machine: conversions, dates and numbers of a locale, patterns, units, JSON."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machine_coercions import ASSUMED, COERCIONS

from shortcuts import machine
from shortcuts.forms.constants import COERCIONS as CLASSES
from shortcuts.machine import World, convert, members
from shortcuts.machine.actions.numbers import Expression, decimal
from shortcuts.machine.actions.text import icu, icu_template
from shortcuts.machine.place import place
from shortcuts.machine.units import converted
from shortcuts.machine.values import Quantity, Unknown, Untold
from shortcuts.machine.world import from_json, to_json

HERE = World().place


def become(value: Any, kind: str) -> Any:
    """Return a value as a type, a property of it or its value for a key, all as JSON."""
    made = from_json(value)
    if kind.startswith("."):
        return to_json(members.at_key(made, kind[1:], HERE))
    if kind[0].isupper():
        return to_json(members.prop(made, kind, HERE))
    return to_json(convert.as_type(made, CLASSES[f"as_{kind.replace(' ', '_')}"], HERE))


@pytest.mark.parametrize(("value", "kind", "expected"), COERCIONS + ASSUMED, ids=lambda part: str(part)[:30])
def test_a_value_becomes_what_the_table_says(value: Any, kind: str, expected: Any) -> None:
    made = become(value, kind)
    assert made == expected
    assert type(made) is type(expected)


def test_the_table_is_large_and_mostly_sourced() -> None:
    assert len(COERCIONS) + len(ASSUMED) >= 120
    assert len(ASSUMED) <= 0.35 * (len(COERCIONS) + len(ASSUMED))


@pytest.mark.parametrize("item_class", convert.COERCIONS)
def test_an_unknown_stays_unknown_under_every_conversion(item_class: str) -> None:
    assert convert.as_type(Unknown("any", "x"), item_class, HERE).origin == "x"
    with pytest.raises(Untold):
        convert.text([Unknown("any", "x")], HERE)


JSON = st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text().filter(lambda key: key != "$"), inner, max_size=3), max_leaves=8)


@given(JSON)
def test_values_survive_json(value: Any) -> None:
    assert to_json(from_json(value)) == value


@given(JSON, st.sampled_from(sorted(convert.COERCIONS)))
def test_every_json_value_converts_or_is_nothing(value: Any, item_class: str) -> None:
    convert.as_type(from_json(value), item_class, HERE)


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1), st.text(st.characters(codec="utf-8")) | st.integers(-(2**53), 2**53)))
def test_a_dictionary_survives_as_text(value: dict[str, Any]) -> None:
    assert convert.dictionary(convert.text(value, HERE), HERE) == value


@given(st.integers(-(10**15), 10**15) | st.floats(-1e9, 1e9).map(lambda x: round(x, 6)))
def test_a_number_survives_as_text(value: float) -> None:
    assert convert.number(convert.text(value, HERE), HERE) == pytest.approx(value, abs=1e-9)


# ---------------------------------------------------------------------------------------------------------------------------------
# places


@pytest.mark.parametrize(("locale", "expected"), [("en_US", "Jan 5, 2026 at 2:30 PM"), ("en_GB", "5 Jan 2026 at 14:30"), ("de_DE", "05.01.2026 um 14:30"),
                                                  ("fr_FR", "5 janv. 2026 à 14:30"), ("ja_JP", "2026/01/05 14:30")])
def test_dates_are_written_as_the_locale_does(locale: str, expected: str) -> None:
    here = place("2026-01-05T14:30:00", "Europe/Berlin", locale)
    assert here.date_text(here.now, "medium", "short") == expected


@pytest.mark.parametrize(("pattern", "expected"), [
    ("yyyy-MM-dd", "2026-01-05"), ("d/M/yy", "5/1/26"), ("EEEE", "Monday"), ("EEE d MMM", "Mon 5 Jan"), ("HH:mm:ss", "14:03:09"), ("h:mm a", "2:03 PM"),
    ("MMMM", "January"), ("'week' w", "week 2"), ("D", "5"), ("yyyyMMdd'T'HHmmss", "20260105T140309"), ("Z", "+0100"), ("", ""), ("Q", "1"), ("jj", "jj"),
])  # fmt: skip
def test_date_patterns_are_unicodes(pattern: str, expected: str) -> None:
    here = place("2026-01-05T14:03:09", "Europe/Berlin", "en_US")
    assert here.date_pattern(here.now, pattern) == expected


@given(st.text(max_size=30))
def test_no_date_pattern_fails(pattern: str) -> None:
    HERE.date_pattern(HERE.now, pattern)


def test_numbers_have_the_decimal_sign_of_the_locale() -> None:
    german = place("2026-01-05T14:30:00", "Europe/Berlin", "de_DE")
    assert convert.text(2.5, german) == "2,5"
    assert convert.number("2,5", german) == 2.5
    assert german.number_text(1234.5, 2) == "1.234,50"


@pytest.mark.parametrize(("wrong", "part"), [({"zone": "Nowhere/Land"}, "zone"), ({"now": "soon"}, "now"), ({"now": "0001-01-01"}, "year")])
def test_a_wrong_clock_or_zone_is_said_in_one_line(wrong: dict[str, str], part: str) -> None:
    with pytest.raises(ValueError, match=part):
        World.from_json(wrong)


# ---------------------------------------------------------------------------------------------------------------------------------
# patterns, arithmetic, units


@pytest.mark.parametrize(("pattern", "text", "expected"), [
    (r"\d+", "a1b22", ["1", "22"]), (r"\Qa.b\E", "a.b axb", ["a.b"]), (r"(?<=a)b", "ab bb", ["b"]), (r"\x{1F600}", "😀", ["😀"]), (r"(?i)A", "aA", ["a", "A"]),
    (r"[[:alpha:]]+", "ab1", ["ab"]), (r"\p{Lu}", "aBÇ", ["B", "Ç"]), (r"a++b", "aab", ["aab"]), (r"(?<year>\d{4})", "in 2026", ["2026"]), (r"^.", "a\nb", ["a"]),
    (r"(?m)^.", "a\nb", ["a", "b"]),
])  # fmt: skip
def test_patterns_are_read_as_icu_reads_them(pattern: str, text: str, expected: list[str]) -> None:
    assert [found[0] for found in icu(pattern, False).finditer(text)] == expected


@pytest.mark.parametrize(("template", "expected"), [("$1-$2", "a-b"), ("$0", "ab"), (r"\$1", "$1"), ("x", "x"), (r"\\", "\\"), ("$2$1", "ba")])
def test_replacements_are_read_as_icu_reads_them(template: str, expected: str) -> None:
    assert icu("(a)(b)", False).sub(icu_template(template), "ab") == expected


@pytest.mark.parametrize("pattern", ["(", "[", "a{2,1}", "(?<x", "*"])
def test_a_broken_pattern_is_an_error_of_one_kind(pattern: str) -> None:
    with pytest.raises(ValueError):
        icu(pattern, False)


@pytest.mark.parametrize(("source", "expected"), [
    ("1 + 2", 3), ("2 + 3 * 4", 14), ("(2 + 3) × 4", 20), ("10 ÷ 4", 2.5), ("2^10", 1024), ("-2^2", -4), ("2^-1", 0.5), ("7 % 3", 1), ("sqrt(16)", 4), ("√9", 3),
    ("0.1 + 0.2", 0.3), ("max(1, 2, 3)", 3), ("abs(-5)", 5), ("5!", 120), ("2 * -3", -6), ("1e3 + 1", 1001), ("((1))", 1), ("2**3", 8), ("pi", 3.141592653589793),
    ("round(2.5)", 3), ("floor(-1.5)", -2), ("1/3", 0.3333333333333333), ("2^3^2", 512), ("log(1000)", 3), (".5 * 2", 1), ("10 / 5 / 2", 1), ("8 - 3 - 2", 3),
])  # fmt: skip
def test_expressions_are_arithmetic(source: str, expected: float) -> None:
    made = Expression(source).value()
    assert made == pytest.approx(expected, abs=1e-12)
    assert isinstance(made, int) == isinstance(expected, int)


@pytest.mark.parametrize("source", ["", "1 +", "import os", "__import__('os')", "1 2", "(" * 200 + "1", "foo(1)", "sqrt(1, 2)", "1;2"])
def test_what_is_no_arithmetic_is_an_error_of_one_kind(source: str) -> None:
    with pytest.raises(ValueError):
        Expression(source).value()


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6))
def test_the_operations_are_those_of_whole_numbers(a: int, b: int) -> None:
    assert (decimal("+", a, b), decimal("-", a, b), decimal("×", a, b)) == (a + b, a - b, a * b)


@pytest.mark.parametrize(("amount", "unit", "to", "expected"), [
    (1, "km", "m", 1000), (1, "mi", "km", 1.609344), (0, "°C", "°F", 32), (100, "°C", "K", 373.15), (1, "kg", "g", 1000), (2, "hr", "min", 120), (1, "ft", "in", 12),
    (1, "L", "mL", 1000), (90, "km/h", "m/s", 25), (1, "GB", "MB", 1000), (1, "lb", "oz", 16),
])  # fmt: skip
def test_units_convert(amount: float, unit: str, to: str, expected: float) -> None:
    made = converted(Quantity(amount, unit), to)
    assert made is not None and made.unit == to
    assert made.amount == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("unit", "to"), [("km", "kg"), ("km", "nonsense"), ("__import__('os')", "m"), ("", "m")])
def test_what_measures_something_else_does_not_convert(unit: str, to: str) -> None:
    assert converted(Quantity(1, unit), to) is None


BERLIN = World(zone="Europe/Berlin", now="2026-03-01T12:00:00")
CLOCKS = """a = is_workflow_actions_date(WFDateActionMode='Specified Date', WFDateActionDate='{start}')
b = is_workflow_actions_adjustdate(WFDate=a, WFDuration=quantity({amount}, '{unit}'))
Passed = is_workflow_actions_gettimebetweendates(WFTimeUntilFromDate=a, WFInput=b, WFTimeUntilUnit='{between}')
is_workflow_actions_showresult(Text=f'{{Passed}}')
if b > a:
    is_workflow_actions_showresult(Text='later')
"""


@pytest.mark.parametrize(("start", "amount", "unit", "between", "passed"), [
    ("2026-03-28 12:00", 24, "hr", "Hours", "24"), ("2026-03-28 12:00", 1, "days", "Hours", "23"), ("2026-03-28 12:00", 1, "days", "Days", "1"),
    ("2026-10-25 01:30", 120, "min", "Minutes", "120"), ("2026-10-25 02:30", 60, "min", "Seconds", "3600"), ("2026-06-01 12:00", 2, "weeks", "Days", "14"),
])
def test_time_passes_where_the_clocks_change(start, amount, unit, between, passed):
    """Of one zone, Python subtracts and compares dates by what the clock shows."""
    code = CLOCKS.format(start=start, amount=amount, unit=unit, between=between)
    assert [effect.what["text"] for effect in machine.run(code, BERLIN).effects] == [passed, "later"]
