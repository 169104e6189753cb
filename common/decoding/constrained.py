"""Constrained decoding: a model's tokens are held to the grammar of the language, and lines that no grammar can rule out are written again.

    for answer in generate(model, tokenizer, chats, apis, catalog, max_new_tokens=512):
        print(answer.text, answer.left)                     # `left`: what `check` still finds, usually nothing

Three things work together:
- Masks (token_masks.py): each answer has its own matcher, which says what tokens may come next.
- A length budget (shortest_ending.py): when the tokens run out, a row is steered to its shortest legal end; a plan ends at half of them.
- Retries. `check` finds what the grammar cannot say (an unbound name, a statement after the end). The answer is then written again from its
  first wrong line on, and the grammar lists, line by line, the names that can be read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import shortcuts
from common import replies
from common.chat import Message, end_ids, layout, prompt_text, prompt_tokens, text_tokens
from common.decoding import generation
from common.decoding.generation import Sampler
from common.decoding.shortest_ending import CODE
from common.decoding.side_by_side import Work, in_order
from common.decoding.token_masks import GrammarSpec, Row, table
from shortcuts.catalog import Catalog
from shortcuts.catalog.search import SYNTAX_APIS

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

UNWRITTEN = "Thought:-\n\n"  # a plan that the grammar reads before an answer without one, and that neither model nor caller sees
TRIES = 4  # times that one answer is written again from its first wrong line
RETRY_TEMPERATURE = 0.7  # from the second try on, where sampling is colder: the likeliest line would be the wrong one again


class Answer(NamedTuple):
    """A generation.Generation that was held to a grammar: `tries` after the first, what `check` found then, what it finds now."""

    text: str
    tokens: int
    finished: bool
    reason: str
    tries: int
    found: tuple[str, ...]  # codes, of the first writing
    left: tuple[shortcuts.Diagnostic, ...]


@dataclass
class _Job:
    """One answer that is asked for."""

    prompt: str
    spec: GrammarSpec
    asked: list[int] = field(default_factory=list)  # the tokens of the prompt, and of the thoughts behind it
    thoughts: int = 0  # tokens
    prefix: str = ""
    unwritten: str = ""  # how the prefix begins for the grammar alone
    tries: int = 0
    tokens: int = 0
    reason: str = "prompt_too_long"
    text: str = ""
    found: tuple[str, ...] = ()
    left: list[shortcuts.Diagnostic] = field(default_factory=list)
    cuts: Counter[int] = field(default_factory=Counter)

    @property
    def is_done(self) -> bool:
        """True if nothing is found, or if the tokens were used up before the first action: to write again what fits gives no more."""
        return not self.left or (self.reason == "length" and {finding.code for finding in self.left} <= {"empty", "no_code"})

    def judge(self, written: generation.Generation) -> None:
        """Note an answer and what `check` finds in it."""
        self.text, self.reason = self.prefix + written.text, written.reason
        self.tokens += written.tokens
        code = replies.parse_answer(self.text).code if self.spec.plan else self.text
        self.left = shortcuts.check(code, self.spec.catalog) if code.strip() else [shortcuts.Diagnostic(1, "no_code", "no program")]
        self.found = self.found or tuple(finding.code for finding in self.left)

    def rewind(self) -> None:
        """Keep the answer up to its first wrong line; up to a line before where that was no help."""
        head, mark, code = self.text.rpartition(CODE) if self.spec.plan else ("", "", self.text)
        line = self.left[0].line
        self.cuts[line] += 1
        kept = code.splitlines(keepends=True)[: max(0, line - self.cuts[line])]
        while kept and kept[-1].lstrip().startswith("#"):  # what is said of the line goes with it
            kept.pop()
        self.prefix, self.tries = self.spec.accepted(head + mark + "".join(kept)), self.tries + 1

    @property
    def shown(self) -> str:
        """The text behind the prompt that the model goes on with."""
        return self.prefix.removeprefix(self.unwritten)

    def answer(self) -> Answer:
        """Return the answer in the caller's form."""
        text = self.text.removeprefix(self.unwritten)
        return Answer(text, self.tokens, self.reason == "stop", self.reason, self.tries, self.found, tuple(self.left))


