"""Answers of a model: many side by side, reproducible whatever stands beside a prompt, ended at its own marks.

    for answer in generate(model, tokenizer, [[{"role": "user", "content": "..."}]], max_new_tokens=512):
        print(answer.text)

`write`, `think`, `Sampler` and `ended` are its parts, which common/decoding/constrained.py puts together with the masks of a grammar.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from common.chat import Message, closing_tokens, decode, end_ids, layout, prompt_text, prompt_tokens, text_tokens
from common.decoding.side_by_side import Work, in_order
from common.model import context_length

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from common.decoding.token_masks import Row


Watch = Callable[[str], None]  # gets each new piece of a text that is being written
THOUGHT_SHARE = 0.5  # of an answer's tokens: thoughts that take more leave no room for it


class Generation(NamedTuple):
    """An answer: its text without the end mark, its tokens with it, and how it ended."""

    text: str
    tokens: int
    finished: bool  # the model ended it, or a stop string did
    reason: str  # "stop", "length" (out of max_new_tokens or context) or "prompt_too_long" (nothing was generated)


class Written(NamedTuple):
    """Tokens that a model wrote, and the log-probability of each, among those that it could choose from: 0 where there was one."""

    tokens: list[int]
    logprobs: list[float]


def generate(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompts: Iterable[Sequence[Message]], *,
             max_new_tokens: int = 1024, temperature: float = 0.0, top_p: float = 1.0, seed: int = 0, batch_size: int = 16,
             stop: Sequence[str] = (), in_step: bool = False, watch: Watch | None = None,
             on_end: Callable[[Generation], None] | None = None) -> Iterator[Generation]:  # fmt: skip
    """Yield one answer a prompt, in order; the prompts may be a stream. `on_end` is called with each as soon as it is there.

    Temperature 0 takes the likeliest token. Otherwise every prompt draws from its own source, seeded by (seed, prompt): an answer does
    not depend on which prompts stand beside it (but for rounding), so a run that goes on after a kill writes what it would have written.
    A prompt that leaves no room in the context is reported as "prompt_too_long", never cut. `in_step` is for a model that is sharded over
    processes: see `side_by_side`; each of them must then bring as many prompts as the others. `watch` is called with each new piece of
    the texts, for somebody who waits for one. Where a model is to think first, its thoughts are no part of the answer's text; their
    tokens count.
    """
    settings = {"max_new_tokens": max_new_tokens, "temperature": temperature, "top_p": top_p, "seed": seed, "stop": stop, "watch": watch}
    yield from in_order(model, tokenizer, (answer(model, tokenizer, chat, **settings) for chat in prompts), batch_size, in_step, on_end)


def answer(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], *, max_new_tokens: int,
           temperature: float, top_p: float, seed: int, stop: Sequence[str] = (), watch: Watch | None = None) -> Work[Generation]:
    """Answer one prompt; the settings are those of `generate`."""
    ends, prompt, thoughts = end_ids(model, tokenizer), prompt_tokens(messages, tokenizer), 0
    room = min(max_new_tokens, room_behind(model, prompt))
    if room <= 0:
        return Generation("", 0, False, "prompt_too_long")
    choose = Sampler(prompt_text(messages, tokenizer), temperature, top_p, seed)
    if layout(tokenizer).thinks:
        prompt, thoughts = yield from think(tokenizer, prompt, room, choose, ends)
    written = yield from write(tokenizer, prompt, max(1, room - thoughts), choose, ends, stop=stop, watch=watch)
    made = ended(tokenizer, written.tokens, ends, stop)
    return made._replace(tokens=made.tokens + thoughts)


def think(tokenizer: PreTrainedTokenizerBase, prompt: list[int], room: int, choose: Sampler,
          ends: list[int]) -> Work[tuple[list[int], int]]:  # fmt: skip
    """Let a model think, in THOUGHT_SHARE of its room: (the prompt with its thoughts behind it, closed; the tokens that this took).

    `room`: tokens that the answer may have, thoughts and all.
    """
    close, closing = (layout(tokenizer).thoughts or ("", ""))[1], closing_tokens(tokenizer)
    mark = tokenizer.get_vocab().get(close)  # a token in most models
    ends, stop = (ends, [close]) if mark is None else ([*ends, mark], [])
    written = yield from write(tokenizer, prompt, max(1, int(room * THOUGHT_SHARE) - len(closing)), choose, ends, stop=stop)
    thought = text_tokens(ended(tokenizer, written.tokens, ends, stop).text, tokenizer)
    return [*prompt, *thought, *closing], len(thought) + len(closing)


def room_behind(model: PreTrainedModel, prompt: Sequence[int]) -> int:
    """Return how many tokens of the context a prompt leaves for its answer; 0 or less if it is too long."""
    return context_length(model) - len(prompt)


def write(tokenizer: PreTrainedTokenizerBase, prompt: list[int], room: int, choose: Sampler, ends: list[int], *,
          row: Row | None = None, stop: Sequence[str] = (), watch: Watch | None = None,
          gives_up: Callable[[list[int]], bool] | None = None) -> Work[Written]:
    """Write up to `room` tokens behind a prompt, until one of the ends or a stop string is there, or `gives_up` is true of what is written.

    A row's grammar holds them. Where the grammar leaves no choice the model is not asked: it reads that token together with the next ones.
    """
    tokens, logprobs, streamer = list(prompt), list[float](), _streamer(tokenizer, watch) if watch else None
    while len(logprobs) < room:
        token, logprob = row.only() if row else None, 0.0
        if token is None:
            scores = yield tokens
            token, logprob = choose(row.bar(scores) if row else scores)
        else:
            choose.skip()
        tokens.append(token)
        logprobs.append(logprob)
        if row:
            row.take(token)
        if streamer:
            streamer.put(token)
        written = tokens[len(prompt) :] if stop or gives_up else []
        if token in ends or any(mark in decode(written, tokenizer) for mark in stop) or (gives_up and gives_up(written)):
            break
    if streamer:
        streamer.end()
    return Written(tokens[len(prompt) :], logprobs)


def _streamer(tokenizer: PreTrainedTokenizerBase, watch: Watch) -> Any:
    """A streamer of transformers that passes on text as soon as no later token can change it."""
    import torch
    from transformers import TextStreamer

    class Streamer(TextStreamer):
        def put(self, value: int) -> None:
            super().put(torch.tensor([value]))

        def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
            watch(text + "\n" * stream_end)

    return Streamer(tokenizer, skip_special_tokens=True)


class Sampler:
    """Chooses the tokens of one text: the likeliest at temperature 0, else drawn from a source of its own, of `prompt` and `seed`."""

    def __init__(self, prompt: str, temperature: float, top_p: float, seed: int) -> None:
        import torch
        from transformers import TopPLogitsWarper

        self.temperature, self.nucleus = temperature, TopPLogitsWarper(top_p) if top_p < 1 else None
        self.exact = torch.float64  # in fp32, tokens of a probability below 1e-7 could not be drawn
        key = hashlib.sha256(f"{seed}\0{prompt}".encode()).digest()[:8]
        self.source = torch.Generator().manual_seed(int.from_bytes(key, "little") >> 1)

    def __call__(self, scores: torch.Tensor) -> tuple[int, float]:
        """(a token, its log-probability) of scores (vocabulary), fp32."""
        if not self.temperature > 0:
            token = int(scores.argmax())
            return token, float(scores[token] - scores.logsumexp(0))
        scores = scores / self.temperature
        return self._drawn(self.nucleus(None, scores[None])[0] if self.nucleus else scores)

    def skip(self) -> None:
        """Draw for a token that needs no choice: the n-th token of a text has the n-th draw, whatever is known of those before it."""
        if self.temperature > 0:
            self._draw()

    def _drawn(self, scores: torch.Tensor) -> tuple[int, float]:
        """The token whose share of the probability the draw falls into, the shares end to end: one number, not one for each token."""
        import torch

        most = scores.max()
        shares = (scores - most).exp().cumsum(0, dtype=self.exact)
        whole = shares[-1]
        token = int(torch.searchsorted(shares, self._draw() * whole, right=True))
        if token == len(shares) or shares[token] == whole:  # the product may be rounded up to the whole
            token = int(torch.searchsorted(shares, whole))
        return token, float(scores[token] - most - whole.log())

    def _draw(self) -> torch.Tensor:
        """The next number of the source: from 0 up to, but without, 1."""
        import torch

        return torch.rand((), generator=self.source, dtype=self.exact)


def ended(tokenizer: PreTrainedTokenizerBase, tokens: list[int], ends: list[int], stop: Sequence[str] = (),
          row: Row | None = None) -> Generation:  # fmt: skip
    """Return the answer that tokens hold, up to its end mark or the first stop string; one whose end a row forced is not finished."""
    length = next((place for place, token in enumerate(tokens) if token in ends), len(tokens))
    text = decode(tokens[:length], tokenizer)
    cuts = [place for mark in stop if (place := text.find(mark)) >= 0]
    marked = length < len(tokens)
    finished = (marked or bool(cuts)) and not (row and row.cut)
    return Generation(text[:min(cuts)] if cuts else text, length + marked, finished, "stop" if finished else "length")
