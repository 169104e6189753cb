"""Repair of broken programs, by models or as published: any text becomes a program that Python can parse.

    code, repairs = repair(text, catalog)
    for line, kind, before, after in repairs: ...

The passes, in order; each change is listed with its line in the given text:

| kind                                        | change                                                                                  |
|---------------------------------------------|-----------------------------------------------------------------------------------------|
| fence                                       | the marks of a code block and the prose around it are removed                           |
| characters                                  | NUL, odd spaces, line ends, tabs, lone surrogates are replaced                          |
| head, operator, quotes, odd_key, comma, closed, value, cut_off | a statement that Python cannot parse is mended (statements.py)       |
| prose                                       | a line that cannot be mended becomes a comment                                          |
| indentation, block                          | a line is moved to a level that exists; an empty block gets `pass`                      |
| api, parameter, enum, name, constant        | a near miss is replaced by the known word (near_misses.py)                              |

A program in which `check` finds nothing is returned as it is, and a second repair changes nothing more. Nothing is guessed: a word that is
not near enough to one known word stays, and `check` reports it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from shortcuts import control_flow
from shortcuts.catalog import Catalog
from shortcuts.check import check
from shortcuts.repair.near_misses import edits
from shortcuts.repair.statements import logical_lines, mend, outside_texts, readable
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import parse
from shortcuts.syntax.statements import first_word, is_head

MAX_ROUNDS = 100  # lines that become comments at the end, if the program cannot be parsed otherwise
MAX_PASSES = 4  # passes over near misses
INDENT = "    "
UNBOUND = re.compile(r"(\w+) is not bound to anything")  # how `check` begins to say that a name is unknown
_FENCE = re.compile(r"^[ \t]*```[^\n`]*$", re.MULTILINE)
_SPACES = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000]")
_RESULT = re.compile(rf"\b(?:{'|'.join(control_flow.RESULT_HELPERS.values())})\(")
_ZERO_WIDTH = re.compile("[\x00\u200b\u2060\ufeff]")
_JOINERS = re.compile("[\u200c\u200d]")  # a part of words and emoji where they stand in a text
_SURROGATES = re.compile("[\ud800-\udfff]")  # left where an answer was cut inside of a character


class Repair(NamedTuple):
    """One change: its line in the given text, its kind, the text before and after."""

    line: int
    kind: str
    before: str
    after: str


def repair(code: str, catalog: Catalog | None = None, apis: Iterable[str] | None = None) -> tuple[str, list[Repair]]:
    """Return a program that Python can parse, for any text, and the list of changes. `check` may still find errors in it.

    apis: the ids to which a misspelt API may be corrected (default: all of the catalogue).
    """
    catalog = catalog or Catalog.load()
    apis = None if apis is None else list(apis)
    repairs: list[Repair] = []
    if not _is_python(code):
        code = _unfenced(code, repairs)
    if not _is_python(code):
        code = _clean(code, repairs)
    if not _is_python(code):
        code = _rebuilt(code, catalog, repairs)
    for _ in range(MAX_PASSES):  # an enum value can be corrected once its parameter is
        before = code
        if code.strip() and (findings := check(code, catalog)):
            unbound = {found[1] for finding in findings if (found := UNBOUND.match(finding.message))}
            code = _near_misses(code, catalog, apis, unbound, repairs)
        if code == before:
            break
    return code, repairs


def _is_python(code: str) -> bool:
    return _error_line(code) is None


def _error_line(code: str) -> int | None:
    try:
        parse(code)
    except DialectError as error:
        return error.line
    return None


# ---------------------------------------------------------------------------------------------------------------------------------
# around the program


def _unfenced(text: str, repairs: list[Repair]) -> str:
    """Return the longest code block of a text, or the text without one; a block that is never closed ends with the text."""
    marks = list(_FENCE.finditer(text))
    if not marks:
        return text
    starts = [mark.end() + 1 for mark in marks[::2]]
    ends = [mark.start() for mark in marks[1::2]] + [len(text)]
    start, end = max(zip(starts, ends), key=lambda block: block[1] - block[0])
    if len(marks) == 1 and not text[start:].strip():  # only the end of a block was kept
        start, end = 0, marks[0].start()
    for piece, line in ((text[:start], 1), (text[end:], text.count("\n", 0, end) + 1)):
        if piece.strip():
            repairs.append(Repair(line, "fence", piece, ""))
    return text[start:end]


def _clean(code: str, repairs: list[Repair]) -> str:
    """Return the code with plain line ends and indentation, its statements as Python takes them."""
    lines = []
    for number, line in logical_lines(code.replace("\r\n", "\n").replace("\r", "\n")):
        body = line.lstrip(" \t\u00a0\u3000")
        kept = _SPACES.sub(" ", line[: len(line) - len(body)]).expandtabs(4) + _plain(body)
        if kept != line:
            repairs.append(Repair(number, "characters", line, kept))
        lines.append(kept)
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Return a statement with plain spaces, without NUL, zero-width characters and lone surrogates, in its texts only where that helps."""
    if readable(text):
        return text
    text = _SURROGATES.sub("\ufffd", _ZERO_WIDTH.sub("", text))
    for marks, plain in ((_SPACES, " "), (_JOINERS, "")):
        if not readable(text):
            outside = outside_texts(text, lambda piece, marks=marks, plain=plain: marks.sub(plain, piece))  # type: ignore[misc]
            text = next(filter(readable, (outside, marks.sub(plain, text))), outside if marks is _SPACES else text)
    return text


