"""What a server sent as a chat completion, read with bounds: nothing in it is trusted to be of the kind that the protocol says."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

import orjson

MOST_TOKENS = 2**53  # of a count: more is no count
FINISH_CHARACTERS = 40
_CLOSED = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_OPENED = re.compile(r"\s*<think(?:ing)?>", re.IGNORECASE)


class Completion(NamedTuple):
    """`text` of the answer; `finish` as the server calls it; the counts, None where it gives none; `refusal`: why there is no text."""

    text: str
    finish: str
    prompt_tokens: int | None
    completion_tokens: int | None
    refusal: tuple[str, str] | None  # (reason of a Reject, detail)


def parse_body(data: bytes) -> Any:
    """The JSON of a body; a lone surrogate in it, as a cut emoji leaves, becomes a question mark. None for what is no JSON."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    try:
        return _mended(json.loads(data))
    except (ValueError, RecursionError):
        return None


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_mended(item) for item in value]
    return {_mended(key): _mended(item) for key, item in value.items()} if isinstance(value, dict) else value


def read_completion(body: Any) -> Completion | None:
    """The completion in a parsed body; None where it is none, or says itself that it failed."""
    choices = body.get("choices") if isinstance(body, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict):
        return None
    text, finish = text_of(message.get("content")), choice.get("finish_reason") or "stop"
    if text is None or not isinstance(finish, str) or finish == "error":
        return None
    finish, usage = finish[:FINISH_CHARACTERS], body.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    tokens = (count(usage.get(name)) for name in ("prompt_tokens", "completion_tokens"))
    return Completion(text, finish, *tokens, None if text.strip() else why_empty(message, finish))


def text_of(content: Any) -> str | None:
    """The text of a message's content: a text, nothing, or a list of parts, of which those that are texts; None for anything else."""
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        return None
    kinds = ("text", "output_text")
    parts = [part.get("text") if isinstance(part, dict) and part.get("type", "text") in kinds else part for part in content]
    return "".join(part for part in parts if isinstance(part, str))


def count(value: Any) -> int | None:
    """A count of tokens, from 0 to MOST_TOKENS; None for what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return None
    return int(min(max(value, 0), MOST_TOKENS))


def why_empty(message: dict[str, Any], finish: str) -> tuple[str, str] | None:
    """(reason, detail) for a message without text; None where the model ended it so by itself."""
    if isinstance(message.get("refusal"), str) and message["refusal"]:
        return "refused", f"the model refused: {message['refusal'][:300]}"
    if finish == "content_filter":
        return "filtered", "the server's content filter took the answer away"
    if finish == "length":
        return "answer_too_long", "the token limit was reached before the answer began (a model that reasons needs more)"
    if message.get("tool_calls") or finish in ("tool_calls", "function_call"):
        return "no_text", "the answer is a call of a tool, and none was offered"
    return None


def without_thought(text: str) -> str:
    """A text without the thoughts of a reasoning model before it: `<think>…</think>`, also where only the end is marked.

    A thought that never ends leaves nothing: what stands in it is a draft.
    """
    if closed := list(_CLOSED.finditer(text)):
        if _OPENED.match(text) or "<think" not in text[: closed[0].start()].lower():
            return text[closed[0].end():].lstrip()
    return "" if _OPENED.match(text) else text
