"""The `#` comments of a person's program, which no shortcut can hold, in the program that was made of it."""

from __future__ import annotations

import ast
import tokenize
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from io import StringIO
from typing import NamedTuple

from shortcuts.edit.alignment import common
from shortcuts.edit.changes import indent_of, lines_of, text_of
from shortcuts.syntax.nodes import parse


class Statement(NamedTuple):
    """A statement: its first line, the last one before its block, and its text without that."""

    first: int
    last: int
    text: str


def carried(before: str, after: str) -> str:
    """Return a program with all comments of an earlier one, each above the statement that it stood at or, if that is gone, at its place."""
    comments = list(_comments(before))
    if not comments:
        return after
    old, new, lines = statements(before), statements(after), lines_of(after)
    places = _counterparts([each.text for each in old], [each.text for each in new])
    ends, above = [each.last for each in old], defaultdict[int, list[str]](list)
    for line, text in comments:
        place = places[bisect_left(ends, line)]
        above[new[place].first if place < len(new) else len(lines) + 1].append(text)
    result = list[str]()
    for number, text in enumerate([*lines, ""], start=1):
        result += [indent_of(text) + comment for comment in above.get(number, ())]
        result += [text] if number <= len(lines) else []
    return text_of(result)


def _comments(code: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(StringIO(text_of(lines_of(code))).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def statements(code: str) -> list[Statement]:
    """Return the statements of a program and the cases of its menus, in order."""
    found = []
    for node in ast.walk(parse(code)):
        if isinstance(node, ast.stmt | ast.match_case):
            head = [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr | ast.pattern)]
            first = min(part.lineno for part in ([node] if isinstance(node, ast.stmt) else []) + head)
            has_block = isinstance(node, ast.match_case | ast.Match) or hasattr(node, "body")
            ends = [part.end_lineno or first for part in head] if has_block else [node.end_lineno or first]
            last = max([getattr(node, "lineno", first), *ends])
            found.append(Statement(first, last, ast.unparse(node).partition("\n")[0] if has_block else ast.unparse(node)))
    return sorted(found)


def _counterparts(old: list[str], new: list[str]) -> list[int]:
    """Return the place in a list of texts of each text of another, and of its end: the same text, or what stands where it was."""
    kept = dict(common(list(old), list(new)))
    free = defaultdict[str, list[int]](list)
    for place in sorted({*range(len(new))} - {*kept.values()}, reverse=True):
        free[new[place]].append(place)
    result, due, ahead = list[int](), -1, [len(new)]
    for number in range(len(old) - 1, -1, -1):
        ahead.append(kept.get(number, ahead[-1]))
    for number, text in enumerate(old):
        due = kept.get(number, min(due + 1, ahead[len(old) - number]))
        result.append(free[text].pop() if number not in kept and free.get(text) else due)
    return [*result, len(new)]
