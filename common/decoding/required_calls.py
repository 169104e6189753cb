"""Required calls: where a request names the functions it is about, its program may end only when each has been called.

A grammar that says so would need a rule for each set of calls that have been made. So a row (token_masks.py) counts them line by line,
bars the tokens that would end the program too soon, and, when its tokens run out, writes the calls that are missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from shortcuts.catalog import call_name
from shortcuts.control_flow import KINDS
from shortcuts.forms import api_names
from shortcuts.forms.constants import ENDING_CALLS

if TYPE_CHECKING:
    from llguidance import LLTokenizer

_ASSIGNED = re.compile(r" *(?:\w+ = )?")
TAIL = 4  # tokens of a missing call beside those of its name: its brackets and the line's end


class RequiredCalls:
    """The beginnings of the calls that are still missing."""

    def __init__(self, apis: Iterable[str]) -> None:
        ids = sorted((api for api in dict.fromkeys(apis) if api not in KINDS), key=lambda api: call_name(api) in ENDING_CALLS)
        self.calls = [f"{call_name(api)}(" if api_names.is_callable(api) else f"action({api!r}" for api in ids]

    def read(self, lines: Iterable[str]) -> None:
        """Take note of the calls that lines of the program make."""
        self.calls = self.behind(lines)

    def behind(self, lines: Iterable[str]) -> list[str]:
        """Return the calls that are still missing after these lines."""
        statements = [line[_ASSIGNED.match(line).end() :] for line in lines]  # type: ignore[union-attr] (the empty text matches)
        return [call for call in self.calls if not any(statement.startswith(call) for statement in statements)]

    def room(self, table: LLTokenizer) -> int:
        """Return the most tokens that the missing calls take."""
        return sum(_length(table, call) + TAIL for call in self.calls)


@lru_cache(maxsize=1 << 12)
def _length(table: LLTokenizer, text: str) -> int:
    return len(table.tokenize_str(text))


@lru_cache(maxsize=16)
def closing_tokens(table: LLTokenizer, fence: str, at_line_start: bool) -> Any:
    """The bits (numpy, int32, as in a mask) of the tokens that end a program: its closing fence, alone or with what stands before it, or
    the tokens that end an answer.
    """
    closing = set(table.eos_tokens)
    if fence:
        for token in range(table.vocab_size):
            text = table.decode_bytes([token])
            if b"\n" + fence[:1].encode() in text or (at_line_start and text.startswith(fence[:1].encode())):
                closing.add(token)
    return _bits(sorted(closing), table.vocab_size)


def _bits(tokens: Sequence[int], size: int) -> Any:
    import numpy

    chosen = numpy.zeros((size + 31) // 32 * 32, dtype=numpy.uint8)
    chosen[list(tokens)] = 1
    return numpy.packbits(chosen, bitorder="little").view(numpy.int32)
