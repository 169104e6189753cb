"""Did you mean: the known word nearest to a misspelt one, for the advice of `check` and the edits of `repair` alike."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

SPELLED = 100.0  # no other word is as like: as `near`, for a word that differs in case, spaces, `-` and `_` alone
CLEAR = 3  # per cent of likeness by which the nearest word must lead the next one: with less it would be a guess
SHORTEST, SLIP = 4, 90.0  # letters from which one wrong letter, or two in the wrong order, are a slip, and how like the words then are
COMPARED = 20  # of the words that are as like as a whole
_DIGITS = re.compile(r"_?\d+")
_PARTS = re.compile(r"WF(?=[A-Z])|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|.", re.DOTALL)


def nearest(word: str, known: Iterable[str], near: float, clear: float = CLEAR) -> str | None:
    """Return the known word that is meant, or None: one that differs in case, `-` and `_` alone, else the most similar one.

    near: the least similarity, in per cent (rapidfuzz's ratio), of what stands between the parts that both begin and end with, whose first
    letter has to be the same: createevent is no slip for removeevents, setwifi none for getwifi. clear: the lead over the next word that is
    needed, 0 for advice that a person judges; else a word that is part of another one, as Values of All Values, may mean that. Words with
    other digits are never confused: Text_2 is not a slip for Text_3.
    """
    return _nearest(word, tuple(dict.fromkeys(known)), near, clear)


@lru_cache(maxsize=1 << 12)
def _nearest(word: str, known: tuple[str, ...], near: float, clear: float) -> str | None:
    folded = [other for other in known if _fold(other) == _fold(word)]
    if len(folded) == 1:
        return folded[0]
    stem, digits = _DIGITS.sub("", word), _DIGITS.findall(word)
    others = [other for other in known if _DIGITS.sub("", other) != stem and (not digits or _DIGITS.findall(other) in ([], digits))]
    alike = process.extract(word, others, scorer=fuzz.ratio, limit=COMPARED, score_cutoff=near)
    scores = sorted(((_likeness(word, other), other) for other, *_ in alike), key=lambda score: -score[0])
    best = [score for score in scores if score[0] >= near][:2]
    if not best or (len(best) > 1 and best[0][0] - best[1][0] < clear):
        return None
    if clear and any(word.casefold() in other.casefold().split() for other in known if other != best[0][1]):
        return None
    return best[0][1]


def _is_within(some: list[str], parts: list[str]) -> bool:
    rest = iter(parts)
    return all(part in rest for part in some)


def _likeness(word: str, other: str) -> float:
    """Return the similarity of two words between the parts that both begin and end with; 0 if another letter stands there."""
    one, two = _PARTS.findall(word), _PARTS.findall(other)
    if _is_within(one, two) or _is_within(two, one):  # parts were left out, or added
        return fuzz.ratio(word, other)
    for end in (0, -1):
        while len(one) > 1 and len(two) > 1 and one[end].casefold() == two[end].casefold():
            del one[end], two[end]
    rest, rest_of_other = "".join(one), "".join(two)
    if not rest or rest[0].casefold() != rest_of_other[0].casefold():
        return 0.0
    is_slip = len(rest) >= SHORTEST and OSA.distance(rest, rest_of_other) == 1
    return max(SLIP * is_slip, fuzz.ratio(rest, rest_of_other))


@lru_cache(maxsize=1 << 14)
def _fold(word: str) -> str:
    return "".join(word.casefold().replace("-", "_").split()).replace("_", "")
