"""Corpus BLEU and chrF of plans and queries, by sacrebleu (Post 2018), with the signatures to cite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from common.metrics.chance_and_intervals import RESAMPLES


def text_scores(references: Sequence[str], predictions: Sequence[str]) -> dict[str, Any]:
    """{"n", "bleu", "chrf"}: each score in 0..100 with the ends of its 95 % interval (sacrebleu's bootstrap) and its signature."""
    from sacrebleu.metrics import BLEU, CHRF  # it loads half a second

    result: dict[str, Any] = {"n": len(references)}
    for name, metric in (("bleu", BLEU()), ("chrf", CHRF())) if references else ():
        _give_plain_floats(metric)
        score = metric.corpus_score(list(predictions), [list(references)], n_bootstrap=RESAMPLES)
        mean, half = float(score._mean), float(score._ci)  # the only place sacrebleu keeps them
        result[name] = {"score": float(score.score), "low": mean - half, "high": mean + half, "signature": str(metric.get_signature())}
    return result


def _give_plain_floats(metric: Any) -> None:
    """Make all resampled scores Python floats: some are numpy's, and sacrebleu 2.6.0 cannot take the mean of both kinds."""
    original = metric._compute_score_from_stats

    def plain(statistics: Any) -> Any:
        score = original(statistics)
        score.score = float(score.score)
        return score

    metric._compute_score_from_stats = plain
