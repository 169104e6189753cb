"""Find the brackets, quotes and fields of f-strings that a piece of Python leaves open, to close an answer that was cut off."""

from __future__ import annotations

import re

_CLOSES = {"(": ")", "[": "]", "{": "}"}
_F_PREFIX = re.compile(r"(?i)(?<!\w)(?:f|rf|fr)$")


def open_marks(text: str) -> str:
    """Return the characters that close everything open at the end of a text, the innermost first: `'])` for `f(x=['a`.

    A string is closed by its own quotes, a field of an f-string by a brace. Closing brackets without an opening one are ignored.
    """
    stack: list[str] = []  # closing marks, outermost first; those of f-strings with an "f" before them
    place = 0
    while place < len(text):
        character = text[place]
        top = stack[-1] if stack else ""
        if top[-1:] in ("'", '"'):
            place += _in_string(text, place, stack)
            continue
        if character in "'\"":
            triple = text.startswith(character * 3, place)
            stack.append(("f" if _F_PREFIX.search(text[max(0, place - 3) : place]) else "") + character * (3 if triple else 1))
            place += 3 if triple else 1
            continue
        if character == "#" and "f" not in "".join(stack):
            newline = text.find("\n", place)
            place = newline if newline >= 0 else len(text)
            continue
        if character in _CLOSES:
            stack.append(_CLOSES[character])
        elif character == top:
            stack.pop()
        place += 1
    return "".join(mark.removeprefix("f") for mark in reversed(stack))


def _in_string(text: str, place: int, stack: list[str]) -> int:
    """Read one step inside a string; return the number of characters read."""
    is_f, quote = stack[-1].startswith("f"), stack[-1].removeprefix("f")
    if text[place] == "\\":
        return 2
    if text.startswith(quote, place):
        stack.pop()
        return len(quote)
    if is_f and text[place : place + 2] in ("{{", "}}"):
        return 2
    if is_f and text[place] == "{":
        stack.append("}")
    return 1
