"""Advice for what Python has and the app has not: what to write instead, in the names of the program.

In a text {x} stands for the value whose method is called, {0} and {1} for the first arguments of a function, as the program writes them.
"""

from __future__ import annotations

import ast

from shortcuts.natural.lowering import shown

COUNT = "count in a dictionary: counts = {{}}, and for x in {0}: counts[x] = counts.get(x, 0) + 1"
_LETTERS = "letters have no numbers in the app; replace or compare the letters themselves"
_BASES = "the app writes numbers to the base 10 alone"
_ROWS = "for line in text.splitlines(): parts = line.split(',')"
FUNCTIONS = {
    "dict.fromkeys": "take each item once in a loop: seen = [], and for x in {0}: if x not in seen: seen.append(x)",
    "Counter": COUNT, "collections.Counter": COUNT, "defaultdict": COUNT, "collections.defaultdict": COUNT,
    "csv.reader": _ROWS, "csv.DictReader": _ROWS, "csv.writer": "join the parts: ','.join(parts)",
    "ord": _LETTERS, "chr": _LETTERS, "hex": _BASES, "bin": _BASES, "oct": _BASES,
    "next": "make a list of them, found = [x for x in xs if x], and take found[0]", "iter": "loop over it: for x in {0}:",
    "itertools.chain": "add the lists: {0} + {1}", "functools.reduce": "loop over {1} and add to a name: total += x",
    "uuid.uuid4": "draw a number: random.randint(100000, 999999)", "textwrap.shorten": "cut the text: {0}[:20]",
    "textwrap.dedent": "write the text without spaces before its lines", "calendar.monthrange": "move a date by timedelta(days=1)",
    "calendar.day_name": "a date has it: x.strftime('%A')", "str.join": "write ', '.join({1})",
    "os.getcwd": "a path is written from the folder Shortcuts of iCloud Drive: open('a.txt')", "getattr": "read a key, {0}['name']",
    "type": "is_workflow_actions_getitemtype(WFInput={0}) names it", "repr": "write str({0})", "slice": "write x[1:3]",
    "math.gcd": "there is % for remainders, in a loop",
}  # fmt: skip
METHODS = {
    "find": "test a text by 'a' in {x}, or take a part of it by re.findall(pattern, {x})",
    "rfind": "take the last part by {x}.split('/')[-1]",
    "index": "loop with for i, y in enumerate({x}):", "ljust": "the app does not fill texts up; put what belongs together into one line",
    "center": "the app does not fill texts up", "partition": "take the parts by {x}.split('=')[0]",
    "rsplit": "take the last part by {x}.split('/')[-1]", "swapcase": "there are {x}.upper() and {x}.lower()",
    "expandtabs": "write {x}.replace('\\t', '    ')", "translate": "replace the letters one by one: {x}.replace('a', 'b')",
    "most_common": "loop and keep the largest: for key, value in {x}.items(): if value > most: most = value, best = key",
    "setdefault": "write if 'key' not in {x}: {x}['key'] = y", "items": "it is read in a loop: for key, value in {x}.items():",
    "pop": "take the item by {x}[-1], and the others by {x}[:-1]", "popitem": "loop over it: for key, value in {x}.items():",
    "isocalendar": "the week of the year is {x}.strftime('%V'), a text", "ctime": "write {x}.strftime('%A, %d %B %Y')",
    "timetuple": "read {x}.year, {x}.month and {x}.day", "format": "write an f-string: f'{{x}} of {{y}}'",
    "difference": "loop: for x in {x}: if x not in other: …", "intersection": "loop: for x in {x}: if x in other: …",
    "union": "add the lists, {x} + other", "format_map": "write an f-string: f'{{x}} of {{y}}'",
}  # fmt: skip


def of_function(path: str, node: ast.Call) -> str | None:
    """Return what to write instead of a function of Python; None for one that is not known."""
    words = FUNCTIONS.get(path)
    given = [shown(argument) for argument in node.args]
    return None if words is None else words.format(*(given + ["xs", "ys"][len(given):]))


def of_method(attribute: str, receiver: ast.expr) -> str | None:
    """Return what to write instead of a method; None for one that is not known."""
    words = METHODS.get(attribute)
    return None if words is None else words.format(x=shown(receiver))


def of_key(key: ast.expr, iterable: ast.expr) -> str:
    """Return what to write instead of `sorted(xs, key=…)`: texts that begin with what they are sorted by."""
    of, by = shown(iterable), ast.unparse(key)
    if of.endswith(".items()") or by.endswith(".get"):
        head, line = f"for key, value in {of.removesuffix('.items()')}.items()", "f'{value:06d} {key}'"
    elif isinstance(key, ast.Lambda) and key.args.args:
        head, line = f"for {key.args.args[0].arg} in {of}", f'f"{{{ast.unparse(key.body)}:06d}} {{{key.args.args[0].arg}}}"'
    else:
        head, line = f"for x in {of}", f"f'{{{by}(x):06d}} {{x}}'"
    return f"sorted() goes by the text alone; put in front what it is to go by, {head}: lines.append({line}), then sorted(lines)"


def search(name: str) -> str:
    """Return the search for an action by the words of a name."""
    return f"write its steps, or find an action: python -m shortcuts search {' '.join(name.replace('_', ' ').replace('.', ' ').split())}"
