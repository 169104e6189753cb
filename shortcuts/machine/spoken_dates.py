"""Dates as texts name them: in digits, with the names of months, or in a few English words (tomorrow at 3 pm, in 3 days, Monday)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from shortcuts.machine.place import Place

_UNITS = {"minute": 60, "hour": 3600, "day": 86400, "week": 604800}
PARSED = 3000  # what reading a date that is written out counts, in characters
_DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_DATE_LIKE = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
    r"|\d{1,2}/\d{1,2}/\d{2,4}|\d{1,2}\.\d{1,2}\.\d{2,4}"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d|\d{1,2}\.? (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
    r"|\d{1,2}:\d{2}|\d{1,2} ?[ap]\.?m\b",
    re.IGNORECASE,
)


def text_moment(said: str, place: Place) -> datetime | None:
    """Return the date that a text names, or None."""
    if not said or len(said) > 10_000:
        return None
    place.spend(150 + 8 * len(said))  # a dozen patterns are tried
    low, now = said.lower(), place.now
    if low == "now":
        return now
    if match := re.fullmatch(r"in (\d{1,6}) (minute|hour|day|week)s?|(\d{1,6}) (minute|hour|day|week)s? (ago|from now)", low):
        amount = int(match[1] or match[3]) * _UNITS[match[2] or match[4]]
        return now + timedelta(seconds=-amount if match[5] == "ago" else amount)
    midnight, rest = now.replace(hour=0, minute=0, second=0, microsecond=0), low
    day = None
    for word, shift in (("today", 0), ("tonight", 0), ("tomorrow", 1), ("yesterday", -1)):
        if re.search(rf"\b{word}\b", low):
            day, rest = midnight + timedelta(days=shift), low.replace(word, "").strip(" ,")
    for index, word in enumerate(_DAYS if day is None else ()):
        if re.search(rf"\b(?:next )?{word}\b", low) and not _DATE_LIKE.search(low.replace(word, "")):
            day, rest = midnight + timedelta(days=(index - now.weekday() - 1) % 7 + 1), ""
    rest = re.sub(r"^(at|um)\b", "", rest).strip()
    if day is not None and not _DATE_LIKE.search(rest):
        return day
    found = _DATE_LIKE.search(rest)
    if not found:
        return None
    from dateutil import parser

    place.spend(PARSED)
    try:
        read = parser.parse(
            rest if len(rest) < 60 else rest[found.start() : found.start() + 40],
            fuzzy=True,
            default=(day or midnight).replace(tzinfo=None),
            dayfirst=place.day_first and not re.search(r"\d{4}-\d", rest),
        )
        return (read if read.tzinfo else read.replace(tzinfo=place.zone)).astimezone(place.zone)
    except (ValueError, OverflowError, TypeError):
        return None
