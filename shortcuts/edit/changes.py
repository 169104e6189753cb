"""The form of a change: what to replace, insert and delete in a program, by the numbers of its lines as they are shown.

    replace 12-14                                  lines 12 to 14 become the lines below; `replace 12` is one line, `replace all` everything
                                                   (but `workflow(…)` in line 1, unless another one is among the new lines; triggers
                                                   are kept or written anew, or `def shortcut():` alone says that they go)
    if answer > 5:
        keep 13-14                                 among new lines: old lines as they are, indented like `keep`
    insert after 20                                new lines below line 20; `insert after 0` puts them at the top
    is_workflow_actions_speaktext(WFText=Total)
    delete 3-5

A command begins at the left edge. New lines have the indentation that they have in the program. All numbers are those of the program before
the change, whatever the order of the commands. `keep` wraps, moves and copies lines without writing them again. No command is Python, so
nothing needs quotes; a new line that reads as one all the same, as in a text of several lines, gets a `\\` in front. So does a blank line
that ends the new lines of a command, where blank lines mean nothing otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rapidfuzz.distance import Indel

from shortcuts.syntax.errors import DialectError

_RANGE = r"(?:lines?[ ]+)?(?P<first>[0-9]{1,9})(?:[ ]*[-\u2013][ ]*(?P<last>[0-9]{1,9}))?"
_HUNK = re.compile(rf"(?:(?P<verb>replace|delete)[ ]+(?:(?P<all>all)|{_RANGE})"
                   r"|insert[ ]+after[ ]+(?:line[ ]+)?(?P<after>[0-9]{1,9})):?[ ]*")  # fmt: skip
_HEADER = "workflow("
_FUNCTION = "def shortcut("
_TRIGGER = "@"
_KEEP = re.compile(rf"(?P<indent>\s*)keep[ ]+{_RANGE}[ ]*")
_LIKE_A_COMMAND = r"(?:replace|insert|delete|remove|keep|move|add)[ ]+(?:all|after|before|at|lines?|[0-9])\b.*"
_COMMAND_LIKE = re.compile(rf"\s*{_LIKE_A_COMMAND}")
_ESCAPED = re.compile(rf"(?P<indent>\s*)\\(?P<text>\\*(?:{_LIKE_A_COMMAND})?)")
_IN_NEED = re.compile(rf"(?P<indent>\s*)(?P<text>\\*(?:{_LIKE_A_COMMAND})?)")  # of an escape, or blank


class Line(NamedTuple):
    """A line of a program after a change: the line of the old program that it is, or None, and the line of the change that wrote it."""

    text: str
    origin: int | None  # from 1
    place: int | None  # from 1; None for a line that was left where it stands


class Hunk(NamedTuple):
    """A command of a change: lines `first` to `last` of the program become `lines`; an insertion has a `last` before its `first`."""

    place: int  # of the command, a line of the change
    first: int
    last: int
    lines: list[tuple[int, str]]  # line of the change, text
    deletes: bool
    is_all: bool = False


def lines_of(code: str) -> list[str]:
    """Return the lines of a program without their ends, as Python's parser counts them."""
    lines = code.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def text_of(lines: Iterable[str]) -> str:
    """Return lines as a text, each with its end."""
    return "".join(f"{line}\n" for line in lines)


# ---------------------------------------------------------------------------------------------------------------------------------
# a change, applied


def apply_text(code: str, change: str) -> str:
    """Return a program's text after a change. Raises DialectError with a line of the change."""
    return text_of(line.text for line in applied(code, change))


