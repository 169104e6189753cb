"""When something is to happen, as a sentence says it: the times that the rules can set, and the words at the end that say any other.

    alert_time("in half an hour")                  # "in 30 minutes"
    alert_time("at 25:99")                         # None: there is no such time
    SAYS_WHEN.search("call Bob next week").start() # 8: a title that ends so would drop what is asked for
"""

from __future__ import annotations

import re

ONES = ("one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
        "nineteen").split()  # fmt: skip
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
NUMBERS = {"a": 1, "an": 1, **{word: place for place, word in enumerate(ONES, 1)},
           **{word: ten for ten, word in zip(range(20, 100, 10), TENS, strict=True)},
           **{f"{word}-{one}": ten + place for ten, word in zip(range(20, 100, 10), TENS, strict=True)
              for place, one in enumerate(ONES[:9], 1)}}  # fmt: skip
WORDS = "|".join(sorted((word.replace("-", "[- ]") for word in NUMBERS), key=len, reverse=True))
COUNT = rf"(?:\d{{1,4}}|{WORDS})"
HOUR = rf"(?:{'|'.join(ONES[:12])})"
SIDE = r"[ap]\.?m\b\.?"
CLOCK = rf"(?:\d{{1,2}}(?:(?::\d\d)? ?{SIDE}|:\d\d)|{HOUR} {SIDE})"  # what leaves no doubt: "at 5" may be in the morning or not
AMOUNT = rf"(?:half an hour|an? (?:hour|day|week) and a half|{COUNT} and a half (?:hour|day|week)s|{COUNT} (?:minute|hour|day|week)s?)"
SETTABLE = rf"(?:(?:today|tomorrow) )?(?:at (?:{CLOCK}|noon|midnight)|{CLOCK})|at {CLOCK} (?:today|tomorrow)|in {AMOUNT}"
MINUTES = {"minute": 1, "hour": 60, "day": 1440, "week": 10080}


def number(said: str) -> int:
    """Return the number that digits or a word say."""
    word = re.sub("[ -]", "-", said.lower())
    return NUMBERS[word] if word in NUMBERS else int(said)


def alert_time(said: str) -> str | None:
    """Return what SETTABLE matches as the app's own text dates say it, None for a time that no clock shows."""
    words = said.lower()
    if not words.isascii():  # patterns that ignore case take "ſ" for an s, and digits of other scripts
        return None
    if words.startswith("in "):
        return _from_now(words)
    day = next((day for day in ("today", "tomorrow") if day in words), "")
    clock = re.sub(r"\b(?:today|tomorrow|at)\b", "", words).replace(".", "").strip()
    if clock not in ("noon", "midnight"):
        hour, minute, side = re.fullmatch(r"(\w+?)(?::(\d\d))? ?([ap]m)?", clock).groups()  # type: ignore[union-attr]
        if not (number(hour) in (range(1, 13) if side else range(24)) and int(minute or 0) < 60):
            return None
        clock = clock.replace(hour, str(number(hour)), 1) if hour.isalpha() else clock
    return f"{day} at {clock}" if day else clock


def _from_now(words: str) -> str:
    """Return "in half an hour" and the like with a whole number."""
    count, half, unit = re.fullmatch(rf"in (half an|{COUNT})(?: (?:hour|day|week))?( and a half)? ?(minute|hour|day|week)?s?",
                                     words).groups()  # type: ignore[union-attr]  # fmt: skip
    unit = unit or next(unit for unit in MINUTES if f" {unit}" in words)
    if count == "half an" or half:
        minutes = MINUTES[unit] // 2 + (MINUTES[unit] * number(count) if half else 0)
        return f"in {minutes} minutes"
    amount = number(count)
    return f"in {amount} {unit}{'' if amount == 1 else 's'}"


# ---------------------------------------------------------------------------------------------------------------------------------
# what says when, where, how often or how urgently, at the end of a title

