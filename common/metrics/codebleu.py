"""CodeBLEU for Python, equal to the published package (codebleu 0.6.1), and a strict variant that means what it says.

    codebleu(reference, prediction).codebleu            # the paper's figure, quirks included
    codebleu_strict(reference, prediction).codebleu     # zero is zero, F1 instead of recall

Formula: Ren et al. 2020 (arXiv 2009.10297), weighted as in WorkflowLLM. The grammar decides the AST and data-flow figures:
tree-sitter-python is pinned in requirements.txt, and `versions()` belongs into every file of results.
"""

from __future__ import annotations

import importlib.metadata
import keyword
import math
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from common.metrics.codebleu_flow import data_flow, data_flow_as_published
from common.metrics.codebleu_tree import TooMuch, syntax_tree
from shortcuts.collector import collector_paused

WEIGHTS = (0.1, 0.1, 0.4, 0.4)  # n-gram, weighted n-gram, AST, data-flow: WorkflowLLM, section 4.1
KEYWORDS = frozenset(keyword.kwlist) | {"match", "case", "type"}  # as the package counts them
KEYWORD_WEIGHT, OTHER_WEIGHT = 1, 0.2
NO_MATCH = 0.1  # what an n-gram order without a match counts: NLTK's smoothing method 1

CACHED_STRINGS = 512  # the features of a long workflow take about a megabyte


class CodeBLEU(NamedTuple):
    """The four components and their weighted sum, each in 0..1; `flag` says why a side was not read whole ("" if it was)."""

    ngram: float
    weighted_ngram: float
    ast: float
    dataflow: float
    codebleu: float
    flag: str = ""


def codebleu(reference: str, prediction: str) -> CodeBLEU:
    """Score as codebleu 0.6.1 does on CPython 3.11 under PYTHONHASHSEED=0, whatever the seed here. Its quirks, all kept:

    - n-gram: BLEU-4 over white space. Weighted n-gram: a recall whose brevity penalty takes the reference for two tokens long.
    - AST: the share of the reference's subtrees (no names, no literals) found anywhere in the prediction: a recall, blind to length.
    - Data-flow: recall of renamed (variable, relation, parents), blind to names; 0 counts as 1 in the sum: an empty answer scores 0.4.
    - The order of parents that two entries share is that of a hash set, so the package's own figure moves with the hash seed.
    - Byte columns index characters: behind a non-ASCII character the rest of its line is misread.
    - `a.b = 'c'` (three children on either side) empties the whole program's data-flow; `for … else` hides the loop's body.
    - Comments and docstrings go by `tokenize` and stay where it fails; from Python 3.12 on it reads f-strings otherwise.

    What the package would crash on or never end (MAX_*) is flagged: AST and data-flow 0, without the bonus.
    """
    gold, guess = features_of(reference.strip()), features_of(prediction.strip())
    flag = _flag(gold, guess)
    shared = list(map(overlap, gold.ngrams, guess.ngrams))
    ngram, weighted = _bleu(gold.ngrams, guess.ngrams, shared), _weighted_recall(gold.ngrams, guess.ngrams, shared, max(1, gold.weight))
    if guess.length == 1:
        weighted *= math.exp(1 - 2 / 1)  # the brevity penalty's one effect
    if flag:
        return CodeBLEU(ngram, weighted, 0.0, 0.0, WEIGHTS[0] * ngram + WEIGHTS[1] * weighted, flag)
    ast = sum(map(gold.shapes.__getitem__, gold.shapes.keys() & guess.shapes.keys())) / gold.shapes.total()
    dataflow = overlap(gold.flow, guess.flow) / gold.flow.total() if gold.flow else 0.0
    total = WEIGHTS[0] * ngram + WEIGHTS[1] * weighted + WEIGHTS[2] * ast + WEIGHTS[3] * (dataflow or 1)
    return CodeBLEU(ngram, weighted, ast, dataflow, total)


