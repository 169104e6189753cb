"""The metrics of common/metrics for Hugging Face evaluate. From the repository's root:

    metric = evaluate.load("common/metrics/workflow_metrics")
    metric.compute(predictions=codes, references=gold_codes)    # {"codebleu": …, "api_f1": …, "trace_match": …, …}: means
    metric.compute(predictions=codes, references=gold_codes, intervals=True)    # {"api_f1": {"mean", "low", "high"}, …}: 95 %
"""

from statistics import median
from typing import Any

import datasets
import evaluate

from common import metrics
from common.metrics.chance_and_intervals import estimate

TEXTS = datasets.Features({"predictions": datasets.Value("string"), "references": datasets.Value("string")})


class WorkflowMetrics(evaluate.Metric):
    """The mean of each metric over pairs of predicted and gold programs, and the median of their ratio of lengths."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(description=metrics.__doc__, citation="", inputs_description="programs without comments", features=TEXTS)

    def _compute(self, predictions: list[str], references: list[str], intervals: bool = False) -> dict[str, Any]:
        scores = list(map(metrics.score, references, predictions))
        figures = estimate(scores, metrics.RATES)
        means = {name: figure._asdict() if intervals else figure.mean for name, figure in figures.items()}
        return {**means, "length_ratio": median(score["length_ratio"] for score in scores)}
