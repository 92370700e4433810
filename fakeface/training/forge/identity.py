"""Identity swaps, and their stand-in without a second person: self-blended images.

Self-blended images follow Shiohara and Yamasaki 2022 (arXiv 2204.08376): a face is blended over a slightly changed copy
of itself, so that only the traces of blending are left to learn. Swaps blend another person's face whose landmarks are
near (Li et al. 2020, face X-ray). Swaps by other warps, colour transfers and blendings are in ``swaps``.
"""

from __future__ import annotations

import cv2
import numpy as np

from fakeface.answers import ForgeryClass
from fakeface.concepts import eye_distance
from fakeface.training.forge.blending import paste
from fakeface.training.forge.masks import face_mask, softened
from fakeface.training.forge.swaps import OPERATORS as SWAPS
from fakeface.training.forge.tones import disturbed, reinhard
from fakeface.training.forge.values import Forgery, Operator, Task
from fakeface.training.forge.warps import jittered, kernel

__all__ = ["OPERATORS", "self_blend", "swap"]


FAINTEST = 0.3
"""Share of the disturbance that a strength of 0 leaves: without any there would be no forgery."""


def _scale(task: Task) -> float:
    return FAINTEST + (1 - FAINTEST) * task.strength


def self_blend(task: Task, rng: np.random.Generator) -> Forgery:
    """Blend a changed copy of the face over the face itself, or the face over its changed copy, which is then real."""
    subject, scale = task.subject, _scale(task)
    source, target = disturbed(subject.pixels, rng, scale), subject.pixels
    if rng.random() < 0.5:
        source, target = target, source
    mask = softened(face_mask(subject, rng), eye_distance(subject.landmarks), rng)
    moved = jittered(source, subject.landmarks, rng, scale)
    return Forgery(paste(target, moved, mask), mask, ForgeryClass.IDENTITY_SWAP, "self_blend", target)


def swap(task: Task, rng: np.random.Generator) -> Forgery:
    """Blend the donor's face over the subject's: similarity or affine warp by landmarks, colours matched in Lab."""
    subject, donor = task.subject, task.needed_donor
    inner = slice(17, 68) if rng.random() < 0.7 else slice(0, 68)
    if rng.random() < 0.5:
        matrix, _ = cv2.estimateAffinePartial2D(donor.landmarks[inner], subject.landmarks[inner], method=cv2.LMEDS)
    else:
        matrix, _ = cv2.estimateAffine2D(donor.landmarks[inner], subject.landmarks[inner], method=cv2.LMEDS)
    if matrix is None:
        return self_blend(task, rng)
    height, width = subject.pixels.shape[:2]
    warped = cv2.warpAffine(donor.pixels, matrix, (width, height), flags=kernel(rng), borderMode=cv2.BORDER_REFLECT_101)
    shown = cv2.warpAffine(np.ones(donor.pixels.shape[:2], np.float32), matrix, (width, height))
    hard = face_mask(subject, rng) * (shown > 0.99)
    mask = softened(hard, eye_distance(subject.landmarks), rng)
    if rng.random() < 0.85:
        warped = reinhard(np.asarray(warped, np.uint8), subject.pixels, hard > 0.5, rng)
    if rng.random() < 0.25:
        warped = disturbed(np.asarray(warped, np.uint8), rng, _scale(task))
    return Forgery(paste(subject.pixels, np.asarray(warped, np.uint8), mask), mask, ForgeryClass.IDENTITY_SWAP, "swap")


OPERATORS = (
    Operator("self_blend", ForgeryClass.IDENTITY_SWAP, self_blend, False, "A changed copy of the face over itself."),
    Operator("swap", ForgeryClass.IDENTITY_SWAP, swap, True, "Another face, warped, colour-matched, feathered."),
    *SWAPS,
)
