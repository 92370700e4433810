"""Measurements on pixels that a statement about a region can be held against. Pure numpy and OpenCV; units in names."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["PictureMeasures", "RegionMeasures", "measure_picture", "measure_region"]

MIN_PIXELS = 24
"""Fewest pixels inside and around a region for a comparison."""


@dataclass(frozen=True, slots=True)
class RegionMeasures:
    """A region compared with the ring around it.

    Args:
        colour_shift_delta_e: distance of the mean colours in CIE Lab (1976).
        sharpness_ratio: mean absolute Laplacian inside over outside.
        noise_ratio: mean absolute difference from the 3 x 3 median, inside over outside.
        boundary_contrast_ratio: mean gradient on the border over the mean on both sides of it.
    """

    colour_shift_delta_e: float
    sharpness_ratio: float
    noise_ratio: float
    boundary_contrast_ratio: float


@dataclass(frozen=True, slots=True)
class PictureMeasures:
    """The face as it was photographed.

    Args:
        brightness: mean Lab lightness of the face, 0..100.
        contrast: its standard deviation.
        chroma: mean Lab chroma; near 0 for a grey picture.
        sharpness: mean absolute Laplacian in grey levels.
    """

    brightness: float
    contrast: float
    chroma: float
    sharpness: float


def measure_region(pixels: NDArray[np.uint8], mask: NDArray[np.bool_]) -> RegionMeasures | None:
    """Compare a region with its surroundings.

    Args:
        pixels: (height, width, 3) uint8 RGB.
        mask: (height, width) bool.

    Returns:
        the measures, or ``None`` where region or ring have fewer than 24 pixels.
    """
    inside = mask.astype(np.uint8)
    radius = max(round(float(np.sqrt(mask.sum())) * 0.2), 2)
    wide = cv2.dilate(inside, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)))
    near = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    border = (cv2.dilate(inside, near) - cv2.erode(inside, near)).astype(bool)
    ring = (wide > 0) & ~mask
    if mask.sum() < MIN_PIXELS or ring.sum() < MIN_PIXELS or border.sum() < MIN_PIXELS:
        return None
    lab = _lab(pixels)
    grey = lab[..., 0] * 2.55
    laplacian = np.abs(cv2.Laplacian(grey, cv2.CV_32F))
    residual = np.abs(grey - cv2.medianBlur(np.clip(grey, 0, 255).astype(np.uint8), 3))
    gradient = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    beside = (cv2.dilate(border.astype(np.uint8), near, iterations=3) > 0) & ~border
    return RegionMeasures(
        colour_shift_delta_e=float(np.linalg.norm(lab[mask].mean(axis=0) - lab[ring].mean(axis=0))),
        sharpness_ratio=_ratio(laplacian[mask].mean(), laplacian[ring].mean()),
        noise_ratio=_ratio(residual[mask].mean(), residual[ring].mean()),
        boundary_contrast_ratio=_ratio(gradient[border].mean(), gradient[beside].mean()),
    )


def measure_picture(pixels: NDArray[np.uint8], mask: NDArray[np.bool_]) -> PictureMeasures:
    """Light, contrast, colour and sharpness inside a mask that must not be empty."""
    lab = _lab(pixels)
    laplacian = np.abs(cv2.Laplacian(lab[..., 0] * 2.55, cv2.CV_32F))
    return PictureMeasures(
        brightness=float(lab[mask][:, 0].mean()),
        contrast=float(lab[mask][:, 0].std()),
        chroma=float(np.hypot(lab[mask][:, 1], lab[mask][:, 2]).mean()),
        sharpness=float(laplacian[mask].mean()),
    )


def _lab(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


def _ratio(over: float, under: float) -> float:
    return float(over) / max(float(under), 0.05)
