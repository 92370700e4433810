"""Reenactments: mouth, eyes and brows take another expression."""

from __future__ import annotations

import numpy as np

from fakeface.answers import ForgeryClass
from fakeface.concepts import eye_distance
from fakeface.training.forge.blending import paste
from fakeface.training.forge.masks import face_mask, filled, softened
from fakeface.training.forge.tones import disturbed
from fakeface.training.forge.values import Forgery, Operator, Task
from fakeface.training.forge.warps import displaced

__all__ = ["OPERATORS", "reenact"]


def reenact(task: Task, rng: np.random.Generator) -> Forgery:
    """Move mouth, brows or eyelids by a smooth displacement of their landmarks, re-rendered inside the inner face."""
    subject = task.subject
    points = subject.landmarks
    unit = eye_distance(points)
    target = points.copy()
    axis = points[8] - points[27]
    down = axis / max(float(np.linalg.norm(axis)), 1e-3)
    side = np.array([down[1], -down[0]], np.float32)
    opening, smile = rng.uniform(-0.12, 0.25) * unit, rng.uniform(-0.12, 0.12) * unit
    target[55:60] += down * opening
    target[65:68] += down * opening
    target[5:12] += down * opening * 0.7
    target[[48, 60]] += (-side * smile - down * smile * 0.6).astype(np.float32)
    target[[54, 64]] += (side * smile - down * smile * 0.6).astype(np.float32)
    if rng.random() < 0.5:
        target[17:27] -= (down * rng.uniform(-0.08, 0.12) * unit).astype(np.float32)
    if rng.random() < 0.4:
        lids = rng.uniform(0.0, 0.06) * unit
        target[[37, 38, 43, 44]] += (down * lids).astype(np.float32)
    moved, shift = displaced(subject.pixels, points, target, sigma=0.35 * unit)
    if rng.random() < 0.6:
        moved = disturbed(moved, rng, strength=0.5)
    felt = np.clip(shift / max(0.03 * unit, 0.5), 0, 1)
    area = face_mask(subject, rng) if rng.random() < 0.5 else filled(points[48:68], felt.shape, 0.35 * unit)
    area = np.maximum(area, (felt > 0.5).astype(np.float32)) if rng.random() < 0.5 else area
    mask = softened(area, unit, rng)
    return Forgery(paste(subject.pixels, moved, mask), mask, ForgeryClass.REENACTMENT, "reenact")


OPERATORS = (
    Operator("reenact", ForgeryClass.REENACTMENT, reenact, False, "Mouth, brows or eyelids moved by their landmarks."),
)
