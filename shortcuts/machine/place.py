"""When and where a run happens: its clock, its zone and its language, and how these write dates and numbers.

Dates and numbers are Unicode's, through Babel. Apple puts a plain `at` between date and time in English and since iOS 17 a narrow no-break
space before AM; here it is a plain space, so that texts compare.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

_WORDS = {
    "en": {"yes": "Yes", "no": "No", "at": " at "}, "de": {"yes": "Ja", "no": "Nein", "at": " um "},
    "fr": {"yes": "Oui", "no": "Non", "at": " à "}, "es": {"yes": "Sí", "no": "No", "at": ", "},
    "it": {"yes": "Sì", "no": "No", "at": " alle ore "}, "zh": {"yes": "是", "no": "否", "at": " "},
    "ja": {"yes": "はい", "no": "いいえ", "at": " "},
}  # fmt: skip
STYLES = {"Short": "short", "Medium": "medium", "Long": "long", "Full": "full", "None": ""}
MAX_PATTERN = 500  # characters of a date pattern
FORMATTED = 500  # what writing a date or number by the locale counts, in characters


def unlimited(size: int) -> None:
    """Count nothing: conversions outside of a run."""


@dataclass(frozen=True)
class Place:
    """The clock, zone and locale of a run. Conversions tell `spend` how many characters and items they look at: a run has a limit."""

    now: datetime
    locale: str = "en_US"
    words: dict[str, str] = field(default_factory=dict)
    spend: Callable[[int], None] = unlimited

    @cached_property
    def babel(self) -> Any:
        """Return Babel's locale; English where Babel does not know it."""
        return _babel(self.locale)

    @property
    def zone(self) -> tzinfo:
        """Return the time zone."""
        return self.now.tzinfo  # type: ignore[return-value]

    @cached_property
    def decimal_sign(self) -> str:
        """Return the decimal sign of the locale."""
        return "." if self.locale.startswith("en") else self.babel.number_symbols.get("latn", self.babel.number_symbols).get("decimal", ".")

    @cached_property
    def day_first(self) -> bool:
        """True if the locale writes the day before the month."""
        return self.locale not in ("en_US", "en")

    def date_text(self, moment: datetime, date_style: str, time_style: str) -> str:
        """Return a date in the styles of the locale; an empty style leaves a part out."""
        from babel.dates import format_date, format_time

        self.spend(FORMATTED)
        local = moment.astimezone(self.zone)
        day = format_date(local, date_style, self.babel) if date_style else ""
        time = format_time(local, time_style, self.zone, self.babel) if time_style else ""
        glue = ", " if date_style == "short" else self.words["at"]
        return plain_spaces(f"{day}{glue}{time}" if day and time else day or time)

    def date_pattern(self, moment: datetime, pattern: str) -> str:
        """Return a date in a Unicode pattern (`yyyy-MM-dd`). An unknown letter stands for itself."""
        from babel.dates import format_datetime

        self.spend(FORMATTED)
        pattern = re.sub("e{1,2}(?!e)", lambda found: found[0], pattern[:MAX_PATTERN])
        try:
            return plain_spaces(format_datetime(moment.astimezone(self.zone), _known_fields(pattern), self.zone, self.babel))
        except (KeyError, ValueError, AttributeError, NotImplementedError, TypeError):
            return pattern

    def relative(self, moment: datetime) -> str:
        """Return how far away a date is, in words: `in 2 hours`, `3 days ago`."""
        from babel.dates import format_timedelta

        self.spend(FORMATTED)
        return plain_spaces(format_timedelta(moment - self.now, add_direction=True, threshold=1, locale=self.babel))

    def number_text(self, number: float, places: int) -> str:
        """Return a number with grouping and a fixed count of decimal places, halves rounded to even."""
        from babel.numbers import format_decimal

        self.spend(FORMATTED)
        places = max(0, min(places, 20))
        return plain_spaces(format_decimal(number, "#,##0" + ("." + "0" * places if places else ""), self.babel))


def place(now: str, zone: str, locale: str) -> Place:
    """Return a Place. `now` is an ISO date, read in `zone` where it names none. Raises ValueError with what is wrong."""
    try:
        where = ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"zone: {zone!r} is no time zone, such as Europe/Berlin") from None
    try:
        moment = datetime.fromisoformat(now)
    except (ValueError, TypeError):
        raise ValueError(f"now: {now!r} is no ISO date, such as 2026-03-14T09:30:00") from None
    if not 1900 <= moment.year <= 2200:
        raise ValueError(f"now: the year {moment.year} is not from 1900 to 2200")
    moment = moment.astimezone(where) if moment.tzinfo else moment.replace(tzinfo=where)
    return Place(moment, locale, _WORDS.get(locale[:2], _WORDS["en"]))


def plain_spaces(text: str) -> str:
    """Return a text with plain spaces for no-break ones."""
    return text.replace("\u202f", " ").replace("\xa0", " ")


def shifted(moment: datetime, seconds: float) -> datetime:
    """Return a date later by some seconds of real time. Raises OverflowError."""
    return (moment.astimezone(ZoneInfo("UTC")) + timedelta(seconds=seconds)).astimezone(moment.tzinfo)


@lru_cache(maxsize=32)
def _babel(locale: str) -> Any:
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError):
        return Locale.parse("en_US")


# Babel knows these letters of Unicode's patterns; a run of another, or a longer one than Babel takes, is shortened or quoted.
_LONGEST = {letter: most for most, letters in {1: "WF", 2: "dwhHKkms", 3: "DabB", 4: "QqzvVO", 5: "GMLEecZxX", 9: "yYuSA"}.items()
            for letter in letters}  # fmt: skip


@lru_cache(maxsize=256)
def _known_fields(pattern: str) -> str:
    def known(match: re.Match[str]) -> str:
        run = match[0]
        if run[0] == "'":
            return run
        longest = _LONGEST.get(run[0])
        return f"'{run}'" if longest is None else run[:longest]

    return re.sub(r"'[^']*'?|([A-Za-z])\1*", known, pattern)
