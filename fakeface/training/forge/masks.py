"""Shapes of what is exchanged: hulls of landmarks, deformed and softened."""

from __future__ import annotations

import cv2
import numpy as np

from fakeface.concepts import eye_distance, forehead_points
from fakeface.training.forge.values import Field, Subject

__all__ = ["face_mask", "filled", "softened"]


def filled(points: Field, shape: tuple[int, ...], margin: float = 0.0) -> Field:
    """The hull of the points, grown by a margin in pixels: 0 or 1."""
    hull = cv2.convexHull(points.astype(np.float32))
    mask = np.zeros(shape[:2], np.float32)
    cv2.fillConvexPoly(mask, np.round(hull).astype(np.int32), (1.0,))
    if margin >= 1:
        side = 2 * round(margin) + 1
        mask[:] = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    return mask


def face_mask(subject: Subject, rng: np.random.Generator) -> Field:
    """Hull of a random set of landmarks, elastically deformed: the shapes that swap tools cut out."""
    points = subject.landmarks
    kind = rng.integers(5)
    if kind == 0:
        chosen = np.concatenate([points, forehead_points(points, float(rng.uniform(0.1, 0.5)))])
    elif kind == 1:
        chosen = points[17:68]
    elif kind == 2:
        chosen = np.concatenate([points[1:16], points[17:27]])
    elif kind == 3:
        chosen = np.concatenate([points[17:27], points[[2, 3, 4, 12, 13, 14]], points[48:60]])
    else:
        chosen = points
    mask = filled(chosen, subject.pixels.shape)
    height, width = mask.shape
    grid = rng.normal(0, 1, (4, 4, 2)).astype(np.float32) * eye_distance(points) * rng.uniform(0.0, 0.09)
    offsets = cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return np.asarray(cv2.remap(mask, columns + offsets[..., 0], rows + offsets[..., 1], cv2.INTER_LINEAR), np.float32)


def softened(mask: Field, unit: float, rng: np.random.Generator) -> Field:
    """Erode or grow, feather, and scale by a blend ratio, as in the self-blending paper."""
    radius = round(unit * rng.uniform(0, 0.12))
    if radius >= 1:
        element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
        mask = np.asarray(cv2.erode(mask, element) if rng.random() < 0.7 else cv2.dilate(mask, element), np.float32)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), max(unit * rng.uniform(0.01, 0.14), 0.6)), np.float32)
    ratio = rng.choice([0.5, 0.75, 1.0, 1.0, 1.0, 1.0])
    return np.asarray(np.clip(mask * np.float32(ratio), 0, 1), np.float32)
