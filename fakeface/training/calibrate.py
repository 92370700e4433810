"""Calibrate the text-independent score: likelihood ratio, its bounds, and the envelope that they hold in."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from fakeface.calibration import CONDITIONS, SCORE, Calibration, log_odds, measure_conditions
from fakeface.errors import BackendError, SettingsError
from fakeface.networks.encoder import ForensicEncoder
from fakeface.training.encoder import collate
from fakeface.training.forge.pairs import FaceSample, PairFactory

__all__ = ["calibrate", "fit_calibration", "limits", "score_pairs", "unrelated"]

RESAMPLES = 300
"""Bootstrap samples behind the interval."""

ENVELOPE = (0.01, 0.99)
"""Quantiles of the calibration faces between which the calibration holds."""

ROOM = 0.01
"""By what share of itself a bound of the envelope is moved outwards, within what was measured: faces that crowd at it
are parted from each other by rounding alone."""

LEAST_FACES = 50
"""Fewer real or forged faces than this calibrate nothing."""

STEP = 16

Numbers = NDArray[np.float64]
Pair = tuple[FaceSample, FaceSample]


@torch.inference_mode()
def score_pairs(encoder: ForensicEncoder, pairs: Iterable[Pair]) -> tuple[Numbers, list[FaceSample]]:
    """Text-independent scores of pairs, and their windows, a real one before each forged one."""
    scores: list[Numbers] = []
    samples: list[FaceSample] = []
    left = iter(pairs)
    while made := list(islice(left, STEP)):
        scores.append(encoder(collate(made)["pixels"]).detection.sigmoid().double().numpy())
        samples += [sample for pair in made for sample in pair]
    return np.concatenate(scores), samples


def unrelated(pairs: Iterable[Pair]) -> Iterator[Pair]:
    """The pairs whose photos none before was made of: a factory draws with replacement, and statistics that take a
    photo drawn twice for two would be too sure of themselves. The donor of a swap is not counted as its photo.
    """
    seen: set[str] = set()
    for pair in pairs:
        photos = {sample.photo for sample in pair}
        if seen.isdisjoint(photos):
            seen |= photos
            yield pair


def calibrate(encoder: ForensicEncoder, factory: PairFactory, pairs: int, seed: int = 1) -> Calibration:
    """Calibrate on pairs of a factory over calibration faces, each photo forged once.

    Args:
        encoder: the trained one, in evaluation mode.
        factory: of calibration faces.
        pairs: how many are drawn; those of a photo that was drawn before do not count.
        seed: of the bootstrap.

    Raises:
        SettingsError: too few pairs.
        BackendError: the library for the bounds is not installed.
    """
    scores, samples = score_pairs(encoder, unrelated(map(factory.pair, range(pairs))))
    labels = np.array([sample.label for sample in samples])
    measured = [measure_conditions(sample.window, sample.landmarks) for sample in samples]
    envelope = {name: limits(np.array([one[name] for one in measured])) for name in CONDITIONS}
    groups = np.repeat(np.arange(len(scores) // 2), 2)
    return fit_calibration(scores, labels, groups, envelope, seed)


def limits(values: Numbers) -> tuple[float, float]:
    """The bounds of the envelope for what one condition measured on the calibration faces, rounded outwards.

    Args:
        values: (N,) not negative, in the condition's unit.
    """
    low, high = np.quantile(values, ENVELOPE)
    low, high = max(low * (1 - ROOM), values.min()), min(high * (1 + ROOM), values.max())
    return math.floor(low * 100) / 100, math.ceil(high * 100) / 100


def fit_calibration(
    scores: Numbers,
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    envelope: dict[str, tuple[float, float]],
    seed: int,
) -> Calibration:
    """Logistic calibration with empirical bounds and a bootstrap over groups.

    Args:
        scores: (n,) 0..1.
        labels: (n,) 0 real, 1 fake.
        groups: (n,) which faces are drawn together.
        envelope: of the conditions.
        seed: of the bootstrap.

    Raises:
        SettingsError: too few faces.
        BackendError: the library for the bounds is not installed.
    """
    reals, fakes = int((labels == 0).sum()), int((labels == 1).sum())
    if min(reals, fakes) < LEAST_FACES:
        raise SettingsError(
            f"{reals} real and {fakes} forged faces calibrate nothing: {LEAST_FACES} of each are needed, of photos of "
            "their own; draw more pairs, or prepare more faces of the split calib"
        )
    odds = np.array([log_odds(float(score)) for score in scores])
    intercept, slope = _fit(odds, labels)
    rng = np.random.default_rng(seed)
    members = {group: np.flatnonzero(groups == group) for group in np.unique(groups)}
    names = np.array(list(members))
    drawn = []
    for _ in range(RESAMPLES):
        chosen = np.concatenate([members[group] for group in rng.choice(names, len(names))])
        drawn.append(_fit(odds[chosen], labels[chosen]))
    covariance = np.cov(np.array(drawn).T)
    lower, upper = _bounds(intercept + slope * odds, labels)
    return Calibration(
        score=SCORE,
        intercept=round(intercept, 6),
        slope=round(slope, 6),
        covariance=(
            round(float(covariance[0, 0]), 8),
            round(float(covariance[0, 1]), 8),
            round(float(covariance[1, 1]), 8),
        ),
        lower=round(lower, 4),
        upper=round(upper, 4),
        reals=reals,
        fakes=fakes,
        envelope=envelope,
    )


def _fit(odds: Numbers, labels: NDArray[np.int64]) -> tuple[float, float]:
    """Intercept and slope of log10 LR; both classes weigh the same, so the odds of the fit are the ratio itself."""
    model = LogisticRegression(C=1e6, class_weight="balanced").fit(odds[:, None], labels)
    return float(model.intercept_[0] / np.log(10)), max(float(model.coef_[0, 0] / np.log(10)), 0.0)


def _bounds(ratios: Numbers, labels: NDArray[np.int64]) -> tuple[float, float]:
    try:
        from lir.algorithms.bayeserror import elub
    except ImportError as error:
        raise BackendError("calibration needs the library lir: pip install 'fakeface[train]'") from error
    lower, upper = elub(ratios.copy(), labels)
    return float(lower), float(upper)
