"""A change of a program, written by a model that is loaded here and held to the grammar of changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.chat import Message, end_ids, prompt_text, prompt_tokens, text_tokens
from common.decoding import generation
from common.decoding.side_by_side import Work, in_order
from common.decoding.token_masks import GrammarSpec, Row, table
from common.edit_prompts import CHANGE_FENCE
from shortcuts.catalog import Catalog
from shortcuts.grammar import change_grammar

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True)
class ChangeSpec(GrammarSpec):
    """The grammar of a change to a program of `length` lines."""

    plan: bool = False
    length: int = 0

    def text(self, names: Iterable[str] | None) -> str:
        """The grammar itself, whatever the names: those of the program may be read, too."""
        return change_grammar(self.apis, self.catalog, self.length)


def generate_change(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], apis: Iterable[str],
                    catalog: Catalog, length: int, *, max_new_tokens: int, temperature: float, top_p: float, seed: int,
                    watch: generation.Watch | None = None,
                    on_end: Callable[[generation.Generation], None] | None = None) -> generation.Generation:  # fmt: skip
    """Return the change that a model answers, without the fence that the model is shown before it.

    apis: ids of those that new lines may call. length: lines of the program.
    """
    ends, prompt = end_ids(model, tokenizer), prompt_text(messages, tokenizer)
    asked = [*prompt_tokens(messages, tokenizer), *text_tokens(CHANGE_FENCE, tokenizer)]
    room = min(max_new_tokens, generation.room_behind(model, asked))
    if room <= 0:
        return generation.Generation("", 0, False, "prompt_too_long")
    spec = ChangeSpec(table(tokenizer, ends, model.config.get_text_config().vocab_size), frozenset(apis), catalog, length=length)
    choose = generation.Sampler(prompt, temperature, top_p, seed)

    def work() -> Work[generation.Generation]:
        row = Row(spec, room)
        written = yield from generation.write(tokenizer, asked, room, choose, ends, row=row, watch=watch)
        return generation.ended(tokenizer, written.tokens, ends, row=row)

    (change,) = in_order(model, tokenizer, [work()], 1, on_end=on_end)
    return change
