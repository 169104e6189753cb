"""The tokens that the grammar of the dialect lets come next, for one answer while it is written.

    spec = GrammarSpec(table(tokenizer, ends, size), frozenset(apis), catalog)
    row = Row(spec, budget=512)
    token = row.only()                       # the one that may come, None where there are several
    row.bar(scores)                          # those that may not come get minus infinity
    row.take(token)

Each row has its own matcher (llguidance). When a row's tokens run out, it is steered to its shortest legal end (shortest_ending.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any

from common.decoding.required_calls import RequiredCalls, closing_tokens
from common.decoding.shortest_ending import CODE, FENCE, ending
from common.jsonl import UserError
from shortcuts.catalog import Catalog
from shortcuts.grammar import grammar

if TYPE_CHECKING:
    import torch
    from llguidance import LLMatcher, LLTokenizer
    from transformers import PreTrainedTokenizerBase

PLAN_SHARE = 0.5  # of an answer's tokens: a plan that takes more leaves no room for its program
CAREFUL = 256  # tokens left from which on a row's end is measured: ends are of some ten tokens
MARGIN = 32  # tokens that one more token can add to the shortest end: it may open a menu, deep in a program
COMPILED = 128  # matchers kept; one takes about a megabyte
_FILLER = re.compile(rb"(^|\n)''\n$")  # what makes an end legal where no statement stands: a call does so, too
_BINDS = re.compile(r" *(?:for (\w+)(?:, (\w+))? in |(\w+) \+?= )")


# ---------------------------------------------------------------------------------------------------------------------------------
# tables and matchers


def table(tokenizer: PreTrainedTokenizerBase, ends: Sequence[int], size: int) -> LLTokenizer:
    """llguidance's view of a tokenizer, made once and kept with it. `ends`: the tokens that end an answer; `size`: the model's vocabulary.

    Raises UserError for a tokenizer without a fast version.
    """
    kept: dict[Any, LLTokenizer] = tokenizer.__dict__.setdefault("_llguidance_tables", {})
    key = (tuple(ends), size)
    if key not in kept:
        import llguidance.hf

        if not tokenizer.is_fast:
            raise UserError(f"tokenizer of {tokenizer.name_or_path}: it has no fast version, which constrained generation needs")
        kept[key] = llguidance.hf.from_tokenizer(tokenizer, n_vocab=max(size, len(tokenizer)), eos_token=list(ends))
    return kept[key]


@dataclass(frozen=True)
class GrammarSpec:
    """The grammar of an answer: a program of these APIs, with a plan before it or alone, which ends when the owed ones are called."""

    table: LLTokenizer
    apis: frozenset[str]
    catalog: Catalog
    plan: bool = True
    owed: tuple[str, ...] = ()

    @property
    def fence(self) -> str:
        """The line that closes the program, "" where it stands alone."""
        return FENCE if self.plan else ""

    def accepted(self, prefix: str) -> str:
        """The whole lines of a beginning that a strict row can go on from: it may read a name that no line above it binds."""
        while True:
            tokens = self.table.tokenize_bytes(prefix.encode())
            valid = self.matcher(bound_names(prefix.split("\n"))).validate_tokens(tokens)
            if valid == len(tokens):
                return prefix
            text = self.table.decode_bytes(tokens[:valid]).decode("utf-8", "ignore")
            prefix = text[: text.rfind("\n") + 1]  # what is cut off may have bound a name that is read above

    def matcher(self, names: Iterable[str] | None = None) -> LLMatcher:
        """A matcher at the start of an answer in which only these names can be read (None: any). Raises UserError."""
        return _compiled(self.table, self.text(names)).deep_copy()

    def text(self, names: Iterable[str] | None) -> str:
        """The grammar itself."""
        return grammar(self.apis, self.catalog, answer=self.plan, everything=False, names=names)


@lru_cache(maxsize=COMPILED)
def _compiled(table_: LLTokenizer, text: str) -> LLMatcher:
    from llguidance import LLMatcher

    matcher = LLMatcher(table_, LLMatcher.grammar_from_lark(text), log_level=0)
    if matcher.is_error():
        raise UserError(f"the grammar of these APIs is more than llguidance takes: {matcher.get_error()[:200]}")
    return matcher


def bound_names(lines: Iterable[str]) -> set[str]:
    """The names that lines of a program bind."""
    return {name for line in lines if (match := _BINDS.match(line)) for name in match.groups() if name and name != "_"}


# ---------------------------------------------------------------------------------------------------------------------------------
# masks


class Row:
    """One answer while it is written: where its matcher is, what is left of its tokens, and what it must still say.

    `prefix` is what has been written of it. A strict row lets only names be read that are bound on a line above.
    """

    def __init__(self, spec: GrammarSpec, budget: int, prefix: str = "", strict: bool = False) -> None:
        self.spec, self.budget = spec, budget
        self.ended = self.cut = False  # cut: its end was forced, as the budget was used up
        self.forced: list[int] = []  # tokens to come, the next one last
        self.names: set[str] | None = set() if strict else None
        self.owed = RequiredCalls(spec.owed)
        self._prefix, self._tokens = prefix.encode(), list[int]()
        self._ends = frozenset(spec.table.eos_tokens)
        self._plan_left = max(1, int(budget * PLAN_SHARE)) if spec.plan and CODE not in prefix else 0  # tokens; 0: no plan to end
        self._unmeasured = 0  # tokens that may pass before the end is measured again
        self._allowed: Any = None  # the mask of the next token, once it is made
        self._learn((prefix.rpartition(CODE)[2] if spec.plan else prefix).split("\n"))
        self._restart()
        self._mind_the_budget()

    @property
    def said(self) -> bytes:
        """The bytes that have been written of the answer."""
        return self._prefix + self.spec.table.decode_bytes(self._tokens)

    def allowed(self) -> Any:
        """The tokens that may come next (numpy, int32): a bit a token."""
        if self._allowed is None:
            from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask

            mask = allocate_token_bitmask(1, self.spec.table.vocab_size)
            fill_next_token_bitmask(self.matcher, mask)
            self._hold_open(mask[0])
            self._allowed = mask[0]
        return self._allowed

    def only(self) -> int | None:
        """The one token that may come next; None where there are several to choose from."""
        if self.ended or self.forced:
            return self.spec.table.eos_token if self.ended else self.forced[-1]
        words = self.allowed().nonzero()[0]
        bits = int(self.allowed()[words[0]]) & 0xFFFFFFFF if len(words) == 1 else 0
        return int(words[0]) * 32 + bits.bit_length() - 1 if bits and not bits & (bits - 1) else None

    def bar(self, scores: torch.Tensor) -> torch.Tensor:
        """Scores (vocabulary) with minus infinity where a token may not come next, in place."""
        import numpy
        import torch

        bits = numpy.unpackbits(self.allowed().view(numpy.uint8), bitorder="little")[: len(scores)]
        return scores.masked_fill_(torch.from_numpy(bits == 0), float("-inf"))

    def take(self, token: int) -> None:
        """Go on with the token that was chosen, and see to it that what is left of the budget is enough for an end."""
        if self.ended:
            return
        self._allowed = None
        self.budget -= 1
        self.ended = not self.matcher.consume_token(token) or token in self._ends
        if self.ended:
            return
        self._tokens.append(token)
        if (self.names is not None or self.owed.calls) and b"\n" in (new := self.spec.table.decode_bytes([token])):
            lines = self.said.decode("utf-8", "ignore").split("\n")
            if self._learn(lines[-1 - new.count(b"\n") : -1]):
                self._restart()
        if self.forced:
            self.forced.pop()
        else:
            self._mind_the_budget()

    def _learn(self, lines: Iterable[str]) -> bool:
        """Note what whole lines of the program call, and the names that they bind, if that matters; whether there are new names."""
        if self.spec.plan and CODE.encode() not in self.said:
            return False
        self.owed.read(lines)
        if self.names is None:
            return False
        known = len(self.names)
        self.names |= bound_names(lines)
        return len(self.names) > known

    def _restart(self) -> None:
        """Take the grammar of the names that can be read now, and go to where the answer is."""
        self.matcher = self.spec.matcher(self.names)
        said = self.said
        if said and not self.matcher.consume_tokens(self.spec.table.tokenize_bytes(said)):
            raise UserError(f"the beginning of an answer is outside its grammar: {self.matcher.get_error()[:200]}")

    def _mind_the_budget(self) -> None:
        """Force the plan's end when its share is used, the answer's end when the rest is only just enough for it."""
        if self._plan_left == 1 and CODE not in self.said.decode("utf-8", "ignore"):
            self.forced = self._fitting(CODE)
            if self.forced:
                self._plan_left = 0
            return
        self._plan_left = max(0, self._plan_left - 1)
        self._unmeasured -= 1
        if self._unmeasured > 0 or self.budget > CAREFUL + self.owed.room(self.spec.table):
            return
        end = ending(self.matcher, self.spec.table, self.said, self.spec.plan)
        end = self._with_owed(end) if end is not None and self.owed.calls else end
        spare = self.budget - len(end) - 1 - MARGIN if end is not None else 0
        if end is not None and spare <= 0:
            self.forced, self.cut = [*end, self.spec.table.eos_token][::-1], True
        self._unmeasured = spare // 3  # tokens come one by one, and but for the margin's case each adds at most two to the end

    def _with_owed(self, end: list[int]) -> list[int]:
        """An end with the missing calls before the program is closed: as many of them as the budget holds."""
        fence, table = self.spec.fence.encode(), self.spec.table
        text = table.decode_bytes(end).removesuffix(fence)
        line = self.said.rpartition(b"\n")[2]  # may be in the midst of an owed call, which the end completes
        calls = self.owed.behind((line + text).decode("utf-8", "ignore").split("\n"))
        for start, count in product((_FILLER.sub(rb"\1", text), text), range(len(calls), 0, -1)):
            tokens = table.tokenize_bytes(start + "".join(f"{call})\n" for call in calls[:count]).encode() + fence)
            if len(tokens) < self.budget and self.matcher.validate_tokens(tokens) == len(tokens):
                return tokens
        return end

    def _hold_open(self, mask: Any) -> None:
        """Take out of a mask (numpy, int32) what would end the program while it owes a call, if that leaves anything."""
        if self.owed.calls and (not self.spec.plan or CODE.encode() in self.said):
            still = mask & ~closing_tokens(self.spec.table, self.spec.fence, self.said.endswith(b"\n"))
            if still.any():
                mask[:] = still

    def _fitting(self, text: str) -> list[int]:
        """The tokens of a text to be forced, none where it may not come next, as inside a character of several tokens."""
        tokens = self.spec.table.tokenize_str(text)
        return tokens[::-1] if self.matcher.validate_tokens(tokens) == len(tokens) else []
