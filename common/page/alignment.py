"""Lines of answers beside those of gold. Lines belong together if they share words, not if they share brackets: equal lines first, and
between those the most alike."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import product, zip_longest

RELATED = 0.5  # Dice's coefficient of two lines' words from which they belong together
COMMON = 0.2  # share of the shorter text's lines: with fewer that belong together the texts are set beside each other as they are
MAX_PAIRS = 20_000  # pairs of lines that are compared: in longer stretches only equal lines are paired


def aligned(gold: str, answers: Sequence[str]) -> list[list[str | None]]:
    """Rows with a line of gold and the line of each answer that belongs to it, or None; lines that belong to none have rows in between."""
    lines, others = gold.splitlines(), [answer.splitlines() for answer in answers]
    found = [[*_pairs(lines, other)] for other in others]
    partners = [dict([*(pairs if len(pairs) >= COMMON * min(len(lines), len(other)) else ()), (len(lines), len(other))])
                for pairs, other in zip(found, others, strict=True)]  # fmt: skip
    rows, at = list[list[str | None]](), [0] * len(answers)
    for place, line in enumerate([*lines, None]):
        own = [pairs.get(place) for pairs in partners]
        between = [other[start:end] if end is not None else [] for other, start, end in zip(others, at, own, strict=True)]
        rows += [[None, *row] for row in zip_longest(*between)]
        if line is not None:
            rows.append([line, *(None if end is None else other[end] for other, end in zip(others, own, strict=True))])
        at = [start if end is None else end + 1 for start, end in zip(at, own, strict=True)]
    return rows


def _pairs(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The places of lines that belong together, in order. A line without a word, such as a bracket, is no anchor for others."""
    anchors = [[line if _words(line) else object() for line in lines] for lines in (old, new)]
    for kind, start, end, other, other_end in SequenceMatcher(None, *anchors, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from zip(range(start, end), range(other, other_end), strict=True)
        elif kind == "replace":
            yield from ((start + one, other + two) for one, two in _related(old[start:end], new[other:other_end]))


def _related(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The places of the two lines that are most alike, and of those on either side of them."""
    if not old or not new or len(old) * len(new) > MAX_PAIRS:
        return
    one, two = max(product(range(len(old)), range(len(new))), key=lambda pair: _likeness(old[pair[0]], new[pair[1]]))
    if _likeness(old[one], new[two]) >= RELATED:
        yield from _related(old[:one], new[:two])
        yield one, two
        yield from ((one + 1 + first, two + 1 + second) for first, second in _related(old[one + 1 :], new[two + 1 :]))


def _likeness(one: str, two: str) -> float:
    words, others = _words(one), _words(two)
    return 1.0 if one == two else 2 * len(words & others) / max(1, len(words) + len(others))


@lru_cache(10_000)
def _words(line: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", line)).difference(keyword.kwlist)
