"""The metrics of common/metrics as a module of Hugging Face evaluate, for harnesses that combine metrics. From the repository's root:

    metric = evaluate.load("common/metrics/workflow_metrics")
    metric.compute(predictions=codes, references=gold_codes)    # {"codebleu": …, "api_f1": …, …}: means
"""

from statistics import fmean

import datasets
import evaluate

from common import metrics

TEXTS = datasets.Features({"predictions": datasets.Value("string"), "references": datasets.Value("string")})


class WorkflowMetrics(evaluate.Metric):
    """The mean of every rate over the pairs of predicted and gold programs."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(description=metrics.__doc__, citation="", inputs_description="programs without comments", features=TEXTS)

    def _compute(self, predictions: list[str], references: list[str]) -> dict[str, float]:
        scores = list(map(metrics.score, references, predictions))
        return {name: fmean(score[name] for score in scores) for name in metrics.RATES}