def applied(code: str, change: str) -> list[Line]:
    """Return the lines of a program after a change, each with its origin. Raises DialectError with a line of the change.

    A line that is kept twice is the old line once, where it was left or first kept, and a new one elsewhere.
    """
    before, result, done = lines_of(code), list[Line](), 0
    hunks = sorted((_with_header(hunk, before) for hunk in parsed(change, len(before))), key=lambda hunk: (hunk.first, hunk.last))
    for hunk in hunks:
        if hunk.first <= done:
            where = f"line {hunk.first}" if hunk.last >= hunk.first else f"the place after line {hunk.last}"
            raise _fault(hunk.place, f"{where} is changed by another command, too; change each line once")
        result += [Line(before[number - 1], number, None) for number in range(done + 1, hunk.first)]
        result += [line for place, text in hunk.lines for line in _written(place, text, before)]
        done = max(hunk.last, hunk.first - 1)
    result += [Line(text, number, None) for number, text in enumerate(before[done:], start=done + 1)]
    left = {line.origin for line in result if line.place is None}
    for index, line in enumerate(result):
        if line.place is not None and line.origin is not None:
            result[index] = line._replace(origin=None) if line.origin in left else line
            left.add(line.origin)
    return result


def _with_header(hunk: Hunk, before: list[str]) -> Hunk:
    """Return a command, `replace all` without the program's first line if that holds settings and the new program has no head.

    Raises DialectError if that would take the triggers away without a word.
    """
    if not (hunk.is_all and before and before[0].startswith((_HEADER, _TRIGGER))):
        return hunk
    new = [line.text.lstrip() for place, text in hunk.lines for line in _written(place, text, before)]
    if any(text.startswith((_TRIGGER, _FUNCTION)) for text in new):
        return hunk
    if before[0].startswith(_TRIGGER):
        head = next((number for number, text in enumerate(before, start=1) if text.startswith(_FUNCTION)), 1)
        raise _fault(hunk.place, f"what starts the shortcut by itself would be gone; begin the new program with `keep 1-{head}` and indent "
                                 f"what is below, or with `{_FUNCTION}):` alone if that is asked for")  # fmt: skip
    return hunk if any(text.startswith(_HEADER) for text in new) else hunk._replace(first=2)


def parsed(change: str, length: int) -> list[Hunk]:
    """Return the commands of a change to a program of `length` lines. Raises DialectError with a line of the change."""
    hunks: list[Hunk] = []
    for place, text in enumerate(lines_of(change), start=1):
        if found := _HUNK.fullmatch(text):
            hunks.append(_hunk(place, found, length))
        elif hunks and not (hunks[-1].deletes and text.strip()):
            hunks[-1].lines.append((place, text))
        elif hunks:
            raise _fault(place, f"new lines below a deletion; write `replace` instead of `delete` in line {hunks[-1].place}")
        elif text.strip():
            raise _fault(place, f"{text.strip()[:60]!r} is no command; a change begins with `replace 3-5`, `insert after 3` or "
                                "`delete 3-5`")  # fmt: skip
    for hunk in hunks:
        while hunk.lines and not hunk.lines[-1][1].strip():
            hunk.lines.pop()
    return hunks


def _hunk(place: int, found: re.Match[str], length: int) -> Hunk:
    if found["after"] is not None:
        after = int(found["after"])
        if after > length:
            raise _fault(place, f"there is no line {after}; the program has {length}")
        return Hunk(place, after + 1, after, [], False)
    first, last = (1, length) if found["all"] else _lines(place, found, length)
    return Hunk(place, first, last, [], found["verb"] == "delete", found["all"] is not None and found["verb"] == "replace")


def _lines(place: int, found: re.Match[str], length: int) -> tuple[int, int]:
    """Return the first and last line that a command names. Raises DialectError unless the program has them."""
    first, last = int(found["first"]), int(found["last"] or found["first"])
    if not 1 <= first <= last <= length:
        lines = first if first == last else f"{first}-{last}"
        raise _fault(place, f"there are no lines {lines}; the program has 1 to {length}" if first <= last else
                     f"lines {lines}: the first is behind the last")
    return first, last


