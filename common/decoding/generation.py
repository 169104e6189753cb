"""Answers of a model: batched, reproducible whatever stands beside a prompt, ended at its own marks.

    for answer in generate(model, tokenizer, [[{"role": "user", "content": "..."}]], max_new_tokens=512):
        print(answer.text)

`continued`, `sampler` and `ended` are its parts, which common/decoding/constrained.py puts together with the masks of a grammar.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from common.chat import Message, closing_tokens, decode, end_ids, layout, prompt_text, prompt_tokens, text_tokens
from common.model import context_length

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


Watch = Callable[[str], None]  # gets each new piece of a text that is being written
THOUGHT_SHARE = 0.5  # of an answer's tokens: thoughts that take more leave no room for it


class Generation(NamedTuple):
    """An answer: its text without the end mark, its tokens with it, and how it ended."""

    text: str
    tokens: int
    finished: bool  # the model ended it, or a stop string did
    reason: str  # "stop", "length" (out of max_new_tokens or context) or "prompt_too_long" (nothing was generated)


def generate(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompts: Iterable[Sequence[Message]], *,
             max_new_tokens: int = 1024, temperature: float = 0.0, top_p: float = 1.0, seed: int = 0, batch_size: int = 16,
             stop: Sequence[str] = (), in_step: bool = False, watch: Watch | None = None) -> Iterator[Generation]:
    """Yield one answer a prompt, in order, a batch at a time; the prompts may be a stream.

    Temperature 0 takes the likeliest token. Otherwise every prompt draws from its own source, seeded by (seed, prompt): an answer does
    not depend on which prompts stand beside it (but for rounding), so a run that goes on after a kill writes what it would have written.
    A prompt that leaves no room in the context is reported as "prompt_too_long", never cut. `in_step` is for a model that is sharded over
    processes: see `continued`; each of them must then bring as many prompts as the others, and none that is too long. `watch` is called
    with each new piece of the text of a batch of one, for somebody who waits for it. Where a model is to think first, its thoughts are no
    part of the answer's text; their tokens count.
    """
    ends, prompts = end_ids(model, tokenizer), iter(prompts)
    while batch := list(islice(prompts, batch_size)):
        ids, texts = [prompt_tokens(chat, tokenizer) for chat in batch], [prompt_text(chat, tokenizer) for chat in batch]
        rooms = [min(max_new_tokens, room_behind(model, prompt)) for prompt in ids]
        fits = [number for number, room in enumerate(rooms) if room > 0]
        answers = [Generation("", 0, False, "prompt_too_long")] * len(batch)
        if fits:
            choose = [sampler([texts[i] for i in fits], temperature, top_p, seed, model.device)] if temperature > 0 else []
            asked, spent = [ids[i] for i in fits], [0] * len(fits)
            if layout(tokenizer).thinks:
                asked, spent = thought_through(model, tokenizer, asked, [rooms[i] for i in fits], choose, ends, in_step)
            left = [max(1, rooms[i] - thoughts) for i, thoughts in zip(fits, spent, strict=True)]
            generated = continued(model, tokenizer, asked, max(left), choose, ends, stop, in_step, watch)
            for number, room, thoughts, tokens in zip(fits, left, spent, generated, strict=True):
                answer = ended(tokenizer, tokens[:room], ends, stop)
                answers[number] = answer._replace(tokens=answer.tokens + thoughts)
        yield from answers


def thought_through(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompts: list[list[int]], rooms: Sequence[int],
                    choose: list[Any], ends: list[int], in_step: bool = False) -> tuple[list[list[int]], list[int]]:
    """(the prompts with the model's thoughts behind each, closed; the tokens that this took). A model thinks in THOUGHT_SHARE of its room.

    `rooms`: tokens that each answer may have, thoughts and all. `choose` are logits processors, as for `continued`.
    """
    close, closing = (layout(tokenizer).thoughts or ("", ""))[1], closing_tokens(tokenizer)
    shares = [max(1, int(room * THOUGHT_SHARE) - len(closing)) for room in rooms]
    mark = tokenizer.get_vocab().get(close)  # a token in most models
    ends, stop = (ends, [close]) if mark is None else ([*ends, mark], [])
    rows = continued(model, tokenizer, prompts, max(shares), choose, ends, stop, in_step)
    thoughts = [text_tokens(ended(tokenizer, row[:share], ends, stop).text, tokenizer) for row, share in zip(rows, shares, strict=True)]
    return [[*prompt, *thought, *closing] for prompt, thought in zip(prompts, thoughts)], [len(each) + len(closing) for each in thoughts]


def room_behind(model: PreTrainedModel, prompt: Sequence[int]) -> int:
    """Return how many tokens of the context a prompt leaves for its answer; 0 or less if it is too long."""
    return context_length(model) - len(prompt)


def continued(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompts: list[list[int]], room: int, choose: list[Any],
              ends: list[int], stop: Sequence[str] = (), in_step: bool = False, watch: Watch | None = None) -> list[list[int]]:
    """Up to `room` new tokens of each prompt, the likeliest after the logits processors `choose`; a short row is padded at its end.

    With `in_step` every process goes on until the last has ended, so that all run the model equally often: a forward pass of a sharded
    model gathers weights from all processes. They must call this equally often. Without it they are independent of each other; that has
    to be said, because transformers takes the first for granted where it sees a sharded model.
    """
    import torch
    from transformers import GenerationConfig, LogitsProcessorList

    width = max(map(len, prompts))
    ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    # every setting is named: what is not would come from the model's own generation config
    settings = GenerationConfig(do_sample=False, temperature=1.0, top_p=1.0, top_k=50, repetition_penalty=1.0, num_beams=1, use_cache=True,
                                max_new_tokens=room, eos_token_id=ends, pad_token_id=tokenizer.pad_token_id,
                                stop_strings=list(stop) or None)
    with torch.inference_mode():
        output = model.generate(input_ids=ids.to(model.device), attention_mask=mask.to(model.device), generation_config=settings,
                                logits_processor=LogitsProcessorList([_InTurn(choose)] if choose else []),
                                tokenizer=tokenizer if stop else None, synced_gpus=in_step,
                                streamer=_streamer(tokenizer, watch) if watch and len(prompts) == 1 else None)
    return output[:, width:].tolist()


def _streamer(tokenizer: PreTrainedTokenizerBase, watch: Watch) -> Any:
    """A streamer of transformers that passes on text as soon as no later token can change it."""
    from transformers import TextStreamer

    class Streamer(TextStreamer):
        def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
            watch(text + "\n" * stream_end)

    return Streamer(tokenizer, skip_prompt=True, skip_special_tokens=True)


class _InTurn:
    """Logits processors as one: at each step transformers inspects the signature of each, which takes a tenth of a tiny model's step."""

    def __init__(self, processors: list[Any]) -> None:
        self.processors = processors

    def __call__(self, ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        for processor in self.processors:
            scores = processor(ids, scores)
        return scores


def sampler(prompts: list[str], temperature: float, top_p: float, seed: int,
            device: torch.device) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """A logits processor: sampling as an argmax (the Gumbel-max trick), so that each row can have a random source of its own."""
    import torch
    from transformers import TopPLogitsWarper

    sources = [torch.Generator(device).manual_seed(int.from_bytes(hashlib.sha256(f"{seed}\0{prompt}".encode()).digest()[:8], "little") >> 1)
               for prompt in prompts]
    nucleus = TopPLogitsWarper(top_p) if top_p < 1 else None

    def choose(ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        scores = scores.float() / temperature
        scores = nucleus(ids, scores) if nucleus else scores
        noise = torch.stack([torch.empty_like(scores[0]).exponential_(generator=source) for source in sources])
        return scores - noise.log()

    return choose


def ended(tokenizer: PreTrainedTokenizerBase, tokens: list[int], ends: list[int], stop: Sequence[str] = ()) -> Generation:
    """Return the answer in a row of `continued`, up to its end mark or the first stop string."""
    closing = {*ends, tokenizer.pad_token_id}  # behind a stop string the rest of the batch goes on, and a row is padded
    length = next((place for place, token in enumerate(tokens) if token in closing), len(tokens))
    text = decode(tokens[:length], tokenizer)
    cuts = [place for mark in stop if (place := text.find(mark)) >= 0]
    marked = length < len(tokens) and tokens[length] in ends
    finished = marked or bool(cuts)
    return Generation(text[:min(cuts)] if cuts else text, length + marked, finished, "stop" if finished else "length")
