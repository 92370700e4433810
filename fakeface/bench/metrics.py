"""Metrics of labelled scores: values by scikit-learn, intervals by the same definition over all resamples at once.

That the resampled definitions are scikit-learn's is tested: with a row of weights they give what it gives for faces
repeated as often.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    f1_score,
    log_loss,
    roc_auc_score,
    roc_curve,
)

from fakeface.bench.bootstrap import Figure, Resampling, Statistic, Values

__all__ = [
    "HIT_RATE",
    "Labels",
    "accuracy",
    "area_under_curve",
    "balanced_mean",
    "calibration_error",
    "confusion_f1",
    "detection_precision",
    "equal_error_rate",
    "false_alarms_at",
    "likelihood_cost",
    "likelihood_figures",
    "macro_f1",
    "mean",
    "micro_f1",
    "score_figures",
]

Labels = NDArray[np.int64]

HIT_RATE = 0.95
"""Share of forgeries to be found where false alarms are counted."""

BINS = 10
"""Bins of equal width for the calibration error."""


def equal_error_rate(labels: Labels, scores: Values) -> float:
    """Rate at which false alarms and misses are equally frequent."""
    false_alarm, hit, _ = roc_curve(labels, scores, drop_intermediate=False)  # the rate may lie between the corners
    at = int(np.argmin(np.abs(false_alarm - (1 - hit))))
    return float((false_alarm[at] + 1 - hit[at]) / 2)


def false_alarms_at(labels: Labels, scores: Values, hit_rate: float = HIT_RATE) -> float:
    """Smallest share of real faces above a cut that finds at least this share of the forgeries."""
    false_alarm, hit, _ = roc_curve(labels, scores, drop_intermediate=False)
    return float(false_alarm[int(np.argmax(hit >= hit_rate - 1e-12))])


def calibration_error(labels: Labels, scores: Values) -> float:
    """Expected calibration error of scores 0..1 read as probabilities of forgery, over ten bins of equal width."""
    return float(_binned(labels, scores)(np.ones((1, len(labels))))[0])


def likelihood_cost(labels: Labels, log10_ratios: Values) -> float:
    """Cllr in bits: the log loss at even prior odds; 0 for a perfect system, 1 for one that says nothing."""
    shares = np.where(labels > 0, 0.5 / max(int((labels > 0).sum()), 1), 0.5 / max(int((labels == 0).sum()), 1))
    return float(log_loss(labels, _chances(log10_ratios), sample_weight=shares, labels=[0, 1])) / math.log(2)


def _chances(log10_ratios: Values) -> Values:
    """Probabilities of forgery at even prior odds."""
    return 1 / (1 + 10.0 ** -np.clip(log10_ratios, -300, 300))


@dataclass(frozen=True, slots=True, eq=False)
class _Ranked:
    """Scores from the highest down, for curves under many weightings at once."""

    order: NDArray[np.int64]
    ends: NDArray[np.int64]
    fakes: NDArray[np.bool_]

    @classmethod
    def of(cls, labels: Labels, scores: Values) -> _Ranked:
        order = np.argsort(-scores, kind="stable")
        ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
        return cls(order, ends, labels[order] > 0)

    def curve(self, weights: Values) -> tuple[Values, Values, Values]:
        """(resamples, cuts + 1) hit rate, false-alarm rate and precision at every cut; rows lacking a class are NaN."""
        sorted_weights = weights[:, self.order]
        start = np.zeros((len(weights), 1))
        found = np.concatenate([start, np.cumsum(sorted_weights * self.fakes, axis=1)[:, self.ends]], axis=1)
        alarms = np.concatenate([start, np.cumsum(sorted_weights * ~self.fakes, axis=1)[:, self.ends]], axis=1)
        precision = np.where(found + alarms > 0, found / np.maximum(found + alarms, 1), 1.0)
        return found / found[:, -1:], alarms / alarms[:, -1:], precision

    def auc(self, weights: Values) -> Values:
        hit, alarm, _ = self.curve(weights)
        return np.asarray((np.diff(alarm, axis=1) * (hit[:, 1:] + hit[:, :-1]) / 2).sum(axis=1))

    def average_precision(self, weights: Values) -> Values:
        hit, alarm, precision = self.curve(weights)
        values = (np.diff(hit, axis=1) * precision[:, 1:]).sum(axis=1)
        return np.where(np.isfinite(alarm[:, -1]), values, np.nan)

    def equal_error(self, weights: Values) -> Values:
        hit, alarm, _ = self.curve(weights)
        gap = np.abs(alarm - (1 - hit))
        at = np.argmin(np.where(np.isfinite(gap), gap, np.inf), axis=1)
        rows = np.arange(len(at))
        return np.asarray((alarm[rows, at] + 1 - hit[rows, at]) / 2)

    def alarms_at(self, weights: Values) -> Values:
        hit, alarm, _ = self.curve(weights)
        at = np.argmax(hit >= HIT_RATE - 1e-12, axis=1)
        return np.where(np.isfinite(hit[:, -1]), alarm[np.arange(len(at)), at], np.nan)


def area_under_curve(labels: Labels, scores: Values) -> Statistic:
    """The area under the ROC curve of resampled faces."""
    return _Ranked.of(labels, scores).auc


def mean(values: Values) -> Statistic:
    """The mean of resampled values."""
    return lambda weights: np.asarray(weights @ values / weights.sum(axis=1))


def balanced_mean(labels: Labels, values: Values) -> Statistic:
    """The mean of the real faces' mean and the forged faces' mean: of right calls, the balanced accuracy."""
    reals, fakes = (labels == 0).astype(float), (labels > 0).astype(float)

    def statistic(weights: Values) -> Values:
        of_reals = weights @ (reals * values) / (weights @ reals)
        of_fakes = weights @ (fakes * values) / (weights @ fakes)
        return np.asarray((of_reals + of_fakes) / 2)

    return statistic


def accuracy(labels: Labels, called: Labels, resampling: Resampling) -> dict[str, Figure]:
    """ACC, and balanced ACC where both classes are present, of calls 0 or 1."""
    right = (called == labels).astype(float)
    found = {"acc": resampling.figure(float(accuracy_score(labels, called)), mean(right))}
    if len(set(labels.tolist())) == 2:
        value = float(balanced_accuracy_score(labels, called))
        found["balanced_acc"] = resampling.figure(value, balanced_mean(labels, right))
    return found


def _binned(labels: Labels, scores: Values) -> Statistic:
    bins = np.eye(BINS)[np.minimum((np.clip(scores, 0, 1) * BINS).astype(int), BINS - 1)]
    gaps = bins * (labels - scores)[:, None]
    return lambda weights: np.asarray(np.abs(weights @ gaps).sum(axis=1) / weights.sum(axis=1))


def likelihood_figures(labels: Labels, log10_ratios: Values, resampling: Resampling) -> dict[str, Figure]:
    """Cllr, and the ECE of the probabilities that the ratios give at even prior odds; both classes must be present."""
    signs = np.where(labels > 0, -1.0, 1.0)
    costs = np.logaddexp2(0, signs * log10_ratios / math.log10(2))
    cllr = resampling.figure(likelihood_cost(labels, log10_ratios), balanced_mean(labels, costs))
    chances = _chances(log10_ratios)
    return {"cllr": cllr, "ece": resampling.figure(calibration_error(labels, chances), _binned(labels, chances))}


def score_figures(labels: Labels, scores: Values, cut: float, resampling: Resampling) -> dict[str, Figure]:
    """All figures of a score 0..1; those that need both classes are absent where one is missing.

    Args:
        labels: (n,) 0 real, 1 fake.
        scores: (n,) higher speaks for forgery.
        cut: the profile's threshold; a score at the cut counts as fake.
        resampling: of these faces.
    """
    found = accuracy(labels, (scores >= cut).astype(np.int64), resampling)
    found["ece"] = resampling.figure(calibration_error(labels, scores), _binned(labels, scores))
    if len(set(labels.tolist())) < 2:
        return found
    ranked = _Ranked.of(labels, scores)
    curves: tuple[tuple[str, Callable[[Labels, Values], float], Statistic], ...] = (
        ("auc", roc_auc_score, ranked.auc),
        ("ap", average_precision_score, ranked.average_precision),
        ("eer", equal_error_rate, ranked.equal_error),
        ("fpr_at_tpr95", false_alarms_at, ranked.alarms_at),
    )
    return found | {
        name: resampling.figure(float(value(labels, scores)), statistic) for name, value, statistic in curves
    }


def macro_f1(truth: Sequence[str], called: Sequence[str], resampling: Resampling) -> Figure:
    """F1 averaged over the classes that the truth holds."""
    names = sorted(set(truth))
    value = float(f1_score(truth, called, labels=names, average="macro", zero_division=0.0))
    true, said = np.array(truth), np.array(called)
    hits = np.stack([(true == name) & (said == name) for name in names], axis=1).astype(float)
    sizes = np.stack([(true == name).astype(float) + (said == name) for name in names], axis=1)
    present = np.stack([true == name for name in names], axis=1).astype(float)

    def statistic(weights: Values) -> Values:
        scores = 2 * (weights @ hits) / np.maximum(weights @ sizes, 1e-9)
        there = weights @ present > 0
        return np.asarray((scores * there).sum(axis=1) / there.sum(axis=1))

    return resampling.figure(value, statistic)


def confusion_f1(hits: Values, sizes: Values) -> Statistic:
    """Micro F1 out of each face's hits, and of what was found and what is true together."""
    return lambda weights: np.asarray(2 * (weights @ hits) / np.maximum(weights @ sizes, 1e-9))


