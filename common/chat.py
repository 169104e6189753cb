"""Conversations as a model's chat template writes them, for training and for generation alike.

    tokens = prompt_tokens(messages, tokenizer)     # what a model continues with its answer
    samples = encode(records, tokenizer)            # the same tokens, each answer behind its prompt, with the mark that ends it

A template is a program that comes with its model, and each has its own habits: a space or an empty think block before an answer, no mark
behind it, no system turns, the date of the day. `layout` finds them by asking the template; the rest of the project need not know any.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from common.jsonl import UserError
from common.replies import THOUGHTS

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Message = dict[str, str]

CHUNK = 256  # records tokenised in one call: enough to keep a fast tokenizer's threads busy, few enough to stay small
CUT = "\ufdd0"  # cuts a mark in two, so that neither template nor tokenizer takes it for one; a code point that no text has
BEFORE = "\n"  # what a text is tokenised behind, where the tokenizer would put a space before the first word of a text
REMEDY = "put another template into the model's folder (chat_template.jinja)"
ON, OFF = "on", "off"  # the values of --thinking
SWITCHES = "enable_thinking", "thinking"  # the names under which templates know it
SYSTEM, QUESTION, ANSWER = "Count in tens.", "How many boats?", "Forty boats."  # a conversation to try a template with

# Templates that write today's date would write other prompts tomorrow, so there it is always this day.
PINNED = date(2024, 7, 26)
PINNED_DATE = PINNED.strftime("%d %b %Y")
DATE_STRING = '{%- set date_string = "' + PINNED_DATE + '" %}'  # Llama's variable
_PARTS = {f"%{part}": f"{PINNED:%{part}}" for part in "aAbBdmyYHMS"} | {"%-d": str(PINNED.day), "%-m": str(PINNED.month)}
CLOCK = ("{%- macro strftime_now(form) %}{{ form" + "".join(f"|replace('{part}','{value}')" for part, value in _PARTS.items())
         + " }}{%- endmacro %}")  # in the place of the function that templates have from transformers
_THINKING = re.compile(r"\{%- if (\w+) is not defined %\}\{%- set \1 = (true|false) %\}\{%- endif %\}")


# ---------------------------------------------------------------------------------------------------------------------------------
# the template


def settle(tokenizer: PreTrainedTokenizerBase, thinking: str | None = None) -> None:
    """Fix what a chat template would leave open: the date, and whether the model thinks before it answers (ON, OFF).

    It is written into the template, so that a model is asked everywhere as it was trained. Without `thinking` a template that was settled
    before stays as it is, and one that knows the switch is turned off: the project's answers hold no such thoughts. Raises UserError.
    """
    template = tokenizer.chat_template
    for name, pin in (("date_string", DATE_STRING), ("strftime_now", CLOCK)):
        if name in template and pin not in template:
            template = pin + template
    tokenizer.chat_template = template
    switch = _switch(tokenizer)
    if thinking == ON and _marks_of_thoughts(template) is None:
        raise UserError("--thinking on: this model's chat template has no marks around thoughts; leave it away, or take another model")
    if thinking or (switch and not _THINKING.search(template)):
        name, value = switch or SWITCHES[0], str(thinking == ON).lower()
        line = f"{{%- if {name} is not defined %}}{{%- set {name} = {value} %}}{{%- endif %}}"
        tokenizer.chat_template = line + _THINKING.sub("", template)
    if thinking and not _text_or_nothing([{"role": "user", "content": QUESTION}], tokenizer):
        raise UserError(f"--thinking {thinking}: this model's chat template refuses it; give --thinking {OFF if thinking == ON else ON}")


def _switch(tokenizer: PreTrainedTokenizerBase) -> str | None:
    """The name of the switch for thinking that changes what the template writes; None if there is none."""
    asked = [{"role": "user", "content": QUESTION}]
    for name in SWITCHES:
        if name in tokenizer.chat_template:
            texts = set()
            for value in (True, False):
                try:
                    texts.add(_rendered(asked, tokenizer, ask=True, **{name: value}))
                except UserError as error:  # some refuse one of the two
                    texts.add(str(error))
            if len(texts) > 1:
                return name
    return None


def _marks_of_thoughts(template: str) -> tuple[str, str] | None:
    return next((marks for marks in THOUGHTS if all(mark in template for mark in marks)), None)


class Layout(NamedTuple):
    """The habits of a chat template."""

    written: str  # what it writes between its generation prompt and an answer's text: often nothing
    prefix: str  # what stands there in training; a prompt that lets no model think ends with it, too
    opening: str  # what a prompt ends with that lets a model think
    closing: str  # what ends the thoughts: their mark, and what stands between it and the answer's text
    end: str  # the token that ends an answer
    writes_end: bool  # False if the template does not: then `end` is the tokenizer's, and is added
    takes_system: bool  # False: a system turn is refused or left out, so its text goes before the user's
    keeps_answers: bool  # False: an answer is written differently once another turn follows
    thoughts: tuple[str, str] | None  # the marks around a model's thoughts
    thinks: bool  # True if the model is to think before it answers
    specials: re.Pattern[str]  # the tokenizer's special tokens
    adds_space: bool  # True if the tokenizer puts a space before a text


def layout(tokenizer: PreTrainedTokenizerBase) -> Layout:
    """Return the habits of a tokenizer's chat template; UserError if it is not one that an answer can be learned from."""
    return _layout(tokenizer, tokenizer.chat_template)


