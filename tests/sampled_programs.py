"""Programs drawn from the grammar of the dialect: dice choose among what llguidance's mask lets come next, and prefer what means something.

    for code in sampled(200, seed=1, catalog=catalog): ...
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator

import numpy
from llguidance import LLMatcher, LLTokenizer, TokenizerWrapper

from common.decoding.shortest_ending import ending
from shortcuts.catalog import Catalog
from shortcuts.grammar import grammar

APIS = 5  # of one grammar
GROUP = 10  # programs of one grammar: its compilation takes longer than a program
TOKENS = (5, 90)  # of a program: then it is ended as soon as it can be
ENDINGS = 16  # tokens between two looks for an end: from deep inside a call none is found, and that takes a tenth of a second
BEGINNING = "x = clipboard()\ny = is_workflow_actions_nothing()\n"
NAMES = ("x", "y")  # those that can be read
_LITERALS = {"is.workflow.actions.gettext", "is.workflow.actions.number", "is.workflow.actions.dictionary", "is.workflow.actions.list"}
_IN_TEXT = "¿"  # may come in a text or a comment, and nowhere else
_PIECES = ["a", "é", "😀", "{{", "}}", "{", "}", "\\n", "\\'", "\\\\", "\\u2028", " ", "0", "{}", "x", "²", "#", "\u200b"]
_QUOTES = ("'", '"', "\n", "')", "'.format(", '".format(')
_HEADS = ("if ", "for ", "match ", "elif ", "else:\n", "case ", "case _ if item(", "when(", "otherwise_if(", "not ", " in ")
_WORDS = ["total", "größe", "Count_2", "_", "= ", "12", "0", "1", "20", "2.5", "5e-324", "1e+300", "-", "\n", "    ", "        ", "None", "True", *NAMES]


def sampled(count: int, seed: int, catalog: Catalog, everything: bool = False) -> Iterator[str]:
    """Programs of grammars of some APIs each; `everything` as the grammar has it. Every name that is read is bound in BEGINNING."""
    draw, known = random.Random(f"{seed} {everything}"), [api.id for api in catalog if api.parameters]
    for start in range(0, count, GROUP):
        apis = [*draw.sample(known, APIS), *draw.sample(sorted(_LITERALS), 2), "is.workflow.actions.nothing", "is.workflow.actions.downloadurl"]
        text = grammar(apis, catalog, depth=4, everything=everything, names=NAMES)
        vocabulary = _Vocabulary(text)
        begun = LLMatcher(vocabulary.table, LLMatcher.grammar_from_lark(text), log_level=0)
        assert not begun.is_error(), begun.get_error()
        assert begun.consume_tokens(list(BEGINNING.encode())), begun.get_error()
        for _ in range(min(GROUP, count - start)):
            yield _program(begun.deep_copy(), vocabulary, draw)


class _Vocabulary:
    """Bytes, and the words of a grammar: its literals."""

    bos_token_id = None

    def __init__(self, text: str) -> None:
        literals = (_literal(word) for word in re.findall(r'"(?:[^"\\\n]|\\.)+"', text))
        words = sorted({word for word in (*literals, *_WORDS, *_PIECES, *_QUOTES, _IN_TEXT) if len(word.encode()) > 1})
        self.tokens = [*(bytes([number]) for number in range(256)), *(word.encode() for word in words), b"<end>"]
        self.eos_token_id = len(self.tokens) - 1
        self.special_token_ids = (self.eos_token_id,)
        self.numbers = {token: number for number, token in reversed(list(enumerate(self.tokens)))}
        self.table = LLTokenizer(TokenizerWrapper(self))
        self.weights = numpy.array([*(_likely(token.decode("latin-1" if len(token) == 1 else "utf-8")) for token in self.tokens[:-1]), 0.0])

    def __call__(self, text: bytes | str) -> list[int]:
        return list(text if isinstance(text, bytes) else text.encode())


def _likely(word: str) -> float:
    """Return the weight of a token that may come, for the dice: what begins blocks and calls often, what makes a name longer seldom."""
    if word in _HEADS:
        return 6.0
    if word in _WORDS:
        return 1.0
    if len(word) == 1 and (word.isalnum() or word == "_" or not word.isascii()):
        return 0.001
    return 0.01 if word.isidentifier() else 0.08 if word.startswith("as_") else 2.0 if word.endswith("(") else 1.0


def _literal(literal: str) -> str:
    """The text of a literal of the grammar, which is JSON."""
    try:
        return json.loads(literal)
    except ValueError:
        return literal[1:-1]


def _program(matcher: LLMatcher, vocabulary: _Vocabulary, draw: random.Random) -> str:
    said, budget = BEGINNING.encode(), draw.randint(*TOKENS)
    in_text, closing = vocabulary.numbers[_IN_TEXT.encode()], [vocabulary.numbers[quote.encode()] for quote in _QUOTES]
    pieces = [vocabulary.numbers[piece.encode()] for piece in _PIECES]
    while True:
        budget -= 1
        if budget < 0 and budget % ENDINGS == ENDINGS - 1 and (end := ending(matcher, vocabulary.table, said, False)) is not None:
            return (said + b"".join(vocabulary.tokens[token] for token in end)).decode()
        assert budget > -2_000, said
        allowed = numpy.frombuffer(matcher.compute_logit_bias(), numpy.uint8)[: len(vocabulary.tokens)] > 0
        if allowed[in_text]:
            choice = [token for token in (closing if draw.random() < 0.4 else pieces) if allowed[token]] or [token for token in closing + pieces if allowed[token]]
            token = draw.choice(choice or [in_text])
        else:
            weights = vocabulary.weights * allowed
            if not weights.any():  # nothing but the end may come
                return said.decode()
            token = draw.choices(range(len(weights)), weights)[0]
        assert matcher.consume_tokens([token]), (said, vocabulary.tokens[token])
        said += vocabulary.tokens[token]
