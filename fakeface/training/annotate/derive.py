"""The altered area from a real picture and its forgery alone, told apart from what compression changed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Derived", "Skip", "SkipReason", "derive", "difference", "noise_floor"]

PERCENTILE = 95.0
"""An altered pixel differs more than this share of all, at least."""

BLUR = 1 / 160
"""Sigma of the blur before the comparison, in shares of the picture's shorter side; at least one pixel."""

QUALITY = 75
"""JPEG quality assumed where none is known."""

DEVIATIONS = 6.0
"""The noise of the untouched majority of pixels ends so many robust deviations above its median."""

LEAST_FLOOR = 1.0
"""Delta E below which nothing counts as a difference."""

LEAST_SIDE = 32
LEAST_PIXELS, LEAST_PART = 32, 0.1
"""A component has this many pixels, and this share of the largest one's."""

MOST_ALTERED = 0.6
"""Where more of the picture than this differs, the change is everywhere, and its place is not known."""


class SkipReason(StrEnum):
    """Why nothing can be derived from a pair."""

    NO_PICTURE = "one of the two is not a colour picture of 8 bits"
    SIZES_DIFFER = "the two pictures have different sizes"
    TOO_SMALL = "the pictures are smaller than 32 pixels"
    IDENTICAL = "the two pictures are the same"
    ONLY_NOISE = "the pictures differ no more than compression makes them differ"
    EVERYWHERE = "the pictures differ everywhere"


@dataclass(frozen=True, slots=True)
class Skip:
    """A pair from which nothing is derived, and why."""

    reason: SkipReason
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}" if self.detail else str(self.reason)


@dataclass(frozen=True, slots=True, eq=False)
class Derived:
    """The altered area of a pair.

    Args:
        mask: (height, width) bool, the largest parts above the threshold.
        top5: (height, width) bool, plainly the twentieth of all pixels that differs most, for comparison.
        threshold_delta_e: between altered and unaltered, CIE Lab (1976).
        floor_delta_e: what compression and noise alone may give.
    """

    mask: NDArray[np.bool_]
    top5: NDArray[np.bool_]
    threshold_delta_e: float
    floor_delta_e: float


def derive(
    real: NDArray[np.uint8],
    fake: NDArray[np.uint8],
    *,
    quality: int | None = None,
    percentile: float = PERCENTILE,
) -> Derived | Skip:
    """The altered area, or why there is none.

    Args:
        real: (height, width, 3) uint8 RGB.
        fake: the same size, aligned with it.
        quality: JPEG quality, 1 to 100, of the worse of the two; 75 is assumed where it is not known.
        percentile: of the difference that an altered pixel exceeds; 0 leaves the noise floor alone.
    """
    unfit = _unfit(real, fake)
    if unfit is not None:
        return unfit
    between = difference(real, fake)
    floor = noise_floor(real, between, QUALITY if quality is None else quality)
    threshold = max(float(np.percentile(between, percentile)) if percentile > 0 else 0.0, floor)
    mask = _largest(between > threshold)
    if not mask.any():
        return Skip(SkipReason.ONLY_NOISE, f"largest difference {between.max():.1f}, noise up to {floor:.1f}")
    if float((between > floor).mean()) > MOST_ALTERED:
        return Skip(SkipReason.EVERYWHERE, f"{(between > floor).mean():.0%} of the picture")
    return Derived(mask, between > np.percentile(between, PERCENTILE), threshold, floor)


def difference(real: NDArray[np.uint8], fake: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(height, width) blurred distance of two pictures in CIE Lab (1976)."""
    sigma = max(min(real.shape[:2]) * BLUR, 1.0)
    apart = np.abs(_lab(real) - _lab(fake))
    blurred = np.asarray(cv2.GaussianBlur(apart, (0, 0), sigma), np.float32)
    return np.asarray(np.sqrt((blurred**2).sum(axis=2)), np.float32)


def noise_floor(real: NDArray[np.uint8], between: NDArray[np.float32], quality: int) -> float:
    """The largest difference that nobody made, in delta E.

    The larger of two: what compressing the real picture once more changes in all but a hundredth of it, and the spread
    of the difference in the half of the picture that differs least.
    """
    options = [cv2.IMWRITE_JPEG_QUALITY, int(np.clip(quality, 1, 100))]
    code = cv2.imencode(".jpg", cv2.cvtColor(real, cv2.COLOR_RGB2BGR), options)[1]
    again = np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR_RGB), np.uint8)
    compression = float(np.percentile(difference(real, again), 99))
    calm = between[between <= np.median(between)]
    middle = float(np.median(calm))
    spread = 1.4826 * float(np.median(np.abs(calm - middle)))
    return max(LEAST_FLOOR, compression, middle + DEVIATIONS * spread)


def _unfit(real: NDArray[np.uint8], fake: NDArray[np.uint8]) -> Skip | None:
    for picture in (real, fake):
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
            return Skip(SkipReason.NO_PICTURE, f"{picture.shape} {picture.dtype}")
    if real.shape != fake.shape:
        sizes = [f"{picture.shape[1]}x{picture.shape[0]}" for picture in (real, fake)]
        return Skip(SkipReason.SIZES_DIFFER, " and ".join(sizes))
    if min(real.shape[:2]) < LEAST_SIDE:
        return Skip(SkipReason.TOO_SMALL, f"{real.shape[1]}x{real.shape[0]}")
    return Skip(SkipReason.IDENTICAL) if np.array_equal(real, fake) else None


def _largest(above: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The connected parts that are large, and not small beside the largest one."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(above.astype(np.uint8), connectivity=8)
    if count < 2:
        return np.zeros_like(above)
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    kept = areas >= max(LEAST_PIXELS, LEAST_PART * int(areas.max()))
    return np.asarray(kept[labels])


def _lab(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)