def micro_f1(truth: Sequence[Sequence[str]], found: Sequence[Sequence[str]], resampling: Resampling) -> Figure | None:
    """F1 of named parts over all faces together; ``None`` where neither side names anything."""
    names = sorted({name for side in (truth, found) for one in side for name in one})
    if not names:
        return None
    true = np.array([[name in one for name in names] for one in truth])
    said = np.array([[name in one for name in names] for one in found])
    value = float(f1_score(true, said, average="micro", zero_division=0.0))
    hits, sizes = (true & said).sum(axis=1), true.sum(axis=1) + said.sum(axis=1)
    return resampling.figure(value, confusion_f1(hits.astype(float), sizes.astype(float)))


def detection_precision(
    scores: Values, hits: NDArray[np.bool_], faces: NDArray[np.int64], truths: Values, resampling: Resampling
) -> Figure:
    """Average precision of detections: area under precision over recall, where recall counts every true mask.

    Args:
        scores: (detections,) of each.
        hits: (detections,) whether it is a true one.
        faces: (detections,) the number of its face.
        truths: (faces,) true masks of each.
        resampling: of the faces.
    """

    def statistic(weights: Values) -> Values:
        of_hits, of_truths = weights[:, faces] @ hits, weights @ truths
        if not hits.any() or hits.all():
            return np.asarray(np.where(of_truths > 0, of_hits / of_truths, np.nan))
        ranked = _Ranked.of(hits.astype(np.int64), scores)
        hit, _, precision = ranked.curve(weights[:, faces])
        area = np.nan_to_num((np.diff(hit, axis=1) * precision[:, 1:]).sum(axis=1))
        return np.asarray(np.where(of_truths > 0, area * of_hits / of_truths, np.nan))

    value = 0.0
    if hits.any():
        value = float(average_precision_score(hits, scores)) * float(hits.sum()) / float(truths.sum())
    return resampling.figure(value, statistic, int(truths.sum()))