# ---------------------------------------------------------------------------------------------------------------------------------
# statements and blocks


class _Line(NamedTuple):
    number: int
    level: int  # columns
    text: str  # without indentation


def _rebuilt(code: str, catalog: Catalog, repairs: list[Repair]) -> str:
    """Return a program that Python can parse: mended statements in proper blocks."""
    lines = _decorating([_statement(number, text, catalog, repairs) for number, text in logical_lines(code)], repairs)
    text = "\n".join(_in_blocks(lines, repairs)).rstrip("\n") + "\n"
    for _ in range(MAX_ROUNDS):
        line = _error_line(text)
        if line is None:
            return text
        rows = text.split("\n")
        wrong = min(line, len(rows)) - 1
        while wrong and (rows[wrong].strip() in ("", "pass") or rows[wrong].lstrip().startswith("#")):
            wrong -= 1  # what is wrong stands above it
        rows[wrong : wrong + 1] = _put_aside(rows[wrong])
        repairs.append(Repair(line, "prose", text.split("\n")[wrong], rows[wrong]))
        text = "\n".join(rows)
    return "".join(f"# {row}\n" for row in text.split("\n"))


def _decorating(lines: list[_Line], repairs: list[Repair]) -> list[_Line]:
    """Return the lines with those that begin with @ as comments, unless a function follows."""
    result, behind = list[_Line](), ""
    for line in reversed(lines):
        if line.text.startswith("@") and not behind.startswith(("@", "def ", "async def ")):
            repairs.append(Repair(line.number, "prose", line.text, f"# {line.text}"))
            line = line._replace(text="# " + " ".join(line.text.split()))
        if line.text and not line.text.startswith("#"):
            behind = line.text
        result.append(line)
    return result[::-1]


def _put_aside(row: str) -> list[str]:
    """Return a line as a comment, with a `pass` for the block that it may have opened or filled."""
    level = row[: len(row) - len(row.lstrip())]
    return [f"{level}# {row.strip()}", f"{level}pass"]


def _statement(number: int, text: str, catalog: Catalog, repairs: list[Repair]) -> _Line:
    body = text.strip()
    line = _Line(number, len(text) - len(text.lstrip()), body)
    if not body or body.startswith("#") or readable(body):
        return line
    mended = mend(body, catalog)
    kind, after = mended or ("prose", "# " + " ".join(body.split()))
    repairs.append(Repair(number, kind, body, after))
    return line._replace(text=after)


