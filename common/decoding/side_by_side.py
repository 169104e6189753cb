"""Many texts written side by side with one model: each is a coroutine, which asks for the scores of its next token until it is done.

    def work(prompt):                              # the likeliest ten tokens
        tokens = list(prompt)
        for _ in range(10):
            scores = yield tokens                  # of the token behind these: (vocabulary,), fp32, on the CPU
            tokens.append(int(scores.argmax()))
        return tokens

    for number, tokens in side_by_side(model, tokenizer, [work(prompt) for prompt in prompts], width=16): ...

A work may add several tokens before it asks again, where it knows them, or go back and ask behind a shorter text: what the model knows of
the part that stays is kept. A work that ends makes room for the next.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from common.model import context_length

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Result = TypeVar("Result")
Work = Generator[list[int], "torch.Tensor", Result]  # yields all tokens so far, those of the prompt, too

WINDOW = 4  # batches that are sorted by length: in a larger window fewer rows are idle at the end, and a kill loses more


def in_order(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, works: Iterable[Work[Result]], width: int,
             in_step: bool = False, on_end: Callable[[Result], None] | None = None) -> Iterator[Result]:
    """Yield the results of works, which may be a stream, in their order; WINDOW * width of them are taken at a time.

    `on_end` is called with each as soon as it is there. See `side_by_side` for the rest.
    """
    works = iter(works)
    while window := list(islice(works, WINDOW * width)):
        results, due = dict[int, Result](), 0
        for number, result in side_by_side(model, tokenizer, window, width, in_step):
            results[number] = result
            if on_end:
                on_end(result)
            while due in results:
                yield results.pop(due)
                due += 1


def side_by_side(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, works: Sequence[Work[Result]], width: int,
                 in_step: bool = False) -> Iterator[tuple[int, Result]]:
    """Yield (number, result) of works as they end; at most `width` are under way at a time.

    Those with long prompts come first: then texts of about a length stand side by side, and at the end, when none fills the place of one
    that is done, there are short ones. With `in_step` every process runs the model as often as the others: a forward pass of a sharded
    model gathers weights from all of them. They must bring as many works as each other.
    """
    from common.decoding.ragged_reading import RaggedReader, can_read

    begun = dict[int, list[int]]()  # number of a work: what it asks behind
    for number, work in enumerate(works):
        try:
            begun[number] = next(work)
        except StopIteration as end:
            yield number, end.value
    waiting = deque(sorted(begun, key=lambda number: -len(begun[number])))
    if in_step or not can_read(model):
        yield from _in_rounds(model, tokenizer, works, begun, waiting, width, in_step)
        return
    reader, asked = RaggedReader(model), dict[int, list[int]]()
    while waiting or asked:
        while waiting and len(asked) < width:
            number = waiting.popleft()
            asked[number] = begun[number]
        for number, scores in reader.read(asked).items():
            try:
                asked[number] = works[number].send(scores)
            except StopIteration as end:
                del asked[number]
                reader.drop(number)
                yield number, end.value


# ---------------------------------------------------------------------------------------------------------------------------------
# models that only transformers can run: in rounds of a batch, padded, and a text that goes back waits for the next round


def _in_rounds(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, works: Sequence[Work[Result]], begun: dict[int, list[int]],
               waiting: deque[int], width: int, in_step: bool) -> Iterator[tuple[int, Result]]:  # fmt: skip
    while waiting:
        asked = {number: begun[number] for number in [waiting.popleft() for _ in range(min(width, len(waiting)))]}
        while _anywhere(bool(asked), in_step):
            yield from _Round(works, asked, tokenizer).run(model, in_step)


def _anywhere(is_so: bool, in_step: bool) -> bool:
    """True if something is so here or, with `in_step`, in any process."""
    if not in_step:
        return is_so
    import torch.distributed as dist

    everywhere: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(everywhere, is_so)
    return any(everywhere)


class _Round:
    """One call of the generation of transformers; works act in it as a logits processor. Each goes on until it ends, or goes back."""

    def __init__(self, works: Sequence[Work[Any]], asked: dict[int, list[int]], tokenizer: PreTrainedTokenizerBase) -> None:
        self.works, self.asked, self.tokenizer = works, asked, tokenizer
        self.rows = list(asked)  # number of the work in each row; None once it has left
        self.read = [len(tokens) for tokens in asked.values()]
        self.results = list[tuple[int, Any]]()

    def run(self, model: PreTrainedModel, in_step: bool) -> list[tuple[int, Any]]:
        """Return (number, result) of the works that ended; what the others ask for now is in `asked`."""
        import torch
        from transformers import GenerationConfig, LogitsProcessorList

        padding, texts = self.tokenizer.pad_token_id, list(self.asked.values()) or [[self.tokenizer.eos_token_id]]
        width = max(map(len, texts))
        ids = torch.tensor([[padding] * (width - len(text)) + text for text in texts])
        mask = torch.tensor([[0] * (width - len(text)) + [1] * len(text) for text in texts])
        # every setting is named: what is not would come from the model's own generation config
        settings = GenerationConfig(do_sample=False, temperature=1.0, top_p=1.0, top_k=50, repetition_penalty=1.0, num_beams=1,
                                    use_cache=True, max_new_tokens=max(1, context_length(model) - min(map(len, texts))),
                                    eos_token_id=self.tokenizer.eos_token_id, pad_token_id=padding)
        with torch.inference_mode():
            model.generate(input_ids=ids.to(model.device), attention_mask=mask.to(model.device), generation_config=settings,
                           logits_processor=LogitsProcessorList([self]), synced_gpus=in_step)  # fmt: skip
        return self.results

    def __call__(self, ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores under which the next token of each work is the likeliest; the end of text for one that leaves."""
        import torch

        chosen = [self._next(row, scores) for row in range(len(self.rows))] or [self.tokenizer.eos_token_id]
        return torch.full_like(scores, float("-inf")).scatter_(1, torch.tensor(chosen, device=scores.device)[:, None], 0.0)

    def _next(self, row: int, scores: torch.Tensor) -> int:
        number, read = self.rows[row], self.read[row]
        if number in self.asked and read >= 0:
            before = list(self.asked[number])
            if read == len(before):
                try:
                    self.asked[number] = self.works[number].send(scores[row].float().cpu())
                except StopIteration as end:
                    self.results.append((number, end.value))
                    del self.asked[number]
                    return int(self.tokenizer.eos_token_id)
            if len(self.asked[number]) > read and self.asked[number][:read] == before[:read]:
                self.read[row] += 1
                return self.asked[number][read]
            self.read[row] = -1  # it goes back, and waits for the next round
        return int(self.tokenizer.eos_token_id)
