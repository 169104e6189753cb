"""Units of measurement: Apple's symbols, converted by pint."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from shortcuts.machine.values import Quantity

# Apple's symbols, and names of units as people pick them, where pint says it otherwise.
_PINT = {
    "°C": "degC", "°F": "degF", "K": "kelvin", "L": "liter", "mL": "milliliter", "mi": "mile", "ft": "foot", "in": "inch", "yd": "yard",
    "nmi": "nautical_mile", "lb": "pound", "oz": "ounce", "st": "stone", "min": "minute", "hr": "hour", "sec": "second", "days": "day",
    "weeks": "week", "months": "month", "years": "year", "mph": "mile/hour", "km/h": "kilometer/hour", "m/s": "meter/second", "kn": "knot",
    "gal": "gallon", "fl oz": "fluid_ounce", "tsp": "teaspoon", "tbsp": "tablespoon", "cup": "cup", "pt": "pint", "qt": "quart",
    "m²": "meter**2", "km²": "kilometer**2", "cm²": "centimeter**2", "ft²": "foot**2", "mi²": "mile**2", "ac": "acre", "ha": "hectare",
    "m³": "meter**3", "kCal": "kilocalorie", "cal": "calorie", "J": "joule", "kJ": "kilojoule", "kWh": "kilowatt_hour", "W": "watt",
    "kW": "kilowatt", "hp": "horsepower", "°": "degree", "rad": "radian", "psi": "psi", "bar": "bar", "hPa": "hectopascal", "mmHg": "mmHg",
    "B": "byte", "kB": "kilobyte", "MB": "megabyte", "GB": "gigabyte", "TB": "terabyte", "bit": "bit", "Hz": "hertz", "kHz": "kilohertz",
    "V": "volt", "A": "ampere", "Ω": "ohm", "L/100km": "", "mpg": "mile/gallon",
}  # fmt: skip


@lru_cache(maxsize=1)
def _registry() -> Any:
    import pint

    return pint.UnitRegistry(autoconvert_offset_to_baseunit=True)


@lru_cache(maxsize=512)
def _unit(symbol: str) -> Any:
    """Return pint's unit for a symbol, or None. Symbols of a program are looked up, never parsed as an expression of any length."""
    name = _PINT.get(symbol, symbol)
    if not name or len(name) > 30 or not all(letter.isalpha() or letter in "/*0123456789_µ" for letter in name) or name.count("*") > 2:
        return None
    try:
        return _registry().Unit(name)
    except Exception:  # pint raises errors of many kinds for names that are no units
        return None


def converted(value: Quantity, symbol: str) -> Quantity | None:
    """Return a quantity in another unit, or None where the units do not measure the same."""
    source, target = _unit(value.unit), _unit(symbol)
    if source is None or target is None or source.dimensionality != target.dimensionality:
        return value if value.unit == symbol else None
    amount = _registry().Quantity(value.amount, source).to(target).magnitude
    return Quantity(float(f"{amount:.12g}"), symbol)


def base_amount(value: Quantity) -> float:
    """Return the amount in the base unit of its kind; the amount itself for an unknown unit."""
    unit = _unit(value.unit)
    return value.amount if unit is None else float(_registry().Quantity(value.amount, unit).to_base_units().magnitude)
