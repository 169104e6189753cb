"""Read a chat completion from a server's response, with bounds: nothing in it is trusted to have the type that the protocol says."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

MOST_TOKENS = 2**53  # larger counts are cut to this
# What servers call the end of an answer that its tokens or the context are used up for; here it is "length".
LIMITS = frozenset(("length", "max_tokens", "max_output_tokens", "model_length", "max_length", "model_context_window_exceeded"))
FINISH_CHARACTERS = 40


class Completion(NamedTuple):
    """A chat completion: `finish` is "length" at the token limit, else as the server names it.

    The token counts are there if the server gives them, `refusal` if there is no answer.
    """

    text: str
    finish: str
    prompt_tokens: int | None
    completion_tokens: int | None
    refusal: tuple[str, str] | None  # (reason of a Reject, detail)


def parse_body(data: bytes) -> Any:
    """The JSON value of a body, None if it is not JSON; a lone surrogate in it, as a cut emoji leaves, becomes a question mark."""
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
    """The completion in a parsed body; None if it is not one, or says itself that it failed."""
    choices = body.get("choices") if isinstance(body, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict):
        return None
    text, finish = text_of(message.get("content")), choice.get("finish_reason") or "stop"
    if text is None or not isinstance(finish, str) or finish == "error":
        return None
    finish, usage = "length" if finish.lower() in LIMITS else finish[:FINISH_CHARACTERS], body.get("usage")
    tokens = tokens_of(usage if isinstance(usage, dict) else {}, bool(text.strip()))
    return Completion(text, finish, *tokens, why_none(message, finish, text))


def text_of(content: Any) -> str | None:
    """The text of a message's content, which is a text, nothing, or a list of parts; None for anything else."""
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        return None
    kinds = ("text", "output_text")
    parts = [part.get("text") if isinstance(part, dict) and part.get("type", "text") in kinds else part for part in content]
    return "".join(part for part in parts if isinstance(part, str))


def tokens_of(usage: dict[str, Any], has_text: bool) -> tuple[int | None, int | None]:
    """The tokens of prompt and completion that a server counts, None for what it does not; no prompt or text has none.

    Some leave thoughts out of the completion, and count them in the total alone.
    """
    prompt, completion, total = (count(usage.get(name)) for name in ("prompt_tokens", "completion_tokens", "total_tokens"))
    if prompt and total:
        completion = max(completion or 0, total - prompt)
    return prompt or None, (completion or None) if has_text else completion


def count(value: Any) -> int | None:
    """A count of tokens, from 0 to MOST_TOKENS; None if the value is not a number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return None
    return int(min(max(value, 0), MOST_TOKENS))


def why_none(message: dict[str, Any], finish: str, text: str) -> tuple[str, str] | None:
    """(reason, detail) for a message without an answer; None if it has one, be it empty: the model ended that by itself."""
    if finish.lower() == "content_filter":  # what came before the filter is no answer
        return "filtered", "the server's content filter took the answer away"
    if text.strip():
        return None
    if isinstance(message.get("refusal"), str) and message["refusal"]:
        return "refused", f"the model refused: {message['refusal'][:300]}"
    if finish == "length":
        return "answer_too_long", "the token limit was reached before the answer began (a model that reasons needs more)"
    if message.get("tool_calls") or finish in ("tool_calls", "function_call"):
        return "no_text", "the answer is a call of a tool, and none was offered"
    return None


class ByteVocabulary:
    """A vocabulary of all bytes and an end, in the shape that llguidance reads."""

    eos_token_id, bos_token_id = 256, None
    special_token_ids = [256]
    tokens = [bytes([byte]) for byte in range(256)] + [b"<end>"]

    def __call__(self, text: str | bytes) -> list[int]:
        return list(text if isinstance(text, bytes) else text.encode())


@lru_cache(maxsize=1)
def byte_tokenizer() -> Any:
    """llguidance's tokenizer of bytes."""
    from llguidance import LLTokenizer, TokenizerWrapper

    return LLTokenizer(TokenizerWrapper(ByteVocabulary()))


def follows_grammar(grammar: str, text: str, whole: bool) -> bool:
    """True if a text is of a grammar (Lark, as llguidance reads it), or where it is not `whole`, the beginning of such a text.

    Some servers accept a grammar and ignore it. White space around the text is left out, as servers strip it.
    """
    from llguidance import LLMatcher  # here, as only --constrained needs it

    matcher, data = LLMatcher(byte_tokenizer(), LLMatcher.grammar_from_lark(grammar), log_level=0), list(text.strip().encode())
    return matcher.try_consume_tokens(data) == len(data) and (not whole or matcher.is_accepting())
