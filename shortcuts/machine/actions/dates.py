"""Dates: making, formatting, shifting, and the time between two."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from shortcuts.machine import convert
from shortcuts.machine.parameters import formatted
from shortcuts.machine.place import shifted
from shortcuts.machine.registry import Call, Ended, action
from shortcuts.machine.values import Quantity, one_or_many


@action("is.workflow.actions.date", source="user guide: Date")
def date(call: Call) -> Any:
    if call.choice("WFDateActionMode", "Current Date") == "Current Date" and not call.has("WFDateActionDate"):
        return call.place.now
    return call.moment("WFDateActionDate") if call.inputs.get("WFDateActionMode") == "Specified Date" else call.place.now


@action("is.workflow.actions.format.date", source="user guide: Format Date; Unicode's date patterns")
def format_date(call: Call) -> Any:
    options = {key: call.get(key) for key in ("WFDateFormatStyle", "WFTimeFormatStyle", "WFISO8601IncludeTime", "WFDateFormat")}
    options = {key: call.said(value) if not isinstance(value, bool) else value for key, value in options.items() if value is not None}
    moments = [convert.moment(item, call.place) for item in call.items("WFDate")]
    return one_or_many([formatted(moment, options, call.place) for moment in moments if moment is not None])


_OFFSETS = {"sec": "seconds", "second": "seconds", "min": "minutes", "minute": "minutes", "hr": "hours", "hour": "hours", "day": "days",
            "week": "weeks", "wk": "weeks", "month": "months", "year": "years", "yr": "years"}  # fmt: skip
_CLOCK = {"seconds": 1, "minutes": 60, "hours": 3600}


def moved(moment: datetime, amount: float, unit: str) -> datetime:
    """Return a date moved by an amount of a unit: hours are real time, days and longer are the calendar's. Raises ArithmeticError."""
    kind = _OFFSETS.get(unit.lower().rstrip("s") if len(unit) > 1 else unit, "seconds")
    try:
        if kind in _CLOCK:
            return shifted(moment, amount * _CLOCK[kind])
        if kind in ("days", "weeks"):  # parts of a week, a month or a year are left out, says the action's description
            return moment + timedelta(days=int(amount) * 7 if kind == "weeks" else amount)
        from dateutil.relativedelta import relativedelta

        return moment + relativedelta(**{kind: int(amount)})
    except (OverflowError, ValueError):
        raise ArithmeticError("the date is too far away") from None


@action("is.workflow.actions.adjustdate", source="user guide: Adjust Date")
def adjust_date(call: Call) -> Any:
    """Move a date. Older files have the offset in WFAdjustOffsetPicker."""
    moment = convert.moment(call.input("WFDate"), call.place)
    if moment is None:
        return None
    operation = call.choice("WFAdjustOperation", "Add")
    if operation.startswith("Get Start of"):
        return _start(moment, operation.rpartition(" ")[2], call.place.babel.first_week_day)
    duration = call.get("WFDuration")
    picker = call.get("WFAdjustOffsetPicker")
    if isinstance(duration, Quantity):
        amount, unit = duration.amount, duration.unit
    elif isinstance(picker, dict):
        amount, unit = convert.number(picker.get("Value"), call.place) or 0, str(picker.get("Unit", "Minute"))
        operation = str(picker.get("Operation", operation))
    else:
        convert.text(duration, call.place)  # an unknown duration makes an unknown date
        return moment
    return moved(moment, -amount if operation == "Subtract" else amount, unit)


def _start(moment: datetime, unit: str, first_day: int) -> datetime:
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "Week":
        return day - timedelta(days=(day.weekday() - first_day) % 7)
    return {"Minute": moment.replace(second=0, microsecond=0), "Hour": moment.replace(minute=0, second=0, microsecond=0),
            "Month": day.replace(day=1), "Year": day.replace(month=1, day=1)}.get(unit, day)  # fmt: skip


_SPANS = {"Seconds": 1, "Minutes": 60, "Hours": 3600, "Days": 86400, "Weeks": 604800}


@action("is.workflow.actions.gettimebetweendates", source="user guide: Get Time Between Dates")
def time_between(call: Call) -> Any:
    """Return the time from one date to another. Older files compare the input with now or with WFTimeUntilCustomDate."""
    until = convert.moment(call.input("WFInput"), call.place)
    if call.has("WFTimeUntilFromDate"):
        since = call.moment("WFTimeUntilFromDate")
    elif call.has("WFTimeUntilCustomDate"):
        since = call.moment("WFTimeUntilCustomDate")
    else:
        since = call.place.now
    if until is None or since is None:
        raise Ended("error", f"the time between {call.said(since)!r} and {call.said(until)!r} cannot be told: no dates")
    unit = call.choice("WFTimeUntilUnit", "Minutes")
    if passed(since, until) % _SPANS.get(unit, 86400):
        call.assume("gettimebetweendates: only whole units count")
    return span(since, until, unit)


def passed(since: datetime, until: datetime) -> float:
    """Return the seconds from one date to another; Python alone goes by the clock where both are of one zone."""
    offsets = (until.utcoffset() or timedelta()) - (since.utcoffset() or timedelta())
    return (until.replace(tzinfo=None) - since.replace(tzinfo=None) - offsets).total_seconds()


def span(since: datetime, until: datetime, unit: str) -> Any:
    """Return the time between two dates in whole units, negative where the second is earlier; as text for `Total Time`."""
    if unit in ("Months", "Years"):
        from dateutil.relativedelta import relativedelta

        between = relativedelta(until, since)
        return between.years if unit == "Years" else between.years * 12 + between.months
    # days are the calendar's: one in which the clocks change is one, too
    seconds = (until - since).total_seconds() if unit in ("Days", "Weeks") else passed(since, until)
    if unit != "Total Time":
        return int(seconds / _SPANS.get(unit, 60))
    left, parts = int(abs(seconds)), []
    for name, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        amount, left = divmod(left, size)
        parts += [f"{amount} {name}{'s' if amount != 1 else ''}"] if amount else []
    return ", ".join(parts) or "0 seconds"


@action(
    "is.workflow.actions.converttimezone",
    source="user guide: Convert Time Zone",
    assumed="the date keeps its moment; zones are named by their city or in the form of the zone database",
)
def convert_zone(call: Call) -> Any:
    return call.moment("Date")
