"""Did you mean: the known word that a misspelt one stands for. The advice of `check` and the edits of `repair` are the same words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from rapidfuzz import fuzz, process

CLEAR = 3  # per cent of likeness between the nearest word and the next: nearer together, it would be a guess
_DIGITS = re.compile(r"_?\d+")


def nearest(word: str, known: Iterable[str], near: float, clear: float = CLEAR) -> str | None:
    """The known word that is meant: the same but for upper and lower case, `-` and `_`, else the nearest of those that are like it.

    near: per cent of likeness (rapidfuzz's ratio) that is enough; clear: by how much the next word must be less like it, 0 for advice that
    a person judges. Words that differ in digits alone are other words: Text_2 is no slip for Text_3.
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
