"""Changes of geometry: similarity jitter, local bulges, smooth displacements, meshes and splines through landmarks."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.spatial import Delaunay

from fakeface.concepts import eye_distance
from fakeface.training.forge.values import Field, Pixels

__all__ = ["bulged", "displaced", "jittered", "kernel", "mesh_field", "spline_field"]


def kernel(rng: np.random.Generator) -> int:
    """An interpolation, drawn."""
    return int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4]))


def jittered(pixels: Pixels, landmarks: Field, rng: np.random.Generator, strength: float = 1.0) -> Pixels:
    """Shift, scale and turn a little about the face's centre (resampled once)."""
    centre = landmarks.mean(axis=0)
    unit = eye_distance(landmarks)
    matrix = cv2.getRotationMatrix2D(
        (float(centre[0]), float(centre[1])), rng.uniform(-2, 2) * strength, 1 + rng.uniform(-0.05, 0.05) * strength
    )
    matrix[:, 2] = matrix[:, 2] + rng.uniform(-0.06, 0.06, 2) * unit * strength
    height, width = pixels.shape[:2]
    moved = cv2.warpAffine(pixels, matrix, (width, height), flags=kernel(rng), borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(moved, np.uint8)


def bulged(pixels: Pixels, centres: Field, unit: float, rng: np.random.Generator, strength: float = 1.0) -> Pixels:
    """Enlarge or shrink around the centres (local reshaping)."""
    height, width = pixels.shape[:2]
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    across, along = columns.copy(), rows.copy()
    gain = rng.choice([-1, 1]) * rng.uniform(0.08, 0.3) * strength
    for x, y in centres:
        weight = gain * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * (0.35 * unit) ** 2))
        across += weight * (columns - x)
        along += weight * (rows - y)
    return np.asarray(cv2.remap(pixels, across, along, kernel(rng), borderMode=cv2.BORDER_REFLECT_101), np.uint8)


def displaced(pixels: Pixels, points: Field, target: Field, sigma: float) -> tuple[Pixels, Field]:
    """Move ``points`` to ``target`` by a normalised Gaussian field; also its length in pixels, (height, width)."""
    height, width = pixels.shape[:2]
    step = 4
    columns, rows = np.meshgrid(np.arange(0, width, step), np.arange(0, height, step))
    squared = (columns[..., None] - target[:, 0]) ** 2 + (rows[..., None] - target[:, 1]) ** 2
    weights = np.exp(-squared / (2 * sigma**2))
    shift = (weights @ (points - target)) / (weights.sum(axis=2, keepdims=True) + 0.5)
    full = cv2.resize(shift.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    xs, ys = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    moved = cv2.remap(pixels, xs + full[..., 0], ys + full[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(moved, np.uint8), np.asarray(np.linalg.norm(full, axis=2), np.float32)


def mesh_field(points: Field, values: Field, shape: tuple[int, ...]) -> Field:
    """Values known at the points, affine inside every triangle of their Delaunay mesh: (height, width, 2).

    Outside the points' hull it is 0, so give points beyond the area that matters.
    """
    corners = Delaunay(points).simplices
    which = np.full(shape[:2], -1, np.float32)
    # Drawn, not looked up pixel by pixel: rounded corners do no harm, because neighbours agree along their edge.
    for index, triangle in enumerate(np.round(points[corners]).astype(np.int32)):
        cv2.fillConvexPoly(which, triangle, (float(index),))
    bordered = np.concatenate([points[corners], np.ones((len(corners), 3, 1))], axis=2)
    maps = np.linalg.pinv(bordered) @ values[corners]
    maps = np.concatenate([maps, np.zeros((1, 3, 2))]).astype(np.float32)[which.astype(np.int32)]
    xs, ys = np.meshgrid(np.arange(shape[1], dtype=np.float32), np.arange(shape[0], dtype=np.float32))
    return np.asarray(maps[..., 0, :] * xs[..., None] + maps[..., 1, :] * ys[..., None] + maps[..., 2, :], np.float32)


def spline_field(points: Field, values: Field, shape: tuple[int, ...], smoothing: float = 0.0, step: int = 8) -> Field:
    """Values known at the points as a thin-plate spline, computed every ``step`` pixels: (height, width, 2).

    Args:
        points: (n, 2) x, y in pixels, no two the same.
        values: (n, 2).
        shape: (height, width).
        smoothing: 0 passes through every value; 0.01 evens out errors of single landmarks.
        step: spacing of the grid that is enlarged, pixels.
    """
    rows, columns = (-(-side // step) + 4 for side in shape[:2])
    offset = (step - 1) / 2 - 2 * step  # two cells beyond the border, which cubic enlarging looks at
    xs, ys = np.meshgrid(np.arange(columns) * step + offset, np.arange(rows) * step + offset)
    scale = float(np.ptp(points, axis=0).max())
    spline = RBFInterpolator(points / scale, values, smoothing=smoothing, kernel="thin_plate_spline")
    coarse = spline(np.stack([xs.ravel(), ys.ravel()], 1) / scale).reshape(rows, columns, 2).astype(np.float32)
    full = cv2.resize(coarse, (columns * step, rows * step), interpolation=cv2.INTER_CUBIC)
    return np.asarray(full[2 * step : 2 * step + shape[0], 2 * step : 2 * step + shape[1]], np.float32)
