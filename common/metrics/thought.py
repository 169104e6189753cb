"""What a reasoning model thinks before it answers, where it stands in the answer's text."""

from __future__ import annotations

OPEN, CLOSE = "<think>", "</think>"


def without_thought(text: str) -> str:
    """An answer without its leading thought: `<think>…</think>`, or a text up to a `</think>` that nothing opens.

    A thought that is never closed leaves nothing. What looks like a thought further on in an answer is part of it.
    """
    head, close, answer = text.partition(CLOSE)
    if head.lstrip().startswith(OPEN) or (close and OPEN not in head):
        return answer
    return text
