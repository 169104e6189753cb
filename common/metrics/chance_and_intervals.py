"""Confidence intervals: percentile bootstrap over the samples of a test set, with the same resamples for every system.

So two systems can be compared sample by sample (paired bootstrap, Koehn 2004), and a score with chance on the same samples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy

RESAMPLES = 1000  # the interval's ends move by 2 % of its width
CONFIDENCE = 0.95
FEWEST = 10  # samples; of fewer nothing is called significant: their intervals are too narrow


class Estimate(NamedTuple):
    """A mean (or a median) and the ends of its 95 % interval."""

    mean: float
    low: float
    high: float


class Difference(NamedTuple):
    """The mean difference of two systems on the same samples, its 95 % interval, and the two-sided p value of no difference."""

    mean: float
    low: float
    high: float
    p: float


def estimate(scores: Sequence[Mapping[str, Any]], metrics: Sequence[str], seed: int = 0) -> dict[str, Estimate]:
    """{metric: its macro mean over the samples that have it (None: not)}; without those that no sample has."""
    metrics = known(scores, metrics)
    if not metrics:
        return {}
    values = _table(scores, metrics)
    return dict(zip(metrics, _with_ends(numpy.nanmean(values, axis=0), _resampled_means(values, seed)), strict=True))


def known(scores: Sequence[Mapping[str, Any]], metrics: Sequence[str]) -> list[str]:
    """The metrics that some sample has."""
    return [metric for metric in metrics if any(sample[metric] is not None for sample in scores)]


def above_chance(
    scores: Sequence[Mapping[str, Any]], chance: Sequence[Mapping[str, Any]], metrics: Sequence[str], seed: int = 0
) -> dict[str, Estimate]:
    """{metric: its mean above chance}, (mean - chance) / (1 - chance): 0 at chance, 1 for gold, negative below.

    `chance` are the scores of another answer to the same samples, in the same order; what a sample lacks, it lacks there, too.
    """
    metrics = known(scores, known(chance, metrics))
    if not metrics:
        return {}
    values, base = _table(scores, metrics), _table(chance, metrics)
    resampled = _corrected(_resampled_means(values, seed), _resampled_means(base, seed))
    mean = _corrected(numpy.nanmean(values, axis=0), numpy.nanmean(base, axis=0))
    return dict(zip(metrics, _with_ends(mean, resampled), strict=True))


def median(values: Sequence[float], seed: int = 0) -> Estimate:
    """The median; 0 without values."""
    if not values:
        return Estimate(0.0, 0.0, 0.0)
    ordered = numpy.sort(numpy.array(values, dtype=float))
    counts = _resamples(len(values), seed).cumsum(axis=1)
    medians = ordered[(counts * 2 >= len(values)).argmax(axis=1)]
    return _with_ends(numpy.median(ordered)[None], medians[:, None])[0]


def paired(one: Sequence[float], other: Sequence[float], seed: int = 0) -> Difference:
    """The difference of two systems' scores on the same samples.

    Its p is at least that of the exact test that turns signs round: two samples, however far apart, show nothing.
    """
    differences = (numpy.array(one, dtype=float) - numpy.array(other, dtype=float))[:, None]
    means = _resampled_means(differences, seed)
    rarer = min(int((means <= 0).sum()), int((means >= 0).sum()))
    least = 2 * 0.5 ** int(numpy.count_nonzero(differences))
    return Difference(*_with_ends(differences.mean(axis=0), means)[0], min(1.0, max(least, 2 * (rarer + 1) / (RESAMPLES + 1))))


def _table(scores: Sequence[Mapping[str, Any]], metrics: Sequence[str]) -> Any:
    """Samples by metrics; not a number where a sample has none."""
    return numpy.array([[sample[metric] for metric in metrics] for sample in scores], dtype=float)


def _with_ends(figures: Any, resampled: Any) -> list[Estimate]:
    """Each figure with the ends of its interval, from its values in the resamples [RESAMPLES, figures]."""
    ends = numpy.quantile(resampled, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], axis=0)
    return [Estimate(*map(float, column)) for column in zip(figures, *ends, strict=True)]


def _corrected(values: Any, chance: Any) -> Any:
    room = 1 - numpy.asarray(chance, dtype=float)
    return numpy.where(room > 0, (values - chance) / numpy.where(room > 0, room, 1), 0.0)


def _resampled_means(values: Any, seed: int) -> Any:
    """Means of the columns of `values` [samples, metrics] over each resample: [RESAMPLES, metrics].

    Over what is known in it; the mean of all where a resample knows nothing.
    """
    resamples, is_known = _resamples(len(values), seed), ~numpy.isnan(values)
    counts = resamples @ is_known
    sums = resamples @ numpy.where(is_known, values, 0)
    return numpy.where(counts > 0, sums / numpy.maximum(counts, 1), numpy.nanmean(values, axis=0))


@lru_cache(4)  # the two splits
def _resamples(samples: int, seed: int) -> Any:
    """The count of each sample in each resample: [RESAMPLES, samples]."""
    return numpy.random.default_rng(seed).multinomial(samples, [1 / samples] * samples, size=RESAMPLES)
