"""The shortest legal end of an answer that is written under a grammar: for when the tokens run out.

A program is whole after each of its lines but those that open a block, so most endings are what is open in the line, a line end and the
fence. In other places (after a key, inside a name) a few words that fit nearly everywhere are tried, and where even these do not fit, as
inside the name of an API, the grammar itself says what may come next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from shortcuts.syntax.unclosed import open_marks

if TYPE_CHECKING:
    from llguidance import LLMatcher, LLTokenizer

CODE = "\n\nCode:\n```python\n"  # between plan and program, see common.conversation.answer
FENCE = "```"
_HEAD = re.compile(r" *(?:if|elif|else|for|match|case)\b")
MAX_STEPS = 48  # of a search; three are usual
# The shortest of each kind that stands somewhere in the grammar: a variable of every shortcut, a text, a number, what joins them.
_WORDS = ("clipboard()", "''", "0", " in clipboard()", ", ", ": ", "=", " = []", "_", "n", " in enumerate(clipboard(), start=1)", " + 1")
# A format's template and an f-string have fields; base64 and the numbers of escapes have a length.
_WORDS_IN_TEXT = ("{clipboard()}", "{}'.format(clipboard())", '{}".format(clipboard())', "0")


def ending(matcher: LLMatcher, table: LLTokenizer, said: bytes, answer: bool) -> list[int] | None:
    """Tokens that end what was said, which the matcher has read, as the grammar has it; None where none are found.

    The matcher stays as it is. `answer`: with the plan before the program and the fences around it.
    """
    copy, tokens = matcher.deep_copy(), list[int]()
    for _ in range(MAX_STEPS):
        so_far = said + table.decode_bytes(tokens)
        text = so_far.decode("utf-8", "ignore")
        in_plan = answer and CODE not in text
        code = text.rpartition(CODE)[2] if answer else text
        missing = missing_bytes(so_far)
        for tail in () if missing else (f"{CODE}''\n{FENCE}",) if in_plan else _tails(code, FENCE if answer else ""):
            if (last := _accepted(copy, table, tail)) is not None:
                return tokens + last
        piece = _longest_allowed(copy, table, missing) if missing or in_plan else _next_piece(copy, table, code)
        if not piece or not copy.consume_tokens(piece):
            return None
        tokens += piece
    return None


def missing_bytes(text: bytes) -> int:
    """Return how many bytes the last character still needs: a token may be a part of one."""
    for place, byte in enumerate(reversed(text[-4:]), start=1):
        if byte < 0x80:
            return 0
        if byte >= 0xC0:  # the first byte of a character says how many there are
            return (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4) - place
    return 0


@lru_cache(maxsize=1 << 12)
def _tokens(table: LLTokenizer, text: str) -> list[int]:
    return table.tokenize_str(text)


def _accepted(matcher: LLMatcher, table: LLTokenizer, text: str) -> list[int] | None:
    """The tokens of a text, if they may come next and the answer may end after them."""
    tokens = _tokens(table, text)
    whole = [*tokens, table.eos_token]
    return tokens if matcher.validate_tokens(whole) == len(whole) else None


def _tails(code: str, fence: str) -> Iterator[str]:
    """Return the lines that may end a program, the shortest first."""
    *before, line = code.split("\n")
    level = len(line) - len(line.lstrip(" "))
    if line.strip().startswith("#"):  # what it is said of must follow
        yield from (f"\n{' ' * level}{body}\n{fence}" for body in _bodies(level))
    elif line.strip():
        closed = open_marks(line)
        yield f"{closed}\n{fence}"
        if line.startswith("workflow("):  # something must follow the header
            yield f"{closed}\n''\n{fence}"
        if _HEAD.match(line):
            yield from (f"{closed}:\n{' ' * (level + 4)}{body}\n{fence}" for body in _bodies(level + 4))
    else:
        if not line:
            yield fence
        above = len(before[-1]) - len(before[-1].lstrip(" ")) if before else 0
        for wanted in {level: 0, above: 0, above + 4: 0}:
            if wanted >= level:
                yield from (f"{' ' * (wanted - level)}{body}\n{fence}" for body in _bodies(wanted))


def _bodies(level: int) -> tuple[str, ...]:
    """The shortest that may stand at a level: nothing, an empty comment, a case."""
    return "pass", "''", f"case '':\n{' ' * (level + 4)}pass"


def _next_piece(matcher: LLMatcher, table: LLTokenizer, code: str) -> list[int]:
    """Return what to write where no tail fits: the end of a string, a word that fits, else what the grammar allows."""
    line = code.rpartition("\n")[2]
    inner = open_marks(line)[:1]
    words = (inner, *_WORDS_IN_TEXT) if inner in ("'", '"') else _WORDS
    if words is _WORDS and (line[-1:].isalnum() or line.endswith("_")):
        words = tuple(word for word in words if not word[0].isalnum() and word != "_")  # those would only make a name longer
    for word in words:
        tokens = _tokens(table, word)
        if matcher.validate_tokens(tokens) == len(tokens):
            return tokens
    return table.tokenize_bytes(matcher.compute_ff_bytes()) or _longest_allowed(matcher, table)


def _longest_allowed(matcher: LLMatcher, table: LLTokenizer, most: int = 1 << 10) -> list[int]:
    """The longest of the tokens that may come, of those with at most so many bytes: a name is soonest spelled to its end."""
    import numpy

    allowed = numpy.frombuffer(matcher.compute_logit_bias(), numpy.uint8) > 0
    lengths = _token_lengths(table)[: len(allowed)]
    lengths = numpy.where(allowed & (lengths <= most), lengths, 0)
    return [int(lengths.argmax())] if lengths.any() else []


@lru_cache(maxsize=8)
def _token_lengths(table: LLTokenizer) -> Any:
    """The bytes of each token of a vocabulary (numpy, int32); 0 for special tokens."""
    import numpy

    tokens = range(table.vocab_size)
    return numpy.array([0 if table.is_special_token(token) else len(table.decode_bytes([token])) for token in tokens], numpy.int32)
