"""How a changed face is laid into the picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.training.forge.values import CannotForge, Field, Pixels

__all__ = ["gradients_cloned", "guided", "laplacian", "paste", "poisson"]

FRAME = 4
"""Pixels of mirrored frame around a picture that is cloned into: the solver needs known pixels around its mask."""


def gradients_cloned(source: Pixels, target: Pixels, mask: Pixels, centre: tuple[int, int], flag: int) -> Pixels:
    """Poisson blending (Perez et al. 2003) by OpenCV.

    Raises:
        CannotForge: OpenCV cannot clone this mask (it fails on some that reach an edge or are a few pixels wide).
    """
    try:
        return np.asarray(cv2.seamlessClone(source, target, mask, centre, flag), np.uint8)
    except cv2.error as error:
        raise CannotForge("the patch cannot be cloned by its gradients") from error


def paste(target: Pixels, source: Pixels, mask: Field) -> Pixels:
    """Mix by the mask's share."""
    share = mask[..., None]
    return np.round(target * (1 - share) + source * share).astype(np.uint8)


def poisson(target: Pixels, source: Pixels, area: NDArray[np.bool_], mixed: bool = False) -> Pixels:
    """Clone the source's gradients into the area (Pérez et al. 2003); the solver also moves pixels near the area.

    Args:
        target: (height, width, 3) uint8 RGB.
        source: of the same shape.
        area: (height, width) bool, not empty; its outermost three pixels keep the target's gradients.
        mixed: whether the stronger gradient of both wins.
    """
    frames = (FRAME,) * 4
    around, laid = (
        np.asarray(cv2.copyMakeBorder(one, *frames, cv2.BORDER_REFLECT_101), np.uint8) for one in (target, source)
    )
    raised = cv2.copyMakeBorder(area.astype(np.uint8) * 255, *frames, cv2.BORDER_CONSTANT, value=(0,))
    mask = np.asarray(raised, np.uint8)
    left, top, width, height = cv2.boundingRect(mask)
    centre = (left + width // 2, top + height // 2)
    flag = cv2.MIXED_CLONE if mixed else cv2.NORMAL_CLONE
    cloned = gradients_cloned(laid, around, mask, centre, flag)
    return np.asarray(cloned[FRAME:-FRAME, FRAME:-FRAME], np.uint8)


def laplacian(target: Pixels, source: Pixels, mask: Field, levels: int) -> Pixels:
    """Blend band by band (Burt and Adelson 1983): coarse bands over wide borders, fine ones over narrow borders.

    Args:
        target: (height, width, 3) uint8 RGB, any size.
        source: of the same shape.
        mask: (height, width) float32 0..1.
        levels: halvings, at least 1; fewer where the picture is too small for them.
    """
    ours, theirs, share = target.astype(np.float32), source.astype(np.float32), mask
    bands: list[Field] = []
    while len(bands) < levels and min(ours.shape[:2]) >= 8:
        size = ours.shape[1::-1]
        below = [cv2.pyrDown(one) for one in (ours, theirs, share)]
        fine = [one - cv2.pyrUp(small, dstsize=size) for one, small in zip((ours, theirs), below, strict=False)]
        bands.append(np.asarray(fine[0] + (fine[1] - fine[0]) * share[..., None], np.float32))
        ours, theirs, share = (np.asarray(one, np.float32) for one in below)
    blended = ours + (theirs - ours) * share[..., None]
    for band in reversed(bands):
        blended = cv2.pyrUp(blended, dstsize=band.shape[1::-1]) + band
    return np.clip(np.round(blended), 0, 255).astype(np.uint8)


def guided(guide: Field, source: Field, radius: float, noise: float) -> Field:
    """One plane with its steps drawn to the edges of another: guided filter (He et al. 2013).

    Args:
        guide: (height, width) float32.
        source: of the same shape.
        radius: half side of the filter's window, pixels; nothing changes farther than twice that from a step.
        noise: edges weaker than this, in units of the guide, are ignored.
    """
    side = 2 * max(round(radius), 1) + 1

    def mean(plane: Field) -> Field:
        return np.asarray(cv2.blur(plane, (side, side)), np.float32)

    middle, level = mean(guide), mean(source)
    slope = (mean(guide * source) - middle * level) / (mean(guide * guide) - middle**2 + np.float32(noise**2))
    return np.asarray(mean(slope) * guide + mean(level - slope * middle), np.float32)