@lru_cache(maxsize=8)
def _layout(tokenizer: PreTrainedTokenizerBase, template: str) -> Layout:
    question, answer = {"role": "user", "content": QUESTION}, {"role": "assistant", "content": ANSWER}
    asked, answered = _rendered([question], tokenizer, ask=True), _rendered([question, answer], tokenizer, ask=False)
    place = answered.rfind(ANSWER)
    if place < 0:
        raise UserError(f"this tokenizer's chat template does not write an answer as it is; {REMEDY}")
    prefix = written = answered[len(asked) : place] if answered.startswith(asked) else ""
    thoughts, found = _marks_of_thoughts(template), _THINKING.search(template)
    thinks, opening, closing = bool(found and found[2] == "true"), "", ""
    if thoughts:
        (mark, close), begun = thoughts, asked.rpartition(QUESTION)[2]  # a system's text may speak of the marks
        opening = "" if _is_open(begun, thoughts) else prefix[: prefix.find(mark) + len(mark)] if mark in prefix else mark
        if _is_open(begun + prefix, thoughts):
            prefix += f"\n{close}\n\n"
        elif thinks and close not in prefix:
            prefix += f"{mark}\n\n{close}\n\n"
        closing = close + prefix.rpartition(close)[2] if close in prefix else f"{close}\n\n"
    end = _first_mark(answered[place + len(ANSWER) :], tokenizer)
    writes_end, end = end is not None, end or tokenizer.eos_token
    told = _text_or_nothing([{"role": "system", "content": SYSTEM}, question], tokenizer)
    again = _text_or_nothing([question, answer, question], tokenizer)
    special = {end, *tokenizer.all_special_tokens, *(token.content for token in tokenizer.added_tokens_decoder.values() if token.special)}
    apart, behind, before = tokenizer([ANSWER, BEFORE + ANSWER, BEFORE], add_special_tokens=False)["input_ids"]
    return Layout(written, prefix, opening, closing, end, writes_end, SYSTEM in told, again.startswith(asked + prefix + ANSWER + end),
                  thoughts, thinks, re.compile("|".join(map(re.escape, sorted(special, key=len, reverse=True)))),
                  adds_space=behind[: len(before)] == before and behind[len(before) :] != apart)


def _is_open(text: str, marks: tuple[str, str]) -> bool:
    """True if thoughts are opened in a text and not closed."""
    return text.rfind(marks[0]) > text.rfind(marks[1])


def _first_mark(text: str, tokenizer: PreTrainedTokenizerBase) -> str | None:
    """The first token in a text that is no ordinary one; None if there is none."""
    marks = {*tokenizer.added_tokens_decoder, *tokenizer.all_special_ids}
    ids = tokenizer(text.strip(), add_special_tokens=False)["input_ids"]
    return next((str(tokenizer.convert_ids_to_tokens(token)) for token in ids if token in marks), None)


def _text_or_nothing(messages: list[Message], tokenizer: PreTrainedTokenizerBase) -> str:
    try:
        return _rendered(messages, tokenizer, ask=True)
    except UserError:
        return ""


def asked_of_a_server(thinking: str | None) -> dict[str, Any]:
    """The field of a request that asks a server for --thinking, as vLLM has it; none where that is not given."""
    return {"chat_template_kwargs": dict.fromkeys(SWITCHES, thinking == ON)} if thinking else {}