class _Placement:
    """Indents lines: deeper after a head, else to the nearest open level; an empty block gets `pass`."""

    def __init__(self, repairs: list[Repair]) -> None:
        self.repairs = repairs
        self.rows: list[str] = []
        self.levels = [0]  # the columns of the open blocks, as in the text
        self.heads = [""]  # the words that opened them
        self.before = [""]  # per block: the first word of its last statement if that opened a block
        self.waiting = False  # True between a head and the first statement of its block

    def add(self, line: _Line, comments: list[str]) -> None:
        """Add a statement, with the comments above it."""
        if self.waiting and line.level > self.levels[-1]:
            self._open(line.level)
        elif self.waiting:
            self.fill(line.number)
        in_order = self.levels if _RESULT.search(line.text) else reversed(self.levels)  # the result of a block stands outside of it
        self.leave(min(in_order, key=lambda level: abs(level - line.level)), line)
        if line.level != self.levels[-1]:
            self._note(line.number, "indentation", " " * line.level + line.text, self.indent + line.text)
        line = self._in_place(line)
        self.rows += [comment and self.indent + comment for comment in comments]
        self.rows.append(self.indent + line.text)
        self.waiting = is_head(line.text)
        self.before[-1] = first_word(line.text) if self.waiting else self.before[-1] if line.text.startswith("#") else ""

    def leave(self, level: int, line: _Line) -> None:
        """Close the blocks that are deeper than a level, for a line there; a `try` without an end gets one."""
        while True:
            deeper = self.levels[-1] > level
            if self.before[-1] == "try" and (deeper or first_word(line.text) not in ("except", "finally")):
                self.rows += [f"{self.indent}finally:", f"{self.indent}{INDENT}pass"]
                self._note(line.number, "block", "", "finally: pass")
                self.before[-1] = ""
            if not deeper:
                return
            for stack in (self.levels, self.heads, self.before):
                stack.pop()

    def _in_place(self, line: _Line) -> _Line:
        """Return the line as its block allows: a stray `elif` becomes `if`, other stray heads comments; `match` gets a `case _:`."""
        word = first_word(line.text) if is_head(line.text) else ""
        behind = {"elif": ("if", "elif"), "else": ("if", "elif", "for"), "except": ("try", "except"), "finally": ("try", "except")}
        stray = self.heads[-1] != "match" if word == "case" else word in behind and self.before[-1] not in behind[word]
        if stray:
            after = line.text[2:] if word == "elif" else f"# {line.text}"
            self._note(line.number, "block", line.text, after)
            line = line._replace(text=after)
        if self.heads[-1] == "match" and word != "case":
            self._note(line.number, "block", "", "case _:")
            self.rows.append(f"{self.indent}case _:")
            self.before[-1] = "case"
            self._open(line.level)
        return line

    @property
    def indent(self) -> str:
        """Return the indentation of the next statement."""
        return INDENT * (len(self.levels) - 1)

    def fill(self, number: int) -> None:
        """Add a `pass` to the block that waits for its first statement."""
        inner = self.indent + INDENT
        self.rows += [f"{inner}case _:", f"{inner}{INDENT}pass"] if self.before[-1] == "match" else [f"{inner}pass"]
        self._note(number, "block", "", "pass")
        self.waiting = False

    def _open(self, level: int) -> None:
        self.levels.append(level)
        self.heads.append(self.before[-1])
        self.before.append("")
        self.waiting = False

    def _note(self, number: int, kind: str, before: str, after: str) -> None:
        self.repairs.append(Repair(number, kind, before, after))


def _in_blocks(lines: list[_Line], repairs: list[Repair]) -> list[str]:
    """Return the rows of the program."""
    placed, comments = _Placement(repairs), list[str]()
    for line in lines:
        if line.text and not line.text.startswith("#"):
            placed.add(line, comments)
            comments = []
        else:
            comments.append(line.text)
    if placed.waiting:
        placed.fill(lines[-1].number)
    if lines:
        placed.leave(0, lines[-1]._replace(text=""))
    return placed.rows + [comment and placed.indent + comment for comment in comments]


# ---------------------------------------------------------------------------------------------------------------------------------
# near misses


def _near_misses(code: str, catalog: Catalog, apis: list[str] | None, unbound: set[str], repairs: list[Repair]) -> str:
    """Return a program with its near misses corrected, from the last to the first, so that columns stay right."""
    try:
        found = edits(code, catalog, unbound, apis)
    except DialectError:
        return code
    lines = code.split("\n")
    for edit in reversed(found):
        line = lines[edit.line - 1].encode()
        repairs.append(Repair(edit.line, edit.kind, line[edit.start : edit.end].decode(), edit.after))
        lines[edit.line - 1] = (line[: edit.start] + edit.after.encode() + line[edit.end :]).decode()
    return "\n".join(lines)