PIECES = {
    "count": COUNT, "hour": HOUR, "side": SIDE, "at": r"(?:(?:at|by|around|from) )?", "on": r"(?:(?:on|by|from|until) )?",
    "unit": r"(?:second|sec|minute|min|hour|hr|day|week|weekend|fortnight|month|quarter|year)s?",
    "part": r"(?:morning|afternoon|evening|night)s?",
    "day": r"(?:(?:week|mon|tues|wednes|thurs|fri|satur|sun)days?|today|tomorrow|tonight|yesterday)",
    "month": r"(?:january|february|march|april|may|june|july|august|september|october|november|december|"
             r"(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?)",
    "nth": r"(?:\d{1,2}(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|fifteenth|twentieth|last)",
    "feast": r"(?:christmas|easter|new year(?:['’]s)?|halloween|thanksgiving)(?: eve| day)?",
    "season": r"(?:spring|summer|autumn|fall|winter)",
}  # fmt: skip
PHRASES = (
    # dates
    r"{on}(?:the )?{nth}(?: day)? of (?:(?:the|next|this|every|each) )?(?:{month}|month|year)", r"(?:on|by|every|each) (?:the )?{nth}",
    r"{on}(?:the )?(?:{nth}|\d{1,2}) {month}(?: \d{4})?", r"{on}{month} (?:the )?(?:{nth}|\d{1,2})(?:,? \d{4})?",
    r"{on}\d{1,2}/\d{1,2}(?:/\d{2,4})?", r"(?:on|by|from) \d{1,2}\.\d{1,2}\.?(?:\d{4})?",
    r"{on}\d{4}-\d\d?-\d\d?", r"(?:in|by|next|this) {month}",
    r"(?:on|at|by|over) {feast}", r"(?:(?:on|by|this|next|from|until|every|each|last|the|the day after) )*{day}",
    # times of the day
    r"{at}(?:\d{1,2}(?::\d\d)? ?{side}|\d{1,2}:\d\d)", r"{at}{hour} ?(?:{side}|o['’]clock)",
    r"(?:at|by|around) (?:about |around )?(?:\d{1,2}|{hour})(?: {count})?", r"{at}half (?:past )?{hour}(?: {side})?",
    r"(?:at|by|around) (?:a )?(?:quarter|{count})(?: minutes?)? (?:past|to) (?:\d{1,2}|{hour})(?: {side})?",
    r"at (?:noon|midday|midnight|dawn|dusk|sunrise|sunset|lunch(?:time)?|dinner(?:time)?|breakfast|bedtime)",
    r"(?:this|in the|during the|on|at|by|early|late|every|each|next|first thing in the) (?:early |late )?{part}", r"overnight|first thing",
    # from now on
    r"(?:in|within) (?:about |around )?(?:half )?(?:\S+ ){1,5}?{unit}(?: and a half)?(?:['’]s? time| from now)?",
    r"(?:{count}|half an|a few) {unit} (?:from now|later|ago)", r"(?:(?:in|at|over|by|for) )?(?:the )?(?:this|next|following) {unit}",
    r"(?:on|at|over|by) (?:the )?{unit}", r"{at}(?:the )?(?:end|beginning|start|middle) of (?:(?:the|this|next) )?{unit}",
    r"(?:next|this|in) (?:the )?{season}", r"later|soon|asap|immediately|(?:right|straight) away|as soon as possible|(?:the )?next time",
    # again and again
    r"(?:once|twice|thrice|(?:{count}|several|many|a few)(?: \w+)?) (?:a|an|per|each|every) {unit}", r"(?:a|per) (?:day|week|month|year)",
    r"(?:every|each) (?:(?:other|second|third|few|single|{count}) )?{unit}",
    r"hourly|daily|nightly|weekly|bi-?weekly|fortnightly|monthly|quarterly|yearly|annually|regularly",
    # places
    r"(?:once|as soon as|when(?:ever)?|the moment|(?:the )?next time) (?:i|i['’]m|we|we['’]re|you|he|she|they|it|my|the) .+",
    r"(?:at|near) (?:home|work|school)", r"(?:at|near) (?:the|my) (?:office|gym|station|airport|shops?|store|supermarket|library|hotel)",
    r"on (?:my|the) way(?: (?:home|back|there|to \w+))?", r"on arrival",
    # priorities
    r"(?:(?:with|at|of|as) )?(?:an? )?(?:very )?(?:high|higher|highest|top|low|lowest|medium|normal|no) priority",
    r"(?:as|with) (?:very )?(?:urgent|important|flagged|a flag|urgency)|urgently",
)  # fmt: skip
SAYS_WHEN = re.compile("(?:(?:^|,? )(?:{})(?![^ ,]))+$".format(
    "|".join(re.sub(r"\{([a-z]+)\}", lambda found: PIECES[found[1]], phrase) for phrase in PHRASES)), re.I)  # fmt: skip