def codebleu_strict(reference: str, prediction: str) -> CodeBLEU:
    """CodeBLEU without the quirks: F1 over multisets instead of recall, UTF-8 read right, zero is zero, an empty prediction scores 0.

    A component that neither side has (no data-flow at all) is 1: nothing was to be found and nothing was made up.
    """
    reference, prediction = reference.strip(), prediction.strip()
    gold, guess = features_of(reference), features_of(prediction)
    if not gold.length or not guess.length:
        return CodeBLEU(*[float(gold.length == guess.length)] * 5)
    ours, theirs = (features.ngrams[: max(gold.length, guess.length)] for features in (gold, guess))  # short code has no 4-grams
    shared = list(map(overlap, ours, theirs))
    recall, precision = _weighted_recall(ours, theirs, shared, gold.weight), _weighted_recall(theirs, ours, shared, guess.weight)
    weighted = 2 * precision * recall / (precision + recall) if recall else 0.0
    ast = dataflow = 0.0
    flag = _flag(gold, guess)
    if not flag:
        ast = overlap_f1(gold.shapes, guess.shapes)
        try:
            dataflow = overlap_f1(exact_flow(reference), exact_flow(prediction))
        except TooMuch as limit:
            flag = str(limit)
    parts = _bleu(ours, theirs, shared), weighted, ast, dataflow
    return CodeBLEU(*parts, sum(weight * part for weight, part in zip(WEIGHTS, parts, strict=True)), flag)


def overlap(one: Counter[Any], other: Counter[Any]) -> int:
    """The size of two multisets' intersection."""
    shared = one.keys() & other.keys()  # quicker than Counter's `&`: all of it runs in C
    return sum(map(min, map(one.__getitem__, shared), map(other.__getitem__, shared)))


def overlap_f1(gold: Counter[Any], guess: Counter[Any]) -> float:
    """F1 of two multisets: 2 |gold & guess| / (|gold| + |guess|), 1 if both are empty."""
    total = gold.total() + guess.total()
    return 2 * overlap(gold, guess) / total if total else 1.0


def versions() -> dict[str, str]:
    """The packages that the AST and data-flow figures depend on."""
    return {name: importlib.metadata.version(name) for name in ("tree-sitter", "tree-sitter-python")}


NGrams = tuple[Counter[tuple[str, ...]], ...]  # of order 1 to 4


class Features(NamedTuple):
    """The counts of a text that CodeBLEU compares."""

    length: int  # tokens
    weight: float  # of the tokens together
    ngrams: NGrams
    shapes: Counter[int]  # hashes of the subtrees
    flow: Counter[tuple[Any, ...]]  # (variable, relation, parents)
    flag: str


@lru_cache(CACHED_STRINGS)
@collector_paused()
def features_of(code: str) -> Features:
    """The features of a text, cached."""
    tokens = code.split()
    ngrams = tuple(Counter(zip(*(tokens[start:] for start in range(order)), strict=False)) for order in (1, 2, 3, 4))
    counted = len(tokens), _weigh(ngrams[0]), ngrams
    try:
        tree = syntax_tree(code)
        return Features(*counted, tree.shapes, data_flow_as_published(tree), "")
    except TooMuch as limit:
        return Features(*counted, Counter(), Counter(), str(limit))


@lru_cache(CACHED_STRINGS)
@collector_paused()
def exact_flow(code: str) -> Counter[tuple[Any, ...]]:
    """The data-flow of a text as the strict score takes it, cached."""
    return data_flow(syntax_tree(code))


def _flag(gold: Features, guess: Features) -> str:
    return "; ".join(f"{side}: {features.flag}" for side, features in (("reference", gold), ("prediction", guess)) if features.flag)


def _bleu(gold: NGrams, guess: NGrams, shared: list[int]) -> float:
    """BLEU-4 of one pair: clipped precisions, smoothed, times the brevity penalty. `shared`: the overlap of each order."""
    length, wanted = guess[0].total(), gold[0].total()
    penalty = 1 if length > wanted else math.exp(1 - wanted / max(1, length))
    return penalty * _mean_ratio([(found, theirs.total()) for found, theirs in zip(shared, guess, strict=True)])


def _weighted_recall(gold: NGrams, guess: NGrams, shared: list[int], weight: float) -> float:
    """The same over the reference's n-grams, without the penalty, and a keyword weighs five times another unigram.

    `weight`: of the reference's unigrams together; the package takes 1 for less, so that four plain tokens are never all found.
    """
    found = {unigram: min(count, guess[0][unigram]) for unigram, count in gold[0].items() if unigram in guess[0]}
    longer = [(count, ours.total()) for count, ours in zip(shared[1:], gold[1:], strict=True)]
    return _mean_ratio([(_weigh(found), weight), *longer])


def _weigh(unigrams: Mapping[tuple[str], int]) -> float:
    return sum(count * (KEYWORD_WEIGHT if token in KEYWORDS else OTHER_WEIGHT) for (token,), count in unigrams.items())


def _mean_ratio(ratios: list[tuple[float, float]]) -> float:
    """Geometric mean of part/whole; 0 if the first part is 0."""
    if not ratios[0][0]:
        return 0.0
    return math.exp(math.fsum(math.log((part or NO_MATCH) / (whole or 1)) / len(ratios) for part, whole in ratios))
