"""From a score to a likelihood ratio, with the bounds that the calibration data allow, and only where they hold.

The ratio weighs two propositions: *the face was altered or synthesised by one of the methods of the calibration set*
against *the face is an unaltered photograph like those of the calibration set*. It is computed from one named score,
withheld for faces unlike those that the profile was calibrated on, and never multiplied over faces or frames.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.compression import estimate_jpeg_quality
from fakeface.decision import Decision
from fakeface.errors import SettingsError
from fakeface.faces import CROP_SIZE, FaceCrop
from fakeface.measurements import measure_picture

__all__ = ["CONDITIONS", "Calibration", "LikelihoodRatio", "log_odds", "measure_conditions", "weigh"]

CONDITIONS: Mapping[str, str] = {
    "face_pixels": "size of the face in the examined window, in pixels",
    "sharpness": "mean absolute Laplacian of the face, in grey levels",
    "turn": "how far the nose lies off the middle of the jaw, in shares of the jaw's width",
    "jpeg_quality": "the JPEG quality that the pixels show, 100 where they show no compression",
}
"""What a face is compared on with the calibration faces."""

SCORE = "independent_score"
"""The score that is calibrated: no text took part in it."""

FILM_FRAME = "film_frame"
"""Why no ratio is given for a frame of a film: it was chosen for its score, and single pictures were calibrated on."""

CONFIDENCE_Z = 1.96
"""Half width of a 95 % interval in standard errors."""

LEAST_ODDS = 1e-6


@dataclass(frozen=True, slots=True)
class LikelihoodRatio:
    """A calibrated weight of evidence.

    Args:
        log10: of the ratio; positive speaks for alteration.
        low, high: 95 % interval from the sampling of the calibration faces, within the same bounds.
        capped: whether a bound of the calibration data was applied.
    """

    log10: float
    low: float
    high: float
    capped: bool


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a score becomes a likelihood ratio.

    log10 LR = intercept + slope x log-odds of the score (logistic calibration), within empirical bounds (ELUB; Vergeer
    et al. 2016, Science and Justice 56, 482-491).

    Args:
        score: which score; ``SCORE``.
        intercept, slope: in units of log10.
        covariance: of intercept and slope over bootstrap samples of the calibration faces' sources: (intercept
            variance, covariance, slope variance).
        lower, upper: bounds of log10 LR; ``lower`` at most 0, ``upper`` at least 0.
        reals, fakes: calibration faces.
        envelope: (low, high) of each of ``CONDITIONS``, within which the calibration holds.
    """

    score: str
    intercept: float
    slope: float
    covariance: tuple[float, float, float]
    lower: float
    upper: float
    reals: int
    fakes: int
    envelope: Mapping[str, tuple[float, float]]

    def __post_init__(self) -> None:
        if self.score != SCORE:
            raise SettingsError(f"likelihood ratios are made of the {SCORE}, not of {self.score}")
        if not self.lower <= 0 <= self.upper or self.slope < 0 or self.envelope.keys() != CONDITIONS.keys():
            raise SettingsError("a calibration needs bounds around 0, a slope that is not negative and an envelope")

    @property
    def cap(self) -> float:
        """The largest |log10 LR| that it can give."""
        return max(self.upper, -self.lower)

    def ratio(self, score: float) -> LikelihoodRatio:
        """The likelihood ratio of a score in 0..1."""
        odds = log_odds(score)
        value = self.intercept + self.slope * odds
        first, mixed, second = self.covariance
        error = CONFIDENCE_Z * math.sqrt(max(first + 2 * mixed * odds + second * odds * odds, 0.0))
        bounded = self._bounded(value)
        return LikelihoodRatio(bounded, self._bounded(value - error), self._bounded(value + error), bounded != value)

    def outside(self, conditions: Mapping[str, float]) -> tuple[str, ...]:
        """Names of the conditions in which a face is unlike the calibration faces."""
        return tuple(
            name for name, (low, high) in self.envelope.items() if not low <= conditions.get(name, math.nan) <= high
        )

    def _bounded(self, value: float) -> float:
        return min(max(value, self.lower), self.upper)


def log_odds(score: float) -> float:
    """Natural logarithm of score / (1 - score), the score kept off 0 and 1 by a millionth."""
    kept = min(max(score, LEAST_ODDS), 1 - LEAST_ODDS)
    return math.log(kept / (1 - kept))


def measure_conditions(window: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> dict[str, float]:
    """The conditions of one face.

    Args:
        window: (224, 224, 3) uint8 RGB.
        landmarks: (68, 2) float32 in window pixels.

    Returns:
        a value for each of ``CONDITIONS``.
    """
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    jaw = float(landmarks[16, 0] - landmarks[0, 0])
    off = float(landmarks[30, 0] - (landmarks[0, 0] + landmarks[16, 0]) / 2)
    area = np.zeros((CROP_SIZE, CROP_SIZE), np.uint8)
    cv2.fillConvexPoly(area, np.round(cv2.convexHull(landmarks)).astype(np.int32), (1,))
    area[CROP_SIZE // 2, CROP_SIZE // 2] = 1
    return {
        "face_pixels": float((high - low).max()),
        "sharpness": measure_picture(window, area.astype(bool)).sharpness,
        "turn": abs(off) / max(abs(jaw), 1.0),
        "jpeg_quality": estimate_jpeg_quality(window),
    }


def without_ratio(decision: Decision, condition: str) -> Decision:
    """The decision with its likelihood ratio withheld for this reason; as it is where there is none to withhold."""
    if decision.log10_lr is None and not decision.lr_withheld:
        return decision
    return replace(
        decision,
        log10_lr=None,
        log10_lr_low=None,
        log10_lr_high=None,
        lr_cap_reached=None,
        lr_withheld=(condition, *decision.lr_withheld),
    )


def weigh(decision: Decision, calibration: Calibration | None, crop: FaceCrop) -> Decision:
    """The decision with its likelihood ratio, or with the conditions for which it is withheld.

    Without a calibration the decision stays as it is: no ratio, no cap.
    """
    if calibration is None or decision.independent_score is None:
        return decision
    outside = calibration.outside(measure_conditions(crop.pixels, crop.to_window(crop.face.landmarks)))
    if outside:
        return replace(decision, lr_withheld=outside, lr_cap=calibration.cap)
    ratio = calibration.ratio(decision.independent_score)
    return replace(
        decision,
        log10_lr=ratio.log10,
        log10_lr_low=ratio.low,
        log10_lr_high=ratio.high,
        lr_score=calibration.score,
        lr_cap=calibration.cap,
        lr_cap_reached=ratio.capped,
    )
