"""Did you mean: the known word nearest to a misspelt one, for the advice of `check` and the edits of `repair` alike."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from rapidfuzz import fuzz, process

CLEAR = 3  # per cent of likeness by which the nearest word must lead the next one: with less it would be a guess
_DIGITS = re.compile(r"_?\d+")


def nearest(word: str, known: Iterable[str], near: float, clear: float = CLEAR) -> str | None:
    """Return the known word that is meant, or None: one that differs in case, `-` and `_` alone, else the most similar one.

    near: the least similarity, in per cent (rapidfuzz's ratio); clear: the lead over the next word that is needed, 0 for advice that a
    person judges. Words that differ in digits alone are never confused: Text_2 is not a slip for Text_3.
    """
    return _nearest(word, tuple(dict.fromkeys(known)), near, clear)


@lru_cache(maxsize=1 << 12)
def _nearest(word: str, known: tuple[str, ...], near: float, clear: float) -> str | None:
    folded = [other for other in known if _fold(other) == _fold(word)]
    if len(folded) == 1:
        return folded[0]
    stem = _DIGITS.sub("", word)
    others = [other for other in known if _DIGITS.sub("", other) != stem]
    best = process.extract(word, others, scorer=fuzz.ratio, limit=2, score_cutoff=near)
    if not best or (len(best) > 1 and best[0][1] - best[1][1] < clear):
        return None
    return best[0][0]


@lru_cache(maxsize=1 << 14)
def _fold(word: str) -> str:
    return "".join(word.casefold().replace("-", "_").split()).replace("_", "")