def generate(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, chats: Iterable[Sequence[Message]], apis: Iterable[Iterable[str]],
             catalog: Catalog, *, max_new_tokens: int = 1024, temperature: float = 0.0, top_p: float = 1.0, seed: int = 0,
             batch_size: int = 16, plan: bool = True, thought: bool = True, use_all: bool = False, tries: int = TRIES,
             watch: generation.Watch | None = None, on_end: Callable[[Answer], None] | None = None) -> Iterator[Answer]:  # fmt: skip
    """Yield one answer a chat, in order, that calls only the chat's APIs (ids). The settings are those of generation.generate.

    plan: the answer is a plan and a program, as common.conversation.chat asks for; else the program alone.
    thought: False for an answer that begins with its fenced program, a conversation.AnswerForm without a plan.
    use_all: a program ends only when it has called each API it was given.
    tries: how often an answer in which `check` finds something is written again from there on.
    """
    settings = {"max_new_tokens": max_new_tokens, "temperature": temperature, "top_p": top_p, "seed": seed, "plan": plan,
                "thought": thought, "use_all": use_all, "tries": tries, "watch": watch}  # fmt: skip
    works = (answer(model, tokenizer, chat, ids, catalog, **settings) for chat, ids in zip(chats, apis))
    yield from in_order(model, tokenizer, works, batch_size, on_end=on_end)


def answer(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], apis: Iterable[str],
           catalog: Catalog, *, max_new_tokens: int, temperature: float, top_p: float, seed: int, plan: bool = True, thought: bool = True,
           use_all: bool = False, tries: int = TRIES, watch: generation.Watch | None = None) -> Work[Answer]:  # fmt: skip
    """Answer one prompt; the settings are those of `generate`."""
    ends, sampling = end_ids(model, tokenizer), (temperature, top_p, seed)
    table_ = table(tokenizer, ends, model.config.get_text_config().vocab_size)
    offered = tuple(api for api in apis if api not in SYNTAX_APIS)
    spec = GrammarSpec(table_, frozenset(offered), catalog, plan, offered if use_all else ())
    begun = {} if thought else {"prefix": UNWRITTEN + CODE.lstrip(), "unwritten": UNWRITTEN}
    job = _Job(prompt_text(messages, tokenizer), spec, prompt_tokens(messages, tokenizer), **begun)
    if layout(tokenizer).thinks and (room := min(max_new_tokens, generation.room_behind(model, job.asked))) > 0:
        # no grammar holds thoughts; what stands behind them is held to one
        job.asked, job.thoughts = yield from generation.think(tokenizer, job.asked, room, Sampler(job.prompt, *sampling), ends)
        job.tokens = job.thoughts
    for number in range(tries + 1):
        if number:
            job.rewind()
        yield from _write(model, tokenizer, job, number, ends, max_new_tokens, sampling, watch)
        if job.is_done:
            break
    return job.answer()


def _write(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, job: _Job, number: int, ends: list[int], most: int,
           sampling: tuple[float, float, int], watch: generation.Watch | None) -> Work[None]:
    """Write an answer of at most so many tokens, or go on with it: its beginning is tokenised as text, as training had it."""
    written = text_tokens(job.shown, tokenizer)
    asked = job.asked + written
    room = min(most - job.thoughts - len(written), generation.room_behind(model, asked))
    if room <= 0:
        return
    temperature, top_p, seed = sampling
    again = f"\0{number}" if number else ""  # a second try must not be the first again
    choose = Sampler(job.prompt + job.shown + again, max(temperature, RETRY_TEMPERATURE if number > 1 else 0), top_p, seed)
    row = Row(job.spec, room, job.prefix, strict=number > 0)
    made = yield from generation.write(tokenizer, asked, room, choose, ends, row=row, watch=watch)
    job.judge(generation.ended(tokenizer, made.tokens, ends, row=row))
