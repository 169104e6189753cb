"""Differences between natural Python and Python, where the app cannot say what Python means; the page docs/dialect.md prints them.

A row of tests/natural_forms.py that gives something else than CPython names one of these; tests/test_natural_means_python.py runs both.
"""

from __future__ import annotations

WHOLE = "a number has no type: 3.0 is 3 and is shown as 3"
ONE_ITEM = "a list of one item is that item, and nothing is the same as an empty text, list or dictionary: `x is None` is true of ''"
TRUTH = "`if x:` of the output of an action that a program calls by its name is true where there is a value, 0 as well"
GROUPED = "`{n:.2f}` writes a number as the phone's language does: 1,234.50 in English"
HALF = "`round` and formats round a half away from 0: round(2.5) is 3"
CASE = "`in`, `startswith` and `endswith` look into a text without regard to case; re.search('a', x) regards it"
ORDER = "texts are ordered as the phone's language orders them: a, B, c"
SPACES = "`title` begins a word after a space alone: B,c"
DAYS = "`(a - b).days` leaves a part of a day out; where a is before b, Python counts it as a whole one"
WEEKS = "`%V` counts weeks as the phone's calendar does, not as ISO does; texts of dates are in the phone's language"
UNKNOWN = "what is not known to be a text is a number in `x * 2`; write str(x) for a text"
ITEMS = "a number in a list that is written out is a text there; append it to keep it a number"
COMPACT = "`json.dumps` writes no spaces between the parts, `\\/` for a slash, and letters as they are"
SHOWN = "a value of JSON is shown as the app shows it: True is Yes, a list has a line for each item"
EMPTY = "`sum` of an empty list is nothing, and not 0"
INDEX = "an index below 0 that a person gives, or that a difference of others makes, is no item: Python counts it from the end"
BACK = "`xs[-n:]` is empty and `xs[:-n]` is all where n is 0; Python's are the other way round"
REPLACED = "in a replacement of `re.sub` that is not written out, `$1` is the first group and not `\\1`"
LINES = "`splitlines` of a text that ends with a new line has an empty last item"
OLD = "`weekday` of a date before 1900 is a day of the week below 0"
KEYS = "`x in data` looks for a key of what `json.loads` gives; of a list, write `x in list(data)`"
SENTENCES = "`capitalize` begins each sentence with a capital letter"
SIGN = "a number below 0 is filled up before its sign: `{n:03d}` of -5 is 0-5"
CLOCK = "hours are added as they pass: where the clocks change, 24 hours later is another time of the day"

DIFFERENCES = (WHOLE, ONE_ITEM, TRUTH, GROUPED, HALF, CASE, ORDER, SPACES, DAYS, WEEKS, UNKNOWN, ITEMS, COMPACT, SHOWN, EMPTY, INDEX,
               BACK, REPLACED, LINES, OLD, KEYS, SENTENCES, SIGN, CLOCK)  # fmt: skip