def _written(place: int, text: str, before: list[str]) -> Iterator[Line]:
    """Yield the lines that a new line of a change stands for: itself, or the old lines that it keeps."""
    if found := _KEEP.fullmatch(text):
        first, last = _lines(place, found, len(before))
        kept = before[first - 1 : last]
        moved = _moved(kept, found["indent"])
        if moved is None:
            raise _fault(place, f"lines {first}-{last} cannot be kept here: one stands further left than line {first}")
        yield from (Line(line, number, place) for number, line in enumerate(moved, start=first))
    elif escaped := _ESCAPED.fullmatch(text):
        yield Line(escaped["indent"] + escaped["text"], None, place)
    elif _COMMAND_LIKE.fullmatch(text):
        raise _fault(place, f"{text.strip()[:60]!r} is no command; there are `replace 3-5`, `insert after 3` and `delete 3-5` at the left "
                            "edge, and `keep 3-5` among new lines")  # fmt: skip
    else:
        yield Line(text, None, place)


def _moved(lines: list[str], indent: str) -> list[str] | None:
    """Return lines with the first of them indented by `indent` and the others likewise; None if one stands further left than the first."""
    old = indent_of(lines[0])
    if any(line.strip() and not line.startswith(old) for line in lines):
        return None
    return [indent + line[len(old) :] if line.strip() else line for line in lines]


def indent_of(line: str) -> str:
    """Return the white space that a line begins with."""
    return line[: len(line) - len(line.lstrip())]


def _fault(place: int, message: str) -> DialectError:
    return DialectError(place, message, "change")


# ---------------------------------------------------------------------------------------------------------------------------------
# the change between two programs


def change_between(before: str, after: str) -> str:
    """Return the change that turns one program into another: the fewest lines, and `keep` for those that are moved or indented."""
    old, new = lines_of(before), lines_of(after)
    blocks = [block for block in Indel.opcodes(old, new).as_list() if block[0] != "equal"] if old != new else []
    spans = [span for _, *span in _joined(blocks)]
    free = {number: old[number].lstrip() for first, last, *_ in spans for number in range(first, last)}  # old lines, from 0, that go
    return text_of(line for span in spans for line in _command(span, old, new, free))


def _joined(blocks: list[tuple[str, int, int, int, int]]) -> Iterator[tuple[str, int, int, int, int]]:
    """Yield the blocks of a difference, a deletion and an insertion at one place as one."""
    held: tuple[str, int, int, int, int] | None = None
    for block in blocks:
        if held and held[2] == block[1] and held[4] == block[3]:
            held = ("replace", held[1], block[2], held[3], block[4])
            continue
        if held:
            yield held
        held = block
    if held:
        yield held


def _command(span: list[int], old: list[str], new: list[str], free: dict[int, str]) -> Iterator[str]:
    """Yield a command and its new lines; `free` loses the old lines that are kept."""
    first, last, start, end = span
    if start == end:
        yield f"delete {_numbers(first, last)}"
        return
    yield f"insert after {first}" if first == last else f"replace {_numbers(first, last)}"
    place = start
    while place < end:
        kept = max(_kept(place, end, old, new, free), key=lambda run: run[1] - run[0], default=None)
        if kept is not None and not (kept[1] - kept[0] == 1 and len(new[place].strip()) < len("keep 1-2")):
            yield f"{indent_of(new[place])}keep {_numbers(*kept)}"
            for number in range(*kept):
                del free[number]
            place += kept[1] - kept[0]
        else:
            found = _IN_NEED.fullmatch(new[place])
            needs = found is not None and (found["text"] or place + 1 == end)
            yield f"{found['indent']}\\{found['text']}" if found is not None and needs else new[place]
            place += 1


def _kept(place: int, end: int, old: list[str], new: list[str], free: dict[int, str]) -> Iterator[tuple[int, int]]:
    """Yield each run of free old lines, from 0, its end behind it, that the new lines at a place repeat at another indentation or not."""
    wanted = new[place].lstrip()
    for first in (number for number, text in free.items() if text == wanted and text):
        last = first
        while last + 1 in free and place + last + 1 - first < end and \
                _moved(old[first : last + 2], indent_of(new[place])) == new[place : place + last + 2 - first]:
            last += 1
        yield first, last + 1


def _numbers(first: int, end: int) -> str:
    return str(first + 1) if end == first + 1 else f"{first + 1}-{end}"
