"""The primer: the dialect in a page, for a model that was not trained on it.

    python -m shortcuts.primer

Its rows of helpers are made from forms/signatures.py, its example and its values are programs that `check` accepts (tests/test_primer.py).
It uses actions of everyday use alone: `primer_apis()` says which, so that no test of unseen APIs is given away by it.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

from shortcuts.forms import constants, signatures

# Helpers and methods that a new program may need, shown with what their signatures say; the text names a few more.
SHOWN = "quantity", "is_today", "is_within_next", "is_within_last"
SHOWN_METHODS = "formatted", "in_unit"

EXAMPLE = """\
limit = is_workflow_actions_ask(WFAskActionPrompt='How many lines?', WFInputType='Number')
if limit > 99:
    is_workflow_actions_alert(WFAlertActionMessage=f'{limit} lines are too many.')
    is_workflow_actions_exit()
kept = []
for number, line in enumerate(is_workflow_actions_text_split(text=clipboard()), start=1):
    if number <= limit and 'TODO' not in line:
        kept.append(f'{number}. {line.strip()}')
match menu(f'{len(kept)} lines: what next?'):
    case 'Copy':
        is_workflow_actions_setclipboard(WFInput='\\n'.join(kept))
    case 'Pick one':
        chosen = is_workflow_actions_choosefromlist(WFInput=kept)
        is_workflow_actions_notification(WFNotificationActionBody=chosen, WFNotificationActionSound=False)
    case 'Nothing':
        pass
"""

TEXT = """\
A shortcut of Apple's Shortcuts app is written as Python. The program is compiled, never run: each call of an action becomes an \
action of the shortcut, and its result is what it is assigned to. For example:

```python
{example}```

What may be written:
- Actions: {actions}, with keyword arguments only, by exactly these names. Leave out what has a good \
default.
- Ordinary Python around them: assignments, if/elif/else, for over a list, over `range(n)` or with enumerate, comprehensions, \
f-strings, `x + 1`, `==`, `<`, `in`, `and`, `not`, `x[0]`, `x[-1]`, `d['key']`, `names.append(x)`, lists and dictionaries, `len`, \
`sum`, `min`, `max`, `sorted`, `round`, `abs`, `int`, `float`, `str`, `.upper()`, `.lower()`, `.strip()`, `.split()`, `.join()`, \
`.replace()`, `.splitlines()`, `print` (shows a text), `input` (asks for one), `datetime.now()`, `timedelta`, `random.randint`, \
`random.choice`, `json.loads`, `re.findall`, `re.sub`, `requests.get`. A call may stand inside another call.
- Do without classes, lambda, try, while and break.
- `match menu('Question?')` lets the person choose; each `case 'Title':` is a choice.
- A name that is assigned again in a loop or a branch keeps its last value. `if x:` asks whether x has a value, `x == True` whether \
it is true.
- A text that stands alone on a line is a remark in the shortcut; `#` comments are not part of it.

Values:
- `shortcut_input()` is what is shared with the shortcut, `clipboard()` what was copied, `current_date()` now; `ask_each_time()` in \
a parameter lets the person fill it in.
{helpers}
- `x.Name`, or `x.property('File Size')`, is a property of an item by its label; `as_number(x)` is x as a number, and \
so as_text, as_date, as_url, as_dictionary, as_image.
- Parameters of type 'Variable', 'File', 'Contact', 'Location', 'Date' and 'Entity' take what an action gave, or a value above; a date \
may be a text ('tomorrow 9:00'), a place is a variable (`place = 'Paris'` on a line before), a language its code ('de_DE'), an 'App' is \
`{{'BundleIdentifier': 'com.apple.mobilesafari', 'Name': 'Safari'}}`. A person is found by name or picked; a number is written as \
`contacts([{{'EntryType': 1, 'SerializedEntry': {{'link.contentkit.phonenumber': '+1 555 0100'}}}}])` (`link.contentkit.emailaddress` \
for mail).
- A filter of a Find action is `filter_all(rule('Property', operator, …), …)` or `filter_any(…)`. Operators: {operators}. The \
operand is named by its type: String=, Number=, Bool=, Enumeration= (one of a list), Date=; "between" has a second one, \
AnotherNumber= or AnotherDate=; for "in the last" and "in the next" Number= and Unit= (64 minutes, 32 hours, 16 days, 8192 weeks, 8 \
months, 4 years). Properties are called as the app shows them: 'Name', 'Title', 'Album', 'Creation Date', 'Start Date', 'Is a \
Screenshot', 'Is Completed'. Sort by WFContentItemSortProperty='Creation Date' with WFContentItemSortOrder='Latest First' ('Oldest \
First', 'A to Z'); take n with WFContentItemLimitEnabled=True, WFContentItemLimitNumber=n.
- Paths of files are relative to the folder Shortcuts in iCloud Drive. Brightness and volume go from 0 to 1, the battery level to 100.
- WFItemIndex and the like count from 1, `x[0]` from 0. What belongs to one choice of another parameter counts with that alone: \
WFItemIndex with WFItemSpecifier='Item At Index', WFDateFormat with 'Custom'.

If these functions cannot do all that is asked, come as close as they allow, and say in a remark on the first line what is missing; \
never invent a function or a parameter. What only the person knows (a number, an address, a key) is asked for.
"""


@lru_cache(maxsize=2)
def primer(actions: str = "the functions listed with the request") -> str:
    """Return the primer, plain text with one fenced program; at most 1,500 tokens. actions: where the reader finds them."""
    return TEXT.format(actions=actions, example=EXAMPLE, helpers=_rows(), operators=", ".join(map(repr, constants.RULE_OPERATORS)))


def _rows() -> str:
    """Return what the signatures say of the helpers shown, a line each."""
    shown = [*map(signatures.HELPERS.__getitem__, SHOWN), *map(signatures.METHODS.__getitem__, SHOWN_METHODS)]
    return "\n".join(f"- {form.words}" if f"{form.name}(" in form.words else f"- `{form.name}(x)`: {form.words}" for form in shown)


@lru_cache(maxsize=1)
def primer_id() -> str:
    """Return the first 16 hex digits of the SHA-256 of the primer."""
    return hashlib.sha256(primer().encode()).hexdigest()[:16]


@lru_cache(maxsize=1)
def primer_apis() -> frozenset[str]:
    """Return the ids of the actions that the primer shows by name."""
    return frozenset(f"is.workflow.actions.{name.replace('_', '.')}" for name in re.findall(r"\bis_workflow_actions_(\w+)\(", EXAMPLE))


if __name__ == "__main__":
    print(primer(), end="")
