"""Landmarks as shapes: laid onto each other, moved, and the smooth warp of the picture that follows them.

Everything works inside a window around the points that matter, so that the cost follows the face and not the picture.
"""

from __future__ import annotations

import cv2
import numpy as np

from fakeface.concepts import eye_distance
from fakeface.faces import Box
from fakeface.training.forge.blending import paste
from fakeface.training.forge.values import CannotForge, Field, Pixels, Subject
from fakeface.training.forge.warps import spline_field

__all__ = [
    "STABLE",
    "around",
    "axes",
    "laid_in",
    "mouth_gap",
    "moved_shift",
    "sampled",
    "shape_shift",
    "similarity",
    "soft_hull",
    "transformed",
]

STABLE = (27, 28, 29, 30, 36, 39, 42, 45)
"""Points that an expression hardly moves: bridge of the nose and corners of the eyes."""

GRID = 40
"""A warp is computed on a grid of about so many nodes a side and interpolated between them."""

STIFFNESS = 1e-4
"""Smoothing of the thin-plate spline, so that points on one place with different aims can be followed."""


def axes(points: Field) -> tuple[Field, Field]:
    """Unit vectors down the face (bridge of the nose to chin) and across it, to the right in an upright picture."""
    axis = points[8] - points[27]
    down = (axis / max(float(np.linalg.norm(axis)), 1e-3)).astype(np.float32)
    return down, np.array([down[1], -down[0]], np.float32)


def mouth_gap(points: Field) -> float:
    """How far the inner lips are apart, in distances between the eyes."""
    return float(np.linalg.norm(points[[61, 62, 63]] - points[[67, 66, 65]], axis=1).mean()) / eye_distance(points)


def similarity(source: Field, target: Field) -> Field:
    """Turn, scale and shift that brings (n, 2) points nearest to others: (2, 3).

    Raises:
        CannotForge: all points lie on one place.
    """
    middle, aim = source.mean(axis=0), target.mean(axis=0)
    one, other = (source - middle) @ np.array([1, 1j]), (target - aim) @ np.array([1, 1j])
    length = float(np.sum(np.abs(one) ** 2))
    if length < 1e-3:
        raise CannotForge("the part has no extent")
    turn = complex(np.sum(np.conj(one) * other) / length)
    matrix = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    return np.column_stack([matrix, aim - matrix @ middle]).astype(np.float32)


def transformed(points: Field, matrix: Field) -> Field:
    """Points (n, 2) under a (2, 3) matrix."""
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2], np.float32)


def around(points: Field, margin: float, shape: tuple[int, ...]) -> Box:
    """The part of a picture around the points, widened by a margin in pixels.

    Raises:
        CannotForge: less than 8 pixels of it are inside the picture.
    """
    low, high = np.floor(points.min(axis=0) - margin).astype(int), np.ceil(points.max(axis=0) + margin).astype(int)
    left, top = max(int(low[0]), 0), max(int(low[1]), 0)
    right, bottom = min(int(high[0]) + 1, shape[1]), min(int(high[1]) + 1, shape[0])
    if right - left < 8 or bottom - top < 8:
        raise CannotForge("the part lies outside the picture")
    return Box(left, top, right, bottom)


def soft_hull(points: Field, box: Box, margin: float, feather: float, convex: bool = True) -> Field:
    """The hull of the points, grown by a margin and feathered inwards, in pixels: 0..1 over the window.

    At the grown edge it is 0 and it reaches 1 a ``feather`` further in; at the window's border it stays as it is. With
    ``convex`` false the points are the corners of a polygon instead.
    """
    origin = np.array([box.left, box.top], np.float32)
    outline = (points - origin).astype(np.float32)
    hull = cv2.convexHull(outline)[:, 0] if convex else outline
    pad = round(margin) + 1
    mask = np.zeros((box.height + 2 * pad, box.width + 2 * pad), np.uint8)
    cv2.fillPoly(mask, [np.round((hull + pad) * 16).astype(np.int32)], (255,), cv2.LINE_8, 4)
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    if margin >= 1:
        outside = cv2.distanceTransform(255 - mask, cv2.DIST_L2, 3)
        depth = np.where(mask > 0, depth + margin, np.maximum(margin - outside, 0))
    depth = depth[pad:-pad, pad:-pad]
    share = np.clip(depth / max(feather, 1.0), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def shape_shift(target: Field, source: Field, box: Box) -> Field:
    """Where each pixel of the window comes from, when ``source`` is carried to ``target``: (height, width, 2) x, y.

    A thin-plate spline through the points; add points that stay where something must not move.
    """
    origin = np.array([box.left, box.top], np.float32)
    step = int(np.clip(max(box.width, box.height) // GRID, 2, 16))
    return spline_field(target - origin, source - target, (box.height, box.width), STIFFNESS, step)


def moved_shift(points: Field, target: Field, still: Field, box: Box) -> Field:
    """``shape_shift`` for a face whose other points stay.

    Args:
        points: (68, 2) landmarks as they are.
        target: (68, 2) landmarks as they shall be.
        still: (n, 2) further points that stay.
        box: the window.
    """
    return shape_shift(np.concatenate([target, still]), np.concatenate([points, still]), box)


def sampled(pixels: Pixels, shift: Field, box: Box, interpolation: int = cv2.INTER_CUBIC) -> Pixels:
    """The window, each pixel fetched from where ``shift`` (height, width, 2) points; the border is mirrored."""
    xs, ys = np.meshgrid(
        np.arange(box.left, box.right, dtype=np.float32), np.arange(box.top, box.bottom, dtype=np.float32)
    )
    place = (xs + shift[..., 0], ys + shift[..., 1])
    return np.asarray(cv2.remap(pixels, *place, interpolation, borderMode=cv2.BORDER_REFLECT_101), np.uint8)


def laid_in(subject: Subject, window: Pixels, share: Field, box: Box) -> tuple[Pixels, Field]:
    """The subject's picture with a changed window mixed in by its mask, and that mask over the whole picture.

    Raises:
        CannotForge: the mask is empty.
    """
    if not (share > 0.25).any():
        raise CannotForge("the part lies outside the picture")
    rows, columns = slice(box.top, box.bottom), slice(box.left, box.right)
    pixels, mask = subject.pixels.copy(), np.zeros(subject.pixels.shape[:2], np.float32)
    pixels[rows, columns] = paste(subject.pixels[rows, columns], window, share)
    mask[rows, columns] = share
    return pixels, mask
