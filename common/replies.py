"""A model's reply, read: its thoughts taken away, its fenced blocks, and of those the plan and the program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

# The marks around a model's thoughts that chat templates write: of Qwen and most others, Mistral, Gemma 4, Cohere, Seed.
THOUGHTS = (("<think>", "</think>"), ("[THINK]", "[/THINK]"), ("<|channel>thought", "<channel|>"), ("<|channel>", "<channel|>"),
            ("<|START_THINKING|>", "<|END_THINKING|>"), ("<seed:think>", "</seed:think>"))  # fmt: skip
# gpt-oss writes in channels, of which the last one is the answer, whatever form its header binds it to.
_FINAL = r"(?:<\|start\|>assistant)?<\|channel\|>final[^<\n]*(?:<\|constrain\|>[^<\n]*)?<\|message\|>"
# The patterns of all ends by their start, with those that stand in answers besides.
_END_OF = {start.lower(): re.escape(end) for start, end in (*THOUGHTS, ("<thinking>", "</thinking>"), ("<thought>", "</thought>"))} | {
    "<|channel|>analysis": _FINAL, "<|channel|>commentary": _FINAL}  # fmt: skip
_STARTS, _ENDS = "|".join(map(re.escape, _END_OF)), "|".join(dict.fromkeys(_END_OF.values()))
# A thought begins an answer, behind the role that some templates write; a few words may stand before a mark that ends its line.
_THOUGHT_START = re.compile(rf"\s*(?:(?:assistant|analysis|model)[ \t]*\n\s*)?(?:<\|start\|>assistant)?(?P<words>[^\n`<\[]{{1,40}})?"
                            rf"(?P<mark>{_STARTS})(?(words)(?=[ \t]*\n))", re.IGNORECASE)  # fmt: skip
_LATER_START = re.compile(rf"^[ \t]*(?P<mark>{_STARTS})", re.IGNORECASE | re.MULTILINE)
# ... and it ends at the beginning of a line, at the end of one, or behind a sentence, where its start is not marked.
_THOUGHT_END = re.compile(rf"(?:^[ \t]*|(?<=[.!?]))(?:{_ENDS})|(?:{_ENDS})(?=[ \t]*$)", re.IGNORECASE | re.MULTILINE)
# indent, marks, a language or none (tildes alone underline); a language that stands at the marks may be followed by a title
_FENCE = re.compile(r"([ \t]*)(`{3,}|~{3,}(?=[ \t]*\w))(?:[ \t]*([\w+-]*)[ \t]*|([\w+-]+)[ \t]+[^`\n]*)")
WRAPPERS = frozenset(("markdown", "md"))  # the marks of a block around a whole answer
MARKED_PYTHON = frozenset(("python", "py", "python3"))  # the marks of a fenced block that holds the program
PYTHON = MARKED_PYTHON | {""}  # ... that may hold it
TEXTS = frozenset(("text", "plaintext", "txt"))  # ... that may hold the plan


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
    what follows a line `Code:`. The plan is the text before it, without its `Thought:` and the fence that it may have.
    """
    text = _said(text)
    if blocks := _programs(text):
        block = max(blocks, key=lambda each: len(each.text))
        before, code = "".join(_before(text, block)), block.text
    elif mark := re.search(r"^[^\w\n]*code[^\w\n]*\n", text, re.MULTILINE | re.IGNORECASE):
        before, code = text[: mark.start()], text[mark.end():]
    else:
        before, code = text, ""
    before = re.sub(r"^[^\w\n]*code\W*\Z", "", before, flags=re.MULTILINE | re.IGNORECASE)
    thought = re.search(r"^[^\w\n]*thought[^\w\n]*?(?::[*_]*|$)", before, re.MULTILINE | re.IGNORECASE)
    return Parts((before[thought.end():] if thought else before).strip(), code.strip("\n") + "\n" if code.strip() else "")


def _before(text: str, program: Block) -> Iterator[str]:
    """Yield what stands before a program, without other programs, and of texts in fences what is in them."""
    place, texts = 0, TEXTS | {""} if program.language in MARKED_PYTHON else TEXTS
    for block in (each for each in _fenced(text) if each.end <= program.start):
        yield text[place : block.start]
        yield block.text if block.language in texts else "" if block.language in PYTHON else text[block.start : block.end]
        place = block.end
    yield text[place : program.start]


