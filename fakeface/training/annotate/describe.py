"""The description of a face: view, size, light, clarity, colour and mouth, each from a measurement."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.concepts import eye_distance
from fakeface.measurements import Surface
from fakeface.training.annotate.words import pick

__all__ = ["describe", "facts"]

TURNED = 0.07
"""A nose tip that lies farther off the middle, in shares of the jaw's width, is turned."""

SMALL, LARGE = 0.42, 0.6
"""Extent of the landmarks in shares of the picture's shorter side."""

DARK, BRIGHT = 42, 68
"""Mean Lab lightness."""

SOFT, CRISP = 4, 10
"""Mean absolute Laplacian in grey levels."""

GREY = 3
"""Mean Lab chroma below which a picture is black and white."""

OPEN = 0.12
"""Gap between the inner lips in distances between the eye centres."""

OPENINGS = ("A face seen", "One face,", "The picture shows a face")


def describe(surface: Surface, landmarks: NDArray[np.float32], rng: np.random.Generator) -> str:
    """One sentence; ``rng`` chooses its opening."""
    return f"{pick(rng, OPENINGS)} {', '.join(facts(surface, landmarks))}."


def facts(surface: Surface, landmarks: NDArray[np.float32]) -> tuple[str, ...]:
    """What the description says of a face."""
    height, width = surface.pixels.shape[:2]
    area = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(area, np.round(cv2.convexHull(landmarks)).astype(np.int32), (1,))
    if not area.any():
        area[height // 2, width // 2] = 1
    seen = surface.describe(area.astype(bool))
    words = [_view(landmarks), _size(landmarks, min(height, width)), _light(seen.brightness), _clarity(seen.sharpness)]
    if seen.chroma < GREY:
        words.append("in black and white")
    gap = float(np.linalg.norm(landmarks[62] - landmarks[66]))
    words.append("mouth open" if gap > OPEN * eye_distance(landmarks) else "mouth closed")
    return tuple(words)


def _view(points: NDArray[np.float32]) -> str:
    """From how far the nose tip lies off the middle between the jaw's ends, in shares of their distance."""
    span = points[16, 0] - points[0, 0]
    off = (points[30, 0] - (points[0, 0] + points[16, 0]) / 2) / max(abs(float(span)), 1.0)
    if abs(off) < TURNED:
        return "from the front"
    return "turned to the left" if off > 0 else "turned to the right"


def _size(points: NDArray[np.float32], side: int) -> str:
    extent = float(np.max(points.max(axis=0) - points.min(axis=0))) / side
    return "small" if extent < SMALL else ("large" if extent > LARGE else "of medium size")


def _light(brightness: float) -> str:
    return "darkly lit" if brightness < DARK else ("brightly lit" if brightness > BRIGHT else "evenly lit")


def _clarity(sharpness: float) -> str:
    return "soft" if sharpness < SOFT else ("crisp" if sharpness > CRISP else "of fair sharpness")
