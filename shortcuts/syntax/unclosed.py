"""What is open at a place in a line of Python: brackets, quotes, fields of f-strings. For closing what an answer leaves open."""

from __future__ import annotations

import re

_CLOSES = {"(": ")", "[": "]", "{": "}"}
_F_PREFIX = re.compile(r"(?i)(?<!\w)(?:f|rf|fr)$")


def open_marks(text: str) -> str:
    """What would close everything that is open at the end of a text, the innermost first: `f(x=['a` gives `'])`.

    A quote of a string is its own mark; the field of an f-string is closed by a brace. A closing bracket that fits nothing is passed over.
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
    """Read on inside a string: how many characters are taken."""
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