def code_blocks(text: str, languages: frozenset[str] = PYTHON) -> list[Block]:
    """Return the fenced blocks of an answer that are marked as one of some languages."""
    return [block for block in _fenced(text) if block.language in languages]


def _said(text: str) -> str:
    return without_thought(text.replace("\r\n", "\n"))


def _fenced(text: str) -> list[Block]:
    """Return the fenced blocks of a text. A fence that opens a block ends the one before."""
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
    return blocks


def _language(fence: re.Match[str]) -> str:
    return (fence[3] or fence[4] or "").lower()


def _block(start: int, end: int, fence: re.Match[str], lines: list[str], closed: bool) -> Block:
    """Return a block without the indent of its fence, which stands below a list's item, as far as all its lines have it."""
    indent = min([len(fence[1]), *(len(line) - len(line.lstrip(" \t")) for line in lines if line.strip())])
    text = "".join(line[indent:] if line.strip() else line for line in lines)
    return Block(start, end, _language(fence), text, closed)


def programs(text: str) -> list[Block]:
    """Return the blocks of an answer that may be its program: those that are marked as Python, else those without a mark."""
    return _programs(_said(text))


def _programs(said: str) -> list[Block]:
    blocks = code_blocks(said)
    blocks = [block for block in blocks if block.text.strip()] or blocks
    return [block for block in blocks if block.language] or blocks


def is_cut(text: str) -> bool:
    """True if an answer that reached the token limit may lack a part of its program: words behind a closed block say that it is whole.

    A block that is the last to be said may have been closed by a grammar, for want of tokens; some models go on with white space.
    """
    said = _said(text)
    blocks = code_blocks(said)
    return not (blocks and blocks[-1].closed and len(said[blocks[-1].end:]) > 1)


def without_thought(text: str) -> str:
    """A text without the thoughts of a reasoning model before it: `<think>…</think>`, also where only the end is marked, and within it.

    Such an end begins or ends a line, or stands behind a sentence, outside fenced blocks, with the answer behind it. A thought that never
    ends leaves nothing, as its text is a draft; within an answer, where it may be a word, it is left.
    """
    while start := _THOUGHT_START.match(text):
        end = _end_behind(start)
        if end is None:
            return text if start["words"] else ""
        text = text[end:].lstrip()
    text = _without_later_thoughts(text)
    return text[_end_of_thoughts(text):].lstrip() if _THOUGHT_END.search(text) else text


def _end_behind(start: re.Match[str]) -> int | None:
    """Return the place behind the thought, and the blank lines after it, that a mark begins; None if it never ends."""
    end = re.compile(rf"(?:{_END_OF[start['mark'].lower()]})(?:[ \t]*\n)*", re.IGNORECASE).search(start.string, start.end())
    return end and end.end()


def _without_later_thoughts(text: str) -> str:
    """Return a text without the thoughts that begin a line outside its fenced blocks, up to one that never ends."""
    kept, place = list[str](), 0
    for start in [found for gap in _gaps(text) for found in _LATER_START.finditer(text, *gap)] if _LATER_START.search(text) else []:
        if start.start() < place:  # within the thought before
            continue
        end = _end_behind(start)
        if end is None:
            break
        kept.append(text[place : start.start()])
        place = end
    return "".join(kept) + text[place:]


def _end_of_thoughts(text: str) -> int:
    """Return the place behind the last mark that ends thoughts, without a start, and that no fenced block holds; 0 if there is none."""
    begun = re.search(_STARTS, text, re.IGNORECASE)  # thoughts behind the beginning are no part before the answer
    last = begun.start() if begun else len(text)
    return max((mark.end() for gap in _gaps(text) for mark in _THOUGHT_END.finditer(text, *gap)
                if mark.end() <= last and text[mark.end():].strip()), default=0)  # fmt: skip


def _gaps(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places of a text before, between and behind its fenced blocks."""
    fenced = [block for block in _fenced(text) if block.closed]
    return zip([0, *(block.end for block in fenced)], [*(block.start for block in fenced), len(text)])
