"""Whether an answer keeps to the grammar that its server was given: some take the field and ignore it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any


class _Bytes:
    """A vocabulary of all bytes and an end, as llguidance reads one."""

    eos_token_id, bos_token_id = 256, None
    special_token_ids = [256]
    tokens = [bytes([byte]) for byte in range(256)] + [b"<end>"]

    def __call__(self, text: str | bytes) -> list[int]:
        return list(text if isinstance(text, bytes) else text.encode())


@lru_cache(maxsize=1)
def _vocabulary() -> Any:
    from llguidance import LLTokenizer, TokenizerWrapper

    return LLTokenizer(TokenizerWrapper(_Bytes()))


def keeps_form(grammar: str, text: str, whole: bool) -> bool:
    """Whether a text is of a grammar (Lark, as llguidance reads it), or the beginning of one that is where it is not `whole`.

    White space around it is not looked at: servers strip it.
    """
    from llguidance import LLMatcher

    matcher, data = LLMatcher(_vocabulary(), LLMatcher.grammar_from_lark(grammar), log_level=0), list(text.strip().encode())
    return matcher.try_consume_tokens(data) == len(data) and (not whole or matcher.is_accepting())