def remarks(tokenizer: PreTrainedTokenizerBase, is_trained: bool = True) -> list[str]:
    """Return what a person should know of how a model is asked, or trained, a sentence each."""
    habits = layout(tokenizer)
    can_think = habits.thoughts is not None and _switch(tokenizer) is not None
    return [text for holds, text in (
        (can_think and not habits.thinks, "it is asked for its answer at once; --thinking on lets it think first"),
        (not habits.writes_end, f"its chat template writes no mark behind an answer; {habits.end} is put there, and ends answers"),
        (not habits.takes_system, "its chat template takes no system turn; that text goes before the user's"),
        (is_trained and not habits.keeps_answers, "its chat template rewrites earlier answers; of a conversation the last one is learned"),
        (is_trained and habits.thinks, "an answer without thoughts is learned behind empty ones"),
    ) if holds]  # fmt: skip


def _rendered(messages: Sequence[Message], tokenizer: PreTrainedTokenizerBase, ask: bool, **settings: Any) -> str:
    """A conversation as its chat template writes it. UserError if that fails: a template is a program, and may raise anything."""
    try:
        text = tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=ask, **settings)
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"this tokenizer's chat template fails ({type(error).__name__}: {' '.join(str(error).split())[:300]}); "
                        f"{REMEDY}") from None
    assert isinstance(text, str)
    return text


# ---------------------------------------------------------------------------------------------------------------------------------
# a conversation -> texts


def prompt_text(messages: Sequence[Message], tokenizer: PreTrainedTokenizerBase) -> str:
    """The text that a model is to continue with its answer."""
    return _prompt(messages, tokenizer).replace(CUT, "")


def _prompt(messages: Sequence[Message], tokenizer: PreTrainedTokenizerBase) -> str:
    """A prompt with CUT in what looks like a mark and is none."""
    habits = layout(tokenizer)
    return _rendered(_plain(messages, habits), tokenizer, ask=True) + (habits.opening if habits.thinks else habits.prefix)


def turns(messages: Sequence[Message], tokenizer: PreTrainedTokenizerBase) -> Iterator[tuple[str, bool]]:
    """Yield the pieces of a conversation, as (text, is it an answer); they hold CUT in what looks like a mark and is none.

    A piece that is no answer ends where a prompt does: with what the template writes before an answer's text. An answer runs to the mark
    that ends it. Where the template writes an answer differently once another turn follows (it takes thoughts away, say), only the last
    answer is one, behind the conversation as its prompt has it.
    """
    habits, pieces, written = layout(tokenizer), list[tuple[str, bool]](), ""
    messages = _plain(messages, habits)
    for index, message in enumerate(messages):
        if message["role"] == "assistant":
            prompt, text = _answered(messages[: index + 1], tokenizer, habits)
            if not prompt.startswith(written):
                pieces, written = [], ""
            pieces += [(prompt[len(written) :], False), (text, True)]
            written = prompt + text
    yield from pieces


def _answered(messages: Sequence[Message], tokenizer: PreTrainedTokenizerBase, habits: Layout) -> tuple[str, str]:
    """(prompt, answer with the mark that ends it) of a conversation that an answer closes."""
    asked, answered = _rendered(messages[:-1], tokenizer, ask=True), _rendered(messages, tokenizer, ask=False)
    start = next((len(asked + extra) for extra in (habits.written, "") if answered.startswith(asked + extra)), 0)
    before, mark, _ = answered[start:].rpartition(habits.end) if habits.writes_end else ("", "", "")
    text, content = before if mark else answered[start:].rstrip(), messages[-1]["content"].strip()
    if not start:  # the prompt has what stands before no written answer, such as thoughts, or the system's text
        if not text.rstrip().endswith(content):
            raise UserError(f"this tokenizer's chat template changes this answer; {REMEDY}")
        text = content
    has_thoughts = habits.thoughts is not None and text.lstrip().startswith(habits.thoughts[0])
    if has_thoughts and not habits.thinks:
        raise UserError("this answer begins with thoughts, and its prompt lets nobody think; give --thinking on, or take the thoughts out")
    return asked if has_thoughts else asked + habits.prefix, text + habits.end


def _plain(messages: Sequence[Message], habits: Layout) -> list[Message]:
    """The messages with marks in their contents cut in two, and the system's text before the user's where there can be no system turn."""
    result = [{**message, "content": _cut(message["content"], habits, message["role"] == "assistant")} for message in messages]
    if not habits.takes_system and result and result[0]["role"] == "system":
        system, *rest = result
        is_asked = bool(rest) and rest[0]["role"] == "user"
        first = {"role": "user", "content": f"{system['content']}\n\n{rest[0]['content']}" if is_asked else system["content"]}
        return [first, *rest[is_asked:]]
    return result


