"""Figures with intervals: scikit-learn's metrics, resampled by the real picture that each face comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, balanced_accuracy_score, roc_auc_score, roc_curve

__all__ = ["Figure", "Labels", "Values", "binary_figures", "equal_error_rate", "interval"]

Labels = NDArray[np.int64]
Values = NDArray[np.float64]
RESAMPLES = 300


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its 95 % bootstrap interval.

    Args:
        value: on all faces.
        low, high: 2.5th and 97.5th percentile over the resamples.
        n: faces.
    """

    value: float
    low: float
    high: float
    n: int

    def as_dict(self) -> dict[str, float | int]:
        """For ``metrics.json``, four decimals."""
        return {"value": round(self.value, 4), "low": round(self.low, 4), "high": round(self.high, 4), "n": self.n}


def equal_error_rate(labels: Labels, scores: Values) -> float:
    """Rate at which false alarms and misses are equally frequent."""
    false_alarm, hit, _ = roc_curve(labels, scores, drop_intermediate=False)  # the rate may lie between the corners
    at = int(np.argmin(np.abs(false_alarm - (1 - hit))))
    return float((false_alarm[at] + 1 - hit[at]) / 2)


def interval(
    labels: Labels, scores: Values, groups: Sequence[str], metric: Callable[[Labels, Values], float], seed: int = 0
) -> Figure:
    """A metric with its interval, resampling whole groups (all faces that come from one picture go together)."""
    _, numbers = np.unique(np.asarray(groups), return_inverse=True)
    members = [np.flatnonzero(numbers == group) for group in range(int(numbers.max()) + 1)]
    rng = np.random.default_rng(seed)
    classes = len(set(labels.tolist()))
    values = []
    for _ in range(RESAMPLES):
        chosen = np.concatenate([members[index] for index in rng.integers(len(members), size=len(members))])
        if len(set(labels[chosen].tolist())) == classes:
            values.append(metric(labels[chosen], scores[chosen]))
    low, high = np.percentile(values, [2.5, 97.5]) if values else (float("nan"), float("nan"))
    return Figure(metric(labels, scores), float(low), float(high), len(labels))


def binary_figures(
    labels: Labels, scores: Values, groups: Sequence[str], cut: float, only: str | None = None
) -> dict[str, Figure]:
    """AUC, AP, EER, and at the cut ACC and balanced ACC, or one of them; both classes must be present.

    Args:
        labels: (n,) 0 real, 1 fake.
        scores: (n,) higher speaks for forgery.
        groups: the picture each face comes from.
        cut: the profile's threshold for this score.
        only: the one metric that is wanted, because every interval takes 300 resamples.
    """

    def accuracy(truth: Labels, values: Values) -> float:
        return float(((values >= cut) == (truth > 0)).mean())

    def balanced(truth: Labels, values: Values) -> float:
        return float(balanced_accuracy_score(truth, values >= cut))

    def area(truth: Labels, values: Values) -> float:
        return float(roc_auc_score(truth, values))

    def precision(truth: Labels, values: Values) -> float:
        return float(average_precision_score(truth, values))

    metrics = {"auc": area, "ap": precision, "eer": equal_error_rate, "acc": accuracy, "balanced_acc": balanced}
    return {name: interval(labels, scores, groups, metric) for name, metric in metrics.items() if only in (None, name)}
