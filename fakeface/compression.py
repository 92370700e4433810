"""How strongly a picture was compressed as JPEG, read off its pixels, whatever file they come in.

JPEG rounds every coefficient of an 8 x 8 block's cosine transform to a multiple of a step that its quality sets, and
decoding keeps the comb (Fan and de Queiroz 2003, IEEE Trans. Image Processing 12, 230-235). Each quality, with the
usual luminance table, is laid over the coefficients at each of the 64 places that the grid of blocks can have; the one
that fits best is the estimate. Resizing and strong noise or blur wipe the comb out, and other codecs leave none.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["UNCOMPRESSED", "estimate_jpeg_quality"]

UNCOMPRESSED = 100.0
"""The estimate where no trace is found."""

QUALITIES = np.arange(5, 97)
"""Candidates; above them the steps are no larger than the rounding to whole grey levels."""

FREQUENCIES = ((0, 1), (1, 0), (0, 2), (1, 1), (2, 0), (0, 3), (1, 2), (2, 1), (3, 0))
"""(down, across) of the coefficients that are looked at: the low ones, which are seldom rounded to zero."""

LUMINANCE_STEPS = np.array([[16, 11, 10, 16], [12, 12, 14, 19], [14, 13, 16, 24], [14, 17, 22, 29]])
"""Upper left quarter of the luminance table at quality 50 (ITU-T T.81, table K.1)."""

LARGEST = 64
"""Coefficients from here on, in grey levels, are not counted."""

PARTS = 8
"""Bins of the histograms per grey level."""

BINS = LARGEST * PARTS

LEAST_COEFFICIENTS = 100
"""Fewer coefficients that are not rounded to zero than this tell no quality."""

LEAST_FIT = 8.0
"""Standard deviations above chance from which on a comb counts as found; the best of all candidates reaches about 5 on
pictures that never were JPEG, and 30 at quality 90."""


def estimate_jpeg_quality(pixels: NDArray[np.uint8]) -> float:
    """The quality of the last JPEG compression whose traces the pixels show.

    Args:
        pixels: (height, width, 3) uint8 RGB, at least 32 x 32 pixels for an answer.

    Returns:
        5..96 in the scale of libjpeg, or ``UNCOMPRESSED`` where there is no trace.
    """
    if min(pixels.shape[:2]) < 8:
        return UNCOMPRESSED
    grey = np.asarray(pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32), np.float32)
    combs, least = _combs()
    rows, columns = grey.shape[0] - 7, grey.shape[1] - 7
    grid = (np.arange(rows)[:, None] % 8 * 8 + np.arange(columns) % 8) * (BINS + 1)
    counts, found = np.zeros((64, len(FREQUENCIES), BINS), np.float32), np.zeros((64, len(QUALITIES)))
    for number, (down, across) in enumerate(FREQUENCIES):
        values = cv2.sepFilter2D(grey, cv2.CV_32F, _wave(across), _wave(down), anchor=(0, 0))[:rows, :columns]
        bins = np.minimum(np.rint(np.abs(values) * PARTS), BINS).astype(np.int64)
        here = np.bincount((grid + bins).ravel(), minlength=64 * (BINS + 1)).reshape(64, BINS + 1)
        here[:, BINS] = 0  # too large
        counts[:, number] = here[:, :BINS]
        found += here[:, ::-1].cumsum(axis=1)[:, ::-1][:, least[number]]
    fit = counts.reshape(64, -1) @ combs
    deviations = np.where(found < LEAST_COEFFICIENTS, 0.0, fit / np.sqrt(np.maximum(found, 1) / 2))
    best = int(np.argmax(deviations))
    return float(QUALITIES[best % len(QUALITIES)]) if deviations.flat[best] >= LEAST_FIT else UNCOMPRESSED


def _wave(number: int) -> NDArray[np.float32]:
    """(8,) basis of the orthonormal cosine transform."""
    scale = np.sqrt((2 if number else 1) / 8)
    return np.asarray(scale * np.cos((2 * np.arange(8) + 1) * number * np.pi / 16), np.float32)


@lru_cache(maxsize=1)
def _combs() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """How well each bin of each frequency fits each quality, (frequencies x bins, qualities) in -1..1; and the first
    bin that counts, (frequencies, qualities): what would be rounded to zero fits every step and counts for none.
    """
    scales = np.where(QUALITIES < 50, 5000 // QUALITIES, 200 - 2 * QUALITIES)
    places = np.arange(BINS) / PARTS
    steps = np.stack([np.clip((LUMINANCE_STEPS[place] * scales + 50) // 100, 1, 255) for place in FREQUENCIES]).astype(
        np.float64
    )
    counted = places[:, None] > steps[:, None, :] / 2
    fits = np.cos(2 * np.pi * places[:, None] / steps[:, None, :]) * counted
    return fits.reshape(-1, len(QUALITIES)).astype(np.float32), (~counted).sum(axis=1)
