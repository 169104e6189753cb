"""A model's reply, read: its thoughts taken away, its fenced blocks, and of those the plan and the program."""

from __future__ import annotations

import re
from typing import NamedTuple

_THOUGHT_START, _THOUGHT_END = re.compile(r"\s*<think(?:ing)?>", re.IGNORECASE), re.compile(r"</think(?:ing)?>", re.IGNORECASE)
# indent, marks, a language or none (tildes alone underline); a language that stands at the marks may be followed by a title
_FENCE = re.compile(r"([ \t]*)(`{3,}|~{3,}(?=[ \t]*\w))(?:[ \t]*([\w+-]*)[ \t]*|([\w+-]+)[ \t]+[^`\n]*)")
WRAPPERS = frozenset(("markdown", "md"))  # the marks of a block around a whole answer
MARKED_PYTHON = frozenset(("python", "py", "python3"))  # the marks of a fenced block that holds the program
PYTHON = MARKED_PYTHON | {""}  # ... that may hold it


class Parts(NamedTuple):
    """The plan and the code of an answer, each "" where there is none."""

    plan: str
    code: str


class Block(NamedTuple):
    """A fenced block of an answer: its place in the text, its language, its lines, and False if its fence is never closed."""

    start: int
    end: int
    language: str
    text: str
    closed: bool


def parse_answer(text: str) -> Parts:
    """Return plan and code of a model's answer.

    The code is a fenced block of Python: the longest that is marked so, else the longest without a mark, as shorter ones beside it show
    parts or other ways. A fence that is never closed (an answer cut at the token limit) ends with the text; without a fence the code is
    what follows a line `Code:`. The plan is the text before it, without its `Thought:`.
    """
    text = without_thought(text.replace("\r\n", "\n"))
    if blocks := code_blocks(text):
        block = max(blocks, key=lambda each: (each.language != "", len(each.text)))
        ends = [0, *(other.end for other in blocks if other.end <= block.start)]
        starts = [*(other.start for other in blocks if other.end <= block.start), block.start]
        before, code = "".join(text[end:start] for end, start in zip(ends, starts)), block.text
    elif mark := re.search(r"^[^\w\n]*code[^\w\n]*\n", text, re.MULTILINE | re.IGNORECASE):
        before, code = text[: mark.start()], text[mark.end():]
    else:
        before, code = text, ""
    before = re.sub(r"^[^\w\n]*code\W*\Z", "", before, flags=re.MULTILINE | re.IGNORECASE)
    thought = re.search(r"^[^\w\n]*thought[^\w\n]*?(?::[*_]*|$)", before, re.MULTILINE | re.IGNORECASE)
    return Parts((before[thought.end():] if thought else before).strip(), code.strip("\n") + "\n" if code.strip() else "")


def code_blocks(text: str, languages: frozenset[str] = PYTHON) -> list[Block]:
    """Return the fenced blocks of an answer that are marked as one of some languages. A fence that opens a block ends the one before."""
    blocks, start, opened, wrapper, lines, place = list[Block](), -1, None, "", list[str](), 0
    for line in text.splitlines(keepends=True):
        fence = _FENCE.fullmatch(line.rstrip("\r\n"))
        if fence and not opened and _language(fence) in WRAPPERS:
            wrapper, fence = fence[2], None
        elif wrapper and not opened and line.strip() == wrapper:
            wrapper, fence = "", None
        # a program may begin before a block of something else has ended, and hold shorter marks in its texts
        begins = fence and opened and _language(fence) in MARKED_PYTHON and _language(opened) not in MARKED_PYTHON
        if opened and (begins or line.lstrip(" \t").startswith(opened[2])):
            closes = not (fence and _language(fence))
            blocks.append(_block(start, place + len(line) * closes, opened, lines, closes))
            opened, fence = None, None if closes else fence
        if fence and not opened:
            start, opened, lines = place, fence, []
        elif opened:
            lines.append(line)
        place += len(line)
    if opened:
        blocks.append(_block(start, place, opened, lines, False))
    return [block for block in blocks if block.language in languages]


def _language(fence: re.Match[str]) -> str:
    return (fence[3] or fence[4] or "").lower()


def _block(start: int, end: int, fence: re.Match[str], lines: list[str], closed: bool) -> Block:
    """Return a block without the indent of its fence, which stands below a list's item, as far as all its lines have it."""
    indent = min([len(fence[1]), *(len(line) - len(line.lstrip(" \t")) for line in lines if line.strip())])
    text = "".join(line[indent:] if line.strip() else line for line in lines)
    return Block(start, end, _language(fence), text, closed)


def is_cut(text: str) -> bool:
    """True if an answer that reached the token limit may lack a part of its program: words behind a closed block say that it is whole.

    A block that is the last to be said may have been closed by a grammar, for want of tokens.
    """
    blocks = code_blocks(text)
    return not (blocks and blocks[-1].closed and text[blocks[-1].end:].strip())


def without_thought(text: str) -> str:
    """A text without the thoughts of a reasoning model before it: `<think>…</think>`, also where only the end is marked.

    A thought that never ends leaves nothing, as its text is a draft.
    """
    if closed := _THOUGHT_END.search(text):
        if _THOUGHT_START.match(text) or "<think" not in text[: closed.start()].lower():
            return text[closed.end():].lstrip()
    return "" if _THOUGHT_START.match(text) else text
