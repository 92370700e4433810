"""Edits: single parts of a face change their colour, texture, size or place."""

from __future__ import annotations

import cv2
import numpy as np

from fakeface.answers import ForgeryClass
from fakeface.concepts import eye_distance
from fakeface.training.forge.blending import paste
from fakeface.training.forge.canvas import scaled
from fakeface.training.forge.masks import filled, softened
from fakeface.training.forge.tones import disturbed, smoothed, tinted
from fakeface.training.forge.values import Forgery, Operator, Pixels, Task
from fakeface.training.forge.warps import bulged, jittered

__all__ = ["OPERATORS", "PARTS", "edit"]


PARTS: dict[str, tuple[int, ...]] = {
    "right eye": tuple(range(36, 42)),
    "left eye": tuple(range(42, 48)),
    "brows": tuple(range(17, 27)),
    "nose": tuple(range(27, 36)),
    "mouth": tuple(range(48, 68)),
    "chin": (5, 6, 7, 8, 9, 10, 11, 55, 56, 57, 58, 59),
    "right cheek": (1, 2, 3, 4, 48, 31, 40, 41),
    "left cheek": (12, 13, 14, 15, 54, 35, 46, 47),
}


KINDS = ("smoothed", "bulged", "displaced", "disturbed")

LEAST = 0.3
"""Share of the full change that is left at strength 0."""


def edit(task: Task, rng: np.random.Generator) -> Forgery:
    """Change one to three parts: colour, smoothing, sharpening, size, or a slight displacement.

    At a lower strength places move less far, and colours and textures change by a share.
    """
    subject = task.subject
    unit = eye_distance(subject.landmarks)
    names = rng.choice(list(PARTS), size=int(rng.integers(1, 4)), replace=False)
    mask = np.zeros(subject.pixels.shape[:2], np.float32)
    for name in names:
        points = subject.landmarks[list(PARTS[str(name)])]
        mask = np.maximum(mask, filled(points, mask.shape, margin=unit * rng.uniform(0.05, 0.3)))
    mask = softened(mask, unit, rng)
    kind = rng.integers(4)
    share = scaled(task.strength, LEAST, 1.0)
    if kind == 0:
        changed = _partly(subject.pixels, smoothed(subject.pixels, unit, rng), share)
    elif kind == 1:
        centres = [subject.landmarks[list(PARTS[str(name)])].mean(axis=0) for name in names]
        changed = bulged(subject.pixels, np.asarray(centres, np.float32), unit, rng, share)
    elif kind == 2:
        changed = jittered(subject.pixels, subject.landmarks, rng, strength=2.0 * share)
    else:
        changed = _partly(subject.pixels, disturbed(tinted(subject.pixels, rng), rng), share)
    drawn: dict[str, str | float | bool] = {"kind": KINDS[kind], "parts": ", ".join(sorted(map(str, names)))}
    return Forgery(paste(subject.pixels, changed, mask), mask, ForgeryClass.EDITING, "edit", parameters=drawn)


def _partly(pixels: Pixels, changed: Pixels, share: float) -> Pixels:
    if share >= 1:
        return changed
    return np.asarray(cv2.addWeighted(changed, share, pixels, 1 - share, 0), np.uint8)


OPERATORS = (
    Operator("edit", ForgeryClass.EDITING, edit, False, "One to three parts change colour, texture, size or place."),
)
