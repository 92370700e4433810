"""Masks of the frame in the window that the networks saw."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.faces import Box, FaceCrop, crop_square

__all__ = ["GRID", "frame_part", "grid_mask", "joined", "window_share"]

GRID = 56
"""Side of the grid on which masks of one window are compared: a quarter of the window's resolution."""

HALF = 0.5


def window_share(mask: NDArray[np.bool_], crop: FaceCrop) -> NDArray[np.float32]:
    """(224, 224) float32 0..1: how much of each pixel of the window a (height, width) mask of the frame covers."""
    drawn = _drawn(mask, crop)
    return np.asarray(drawn[..., 0] / np.float32(255) * (drawn[..., 1] > 200), np.float32)


def frame_part(height: int, width: int, crop: FaceCrop) -> tuple[slice, slice]:
    """Rows and columns of the window that show the (height, width) frame; the rest of the window is blank."""
    inside = _drawn(np.zeros((height, width), np.bool_), crop)[..., 1] > 200
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    if not inside.any():
        return slice(0, 0), slice(0, 0)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def grid_mask(mask: NDArray[np.bool_], crop: FaceCrop) -> NDArray[np.bool_]:
    """(56, 56) bool of the window, where a (height, width) mask of the frame covers more than half."""
    small = cv2.resize(window_share(mask, crop), (GRID, GRID), interpolation=cv2.INTER_AREA)
    return np.asarray(small > HALF)


def joined(masks: Iterable[NDArray[np.bool_]], crop: FaceCrop) -> NDArray[np.bool_]:
    """(56, 56) bool of the window: several (height, width) masks of the frame together; empty where there is none."""
    found = np.zeros((GRID, GRID), np.bool_)
    for mask in masks:
        found |= grid_mask(mask, crop)
    return found


def _drawn(mask: NDArray[np.bool_], crop: FaceCrop) -> NDArray[np.uint8]:
    """The window's view of the mask (first channel) and of the frame itself (second), which a square may leave."""
    height, width = mask.shape
    seen = crop.square.clipped(width, height)
    drawn = np.zeros((seen.height, seen.width, 3), np.uint8)
    drawn[..., 0] = mask[seen.top : seen.bottom, seen.left : seen.right] * np.uint8(255)
    drawn[..., 1] = 255
    left, top, right, bottom = crop.square.xyxy
    return crop_square(drawn, Box(left - seen.left, top - seen.top, right - seen.left, bottom - seen.top))[0]
