"""The altered area from a real picture and its forgery alone, told apart from what compression changed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Derived", "Skip", "SkipReason", "derive", "difference", "noise_floor"]

TOP = 95.0
"""Percentile of the difference that the mask of other annotators begins at."""

BLUR = 1 / 160
"""Sigma of the blur before the comparison, in shares of the picture's shorter side; at least one pixel."""

QUALITY = 75
"""JPEG quality assumed where none is known."""

GRID = 4
"""Pixels by which a picture is moved, so that its blocks of compression are others."""

MOSTLY = 80
"""Percentile of the difference by compression that counts as noise; what exceeds it is as small as specks."""

LEAST_FLOOR = 2.0
"""Delta E that the eye hardly sees."""

MOST_NOISE = 5.0
"""Delta E; where even the fifth that differs least differs more, the two are not the same picture."""

LEAST_SIDE = 32
LEAST_PIXELS, LEAST_PART = 32, 0.1
"""A component has this many pixels, and this share of the largest one's."""

MOST_ALTERED = 0.85
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
    percentile: float = 0.0,
) -> Derived | Skip:
    """The altered area, or why there is none.

    Args:
        real: (height, width, 3) uint8 RGB.
        fake: the same size, aligned with it.
        quality: JPEG quality, 1 to 100, of the worse of the two; 75 is assumed where it is not known.
        percentile: of the difference that an altered pixel exceeds besides the noise floor; 0 leaves the floor alone,
            which comes much nearer to what was altered wherever that is more than a twentieth of the picture.
    """
    unfit = _unfit(real, fake)
    if unfit is not None:
        return unfit
    between = difference(real, fake)
    if _calm(between) > MOST_NOISE:
        return Skip(SkipReason.EVERYWHERE, f"four fifths of the picture by more than {_calm(between):.1f}")
    floor = noise_floor(real, between, QUALITY if quality is None else quality)
    threshold = max(float(np.percentile(between, percentile)) if percentile > 0 else 0.0, floor)
    mask = _largest(between > threshold)
    if not mask.any():
        return Skip(SkipReason.ONLY_NOISE, f"largest difference {between.max():.1f}, noise up to {floor:.1f}")
    if float((between > floor).mean()) > MOST_ALTERED:
        return Skip(SkipReason.EVERYWHERE, f"{(between > floor).mean():.0%} of the picture")
    return Derived(mask, between > np.percentile(between, TOP), threshold, floor)


def difference(real: NDArray[np.uint8], fake: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(height, width) blurred distance of two pictures in CIE Lab (1976)."""
    sigma = max(min(real.shape[:2]) * BLUR, 1.0)
    apart = np.abs(_lab(real) - _lab(fake))
    blurred = np.asarray(cv2.GaussianBlur(apart, (0, 0), sigma), np.float32)
    return np.asarray(np.sqrt((blurred**2).sum(axis=2)), np.float32)


def noise_floor(real: NDArray[np.uint8], between: NDArray[np.float32], quality: int) -> float:
    """The largest difference that nobody made, in delta E.

    The largest of three: what the eye hardly sees, what compressing the real picture changes in most of it, on a grid
    of blocks of its own because a picture that was compressed before hardly changes on the same one, and twice the
    difference of the fifth of the picture that differs least.
    """
    moved = np.roll(real, (GRID, GRID), axis=(0, 1))
    options = [cv2.IMWRITE_JPEG_QUALITY, int(np.clip(quality, 1, 100))]
    code = cv2.imencode(".jpg", cv2.cvtColor(moved, cv2.COLOR_RGB2BGR), options)[1]
    again = np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR_RGB), np.uint8)
    compression = difference(moved, again)[2 * GRID :, 2 * GRID :]
    return max(LEAST_FLOOR, float(np.percentile(compression, MOSTLY)), 2 * _calm(between))


def _calm(between: NDArray[np.float32]) -> float:
    """The difference that a fifth of the picture does not exceed."""
    return float(np.percentile(between, 20))


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
