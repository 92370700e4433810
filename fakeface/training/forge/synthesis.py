"""Whole-face synthesis: the traces that a decoder leaves on every pixel."""

from __future__ import annotations

import cv2
import numpy as np

from fakeface.answers import ForgeryClass
from fakeface.training.forge.values import Field, Forgery, Operator, Task

__all__ = ["OPERATORS", "resynthesise"]


def resynthesise(task: Task, rng: np.random.Generator) -> Forgery:
    """Leave a decoder's traces on the whole picture: reduced, then enlarged by zero insertion or repetition."""
    subject = task.subject
    height, width = subject.pixels.shape[:2]
    factor = int(rng.choice([2, 2, 4]))
    small = cv2.resize(subject.pixels, (width // factor + 1, height // factor + 1), interpolation=cv2.INTER_AREA)
    grown = small.astype(np.float32)
    while factor > 1:
        grown = deconvolved(grown, rng)
        factor //= 2
    detail = subject.pixels.astype(np.float32) - cv2.GaussianBlur(subject.pixels, (0, 0), 1.2)
    picture = grown[:height, :width]
    if rng.random() < 0.7:
        texture = rng.normal(0, 1, (picture.shape[0] // 2 + 1, picture.shape[1] // 2 + 1, 3)).astype(np.float32)
        rough = cv2.resize(texture, (width, height), interpolation=cv2.INTER_CUBIC)
        strength = np.abs(cv2.GaussianBlur(np.abs(detail), (0, 0), 3))
        picture = picture + rough * strength * rng.uniform(0.3, 0.9)
    pixels = np.clip(picture, 0, 255).astype(np.uint8)
    return Forgery(pixels, None, ForgeryClass.WHOLE_FACE_SYNTHESIS, "resynthesise")


def deconvolved(picture: Field, rng: np.random.Generator) -> Field:
    """Twice the size as a decoder does it: zeros inserted or pixels repeated, then a short imperfect kernel."""
    height, width = picture.shape[:2]
    if rng.random() < 0.5:
        grown = np.zeros((height * 2, width * 2, 3), np.float32)
        grown[::2, ::2] = picture * 4
    else:
        grown = np.repeat(np.repeat(picture, 2, axis=0), 2, axis=1).astype(np.float32)
    taps = np.array([1, 3, 3, 1], np.float32) + rng.normal(0, 0.25, 4).astype(np.float32)
    taps /= taps.sum()
    return np.asarray(cv2.sepFilter2D(grown, -1, taps, taps), np.float32)


OPERATORS = (
    Operator(
        "resynthesise",
        ForgeryClass.WHOLE_FACE_SYNTHESIS,
        resynthesise,
        False,
        "Reduced and enlarged again as a decoder does it.",
    ),
)