def _cut(text: str, habits: Layout, is_answer: bool = False) -> str:
    """A text with CUT in each special token in it. A mark of thoughts is cut in an answer that does not begin with thoughts."""
    text = habits.specials.sub(_in_two, text.replace(CUT, ""))
    if is_answer and habits.thoughts and not text.lstrip().startswith(habits.thoughts[0]):
        text = re.sub("|".join(map(re.escape, habits.thoughts)), _in_two, text)
    return text


def _in_two(mark: re.Match[str]) -> str:
    return mark[0][0] + CUT + mark[0][1:]


# ---------------------------------------------------------------------------------------------------------------------------------
# texts -> tokens, and back


def prompt_tokens(messages: Sequence[Message], tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """The tokens that a model is to continue with its answer: those that training has before it."""
    return next(_tokens([[_prompt(messages, tokenizer)]], tokenizer))[0]


def text_tokens(text: str, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """The tokens of a part of an answer; what looks like a special token in it is text."""
    return next(_tokens([["", _cut(text, layout(tokenizer), is_answer=True)]], tokenizer))[1]


def closing_tokens(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """The tokens behind a model's thoughts: the mark that closes them, and what the template writes before an answer's text."""
    return next(_tokens([["", layout(tokenizer).closing]], tokenizer))[1]


def encode(records: Iterable[dict[str, Any]], tokenizer: PreTrainedTokenizerBase) -> Iterator[tuple[str, list[int], list[bool]]]:
    """Yield (id, token ids, is each an answer's) of records with `messages`; memory stays flat in their number.

    Raises UserError with the id of a record that the template refuses.
    """
    iterator = iter(records)
    while chunk := list(islice(iterator, CHUNK)):
        pieces = [_turns_of(record, tokenizer) for record in chunk]
        encoded = _tokens([[text for text, _ in parts] for parts in pieces], tokenizer)
        for record, parts, tokens in zip(chunk, pieces, encoded, strict=True):
            is_answer = [answer for (_, answer), piece in zip(parts, tokens, strict=True) for _ in piece]
            yield record["id"], [token for piece in tokens for token in piece], is_answer


def _turns_of(record: dict[str, Any], tokenizer: PreTrainedTokenizerBase) -> list[tuple[str, bool]]:
    try:
        return list(turns(record["messages"], tokenizer))
    except UserError as error:
        raise UserError(f"record {record['id']}: {error}") from None


def _tokens(conversations: Sequence[Sequence[str]], tokenizer: PreTrainedTokenizerBase) -> Iterator[list[list[int]]]:
    """Yield the tokens of each piece of each conversation, all made in one call.

    A piece is cut at each CUT, and its parts are tokenised apart. Only the first part of a conversation is one that a text begins with.
    """
    before = BEFORE if layout(tokenizer).adds_space else ""
    parts = [[piece.split(CUT) for piece in pieces] for pieces in conversations]
    texts = [part if piece == place == 0 else before + part
             for pieces in parts for piece, cut in enumerate(pieces) for place, part in enumerate(cut)]  # fmt: skip
    # the template has written the special tokens, a beginning of text too: a second one would be a bug seen in many trainers
    *encoded, lead = tokenizer([*texts, before], add_special_tokens=False)["input_ids"]
    rest = iter(encoded)
    for pieces in parts:
        yield [[token for place, _ in enumerate(cut)
                for token in next(rest)[0 if piece == place == 0 else len(lead) :]] for piece, cut in enumerate(pieces)]  # fmt: skip


def decode(tokens: Sequence[int], tokenizer: PreTrainedTokenizerBase) -> str:
    """The text of tokens that stand behind others: some tokenizers would drop a space at its beginning. Special tokens are left out."""
    settings = {"skip_special_tokens": True, "clean_up_tokenization_spaces": False}
    lead = tokenizer(BEFORE, add_special_tokens=False)["input_ids"]
    return tokenizer.decode([*lead, *tokens], **settings)[len(tokenizer.decode(lead, **settings)) :]


def end_ids(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """The tokens that end an answer: the model's own, the tokenizer's, and the one behind an answer in its chat template."""
    own = model.generation_config.eos_token_id
    ends = {*(own if isinstance(own, list) else [own]), tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids(layout(tokenizer).end)}
    return sorted(ends - {None})
